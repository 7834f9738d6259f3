//! Which gate and belt a flight has now and when it leaves, folded from what flights publish, so that a
//! passenger may look for a place by the number on their boarding pass and be told when to go there.
//!
//! A flight is kept until two days after the day in its id; together they are at most [`MAX_FLIGHTS`], and
//! one more is not found.

use std::collections::{BTreeMap, BTreeSet};

use airside_api::flights::v1 as flights;
use airside_kernel::{DecodeError, Kept, Projection, RecordedEvent, Timestamp};
use airside_runtime::stored;
use jiff::civil::Date;
use prost::Message;
use serde::{Deserialize, Serialize};

/// The most flights whose signs are kept.
const MAX_FLIGHTS: usize = 100_000;
/// The most designators under which one flight is sold.
const MAX_CODESHARES: usize = 32;
/// How many days after its own a flight is kept.
const KEPT_DAYS: i64 = 2;
const DAY_S: i64 = 86_400;

/// Where a flight's passengers go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signs {
    /// The gate it leaves from, by its sign; empty while there is none.
    pub gate: String,
    /// The belt its bags come on, by its sign; empty while there is none.
    pub belt: String,
    /// Whether it has landed, so that its belt is what is looked for.
    pub has_landed: bool,
    /// How far it has come.
    pub stage: Stage,
    /// Whether the time it leaves is an estimate, made after the schedule.
    pub is_estimated: bool,
    /// When it leaves, as last heard, in seconds since 1970.
    departs_s: Option<i64>,
    codeshares: Vec<String>,
}

/// How far a flight has come on the day it leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Passengers wait.
    #[default]
    Waiting,
    /// Passengers board.
    Boarding,
    /// The last passengers are called.
    FinalCall,
    /// It left.
    Gone,
    /// It does not fly.
    Cancelled,
}

impl Signs {
    /// Returns when it leaves, as last heard.
    pub fn departs(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.departs_s?).ok()
    }

    /// Returns the signs of a flight that leaves then.
    #[cfg(test)]
    pub(crate) fn leaving(departs: Option<Timestamp>) -> Self {
        Self { departs_s: departs.map(Timestamp::as_second), ..Self::default() }
    }

    fn still_leaves(&self) -> bool {
        !matches!(self.stage, Stage::Gone | Stage::Cancelled)
    }
}

/// A flight by its designator and the day in its stream.
type FlightKey = (String, String);

/// The gates and belts of flights.
#[derive(Debug, Default)]
pub struct Boards {
    flights: BTreeMap<FlightKey, Signs>,
    /// The flights that are sold under another designator.
    sold_as: BTreeMap<String, BTreeSet<FlightKey>>,
    /// The day of the newest event, in days since 1970.
    today: i64,
}

impl Boards {
    /// Returns the signs of the flight with this number that leaves nearest to now. The number may be
    /// written with blanks and leading zeros, and be one that the flight is sold under.
    pub fn of(&self, number: &str, now: Timestamp) -> Option<&Signs> {
        self.flight(number, now).map(|(_, signs)| signs)
    }

    /// Returns that flight likewise, with the number it is flown under; with its day behind the number, as in
    /// `CZ3101-20261122`, the one of that day.
    pub fn flight(&self, number: &str, now: Timestamp) -> Option<(&str, &Signs)> {
        let (number, day) = with_day(number);
        let wanted = designator(number)?;
        let own = self.flights.range((wanted.clone(), String::new())..);
        let own = own.take_while(|(key, _)| key.0 == wanted);
        let sold = self.sold_as.get(&wanted).into_iter().flatten();
        let sold = sold.filter_map(|key| self.flights.get_key_value(key));
        let away = |signs: &Signs| signs.departs_s.map_or(u64::MAX, |at| at.abs_diff(now.as_second()));
        own.chain(sold)
            .filter(|(key, _)| day.is_none_or(|day| key.1 == day))
            .min_by_key(|(key, signs)| (away(signs), *key))
            .map(|(key, signs)| (key.0.as_str(), signs))
    }

    /// Returns the next flight that leaves from a gate with one of these signs.
    pub fn next_from(&self, signs: &[&str], now: Timestamp) -> Option<(&str, &Signs)> {
        let is_there = |flight: &Signs| signs.iter().any(|sign| sign.eq_ignore_ascii_case(&flight.gate));
        let next = self.flights.iter().filter(|(_, flight)| {
            flight.still_leaves()
                && flight.departs_s.is_some_and(|at| at >= now.as_second())
                && is_there(flight)
        });
        next.min_by_key(|(key, flight)| (flight.departs_s, *key))
            .map(|(key, flight)| (key.0.as_str(), flight))
    }

    /// Returns the signs of the flight with an id such as `CZ3101-20261120`.
    pub fn by_id(&self, id: &str) -> Option<&Signs> {
        let (number, day) = id.split_once('-')?;
        self.flights.get(&(number.to_owned(), day.to_owned()))
    }

    fn forget(&mut self, today: i64) {
        if today == self.today {
            return;
        }
        self.today = today;
        let Ok(first) = Timestamp::from_second((today - KEPT_DAYS) * DAY_S) else { return };
        let first = first.strftime("%Y%m%d").to_string();
        self.flights.retain(|(_, day), _| *day >= first);
        self.sold_as.clear();
        for (key, signs) in &self.flights {
            enter(&mut self.sold_as, key, &signs.codeshares);
        }
    }

    fn take(&mut self, key: FlightKey, told: Told) {
        if self.flights.len() >= MAX_FLIGHTS && !self.flights.contains_key(&key) {
            return;
        }
        if let Told::Scheduled(_, codeshares) = &told {
            // What it was sold as before leads to it until the day is over.
            enter(&mut self.sold_as, &key, codeshares);
        }
        let signs = self.flights.entry(key).or_default();
        match told {
            Told::Scheduled(at, codeshares) => {
                (signs.departs_s, signs.codeshares) = (at, codeshares);
                signs.is_estimated = false;
                if signs.stage == Stage::Cancelled {
                    signs.stage = Stage::Waiting;
                }
            }
            Told::Delayed(at) => {
                signs.departs_s = at.or(signs.departs_s);
                signs.is_estimated = true;
            }
            Told::Stage(stage) => signs.stage = stage,
            Told::Gate(gate) => signs.gate = gate,
            Told::Belt(belt) => signs.belt = belt,
            Told::Landed => signs.has_landed = true,
        }
    }
}

fn enter(sold_as: &mut BTreeMap<String, BTreeSet<FlightKey>>, key: &FlightKey, codeshares: &[String]) {
    for codeshare in codeshares {
        sold_as.entry(codeshare.clone()).or_default().insert(key.clone());
    }
}

/// What a flight tells of its signs.
enum Told {
    Scheduled(Option<i64>, Vec<String>),
    Delayed(Option<i64>),
    Gate(String),
    Belt(String),
    Landed,
    Stage(Stage),
}

fn told(event: &RecordedEvent) -> Result<Option<Told>, DecodeError> {
    let second = |at: Option<prost_types::Timestamp>| Some(stored::timestamp(&at?)?.as_second());
    Ok(Some(match event.event_type() {
        "flights.FlightScheduled" => {
            let told = message::<flights::FlightScheduled>(event)?;
            let departs_s = told.legs.into_iter().next().and_then(|leg| second(leg.scheduled_departure));
            let codeshares = told.codeshares.iter().filter_map(|number| designator(number));
            Told::Scheduled(departs_s, codeshares.take(MAX_CODESHARES).collect())
        }
        "flights.FlightDelayed" => {
            Told::Delayed(second(message::<flights::FlightDelayed>(event)?.estimated_departure))
        }
        "flights.GateAssigned" => Told::Gate(message::<flights::GateAssigned>(event)?.gate),
        "flights.BeltAssigned" => Told::Belt(message::<flights::BeltAssigned>(event)?.belt),
        "flights.FlightLanded" => Told::Landed,
        "flights.BoardingStarted" => Told::Stage(Stage::Boarding),
        "flights.FinalCallMade" => Told::Stage(Stage::FinalCall),
        "flights.FlightDeparted" => Told::Stage(Stage::Gone),
        "flights.FlightReturned" => Told::Stage(Stage::Waiting),
        "flights.FlightCancelled" => Told::Stage(Stage::Cancelled),
        _ => return Ok(None),
    }))
}

fn message<M: Message + Default>(event: &RecordedEvent) -> Result<M, DecodeError> {
    event.type_up_to(1)?;
    M::decode(event.payload()).map_err(|error| DecodeError::malformed("flight event", error.to_string()))
}

impl Projection for Boards {
    const NAME: &'static str = "navigation.boards";

    fn wants(category: &str) -> bool {
        category == "flight"
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        self.forget(event.recorded_at().as_second().div_euclid(DAY_S));
        let key = event.stream().strip_prefix("flight-").and_then(|id| id.split_once('-'));
        let Some((number, day)) = key else {
            return Err(DecodeError::malformed("flight stream", "its id is no flight"));
        };
        if let Some(told) = told(event)? {
            self.take((number.to_owned(), day.to_owned()), told);
        }
        Ok(())
    }
}

impl Kept for Boards {
    const SCHEMA: u32 = 2;
    type State = (BTreeMap<FlightKey, Signs>, i64);

    fn image(&self) -> Self::State {
        (self.flights.clone(), self.today)
    }

    fn restore(&mut self, (flights, today): Self::State) {
        (self.flights, self.today) = (flights, today);
        for (key, signs) in &self.flights {
            enter(&mut self.sold_as, key, &signs.codeshares);
        }
    }
}

/// Tells whether a text is the id of a flight, as streams name it.
pub fn is_flight(id: &str) -> bool {
    let is_day = |day: &str| day.len() == 8 && Date::strptime("%Y%m%d", day).is_ok();
    id.split_once('-')
        .is_some_and(|(number, day)| designator(number).as_deref() == Some(number) && is_day(day))
}

/// Returns a flight's number and the day behind it, where there is one.
fn with_day(text: &str) -> (&str, Option<&str>) {
    let is_day = |day: &str| day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit());
    match text.trim().rsplit_once('-') {
        Some((number, day)) if is_day(day) => (number, Some(day)),
        _ => (text, None),
    }
}

/// Returns a flight number as streams name it: carrier, number without zeros, suffix; `None` for another text.
fn designator(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).take(9).collect::<String>().to_uppercase();
    let read = |length: usize| {
        let (carrier, rest) = text.split_at_checked(length)?;
        let number = rest.trim_end_matches(|c: char| c.is_ascii_uppercase());
        let suffix = &rest[number.len()..];
        let is_carrier =
            carrier.bytes().all(|b| b.is_ascii_uppercase() || (length == 2 && b.is_ascii_digit()))
                && carrier.bytes().any(|b| b.is_ascii_uppercase());
        let is_number = (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let number = number.trim_start_matches('0');
        (is_carrier && is_number && suffix.len() <= 1).then(|| format!("{carrier}{number}{suffix}"))
    };
    read(2).or_else(|| read(3))
}

#[cfg(test)]
mod tests;
