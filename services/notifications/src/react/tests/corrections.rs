//! What was told wrong, and what only seems so.

use super::{
    bags::{NEXT, at, left_behind, on_flight},
    *,
};

fn seen_at(seconds: i64, status: BagStatus) -> BagStatus {
    BagStatus { seen_at: Some(timestamp_message(Timestamp::from_second(seconds).unwrap())), ..status }
}

#[tokio::test]
async fn a_bag_left_behind_that_is_read_where_it_was_left_is_still_left_behind() {
    for (stage, next) in [
        (Stage::Transferring, None),
        (Stage::Arrived, None),
        (Stage::OnBelt, Some(Kind::BagOnBelt)),
        (Stage::Collected, Some(Kind::BagCollected)),
    ] {
        let mut airport = Airport::new();
        airport.follows_bag(ANN).await;
        airport.bag(Stage::Accepted, at("SZX", left_behind(Stage::Sorted))).await;
        // It is with its passenger, so nothing is wrong any more; it flew no more for that.
        let read = if stage == Stage::Collected { status(stage, false) } else { left_behind(stage) };
        airport.bag(Stage::Sorted, at("SZX", read)).await;
        let expected: Vec<_> = [Kind::BagLeftBehind].into_iter().chain(next).collect();
        assert_eq!(airport.kinds(ANN).await, expected, "{stage:?}");
    }
}

#[tokio::test]
async fn a_bag_left_behind_that_is_read_at_another_airport_has_flown() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Accepted, at("SZX", left_behind(Stage::Sorted))).await;
    airport.bag(Stage::Sorted, at("PEK", status(Stage::Unloaded, false))).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagLeftBehind, Kind::BagCorrected]);
}

#[tokio::test]
async fn what_was_told_of_a_read_that_is_withdrawn_is_corrected_once() {
    let cases = [
        (Stage::Expected, Stage::Accepted, "BAG_ACCEPTED"),
        (Stage::Arrived, Stage::OnBelt, "BAG_ON_BELT"),
        (Stage::OnBelt, Stage::Collected, "BAG_COLLECTED"),
    ];
    for (before, wrong, corrects) in cases {
        let mut airport = Airport::new();
        airport.follows_bag(ANN).await;
        airport.bag(before, status(wrong, false)).await;
        airport.bag(wrong, status(before, false)).await;
        airport.bag(before, BagStatus { location: "T2".into(), ..status(before, false) }).await;
        let inbox = airport.inbox(ANN).await;
        assert_eq!(inbox.len(), 2, "{corrects}");
        assert_eq!((inbox[1].kind, inbox[1].parameters["corrects"].as_str()), (Kind::BagCorrected, corrects));
    }
}

#[tokio::test]
async fn a_bag_that_was_not_taken_off_after_all_is_corrected_and_one_that_is_loaded_again_is_not() {
    let taken_off = || seen_at(200, status(Stage::AtAircraft, true));
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Sorted, seen_at(100, status(Stage::OnAircraft, false))).await;
    airport.bag(Stage::OnAircraft, taken_off()).await;
    airport.bag(Stage::AtAircraft, seen_at(100, status(Stage::OnAircraft, false))).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagLoaded, Kind::BagOffloaded, Kind::BagCorrected]);
    assert_eq!(airport.inbox(ANN).await[2].parameters["corrects"], "BAG_OFFLOADED");

    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Sorted, seen_at(100, status(Stage::OnAircraft, false))).await;
    airport.bag(Stage::OnAircraft, taken_off()).await;
    airport.bag(Stage::AtAircraft, seen_at(300, status(Stage::OnAircraft, false))).await;
    assert_eq!(airport.kinds(ANN).await, [Kind::BagLoaded, Kind::BagOffloaded, Kind::BagLoaded]);
}

#[tokio::test]
async fn a_move_to_another_flight_that_is_withdrawn_is_told_as_the_flight_that_it_travels_on() {
    let mut airport = Airport::new();
    airport.follows_bag(ANN).await;
    airport.bag(Stage::Expected, status(Stage::Accepted, false)).await;
    airport.bag(Stage::Accepted, on_flight(NEXT, status(Stage::Accepted, false))).await;
    airport.bag(Stage::Accepted, status(Stage::Accepted, false)).await;
    let inbox = airport.inbox(ANN).await;
    let back = [("flight", FLIGHT), ("plate", PLATE), ("previous_flight", NEXT)];
    assert_eq!((inbox[2].kind, facts(&inbox[2])), (Kind::BagReflighted, back.to_vec()));
}
