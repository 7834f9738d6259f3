//! Batches over HTTP with an idempotency key: a caller that heard no answer asks again and nothing is doubled.

use airside_api::baggage::v1::{MessageReceipt, RawMessage, SubmitMessagesRequest, raw_message::Content};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{sync::mpsc, task::JoinSet};

use crate::harness::{
    House,
    calls::{SOURCE, bag_of},
    eventually,
    http::{Answer, post_with},
    luggage::Luggage,
    process::Yard,
};

const SUBMIT: &str = "airside.baggage.v1.BaggageService/SubmitMessages";
const RECORD_SCANS: &str = "airside.baggage.v1.BaggageService/RecordScans";

fn with_key(key: &str) -> String {
    format!("Idempotency-Key: {key}\r\n")
}

fn texts(texts: &[&str]) -> Value {
    json!({"source": SOURCE, "messages": texts.iter().map(|text| json!({"text": text})).collect::<Vec<_>>()})
}

async fn post(house: &House, headers: &str, body: &Value) -> Answer {
    let partner = house.callers.endpoint.tokens.partner.as_str();
    post_with(house.node.public, SUBMIT, partner, headers, &body.to_string()).await
}

/// Returns how many messages the source has, by storing one more without a key.
async fn count(house: &House) -> u64 {
    let one = RawMessage { content: Some(Content::Text("BSM".to_owned())) };
    let request = SubmitMessagesRequest {
        source: SOURCE.to_owned(),
        messages: vec![one],
        idempotency_key: String::new(),
    };
    let answer = house.callers.partner().baggage.submit_messages(request).await.unwrap().into_inner();
    answer.receipts[0].number - 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_posted_again_under_its_key_is_stored_once() {
    let house = House::open().await;
    let bag = Luggage::new("3479002201");
    let file = bag.announcement();
    // What `curl` sends by the line in the proto: the bytes in base64, their hash as the key.
    let hash = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let body = json!({"source": SOURCE, "messages": [{"raw": BASE64_STANDARD.encode(&file)}]});
    let first = post(&house, &with_key(&hash), &body).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(first.json()["receipts"], json!([{"stored": true, "number": "1"}]));
    let again = post(&house, &with_key(&hash), &body).await;
    assert_eq!((again.status, again.json()), (200, first.json()));
    eventually("the bag is known", async || bag_of(&house.callers.partner(), &bag.plate).await.ok()).await;

    let house = house.reopen().await;
    let again = post(&house, &with_key(&hash), &body).await;
    assert_eq!((again.status, again.json()), (200, first.json()), "also after a restart");
    assert_eq!(count(&house).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn header_and_field_are_one_key_and_other_messages_are_refused() {
    let house = House::open().await;
    let mut body = texts(&["BSM 1", "BSM 2"]);
    let first = post(&house, &with_key("k1"), &body).await.json();
    body["idempotencyKey"] = "k1".into();
    assert_eq!(post(&house, "", &body).await.json(), first);
    assert_eq!(post(&house, &with_key("k1"), &body).await.json(), first);
    for (headers, body, code, words) in [
        (with_key("k2"), &body, "invalid_argument", "idempotency_key: it differs from the header"),
        (with_key("k1"), &texts(&["BSM 1"]), "failed_precondition", "idempotency_key: it came with other"),
        (with_key("a b"), &texts(&["BSM 1"]), "invalid_argument", "idempotency_key: use 1 to 64"),
        (with_key(""), &texts(&["BSM 1"]), "invalid_argument", "Idempotency-Key: send one header"),
    ] {
        let refused = post(&house, &headers, body).await;
        let said = refused.json();
        assert_eq!((refused.status, &said["code"]), (400, &json!(code)), "{headers}: {refused:?}");
        assert!(said["message"].as_str().unwrap().starts_with(words), "{headers}: {said}");
    }
    assert_eq!(count(&house).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_needs_no_key_pays_no_heed_to_one() {
    let house = House::open().await;
    let partner = house.callers.endpoint.tokens.partner.as_str();
    let scan = json!({"source": SOURCE, "scans": [{
        "scanId": "k1", "plate": "3479002202", "point": "TRACKING_POINT_SORTATION", "station": "SZX",
        "observedAt": Timestamp::now().to_string(),
    }]});
    for result in ["SCAN_RESULT_RECORDED", "SCAN_RESULT_DUPLICATE"] {
        let body = scan.to_string();
        let answer = post_with(house.node.public, RECORD_SCANS, partner, &with_key("k1"), &body).await;
        assert_eq!(answer.json()["outcomes"][0]["result"], result, "its scan id is its key");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_race_with_one_key_are_answered_alike() {
    let house = House::open().await;
    let partner = house.callers.endpoint.tokens.partner.clone();
    let (to, body) = (house.node.public, texts(&["BSM 1", "BSM 2", "BSM 3"]).to_string());
    let mut calls = JoinSet::new();
    for _ in 0..12 {
        let (partner, body) = (partner.clone(), body.clone());
        calls.spawn(async move { post_with(to, SUBMIT, &partner, &with_key("k1"), &body).await.json() });
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(count(&house).await, 3);
}

/// Batches that are answered before the power fails.
const ANSWERED_BEFORE: usize = 40;
/// Callers at once.
const CALLERS: usize = 4;

fn batch(caller: usize, call: usize) -> SubmitMessagesRequest {
    let text = |n| RawMessage { content: Some(Content::Text(format!("BSM {caller}.{call}.{n}"))) };
    SubmitMessagesRequest {
        source: format!("bhs.t{caller}"),
        messages: (0..5).map(text).collect(),
        idempotency_key: format!("{caller}/{call}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_whose_answer_was_lost_in_a_crash_is_stored_once() {
    let yard = Yard::new();
    let server = yard.serve().await;
    let (told, mut hears) = mpsc::unbounded_channel::<((usize, usize), Vec<MessageReceipt>)>();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (mut partner, told) = (server.callers().await.partner().baggage, told.clone());
        callers.spawn(async move {
            for call in 0.. {
                let Ok(answer) = partner.submit_messages(batch(caller, call)).await else { return call };
                told.send(((caller, call), answer.into_inner().receipts)).unwrap();
            }
            unreachable!("the server ends before the numbers do")
        });
    }
    drop(told);
    let mut answered = Vec::new();
    let mut server = Some(server);
    while let Some(one) = hears.recv().await {
        answered.push(one);
        if answered.len() == ANSWERED_BEFORE {
            server.take().unwrap().kill();
        }
    }
    let calls: Vec<_> = callers.join_all().await;
    assert!(answered.len() >= ANSWERED_BEFORE);

    let server = yard.serve().await;
    let partner = server.callers().await.partner().baggage;
    for ((caller, call), receipts) in answered {
        let again = partner.clone().submit_messages(batch(caller, call)).await.unwrap().into_inner();
        assert_eq!(again.receipts, receipts, "{caller}/{call}");
    }
    // The call that each caller lost is repeated, twice even; then each source has its batches once.
    let mut totals = Vec::new();
    for caller in 0..CALLERS {
        let lost = calls.iter().copied().max().unwrap();
        let mut last = 0;
        for call in (0..=lost).chain([lost]) {
            let again = partner.clone().submit_messages(batch(caller, call)).await.unwrap().into_inner();
            last = last.max(again.receipts[4].number);
        }
        totals.push((last, 5 * (lost as u64 + 1)));
    }
    assert!(totals.iter().all(|(last, expected)| last == expected), "{totals:?}");
}
