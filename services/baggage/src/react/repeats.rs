//! Tells a raw message that a source sent again from a new one.
//!
//! Messages are compared by their keyed fingerprints, so nobody opens a seal to
//! tell. The memory is folded from stored facts alone, in the order of the log:
//! every node, and the same node after a restart, tells alike. It is bounded; what
//! it forgets is read once more, which observes again and loses nothing.
//!
//! Who must say what became of a repeat asks [`Repeated`] which message it repeats.

use std::collections::{HashMap, VecDeque};

use airside_kernel::{Revision, Timestamp};
use jiff::SignedDuration;
use moka::{policy::EvictionPolicy, sync::Cache};
use serde::{Deserialize, Serialize};

/// How long after a message its copy says nothing new.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// How many messages of one source are remembered.
const MAX_MESSAGES: usize = 65_536;
/// How many sources are remembered.
const MAX_SOURCES: usize = 1_024;

/// A fingerprint as every key gives it. It owns its bytes, so that no page of the log stays in memory.
type Fingerprint = [u8; 32];

/// How many repeats are remembered with what they repeat.
const MAX_REPEATED: u64 = 65_536;

/// The recent messages that repeated another one of their source. Clones are the same.
#[derive(Debug, Clone)]
pub struct Repeated(Cache<(String, Revision), Revision>);

impl Default for Repeated {
    fn default() -> Self {
        let policy = EvictionPolicy::lru();
        Self(Cache::builder().max_capacity(MAX_REPEATED).eviction_policy(policy).build())
    }
}

impl Repeated {
    /// Returns the message that a message repeats; none when it stands for itself, or is long past.
    pub fn original(&self, source: &str, message: Revision) -> Option<Revision> {
        self.0.get(&(source.to_owned(), message))
    }

    pub(super) fn note(&self, source: &str, message: Revision, original: Revision) {
        self.0.insert((source.to_owned(), message), original);
    }
}

/// The recent messages of each source.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Repeats {
    sources: HashMap<String, Recent>,
    /// How many messages were folded.
    folded: u64,
}

/// The recent messages of one source.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Recent {
    /// The last of each in `order`.
    #[serde(skip)]
    known: HashMap<Fingerprint, (Timestamp, Revision)>,
    /// The same in the order of the log.
    order: VecDeque<(Fingerprint, Timestamp, Revision)>,
    /// Its newest time of receipt.
    newest: Timestamp,
    /// Its last place among all that was folded.
    last: u64,
}

impl Repeats {
    /// Takes in one stored message and returns the one of its source that it
    /// repeats: one that counted, received at most ten minutes apart.
    ///
    /// A repeat does not extend the ten minutes, so a message that never ends
    /// to come is still read once in each. Bytes that are no fingerprint, as of
    /// a message whose key was gone, are never a repeat.
    pub(super) fn original(
        &mut self,
        source: &str,
        fingerprint: &[u8],
        received_at: Timestamp,
        message: Revision,
    ) -> Option<Revision> {
        let fingerprint = Fingerprint::try_from(fingerprint).ok()?;
        self.folded += 1;
        let last = self.folded;
        let recent = match self.sources.get_mut(source) {
            Some(recent) => recent,
            None => {
                self.make_room(received_at);
                self.sources.entry(source.to_owned()).or_default()
            }
        };
        recent.last = last;
        recent.original(fingerprint, received_at, message)
    }

    /// Forgets a message, so that its copy counts: what it said was given up.
    pub(super) fn forget(&mut self, source: &str, message: Revision) {
        let Some(recent) = self.sources.get_mut(source) else { return };
        let Some(place) = recent.order.iter().position(|(_, _, known)| *known == message) else { return };
        recent.forget(place);
    }

    /// Returns the memory as it was before it was stored.
    pub(super) fn recalled(mut self) -> Self {
        for recent in self.sources.values_mut() {
            recent.known =
                recent.order.iter().map(|(print, at, message)| (*print, (*at, *message))).collect();
        }
        self
    }

    /// Forgets sources that have been quiet, and at worst the one that was quiet the longest.
    fn make_room(&mut self, now: Timestamp) {
        if self.sources.len() < MAX_SOURCES {
            return;
        }
        self.sources.retain(|_, recent| is_near(recent.newest, now));
        if self.sources.len() < MAX_SOURCES {
            return;
        }
        let quietest = self.sources.values().map(|recent| recent.last).min();
        self.sources.retain(|_, recent| Some(recent.last) != quietest);
    }
}

impl Recent {
    fn original(
        &mut self,
        fingerprint: Fingerprint,
        received_at: Timestamp,
        message: Revision,
    ) -> Option<Revision> {
        self.newest = self.newest.max(received_at);
        while self.order.front().is_some_and(|(_, at, _)| !is_near(*at, self.newest)) {
            self.forget(0);
        }
        if let Some((at, known)) = self.known.get(&fingerprint)
            && is_near(*at, received_at)
        {
            return Some(*known);
        }
        if self.order.len() == MAX_MESSAGES {
            self.forget(0);
        }
        self.known.insert(fingerprint, (received_at, message));
        self.order.push_back((fingerprint, received_at, message));
        None
    }

    fn forget(&mut self, place: usize) {
        let Some((fingerprint, at, message)) = self.order.remove(place) else { return };
        // A later message with the same bytes may have taken its place.
        if self.known.get(&fingerprint) == Some(&(at, message)) {
            self.known.remove(&fingerprint);
        }
    }
}

/// Whether two times are at most the window apart; clocks of two nodes may differ either way.
fn is_near(one: Timestamp, other: Timestamp) -> bool {
    one.duration_since(other).abs() <= WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Repeats {
        fn is_repeat(&mut self, source: &str, print: &[u8], at: Timestamp, message: Revision) -> bool {
            self.original(source, print, at, message).is_some()
        }
    }

    #[test]
    fn a_repeat_is_known_by_the_message_that_it_repeats() {
        let mut repeats = Repeats::default();
        for (second, message, original) in [(0, 3, None), (9, 7, Some(3)), (601, 8, None), (602, 9, Some(8))]
        {
            let found = repeats.original("dcs", &print(1), at(second), Revision(message));
            assert_eq!(found, original.map(Revision), "at {second}");
            repeats = repeats.recalled();
        }
        let repeated = Repeated::default();
        repeated.note("dcs", Revision(9), Revision(8));
        assert_eq!(repeated.original("dcs", Revision(9)), Some(Revision(8)));
        assert_eq!(
            (repeated.original("bhs", Revision(9)), repeated.original("dcs", Revision(8))),
            (None, None)
        );
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn print(of: u32) -> Fingerprint {
        let mut print = [7; 32];
        print[..4].copy_from_slice(&of.to_be_bytes());
        print
    }

    #[test]
    fn a_copy_within_ten_minutes_is_a_repeat_and_a_later_one_is_not() {
        let mut repeats = Repeats::default();
        assert!(!repeats.is_repeat("dcs", &print(1), at(0), Revision::FIRST));
        assert!(repeats.is_repeat("dcs", &print(1), at(600), Revision::FIRST));
        assert!(
            !repeats.is_repeat("dcs", &print(1), at(601), Revision::FIRST),
            "the repeat has extended nothing"
        );
        assert!(repeats.is_repeat("dcs", &print(1), at(602), Revision::FIRST));
    }

    #[test]
    fn another_source_or_other_bytes_are_no_repeat() {
        let mut repeats = Repeats::default();
        assert!(!repeats.is_repeat("dcs", &print(1), at(0), Revision::FIRST));
        assert!(!repeats.is_repeat("bhs", &print(1), at(0), Revision::FIRST));
        assert!(!repeats.is_repeat("dcs", &print(2), at(0), Revision::FIRST));
    }

    #[test]
    fn what_is_no_fingerprint_is_never_a_repeat() {
        let mut repeats = Repeats::default();
        for bytes in [&[][..], &[1; 31], &[1; 4_096]] {
            assert!(!repeats.is_repeat("dcs", bytes, at(0), Revision::FIRST));
            assert!(!repeats.is_repeat("dcs", bytes, at(0), Revision::FIRST));
        }
        assert!(repeats.sources.is_empty());
    }

    #[test]
    fn a_copy_that_a_slower_clock_received_is_a_repeat() {
        let mut repeats = Repeats::default();
        assert!(!repeats.is_repeat("dcs", &print(1), at(60), Revision::FIRST));
        assert!(repeats.is_repeat("dcs", &print(1), at(0), Revision::FIRST));
    }

    #[test]
    fn a_memory_that_was_kept_tells_repeats_as_before() {
        let mut repeats = Repeats::default();
        for (of, second) in [(1, 0), (2, 30), (1, 700), (3, 710)] {
            repeats.is_repeat("dcs", &print(of), at(second), Revision::FIRST);
        }
        let bytes = postcard::to_stdvec(&repeats).unwrap();
        let mut restored = postcard::from_bytes::<Repeats>(&bytes).unwrap().recalled();
        for (of, second) in [(1, 800), (2, 800), (3, 1_400), (1, 1_301), (3, 1_302)] {
            let expected = repeats.is_repeat("dcs", &print(of), at(second), Revision::FIRST);
            assert_eq!(
                restored.is_repeat("dcs", &print(of), at(second), Revision::FIRST),
                expected,
                "{of} at {second}"
            );
        }
        assert_eq!(restored.sources["dcs"].known, repeats.sources["dcs"].known);
    }

    #[test]
    fn a_source_is_remembered_in_bounded_room() {
        let mut repeats = Repeats::default();
        let many = u32::try_from(MAX_MESSAGES).unwrap();
        for of in 0..=many {
            assert!(!repeats.is_repeat("dcs", &print(of), at(0), Revision::FIRST));
        }
        let recent = &repeats.sources["dcs"];
        assert_eq!((recent.known.len(), recent.order.len()), (MAX_MESSAGES, MAX_MESSAGES));
        assert!(repeats.is_repeat("dcs", &print(many), at(0), Revision::FIRST));
        assert!(!repeats.is_repeat("dcs", &print(0), at(0), Revision::FIRST), "the oldest is forgotten");
        repeats.is_repeat("dcs", &print(1), at(700), Revision::FIRST);
        let recent = &repeats.sources["dcs"];
        assert_eq!((recent.known.len(), recent.order.len()), (1, 1), "what is past the window is gone");
    }

    #[test]
    fn sources_are_remembered_in_bounded_room_and_the_quietest_is_forgotten_first() {
        let mut repeats = Repeats::default();
        for source in 0..MAX_SOURCES {
            repeats.is_repeat(&source.to_string(), &print(1), at(0), Revision::FIRST);
        }
        assert!(repeats.is_repeat("0", &print(1), at(1), Revision::FIRST), "the first speaks again");
        assert!(!repeats.is_repeat("one more", &print(1), at(1), Revision::FIRST));
        assert_eq!(repeats.sources.len(), MAX_SOURCES);
        assert!(repeats.is_repeat("0", &print(1), at(1), Revision::FIRST));
        assert!(!repeats.is_repeat("1", &print(1), at(1), Revision::FIRST));
        assert!(!repeats.is_repeat("long after", &print(1), at(5_000), Revision::FIRST));
        assert_eq!(repeats.sources.len(), 1, "quiet sources are gone");
    }
}
