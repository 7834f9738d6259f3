//! The product on a cluster: all that it does on a log of its own, and on after the leader is lost.

use std::sync::Arc;

use airside_api::{
    baggage::v1::{ScanResult, TrackingPoint},
    notifications::v1::NoticeKind,
};
use airside_contract::double::Double;
use airside_kernel::SystemClock;
use airside_server::Config;
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, follow, record},
    luggage::Luggage,
    process::{airside, run},
    session::Session,
};

fn cluster(nodes: usize) -> Double {
    Double::start(nodes, Arc::new(SystemClock)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passenger_is_told_although_the_leader_is_lost_in_between() {
    let double = cluster(3);
    let house = House::with(Config { store: double.url(), ..Config::default() }).await;
    let person = Uuid::new_v4();
    let bag = Luggage::new("3479000301");
    let (partner, passenger) = (house.callers.partner(), house.callers.passenger(person));
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let mut session = Session::open(&passenger).await;
    assert_eq!(record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await, ScanResult::Recorded);
    session.expect(NoticeKind::BagAccepted).await;

    double.kill(0);
    double.elect(1);
    assert_eq!(record(&partner, bag.scan("s2", TrackingPoint::AircraftLoad)).await, ScanResult::Recorded);
    session.expect(NoticeKind::BagLoaded).await;

    let token = session.token();
    let house = house.reopen().await;
    let session = Session::resume(&house.callers.passenger(person), token).await;
    assert!(session.hello.recovered, "the log is the same, so is its epoch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_address_that_is_wrong_is_told_by_its_part_and_its_password_by_nobody() {
    for (url, says) in [
        ("kurrentdb://ops:s3cret@h?tlsCertFile=x", "tlsCertFile"),
        ("postgres://ops:s3cret@h", "kurrentdb://host:2113"),
        ("kurrentdb://ops:s3cret@127.0.0.1:1?tls=false&defaultDeadline=300", "cannot be reached"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data").display().to_string();
        let output =
            run(airside(["serve", "--data", &data, "--listen", "127.0.0.1:0", "--store", url]), "").await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && errors.contains(says), "{url}: {errors}");
        assert!(!errors.contains("s3cret"), "{errors}");
    }
}
