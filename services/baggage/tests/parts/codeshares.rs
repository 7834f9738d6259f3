//! What is told under a codeshare is of the flight that operates it, and what a control message says
//! goes to the flight.

use airside_api::{
    baggage::v1::{self as api, TrackingPoint},
    flights::v1::{FlightLeg, FlightScheduled},
};
use airside_runtime::{reactors::StartAt, stored::timestamp_message};
use prost::Message;

use crate::airport::{Airport, NOW, staff};

const PLATE: &str = "3479000101";

fn bsm(flight: &str) -> String {
    format!("BSM\n.V/1LSZX\n.F/{flight}/20NOV/PEK/Y\n.N/{PLATE}001\nENDBSM\n")
}

async fn scheduled(airport: &Airport) {
    let leg = FlightLeg {
        origin: "SZX".into(),
        destination: "PEK".into(),
        scheduled_departure: Some(timestamp_message("2026-11-20T11:00:00Z".parse().unwrap())),
        scheduled_arrival: None,
    };
    let scheduled = FlightScheduled { origin: None, legs: vec![leg], codeshares: vec!["CA3101".into()] };
    let stream = "flight-ZH9101-20261120".parse().unwrap();
    airport.append(stream, "flights.FlightScheduled", scheduled.encode_to_vec()).await;
}

fn scan(id: &str, flight: &str) -> api::Scan {
    api::Scan {
        scan_id: id.into(),
        plate: PLATE.into(),
        point: TrackingPoint::Sortation.into(),
        station: "SZX".into(),
        observed_at: Some(timestamp_message(NOW.parse().unwrap())),
        flight: flight.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn two_airlines_that_sell_one_flight_speak_of_one_bag() {
    let mut airport = Airport::reading().await;
    scheduled(&airport).await;
    airport.submit(&[&bsm("CA3101"), &bsm("ZH9101")]).await;
    let bag = airport.bag(PLATE, staff()).await.unwrap();
    assert_eq!(bag.status.unwrap().flight, "ZH9101-20261120");
    assert_eq!(bag.legs[0].flight, "ZH9101-20261120");
    let counts = airport.counts(&["bag", "quarantine"]).await;
    assert_eq!(counts.len(), 1, "{counts:?}");
    assert_eq!(bag.timeline.len(), 2, "both are of one journey");
}

#[tokio::test]
async fn the_name_that_was_told_is_kept_beside_the_flight() {
    let mut airport = Airport::reading().await;
    scheduled(&airport).await;
    airport.submit(&[&bsm("CA3101")]).await;
    let bag = airport.bag(PLATE, staff()).await.unwrap();
    assert_eq!(
        (bag.legs[0].flight.as_str(), bag.legs[0].marketed_as.as_str()),
        ("ZH9101-20261120", "CA3101-20261120")
    );
}

#[tokio::test]
async fn a_bag_that_was_announced_before_the_schedule_came_is_found_by_either_name() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&bsm("CA3101")]).await;
    airport.settled().await;
    scheduled(&airport).await;
    airport.submit(&[&bsm("CA3101").replacen("BSM\n", "BSM\nCHG\n", 1)]).await;
    let bag = airport.bag(PLATE, staff()).await.unwrap();
    assert_eq!(bag.timeline.len(), 2, "the change is of the same journey");
    assert_eq!(bag.status.unwrap().flight, "ZH9101-20261120");
}

#[tokio::test]
async fn a_schedule_right_behind_a_message_says_nothing_of_that_message() {
    let mut airport = Airport::open();
    airport.submit(&[&bsm("CA3101")]).await;
    scheduled(&airport).await;
    airport.submit(&[&bsm("CA3101").replace(PLATE, "3479000102")]).await;
    airport.start_reading(Some(StartAt::Beginning)).await;
    let before = airport.bag(PLATE, staff()).await.unwrap();
    let behind = airport.bag("3479000102", staff()).await.unwrap();
    assert_eq!(
        (before.legs[0].flight.as_str(), behind.legs[0].flight.as_str()),
        ("CA3101-20261120", "ZH9101-20261120")
    );
}

#[tokio::test]
async fn a_reader_may_name_the_codeshare_too() {
    let mut airport = Airport::reading().await;
    scheduled(&airport).await;
    let head = airport.settled().await;
    airport.operating.at_least(&head).await.unwrap();
    let answer = airport.record(vec![scan("a", "CA3101-20261120")]).await;
    assert_eq!(answer.outcomes[0].result(), api::ScanResult::Recorded);
    let bag = airport.bag(PLATE, staff()).await.unwrap();
    assert_eq!(bag.status.unwrap().flight, "ZH9101-20261120");
}

#[tokio::test]
async fn a_control_message_is_noted_once_with_the_operating_flight() {
    let mut airport = Airport::reading().await;
    scheduled(&airport).await;
    let close = "BCM\nFCM\n.V/1LSZX\n.F/CA3101/20NOV/PEK\nENDBCM\n";
    airport.submit(&[close]).await;
    airport.settled().await;
    let counts = airport.counts(&["loading", "bag", "quarantine"]).await;
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("loading-ZH9101-20261120".to_owned(), 1)]);
}
