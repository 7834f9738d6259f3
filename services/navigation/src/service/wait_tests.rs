//! Times that pass: of waits that nobody confirms, and of closures.

use airside_api::navigation::v1::{Profile, Wait};
use airside_kernel::Clock;
use airside_runtime::stored::timestamp_message;
use airside_wayfinding::{FeatureId, Language};
use jiff::SignedDuration;
use tonic::Code as Grpc;

use super::tests::{House, LIFT_L2, check_refused, close};
use super::*;

/// The security of testville.
async fn security(house: &House) -> String {
    let request = SearchPlacesRequest {
        venue: "testville".into(),
        query: "Security".into(),
        ..SearchPlacesRequest::default()
    };
    house.service().search_places(Request::new(request)).await.unwrap().into_inner().places.remove(0).id
}

async fn report(house: &House, seconds: u32, valid_minutes: u32) -> Result<String, Status> {
    let feature_id = security(house).await;
    let request = SetWaitRequest { venue: "testville".into(), feature_id, seconds, valid_minutes };
    house.service().set_wait(Request::new(request)).await.map(|answer| answer.into_inner().position)
}

async fn waits(house: &House) -> Vec<Wait> {
    let venues = house.service().list_venues(Request::new(ListVenuesRequest {})).await.unwrap().into_inner();
    venues.venues.into_iter().flat_map(|venue| venue.waits).collect()
}

async fn walk_s(house: &House) -> f64 {
    house.to_gate(Profile::Walk).await.seconds
}

fn later(house: &House, minutes: i64) {
    house.clock.advance(SignedDuration::from_mins(minutes));
}

#[tokio::test]
async fn a_report_holds_for_half_an_hour_unless_it_says_otherwise() {
    for (valid_minutes, held) in [(0, 30), (1, 1), (90, 90)] {
        let house = House::new();
        let free = walk_s(&house).await;
        report(&house, 600, valid_minutes).await.unwrap();
        let until =
            "2026-11-20T06:00:00Z".parse::<jiff::Timestamp>().unwrap() + SignedDuration::from_mins(held);
        let told = waits(&house).await;
        assert_eq!((told[0].seconds, told[0].until), (600, Some(timestamp_message(until))));
        later(&house, held - 1);
        assert!((walk_s(&house).await - free - 600.0).abs() < 0.2);
        later(&house, 1);
        assert_eq!(walk_s(&house).await, free, "nobody has said for {held} minutes that one waits");
        assert!(waits(&house).await.is_empty());
    }
}

#[tokio::test]
async fn a_wait_that_is_confirmed_goes_on_and_one_of_yesterday_survives_no_restart() {
    let house = House::new();
    report(&house, 600, 0).await.unwrap();
    later(&house, 20);
    assert!(!report(&house, 600, 0).await.unwrap().is_empty(), "it holds for longer now");
    assert!(report(&house, 600, 0).await.unwrap().is_empty(), "that was said already");
    later(&house, 29);
    assert_eq!(waits(&house).await.len(), 1);
    later(&house, 24 * 60);
    assert!(waits(&house).await.is_empty());
    report(&house, 60, 0).await.unwrap();
    assert_eq!(waits(&house).await[0].seconds, 60, "a new report counts again");
    report(&house, 0, 0).await.unwrap();
    assert!(waits(&house).await.is_empty());
}

#[tokio::test]
async fn a_report_holds_for_a_day_at_most() {
    let house = House::new();
    assert!(report(&house, 600, 1_440).await.is_ok());
    check_refused(
        report(&house, 600, 1_441).await,
        Grpc::InvalidArgument,
        "valid_minutes: 1441 are more than a day; use 1 to 1440, or 0 for 30",
    );
}

#[tokio::test]
async fn a_closure_that_was_to_end_before_now_is_refused() {
    let house = House::new();
    let passed = Some(timestamp_message(house.clock.now() - SignedDuration::from_secs(1)));
    check_refused(
        house.set(SetClosureRequest { expected_until: passed, ..close(LIFT_L2, "repair") }).await,
        Grpc::InvalidArgument,
        "expected_until: it has passed; say a later time, or leave it out",
    );
}

#[tokio::test]
async fn a_lift_is_closed_and_opened_under_one_id_whichever_is_said() {
    let house = House::new();
    let (_, live) = house.part.venues.venue("testville").unwrap();
    let graph = live.snapshot.graph();
    let lift = live.snapshot.name_of(&FeatureId::parse(LIFT_L2).unwrap(), Language::En).unwrap();
    let shaft = graph.shafts().iter().find(|shaft| shaft.name.iter().any(|(_, name)| name == lift)).unwrap();
    let shaft = shaft.id.to_string();
    assert_ne!(shaft, LIFT_L2);
    let closed = || async {
        let venues =
            house.service().list_venues(Request::new(ListVenuesRequest {})).await.unwrap().into_inner();
        let closures = venues.venues.into_iter().flat_map(|venue| venue.closures);
        closures.map(|closure| closure.feature_id).collect::<Vec<_>>()
    };
    for (one, other) in [(LIFT_L2, shaft.as_str()), (shaft.as_str(), LIFT_L2)] {
        house.set(close(one, "inspection")).await.unwrap();
        assert_eq!(closed().await, [LIFT_L2]);
        assert_eq!(house.set(close(other, "inspection")).await.unwrap(), "", "it is closed already");
        house.set(SetClosureRequest { closed: false, ..close(other, "") }).await.unwrap();
        assert!(closed().await.is_empty(), "closed as {one}, opened as {other}");
    }
}
