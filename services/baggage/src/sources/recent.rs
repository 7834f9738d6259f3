//! The recent past of a source in bounded room: how late it was, and what could not be used.

use std::collections::VecDeque;

use airside_kernel::Revision;
use serde::{Deserialize, Serialize};

use super::clock::median;

/// How many sightings tell how late a source is.
const SIGHTINGS: usize = 256;
/// Of how many messages the malformed share is one.
const MESSAGES: usize = 1_000;

/// How late the last sightings were.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lags(VecDeque<i64>);

/// How late a source is, in milliseconds; negative when its clock is ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// Half of the sightings were later.
    pub median_ms: i64,
    /// A tenth of them were later.
    pub p90_ms: i64,
}

impl Lags {
    /// Takes in how late a sighting was.
    pub(super) fn push(&mut self, lag_ms: i64) {
        if self.0.len() == SIGHTINGS {
            self.0.pop_front();
        }
        self.0.push_back(lag_ms);
    }

    /// Returns how late the source is; `None` when nothing with a time of its own was seen.
    pub(super) fn lag(&self) -> Option<Lag> {
        let mut lags: Vec<_> = self.0.iter().copied().collect();
        let last = lags.len().checked_sub(1)?;
        lags.sort_unstable();
        Some(Lag { median_ms: median(lags.iter().copied()), p90_ms: lags[last * 9 / 10] })
    }
}

/// Which of the last messages could not be used, whole or in part.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Messages(VecDeque<(Revision, bool)>);

/// How many of the last messages could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Malformed {
    /// So many were quarantined, whole or in part.
    pub count: usize,
    /// Of so many.
    pub of: usize,
}

impl Malformed {
    /// Returns the share, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "there are at most a thousand")]
    pub fn share(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.count as f64 / self.of as f64 }
    }
}

impl Messages {
    /// Takes in a message by its place in the stream of its source.
    pub(super) fn received(&mut self, message: Revision) {
        if self.0.len() == MESSAGES {
            self.0.pop_front();
        }
        self.0.push_back((message, false));
    }

    /// Notes that a message could not be used; once, however many of its bags it was.
    pub(super) fn quarantined(&mut self, message: Revision) {
        if let Ok(at) = self.0.binary_search_by_key(&message, |(revision, _)| *revision) {
            self.0[at].1 = true;
        }
    }

    /// Returns how many of them could not be used.
    pub(super) fn malformed(&self) -> Malformed {
        Malformed { count: self.0.iter().filter(|(_, is_malformed)| *is_malformed).count(), of: self.0.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_ninetieth_of_a_hundred_are_told_of_the_last_sightings() {
        let mut lags = Lags::default();
        assert_eq!(lags.lag(), None);
        (0..1_000).for_each(|n| lags.push(n));
        assert_eq!(lags.0.len(), SIGHTINGS);
        assert_eq!(lags.lag(), Some(Lag { median_ms: 871, p90_ms: 973 }));
    }

    #[test]
    fn a_message_of_many_bags_is_malformed_once_and_what_is_long_ago_is_forgotten() {
        let mut messages = Messages::default();
        assert_eq!((messages.malformed().of, messages.malformed().share()), (0, 0.0));
        (0..10).for_each(|n| messages.received(Revision(n * 2)));
        [4, 4, 6, 7, 99].into_iter().for_each(|n| messages.quarantined(Revision(n)));
        assert_eq!(messages.malformed(), Malformed { count: 2, of: 10 });
        assert!((messages.malformed().share() - 0.2).abs() < f64::EPSILON);
        (10..2_000).for_each(|n| messages.received(Revision(n * 2)));
        assert_eq!(messages.malformed(), Malformed { count: 0, of: MESSAGES });
    }
}
