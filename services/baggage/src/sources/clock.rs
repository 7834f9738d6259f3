//! How far a source's clock is off, estimated from what it sent. Pure.
//!
//! The estimate is the median of receipt less event, because a thing happens before
//! it is received: what is left over is the way that it took, or a wrong clock. A
//! backlog after an outage must not look like a wrong clock, so three things differ
//! from a plain median.
//!
//! 1. What is received within ten seconds counts once, by the smallest of its
//!    differences. A backlog that is drained in a burst is one voice against all
//!    that came before and after it, and a single wild scan among others is none.
//! 2. A negative difference is certain: nothing is received before it happened. So a
//!    clock that is ahead is believed after [`MIN_AHEAD`] sightings, however quickly they
//!    came, and the smallest lag is the least that it is ahead.
//! 3. A positive difference may be the way. A wrong clock runs as fast as ours, so
//!    its difference stays; that of a backlog shrinks while it is drained, and that
//!    of a reader that is read out now and then jumps. So a clock is believed to be
//!    behind only when the differences are steady ([`MAX_SPREAD_MS`]) and do not shrink or
//!    grow ([`MAX_DRIFT_PERCENT`]), for [`MIN_BEHIND`] voices. Until then nothing is said.
//!
//! A source that always sends two hours late cannot be told from one whose clock is two
//! hours behind. The memory is bounded: [`VOICES`] voices, whatever time lies between them.

use std::collections::VecDeque;

use airside_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// Beyond this a clock counts as wrong, either way.
pub const TOLERANCE_MS: i64 = 120_000;
/// What is received within this time speaks with one voice.
const VOICE_MS: i64 = 10_000;
/// How many voices are remembered.
const VOICES: usize = 64;
/// How many sightings make a clock that is ahead certain.
const MIN_AHEAD: u32 = 8;
/// How many voices make a clock that is right likely.
const MIN_RIGHT: usize = 3;
/// How many voices make a clock that is behind likely.
const MIN_BEHIND: usize = 6;
/// How far half of the voices may lie from their median when a clock is behind.
const MAX_SPREAD_MS: i64 = 60_000;
/// How fast the difference may move when a clock is behind, in hundredths of the time that passes.
const MAX_DRIFT_PERCENT: i64 = 5;

/// The recent differences between the clock of a source and ours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClockEstimate {
    /// In the order of receipt, oldest first.
    voices: VecDeque<Voice>,
}

/// What was received about the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Voice {
    /// When its first was received, in milliseconds.
    received_ms: i64,
    /// Receipt less event, the smallest by size.
    lag_ms: i64,
    /// How many sightings.
    sightings: u32,
}

/// What is known of a source's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skew {
    /// Too little was received to say anything.
    Unknown,
    /// What is received is late by differing times: a backlog, and no word on the clock.
    CatchingUp,
    /// The clock is ahead of ours by so many milliseconds; behind when negative. Within the
    /// tolerance it is the way that things take, and no fault.
    Ahead(i64),
}

impl Skew {
    /// Returns by how many milliseconds the clock is believed to be ahead; 0 while it is within two
    /// minutes or nothing can be said. What it dates is right less this.
    pub fn ahead_ms(self) -> i64 {
        match self {
            Self::Ahead(ms) if self.is_wrong() => ms,
            _ => 0,
        }
    }

    /// Whether the clock is off by more than two minutes.
    pub fn is_wrong(self) -> bool {
        matches!(self, Self::Ahead(ms) if ms.abs() > TOLERANCE_MS)
    }
}

impl ClockEstimate {
    /// Takes in one sighting that has a time of its own: when it was received, and when it
    /// happened by the source's clock.
    pub fn push(&mut self, received_at: Timestamp, happened_at: Timestamp) {
        let received_ms = received_at.as_millisecond();
        let lag_ms = received_ms - happened_at.as_millisecond();
        if let Some(last) = self.voices.back_mut()
            && (received_ms - last.received_ms).abs() < VOICE_MS
        {
            last.sightings = last.sightings.saturating_add(1);
            if lag_ms.abs() < last.lag_ms.abs() {
                last.lag_ms = lag_ms;
            }
            return;
        }
        if self.voices.len() == VOICES {
            self.voices.pop_front();
        }
        self.voices.push_back(Voice { received_ms, lag_ms, sightings: 1 });
    }

    /// Returns what is known now.
    pub fn skew(&self) -> Skew {
        let count = self.voices.len();
        // Of two in the middle, the one that is the less ahead.
        let least = upper_median(self.voices.iter().map(|voice| voice.lag_ms));
        let sightings = self.voices.iter().fold(0u32, |sum, voice| sum.saturating_add(voice.sightings));
        if least < -TOLERANCE_MS {
            return if sightings < MIN_AHEAD { Skew::Unknown } else { Skew::Ahead(-least) };
        }
        let lag = median(self.voices.iter().map(|voice| voice.lag_ms));
        let lag = if lag < 0 { least } else { lag };
        if lag <= TOLERANCE_MS {
            return if count < MIN_RIGHT { Skew::Unknown } else { Skew::Ahead(-lag) };
        }
        let spread = upper_median(self.voices.iter().map(|voice| (voice.lag_ms - lag).abs()));
        match () {
            () if spread > MAX_SPREAD_MS || self.drifts() => Skew::CatchingUp,
            () if count < MIN_BEHIND => Skew::Unknown,
            () => Skew::Ahead(-lag),
        }
    }

    /// Whether the difference moves, by the medians of the older and of the newer half.
    fn drifts(&self) -> bool {
        let half = self.voices.len() / 2;
        let of = |voices: &mut dyn Iterator<Item = &Voice>| {
            let voices: Vec<_> = voices.copied().collect();
            let lag = median(voices.iter().map(|voice| voice.lag_ms));
            (lag, median(voices.iter().map(|voice| voice.received_ms)))
        };
        let (old, old_at) = of(&mut self.voices.iter().take(half));
        let (new, new_at) = of(&mut self.voices.iter().skip(self.voices.len() - half));
        (new - old).abs() * 100 > (new_at - old_at).abs() * MAX_DRIFT_PERCENT
    }
}

/// Returns the middle one, the lower of two; 0 of none.
pub(super) fn median(values: impl Iterator<Item = i64>) -> i64 {
    let mut values: Vec<_> = values.collect();
    if values.is_empty() {
        return 0;
    }
    let middle = (values.len() - 1) / 2;
    *values.select_nth_unstable(middle).1
}

/// Returns the middle one, the upper of two; 0 of none.
fn upper_median(values: impl Iterator<Item = i64>) -> i64 {
    -median(values.map(|value| -value))
}

#[cfg(test)]
mod tests;
