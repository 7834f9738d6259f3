//! What is told as a ride is a ride: no walk is hidden in it, on any kind of map.

use airside_wayfinding::graph::{Edge, EdgeKind};
use airside_wayfinding::{
    FeatureId, Language, Outcome, Overlay, Profile, Route, Snapshot, Source, Step, StepKind,
};
use petgraph::stable_graph::EdgeReference;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use crate::{Venue, data, found, lingnan, stations, texts};

/// A walk shorter than this is not told of its own, and may belong to the ride that it leads to, in metres.
const SHORT_M: f64 = 8.0;

fn venue<B: Into<Vec<u8>>>(files: Vec<(String, B)>) -> Venue {
    let files =
        files.into_iter().map(|(name, bytes)| (name, bytes.into())).collect::<Vec<(String, Vec<u8>)>>();
    Venue { snapshot: Snapshot::from_source(&Source::from_files(files)).unwrap(), overlay: Overlay::open() }
}

/// Returns how long a shaft is, its cabins and stairwells included, as far as one can ride in it.
fn shaft_m(snapshot: &Snapshot, shaft: &FeatureId) -> f64 {
    let graph = snapshot.graph();
    let model = graph.model();
    let own = |edge: EdgeReference<'_, Edge>| {
        let rides = !matches!(edge.weight().kind, EdgeKind::Walk | EdgeKind::Ramp | EdgeKind::MovingWalkway);
        let at = [edge.source(), edge.target()].into_iter().any(|node| model[node].features.contains(shaft));
        (edge.weight().features.contains(shaft) || at) && (rides || !is_network(snapshot))
    };
    // Every edge is there for both directions, or for one.
    model.edge_references().filter(|edge| own(*edge)).map(|edge| edge.weight().length_m).sum()
}

/// Tells whether a map brought a network of its own, where no walk is part of a shaft.
fn is_network(snapshot: &Snapshot) -> bool {
    snapshot.stats().openings == 0 || snapshot.graph().model().node_count() > 3_000
}

fn rides(route: &Route) -> impl Iterator<Item = &Step> {
    let is_ride = |step: &&Step| matches!(step.kind, StepKind::Lift | StepKind::Stairs | StepKind::Escalator);
    route.steps.iter().filter(is_ride)
}

/// Asks for ways between places all over a venue and returns how many rides were told.
fn hides_no_walk(venue: &Venue, pairs: usize) -> usize {
    let places = venue.snapshot.places();
    let mut told = 0;
    for number in 0..pairs {
        let [from, to] = [number * 7_919 + 3, number * 104_729 + 11].map(|n| &places[n % places.len()]);
        let asked = venue.ask(from.id.as_str(), to.id.as_str(), Profile::Walk, Language::En);
        let Outcome::Found(route) = asked.unwrap() else { continue };
        for step in rides(&route) {
            told += 1;
            let Some(shaft) = &step.feature else { panic!("a ride in no shaft: {step:?}") };
            let most_m = shaft_m(&venue.snapshot, shaft) + SHORT_M;
            let names = [&from.id, &to.id];
            assert!(step.distance_m <= most_m, "{names:?}: {step:?} of {most_m} m: {:?}", texts(&route));
        }
        let steps_m: f64 = route.steps.iter().map(|step| step.distance_m).sum();
        assert!((steps_m - route.length_m).abs() < 1e-6 * route.length_m.max(1.0), "{steps_m}");
    }
    told
}

#[test]
fn the_metres_of_a_ride_are_those_of_its_shaft_at_a_real_airport() {
    let Some(files) = data::files("narita") else { return };
    let venue = venue(files);
    assert!(hides_no_walk(&venue, 150) > 150);
    let ends = ["1400cd78c6554f0ea4c9508c88779b4e", "20f6e604a5524e009e15634fc150a4de"];
    let route = found(venue.ask(ends[0], ends[1], Profile::Walk, Language::En));
    let walked_m: f64 = route.length_m - rides(&route).map(|ride| ride.distance_m).sum::<f64>();
    assert!(walked_m > 1_200.0 && route.steps.len() > 6, "{:?}", texts(&route));
}

#[test]
fn the_metres_of_a_ride_are_those_of_its_shaft_in_a_station() {
    use StepKind::{Arrive, Escalator, Stairs, Walk};
    // Thirty metres of hall instead of a gate before the stairs.
    let mut files = stations::files();
    let pathways = &mut files[2].1;
    *pathways = pathways.replace("c,hall,inside,6,0,,", "c,hall,inside,1,0,30,");
    let venue = venue(files);
    let route = found(venue.ask("in", "Platform 2", Profile::Walk, Language::En));
    let told: Vec<_> = route.steps.iter().map(|step| step.kind).collect();
    assert!(hides_no_walk(&venue, 30) > 3);
    assert_eq!(told, [Escalator, Walk, Stairs, Walk, Arrive], "{:?}", texts(&route));
}

#[test]
fn the_metres_of_a_ride_are_those_of_its_shaft_in_a_terminal_that_is_drawn() {
    assert!(hides_no_walk(&venue(lingnan::files()), 100) > 50);
}

#[test]
fn levels_are_counted_as_they_are_there_and_not_by_their_numbers() {
    let Some(files) = data::files("narita") else { return };
    let venue = venue(files);
    let places = venue.snapshot.places();
    let storeys = venue.snapshot.graph().storeys();
    let on = |ordinal: i32| {
        let places = places.iter().filter(move |place| storeys[place.level].ordinal == ordinal);
        places.map(|place| place.id.to_string())
    };
    let mut counted = 0;
    for (from, to) in on(-1).step_by(3).take(20).zip(on(1).step_by(7)) {
        let Outcome::Found(route) = venue.ask(&from, &to, Profile::Walk, Language::En).unwrap() else {
            continue;
        };
        for step in rides(&route).filter(|step| (step.ordinal, step.end_ordinal) == (-1, 1)) {
            counted += 1;
            assert!(!step.text.contains("2 levels"), "{}", step.text);
        }
    }
    assert!(counted > 5, "{counted}");
}
