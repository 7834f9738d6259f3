//! Live views on the WebSocket: a bag, a flight, a venue and a way through it, as they are now and after each change.

use airside_api::{
    baggage::v1::{ScanResult, TrackingPoint},
    flights::v1::{Delay, FlightLeg, Schedule, flight_report::Report},
    trips::v1::UnfollowBagRequest,
};
use airside_runtime::stored::timestamp_message;
use airside_simulator::connect::Clients;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    closures::{close, lifts},
    harness::{
        House,
        calls::{announce, follow, record, report},
        luggage::Luggage,
        socket::Socket,
    },
};

const BAG: &str = "/airside.baggage.v1.BaggageService/GetBagJourney";
const FLIGHT: &str = "/airside.flights.v1.FlightService/GetFlight";
const VENUE: &str = "/airside.navigation.v1.NavigationService/GetVenue";
const ROUTE: &str = "/airside.navigation.v1.NavigationService/FindRoute";
const FOLLOWED: &str = "/airside.trips.v1.TripService/ListFollowed";

/// Returns the kinds of a bag's steps, in order.
fn steps(body: &Value) -> Vec<&str> {
    let steps = body["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    steps.iter().map(|step| step["kind"].as_str().unwrap()).collect()
}

fn last_step(body: &Value) -> Option<&str> {
    steps(body).last().copied()
}

/// Reports the schedule of a bag's flight, which leaves after some time.
async fn schedule(partner: &Clients, bag: &Luggage, leaves_in: SignedDuration) -> Timestamp {
    let departure = Timestamp::now() + leaves_in;
    let leg = FlightLeg {
        origin: "SZX".into(),
        destination: "PEK".into(),
        scheduled_departure: Some(timestamp_message(departure)),
        scheduled_arrival: Some(timestamp_message(departure + SignedDuration::from_hours(3))),
    };
    report(partner, &bag.flight(), Report::Schedule(Schedule { legs: vec![leg], codeshares: vec![] })).await;
    departure
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passenger_sees_their_bag_move_and_nobody_else_does() {
    let house = House::open().await;
    let (person, stranger) = (Uuid::new_v4(), Uuid::new_v4());
    let (partner, passenger) = (house.callers.partner(), house.callers.passenger(person));
    let bag = Luggage::new("3479000401");
    announce(&partner, &bag).await;
    let departure = schedule(&partner, &bag, SignedDuration::from_hours(5)).await;
    let journey = follow(&passenger, &bag).await.journey_id;
    let asked = json!({"plate": bag.plate});
    let mut socket =
        Socket::open(house.node.public, &house.callers.passenger_token(person), Value::Null).await;
    socket.subscribe("bag", BAG, asked.clone(), &Value::Null).await;
    let first = socket.shown_when("bag", |body| last_step(body) == Some("BAG_STEP_KIND_ANNOUNCED")).await;
    assert_eq!((&first["body"]["plate"], &first["body"]["plates"]), (&json!(bag.plate), &json!([bag.plate])));

    assert_eq!(record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await, ScanResult::Recorded);
    let accepted =
        |body: &Value| last_step(body) == Some("BAG_STEP_KIND_ACCEPTED") && body["next"]["by"].is_string();
    let seen = socket.shown_when("bag", accepted).await;
    // The flight is late, which is told in the stream of the flight alone.
    let estimated = departure + SignedDuration::from_hours(2);
    let delay = Delay { estimated_departure: Some(timestamp_message(estimated)) };
    report(&partner, &bag.flight(), Report::Delay(delay)).await;
    let by = seen["body"]["next"]["by"].clone();
    socket.shown_when("bag", |body| body["next"]["by"].is_string() && body["next"]["by"] != by).await;

    let token = house.callers.passenger_token(stranger);
    let mut other = Socket::open(house.node.public, &token, Value::Null).await;
    other.subscribe("theirs", BAG, asked, &Value::Null).await;
    let refused = other.shown("theirs").await;
    assert_eq!((&refused["code"], &refused["message"]), (&json!("not_found"), &json!("bag not found")));

    passenger.trips.clone().unfollow_bag(UnfollowBagRequest { journey_id: journey }).await.unwrap();
    let over = socket.shown("bag").await;
    assert_eq!(over["code"], "not_found", "what is not followed any more is not shown: {over}");
    socket.expect("NOTICE_KIND_BAG_ACCEPTED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_a_closure_and_what_is_followed_are_shown_as_they_change() {
    let house = House::open().await;
    let person = Uuid::new_v4();
    let (partner, staff, passenger) =
        (house.callers.partner(), house.callers.staff(), house.callers.passenger(person));
    let bag = Luggage::new("3479000402");
    let mut socket =
        Socket::open(house.node.public, &house.callers.passenger_token(person), Value::Null).await;
    socket.subscribe("flight", FLIGHT, json!({"flight": bag.flight()}), &Value::Null).await;
    assert_eq!(socket.shown("flight").await["code"], "not_found", "nobody has reported it yet");
    report(&partner, &bag.flight(), Report::Gate("A3".into())).await;
    socket.subscribe("reported", FLIGHT, json!({"flight": bag.flight()}), &Value::Null).await;
    socket.shown_when("reported", |body| body["flight"]["gate"] == "A3").await;
    report(&partner, &bag.flight(), Report::Gate("B1".into())).await;
    socket.shown_when("reported", |body| body["flight"]["gate"] == "B1").await;

    socket.subscribe("followed", FOLLOWED, json!({}), &Value::Null).await;
    assert_eq!(socket.shown("followed").await["body"], json!({}));
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    socket.shown_when("followed", |body| body["bags"][0]["plate"] == *bag.plate).await;

    socket.subscribe("venue", VENUE, json!({"venue": "testville"}), &Value::Null).await;
    let open = socket.shown("venue").await;
    assert_eq!(
        (&open["body"]["venue"]["code"], open["body"]["venue"].get("closures")),
        (&json!("testville"), None)
    );
    let way = json!({"venue": "testville", "from": {"place": "Metro"}, "to": {"place": "A3"},
        "profile": "PROFILE_WHEELCHAIR"});
    socket.subscribe("way", ROUTE, way, &Value::Null).await;
    assert_eq!(socket.shown("way").await["body"]["found"], json!(true));
    let lifts = lifts(&passenger).await;
    for lift in &lifts {
        close(&staff, lift, true).await;
    }
    let (mut closed, mut is_blocked) = (0, false);
    while closed < lifts.len() || !is_blocked {
        let told = socket.frame().await["view"].clone();
        match told["id"].as_str() {
            Some("venue") => closed = told["body"]["venue"]["closures"].as_array().map_or(0, Vec::len),
            _ => is_blocked = told["body"].get("found").is_none(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_resumes_over_a_restart_and_says_only_what_is_new() {
    let house = House::open().await;
    let person = Uuid::new_v4();
    let (partner, passenger) = (house.callers.partner(), house.callers.passenger(person));
    let bag = Luggage::new("3479000403");
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let asked = json!({"plate": bag.plate});
    let mut socket =
        Socket::open(house.node.public, &house.callers.passenger_token(person), Value::Null).await;
    socket.subscribe("bag", BAG, asked.clone(), &Value::Null).await;
    let seen = socket.shown_when("bag", |body| last_step(body) == Some("BAG_STEP_KIND_ANNOUNCED")).await;
    let house = house.reopen().await;
    let partner = house.callers.partner();

    let token = house.callers.passenger_token(person);
    let mut socket = Socket::open(house.node.public, &token, Value::Null).await;
    socket.subscribe("bag", BAG, asked, &seen).await;
    socket.subscribe("followed", FOLLOWED, json!({}), &Value::Null).await;
    assert_eq!(socket.shown("followed").await["change"], "1", "nothing is new of the bag");
    record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await;
    let moved = socket.shown_when("bag", |body| last_step(body) == Some("BAG_STEP_KIND_ACCEPTED")).await;
    assert_eq!(steps(&moved["body"]).len(), 2, "{moved}");
}

#[test]
fn each_live_read_is_told_of_here() {
    let pool = airside_api::pool();
    let live = pool.get_extension_by_name("airside.access.v1.live").unwrap();
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let live = methods.filter(|method| method.options().has_extension(&live));
    let paths = live.map(|method| format!("/{}/{}", method.parent_service().full_name(), method.name()));
    let mut paths: Vec<_> = paths.collect();
    paths.sort();
    assert_eq!(paths, [BAG, FLIGHT, ROUTE, VENUE, FOLLOWED]);
}
