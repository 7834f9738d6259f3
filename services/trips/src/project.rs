//! Read models of trips: what each person follows, and what each bag tag proves.

mod tags;

use std::collections::{BTreeMap, HashMap};

use airside_kernel::{DecodeError, Kept, PersonId, Projection, RecordedEvent, StoredEvent};

use serde::{Deserialize, Serialize};

use crate::{
    events::{Fact, malformed},
    model::{FlightId, JourneyId, PassagePoint, Plate},
};

pub use tags::{MAX_JOURNEYS_PER_PLATE, Tag, Tags};

/// What one person follows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Following {
    /// The flights, and whether the person has boarded.
    pub flights: BTreeMap<FlightId, bool>,
    /// The journeys, and their plates.
    pub bags: BTreeMap<JourneyId, Plate>,
}

/// What everybody follows; bounded by what the rules let one person follow.
#[derive(Debug, Default)]
pub struct Followed(HashMap<PersonId, Following>);

impl Followed {
    /// Returns what a person follows.
    pub fn by(&self, person: PersonId) -> Following {
        self.0.get(&person).cloned().unwrap_or_default()
    }
}

impl Projection for Followed {
    const NAME: &'static str = "trips.followed";

    fn wants(category: &str) -> bool {
        category == "person"
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let facts = Fact::decode(event)?;
        let person = person(event)?;
        let following = self.0.entry(person).or_default();
        for fact in facts {
            following.take(fact);
        }
        if *following == Following::default() {
            self.0.remove(&person);
        }
        Ok(())
    }
}

impl Following {
    fn take(&mut self, fact: Fact) {
        match fact {
            Fact::FlightFollowed { flight } => {
                self.flights.entry(flight).or_default();
            }
            // What was passed under another booking counts no more.
            Fact::BookingLinked { flight, .. } => {
                self.flights.insert(flight, false);
            }
            Fact::FlightUnfollowed { flight } => {
                self.flights.remove(&flight);
            }
            Fact::BagFollowed { plate, journey } => {
                self.bags.insert(journey, plate);
            }
            Fact::BagUnfollowed { journey } => {
                self.bags.remove(&journey);
            }
            Fact::PassagePointPassed { flight, point, .. } => {
                if let Some(has_boarded) = self.flights.get_mut(&flight) {
                    *has_boarded |= point == PassagePoint::Gate;
                }
            }
        }
    }
}

impl Kept for Followed {
    const SCHEMA: u32 = 1;
    type State = HashMap<PersonId, Following>;

    fn image(&self) -> Self::State {
        self.0.clone()
    }

    fn restore(&mut self, state: Self::State) {
        self.0 = state;
    }
}

/// Returns the person of an event's stream.
pub(crate) fn person(event: &RecordedEvent) -> Result<PersonId, DecodeError> {
    let id = event.stream().strip_prefix("person-").unwrap_or_default();
    id.parse().map_err(|_| malformed("its stream names no person"))
}

#[cfg(test)]
mod tests;
