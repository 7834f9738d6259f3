//! What waits in quarantine is settled by an operator; two passengers with one plate are kept apart.

use airside_api::baggage::v1::{
    self as api, LinkKind, MessageQuarantined, QuarantinedMessage, QuarantinedObservation, Resolution,
    TrackingPoint, resolve_quarantine_request::Item,
};
use airside_kernel::{Keyring, SubjectId, keys};
use airside_runtime::{
    auth::{Caller, StaffRole},
    reactors::StartAt,
    stored::timestamp_message,
};
use jiff::SignedDuration;
use prost::Message;
use tonic::{Code, Status};

use crate::airport::{Airport, NOW, by};

const PLATE: &str = "0479000101";

fn operator() -> Caller {
    Caller::Staff { id: "op7".into(), roles: vec![StaffRole::Operator] }
}

fn bsm(flight: &str, name: &str) -> String {
    format!("BSM\n.V/1LSZX\n.F/{flight}/20NOV/PEK\n.N/{PLATE}001\n.P/{name}\nENDBSM\n")
}

fn scan(id: &str, plate: &str) -> api::Scan {
    let mut scan = api::Scan {
        scan_id: id.into(),
        plate: plate.into(),
        station: "SZX".into(),
        observed_at: Some(timestamp_message(NOW.parse().unwrap())),
        ..Default::default()
    };
    scan.set_point(TrackingPoint::Sortation);
    scan
}

async fn resolve(
    airport: &mut Airport,
    item: Item,
    resolution: Resolution,
    journey_id: &str,
) -> Result<api::ResolveQuarantineResponse, Status> {
    let mut request = api::ResolveQuarantineRequest {
        item: Some(item),
        journey_id: journey_id.into(),
        ..Default::default()
    };
    request.set_resolution(resolution);
    airport.client.resolve_quarantine(by(operator(), request)).await.map(tonic::Response::into_inner)
}

fn observation(item: &api::QuarantinedItem) -> Item {
    let (plate, observation_id) = (item.plate.clone(), item.observation_id.clone());
    Item::Observation(QuarantinedObservation { plate, observation_id })
}

fn message(number: u64) -> Item {
    Item::Message(QuarantinedMessage { source: "dcs".into(), number })
}

/// How many facts of a type the log has.
async fn count(airport: &Airport, event_type: &str) -> usize {
    airport.log().await.iter().filter(|event| event.event_type() == event_type).count()
}

#[tokio::test]
async fn two_passengers_with_one_plate_have_two_journeys_and_their_words_find_them() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&bsm("ZH9101", "1ZHANG/SAN"), &bsm("ZH9101", "1LI/SI")]).await;
    airport.submit(&[&bsm("ZH9101", "1LI/SIMR").replacen("BSM\n", "BSM\nDEL\n", 1)]).await;
    airport.settled().await;
    assert_eq!(count(&airport, "baggage.TagCollided").await, 1);
    assert_eq!(count(&airport, "baggage.JourneyOpened").await, 2);
    let bag = airport.bag(PLATE, operator()).await.unwrap();
    assert_eq!(bag.timeline.len(), 2, "the deletion is of the second passenger's bag");
    assert!(bag.passenger.starts_with('L'), "{}", bag.passenger);
}

#[tokio::test]
async fn a_passenger_who_was_erased_stops_no_word_about_the_bag() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&bsm("ZH9101", "1ZHANG/SAN")]).await;
    let journey = airport.bag(PLATE, operator()).await.unwrap().journey_id;
    airport.vault.erase(&SubjectId::new(&journey)).await.unwrap();
    airport.submit(&[&bsm("ZH9101", "1LI/SI")]).await;
    let bag = airport.bag(PLATE, operator()).await.unwrap();
    assert_eq!((bag.journey_id, bag.timeline.len()), (journey, 2));
    assert_eq!(count(&airport, "baggage.TagCollided").await, 0);
}

#[tokio::test]
async fn an_ambiguous_reading_is_listed_until_an_operator_says_whose_it_is() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&bsm("ZH9101", "1ZHANG/SAN"), &bsm("CZ3502", "1LI/SI")]).await;
    airport.settled().await;
    airport.record(vec![scan("a", PLATE), scan("b", PLATE), scan("c", PLATE)]).await;
    let listed = airport.quarantine().await;
    let [third, second, first] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!(first.candidates.len(), 2);
    let journey = first.candidates[0].clone();
    let answer = resolve(&mut airport, observation(first), Resolution::Attached, &journey).await.unwrap();
    assert_eq!(answer.journey_id, journey);
    resolve(&mut airport, observation(second), Resolution::Dismissed, "").await.unwrap();
    resolve(&mut airport, observation(third), Resolution::Opened, "").await.unwrap();
    assert!(airport.quarantine().await.is_empty());
    let log = airport.log().await;
    let settled: Vec<_> = log.iter().filter(|e| e.event_type() == "baggage.ObservationResolved").collect();
    assert_eq!(settled.len(), 3);
    assert!(
        settled.iter().all(|event| event
            .metadata()
            .unwrap()
            .get(keys::ACTOR)
            .is_some_and(|actor| actor.contains("op7")))
    );
    let again = resolve(&mut airport, observation(first), Resolution::Attached, &journey).await;
    assert_eq!(again.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn a_message_is_dismissed_or_read_again_and_one_that_is_still_bad_comes_back() {
    let mut airport = Airport::reading().await;
    airport.submit(&["BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\nENDBSM\n", "nothing"]).await;
    assert_eq!(airport.quarantine().await.len(), 2);
    resolve(&mut airport, message(2), Resolution::Dismissed, "").await.unwrap();
    resolve(&mut airport, message(1), Resolution::Replayed, "").await.unwrap();
    let listed = airport.quarantine().await;
    assert_eq!(listed.iter().map(|item| item.number).collect::<Vec<_>>(), [1]);
    assert_eq!(count(&airport, "baggage.MessageQuarantined").await, 3, "what is still bad is noted anew");
    let unknown = resolve(&mut airport, message(2), Resolution::Replayed, "").await;
    assert_eq!(unknown.unwrap_err().code(), Code::NotFound);
    let wrong = resolve(&mut airport, message(1), Resolution::Attached, "").await.unwrap_err();
    assert!(wrong.message().starts_with("resolution:"), "{}", wrong.message());
}

#[tokio::test]
async fn a_message_that_an_older_parser_could_not_use_is_read_as_of_its_receipt() {
    let mut airport = Airport::open();
    airport.submit(&[&bsm("ZH9101", "1ZHANG/SAN")]).await;
    let older = MessageQuarantined { source: "dcs".into(), code: "truncated".into(), ..Default::default() };
    let stream = "quarantine-dcs".parse().unwrap();
    airport.append(stream, "baggage.MessageQuarantined", older.encode_to_vec()).await;
    airport.start_reading(Some(StartAt::End)).await;
    airport.clock.advance(SignedDuration::from_hours(24 * 100));
    assert_eq!(airport.quarantine().await.len(), 1);
    resolve(&mut airport, message(1), Resolution::Replayed, "").await.unwrap();
    let bag = airport.bag(PLATE, operator()).await.unwrap();
    assert_eq!(bag.legs[0].flight, "ZH9101-20261120", "its dates are of the day when it came");
    assert!(airport.quarantine().await.is_empty());
    let before = airport.log().await.len();
    let stream = "quarantine-dcs".parse().unwrap();
    airport.append(stream, "baggage.MessageQuarantined", older.encode_to_vec()).await;
    airport.settled().await;
    airport.quarantine().await;
    resolve(&mut airport, message(1), Resolution::Replayed, "").await.unwrap();
    airport.settled().await;
    let added = airport.log().await.split_off(before);
    assert!(added.iter().all(|event| event.category() != "bag"), "what is known already adds nothing");
}

#[tokio::test]
async fn a_rush_tag_is_linked_at_both_ends_and_once() {
    let mut airport = Airport::reading().await;
    let rush = "2479000777";
    airport.record(vec![scan("a", PLATE), scan("b", rush)]).await;
    let first = airport.bag(PLATE, operator()).await.unwrap().journey_id;
    let mut request = api::LinkBagRequest {
        plate: rush.into(),
        other: PLATE.into(),
        continues: true,
        ..Default::default()
    };
    request.set_kind(LinkKind::Rush);
    let answer = airport.client.link_bag(by(operator(), request.clone())).await.unwrap().into_inner();
    assert_eq!(answer.other_journey_id, first);
    airport.client.link_bag(by(operator(), request.clone())).await.unwrap();
    let log = airport.log().await;
    let links: Vec<_> = log
        .iter()
        .filter(|event| event.event_type() == "baggage.JourneyLinked")
        .map(|event| {
            (event.stream().to_owned(), api::JourneyLinked::decode(event.payload()).unwrap().continues)
        })
        .collect();
    assert_eq!(links, [(format!("bag-{rush}"), true), (format!("bag-{PLATE}"), false)]);
    request.set_kind(LinkKind::Epc);
    request.other = "no code".into();
    let wrong = airport.client.link_bag(by(operator(), request)).await.unwrap_err();
    assert!(wrong.message().starts_with("other:"), "{}", wrong.message());
}
