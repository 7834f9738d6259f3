//! From stops and pathways to the graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use petgraph::stable_graph::{NodeIndex, StableDiGraph};

use super::placing::Placing;
use super::travel::{Span, edges};
use super::{Feed, Location, Mode, Pathway, Stop};
use crate::check::{Finding, Severity};
use crate::geometry::{Frame, distance_m};
use crate::graph::{Graph, Node, NodeKind, Place, Shaft, Storey, codes};
use crate::imdf::FeatureId;
use crate::ordinals::Ordinals;
use crate::taut::Floor;

/// Builds the graph of a feed without violations.
pub(crate) fn derive(feed: &Feed) -> (Graph, Vec<Finding>) {
    let placing = Placing::of(feed);
    let walked: Vec<usize> =
        (0..feed.stops.len()).filter(|stop| in_network(feed, &feed.stops[*stop])).collect();
    let ordinals = Ordinals::of(walked.iter().map(|stop| placing.level[*stop].unwrap_or(0.0)));
    let station = feed.stops.iter().find(|stop| stop.location == Location::Station);
    let storeys = storeys(feed, &ordinals);
    let mut graph = Graph {
        model: StableDiGraph::new(),
        frame: frame(walked.iter().filter_map(|stop| placing.at[*stop])),
        venue_id: station.map_or_else(|| FeatureId::derived("venue"), |station| station.id.clone()),
        venue_name: station.map(|station| station.name.clone()).unwrap_or_default(),
        outlines: vec![vec![]; storeys.len()],
        obstacles: vec![vec![]; storeys.len()],
        floor: Arc::new(Floor::of(&[], vec![], BTreeMap::new(), storeys.len())),
        storeys,
        rooms: vec![],
        places: vec![],
        shafts: vec![],
        checkpoints: vec![],
        opening_count: 0,
        signs: BTreeMap::new(),
    };
    let mut nodes = BTreeMap::new();
    for stop in &walked {
        let place = &feed.stops[*stop];
        let ordinal = ordinals.get(placing.level[*stop].unwrap_or(0.0)).unwrap_or_default();
        let level = graph.storeys.iter().position(|storey| storey.ordinal == ordinal).unwrap_or_default();
        let at =
            placing.at[*stop].map_or_else(geo::Coord::default, |[lon, lat]| graph.frame.to_plane(lon, lat));
        let (kind, features) = (NodeKind::Junction, vec![place.id.clone()]);
        let node = graph.model.add_node(Node { kind, features, level, at, width_m: f64::INFINITY });
        nodes.insert(&place.id, node);
        add_place(&mut graph, place, node);
    }
    add_pathways(&mut graph, feed, &nodes);
    let notes = notes(feed, &placing, &walked);
    (graph, notes)
}

/// Tells whether a stop is walked to inside a station; a bus stop on the street is not.
fn in_network(feed: &Feed, stop: &Stop) -> bool {
    let has_areas = || feed.stops.iter().any(|area| area.parent.as_ref() == Some(&stop.id));
    match stop.location {
        Location::Station => false,
        Location::Platform => stop.parent.is_some() && !stop.from_street && !has_areas(),
        Location::Entrance | Location::Generic | Location::BoardingArea => true,
    }
}

fn frame(points: impl Iterator<Item = [f64; 2]>) -> Frame {
    let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for at in points {
        for axis in 0..2 {
            low[axis] = low[axis].min(at[axis]);
            high[axis] = high[axis].max(at[axis]);
        }
    }
    Frame::around(f64::midpoint(low[0], high[0]), f64::midpoint(low[1], high[1]))
}

/// Returns a storey for each ordinal, named as the first level of that index with a name.
fn storeys(feed: &Feed, ordinals: &Ordinals) -> Vec<Storey> {
    let storey = |ordinal: i32| {
        let mut own = feed.levels.iter().filter(|level| ordinals.get(level.index) == Some(ordinal));
        let first = own.clone().next();
        let name =
            own.find(|level| !level.name.is_empty()).map(|level| level.name.clone()).unwrap_or_default();
        let untold = || FeatureId::derived(&format!("level/{ordinal}"));
        let id = first.map_or_else(untold, |level| level.id.clone());
        Storey { id, ordinal, name: name.clone(), short_name: name }
    };
    ordinals.iter().map(storey).collect()
}

fn add_place(graph: &mut Graph, stop: &Stop, node: NodeIndex) {
    let category = match stop.location {
        Location::Platform => "platform",
        Location::Entrance => "entry",
        Location::BoardingArea => "boardingarea",
        Location::Station | Location::Generic => return,
    };
    let Node { level, at, .. } = graph.model[node];
    graph.places.push(Place {
        id: stop.id.clone(),
        category: category.to_owned(),
        name: stop.name.clone(),
        codes: codes(&stop.name, &stop.codes),
        zone: None,
        side: None,
        hours: None,
        lon_lat: graph.frame.to_world(at),
        level,
        node,
    });
}

fn add_pathways(graph: &mut Graph, feed: &Feed, nodes: &BTreeMap<&FeatureId, NodeIndex>) {
    let ends = |pathway: &Pathway| Some([*nodes.get(&pathway.from)?, *nodes.get(&pathway.to)?]);
    let known: Vec<_> = feed.pathways.iter().filter_map(|pathway| Some((pathway, ends(pathway)?))).collect();
    let mut lift_of = BTreeMap::<NodeIndex, usize>::new();
    for (pathway, [from, to]) in &known {
        let told = |id: &FeatureId| feed.stop(id).is_some_and(|stop| stop.at.is_some());
        let [a, b] = [*from, *to].map(|end| (graph.model[end].at, graph.model[end].level));
        let ordinal = |level: usize| i32::try_from(level).unwrap_or(i32::MAX);
        let placed = told(&pathway.from) && told(&pathway.to);
        let span =
            Span { plan_m: placed.then(|| distance_m(a.0, b.0)), storeys: ordinal(b.1) - ordinal(a.1) };
        let [mut forth, mut back] = edges(pathway, &span);
        if [&pathway.from, &pathway.to].iter().any(|id| feed.stop(id).is_some_and(|stop| stop.no_wheels)) {
            (forth.wheels, back.wheels) = (false, false);
        }
        if matches!(pathway.mode, Mode::Stairs | Mode::Escalator | Mode::Lift) {
            let shaft = shaft(graph, pathway, [*from, *to], &mut lift_of);
            let id = graph.shafts[shaft].id.clone();
            forth.features.push(id.clone());
            back.features.push(id);
            (forth.shaft, back.shaft) = (Some(shaft), Some(shaft));
        } else if !pathway.signs[0].is_empty() {
            graph.signs.insert(pathway.id.clone(), pathway.signs[0].clone());
        }
        graph.model.add_edge(*from, *to, forth);
        if pathway.both_ways {
            graph.model.add_edge(*to, *from, back);
        }
    }
}

/// Returns the shaft of a pathway; lifts that share a landing are one.
fn shaft(
    graph: &mut Graph,
    pathway: &Pathway,
    ends: [NodeIndex; 2],
    lift_of: &mut BTreeMap<NodeIndex, usize>,
) -> usize {
    let is_lift = pathway.mode == Mode::Lift;
    let known = ends.iter().find_map(|end| lift_of.get(end).copied()).filter(|_| is_lift);
    let shaft = known.unwrap_or_else(|| {
        let (id, name) = (FeatureId::derived(&format!("shaft-{}", pathway.id)), pathway.signs[0].clone());
        graph.shafts.push(Shaft { id, name, is_lift });
        graph.shafts.len() - 1
    });
    for end in ends {
        if is_lift {
            lift_of.insert(end, shaft);
        }
        let node = &mut graph.model[end];
        if node.kind == NodeKind::Junction {
            node.kind = NodeKind::Stop(shaft);
        }
    }
    shaft
}

/// Says what was not told and had to be made out.
fn notes(feed: &Feed, placing: &Placing, walked: &[usize]) -> Vec<Finding> {
    let note = |severity, rule, feature_id, text: String, remedy: &str| Finding {
        severity,
        rule,
        file: "stops".to_owned(),
        feature_id,
        text,
        remedy: remedy.to_owned(),
    };
    let mut notes = Vec::new();
    let guesses = [
        (placing.guessed[0], "stop-placed-by-neighbours", "stop_lat and stop_lon"),
        (placing.guessed[1], "level-by-neighbours", "level_id"),
    ];
    for (count, rule, field) in guesses.into_iter().filter(|(count, ..)| *count > 0) {
        let text = format!("{count} stops tell no {field} and stand by their neighbours");
        notes.push(note(Severity::Info, rule, None, text, "fill the field in"));
    }
    for stop in walked.iter().filter(|stop| placing.at[**stop].is_none()) {
        let id = Some(feed.stops[*stop].id.to_string());
        let text = "nothing tells where it is; it stands in the middle of the venue".to_owned();
        notes.push(note(Severity::Warning, "stop-unplaced", id, text, "give it coordinates or a pathway"));
    }
    notes
}
