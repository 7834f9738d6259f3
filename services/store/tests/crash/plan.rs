//! What is appended: a function of a seed, so that both processes know it.

use std::sync::Arc;

use airside_kernel::{Append, EventId, Expected, ManualClock, NewEvent, Revision, Timestamp};
use airside_store::Options;
use bytes::Bytes;
use uuid::Uuid;

/// How many streams are written to.
pub(crate) const STREAMS: u64 = 24;

/// Numbers that a seed fixes (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn bytes(&mut self, length: u64) -> Bytes {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Makes a clock that stands still.
pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new("2026-11-20T08:00:00Z".parse::<Timestamp>().unwrap()))
}

/// Returns bounds so small that a log is always at one of them.
pub(crate) fn options() -> Options {
    Options {
        segment_bytes: 24 * 1024,
        tail_bytes: 4 * 1024,
        memtable_events: 40,
        heads: 8,
        batch_events: 24,
        ..Options::default()
    }
}

/// Names one of the streams.
pub(crate) fn stream(n: u64) -> String {
    format!("bag-{n}")
}

/// One append, as it is told from process to process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// Names the append for ever.
    pub(crate) number: u64,
    /// The number of its stream.
    pub(crate) stream: u64,
    /// What it expects: `-2` anything, `-1` no stream, else the last revision.
    pub(crate) expected: i64,
    /// How many events it has.
    pub(crate) events: u64,
}

impl Attempt {
    /// Chooses an append; `believed` is the last revision that its writer knows of.
    pub(crate) fn choose(number: u64, stream: u64, believed: Option<u64>, random: &mut Random) -> Self {
        let exact = believed.map_or(-1, |revision| i64::try_from(revision).unwrap());
        let expected = if random.below(2) == 0 { -2 } else { exact };
        let events = if random.below(16) == 0 { 1 + random.below(60) } else { 1 + random.below(4) };
        Self { number, stream, expected, events }
    }

    pub(crate) fn to_line(&self) -> String {
        format!("try {} {} {} {}", self.number, self.stream, self.expected, self.events)
    }

    pub(crate) fn from_words(words: &[&str]) -> Option<Self> {
        let [number, stream, expected, events] = words else { return None };
        Some(Self {
            number: number.parse().ok()?,
            stream: stream.parse().ok()?,
            expected: expected.parse().ok()?,
            events: events.parse().ok()?,
        })
    }

    pub(crate) fn append(&self) -> Append {
        let expected = match self.expected {
            -2 => Expected::Any,
            -1 => Expected::NoStream,
            revision => Expected::Exact(Revision(u64::try_from(revision).unwrap())),
        };
        let events = (0..self.events).map(|index| event(self.number, index)).collect();
        let stream = stream(self.stream).parse().unwrap();
        Append { stream, expected, fold_from: Revision(self.number % 7), events }
    }
}

/// Makes the event with an index in an append.
pub(crate) fn event(number: u64, index: u64) -> NewEvent {
    let mut random = Random::new(number.rotate_left(20) ^ index);
    let length = if random.below(12) == 0 { random.below(9_000) } else { random.below(400) };
    NewEvent {
        id: EventId(Uuid::from_u64_pair(number, index)),
        event_type: format!("test.Kind{}", random.below(4)).into(),
        schema_version: u32::try_from(1 + random.below(3)).unwrap(),
        occurred_at: Timestamp::from_microsecond(i64::try_from(random.below(1 << 50)).unwrap()).unwrap(),
        metadata: random.bytes(length % 40),
        payload: random.bytes(length),
    }
}
