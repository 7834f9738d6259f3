//! The main job: a message and a scan become a push.

use airside_api::{
    baggage::v1::{Authority, ScanResult, Stage, TrackingPoint},
    notifications::v1::{AckLevel, AcknowledgeRequest, NoticeKind},
};
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, bag_at, follow, follow_flight, record, record_at},
    luggage::Luggage,
    session::Session,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_becomes_a_push() {
    let house = House::open().await;
    let (partner, staff) = (house.callers.partner(), house.callers.staff());
    let passenger = house.callers.passenger(Uuid::new_v4());
    let bag = Luggage::new("3479000101");

    let known = announce(&partner, &bag).await;
    assert_eq!(known.legs[0].flight, bag.flight());
    assert_eq!(known.status.unwrap().authority(), Authority::Load);
    follow_flight(&passenger, &bag.flight(), None).await;
    let followed = follow(&passenger, &bag).await;
    assert_eq!(followed.journey_id, known.journey_id);
    let mut session = Session::open(&passenger).await;
    assert_eq!((session.hello.seq, session.hello.recovered), (0, true));

    assert_eq!(record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await, ScanResult::Recorded);
    let (loaded, position) = record_at(&partner, bag.scan("s2", TrackingPoint::AircraftLoad)).await;
    assert_eq!(loaded, ScanResult::Recorded);

    assert_eq!(session.expect(NoticeKind::BagAccepted).await.seq, 1);
    let notice = session.expect(NoticeKind::BagLoaded).await;
    assert_eq!((notice.seq, &notice.parameters["flight"]), (2, &bag.flight()));
    assert!(notice.text.contains("board"), "{}", notice.text);
    assert!(notice.caused_at.is_some() && notice.expires_at.is_some());

    let seen = bag_at(&passenger, &bag.plate, &position).await.unwrap();
    assert_eq!(seen.status.clone().unwrap().stage(), Stage::OnAircraft);
    assert_eq!(seen.passenger, "ZHANG/SAN");
    let points: Vec<_> = seen.timeline.iter().map(|line| (line.announcement, line.point())).collect();
    let expected = [
        (true, TrackingPoint::Unspecified),
        (false, TrackingPoint::CheckIn),
        (false, TrackingPoint::AircraftLoad),
    ];
    assert_eq!(points, expected);
    assert_eq!(bag_at(&staff, &bag.plate, &position).await.unwrap().passenger, "Z*** S***");

    let request = AcknowledgeRequest { up_to_seq: 2, level: AckLevel::Displayed.into() };
    let noted = passenger.notifications.clone().acknowledge(request).await.unwrap().into_inner();
    assert_eq!(noted.up_to_seq, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_scan_is_a_duplicate_and_tells_nobody_twice() {
    let house = House::open().await;
    let partner = house.callers.partner();
    let passenger = house.callers.passenger(Uuid::new_v4());
    let bag = Luggage::new("3479000102");
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let mut session = Session::open(&passenger).await;

    let accepted = bag.scan("s1", TrackingPoint::CheckIn);
    assert_eq!(record(&partner, accepted.clone()).await, ScanResult::Recorded);
    assert_eq!(record(&partner, accepted).await, ScanResult::Duplicate);
    assert_eq!(record(&partner, bag.scan("s2", TrackingPoint::AircraftLoad)).await, ScanResult::Recorded);

    session.expect(NoticeKind::BagAccepted).await;
    session.expect(NoticeKind::BagLoaded).await;
}
