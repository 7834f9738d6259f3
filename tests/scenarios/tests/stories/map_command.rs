//! `airside map check|stats|route|reach`: what outsiders pinned.

use std::path::PathBuf;

use serde_json::Value;

use crate::harness::process::{airside, run};

fn testville() -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville").display().to_string()
}

async fn map(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = run(airside([&["map"], arguments, &["--json"]].concat()), "").await;
    let json = serde_json::from_slice(&output.stdout);
    (output.status.code(), json.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))))
}

#[tokio::test]
async fn testville_is_fit_to_be_used() {
    let (code, report) = map(&["check", &testville()]).await;
    assert_eq!((code, &report["valid"], &report["violations"]), (Some(0), &true.into(), &0.into()));
}

#[tokio::test]
async fn testville_has_three_levels_and_both_sides() {
    let (code, stats) = map(&["stats", &testville()]).await;
    assert_eq!((code, &stats["levels"]), (Some(0), &3.into()));
    for key in ["places_landside", "places_airside", "shafts", "nodes", "edges"] {
        assert!(stats[key].as_u64().unwrap() > 0, "{key}: {stats}");
    }
}

#[tokio::test]
async fn a_route_is_told_in_both_languages() {
    let folder = testville();
    let ask = ["route", &folder, "--from", "Metro", "--to", "A3", "--profile", "wheelchair", "--lang"];
    for (language, word) in [("en", "lift"), ("zh-CN", "电梯")] {
        let (code, route) = map(&[&ask[..], &[language]].concat()).await;
        assert_eq!((code, &route["found"], &route["reason"]), (Some(0), &true.into(), &Value::Null));
        assert!(route["length_m"].as_f64().unwrap() > 0.0 && route["seconds"].as_f64().unwrap() > 0.0);
        assert!(route["levels"].as_array().unwrap().len() > 1);
        assert_eq!(route["line"]["type"], "FeatureCollection");
        let steps = route["steps"].as_array().unwrap();
        let texts: Vec<_> = steps.iter().map(|step| step["text"].as_str().unwrap().to_lowercase()).collect();
        assert!(texts.iter().any(|text| text.contains(word)), "{texts:?}");
    }
}

#[tokio::test]
async fn an_unknown_place_is_named() {
    let folder = testville();
    let output =
        run(airside(["map", "route", &folder, "--from", "Metro", "--to", "Atlantis", "--json"]), "").await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("Atlantis"), "{said}");
}

#[tokio::test]
async fn a_route_makes_its_stops_in_the_quickest_order() {
    let folder = testville();
    let stops = ["--via", "A6", "--via", "Check-in B", "--any-order"];
    let ask = ["route", folder.as_str(), "--from", "Metro", "--to", "A3"];
    let (code, route) = map(&[&ask[..], &stops].concat()).await;
    let made: Vec<_> = route["legs"].as_array().unwrap().iter().map(|leg| leg["stop"].clone()).collect();
    assert_eq!((code, made), (Some(0), vec![1.into(), 0.into(), Value::Null]));
}

#[tokio::test]
async fn what_can_be_reached_is_told_nearest_first_with_the_ways_there() {
    let folder = testville();
    let (code, reached) = map(&["reach", &folder, "--from", "A6", "--minutes", "2"]).await;
    let places = reached["places"].as_array().unwrap();
    let seconds: Vec<_> = places.iter().map(|place| place["seconds"].as_f64().unwrap()).collect();
    assert_eq!((code, &reached["lines"]["type"]), (Some(0), &"FeatureCollection".into()));
    assert!(seconds.len() > 3 && seconds.is_sorted() && seconds[seconds.len() - 1] <= 120.0, "{seconds:?}");
}
