//! What goes wrong: lost answers, lost leaders, ends that are none. Nothing is
//! lost, nothing is stored twice, nothing is read twice.

use std::{sync::Arc, time::Duration};

use airside_contract::double::{Ending, Trouble};
use airside_kernel::{AppendError, Direction, Expected, Follow, Revision};
use tokio::time::timeout;

use crate::{
    cluster,
    words::{append, everything, said, say, stream, text, texts},
};

/// Everything that goes wrong with an append.
pub(crate) const ALL: [Trouble; 9] = [
    Trouble::LostBefore,
    Trouble::LostAfter,
    Trouble::SilentBefore,
    Trouble::SilentAfter,
    Trouble::Aborted,
    Trouble::AbortedAfter,
    Trouble::NotReady,
    Trouble::EndedBefore,
    Trouble::EndedAfter,
];

async fn next(follow: &mut Box<dyn Follow>, wanted: usize) -> Vec<String> {
    let mut seen = Vec::new();
    while seen.len() < wanted {
        let page = timeout(Duration::from_secs(20), follow.next()).await.expect("something comes").unwrap();
        assert!(!page.events.is_empty(), "a follower was handed an empty page");
        seen.extend(page.events.iter().map(text));
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_whose_answer_is_lost_is_stored_once() {
    let (double, store) = cluster(3).await;
    for (n, trouble) in (0..).zip(ALL) {
        double.trouble([trouble]);
        let expected = if n == 0 { Expected::NoStream } else { Expected::Exact(Revision(n - 1)) };
        let appended = store.append(append("bag-1", expected, &[&n.to_string()])).await.unwrap();
        assert_eq!(appended.last_revision, Some(Revision(n)), "{trouble:?}");
        assert_eq!(store.head().await.unwrap(), appended.position, "{trouble:?}");
    }
    assert_eq!(said(&store, "bag-1").await, (0..9).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_at_any_revision_whose_answer_is_lost_is_stored_once() {
    let (double, store) = cluster(1).await;
    for (n, trouble) in (0..).zip(ALL) {
        double.trouble([trouble]);
        let appended = say(&store, "bag-1", &["a", "b"]).await;
        assert_eq!(appended.last_revision, Some(Revision(2 * n + 1)), "{trouble:?}");
        assert_eq!(store.head().await.unwrap(), appended.position, "{trouble:?}");
    }
    assert_eq!(said(&store, "bag-1").await.len(), 2 * ALL.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_stays_one_after_a_lost_answer() {
    let (double, store) = cluster(1).await;
    say(&store, "bag-1", &["a"]).await;
    double.trouble([Trouble::LostBefore]);
    let late = store.append(append("bag-1", Expected::NoStream, &["b"])).await;
    assert!(matches!(late, Err(AppendError::Conflict { current: Some(Revision(0)), .. })), "{late:?}");
    assert_eq!(said(&store, "bag-1").await, ["a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_ends_without_a_status_is_read_again() {
    let (double, store) = cluster(1).await;
    say(&store, "bag-1", &["a", "b", "c", "d"]).await;
    double.shorten_reads(3);
    assert_eq!(said(&store, "bag-1").await, ["a", "b", "c", "d"]);
    double.shorten_reads(2);
    assert_eq!(everything(&store, 3).await.len(), 4);
    double.shorten_reads(1);
    let last = store.read_stream(&stream("bag-1"), Direction::Backwards, None, 2).await.unwrap();
    assert_eq!(texts(&last), ["d", "c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_outlives_every_end_and_sees_each_event_once() {
    let (double, store) = cluster(3).await;
    let mut follow = store.follow(None);
    let mut seen = Vec::new();
    let endings = [Ending::Clean, Ending::Cut, Ending::Broken, Ending::Dropped, Ending::Clean, Ending::Cut];
    for (n, how) in (0..).zip(endings) {
        say(&store, "bag-1", &[&format!("{n} before")]).await;
        seen.extend(next(&mut follow, 1).await);
        double.end_reads(how);
        say(&store, "bag-1", &[&format!("{n} after")]).await;
        seen.extend(next(&mut follow, 1).await);
    }
    assert_eq!(seen, said(&store, "bag-1").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_goes_silent_is_left() {
    let (double, store) = cluster(1).await;
    let mut follow = store.follow(None);
    say(&store, "bag-1", &["a"]).await;
    assert_eq!(next(&mut follow, 1).await, ["a"]);
    double.silence(true);
    say(&store, "bag-1", &["b"]).await;
    // A read that is opened anew finds it in history.
    assert_eq!(next(&mut follow, 1).await, ["b"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_and_followers_go_on_after_the_leader_is_killed() {
    let (double, store) = cluster(3).await;
    let mut follow = store.follow(None);
    say(&store, "bag-1", &["0"]).await;
    assert_eq!(next(&mut follow, 1).await, ["0"]);
    for round in 1..4 {
        let (old, new) = ((round - 1) % 3, round % 3);
        double.kill(old);
        let writing = tokio::spawn({
            let store = Arc::clone(&store);
            async move { say(&store, "bag-1", &[&round.to_string()]).await }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!writing.is_finished(), "somebody answered although the leader is dead");
        double.elect(new);
        timeout(Duration::from_secs(5), writing).await.expect("it goes on in time").unwrap();
        assert_eq!(next(&mut follow, 1).await, [round.to_string()]);
        double.revive(old).unwrap();
    }
    assert_eq!(said(&store, "bag-1").await, ["0", "1", "2", "3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_gave_up_its_place_names_the_next_one() {
    let (double, store) = cluster(3).await;
    say(&store, "bag-1", &["a"]).await;
    double.elect(2);
    say(&store, "bag-1", &["b"]).await;
    assert_eq!(said(&store, "bag-1").await, ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_majority_appends_wait_and_are_stored_once_it_is_back() {
    let (double, store) = cluster(3).await;
    double.has_majority(false);
    let writing = tokio::spawn({
        let store = Arc::clone(&store);
        async move { say(&store, "bag-1", &["a"]).await }
    });
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!writing.is_finished());
    double.has_majority(true);
    writing.await.unwrap();
    assert_eq!(said(&store, "bag-1").await, ["a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_is_read_slowly_misses_nothing_and_holds_up_nobody() {
    let (_double, store) = cluster(1).await;
    let mut slow = store.follow(None);
    say(&store, "bag-1", &["0"]).await;
    assert_eq!(next(&mut slow, 1).await, ["0"]);
    let large = "x".repeat(500_000);
    for _ in 0..40 {
        say(&store, "bag-2", &[&large]).await;
    }
    assert_eq!(next(&mut slow, 40).await.len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_and_the_server_write_is_not_in_our_log() {
    let (_double, store) = cluster(1).await;
    say(&store, "bag-1", &["a"]).await;
    let names: Vec<_> = everything(&store, 10).await.iter().map(|event| event.stream().to_owned()).collect();
    assert_eq!(names, ["bag-1"]);
}
