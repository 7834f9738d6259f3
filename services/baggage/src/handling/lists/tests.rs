//! Which bags each list has.

use airside_api::baggage::v1::{
    AnnouncementChange, BagException, LegRole, LoadingStep, Report, TrackingPoint,
};

use super::*;
use crate::{
    handling::tests::{FLIGHT, OTHER, announced, flight, leg, minute, reported, seen, start, worn},
    model::{Announcement, Content, Sighting},
};

/// Plates 3479000101 and on, each worn by one journey of which this was told.
fn plates<const N: usize>(told: [Vec<Content>; N]) -> Vec<(LicencePlate, Plate)> {
    let number = |number| LicencePlate::parse(&format!("{}", 3_479_000_101u64 + number)).unwrap();
    (0..).map(number).zip(told.map(|told| worn([told]))).collect()
}

fn view(plates: &[(LicencePlate, Plate)]) -> Vec<(LicencePlate, &Plate)> {
    plates.iter().map(|(plate, worn)| (*plate, worn)).collect()
}

fn serials<'a>(found: impl IntoIterator<Item = &'a Standing<'a>>) -> Vec<String> {
    found.into_iter().map(|one| one.plate.to_string()[8..].to_owned()).collect()
}

fn into(point: TrackingPoint, id: &str, container: &str) -> Content {
    let stowage = Some((container.to_owned(), String::new()));
    Sighting { stowage, ..seen(point, Some(id)) }.into()
}

#[test]
fn a_flight_has_the_bags_that_leave_on_it_come_on_it_or_are_on_it() {
    let moved = Announcement { change: AnnouncementChange::Changed, ..announced(OTHER) };
    let inbound = Announcement { legs: vec![leg(FLIGHT, LegRole::Inbound)], ..announced(FLIGHT) };
    let plates = plates([
        vec![announced(FLIGHT).into()],
        vec![announced(OTHER).into()],
        // It went to another flight before it was loaded, and after.
        vec![announced(FLIGHT).into(), moved.clone().into()],
        vec![announced(FLIGHT).into(), into(TrackingPoint::AircraftLoad, FLIGHT, "H4"), moved.into()],
        vec![inbound.into()],
        vec![seen(TrackingPoint::Sortation, Some(FLIGHT)).into()],
    ]);
    assert_eq!(serials(&of_flight(&view(&plates), flight(FLIGHT))), ["01", "04", "05", "06"]);
}

#[test]
fn missing_is_what_was_expected_less_what_was_seen_by_the_cut_off() {
    let deleted = Announcement { change: AnnouncementChange::Deleted, ..announced(FLIGHT) };
    let aboard = || Content::from(seen(TrackingPoint::AircraftLoad, Some(FLIGHT)));
    let plates = plates([
        vec![announced(FLIGHT).into()],
        vec![announced(FLIGHT).into(), seen(TrackingPoint::Sortation, None).into(), aboard()],
        vec![announced(FLIGHT).into(), aboard()],
        vec![announced(FLIGHT).into(), deleted.into()],
        vec![announced(OTHER).into()],
    ]);
    let list = |reached, cut_off| {
        let found = missing(&view(&plates), flight(FLIGHT), reached, cut_off);
        (serials(&found.bags), found.expected)
    };
    let words = |serials: &[&str]| serials.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(list(Stage::OnAircraft, minute(60)), (words(&["01"]), 3));
    assert_eq!(list(Stage::OnAircraft, minute(1)), (words(&["01", "02"]), 3));
    assert_eq!(list(Stage::Sorted, minute(1)), (words(&["01"]), 3));
    assert_eq!(list(Stage::Sorted, start()), (words(&["01", "02", "03"]), 3));

    let view = view(&plates);
    let found = missing(&view, flight(FLIGHT), Stage::OnAircraft, minute(1));
    assert_eq!(found.bags[1].status.seen_at, Some(minute(1)), "it tells where it was seen last by then");
    assert_eq!(found.bags[0].status.seen_at, None);
}

#[test]
fn what_a_bag_did_on_its_inbound_flight_does_not_count_for_the_next() {
    let inbound = "MU5311-20261120";
    let legs = vec![leg(inbound, LegRole::Inbound), leg(FLIGHT, LegRole::Outbound)];
    let connecting = || Content::from(Announcement { legs: legs.clone(), ..announced(FLIGHT) });
    let landed = || Content::from(seen(TrackingPoint::AircraftUnload, Some(inbound)));
    let plates = plates([
        vec![landed(), connecting()],
        vec![landed(), connecting(), seen(TrackingPoint::TransferInjection, None).into()],
        vec![connecting(), into(TrackingPoint::ContainerLoad, FLIGHT, "AKE1ZH")],
    ]);
    let list = |reached| serials(&missing(&view(&plates), flight(FLIGHT), reached, minute(60)).bags);
    assert_eq!(list(Stage::Accepted), ["01"]);
    assert_eq!(list(Stage::InSystem), ["01", "02"]);
    assert_eq!(list(Stage::OnAircraft), ["01", "02", "03"]);
}

#[test]
fn a_container_holds_what_is_in_it_and_a_hold_only_what_is_in_it_for_the_flight() {
    let plates = plates([
        vec![announced(FLIGHT).into(), into(TrackingPoint::AircraftLoad, FLIGHT, "H4")],
        vec![announced(OTHER).into(), into(TrackingPoint::AircraftLoad, OTHER, "H4")],
        vec![
            announced(FLIGHT).into(),
            into(TrackingPoint::AircraftLoad, FLIGHT, "H4"),
            seen(TrackingPoint::Offload, Some(FLIGHT)).into(),
        ],
        vec![announced(FLIGHT).into(), into(TrackingPoint::AircraftLoad, FLIGHT, "H1")],
    ]);
    let list = |flight| serials(&contents(&view(&plates), "H4", flight));
    assert_eq!(list(None), ["01", "02"]);
    assert_eq!(list(Some(flight(FLIGHT))), ["01"]);
}

#[test]
fn what_must_come_off_is_named_where_it_lies_and_in_the_order_to_pick_it() {
    let moved = Announcement { change: AnnouncementChange::Changed, ..announced(OTHER) };
    let unload = || Content::from(reported(Report::Unload, FLIGHT));
    let plates = plates([
        vec![announced(FLIGHT).into(), into(TrackingPoint::AircraftLoad, FLIGHT, "AKE2ZH"), unload()],
        vec![announced(FLIGHT).into(), into(TrackingPoint::AircraftLoad, FLIGHT, "AKE1ZH"), unload()],
        // It stays.
        vec![announced(FLIGHT).into(), into(TrackingPoint::AircraftLoad, FLIGHT, "AKE1ZH")],
        // It lies in a container and belongs on another flight now.
        vec![announced(FLIGHT).into(), into(TrackingPoint::ContainerLoad, FLIGHT, "AKE3ZH"), moved.into()],
        // Nobody has put it anywhere yet.
        vec![announced(FLIGHT).into(), unload()],
        // It is off.
        vec![
            announced(FLIGHT).into(),
            into(TrackingPoint::AircraftLoad, FLIGHT, "AKE1ZH"),
            unload(),
            seen(TrackingPoint::Offload, Some(FLIGHT)).into(),
        ],
    ]);
    let hold_of = |container: &str| match container {
        "AKE1ZH" => Some("42".to_owned()),
        "AKE2ZH" => Some("11".to_owned()),
        _ => None,
    };
    let closed = FlightLoad::default().at_step(LoadingStep::Closed);
    let view = view(&plates);
    let found = offload(&view, flight(FLIGHT), &closed, LoadPolicy::default());
    let found: Vec<_> = to_pick(found, hold_of)
        .into_iter()
        .map(|one| (one.compartment, one.container, one.standing.plate.to_string(), one.reasons))
        .collect();
    let expected = [
        ("", "AKE3ZH", "3479000104", LoadReason::AnotherFlight),
        ("11", "AKE2ZH", "3479000101", LoadReason::UnloadRequested),
        ("42", "AKE1ZH", "3479000102", LoadReason::UnloadRequested),
    ];
    let owned = |text: &str| text.to_owned();
    assert_eq!(found, expected.map(|(a, b, c, reason)| (owned(a), owned(b), owned(c), vec![reason])));
}

#[test]
fn a_bag_read_before_its_announcement_is_on_the_flight_that_the_status_says() {
    let deleted = Announcement { change: AnnouncementChange::Deleted, ..announced(FLIGHT) };
    let anywhere = |point| {
        let stowage = Some(("H4".to_owned(), String::new()));
        Content::from(Sighting { stowage, ..seen(point, None) })
    };
    let plates = plates([
        vec![anywhere(TrackingPoint::AircraftLoad), announced(FLIGHT).into()],
        vec![anywhere(TrackingPoint::ContainerLoad), announced(FLIGHT).into()],
        vec![anywhere(TrackingPoint::AircraftLoad), announced(FLIGHT).into(), deleted.into()],
    ]);
    let view = view(&plates);
    assert_eq!(serials(&missing(&view, flight(FLIGHT), Stage::OnAircraft, minute(60)).bags), ["02"]);
    assert_eq!(serials(&contents(&view, "H4", Some(flight(FLIGHT)))), ["01", "02", "03"]);
    let found = offload(&view, flight(FLIGHT), &FlightLoad::default(), LoadPolicy::default());
    assert_eq!(serials(found.iter().map(|one| &one.standing)), ["03"]);
    assert_eq!(found[0].reasons, [LoadReason::AuthorityRevoked]);
}

#[test]
fn of_the_missing_those_are_counted_whose_passenger_boarded() {
    let boarded = Announcement { passenger: PassengerState::Boarded, ..announced(FLIGHT) };
    let aboard = || Content::from(seen(TrackingPoint::AircraftLoad, Some(FLIGHT)));
    let plates = plates([
        vec![announced(FLIGHT).into()],
        vec![boarded.clone().into()],
        vec![boarded.into(), aboard()],
    ]);
    let view = view(&plates);
    let found = missing(&view, flight(FLIGHT), Stage::OnAircraft, minute(60));
    assert_eq!((serials(&found.bags), found.boarded_without_bag()), (vec!["01".into(), "02".into()], 1));
    assert!(has_boarded(&found.bags[1]) && !has_boarded(&found.bags[0]));
}

#[test]
fn what_the_list_takes_off_for_want_of_authority_the_status_calls_not_authorised() {
    let silent = Announcement { authority: Authority::Unspecified, ..announced(FLIGHT) };
    let plates = plates([vec![silent.into(), into(TrackingPoint::AircraftLoad, FLIGHT, "H4")]]);
    let view = view(&plates);
    let found = offload(&view, flight(FLIGHT), &FlightLoad::default(), LoadPolicy::default());
    assert_eq!(found[0].reasons, [LoadReason::AuthorityAbsent]);
    assert_eq!(found[0].standing.status.exception, BagException::LoadedNotAuthorised);
}

#[test]
fn everything_comes_off_a_flight_that_does_not_operate() {
    let plates = plates([vec![announced(FLIGHT).into(), into(TrackingPoint::AircraftLoad, FLIGHT, "H4")]]);
    let cancelled = FlightLoad { is_cancelled: true, ..FlightLoad::default() };
    let view = view(&plates);
    let found = offload(&view, flight(FLIGHT), &cancelled, LoadPolicy::default());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].reasons, [LoadReason::FlightCancelled]);
}
