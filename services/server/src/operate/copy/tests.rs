//! Copies both ways: the same events in the same order, once, however often a copy was cut.

use std::{path::Path, sync::Arc};

use airside_contract::double::{Double, Trouble};
use airside_kernel::{EventStore, SystemClock};
use airside_store::{EmbeddedStore, Options};
use tempfile::TempDir;

use super::*;

/// How many events a filled log has.
const EVENTS: u64 = 2_400;

fn event(n: u64, kind: &'static str, payload: Vec<u8>) -> NewEvent {
    let metadata = Metadata::default().with("source", format!("s{n}")).with("$correlationId", "c");
    NewEvent {
        id: EventId(Uuid::from_u128(u128::from(n) + 1)),
        event_type: kind.into(),
        schema_version: 1 + u32::try_from(n % 3).unwrap(),
        occurred_at: Timestamp::from_microsecond(1_795_000_000_000_000 + i64::try_from(n).unwrap()).unwrap(),
        metadata: metadata.encode(),
        payload: payload.into(),
    }
}

async fn append(store: &dyn EventStore, category: &str, id: &str, fold_from: u64, events: Vec<NewEvent>) {
    let stream = StreamId::new(category, id).unwrap();
    let fold_from = Revision(fold_from);
    store.append(Append { stream, expected: Expected::Any, fold_from, events }).await.unwrap();
}

/// Fills a folder with streams of several lengths and a reactor that is behind.
async fn filled(folder: &Path) {
    let store = EmbeddedStore::open(folder, Options::default(), Arc::new(SystemClock)).unwrap();
    let mut place = None;
    for n in (0..EVENTS - 2).step_by(2) {
        let id = format!("347900{:04}", n % 37);
        let two = (0..2).map(|k| event(n + k, "baggage.Test", vec![7; usize::try_from(n % 900).unwrap()]));
        append(&store, "bag", &id, n / 74, two.collect()).await;
        if n == 1_000 {
            place = store.head().await.unwrap();
        }
    }
    let place = place.unwrap().to_string();
    let (started, advanced) =
        (stored::ReactorStarted::default(), stored::ReactorAdvanced { position: place });
    let started = event(EVENTS - 2, "runtime.ReactorStarted", started.encode_to_vec());
    let advanced = event(EVENTS - 1, "runtime.ReactorAdvanced", advanced.encode_to_vec());
    let first = |event: NewEvent| NewEvent { schema_version: 1, ..event };
    append(&store, "reactor", "test.one", 0, vec![first(started), first(advanced)]).await;
    store.close().await;
}

fn folder() -> (TempDir, End) {
    let folder = TempDir::new().unwrap();
    let end = End::Embedded(folder.path().join("data"));
    (folder, end)
}

fn cluster() -> (Double, End) {
    let double = Double::start(3, Arc::new(SystemClock)).unwrap();
    let end = double.url().parse().unwrap();
    (double, end)
}

/// Copies, and gives up when `until` events were told.
async fn copied(from: &End, to: &End, until: u64) -> Result<CopyReport, CopyError> {
    let source = Source::open(from).await.unwrap();
    let target = Target::open(to, source.next_life()).await.unwrap();
    let report = copy(&source, &target, &mut |what, done, _| what != "events copied" || done < until).await;
    target.close().await;
    source.close().await;
    report
}

async fn all(end: &End) -> Vec<RecordedEvent> {
    let source = Source::open(end).await.unwrap();
    let mut reader = Reader::new(Which::Source, source.store.clone(), None);
    let mut events = Vec::new();
    while let Some(event) = reader.next().await.unwrap() {
        events.push(event);
    }
    drop(reader);
    source.close().await;
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_goes_to_a_cluster_and_back_although_both_copies_are_cut() {
    let ((kept, home), (_double, away), (_back, back)) = (folder(), cluster(), folder());
    filled(&kept.path().join("data")).await;
    assert!(matches!(copied(&home, &away, 1_000).await, Err(CopyError::GivenUp)));
    let there = copied(&home, &away, u64::MAX).await.unwrap();
    assert_eq!(there.events, EVENTS);
    assert!(there.written > 0 && there.written < EVENTS, "it went on where it ended: {there:?}");
    assert_eq!(there.reactors, ["test.one"]);

    assert!(matches!(copied(&away, &back, 500).await, Err(CopyError::GivenUp)));
    let here = copied(&away, &back, u64::MAX).await.unwrap();
    assert_eq!((here.events, &here.log_id), (EVENTS + 1, &there.log_id), "and the place of the reactor");
    assert!(here.generation > there.generation || there.generation > 1_700_000_000);
    let (first, last) = (all(&home).await, all(&back).await);
    for (ours, theirs) in first.iter().zip(&last) {
        assert_eq!(differs(ours, theirs), None);
        assert_eq!(ours.recorded_at(), theirs.recorded_at());
    }
    assert_eq!(last.len() as u64, EVENTS + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reactor_is_where_it_was_although_positions_are_others() {
    let ((kept, home), (_double, away)) = (folder(), cluster());
    filled(&kept.path().join("data")).await;
    copied(&home, &away, u64::MAX).await.unwrap();
    let (ours, theirs) = (all(&home).await, all(&away).await);
    let place = |event: &RecordedEvent| -> Position {
        stored::ReactorAdvanced::decode(event.payload()).unwrap().position.parse().unwrap()
    };
    let at = |events: &[RecordedEvent], place: Position| {
        events.iter().position(|event| event.position() == place).expect("it is a position of this log")
    };
    let (before, after) = (ours.last().unwrap(), theirs.last().unwrap());
    assert_eq!(after.stream(), "reactor-test.one");
    assert_eq!(at(&ours, place(before)), at(&theirs, place(after)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_copy_is_only_compared_and_lost_replies_write_nothing_twice() {
    let ((kept, home), (double, away)) = (folder(), cluster());
    filled(&kept.path().join("data")).await;
    double.trouble([Trouble::LostAfter, Trouble::LostBefore, Trouble::EndedAfter]);
    let first = copied(&home, &away, u64::MAX).await.unwrap();
    let again = copied(&home, &away, u64::MAX).await.unwrap();
    assert_eq!((again.written, &again.digest), (0, &first.digest));
    assert_eq!(all(&away).await.len() as u64, EVENTS + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_holds_something_else_is_refused_and_left_alone() {
    let ((kept, home), (other, elsewhere), (_double, away)) = (folder(), folder(), cluster());
    filled(&kept.path().join("data")).await;
    filled(&other.path().join("data")).await;
    let refused = copied(&home, &elsewhere, u64::MAX).await.unwrap_err();
    assert!(matches!(refused, CopyError::OtherLog { .. }), "{refused}");

    assert!(matches!(copied(&home, &away, 100).await, Err(CopyError::GivenUp)));
    let End::Cluster(address) = &away else { panic!("it is a cluster") };
    let server = airside_store::kurrent::KurrentStore::open((**address).clone()).await.unwrap();
    append(&server, "bag", "9999999999", 0, vec![event(9_999_999, "baggage.Other", Vec::new())]).await;
    let before = all(&away).await.len();
    let refused = copied(&home, &away, u64::MAX).await.unwrap_err();
    let said = refused.to_string();
    assert!(matches!(refused, CopyError::Differs { what: "stream", .. }), "{said}");
    assert!(said.contains("empty folder or cluster") && said.contains("nothing was written"), "{said}");
    assert_eq!(all(&away).await.len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_copy_does_not_go_back_over_the_log_itself() {
    let ((kept, home), (_later, later)) = (folder(), folder());
    filled(&kept.path().join("data")).await;
    copied(&home, &later, u64::MAX).await.unwrap();
    let refused = copied(&later, &home, u64::MAX).await.unwrap_err();
    assert!(matches!(refused, CopyError::NotLater { .. }), "{refused}");
}

#[test]
fn a_text_that_names_no_log_is_refused() {
    for text in ["", "embedded:", "data", "redis://host:1"] {
        assert!(text.parse::<End>().is_err(), "{text}");
    }
    assert_eq!("embedded:a/b".parse::<End>().unwrap(), End::Embedded("a/b".into()));
}
