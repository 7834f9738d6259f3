//! Copies both ways: the same events in the same order, once, however often a copy was cut.

use std::{path::Path, sync::Arc, time::Duration};

use airside_contract::double::{Double, Trouble};
use airside_kernel::{EventStore, Revision, SystemClock};
use airside_store::{EmbeddedStore, Options};
use tempfile::TempDir;
use tokio::time::timeout;

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

fn append(category: &str, id: &str, fold_from: u64, events: Vec<NewEvent>) -> Append {
    let stream = StreamId::new(category, id).unwrap();
    Append { stream, expected: Expected::Any, fold_from: Revision(fold_from), events }
}

/// Fills a folder with streams of several lengths and a reactor that is behind; what was appended at once was
/// recorded at a time of its own.
async fn filled(folder: &Path) {
    let store = EmbeddedStore::open(folder, Options::default(), Arc::new(SystemClock)).unwrap();
    let at = |n: u64| Timestamp::from_microsecond(1_795_000_100_000_000 + i64::try_from(n).unwrap()).unwrap();
    let two = |n: u64| {
        let events = (0..2)
            .map(|k| event(n + k, "baggage.Test", vec![7; usize::try_from(n % 900).unwrap()]))
            .collect();
        (append("bag", &format!("347900{:04}", n % 37), n / 74, events), at(n))
    };
    let bags: Vec<_> = (0..EVENTS - 2).step_by(2).map(two).collect();
    let (before, after) = bags.split_at(500);
    let place = store.append_recorded(before.to_vec()).await.unwrap().last().unwrap().position;
    store.append_recorded(after.to_vec()).await.unwrap();
    let place = place.unwrap().to_string();
    let (started, advanced) =
        (stored::ReactorStarted::default(), stored::ReactorAdvanced { position: place });
    let started = event(EVENTS - 2, "runtime.ReactorStarted", started.encode_to_vec());
    let advanced = event(EVENTS - 1, "runtime.ReactorAdvanced", advanced.encode_to_vec());
    let first = |event: NewEvent| NewEvent { schema_version: 1, ..event };
    let reactor = append("reactor", "test.one", 0, vec![first(started), first(advanced)]);
    store.append_recorded(vec![(reactor, at(EVENTS))]).await.unwrap();
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

/// Copies to a cluster on which something goes wrong in the middle of a window.
async fn copied_through(home: &End, trouble: Trouble) -> (Result<CopyReport, CopyError>, Vec<RecordedEvent>) {
    let (double, away) = cluster();
    let source = Source::open(home).await.unwrap();
    let target = Target::open(&away, source.next_life()).await.unwrap();
    double.trouble([Trouble::Late; 700]);
    double.trouble([trouble]);
    let report = copy(&source, &target, &mut |_, _, _| true).await;
    target.close().await;
    source.close().await;
    (report, all(&away).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_breaks_in_the_middle_of_a_window_changes_no_order() {
    use Trouble::{AbortedAfter, EndedAfter, EndedBefore, LostAfter, LostBefore};
    let (kept, home) = folder();
    filled(&kept.path().join("data")).await;
    let ours = all(&home).await;
    for trouble in [LostBefore, LostAfter, EndedBefore, EndedAfter, AbortedAfter] {
        let (report, theirs) = copied_through(&home, trouble).await;
        assert_eq!(report.unwrap().written, EVENTS, "{trouble:?}");
        assert_eq!(theirs.len() as u64, EVENTS + 1, "{trouble:?}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(differs(ours, theirs), None, "{trouble:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_refuses_one_append_and_takes_the_next_is_told_of() {
    let (kept, home) = folder();
    filled(&kept.path().join("data")).await;
    let refused = copied_through(&home, Trouble::NotReady).await.0.unwrap_err();
    assert!(matches!(refused, CopyError::OutOfOrder { .. }), "{refused}");
    assert!(refused.to_string().contains("into an empty folder or cluster"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_cut_anywhere_goes_on_where_it_ended() {
    let ((kept, home), (_double, away), (_other, other)) = (folder(), cluster(), folder());
    filled(&kept.path().join("data")).await;
    for to in [&away, &other] {
        let mut cuts = 0;
        let report = loop {
            let source = Source::open(&home).await.unwrap();
            let target = Target::open(to, source.next_life()).await.unwrap();
            let mut heard = |_: &str, _, _| true;
            let within = Duration::from_millis(1 + 37 * cuts);
            let done = timeout(within, copy(&source, &target, &mut heard)).await;
            target.close().await;
            source.close().await;
            match done {
                Ok(report) => break report.unwrap(),
                Err(_) => cuts += 1,
            }
        };
        assert!(cuts > 1 && report.events == EVENTS, "{cuts} cuts: {report:?}");
        for (ours, theirs) in all(&home).await.iter().zip(&all(to).await) {
            assert_eq!((differs(ours, theirs), ours.recorded_at()), (None, theirs.recorded_at()));
        }
    }
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
    let other = append("bag", "9999999999", 0, vec![event(9_999_999, "baggage.Other", Vec::new())]);
    server.append(other).await.unwrap();
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
