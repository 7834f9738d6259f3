//! The read model of flights: by id, and in the order of their departure.
//!
//! A flight without a schedule stands at the beginning of the day in its id
//! until its schedule comes. The board keeps the latest [`MAX_FLIGHTS`] flights
//! by departure; an older one is not found, though its stream still has it.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    ops::Bound,
    str::FromStr,
};

use airside_kernel::{DecodeError, Kept, Projection, RecordedEvent, StoredEvent, Timestamp};
use foldhash::fast::RandomState;
use jiff::tz::TimeZone;

use crate::{
    events::{Fact, PASSENGER_READ},
    model::{AirportCode, Flight, FlightId},
};

/// The most flights that the board keeps.
pub const MAX_FLIGHTS: usize = 200_000;

/// A place in the order of departures; printed, it is a page token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    departure: Timestamp,
    flight: FlightId,
}

impl Place {
    fn of(id: &FlightId, flight: &Flight) -> Self {
        let scheduled = flight.schedule.legs.first().map(|leg| leg.scheduled_departure);
        let midnight = || id.date().to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |day| day.timestamp());
        Self { departure: scheduled.unwrap_or_else(midnight), flight: id.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.departure.as_nanosecond(), self.flight)
    }
}

/// A page token that does not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is malformed; pass back what an earlier answer gave")]
pub struct InvalidToken;

impl FromStr for Place {
    type Err = InvalidToken;

    fn from_str(token: &str) -> Result<Self, InvalidToken> {
        let (departure, flight) = token.split_once('.').ok_or(InvalidToken)?;
        let departure = departure.parse().map_err(|_| InvalidToken)?;
        let departure = Timestamp::from_nanosecond(departure).map_err(|_| InvalidToken)?;
        Ok(Self { departure, flight: flight.parse().map_err(|_| InvalidToken)? })
    }
}

/// A page of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardPage {
    /// The flights, in the order of their departure.
    pub flights: Vec<(FlightId, Flight)>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Place>,
}

type Flights = HashMap<FlightId, Flight, RandomState>;

/// What is known of every flight.
#[derive(Debug, Default)]
pub struct Board {
    flights: Flights,
    order: BTreeSet<Place>,
}

impl Board {
    /// Returns a flight.
    pub fn flight(&self, id: &FlightId) -> Option<&Flight> {
        self.flights.get(id)
    }

    /// Returns at most `limit` flights after a place, only those that touch the airport when one is given.
    pub fn page(&self, airport: Option<AirportCode>, after: Option<&Place>, limit: usize) -> BoardPage {
        let touches = |flight: &Flight| {
            airport.is_none_or(|code| {
                flight.schedule.legs.iter().any(|leg| leg.origin == code || leg.destination == code)
            })
        };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut fitting = self
            .order
            .range((from, Bound::Unbounded))
            .filter_map(|place| self.flights.get(&place.flight).map(|flight| (place, flight)))
            .filter(|(_, flight)| touches(flight))
            .peekable();
        let mut flights = Vec::with_capacity(limit.min(self.flights.len()));
        let mut last = None;
        while flights.len() < limit
            && let Some((place, flight)) = fitting.next()
        {
            flights.push((place.flight.clone(), flight.clone()));
            last = Some(place);
        }
        let next = fitting.peek().and(last).cloned();
        BoardPage { flights, next }
    }
}

impl Projection for Board {
    const NAME: &'static str = "flights.board";

    fn wants(category: &str) -> bool {
        category == "flight"
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        if event.event_type() == PASSENGER_READ {
            return Ok(());
        }
        let [fact] = Fact::decode(event)?;
        let id = event.stream().strip_prefix("flight-").unwrap_or_default();
        let id: FlightId =
            id.parse().map_err(|error| DecodeError::malformed("flight stream", format!("{error}")))?;
        let before = self.flights.remove(&id).unwrap_or_default();
        self.order.remove(&Place::of(&id, &before));
        let after = before.after(&fact.what);
        self.order.insert(Place::of(&id, &after));
        self.flights.insert(id, after);
        if self.flights.len() > MAX_FLIGHTS
            && let Some(oldest) = self.order.pop_first()
        {
            self.flights.remove(&oldest.flight);
        }
        Ok(())
    }
}

impl Kept for Board {
    const SCHEMA: u32 = 3;
    type State = Flights;

    fn image(&self) -> Flights {
        self.flights.clone()
    }

    fn restore(&mut self, flights: Flights) {
        self.order = flights.iter().map(|(id, flight)| Place::of(id, flight)).collect();
        self.flights = flights;
    }
}

#[cfg(test)]
mod tests;
