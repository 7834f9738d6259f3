//! From the layers to the graph: the network's nodes and links are its nodes and edges.

use std::collections::BTreeMap;
use std::sync::Arc;

use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use super::check::grid;
use super::codes::Direction;
use super::fit::Grid;
use super::rooms::{Plane, Storeys, outlines_and_obstacles, rooms};
use super::vertical::{Leg, Travel, Vertical};
use super::{Layers, Link};
use crate::check::{Finding, Severity};
use crate::geometry::{distance_m, length_m, middle};
use crate::graph::{Edge, EdgeKind, Graph, Node, NodeKind, room_at};
use crate::imdf::FeatureId;
use crate::taut::{Floor, Way};
use crate::words::Labels;

/// How far a link's line may end from the node it names, in metres.
const END_GAP_M: f64 = 1.0;

/// Builds the graph of layers without violations.
pub(crate) fn derive(layers: &Layers) -> (Graph, Vec<Finding>) {
    let mut notes = Vec::new();
    let plane = Plane::of(grid(layers).unwrap_or(Grid::Degrees), layers);
    let storeys = Storeys::of(layers);
    let levels = storeys.of_floors(layers);
    let [outlines, obstacles] = outlines_and_obstacles(layers, &plane, &levels, storeys.storeys.len());
    let mut rooms = rooms(layers, &plane, &levels);
    crate::taut::clear(&mut rooms, &obstacles);
    let mut graph = Graph {
        model: StableDiGraph::new(),
        frame: plane.frame,
        venue_id: FeatureId::derived("venue"),
        venue_name: Labels::default(),
        floor: Arc::default(),
        rooms,
        places: vec![],
        shafts: vec![],
        checkpoints: vec![],
        opening_count: layers.openings,
        signs: BTreeMap::new(),
        outlines,
        obstacles,
        storeys: storeys.storeys.clone(),
    };
    add_network(&mut graph, layers, &plane, &storeys, &mut notes);
    let ground = super::rooms::ground(layers, &plane, &levels, storeys.storeys.len());
    graph.floor = Arc::new(Floor::of_network(&graph.rooms, &ground, &graph.obstacles, &ways(&graph, layers)));
    super::places::add(&mut graph, layers, &plane, &levels, &mut notes);
    (graph, notes)
}

fn add_network(
    graph: &mut Graph,
    layers: &Layers,
    plane: &Plane,
    storeys: &Storeys,
    notes: &mut Vec<Finding>,
) {
    let placed: Vec<_> = layers
        .junctions
        .iter()
        .filter_map(|junction| Some((junction, storeys.level(junction.ordinal)?)))
        .collect();
    let index: BTreeMap<_, _> =
        placed.iter().enumerate().map(|(index, (node, _))| (&node.id, index)).collect();
    let levels: Vec<_> = placed.iter().map(|(_, level)| *level).collect();
    let ends = |link: &Link| Some([*index.get(&link.start)?, *index.get(&link.end)?]);
    let links: Vec<_> = layers.links.iter().filter_map(|link| Some((link, ends(link)?))).collect();
    let lines: Vec<Vec<_>> =
        links.iter().map(|(link, _)| link.line.iter().map(|at| plane.coord(*at)).collect()).collect();
    let legs: Vec<_> = links
        .iter()
        .zip(&lines)
        .map(|((link, ends), line)| Leg { route: link.route, ends: *ends, plan_m: length_m(line) })
        .collect();
    let ids: Vec<_> = links.iter().map(|(link, _)| &link.id).collect();
    let vertical = Vertical::of(&ids, &legs, &levels);
    for (node, (junction, level)) in placed.iter().enumerate() {
        let kind = match vertical.of_node.get(&node) {
            Some((shaft, true)) => NodeKind::Hub(*shaft),
            Some((shaft, false)) => NodeKind::Stop(*shaft),
            None => NodeKind::Junction,
        };
        let (features, at) = (vec![junction.id.clone()], plane.coord(junction.at));
        graph.model.add_node(Node { kind, features, level: *level, at, width_m: f64::INFINITY });
    }
    for (number, ((link, [from, to]), line)) in links.iter().zip(&lines).enumerate() {
        let ends = [*from, *to].map(NodeIndex::new);
        let [a, b] = ends.map(|end| graph.model[end].at);
        let off_m = distance_m(a, line[0]).max(distance_m(b, line[line.len() - 1]));
        if off_m > END_GAP_M {
            notes.push(off_node(&link.id, off_m));
        }
        let travel = vertical.travel(number, &legs[number], [levels[*from], levels[*to]]);
        let mut features = vec![link.id.clone()];
        features.extend(vertical.shaft(number).map(|shaft| vertical.shafts[shaft].id.clone()));
        let room = (levels[*from] == levels[*to])
            .then(|| room_at(&graph.rooms, levels[*from], middle(line)))
            .flatten();
        add_edges(graph, link, ends, (line, travel), (room, vertical.shaft(number), features));
    }
    graph.shafts = vertical.shafts;
}

/// Returns what is walked along the network's links.
fn ways(graph: &Graph, layers: &Layers) -> Vec<Way> {
    let model = &graph.model;
    let width_m = |id: &FeatureId| {
        let link = layers.links.binary_search_by(|link| link.id.cmp(id));
        link.map_or(0.0, |link| layers.links[link].width_m)
    };
    let mut ways = BTreeMap::<&FeatureId, Way>::new();
    for edge in model.edge_references() {
        let (way, [from, to]) = (edge.weight(), [edge.source(), edge.target()].map(|end| &model[end]));
        if way.kind != EdgeKind::Walk || from.level != to.level {
            continue;
        }
        let line = [&[from.at], way.via.as_slice(), &[to.at]].concat();
        let width_m = width_m(&way.features[0]);
        let new = || Way { level: from.level, line, width_m, edges: [None; 2] };
        let known = ways.entry(&way.features[0]).or_insert_with(new);
        let back = known.edges[0].is_some();
        known.edges[usize::from(back)] = Some(edge.id());
    }
    ways.into_values().collect()
}

fn add_edges(
    graph: &mut Graph,
    link: &Link,
    [from, to]: [NodeIndex; 2],
    (line, travel): (&[geo::Coord<f64>], Option<Travel>),
    (room, shaft, features): (Option<usize>, Option<usize>, Vec<FeatureId>),
) {
    let via = line[1..line.len() - 1].to_vec();
    let mut forth = Edge { features, shaft, wheels: link.wheels, ..Edge::walk(length_m(line), room, via) };
    let mut back = forth.clone();
    back.via.reverse();
    if let Some(Travel { kinds, millis, length_m }) = travel {
        (forth.kind, forth.millis, forth.length_m) = (kinds[0], millis[0], length_m);
        (back.kind, back.millis, back.length_m) = (kinds[1], millis[1], length_m);
    }
    if link.direction != Direction::Back {
        graph.model.add_edge(from, to, forth);
    }
    if link.direction != Direction::Forth {
        graph.model.add_edge(to, from, back);
    }
}

fn off_node(link: &FeatureId, off_m: f64) -> Finding {
    Finding {
        severity: Severity::Warning,
        rule: "link-off-node",
        file: "link".to_owned(),
        feature_id: Some(link.to_string()),
        text: format!("its line ends {off_m:.1} m from the node it names"),
        remedy: "draw the line from node to node".to_owned(),
    }
}
