//! What passengers ask besides a route: how long, what is near, when to leave, and ways with stops.

use airside_api::{
    flights::v1::{FlightLeg, Schedule, flight_report::Report},
    navigation::v1::{
        FindRouteRequest, GetLeaveTimeRequest, GetReachableRequest, GetWalkingTimesRequest, LeaveCertainty,
        NoRouteReason, Position, Profile, RouteEnd, SearchPlacesRequest, SetClosureRequest, Stop,
        get_leave_time_request::To, route_end::End,
    },
};
use airside_runtime::stored::timestamp_message;
use jiff::{SignedDuration, Timestamp};

use crate::harness::{
    House,
    calls::report,
    eventually,
    luggage::{flight, today},
};

const VENUE: &str = "testville";

fn end(name: &str) -> Option<RouteEnd> {
    Some(RouteEnd { end: Some(End::Place(name.to_owned())) })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passenger_asks_how_long_what_is_near_and_by_which_other_way() {
    let house = House::open().await;
    let walker = house.callers.passenger(uuid::Uuid::new_v4());
    let mut ways = walker.navigation.clone();

    let request = GetWalkingTimesRequest {
        venue: VENUE.to_owned(),
        from: end("Metro"),
        kind: "toilet".to_owned(),
        page_size: 2,
        ..Default::default()
    };
    let toilets = ways.get_walking_times(request).await.unwrap().into_inner().times;
    assert_eq!(toilets.len(), 2);
    assert!(toilets[0].found && toilets[0].seconds <= toilets[1].seconds);
    let nearest = toilets[0].place.clone().unwrap();

    let near = Position { longitude: 114.6, latitude: 22.2003, ordinal: 0 };
    let request = SearchPlacesRequest {
        venue: VENUE.to_owned(),
        query: "toilet".to_owned(),
        near: Some(near),
        ..Default::default()
    };
    let found = ways.search_places(request).await.unwrap().into_inner().places;
    assert!(found.is_sorted_by_key(|place| place.walking_seconds.map(|seconds| (seconds * 10.0) as u32)));

    let request =
        GetReachableRequest { venue: VENUE.to_owned(), from: end("Metro"), minutes: 2, ..Default::default() };
    let near = ways.get_reachable(request).await.unwrap().into_inner();
    assert!(
        near.places.iter().all(|place| place.walking_seconds.unwrap() <= 120.0) && !near.lines.is_empty()
    );
    assert!(!near.truncated);

    let route =
        FindRouteRequest { venue: VENUE.to_owned(), from: end("Metro"), to: end("A3"), ..Default::default() };
    let stop = |name: &str| Stop { at: end(name), stay_minutes: 5 };
    let request = FindRouteRequest {
        via: vec![stop("A6"), stop("Check-in B"), stop("toilet")],
        any_order: true,
        ..route.clone()
    };
    let toured = ways.find_route(request).await.unwrap().into_inner();
    let mut made: Vec<_> = toured.legs.iter().map(|leg| leg.stop).collect();
    assert_eq!(made.pop(), Some(None));
    made.sort();
    assert_eq!(made, [Some(0), Some(1), Some(2)]);
    assert!(toured.legs.iter().all(|leg| !leg.place_id.is_empty()));

    let others = ways.find_route(FindRouteRequest { alternatives: 3, ..route }).await.unwrap().into_inner();
    for other in &others.alternatives {
        let way = other.way.as_ref().unwrap();
        assert!(!other.text.is_empty() && way.seconds <= others.seconds * 1.4 + 0.1, "{other:?}");
    }
    assert!(!nearest.id.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_no_way_one_is_led_as_far_as_one_gets() {
    let house = House::open().await;
    let (staff, walker) = (house.callers.staff(), house.callers.passenger(uuid::Uuid::new_v4()));
    let mut ways = walker.navigation.clone();
    let request = SearchPlacesRequest {
        venue: VENUE.to_owned(),
        query: "elevator".to_owned(),
        page_size: 100,
        ..Default::default()
    };
    let lifts = ways.search_places(request).await.unwrap().into_inner().places;
    for lift in lifts.iter().filter(|place| place.category == "elevator") {
        let request = SetClosureRequest {
            venue: VENUE.to_owned(),
            feature_id: lift.id.clone(),
            closed: true,
            reason: "maintenance".to_owned(),
            ..Default::default()
        };
        staff.navigation.clone().set_closure(request).await.unwrap();
    }
    let request = FindRouteRequest {
        venue: VENUE.to_owned(),
        from: end("Metro"),
        to: end("A3"),
        profile: Profile::Wheelchair.into(),
        ..Default::default()
    };
    let blocked = ways.find_route(request).await.unwrap().into_inner();
    assert_eq!(blocked.reason(), NoRouteReason::Closed);
    let point = blocked.as_far_as.unwrap();
    assert!(point.text.starts_with("You can get as far as "), "{}", point.text);
    let way = point.way.unwrap();
    assert!(way.length_m > 0.0 && !way.steps.is_empty() && !way.lines.is_empty());

    let request = GetWalkingTimesRequest {
        venue: VENUE.to_owned(),
        from: end("Metro"),
        places: vec!["A3".to_owned(), "Taxi".to_owned()],
        profile: Profile::Wheelchair.into(),
        ..Default::default()
    };
    let times = ways.get_walking_times(request).await.unwrap().into_inner().times;
    assert_eq!((times[0].found, times[0].reason()), (false, NoRouteReason::Closed));
    assert!(times[0].reason_text.contains("maintenance") && !times[0].blocked_by.is_empty(), "{times:?}");
    assert!(times[1].found);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passenger_is_told_when_to_leave_for_the_gate() {
    let house = House::open().await;
    let partner = house.callers.partner();
    let walker = house.callers.passenger(uuid::Uuid::new_v4());
    let flight = flight("ZH9101", today());
    let leaves = Timestamp::now() + SignedDuration::from_hours(3);
    let leg = FlightLeg {
        origin: "SZX".to_owned(),
        destination: "PEK".to_owned(),
        scheduled_departure: Some(timestamp_message(leaves)),
        scheduled_arrival: Some(timestamp_message(leaves + SignedDuration::from_hours(2))),
    };
    report(&partner, &flight, Report::Schedule(Schedule { legs: vec![leg], ..Default::default() })).await;
    report(&partner, &flight, Report::Gate("A3".to_owned())).await;

    let request = GetLeaveTimeRequest {
        venue: VENUE.to_owned(),
        from: end("Metro"),
        to: Some(To::Flight("ZH9101".to_owned())),
        ..Default::default()
    };
    let told = eventually("the gate is known", async || {
        walker.navigation.clone().get_leave_time(request.clone()).await.ok()
    })
    .await
    .into_inner();
    assert!(told.found && !told.too_late, "{told:?}");
    assert_eq!(told.certainty(), LeaveCertainty::Scheduled);
    let (leave_by, closes) = (told.leave_by.unwrap().seconds, told.gate_closes.unwrap().seconds);
    assert!(leave_by < closes && closes < leaves.as_second());
    assert_eq!(told.gate.unwrap().name, "Gate A3");
}
