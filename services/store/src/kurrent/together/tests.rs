//! What only the inside shows: how an append is cut into messages, and that nobody is left waiting.

use std::str::FromStr;

use airside_contract::double::{Double, Trouble};
use airside_kernel::{Append, EventId, Metadata, NewEvent, SystemClock, Timestamp};
use bytes::Bytes;
use tokio::time::{Instant, timeout};

use super::*;
use crate::kurrent::Address;

fn append(name: &str, sizes: &[usize]) -> Append {
    let event = |size: &usize| NewEvent {
        id: EventId(Uuid::new_v4()),
        event_type: "test.Sized".into(),
        schema_version: 1,
        occurred_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::default().encode(),
        payload: Bytes::from(vec![7; *size]),
    };
    let (stream, events) = (name.parse().unwrap(), sizes.iter().map(event).collect());
    Append { stream, expected: Expected::NoStream, fold_from: Revision::FIRST, events }
}

fn cut(sizes: &[usize]) -> Vec<usize> {
    let append = append("bag-1", sizes);
    let parts = messages(Uuid::new_v4(), Attempt::first(&append, None), Duration::from_millis(2_500));
    let (last, others) = parts.split_last().unwrap();
    assert!(last.is_final && others.iter().all(|part| !part.is_final));
    assert!(parts.iter().all(|part| part.correlation_id == parts[0].correlation_id));
    assert!(parts[0].options.is_some() && parts[1..].iter().all(|part| part.options.is_none()));
    let sent = parts.iter().flat_map(|part| &part.proposed_messages).map(|event| event.data.len());
    assert_eq!(sent.collect::<Vec<_>>(), sizes);
    assert!(parts.iter().all(|part| part.encoded_len() < 4 << 20), "no node takes it");
    parts.iter().map(|part| part.proposed_messages.len()).collect()
}

#[test]
fn a_large_append_goes_in_parts_and_an_event_stays_whole() {
    assert_eq!(cut(&[10]), [1]);
    assert_eq!(cut(&[10, 20, 30]), [3]);
    assert_eq!(cut(&[100_000, 100_000, 100_000]), [2, 1]);
    assert_eq!(cut(&[1_000_000, 1, 1]), [1, 2]);
    assert!(cut(&[1_000; 1_000]).len() > 3);
}

#[test]
fn the_deadline_goes_with_the_append() {
    let append = append("bag-1", &[1]);
    let parts = messages(Uuid::new_v4(), Attempt::first(&append, None), Duration::from_millis(2_500));
    let deadline = parts[0].options.clone().unwrap().deadline_option.unwrap();
    assert_eq!(deadline, options::DeadlineOption::Deadline(Seconds { seconds: 2, nanos: 500_000_000 }));
}

#[test]
fn a_node_that_leaves_its_code_at_ok_is_not_taken_at_its_word() {
    for words in ["Server Is Not Ready", "Server Is Busy", "No leader info available in response"] {
        let error = WireStatus { code: 0, message: words.to_owned(), details: None };
        assert_eq!(refused(error), Err(Fault::Broken(words.to_owned())));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_up_leaves_no_entry_behind_and_the_call_serves_on() {
    let double = Double::start(1, Arc::new(SystemClock)).unwrap();
    let cluster = Cluster::new(Address::from_str(&double.url()).unwrap()).unwrap();
    let member = cluster.member(Instant::now() + Duration::from_secs(5)).await.unwrap();
    let (together, within) = (Together::default(), Duration::from_secs(5));
    let line = together.line(&cluster, &member);
    double.trouble([Trouble::SilentAfter, Trouble::SilentBefore]);
    for name in ["bag-1", "bag-2"] {
        let append = append(name, &[1]);
        let asked = together.once(&cluster, &member, Attempt::first(&append, None), within);
        assert!(timeout(Duration::from_millis(200), asked).await.is_err(), "nobody answers");
        assert_eq!(line.waiting.state().answers.len(), 0);
    }
    let append = append("bag-3", &[1]);
    let answer = together.once(&cluster, &member, Attempt::first(&append, None), within).await.unwrap();
    assert!(matches!(answer, Answer::Stored(_)), "{answer:?}");
    assert!(Arc::ptr_eq(&line, &together.line(&cluster, &member)), "the call goes on");
    assert_eq!(double.open_calls(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_nobody_needs_any_more_is_cancelled() {
    let double = Double::start(1, Arc::new(SystemClock)).unwrap();
    let cluster = Cluster::new(Address::from_str(&double.url()).unwrap()).unwrap();
    let member = cluster.member(Instant::now() + Duration::from_secs(5)).await.unwrap();
    let together = Together::default();
    let append = append("bag-1", &[1]);
    let attempt = Attempt::first(&append, None);
    together.once(&cluster, &member, attempt, Duration::from_secs(5)).await.unwrap();
    assert_eq!(double.open_calls(), 1);
    drop(together);
    let until = Instant::now() + Duration::from_secs(10);
    while double.open_calls() > 0 {
        assert!(Instant::now() < until, "the call is still open");
        tokio::task::yield_now().await;
    }
}
