//! Bad input: each names the field and the remedy, and what was acknowledged stays.

use airside_api::{
    baggage::v1::{
        GetBagRequest, ListQuarantineRequest, RecordScansRequest, Scan, ScanResult, TrackingPoint,
    },
    flights::v1::{RecordFlightEventsRequest, ReportResult, flight_report::Report},
    navigation::v1::{FindRouteRequest, RouteEnd, route_end::End},
    trips::v1::{FollowBagRequest, FollowFlightRequest},
};
use airside_runtime::stored::timestamp_message;
use airside_simulator::connect::Clients;
use jiff::{SignedDuration, Timestamp};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, bag_of, flight_report, messages, record, scans, submit},
    eventually,
    luggage::{Luggage, scan},
};

const POINT: TrackingPoint = TrackingPoint::CheckIn;

#[track_caller]
fn check(refused: Result<impl std::fmt::Debug, Status>, code: Code, words: &[&str]) {
    let status = refused.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    for word in words {
        assert!(status.message().contains(word), "{word:?} is not in {:?}", status.message());
    }
}

/// A node with one acknowledged scan, which must be there after every refusal.
struct Stage {
    house: House,
    partner: Clients,
    kept: Scan,
}

impl Stage {
    async fn set() -> Self {
        let house = House::open().await;
        let partner = house.callers.partner();
        let kept = scan("kept", "3479001101", POINT);
        assert_eq!(record(&partner, kept.clone()).await, ScanResult::Recorded);
        Self { house, partner, kept }
    }

    async fn nothing_is_lost(&self) {
        assert_eq!(record(&self.partner, self.kept.clone()).await, ScanResult::Duplicate);
        assert_eq!(bag_of(&self.partner, &self.kept.plate).await.unwrap().timeline.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_501_is_refused_and_says_the_limit() {
    let stage = Stage::set().await;
    let many = (0..501).map(|n| scan(&format!("s{n}"), "3479001102", POINT));
    let refused = stage.partner.baggage.clone().record_scans(scans(many)).await;
    check(refused, Code::InvalidArgument, &["scans: ", "501", "at most 500"]);
    let refused = stage.partner.baggage.clone().record_scans(scans([])).await;
    check(refused, Code::InvalidArgument, &["scans: ", "empty"]);
    check(bag_of(&stage.partner, "3479001102").await, Code::NotFound, &["bag not found"]);
    stage.nothing_is_lost().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_over_one_mebibyte_is_refused_and_says_the_limit() {
    let stage = Stage::set().await;
    let text = "X".repeat(60 * 1024);
    for (count, code, words) in [
        (40, Code::ResourceExhausted, ["limit", "smaller"]),
        (14, Code::InvalidArgument, ["messages: ", "786432"]),
    ] {
        let mut batch = messages([text.as_str()]);
        batch.messages = vec![batch.messages[0].clone(); count];
        check(stage.partner.baggage.clone().submit_messages(batch).await, code, &words);
    }
    let mut just_above = messages([text.as_str()]);
    just_above.messages = vec![just_above.messages[0].clone(); 18];
    let refused = stage.partner.baggage.clone().submit_messages(just_above).await.unwrap_err();
    assert!(matches!(refused.code(), Code::ResourceExhausted | Code::OutOfRange), "{refused:?}");
    assert!(refused.message().contains("limit"), "{refused:?}");
    stage.nothing_is_lost().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_too_long_is_not_stored_and_its_neighbours_are() {
    let stage = Stage::set().await;
    let bag = Luggage::new("3479001103");
    let text = bag.announcement();
    let long = "X".repeat(64 * 1024 + 1);
    let batch = messages([text.as_str(), long.as_str(), ""]);
    let answer = stage.partner.baggage.clone().submit_messages(batch).await.unwrap().into_inner();
    let stored: Vec<_> = answer.receipts.iter().map(|receipt| receipt.stored).collect();
    assert_eq!(stored, [true, false, false]);
    assert!(answer.receipts[1].problem.contains("65536"), "{:?}", answer.receipts[1]);
    assert!(answer.receipts[2].problem.contains("content"), "{:?}", answer.receipts[2]);
    eventually("the good one is read", async || bag_of(&stage.partner, &bag.plate).await.ok()).await;
    stage.nothing_is_lost().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_message_is_kept_and_quarantined_with_its_reason() {
    let stage = Stage::set().await;
    let bag = Luggage::new("3479001104");
    submit(&stage.partner, &bag.announcement().replace("ENDBSM", "")).await;
    submit(&stage.partner, "no message at all").await;
    let staff = stage.house.callers.staff();
    let items = eventually("both are quarantined", async || {
        let listed = staff.baggage.clone().list_quarantine(ListQuarantineRequest::default()).await.unwrap();
        Some(listed.into_inner().items).filter(|items| items.len() == 2)
    })
    .await;
    let mut codes: Vec<_> = items.iter().map(|item| item.code.as_str()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["no-message", "truncated"]);
    assert!(items.iter().all(|item| !item.reason.is_empty() && !item.reason.contains(bag.surname)));
    check(bag_of(&stage.partner, &bag.plate).await, Code::NotFound, &["bag not found"]);
    announce(&stage.partner, &bag).await;
    stage.nothing_is_lost().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_source_is_refused() {
    let stage = Stage::set().await;
    for source in ["", "BHS T3", "a-b"] {
        let source = source.to_owned();
        let request = RecordScansRequest { source, scans: vec![scan("s1", "3479001105", POINT)] };
        let refused = stage.partner.baggage.clone().record_scans(request).await;
        check(refused, Code::InvalidArgument, &["source: ", "bhs.t3"]);
    }
    stage.nothing_is_lost().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_field_of_a_scan_is_invalid_and_its_neighbours_are_recorded() {
    let stage = Stage::set().await;
    let good = |id: &str| scan(id, "3479001106", POINT);
    let long_ago = Timestamp::now() - SignedDuration::from_hours(11 * 24);
    let batch = [
        (good("good"), ""),
        (Scan { scan_id: String::new(), ..good("") }, "scan_id"),
        (Scan { plate: "479-110-6".to_owned(), ..good("a") }, "plate"),
        (Scan { plate: "3479000000".to_owned(), ..good("b") }, "plate"),
        (Scan { point: 0, ..good("c") }, "point"),
        (Scan { station: "SHENZHEN".to_owned(), ..good("d") }, "station"),
        (Scan { observed_at: None, ..good("e") }, "observed_at"),
        (Scan { observed_at: Some(timestamp_message(long_ago)), ..good("f") }, "observed_at"),
        (Scan { flight: "ZH9101-20260231".to_owned(), ..good("g") }, "flight"),
        (Scan { flight: "9101".to_owned(), ..good("h") }, "flight"),
        (Scan { location: "x".repeat(65), ..good("i") }, "location"),
    ];
    let (sent, fields): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    let answer = stage.partner.baggage.clone().record_scans(scans(sent)).await.unwrap().into_inner();
    assert_eq!(answer.outcomes[0].result(), ScanResult::Recorded);
    for (outcome, field) in answer.outcomes.iter().zip(fields).skip(1) {
        assert_eq!((outcome.result(), outcome.field.as_str()), (ScanResult::Invalid, field), "{outcome:?}");
        assert!(!outcome.reason.is_empty(), "{outcome:?}");
    }
    stage.nothing_is_lost().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plate_that_is_none_and_a_date_that_does_not_exist_are_refused_by_name() {
    let stage = Stage::set().await;
    let plate = |plate: &str| GetBagRequest { plate: plate.to_owned(), ..GetBagRequest::default() };
    let refused = stage.partner.baggage.clone().get_bag(plate("12")).await;
    check(refused, Code::InvalidArgument, &["plate: ", "ten digits"]);
    let request = GetBagRequest { at_least_position: "yesterday".to_owned(), ..plate("3479001107") };
    check(
        stage.partner.baggage.clone().get_bag(request).await,
        Code::InvalidArgument,
        &["at_least_position: "],
    );

    let passenger = stage.house.callers.passenger(Uuid::new_v4());
    let flight = "ZH9101-20260231".to_owned();
    let request = FollowFlightRequest { flight: flight.clone(), ..FollowFlightRequest::default() };
    let refused = passenger.trips.clone().follow_flight(request).await;
    check(refused, Code::InvalidArgument, &["flight: ", "ZH9101-20261120"]);
    let request = FollowBagRequest { plate: "3479001107".to_owned(), proof: None };
    check(passenger.trips.clone().follow_bag(request).await, Code::InvalidArgument, &["proof: ", "surname"]);

    let reports = vec![flight_report(&flight, Report::Gate("A3".to_owned()))];
    let request = RecordFlightEventsRequest { source: "aodb".to_owned(), reports };
    let answer = stage.partner.flights.clone().record_flight_events(request).await.unwrap().into_inner();
    let outcome = &answer.outcomes[0];
    assert_eq!((outcome.result(), outcome.field.as_str()), (ReportResult::Invalid, "flight"), "{outcome:?}");
    stage.nothing_is_lost().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_place_or_venue_is_named() {
    let stage = Stage::set().await;
    let end = |name: &str| Some(RouteEnd { end: Some(End::Place(name.to_owned())) });
    let ask = |venue: &str, to: &str| FindRouteRequest {
        venue: venue.to_owned(),
        from: end("Metro"),
        to: end(to),
        ..FindRouteRequest::default()
    };
    let ways = stage.partner.navigation.clone();
    check(ways.clone().find_route(ask("atlantis", "A3")).await, Code::NotFound, &["venue", "testville"]);
    check(ways.clone().find_route(ask("testville", "Z99")).await, Code::NotFound, &["Z99"]);
    let nowhere = FindRouteRequest { to: None, ..ask("testville", "") };
    check(ways.clone().find_route(nowhere).await, Code::InvalidArgument, &["to: "]);
    stage.nothing_is_lost().await;
}
