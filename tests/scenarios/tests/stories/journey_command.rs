//! `airside baggage journey` and `evidence`: a bag's journey in others' words, and
//! a file that proves it to who has nothing but the public key.

use airside_api::baggage::v1::TrackingPoint;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    harness::{
        calls::{announce, bag_of, record},
        eventually,
        luggage::Luggage,
        operator::{answer, operate, refuses},
        process::{Yard, airside, run},
    },
    proof,
};

const PLATE: &str = "3479004801";
const CANARIES: [&str; 3] = ["QUOKKAVILLE", "ZEPHYRINA", "QX7ZK9"];

/// A yard whose stopped server knows a bag that was checked in, sorted and loaded.
async fn with_a_bag() -> Yard {
    let yard = Yard::new();
    let server = yard.serve_with(&[("AIRSIDE_EVIDENCE__EVERY", "100ms")]).await;
    let partner = server.callers().await.partner();
    let [surname, given_name, record_locator] = CANARIES;
    let bag = Luggage { surname, given_name, record_locator, ..Luggage::new(PLATE) };
    announce(&partner, &bag).await;
    for (id, point) in [
        ("s1", TrackingPoint::CheckIn),
        ("s2", TrackingPoint::BhsInduction),
        ("s3", TrackingPoint::AircraftLoad),
    ] {
        record(&partner, bag.scan(id, point)).await;
    }
    eventually("all is known", async || {
        bag_of(&partner, PLATE).await.ok().filter(|bag| bag.timeline.len() == 4)
    })
    .await;
    // The same at the door of a running server as on the folder of a stopped one.
    let running = journey(&yard, "mh-t-1076").await;
    server.terminate();
    assert!(server.ended().await.success());
    assert_eq!(journey(&yard, "mh-t-1076").await, running);
    yard
}

async fn journey(yard: &Yard, format: &str) -> Value {
    let output = operate(&yard.data(), &["baggage", "journey", PLATE, "--format", format]).await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for canary in CANARIES {
        assert!(!said.contains(canary), "{canary} is in {said}");
    }
    serde_json::from_str(&said).unwrap()
}

fn words(document: &Value, list: &str, key: &str) -> Vec<String> {
    let lines = document[list].as_array().unwrap_or_else(|| panic!("{document}"));
    lines.iter().map(|line| line[key].as_str().map_or_else(|| line[key].to_string(), str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journey_is_told_in_the_words_of_other_systems() {
    let yard = with_a_bag().await;
    let nodes = journey(&yard, "mh-t-1076").await;
    assert_eq!(words(&nodes, "nodes", "node"), ["值机", "装机"]);
    assert_eq!(words(&nodes, "left_out", "what"), ["ANNOUNCED", "BHS_INDUCTION"]);
    let codes = journey(&yard, "bagjourney").await;
    assert_eq!(codes["bag"]["bagtag"], PLATE);
    assert_eq!(words(&codes, "events", "event_code"), ["CHECKED_IN", "CHECKED_IN", "LOADED_ON_AIRCRAFT"]);
    let points = journey(&yard, "resolution-753").await;
    assert_eq!(words(&points, "points", "point"), ["1", "2"]);
    assert_eq!(points["not_shown"], serde_json::json!([4]));
    let whole = journey(&yard, "json").await;
    assert_eq!(whole["status"]["stage"], "ON_AIRCRAFT");
    assert_eq!(whole["observations"].as_array().unwrap().len(), 4);

    refuses(&yard.data(), &["baggage", "journey", "3479004899"], &["no bag wore plate 3479004899"]).await;
    refuses(&yard.data(), &["baggage", "journey", "34790048"], &["plate \"34790048\""]).await;
    refuses(&yard.data(), &["baggage", "evidence", "3479004899"], &["no bag wore plate 3479004899"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_evidence_of_a_bag_holds_and_no_byte_of_it_can_be_changed() {
    let yard = with_a_bag().await;
    let out = yard.beside("evidence.json").display().to_string();
    let output = operate(&yard.data(), &["baggage", "evidence", PLATE, "--out", &out]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("0 not signed yet"));
    let text = std::fs::read_to_string(out).unwrap();
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} is in {text}");
    }
    let stats = answer(&yard.data(), &["log", "stats"]).await;
    let key = stats["evidence"]["keys"][0].as_str().unwrap();

    let shown = proof::check(&text, key).unwrap();
    assert_eq!(shown.stream.as_deref(), Some("bag-3479004801"));
    assert!(shown.checkpoint.origin.starts_with("airside.log/") && !shown.checkpoint.rest.is_empty());
    let file: Value = serde_json::from_str(&text).unwrap();
    let events = file["events"].as_array().unwrap();
    assert_eq!((shown.events.len(), file["evidence"]["plate"].as_str()), (events.len(), Some(PLATE)));
    assert!(shown.checkpoint.size >= events.len() as u64);
    let scan = events.iter().find(|event| event["type"] == "baggage.BagScanned").unwrap();
    assert_eq!(scan["view"]["observation"]["id"], "s/bhs.t3/s1");
    assert_eq!(events[0]["view"]["passengerName"]["sealed"], "travel");

    for at in 0..events.len() {
        let mut forged = file.clone();
        let payload = forged["events"][at]["payload"].as_str().unwrap();
        let mut bytes = STANDARD.decode(payload).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        forged["events"][at]["payload"] = STANDARD.encode(bytes).into();
        let refused = proof::check(&forged.to_string(), key).err().unwrap();
        assert!(refused.starts_with(&format!("event {at} of the proof: ")), "{refused}");
    }
    let mut shorter = file.clone();
    shorter["events"].as_array_mut().unwrap().remove(1);
    assert!(proof::check(&shorter.to_string(), key).is_err(), "an event was left out");
}

#[tokio::test]
async fn the_commands_of_a_bag_teach_by_an_example() {
    for command in ["journey", "evidence"] {
        let output = run(airside(["baggage", command, "--help"]), "").await;
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && help.contains("--data"), "{command}: {help}");
        assert!(help.contains(&format!("Example: airside baggage {command}")), "{command}: {help}");
    }
}
