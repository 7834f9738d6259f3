//! Who is let in, and what is said to whom is not: each names the part that is
//! wrong and what to do.

use std::sync::Arc;

use airside_contract::double::Double;
use airside_kernel::{EventStore, SystemClock};
use airside_store::kurrent::KurrentStore;

fn double(nodes: usize) -> Double {
    Double::start(nodes, Arc::new(SystemClock)).unwrap()
}

async fn refused(url: &str, says: &[&str]) {
    let error = KurrentStore::connect(url).await.unwrap_err().to_string();
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
    refused(&format!("{}&defaultDeadline=400", double.url()), &["no leader", "3 of its 3"]).await;
    for node in 0..3 {
        double.kill(node);
    }
    refused(&format!("{}&defaultDeadline=400", double.url()), &["cannot be reached"]).await;
    refused("kurrentdb://127.0.0.1:1?tls=false&defaultDeadline=300", &["127.0.0.1:1", "cannot be reached"])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.pem");
    std::fs::write(&wrong, "not a certificate").unwrap();
    let wrong = wrong.display();
    refused(&format!("kurrentdb://h?tlsCaFile={wrong}"), &["tlsCaFile", "wrong.pem", "no certificate"]).await;
    refused("kurrentdb://h?tlsCaFile=/not/there.pem", &["tlsCaFile", "/not/there.pem", "cannot be read"])
        .await;
    refused(&format!("kurrentdb://h?userCertFile={wrong}&userKeyFile={wrong}"), &["userCertFile"]).await;
    // A node that speaks no TLS.
    let double = double(1);
    let place = double.address(0);
    refused(&format!("kurrentdb://{place}?defaultDeadline=400"), &["cannot be reached"]).await;
    refused(&format!("kurrentdb://{place}?tlsVerifyCert=false&defaultDeadline=400"), &["cannot be reached"])
        .await;
}
