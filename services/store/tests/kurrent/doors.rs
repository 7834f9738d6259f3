//! Who is let in, and what is said to whom is not: each names the part that is
//! wrong and what to do.

use std::{sync::Arc, time::Duration};

use airside_contract::double::Double;
use airside_kernel::{Clock, EventStore, SystemClock};
use airside_store::kurrent::KurrentStore;
use eventstore::EventData;
use jiff::SignedDuration;
use tokio::time::timeout;

/// How long a refusal may take: less than the deadline of a call that is repeated.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

fn double(nodes: usize) -> Double {
    Double::start(nodes, Arc::new(SystemClock)).unwrap()
}

pub(crate) async fn refused(url: &str, says: &[&str]) {
    let connecting = timeout(PATIENCE, KurrentStore::connect(url));
    let error = connecting.await.expect("it is refused in time").unwrap_err().to_string();
    for word in says {
        assert!(error.contains(word), "{url}: {error}");
    }
    assert!(!error.contains("s3cret"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_come_first_at_once_agree_on_the_log() {
    let double = double(3);
    let url = double.url();
    let (one, other) = tokio::join!(KurrentStore::connect(&url), KurrentStore::connect(&url));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.log_id(), other.log_id());
    assert_eq!(KurrentStore::connect(&url).await.unwrap().log_id(), one.log_id());
    assert_eq!(one.head().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_too_old_is_refused() {
    let double = double(1);
    double.pretend("22.10.5.0");
    refused(&double.url(), &["22.10.5", "at least 23.10"]).await;
    double.pretend("26.0.1");
    KurrentStore::connect(&double.url()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_clock_differs_is_refused_with_by_how_much_and_changes_nothing() {
    let double = double(1);
    let hour = SignedDuration::from_hours(1);
    double.pretend_time(SystemClock.now() + hour);
    refused(&double.url(), &["clock of this node", "s behind", "NTP"]).await;
    double.pretend_time(SystemClock.now() - hour);
    refused(&double.url(), &["clock of this node", "s ahead of", "NTP"]).await;
    double.pretend_time(SystemClock.now() - SignedDuration::from_secs(5));
    let store = KurrentStore::connect(&double.url()).await.unwrap();
    assert_eq!(store.head().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_are_refused_by_name() {
    let double = double(1);
    double.admit_only("ops", "s3cret");
    KurrentStore::connect(&double.url()).await.unwrap();
    let place = double.address(0);
    refused(&format!("kurrentdb://{place}?tls=false"), &["may not", "store address"]).await;
    refused(&format!("kurrentdb://ops:wrong@{place}?tls=false"), &["password"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_nobody_leads_is_told_apart_from_one_that_is_not_there() {
    let double = double(3);
    double.depose();
    refused(&format!("{}&defaultDeadline=400", double.url()), &["no leader", "3 of its 3", "more than half"])
        .await;
    for node in 0..3 {
        double.kill(node);
    }
    refused(&format!("{}&defaultDeadline=400", double.url()), &["cannot be reached"]).await;
    refused("kurrentdb://127.0.0.1:1?tls=false&defaultDeadline=300", &["127.0.0.1:1", "cannot be reached"])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_without_a_majority_is_told_with_what_to_look_at() {
    let double = double(3);
    double.has_majority(false);
    refused(&format!("{}&defaultDeadline=1500", double.url()), &["no majority", "see that they run"]).await;
    double.has_majority(true);
    let store = KurrentStore::connect(&double.url()).await.unwrap();
    assert_eq!(store.head().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_another_program_fills_is_refused_and_not_changed() {
    let double = double(1);
    let vendor = super::vendor::client(&double.url());
    let written = EventData::json("airport", &serde_json::json!({ "name": "elsewhere" })).unwrap();
    vendor.append_to_stream("airside", &Default::default(), written).await.unwrap();
    refused(&double.url(), &["another log", "elsewhere", "a cluster of its own to each airport"]).await;
    let mut there = vendor.read_stream("airside", &Default::default()).await.unwrap();
    assert!(there.next().await.unwrap().is_some() && there.next().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_holds_no_certificate_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.pem");
    std::fs::write(&wrong, "not a certificate").unwrap();
    let wrong = wrong.display();
    refused(&format!("kurrentdb://h?tlsCaFile={wrong}"), &["tlsCaFile", "wrong.pem", "no certificate"]).await;
    refused("kurrentdb://h?tlsCaFile=/not/there.pem", &["tlsCaFile", "/not/there.pem", "cannot be read"])
        .await;
    refused(&format!("kurrentdb://h?userCertFile={wrong}&userKeyFile={wrong}"), &["userCertFile"]).await;
}
