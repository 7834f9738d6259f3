//! Read model of what is loaded: flights and containers as handlers need them.
//!
//! A flight is folded from what `flights` publishes and from `loading-<flight>`, a
//! container from `container-<id>`. Of the steps of one flight or container the
//! one that happened last counts, whatever order they came in. What was not heard
//! of for [`KEPT_DAYS`] days is forgotten, and the oldest before that when there
//! are more than [`MAX_KEPT`].

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

use airside_api::{
    baggage::v1::{self as stored, ContainerStep, LoadingStep},
    flights::v1 as flights,
};
use airside_kernel::{DecodeError, Kept, Projection, RecordedEvent, StoredEvent, Timestamp};
use airside_runtime::stored::timestamp;
use foldhash::fast::RandomState;
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::{
    events::{damaged, observation},
    loading::LoadingMoved,
    model::{AirportCode, DatedFlight},
};

/// How many days after its last event a flight or container is kept.
pub const KEPT_DAYS: i64 = 30;
/// The most flights, and the most containers, that are kept.
pub const MAX_KEPT: usize = 200_000;
/// The most legs that are looked at.
const MAX_LEGS: usize = 16;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// What is known of a flight that is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FlightLoad {
    /// When it left.
    #[serde(with = "jiff::fmt::serde::timestamp::nanosecond::optional")]
    pub departed_at: Option<Timestamp>,
    /// Where its legs begin and when, when there are several.
    pub(super) legs: Vec<(AirportCode, i64)>,
    /// Whether it does not operate.
    pub is_cancelled: bool,
    pub(super) step: i32,
    #[serde(with = "jiff::fmt::serde::timestamp::nanosecond::optional")]
    pub(super) step_at: Option<Timestamp>,
}

/// What is known of a container, cart or hold as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Container {
    /// When the last step was.
    #[serde(with = "jiff::fmt::serde::timestamp::nanosecond::optional")]
    pub since: Option<Timestamp>,
    /// The flight that it is for.
    pub flight: Option<DatedFlight>,
    /// Compartment of the aircraft; may be empty.
    pub compartment: String,
    /// Where it was last reported.
    pub station: Option<AirportCode>,
    step: i32,
}

impl FlightLoad {
    /// Returns whether it left, as far as a bag at an airport feels it: of several legs, the one that begins
    /// there, or a later one.
    pub fn has_left(&self, here: Option<AirportCode>) -> bool {
        let Some(at) = self.departed_at.map(Timestamp::as_second) else { return false };
        let place = |here| self.legs.iter().position(|(origin, _)| *origin == here);
        let nearest = (0..self.legs.len()).min_by_key(|leg| self.legs[*leg].1.abs_diff(at));
        here.and_then(place).is_none_or(|own| Some(own) <= nearest)
    }

    /// Returns the last step of its loading; unspecified when nobody said.
    pub fn step(&self) -> LoadingStep {
        LoadingStep::try_from(self.step).unwrap_or_default()
    }

    /// Returns the flight after a step of its loading.
    #[cfg(test)]
    pub(crate) fn at_step(self, step: LoadingStep) -> Self {
        Self { step: step.into(), ..self }
    }

    /// Returns the flight as if its loading were open and it were here.
    #[must_use]
    pub fn as_if_open(&self) -> Self {
        Self { is_cancelled: self.is_cancelled, ..Self::default() }
    }

    /// Takes in an event of the flight's stream, or of its loading's.
    ///
    /// # Errors
    /// When the event cannot be decoded.
    pub fn take(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        match event.event_type() {
            "flights.FlightDeparted" => self.departed_at = Some(event.occurred_at()),
            "flights.FlightReturned" => self.departed_at = None,
            "flights.FlightCancelled" => self.is_cancelled = true,
            // What is scheduled again is to fly.
            "flights.FlightScheduled" => {
                self.is_cancelled = false;
                let legs = flights::FlightScheduled::decode(event.payload()).map_err(damaged)?.legs;
                let origin = |leg: flights::FlightLeg| {
                    Some((leg.origin.parse().ok()?, timestamp(&leg.scheduled_departure?)?.as_second()))
                };
                let several = legs.len() > 1;
                self.legs = legs.into_iter().filter(|_| several).take(MAX_LEGS).filter_map(origin).collect();
            }
            "baggage.LoadingMoved" => {
                let [moved] = LoadingMoved::decode(event)?;
                let at = moved.observation.happened_at();
                if self.step_at <= Some(at) {
                    (self.step, self.step_at) = (moved.step.into(), Some(at));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Container {
    /// Returns the last thing that happened to it; unspecified when nobody said.
    pub fn step(&self) -> ContainerStep {
        ContainerStep::try_from(self.step).unwrap_or_default()
    }

    /// Returns its compartment on a flight, when it is for that flight and the compartment is known.
    pub fn hold_for(&self, flight: DatedFlight) -> Option<String> {
        (self.flight == Some(flight) && !self.compartment.is_empty()).then(|| self.compartment.clone())
    }

    /// Takes in an event of the container's stream.
    ///
    /// # Errors
    /// When the event cannot be decoded.
    pub fn take(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        if event.event_type() != "baggage.ContainerMoved" {
            return Ok(());
        }
        event.type_up_to(1)?;
        let moved = stored::ContainerMoved::decode(event.payload()).map_err(damaged)?;
        let seen = observation(moved.observation)?;
        if self.since > Some(seen.happened_at()) {
            return Ok(());
        }
        *self = Self {
            since: Some(seen.happened_at()),
            flight: moved.flight.parse().ok(),
            compartment: moved.compartment,
            station: Some(seen.station),
            step: moved.step,
        };
        Ok(())
    }
}

/// Flights and containers as handlers need them.
#[derive(Debug, Default)]
pub struct Loads {
    kept: KeptLoads,
}

/// All that the fold needs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct KeptLoads {
    flights: Recent<DatedFlight, FlightLoad>,
    containers: Recent<String, Container>,
}

impl Loads {
    /// Returns what is known of a flight.
    pub fn flight(&self, flight: DatedFlight) -> Option<&FlightLoad> {
        self.kept.flights.get(&flight)
    }

    /// Returns what is known of a container.
    pub fn container(&self, id: &str) -> Option<&Container> {
        self.kept.containers.get(id)
    }

    fn take_flight(&mut self, id: &str, today: i64, event: &RecordedEvent) -> Result<(), DecodeError> {
        // It is decoded where it is decided; here it is not needed.
        if event.event_type() == "flights.PassengerRead" {
            return Ok(());
        }
        let flight: DatedFlight =
            id.parse().map_err(|error| DecodeError::malformed("stream", format!("{error}")))?;
        self.kept.flights.entry(&flight, today).take(event)
    }
}

impl Projection for Loads {
    const NAME: &'static str = "baggage.loads";

    fn wants(category: &str) -> bool {
        matches!(category, "flight" | "loading" | "container")
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let today = event.recorded_at().as_second().div_euclid(DAY_SECONDS);
        let id = event.stream().split_once('-').map_or("", |(_, id)| id);
        match event.category() {
            "container" => self.kept.containers.entry(&id.to_owned(), today).take(event),
            _ => self.take_flight(id, today, event),
        }
    }
}

impl Kept for Loads {
    const SCHEMA: u32 = 3;
    type State = KeptLoads;

    fn image(&self) -> KeptLoads {
        self.kept.clone()
    }

    fn restore(&mut self, kept: KeptLoads) {
        self.kept = kept;
    }
}

/// What was heard of lately, by its key.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Recent<K: Hash + Eq, V> {
    /// On which day each was heard of last.
    all: HashMap<K, (i64, V), RandomState>,
    /// On which days each was heard of, oldest first; the last place of a key counts.
    heard: VecDeque<(i64, K)>,
}

impl<K: Hash + Eq, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self { all: HashMap::default(), heard: VecDeque::new() }
    }
}

impl<K: Hash + Eq + Clone, V: Default> Recent<K, V> {
    fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.all.get(key).map(|(_, value)| value)
    }

    /// Returns the value of a key that is heard of today, and forgets those that were not for long.
    fn entry(&mut self, key: &K, today: i64) -> &mut V {
        let (day, _) = self.all.entry(key.clone()).or_insert_with(|| (i64::MIN, V::default()));
        if *day != today {
            *day = today;
            self.heard.push_back((today, key.clone()));
        }
        while let Some((day, oldest)) = self.heard.front()
            && (today - day > KEPT_DAYS || self.all.len() > MAX_KEPT)
        {
            if self.all.get(oldest).is_some_and(|(last, _)| last == day) {
                self.all.remove(oldest);
            }
            self.heard.pop_front();
        }
        let (_, value) = self.all.get_mut(key).expect("it stands last among those heard of");
        value
    }
}

#[cfg(test)]
mod tests;
