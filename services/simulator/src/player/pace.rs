//! The relation of airport time and the time in which it is played.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::truth::later;

/// Maps airport time to play time. Before it starts, airport time stands still.
#[derive(Debug)]
pub(crate) struct Pace {
    first: Timestamp,
    /// Airport seconds in one second.
    speed: f64,
    started: OnceLock<Instant>,
    /// Airport seconds since the first instant, where nothing waits for its time.
    reached_s: Option<AtomicI64>,
}

impl Pace {
    /// Makes a pace that plays `first` to `last` in `length`.
    pub(crate) fn new(first: Timestamp, last: Timestamp, length: Duration) -> Self {
        let span_s = last.duration_since(first).as_secs_f64();
        let speed = (span_s / length.as_secs_f64().max(0.001)).max(1.0);
        Self { first, speed, started: OnceLock::new(), reached_s: None }
    }

    /// Makes a pace at which everything is due at once; its time is what [`Self::reach`] says.
    pub(crate) fn unbound(first: Timestamp) -> Self {
        let reached_s = Some(AtomicI64::new(0));
        Self { first, speed: f64::INFINITY, started: OnceLock::new(), reached_s }
    }

    /// Says how far the play has come, where nothing waits for its time.
    pub(crate) fn reach(&self, at: Timestamp) {
        if let Some(reached_s) = &self.reached_s {
            reached_s.store(at.duration_since(self.first).as_secs(), Ordering::Relaxed);
        }
    }

    /// Starts the time.
    pub(crate) fn start(&self) {
        self.started.get_or_init(Instant::now);
    }

    /// Returns when something of airport time is due.
    pub(crate) fn due(&self, at: Timestamp) -> Instant {
        let after_s = at.duration_since(self.first).as_secs_f64().max(0.0) / self.speed;
        self.started.get().copied().unwrap_or_else(Instant::now) + Duration::from_secs_f64(after_s)
    }

    /// Returns the airport time of now.
    pub(crate) fn airport_now(&self) -> Timestamp {
        if let Some(reached_s) = &self.reached_s {
            return later(self.first, reached_s.load(Ordering::Relaxed));
        }
        let played = self.started.get().map_or(Duration::ZERO, Instant::elapsed);
        let passed = SignedDuration::from_secs_f64(played.as_secs_f64() * self.speed);
        self.first.checked_add(passed).unwrap_or(self.first)
    }
}
