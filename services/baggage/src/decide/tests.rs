//! The specification of attachment and of what it changes.

mod alone;
mod clocks;
mod identity;
mod properties;
mod ways;

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, Connection, FlightTurn, LegRole, LinkKind, PassengerState, Report,
    Screening, TrackingPoint,
};
use airside_kernel::{Cause, Personal, Revision, given};
use jiff::{SignedDuration, ToSpan, tz::TimeZone};
use uuid::Uuid;

use super::*;
use crate::model::{
    Announcement, ConnectionJudged, DatedFlight, FlightTurned, Leg, Link, Reported, Sighting,
};

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
            parser_version: None,
            received_at: Some(at(minutes).max(at(0))),
            clock_ahead_ms: 0,
        },
        content,
        new_journey: journey(id.bytes().fold(0, |n, byte| n * 256 + u128::from(byte))),
    }
}

fn leg(flight: &str) -> Leg {
    Leg {
        flight: flight.parse().unwrap(),
        airport: Some("PEK".parse().unwrap()),
        role: LegRole::Outbound,
        marketed_as: None,
    }
}

fn seen(point: TrackingPoint) -> Content {
    Content::Scanned(Sighting {
        point,
        reader: String::new(),
        location: String::new(),
        leg: None,
        stowage: None,
        authority: Authority::Unspecified,
        is_inferred: false,
        screening: Screening::Unspecified,
    })
}

fn seen_for(point: TrackingPoint, flight: &str) -> Content {
    let Content::Scanned(sighting) = seen(point) else { unreachable!() };
    Content::Scanned(Sighting { leg: Some(leg(flight)), ..sighting })
}

fn said(change: AnnouncementChange, flight: &str) -> Content {
    Content::Announced(Box::new(Announcement {
        change,
        legs: vec![leg(flight)],
        passenger_name: None,
        record_locator: None,
        authority: Authority::Load,
        exceptions: Vec::new(),
        passenger: PassengerState::Unspecified,
    }))
}

fn reported(report: Report, flight: &str) -> Content {
    Content::Reported(Reported { report, leg: Some(leg(flight)), location: String::new() })
}

fn turned(turn: FlightTurn, flight: &str) -> Content {
    Content::FlightTurned(FlightTurned { flight: flight.parse().unwrap(), turn })
}

/// Whether the bag of the first flight will reach another.
fn judged(connection: Connection) -> Content {
    let [inbound, outbound] = ["ZH9101-20261120", "CA1301-20261120"].map(|flight| flight.parse().unwrap());
    Content::ConnectionJudged(ConnectionJudged { inbound, outbound, connection, spare_seconds: 600 })
}

/// Runs observations one after the other and returns the history.
fn history(observations: impl IntoIterator<Item = Observe>) -> Vec<BagEvent> {
    let mut facts: Vec<BagEvent> = Vec::new();
    let mut plate = Plate::default();
    for command in observations {
        let added = Bag::decide(&plate, command.into()).unwrap();
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
    let facts = given::<Bag>([]).when(command.clone().into()).events();
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
    given::<Bag>(history([command.clone()]))
        .when(command.into())
        .rejects(&Rejection::Duplicate { id: "a".into() });
}

#[test]
fn a_late_scan_never_moves_a_bag_back() {
    let before = [observe("a", 0, said(New, "ZH9101-20261120")), observe("b", 9, seen(AircraftLoad))];
    let facts = given::<Bag>(history(before.clone())).when(observe("c", 8, seen(Sortation)).into()).events();
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
fn a_bag_that_is_loaded_without_authority_must_come_off() {
    let Content::Scanned(sighting) = seen(AircraftLoad) else { unreachable!() };
    let refused = Content::Scanned(Sighting { authority: Authority::Withheld, ..sighting });
    let status = state([observe("a", 0, refused)]).newest_journey().unwrap().status();
    assert_eq!((status.stage, status.offload), (Stage::OnAircraft, true));
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
    let facts = given::<Bag>(history(before.clone())).when(observe("c", 5, seen(Sortation)).into()).events();
    assert!(matches!(&facts[1], BagEvent::Quarantined { code, candidates, .. }
        if code == "ambiguous-tag" && candidates.len() == 2));
    let named = given::<Bag>(history(before))
        .when(observe("d", 5, seen_for(Sortation, "CZ3502-20261120")).into())
        .events();
    assert!(matches!(&named[1], BagEvent::Attached { .. }), "its flight tells which one it is");
}

#[test]
fn a_connecting_leg_begins_anew() {
    let inbound = [observe("a", 0, seen(AircraftLoad)), observe("b", 200, seen(AircraftUnload))];
    let onward = [observe("c", 220, seen(TransferInjection)), observe("d", 230, seen(Sortation))];
    assert_eq!(stage(inbound.into_iter().chain(onward)), Stage::Sorted);
}

#[test]
fn what_is_older_than_the_memory_of_a_plate_is_refused() {
    let before = history([observe("a", 0, seen(CheckIn))]);
    let old = observe("b", -11 * 24 * 60, seen(CheckIn));
    given::<Bag>(before).when(old.into()).rejects(&Rejection::TooOld { observed_at: at(-11 * 24 * 60) });
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

#[test]
fn messages_of_one_instant_count_in_the_order_in_which_they_were_sent() {
    let sent = |revision: u64, content| {
        let mut command = observe(&format!("m/bhs/{revision}/0"), 0, content);
        let (reactor, stream) = ("baggage.parse".to_owned(), "source-bhs".to_owned());
        command.observation.cause = Some(Cause { reactor, stream, revision: Revision(revision), index: 0 });
        command
    };
    // As texts, 10 stands before 9.
    let plate = state([sent(9, said(New, "ZH9101-20261120")), sent(10, said(Changed, "ZH9103-20261120"))]);
    assert_eq!(plate.journeys[0].status().flight, Some("ZH9103-20261120".parse().unwrap()));
}

#[test]
fn a_deletion_of_a_flight_that_the_bag_left_changes_nothing() {
    let plate = state([
        observe("a", 0, said(New, "ZH9101-20261120")),
        observe("b", 5, said(Changed, "ZH9103-20261120")),
        observe("c", 6, said(Deleted, "ZH9101-20261120")),
    ]);
    let status = plate.newest_journey().unwrap().status();
    assert_eq!((plate.journeys.len(), status.authority), (1, Authority::Load));
    assert_eq!(status.flight, Some("ZH9103-20261120".parse().unwrap()));
}

#[test]
fn a_deletion_of_a_flight_that_no_journey_names_takes_no_bag_back() {
    let plate = state([
        observe("a", 0, said(New, "ZH9101-20261120")),
        observe("b", 5, said(Deleted, "CZ3502-20261120")),
    ]);
    assert_eq!(plate.journeys[0].status().authority, Authority::Load);
}

#[test]
fn a_scan_fits_the_journey_that_the_airline_has_not_cancelled() {
    let plate = state([
        observe("a", 0, said(New, "ZH9101-20261120")),
        observe("b", 5, said(Deleted, "ZH9101-20261120")),
        observe("c", 6, said(New, "ZH9103-20261120")),
        observe("d", 9, seen(Sortation)),
    ]);
    let stages: Vec<_> = plate.journeys.iter().map(|journey| journey.status().stage).collect();
    assert_eq!(stages, [Stage::Expected, Stage::Sorted]);
}

#[test]
fn a_bag_announced_weeks_ahead_is_one_bag_however_often_the_airline_says_so() {
    let plate = state([
        observe("a", 0, said(New, "ZH9101-20261210")),
        observe("b", 24 * 60, said(New, "ZH9101-20261210")),
        observe("c", 25 * 60, seen_for(CheckIn, "ZH9101-20261210")),
    ]);
    assert_eq!(plate.journeys.len(), 1);
}

#[test]
fn a_bag_that_its_passenger_has_is_not_seen_again_after_two_days() {
    let collected = |minutes| {
        state([
            observe("a", 0, said(New, "ZH9101-20261120")),
            observe("b", 300, seen(Collection)),
            observe("c", minutes, seen(CheckIn)),
        ])
    };
    assert_eq!(collected(300 + 47 * 60).journeys.len(), 1);
    assert_eq!(collected(300 + 49 * 60).journeys.len(), 2);
}

#[test]
fn a_test_bag_that_is_seen_every_day_is_not_one_journey_for_ever() {
    let plate = state((0..60).map(|n| observe(&format!("o{n}"), n * 24 * 60, seen(BhsInduction))));
    let longest = plate.journeys.iter().map(|journey| journey.observations().count()).max();
    assert!(longest <= Some(7) && plate.journeys.len() <= 4, "{longest:?}, {}", plate.journeys.len());
}

#[test]
fn a_reader_that_repeats_itself_fills_no_plate_for_ever() {
    let mut plate = Plate::default();
    let mut refused = 0;
    for n in 0..CROWD + 10 {
        let minutes = i64::try_from(n / 60).unwrap();
        match Bag::decide(&plate, observe(&format!("o{n}"), minutes, seen(Sortation)).into()) {
            Ok(facts) => plate = facts.iter().fold(plate, Bag::evolve),
            Err(rejection) => {
                assert_eq!(rejection, Rejection::Crowded);
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 10);
    let later = observe("later", 12 * 24 * 60, seen(Sortation));
    assert!(Bag::decide(&plate, later.into()).is_ok(), "the plate is free again when that is over");
}

#[test]
fn a_bag_seen_on_its_way_at_another_airport_has_begun_another_leg() {
    let at_station = |id: &str, minutes, station: &str, content| {
        let mut command = observe(id, minutes, content);
        command.observation.station = station.parse().unwrap();
        command
    };
    let flown = || [observe("a", 0, said(New, "ZH9101-20261120")), observe("b", 9, seen(AircraftLoad))];
    let sorted = |station| flown().into_iter().chain([at_station("c", 200, station, seen(Sortation))]);
    assert_eq!(stage(sorted("PEK")), Stage::Sorted);
    assert_eq!(stage(sorted("SZX")), Stage::OnAircraft, "where it was loaded, a later scan is a late one");
    let unloaded = |point| {
        flown().into_iter().chain([
            at_station("c", 200, "PEK", seen(AircraftUnload)),
            at_station("d", 210, "PEK", seen(point)),
        ])
    };
    assert_eq!(stage(unloaded(Sortation)), Stage::Sorted);
    assert_eq!(stage(unloaded(ArrivalInjection)), Stage::Arrived);
}

#[test]
fn a_bag_that_was_taken_off_is_followed_through_the_system_again() {
    let status = state([
        observe("a", 0, seen(AircraftLoad)),
        observe("b", 5, seen(Offload)),
        observe("c", 30, seen(Sortation)),
    ]);
    let status = status.newest_journey().unwrap().status();
    assert_eq!((status.stage, status.offload), (Stage::Sorted, true));
}

#[test]
fn a_name_is_not_kept_for_a_journey_that_nobody_can_tell() {
    let named = |change, flight: Option<&str>| {
        let Content::Announced(announcement) = said(change, "ZH9101-20261120") else { unreachable!() };
        let name = Some(Personal::Known("ZHANG/SAN".to_owned()));
        let legs = flight.map(leg).into_iter().collect();
        Content::Announced(Box::new(Announcement {
            legs,
            passenger_name: name.clone(),
            record_locator: name,
            ..*announcement
        }))
    };
    let before = history([
        observe("a", 0, said(New, "ZH9101-20261120")),
        observe("b", 1, said(New, "CZ3502-20261120")),
    ]);
    let facts = given::<Bag>(before).when(observe("c", 5, named(Changed, None)).into()).events();
    let BagEvent::Observed { content: Content::Announced(kept), .. } = &facts[0] else { panic!("{facts:?}") };
    assert_eq!((&kept.passenger_name, &kept.record_locator), (&None, &None));
    assert!(!format!("{facts:?}").contains("ZHANG"));
}

#[test]
fn what_happened_long_before_we_were_told_is_refused() {
    let mut command = observe("a", -11 * 24 * 60, seen(CheckIn));
    command.observation.received_at = Some(at(0));
    given::<Bag>([]).when(command.into()).rejects(&Rejection::TooOld { observed_at: at(-11 * 24 * 60) });
}

fn date(days: i64) -> String {
    let day = jiff::civil::date(2026, 11, 20) + days.days();
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

#[test]
fn what_is_concluded_of_a_journey_is_told_to_it_and_opens_none() {
    let conclude = |journey| {
        let turned = FlightTurned { flight: leg("ZH9101-20261120").flight, turn: FlightTurn::Departed };
        let known = Known { concluded_of: Some(journey), ..Known::default() };
        Command::Observe(observe("t", 60, Content::FlightTurned(turned)), known)
    };
    let open = |id: &str, minutes| {
        let Observe { observation, content, new_journey } = observe(id, minutes, seen(Sortation));
        let (observation_id, rule_version) = (id.to_owned(), RULE_VERSION);
        [
            BagEvent::Observed { subject: new_journey, observation, content },
            BagEvent::JourneyOpened { journey: new_journey, is_provisional: true },
            BagEvent::Attached { observation_id, journey: new_journey, rule_version },
        ]
    };
    let two = || open("a", 0).into_iter().chain(open("b", 1));
    let second = journey(u128::from(b'b'));
    let facts = Bag::decide(&given::<Bag>(two()).state(), conclude(second)).unwrap();
    assert!(matches!(&facts[..2], [BagEvent::Observed { .. }, BagEvent::Attached { journey: told, .. }]
        if *told == second));
    let nobody = Rejection::UnknownJourney { journey: journey(7) };
    given::<Bag>(two()).when(conclude(journey(7))).rejects(&nobody);
}
