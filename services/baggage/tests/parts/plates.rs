//! One bag under several plates: its passenger sees it under the plate that they know.

use airside_api::baggage::v1::{self as api, LinkKind, Stage, TrackingPoint};
use airside_baggage::model::JourneyId;
use airside_kernel::{Clock, PersonId, Timestamp};
use airside_runtime::auth::{Caller, StaffRole};
use futures::StreamExt;
use jiff::SignedDuration;
use tonic::Code;
use uuid::Uuid;

use crate::{
    airport::{Airport, by, staff},
    scans::scan,
};

const PLATE: &str = "3479000101";
const RUSH: &str = "2479000777";
const AGAIN: &str = "2479000778";

fn operator() -> Caller {
    Caller::Staff { id: "s2".into(), roles: vec![StaffRole::Operator] }
}

fn passenger() -> PersonId {
    PersonId(Uuid::from_u128(7))
}

fn announced(plate: &str, flight: &str, name: &str) -> String {
    format!("BSM\n.V/1LSZX\n.F/{flight}/20NOV/PEK\n.N/{plate}001\n.P/1{name}\nENDBSM\n")
}

impl Airport {
    async fn forwards(&mut self, from: &str, to: &str, withdraw: bool) -> Result<(), Code> {
        let (plate, other) = (to.to_owned(), from.to_owned());
        let mut request =
            api::LinkBagRequest { plate, other, continues: true, withdraw, ..Default::default() };
        request.set_kind(LinkKind::Rush);
        self.settled().await;
        self.bag(to, staff()).await.unwrap();
        self.clock.advance(SignedDuration::from_mins(1));
        let answer = self.client.link_bag(by(operator(), request)).await;
        answer.map(drop).map_err(|status| status.code())
    }

    async fn seen(&mut self, id: &str, plate: &str, point: TrackingPoint) {
        self.clock.advance(SignedDuration::from_mins(1));
        let scan = scan(id, plate, self.clock.as_ref());
        self.record(vec![api::Scan { point: point.into(), ..scan }]).await;
    }

    async fn listed(&mut self, caller: Caller) -> Vec<(String, String)> {
        let at_least_position = self.settled().await;
        let request = api::ListBagsRequest { at_least_position, ..Default::default() };
        let bags = self.client.list_bags(by(caller, request)).await.unwrap().into_inner().bags;
        bags.into_iter().map(|bag| (bag.plate, bag.plate_now)).collect()
    }
}

/// A bag that its passenger follows and that goes on under a rush tag; returns their caller.
async fn forwarded(name: &str) -> (Airport, Caller) {
    let mut airport = Airport::reading().await;
    airport.submit(&[&announced(PLATE, "ZH9101", "ZHANG/SAN"), &announced(RUSH, "ZH9103", name)]).await;
    let bag = airport.bag(PLATE, staff()).await.unwrap();
    airport.follow(passenger(), PLATE, &bag.journey_id).await;
    airport.seen("a", PLATE, TrackingPoint::Sortation).await;
    (airport, Caller::Passenger(passenger()))
}

/// Case 64 of the reference: a rush tag that is linked later, and the bag forwarded twice.
#[tokio::test]
async fn who_follows_the_old_plate_sees_the_bag_under_the_plate_that_it_wears_now() {
    let (mut airport, mine) = forwarded("ZHANG/SAN").await;
    let first = airport.bag(PLATE, mine.clone()).await.unwrap();
    assert_eq!(first.plate_now, "", "it wears the plate that was asked for");
    let before = airport.clock.now();
    airport.forwards(PLATE, RUSH, false).await.unwrap();
    airport.seen("b", RUSH, TrackingPoint::AircraftLoad).await;
    let bag = airport.bag(PLATE, mine.clone()).await.unwrap();
    assert_eq!((bag.plate.as_str(), bag.plate_now.as_str()), (PLATE, RUSH));
    assert_eq!(bag.journey_id, first.journey_id, "the journey that is followed");
    let status = bag.status.unwrap();
    assert_eq!((status.stage(), status.flight.as_str()), (Stage::OnAircraft, "ZH9103-20261120"));
    let points: Vec<_> = bag.timeline.iter().filter(|one| !one.announcement).map(|one| one.point()).collect();
    assert_eq!(points, [TrackingPoint::Sortation, TrackingPoint::AircraftLoad], "one way under both plates");

    airport.submit(&[&announced(AGAIN, "ZH9105", "ZHANG/SANMR")]).await;
    airport.forwards(RUSH, AGAIN, false).await.unwrap();
    airport.seen("c", PLATE, TrackingPoint::ReclaimBelt).await;
    let bag = airport.bag(PLATE, mine.clone()).await.unwrap();
    assert_eq!(bag.plate_now, AGAIN);
    assert_eq!(bag.status.unwrap().stage(), Stage::OnBelt, "its first tag is read again at the destination");
    assert_eq!(airport.listed(mine.clone()).await, [(PLATE.to_owned(), AGAIN.to_owned())]);
    let request = api::GetBagJourneyRequest { plate: PLATE.into(), ..Default::default() };
    let way = airport.client.get_bag_journey(by(mine.clone(), request)).await.unwrap().into_inner();
    assert_eq!(way.last_seen.unwrap().kind(), api::BagStepKind::OnBelt);
    let kinds: Vec<_> = way.steps.iter().map(api::BagStep::kind).collect();
    assert!(kinds.contains(&api::BagStepKind::InHall) && kinds.contains(&api::BagStepKind::OnBoard));
    let then = airport.bag_as_of(PLATE, before, mine.clone()).await.unwrap();
    assert_eq!(then.plate_now, "", "nobody knew of the link then");
    let now: Timestamp = airport.clock.now();
    assert_eq!(airport.bag_as_of(PLATE, now, mine.clone()).await.unwrap().plate_now, AGAIN);
    let other = airport.bag(RUSH, mine).await.unwrap_err();
    assert_eq!(other.code(), Code::NotFound, "the new plate alone shows nothing");
}

#[tokio::test]
async fn a_link_that_is_taken_back_leads_nowhere_and_can_be_made_again() {
    let (mut airport, mine) = forwarded("ZHANG/SAN").await;
    assert_eq!(airport.forwards(PLATE, RUSH, true).await, Err(Code::NotFound), "there is none yet");
    for _ in 0..2 {
        airport.forwards(PLATE, RUSH, false).await.unwrap();
        assert_eq!(airport.bag(PLATE, mine.clone()).await.unwrap().plate_now, RUSH);
        airport.forwards(PLATE, RUSH, true).await.unwrap();
        assert_eq!(airport.bag(PLATE, mine.clone()).await.unwrap().plate_now, "");
    }
}

#[tokio::test]
async fn a_bag_of_another_passenger_is_not_linked_and_one_that_turns_out_to_be_is_not_shown() {
    let (mut airport, mine) = forwarded("LI/SI").await;
    assert_eq!(airport.forwards(PLATE, RUSH, false).await, Err(Code::FailedPrecondition));
    airport.seen("b", AGAIN, TrackingPoint::Sortation).await;
    airport.forwards(PLATE, AGAIN, false).await.unwrap();
    assert_eq!(airport.bag(PLATE, mine.clone()).await.unwrap().plate_now, AGAIN, "nobody is named yet");
    airport.submit(&[&announced(AGAIN, "ZH9105", "LI/SI")]).await;
    let bag = airport.bag(PLATE, mine).await.unwrap();
    assert_eq!((bag.plate_now.as_str(), bag.passenger.as_str()), ("", "ZHANG/SAN"));
    assert!(bag.timeline.iter().filter(|one| !one.announcement).count() == 1, "{:?}", bag.timeline);
}

#[tokio::test]
async fn a_watch_goes_on_under_the_new_plate() {
    let (mut airport, mine) = forwarded("ZHANG/SAN").await;
    airport.forwards(PLATE, RUSH, false).await.unwrap();
    airport.bag(PLATE, mine.clone()).await.unwrap();
    let request = api::WatchBagRequest { plate: PLATE.into() };
    let mut watch = airport.client.watch_bag(by(mine, request)).await.unwrap().into_inner();
    let first = watch.next().await.unwrap().unwrap().bag.unwrap();
    assert_eq!(first.plate_now, RUSH);
    airport.seen("b", RUSH, TrackingPoint::AircraftLoad).await;
    let next = tokio::time::timeout(std::time::Duration::from_secs(30), watch.next()).await;
    let next = next.expect("what happens under the new plate is watched").unwrap().unwrap().bag.unwrap();
    assert_eq!(next.status.unwrap().stage(), Stage::OnAircraft);
}

#[tokio::test]
async fn a_passenger_who_follows_both_plates_of_a_bag_has_one_bag() {
    let (mut airport, mine) = forwarded("ZHANG/SAN").await;
    let rushed: JourneyId =
        airport.bag(RUSH, staff()).await.unwrap().journey_id.parse().map(JourneyId).unwrap();
    airport.follow(passenger(), RUSH, &rushed.to_string()).await;
    assert_eq!(airport.listed(mine.clone()).await.len(), 2);
    airport.forwards(PLATE, RUSH, false).await.unwrap();
    assert_eq!(airport.listed(mine).await, [(PLATE.to_owned(), RUSH.to_owned())]);
    let all = airport.listed(staff()).await;
    assert_eq!(all.len(), 2, "who handles bags sees both plates");
}
