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
    /// Where the leg begins that it is of, when the flight has several.
    pub(super) from: Option<AirportCode>,
}

/// What is known of a flight.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Flight {
    legs: Vec<Leg>,
    estimated_departure: Option<Timestamp>,
    estimated_arrival: Option<Timestamp>,
    departed_at: Option<Timestamp>,
    landed_at: Option<Timestamp>,
    /// The legs of several that it left and landed on last.
    departed_leg: Option<usize>,
    landed_leg: Option<usize>,
    is_cancelled: bool,
    is_diverted: bool,
    /// What was told since the flight was open last.
    told: Vec<Turn>,
    /// It left, and late words are waited for.
    pub(super) leaving: Option<Turn>,
}

impl Turn {
    pub(super) fn new(kind: FlightTurn, at: Timestamp, revision: u64) -> Self {
        Self { kind: kind.into(), at, revision, from: None }
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
                self.departed_leg = self.leg_at(at, |leg| leg.departure);
                let turn = Turn::new(FlightTurn::Departed, at, revision);
                self.leaving = Some(Turn { from: self.origin(self.departed_leg), ..turn });
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
                self.landed_leg = self.leg_at(at, |leg| leg.arrival);
                let turn = Turn::new(FlightTurn::Landed, at, revision);
                Some(self.tell(Turn { from: self.origin(self.landed_leg), ..turn }))
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

    /// Whether it landed at an airport, or, of several legs, on a later one.
    pub(super) fn has_landed(&self, at: AirportCode) -> bool {
        let place = self.legs.iter().position(|leg| leg.destination == at);
        self.landed_at.is_some() && self.landed_leg.is_none_or(|landed| Some(landed) >= place)
    }

    /// Returns which of several legs a movement is of: that with the nearest time.
    fn leg_at(&self, at: Timestamp, time: impl Fn(&Leg) -> Timestamp) -> Option<usize> {
        let away = |leg: &Leg| time(leg).duration_since(at).abs();
        let nearest = self.legs.iter().enumerate().min_by_key(|(_, leg)| away(leg));
        nearest.map(|(place, _)| place).filter(|_| self.legs.len() > 1)
    }

    fn origin(&self, leg: Option<usize>) -> Option<AirportCode> {
        Some(self.legs.get(leg?)?.origin)
    }

    /// Returns when it leaves an airport, as far as that is known; `None` when it will not.
    pub(super) fn departure(&self, from: AirportCode) -> Option<Timestamp> {
        let place = self.legs.iter().position(|leg| leg.origin == from)?;
        let has_left = self.departed_at.is_some() && self.departed_leg.is_none_or(|left| left >= place);
        let is_of = |at: &Timestamp| self.leg_at(*at, |leg| leg.departure).is_none_or(|leg| leg == place);
        let expected = self.estimated_departure.filter(is_of).unwrap_or(self.legs[place].departure);
        (!self.is_cancelled && !has_left).then_some(expected)
    }

    /// Returns when it arrives at an airport, as far as that is known; `None` when it will not.
    pub(super) fn arrival(&self, to: AirportCode) -> Option<Timestamp> {
        let place = self.legs.iter().position(|leg| leg.destination == to)?;
        let landed = self.landed_at.filter(|_| self.landed_leg.is_none_or(|leg| leg == place));
        let is_of = |at: &Timestamp| self.leg_at(*at, |leg| leg.arrival).is_none_or(|leg| leg == place);
        let expected =
            landed.or_else(|| self.estimated_arrival.filter(is_of)).unwrap_or(self.legs[place].arrival);
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
