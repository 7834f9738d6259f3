//! Counts while the airport plays, and the live numbers for a person.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use jiff::Timestamp;

use super::pace::Pace;
use super::survey::Counts;
use crate::inbox::Inbox;
use crate::summary::{Detail, Quantiles, Summary};
use crate::truth::{Airport, local};

/// At most this many complaints are kept.
const COMPLAINTS_MAX: usize = 20;
/// The longest latency that is told apart, microseconds.
const LATENCY_MAX_US: u64 = 60_000_000;

/// What the player is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// Opens the sessions.
    #[default]
    Opening,
    /// Plays the script.
    Playing,
    /// Waits for the last notices and compares with the truth.
    Draining,
    /// Counts what the server has.
    Counting,
    /// Is at its end.
    Done,
}

/// Live numbers for a person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// What the player is doing.
    pub phase: Phase,
    /// Number of the wave, from 1.
    pub wave: u64,
    /// Airport time of day, `HH:MM`.
    pub airport_time: String,
    /// Scans on disk.
    pub scans_accepted: u64,
    /// Messages on disk.
    pub messages_stored: u64,
    /// Reports of flights recorded.
    pub flight_reports: u64,
    /// Reads of passengers recorded.
    pub gate_reads: u64,
    /// Routes found.
    pub routes_found: u64,
    /// Sessions held so far.
    pub sessions: u64,
    /// Notices shown.
    pub pushes: u64,
    /// From fact to screen, milliseconds.
    pub push_ms: Quantiles,
    /// The newest notice or report, in words.
    pub headline: String,
}

/// Declares counters once, as atomics.
macro_rules! counters {
    ($($name:ident),+ $(,)?) => {
        /// Everything that is counted.
        #[derive(Debug, Default)]
        pub(crate) struct Counters { $(pub(crate) $name: AtomicU64),+ }
    };
}

counters! {
    waves, flights, passengers, sessions, scans_accepted, scans_duplicate, scans_quarantined,
    messages_stored, messages_malformed, flight_reports, gate_reads, routes_found, routes_not_found,
    claims_refused, claims_granted, calls_after_boarding, reconnects, recovered, pushes,
    not_taken, notifications, pushes_delivered, pushes_lost, sequence_breaks, repeats, truth_checked, truth_equal,
}

/// Shared by everything that plays.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) count: Counters,
    push_us: Mutex<Histogram<u64>>,
    call_us: Mutex<Histogram<u64>>,
    projection_us: Mutex<Histogram<u64>>,
    complaints: Mutex<Vec<String>>,
    headline: Mutex<String>,
    boarded: Mutex<HashMap<usize, Timestamp>>,
    phase: Mutex<Phase>,
    pace: Mutex<Option<Arc<Pace>>>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            count: Counters::default(),
            push_us: Mutex::new(latencies()),
            call_us: Mutex::new(latencies()),
            projection_us: Mutex::new(latencies()),
            complaints: Mutex::default(),
            headline: Mutex::default(),
            boarded: Mutex::default(),
            phase: Mutex::default(),
            pace: Mutex::default(),
        }
    }
}

impl Tally {
    pub(crate) fn enter(&self, phase: Phase) {
        *lock(&self.phase) = phase;
    }

    pub(crate) fn begin_wave(&self, airport: &Airport, pace: Arc<Pace>) {
        self.enter(Phase::Opening);
        *lock(&self.pace) = Some(pace);
        lock(&self.boarded).clear();
        add(&self.count.waves, 1);
        add(&self.count.flights, airport.flights.len());
        add(&self.count.passengers, airport.passengers.len());
    }

    pub(crate) fn called(&self, took: Duration) {
        lock(&self.call_us).saturating_record(micros(took));
    }

    pub(crate) fn pushed(&self, took: Duration) {
        lock(&self.push_us).saturating_record(micros(took));
    }

    /// Notes how long after its receipt something was shown.
    pub(crate) fn projected(&self, took: Duration) {
        lock(&self.projection_us).saturating_record(micros(took));
    }

    /// Returns how long after its receipt something was shown.
    pub(crate) fn projection_ms(&self) -> Quantiles {
        quantiles(&lock(&self.projection_us))
    }

    pub(crate) fn complain(&self, complaint: impl FnOnce() -> String) {
        let mut complaints = lock(&self.complaints);
        if complaints.len() < COMPLAINTS_MAX {
            complaints.push(complaint());
        }
    }

    pub(crate) fn headline(&self, words: String) {
        *lock(&self.headline) = words;
    }

    pub(crate) fn board(&self, passenger: usize, at: Timestamp) {
        lock(&self.boarded).insert(passenger, at);
    }

    pub(crate) fn boarded(&self, passenger: usize) -> Option<Timestamp> {
        lock(&self.boarded).get(&passenger).copied()
    }

    /// Returns how many messages, scans and calls the server did not take.
    pub(crate) fn not_taken(&self) -> u64 {
        get(&self.count.not_taken)
    }

    /// Returns how many notices did not reach their sessions.
    pub(crate) fn pushes_lost(&self) -> u64 {
        get(&self.count.pushes_lost)
    }

    /// Adds what a session has and lacks of an inbox that ends at `last_seq`.
    pub(crate) fn settle(&self, inbox: &Inbox, last_seq: u64) {
        add(&self.count.notifications, inbox.owed(last_seq));
        add(&self.count.pushes_delivered, inbox.received());
        add(&self.count.pushes_lost, inbox.lost(last_seq));
        add(&self.count.sequence_breaks, inbox.breaks);
        add(&self.count.repeats, inbox.repeats);
    }

    pub(crate) fn progress(&self) -> Progress {
        let count = &self.count;
        let airport_time = lock(&self.pace).as_ref().map(|pace| local(pace.airport_now()));
        Progress {
            phase: *lock(&self.phase),
            wave: get(&count.waves),
            airport_time: airport_time.map_or_else(String::new, |at| at.strftime("%H:%M").to_string()),
            scans_accepted: get(&count.scans_accepted),
            messages_stored: get(&count.messages_stored),
            flight_reports: get(&count.flight_reports),
            gate_reads: get(&count.gate_reads),
            routes_found: get(&count.routes_found),
            sessions: get(&count.sessions),
            pushes: get(&count.pushes),
            push_ms: quantiles(&lock(&self.push_us)),
            headline: lock(&self.headline).clone(),
        }
    }

    pub(crate) fn summary(&self, counts: &Counts, took: Duration) -> Summary {
        let count = &self.count;
        let stored = get(&count.messages_stored);
        let unread = stored.saturating_sub(counts.messages_quarantined);
        Summary {
            scans_accepted: get(&count.scans_accepted),
            messages_parsed: counts.facts.messages_parsed.unwrap_or(unread),
            messages_quarantined: counts.messages_quarantined,
            bags: counts.bags,
            notifications: get(&count.notifications),
            pushes_delivered: get(&count.pushes_delivered),
            pushes_lost: get(&count.pushes_lost),
            routes_found: get(&count.routes_found),
            events: counts.facts.events.unwrap_or(0),
            seconds: (took.as_secs_f64() * 1_000.0).round() / 1_000.0,
        }
    }

    pub(crate) fn detail(&self, seed: u64, waves: u32) -> Detail {
        let count = &self.count;
        Detail {
            seed,
            waves,
            flights: get(&count.flights),
            passengers: get(&count.passengers),
            sessions: get(&count.sessions),
            messages_stored: get(&count.messages_stored),
            messages_malformed: get(&count.messages_malformed),
            scans_duplicate: get(&count.scans_duplicate),
            scans_quarantined: get(&count.scans_quarantined),
            flight_reports: get(&count.flight_reports),
            gate_reads: get(&count.gate_reads),
            routes_not_found: get(&count.routes_not_found),
            claims_refused: get(&count.claims_refused),
            claims_granted: get(&count.claims_granted),
            calls_after_boarding: get(&count.calls_after_boarding),
            reconnects: get(&count.reconnects),
            recovered: get(&count.recovered),
            sequence_breaks: get(&count.sequence_breaks),
            repeats: get(&count.repeats),
            push_ms: quantiles(&lock(&self.push_us)),
            call_ms: quantiles(&lock(&self.call_us)),
            truth_checked: get(&count.truth_checked),
            truth_equal: get(&count.truth_equal),
            complaints: lock(&self.complaints).clone(),
        }
    }
}

/// Adds to a counter.
pub(crate) fn add(counter: &AtomicU64, by: impl TryInto<u64>) {
    counter.fetch_add(by.try_into().unwrap_or(0), Ordering::Relaxed);
}

/// Locks; a panic elsewhere leaves counts that are still worth reading.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes an empty histogram of microseconds.
pub(crate) fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_MAX_US, 3).expect("the bounds are constants that fit")
}

/// Returns the quantiles of a histogram of microseconds, in milliseconds.
pub(crate) fn quantiles(latencies_us: &Histogram<u64>) -> Quantiles {
    let ms = |value_us: u64| value_us as f64 / 1_000.0;
    Quantiles {
        p50: ms(latencies_us.value_at_quantile(0.5)),
        p99: ms(latencies_us.value_at_quantile(0.99)),
        max: ms(latencies_us.max()),
    }
}

/// Returns a duration in whole microseconds.
pub(crate) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
