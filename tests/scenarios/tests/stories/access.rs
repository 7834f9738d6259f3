//! What a passenger may reach: their own, and nothing tells them of more.

use airside_api::{
    baggage::v1::{ListBagsRequest, TrackingPoint, WatchBagRequest},
    notifications::v1::{ListNotificationsRequest, NoticeKind},
    trips::v1::{FollowBagRequest, follow_bag_request::Proof},
};
use airside_simulator::connect::Clients;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, bag_of, follow, record, try_follow},
    luggage::Luggage,
    session::Session,
    within,
};

fn said(status: &Status) -> (Code, &str) {
    (status.code(), status.message())
}

async fn try_locator(passenger: &Clients, plate: &str, locator: &str) -> Status {
    let proof = Some(Proof::RecordLocator(locator.to_owned()));
    let request = FollowBagRequest { plate: plate.to_owned(), proof };
    passenger.trips.clone().follow_bag(request).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_pair_and_an_unknown_plate_answer_alike() {
    let house = House::open().await;
    let bag = Luggage::new("3479000301");
    announce(&house.callers.partner(), &bag).await;
    follow(&house.callers.passenger(Uuid::new_v4()), &bag).await;

    let thief = house.callers.passenger(Uuid::new_v4());
    let wrong_name = try_follow(&thief, &bag.plate, "WANG").await.unwrap_err();
    let unknown_plate = try_follow(&thief, "3479000399", bag.surname).await.unwrap_err();
    let wrong_locator = try_locator(&thief, &bag.plate, "ZZZ999").await;
    let unknown_locator = try_locator(&thief, "3479000399", bag.record_locator).await;

    assert_eq!(said(&wrong_name), (Code::NotFound, "bag not found"));
    for answer in [&unknown_plate, &wrong_locator, &unknown_locator] {
        assert_eq!(said(answer), said(&wrong_name));
        let names = |status: &Status| {
            let mut names: Vec<_> = status.metadata().keys().map(|key| format!("{key:?}")).collect();
            names.sort();
            names
        };
        assert_eq!(names(answer), names(&wrong_name), "headers tell them apart");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_at_a_bag_soon_comes_to_an_end() {
    let house = House::open().await;
    let guesser = house.callers.passenger(Uuid::new_v4());
    let mut answers = Vec::new();
    for _ in 0..12 {
        answers.push(try_follow(&guesser, "3479000311", "WANG").await.unwrap_err());
    }
    assert!(answers[..10].iter().all(|status| status.code() == Code::NotFound));
    let last = &answers[11];
    assert_eq!(last.code(), Code::ResourceExhausted);
    assert!(last.message().contains("try again in"), "{}", last.message());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passenger_reaches_only_their_own() {
    let house = House::open().await;
    let partner = house.callers.partner();
    let owner = house.callers.passenger(Uuid::new_v4());
    let stranger = house.callers.passenger(Uuid::new_v4());
    let bag = Luggage::new("3479000321");
    announce(&partner, &bag).await;
    follow(&owner, &bag).await;
    let mut session = Session::open(&owner).await;
    record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await;
    session.expect(NoticeKind::BagAccepted).await;

    let refused = bag_of(&stranger, &bag.plate).await.unwrap_err();
    let nowhere = bag_of(&stranger, "3479000399").await.unwrap_err();
    assert_eq!(said(&refused), (Code::NotFound, "bag not found"));
    assert_eq!(said(&refused), said(&nowhere));
    assert_eq!(bag_of(&owner, &bag.plate).await.unwrap().plate, bag.plate);

    assert!(listed(&stranger).await.is_empty());
    for sees in [&owner, &partner] {
        assert_eq!(listed(sees).await, std::slice::from_ref(&bag.plate));
    }

    let request = WatchBagRequest { plate: bag.plate.clone() };
    let watched = stranger.baggage.clone().watch_bag(request.clone()).await.unwrap_err();
    assert_eq!(said(&watched), (Code::NotFound, "bag not found"));
    let mut watched = owner.baggage.clone().watch_bag(request).await.unwrap().into_inner();
    let first = within("the bag", watched.message()).await.unwrap().unwrap();
    assert_eq!(first.bag.unwrap().plate, bag.plate);
    record(&partner, bag.scan("s2", TrackingPoint::Sortation)).await;
    let next = within("the change", watched.message()).await.unwrap().unwrap();
    assert_eq!(next.bag.unwrap().timeline.len(), 3);

    assert_eq!(notices(&stranger).await, 0);
    assert_eq!(notices(&owner).await, 1);
}

async fn listed(caller: &Clients) -> Vec<String> {
    let answer = caller.baggage.clone().list_bags(ListBagsRequest::default()).await.unwrap();
    answer.into_inner().bags.into_iter().map(|bag| bag.plate).collect()
}

async fn notices(passenger: &Clients) -> usize {
    let request = ListNotificationsRequest::default();
    let answer = passenger.notifications.clone().list_notifications(request).await.unwrap();
    answer.into_inner().notices.len()
}
