//! How a passenger wants to be told, what became of each notice, and by whose clocks times are told.

use airside_api::{
    flights::v1::{Cancelled, Delay, FlightLeg, Schedule, flight_report::Report},
    notifications::v1::{
        AckLevel, AcknowledgeRequest, Channel, ChannelPreference, GetNoticeTrailRequest,
        GetPreferencesRequest, NoticeKind, NoticeTrail, Preferences, Priority, QuietHours,
        SetPreferencesRequest, SuppressReason, TrailStep, TrailStepKind,
    },
};
use airside_runtime::stored::timestamp_message;
use airside_simulator::connect::Clients;
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{follow_flight, report},
    eventually,
    luggage::{flight, today},
    session::Session,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delay_is_told_by_the_clocks_of_the_airport_that_the_flight_leaves_from() {
    let house = House::open().await;
    let (partner, person) = (house.callers.partner(), house.callers.passenger(Uuid::new_v4()));
    let (mine, day) = (flight("JL21", today()), today());
    follow_flight(&person, &mine, None).await;
    let mut session = Session::open(&person).await;
    let at = day.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let after = |minutes| at + jiff::SignedDuration::from_mins(minutes);
    let leg = FlightLeg {
        origin: "HND".into(),
        destination: "SZX".into(),
        scheduled_departure: Some(timestamp_message(after(7 * 60))),
        scheduled_arrival: Some(timestamp_message(after(12 * 60))),
    };
    report(&partner, &mine, Report::Schedule(Schedule { legs: vec![leg], codeshares: vec![] })).await;
    let estimated = after(8 * 60 + 30);
    report(&partner, &mine, Report::Delay(Delay { estimated_departure: Some(timestamp_message(estimated)) }))
        .await;
    let delayed = session.expect(NoticeKind::FlightDelayed).await;
    assert_eq!(delayed.parameters["time_zone"], "Asia/Tokyo");
    assert!(delayed.text.ends_with("expected to leave at 17:30 local time."), "{}", delayed.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_passenger_does_not_want_to_hear_is_not_sent_and_its_trail_says_so() {
    let house = House::open().await;
    let (partner, me) = (house.callers.partner(), Uuid::new_v4());
    let person = house.callers.passenger(me);
    let mine = flight("ZH9105", today());
    follow_flight(&person, &mine, None).await;
    let mut session = Session::open(&person).await;
    let quiet_hours = Some(QuietHours { from_minute: 0, until_minute: 0 });
    let choice = ChannelPreference {
        channel: Channel::Session.into(),
        consents: true,
        least_urgent: Priority::P2.into(),
    };
    let wished = Preferences { quiet_hours, channels: vec![choice] };
    let request = SetPreferencesRequest { preferences: Some(wished.clone()) };
    let position = person.notifications.clone().set_preferences(request).await.unwrap().into_inner().position;
    assert!(!position.is_empty());

    report(&partner, &mine, Report::Gate("A3".to_owned())).await;
    report(&partner, &mine, Report::Cancelled(Cancelled {})).await;
    let cancelled = session.expect(NoticeKind::FlightCancelled).await;
    assert_eq!(cancelled.seq, 1, "the gate was not sent");
    let request = AcknowledgeRequest { up_to_seq: 1, level: AckLevel::Read.into() };
    person.notifications.clone().acknowledge(request).await.unwrap();

    let house = house.reopen().await;
    let person = house.callers.passenger(me);
    let kept = person.notifications.clone().get_preferences(GetPreferencesRequest {}).await.unwrap();
    assert_eq!(kept.into_inner().preferences, Some(wished), "a restart forgot the wishes");
    let told = eventually("the trail is complete", async || {
        Some(trails(&person).await).filter(|trails| trails.len() == 2)
    })
    .await;
    let steps = |trail: &NoticeTrail| trail.steps.iter().map(TrailStep::kind).collect::<Vec<_>>();
    assert_eq!(
        (told[0].kind(), told[0].seq, steps(&told[0])),
        (
            NoticeKind::FlightCancelled,
            1,
            vec![TrailStepKind::Created, TrailStepKind::Sent, TrailStepKind::Read]
        )
    );
    assert_eq!(
        (told[1].kind(), told[1].seq, steps(&told[1])),
        (NoticeKind::GateAssigned, 0, vec![TrailStepKind::Created, TrailStepKind::Suppressed])
    );
    assert_eq!(told[1].steps[1].suppress_reason(), SuppressReason::Unwanted);
    let stranger = house.callers.passenger(Uuid::new_v4());
    assert!(trails(&stranger).await.is_empty());
}

async fn trails(person: &Clients) -> Vec<NoticeTrail> {
    let asked = GetNoticeTrailRequest::default();
    person.notifications.clone().get_notice_trail(asked).await.unwrap().into_inner().trails
}
