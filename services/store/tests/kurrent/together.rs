//! Appends that go together on a call that stays open: each is answered for
//! itself, stored once, and never told that it is a conflict when it is none,
//! whatever becomes of the call and of the others on it.

use std::{sync::Arc, time::Duration};

use airside_contract::double::Trouble;
use airside_kernel::{Append, AppendError, Appended, EventStore, Expected, Revision};
use futures::future::join_all;
use tokio::time::timeout;

use crate::{
    cluster,
    faults::ALL,
    words::{append, everything, said, stream},
};

/// How many streams a hand-over is for.
const STREAMS: usize = 12;

fn name(n: usize) -> String {
    format!("bag-{n}")
}

/// Makes an append to each stream, the `round`th.
fn round(round: u64, events: &[&str]) -> Vec<Append> {
    let width = events.len() as u64;
    let expected = match round {
        0 => Expected::NoStream,
        round => Expected::Exact(Revision(round * width - 1)),
    };
    (0..STREAMS).map(|n| append(&name(n), expected, events)).collect()
}

/// Holds answers against where the events are.
async fn check(
    store: &Arc<dyn EventStore>,
    answers: &[Result<Appended, AppendError>],
    last: u64,
    what: &str,
) {
    let events = everything(store, 1_000).await;
    for (n, answer) in answers.iter().enumerate() {
        let appended = answer.as_ref().unwrap_or_else(|error| panic!("{what}, append {n}: {error}"));
        assert_eq!(appended.last_revision, Some(Revision(last)), "{what}, append {n}");
        let of_stream: Vec<_> = events.iter().filter(|event| event.stream() == name(n)).collect();
        assert_eq!(of_stream.len() as u64, last + 1, "{what}, append {n}");
        assert_eq!(of_stream.last().map(|event| event.position()), appended.position, "{what}, append {n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_of_one_hand_over_share_one_call_and_a_lone_one_has_its_own() {
    let (double, store) = cluster(3).await;
    for n in 0..5 {
        check(&store, &store.append_each(round(n, &["x"])).await, n, "no trouble").await;
    }
    assert_eq!(double.batch_calls(), 1);
    let (double, store) = cluster(1).await;
    store.append(append("bag-1", Expected::NoStream, &["a"])).await.unwrap();
    let same =
        [Expected::Exact(Revision(0)), Expected::Any].map(|expected| append("bag-1", expected, &["b"]));
    assert!(store.append_each(same.into()).await.iter().all(Result::is_ok));
    assert_eq!((double.batch_calls(), said(&store, "bag-1").await.len()), (0, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_breaks_the_call_each_append_is_stored_once() {
    let (double, store) = cluster(3).await;
    for (n, trouble) in (0..).zip(ALL) {
        // In the middle of the hand-over: some are answered, some late, some never.
        double.trouble([Trouble::Late, Trouble::Late, Trouble::Late, trouble]);
        let answers = store.append_each(round(n, &["a", "b"])).await;
        check(&store, &answers, 2 * n + 1, &format!("{trouble:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_any_revision_each_append_is_stored_once_too() {
    let (double, store) = cluster(1).await;
    for (n, trouble) in (0..).zip(ALL) {
        double.trouble([Trouble::Late, trouble, trouble]);
        let appends = (0..STREAMS).map(|n| append(&name(n), Expected::Any, &["a", "b"])).collect();
        check(&store, &store.append_each(appends).await, 2 * n + 1, &format!("{trouble:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_is_refused_leaves_the_others_and_the_call_alone() {
    let (double, store) = cluster(1).await;
    store.append(append(&name(3), Expected::NoStream, &["before"])).await.unwrap();
    let mut appends = round(0, &["x"]);
    appends[7].events[0].payload = vec![7; 1_048_576 - appends[7].events[0].metadata.len() + 1].into();
    let answers = store.append_each(appends).await;
    for (n, answer) in answers.iter().enumerate() {
        match n {
            3 => {
                let (stream, expected, current) = (stream(&name(3)), Expected::NoStream, Some(Revision(0)));
                assert_eq!(answer, &Err(AppendError::Conflict { stream, expected, current }));
            }
            7 => assert!(matches!(answer, Err(AppendError::TooLarge { unit: "bytes", .. })), "{answer:?}"),
            _ => assert_eq!(answer.as_ref().unwrap().last_revision, Some(Revision(0))),
        }
    }
    let again = store.append_each(round(1, &["y"])).await;
    let refused: Vec<_> = (0..STREAMS).filter(|n| again[*n].is_err()).collect();
    assert_eq!(refused, [7], "only the stream that is not there: {again:?}");
    assert_eq!(double.batch_calls(), 1, "a refusal ended the call");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_stays_one_when_its_answer_is_lost() {
    for trouble in ALL {
        let (double, store) = cluster(1).await;
        store.append(append(&name(0), Expected::NoStream, &["a"])).await.unwrap();
        double.trouble([trouble; STREAMS]);
        let answers = store.append_each(round(0, &["late"])).await;
        let is_conflict = matches!(answers[0], Err(AppendError::Conflict { current: Some(Revision(0)), .. }));
        assert!(is_conflict, "{trouble:?}: {:?}", answers[0]);
        assert_eq!(said(&store, &name(0)).await, ["a"], "{trouble:?}");
        assert!(answers[1..].iter().all(Result::is_ok), "{trouble:?}: {answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_out_of_order_reach_those_who_asked() {
    let (double, store) = cluster(1).await;
    let late = (0..3 * STREAMS).filter(|n| n % 3 == 0).map(|_| Trouble::Late);
    double.trouble(late);
    let hands = (0..3).map(|k| {
        let store = Arc::clone(&store);
        async move {
            let appends = (0..STREAMS).map(|n| append(&format!("bag-{k}.{n}"), Expected::NoStream, &["x"]));
            (k, store.append_each(appends.collect()).await)
        }
    });
    for (k, answers) in join_all(hands).await {
        for (n, answer) in answers.iter().enumerate() {
            let name = format!("bag-{k}.{n}");
            let page = store.read_stream(&stream(&name), airside_kernel::Direction::Forwards, None, 2).await;
            let events = page.unwrap().events;
            assert_eq!(events.len(), 1, "{name}");
            assert_eq!(answer.as_ref().unwrap().position, Some(events[0].position()), "{name}");
        }
    }
    assert_eq!(double.batch_calls(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_call_to_a_leader_that_gave_up_its_place_goes_to_the_next_one() {
    let (double, store) = cluster(3).await;
    for n in 0..6 {
        check(&store, &store.append_each(round(n, &["x"])).await, n, "a new leader").await;
        double.elect(usize::try_from(n + 1).unwrap() % 3);
    }
    assert!(double.batch_calls() > 5, "the others lead nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hand_overs_go_on_after_the_leader_is_killed_in_their_middle() {
    let (double, store) = cluster(3).await;
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for round in 0..60 {
                    let expected =
                        if round == 0 { Expected::NoStream } else { Expected::Exact(Revision(round - 1)) };
                    let appends =
                        (0..STREAMS).map(|n| append(&format!("bag-{writer}.{n}"), expected, &["x"]));
                    for answer in store.append_each(appends.collect()).await {
                        assert_eq!(answer.unwrap().last_revision, Some(Revision(round)));
                    }
                }
            })
        })
        .collect();
    for kill in 0..3 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        double.trouble([Trouble::SilentAfter, Trouble::LostAfter]);
        double.kill(kill);
        double.elect((kill + 1) % 3);
        tokio::time::sleep(Duration::from_millis(200)).await;
        double.revive(kill).unwrap();
    }
    for writer in writers {
        timeout(Duration::from_secs(60), writer).await.expect("it goes on").unwrap();
    }
    for (writer, n) in (0..4).flat_map(|writer| (0..STREAMS).map(move |n| (writer, n))) {
        assert_eq!(said(&store, &format!("bag-{writer}.{n}")).await.len(), 60);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_majority_a_hand_over_waits_and_is_stored_once() {
    let (double, store) = cluster(3).await;
    double.has_majority(false);
    let writing = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.append_each(round(0, &["a"])).await }
    });
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!writing.is_finished());
    double.has_majority(true);
    check(&store, &writing.await.unwrap(), 0, "a majority again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_appends_and_many_more_than_go_at_once_all_arrive() {
    let (_double, store) = cluster(1).await;
    let thousand = vec!["x"; 1_000];
    let mut large: Vec<_> = (0..3).map(|n| append(&name(n), Expected::NoStream, &thousand)).collect();
    for append in &mut large {
        append.events[999].payload = vec![7; 900_000].into();
    }
    let answers = store.append_each(large).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().last_revision == Some(Revision(999))));
    let many = (0..3_000).map(|n| append(&format!("bag-m.{n}"), Expected::NoStream, &["x"])).collect();
    assert!(store.append_each(many).await.iter().all(Result::is_ok));
    assert_eq!(everything(&store, 1_000).await.len(), 6_000);
}
