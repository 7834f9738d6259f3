//! What is true of a bag after what was observed of it: the life cycle, case by case.

use airside_api::baggage::v1::BagException;

use super::*;

pub(super) const FLIGHT: &str = "ZH9101-20261120";

/// Returns the status after observations at minutes of the day, at the home airport.
#[track_caller]
pub(super) fn after(observations: impl IntoIterator<Item = (i64, Content)>) -> Status {
    at_stations(observations.into_iter().map(|(minutes, content)| (minutes, "SZX", content)))
}

#[track_caller]
fn at_stations(observations: impl IntoIterator<Item = (i64, &'static str, Content)>) -> Status {
    let commands = observations.into_iter().enumerate().map(|(n, (minutes, station, content))| {
        let mut command = observe(&format!("o{n}"), minutes, content);
        command.observation.station = station.parse().unwrap();
        command
    });
    let plate = state(commands);
    assert_eq!(plate.journeys.len(), 1, "one bag, one journey");
    plate.journeys[0].status()
}

fn into(point: TrackingPoint, container: &str) -> Content {
    let Content::Scanned(sighting) = seen(point) else { unreachable!() };
    Content::Scanned(Sighting { stowage: Some((container.to_owned(), String::new())), ..sighting })
}

/// A position that is concluded from a container.
fn inferred(point: TrackingPoint, container: &str) -> Content {
    let Content::Scanned(sighting) = into(point, container) else { unreachable!() };
    let stowage = sighting.stowage.filter(|(container, _)| !container.is_empty());
    Content::Scanned(Sighting { is_inferred: true, stowage, ..sighting })
}

pub(super) fn of_passenger(passenger: PassengerState, authority: Authority) -> Content {
    let Content::Announced(announcement) = said(Changed, FLIGHT) else { unreachable!() };
    Content::Announced(Box::new(Announcement { passenger, authority, ..*announcement }))
}

fn through(flights: [(&str, &str, LegRole); 2]) -> Content {
    let Content::Announced(announcement) = said(New, FLIGHT) else { unreachable!() };
    let legs = flights.map(|(flight, airport, role)| Leg {
        airport: Some(airport.parse().unwrap()),
        role,
        ..leg(flight)
    });
    Content::Announced(Box::new(Announcement { legs: legs.to_vec(), ..*announcement }))
}

#[track_caller]
pub(super) fn check(status: &Status, stage: Stage, exception: BagException) {
    assert_eq!((status.stage, status.exception), (stage, exception));
}

use BagException::{LeftBehind, Misrouted, NotSeen, OffloadRequired, Offloaded, OnHand};
use FlightTurn::{Cancelled, Departed, Landed, Returned};

const NONE: BagException = BagException::Unspecified;

#[test]
fn a_bag_on_board_departs_with_its_flight() {
    let status = after([(0, said(New, FLIGHT)), (9, seen(AircraftLoad)), (20, turned(Departed, FLIGHT))]);
    check(&status, Stage::Departed, NONE);
    let status = after([(0, said(New, FLIGHT)), (9, seen(AircraftLoad)), (20, turned(Landed, FLIGHT))]);
    check(&status, Stage::Departed, NONE);
}

#[test]
fn a_bag_that_nobody_saw_on_board_is_left_behind_when_its_flight_leaves() {
    let status = after([(0, said(New, FLIGHT)), (9, seen(Sortation)), (20, turned(Departed, FLIGHT))]);
    check(&status, Stage::Sorted, LeftBehind);
    let other = after([(0, said(New, FLIGHT)), (9, seen(Sortation))]);
    check(&other, Stage::Sorted, NONE);
}

/// Case 63 of the reference.
#[test]
fn a_late_word_of_a_load_before_departure_takes_the_left_behind_back() {
    let left = [(0, said(New, FLIGHT)), (9, seen(Sortation)), (20, turned(Departed, FLIGHT))];
    let late = |minutes| after(left.clone().into_iter().chain([(minutes, seen(AircraftLoad))]));
    check(&late(15), Stage::Departed, NONE);
    check(&late(22), Stage::Departed, NONE);
    check(&late(200), Stage::OnAircraft, NONE);
}

#[test]
fn a_bag_that_is_told_after_its_flight_left_is_judged_as_if_it_had_been_known() {
    let gone = || (20, turned(Departed, FLIGHT));
    let told = || (30, said(New, FLIGHT));
    let load = |minutes| (minutes, seen(AircraftLoad));
    check(&after([told(), gone()]), Stage::Expected, LeftBehind);
    check(&after([told(), (5, seen(Sortation)), gone()]), Stage::Sorted, LeftBehind);
    check(&after([(25, seen_for(Sortation, FLIGHT)), gone()]), Stage::Sorted, LeftBehind);
    for minutes in [9, 20, 25, 31, 80] {
        check(&after([told(), load(minutes), gone()]), Stage::Departed, NONE);
        check(&after([told(), gone(), load(minutes)]), Stage::Departed, NONE);
        check(&after([(minutes, seen_for(AircraftLoad, FLIGHT)), gone()]), Stage::Departed, NONE);
    }
    check(&after([told(), gone(), load(200)]), Stage::OnAircraft, NONE);
    check(&after([(210, said(New, FLIGHT)), gone(), load(200)]), Stage::OnAircraft, NONE);
    let unwanted = (30, of_passenger(PassengerState::NotBoarded, Authority::Load));
    check(&after([unwanted, gone()]), Stage::Expected, NONE);
    check(&after([told(), gone(), (40, said(Deleted, FLIGHT))]), Stage::Expected, NONE);
    let back = || (25, turned(Returned, FLIGHT));
    check(&after([told(), load(9), gone(), back()]), Stage::OnAircraft, NONE);
    check(&after([told(), gone(), back()]), Stage::Expected, NONE);
}

#[test]
fn a_bag_that_is_seen_beyond_its_flight_flew_though_nobody_saw_it_loaded() {
    let next = "CA1301-20261120";
    let route = || through([(FLIGHT, "PEK", LegRole::Outbound), (next, "TSN", LegRole::Onward)]);
    let gone = (20, "SZX", turned(Departed, FLIGHT));
    for told in [0, 190] {
        let told = (told, "SZX", route());
        let found = |point| at_stations([told.clone(), gone.clone(), (180, "PEK", seen(point))]);
        check(&found(AircraftUnload), Stage::Unloaded, NONE);
        check(&found(TransferInjection), Stage::Transferring, NONE);
        let inducted = found(BhsInduction);
        check(&inducted, Stage::InSystem, NONE);
        assert_eq!(inducted.flight, Some(next.parse().unwrap()));
        let onward = (200, "PEK", turned(Departed, next));
        let missed = [told.clone(), gone.clone(), (180, "PEK", seen(TransferInjection)), onward.clone()];
        check(&at_stations(missed), Stage::Transferring, LeftBehind);
        // Nobody read it between, and it flew on both.
        let there = [told, gone.clone(), onward, (400, "TSN", seen(AircraftUnload))];
        check(&at_stations(there), Stage::Unloaded, NONE);
    }
    let late = at_stations([
        (0, "SZX", route()),
        (9, "SZX", seen(AircraftLoad)),
        gone,
        (100, "PEK", turned(Departed, next)),
        (120, "PEK", seen(AircraftUnload)),
    ]);
    check(&late, Stage::Unloaded, LeftBehind);
}

#[test]
fn a_bag_that_the_airline_did_not_want_is_not_left_behind() {
    for unwanted in [
        said(Deleted, FLIGHT),
        reported(Report::Unload, FLIGHT),
        of_passenger(PassengerState::NotBoarded, Authority::Load),
    ] {
        let status = after([
            (0, said(New, FLIGHT)),
            (5, seen(Sortation)),
            (9, unwanted),
            (20, turned(Departed, FLIGHT)),
        ]);
        check(&status, Stage::Sorted, NONE);
    }
}

/// Case 66 of the reference, without its notices.
#[test]
fn a_flight_that_comes_back_or_does_not_go_keeps_what_is_aboard_and_leaves_nothing_behind() {
    for turn in [Returned, Cancelled] {
        let aboard = after([
            (0, said(New, FLIGHT)),
            (9, seen(AircraftLoad)),
            (20, turned(Departed, FLIGHT)),
            (30, turned(turn, FLIGHT)),
        ]);
        check(&aboard, Stage::OnAircraft, NONE);
        let left = after([
            (0, said(New, FLIGHT)),
            (9, seen(Sortation)),
            (20, turned(Departed, FLIGHT)),
            (30, turned(turn, FLIGHT)),
        ]);
        check(&left, Stage::Sorted, NONE);
    }
}

#[test]
fn a_flight_that_lands_elsewhere_leads_its_bags_nowhere_wrong() {
    let found = |turn: Option<FlightTurn>| {
        let flown = [
            (0, "SZX", said(New, FLIGHT)),
            (9, "SZX", seen(AircraftLoad)),
            (20, "SZX", turned(Departed, FLIGHT)),
        ];
        let turn = turn.map(|turn| (100, "SZX", turned(turn, FLIGHT)));
        at_stations(flown.into_iter().chain(turn).chain([(200, "TSN", seen_for(AircraftUnload, FLIGHT))]))
    };
    check(&found(None), Stage::Unloaded, Misrouted);
    check(&found(Some(FlightTurn::Diverted)), Stage::Unloaded, NONE);
}

/// Case 55 of the reference.
#[test]
fn a_deletion_counts_by_where_the_bag_is() {
    let deleted = |minutes| (minutes, said(Deleted, FLIGHT));
    let load = (9, seen(AircraftLoad));
    let before = after([(0, said(New, FLIGHT)), deleted(5)]);
    assert!(before.is_cancelled() && !before.offload);
    let aboard = after([(0, said(New, FLIGHT)), load.clone(), deleted(15), deleted(16)]);
    check(&aboard, Stage::OnAircraft, OffloadRequired);
    let off = after([(0, said(New, FLIGHT)), load.clone(), deleted(15), (18, seen(Offload))]);
    check(&off, Stage::AtAircraft, Offloaded);
    let gone = after([(0, said(New, FLIGHT)), load.clone(), (20, turned(Departed, FLIGHT)), deleted(25)]);
    check(&gone, Stage::Departed, NONE);
    let again = after([(0, said(New, FLIGHT)), load, deleted(15), (17, said(New, FLIGHT))]);
    check(&again, Stage::OnAircraft, NONE);
    assert_eq!(again.authority, Authority::Load);
}

/// Case 56 of the reference.
#[test]
fn a_bag_that_is_moved_to_another_flight_after_it_was_loaded_must_come_off() {
    let moved = [(0, said(New, FLIGHT)), (9, seen(AircraftLoad)), (12, said(Changed, "ZH9103-20261120"))];
    let status = after(moved.clone());
    check(&status, Stage::OnAircraft, OffloadRequired);
    assert_eq!((status.flight, status.offload), (Some("ZH9103-20261120".parse().unwrap()), true));
    let off = [(15, seen(Offload)), (40, seen_for(AircraftLoad, "ZH9103-20261120"))];
    check(&after(moved.clone().into_iter().chain(off)), Stage::OnAircraft, NONE);
    let flown = after(moved.into_iter().chain([(20, turned(Departed, FLIGHT))]));
    check(&flown, Stage::Departed, Misrouted);
}

/// Case 57 of the reference.
#[test]
fn the_word_that_a_passenger_boarded_cancels_an_unload_that_is_not_done() {
    let boarded = || of_passenger(PassengerState::Boarded, Authority::Load);
    let asked = [(0, said(New, FLIGHT)), (9, seen(AircraftLoad)), (12, reported(Report::Unload, FLIGHT))];
    check(&after(asked.clone()), Stage::OnAircraft, OffloadRequired);
    let in_time = after(asked.clone().into_iter().chain([(14, boarded())]));
    check(&in_time, Stage::OnAircraft, NONE);
    let too_late = after(asked.into_iter().chain([(13, seen(Offload)), (14, boarded())]));
    check(&too_late, Stage::AtAircraft, Offloaded);
}

#[test]
fn an_unload_before_loading_keeps_the_bag_back_and_that_of_another_flight_is_moot() {
    let status = after([(0, said(New, FLIGHT)), (5, reported(Report::Unload, FLIGHT))]);
    check(&status, Stage::Expected, OffloadRequired);
    assert!(!status.offload, "nothing must come off");
    let moved = after([
        (0, said(New, FLIGHT)),
        (3, said(Changed, "ZH9103-20261120")),
        (5, reported(Report::Unload, FLIGHT)),
    ]);
    check(&moved, Stage::Expected, NONE);
}

#[test]
fn a_codeshare_is_no_other_flight_whichever_name_comes_first() {
    let both = Leg { marketed_as: Some("CA3101-20261120".parse().unwrap()), ..leg(FLIGHT) };
    let Content::Scanned(sighting) = seen(AircraftLoad) else { unreachable!() };
    let load = Content::Scanned(Sighting { leg: Some(both), ..sighting });
    let Content::Announced(announcement) = said(Changed, FLIGHT) else { unreachable!() };
    let anew = Content::Announced(Box::new(Announcement { legs: vec![both], ..*announcement }));
    for told in [vec![(9, load.clone())], vec![(5, anew), (9, load)]] {
        let status = after([(0, said(New, "CA3101-20261120"))].into_iter().chain(told));
        check(&status, Stage::OnAircraft, NONE);
        assert_eq!(status.flight, Some(FLIGHT.parse().unwrap()));
    }
}

/// Case 61 of the reference.
#[test]
fn what_is_concluded_from_a_container_loses_against_what_is_read() {
    let built = [(0, said(New, FLIGHT)), (5, into(ContainerLoad, "AKE1"))];
    let with = |more: Vec<(i64, Content)>| after(built.clone().into_iter().chain(more));
    let loaded = with(vec![(9, inferred(AircraftLoad, "AKE1"))]);
    assert_eq!((loaded.stage, loaded.is_inferred), (Stage::OnAircraft, true));
    let read = with(vec![(9, inferred(AircraftLoad, "AKE1")), (12, seen(AircraftSide))]);
    assert_eq!((read.stage, read.is_inferred, read.stowage), (Stage::AtAircraft, false, None));
    let moved = with(vec![(8, into(ContainerLoad, "AKE2")), (9, inferred(AircraftLoad, "AKE1"))]);
    check(&moved, Stage::InContainer, NONE);
    let out = with(vec![
        (7, inferred(AircraftLoad, "AKE1")),
        (8, seen(Sortation)),
        (9, inferred(AircraftLoad, "AKE1")),
    ]);
    check(&out, Stage::Sorted, NONE);
    let apart = with(vec![(8, inferred(Offload, ""))]);
    assert_eq!((apart.stage, apart.stowage), (Stage::Sorted, None));
    let came_off = with(vec![(9, inferred(AircraftLoad, "AKE1")), (12, inferred(Offload, "AKE1"))]);
    check(&came_off, Stage::AtAircraft, Offloaded);
    let wrong = with(vec![
        (9, inferred(AircraftLoad, "AKE1")),
        (20, turned(Departed, FLIGHT)),
        (40, seen(Sortation)),
    ]);
    check(&wrong, Stage::Sorted, LeftBehind);
    let belt = at_stations([
        (0, "SZX", said(New, FLIGHT)),
        (5, "SZX", into(ContainerLoad, "AKE1")),
        (9, "SZX", inferred(AircraftLoad, "AKE1")),
        (300, "PEK", seen(ReclaimBelt)),
    ]);
    assert_eq!((belt.stage, belt.is_inferred), (Stage::OnBelt, false));
}

#[test]
fn a_container_that_flies_on_another_flight_takes_its_bags_the_wrong_way() {
    let Content::Scanned(sighting) = inferred(AircraftLoad, "AKE1") else { unreachable!() };
    let wrong = Content::Scanned(Sighting { leg: Some(leg("ZH9105-20261120")), ..sighting });
    let status = after([(0, said(New, FLIGHT)), (5, into(ContainerLoad, "AKE1")), (9, wrong)]);
    check(&status, Stage::OnAircraft, OffloadRequired);
}

#[test]
fn a_bag_that_was_not_seen_or_is_on_hand_is_so_until_it_is_seen_again() {
    let missing = [(0, said(New, FLIGHT)), (5, seen(Sortation)), (9, reported(Report::NotSeen, FLIGHT))];
    check(&after(missing.clone()), Stage::Sorted, NotSeen);
    check(&after(missing.into_iter().chain([(12, seen(AircraftSide))])), Stage::AtAircraft, NONE);
    let aboard =
        after([(0, said(New, FLIGHT)), (5, seen(AircraftLoad)), (9, reported(Report::NotSeen, FLIGHT))]);
    check(&aboard, Stage::OnAircraft, NONE);
    let on_hand = after([(0, said(New, FLIGHT)), (9, reported(Report::OnHandNotAuthorised, FLIGHT))]);
    check(&on_hand, Stage::Expected, OnHand);
    assert_eq!(on_hand.authority, Authority::Withheld);
}

#[test]
fn a_bag_that_is_seen_where_its_route_does_not_lead_has_gone_astray() {
    let flight =
        at_stations([(0, "SZX", said(New, FLIGHT)), (9, "SZX", seen_for(Sortation, "ZH9105-20261120"))]);
    check(&flight, Stage::Sorted, Misrouted);
    assert_eq!(flight.flight, Some(FLIGHT.parse().unwrap()), "it is still to fly on its own");
    let place = at_stations([(0, "SZX", said(New, FLIGHT)), (9, "CTU", seen_for(ArrivalInjection, FLIGHT))]);
    check(&place, Stage::Arrived, Misrouted);
    let back = at_stations([
        (0, "SZX", said(New, FLIGHT)),
        (9, "SZX", seen_for(Sortation, "ZH9105-20261120")),
        (12, "SZX", seen(Sortation)),
    ]);
    check(&back, Stage::Sorted, NONE);
}

#[test]
fn a_bag_goes_back_within_its_leg_by_name_alone() {
    let last = |points: &[TrackingPoint]| {
        let seen = points.iter().enumerate().map(|(n, point)| (i64::try_from(n).unwrap(), seen(*point)));
        after(seen).stage
    };
    assert_eq!(last(&[Sortation, Screening]), Stage::Screened, "screened again");
    assert_eq!(last(&[Sortation, BhsInduction]), Stage::InSystem, "recirculated");
    assert_eq!(last(&[StoreIn, StoreOut]), Stage::InSystem);
    assert_eq!(last(&[AircraftSide, Sortation]), Stage::AtAircraft);
    assert_eq!(last(&[AircraftLoad, Screening]), Stage::OnAircraft);
    assert_eq!(last(&[StoreIn, BhsInduction]), Stage::Stored);
}

#[test]
fn screening_says_its_newest_word_and_a_rejected_bag_does_not_fly() {
    let level = |screening| {
        let Content::Scanned(sighting) = seen(Screening) else { unreachable!() };
        Content::Scanned(Sighting { screening, ..sighting })
    };
    use airside_api::baggage::v1::Screening as Said;
    assert_eq!(after([(0, seen(Screening))]).screening, Said::Pending);
    let twice = after([(0, level(Said::Uncleared)), (2, level(Said::Cleared)), (4, seen(Sortation))]);
    assert_eq!((twice.screening, twice.stage), (Said::Cleared, Stage::Sorted));
    check(&after([(0, level(Said::Rejected)), (9, seen(AircraftLoad))]), Stage::OnAircraft, OffloadRequired);
}

#[test]
fn a_connecting_bag_takes_its_next_flight_when_it_is_injected_for_it() {
    let next = "CA1301-20261120";
    let route = through([(FLIGHT, "PEK", LegRole::Outbound), (next, "TSN", LegRole::Onward)]);
    let flown = [
        (0, "SZX", route),
        (9, "SZX", seen(AircraftLoad)),
        (20, "SZX", turned(Departed, FLIGHT)),
        (90, "SZX", judged(Connection::AtRisk)),
        (100, "PEK", seen(AircraftUnload)),
    ];
    let arrived = at_stations(flown.clone());
    assert_eq!((arrived.flight, arrived.connection), (Some(FLIGHT.parse().unwrap()), Connection::AtRisk));
    assert_eq!(arrived.connection_flight, next.parse().ok(), "whoever asks later learns of which flight");
    let with = |more: Vec<(i64, &'static str, Content)>| at_stations(flown.clone().into_iter().chain(more));
    let injected = with(vec![(110, "PEK", seen(TransferInjection)), (111, "PEK", seen(TransferInjection))]);
    assert_eq!((injected.stage, injected.flight), (Stage::Transferring, Some(next.parse().unwrap())));
    let missed = with(vec![(110, "PEK", seen(TransferInjection)), (200, "PEK", turned(Departed, next))]);
    check(&missed, Stage::Transferring, LeftBehind);
    let stayed = with(vec![(200, "PEK", turned(Departed, next))]);
    check(&stayed, Stage::Unloaded, LeftBehind);
    let made = with(vec![
        (110, "PEK", seen(TransferInjection)),
        (150, "PEK", seen(AircraftLoad)),
        (200, "PEK", turned(Departed, next)),
    ]);
    check(&made, Stage::Departed, NONE);
    assert_eq!((made.connection, made.connection_flight), (Connection::Unspecified, None));
}

#[test]
fn what_a_station_down_the_line_says_leaves_the_present_flight_alone() {
    let ahead = through([(FLIGHT, "SZX", LegRole::Inbound), ("CA1301-20261120", "TSN", LegRole::Outbound)]);
    let status =
        at_stations([(0, "SZX", said(New, FLIGHT)), (9, "SZX", seen(AircraftLoad)), (12, "PEK", ahead)]);
    check(&status, Stage::OnAircraft, NONE);
    assert_eq!(status.flight, Some(FLIGHT.parse().unwrap()));
}

#[test]
fn a_transfer_bag_that_is_announced_late_is_on_its_way_to_its_next_flight() {
    let came = "CA1301-20261120";
    let route = through([(came, "PEK", LegRole::Inbound), (FLIGHT, "CTU", LegRole::Outbound)]);
    let Content::Scanned(unloaded) = seen(AircraftUnload) else { unreachable!() };
    let unloaded = Content::Scanned(Sighting { leg: Some(leg(came)), ..unloaded });
    let read = [(0, unloaded), (5, seen(TransferInjection)), (9, seen(Sortation))];
    let status = after(read.clone().into_iter().chain([(12, route.clone())]));
    assert_eq!((status.stage, status.flight), (Stage::Sorted, FLIGHT.parse().ok()));
    let first_told = through([(came, "SZX", LegRole::Outbound), (FLIGHT, "CTU", LegRole::Onward)]);
    let told = read.iter().cloned().map(|(at, seen)| (at, "SZX", seen)).chain([(12, "CAN", first_told)]);
    assert_eq!(at_stations(told).flight, FLIGHT.parse().ok(), "also when only the first station told");
    let gone = after(read.into_iter().chain([(12, route), (60, turned(Departed, FLIGHT))]));
    check(&gone, Stage::Sorted, LeftBehind);
}

#[test]
fn who_reads_no_flight_means_the_one_that_leaves_from_there() {
    let came = "CA1301-20261120";
    let route = through([(came, "CAN", LegRole::Inbound), (FLIGHT, "CTU", LegRole::Outbound)]);
    let told = [(0, "SZX", route), (9, "CAN", seen(AircraftLoad))];
    let status = at_stations(told.clone());
    assert_eq!((status.stage, status.flight), (Stage::OnAircraft, came.parse().ok()));
    let more = [
        (20, "CAN", turned(Departed, came)),
        (90, "SZX", seen(AircraftUnload)),
        (99, "SZX", seen(AircraftLoad)),
    ];
    let status = at_stations(told.into_iter().chain(more));
    assert_eq!((status.stage, status.flight), (Stage::OnAircraft, FLIGHT.parse().ok()));
}

#[test]
fn what_a_bag_is_in_and_since_when_is_the_same_in_any_order() {
    let (put, sorted) = ((0, into(ContainerLoad, "AKE1ZH")), (10, seen(Sortation)));
    let status = after([put.clone(), sorted.clone()]);
    assert_eq!(status, after([sorted, put]), "a read of the sorter takes nothing out of a container");
    assert_eq!(status.stowage.map(|(container, _)| container).as_deref(), Some("AKE1ZH"));
    let moved = after([
        (0, into(ContainerLoad, "AKE1ZH")),
        (3, seen(AircraftSide)),
        (5, into(ContainerLoad, "AKE2ZH")),
    ]);
    assert_eq!(moved.stage, Stage::AtAircraft, "where it is does not go back");
    assert_eq!(moved.stowage.map(|(container, _)| container).as_deref(), Some("AKE2ZH"));
    assert_eq!(moved.stowed_at, Some(observe("o", 5, seen(Sortation)).observation.observed_at));
}

#[test]
fn a_flight_that_the_bag_only_arrives_by_leaves_nothing_behind_here() {
    let route = through([("CA1301-20261120", "PEK", LegRole::Inbound), (FLIGHT, "CTU", LegRole::Outbound)]);
    let status = after([(0, route), (9, turned(Departed, "CA1301-20261120"))]);
    check(&status, Stage::Expected, NONE);
}

#[test]
fn a_bag_reported_missing_is_so_until_its_passenger_has_it() {
    let missing =
        [(0, said(New, FLIGHT)), (9, seen(ArrivalInjection)), (100, reported(Report::Mishandled, FLIGHT))];
    check(&after(missing.clone()), Stage::Arrived, BagException::Mishandled);
    let way = missing.into_iter().chain([(200, reported(Report::OutForDelivery, FLIGHT))]);
    check(&after(way.clone()), Stage::Arrived, BagException::OutForDelivery);
    check(&after(way.chain([(300, reported(Report::Delivered, FLIGHT))])), Stage::Collected, NONE);
}

/// Case 65 of the reference, without its notices.
#[test]
fn another_belt_is_news_and_the_newest_belt_counts() {
    let belt = |location: &str| {
        let Content::Scanned(sighting) = seen(ReclaimBelt) else { unreachable!() };
        Content::Scanned(Sighting { location: location.to_owned(), ..sighting })
    };
    let facts = history([observe("a", 0, belt("6")), observe("b", 5, belt("9")), observe("c", 6, belt("9"))]);
    let told: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact {
            BagEvent::StatusChanged { status, .. } => Some(status.location.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["6", "9"]);
}
