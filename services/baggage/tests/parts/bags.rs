//! Who sees what of a bag.

use airside_api::baggage::v1::{self as api, Stage};
use airside_baggage::model::JourneyId;
use airside_kernel::{Clock, Keyring, PersonId};
use airside_runtime::{auth::Caller, reactors::StartAt};
use jiff::SignedDuration;
use tonic::Code;
use uuid::Uuid;

use crate::{
    airport::{Airport, by, sample, staff},
    scans::scan,
};

const PLATE: &str = "3479000101";

#[tokio::test]
async fn a_bag_that_is_not_followed_and_an_unknown_one_are_answered_alike() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&sample("syn_bsm_local_szx")]).await;
    let journey = airport.bag(PLATE, staff()).await.unwrap().journey_id;
    let (mine, other) = (PersonId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
    airport.follow(mine, PLATE, &journey).await;

    let bag = airport.bag(PLATE, Caller::Passenger(mine)).await.unwrap();
    assert_eq!(bag.passenger, "ZHANG/SAN", "who follows a bag has proved to know the name");
    let strange = airport.bag(PLATE, Caller::Passenger(other)).await.unwrap_err();
    let unknown = airport.bag("3479000999", Caller::Passenger(mine)).await.unwrap_err();
    let nobody = airport.bag(PLATE, Caller::Passenger(other)).await.unwrap_err();
    for refused in [&strange, &nobody] {
        assert_eq!((refused.code(), refused.message()), (unknown.code(), unknown.message()));
    }
    assert_eq!((unknown.code(), unknown.message()), (Code::NotFound, "bag not found"));
}

#[tokio::test]
async fn a_passenger_is_shown_nothing_of_screening() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&sample("syn_bsm_local_szx")]).await;
    let journey = airport.bag(PLATE, staff()).await.unwrap().journey_id;
    let mine = PersonId(Uuid::from_u128(1));
    airport.follow(mine, PLATE, &journey).await;
    let screened = api::Scan {
        point: api::TrackingPoint::Screening.into(),
        location: "HBS302".into(),
        ..scan("a", PLATE, airport.clock.as_ref() as &dyn Clock)
    };
    airport.record(vec![screened]).await;
    let handler = airport.bag(PLATE, staff()).await.unwrap();
    let status = handler.status.unwrap();
    assert_eq!((status.stage(), status.screening()), (Stage::Screened, api::Screening::Pending));
    let shown = airport.bag(PLATE, Caller::Passenger(mine)).await.unwrap();
    let status = shown.status.as_ref().unwrap();
    assert_eq!((status.stage(), status.screening()), (Stage::InSystem, api::Screening::Unspecified));
    assert!(!format!("{shown:?}").to_lowercase().contains("hbs"), "{shown:?}");
    assert!(shown.timeline.iter().all(|line| line.point() != api::TrackingPoint::Screening));
}

#[tokio::test]
async fn a_passenger_is_not_shown_where_a_bag_was_sent_that_screening_rejected() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&sample("syn_bsm_local_szx")]).await;
    let bag = airport.bag(PLATE, staff()).await.unwrap();
    let mine = PersonId(Uuid::from_u128(1));
    airport.follow(mine, PLATE, &bag.journey_id).await;
    let group = ".J/S//HBS1/20NOV/1005L/HBS3\n.F/ZH9101/20NOV/PEK\n.N/3479000101001\n.X/SEL/REJ//D\n";
    airport.submit(&[&format!("BPM\n.V/1LSZX\n{group}ENDBPM\n")]).await;
    let status = airport.bag(PLATE, staff()).await.unwrap().status.unwrap();
    assert_eq!((status.screening(), status.location.as_str()), (api::Screening::Rejected, "HBS3"));
    let shown = airport.bag(PLATE, Caller::Passenger(mine)).await.unwrap();
    assert!(!format!("{shown:?}").contains("HBS"), "{shown:?}");
    assert_eq!(shown.status.unwrap().stage(), Stage::InSystem);
}

#[tokio::test]
async fn a_later_bag_of_the_same_plate_is_not_the_follower_s() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&sample("syn_bsm_local_szx")]).await;
    let journey = airport.bag(PLATE, staff()).await.unwrap().journey_id;
    let mine = PersonId(Uuid::from_u128(1));
    airport.follow(mine, PLATE, &journey).await;
    airport.clock.advance(SignedDuration::from_hours(6 * 24));
    airport.submit(&["BSM\n.V/1LSZX\n.F/CZ3502/26NOV/SHA\n.N/3479000101001\n.P/1LI/SI\nENDBSM\n"]).await;
    assert_eq!(airport.bag(PLATE, staff()).await.unwrap().passenger, "L*** S***");
    let bag = airport.bag(PLATE, Caller::Passenger(mine)).await.unwrap();
    assert_eq!((bag.passenger.as_str(), bag.journey_id), ("ZHANG/SAN", journey));
}

#[tokio::test]
async fn an_erased_passenger_stays_erased_after_a_rebuild_and_another_reading() {
    let mut airport = Airport::reading().await;
    let bsm = sample("syn_bsm_local_szx");
    airport.submit(&[&bsm]).await;
    let before = airport.bag(PLATE, staff()).await.unwrap();
    let mine = PersonId(Uuid::from_u128(1));
    airport.follow(mine, PLATE, &before.journey_id).await;
    let journey = JourneyId(before.journey_id.parse().unwrap());
    airport.vault.erase(&journey.subject()).await.unwrap();
    let check = async |airport: &mut Airport, announced: usize| {
        for caller in [staff(), Caller::Passenger(mine)] {
            let bag = airport.bag(PLATE, caller).await.unwrap();
            assert_eq!((bag.passenger.as_str(), &bag.journey_id), ("erased", &before.journey_id));
            assert_eq!(bag.timeline.len(), announced, "operations go on");
        }
    };
    check(&mut airport, 1).await;

    let mut restored = airport.restored().await;
    restored.start_reading(Some(StartAt::Beginning)).await;
    check(&mut restored, 1).await;

    // Later the airline says it again, in clear; the journey's key is not made again.
    restored.clock.advance(SignedDuration::from_mins(11));
    restored.submit(&[&bsm]).await;
    check(&mut restored, 2).await;
}

#[tokio::test]
async fn pages_of_bags_miss_none_however_close_their_times() {
    let mut airport = Airport::open();
    let clock = airport.clock.clone();
    let scans = (1..=5).map(|n| {
        let mut scan = scan("a", &format!("347900010{n}"), clock.as_ref());
        scan.observed_at.as_mut().unwrap().nanos = n;
        scan
    });
    airport.record(scans.collect()).await;
    let (mut plates, mut page_token) = (Vec::new(), String::new());
    loop {
        let at_least_position = airport.settled().await;
        let request =
            api::ListBagsRequest { page_size: 2, page_token, at_least_position, ..Default::default() };
        let page = airport.client.list_bags(by(staff(), request)).await.unwrap().into_inner();
        plates.extend(page.bags.into_iter().map(|bag| bag.plate));
        if page.next_page_token.is_empty() {
            break;
        }
        page_token = page.next_page_token;
    }
    assert_eq!(plates, ["3479000105", "3479000104", "3479000103", "3479000102", "3479000101"]);
}

#[tokio::test]
async fn who_watches_a_bag_sees_it_as_it_is_and_after_each_change() {
    let mut airport = Airport::open();
    airport.record(vec![scan("a", PLATE, airport.clock.as_ref())]).await;
    airport.bag(PLATE, staff()).await.unwrap();
    let watch = api::WatchBagRequest { plate: PLATE.into() };
    let mut watched = airport.client.watch_bag(by(staff(), watch)).await.unwrap().into_inner();
    let mut stage = async || watched.message().await.unwrap().unwrap().bag.unwrap().status.unwrap().stage();
    assert_eq!(stage().await, Stage::Sorted);
    airport.clock.advance(SignedDuration::from_mins(5));
    let loaded = api::Scan {
        point: api::TrackingPoint::AircraftLoad.into(),
        ..scan("b", PLATE, airport.clock.as_ref() as &dyn Clock)
    };
    airport.record(vec![loaded]).await;
    while stage().await != Stage::OnAircraft {}
}
