//! The trip service over a real log and a real vault.

use airside_api::trips::v1::follow_bag_request::Proof as Given;
use airside_kernel::SubjectId;
use tonic::Code;
use uuid::Uuid;

use super::*;
use crate::{
    events::Fact,
    tests::{House, as_person, house, person},
};

const FLIGHT: &str = "ZH9101-20261120";
const PLATE: &str = "0479123456";

async fn follow_bag(
    house: &House,
    n: u128,
    plate: &str,
    proof: Option<Given>,
) -> Result<api::FollowBagResponse, Status> {
    let request = api::FollowBagRequest { plate: plate.to_owned(), proof };
    Ok(house.api.follow_bag(as_person(person(n), request)).await?.into_inner())
}

fn surname(text: &str) -> Option<Given> {
    Some(Given::Surname(text.to_owned()))
}

fn locator(text: &str) -> Option<Given> {
    Some(Given::RecordLocator(text.to_owned()))
}

#[tokio::test]
async fn to_follow_again_changes_nothing_and_a_new_booking_does() {
    let house = house().await;
    assert_ne!(house.follow_flight(person(1), FLIGHT, "", "").await.unwrap(), "");
    assert_eq!(house.follow_flight(person(1), "ZH09101-20261120", "", "").await.unwrap(), "");
    assert_ne!(house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap(), "");
    assert_eq!(house.follow_flight(person(1), FLIGHT, "ZHANG", "abc123").await.unwrap(), "");
    assert_eq!(house.follow_flight(person(1), FLIGHT, "", "").await.unwrap(), "");
    assert_ne!(house.follow_flight(person(1), FLIGHT, "Zhang", "XYZ789").await.unwrap(), "");
    assert_ne!(house.unfollow_flight(person(1), FLIGHT).await.unwrap(), "");
    assert_eq!(house.unfollow_flight(person(1), FLIGHT).await.unwrap(), "");
}

#[tokio::test]
async fn a_booking_is_stored_sealed_under_the_person() {
    let house = house().await;
    house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap();
    let events = house.events(person(1)).await;
    for canary in ["zhang", "abc123"] {
        let has = |bytes: &[u8]| {
            bytes.windows(canary.len()).any(|part| part.eq_ignore_ascii_case(canary.as_bytes()))
        };
        assert!(events.iter().all(|event| !has(event.payload()) && !has(event.metadata_bytes())));
    }
    let Some(Fact::BookingLinked { booking, .. }) = house.facts(person(1)).await.pop() else {
        unreachable!()
    };
    let open = || booking.surname.open(house.vault.as_ref()).unwrap().known().cloned();
    assert_eq!(open().unwrap(), "ZHANG");
    house.vault.erase(&SubjectId::new(person(1))).await.unwrap();
    assert_eq!(open(), None);
}

#[tokio::test]
async fn a_bag_is_followed_with_the_surname_or_the_locator() {
    let house = house().await;
    let journey = Uuid::from_u128(7);
    house.bag(PLATE, journey, "1ZHANG/SAN", "ABC123").await;
    let answer = follow_bag(&house, 1, PLATE, surname("Zhang")).await.unwrap();
    assert_eq!(answer.journey_id, journey.to_string());
    let listed = house.list(person(1), answer.position).await;
    assert_eq!(
        (listed.bags[0].plate.as_str(), listed.bags[0].journey_id.clone()),
        (PLATE, journey.to_string())
    );
    let again = follow_bag(&house, 1, PLATE, locator("abc123")).await.unwrap();
    assert_eq!((again.journey_id, again.position.as_str()), (journey.to_string(), ""));
    let request = api::UnfollowBagRequest { journey_id: journey.to_string() };
    let position = house.api.unfollow_bag(as_person(person(1), request)).await.unwrap().into_inner().position;
    assert!(house.list(person(1), position).await.bags.is_empty());
}

#[tokio::test]
async fn of_two_journeys_of_a_plate_the_newest_that_fits_is_followed() {
    let house = house().await;
    house.bag(PLATE, Uuid::from_u128(1), "ZHANG/SAN", "ABC123").await;
    house.bag(PLATE, Uuid::from_u128(2), "ZHANG/SI", "XYZ789").await;
    let followed = async |proof| follow_bag(&house, 1, PLATE, proof).await.unwrap().journey_id;
    assert_eq!(followed(surname("Zhang")).await, Uuid::from_u128(2).to_string());
    assert_eq!(followed(locator("ABC123")).await, Uuid::from_u128(1).to_string());
}

#[tokio::test]
async fn a_wrong_pair_an_unknown_plate_and_an_erased_passenger_answer_alike() {
    let house = house().await;
    house.bag(PLATE, Uuid::from_u128(1), "ZHANG/SAN", "ABC123").await;
    house.bag("0479000002", Uuid::from_u128(2), "ZHANG/SAN", "ABC123").await;
    house.vault.erase(&SubjectId::new(Uuid::from_u128(2))).await.unwrap();
    let mut answers = Vec::new();
    for (plate, proof) in [
        (PLATE, surname("Li")),
        (PLATE, locator("XYZ789")),
        ("0479999999", surname("Zhang")),
        ("0479999999", locator("ABC123")),
        ("0479000002", surname("Zhang")),
        ("0479000002", locator("ABC123")),
    ] {
        let error = follow_bag(&house, 1, plate, proof).await.unwrap_err();
        answers.push((
            error.code(),
            error.message().to_owned(),
            error.metadata().len(),
            error.details().len(),
        ));
    }
    assert_eq!(answers, vec![(Code::NotFound, "bag not found".to_owned(), 0, 0); 6]);
    assert!(house.events(person(1)).await.is_empty());
}

#[tokio::test]
async fn a_person_has_few_tries_and_is_told_when_there_is_one_again() {
    let house = house().await;
    house.bag(PLATE, Uuid::from_u128(1), "ZHANG/SAN", "ABC123").await;
    for _ in 0..10 {
        assert_eq!(follow_bag(&house, 1, PLATE, surname("Li")).await.unwrap_err().code(), Code::NotFound);
    }
    let error = follow_bag(&house, 1, PLATE, surname("Zhang")).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::ResourceExhausted, "too many attempts: try again in 6 s")
    );
    assert!(
        follow_bag(&house, 2, PLATE, surname("Zhang")).await.is_ok(),
        "another person has their own tries"
    );
    house.wait(6);
    assert!(follow_bag(&house, 1, PLATE, surname("Zhang")).await.is_ok());
}

#[tokio::test]
async fn a_bad_call_names_its_field() {
    let house = house().await;
    let check = |error: Status, field: &str| {
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().starts_with(&format!("{field}: ")), "{}", error.message());
    };
    check(follow_bag(&house, 1, PLATE, None).await.unwrap_err(), "proof");
    check(follow_bag(&house, 1, "123", surname("Zhang")).await.unwrap_err(), "plate");
    check(follow_bag(&house, 1, PLATE, surname(" ")).await.unwrap_err(), "surname");
    check(follow_bag(&house, 1, PLATE, locator("A")).await.unwrap_err(), "record_locator");
    check(house.follow_flight(person(1), "ZH9101", "", "").await.unwrap_err(), "flight");
    check(house.follow_flight(person(1), FLIGHT, "Zhang", "").await.unwrap_err(), "record_locator");
    check(house.follow_flight(person(1), FLIGHT, "", "ABC123").await.unwrap_err(), "surname");
    let request = api::UnfollowBagRequest { journey_id: "x".to_owned() };
    check(house.api.unfollow_bag(as_person(person(1), request)).await.unwrap_err(), "journey_id");
}

#[tokio::test]
async fn only_a_passenger_has_trips() {
    let house = house().await;
    let call = |caller: Caller| {
        let mut request = Request::new(api::ListFollowedRequest::default());
        request.extensions_mut().insert(caller);
        house.api.list_followed(request)
    };
    assert_eq!(call(Caller::Anonymous).await.unwrap_err().code(), Code::Unauthenticated);
    let partner = Caller::Partner { id: "partner-zh".to_owned() };
    assert_eq!(call(partner).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn one_passenger_never_sees_what_another_follows() {
    let house = house().await;
    let position = house.follow_flight(person(1), FLIGHT, "", "").await.unwrap();
    assert_eq!(house.list(person(2), position).await, api::ListFollowedResponse::default());
}
