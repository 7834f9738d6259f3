//! The embedded store against the store in memory, over random histories.

use std::sync::Arc;

use airside_kernel::{
    Append, AppendError, Clock, Direction, EventStore, Expected, RecordedEvent, Revision, StreamId,
};
use airside_store::{EmbeddedStore, MemoryStore, Options};
use proptest::prelude::*;

use crate::words::{clock, event, stream};

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(u8, Expected, u8)>),
    ReadStream(u8, bool, Option<u64>, usize),
    ReadAll(u64, usize),
    Reopen { clean: bool },
    LoseIndex,
}

fn expectation() -> impl Strategy<Value = Expected> {
    prop_oneof![
        4 => Just(Expected::Any),
        1 => Just(Expected::NoStream),
        2 => (0..6_u64).prop_map(|revision| Expected::Exact(Revision(revision))),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec((0..5_u8, expectation(), 0..4_u8), 1..6).prop_map(Step::Append),
        3 => (0..6_u8, any::<bool>(), prop::option::of(0..20_u64), 0..12_usize)
            .prop_map(|(name, forwards, from, limit)| Step::ReadStream(name, forwards, from, limit)),
        3 => (0..60_u64, 0..30_usize).prop_map(|(after, limit)| Step::ReadAll(after, limit)),
        1 => any::<bool>().prop_map(|clean| Step::Reopen { clean }),
        1 => Just(Step::LoseIndex),
    ]
}

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

fn told(events: &[RecordedEvent]) -> Vec<(String, u64, u64, Vec<u8>)> {
    let one = |event: &RecordedEvent| {
        let bytes = event.id().0.as_bytes().to_vec();
        (event.stream().to_owned(), event.revision().0, event.position().parts().0, bytes)
    };
    events.iter().map(one).collect()
}

async fn check(steps: Vec<Step>) {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock() as Arc<dyn Clock>;
    let open = || EmbeddedStore::open(folder.path(), options(), Arc::clone(&clock)).unwrap();
    let memory = MemoryStore::new(Arc::clone(&clock));
    let mut embedded = open();
    for step in steps {
        match step {
            Step::Append(appends) => {
                let appends: Vec<Append> = appends
                    .into_iter()
                    .map(|(n, expected, count)| Append {
                        stream: name(n),
                        expected,
                        fold_from: Revision(u64::from(count)),
                        events: (0..count).map(|k| event(&"x".repeat(usize::from(k) * 50))).collect(),
                    })
                    .collect();
                let expected: Vec<Result<_, AppendError>> = memory.append_each(appends.clone()).await;
                assert_eq!(embedded.append_each(appends).await, expected);
            }
            Step::ReadStream(n, forwards, from, limit) => {
                let direction = if forwards { Direction::Forwards } else { Direction::Backwards };
                let from = from.map(Revision);
                let expected = memory.read_stream(&name(n), direction, from, limit).await.unwrap();
                let found = embedded.read_stream(&name(n), direction, from, limit).await.unwrap();
                assert_eq!((told(&found.events), found.end), (told(&expected.events), expected.end));
            }
            Step::ReadAll(after, limit) => {
                let after = Some(airside_kernel::Position::from_parts(after, 0));
                let expected = memory.read_all(after, limit).await.unwrap();
                let found = embedded.read_all(after, limit).await.unwrap();
                assert_eq!((told(&found.events), found.end), (told(&expected.events), expected.end));
            }
            Step::Reopen { clean } => {
                if clean {
                    embedded.close().await;
                }
                drop(embedded);
                embedded = open();
            }
            Step::LoseIndex => {
                drop(embedded);
                std::fs::remove_file(folder.path().join("index.redb")).unwrap();
                embedded = open();
            }
        }
    }
    let expected = memory.read_all(None, 10_000).await.unwrap();
    let found = embedded.read_all(None, 10_000).await.unwrap();
    assert_eq!(told(&found.events), told(&expected.events));
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
