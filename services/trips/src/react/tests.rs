//! Who is told that they passed a point, over a real log and a real vault.

use std::time::Duration;

use airside_api::flights::v1::PassagePoint as Point;
use airside_kernel::{Kept, Keyring, RecordedEvent, SubjectId, keys};
use airside_runtime::{executor::Executor, reactors::Reactor};

use super::Passage;
use crate::{
    events::Fact,
    model::PassagePoint,
    tests::{House, house, person},
};

const FLIGHT: &str = "ZH9101-20261120";

async fn passed(house: &House, n: u128) -> Vec<PassagePoint> {
    let points = house.facts(person(n)).await.into_iter().filter_map(|fact| match fact {
        Fact::PassagePointPassed { point, .. } => Some(point),
        _ => None,
    });
    points.collect()
}

#[tokio::test]
async fn a_read_is_told_to_everybody_who_follows_under_its_booking_and_to_nobody_else() {
    let house = house().await;
    house.follow_flight(person(1), FLIGHT, "Zhang", "abc123").await.unwrap();
    house.follow_flight(person(2), FLIGHT, "Zhang", "ABC123").await.unwrap();
    house.follow_flight(person(3), FLIGHT, "Zhang", "XYZ789").await.unwrap();
    house.follow_flight(person(4), FLIGHT, "Li", "ABC123").await.unwrap();
    house.follow_flight(person(5), FLIGHT, "", "").await.unwrap();
    house.follow_flight(person(6), "ZH9102-20261120", "Zhang", "ABC123").await.unwrap();
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    for n in 1..=6 {
        let expected = if n <= 2 { vec![PassagePoint::Gate] } else { Vec::new() };
        assert_eq!(passed(&house, n).await, expected, "person {n}");
    }
}

#[tokio::test]
async fn who_boarded_is_listed_as_boarded() {
    let house = house().await;
    house.follow_flight(person(1), "ZH09101-20261120", "Zhang", "ABC123").await.unwrap();
    house.read(FLIGHT, Point::Security, "ZHANG/SAN", "ABC123").await;
    let last = house.events(person(1)).await.pop().unwrap().position().to_string();
    assert!(!house.list(person(1), last).await.flights[0].boarded);
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    let last = house.events(person(1)).await.pop().unwrap().position().to_string();
    assert!(house.list(person(1), last).await.flights[0].boarded);
}

#[tokio::test]
async fn the_fact_names_the_read_behind_it() {
    let house = house().await;
    house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap();
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    let Some(Fact::PassagePointPassed { cause, .. }) = house.facts(person(1)).await.pop() else {
        unreachable!()
    };
    assert_eq!((cause.reactor.as_str(), cause.stream.as_str()), ("trips.passage", "flight-ZH9101-20261120"));
    let event = house.events(person(1)).await.pop().unwrap();
    assert!(event.metadata().unwrap().get(keys::CAUSATION_ID).is_some());
}

#[tokio::test]
async fn the_same_point_twice_is_told_once() {
    let house = house().await;
    house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap();
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    assert_eq!(passed(&house, 1).await, [PassagePoint::Gate]);
}

#[tokio::test]
async fn who_unfollowed_is_told_nothing() {
    let house = house().await;
    house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap();
    house.unfollow_flight(person(1), FLIGHT).await.unwrap();
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    assert_eq!(passed(&house, 1).await, []);
}

#[tokio::test]
async fn an_erased_person_and_an_erased_read_match_nothing() {
    let house = house().await;
    house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap();
    house.follow_flight(person(2), FLIGHT, "Zhang", "ABC123").await.unwrap();
    house.vault.erase(&SubjectId::new(person(1))).await.unwrap();
    let (read, subject) = house.read_message(FLIGHT, Point::Security, "ZHANG/SAN", "ABC123").await;
    house.vault.erase(&SubjectId::new(subject)).await.unwrap();
    house.publish("flight-ZH9101-20261120", "flights.PassengerRead", read).await;
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    assert_eq!(passed(&house, 1).await, []);
    assert_eq!(passed(&house, 2).await, [PassagePoint::Gate]);
}

#[tokio::test]
async fn a_flight_that_has_landed_is_forgotten() {
    let house = house().await;
    house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap();
    let landed = airside_api::flights::v1::FlightLanded::default();
    house.publish("flight-ZH9101-20261120", "flights.FlightLanded", landed).await;
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    assert_eq!(passed(&house, 1).await, []);
}

#[tokio::test]
async fn a_reactor_that_does_everything_again_adds_nothing() {
    let house = house().await;
    house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap();
    house.read(FLIGHT, Point::CheckIn, "ZHANG/SAN", "ABC123").await;
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    let before = house.events(person(1)).await.len();
    let again = house.replay().await;
    assert_eq!((again, house.events(person(1)).await.len()), (2, before));
}

#[tokio::test]
async fn a_flight_is_forgotten_48_hours_after_its_day() {
    let house = house().await;
    house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap();
    house.wait(3 * 86_400 - 1);
    house.read(FLIGHT, Point::Security, "ZHANG/SAN", "ABC123").await;
    assert_eq!(passed(&house, 1).await, [PassagePoint::Security]);
    house.wait(1);
    house.follow_flight(person(2), FLIGHT, "Zhang", "ABC123").await.unwrap();
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    assert_eq!(passed(&house, 1).await, [PassagePoint::Security]);
    assert_eq!(passed(&house, 2).await, []);
}

#[tokio::test]
async fn a_cancelled_flight_is_not_forgotten_on_its_day() {
    let house = house().await;
    house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap();
    let cancelled = airside_api::flights::v1::FlightCancelled::default();
    house.publish("flight-ZH9101-20261120", "flights.FlightCancelled", cancelled).await;
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    assert_eq!(passed(&house, 1).await, [PassagePoint::Gate]);
}

#[tokio::test]
async fn a_damaged_stream_of_one_person_stops_nobody_else() {
    let house = house().await;
    for n in [1, 2] {
        house.follow_flight(person(n), FLIGHT, "Zhang", "ABC123").await.unwrap();
    }
    let damaged = airside_api::trips::v1::FlightFollowed::default();
    house.publish(person(1).stream("person").as_str(), "trips.FlightFollowed", damaged).await;
    let reads = async {
        house.read(FLIGHT, Point::Security, "ZHANG/SAN", "ABC123").await;
        house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    };
    tokio::time::timeout(Duration::from_secs(60), reads).await.expect("the reactor goes on");
    assert_eq!(passed(&house, 2).await, [PassagePoint::Security, PassagePoint::Gate]);
    assert_eq!(house.events(person(1)).await.len(), 3, "its follow, its booking and the damaged fact");
}

fn folded(mut passage: Passage, events: &[RecordedEvent]) -> Passage {
    let wanted = events.iter().filter(|event| Passage::wants(event.category()));
    wanted.for_each(|event| passage.take(event, false).unwrap());
    passage
}

#[tokio::test]
async fn a_start_from_disk_at_any_point_knows_who_follows_as_the_whole_log_does() {
    let house = house().await;
    house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap();
    house.follow_flight(person(2), FLIGHT, "Li", "XYZ789").await.unwrap();
    house.follow_flight(person(2), "ZH9102-20261120", "Li", "XYZ789").await.unwrap();
    house.unfollow_flight(person(2), FLIGHT).await.unwrap();
    house.read(FLIGHT, Point::Security, "ZHANG/SAN", "ABC123").await;
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    let events = house.store.read_all(None, 1_000).await.unwrap().events;
    let fresh =
        || Passage::new(Executor::new(house.store.clone(), house.vault.clone(), 16), house.vault.clone());
    let whole = folded(fresh(), &events).image();
    assert_eq!(whole.0.len(), 2, "two flights are followed at the end");
    let gate = events.iter().rfind(|event| event.category() == "flight").unwrap();
    for cut in 0..=events.len() {
        let (head, tail) = events.split_at(cut);
        let bytes = postcard::to_stdvec(&folded(fresh(), head).image()).unwrap();
        let mut restored = fresh();
        restored.restore(postcard::from_bytes(&bytes).unwrap());
        let mut restored = folded(restored, tail);
        assert_eq!(restored.image(), whole, "kept after {cut} events");
        restored.take(gate, true).unwrap();
        let told: Vec<_> = restored.pending[0].followers.iter().map(|(person, _)| *person).collect();
        assert_eq!(told, [person(1)]);
    }
}
