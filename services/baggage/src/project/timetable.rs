//! The times of flights, folded from what flights publish, for what a bag's
//! passenger may expect.
//!
//! A flight is kept until four days after the day in its id; together they are at
//! most [`MAX_FLIGHTS`], and one more has no times.

use std::collections::HashMap;

use airside_api::flights::v1 as flights;
use airside_kernel::{DecodeError, Kept, Projection, RecordedEvent};
use airside_runtime::stored;
use foldhash::fast::RandomState;
use jiff::{ToSpan, civil::Date, tz::Offset};
use prost::Message;

use crate::{
    events::damaged,
    model::DatedFlight,
    passenger::times::{Times, Told},
};

/// The most flights whose times are kept.
const MAX_FLIGHTS: usize = 200_000;
/// How many days after its own a flight is kept.
const KEPT_DAYS: i64 = 4;

/// The times of flights.
#[derive(Debug, Default)]
pub struct Timetable {
    flights: HashMap<DatedFlight, Times, RandomState>,
    /// The day of the newest event, in UTC.
    today: Date,
}

impl Timetable {
    /// Returns the times of a flight.
    pub fn of(&self, flight: DatedFlight) -> Option<Times> {
        self.flights.get(&flight).cloned()
    }

    fn forget(&mut self, today: Date) {
        if today == self.today {
            return;
        }
        self.today = today;
        let Ok(first) = today.checked_sub(KEPT_DAYS.days()) else { return };
        self.flights.retain(|flight, _| flight.date >= first);
    }
}

impl Projection for Timetable {
    const NAME: &'static str = "baggage.timetable";

    fn wants(category: &str) -> bool {
        category == "flight"
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        self.forget(Offset::UTC.to_datetime(event.recorded_at()).date());
        let flight = event.stream().split_once('-').and_then(|(_, id)| id.parse::<DatedFlight>().ok());
        let Some(flight) = flight else {
            return Err(DecodeError::malformed("flight stream", "its id is no flight"));
        };
        let Some(told) = told(event)? else { return Ok(()) };
        if self.flights.len() < MAX_FLIGHTS || self.flights.contains_key(&flight) {
            self.flights.entry(flight).or_default().take(told);
        }
        Ok(())
    }
}

impl Kept for Timetable {
    const SCHEMA: u32 = 2;
    type State = (HashMap<DatedFlight, Times, RandomState>, Date);

    fn image(&self) -> Self::State {
        (self.flights.clone(), self.today)
    }

    fn restore(&mut self, (flights, today): Self::State) {
        (self.flights, self.today) = (flights, today);
    }
}

/// Reads what a flight tells of its times; `None` when it tells something else.
fn told(event: &RecordedEvent) -> Result<Option<Told>, DecodeError> {
    let second = |at: Option<prost_types::Timestamp>| Some(stored::timestamp(&at?)?.as_second());
    let is_known = matches!(
        event.event_type(),
        "flights.FlightScheduled"
            | "flights.FlightDelayed"
            | "flights.ArrivalEstimated"
            | "flights.BeltAssigned"
            | "flights.FlightCancelled"
            | "flights.FlightDeparted"
            | "flights.FlightReturned"
            | "flights.FlightLanded"
    );
    if !is_known {
        return Ok(None);
    }
    Ok(Some(match event.type_up_to(1)? {
        "flights.FlightScheduled" => {
            let legs = message::<flights::FlightScheduled>(event)?.legs;
            let at = |airport: &str, time| Some((airport.parse().ok()?, second(time)?));
            Told::Scheduled {
                departures: legs.iter().filter_map(|leg| at(&leg.origin, leg.scheduled_departure)).collect(),
                arrivals: legs.iter().filter_map(|leg| at(&leg.destination, leg.scheduled_arrival)).collect(),
            }
        }
        "flights.FlightDelayed" => {
            Told::DepartureEstimated(second(message::<flights::FlightDelayed>(event)?.estimated_departure))
        }
        "flights.ArrivalEstimated" => {
            Told::ArrivalEstimated(second(message::<flights::ArrivalEstimated>(event)?.estimated_arrival))
        }
        "flights.BeltAssigned" => Told::Belt(message::<flights::BeltAssigned>(event)?.belt),
        "flights.FlightCancelled" => Told::Cancelled,
        "flights.FlightDeparted" => Told::Departed,
        "flights.FlightReturned" => Told::Returned,
        _ => Told::Landed(event.occurred_at().as_second()),
    }))
}

fn message<M: Message + Default>(event: &RecordedEvent) -> Result<M, DecodeError> {
    M::decode(event.payload()).map_err(damaged)
}
