//! `airside log show`: the same on a running server and on its folder alone.

use airside_api::baggage::v1::TrackingPoint;
use serde_json::Value;

use crate::harness::{
    calls::{announce, bag_of, record},
    eventually,
    luggage::Luggage,
    process::{Follower, Yard, airside, refusal, run},
};

const CANARIES: [&str; 3] = ["QUOKKAVILLE", "ZEPHYRINA", "QX7ZK9"];

fn bag() -> Luggage {
    let [surname, given_name, record_locator] = CANARIES;
    Luggage { surname, given_name, record_locator, ..Luggage::new("3479002101") }
}

async fn show(yard: &Yard, arguments: &[&str]) -> Vec<Value> {
    let data = yard.data().display().to_string();
    let output = run(airside([&["log", "show", "--data", &data], arguments].concat()), "").await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for canary in CANARIES {
        assert!(!said.contains(canary), "{canary} is in {said}");
    }
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn positions(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["position"].as_u64().unwrap()).collect()
}

/// What is the same at the door of a running server and on a stopped one's folder.
async fn everything_is_shown(yard: &Yard) {
    let all = show(yard, &["--from", "1", "--limit", "10000"]).await;
    let head = all.len() as u64;
    assert_eq!(positions(&all), (1..=head).collect::<Vec<_>>());
    assert_eq!(show(yard, &["--limit", "3"]).await, all[all.len() - 3..]);
    assert_eq!(show(yard, &["--position", "2"]).await, all[1..2]);
    assert_eq!(show(yard, &["--from", "2", "--limit", "2"]).await, all[1..3]);

    let mine = show(yard, &["--stream", "bag-3479002101"]).await;
    assert!(mine.len() > 3 && mine.iter().all(|event| event["stream"] == "bag-3479002101"), "{mine:?}");
    let revisions: Vec<_> = mine.iter().map(|event| event["revision"].as_u64().unwrap()).collect();
    assert_eq!(revisions, (0..mine.len() as u64).collect::<Vec<_>>());
    assert_eq!(show(yard, &["--stream", "bag-3479002101", "--limit", "2"]).await, mine[mine.len() - 2..]);

    let scans = show(yard, &["--type", "baggage.BagScanned", "--limit", "1"]).await;
    let [scan] = scans.as_slice() else { panic!("{scans:?}") };
    assert_eq!(scan["payload"]["observation"]["id"], "s/bhs.t3/s2");
    let announced = show(yard, &["--type", "baggage.BagAnnounced"]).await;
    let name = &announced[0]["payload"]["passengerName"];
    assert_eq!(name["sealed"], "travel", "{announced:?}");
    assert!(name["subject"].as_str().unwrap().len() > 8 && name.get("ciphertext").is_none());
    assert!(show(yard, &["--stream", "bag-0000000000"]).await.is_empty());
    assert!(show(yard, &["--type", "baggage.Nothing"]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_shown_with_personal_data_masked() {
    let yard = Yard::new();
    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    let bag = bag();
    announce(&partner, &bag).await;
    record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await;
    record(&partner, bag.scan("s2", TrackingPoint::AircraftLoad)).await;
    eventually("all is quiet", async || {
        bag_of(&partner, &bag.plate).await.ok().filter(|bag| bag.timeline.len() == 3)
    })
    .await;
    everything_is_shown(&yard).await;
    let data = yard.data().display().to_string();
    let said = refusal(airside(["log", "show", "--data", &data, "--position", "99999"])).await;
    assert!(said.contains("position 99999"), "{said}");
    server.terminate();
    assert!(server.ended().await.success());
    assert!(!yard.data().join("control.sock").exists());
    everything_is_shown(&yard).await;
    let said = refusal(airside(["log", "show", "--data", &data, "--follow"])).await;
    assert!(said.contains("no server runs"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_sees_what_is_appended() {
    let yard = Yard::new();
    // A crashed server leaves its socket behind.
    yard.serve().await.kill();
    assert!(yard.data().join("control.sock").exists());
    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    let data = yard.data().display().to_string();
    let arguments = ["log", "show", "--data", &data, "--stream", "bag-3479002102", "--follow"];
    let mut follower = Follower::start(airside(arguments));
    record(&partner, Luggage::new("3479002102").scan("s1", TrackingPoint::CheckIn)).await;
    let first = follower.next().await;
    assert_eq!((&first["stream"], &first["revision"]), (&"bag-3479002102".into(), &0.into()));
}

#[tokio::test]
async fn a_folder_without_a_log_is_named_and_left_alone() {
    let yard = Yard::new();
    let data = yard.data().display().to_string();
    let said = refusal(airside(["log", "show", "--data", &data])).await;
    assert!(said.contains("no log is in") && said.contains("--data"), "{said}");
    assert!(!yard.data().exists());
}

#[tokio::test]
async fn every_command_of_the_operator_teaches_by_an_example() {
    for (group, commands) in [
        ("log", &["show", "stats", "verify", "prove", "backup", "restore", "rebuild-index"][..]),
        ("projections", &["list", "rebuild"]),
    ] {
        for command in commands {
            let output = run(airside([group, command, "--help"]), "").await;
            let help = String::from_utf8(output.stdout).unwrap();
            let example = format!("Example: airside {group} {command}");
            assert!(output.status.success() && help.contains(&example), "{group} {command}: {help}");
            assert!(help.contains("--json") && help.contains("--data"), "{group} {command}: {help}");
            let words = help.split("Usage:").next().unwrap().split_whitespace().count();
            assert!(words > 10 || *command == "list", "{group} {command} says too little: {help}");
        }
    }
}
