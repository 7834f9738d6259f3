//! Which bag is it: the rules of identity, case by case.

use airside_api::baggage::v1::BagException;

use super::*;

const FLIGHT: &str = "ZH9101-20261120";
const HOUR: i64 = 60;

/// Runs observations of a plate as the executor does: with what the keys tell.
fn plate_of(number: &str, observations: impl IntoIterator<Item = Observe>) -> (Plate, Vec<BagEvent>) {
    let (mut plate, mut facts) = (Plate::default(), Vec::new());
    for observe in observations {
        let added = Bag::decide(&plate, informed(&plate, number, observe)).unwrap();
        plate = added.iter().fold(plate, Bag::evolve);
        facts.extend(added);
    }
    (plate, facts)
}

fn informed(plate: &Plate, number: &str, observe: Observe) -> Command {
    let mut command = Command::from(observe);
    let stream = format!("bag-{number}").parse().unwrap();
    Bag::inform(plate, &mut command, &stream, &mut |value| value.known().cloned());
    command
}

fn ordinary(observations: impl IntoIterator<Item = Observe>) -> (Plate, Vec<BagEvent>) {
    plate_of("0479000101", observations)
}

fn named(change: AnnouncementChange, flight: &str, name: &str) -> Content {
    let Content::Announced(announcement) = said(change, flight) else { unreachable!() };
    let passenger_name = Some(Personal::Known(name.to_owned()));
    Content::Announced(Box::new(Announcement { passenger_name, ..*announcement }))
}

fn collisions(facts: &[BagEvent]) -> usize {
    facts.iter().filter(|fact| matches!(fact, BagEvent::TagCollided { .. })).count()
}

/// Case 53 of the reference.
#[test]
fn a_scan_before_its_announcement_is_of_the_same_journey() {
    for minutes in [0, 40, 20 * HOUR] {
        let (plate, _) = ordinary([
            observe("a", 0, seen(CheckIn)),
            observe("b", minutes, named(New, "ZH9101-20261121", "ZHANG/SAN")),
        ]);
        assert_eq!(plate.journeys.len(), 1, "{minutes}");
        assert!(!plate.journeys[0].is_provisional());
    }
}

/// Case 54 of the reference.
#[test]
fn a_processed_message_for_an_unknown_bag_without_a_flight_opens_a_provisional_journey() {
    let (plate, facts) = ordinary([observe("a", 0, seen(Sortation))]);
    assert!(matches!(facts[1], BagEvent::JourneyOpened { is_provisional: true, .. }));
    assert!(plate.journeys[0].is_provisional());
}

/// Case 60 of the reference: another passenger.
#[test]
fn another_passenger_with_the_same_plate_has_a_journey_of_their_own_and_an_alarm_is_raised() {
    let first = observe("a", 0, named(New, FLIGHT, "ZHANG/SAN"));
    let second = observe("b", 5, named(New, FLIGHT, "LI/SI"));
    let (plate, facts) = ordinary([first.clone(), second.clone()]);
    let [one, other] = plate.journeys.as_slice() else { panic!("two bags, two journeys") };
    assert_eq!((one.observations().count(), other.observations().count()), (1, 1));
    let alarm = BagEvent::TagCollided {
        journey: second.new_journey,
        other: first.new_journey,
        observation_id: "b".into(),
        rule_version: RULE_VERSION,
    };
    assert!(facts.contains(&alarm), "{facts:?}");
    let (plate, facts) = ordinary([
        first,
        second.clone(),
        observe("c", 9, named(Deleted, FLIGHT, "LI/SI")),
        observe("d", 12, named(Changed, "ZH9103-20261120", "ZHANG/SAN")),
    ]);
    assert_eq!((plate.journeys.len(), collisions(&facts)), (2, 1), "each word finds its passenger");
    assert!(plate.journey(second.new_journey).unwrap().status().is_cancelled());
}

#[test]
fn a_reading_of_a_plate_that_two_passengers_wear_is_attached_to_neither() {
    let before =
        [observe("a", 0, named(New, FLIGHT, "ZHANG/SAN")), observe("b", 5, named(New, FLIGHT, "LI/SI"))];
    let (_, facts) = ordinary(before.into_iter().chain([observe("c", 9, seen_for(Sortation, FLIGHT))]));
    assert!(matches!(facts.last(), Some(BagEvent::Quarantined { candidates, .. }) if candidates.len() == 2));
}

/// Case 60 of the reference: two airlines of one codeshare, and days apart.
#[test]
fn one_passenger_is_one_bag_however_often_and_by_whom_it_is_announced() {
    let codeshare = Leg { marketed_as: Some("CA3101-20261120".parse().unwrap()), ..leg(FLIGHT) };
    let by_other = |name: &str| {
        let Content::Announced(announcement) = named(New, FLIGHT, name) else { unreachable!() };
        let record_locator = Some(Personal::Known("XYZ789".to_owned()));
        Content::Announced(Box::new(Announcement { legs: vec![codeshare], record_locator, ..*announcement }))
    };
    let (plate, facts) = ordinary([
        observe("a", 0, named(New, FLIGHT, "ZHANG/SANMR")),
        observe("b", 0, by_other("ZHANG/SAN")),
        observe("c", 4, seen_for(CheckIn, "CA3101-20261120")),
    ]);
    assert_eq!((plate.journeys.len(), collisions(&facts)), (1, 0));
}

#[test]
fn passengers_whose_names_begin_alike_are_two_and_their_bags_are() {
    let (plate, facts) = ordinary([
        observe("a", 0, named(New, FLIGHT, "LI/WEI")),
        observe("b", 5, named(New, FLIGHT, "LIU/WEI")),
    ]);
    assert_eq!((plate.journeys.len(), collisions(&facts)), (2, 1));
}

#[test]
fn a_passenger_who_takes_another_flight_has_one_bag_however_that_is_said() {
    let other = "ZH9103-20261120";
    for between in [None, Some(observe("b", 30, named(Deleted, FLIGHT, "ZHANG/SAN")))] {
        let first = [observe("a", 0, named(New, FLIGHT, "ZHANG/SAN")), observe("s", 9, seen(CheckIn))];
        let again = observe("c", 40, named(New, other, "ZHANG/SAN"));
        let (plate, facts) =
            ordinary(first.into_iter().chain(between).chain([again, observe("d", 50, seen(Sortation))]));
        let [bag] = plate.journeys.as_slice() else { panic!("one bag") };
        let status = bag.status();
        assert_eq!((collisions(&facts), status.stage, status.flight), (0, Stage::Sorted, other.parse().ok()));
        assert!(!status.is_cancelled());
    }
}

#[test]
fn a_plate_that_is_worn_anew_shows_nobody_where_another_bag_is() {
    let (plate, _) = ordinary([
        observe("a", 0, named(New, FLIGHT, "ZHANG/SAN")),
        observe("b", 9, seen(AircraftLoad)),
        then_at("PEK", observe("c", 5 * HOUR, seen(ReclaimBelt))),
        observe("d", 20 * HOUR, seen(CheckIn)),
        observe("e", 20 * HOUR + 5, named(New, "ZH9101-20261121", "LI/SI")),
    ]);
    let [one, other] = plate.journeys.as_slice() else { panic!("two bags") };
    assert_eq!((one.status().stage, other.status().stage), (Stage::OnBelt, Stage::Accepted));
    assert!(!other.is_provisional());
}

fn then_at(station: &str, mut observe: Observe) -> Observe {
    observe.observation.station = station.parse().unwrap();
    observe
}

/// Case 60 of the reference: the plate comes again.
#[test]
fn a_plate_that_comes_again_after_days_is_another_bag_and_no_alarm() {
    for (days, flight) in [(6, "ZH9101-20261126"), (9, "ZH9101-20261129")] {
        let (plate, facts) = ordinary([
            observe("a", 0, named(New, FLIGHT, "ZHANG/SAN")),
            observe("b", 9, seen(AircraftLoad)),
            observe("c", days * 24 * HOUR, named(New, flight, "LI/SI")),
            observe("d", days * 24 * HOUR + 5, seen(CheckIn)),
        ]);
        assert_eq!((plate.journeys.len(), collisions(&facts)), (2, 0), "{days}");
        assert_eq!(plate.newest_journey().unwrap().status().stage, Stage::Accepted);
    }
}

/// Case 60 of the reference: in one minute at two airports.
#[test]
fn a_plate_that_is_announced_at_two_airports_for_two_flights_is_two_bags() {
    let mut away = observe("b", 0, named(New, "CA1301-20261120", "LI/SI"));
    away.observation.station = "CTU".parse().unwrap();
    let (plate, facts) = ordinary([observe("a", 0, named(New, FLIGHT, "ZHANG/SAN")), away]);
    assert_eq!((plate.journeys.len(), collisions(&facts)), (2, 1));
}

#[test]
fn a_passenger_who_was_erased_is_no_other_passenger() {
    let Content::Announced(announcement) = named(New, FLIGHT, "") else { unreachable!() };
    let erased = Announcement { passenger_name: Some(Personal::Erased), ..*announcement };
    let (plate, facts) = ordinary([
        observe("a", 0, Content::Announced(Box::new(erased))),
        observe("b", 5, named(Changed, FLIGHT, "LI/SI")),
    ]);
    assert_eq!((plate.journeys.len(), collisions(&facts)), (1, 0));
}

#[test]
fn a_fallback_tag_waits_for_no_announcement_and_for_no_more_than_a_day() {
    let seen_at = |minutes| [observe("a", 0, seen(CheckIn)), observe("b", minutes, seen(Sortation))];
    let (plate, facts) = plate_of("1479000101", seen_at(23 * HOUR));
    assert_eq!(plate.journeys.len(), 1);
    assert!(matches!(facts[1], BagEvent::JourneyOpened { is_provisional: false, .. }));
    assert_eq!(plate_of("1479000101", seen_at(25 * HOUR)).0.journeys.len(), 2);
    assert_eq!(ordinary(seen_at(25 * HOUR)).0.journeys.len(), 1);
}

#[test]
fn a_bag_that_is_reported_missing_is_known_for_as_long_as_the_plate_remembers() {
    let found = |missing: Option<Observe>| {
        let flown = [observe("a", 0, named(New, FLIGHT, "ZHANG/SAN")), observe("b", 9, seen(AircraftLoad))];
        ordinary(flown.into_iter().chain(missing).chain([observe(
            "z",
            8 * 24 * HOUR,
            seen(ArrivalInjection),
        )]))
        .0
    };
    assert_eq!(found(None).journeys.len(), 2);
    let missing = observe("m", 24 * HOUR, reported(Report::Mishandled, FLIGHT));
    assert_eq!(found(Some(missing)).journeys.len(), 1);
}

#[test]
fn what_a_flight_does_opens_no_journey() {
    given::<Bag>([])
        .when(observe("a", 0, turned(FlightTurn::Departed, FLIGHT)).into())
        .rejects(&Rejection::NoJourney);
    let other = history([observe("a", 0, said(New, "ZH9103-20261120"))]);
    given::<Bag>(other)
        .when(observe("b", 0, turned(FlightTurn::Departed, FLIGHT)).into())
        .rejects(&Rejection::NoJourney);
}

#[test]
fn a_link_is_of_the_journey_that_it_names_and_one_that_names_none_finds_its_own() {
    let opened = observe("a", 0, said(New, FLIGHT));
    let link = |journey| {
        let (kind, other) = (LinkKind::Epc, "3034F4".to_owned());
        Content::Linked(Box::new(Link { journey, kind, other, other_journey: None, continues: false }))
    };
    for named in [opened.new_journey, JourneyId::default()] {
        let facts =
            given::<Bag>(history([opened.clone()])).when(observe("l", 5, link(named)).into()).events();
        let [BagEvent::Observed { content: Content::Linked(kept), .. }, BagEvent::Attached { journey, .. }] =
            facts.as_slice()
        else {
            panic!("{facts:?}")
        };
        assert_eq!((kept.journey, *journey), (opened.new_journey, opened.new_journey));
    }
    let unknown = journey(77);
    given::<Bag>(history([opened]))
        .when(observe("l", 5, link(unknown)).into())
        .rejects(&Rejection::UnknownJourney { journey: unknown });
}

#[test]
fn a_link_that_a_message_tells_is_of_the_bag_of_that_message_and_is_told_once() {
    let sent = |id: &str, minutes, revision, index, content| {
        let mut command = observe(id, minutes, content);
        let (reactor, stream) = ("baggage.parse".to_owned(), "source-dcs".to_owned());
        command.observation.cause = Some(Cause { reactor, stream, revision: Revision(revision), index });
        command
    };
    let chip = || {
        let (journey, kind, other) = (JourneyId::default(), LinkKind::Epc, "3034F4A1".to_owned());
        Content::Linked(Box::new(Link { journey, kind, other, other_journey: None, continues: false }))
    };
    let both = [sent("a", 0, 1, 0, said(New, FLIGHT)), sent("b", 1, 2, 0, said(New, "CZ3502-20261120"))];
    let second = both[1].new_journey;
    let linked = sent("c", 1, 2, 1, chip());
    let before = history(both.into_iter().chain([linked]));
    assert!(matches!(before.last(), Some(BagEvent::Attached { journey, .. }) if *journey == second));
    let again = [sent("d", 9, 3, 0, seen_for(Sortation, "CZ3502-20261120")), sent("e", 9, 3, 1, chip())];
    let [scan, again] = again;
    let scanned = given::<Bag>(before.clone()).when(scan.into()).events();
    given::<Bag>(before.into_iter().chain(scanned))
        .when(again.into())
        .rejects(&Rejection::Duplicate { id: "e".into() });
}

#[test]
fn a_bag_whose_tag_was_replaced_is_not_left_behind_under_the_old_one() {
    let opened = observe("a", 0, said(New, FLIGHT));
    let link = |kind, continues| {
        let (other, other_journey) = ("9479000101".to_owned(), Some(journey(88)));
        let link = Link { journey: opened.new_journey, kind, other, other_journey, continues };
        observe("l", 5, Content::Linked(Box::new(link)))
    };
    let left = observe("d", 90, turned(FlightTurn::Departed, FLIGHT));
    let exception = |link: Option<Observe>| {
        let told = [opened.clone(), observe("b", 1, seen(Sortation))].into_iter();
        let plate = ordinary(told.chain(link).chain([left.clone()])).0;
        plate.journeys.first().unwrap().status().exception
    };
    assert_eq!(exception(Some(link(LinkKind::Retag, false))), BagException::Unspecified);
    for stays in [None, Some(link(LinkKind::Retag, true)), Some(link(LinkKind::Rush, false))] {
        assert_eq!(exception(stays), BagException::LeftBehind);
    }
}

/// Two journeys, and a scan that fits both.
fn ambiguous() -> (Vec<BagEvent>, [JourneyId; 2]) {
    let [one, other] = [observe("a", 0, said(New, FLIGHT)), observe("b", 1, said(New, "CZ3502-20261120"))];
    let journeys = [one.new_journey, other.new_journey];
    (history([one, other, observe("c", 5, seen(Sortation))]), journeys)
}

fn settle(into: Settled) -> Command {
    Command::Settle(Settle { observation_id: "c".into(), into })
}

#[test]
fn an_operator_settles_what_is_in_quarantine_once() {
    let (before, [one, _]) = ambiguous();
    let facts = given::<Bag>(before.clone()).when(settle(Settled::Attached(one))).events();
    assert!(matches!(&facts[..], [
        BagEvent::Resolved { resolution: Resolution::Attached, .. },
        BagEvent::Attached { .. },
        BagEvent::StatusChanged { status, .. },
    ] if status.stage == Stage::Sorted));
    let after: Vec<_> = before.iter().cloned().chain(facts).collect();
    let plate = given::<Bag>(after.clone()).state();
    assert_eq!(plate.journey(one).unwrap().status().stage, Stage::Sorted);
    given::<Bag>(after).when(settle(Settled::Attached(one))).rejects(&Rejection::Settled { id: "c".into() });
    let opened = given::<Bag>(before.clone()).when(settle(Settled::Opened(journey(9)))).events();
    let plate = given::<Bag>(before.iter().cloned().chain(opened)).state();
    assert_eq!(plate.journeys.len(), 3);
    let unknown = journey(77);
    given::<Bag>(before)
        .when(settle(Settled::Attached(unknown)))
        .rejects(&Rejection::UnknownJourney { journey: unknown });
    given::<Bag>([])
        .when(settle(Settled::Dismissed))
        .rejects(&Rejection::UnknownObservation { id: "c".into() });
}

#[test]
fn what_is_dismissed_counts_no_more_and_is_not_recorded_again() {
    let before = history([observe("a", 0, said(New, FLIGHT)), observe("c", 5, seen(Sortation))]);
    let facts = given::<Bag>(before.clone()).when(settle(Settled::Dismissed)).events();
    let after: Vec<_> = before.into_iter().chain(facts).collect();
    let plate = given::<Bag>(after.clone()).state();
    assert_eq!(plate.journeys[0].status().stage, Stage::Expected);
    given::<Bag>(after)
        .when(observe("c", 5, seen(Sortation)).into())
        .rejects(&Rejection::Duplicate { id: "c".into() });
}

#[test]
fn what_a_better_parser_says_takes_the_place_of_what_an_older_one_said() {
    let read = |parser, minutes, point| {
        let mut command = observe("m", minutes, seen(point));
        command.observation.parser_version = Some(parser);
        command
    };
    let before = [observe("a", 0, said(New, FLIGHT)), read(1, 5, AircraftLoad)];
    given::<Bag>(history(before.clone()))
        .when(read(1, 7, Sortation).into())
        .rejects(&Rejection::Duplicate { id: "m".into() });
    let facts = history(before.into_iter().chain([read(2, 7, Sortation)]));
    let plate = given::<Bag>(facts.clone()).state();
    assert_eq!(plate.journeys[0].observations().count(), 2);
    assert_eq!(plate.journeys[0].status().stage, Stage::Sorted);
    assert!(
        matches!(facts.last(), Some(BagEvent::StatusChanged { status, .. }) if status.stage == Stage::Sorted)
    );
}
