//! The flight plan as far as it tells when baggage messages are to be expected. Pure.
//!
//! They are expected from some hours before a flight leaves (it is scheduled or estimated) until it
//! does, and for a while after one landed. Where no flight is known that leaves or left within two
//! days, there is no plan, and then traffic is expected always: who listens without a plan, or
//! whose plan has ended, is to hear of silence rather than not.

use std::collections::BTreeMap;

use airside_api::flights::v1 as flights;
use airside_kernel::{DecodeError, RecordedEvent, Timestamp};
use airside_runtime::stored::timestamp;
use jiff::SignedDuration;
use prost::Message;
use serde::{Deserialize, Serialize};

use super::silence::Traffic;
use crate::events::damaged;

/// How long a flight is a part of the plan after it left or landed.
const PAST: SignedDuration = SignedDuration::from_hours(48);
/// The most flights; beyond them those that left first are forgotten.
const MAX_FLIGHTS: usize = 20_000;
/// The most legs of a flight that count.
const MAX_LEGS: usize = 8;
/// How often the plan is cleared of what is past.
const CLEAR_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The flights that are to come or were not long ago.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    flights: BTreeMap<String, Planned>,
    cleared_at: Timestamp,
}

/// A flight.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Planned {
    /// In travel order.
    legs: Vec<PlannedLeg>,
    estimated: Option<Timestamp>,
    departed: Option<Timestamp>,
    landed: Option<Timestamp>,
    is_cancelled: bool,
}

/// A leg of a flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PlannedLeg {
    origin: String,
    destination: String,
    departure: Option<Timestamp>,
}

/// Whether messages are to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// There is no plan to go by.
    Always,
    /// Without a gap since then.
    Since(Timestamp),
    /// Not now.
    No,
}

impl Plan {
    /// Takes in a fact about a flight; what tells nothing of times is passed over.
    pub(super) fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let at = event.occurred_at();
        let change: Box<dyn FnOnce(&mut Planned)> = match event.type_up_to(1)? {
            "flights.FlightScheduled" => {
                let scheduled = flights::FlightScheduled::decode(event.payload()).map_err(damaged)?;
                let legs = scheduled.legs.into_iter().take(MAX_LEGS).map(|leg| PlannedLeg {
                    departure: leg.scheduled_departure.as_ref().and_then(timestamp),
                    origin: leg.origin,
                    destination: leg.destination,
                });
                let legs = legs.collect();
                Box::new(move |flight| flight.legs = legs)
            }
            "flights.FlightDelayed" => {
                let delayed = flights::FlightDelayed::decode(event.payload()).map_err(damaged)?;
                let estimated = delayed.estimated_departure.as_ref().and_then(timestamp);
                Box::new(move |flight| flight.estimated = estimated)
            }
            "flights.FlightDeparted" => Box::new(move |flight| flight.departed = Some(at)),
            "flights.FlightLanded" => Box::new(move |flight| flight.landed = Some(at)),
            "flights.FlightCancelled" => Box::new(|flight| flight.is_cancelled = true),
            _ => return Ok(()),
        };
        let id = event.stream().split_once('-').map_or("", |(_, id)| id);
        change(self.flights.entry(id.to_owned()).or_default());
        self.clear(event.recorded_at());
        Ok(())
    }

    /// Returns whether messages are to be expected at an instant.
    pub fn expected(&self, now: Timestamp, traffic: &Traffic) -> Expected {
        let mut is_plan = false;
        let mut spans = Vec::new();
        for flight in self.flights.values() {
            is_plan |= flight.touches(traffic) && flight.is_recent(now);
            spans.extend(flight.spans(traffic).into_iter().flatten().filter(|(from, _)| *from <= now));
        }
        if !is_plan {
            return Expected::Always;
        }
        spans.sort_unstable();
        let mut last: Option<(Timestamp, Timestamp)> = None;
        for (from, until) in spans {
            last = match last {
                Some((first, end)) if from <= end => Some((first, end.max(until))),
                _ => Some((from, until)),
            };
        }
        match last {
            Some((from, until)) if now <= until => Expected::Since(from),
            _ => Expected::No,
        }
    }

    /// Forgets what is past, now and then, and what is too much.
    fn clear(&mut self, now: Timestamp) {
        if now.duration_since(self.cleared_at) >= CLEAR_EVERY {
            self.cleared_at = now;
            self.flights.retain(|_, flight| flight.is_recent(now));
        }
        while self.flights.len() > MAX_FLIGHTS {
            let first = self.flights.iter().min_by_key(|(_, flight)| flight.last()).map(|(id, _)| id.clone());
            first.map(|id| self.flights.remove(&id));
        }
    }
}

impl Planned {
    fn is_recent(&self, now: Timestamp) -> bool {
        self.last().is_some_and(|last| now.duration_since(last) <= PAST)
    }

    /// Returns its last instant that is known.
    fn last(&self) -> Option<Timestamp> {
        let scheduled = self.legs.iter().filter_map(|leg| leg.departure);
        scheduled.chain(self.estimated).chain(self.departed).chain(self.landed).max()
    }

    fn touches(&self, traffic: &Traffic) -> bool {
        self.legs.iter().any(|leg| traffic.is_here(&leg.origin) || traffic.is_here(&leg.destination))
    }

    /// Returns when messages are expected for it: before it leaves, and after it landed.
    fn spans(&self, traffic: &Traffic) -> [Option<(Timestamp, Timestamp)>; 2] {
        if self.is_cancelled {
            return [None, None];
        }
        let leaves = self.legs.iter().position(|leg| traffic.is_here(&leg.origin)).and_then(|at| {
            let scheduled = self.legs[at].departure?;
            // Estimates and departures are told of the first leg.
            let told = self.departed.or(self.estimated).filter(|_| at == 0);
            let until = told.unwrap_or(scheduled);
            let from = scheduled.min(until);
            Some((from.checked_sub(traffic.before_departure).unwrap_or(from), until))
        });
        let arrives = self.legs.iter().any(|leg| traffic.is_here(&leg.destination));
        let landed = self.landed.filter(|_| arrives);
        let lands = landed.map(|at| (at, at.checked_add(traffic.after_landing).unwrap_or(at)));
        [leaves, lands]
    }
}

#[cfg(test)]
mod tests;
