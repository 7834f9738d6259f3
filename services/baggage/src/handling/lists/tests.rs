//! Which bags each list has.

use airside_api::baggage::v1::{AnnouncementChange, LegRole, TrackingPoint};

use super::*;
use crate::{
    handling::sample::{FLIGHT, OTHER, announced, flight, leg, minute, seen, start, worn},
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
    let aboard = || Content::from(seen(TrackingPoint::AircraftLoad, Some(inbound)));
    let plates = plates([
        vec![aboard(), connecting()],
        vec![aboard(), connecting(), seen(TrackingPoint::TransferInjection, None).into()],
        vec![connecting(), into(TrackingPoint::ContainerLoad, FLIGHT, "AKE1ZH")],
    ]);
    let list = |reached| serials(&missing(&view(&plates), flight(FLIGHT), reached, minute(60)).bags);
    assert_eq!(list(Stage::Accepted), ["01"]);
    assert_eq!(list(Stage::InSystem), ["01", "02"]);
    assert_eq!(list(Stage::OnAircraft), ["01", "02", "03"]);
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
