//! The relation of airport time and the time in which it is played.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Maps airport time to play time. Before it starts, airport time stands still.
#[derive(Debug)]
pub(crate) struct Pace {
    first: Timestamp,
    /// Airport seconds in one second.
    speed: f64,
    started: OnceLock<Instant>,
}

impl Pace {
    /// Makes a pace that plays `first` to `last` in `length`.
    pub(crate) fn new(first: Timestamp, last: Timestamp, length: Duration) -> Self {
        let span_s = last.duration_since(first).as_secs_f64();
        let speed = (span_s / length.as_secs_f64().max(0.001)).max(1.0);
        Self { first, speed, started: OnceLock::new() }
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
        let played = self.started.get().map_or(Duration::ZERO, Instant::elapsed);
        let passed = SignedDuration::from_secs_f64(played.as_secs_f64() * self.speed);
        self.first.checked_add(passed).unwrap_or(self.first)
    }
}
