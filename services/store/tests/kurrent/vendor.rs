//! The vendor's own Rust client on the double, and beside our adapter: what one
//! writes, the other reads.

use std::time::Duration;

use airside_kernel::{Expected, Revision};
use eventstore::{
    AppendToStreamOptions, Client, EventData, ReadAllOptions, ReadStreamOptions, StreamPosition, StreamState,
    SubscribeToAllOptions,
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    cluster,
    words::{append, everything, said, say, text},
};

pub(crate) fn client(url: &str) -> Client {
    Client::new(url.parse().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vendors_client_reads_what_we_write() {
    let (double, store) = cluster(1).await;
    say(&store, "bag-1", &["a", "b"]).await;
    let client = client(&double.url());
    let mut events = client.read_stream("bag-1", &ReadStreamOptions::default()).await.unwrap();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await.unwrap() {
        let event = event.get_original_event();
        assert_eq!(event.event_type, "test.Said");
        let metadata: serde_json::Value = serde_json::from_slice(&event.custom_metadata).unwrap();
        assert_eq!(metadata["actor"], "nobody");
        assert_eq!(metadata["schema-version"], "1");
        seen.push(String::from_utf8(event.data.to_vec()).unwrap());
    }
    assert_eq!(seen, ["a", "b"]);
    let backwards = ReadAllOptions::default().backwards().position(StreamPosition::End).max_count(1);
    let mut last = client.read_all(&backwards).await.unwrap();
    let last = last.next().await.unwrap().unwrap();
    assert_eq!(last.get_original_event().revision, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vendors_client_appends_and_is_refused_as_on_a_real_server() {
    let (double, store) = cluster(1).await;
    let client = client(&double.url());
    let event =
        |text: &str| EventData::binary("test.Said", text.as_bytes().to_vec().into()).id(Uuid::new_v4());
    let new = AppendToStreamOptions::default().stream_state(StreamState::NoStream);
    let written = client.append_to_stream("bag-1", &new, event("a")).await.unwrap();
    assert_eq!(written.next_expected_version, 0);
    let late = client.append_to_stream("bag-1", &new, event("b")).await.unwrap_err();
    assert!(matches!(late, eventstore::Error::WrongExpectedVersion { .. }), "{late:?}");
    assert_eq!(said(&store, "bag-1").await, ["a"]);
    let foreign = &everything(&store, 10).await[0];
    assert_eq!((foreign.schema_version(), foreign.event_type()), (0, "test.Said"));
    assert!(foreign.type_up_to(1).is_err(), "what others wrote is parked");
    let ours = store.append(append("bag-1", Expected::Exact(Revision(0)), &["b"])).await.unwrap();
    assert_eq!(ours.last_revision, Some(Revision(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vendors_client_subscribes() {
    let (double, store) = cluster(1).await;
    say(&store, "bag-1", &["history"]).await;
    let client = client(&double.url());
    let from_start = SubscribeToAllOptions::default().position(StreamPosition::Start);
    let mut subscription = client.subscribe_to_all(&from_start).await;
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let event = timeout(Duration::from_secs(20), subscription.next()).await.expect("it comes").unwrap();
        let event = event.get_original_event();
        if event.stream_id() != "bag-1" {
            continue;
        }
        seen.push(String::from_utf8(event.data.to_vec()).unwrap());
        if seen.len() == 1 {
            say(&store, "bag-1", &["live", "more"]).await;
        }
    }
    assert_eq!(seen, ["history", "live", "more"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vendors_batch_appends_are_in_our_log() {
    let (double, store) = cluster(1).await;
    let client = client(&double.url());
    let batch = client.batch_append(&Default::default()).await.unwrap();
    let events: Vec<_> = ["a", "b", "c"]
        .map(|text| EventData::binary("test.Said", text.as_bytes().to_vec().into()).id(Uuid::new_v4()))
        .into();
    batch.append_to_stream("bag-1", StreamState::NoStream, events).await.unwrap();
    let texts: Vec<_> = everything(&store, 10).await.iter().map(text).collect();
    assert_eq!(texts, ["a", "b", "c"]);
}
