//! A node on a log that it shares with others.

use std::{net::SocketAddr, sync::Arc};

use airside_api::{
    baggage::v1::{ScanResult, TrackingPoint},
    notifications::v1::NoticeKind,
};
use airside_kernel::{EventStore, SystemClock};
use airside_runtime::telemetry::{Metrics, Registry};
use airside_server::{Config, Node};
use airside_store::MemoryStore;
use tempfile::TempDir;
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, follow, record},
    luggage::Luggage,
    operator::{answer, refuses},
    session::Session,
    within,
};

fn log() -> Arc<dyn EventStore> {
    Arc::new(MemoryStore::new(Arc::new(SystemClock)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_tells_passengers_from_a_shared_log_and_goes_on_after_a_restart() {
    let house = House::sharing(log()).await;
    let person = Uuid::new_v4();
    let bag = Luggage::new("3479000201");
    let (partner, passenger) = (house.callers.partner(), house.callers.passenger(person));
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let mut session = Session::open(&passenger).await;
    assert_eq!(record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await, ScanResult::Recorded);
    session.expect(NoticeKind::BagAccepted).await;
    let token = session.token();

    let house = house.reopen().await;
    let (partner, passenger) = (house.callers.partner(), house.callers.passenger(person));
    assert_eq!(record(&partner, bag.scan("s2", TrackingPoint::AircraftLoad)).await, ScanResult::Recorded);
    let mut session = Session::resume(&passenger, token).await;
    assert!(session.hello.recovered, "the log is the same, so is its epoch");
    session.expect(NoticeKind::BagLoaded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_another_vault_is_refused_and_changes_nothing() {
    let log = log();
    let first = House::sharing(log.clone()).await;
    let head = log.head().await.unwrap();
    let folder = TempDir::new().unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let config =
        Config { folder: folder.path().to_owned(), listen: any, admin: Some(any), ..Config::default() };
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let second = within("refusal", Node::start_shared(log.clone(), config, registry, metrics)).await;
    let error = second.err().expect("its vault is another one").to_string();
    assert!(error.contains("another vault") && error.contains("first node"), "{error}");
    assert_eq!(log.head().await.unwrap(), head);
    first.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_files_can_tell_is_refused_on_a_shared_log_and_the_rest_is_answered() {
    let house = House::sharing(log()).await;
    for order in [["log", "stats"], ["log", "verify"], ["log", "show"]] {
        refuses(house.folder(), &order, &["shared", "cluster"]).await;
    }
    let models = answer(house.folder(), &["projections", "list"]).await;
    assert!(!models.as_array().unwrap().is_empty(), "{models}");
}
