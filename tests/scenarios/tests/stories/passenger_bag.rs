//! What a passenger learns of their bags, and what nobody else does.

use airside_api::{
    baggage::v1::{
        BagStepKind, Certainty, GetBagJourneyRequest, GetBagJourneyResponse, Scan, ScanResult, Stage,
        TimeBasis, TrackingPoint,
    },
    flights::v1::{
        Departed, FlightLeg, FlightReport, RecordFlightEventsRequest, Schedule, flight_report::Report,
    },
    notifications::v1::{ListNotificationsRequest, NoticeKind},
};
use airside_kernel::SubjectId;
use airside_runtime::stored::{timestamp, timestamp_message};
use airside_simulator::connect::Clients;
use jiff::{SignedDuration, Timestamp};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, bag_at, bag_of, flight_report, follow, record, record_at, report, scans, try_follow},
    eventually,
    luggage::Luggage,
    session::Session,
    within,
};

/// Returns a bag of somebody with a name in three characters.
fn ouyang(plate: &str) -> Luggage {
    Luggage { surname: "OUYANG", given_name: "XIUMR", ..Luggage::new(plate) }
}

async fn way_of(
    passenger: &Clients,
    plate: &str,
    at_least: &str,
    locale: &str,
) -> Result<GetBagJourneyResponse, Status> {
    let request = GetBagJourneyRequest {
        plate: plate.to_owned(),
        at_least_position: at_least.to_owned(),
        locale: locale.to_owned(),
    };
    let answer =
        within("GetBagJourney", async { passenger.baggage.clone().get_bag_journey(request).await }).await;
    answer.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_surname_in_characters_finds_the_bag_and_a_wrong_one_does_not() {
    let house = House::open().await;
    let bag = ouyang("3479000701");
    announce(&house.callers.partner(), &bag).await;
    follow(&house.callers.passenger(Uuid::new_v4()), &bag).await;
    for name in ["欧阳", "歐陽", "欧阳修", "Ou-Yang", "ouyang xiu"] {
        let passenger = house.callers.passenger(Uuid::new_v4());
        assert!(try_follow(&passenger, &bag.plate, name).await.is_ok(), "{name}");
    }
    let stranger = house.callers.passenger(Uuid::new_v4());
    let mut refusals = Vec::new();
    for (plate, name) in
        [(bag.plate.as_str(), "欧"), (&bag.plate, "张"), (&bag.plate, "Xiu"), ("3479000799", "欧阳")]
    {
        let refused = try_follow(&stranger, plate, name).await.unwrap_err();
        refusals.push((refused.code(), refused.message().to_owned()));
    }
    assert_eq!(refusals, vec![(Code::NotFound, "bag not found".to_owned()); 4]);
    for locale in ["en", "zh-CN"] {
        assert_eq!(way_of(&stranger, &bag.plate, "", locale).await.unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(bag_of(&stranger, &bag.plate).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passenger_reads_the_way_of_their_bag_and_what_comes_next() {
    let house = House::open().await;
    let (partner, passenger) = (house.callers.partner(), house.callers.passenger(Uuid::new_v4()));
    let bag = Luggage::new("3479000702");
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let leaves =
        Timestamp::from_second(Timestamp::now().as_second()).unwrap() + SignedDuration::from_hours(2);
    let leg = FlightLeg {
        origin: "SZX".to_owned(),
        destination: "PVG".to_owned(),
        scheduled_departure: Some(timestamp_message(leaves)),
        scheduled_arrival: Some(timestamp_message(leaves + SignedDuration::from_hours(2))),
    };
    report(&partner, &bag.flight(), Report::Schedule(Schedule { legs: vec![leg], ..Default::default() }))
        .await;
    for (id, point) in [("w1", TrackingPoint::CheckIn), ("w2", TrackingPoint::Screening)] {
        assert_eq!(record(&partner, bag.scan(id, point)).await, ScanResult::Recorded);
    }
    let (_, position) = record_at(&partner, bag.scan("w3", TrackingPoint::Sortation)).await;

    let way = way_of(&passenger, &bag.plate, &position, "en").await.unwrap();
    let steps: Vec<_> =
        way.steps.iter().map(|step| (step.kind(), step.certainty(), step.text.as_str())).collect();
    assert_eq!(
        steps,
        [
            (BagStepKind::Announced, Certainty::Announced, "Registered for flight ZH9101"),
            (BagStepKind::Accepted, Certainty::Read, "Handed over"),
            (BagStepKind::InHall, Certainty::Read, "In the baggage hall"),
        ]
    );
    let seen = way.last_seen.unwrap();
    assert_eq!((seen.kind(), seen.place.as_str(), seen.at.is_some()), (BagStepKind::InHall, "SZX", true));
    let next = way.next.unwrap();
    assert_eq!(
        (next.kind(), next.flight.clone(), next.basis()),
        (BagStepKind::OnBoard, bag.flight(), TimeBasis::Scheduled)
    );
    assert_eq!(timestamp(&next.by.unwrap()), Some(leaves));

    let chinese = way_of(&passenger, &bag.plate, &position, "zh-CN").await.unwrap();
    let words = |step: &str, certainty: &str| (step.to_owned(), certainty.to_owned());
    let spoken: Vec<_> = chinese.steps.iter().map(|step| words(&step.text, &step.certainty_text)).collect();
    assert_eq!(spoken[1..], [words("已交运", "已扫描确认"), words("在行李大厅处理中", "已扫描确认")]);
    assert_eq!(chinese.next.unwrap().text, "待装上航班 ZH9101");
    assert_eq!(way_of(&passenger, &bag.plate, "", "fr").await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_bags_that_are_loaded_together_are_one_notice() {
    let house = House::open().await;
    let (partner, passenger) = (house.callers.partner(), house.callers.passenger(Uuid::new_v4()));
    let bags = ["3479000711", "3479000712", "3479000713"].map(Luggage::new);
    for bag in &bags {
        announce(&partner, bag).await;
        follow(&passenger, bag).await;
    }
    let mut session = Session::open(&passenger).await;
    let loads = bags.iter().map(|bag| bag.scan(&bag.plate, TrackingPoint::AircraftLoad));
    partner.baggage.clone().record_scans(scans(loads)).await.unwrap();
    let notice = session.expect(NoticeKind::BagLoaded).await;
    assert_eq!(notice.parameters["plates"], "3479000711,3479000712,3479000713");
    assert_eq!(notice.text, "Your 3 bags 3479000711, 3479000712 and 3479000713 are on board flight ZH9101.");
    let belt = |bag: &Luggage| Scan {
        location: "7".to_owned(),
        ..bag.scan(&format!("b{}", bag.plate), TrackingPoint::ReclaimBelt)
    };
    partner.baggage.clone().record_scans(scans(bags.iter().map(belt))).await.unwrap();
    assert_eq!(session.expect(NoticeKind::BagOnBelt).await.seq, 2, "nothing between the two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_belt_that_changes_after_the_push_reaches_who_follows_only_the_bag() {
    let house = House::open().await;
    let (partner, passenger) = (house.callers.partner(), house.callers.passenger(Uuid::new_v4()));
    let stranger = house.callers.passenger(Uuid::new_v4());
    let bag = Luggage::new("3479000721");
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let mut session = Session::open(&passenger).await;
    let on_belt =
        |id: &str, belt: &str| Scan { location: belt.to_owned(), ..bag.scan(id, TrackingPoint::ReclaimBelt) };
    report(&partner, &bag.flight(), Report::Belt("7".to_owned())).await;
    assert_eq!(record(&partner, on_belt("b1", "7")).await, ScanResult::Recorded);
    session.expect(NoticeKind::BagOnBelt).await;
    report(&partner, &bag.flight(), Report::Belt("12".to_owned())).await;
    let changed = session.expect(NoticeKind::BeltChanged).await;
    assert_eq!(
        (changed.parameters["belt"].as_str(), changed.parameters["previous_belt"].as_str()),
        ("12", "7")
    );
    assert_eq!(record(&partner, on_belt("b2", "9")).await, ScanResult::Recorded);
    let elsewhere = session.expect(NoticeKind::BagBeltChanged).await;
    assert_eq!(elsewhere.text, "Your bag 3479000721 is now on belt 9, no longer on 7.");
    let listed = stranger.notifications.clone().list_notifications(ListNotificationsRequest::default()).await;
    assert_eq!(listed.unwrap().into_inner().last_seq, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_deleted_on_the_way_stops_no_bag() {
    let house = House::open().await;
    let (partner, staff, person) = (house.callers.partner(), house.callers.staff(), Uuid::new_v4());
    let bag = Luggage::new("3479000731");
    let journey = announce(&partner, &bag).await.journey_id;
    follow(&house.callers.passenger(person), &bag).await;
    assert_eq!(record(&partner, bag.scan("d1", TrackingPoint::CheckIn)).await, ScanResult::Recorded);

    for subject in [SubjectId::new(person), SubjectId::new(&journey)] {
        house.node.vault.erase(&subject).await.unwrap();
    }
    let (loaded, position) = record_at(&partner, bag.scan("d2", TrackingPoint::AircraftLoad)).await;
    assert_eq!(loaded, ScanResult::Recorded);
    let known = bag_at(&staff, &bag.plate, &position).await.unwrap();
    assert_eq!((known.journey_id, known.passenger.as_str()), (journey, "erased"));
    assert_eq!(known.status.unwrap().stage(), Stage::OnAircraft);
    let stranger = house.callers.passenger(Uuid::new_v4());
    assert_eq!(try_follow(&stranger, &bag.plate, bag.surname).await.unwrap_err().code(), Code::NotFound);
    let (arrived, _) = record_at(&partner, bag.scan("d3", TrackingPoint::ReclaimBelt)).await;
    assert_eq!(arrived, ScanResult::Recorded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_load_takes_back_a_notice_of_a_bag_left_behind_once() {
    let house = House::open().await;
    let (partner, passenger) = (house.callers.partner(), house.callers.passenger(Uuid::new_v4()));
    let bag = Luggage::new("3479000741");
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let mut session = Session::open(&passenger).await;
    let ago = |minutes| Some(timestamp_message(Timestamp::now() - SignedDuration::from_mins(minutes)));
    let scan = |id: &str, point, minutes| Scan { observed_at: ago(minutes), ..bag.scan(id, point) };
    for (id, point, minutes) in [("l1", TrackingPoint::CheckIn, 60), ("l2", TrackingPoint::Sortation, 50)] {
        assert_eq!(record(&partner, scan(id, point, minutes)).await, ScanResult::Recorded);
    }
    session.expect(NoticeKind::BagAccepted).await;

    // It left a quarter of an hour ago, and the grace for late words is over.
    let left =
        FlightReport { occurred_at: ago(15), ..flight_report(&bag.flight(), Report::Departed(Departed {})) };
    let request = RecordFlightEventsRequest { source: "aodb".to_owned(), reports: vec![left] };
    let told = partner.flights.clone().record_flight_events(request).await.unwrap().into_inner();
    let wrong = session.expect(NoticeKind::BagLeftBehind).await;
    assert_eq!(wrong.parameters["flight"], bag.flight());
    let is_left =
        |way: &GetBagJourneyResponse| way.steps.iter().any(|step| step.kind() == BagStepKind::LeftBehind);
    let way = eventually("the way says so too", async || {
        way_of(&passenger, &bag.plate, &told.position, "en").await.ok().filter(is_left)
    })
    .await;
    assert!(way.next.is_none() && way.advice.contains("later flight"), "{way:?}");

    // A reader that was offline saw it go on board before that.
    for (id, minutes) in [("l3", 20), ("l4", 19)] {
        let load = scan(id, TrackingPoint::AircraftLoad, minutes);
        assert_eq!(record(&partner, load).await, ScanResult::Recorded);
    }
    let corrected = session.expect(NoticeKind::BagCorrected).await;
    assert_eq!(corrected.parameters["corrects"], "BAG_LEFT_BEHIND");
    assert_eq!(
        corrected.text,
        "Correction: your bag 3479000741 was not left behind and is on board flight ZH9101."
    );
    let arrived = Scan { station: "PVG".to_owned(), ..bag.scan("l5", TrackingPoint::ReclaimBelt) };
    assert_eq!(record(&partner, arrived).await, ScanResult::Recorded);
    assert_eq!(session.expect(NoticeKind::BagOnBelt).await.seq, corrected.seq + 1, "one correction, once");
    eventually("the way takes it back too", async || {
        way_of(&passenger, &bag.plate, "", "en").await.ok().filter(|way| !is_left(way))
    })
    .await;
}
