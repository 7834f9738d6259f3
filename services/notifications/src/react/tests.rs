//! Who is told what, when, and who is left in peace.

mod bags;
mod clocks;
mod corrections;
mod releases;
mod ways;
mod windows;

use airside_api::{
    baggage::v1::{BagStatus, BagStatusChanged, Stage},
    flights::v1 as flights,
    trips::v1 as trips,
};
use airside_kernel::{Clock, PersonId, StoredEvent};
use airside_runtime::stored::timestamp_message;
use jiff::{SignedDuration, tz::TimeZone};
use prost::Message;

use super::*;
use crate::{
    events::InboxEvent,
    model::{Kind, Priority, Rules},
    react::releases::Releases,
    tests::{House, person},
};

const FLIGHT: &str = "ZH9101-20261120";
const PLATE: &str = "0479123456";
const JOURNEY: Uuid = Uuid::from_u128(77);
const ANN: u128 = 1;
const BOB: u128 = 2;

/// An airport whose log the reactor has read so far.
struct Airport {
    house: House,
    seen: Option<airside_kernel::Position>,
}

impl Airport {
    fn new() -> Self {
        // What becomes of a notice is another story: here all that is proposed is told.
        Self { house: House::ruled_by(Rules::usual(TimeZone::UTC).at_pace(f64::MAX)), seen: None }
    }

    async fn flight(&mut self, event_type: &'static str, event: impl Message) -> &mut Self {
        self.house.append(&format!("flight-{FLIGHT}"), event_type, event.encode_to_vec().into()).await;
        self
    }

    async fn trip(&mut self, person: PersonId, event_type: &'static str, event: impl Message) -> &mut Self {
        self.house.append(person.stream("person").as_str(), event_type, event.encode_to_vec().into()).await;
        self
    }

    async fn follows(&mut self, number: u128) {
        let followed = trips::FlightFollowed { flight: FLIGHT.into(), ..Default::default() };
        self.trip(person(number), "trips.FlightFollowed", followed).await;
    }

    async fn passes(&mut self, number: u128, point: flights::PassagePoint) {
        let passed =
            trips::PassagePointPassed { flight: FLIGHT.into(), point: point as i32, ..Default::default() };
        self.trip(person(number), "trips.PassagePointPassed", passed).await;
    }

    async fn follows_bag(&mut self, number: u128) {
        self.follows_journey(number, PLATE, JOURNEY).await;
    }

    async fn follows_journey(&mut self, number: u128, plate: &str, journey: Uuid) {
        let followed = trips::BagFollowed { plate: plate.into(), journey_id: journey.to_string() };
        self.trip(person(number), "trips.BagFollowed", followed).await;
    }

    async fn gate(&mut self, gate: &str, previous_gate: &str) {
        let (gate, previous_gate) = (gate.to_owned(), previous_gate.to_owned());
        self.flight(
            "flights.GateAssigned",
            flights::GateAssigned { gate, previous_gate, ..Default::default() },
        )
        .await;
    }

    async fn belt(&mut self, belt: &str, previous_belt: &str) {
        let (belt, previous_belt) = (belt.to_owned(), previous_belt.to_owned());
        self.flight(
            "flights.BeltAssigned",
            flights::BeltAssigned { belt, previous_belt, ..Default::default() },
        )
        .await;
    }

    async fn bag(&mut self, previous: Stage, status: BagStatus) {
        self.journey(PLATE, JOURNEY, previous, status).await;
    }

    async fn journey(&mut self, plate: &str, journey: Uuid, previous: Stage, status: BagStatus) {
        let changed = BagStatusChanged {
            journey_id: journey.to_string(),
            status: Some(status),
            previous_stage: previous as i32,
            observation_id: "scan-1".into(),
        };
        self.of_bag(plate, "baggage.BagStatusChanged", changed).await;
    }

    async fn of_bag(&mut self, plate: &str, event_type: &'static str, event: impl Message) {
        self.house.append(&format!("bag-{plate}"), event_type, event.encode_to_vec().into()).await;
    }

    /// Lets a reactor take in the whole log or what is new, and act.
    async fn react(&mut self) {
        let page = self.house.store.read_all(self.seen, 10_000).await.unwrap();
        self.seen = page.events.last().map(RecordedEvent::position).or(self.seen);
        let reactor = &mut self.house.part.reactor;
        for event in page.events.iter().filter(|event| Notices::wants(event.category())) {
            reactor.take(event, true).unwrap();
        }
        reactor.flush().await.unwrap();
        self.release().await;
    }

    /// Lets what was decided go into the inboxes.
    async fn release(&mut self) {
        let page = self.house.store.read_all(None, 10_000).await.unwrap();
        let releases = &mut self.house.part.releases;
        for event in page.events.iter().filter(|event| Releases::wants(event.category())) {
            releases.take(event, true).unwrap();
        }
        releases.flush().await.unwrap();
    }

    /// Returns the notices of a person, oldest first.
    async fn inbox(&mut self, number: u128) -> Vec<Notice> {
        self.react().await;
        let events = self.house.stream(&model::inbox(person(number))).await;
        let notice = |event| match InboxEvent::decode(event).unwrap() {
            [InboxEvent::NoticeIssued(notice)] => notice,
        };
        events.iter().map(notice).collect()
    }

    async fn kinds(&mut self, number: u128) -> Vec<Kind> {
        self.inbox(number).await.iter().map(|notice| notice.kind).collect()
    }
}

fn status(stage: Stage, offload: bool) -> BagStatus {
    BagStatus { stage: stage as i32, offload, flight: FLIGHT.into(), ..Default::default() }
}

fn facts(notice: &Notice) -> Vec<(&str, &str)> {
    notice.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn a_gate_reaches_those_who_follow_the_flight_and_nobody_else() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.gate("A3", "").await;
    airport.gate("B7", "A3").await;
    let inbox = airport.inbox(ANN).await;
    assert_eq!(
        inbox.iter().map(|n| (n.kind, n.priority)).collect::<Vec<_>>(),
        [(Kind::GateAssigned, Priority::P3), (Kind::GateChanged, Priority::P1)]
    );
    assert_eq!(facts(&inbox[1]), [("flight", FLIGHT), ("gate", "B7"), ("previous_gate", "A3")]);
    assert_eq!(inbox[1].cause.stream, model::delivery(person(ANN)).to_string());
    assert_eq!(inbox[1].cause.revision, airside_kernel::Revision(1));
    assert!(airport.kinds(BOB).await.is_empty());
}

#[tokio::test]
async fn who_follows_no_more_is_told_no_more() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    let unfollowed = trips::FlightUnfollowed { flight: FLIGHT.into() };
    airport.trip(person(ANN), "trips.FlightUnfollowed", unfollowed).await;
    airport.follows_bag(ANN).await;
    let unfollowed = trips::BagUnfollowed { journey_id: JOURNEY.to_string() };
    airport.trip(person(ANN), "trips.BagUnfollowed", unfollowed).await;
    airport.gate("A3", "").await;
    airport.bag(Stage::Expected, status(Stage::Accepted, false)).await;
    assert!(airport.kinds(ANN).await.is_empty());
}

#[tokio::test]
async fn a_boarded_passenger_gets_no_gate_no_boarding_and_no_final_call() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.follows(BOB).await;
    airport.gate("A3", "").await;
    airport.flight("flights.BoardingStarted", flights::BoardingStarted::default()).await;
    airport.passes(ANN, flights::PassagePoint::Gate).await;
    airport.passes(BOB, flights::PassagePoint::Security).await;
    airport.gate("B7", "A3").await;
    airport.flight("flights.FinalCallMade", flights::FinalCallMade::default()).await;
    let boarded = [Kind::GateAssigned, Kind::Boarding];
    assert_eq!(airport.kinds(ANN).await, boarded);
    assert_eq!(airport.kinds(BOB).await, [&boarded[..], &[Kind::GateChanged, Kind::FinalCall]].concat());
    assert_eq!(facts(&airport.inbox(BOB).await[3]), [("flight", FLIGHT), ("gate", "B7")]);
}

#[tokio::test]
async fn who_boarded_and_follows_again_is_still_on_board() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.passes(ANN, flights::PassagePoint::Gate).await;
    let unfollowed = trips::FlightUnfollowed { flight: FLIGHT.into() };
    airport.trip(person(ANN), "trips.FlightUnfollowed", unfollowed).await;
    airport.follows(ANN).await;
    airport.flight("flights.FinalCallMade", flights::FinalCallMade::default()).await;
    assert!(airport.kinds(ANN).await.is_empty());
}

#[tokio::test]
async fn a_boarded_passenger_still_learns_of_delay_cancellation_and_belts() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.passes(ANN, flights::PassagePoint::Gate).await;
    let estimated_departure = Some(timestamp_message("2026-11-20T09:00:00Z".parse().unwrap()));
    let delayed = flights::FlightDelayed { estimated_departure, ..Default::default() };
    airport.flight("flights.FlightDelayed", delayed).await;
    airport.flight("flights.FlightDeparted", flights::FlightDeparted::default()).await;
    airport.belt("12", "").await;
    airport.belt("7", "12").await;
    let inbox = airport.inbox(ANN).await;
    let kinds: Vec<_> = inbox.iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds, [Kind::FlightDelayed, Kind::BeltAssigned, Kind::BeltChanged]);
    let told = [("estimated_departure", "2026-11-20T09:00:00Z"), ("flight", FLIGHT), ("time_zone", "UTC")];
    assert_eq!(facts(&inbox[0]), told, "by the clocks of this airport while the flight's is not known");
    assert_eq!(inbox[0].expires_at, Some("2026-11-20T09:30:00Z".parse().unwrap()));
}

#[tokio::test]
async fn after_departure_nobody_is_sent_to_a_gate() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.flight("flights.FlightDeparted", flights::FlightDeparted::default()).await;
    airport.gate("B7", "A3").await;
    airport.flight("flights.FinalCallMade", flights::FinalCallMade::default()).await;
    assert!(airport.kinds(ANN).await.is_empty());
}

#[tokio::test]
async fn a_flight_that_came_back_to_the_stand_sends_people_to_its_gate_again() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.flight("flights.FlightDeparted", flights::FlightDeparted::default()).await;
    airport.flight("flights.FlightReturned", flights::FlightReturned::default()).await;
    airport.gate("B7", "A3").await;
    assert_eq!(airport.kinds(ANN).await, [Kind::GateChanged]);
}

#[tokio::test]
async fn a_cancelled_flight_tells_its_cancellation_once_and_nothing_further() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.flight("flights.FlightCancelled", flights::FlightCancelled::default()).await;
    airport.gate("B7", "A3").await;
    airport.flight("flights.FlightCancelled", flights::FlightCancelled::default()).await;
    airport.belt("7", "").await;
    assert_eq!(airport.kinds(ANN).await, [Kind::FlightCancelled]);
}

#[tokio::test]
async fn a_bag_tells_each_milestone_that_it_moves_forward_to() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.belt("12", "").await;
    let way = [
        Stage::Expected,
        Stage::Accepted,
        Stage::Screened,
        Stage::OnAircraft,
        Stage::OnBelt,
        Stage::Collected,
    ];
    for pair in way.windows(2) {
        airport.bag(pair[0], status(pair[1], false)).await;
    }
    let inbox = airport.inbox(ANN).await;
    let kinds: Vec<_> = inbox.iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds, [Kind::BagAccepted, Kind::BagLoaded, Kind::BagOnBelt, Kind::BagCollected]);
    assert_eq!(facts(&inbox[1]), [("flight", FLIGHT), ("plate", PLATE)]);
    assert_eq!(facts(&inbox[2]), [("belt", "12"), ("plate", PLATE)], "the belt of the flight stands in");
}

#[tokio::test]
async fn the_belt_where_the_bag_was_seen_goes_before_the_belt_of_the_flight() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.belt("12", "").await;
    airport.bag(Stage::Arrived, BagStatus { location: "9".into(), ..status(Stage::OnBelt, false) }).await;
    assert_eq!(facts(&airport.inbox(ANN).await[0]), [("belt", "9"), ("plate", PLATE)]);
}

#[tokio::test]
async fn a_scan_that_does_not_move_the_bag_tells_nothing() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    for (previous, stage) in [
        (Stage::OnAircraft, Stage::OnAircraft),
        (Stage::OnBelt, Stage::OnAircraft),
        (Stage::Transferring, Stage::Accepted),
        (Stage::InSystem, Stage::Screened),
    ] {
        airport.bag(previous, status(stage, false)).await;
    }
    assert!(airport.kinds(ANN).await.is_empty());
}

#[tokio::test]
async fn an_offload_is_told_when_the_bag_is_off_and_not_while_it_must_come_off() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::AtAircraft, status(Stage::OnAircraft, true)).await;
    airport.bag(Stage::OnAircraft, status(Stage::OnAircraft, true)).await;
    assert!(airport.kinds(ANN).await.is_empty());
    airport.bag(Stage::OnAircraft, status(Stage::AtAircraft, true)).await;
    airport.bag(Stage::AtAircraft, status(Stage::OnAircraft, false)).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagOffloaded, Kind::BagLoaded]);
}

#[tokio::test]
async fn a_replay_of_the_log_issues_nothing_twice() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.follows_bag(BOB).await;
    airport.gate("A3", "").await;
    airport.bag(Stage::Expected, status(Stage::Accepted, false)).await;
    let before = (airport.inbox(ANN).await, airport.inbox(BOB).await);
    assert_eq!((before.0.len(), before.1.len()), (1, 1));
    let mut again = Airport { house: airport.house.again(), seen: None };
    assert_eq!((again.inbox(ANN).await, again.inbox(BOB).await), before);
    assert_eq!(again.house.part.tally.issued.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_notice_that_could_not_be_stored_waits_for_the_next_try() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.follows(BOB).await;
    airport.gate("A3", "").await;
    airport.gate("B7", "A3").await;
    for event in airport.house.store.read_all(None, 100).await.unwrap().events {
        airport.house.part.reactor.take(&event, true).unwrap();
        airport.seen = Some(event.position());
    }
    airport.house.refuses.store(true, Ordering::Relaxed);
    let failure = airport.house.part.reactor.flush().await.unwrap_err();
    assert!(failure.reason.contains("the disk is full"), "{failure}");
    airport.house.refuses.store(false, Ordering::Relaxed);
    assert_eq!(airport.kinds(ANN).await, [Kind::GateAssigned, Kind::GateChanged]);
    assert_eq!(airport.kinds(BOB).await, [Kind::GateAssigned, Kind::GateChanged]);
}

#[tokio::test]
async fn before_its_checkpoint_a_reactor_folds_and_tells_nobody() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.passes(ANN, flights::PassagePoint::Gate).await;
    airport.follows(BOB).await;
    airport.gate("A3", "").await;
    let page = airport.house.store.read_all(None, 100).await.unwrap();
    for event in &page.events {
        airport.house.part.reactor.take(event, false).unwrap();
    }
    airport.seen = page.events.last().map(RecordedEvent::position);
    airport.flight("flights.BoardingStarted", flights::BoardingStarted::default()).await;
    assert!(airport.kinds(ANN).await.is_empty());
    let inbox = airport.inbox(BOB).await;
    assert_eq!((inbox.len(), facts(&inbox[0])), (1, vec![("flight", FLIGHT), ("gate", "A3")]));
}

#[tokio::test]
async fn flights_and_journeys_long_over_are_forgotten_and_far_ones_are_kept() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.follows_bag(ANN).await;
    let ahead = trips::FlightFollowed { flight: "ZH9102-20270301".into(), ..Default::default() };
    airport.trip(person(ANN), "trips.FlightFollowed", ahead).await;
    airport.react().await;
    assert_eq!(airport.house.part.reactor.world.size(), (2, 1));
    airport.house.clock.advance(SignedDuration::from_hours(15 * 24));
    let later = trips::FlightFollowed { flight: "ZH9103-20261206".into(), ..Default::default() };
    airport.trip(person(ANN), "trips.FlightFollowed", later).await;
    airport.react().await;
    assert_eq!(airport.house.part.reactor.world.size(), (2, 0));
}

#[tokio::test]
async fn an_event_of_an_unknown_type_is_parked_and_not_skipped_in_silence() {
    let mut airport = Airport::new();
    airport.flight("flights.FlightRenamed", flights::FlightDeparted::default()).await;
    let page = airport.house.store.read_all(None, 10).await.unwrap();
    let outcome = airport.house.part.reactor.take(&page.events[0], true);
    assert_eq!(outcome, Err(DecodeError::unknown(&page.events[0])));
}

#[tokio::test]
async fn a_notice_carries_the_chain_of_its_causes() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.gate("A3", "").await;
    airport.react().await;
    let cause = airport.house.store.read_all(None, 10).await.unwrap().events.remove(1);
    let decided = airport.house.stream(&model::delivery(person(ANN))).await.remove(0);
    let issued = airport.house.stream(&model::inbox(person(ANN))).await.remove(0);
    for (event, behind, actor) in [
        (&decided, &cause, "reactor/notifications.notices"),
        (&issued, &decided, "reactor/notifications.releases"),
    ] {
        let metadata = event.metadata().unwrap();
        assert_eq!(metadata.get(keys::CAUSATION_ID), Some(behind.id().to_string().as_str()));
        assert_eq!(metadata.get(keys::ACTOR), Some(actor));
        assert_eq!(metadata.get(keys::CORRELATION_ID), Some(cause.id().to_string().as_str()));
    }
    assert!(issued.occurred_at() <= airport.house.clock.now());
}

#[tokio::test]
async fn a_follow_of_version_1_and_of_version_2_is_told_alike() {
    let (follow, link, unfollow) = ("trips.FlightFollowed", "trips.BookingLinked", "trips.FlightUnfollowed");
    // What a person did, as it was written while a follow said the booking too, and as it is now.
    let history = [
        (vec![(follow, 1)], vec![(follow, 2), (link, 1)]),
        (vec![(follow, 1)], vec![(link, 1)]),
        (vec![(unfollow, 1)], vec![(unfollow, 1)]),
        (vec![(follow, 1)], vec![(follow, 2)]),
    ];
    let (mut old, mut new) = (Airport::new(), Airport::new());
    for (gate, (before, after)) in history.into_iter().enumerate() {
        for (airport, written) in [(&mut old, before), (&mut new, after)] {
            for (event_type, version) in written {
                // All three name the flight in their first field.
                let payload = trips::FlightUnfollowed { flight: FLIGHT.into() }.encode_to_vec().into();
                let stream = person(ANN).stream("person");
                airport.house.append_as(version, stream.as_str(), event_type, payload).await;
            }
            airport.gate(&format!("A{gate}"), "A9").await;
            airport.react().await;
        }
        assert_eq!(old.house.part.reactor.world, new.house.part.reactor.world);
        assert_eq!(old.inbox(ANN).await, new.inbox(ANN).await);
    }
    assert_eq!(old.kinds(ANN).await.len(), 3, "all but the gate of those who did not follow");
}

#[tokio::test]
async fn a_version_of_a_newer_program_is_refused_and_not_misread() {
    let airport = Airport::new();
    for (stream, event_type, version) in [
        (person(ANN).stream("person").to_string(), "trips.FlightFollowed", 3),
        (person(ANN).stream("person").to_string(), "trips.BookingLinked", 2),
        (format!("flight-{FLIGHT}"), "flights.GateAssigned", 2),
        (format!("bag-{PLATE}"), "baggage.BagStatusChanged", 2),
    ] {
        airport.house.append_as(version, &stream, event_type, Default::default()).await;
    }
    let log = airport.house.store.read_all(None, 10).await.unwrap().events;
    for event in &log {
        assert_eq!(facts::read(event), Err(DecodeError::unknown(event)));
    }
}

#[tokio::test]
async fn a_reactor_that_begins_from_its_memory_tells_what_it_would_have_told() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.follows(BOB).await;
    airport.follows_bag(ANN).await;
    airport.passes(BOB, flights::PassagePoint::Gate).await;
    airport.gate("A3", "").await;
    airport.react().await;
    let bytes = postcard::to_stdvec(&airport.house.part.reactor.image()).unwrap();
    let mut world = World::default();
    std::mem::swap(&mut world, &mut airport.house.part.reactor.world);
    airport.house.part.reactor.restore(postcard::from_bytes(&bytes).unwrap());
    assert_eq!(airport.house.part.reactor.world, world);
    assert_eq!(world.size(), (1, 1));
}
