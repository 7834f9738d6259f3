//! What is known of a flight, as far as its bags feel it. Pure.

use airside_api::{baggage::v1::FlightTurn, flights::v1 as flights};
use airside_kernel::{DecodeError, RecordedEvent, Timestamp};
use airside_runtime::stored::timestamp;
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::{events::damaged, model::AirportCode};

/// The most legs that are looked at; more are no schedule.
const MAX_LEGS: usize = 16;

/// A published fact of a flight.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fact {
    Scheduled(Vec<Leg>),
    Departure(Timestamp),
    Arrival(Timestamp),
    Departed,
    Returned,
    Diverted,
    Landed,
    Cancelled,
}

/// One leg of the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Leg {
    origin: AirportCode,
    destination: AirportCode,
    departure: Timestamp,
    arrival: Timestamp,
}

/// A turn of a flight that its bags are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Turn {
    kind: i32,
    /// When it happened.
    pub(super) at: Timestamp,
    /// Its place in the flight's stream.
    pub(super) revision: u64,
}

/// What is known of a flight.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Flight {
    legs: Vec<Leg>,
    estimated_departure: Option<Timestamp>,
    estimated_arrival: Option<Timestamp>,
    departed_at: Option<Timestamp>,
    landed_at: Option<Timestamp>,
    is_cancelled: bool,
    is_diverted: bool,
    /// What was told since the flight was open last.
    told: Vec<Turn>,
    /// It left, and late words are waited for.
    pub(super) leaving: Option<Turn>,
}

impl Turn {
    pub(super) fn new(kind: FlightTurn, at: Timestamp, revision: u64) -> Self {
        Self { kind: kind.into(), at, revision }
    }

    pub(super) fn kind(&self) -> FlightTurn {
        FlightTurn::try_from(self.kind).unwrap_or_default()
    }
}

impl Flight {
    /// Takes in a fact; returns the turn that its bags are told at once, if any.
    pub(super) fn take(&mut self, fact: Fact, at: Timestamp, revision: u64) -> Option<Turn> {
        match fact {
            Fact::Scheduled(legs) => {
                self.legs = legs;
                let is_revived = std::mem::take(&mut self.is_cancelled);
                is_revived.then(|| {
                    (self.estimated_departure, self.estimated_arrival) = (None, None);
                    self.opened(at, revision)
                })
            }
            Fact::Departure(at) => {
                self.estimated_departure = Some(at);
                None
            }
            Fact::Arrival(at) => {
                self.estimated_arrival = Some(at);
                None
            }
            Fact::Departed => {
                self.departed_at = Some(at);
                self.leaving = Some(Turn::new(FlightTurn::Departed, at, revision));
                None
            }
            Fact::Returned => {
                (self.departed_at, self.is_diverted) = (None, false);
                let was_told = self.leaving.take().is_none();
                was_told.then(|| self.opened(at, revision))
            }
            Fact::Diverted => {
                self.is_diverted = true;
                Some(self.tell(Turn::new(FlightTurn::Diverted, at, revision)))
            }
            Fact::Landed => {
                self.landed_at = Some(at);
                Some(self.tell(Turn::new(FlightTurn::Landed, at, revision)))
            }
            Fact::Cancelled => {
                self.is_cancelled = true;
                Some(self.tell(Turn::new(FlightTurn::Cancelled, at, revision)))
            }
        }
    }

    /// Notes that its bags are told a turn, and that late ones are to be told too.
    pub(super) fn tell(&mut self, turn: Turn) -> Turn {
        self.told.push(turn);
        turn
    }

    /// It is to leave again: what was told before is told to nobody any more.
    fn opened(&mut self, at: Timestamp, revision: u64) -> Turn {
        self.told.clear();
        Turn::new(FlightTurn::Returned, at, revision)
    }

    /// Returns what a bag is told that comes late, and was told all up to a place.
    pub(super) fn told_after(&self, revision: Option<u64>) -> impl Iterator<Item = Turn> + '_ {
        self.told.iter().copied().filter(move |turn| Some(turn.revision) > revision)
    }

    pub(super) fn has_left(&self, now: Timestamp) -> bool {
        self.departed_at.is_some_and(|at| at <= now)
    }

    pub(super) fn has_landed(&self) -> bool {
        self.landed_at.is_some()
    }

    /// Returns when it leaves an airport, as far as that is known; `None` when it will not.
    pub(super) fn departure(&self, from: AirportCode) -> Option<Timestamp> {
        let leg = self.legs.iter().find(|leg| leg.origin == from)?;
        let is_to_leave = !self.is_cancelled && self.departed_at.is_none();
        is_to_leave.then(|| self.estimated_departure.unwrap_or(leg.departure))
    }

    /// Returns when it arrives at an airport, as far as that is known; `None` when it will not.
    pub(super) fn arrival(&self, to: AirportCode) -> Option<Timestamp> {
        let leg = self.legs.iter().find(|leg| leg.destination == to)?;
        let expected = self.landed_at.or(self.estimated_arrival).unwrap_or(leg.arrival);
        (!self.is_cancelled && !self.is_diverted).then_some(expected)
    }

    /// Returns where it lands that leaves an airport.
    pub(super) fn destination(&self, from: AirportCode) -> Option<AirportCode> {
        let leg = self.legs.iter().find(|leg| leg.origin == from).or_else(|| self.legs.last());
        leg.map(|leg| leg.destination)
    }
}

/// Reads a published event; `None` when bags feel nothing of it.
pub(super) fn read(event: &RecordedEvent) -> Result<Option<Fact>, DecodeError> {
    let (bytes, malformed) = (event.payload(), || DecodeError::malformed("flight", "a time is missing"));
    Ok(Some(match event.event_type() {
        "flights.PassengerRead" | "flights.GateAssigned" | "flights.BeltAssigned" => return Ok(None),
        _ => match event.type_up_to(1)? {
            "flights.FlightScheduled" => {
                let legs = flights::FlightScheduled::decode(bytes).map_err(damaged)?.legs;
                Fact::Scheduled(legs.iter().take(MAX_LEGS).map(leg).collect::<Result<_, _>>()?)
            }
            "flights.FlightDelayed" => {
                let at = flights::FlightDelayed::decode(bytes).map_err(damaged)?.estimated_departure;
                Fact::Departure(at.as_ref().and_then(timestamp).ok_or_else(malformed)?)
            }
            "flights.ArrivalEstimated" => {
                let at = flights::ArrivalEstimated::decode(bytes).map_err(damaged)?.estimated_arrival;
                Fact::Arrival(at.as_ref().and_then(timestamp).ok_or_else(malformed)?)
            }
            "flights.FlightDeparted" => Fact::Departed,
            "flights.FlightReturned" => Fact::Returned,
            "flights.FlightDiverted" => Fact::Diverted,
            "flights.FlightLanded" => Fact::Landed,
            "flights.FlightCancelled" => Fact::Cancelled,
            _ => return Ok(None),
        },
    }))
}

fn leg(message: &flights::FlightLeg) -> Result<Leg, DecodeError> {
    let malformed = || DecodeError::malformed("flight leg", "an airport or a time does not parse");
    let airport = |code: &str| code.parse().map_err(|_| malformed());
    let instant = |at: &Option<prost_types::Timestamp>| at.as_ref().and_then(timestamp).ok_or_else(malformed);
    Ok(Leg {
        origin: airport(&message.origin)?,
        destination: airport(&message.destination)?,
        departure: instant(&message.scheduled_departure)?,
        arrival: instant(&message.scheduled_arrival)?,
    })
}

/// Makes a leg by hand.
#[cfg(test)]
pub(super) fn leg_of(origin: &str, destination: &str, departure: Timestamp, arrival: Timestamp) -> Leg {
    Leg { origin: origin.parse().unwrap(), destination: destination.parse().unwrap(), departure, arrival }
}
