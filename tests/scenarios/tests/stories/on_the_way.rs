//! A passenger follows a way: they are told when to leave, and when a closure breaks it, and nobody else is.

use airside_api::{
    baggage::v1::{Scan, ScanResult, TrackingPoint},
    flights::v1::{Cancelled, FlightLeg, Schedule, flight_report::Report},
    navigation::v1::{
        FollowWayRequest, FollowWayResponse, RouteEnd, SearchPlacesRequest, SetWaitRequest, WayCertainty,
        follow_way_request::To, route_end::End,
    },
    notifications::v1::NoticeKind,
};
use airside_kernel::Timestamp;
use airside_runtime::stored::timestamp_message;
use airside_simulator::connect::Clients;
use jiff::SignedDuration;
use uuid::Uuid;

use super::closures::close;
use crate::harness::{
    House,
    calls::{announce, follow as follow_bag, follow_flight, record, report},
    eventually,
    luggage::{Luggage, flight, today},
    session::Session,
};

const VENUE: &str = "testville";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_at_security_becomes_leave_now_and_a_closure_is_told_to_those_on_the_way_alone() {
    let house = House::open().await;
    let (partner, staff) = (house.callers.partner(), house.callers.staff());
    let [late, idle] = [Uuid::new_v4(), Uuid::new_v4()].map(|person| house.callers.passenger(person));
    let mine = flight("CZ3101", today());
    for person in [&late, &idle] {
        follow_flight(person, &mine, None).await;
    }
    let (mut at_the_metro, mut at_check_in) = (Session::open(&late).await, Session::open(&idle).await);
    let after = |minutes| Some(timestamp_message(Timestamp::now() + SignedDuration::from_mins(minutes)));
    let leg = FlightLeg {
        origin: "SZX".into(),
        destination: "PEK".into(),
        scheduled_departure: after(40),
        scheduled_arrival: after(220),
    };
    report(&partner, &mine, Report::Schedule(Schedule { legs: vec![leg], codeshares: vec![] })).await;
    report(&partner, &mine, Report::Gate("A3".into())).await;
    at_the_metro.expect(NoticeKind::GateAssigned).await;
    at_check_in.expect(NoticeKind::GateAssigned).await;
    let security = security(&staff).await;
    let wait = SetWaitRequest {
        venue: VENUE.into(),
        feature_id: security.clone(),
        seconds: 1_500,
        ..SetWaitRequest::default()
    };
    partner.navigation.clone().set_wait(wait).await.unwrap();

    let asked = eventually("the gate is known to ways", async || {
        Some(follow(&late, "Metro", To::GateOf(mine.clone())).await).filter(|asked| asked.times.is_some())
    })
    .await;
    let times = asked.times.unwrap();
    assert_eq!((times.certainty(), times.at_security), (WayCertainty::Measured, true));
    assert!(asked.leave_by.is_some() && times.waiting_seconds >= 1_500, "{times:?}");
    follow(&idle, "Check-in B", To::End(RouteEnd { end: Some(End::Place("Metro".into())) })).await;

    let leave = at_the_metro.expect(NoticeKind::LeaveNow).await;
    assert_eq!((leave.parameters["flight"].as_str(), leave.parameters["gate"].as_str()), (&*mine, "A3"));
    assert!(leave.text.contains("security 2") && leave.text.contains("walk about"), "{}", leave.text);

    close(&staff, &security, true).await;
    let broken = at_the_metro.expect(NoticeKind::WayBroken).await;
    assert_eq!(broken.parameters["flight"], mine);
    // Told to both, so that what was not told before it never comes.
    report(&partner, &mine, Report::Cancelled(Cancelled {})).await;
    at_the_metro.expect(NoticeKind::FlightCancelled).await;
    at_check_in.expect(NoticeKind::FlightCancelled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bag_that_is_unloaded_is_told_with_the_way_of_its_passenger_to_the_belt() {
    let house = House::open().await;
    let (partner, person) = (house.callers.partner(), house.callers.passenger(Uuid::new_v4()));
    let bag = Luggage::new("3479000611");
    announce(&partner, &bag).await;
    follow_bag(&person, &bag).await;
    let mut session = Session::open(&person).await;
    assert_eq!(record(&partner, bag.scan("s1", TrackingPoint::AircraftLoad)).await, ScanResult::Recorded);
    session.expect(NoticeKind::BagLoaded).await;
    report(&partner, &bag.flight(), Report::Belt("4".into())).await;
    let asked = eventually("the belt is known to ways", async || {
        let asked = follow(&person, "Check-in B", To::BeltOf(bag.flight())).await;
        Some(asked).filter(|asked| asked.times.is_some())
    })
    .await;
    assert!(asked.leave_by.is_none(), "a belt does not close: {asked:?}");
    let unloaded = Scan { station: "PEK".into(), ..bag.scan("s2", TrackingPoint::AircraftUnload) };
    assert_eq!(record(&partner, unloaded).await, ScanResult::Recorded);
    let told = session.expect(NoticeKind::BagNearsBelt).await;
    assert_eq!((told.parameters["belt"].as_str(), told.parameters["bag_minutes"].as_str()), ("4", "15"));
    let mine = asked.times.unwrap();
    let mine = (mine.walking_seconds + mine.waiting_seconds).div_ceil(60).max(1);
    let expected = format!(
        "Your bag 3479000611 reaches belt 4 in about 15 minutes, you in about {}.",
        told.parameters["walking_minutes"]
    );
    assert_eq!(told.text, expected);
    assert!(told.parameters["walking_minutes"].parse::<u32>().unwrap().abs_diff(mine) <= 1, "{told:?}");
}

async fn follow(person: &Clients, from: &str, to: To) -> FollowWayResponse {
    let from = Some(RouteEnd { end: Some(End::Place(from.to_owned())) });
    let request = FollowWayRequest { venue: VENUE.into(), from, to: Some(to), ..Default::default() };
    person.ways.clone().follow_way(request).await.unwrap().into_inner()
}

async fn security(caller: &Clients) -> String {
    let request = SearchPlacesRequest {
        venue: VENUE.into(),
        query: "Security".into(),
        page_size: 1,
        ..SearchPlacesRequest::default()
    };
    caller.navigation.clone().search_places(request).await.unwrap().into_inner().places.remove(0).id
}
