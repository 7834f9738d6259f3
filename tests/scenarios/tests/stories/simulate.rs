//! `airside simulate`: a small day, held against what is true.

use std::{fs, time::Duration};

use airside_simulator::{DayOptions, Facts, Progress, simulate};
use jiff::SignedDuration;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{sync::watch, time::timeout};

use crate::harness::{
    House,
    process::{airside, run},
};

/// How long a small day may take on a slow machine.
const A_DAY: Duration = Duration::from_secs(150);

/// A day of some hundred bags, of which a seed makes the same each time.
fn small_day(seed: u64) -> DayOptions {
    DayOptions {
        seed,
        length: SignedDuration::from_hours(7),
        flights: 12,
        passengers_per_flight: 14,
        sessions: 80,
        ..DayOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_says_of_a_day_is_what_is_true() {
    let house = House::open().await;
    let (progress, _seen) = watch::channel(Progress::default());
    let (_stop, stopped) = watch::channel(false);
    let facts = || async {
        let head = airside_kernel::EventStore::head(&*house.node.store).await.unwrap();
        let is_read = house.node.messages_read.borrow().position >= head;
        Facts { messages_waiting: Some(u64::from(!is_read)), ..Facts::default() }
    };
    let options = small_day(20);
    let day = simulate(&house.callers.endpoint, &options, &facts, progress, stopped);
    let report = timeout(A_DAY, day).await.expect("the day ends").unwrap();
    println!("{report}");
    let said = report.summary;
    assert!(report.is_sound(), "{report}");
    assert_eq!((said.wrong_person, said.duplicates), (0, 0), "{report}");
    assert!((said.status_right - 1.0).abs() < f64::EPSILON, "{report}");
    assert_eq!((said.notices_wrong, said.notices_missing), (0, 0), "{report}");
    assert!(said.bags > 100 && said.notices > 100, "{report}");
}

#[tokio::test]
async fn the_command_ends_with_the_pinned_object_and_keeps_nothing() {
    let elsewhere = TempDir::new().unwrap();
    let mut command =
        airside(["simulate", "--flights", "3", "--day", "4h", "--sessions", "10", "--json", "--seed", "4"]);
    command.current_dir(elsewhere.path());
    let output = run(command, "").await;
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{told}");
    let summary: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let keys: Vec<&str> = summary.as_object().unwrap().keys().map(String::as_str).collect();
    let mut pinned = [
        "bags",
        "status_right",
        "notices",
        "notices_wrong",
        "notices_missing",
        "notices_late",
        "wrong_person",
        "duplicates",
        "receipt_to_projection_p99_ms",
        "receipt_to_push_p99_ms",
    ];
    pinned.sort_unstable();
    let mut keys = keys;
    keys.sort_unstable();
    assert_eq!(keys, pinned);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "it left something behind");
}

#[tokio::test]
async fn a_server_without_tokens_is_refused_with_the_remedy() {
    let output = run(airside(["simulate", "--server", "127.0.0.1:1"]), "").await;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("--data"), "{told}");
}
