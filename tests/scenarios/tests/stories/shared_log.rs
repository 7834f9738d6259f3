//! A node on a log that it shares with others.

use std::{net::SocketAddr, sync::Arc};

use airside_api::{
    baggage::v1::{ScanResult, TrackingPoint},
    notifications::v1::NoticeKind,
};
use airside_kernel::{
    Append, Clock, Direction, EventId, EventStore, Expected, Metadata, NewEvent, Revision, StreamId,
    SystemClock,
};
use airside_runtime::telemetry::{Metrics, Registry};
use airside_server::{Config, Node};
use airside_store::MemoryStore;
use tempfile::TempDir;
use tonic::Code;
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, follow, record, scans},
    eventually,
    http::get,
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
async fn a_node_that_is_older_than_what_the_log_holds_says_so_and_writes_on_nothing_that_it_cannot_read() {
    let log = log();
    let house = House::sharing(log.clone()).await;
    let (newer, known) = (Luggage::new("3479000205"), Luggage::new("3479000206"));
    let stream = StreamId::new("bag", &newer.plate).unwrap();
    let event = NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: "baggage.BagScanned".into(),
        schema_version: 99,
        occurred_at: SystemClock.now(),
        metadata: Metadata::default().encode(),
        payload: vec![8, 1].into(),
    };
    let events = vec![event];
    let append =
        Append { stream: stream.clone(), expected: Expected::NoStream, fold_from: Revision::FIRST, events };
    log.append(append).await.unwrap();
    eventually("readiness says that a newer program wrote", async || {
        let ready = get(house.node.admin, "/readyz").await;
        let told = ready.body.contains("1 events parked") && ready.body.contains("start it here too");
        (ready.status == 200 && told).then_some(())
    })
    .await;
    let partner = house.callers.partner();
    let request = scans([newer.scan("s1", TrackingPoint::CheckIn)]);
    let refused = partner.baggage.clone().record_scans(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::DataLoss, "{refused}");
    let kept = log.read_stream(&stream, Direction::Forwards, None, 10).await.unwrap();
    assert_eq!(kept.events.len(), 1, "nothing is written on what cannot be read");
    assert_eq!(record(&partner, known.scan("s2", TrackingPoint::CheckIn)).await, ScanResult::Recorded);
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
