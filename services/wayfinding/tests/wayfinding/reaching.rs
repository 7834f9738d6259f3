//! How long it is from here to everywhere: equal to Dijkstra on petgraph, and what passengers ask of it.

use airside_wayfinding::measure::Peer;
use airside_wayfinding::reach::walking_times;
use airside_wayfinding::route::LevelLine;
use airside_wayfinding::{Language, Overlay, RouteError, Searcher, Snapshot, Source, Walk, Who, reach};
use petgraph::stable_graph::NodeIndex;
use proptest::prelude::*;

use crate::oracle::{TOWN, closable, elsewhere, walkers};
use crate::{Venue, data};

/// Who walks where nothing else is said.
fn walk<'a>(snapshot: &'a Snapshot, overlay: &'a Overlay) -> Walk<'a> {
    Walk { snapshot, overlay, who: Who::default(), depart: None, language: Language::En }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn times_to_everywhere_equal_dijkstra_under_any_closures_and_delays(
        from in any::<prop::sample::Index>(),
        shut in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        slow in prop::collection::vec((any::<prop::sample::Index>(), 0..1_200_000_u32), 0..10),
        walker in walkers(),
    ) {
        let all = closable();
        let slow = slow.into_iter().map(|(index, millis)| (index.get(&all).clone(), millis)).collect();
        let mut searcher = Searcher::new();
        for place in [from.get(TOWN.places()), &TOWN.places()[0]] {
            let overlay = Overlay::live(&TOWN, elsewhere(&shut, place.node), &slow);
            let peer = Peer::of(&TOWN, &overlay, walker);
            let reach = reach(&Walk { who: walker, ..walk(&TOWN, &overlay) }, &mut searcher, place.id.as_str()).unwrap();
            let node = NodeIndex::new(place.node.index());
            let costs = petgraph::algo::dijkstra(peer.graph(), node, None, |edge| *edge.weight());
            for node in peer.graph().node_indices() {
                let own = reach.node_ms(u32::try_from(node.index()).unwrap());
                prop_assert_eq!(own, costs.get(&node).copied(), "from {} to {:?}", place.id, node);
            }
        }
    }
}

fn minutes(minutes: u32) -> u32 {
    minutes * 60_000
}

#[test]
fn what_lies_within_some_minutes_is_nearest_first_and_grows_with_them() {
    let venue = Venue::testville();
    let mut searcher = Searcher::new();
    let reach = reach(&walk(&venue.snapshot, &venue.overlay), &mut searcher, "Metro").unwrap();
    let mut before = 0;
    for limit in 0..=8 {
        let within = reach.places_within(minutes(limit));
        assert!(within.is_sorted_by_key(|(millis, _)| *millis));
        assert!(within.iter().all(|(millis, _)| *millis <= minutes(limit)));
        assert!(within.len() >= before);
        before = within.len();
    }
    assert_eq!(before, venue.snapshot.places().len(), "eight minutes cross the town");
}

#[test]
fn the_lines_within_a_time_begin_at_the_passenger_and_are_cut_where_it_is_over() {
    let venue = Venue::testville();
    let mut searcher = Searcher::new();
    let here = "114.59944,22.20033,2";
    let reach = reach(&walk(&venue.snapshot, &venue.overlay), &mut searcher, here).unwrap();
    let (lines, cut) = reach.lines(20_000);
    assert!(!cut && !lines.is_empty());
    let frame = venue.snapshot.graph().frame();
    let at = frame.to_plane(114.59944, 22.20033);
    let far_m = |lines: &[LevelLine]| {
        let points = lines.iter().flat_map(|line| &line.coordinates);
        let away = points.map(|[lon, lat]| frame.to_plane(*lon, *lat) - at);
        away.map(|away| away.x.hypot(away.y)).fold(0.0, f64::max)
    };
    assert!((15.0..=20.0 * 1.34 + 0.5).contains(&far_m(&lines)), "{}", far_m(&lines));
    assert!((40.0..=60.0 * 1.34 + 0.5).contains(&far_m(&reach.lines(60_000).0)));
    assert!(lines.iter().any(|line| line.coordinates[0] == [114.59944, 22.20033]));
}

/// Tells whether a time agrees with a route's, which is pulled taut and so a little shorter.
fn agree(millis: u32, seconds: f64) -> bool {
    (seconds - 0.01..=seconds * 1.1 + 1.0).contains(&(f64::from(millis) / 1_000.0))
}

#[test]
fn the_nearest_of_a_kind_is_a_place_to_go_to() {
    let venue = Venue::testville();
    let mut searcher = Searcher::new();
    for (from, toilet) in [("Belt 4", 0), ("A6", 2)] {
        for kind in ["toilet", "洗手间", "restroom", "cesuo"] {
            assert_eq!(venue.walk(from, kind).levels, [toilet], "{from} {kind}");
        }
        let reach = reach(&walk(&venue.snapshot, &venue.overlay), &mut searcher, from).unwrap();
        let (millis, place) = reach.to("to", "toilet").unwrap();
        let route = venue.walk(from, "toilet");
        assert!(agree(millis.unwrap(), route.seconds));
        assert!(place.unwrap().category.starts_with("restroom"));
    }
    let from = reach(&walk(&venue.snapshot, &venue.overlay), &mut searcher, "toilet").unwrap_err();
    assert!(matches!(from, RouteError::AmbiguousPlace { field: "from", count: 2.., .. }), "{from}");
}

#[test]
fn from_a_position_a_time_is_never_less_than_the_route_takes() {
    let venue = Venue::testville();
    let mut searcher = Searcher::new();
    let (here, there) = ("114.59942,22.20033,2", "114.59944,22.20033,2");
    let reach = reach(&walk(&venue.snapshot, &venue.overlay), &mut searcher, here).unwrap();
    for to in ["A6", "Metro", "Taxi", there, here] {
        let millis = reach.to("to", to).unwrap().0.unwrap();
        let route = venue.walk(here, to);
        assert!(f64::from(millis) / 1_000.0 > route.seconds - 0.01, "{to}: {millis} {}", route.seconds);
    }
    assert!(reach.to("places[3]", "nowhere").unwrap_err().to_string().starts_with("places[3]: no place"));
}

#[test]
fn a_real_network_is_measured_like_dijkstra() {
    let Some(files) = data::files("narita") else { return };
    let snapshot = Snapshot::from_source(&Source::from_files(files)).unwrap();
    let (overlay, mut searcher) = (Overlay::open(), Searcher::new());
    let peer = Peer::of(&snapshot, &overlay, Who::default());
    for place in snapshot.places().iter().step_by(150) {
        let reach = reach(&walk(&snapshot, &overlay), &mut searcher, place.id.as_str()).unwrap();
        let from = NodeIndex::new(place.node.index());
        let costs = petgraph::algo::dijkstra(peer.graph(), from, None, |edge| *edge.weight());
        for node in 0..u32::try_from(snapshot.node_count()).unwrap() {
            assert_eq!(reach.node_ms(node), costs.get(&NodeIndex::new(node as usize)).copied());
        }
    }
}

#[test]
fn a_walking_time_is_what_the_route_there_takes() {
    let Some(files) = data::files("narita") else { return };
    let venue = Venue {
        snapshot: Snapshot::from_source(&Source::from_files(files)).unwrap(),
        overlay: Overlay::open(),
    };
    let (places, mut searcher) = (venue.snapshot.places(), Searcher::new());
    let mut counted = 0;
    for from in places.iter().step_by(97) {
        let to: Vec<_> = places.iter().step_by(41).map(|place| place.id.to_string()).collect();
        let walk = walk(&venue.snapshot, &venue.overlay);
        let times = walking_times(&walk, &mut searcher, from.id.as_str(), &to).unwrap();
        for (time, to) in times.into_iter().zip(&to) {
            let Ok(millis) = time.walk else { continue };
            let route = venue.walk(from.id.as_str(), to);
            assert!((f64::from(millis) / 1_000.0 - route.seconds).abs() < 1e-6, "{} to {to}", from.id);
            counted += 1;
        }
    }
    assert!(counted > 100, "{counted}");
}
