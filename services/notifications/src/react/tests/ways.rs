//! When to leave, a way that broke, and a bag that comes to the belt with its passenger.

use airside_api::navigation::v1 as navigation;

use super::*;

const WAY: Uuid = Uuid::from_u128(501);
const OLDER: Uuid = Uuid::from_u128(500);

fn at(text: &str) -> Option<prost_types::Timestamp> {
    Some(timestamp_message(format!("2026-11-20T{text}:00Z").parse().unwrap()))
}

fn takes(walking_seconds: u32, waiting_seconds: u32) -> Option<navigation::WayTimes> {
    let certainty = navigation::WayCertainty::Measured.into();
    Some(navigation::WayTimes { walking_seconds, waiting_seconds, at_security: true, certainty })
}

impl Airport {
    async fn of_way(&mut self, number: u128, event_type: &'static str, event: impl Message) {
        let stream = format!("way-{}", person(number));
        self.house.append(&stream, event_type, event.encode_to_vec().into()).await;
    }

    async fn follows_way(&mut self, number: u128, goal: navigation::WayGoal) {
        let followed = navigation::WayFollowed {
            way_id: WAY.to_string(),
            venue: "testville".into(),
            goal: goal.into(),
            flight: FLIGHT.into(),
            until: at("12:00"),
            ..Default::default()
        };
        self.of_way(number, "navigation.WayFollowed", followed).await;
    }

    async fn is_advised(
        &mut self,
        number: u128,
        times: Option<navigation::WayTimes>,
        leave_by: Option<&str>,
    ) {
        let leave_by = leave_by.and_then(at);
        let advised =
            navigation::WayAdvised { way_id: WAY.to_string(), times, leave_by, ..Default::default() };
        self.of_way(number, "navigation.WayAdvised", advised).await;
    }

    async fn breaks(&mut self, number: u128, way: Uuid, other: Option<navigation::WayTimes>) {
        let broken = navigation::WayBroken { way_id: way.to_string(), other, ..Default::default() };
        self.of_way(number, "navigation.WayBroken", broken).await;
    }

    /// Ann and Bob are to leave for the gate of a flight that leaves at eight.
    async fn to_the_gate() -> Self {
        let mut airport = Self::new();
        let leg = flights::FlightLeg { scheduled_departure: at("08:00"), ..Default::default() };
        let scheduled = flights::FlightScheduled { legs: vec![leg], ..Default::default() };
        airport.flight("flights.FlightScheduled", scheduled).await;
        airport.gate("A3", "").await;
        for number in [ANN, BOB] {
            airport.follows_way(number, navigation::WayGoal::Gate).await;
            airport.is_advised(number, takes(660, 840), Some("07:15")).await;
        }
        airport
    }

    /// Lets the clock come to an instant, and the reactor strike what is due by then.
    async fn comes_to(&mut self, instant: &str) {
        self.react().await;
        let instant: Timestamp = format!("2026-11-20T{instant}:00Z").parse().unwrap();
        self.house.clock.advance(instant.duration_since(self.house.clock.now()));
        self.house.part.reactor.strike(instant);
        self.house.part.reactor.flush().await.unwrap();
        self.release().await;
    }
}

#[tokio::test]
async fn who_goes_to_a_gate_is_told_to_leave_when_the_time_has_come_and_once() {
    let mut airport = Airport::to_the_gate().await;
    airport.comes_to("07:14").await;
    assert!(airport.kinds(ANN).await.is_empty());
    airport.comes_to("07:15").await;
    let inbox = airport.inbox(ANN).await;
    assert_eq!(
        (inbox[0].kind, inbox[0].priority, inbox[0].expires_at),
        (Kind::LeaveNow, Priority::P1, Some("2026-11-20T08:00:00Z".parse().unwrap()))
    );
    assert_eq!(
        facts(&inbox[0]),
        [
            ("certainty", "MEASURED"),
            ("flight", FLIGHT),
            ("gate", "A3"),
            ("waiting_minutes", "14"),
            ("waits_at", "SECURITY"),
            ("walking_minutes", "11"),
        ]
    );
    airport.comes_to("07:30").await;
    let mut again = Airport { house: airport.house.again(), seen: None };
    again.comes_to("07:40").await;
    assert_eq!(again.kinds(ANN).await, [Kind::LeaveNow], "another node tells it, and it is told once");
}

#[tokio::test]
async fn who_boarded_or_left_the_way_or_whose_flight_is_gone_is_not_told_to_leave() {
    let mut airport = Airport::to_the_gate().await;
    airport.passes(ANN, flights::PassagePoint::Gate).await;
    airport.of_way(BOB, "navigation.WayLeft", navigation::WayLeft { way_id: WAY.to_string() }).await;
    airport.comes_to("07:20").await;
    assert_eq!((airport.kinds(ANN).await, airport.kinds(BOB).await), (vec![], vec![]));
    for over in ["flights.FlightDeparted", "flights.FlightCancelled"] {
        let mut airport = Airport::to_the_gate().await;
        airport.flight(over, flights::FlightDeparted::default()).await;
        airport.comes_to("07:20").await;
        assert!(airport.kinds(ANN).await.is_empty(), "{over}");
    }
}

#[tokio::test]
async fn a_time_to_leave_that_moves_is_told_at_the_new_time_and_again_only_when_much_later() {
    let mut airport = Airport::to_the_gate().await;
    airport.is_advised(ANN, takes(660, 1_440), Some("07:05")).await;
    airport.comes_to("07:05").await;
    airport.comes_to("07:16").await;
    let inbox = airport.inbox(ANN).await;
    assert_eq!(inbox.iter().map(|one| one.parameter("waiting_minutes")).collect::<Vec<_>>(), ["24"]);
    airport.is_advised(ANN, takes(660, 840), Some("07:19")).await;
    airport.comes_to("07:19").await;
    assert_eq!(airport.kinds(ANN).await.len(), 1, "fourteen minutes later is the same time to leave");
    airport.is_advised(ANN, takes(660, 840), Some("07:45")).await;
    airport.comes_to("07:45").await;
    let inbox = airport.inbox(ANN).await;
    assert_eq!((inbox.len(), inbox[1].supersedes), (2, Some(inbox[0].id)));
}

#[tokio::test]
async fn a_broken_way_is_told_to_who_follows_it_with_the_other_way_or_none() {
    let mut airport = Airport::to_the_gate().await;
    airport.breaks(ANN, OLDER, None).await;
    airport.breaks(ANN, WAY, takes(720, 0)).await;
    airport.react().await;
    airport.house.clock.advance(SignedDuration::from_mins(5));
    airport.breaks(ANN, WAY, None).await;
    let inbox = airport.inbox(ANN).await;
    let told: Vec<_> =
        inbox.iter().map(|one| (one.kind, one.priority, one.parameter("walking_minutes"))).collect();
    assert_eq!(told, [(Kind::WayBroken, Priority::P1, "12"), (Kind::WayBroken, Priority::P1, "")]);
    assert_eq!(inbox[1].supersedes, Some(inbox[0].id));
    assert!(airport.kinds(BOB).await.is_empty());
    airport.comes_to("07:20").await;
    assert_eq!(airport.kinds(BOB).await, [Kind::LeaveNow]);
    assert_eq!(airport.kinds(ANN).await.len(), 2, "there is no way to leave by");
}

#[tokio::test]
async fn a_bag_and_its_passenger_on_the_way_to_one_belt_are_told_together() {
    let mut airport = Airport::new();
    for number in [ANN, BOB] {
        airport.follows_bag(number).await;
    }
    airport.belt("12", "").await;
    airport.follows_way(ANN, navigation::WayGoal::Belt).await;
    airport.is_advised(ANN, takes(420, 0), None).await;
    let seen = |stage| BagStatus { seen_at: at("06:00"), ..status(stage, false) };
    airport.bag(Stage::OnAircraft, seen(Stage::Unloaded)).await;
    airport.bag(Stage::Unloaded, seen(Stage::Unloaded)).await;
    let first = airport.inbox(ANN).await;
    assert_eq!(
        first.iter().map(|one| (one.kind, one.priority)).collect::<Vec<_>>(),
        [(Kind::BagNearsBelt, Priority::P2)]
    );
    let told = [("bag_minutes", "15"), ("belt", "12"), ("plate", PLATE), ("walking_minutes", "7")];
    assert_eq!(facts(&first[0]), told);
    airport.house.clock.advance(SignedDuration::from_mins(5));
    let hall = BagStatus { seen_at: at("06:05"), ..status(Stage::Arrived, false) };
    airport.bag(Stage::Unloaded, hall).await;
    let inbox = airport.inbox(ANN).await;
    let told = [("bag_minutes", "6"), ("belt", "12"), ("plate", PLATE), ("walking_minutes", "2")];
    assert_eq!((facts(&inbox[1]), inbox[1].supersedes), (told.to_vec(), Some(inbox[0].id)));
    airport.bag(Stage::Arrived, status(Stage::OnBelt, false)).await;
    assert_eq!(airport.kinds(ANN).await.last(), Some(&Kind::BagOnBelt));
    assert_eq!(airport.kinds(BOB).await, [Kind::BagOnBelt], "who walks elsewhere hears of the belt alone");
}

#[tokio::test]
async fn who_sets_out_when_the_bags_are_unloaded_hears_of_them_at_once() {
    let mut airport = Airport::new();
    let second = Uuid::from_u128(78);
    airport.follows_bag(ANN).await;
    airport.follows_journey(ANN, "0479123457", second).await;
    airport.belt("12", "").await;
    let seen = || BagStatus { seen_at: at("06:00"), ..status(Stage::Unloaded, false) };
    airport.bag(Stage::OnAircraft, seen()).await;
    airport.journey("0479123457", second, Stage::OnAircraft, seen()).await;
    assert!(airport.kinds(ANN).await.is_empty());
    airport.follows_way(ANN, navigation::WayGoal::Belt).await;
    airport.is_advised(ANN, takes(420, 0), None).await;
    airport.is_advised(ANN, takes(600, 0), None).await;
    let inbox = airport.inbox(ANN).await;
    assert_eq!(inbox.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::BagNearsBelt]);
    assert_eq!(inbox[0].parameter("plates"), "0479123456,0479123457");
}
