//! The program in roles, as the page in `deploy/roles` starts it, and its log copied home afterwards.

use std::{fs, path::Path, process::Command, sync::Arc};

use airside_api::{
    baggage::v1::{ScanResult, TrackingPoint},
    notifications::v1::NoticeKind,
};
use airside_contract::double::Double;
use airside_kernel::SystemClock;
use serde_json::Value;
use uuid::Uuid;

use crate::harness::{
    Callers,
    calls::{announce, bag_of, follow, followed, record},
    luggage::Luggage,
    process::{Server, Yard, airside, refusal, refused, run, tokens},
    session::Session,
};

/// Makes the certificates as the page says.
fn certificates(yard: &Yard, nodes: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/roles/certificates.sh");
    let made = Command::new(script).args(nodes).current_dir(yard.folder()).output().unwrap();
    assert!(made.status.success(), "openssl is needed: {}", String::from_utf8_lossy(&made.stderr));
}

/// Starts a node beside `yard`, whose certificates it shows.
async fn node(yard: &Yard, own: &Yard, name: &str, url: &str, settings: &[(&str, &str)]) -> Server {
    let file = |file: String| yard.beside("certificates").join(file);
    let mut command = own.server();
    command.args(["--store", url]).envs(settings.iter().copied());
    command.env("AIRSIDE_VAULT__CA", file("ca.pem".to_owned()));
    command.env("AIRSIDE_VAULT__CERTIFICATE", file(format!("{name}.pem")));
    command.env("AIRSIDE_VAULT__KEY", file(format!("{name}.key")));
    own.start(command).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_airport_runs_in_roles_and_takes_its_log_home() {
    let double = Double::start(1, Arc::new(SystemClock)).unwrap();
    let (safe, front, home) = (Yard::new(), Yard::new(), Yard::new());
    certificates(&safe, &["vault", "front=gateway,projector"]);
    let roles = [("AIRSIDE_ROLES", "[\"vault\"]"), ("AIRSIDE_VAULT__LISTEN", "127.0.0.1:0")];
    let vault = node(&safe, &safe, "vault", &double.url(), &roles).await;
    assert!(vault.ready.get("public").is_none(), "a vault has no public port: {}", vault.ready);
    let address = vault.ready["vault"].as_str().unwrap().to_owned();
    let roles = [("AIRSIDE_ROLES", "[\"gateway\", \"projector\"]"), ("AIRSIDE_VAULT__ADDRESS", &address)];
    let server = node(&safe, &front, "front", &double.url(), &roles).await;

    let (person, bag) = (Uuid::new_v4(), Luggage::new("3479000441"));
    let callers = Callers::connect(server.public(), tokens(&safe.data())).await;
    let (partner, passenger) = (callers.partner(), callers.passenger(person));
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let mut session = Session::open(&passenger).await;
    assert_eq!(record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await, ScanResult::Recorded);
    session.expect(NoticeKind::BagAccepted).await;
    // Another projector joins and dies without a word: the one that is left goes on.
    let roles = [("AIRSIDE_ROLES", "[\"projector\"]"), ("AIRSIDE_VAULT__ADDRESS", &address)];
    let other = Yard::new();
    let doomed = node(&safe, &other, "front", &double.url(), &roles).await;
    let second = Luggage::new("3479000442");
    announce(&partner, &second).await;
    doomed.kill();
    follow(&passenger, &second).await;
    assert_eq!(record(&partner, second.scan("s3", TrackingPoint::CheckIn)).await, ScanResult::Recorded);
    session.expect(NoticeKind::BagAccepted).await;
    let data = front.data().display().to_string();
    let said = refused(["token", "--role", "staff", "--data", &data]).await;
    assert!(said.contains("no server would take") && said.contains("role `vault`"), "{said}");
    assert!(!front.data().join("keys").exists(), "no key was made");
    let mut split = airside(["token", "--role", "staff", "--data"]);
    split.arg(front.beside("fresh")).env("AIRSIDE_ROLES", "[\"gateway\"]");
    assert!(refusal(split).await.contains("role `vault`"));
    for server in [server, vault] {
        server.terminate();
        assert!(server.ended().await.success());
    }
    assert!(!front.logs().contains(bag.surname), "nothing personal is in the logs");

    let to = format!("embedded:{}", home.data().display());
    let copy = run(airside(["log", "copy", "--json", "--from", &double.url(), "--to", &to]), "").await;
    assert!(copy.status.success(), "{}", String::from_utf8_lossy(&copy.stderr));
    let report: Value = serde_json::from_slice(&copy.stdout).unwrap();
    assert_eq!(report["written"], report["events"]);
    assert_eq!(report["reactors"].as_array().unwrap().len(), 5, "{report}");
    for folder in ["vault", "keys"] {
        fs::rename(safe.data().join(folder), home.data().join(folder)).unwrap();
    }
    let server = home.serve().await;
    let callers = server.callers().await;
    let (partner, passenger) = (callers.partner(), callers.passenger(person));
    assert_eq!(bag_of(&passenger, &bag.plate).await.unwrap().passenger, "ZHANG/SAN");
    let resumed = Session::resume(&passenger, session.token()).await;
    assert!(!resumed.hello.recovered, "the copy is a life of its own");
    assert_eq!(followed(&passenger).await.bags.len(), 2);
    assert_eq!(record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await, ScanResult::Duplicate);
    assert_eq!(record(&partner, bag.scan("s2", TrackingPoint::AircraftLoad)).await, ScanResult::Recorded);
}
