//! Tells which raw messages came before with the bytes of a new one.
//!
//! Messages are compared by their keyed fingerprints, so nobody opens a seal to
//! tell. The memory is folded from stored facts alone, in the order of the log:
//! every node, and the same node after a restart, tells alike. It is bounded; what
//! it forgets is read once more, which observes again and loses nothing.
//!
//! The same bytes are not yet the same word: a sender that takes something back
//! and says it again sends them twice. So a copy is read too, and each plate refuses
//! what it says only while nothing else was said of the bag in between.
//!
//! Who must say what became of a repeat asks [`Repeated`] which message it repeats.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use airside_kernel::{Revision, Timestamp};
use jiff::SignedDuration;
use moka::{policy::EvictionPolicy, sync::Cache};
use serde::{Deserialize, Serialize};

/// How long after a message its copy says nothing new.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// How many messages of one source are remembered.
const MAX_MESSAGES: usize = 65_536;
/// How many messages with the same bytes are told apart.
const MAX_COPIES: usize = 1_024;
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

/// What came before with the bytes of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Earlier {
    /// The messages of its source with the same bytes, received at most ten minutes apart.
    pub(super) messages: Arc<[Revision]>,
    /// The first of ten minutes among them, if it is there: what that one came to is noted.
    pub(super) copy_of: Option<Revision>,
}

/// The recent messages of one source.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Recent {
    /// The newest of each in `order`.
    #[serde(skip)]
    known: HashMap<Fingerprint, VecDeque<Sent>>,
    /// All in the order of the log.
    order: VecDeque<(Fingerprint, Sent)>,
    /// Its newest time of receipt.
    newest: Timestamp,
    /// Its last place among all that was folded.
    last: u64,
}

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    at: Timestamp,
    message: Revision,
    is_copy: bool,
}

impl Repeats {
    /// Takes in one stored message and tells which of its source it repeats,
    /// received at most ten minutes apart.
    ///
    /// A copy does not extend the ten minutes, so a message that never ends
    /// to come is the first again once in each. Bytes that are no fingerprint, as of
    /// a message whose key was gone, repeat nothing.
    pub(super) fn earlier(
        &mut self,
        source: &str,
        fingerprint: &[u8],
        received_at: Timestamp,
        message: Revision,
    ) -> Earlier {
        let Ok(fingerprint) = Fingerprint::try_from(fingerprint) else { return Earlier::default() };
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
        recent.note(fingerprint, received_at, message)
    }

    /// Forgets a message, so that its copy counts: what it said was given up.
    pub(super) fn forget(&mut self, source: &str, message: Revision) {
        let Some(recent) = self.sources.get_mut(source) else { return };
        let Some(place) = recent.order.iter().position(|(_, sent)| sent.message == message) else { return };
        recent.forget(place);
    }

    /// Returns the memory as it was before it was stored.
    pub(super) fn recalled(mut self) -> Self {
        for recent in self.sources.values_mut() {
            recent.known.clear();
            let order = &recent.order;
            order.iter().for_each(|(print, sent)| remember(&mut recent.known, *print, *sent));
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
    fn note(&mut self, fingerprint: Fingerprint, received_at: Timestamp, message: Revision) -> Earlier {
        self.newest = self.newest.max(received_at);
        while self.order.front().is_some_and(|(_, sent)| !is_near(sent.at, self.newest)) {
            self.forget(0);
        }
        let near = self.known.get(&fingerprint).into_iter().flatten();
        let near = near.filter(|sent| is_near(sent.at, received_at));
        let copy_of = near.clone().find(|sent| !sent.is_copy).map(|sent| sent.message);
        let messages = near.map(|sent| sent.message).collect();
        if self.order.len() == MAX_MESSAGES {
            self.forget(0);
        }
        let sent = Sent { at: received_at, message, is_copy: copy_of.is_some() };
        remember(&mut self.known, fingerprint, sent);
        self.order.push_back((fingerprint, sent));
        Earlier { messages, copy_of }
    }

    fn forget(&mut self, place: usize) {
        let Some((fingerprint, gone)) = self.order.remove(place) else { return };
        let Some(same) = self.known.get_mut(&fingerprint) else { return };
        same.retain(|sent| sent.message != gone.message);
        if same.is_empty() {
            self.known.remove(&fingerprint);
        }
    }
}

fn remember(known: &mut HashMap<Fingerprint, VecDeque<Sent>>, fingerprint: Fingerprint, sent: Sent) {
    let same = known.entry(fingerprint).or_default();
    if same.len() == MAX_COPIES {
        same.pop_front();
    }
    same.push_back(sent);
}

/// Whether two times are at most the window apart; clocks of two nodes may differ either way.
fn is_near(one: Timestamp, other: Timestamp) -> bool {
    one.duration_since(other).abs() <= WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn print(of: u32) -> Fingerprint {
        let mut print = [7; 32];
        print[..4].copy_from_slice(&of.to_be_bytes());
        print
    }

    fn is_again(repeats: &mut Repeats, source: &str, fingerprint: &[u8], received_at: Timestamp) -> bool {
        let message = Revision(repeats.folded);
        repeats.earlier(source, fingerprint, received_at, message).copy_of.is_some()
    }

    #[test]
    fn a_copy_knows_each_message_that_it_repeats() {
        let mut repeats = Repeats::default();
        let mut earlier = |of, second, message| {
            repeats.earlier("dcs", &print(of), at(second), Revision(message)).messages.to_vec()
        };
        assert_eq!(earlier(1, 0, 0), []);
        assert_eq!(earlier(2, 0, 1), []);
        assert_eq!(earlier(1, 300, 2), [Revision(0)]);
        assert_eq!(earlier(1, 600, 3), [Revision(0), Revision(2)]);
        assert_eq!(earlier(1, 601, 4), [Revision(2), Revision(3)], "the first is past the ten minutes");
        let many = u64::try_from(MAX_COPIES).unwrap() + 100;
        (5..many).for_each(|message| drop(earlier(1, 601, message)));
        assert_eq!(earlier(1, 601, many).len(), MAX_COPIES);
    }

    #[test]
    fn a_repeat_is_known_by_the_message_that_it_repeats() {
        let mut repeats = Repeats::default();
        for (second, message, original) in [(0, 3, None), (9, 7, Some(3)), (601, 8, None), (602, 9, Some(8))]
        {
            let found = repeats.earlier("dcs", &print(1), at(second), Revision(message)).copy_of;
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

    #[test]
    fn a_copy_within_ten_minutes_is_a_repeat_and_a_later_one_is_not() {
        let mut repeats = Repeats::default();
        assert!(!is_again(&mut repeats, "dcs", &print(1), at(0)));
        assert!(is_again(&mut repeats, "dcs", &print(1), at(600)));
        assert!(!is_again(&mut repeats, "dcs", &print(1), at(601)), "the repeat has extended nothing");
        assert!(is_again(&mut repeats, "dcs", &print(1), at(602)));
    }

    #[test]
    fn another_source_or_other_bytes_are_no_repeat() {
        let mut repeats = Repeats::default();
        assert!(!is_again(&mut repeats, "dcs", &print(1), at(0)));
        assert!(!is_again(&mut repeats, "bhs", &print(1), at(0)));
        assert!(!is_again(&mut repeats, "dcs", &print(2), at(0)));
    }

    #[test]
    fn what_is_no_fingerprint_is_never_a_repeat() {
        let mut repeats = Repeats::default();
        for bytes in [&[][..], &[1; 31], &[1; 4_096]] {
            assert!(!is_again(&mut repeats, "dcs", bytes, at(0)));
            assert!(!is_again(&mut repeats, "dcs", bytes, at(0)));
        }
        assert!(repeats.sources.is_empty());
    }

    #[test]
    fn a_copy_that_a_slower_clock_received_is_a_repeat() {
        let mut repeats = Repeats::default();
        assert!(!is_again(&mut repeats, "dcs", &print(1), at(60)));
        assert!(is_again(&mut repeats, "dcs", &print(1), at(0)));
    }

    #[test]
    fn a_memory_that_was_kept_tells_repeats_as_before() {
        let mut repeats = Repeats::default();
        for (of, second) in [(1, 0), (2, 30), (1, 700), (3, 710)] {
            is_again(&mut repeats, "dcs", &print(of), at(second));
        }
        let bytes = postcard::to_stdvec(&repeats).unwrap();
        let mut restored = postcard::from_bytes::<Repeats>(&bytes).unwrap().recalled();
        for (of, second) in [(1, 800), (2, 800), (3, 1_400), (1, 1_301), (3, 1_302)] {
            let expected = is_again(&mut repeats, "dcs", &print(of), at(second));
            assert_eq!(is_again(&mut restored, "dcs", &print(of), at(second)), expected, "{of} at {second}");
        }
        assert_eq!(restored.sources["dcs"].known, repeats.sources["dcs"].known);
    }

    #[test]
    fn a_memory_that_is_recalled_twice_knows_each_message_once() {
        let mut repeats = Repeats::default();
        assert!(!is_again(&mut repeats, "dcs", &print(1), at(0)));
        let mut recalled = repeats.recalled().recalled();
        assert_eq!(recalled.earlier("dcs", &print(1), at(1), Revision(9)).messages.len(), 1);
    }

    #[test]
    fn a_source_is_remembered_in_bounded_room() {
        let mut repeats = Repeats::default();
        let many = u32::try_from(MAX_MESSAGES).unwrap();
        for of in 0..=many {
            assert!(!is_again(&mut repeats, "dcs", &print(of), at(0)));
        }
        let recent = &repeats.sources["dcs"];
        assert_eq!((recent.known.len(), recent.order.len()), (MAX_MESSAGES, MAX_MESSAGES));
        assert!(is_again(&mut repeats, "dcs", &print(many), at(0)));
        assert!(!is_again(&mut repeats, "dcs", &print(0), at(0)), "the oldest is forgotten");
        is_again(&mut repeats, "dcs", &print(1), at(700));
        let recent = &repeats.sources["dcs"];
        assert_eq!((recent.known.len(), recent.order.len()), (1, 1), "what is past the window is gone");
    }

    #[test]
    fn sources_are_remembered_in_bounded_room_and_the_quietest_is_forgotten_first() {
        let mut repeats = Repeats::default();
        for source in 0..MAX_SOURCES {
            is_again(&mut repeats, &source.to_string(), &print(1), at(0));
        }
        assert!(is_again(&mut repeats, "0", &print(1), at(1)), "the first speaks again");
        assert!(!is_again(&mut repeats, "one more", &print(1), at(1)));
        assert_eq!(repeats.sources.len(), MAX_SOURCES);
        assert!(is_again(&mut repeats, "0", &print(1), at(1)));
        assert!(!is_again(&mut repeats, "1", &print(1), at(1)));
        assert!(!is_again(&mut repeats, "long after", &print(1), at(5_000)));
        assert_eq!(repeats.sources.len(), 1, "quiet sources are gone");
    }
}
