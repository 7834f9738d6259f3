//! The committed testville is what its generator writes, and a passenger finds the way in it.

use airside_wayfinding::{Language, Overlay, Profile, Reason, Source, StepKind, Who, Zone, check};

use crate::{Venue, found, testville, texts};

#[test]
fn committed_files_are_what_the_generator_writes() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../maps/testville");
    let files = testville::files();
    for (name, text) in &files {
        let committed = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        assert!(committed == *text, "{name} differs; run the testville example");
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), files.len());
}

#[test]
fn nothing_is_wrong_with_it() {
    assert_eq!(check(&Source::from_files(testville::files())), vec![]);
}

#[test]
fn every_gate_and_belt_is_found_by_name_and_by_code_in_both_languages() {
    let venue = Venue::testville();
    for gate in 1..=6 {
        for pier in ["A", "B"] {
            for words in
                [format!("gate {pier}{gate}"), format!("{pier}{gate}登机口"), format!("{pier}{gate}")]
            {
                let place = venue.snapshot.search(&words, 5)[0];
                assert_eq!(place.codes, [format!("{pier}{gate}")]);
                assert_eq!((place.zone, place.level), (Some(Zone::Airside), 2));
            }
        }
    }
    assert_eq!(venue.snapshot.search("行李转盘", 9).len(), 4);
    assert_eq!(venue.snapshot.search("BoardingGate", 99).len(), 12);
    assert_eq!(venue.snapshot.search("no such place", 9).len(), 0);
}

#[test]
fn departing_passenger_is_led_from_the_metro_through_security_to_the_gate() {
    let route = Venue::testville().walk("Metro", "A6");
    let kinds: Vec<_> = route.steps.iter().map(|step| step.kind).filter(|kind| !is_walk(*kind)).collect();
    use StepKind::{Arrive, Escalator, Security};
    assert_eq!(kinds, [Escalator, Security, Escalator, Arrive]);
    assert!(texts(&route).join("; ").contains("ake escalator E1 up to 2F"), "{:?}", texts(&route));
    assert_eq!(route.levels, [0, 1, 2]);
    assert_eq!(route.line.iter().map(|line| line.ordinal).collect::<Vec<_>>(), [0, 1, 2]);
}

fn is_walk(kind: StepKind) -> bool {
    use StepKind::{BearLeft, BearRight, TurnAround, TurnLeft, TurnRight, Walk};
    matches!(kind, Walk | TurnLeft | TurnRight | TurnAround | BearLeft | BearRight)
}

#[test]
fn wheelchair_takes_the_lifts_and_is_told_so_in_chinese() {
    let venue = Venue::testville();
    let route = found(venue.ask("地铁", "b6", Profile::Wheelchair, Language::ZhCn));
    let lifts: Vec<_> = route.steps.iter().filter(|step| step.kind == StepKind::Lift).collect();
    assert_eq!(
        lifts.iter().map(|step| step.text.as_str()).collect::<Vec<_>>(),
        ["右转，乘L1电梯上到2层", "乘L2电梯上到3层"]
    );
    assert!(route.steps.iter().all(|step| !matches!(step.kind, StepKind::Stairs | StepKind::Escalator)));
    assert!(route.steps.last().unwrap().text.starts_with("B6登机口"), "{:?}", texts(&route));
    let english = venue.roll("Metro", "B6");
    assert!(texts(&english).join("; ").contains("ake lift L1 up to 2F"));
}

#[test]
fn arriving_passenger_leaves_through_customs_and_cannot_come_back_but_through_security() {
    let venue = Venue::testville();
    let out = venue.walk("A1", "Metro");
    assert_eq!(out.levels, [2, 0]);
    assert!(out.steps.iter().all(|step| step.kind != StepKind::Security));
    let back = venue.walk("Belt 1", "A1");
    assert_eq!(back.steps.iter().filter(|step| step.kind == StepKind::Security).count(), 1);
}

#[test]
fn steps_add_up_to_the_route() {
    let venue = Venue::testville();
    for (from, to) in [("Metro", "B6"), ("A6", "Taxi"), ("Belt 4", "Lychee Lounge"), ("Gate A1", "Gate A1")] {
        let route = venue.walk(from, to);
        let length_m: f64 = route.steps.iter().map(|step| step.distance_m).sum();
        let seconds: f64 = route.steps.iter().map(|step| step.seconds).sum();
        assert!((length_m - route.length_m).abs() < 1e-6, "{from} {to}");
        assert!((seconds - route.seconds).abs() < 1e-6, "{from} {to}");
    }
}

#[test]
fn a_closed_lift_sends_a_wheelchair_nowhere_and_names_it() {
    let venue = Venue::testville().closing(&["Lift L2"]);
    let lift = venue.snapshot.search("Lift L2", 1)[0].id.clone();
    let (reason, text) = venue.refused("Metro", "A6", Profile::Wheelchair);
    assert_eq!(reason, Reason::Closed(vec![lift]));
    assert_eq!(text, "The way is closed: Lift L2");
    venue.walk("Metro", "A6");
}

#[test]
fn a_closed_escalator_changes_the_next_answer_at_once() {
    let open = Venue::testville().walk("Metro", "Check-in A");
    assert!(texts(&open).join("; ").contains("ake escalator E1 up to 2F"));
    let closed = Venue::testville().closing(&["Escalator E1"]).walk("Metro", "Check-in A");
    assert!(texts(&closed).join("; ").contains("ake lift L1 up to 2F"));
    assert!(closed.seconds > open.seconds);
}

#[test]
fn a_closed_gate_is_the_reason_itself() {
    let venue = Venue::testville().closing(&["Gate A3"]);
    let (reason, _) = venue.refused("Metro", "A3", Profile::Walk);
    assert_eq!(reason, Reason::Closed(vec![venue.snapshot.search("A3", 1)[0].id.clone()]));
}

#[test]
fn a_closed_checkpoint_stops_everybody_and_is_named() {
    let mut venue = Venue::testville();
    let sections = Overlay::closing(&venue.snapshot, [checkpoint(&venue)]);
    venue.overlay = sections;
    let (reason, text) = venue.refused("Metro", "A3", Profile::Walk);
    assert_eq!(reason, Reason::Closed(vec![checkpoint(&venue)]));
    assert_eq!(text, "The way is closed: Security");
}

#[test]
fn a_queue_at_security_is_waited_for() {
    let mut venue = Venue::testville();
    let free = venue.walk("Metro", "A3");
    let queue = std::collections::BTreeMap::from([(checkpoint(&venue), 600_000)]);
    venue.overlay = Overlay::live(&venue.snapshot, [], &queue);
    let queued = venue.walk("Metro", "A3");
    assert!((queued.seconds - free.seconds - 600.0).abs() < 1e-6);
}

#[test]
fn a_broken_down_escalator_is_avoided_when_waiting_takes_longer() {
    let mut venue = Venue::testville();
    let escalator = venue.snapshot.search("Escalator E1", 1)[0].id.clone();
    let delays = std::collections::BTreeMap::from([(escalator, 300_000)]);
    venue.overlay = Overlay::live(&venue.snapshot, [], &delays);
    let route = venue.walk("Metro", "Check-in A");
    assert!(texts(&route).join("; ").contains("ake lift L1 up to 2F"));
    assert!(route.seconds < 300.0);
}

/// Finds the id of the security section from a lane.
fn checkpoint(venue: &Venue) -> airside_wayfinding::FeatureId {
    let model = venue.snapshot.graph().model();
    let edge = model.edge_indices().find(|edge| {
        model[*edge].kind == airside_wayfinding::graph::EdgeKind::Security
            && model[*edge].needs <= airside_wayfinding::Rights::Passenger
    });
    model[edge.unwrap()].features[0].clone()
}

#[test]
fn who_is_in_a_unit_that_is_closed_is_led_out_and_nobody_is_led_in() {
    let venue = Venue::testville();
    let open = venue.walk("Lucky Noodles", "A3");
    let place = venue.snapshot.search("Lucky Noodles", 1)[0];
    let ordinal = venue.snapshot.graph().storeys()[place.level].ordinal;
    let at = venue.snapshot.snap(&Overlay::open(), Who::default(), place.lon_lat, ordinal).unwrap();
    let unit = venue.snapshot.unit_of(&at).unwrap().clone();
    let venue = venue.closing(&[unit.as_str()]);
    let out = venue.walk("Lucky Noodles", "A3");
    assert!((out.length_m - open.length_m).abs() < 0.5, "{} {}", out.length_m, open.length_m);
    let (reason, _) = venue.refused("A3", "Lucky Noodles", Profile::Walk);
    assert_eq!(reason, Reason::Closed(vec![unit]));
}
