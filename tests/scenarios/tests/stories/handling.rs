//! Handlers load a flight: what may go on board, what is missing, what must come off.

use airside_api::{
    baggage::v1::{
        ContainerReport, ContainerResult, ContainerStep, DecideLoadRequest, DecideLoadResponse,
        ExportBagRequest, ExportFormat, GetContainerRequest, ListFlightBagsRequest, ListMissingRequest,
        ListOffloadRequest, LoadReason, LoadingStep, RecordContainersRequest, Scan, Stage, Stowage,
        TrackingPoint,
    },
    flights::v1::{Departed, flight_report::Report},
};
use airside_runtime::stored::timestamp_message;
use airside_simulator::connect::Clients;
use jiff::Timestamp;
use serde_json::{Value, json};
use tonic::Code;
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, record, report, submit},
    eventually,
    http::post,
    luggage::Luggage,
};

const DECIDE_LOAD: &str = "airside.baggage.v1.HandlingService/DecideLoad";
const PLATES: [&str; 4] = ["3479005101", "3479005102", "3479005103", "3479005104"];

/// Three bags of one flight and one of another, all announced; and when that was.
async fn announced(house: &House) -> (Clients, [Luggage; 4], Timestamp) {
    let partner = house.callers.partner();
    let [a, b, c, d] = PLATES.map(Luggage::new);
    let bags = [a, b, c, Luggage { designator: "ZH9107", ..d }];
    for bag in &bags {
        announce(&partner, bag).await;
    }
    (partner, bags, Timestamp::now())
}

fn into(bag: &Luggage, id: &str, point: TrackingPoint, container: &str, compartment: &str) -> Scan {
    let (container, compartment) = (container.to_owned(), compartment.to_owned());
    Scan { stowage: Some(Stowage { container, compartment }), ..bag.scan(id, point) }
}

async fn asked(by: &Clients, plate: &str, flight: &str, at: Option<Timestamp>) -> DecideLoadResponse {
    let request = DecideLoadRequest {
        plate: plate.to_owned(),
        flight: flight.to_owned(),
        as_of: at.map(timestamp_message),
        ..Default::default()
    };
    by.handling.clone().decide_load(request).await.unwrap().into_inner()
}

/// Returns why a bag may not go on a flight.
async fn reasons(by: &Clients, plate: &str, flight: &str, at: Option<Timestamp>) -> Vec<LoadReason> {
    let answer = asked(by, plate, flight, at).await;
    assert_eq!(answer.may_load, answer.obstacles.is_empty());
    assert!(answer.obstacles.iter().all(|one| !one.words.is_empty() && !one.remedy.is_empty()));
    answer.obstacles.iter().map(|one| one.reason()).collect()
}

async fn until(by: &Clients, plate: &str, flight: &str, expected: &[LoadReason]) {
    eventually(&format!("{plate} is kept off by {expected:?}"), async || {
        (reasons(by, plate, flight, None).await == expected).then_some(())
    })
    .await;
}

/// Returns plates, expected and seen of who had not come on board by an instant.
async fn missing(by: &Clients, flight: &str, cut_off: Option<Timestamp>) -> (Vec<String>, u32, u32) {
    let cut_off = cut_off.map(timestamp_message);
    let request = ListMissingRequest { flight: flight.to_owned(), cut_off, ..Default::default() };
    let answer = by.handling.clone().list_missing(request).await.unwrap().into_inner();
    (answer.bags.into_iter().map(|bag| bag.plate).collect(), answer.expected, answer.seen)
}

/// Returns compartment, container, plate and reasons of what must come off.
async fn offload(by: &Clients, flight: &str, at: Option<Timestamp>) -> Vec<[String; 3]> {
    let as_of = at.map(timestamp_message);
    let request = ListOffloadRequest { flight: flight.to_owned(), as_of, ..Default::default() };
    let answer = by.handling.clone().list_offload(request).await.unwrap().into_inner();
    assert_eq!(answer.total as usize, answer.items.len());
    assert!(answer.items.iter().all(|item| !item.reasons.is_empty()));
    answer.items.into_iter().map(|item| [item.compartment, item.container, item.plate]).collect()
}

/// Returns the plates in a container.
async fn inside(by: &Clients, container: &str, at: Option<Timestamp>) -> Result<Vec<String>, Code> {
    let as_of = at.map(timestamp_message);
    let request = GetContainerRequest { container: container.to_owned(), as_of, ..Default::default() };
    let answer = by.handling.clone().get_container(request).await;
    let answer = answer.map_err(|refused| refused.code())?.into_inner();
    assert_eq!(answer.total as usize, answer.bags.len());
    Ok(answer.bags.into_iter().map(|bag| bag.plate).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flight_is_loaded_and_what_must_come_off_is_found() {
    let house = House::open().await;
    let (partner, [a, b, c, other], then) = announced(&house).await;
    let flight = a.flight();
    for bag in [&a, &b, &c] {
        assert_eq!(reasons(&partner, &bag.plate, &flight, None).await, []);
    }
    assert_eq!(reasons(&partner, &other.plate, &flight, None).await, [LoadReason::AnotherFlight]);
    assert_eq!(reasons(&partner, "3479005199", &flight, None).await, [LoadReason::UnknownBag]);
    assert_eq!(missing(&partner, &flight, None).await.0, PLATES[..3]);

    record(&partner, into(&a, "a1", TrackingPoint::ContainerLoad, "AKE12345ZH", "")).await;
    record(&partner, into(&a, "a2", TrackingPoint::AircraftLoad, "AKE12345ZH", "42")).await;
    record(&partner, into(&b, "b1", TrackingPoint::AircraftLoad, "H1", "11")).await;
    eventually("two are on board", async || {
        (missing(&partner, &flight, None).await == (vec![c.plate.clone()], 3, 2)).then_some(())
    })
    .await;
    let all = [&a, &b, &c].map(|bag| bag.plate.clone()).to_vec();
    assert_eq!(missing(&partner, &flight, Some(then)).await, (all, 3, 0));
    assert_eq!(inside(&partner, "AKE12345ZH", None).await, Ok(vec![a.plate.clone()]));
    assert_eq!(inside(&partner, "AKE99999ZH", None).await, Err(Code::NotFound));
    assert_eq!(offload(&partner, &flight, None).await, [[""; 3]; 0]);

    // The airline wants one unloaded and deletes another.
    let bum = b.announcement().replace("BSM", "BUM");
    submit(&partner, &bum).await;
    submit(&partner, &a.announcement().replacen("BSM", "BSM\nDEL", 1)).await;
    until(&partner, &b.plate, &flight, &[LoadReason::UnloadRequested]).await;
    until(&partner, &a.plate, &flight, &[LoadReason::AuthorityRevoked]).await;
    let off = [["11", "H1", &b.plate], ["42", "AKE12345ZH", &a.plate]];
    assert_eq!(offload(&partner, &flight, None).await, off);

    // It is closed, and leaves.
    let day = a.day.strftime("%d%b").to_string().to_uppercase();
    submit(&partner, &format!("BCM\nFCM\n.V/1LSZX\n.F/ZH9101/{day}/PEK\nENDBCM\n")).await;
    until(&partner, &c.plate, &flight, &[LoadReason::FlightClosed]).await;
    report(&partner, &flight, Report::Departed(Departed {})).await;
    until(&partner, &c.plate, &flight, &[LoadReason::FlightDeparted]).await;

    // As it was known before all this.
    for bag in [&a, &b, &c] {
        assert_eq!(reasons(&partner, &bag.plate, &flight, Some(then)).await, []);
    }
    assert_eq!(offload(&partner, &flight, Some(then)).await, [[""; 3]; 0]);
    assert_eq!(inside(&partner, "AKE12345ZH", Some(then)).await, Err(Code::NotFound));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_is_loaded_as_a_whole_shows_in_every_answer_however_it_is_spelled() {
    let house = House::open().await;
    let (partner, [a, b, c, other], _) = announced(&house).await;
    let flight = a.flight();
    for (bag, spelled) in [(&a, "ake12345zh"), (&b, "AKE12345ZH"), (&other, "Ake12345Zh ")] {
        record(&partner, into(bag, "c", TrackingPoint::ContainerLoad, spelled, "")).await;
    }
    let report = ContainerReport {
        report_id: "r1".to_owned(),
        container: "AKE12345zh".to_owned(),
        step: ContainerStep::Loaded.into(),
        station: "SZX".to_owned(),
        observed_at: Some(timestamp_message(Timestamp::now())),
        flight: flight.clone(),
        compartment: "41L".to_owned(),
    };
    let request = RecordContainersRequest { source: "ramp.t3".to_owned(), reports: vec![report] };
    let answer = partner.baggage.clone().record_containers(request).await.unwrap().into_inner();
    assert_eq!(answer.outcomes[0].result(), ContainerResult::Recorded, "{:?}", answer.outcomes);

    let aboard = eventually("the container is on board with its bags", async || {
        let stages = vec![Stage::OnAircraft.into()];
        let request = ListFlightBagsRequest { flight: flight.clone(), stages, ..Default::default() };
        let bags = partner.handling.clone().list_flight_bags(request).await.unwrap().into_inner().bags;
        (bags.len() == 3).then_some(bags)
    })
    .await;
    for bag in &aboard {
        let status = bag.status.clone().unwrap();
        let stowage = status.stowage.unwrap();
        assert_eq!((stowage.container.as_str(), stowage.compartment.as_str()), ("AKE12345ZH", "41L"));
        assert!(status.inferred, "nobody read {} there", bag.plate);
    }
    assert_eq!(missing(&partner, &flight, None).await.0, [c.plate.as_str()]);

    let spelled = "aKE12345ZH".to_owned();
    let request = GetContainerRequest { container: spelled, ..Default::default() };
    let held = partner.handling.clone().get_container(request).await.unwrap().into_inner();
    assert_eq!((held.container.as_str(), held.step()), ("AKE12345ZH", ContainerStep::Loaded));
    assert_eq!((&held.flight, held.compartment.as_str(), held.total), (&flight, "41L", 3));
    let then = Timestamp::now();
    let inside_then = inside(&partner, "ake12345zh", Some(then)).await.unwrap();
    assert_eq!(inside_then, [&a, &b, &other].map(|bag| bag.plate.clone()));

    // Its own flight may have a bag of it; a stray in the container must come off.
    let decided = asked(&partner, &a.plate, &flight, None).await;
    assert!(decided.may_load && decided.status.unwrap().stage() == Stage::OnAircraft);
    let stray = reasons(&partner, &other.plate, &flight, None).await;
    assert_eq!(stray, [LoadReason::AnotherFlight]);
    assert_eq!(offload(&partner, &flight, None).await, [["41L", "AKE12345ZH", &other.plate]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bags_of_a_flight_are_counted_filtered_paged_and_shown_as_they_were() {
    let house = House::open().await;
    let (partner, [a, b, c, _], then) = announced(&house).await;
    record(&partner, a.scan("a1", TrackingPoint::Sortation)).await;
    let ask = async |request: ListFlightBagsRequest| {
        let request = ListFlightBagsRequest { flight: a.flight(), ..request };
        partner.handling.clone().list_flight_bags(request).await.unwrap().into_inner()
    };
    let counted = |answer: &airside_api::baggage::v1::ListFlightBagsResponse| {
        answer.counts.iter().map(|count| (count.stage(), count.bags)).collect::<Vec<_>>()
    };
    let now = eventually("one is sorted", async || {
        let answer = ask(ListFlightBagsRequest::default()).await;
        (counted(&answer) == [(Stage::Expected, 2), (Stage::Sorted, 1)]).then_some(answer)
    })
    .await;
    assert_eq!(now.bags[0].passenger, "Z*** S***", "names are masked");
    assert!(now.bags.iter().all(|bag| bag.timeline.is_empty()));
    let loading = now.loading.unwrap();
    assert_eq!((loading.flight.as_str(), loading.step()), (a.flight().as_str(), LoadingStep::Unspecified));

    let sorted =
        ask(ListFlightBagsRequest { stages: vec![Stage::Sorted.into()], ..Default::default() }).await;
    assert_eq!(sorted.bags.iter().map(|bag| &bag.plate).collect::<Vec<_>>(), [&a.plate]);
    assert_eq!(counted(&sorted), [(Stage::Expected, 2), (Stage::Sorted, 1)], "counts are of the flight");

    let first = ask(ListFlightBagsRequest { page_size: 2, ..Default::default() }).await;
    let token = first.next_page_token.clone();
    let second = ask(ListFlightBagsRequest { page_size: 2, page_token: token, ..Default::default() }).await;
    let listed: Vec<_> = first.bags.iter().chain(&second.bags).map(|bag| &bag.plate).collect();
    assert_eq!((listed, second.next_page_token.as_str()), (vec![&a.plate, &b.plate, &c.plate], ""));

    let as_of = Some(timestamp_message(then));
    let before = ask(ListFlightBagsRequest { as_of, ..Default::default() }).await;
    assert_eq!(counted(&before), [(Stage::Expected, 3)]);
    let long_ago = Some(timestamp_message(then - jiff::SignedDuration::from_hours(24 * 31)));
    let request = ListFlightBagsRequest { flight: a.flight(), as_of: long_ago, ..Default::default() };
    let refused = partner.handling.clone().list_flight_bags(request).await.unwrap_err();
    assert!(refused.code() == Code::InvalidArgument && refused.message().starts_with("as_of: "), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_ask_in_json_and_passengers_do_not() {
    let house = House::open().await;
    let (_, [a, .., other], _) = announced(&house).await;
    let (to, partner) = (house.node.public, house.callers.endpoint.tokens.partner.as_str());
    let decide = async |plate: &str| {
        let question = json!({"plate": plate, "flight": a.flight()}).to_string();
        let answer = post(to, DECIDE_LOAD, partner, &question).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let mut may = decide(&a.plate).await;
    may.as_object_mut().unwrap().remove("journeyId").unwrap();
    let status = json!({
        "stage": "STAGE_EXPECTED", "authority": "AUTHORITY_LOAD", "flight": a.flight(), "station": "SZX",
        "passenger": "PASSENGER_STATE_CHECKED_IN",
    });
    assert_eq!(may, json!({"mayLoad": true, "flight": a.flight(), "status": status}));
    assert_eq!(
        decide(&other.plate).await["obstacles"],
        json!([{
            "reason": "LOAD_REASON_ANOTHER_FLIGHT",
            "words": "the bag belongs on another flight",
            "remedy": "send it to the flight in the answer's status",
        }])
    );
    assert_eq!(decide("3479005199").await["obstacles"][0]["reason"], "LOAD_REASON_UNKNOWN_BAG");

    let question = json!({"plate": a.plate, "flight": a.flight()}).to_string();
    let refused = post(to, DECIDE_LOAD, &house.callers.passenger_token(Uuid::new_v4()), &question).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    let question = json!({"plate": "12", "flight": "nowhere"}).to_string();
    let refused = post(to, DECIDE_LOAD, partner, &question).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["message"].as_str().unwrap().starts_with("plate: "), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journey_is_exported_as_it_is_and_as_it_was() {
    let house = House::open().await;
    let (partner, [a, ..], then) = announced(&house).await;
    record(&partner, a.scan("a1", TrackingPoint::CheckIn)).await;
    let export = async |format: ExportFormat, at: Option<Timestamp>| {
        let as_of = at.map(timestamp_message);
        let request =
            ExportBagRequest { plate: a.plate.clone(), format: format.into(), as_of, ..Default::default() };
        let answer = partner.handling.clone().export_bag(request).await?.into_inner();
        Ok::<Value, tonic::Status>(serde_json::from_str(&answer.document).unwrap())
    };
    eventually("it is checked in", async || {
        let nodes = export(ExportFormat::Mht1076, None).await.unwrap();
        (nodes["nodes"][0]["node"] == "值机").then_some(())
    })
    .await;
    assert_eq!(export(ExportFormat::Mht1076, Some(then)).await.unwrap()["nodes"], json!([]));
    for (format, name) in [
        (ExportFormat::BagJourney, "bagjourney"),
        (ExportFormat::Resolution753, "resolution-753"),
        (ExportFormat::Json, "json"),
    ] {
        assert_eq!(export(format, None).await.unwrap()["format"], name);
    }
    let refused = export(ExportFormat::Unspecified, None).await.unwrap_err();
    assert!(refused.message().starts_with("format: "), "{refused}");
}
