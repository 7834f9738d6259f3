//! Another member than the leader is preferred: it is followed, and no decision
//! rests on what it was told late.

use std::{sync::Arc, time::Duration};

use airside_contract::double::Double;
use airside_kernel::{Direction, EventStore, Expected, Follow, Revision, SystemClock};
use airside_store::kurrent::KurrentStore;
use tokio::time::timeout;

use crate::words::{append, everything, said, stream, texts};

async fn preferring(preference: &str) -> (Double, Arc<dyn EventStore>) {
    let double = Double::start(3, Arc::new(SystemClock)).unwrap();
    let url = format!("{}&nodePreference={preference}", double.url());
    let store = KurrentStore::connect(&url).await.unwrap();
    (double, Arc::new(store))
}

async fn comes(follow: &mut Box<dyn Follow>) -> Vec<String> {
    texts(&timeout(Duration::from_secs(10), follow.next()).await.expect("it is told").unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_reads_its_own_write_although_the_followers_are_told_late() {
    for preference in ["follower", "readonlyreplica"] {
        let (double, store) = preferring(preference).await;
        store.append(append("bag-1", Expected::NoStream, &["0"])).await.unwrap();
        let mut follow = store.follow(None);
        assert_eq!(comes(&mut follow).await, ["0"]);
        double.hold_followers(true);
        for n in 1..20_u64 {
            let next = append("bag-1", Expected::Exact(Revision(n - 1)), &[&n.to_string()]);
            let other = append(&format!("bag-1.{n}"), Expected::NoStream, &["x"]);
            let answers = store.append_each(vec![next, other]).await;
            let positions: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap().position).collect();
            let last = store.read_stream(&stream("bag-1"), Direction::Backwards, None, 1).await.unwrap();
            assert_eq!(texts(&last), [n.to_string()], "{preference}");
            assert_eq!(store.head().await.unwrap(), positions.into_iter().max().unwrap(), "{preference}");
        }
        assert_eq!(everything(&store, 7).await.len(), 39, "{preference}");
        let told = timeout(Duration::from_millis(300), follow.next()).await;
        assert!(told.is_err(), "the leader was followed, not the {preference}: {told:?}");
        double.hold_followers(false);
        let mut seen = 1;
        while seen < 39 {
            seen += comes(&mut follow).await.len();
        }
        assert_eq!(seen, 39, "{preference}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_goes_on_from_the_leader_when_no_follower_is_left() {
    let (double, store) = preferring("follower").await;
    let mut follow = store.follow(None);
    store.append(append("bag-1", Expected::NoStream, &["a"])).await.unwrap();
    assert_eq!(comes(&mut follow).await, ["a"]);
    double.kill(1);
    double.kill(2);
    double.elect(0);
    store.append(append("bag-1", Expected::Exact(Revision(0)), &["b"])).await.unwrap();
    assert_eq!(comes(&mut follow).await, ["b"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_go_on_with_the_next_leader_while_a_follower_is_followed() {
    let (double, store) = preferring("follower").await;
    let mut follow = store.follow(None);
    for n in 0..4_u64 {
        let expected = n.checked_sub(1).map_or(Expected::NoStream, |n| Expected::Exact(Revision(n)));
        store.append(append("bag-1", expected, &[&n.to_string()])).await.unwrap();
        assert_eq!(comes(&mut follow).await, [n.to_string()]);
        double.elect(usize::try_from(n + 1).unwrap() % 3);
    }
    assert_eq!(said(&store, "bag-1").await.len(), 4);
}
