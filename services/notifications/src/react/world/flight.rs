//! What a flight tells those who follow it.

use std::collections::{BTreeMap, BTreeSet};

use airside_kernel::{PersonId, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{News, end_of_day, later, later_h, parameters};
use crate::{
    model::{Kind, Travel},
    react::facts::FlightChange,
};

/// A flight, and who follows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Flight {
    pub(super) followers: BTreeSet<PersonId>,
    pub(super) boarded: BTreeSet<PersonId>,
    /// The airport it leaves from, by which its times are told.
    pub(super) origin: String,
    gate: String,
    pub(super) belt: String,
    departure: Option<Timestamp>,
    pub(super) arrival: Option<Timestamp>,
    has_departed: bool,
    is_cancelled: bool,
    pub(super) heard_at: Timestamp,
}

impl Flight {
    /// Returns what a change that was recorded at `at`, and is not folded yet, tells.
    pub(super) fn news(&self, id: &str, change: &FlightChange, at: Timestamp) -> Option<News> {
        let assigned = |first, changed, previous: &str| if previous.is_empty() { first } else { changed };
        let kind = match change {
            FlightChange::GateAssigned { gate, previous } if gate != previous => {
                assigned(Kind::GateAssigned, Kind::GateChanged, previous)
            }
            FlightChange::BeltAssigned { belt, previous } if belt != previous => {
                assigned(Kind::BeltAssigned, Kind::BeltChanged, previous)
            }
            FlightChange::BoardingStarted => Kind::Boarding,
            FlightChange::FinalCallMade => Kind::FinalCall,
            FlightChange::Delayed { .. } => Kind::FlightDelayed,
            FlightChange::Cancelled => Kind::FlightCancelled,
            _ => return None,
        };
        if self.is_cancelled || (is_before_departure(kind) && self.has_departed) {
            return None;
        }
        let parameters = self.parameters(id, kind, change);
        Some(News { kind, parameters, expires_at: self.expiry(kind, change, at) })
    }

    /// Returns who of the followers still needs a notice of this kind.
    pub(super) fn audience(&self, kind: Kind) -> BTreeSet<PersonId> {
        let is_for_boarded = !is_before_departure(kind) || kind == Kind::FlightDelayed;
        let needs = |person: &&PersonId| is_for_boarded || !self.boarded.contains(person);
        self.followers.iter().filter(needs).copied().collect()
    }

    /// Returns the gate it leaves from; empty while there is none.
    pub(super) fn gate(&self) -> &str {
        &self.gate
    }

    /// Returns whether it is still to leave with a person who has not boarded.
    pub(super) fn awaits(&self, person: &PersonId) -> bool {
        !self.has_departed && !self.is_cancelled && !self.boarded.contains(person)
    }

    /// Returns when it goes, as far as is known.
    pub(super) fn travel(&self) -> Travel {
        Travel { departs_at: self.departure, arrives_at: self.arrival }
    }

    /// Takes in a change.
    pub(super) fn fold(&mut self, change: FlightChange) {
        match change {
            FlightChange::Scheduled { origin, departure, arrival } => {
                if !origin.is_empty() {
                    self.origin = origin;
                }
                self.departure = departure.or(self.departure);
                self.arrival = arrival.or(self.arrival);
            }
            FlightChange::GateAssigned { gate, .. } => self.gate = gate,
            FlightChange::BeltAssigned { belt, .. } => self.belt = belt,
            FlightChange::Delayed { departure } => self.departure = departure.or(self.departure),
            FlightChange::Departed | FlightChange::Landed => self.has_departed = true,
            FlightChange::Returned => self.has_departed = false,
            FlightChange::Cancelled => self.is_cancelled = true,
            FlightChange::BoardingStarted | FlightChange::FinalCallMade => {}
        }
    }

    /// Returns when the flight is surely over, as far as is known: a flight
    /// that is followed months ahead is kept until its day.
    pub(super) fn over_at(&self, id: &str) -> Timestamp {
        let known = [self.departure, self.arrival, end_of_day(id)];
        known.into_iter().flatten().fold(self.heard_at, Timestamp::max)
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
}

fn is_before_departure(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::GateAssigned | Kind::GateChanged | Kind::Boarding | Kind::FinalCall | Kind::FlightDelayed
    )
}
