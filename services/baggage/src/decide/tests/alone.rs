//! A bag without its passenger, a passenger without the bag, and a bag that nobody authorised.

use airside_api::baggage::v1::BagException::{
    self, LeftBehind, LoadedNotAuthorised, NotSeen, OffloadRequired,
};
use airside_api::baggage::v1::FlightTurn::Departed;

use super::{
    ways::{FLIGHT, after, check, of_passenger},
    *,
};

const NONE: BagException = BagException::Unspecified;

#[test]
fn a_bag_on_board_without_authority_or_without_its_passenger_is_told_apart() {
    let load = (9, seen(AircraftLoad));
    let withheld = after([(0, of_passenger(PassengerState::CheckedIn, Authority::Withheld)), load.clone()]);
    check(&withheld, Stage::OnAircraft, LoadedNotAuthorised);
    let alone = |authority| after([(0, of_passenger(PassengerState::NotBoarded, authority)), load.clone()]);
    check(&alone(Authority::Load), Stage::OnAircraft, OffloadRequired);
    check(&alone(Authority::Transport), Stage::OnAircraft, NONE);
    let boarded = after([(0, of_passenger(PassengerState::Boarded, Authority::Load)), (5, seen(Sortation))]);
    assert_eq!(
        (boarded.passenger, boarded.stage),
        (PassengerState::Boarded, Stage::Sorted),
        "boarded without bag"
    );
}

#[test]
fn a_passenger_who_boarded_flies_without_the_bag_once_the_flight_closed_or_left() {
    let boarded = || (0, of_passenger(PassengerState::Boarded, Authority::Load));
    let left = after([boarded(), (60, turned(Departed, FLIGHT))]);
    check(&left, Stage::Expected, LeftBehind);
    let unseen = after([boarded(), (50, reported(Report::NotSeen, FLIGHT))]);
    check(&unseen, Stage::Expected, NotSeen);
    let loaded = after([boarded(), (50, seen(AircraftLoad)), (60, turned(Departed, FLIGHT))]);
    let open = after([boarded(), (50, seen(Sortation))]);
    let late = after([boarded(), (60, turned(Departed, FLIGHT)), (55, seen(AircraftLoad))]);
    let told = [left, unseen, loaded, open, late].map(|status| status.boarded_without_bag);
    assert_eq!(told, [true, true, false, false, false]);
}

#[test]
fn the_bag_of_a_passenger_on_standby_does_not_fly_alone() {
    let aboard =
        |authority| after([(0, of_passenger(PassengerState::Standby, authority)), (9, seen(AircraftLoad))]);
    check(&aboard(Authority::Load), Stage::OnAircraft, OffloadRequired);
    check(&aboard(Authority::Transport), Stage::OnAircraft, NONE);
}

#[test]
fn a_bag_on_board_of_which_no_airline_said_a_word_is_not_authorised_and_may_stay() {
    let silent = after([
        (0, of_passenger(PassengerState::CheckedIn, Authority::Unspecified)),
        (9, seen(AircraftLoad)),
    ]);
    check(&silent, Stage::OnAircraft, LoadedNotAuthorised);
    assert!(!silent.offload, "silence may be consent here");
}

#[test]
fn the_flight_that_left_a_bag_behind_is_told_though_the_airline_named_the_next_by_then() {
    let next = "ZH9103-20261120";
    let left = after([
        (0, said(New, FLIGHT)),
        (10, seen(Sortation)),
        (62, said(Changed, next)),
        (60, turned(Departed, FLIGHT)),
    ]);
    assert_eq!((left.left_flight, left.flight), (FLIGHT.parse().ok(), next.parse().ok()));
    let flown = after([(0, said(New, FLIGHT)), (10, seen(AircraftLoad)), (60, turned(Departed, FLIGHT))]);
    assert_eq!(flown.left_flight, None);
}
