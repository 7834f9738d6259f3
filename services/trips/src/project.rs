//! Read models of trips: what each person follows, and what each bag tag proves.

mod tags;

use std::collections::{BTreeMap, HashMap};

use airside_kernel::{DecodeError, PersonId, Projection, RecordedEvent, StoredEvent};

use crate::{
    events::{Fact, malformed},
    model::{FlightId, JourneyId, PassagePoint, Plate},
};

pub use tags::{MAX_JOURNEYS_PER_PLATE, Tag, Tags};

/// What one person follows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
        let [fact] = Fact::decode(event)?;
        let person = person(event)?;
        let following = self.0.entry(person).or_default();
        match fact {
            Fact::FlightFollowed { flight, .. } => {
                following.flights.insert(flight, false);
            }
            Fact::FlightUnfollowed { flight } => {
                following.flights.remove(&flight);
            }
            Fact::BagFollowed { plate, journey } => {
                following.bags.insert(journey, plate);
            }
            Fact::BagUnfollowed { journey } => {
                following.bags.remove(&journey);
            }
            Fact::PassagePointPassed { flight, point, .. } => {
                if let Some(has_boarded) = following.flights.get_mut(&flight) {
                    *has_boarded |= point == PassagePoint::Gate;
                }
            }
        }
        if *following == Following::default() {
            self.0.remove(&person);
        }
        Ok(())
    }
}

/// Returns the person of an event's stream.
pub(crate) fn person(event: &RecordedEvent) -> Result<PersonId, DecodeError> {
    let id = event.stream().strip_prefix("person-").unwrap_or_default();
    id.parse().map_err(|_| malformed("its stream names no person"))
}

#[cfg(test)]
mod tests;
