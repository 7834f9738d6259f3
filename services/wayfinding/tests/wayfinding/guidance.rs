//! What a passenger is told on the way: golden texts, and what holds for every route.

use std::fmt::Write as _;
use std::sync::LazyLock;

use airside_wayfinding::{
    Direction, FeatureId, LandmarkRole, Language, Outcome, Profile, Route, RouteError, Snapshot, Source,
    Step, StepKind,
};
use proptest::prelude::*;

use crate::{Venue, data, found, lingnan, texts};

fn lingnan() -> &'static Venue {
    static VENUE: LazyLock<Venue> = LazyLock::new(|| Venue::of(lingnan::files()));
    &VENUE
}

/// Journeys, each from, to and for whom.
type Journeys = [(&'static str, &'static str, Profile)];

const LINGNAN: &Journeys = &[
    ("Metro", "Check-in D01–D13", Profile::Walk),
    ("Check-in D01–D13", "A12", Profile::Walk),
    ("Metro", "C9", Profile::Walk),
    ("Metro", "A12", Profile::Wheelchair),
    ("B9", "Belt 7", Profile::Walk),
    ("Belt 7", "Taxi", Profile::TrolleyOrStroller),
    ("C7", "Belt 15", Profile::Walk),
    ("Belt 15", "P1", Profile::Wheelchair),
    ("A3", "B12", Profile::Walk),
    ("A3", "B12", Profile::Wheelchair),
    ("C12", "A1", Profile::Walk),
    ("Kapok Books", "A9", Profile::AvoidEscalators),
];

const TESTVILLE: &Journeys = &[
    ("Metro", "A6", Profile::Walk),
    ("Metro", "B6", Profile::Wheelchair),
    ("A1", "Belt 2", Profile::AvoidEscalators),
    ("Belt 1", "Metro", Profile::Walk),
    ("Metro", "Lychee Lounge", Profile::AvoidStairs),
];

/// Narrates journeys in both languages, and compares them with how they were told.
fn check_golden(venue: &Venue, journeys: &Journeys, golden: &str) {
    let mut told = String::new();
    for (from, to, profile) in journeys {
        writeln!(told, "{from} -> {to}, {profile}").unwrap();
        for language in [Language::En, Language::ZhCn] {
            for step in found(venue.ask(from, to, *profile, language)).steps {
                writeln!(told, "  {:4.0} m {:4.0} s  {}", step.distance_m, step.seconds, step.text).unwrap();
            }
            told.push('\n');
        }
    }
    let golden = format!("{}/tests/golden/{golden}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&golden, &told).unwrap();
    }
    let known = std::fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(told, known, "UPDATE_EXPECT=1 writes {golden}");
}

#[test]
fn journeys_in_lingnan_are_told_as_they_were() {
    check_golden(lingnan(), LINGNAN, "guidance-lingnan.txt");
}

#[test]
fn journeys_in_testville_are_told_as_they_were() {
    check_golden(&Venue::testville(), TESTVILLE, "guidance-testville.txt");
}

#[test]
fn a_turn_is_named_after_what_is_seen_there_and_a_gate_is_on_its_side() {
    let route = lingnan().walk("B9", "Belt 7");
    let seen = route.steps.iter().flat_map(|step| &step.landmarks);
    let turns: Vec<_> = seen.filter(|seen| seen.role == LandmarkRole::Turn).map(|seen| &seen.name).collect();
    assert_eq!(turns, ["Willow Bank Noodles", "the information desk"]);
    let last = lingnan().walk("A1", "A18").steps.pop().unwrap();
    assert_eq!((last.kind, last.direction), (StepKind::Arrive, Some(Direction::Left)));
    assert_eq!(last.sign.as_deref(), Some("Gate A18"));
    let lounge = Venue::testville().walk("Metro", "Lychee Lounge").steps.pop().unwrap();
    assert_eq!(lounge.direction, Some(Direction::Ahead), "one comes in by its door, and it is at no wall");
}

#[test]
fn a_closed_shop_is_no_landmark() {
    let mut venue = Venue::of(lingnan::files());
    let name = |route: &Route| {
        let landmarks = route.steps.iter().flat_map(|step| &step.landmarks);
        landmarks.map(|seen| seen.feature.clone()).collect::<Vec<FeatureId>>()
    };
    let named = name(&venue.walk("A3", "B12"));
    assert!(named.len() > 2, "{named:?}");
    venue.overlay = airside_wayfinding::Overlay::closing(&venue.snapshot, named.iter().cloned());
    let open = name(&venue.walk("A3", "B12"));
    assert!(!open.is_empty() && open.iter().all(|feature| !named.contains(feature)), "{open:?}");
}

#[test]
fn one_who_cannot_come_back_is_told_so() {
    let steps = texts(&lingnan().walk("Belt 7", "Taxi")).join("; ");
    assert_eq!(steps.matches("no way back").count(), 1, "{steps}");
}

#[test]
fn real_networks_are_told_too() {
    let Some(files) = data::files("narita") else { return };
    let snapshot = Snapshot::from_source(&Source::from_files(files)).unwrap();
    let venue = Venue { snapshot, overlay: airside_wayfinding::Overlay::open() };
    let places = venue.snapshot.places();
    for pair in places.windows(2).step_by(97) {
        let [from, to] = [&pair[0], &pair[1]].map(|place| place.id.as_str());
        if let Ok(Outcome::Found(route)) = venue.ask(from, to, Profile::Walk, Language::ZhCn) {
            check_whole(&route);
        }
    }
}

/// Checks what holds for every route: its steps are all of it, follow each other on its lines, and are told.
fn check_whole(route: &Route) {
    let sum = |of: fn(&Step) -> f64| route.steps.iter().map(of).sum::<f64>();
    assert!((sum(|step| step.distance_m) - route.length_m).abs() < 1e-6);
    assert!((sum(|step| step.seconds) - route.seconds).abs() < 1e-6);
    assert!(route.steps.iter().all(|step| !step.text.is_empty()));
    assert_eq!(route.steps.last().map(|step| step.kind), Some(StepKind::Arrive));
    for pair in route.steps.windows(2) {
        assert_eq!(pair[0].end_ordinal, pair[1].ordinal, "{pair:?}");
        if let [Some(before), Some(after)] = [pair[0].span, pair[1].span] {
            assert_eq!(before.last, after.first, "{pair:?}");
        }
    }
    for step in &route.steps {
        let Some(span) = step.span else { continue };
        assert!(span.first <= span.last, "{step:?}");
        for at in [span.first, span.last] {
            assert!(at.point < route.line[at.line].coordinates.len(), "{step:?}");
        }
    }
    let named: Vec<_> =
        route.steps.iter().flat_map(|step| &step.landmarks).map(|seen| &seen.feature).collect();
    assert!(named.windows(2).all(|pair| pair[0] != pair[1]), "{named:?}");
}

/// Returns the length of the line that a step is drawn as.
fn drawn_m(venue: &Venue, route: &Route, step: &Step) -> f64 {
    let frame = venue.snapshot.graph().frame();
    let Some(span) = step.span else { return 0.0 };
    let line = &route.line[span.first.line].coordinates[span.first.point..=span.last.point];
    let plane: Vec<_> = line.iter().map(|[lon, lat]| frame.to_plane(*lon, *lat)).collect();
    plane.windows(2).map(|pair| (pair[1].x - pair[0].x).hypot(pair[1].y - pair[0].y)).sum()
}

/// Walks take as long as their line at the profile's speed; each piece is rounded to a millisecond.
fn check_walks(venue: &Venue, route: &Route, walk_mps: f64) {
    for step in &route.steps {
        let mps = match step.kind {
            StepKind::MovingWalkway => continue,
            StepKind::Walk
            | StepKind::TurnLeft
            | StepKind::TurnRight
            | StepKind::BearLeft
            | StepKind::BearRight
            | StepKind::TurnAround => walk_mps,
            _ => continue,
        };
        let taken = step.distance_m / mps;
        assert!((step.seconds - taken).abs() < 0.05 + taken * 1e-3, "{step:?} takes {taken}");
        let drawn_m = drawn_m(venue, route, step);
        assert!((drawn_m - step.distance_m).abs() < 0.05, "{step:?} is drawn {drawn_m} m long");
    }
}

fn ask(venue: &Venue, ends: [usize; 2], profile: Profile, language: Language) -> Result<Outcome, RouteError> {
    let places = venue.snapshot.places();
    let [from, to] = ends.map(|end| places[end % places.len()].id.as_str());
    venue.ask(from, to, profile, language)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_route_is_told_whole_and_its_time_is_that_of_its_line(
        from in 0_usize..10_000,
        to in 0_usize..10_000,
        profile in prop::sample::select(Profile::ALL.as_slice()),
    ) {
        let venue = lingnan();
        let Ok(Outcome::Found(english)) = ask(venue, [from, to], profile, Language::En) else { return Ok(()) };
        check_whole(&english);
        let walk_mps = match profile {
            Profile::Wheelchair => 1.1,
            Profile::TrolleyOrStroller => 1.2,
            _ => 1.34,
        };
        check_walks(venue, &english, walk_mps);
        let chinese = found(ask(venue, [from, to], profile, Language::ZhCn));
        let plain = |route: &Route| route.steps.iter().map(|step| (step.kind, step.span)).collect::<Vec<_>>();
        prop_assert_eq!(plain(&english), plain(&chinese));
        prop_assert_eq!(&english.line, &chinese.line);
    }
}
