//! Which flight operates what a message or a reader names, from the published schedule. Pure.
//!
//! A bag tag may carry a codeshare (`CA3101` for what `ZH9101` flies), and its day is that of the
//! leg at the station, while a flight's id has the day on which it leaves its origin. Both are
//! answered by one question: whose leg is called so on that day?
//!
//! The answer is never a guess. A name that several flights have is taken as it came, unless only
//! one of them has a leg at the station. What the schedule does not know is taken as it came too;
//! when the schedule comes later, what is told from then on finds the journey by the name that it
//! was told under (`marketed_as`).

use std::collections::{BTreeMap, HashMap};

use airside_api::{baggage::v1::LegRole, flights::v1 as flights};
use airside_kernel::{DecodeError, Kept, PersonalUse, Projection, RecordedEvent, Timestamp};
use airside_runtime::stored::timestamp;
use jiff::{
    civil::Date,
    tz::{Offset, TimeZone},
};
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::{
    events::damaged,
    ingest::zone_of,
    model::{AirportCode, Content, DatedFlight, FlightDesignator, Leg},
};

/// For how many days after its day a flight is known.
const KEPT_DAYS: i32 = 14;
/// The most flights that are known; the oldest days go first.
const MAX_FLIGHTS: usize = 100_000;
/// The most names of one flight, and the most legs: more are no schedule.
const MAX_NAMES: usize = 64;

/// The flights of the schedule by what they are called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Operating {
    claims: HashMap<DatedFlight, Vec<Claim>>,
    /// What each flight is called, by its day, so that it is struck whole.
    names: BTreeMap<Date, BTreeMap<FlightDesignator, Vec<DatedFlight>>>,
    known: usize,
}

/// The schedule of one flight, as it was published.
#[derive(Debug)]
pub(crate) struct Scheduled {
    flight: DatedFlight,
    told: flights::FlightScheduled,
    recorded_at: Timestamp,
}

impl Scheduled {
    /// Reads an event of a flight; `None` when it is no schedule.
    ///
    /// # Errors
    /// When a schedule cannot be read.
    pub(crate) fn read(event: &RecordedEvent) -> Result<Option<Self>, DecodeError> {
        if event.event_type() != "flights.FlightScheduled" {
            return Ok(None);
        }
        event.type_up_to(1)?;
        let told = flights::FlightScheduled::decode(event.payload()).map_err(damaged)?;
        let id = event.stream().split_once('-').and_then(|(_, id)| id.parse().ok());
        let flight = id.ok_or_else(|| DecodeError::malformed("stream", "its id is no flight"))?;
        Ok(Some(Self { flight, told, recorded_at: event.recorded_at() }))
    }
}

/// One leg that goes by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    flight: DatedFlight,
    origin: AirportCode,
    destination: AirportCode,
}

impl Operating {
    /// Returns the flight that is meant by a name that a station gave.
    pub fn flight(&self, named: DatedFlight, role: LegRole, station: AirportCode) -> DatedFlight {
        let Some(claims) = self.claims.get(&named) else { return named };
        let is_here = |claim: &&Claim| match role {
            LegRole::Inbound => claim.destination == station,
            LegRole::Outbound | LegRole::Unspecified => claim.origin == station,
            // It leaves from somewhere else, and nobody says where.
            LegRole::Onward => false,
        };
        let here = only(claims.iter().filter(is_here));
        here.unwrap_or_else(|| self.by_name(named))
    }

    /// Returns the flight that is meant by a name alone.
    pub fn by_name(&self, named: DatedFlight) -> DatedFlight {
        let Some(claims) = self.claims.get(&named) else { return named };
        // A flight that is called so by itself goes before those that are sold under the name.
        let own = claims.iter().find(|claim| claim.flight == named).map(|_| named);
        own.or_else(|| only(claims.iter())).unwrap_or(named)
    }

    /// Puts the operating flights into what a station told, and keeps the names that it gave.
    pub(crate) fn resolve(&self, content: &mut Content, station: AirportCode) {
        for leg in content.legs_mut() {
            let flight = self.flight(leg.flight, leg.role, station);
            if flight != leg.flight {
                *leg = Leg { flight, marketed_as: Some(leg.flight), ..*leg };
            }
        }
    }

    /// Takes in an event of a flight.
    ///
    /// # Errors
    /// When a schedule cannot be read.
    pub fn fold(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        if let Some(scheduled) = Scheduled::read(event)? {
            self.take(&scheduled);
        }
        Ok(())
    }

    /// Takes in the schedule of a flight.
    pub(crate) fn take(&mut self, scheduled: &Scheduled) {
        self.strike(scheduled.flight);
        self.schedule(scheduled.flight, &scheduled.told);
        self.forget(scheduled.recorded_at);
    }

    fn schedule(&mut self, flight: DatedFlight, scheduled: &flights::FlightScheduled) {
        let sold = scheduled.codeshares.iter().filter_map(|name| name.parse().ok());
        let called: Vec<FlightDesignator> = [flight.designator].into_iter().chain(sold).collect();
        let mut names = Vec::new();
        for leg in scheduled.legs.iter().take(MAX_NAMES) {
            let (Ok(origin), Ok(destination)) = (leg.origin.parse(), leg.destination.parse()) else {
                continue;
            };
            let leaves = leg.scheduled_departure.as_ref().and_then(timestamp);
            let date = leaves.map_or(flight.date, |at| day_at(origin, at));
            for designator in called.iter().take(MAX_NAMES) {
                let name = DatedFlight { designator: *designator, date };
                self.claims.entry(name).or_default().push(Claim { flight, origin, destination });
                names.push(name);
            }
        }
        if !names.is_empty() {
            self.names.entry(flight.date).or_default().insert(flight.designator, names);
            self.known += 1;
        }
    }

    fn strike(&mut self, flight: DatedFlight) {
        let Some(names) = self.names.get_mut(&flight.date).and_then(|day| day.remove(&flight.designator))
        else {
            return;
        };
        self.known -= 1;
        for name in names {
            if let Some(claims) = self.claims.get_mut(&name) {
                claims.retain(|claim| claim.flight != flight);
                if claims.is_empty() {
                    self.claims.remove(&name);
                }
            }
        }
    }

    fn forget(&mut self, now: Timestamp) {
        let today = Offset::UTC.to_datetime(now).date();
        while let Some((day, flights)) = self.names.first_key_value()
            && (days_between(*day, today) > KEPT_DAYS || self.known > MAX_FLIGHTS || flights.is_empty())
        {
            let day = *day;
            let gone: Vec<_> = flights.keys().copied().collect();
            gone.into_iter().for_each(|designator| self.strike(DatedFlight { designator, date: day }));
            self.names.remove(&day);
        }
    }
}

fn only<'a>(claims: impl Iterator<Item = &'a Claim>) -> Option<DatedFlight> {
    let mut flights = claims.map(|claim| claim.flight);
    let first = flights.next()?;
    flights.all(|other| other == first).then_some(first)
}

fn day_at(airport: AirportCode, at: Timestamp) -> Date {
    at.to_zoned(zone_of(airport.as_str()).unwrap_or(TimeZone::UTC)).date()
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

impl Projection for Operating {
    const NAME: &'static str = "baggage.operating";

    fn wants(category: &str) -> bool {
        category == "flight"
    }

    fn personal_use(&self) -> PersonalUse {
        PersonalUse::None
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        self.fold(event)
    }
}

impl Kept for Operating {
    const SCHEMA: u32 = 1;
    type State = Self;

    fn image(&self) -> Self {
        self.clone()
    }

    fn restore(&mut self, state: Self) {
        *self = state;
    }
}

#[cfg(test)]
mod tests;
