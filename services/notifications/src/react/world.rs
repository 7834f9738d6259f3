//! Who follows what, and who still needs to be told. Pure.
//!
//! | event | told | not told |
//! |---|---|---|
//! | gate, boarding, final call | followers of the flight | who has boarded; anybody after departure |
//! | delay | followers | anybody after departure |
//! | cancellation | followers, once | |
//! | belt | followers, boarded or not | |
//! | bag accepted, loaded, on belt, collected | followers of the journey, when the bag moved forward to there | when it did not move; loaded while it must come off |
//! | bag offloaded | followers, when the bag went back from the aircraft | while it only must come off |
//!
//! A cancelled flight tells nothing further. Screening is never told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use airside_api::baggage::v1::Stage;
use airside_kernel::{PersonId, Timestamp};
use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::facts::{BagChange, Fact, FlightChange, TripChange};
use crate::model::Kind;

/// For how long a flight that is over is kept, for late belts and bags.
const FLIGHT_KEPT: SignedDuration = SignedDuration::from_hours(48);
/// For how long a journey is kept after the last word about it.
const JOURNEY_KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How often what is over is forgotten, by the time of the log.
const FORGET_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// From the begin of a local day, anywhere, to its end everywhere.
const LOCAL_DAY: SignedDuration = SignedDuration::from_hours(36);

/// A notice that somebody needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Telling {
    pub(super) person: PersonId,
    pub(super) kind: Kind,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) expires_at: Timestamp,
}

/// What the reactor knows: flights, journeys, and who follows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct World {
    flights: HashMap<String, Flight>,
    journeys: HashMap<Uuid, Journey>,
    forgot_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Flight {
    followers: BTreeSet<PersonId>,
    boarded: BTreeSet<PersonId>,
    gate: String,
    belt: String,
    departure: Option<Timestamp>,
    arrival: Option<Timestamp>,
    has_departed: bool,
    is_cancelled: bool,
    heard_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Journey {
    followers: BTreeSet<PersonId>,
    heard_at: Timestamp,
}

impl World {
    /// Returns who must be told of a fact that was recorded at `at` and is not folded yet.
    pub(super) fn tell(&self, fact: &Fact, at: Timestamp) -> Vec<Telling> {
        match fact {
            Fact::Flight { flight, change } => {
                self.flights.get(flight).map_or_else(Vec::new, |known| known.tell(flight, change, at))
            }
            Fact::Bag(change) => self.tell_of_bag(change, at),
            Fact::Trip { .. } => Vec::new(),
        }
    }

    /// Takes in a fact that was recorded at `at`.
    pub(super) fn fold(&mut self, fact: Fact, at: Timestamp) {
        match fact {
            Fact::Flight { flight, change } => self.flight(flight, at).fold(change),
            Fact::Bag(BagChange { journey, .. }) => {
                if let Some(journey) = self.journeys.get_mut(&journey) {
                    journey.heard_at = at;
                }
            }
            Fact::Trip { person, change } => self.fold_trip(person, change, at),
        }
        if at.duration_since(self.forgot_at) >= FORGET_EVERY {
            self.forgot_at = at;
            self.flights.retain(|id, flight| later(flight.over_at(id), FLIGHT_KEPT) > at);
            self.journeys.retain(|_, journey| later(journey.heard_at, JOURNEY_KEPT) > at);
        }
    }

    /// Returns how many flights and journeys are kept.
    pub fn size(&self) -> (usize, usize) {
        (self.flights.len(), self.journeys.len())
    }

    fn fold_trip(&mut self, person: PersonId, change: TripChange, at: Timestamp) {
        match change {
            TripChange::FlightFollowed { flight } => {
                self.flight(flight, at).followers.insert(person);
            }
            TripChange::FlightUnfollowed { flight } => {
                self.flight(flight, at).followers.remove(&person);
            }
            TripChange::Boarded { flight } => {
                self.flight(flight, at).boarded.insert(person);
            }
            TripChange::BagFollowed { journey } => {
                let journey = self.journeys.entry(journey).or_default();
                journey.followers.insert(person);
                journey.heard_at = at;
            }
            TripChange::BagUnfollowed { journey } => {
                if let Some(known) = self.journeys.get_mut(&journey) {
                    known.followers.remove(&person);
                    if known.followers.is_empty() {
                        self.journeys.remove(&journey);
                    }
                }
            }
        }
    }

    fn flight(&mut self, id: String, at: Timestamp) -> &mut Flight {
        let flight = self.flights.entry(id).or_default();
        flight.heard_at = at;
        flight
    }

    fn tell_of_bag(&self, change: &BagChange, at: Timestamp) -> Vec<Telling> {
        let (Some(journey), Some(kind)) = (self.journeys.get(&change.journey), milestone(change)) else {
            return Vec::new();
        };
        let flight = self.flights.get(&change.flight);
        let belt = match change.location.as_str() {
            "" => flight.map_or("", |flight| flight.belt.as_str()),
            location => location,
        };
        let parameters = parameters(kind, |name| match name {
            "plate" => &change.plate,
            "flight" => &change.flight,
            _ => belt,
        });
        let arrival = flight.and_then(|flight| flight.arrival).map(|arrival| later_h(arrival, 1));
        let expires_at = match kind {
            Kind::BagLoaded => arrival.filter(|end| *end > at).unwrap_or_else(|| later_h(at, 12)),
            Kind::BagOnBelt => later_h(at, 3),
            Kind::BagCollected => later_h(at, 6),
            _ => later_h(at, 24),
        };
        tell_each(journey.followers.iter(), kind, &parameters, expires_at)
    }
}

impl Flight {
    fn tell(&self, id: &str, change: &FlightChange, at: Timestamp) -> Vec<Telling> {
        if self.is_cancelled {
            return Vec::new();
        }
        let kind = match change {
            FlightChange::GateAssigned { gate, previous } if gate != previous => {
                if previous.is_empty() {
                    Kind::GateAssigned
                } else {
                    Kind::GateChanged
                }
            }
            FlightChange::BeltAssigned { belt, previous } if belt != previous => {
                if previous.is_empty() {
                    Kind::BeltAssigned
                } else {
                    Kind::BeltChanged
                }
            }
            FlightChange::BoardingStarted => Kind::Boarding,
            FlightChange::FinalCallMade => Kind::FinalCall,
            FlightChange::Delayed { .. } => Kind::FlightDelayed,
            FlightChange::Cancelled => Kind::FlightCancelled,
            _ => return Vec::new(),
        };
        let is_before_departure = matches!(
            kind,
            Kind::GateAssigned | Kind::GateChanged | Kind::Boarding | Kind::FinalCall | Kind::FlightDelayed
        );
        if is_before_departure && self.has_departed {
            return Vec::new();
        }
        let is_for_boarded = !is_before_departure || kind == Kind::FlightDelayed;
        let audience =
            self.followers.iter().filter(|person| is_for_boarded || !self.boarded.contains(person));
        tell_each(audience, kind, &self.parameters(id, kind, change), self.expiry(kind, change, at))
    }

    fn parameters(&self, id: &str, kind: Kind, change: &FlightChange) -> BTreeMap<String, String> {
        let estimated = match change {
            FlightChange::Delayed { departure: Some(departure) } => departure.to_string(),
            _ => String::new(),
        };
        parameters(kind, |name| match (name, change) {
            ("flight", _) => id,
            ("gate", FlightChange::GateAssigned { gate, .. }) => gate,
            ("previous_gate", FlightChange::GateAssigned { previous, .. }) => previous,
            ("gate", _) => &self.gate,
            ("belt", FlightChange::BeltAssigned { belt, .. }) => belt,
            ("previous_belt", FlightChange::BeltAssigned { previous, .. }) => previous,
            ("estimated_departure", _) => &estimated,
            _ => "",
        })
    }

    /// Returns until when a notice is of use: half an hour past departure for
    /// what leads to the aircraft; at least half an hour in every case.
    fn expiry(&self, kind: Kind, change: &FlightChange, at: Timestamp) -> Timestamp {
        let half_an_hour = SignedDuration::from_mins(30);
        let departure = match change {
            FlightChange::Delayed { departure: Some(departure) } => Some(*departure),
            _ => self.departure,
        };
        match kind {
            Kind::FlightCancelled => later_h(at, 24),
            Kind::BeltAssigned | Kind::BeltChanged => {
                let landing = self.arrival.filter(|arrival| *arrival > at).unwrap_or(at);
                later_h(landing, 3)
            }
            _ => departure.map_or_else(
                || later_h(at, 6),
                |departure| later(departure, half_an_hour).max(later(at, half_an_hour)),
            ),
        }
    }

    fn fold(&mut self, change: FlightChange) {
        match change {
            FlightChange::Scheduled { departure, arrival } => {
                self.departure = departure.or(self.departure);
                self.arrival = arrival.or(self.arrival);
            }
            FlightChange::GateAssigned { gate, .. } => self.gate = gate,
            FlightChange::BeltAssigned { belt, .. } => self.belt = belt,
            FlightChange::Delayed { departure } => self.departure = departure.or(self.departure),
            FlightChange::Departed | FlightChange::Landed => self.has_departed = true,
            FlightChange::Cancelled => self.is_cancelled = true,
            FlightChange::BoardingStarted | FlightChange::FinalCallMade => {}
        }
    }

    /// Returns when the flight is surely over, as far as is known: a flight
    /// that is followed months ahead is kept until its day.
    fn over_at(&self, id: &str) -> Timestamp {
        let known = [self.departure, self.arrival, end_of_day(id)];
        known.into_iter().flatten().fold(self.heard_at, Timestamp::max)
    }
}

/// Returns what a change means to the bag's passenger.
fn milestone(change: &BagChange) -> Option<Kind> {
    let BagChange { previous, stage, offload, .. } = *change;
    let went_back = previous == Stage::OnAircraft && (stage as i32) < Stage::OnAircraft as i32;
    if offload && went_back {
        return Some(Kind::BagOffloaded);
    }
    if stage as i32 <= previous as i32 {
        return None;
    }
    match stage {
        Stage::Accepted => Some(Kind::BagAccepted),
        Stage::OnAircraft if !offload => Some(Kind::BagLoaded),
        Stage::OnBelt => Some(Kind::BagOnBelt),
        Stage::Collected => Some(Kind::BagCollected),
        _ => None,
    }
}

fn tell_each<'a>(
    persons: impl Iterator<Item = &'a PersonId>,
    kind: Kind,
    parameters: &BTreeMap<String, String>,
    expires_at: Timestamp,
) -> Vec<Telling> {
    let telling =
        |person: &PersonId| Telling { person: *person, kind, parameters: parameters.clone(), expires_at };
    persons.map(telling).collect()
}

/// Returns exactly the parameters of a kind.
fn parameters<'a>(kind: Kind, value: impl Fn(&str) -> &'a str) -> BTreeMap<String, String> {
    kind.parameters().iter().map(|name| ((*name).to_owned(), value(name).to_owned())).collect()
}

/// Returns the end of the local day in a flight id, in any time zone.
fn end_of_day(flight: &str) -> Option<Timestamp> {
    let (_, date) = flight.rsplit_once('-')?;
    let day = Date::strptime("%Y%m%d", date).ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(later(day.timestamp(), LOCAL_DAY))
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn later_h(at: Timestamp, hours: i64) -> Timestamp {
    later(at, SignedDuration::from_hours(hours))
}
