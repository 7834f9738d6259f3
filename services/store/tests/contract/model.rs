//! The whole port of the embedded store against the store in memory, over random
//! histories: what one answers, the other must answer, to the byte.

use std::sync::Arc;

use airside_kernel::{
    Append, Clock, Direction, EventStore, Expected, Follow, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, ManualClock,
    NewEvent, Page, Position, RecordedEvent, Revision, StreamId,
};
use airside_store::{EmbeddedStore, MemoryStore, Options};
use bytes::Bytes;
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::words::{clock, event, stream};

/// What a writer of the model believes.
#[derive(Debug, Clone, Copy)]
enum Belief {
    Fixed(Expected),
    /// The truth, as the store in memory knows it.
    Right,
}

/// What is in an append.
#[derive(Debug, Clone, Copy)]
enum Content {
    Events(u8),
    TooMany,
    TooLong,
    LongType,
}

#[derive(Debug, Clone)]
enum Step {
    Append(u8, Belief, Content),
    AppendEach(Vec<(u8, Belief, Content)>),
    ReadStream(u8, Direction, Option<u64>, usize),
    ReadAll(Option<u64>, usize),
    Follow(Option<u64>),
    /// Reads a follower to the head.
    CatchUp(usize),
    Tick(i64),
    Reopen {
        clean: bool,
    },
    LoseIndex,
}

fn belief() -> impl Strategy<Value = Belief> {
    prop_oneof![
        4 => Just(Belief::Fixed(Expected::Any)),
        1 => Just(Belief::Fixed(Expected::NoStream)),
        1 => (0..6_u64).prop_map(|revision| Belief::Fixed(Expected::Exact(Revision(revision)))),
        4 => Just(Belief::Right),
    ]
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        24 => (0..4_u8).prop_map(Content::Events),
        2 => (20..90_u8).prop_map(Content::Events),
        1 => prop_oneof![Just(Content::TooMany), Just(Content::TooLong), Just(Content::LongType)],
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let append = || (0..5_u8, belief(), content());
    let direction = prop_oneof![Just(Direction::Forwards), Just(Direction::Backwards)];
    prop_oneof![
        4 => append().prop_map(|(name, belief, content)| Step::Append(name, belief, content)),
        8 => prop::collection::vec(append(), 0..6).prop_map(Step::AppendEach),
        4 => (0..6_u8, direction, prop::option::of(0..40_u64), 0..60_usize)
            .prop_map(|(name, direction, from, limit)| Step::ReadStream(name, direction, from, limit)),
        4 => (prop::option::of(0..200_u64), 0..60_usize).prop_map(|(after, limit)| Step::ReadAll(after, limit)),
        2 => prop::option::of(0..60_u64).prop_map(Step::Follow),
        4 => (0..FOLLOWERS).prop_map(Step::CatchUp),
        1 => (-90..90_i64).prop_map(Step::Tick),
        1 => any::<bool>().prop_map(|clean| Step::Reopen { clean }),
        1 => Just(Step::LoseIndex),
    ]
}

/// How many followers there may be at once.
const FOLLOWERS: usize = 4;

fn options() -> Options {
    Options {
        segment_bytes: 6_000,
        tail_bytes: 1_000,
        memtable_events: 8,
        heads: 2,
        batch_events: 4,
        ..Options::default()
    }
}

fn name(n: u8) -> StreamId {
    stream(&format!("bag-{n}"))
}

fn events(content: Content) -> Vec<NewEvent> {
    match content {
        Content::Events(count) => (0..count).map(|k| event(&"x".repeat(usize::from(k % 7) * 50))).collect(),
        Content::TooMany => vec![event("x"); MAX_APPEND_EVENTS + 1],
        Content::TooLong => {
            vec![NewEvent { payload: Bytes::from(vec![1; MAX_APPEND_BYTES + 1]), ..event("") }]
        }
        Content::LongType => vec![NewEvent { event_type: "t".repeat(70_000).into(), ..event("") }],
    }
}

/// A follower of each store, at one place.
struct Pair {
    after: Option<Position>,
    of_memory: Box<dyn Follow>,
    of_embedded: Box<dyn Follow>,
}

/// The store and what it must be like.
struct Twins {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    memory: MemoryStore,
    /// `None` only while it is being opened again.
    embedded: Option<EmbeddedStore>,
    pairs: Vec<Pair>,
}

impl Twins {
    fn new() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let memory = MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let mut twins = Self { folder, clock, memory, embedded: None, pairs: Vec::new() };
        twins.open();
        twins
    }

    fn open(&mut self) {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        self.embedded = Some(EmbeddedStore::open(self.folder.path(), options(), clock).unwrap());
        for pair in std::mem::take(&mut self.pairs) {
            self.follow(pair.after);
        }
    }

    fn embedded(&self) -> &EmbeddedStore {
        self.embedded.as_ref().expect("it is open between two steps")
    }

    fn follow(&mut self, after: Option<Position>) {
        let (of_memory, of_embedded) = (self.memory.follow(after), self.embedded().follow(after));
        self.pairs.push(Pair { after, of_memory, of_embedded });
    }

    async fn append(&self, (n, belief, content): (u8, Belief, Content)) -> Append {
        let expected = match belief {
            Belief::Fixed(expected) => expected,
            Belief::Right => {
                let last = self.memory.read_stream(&name(n), Direction::Backwards, None, 1).await.unwrap();
                last.events.first().map_or(Expected::NoStream, |event| Expected::Exact(event.revision()))
            }
        };
        Append { stream: name(n), expected, fold_from: Revision(u64::from(n) * 3), events: events(content) }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Append(n, belief, content) => {
                let append = self.append((n, belief, content)).await;
                let expected = self.memory.append(append.clone()).await;
                assert_eq!(self.embedded().append(append).await, expected);
            }
            Step::AppendEach(wishes) => {
                let mut appends = Vec::new();
                for wish in wishes {
                    appends.push(self.append(wish).await);
                }
                let expected = self.memory.append_each(appends.clone()).await;
                assert_eq!(self.embedded().append_each(appends).await, expected);
            }
            Step::ReadStream(n, direction, from, limit) => {
                let (name, from) = (name(n), from.map(Revision));
                let expected = self.memory.read_stream(&name, direction, from, limit).await;
                assert_eq!(self.embedded().read_stream(&name, direction, from, limit).await, expected);
            }
            Step::ReadAll(after, limit) => {
                let after = after.map(|after| Position::from_parts(after, 0));
                let expected = self.memory.read_all(after, limit).await;
                assert_eq!(self.embedded().read_all(after, limit).await, expected);
            }
            Step::Follow(after) if self.pairs.len() < FOLLOWERS => {
                self.follow(after.map(|after| Position::from_parts(after, 0)));
            }
            Step::CatchUp(n) => self.catch_up(n).await,
            Step::Tick(minutes) => self.clock.advance(SignedDuration::from_mins(minutes)),
            Step::Reopen { clean } => {
                if clean {
                    self.embedded().close().await;
                }
                self.embedded = None;
                self.open();
            }
            Step::LoseIndex => {
                self.embedded = None;
                std::fs::remove_file(self.folder.path().join("index.redb")).unwrap();
                self.open();
            }
            Step::Follow(_) => {}
        }
        assert_eq!(self.embedded().head().await, self.memory.head().await);
    }

    /// Reads both followers of a pair to the head.
    async fn catch_up(&mut self, n: usize) {
        let Some(head) = self.memory.head().await.unwrap() else { return };
        let Some(pair) = self.pairs.get_mut(n).filter(|pair| pair.after < Some(head)) else { return };
        let expected = until(&mut pair.of_memory, head).await;
        assert_eq!(until(&mut pair.of_embedded, head).await, expected);
        pair.after = Some(head);
    }
}

async fn until(follow: &mut Box<dyn Follow>, head: Position) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    while events.last().map(RecordedEvent::position) < Some(head) {
        let Page { events: page, end } = follow.next().await.unwrap();
        assert!(!page.is_empty(), "a follower was handed an empty page");
        assert_eq!(end, page.last().map(RecordedEvent::position) == Some(head));
        events.extend(page);
    }
    events
}

async fn check(steps: Vec<Step>) {
    let mut twins = Twins::new();
    for step in steps {
        twins.take(step).await;
    }
    for n in 0..twins.pairs.len() {
        twins.catch_up(n).await;
    }
    let expected = twins.memory.read_all(None, usize::MAX).await.unwrap();
    assert_eq!(twins.embedded().read_all(None, 1_000_000).await.unwrap(), expected);
    for (n, event) in expected.events.iter().enumerate() {
        let rest = twins.embedded().read_all(Some(event.position()), 1_000_000).await.unwrap();
        assert!(rest.events == expected.events[n + 1..] && rest.end, "resumed after {}", event.position());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_embedded_store_does_what_the_store_in_memory_does(
        steps in prop::collection::vec(step(), 1..30),
    ) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(check(steps));
    }
}
