//! Batches with an idempotency key: stored once, however often they are sent.

use std::sync::Arc;

use airside_api::baggage::v1::{self as api, raw_message::Content};
use airside_baggage::receive::{Bringer, KEY_LIFE};
use bytes::Bytes;
use jiff::SignedDuration;
use tokio::{sync::Barrier, task::JoinSet};
use tonic::{Code, Status};

use crate::airport::{Airport, by, partner};

fn batch(key: &str, texts: &[&str]) -> api::SubmitMessagesRequest {
    let message = |text: &&str| api::RawMessage { content: Some(Content::Text((*text).to_owned())) };
    let messages = texts.iter().map(message).collect();
    api::SubmitMessagesRequest { source: "dcs".into(), messages, idempotency_key: key.into() }
}

async fn submit(airport: &Airport, key: &str, texts: &[&str]) -> Result<api::SubmitMessagesResponse, Status> {
    let answer = airport.client.clone().submit_messages(by(partner(), batch(key, texts))).await;
    answer.map(tonic::Response::into_inner)
}

async fn stored(airport: &Airport) -> usize {
    airport.counts(&["source"]).await.values().sum()
}

fn numbers(answer: &api::SubmitMessagesResponse) -> Vec<u64> {
    answer.receipts.iter().map(|receipt| receipt.number).collect()
}

#[tokio::test]
async fn a_batch_that_comes_again_under_its_key_has_its_receipts_again() {
    let airport = Airport::open();
    submit(&airport, "", &["BSM 0"]).await.unwrap();
    let first = submit(&airport, "k1", &["BSM 1", "", "BSM 2"]).await.unwrap();
    assert_eq!(numbers(&first), [2, 0, 3]);
    submit(&airport, "", &["BSM 3"]).await.unwrap();
    submit(&airport, "k2", &["BSM 1", "BSM 2"]).await.unwrap();
    assert_eq!(submit(&airport, "k1", &["BSM 1", "", "BSM 2"]).await.unwrap(), first);
    assert_eq!(stored(&airport).await, 6);

    let restored = airport.restored().await;
    assert_eq!(submit(&restored, "k1", &["BSM 1", "", "BSM 2"]).await.unwrap(), first, "after a restart too");
    assert_eq!(stored(&restored).await, 6);
}

#[tokio::test]
async fn a_key_with_other_messages_is_refused_and_nothing_is_stored() {
    let airport = Airport::open();
    submit(&airport, "k1", &["BSM 1", "BSM 2"]).await.unwrap();
    for other in [&["BSM 1", "BSM 3"][..], &["BSM 1"], &["BSM 1", "BSM 2", "BSM 2"], &["BSM 2", "BSM 1"]] {
        let refusal = submit(&airport, "k1", other).await.unwrap_err();
        assert_eq!(refusal.code(), Code::FailedPrecondition, "{other:?}");
        assert!(refusal.message().starts_with("idempotency_key: "), "{refusal}");
    }
    assert_eq!(stored(&airport).await, 2);
}

#[tokio::test]
async fn a_key_is_known_for_a_day_and_over_midnight() {
    let airport = Airport::open();
    let first = submit(&airport, "k1", &["BSM 1"]).await.unwrap();
    airport.clock.advance(KEY_LIFE - SignedDuration::from_secs(1));
    assert_eq!(submit(&airport, "k1", &["BSM 1"]).await.unwrap(), first);
    let restored = airport.restored().await;
    restored.clock.advance(SignedDuration::from_secs(1));
    for airport in [&airport, &restored] {
        assert_eq!(numbers(&submit(airport, "k1", &["BSM 9"]).await.unwrap()), [2], "then it is a new one");
        assert_eq!(numbers(&submit(airport, "k1", &["BSM 9"]).await.unwrap()), [2]);
    }
}

#[tokio::test]
async fn a_source_knows_nothing_of_the_keys_of_another() {
    let airport = Airport::open();
    submit(&airport, "k1", &["BSM 1"]).await.unwrap();
    let mut other = batch("k1", &["BSM 2"]);
    other.source = "bhs".into();
    let answer = airport.client.clone().submit_messages(by(partner(), other)).await.unwrap().into_inner();
    assert_eq!(numbers(&answer), [1]);
}

#[tokio::test]
async fn a_key_is_short_and_visible() {
    let airport = Airport::open();
    for key in [" ", "a b", "钥匙", &"k".repeat(65)] {
        let refusal = submit(&airport, key, &["BSM 1"]).await.unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidArgument);
        assert_eq!(refusal.message(), "idempotency_key: use 1 to 64 visible ASCII characters");
    }
    assert_eq!(stored(&airport).await, 0);
    assert!(submit(&airport, &"k".repeat(64), &["BSM 1"]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_race_with_one_key_store_one_batch_among_others_that_go_on() {
    const CALLS: usize = 16;
    let airport = Arc::new(Airport::open());
    // Two processes on one log: each has folded the source for itself.
    let other = Arc::new(airport.beside());
    let (together, mut calls) = (Arc::new(Barrier::new(2 * CALLS)), JoinSet::new());
    for call in 0..2 * CALLS {
        let (airport, together) =
            (if call % 4 < 2 { airport.clone() } else { other.clone() }, together.clone());
        calls.spawn(async move {
            together.wait().await;
            let key = if call % 2 == 0 { "k1" } else { "" };
            (key, numbers(&submit(&airport, key, &["BSM 1", "BSM 2"]).await.unwrap()))
        });
    }
    let answers = calls.join_all().await;
    let keyed: Vec<_> = answers.iter().filter(|(key, _)| *key == "k1").map(|(_, numbers)| numbers).collect();
    assert!(keyed.iter().all(|numbers| *numbers == keyed[0]), "{keyed:?}");
    assert_eq!(stored(&airport).await, 2 * (CALLS + 1));
}

#[tokio::test]
async fn a_batch_that_another_process_has_stored_is_found() {
    let airport = Airport::open();
    let other = airport.beside();
    submit(&airport, "k1", &["BSM 1"]).await.unwrap();
    let bringer = Bringer { source: "dcs", actor: "a", transport: "grpc", cause: None };
    let messages = [Bytes::from_static(b"BSM 2")];
    let elsewhere = other.receiving.store_once(bringer, "k2", &messages).await.unwrap();
    let here = airport.receiving.store_once(bringer, "k2", &messages).await.unwrap();
    assert_eq!((elsewhere.last_number, here), (2, elsewhere));
    assert_eq!(stored(&airport).await, 2);
}
