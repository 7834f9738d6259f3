//! The specification of attachment and of what it changes.

use airside_api::baggage::v1::{Authority, LegRole, Stage, TrackingPoint};
use airside_kernel::given;
use jiff::ToSpan;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{Announcement, Leg, Sighting};

const NOON: &str = "2026-11-20T12:00:00Z";

fn at(minutes: i64) -> Timestamp {
    NOON.parse::<Timestamp>().unwrap() + minutes.minutes()
}

fn journey(n: u128) -> JourneyId {
    JourneyId(Uuid::from_u128(n))
}

fn observe(id: &str, minutes: i64, content: Content) -> Observe {
    Observe {
        observation: Observation {
            id: id.to_owned(),
            source: "bhs".to_owned(),
            station: "SZX".parse().unwrap(),
            observed_at: at(minutes),
            cause: None,
        },
        content,
        received_at: at(minutes).max(at(0)),
        new_journey: journey(id.bytes().fold(0, |n, byte| n * 256 + u128::from(byte))),
    }
}

fn leg(flight: &str) -> Leg {
    Leg { flight: flight.parse().unwrap(), airport: Some("PEK".parse().unwrap()), role: LegRole::Outbound }
}

fn seen(point: TrackingPoint) -> Content {
    Content::Scanned(Sighting {
        point,
        reader: String::new(),
        location: String::new(),
        leg: None,
        stowage: None,
        authority: Authority::Unspecified,
    })
}

fn seen_for(point: TrackingPoint, flight: &str) -> Content {
    let Content::Scanned(sighting) = seen(point) else { unreachable!() };
    Content::Scanned(Sighting { leg: Some(leg(flight)), ..sighting })
}

fn said(change: AnnouncementChange, flight: &str) -> Content {
    Content::Announced(Announcement {
        change,
        legs: vec![leg(flight)],
        passenger_name: None,
        record_locator: None,
        authority: Authority::Load,
        exceptions: Vec::new(),
    })
}

/// Runs observations one after the other and returns the history.
fn history(observations: impl IntoIterator<Item = Observe>) -> Vec<BagEvent> {
    let mut facts: Vec<BagEvent> = Vec::new();
    let mut plate = Plate::default();
    for command in observations {
        let added = Bag::decide(&plate, command).unwrap();
        plate = added.iter().fold(plate, Bag::evolve);
        facts.extend(added);
    }
    facts
}

fn state(observations: impl IntoIterator<Item = Observe>) -> Plate {
    given::<Bag>(history(observations)).state()
}

fn stage(observations: impl IntoIterator<Item = Observe>) -> Stage {
    state(observations).newest_journey().unwrap().status().stage
}

use AnnouncementChange::{Changed, Deleted, New};
use TrackingPoint::*;

#[test]
fn a_scan_of_an_unknown_plate_opens_a_provisional_journey() {
    let command = observe("a", 0, seen(BhsInduction));
    let opened = command.new_journey;
    let facts = given::<Bag>([]).when(command.clone()).events();
    assert!(
        matches!(&facts[0], BagEvent::Observed { observation, .. } if *observation == command.observation)
    );
    assert_eq!(facts[1], BagEvent::JourneyOpened { journey: opened, is_provisional: true });
    assert_eq!(
        facts[2],
        BagEvent::Attached { observation_id: "a".into(), journey: opened, rule_version: RULE_VERSION }
    );
    assert!(matches!(&facts[3], BagEvent::StatusChanged { status, previous_stage: Stage::Unspecified, .. }
        if status.stage == Stage::InSystem));
}

#[test]
fn an_announcement_confirms_the_journey_that_a_scan_opened() {
    let plate = state([observe("a", 0, seen(CheckIn)), observe("b", 1, said(New, "ZH9101-20261120"))]);
    assert_eq!(plate.journeys.len(), 1);
    assert!(!plate.journeys[0].is_provisional());
    assert_eq!(plate.journeys[0].status().stage, Stage::Accepted);
}

#[test]
fn a_repeated_observation_adds_nothing() {
    let command = observe("a", 0, seen(CheckIn));
    given::<Bag>(history([command.clone()])).when(command).rejects(&Rejection::Duplicate { id: "a".into() });
}

#[test]
fn a_late_scan_never_moves_a_bag_back() {
    let before = [observe("a", 0, said(New, "ZH9101-20261120")), observe("b", 9, seen(AircraftLoad))];
    let facts = given::<Bag>(history(before.clone())).when(observe("c", 8, seen(Sortation))).events();
    assert!(!facts.iter().any(|fact| matches!(fact, BagEvent::StatusChanged { .. })));
    assert_eq!(stage(before.into_iter().chain([observe("c", 8, seen(Sortation))])), Stage::OnAircraft);
}

#[test]
fn a_bag_that_is_deleted_after_loading_must_come_off() {
    let loaded = [observe("a", 0, said(New, "ZH9101-20261120")), observe("b", 9, seen(AircraftLoad))];
    let deleted = observe("c", 20, said(Deleted, "ZH9101-20261120"));
    let status = state(loaded.into_iter().chain([deleted])).newest_journey().unwrap().status();
    assert_eq!(
        (status.stage, status.authority, status.offload),
        (Stage::OnAircraft, Authority::Revoked, true)
    );
}

#[test]
fn a_bag_that_was_taken_off_and_loaded_again_is_on_board() {
    let scans = [observe("a", 0, seen(AircraftLoad)), observe("b", 5, seen(Offload))];
    let status = state(scans.clone()).newest_journey().unwrap().status();
    assert_eq!((status.stage, status.offload), (Stage::AtAircraft, true));
    let status = state(scans.into_iter().chain([observe("c", 9, seen(AircraftLoad))]))
        .newest_journey()
        .unwrap()
        .status();
    assert_eq!((status.stage, status.offload), (Stage::OnAircraft, false));
}

#[test]
fn a_changed_flight_stays_the_same_journey() {
    let plate = state([
        observe("a", 0, said(New, "ZH9101-20261120")),
        observe("b", 30, said(Changed, "ZH9103-20261120")),
    ]);
    assert_eq!(plate.journeys.len(), 1);
    assert_eq!(plate.journeys[0].status().flight, Some("ZH9103-20261120".parse().unwrap()));
}

#[test]
fn a_plate_worn_again_after_six_days_is_another_bag() {
    let day = 24 * 60;
    let plate = state([
        observe("a", 0, said(New, "ZH9101-20261120")),
        observe("b", 9, seen(AircraftLoad)),
        observe("c", 6 * day, said(New, "ZH9103-20261126")),
        observe("d", 6 * day + 5, seen(CheckIn)),
    ]);
    assert_eq!(plate.journeys.len(), 2);
    assert_eq!(plate.newest_journey().unwrap().status().stage, Stage::Accepted);
}

#[test]
fn a_scan_that_fits_two_journeys_is_attached_to_neither() {
    let before =
        [observe("a", 0, said(New, "ZH9101-20261120")), observe("b", 1, said(New, "CZ3502-20261120"))];
    let facts = given::<Bag>(history(before.clone())).when(observe("c", 5, seen(Sortation))).events();
    assert!(matches!(&facts[1], BagEvent::Quarantined { code, candidates, .. }
        if code == "ambiguous-tag" && candidates.len() == 2));
    let named =
        given::<Bag>(history(before)).when(observe("d", 5, seen_for(Sortation, "CZ3502-20261120"))).events();
    assert!(matches!(&named[1], BagEvent::Attached { .. }), "its flight tells which one it is");
}

#[test]
fn a_connecting_leg_begins_anew() {
    let inbound = [observe("a", 0, seen(AircraftLoad)), observe("b", 200, seen(AircraftUnload))];
    let onward = [observe("c", 220, seen(TransferInjection)), observe("d", 230, seen(Sortation))];
    assert_eq!(stage(inbound.into_iter().chain(onward)), Stage::Sorted);
}

#[test]
fn a_reader_from_the_future_is_refused() {
    let mut command = observe("a", 0, seen(CheckIn));
    command.observation.observed_at = at(61);
    given::<Bag>([]).when(command).rejects(&Rejection::Future { observed_at: at(61) });
}

#[test]
fn what_is_older_than_the_memory_of_a_plate_is_refused() {
    let before = history([observe("a", 0, seen(CheckIn))]);
    let old = observe("b", -11 * 24 * 60, seen(CheckIn));
    given::<Bag>(before).when(old).rejects(&Rejection::TooOld { observed_at: at(-11 * 24 * 60) });
}

#[test]
fn a_plate_forgets_what_is_long_over_and_folds_the_same_without_it() {
    let day = 24 * 60;
    let commands =
        (0..40).map(|n| observe(&format!("o{n}"), n * day, said(New, &format!("ZH{}-{}", n + 1, date(n)))));
    let facts = history(commands);
    let whole = given::<Bag>(facts.clone()).state();
    let forgets = Bag::forgets(&whole, facts.len() as u64);
    assert!(forgets > 0 && whole.journeys.len() <= 12);
    let tail = given::<Bag>(facts.into_iter().skip(usize::try_from(forgets).unwrap())).state();
    assert_eq!(
        tail.journeys.iter().map(|j| j.id).collect::<Vec<_>>(),
        whole.journeys.iter().map(|j| j.id).collect::<Vec<_>>()
    );
    assert_eq!(tail.newest_journey().unwrap().status(), whole.newest_journey().unwrap().status());
}

fn date(days: i64) -> String {
    let day = jiff::civil::date(2026, 11, 20) + days.days();
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

fn contents() -> impl Strategy<Value = Content> {
    let points = [
        CheckIn,
        BhsInduction,
        Screening,
        StoreIn,
        StoreOut,
        Sortation,
        ContainerLoad,
        AircraftSide,
        AircraftLoad,
        Offload,
        AircraftUnload,
        TransferInjection,
        ArrivalInjection,
        ReclaimBelt,
        Collection,
    ];
    prop_oneof![
        8 => proptest::sample::select(points.to_vec()).prop_map(seen),
        1 => proptest::sample::select(vec![New, Changed, Deleted]).prop_map(|change| said(change, "ZH9101-20261120")),
    ]
}

proptest! {
    #[test]
    fn the_same_observations_in_any_order_end_in_the_same_state(
        (ordered, shuffled) in proptest::collection::vec((0i64..600, contents()), 1..14).prop_flat_map(|list| {
            // The airline announces first; the rest comes in any order and more than once.
            let first = observe("first", 0, said(New, "ZH9101-20261120"));
            let rest: Vec<Observe> = list
                .into_iter()
                .enumerate()
                .map(|(n, (minutes, content))| observe(&format!("o{n}"), minutes, content))
                .collect();
            let ordered: Vec<Observe> = std::iter::once(first.clone()).chain(rest.clone()).collect();
            let doubled: Vec<Observe> = rest.iter().chain(&rest).cloned().collect();
            (Just(ordered), Just(doubled).prop_shuffle().prop_map(move |rest| {
                std::iter::once(first.clone()).chain(rest).collect::<Vec<_>>()
            }))
        })
    ) {
        let straight = state(ordered);
        let mut plate = Plate::default();
        for command in shuffled {
            match Bag::decide(&plate, command) {
                Ok(facts) => plate = facts.iter().fold(plate, Bag::evolve),
                Err(rejection) => prop_assert!(matches!(rejection, Rejection::Duplicate { .. }), "{rejection}"),
            }
        }
        let [one] = straight.journeys.as_slice() else { panic!("one bag, one journey") };
        let [other] = plate.journeys.as_slice() else { panic!("one bag, one journey") };
        prop_assert_eq!(one.status(), other.status());
        prop_assert!(one.observations().eq(other.observations()));
    }
}
