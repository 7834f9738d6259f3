//! The times of a flight, as far as its bags need them. Pure.

use airside_api::baggage::v1::TimeBasis;
use airside_kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::AirportCode;

/// When a flight leaves and arrives, and where its bags come out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Times {
    departures: Vec<(AirportCode, i64)>,
    arrivals: Vec<(AirportCode, i64)>,
    estimated_departure: Option<i64>,
    estimated_arrival: Option<i64>,
    landed_at: Option<i64>,
    has_departed: bool,
    is_cancelled: bool,
    belt: String,
}

/// What a flight told of its times; instants in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Its legs: airport and time of each departure and of each arrival.
    Scheduled {
        /// The departures in travel order.
        departures: Vec<(AirportCode, i64)>,
        /// The arrivals in travel order.
        arrivals: Vec<(AirportCode, i64)>,
    },
    /// When it is expected to leave.
    DepartureEstimated(Option<i64>),
    /// When it is expected to arrive.
    ArrivalEstimated(Option<i64>),
    /// The belt of its bags.
    Belt(String),
    /// It does not operate.
    Cancelled,
    /// It left.
    Departed,
    /// It came back to the stand.
    Returned,
    /// When it landed.
    Landed(i64),
}

impl Times {
    /// Takes in what the flight told.
    pub fn take(&mut self, told: Told) {
        match told {
            Told::Scheduled { departures, arrivals } => {
                (self.departures, self.arrivals) = (departures, arrivals);
                // What is scheduled again is to fly.
                self.is_cancelled = false;
            }
            Told::DepartureEstimated(at) => self.estimated_departure = at,
            Told::ArrivalEstimated(at) => self.estimated_arrival = at,
            Told::Belt(belt) => self.belt = belt,
            Told::Cancelled => self.is_cancelled = true,
            Told::Departed => self.has_departed = true,
            Told::Returned => self.has_departed = false,
            Told::Landed(at) => (self.has_departed, self.landed_at) = (true, Some(at)),
        }
    }

    /// Returns whether it has left.
    pub fn has_departed(&self) -> bool {
        self.has_departed
    }

    /// Returns whether it does not operate.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled
    }

    /// Returns the belt of its bags; may be empty.
    pub fn belt(&self) -> &str {
        &self.belt
    }

    /// Returns when its schedule lets it leave an airport, or its origin.
    pub fn scheduled_departure(&self, from: Option<AirportCode>) -> Option<Timestamp> {
        let there = self.departures.iter().find(|(airport, _)| Some(*airport) == from);
        instant(there.or_else(|| self.departures.first())?.1)
    }

    /// Returns when it leaves an airport, or its origin, and how that is known.
    pub fn departure(&self, from: Option<AirportCode>) -> Option<(Timestamp, TimeBasis)> {
        let estimated = self.estimated_departure.and_then(instant).map(|at| (at, TimeBasis::Estimated));
        estimated.or_else(|| Some((self.scheduled_departure(from)?, TimeBasis::Scheduled)))
    }

    /// Returns when it arrives at an airport, or its destination, and how that is known.
    pub fn arrival(&self, at: Option<AirportCode>) -> Option<(Timestamp, TimeBasis)> {
        let scheduled = || {
            let there = self.arrivals.iter().find(|(airport, _)| Some(*airport) == at);
            instant(there.or_else(|| self.arrivals.last())?.1)
        };
        let known = [(self.landed_at, TimeBasis::Actual), (self.estimated_arrival, TimeBasis::Estimated)];
        let newest = known.into_iter().find_map(|(at, basis)| Some((at.and_then(instant)?, basis)));
        newest.or_else(|| Some((scheduled()?, TimeBasis::Scheduled)))
    }
}

fn instant(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}
