//! Gates and boarding: who is told, and who is left in peace.

use airside_api::{
    flights::v1::{Boarding, Cancelled, FinalCall, flight_report::Report},
    notifications::v1::NoticeKind,
};
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{board, follow_flight, followed, report},
    eventually,
    luggage::{Luggage, flight, today},
    session::Session,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_boarded_passenger_gets_no_boarding_call() {
    let house = House::open().await;
    let partner = house.callers.partner();
    let boarded = house.callers.passenger(Uuid::new_v4());
    let late = house.callers.passenger(Uuid::new_v4());
    let hers = Luggage { surname: "WANG", record_locator: "WNG222", ..Luggage::new("3479000201") };
    let his = Luggage { surname: "LI", record_locator: "LEE333", ..Luggage::new("3479000202") };
    let flight = hers.flight();
    for (passenger, bag) in [(&boarded, &hers), (&late, &his)] {
        follow_flight(passenger, &flight, Some((bag.surname, bag.record_locator))).await;
    }
    let (mut at_the_gate, mut in_the_shop) = (Session::open(&boarded).await, Session::open(&late).await);

    report(&partner, &flight, Report::Gate("A3".to_owned())).await;
    board(&partner, &hers).await;
    eventually("the passenger is known to be on board", async || {
        followed(&boarded).await.flights[0].boarded.then_some(())
    })
    .await;
    report(&partner, &flight, Report::Boarding(Boarding {})).await;
    report(&partner, &flight, Report::FinalCall(FinalCall {})).await;
    // Told to everybody, so that what was not told before it never comes.
    report(&partner, &flight, Report::Cancelled(Cancelled {})).await;

    assert!(!followed(&late).await.flights[0].boarded);
    at_the_gate.expect(NoticeKind::GateAssigned).await;
    at_the_gate.expect(NoticeKind::FlightCancelled).await;
    in_the_shop.expect(NoticeKind::GateAssigned).await;
    assert_eq!(in_the_shop.expect(NoticeKind::Boarding).await.parameters["gate"], "A3");
    in_the_shop.expect(NoticeKind::FinalCall).await;
    in_the_shop.expect(NoticeKind::FlightCancelled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_change_reaches_its_followers_only() {
    let house = House::open().await;
    let partner = house.callers.partner();
    let (mine, other) = (flight("ZH9101", today()), flight("ZH9103", today()));
    let follower = house.callers.passenger(Uuid::new_v4());
    let stranger = house.callers.passenger(Uuid::new_v4());
    follow_flight(&follower, &mine, None).await;
    follow_flight(&stranger, &other, None).await;
    let (mut near, mut far) = (Session::open(&follower).await, Session::open(&stranger).await);

    report(&partner, &mine, Report::Gate("A3".to_owned())).await;
    report(&partner, &mine, Report::Gate("B5".to_owned())).await;
    report(&partner, &other, Report::Gate("A1".to_owned())).await;

    near.expect(NoticeKind::GateAssigned).await;
    let changed = near.expect(NoticeKind::GateChanged).await;
    let told = ["flight", "gate", "previous_gate"].map(|name| changed.parameters[name].as_str());
    assert_eq!(told, [mine.as_str(), "B5", "A3"]);
    let first = far.expect(NoticeKind::GateAssigned).await;
    assert_eq!((first.seq, first.parameters["flight"].as_str()), (1, other.as_str()));
}
