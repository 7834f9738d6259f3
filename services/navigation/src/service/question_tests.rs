//! What a client meets who asks more than for a route, on the map of testville at six in the morning.

use airside_api::flights::v1 as flights;
use airside_api::navigation::v1::{
    LeaveCertainty, Position, RouteEnd, Stop, get_leave_time_request::To, route_end::End,
};
use airside_runtime::stored::timestamp_message;
use tonic::Code as Grpc;

use super::tests::{House, check_refused, place};
use super::*;

const CZ3101: &str = "flight-CZ3101-20261120";

fn end(name: &str) -> Option<RouteEnd> {
    Some(RouteEnd { end: Some(place(name)) })
}

async fn times(house: &House, places: &[&str], kind: &str) -> Result<GetWalkingTimesResponse, Status> {
    let request = GetWalkingTimesRequest {
        venue: "testville".into(),
        from: end("Metro"),
        places: places.iter().map(ToString::to_string).collect(),
        kind: kind.into(),
        ..GetWalkingTimesRequest::default()
    };
    house.service().get_walking_times(Request::new(request)).await.map(Response::into_inner)
}

async fn leave(house: &House, to: To) -> Result<GetLeaveTimeResponse, Status> {
    let request = GetLeaveTimeRequest {
        venue: "testville".into(),
        from: end("Metro"),
        to: Some(to),
        ..GetLeaveTimeRequest::default()
    };
    house.service().get_leave_time(Request::new(request)).await.map(Response::into_inner)
}

async fn schedule(house: &House, at: &str) {
    let leg = flights::FlightLeg {
        scheduled_departure: Some(timestamp_message(at.parse().unwrap())),
        ..Default::default()
    };
    let told = flights::FlightScheduled { legs: vec![leg], ..Default::default() };
    house.tell(CZ3101, "flights.FlightScheduled", &told).await;
}

#[tokio::test]
async fn times_are_told_in_the_order_asked_and_of_a_kind_the_nearest_first() {
    let house = House::new();
    let asked = times(&house, &["A6", "Check-in B", "toilet"], "").await.unwrap().times;
    assert!(asked.iter().all(|time| time.found && time.seconds > 0.0), "{asked:?}");
    assert!(asked[0].seconds > asked[1].seconds, "the gate lies behind check-in");
    let toilets = times(&house, &[], "洗手间").await.unwrap().times;
    assert!(toilets.len() > 3 && toilets.is_sorted_by(|a, b| a.seconds <= b.seconds), "{toilets:?}");
    assert_eq!(toilets[0].seconds, asked[2].seconds, "a kind among places is the nearest of it");
}

#[tokio::test]
async fn questions_that_make_no_sense_name_the_field() {
    let house = House::new();
    let many = vec!["A6"; 101];
    check_refused(
        times(&house, &[], "").await,
        Grpc::InvalidArgument,
        "places: say up to 100 places, or a kind",
    );
    check_refused(
        times(&house, &many, "").await,
        Grpc::InvalidArgument,
        "places: 101 are too many; ask for at most 100",
    );
    check_refused(
        times(&house, &["A6"], "toilet").await,
        Grpc::InvalidArgument,
        "kind: leave it out, or leave out the places",
    );
    check_refused(
        times(&house, &[], "heliport").await,
        Grpc::NotFound,
        "kind: no place is of the kind \"heliport\"; use a category of the map such as restroom, or a word such as \
         toilet",
    );
    let minutes = |minutes| GetReachableRequest {
        venue: "testville".into(),
        from: end("Metro"),
        minutes,
        ..Default::default()
    };
    for asked in [0, 61] {
        let answer = house.service().get_reachable(Request::new(minutes(asked))).await;
        check_refused(
            answer,
            Grpc::InvalidArgument,
            &format!("minutes: {asked} is out of range; use 1 to 60"),
        );
    }
    let route = FindRouteRequest {
        venue: "testville".into(),
        from: end("Metro"),
        to: end("A6"),
        ..Default::default()
    };
    let stop = |name: &str, stay_minutes| Stop { at: end(name), stay_minutes };
    for (request, message) in [
        (
            FindRouteRequest { via: vec![stop("A3", 0); 9], ..route.clone() },
            "via: 9 stops are too many; ask for at most 8",
        ),
        (
            FindRouteRequest { via: vec![stop("A3", 0), stop("A3", 1_441)], ..route.clone() },
            "via[1].stay_minutes: stay at most 1440 minutes",
        ),
        (
            FindRouteRequest { via: vec![Stop::default()], ..route.clone() },
            "via[0].at: say a place or a position",
        ),
        (FindRouteRequest { alternatives: 4, ..route.clone() }, "alternatives: ask for at most 3"),
        (
            FindRouteRequest { via: vec![stop("A3", 0)], alternatives: 1, ..route },
            "alternatives: leave it out where there are stops",
        ),
    ] {
        check_refused(
            house.service().find_route(Request::new(request)).await,
            Grpc::InvalidArgument,
            message,
        );
    }
}

#[tokio::test]
async fn of_places_that_fit_equally_the_nearest_comes_first_with_its_time() {
    let house = House::new();
    let (kinds, mut first) = (["toilet", "restroom"], vec![]);
    for query in kinds {
        for (x, y, ordinal) in [(-60.0, 36.0, 2), (0.0, 30.0, 0)] {
            let near = Position { longitude: 114.6 + x / 103_117.0, latitude: 22.2 + y / 110_733.0, ordinal };
            let request = SearchPlacesRequest {
                venue: "testville".into(),
                query: query.into(),
                near: Some(near),
                ..SearchPlacesRequest::default()
            };
            let found =
                house.service().search_places(Request::new(request)).await.unwrap().into_inner().places;
            let seconds: Vec<f64> = found.iter().map(|place| place.walking_seconds.unwrap()).collect();
            assert!(seconds.is_sorted(), "{seconds:?}");
            first.push(found[0].position.unwrap().ordinal);
        }
    }
    assert_eq!(first, [2, 0, 2, 0]);
}

#[tokio::test]
async fn one_is_told_when_to_leave_for_a_flight_and_for_its_gate() {
    let house = House::new();
    schedule(&house, "2026-11-20T08:00:00Z").await;
    let unknown = leave(&house, To::Flight("MU5".into())).await;
    check_refused(
        unknown,
        Grpc::NotFound,
        "flight: no flight \"MU5\" is known; use a number of today such as CZ3101, or ask for a gate",
    );
    let early = leave(&house, To::Flight("CZ3101".into())).await;
    check_refused(
        early,
        Grpc::FailedPrecondition,
        "flight: CZ3101 has no gate here yet; ask again later, or ask for a gate",
    );
    let gate = flights::GateAssigned { gate: "A3".into(), ..Default::default() };
    house.tell(CZ3101, "flights.GateAssigned", &gate).await;

    let told = leave(&house, To::Flight("cz 3101".into())).await.unwrap();
    assert!(told.found && !told.too_late, "{told:?}");
    assert_eq!((told.flight.as_str(), told.certainty()), ("CZ3101", LeaveCertainty::Scheduled));
    let seconds = |at: Option<prost_types::Timestamp>| at.unwrap().seconds;
    assert_eq!(seconds(told.departure) - seconds(told.gate_closes), 900);
    assert_eq!(seconds(told.departure) - seconds(told.boarding), 2_400);
    let needed = told.walking_seconds + told.waiting_seconds + told.reserve_seconds;
    let left = (seconds(told.gate_closes) - seconds(told.leave_by)) as f64;
    assert!((left - needed).abs() <= 1.2, "{left} {needed}");
    assert!(told.waiting_seconds > 30.0, "security lies on the way");
    assert!(told.text.starts_with("Leave within "), "{}", told.text);
    for gate in ["A3", "Gate A3", &told.gate.as_ref().unwrap().id] {
        assert_eq!(leave(&house, To::Gate(gate.to_owned())).await.unwrap(), told, "{gate}");
    }

    assert_eq!(leave(&house, To::Flight("CZ3101-20261120".into())).await.unwrap(), told, "with its day");
    let slow = GetLeaveTimeRequest {
        venue: "testville".into(),
        from: end("Metro"),
        to: Some(To::Gate("A3".into())),
        walking_speed_mps: 0.5,
        ..GetLeaveTimeRequest::default()
    };
    let slow = house.service().get_leave_time(Request::new(slow)).await.unwrap().into_inner();
    assert!(slow.walking_seconds > 2.0 * told.walking_seconds, "{slow:?}");
    assert_eq!(slow.waiting_seconds, told.waiting_seconds, "who walks slowly is not checked slowly");
    for none in ["toilet", "Metro", "nowhere"] {
        check_refused(
            leave(&house, To::Gate(none.into())).await,
            Grpc::NotFound,
            &format!(
                "gate: {none:?} is no gate here; use the sign, the name or the id of one, or ask for a flight"
            ),
        );
    }

    let other = leave(&house, To::Gate("A6".into())).await.unwrap();
    assert_eq!((other.flight.as_str(), other.leave_by), ("", None));
    assert!(other.found && other.text.contains("no flight is known"), "{}", other.text);
    house.tell(CZ3101, "flights.FlightCancelled", &flights::FlightCancelled::default()).await;
    let cancelled = leave(&house, To::Flight("CZ3101".into())).await.unwrap();
    assert_eq!(
        (cancelled.certainty(), cancelled.leave_by, cancelled.too_late),
        (LeaveCertainty::Cancelled, None, true)
    );
}

#[tokio::test]
async fn who_comes_after_the_gate_has_closed_is_told_that_it_is_too_late() {
    let house = House::new();
    schedule(&house, "2026-11-20T06:16:00Z").await;
    let gate = flights::GateAssigned { gate: "A3".into(), ..Default::default() };
    house.tell(CZ3101, "flights.GateAssigned", &gate).await;
    let told = leave(&house, To::Flight("CZ3101".into())).await.unwrap();
    assert!(told.too_late && told.text.starts_with("It is too late"), "{}", told.text);
}

#[tokio::test]
async fn a_position_off_the_venue_is_named_by_the_field_it_came_in() {
    let house = House::new();
    let near = Some(Position { longitude: 12.0, latitude: 50.0, ordinal: 0 });
    let request =
        SearchPlacesRequest { venue: "testville".into(), query: "A3".into(), near, ..Default::default() };
    let refused = house.service().search_places(Request::new(request)).await.unwrap_err();
    assert!(refused.message().starts_with("near: the position is more than 30 m"), "{}", refused.message());
    let from =
        Some(RouteEnd { end: Some(End::Position(Position { longitude: 200.0, latitude: 0.0, ordinal: 0 })) });
    let request = GetReachableRequest { venue: "testville".into(), from, minutes: 5, ..Default::default() };
    let refused = house.service().get_reachable(Request::new(request)).await.unwrap_err();
    assert!(
        refused.message().starts_with("from.position.longitude: 200 is no position"),
        "{}",
        refused.message()
    );
}
