//! A real university's IMDF archive, read from outside the repository where it is at hand.

use std::collections::BTreeMap;

use airside_wayfinding::{Overlay, Route, Severity, Snapshot, Source, check};

use petgraph::graph::{NodeIndex, UnGraph};

use crate::{Venue, data};

fn source() -> Option<Source> {
    Some(Source::from_files(data::files("spbstu_imdf")?))
}

#[test]
fn nonsense_categories_are_reported_and_do_not_close_the_map() {
    let Some(source) = source() else { return };
    let findings = check(&source);
    assert!(findings.iter().all(|finding| finding.severity != Severity::Violation), "{findings:?}");
    let all_doors = |text: &str| text.contains("472 openings are of category \"automobile\"");
    assert!(findings.iter().any(|f| f.rule == "category-implausible" && all_doors(&f.text)));
    assert!(findings.iter().any(|f| f.rule == "category-unknown" && f.file == "unit"));
    let entrances = findings.iter().filter(|f| f.rule == "entrance-implied");
    assert_eq!(entrances.count(), 2, "the two houses that are drawn have no door to the outside");
}

#[test]
fn a_way_leads_from_most_rooms_to_the_coffee() {
    let Some(source) = source() else { return };
    let venue = Venue { snapshot: Snapshot::from_source(&source).unwrap(), overlay: Overlay::open() };
    let stats = venue.snapshot.stats();
    // What the map leaves out, the ground between the houses, is a level and a unit more.
    assert_eq!((stats.levels, stats.units, stats.openings), (8 + 1, 443 + 1, 472));
    let coffee = venue.snapshot.search("Coffee", 1)[0].id.to_string();
    let reached = venue.snapshot.places().iter().filter(|place| {
        let outcome = venue.ask(
            place.id.as_str(),
            &coffee,
            airside_wayfinding::Profile::Walk,
            airside_wayfinding::Language::En,
        );
        matches!(outcome.unwrap(), airside_wayfinding::Outcome::Found(_))
    });
    let (reached, all) = (reached.count(), venue.snapshot.places().len());
    assert!(reached >= 50, "{reached} of {all}");
}

/// The campus's hand-drawn graph, indoors and out, and the places that stand at its nodes.
struct HandDrawn {
    graph: UnGraph<(), f64>,
    /// By the place's id: its node, and how far that is from the place in metres.
    places: BTreeMap<String, (NodeIndex, f64)>,
}

fn hand_drawn(files: &[(String, Vec<u8>)], snapshot: &Snapshot) -> HandDrawn {
    let features = |name: &str| -> Vec<serde_json::Value> {
        let (_, bytes) = files.iter().find(|(file, _)| file == name).unwrap();
        serde_json::from_slice::<serde_json::Value>(bytes).unwrap()["features"].as_array().unwrap().clone()
    };
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_lowercase();
    let frame = snapshot.graph().frame();
    let (mut graph, mut nodes, mut spots) = (UnGraph::new_undirected(), BTreeMap::new(), vec![]);
    let drawn = features("navPath.geojson");
    for node in &drawn {
        let at = &node["geometry"]["coordinates"];
        spots.push(frame.to_plane(at[0].as_f64().unwrap(), at[1].as_f64().unwrap()));
        nodes.insert(text(&node["id"]), graph.add_node(()));
    }
    for node in &drawn {
        let Some(from) = nodes.get(&text(&node["id"])) else { continue };
        for next in node["properties"]["neighbours"].as_array().unwrap() {
            if let Some(to) = nodes.get(&text(next)) {
                graph.update_edge(*from, *to, gap_m(spots[from.index()], spots[to.index()]));
            }
        }
    }
    let mut places = BTreeMap::new();
    for joined in features("navPathAssocieted.geojson") {
        let id = text(&joined["properties"]["associeted_id"]);
        let place = snapshot.places().iter().find(|place| place.id.as_str() == id);
        let node = nodes.get(&text(&joined["properties"]["pathNode_id"]));
        let (Some(place), Some(node)) = (place, node) else { continue };
        let at = frame.to_plane(place.lon_lat[0], place.lon_lat[1]);
        places.insert(id, (*node, gap_m(at, spots[node.index()])));
    }
    HandDrawn { graph, places }
}

fn gap_m(a: geo::Coord, b: geo::Coord) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// Returns the length of a route on the plan, which is all that the hand-drawn graph tells: what climbs is level.
fn on_plan_m(route: &Route, snapshot: &Snapshot) -> f64 {
    let frame = snapshot.graph().frame();
    let points = route.line.iter().flat_map(|line| &line.coordinates);
    let points: Vec<_> = points.map(|[lon, lat]| frame.to_plane(*lon, *lat)).collect();
    points.windows(2).map(|pair| gap_m(pair[0], pair[1])).sum()
}

#[test]
fn a_graph_nobody_drew_reaches_what_the_hand_drawn_one_does_and_no_farther() {
    let Some(files) = data::files("spbstu_imdf") else { return };
    let venue = Venue {
        snapshot: Snapshot::from_source(&Source::from_files(files.clone())).unwrap(),
        overlay: Overlay::open(),
    };
    let hand = hand_drawn(&files, &venue.snapshot);
    let (mut own_m, mut hand_m, mut missed, mut outdoors) = (vec![], vec![], vec![], 0);
    for (number, (from, (start, stub_m))) in hand.places.iter().enumerate() {
        let lengths = petgraph::algo::dijkstra(&hand.graph, *start, None, |edge| *edge.weight());
        for (to, (goal, other_m)) in hand.places.iter().skip(number % 16).step_by(16) {
            let Some(length_m) = lengths.get(goal).filter(|_| from != to) else { continue };
            let outcome =
                venue.ask(from, to, airside_wayfinding::Profile::Walk, airside_wayfinding::Language::En);
            let airside_wayfinding::Outcome::Found(route) = outcome.unwrap() else {
                missed.push((from.clone(), to.clone()));
                continue;
            };
            own_m.push(on_plan_m(&route, &venue.snapshot));
            hand_m.push(length_m + stub_m + other_m);
            outdoors += usize::from(route.line.iter().any(|line| line.level_id.as_str() == "outdoors"));
        }
    }
    let median = |lengths: &mut Vec<f64>| {
        lengths.sort_by(f64::total_cmp);
        lengths[lengths.len() / 2]
    };
    let routes = own_m.len();
    let (own_m, hand_m) = (median(&mut own_m), median(&mut hand_m));
    println!(
        "{} places, {routes} routes ({outdoors} outdoors): median {own_m:.1} m, hand-drawn {hand_m:.1} m",
        hand.places.len()
    );
    assert!(missed.is_empty(), "{} pairs are not joined: {:?}", missed.len(), &missed[..missed.len().min(5)]);
    assert!(
        routes > 2_000 && outdoors > 500 && own_m <= hand_m,
        "{routes} routes, {outdoors} outdoors: median {own_m:.1} m, hand-drawn {hand_m:.1} m"
    );
}
