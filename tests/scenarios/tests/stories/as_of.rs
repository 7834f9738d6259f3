//! What was known at an instant of the past, over gRPC and in JSON.

use airside_api::{
    baggage::v1::{GetBagRequest, Stage, TrackingPoint},
    flights::v1::{GetFlightRequest, flight_report::Report},
};
use airside_runtime::stored::timestamp_message;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tonic::Code;
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, bag_at, follow, record_at, report},
    http::post,
    luggage::{Luggage, flight, today},
};

const GET_BAG: &str = "airside.baggage.v1.BaggageService/GetBag";
const GET_FLIGHT: &str = "airside.flights.v1.FlightService/GetFlight";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bag_is_shown_as_it_was_known_before_it_was_scanned() {
    let house = House::open().await;
    let (to, partner, person) = (house.node.public, house.callers.partner(), Uuid::new_v4());
    let bag = Luggage::new("3479000951");
    announce(&partner, &bag).await;
    let then = Timestamp::now();
    follow(&house.callers.passenger(person), &bag).await;
    let (_, position) = record_at(&partner, bag.scan("s1", TrackingPoint::Sortation)).await;
    let now = bag_at(&partner, &bag.plate, &position).await.unwrap();
    assert_eq!((now.status.unwrap().stage(), now.timeline.len()), (Stage::Sorted, 2));

    let as_of = Some(timestamp_message(then));
    let question = GetBagRequest { plate: bag.plate.clone(), as_of, ..Default::default() };
    let known = partner.baggage.clone().get_bag(question).await.unwrap().into_inner().bag.unwrap();
    assert_eq!((known.status.unwrap().stage(), known.timeline.len()), (Stage::Expected, 1));

    // Who follows now sees what was known before they followed.
    let token = house.callers.passenger_token(person);
    let question = json!({"plate": bag.plate, "asOf": then.to_string()}).to_string();
    let known = post(to, GET_BAG, &token, &question).await;
    assert_eq!(known.status, 200, "{known:?}");
    let known = known.json();
    assert_eq!(known["bag"]["status"]["stage"], "STAGE_EXPECTED");
    assert_eq!(known["bag"]["timeline"].as_array().unwrap().len(), 1);

    let long_ago = then - SignedDuration::from_hours(24);
    let ahead = then + SignedDuration::from_hours(24);
    for (question, status, words) in [
        (json!({"plate": bag.plate, "asOf": long_ago.to_string()}), 404, "bag not found"),
        (json!({"plate": bag.plate, "asOf": ahead.to_string()}), 400, "as_of: "),
        (json!({"plate": bag.plate, "asOf": "yesterday"}), 400, "asOf: "),
        (
            json!({"plate": bag.plate, "asOf": then.to_string(), "atLeastPosition": position}),
            400,
            "at_least_position: ",
        ),
    ] {
        let answer = post(to, GET_BAG, &token, &question.to_string()).await;
        let said = answer.json();
        assert_eq!(answer.status, status, "{question}: {answer:?}");
        assert!(said["message"].as_str().unwrap().contains(words), "{question}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flight_is_shown_with_the_gate_that_it_had() {
    let house = House::open().await;
    let (to, partner) = (house.node.public, house.callers.partner());
    let flight = flight("ZH9107", today());
    report(&partner, &flight, Report::Gate("A3".to_owned())).await;
    let then = Timestamp::now();
    report(&partner, &flight, Report::Gate("B5".to_owned())).await;

    let gate = async |at| {
        let as_of = Some(timestamp_message(at));
        let question = GetFlightRequest { flight: flight.clone(), as_of, ..Default::default() };
        let answer = partner.flights.clone().get_flight(question).await;
        answer.map(|answer| answer.into_inner().flight.unwrap().gate)
    };
    assert_eq!(gate(then).await.unwrap(), "A3");
    assert_eq!(gate(Timestamp::now()).await.unwrap(), "B5");
    assert_eq!(gate(then - SignedDuration::from_hours(1)).await.unwrap_err().code(), Code::NotFound);

    let question = json!({"flight": flight, "asOf": then.to_string()}).to_string();
    let known = post(to, GET_FLIGHT, "", &question).await;
    assert_eq!((known.status, &known.json()["flight"]["gate"]), (200, &json!("A3")), "{known:?}");
}
