//! What a bag tells: what goes wrong with it, what goes on, and what was told wrong.

use airside_api::baggage::v1::{
    BagException, Connection, JourneyLinked, LinkKind, Observation, ObservationResolved, Resolution,
};

use super::*;

pub(super) const NEXT: &str = "ZH9103-20261120";

pub(super) fn left_behind(stage: Stage) -> BagStatus {
    BagStatus { exception: BagException::LeftBehind as i32, ..status(stage, false) }
}

pub(super) fn on_flight(flight: &str, status: BagStatus) -> BagStatus {
    BagStatus { flight: flight.into(), ..status }
}

fn on_belt(belt: &str) -> BagStatus {
    BagStatus { location: belt.into(), ..status(Stage::OnBelt, false) }
}

fn connecting(stage: Stage, connection: Connection, to: &str) -> BagStatus {
    let (connection, connection_flight) = (connection as i32, to.to_owned());
    BagStatus { connection, connection_flight, ..status(stage, false) }
}

#[tokio::test]
async fn a_bag_that_is_left_behind_is_told_once_and_with_its_next_flight_when_that_is_known() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Accepted, status(Stage::Sorted, false)).await;
    airport.bag(Stage::Sorted, left_behind(Stage::Sorted)).await;
    airport.bag(Stage::Sorted, BagStatus { location: "M2".into(), ..left_behind(Stage::Sorted) }).await;
    let inbox = airport.inbox(ANN).await;
    assert_eq!(
        inbox.iter().map(|one| (one.kind, one.priority)).collect::<Vec<_>>(),
        [(Kind::BagLeftBehind, Priority::P2)]
    );
    assert_eq!(facts(&inbox[0]), [("flight", FLIGHT), ("next_flight", ""), ("plate", PLATE)]);

    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Accepted, status(Stage::Sorted, false)).await;
    airport.bag(Stage::Sorted, on_flight(NEXT, left_behind(Stage::Sorted))).await;
    let inbox = airport.inbox(ANN).await;
    assert_eq!(facts(&inbox[0]), [("flight", FLIGHT), ("next_flight", NEXT), ("plate", PLATE)]);
}

#[tokio::test]
async fn a_flight_that_comes_back_and_leaves_without_the_bag_again_is_no_news() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Accepted, status(Stage::Sorted, false)).await;
    for _ in 0..2 {
        airport.bag(Stage::Sorted, left_behind(Stage::Sorted)).await;
        airport.bag(Stage::Sorted, status(Stage::Sorted, false)).await;
    }
    assert_eq!(airport.kinds(ANN).await, [Kind::BagLeftBehind]);
}

#[tokio::test]
async fn who_begins_to_follow_a_bag_that_is_left_behind_learns_it_with_its_next_word() {
    let mut airport = Airport::new();
    airport.bag(Stage::Accepted, left_behind(Stage::Sorted)).await;
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Sorted, BagStatus { location: "M2".into(), ..left_behind(Stage::Sorted) }).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagLeftBehind]);
}

#[tokio::test]
async fn a_bag_that_was_loaded_after_all_is_corrected_once_for_those_who_were_told_wrong() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Accepted, left_behind(Stage::Sorted)).await;
    airport.follows_bag(BOB).await;
    airport.bag(Stage::Sorted, status(Stage::Departed, false)).await;
    airport.bag(Stage::Departed, BagStatus { location: "H4".into(), ..status(Stage::Departed, false) }).await;
    airport.bag(Stage::Departed, status(Stage::Unloaded, false)).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagLeftBehind, Kind::BagCorrected]);
    let corrected = &airport.inbox(ANN).await[1];
    assert_eq!(facts(corrected), [("corrects", "BAG_LEFT_BEHIND"), ("flight", FLIGHT), ("plate", PLATE)]);
    assert_eq!(airport.kinds(BOB).await, [Kind::BagLoaded], "who was told nothing wrong hears what is true");
}

pub(super) fn at(station: &str, status: BagStatus) -> BagStatus {
    BagStatus { station: station.into(), ..status }
}

#[tokio::test]
async fn a_connecting_bag_that_its_next_flight_left_behind_is_told_by_that_flight() {
    for stage in [Stage::Unloaded, Stage::Transferring] {
        let mut airport = Airport::new();
        airport.follows_bag(ANN).await;
        airport.bag(Stage::Departed, status(stage, false)).await;
        let left = BagStatus { left_flight: NEXT.into(), ..on_flight(NEXT, left_behind(stage)) };
        airport.bag(stage, left).await;
        let inbox = airport.inbox(ANN).await;
        assert_eq!(inbox.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::BagLeftBehind], "{stage:?}");
        assert_eq!(facts(&inbox[0]), [("flight", NEXT), ("next_flight", ""), ("plate", PLATE)]);
    }
}

#[tokio::test]
async fn a_bag_is_on_board_of_each_flight_that_it_takes_though_nobody_read_it_between() {
    let ways: [&[Stage]; 3] = [&[Stage::Unloaded], &[Stage::Unloaded, Stage::Transferring], &[]];
    for between in ways {
        let mut airport = Airport::new();
        airport.follows_bag(ANN).await;
        let mut previous = Stage::AtAircraft;
        airport.bag(previous, at("CAN", status(Stage::OnAircraft, false))).await;
        previous = Stage::OnAircraft;
        for stage in between {
            airport.bag(previous, at("SZX", status(*stage, false))).await;
            previous = *stage;
        }
        airport.bag(previous, at("SZX", on_flight(NEXT, status(Stage::OnAircraft, false)))).await;
        airport.bag(Stage::OnAircraft, at("SZX", on_flight(NEXT, status(Stage::Departed, false)))).await;
        let inbox = airport.inbox(ANN).await;
        let told: Vec<_> = inbox.iter().map(|one| (one.kind, one.parameters["flight"].as_str())).collect();
        assert_eq!(told, [(Kind::BagLoaded, FLIGHT), (Kind::BagLoaded, NEXT)], "{between:?}");
    }
}

#[tokio::test]
async fn who_knows_that_a_bag_is_on_board_is_not_told_again_when_it_may_stay_there() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::AtAircraft, status(Stage::OnAircraft, false)).await;
    airport.bag(Stage::OnAircraft, status(Stage::OnAircraft, true)).await;
    airport.bag(Stage::OnAircraft, status(Stage::OnAircraft, false)).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagLoaded]);
}

#[tokio::test]
async fn a_bag_is_accepted_wherever_it_is_first_seen_on_its_way_to_the_aircraft() {
    for stage in [Stage::Accepted, Stage::InSystem, Stage::Sorted] {
        let mut airport = Airport::new();
        airport.follows_bag(ANN).await;
        airport.bag(Stage::Expected, status(stage, false)).await;
        airport.bag(stage, status(Stage::InContainer, false)).await;
        assert_eq!(airport.kinds(ANN).await, [Kind::BagAccepted], "{stage:?}");
    }
}

#[tokio::test]
async fn a_belt_with_a_leading_zero_is_the_same_belt() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Arrived, on_belt("05")).await;
    airport.bag(Stage::OnBelt, on_belt("5")).await;
    airport.bag(Stage::OnBelt, on_belt("5a")).await;
    airport.bag(Stage::OnBelt, on_belt("05A")).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagOnBelt, Kind::BagBeltChanged]);
}

#[tokio::test]
async fn a_bag_that_was_left_behind_and_goes_on_the_next_flight_is_no_mistake() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Accepted, left_behind(Stage::Sorted)).await;
    airport.bag(Stage::Sorted, on_flight(NEXT, status(Stage::Sorted, false))).await;
    airport.bag(Stage::Sorted, on_flight(NEXT, status(Stage::OnAircraft, false))).await;
    let inbox = airport.inbox(ANN).await;
    let kinds: Vec<_> = inbox.iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds, [Kind::BagLeftBehind, Kind::BagReflighted, Kind::BagLoaded]);
    assert_eq!(facts(&inbox[1]), [("flight", NEXT), ("plate", PLATE), ("previous_flight", FLIGHT)]);
    assert_eq!(inbox[2].parameters["flight"], NEXT);
}

#[tokio::test]
async fn a_bag_that_was_loaded_and_taken_off_is_offloaded_and_no_mistake() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Sorted, status(Stage::OnAircraft, false)).await;
    airport.bag(Stage::OnAircraft, status(Stage::AtAircraft, true)).await;
    airport.bag(Stage::AtAircraft, on_flight(NEXT, status(Stage::AtAircraft, true))).await;
    assert_eq!(airport.kinds(ANN).await[..2], [Kind::BagLoaded, Kind::BagOffloaded]);
    assert_eq!(airport.kinds(ANN).await[2..], [Kind::BagReflighted]);
}

#[tokio::test]
async fn a_load_that_was_concluded_and_not_true_is_corrected_once() {
    let here = |status: BagStatus| BagStatus { station: "SZX".into(), ..status };
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    let concluded = BagStatus { inferred: true, ..here(status(Stage::OnAircraft, false)) };
    airport.bag(Stage::InContainer, concluded).await;
    airport.bag(Stage::OnAircraft, here(status(Stage::Sorted, false))).await;
    airport.bag(Stage::Sorted, here(status(Stage::InContainer, false))).await;
    airport.bag(Stage::InContainer, here(status(Stage::OnAircraft, false))).await;
    let inbox = airport.inbox(ANN).await;
    let kinds: Vec<_> = inbox.iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds, [Kind::BagLoaded, Kind::BagCorrected, Kind::BagLoaded]);
    assert_eq!(inbox[1].parameters["corrects"], "BAG_LOADED");
}

#[tokio::test]
async fn a_bag_that_must_not_come_off_any_more_is_on_board() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::AtAircraft, status(Stage::OnAircraft, true)).await;
    airport.bag(Stage::OnAircraft, status(Stage::OnAircraft, false)).await;
    airport.bag(Stage::OnAircraft, status(Stage::Departed, false)).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagLoaded]);
}

#[tokio::test]
async fn a_concluded_load_that_turns_out_wrong_after_the_flight_left_is_left_behind() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::InContainer, status(Stage::OnAircraft, false)).await;
    airport.bag(Stage::Departed, left_behind(Stage::Sorted)).await;
    airport.bag(Stage::Sorted, status(Stage::Departed, false)).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagLoaded, Kind::BagLeftBehind, Kind::BagCorrected]);
}

#[tokio::test]
async fn a_bag_that_is_sorted_at_the_next_airport_was_on_board_before() {
    let at = |station: &str, status: BagStatus| BagStatus { station: station.into(), ..status };
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::AtAircraft, at("SZX", status(Stage::OnAircraft, false))).await;
    airport.bag(Stage::OnAircraft, at("PVG", status(Stage::Sorted, false))).await;
    airport.bag(Stage::Sorted, at("PVG", on_flight(NEXT, status(Stage::OnAircraft, false)))).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagLoaded, Kind::BagLoaded]);
}

#[tokio::test]
async fn another_flight_before_the_load_is_told_and_a_stray_or_a_transfer_is_not() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Expected, status(Stage::Accepted, false)).await;
    let stray = BagStatus { exception: BagException::Misrouted as i32, ..status(Stage::Sorted, false) };
    airport.bag(Stage::Accepted, on_flight("CA1-20261120", stray)).await;
    airport.bag(Stage::Sorted, status(Stage::Sorted, false)).await;
    airport.bag(Stage::Sorted, status(Stage::OnAircraft, false)).await;
    airport.bag(Stage::OnAircraft, status(Stage::Transferring, false)).await;
    airport.bag(Stage::Transferring, on_flight(NEXT, status(Stage::Sorted, false))).await;
    airport.bag(Stage::Sorted, on_flight("ZH9105-20261120", status(Stage::Sorted, false))).await;
    let inbox = airport.inbox(ANN).await;
    let told: Vec<_> =
        inbox.iter().map(|one| (one.kind, one.parameters.get("flight").map_or("", |f| f))).collect();
    let reflighted = (Kind::BagReflighted, "ZH9105-20261120");
    assert_eq!(told[..2], [(Kind::BagAccepted, ""), (Kind::BagReflighted, FLIGHT)]);
    assert_eq!(told[2..], [(Kind::BagLoaded, FLIGHT), reflighted]);
}

#[tokio::test]
async fn a_connection_is_told_as_it_gets_worse_and_by_the_flight_to_be_reached() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    let unloaded = |connection| connecting(Stage::Unloaded, connection, NEXT);
    airport.bag(Stage::Departed, unloaded(Connection::Safe)).await;
    airport.bag(Stage::Unloaded, unloaded(Connection::AtRisk)).await;
    airport.bag(Stage::Unloaded, unloaded(Connection::AtRisk)).await;
    airport.bag(Stage::Unloaded, unloaded(Connection::Missed)).await;
    airport.bag(Stage::Unloaded, unloaded(Connection::AtRisk)).await;
    let inbox = airport.inbox(ANN).await;
    let told: Vec<_> = inbox.iter().map(|one| (one.kind, one.parameters["flight"].as_str())).collect();
    assert_eq!(
        told,
        [(Kind::BagConnectionAtRisk, NEXT), (Kind::BagConnectionMissed, NEXT), (Kind::BagCorrected, NEXT),]
    );
    assert_eq!(inbox[2].parameters["corrects"], "BAG_CONNECTION_MISSED");
}

#[tokio::test]
async fn after_a_missed_connection_the_next_flight_is_told_and_nothing_corrected() {
    const LATER: &str = "ZH9105-20261121";
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Departed, connecting(Stage::Unloaded, Connection::Missed, NEXT)).await;
    airport.bag(Stage::Unloaded, on_flight(LATER, status(Stage::Unloaded, false))).await;
    let safe = on_flight(LATER, connecting(Stage::Unloaded, Connection::Safe, LATER));
    airport.bag(Stage::Unloaded, safe).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagConnectionMissed, Kind::BagReflighted]);
}

#[tokio::test]
async fn who_begins_to_follow_after_a_connection_was_judged_learns_its_flight_with_the_next_word() {
    let mut airport = Airport::new();
    let missed = connecting(Stage::Unloaded, Connection::Missed, NEXT);
    airport.bag(Stage::Departed, missed.clone()).await;
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Unloaded, BagStatus { location: "T2".into(), ..missed }).await;
    let inbox = airport.inbox(ANN).await;
    assert_eq!(inbox.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::BagConnectionMissed]);
    assert_eq!(facts(&inbox[0]), [("flight", NEXT), ("plate", PLATE)]);
}

#[tokio::test]
async fn a_bag_that_is_seen_on_another_belt_says_so() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Arrived, on_belt("7")).await;
    airport.bag(Stage::OnBelt, on_belt("")).await;
    airport.bag(Stage::OnBelt, on_belt("12")).await;
    airport.bag(Stage::OnBelt, on_belt("12")).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagOnBelt, Kind::BagBeltChanged]);
    let changed = &airport.inbox(ANN).await[1];
    assert_eq!(facts(changed), [("belt", "12"), ("plate", PLATE), ("previous_belt", "7")]);
}

#[tokio::test]
async fn a_belt_that_changes_reaches_those_who_follow_only_a_bag_that_arrives_there() {
    const CARL: u128 = 3;
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.follows_bag(ANN).await;
    airport.follows_bag(BOB).await;
    airport.follows_journey(CARL, "0479000009", Uuid::from_u128(9)).await;
    airport.bag(Stage::Departed, status(Stage::Arrived, false)).await;
    airport
        .journey(
            "0479000009",
            Uuid::from_u128(9),
            Stage::Departed,
            on_flight(NEXT, status(Stage::Arrived, false)),
        )
        .await;
    airport.belt("7", "").await;
    airport.belt("12", "7").await;
    assert_eq!(
        airport.kinds(ANN).await,
        [Kind::BeltAssigned, Kind::BeltChanged],
        "once, though both are followed"
    );
    assert_eq!(airport.kinds(BOB).await, [Kind::BeltChanged]);
    assert!(airport.kinds(CARL).await.is_empty());
    airport.bag(Stage::OnBelt, status(Stage::Collected, false)).await;
    airport.belt("9", "12").await;
    assert_eq!(
        airport.kinds(BOB).await,
        [Kind::BeltChanged, Kind::BagCollected],
        "whose bag is in hand waits for none"
    );
}

#[tokio::test]
async fn of_two_bags_under_one_plate_each_passenger_hears_of_their_own() {
    let other = Uuid::from_u128(78);
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.follows_journey(BOB, PLATE, other).await;
    airport.bag(Stage::Expected, status(Stage::Accepted, false)).await;
    airport.journey(PLATE, other, Stage::Expected, on_flight(NEXT, left_behind(Stage::Sorted))).await;
    airport.bag(Stage::Accepted, status(Stage::OnAircraft, false)).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagAccepted, Kind::BagLoaded]);
    assert_eq!(airport.kinds(BOB).await, [Kind::BagLeftBehind]);
}

const RUSH: &str = "2479000001";
const RUSHED: Uuid = Uuid::from_u128(80);

impl Airport {
    /// Links a journey with the one under the rush tag that it goes on as.
    async fn forwards(&mut self, observation: &str) {
        let linked = JourneyLinked {
            observation: Some(Observation { id: observation.into(), ..Default::default() }),
            journey_id: RUSHED.to_string(),
            kind: LinkKind::Rush as i32,
            other: PLATE.into(),
            other_journey_id: JOURNEY.to_string(),
            continues: true,
        };
        self.of_bag(RUSH, "baggage.JourneyLinked", linked).await;
    }

    async fn rushed(&mut self, previous: Stage, status: BagStatus) {
        self.journey(RUSH, RUSHED, previous, status).await;
    }
}

#[tokio::test]
async fn a_bag_under_a_rush_tag_is_still_the_passengers_bag_under_the_plate_that_they_know() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Accepted, left_behind(Stage::Sorted)).await;
    airport.forwards("l/1").await;
    airport.rushed(Stage::Sorted, on_flight(NEXT, status(Stage::OnAircraft, false))).await;
    let inbox = airport.inbox(ANN).await;
    assert_eq!(inbox.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::BagLeftBehind, Kind::BagLoaded]);
    assert_eq!(facts(&inbox[1]), [("flight", NEXT), ("plate", PLATE)]);
    let unfollowed = trips::BagUnfollowed { journey_id: JOURNEY.to_string() };
    airport.trip(person(ANN), "trips.BagUnfollowed", unfollowed).await;
    airport.rushed(Stage::OnAircraft, status(Stage::OnBelt, false)).await;
    assert_eq!(airport.kinds(ANN).await.len(), 2, "who follows the bag no more hears of its new tag no more");
}

#[tokio::test]
async fn who_follows_the_old_plate_after_the_link_or_both_plates_hears_of_the_new_one_once() {
    let mut airport = Airport::new();
    airport.forwards("l/1").await;
    airport.follows_bag(ANN).await;
    airport.follows_bag(BOB).await;
    airport.follows_journey(BOB, RUSH, RUSHED).await;
    airport.rushed(Stage::Sorted, on_flight(NEXT, status(Stage::OnAircraft, false))).await;
    // Whoever follows two journeys waits for the other one until the window closes.
    airport.bag(Stage::Accepted, on_flight(NEXT, status(Stage::OnAircraft, false))).await;
    for passenger in [ANN, BOB] {
        assert_eq!(airport.kinds(passenger).await, [Kind::BagLoaded], "{passenger}");
    }
}

#[tokio::test]
async fn who_came_to_a_bag_by_a_link_that_was_taken_back_hears_of_it_no_more() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.follows_journey(BOB, RUSH, RUSHED).await;
    airport.forwards("l/1").await;
    let resolution = Resolution::Dismissed as i32;
    let resolved = ObservationResolved { observation_id: "l/1".into(), resolution, ..Default::default() };
    airport.of_bag(RUSH, "baggage.ObservationResolved", resolved).await;
    airport.rushed(Stage::Sorted, status(Stage::OnAircraft, false)).await;
    assert!(airport.kinds(ANN).await.is_empty());
    assert_eq!(airport.kinds(BOB).await, [Kind::BagLoaded], "who follows it by itself still does");
}

#[tokio::test]
async fn journeys_that_are_linked_in_a_loop_are_heard_of_once() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.forwards("l/1").await;
    let back = JourneyLinked {
        journey_id: JOURNEY.to_string(),
        kind: LinkKind::Rush as i32,
        other: RUSH.into(),
        other_journey_id: RUSHED.to_string(),
        continues: true,
        ..Default::default()
    };
    airport.of_bag(PLATE, "baggage.JourneyLinked", back).await;
    airport.rushed(Stage::OnBelt, status(Stage::Collected, false)).await;
    airport.bag(Stage::OnBelt, status(Stage::Collected, false)).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagCollected]);
}

#[tokio::test]
async fn a_bag_that_comes_off_another_flight_after_its_own_left_is_not_on_board() {
    let at = |station: &str, status: BagStatus| BagStatus { station: station.into(), ..status };
    for (station, expect) in
        [("SZX", [Kind::BagLeftBehind].as_slice()), ("PEK", &[Kind::BagLeftBehind, Kind::BagCorrected])]
    {
        let mut airport = Airport::new();
        airport.follows_bag(ANN).await;
        airport.bag(Stage::Expected, at("SZX", left_behind(Stage::Expected))).await;
        airport.bag(Stage::Expected, at(station, status(Stage::Unloaded, false))).await;
        assert_eq!(airport.kinds(ANN).await, expect, "{station}");
    }
}

#[tokio::test]
async fn an_rfid_code_is_no_other_bag() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    let linked = JourneyLinked {
        journey_id: JOURNEY.to_string(),
        kind: LinkKind::Epc as i32,
        other: "E280".into(),
        ..Default::default()
    };
    airport.of_bag(PLATE, "baggage.JourneyLinked", linked).await;
    airport.react().await;
    assert_eq!(airport.house.part.reactor.world.size(), (0, 1));
}
