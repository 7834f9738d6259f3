//! `airside demo`.

use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{
    eventually,
    http::{get, post},
    process::{Follower, airside, run_long},
};

const PINNED: [&str; 10] = [
    "scans_accepted",
    "messages_parsed",
    "messages_quarantined",
    "bags",
    "notifications",
    "pushes_delivered",
    "pushes_lost",
    "routes_found",
    "events",
    "seconds",
];

#[tokio::test]
async fn the_demo_ends_with_the_pinned_object() {
    let elsewhere = TempDir::new().unwrap();
    let mut command = airside(["demo", "--for", "6s", "--json"]);
    command.current_dir(elsewhere.path());
    let output = run_long(command).await;
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{told}");
    let summary: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let summary = summary.as_object().unwrap();
    assert_eq!(summary.len(), PINNED.len(), "{summary:?}");
    let number = |key: &str| summary.get(key).and_then(Value::as_f64).unwrap_or_else(|| panic!("{key}"));
    for key in PINNED {
        assert!(number(key) >= 0.0);
    }
    assert!(number("pushes_lost").abs() < f64::EPSILON, "{summary:?}\n{told}");
    for key in ["scans_accepted", "messages_parsed", "pushes_delivered", "routes_found", "bags", "events"] {
        assert!(number(key) >= 1.0, "{key}: {summary:?}\n{told}");
    }
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0, "it left something behind");
}

#[tokio::test]
async fn the_demo_shows_the_page_of_a_guest_who_travels_along() {
    let elsewhere = TempDir::new().unwrap();
    let mut command = airside(["demo", "--wave", "5s"]);
    command.current_dir(elsewhere.path()).env("TMPDIR", elsewhere.path()).stderr(Stdio::null());
    let mut demo = Follower::start(command);
    let address = loop {
        let line = demo.next_line().await;
        assert!(!line.is_empty(), "the demo ended and showed no page");
        if line.contains("/#token=") {
            break line;
        }
    };
    let (server, token) = address.trim().strip_prefix("http://").unwrap().split_once("/#token=").unwrap();
    let server = server.parse().unwrap();
    assert_eq!(get(server, "/web/main.js").await.status, 200);
    let list = "airside.trips.v1.TripService/ListFollowed";
    let trip = eventually("the guest follows a flight and a bag", async || {
        let trip = post(server, list, token, "{}").await.json();
        (trip["flights"][0].is_object() && trip["bags"][0].is_object()).then_some(trip)
    })
    .await;
    let flight = &trip["flights"][0]["flight"];
    eventually("the next wave is the guest's next trip", async || {
        let next = post(server, list, token, "{}").await.json();
        (next["flights"][0].is_object() && next["flights"][0]["flight"] != *flight).then_some(())
    })
    .await;
}
