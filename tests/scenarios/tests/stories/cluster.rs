//! The product on a cluster: all that it does on a log of its own, and on after the leader is lost.

use std::{fs, sync::Arc};

use airside_api::{
    baggage::v1::{ScanResult, TrackingPoint},
    notifications::v1::NoticeKind,
};
use airside_contract::{
    double::{Double, Tls},
    papers::Authority,
};
use airside_kernel::{Clock, EventStore, SystemClock};
use airside_server::Config;
use airside_store::kurrent::KurrentStore;
use jiff::SignedDuration;
use tempfile::TempDir;
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, follow, record},
    luggage::Luggage,
    process::{Yard, airside, refusal, run},
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

/// Starts a server on a cluster that it is refused, and holds what it says.
async fn is_refused(url: String, says: &[&str]) {
    let yard = Yard::new();
    let mut command = yard.server();
    command.args(["--store", &url]);
    let said = refusal(command).await;
    for word in says {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
    assert!(!said.contains("s3cret") && !said.contains("panicked"), "{said}");
    assert!(!yard.data().exists(), "nothing was made: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_cannot_be_trusted_is_refused_at_the_start_by_the_key_of_its_address() {
    let folder = TempDir::new().unwrap();
    let papers = |authority: &str, expired: bool| {
        let place = folder.path().join(format!("{authority} {expired}"));
        fs::create_dir_all(&place).unwrap();
        let (authority, names) = (Authority::new(authority).unwrap(), ["127.0.0.1".to_owned()]);
        if expired { authority.expired(&place, &names) } else { authority.papers(&place, &names) }.unwrap()
    };
    let start =
        |papers| Double::start_with_tls(3, Arc::new(SystemClock), Tls { papers, callers: None }).unwrap();
    let (own, other) = (papers("own", false), papers("other", false).ca);
    let (sound, old) = (start(own.clone()), start(papers("own", true)));
    let strange = sound.url().replace(&own.ca.display().to_string(), &other.display().to_string());
    tokio::join!(
        is_refused(strange, &["not signed by the authority in tlsCaFile", "name the file"]),
        is_refused(old.url(), &["certificate of the node is expired", "renew it"]),
        is_refused(format!("kurrentdb://{}?tls=false", sound.address(0)), &["speaks TLS", "write tls=true"]),
    );
    let store = KurrentStore::connect(&sound.url()).await.unwrap();
    assert_eq!(store.head().await.unwrap(), None, "the cluster is as it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_does_not_fit_is_refused_at_the_start_with_what_to_do() {
    let clusters: Vec<_> = (0..5).map(|_| cluster(3)).collect();
    let [headless, lonely, old, late, guarded] = &clusters[..] else { unreachable!("five were made") };
    headless.depose();
    lonely.has_majority(false);
    old.pretend("22.10.5.0");
    late.pretend_time(SystemClock.now() + SignedDuration::from_mins(5));
    guarded.admit_only("ops", "s3cret");
    let soon = |double: &Double| format!("{}&defaultDeadline=1500", double.url());
    tokio::join!(
        is_refused(soon(headless), &["no leader", "more than half"]),
        is_refused(soon(lonely), &["no majority", "see that they run"]),
        is_refused(old.url(), &["22.10.5.0", "at least 23.10", "upgrade"]),
        is_refused(late.url(), &["clock of this node", "behind", "NTP"]),
        is_refused(guarded.url().replace("ops:s3cret", "ops:wr0ng"), &["password", "store address"]),
    );
    lonely.has_majority(true);
    for double in [lonely, late, guarded] {
        double.pretend_time(SystemClock.now());
        let store = KurrentStore::connect(&double.url()).await.unwrap();
        assert_eq!(store.head().await.unwrap(), None, "the cluster is as it was");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_another_airport_is_refused_to_a_folder_and_neither_is_changed() {
    let (own, other) = (cluster(1), cluster(1));
    let (yard, elsewhere) = (Yard::new(), Yard::new());
    for (yard, double) in [(&yard, &own), (&elsewhere, &other)] {
        let server = yard.serve_with(&[("AIRSIDE_STORE", &double.url())]).await;
        server.terminate();
        assert!(server.ended().await.success());
    }
    let log = KurrentStore::connect(&other.url()).await.unwrap();
    let head = log.head().await.unwrap();
    let mut command = yard.server();
    command.env("AIRSIDE_STORE", other.url());
    let said = refusal(command).await;
    assert!(said.contains("belongs to log") && said.contains("start with the vault of this log"), "{said}");
    assert!(said.contains(&log.log_id().to_string()), "{said}");
    assert_eq!(log.head().await.unwrap(), head);
    yard.serve_with(&[("AIRSIDE_STORE", &own.url())]).await;
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
