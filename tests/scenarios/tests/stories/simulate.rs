//! `airside simulate`: a small day, held against what is true.

use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::process::{airside, run, run_long};

const PINNED: [&str; 10] = [
    "bags",
    "duplicates",
    "notices",
    "notices_late",
    "notices_missing",
    "notices_wrong",
    "receipt_to_projection_p99_ms",
    "receipt_to_push_p99_ms",
    "status_right",
    "wrong_person",
];

/// Runs a command to its end and returns what it said at last, and all that it told besides.
async fn ended(command: Command) -> (Value, String) {
    let output = run_long(command).await;
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{told}");
    assert_eq!(said.lines().count(), 1, "{said}");
    (serde_json::from_str(&said).unwrap(), told.into_owned())
}

#[tokio::test]
async fn what_the_server_says_of_a_day_is_what_is_true() {
    let elsewhere = TempDir::new().unwrap();
    let mut command =
        airside(["simulate", "--flights", "8", "--day", "7h", "--sessions", "60", "--seed", "20", "--json"]);
    command.current_dir(elsewhere.path());
    let (summary, told) = ended(command).await;
    let keys: Vec<&String> = summary.as_object().unwrap().keys().collect();
    assert_eq!(keys, PINNED);
    let number = |key: &str| summary[key].as_f64().unwrap();
    assert!(number("bags") > 100.0 && number("notices") > 100.0, "{summary}");
    for key in ["wrong_person", "duplicates", "notices_wrong", "notices_missing"] {
        assert!(number(key).abs() < f64::EPSILON, "{key}: {summary}\n{told}");
    }
    // A bag that no reader saw on its last step is wrong too.
    assert!(number("status_right") >= 0.99, "{summary}\n{told}");
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0, "it left something behind");
}

#[tokio::test]
async fn a_server_without_tokens_is_refused_with_the_remedy() {
    let output = run(airside(["simulate", "--server", "127.0.0.1:1"]), "").await;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("--data"), "{told}");
}
