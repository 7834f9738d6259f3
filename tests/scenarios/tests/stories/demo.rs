//! `airside demo`.

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::process::{airside, run};

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
    let output = run(command, "").await;
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
