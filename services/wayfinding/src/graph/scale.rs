//! A venue repeated, for measurements: no airport is that large, but a bench needs room.

use std::collections::BTreeMap;

use geo::Coord;
use petgraph::stable_graph::NodeIndex;

use super::{Edge, Graph, Node, NodeKind};
use crate::geometry::distance_m;
use crate::imdf::FeatureId;

/// The gap between two copies, in metres.
const GAP_M: f64 = 40.0;

/// Repeats a venue's graph on a square of copies until it has at least `nodes` nodes. For measurements.
///
/// Neighbours are joined on every level by a corridor both ways between the doors that face each other.
/// Features of copy `k` keep their id with `#k` added; copy 0 keeps its ids. Rooms are not repeated, so a
/// scaled graph answers routes between nodes and places, and its steps name no units.
pub fn scaled(graph: &Graph, nodes: usize) -> Graph {
    let own = graph.model.node_count().max(1);
    let copies = nodes.div_ceil(own).clamp(1, 10_000);
    let side = (1..=copies).find(|side| side * side >= copies).unwrap_or(1);
    let (low, high) = bounds(graph);
    let (wide_m, deep_m) = (high.x - low.x + GAP_M, high.y - low.y + GAP_M);
    let mut whole = graph.clone();
    for copy in 1..copies {
        #[expect(clippy::cast_precision_loss, reason = "at most ten thousand copies")]
        let shift = Coord { x: (copy % side) as f64 * wide_m, y: (copy / side) as f64 * deep_m };
        add_copy(&mut whole, graph, copy, shift);
    }
    let docks = docks(graph);
    let node = |copy: usize, node: NodeIndex| NodeIndex::new(copy * own + node.index());
    for copy in 0..copies {
        for [west, east, south, north] in docks.values() {
            if copy % side > 0 {
                join(&mut whole, node(copy - 1, *east), node(copy, *west));
            }
            if copy >= side {
                join(&mut whole, node(copy - side, *north), node(copy, *south));
            }
        }
    }
    whole
}

fn bounds(graph: &Graph) -> (Coord<f64>, Coord<f64>) {
    let mut low = Coord { x: f64::INFINITY, y: f64::INFINITY };
    let mut high = Coord { x: f64::NEG_INFINITY, y: f64::NEG_INFINITY };
    for node in graph.model.node_weights() {
        low = Coord { x: low.x.min(node.at.x), y: low.y.min(node.at.y) };
        high = Coord { x: high.x.max(node.at.x), y: high.y.max(node.at.y) };
    }
    (low, high)
}

fn add_copy(whole: &mut Graph, graph: &Graph, copy: usize, shift: Coord<f64>) {
    let (places, shafts) = (whole.places.len(), whole.shafts.len());
    let base = whole.model.node_count();
    let rename = |id: &FeatureId| FeatureId::derived(&format!("{id}#{copy}"));
    for node in graph.model.node_weights() {
        let kind = match node.kind {
            NodeKind::Opening => NodeKind::Opening,
            NodeKind::Junction => NodeKind::Junction,
            NodeKind::Place(place) => NodeKind::Place(places + place),
            NodeKind::Stop(shaft) => NodeKind::Stop(shafts + shaft),
            NodeKind::Hub(shaft) => NodeKind::Hub(shafts + shaft),
        };
        let at = Coord { x: node.at.x + shift.x, y: node.at.y + shift.y };
        let features = node.features.iter().map(rename).collect();
        whole.model.add_node(Node { kind, features, at, ..node.clone() });
    }
    for edge in graph.model.edge_indices() {
        let Some((from, to)) = graph.model.edge_endpoints(edge) else { continue };
        let [from, to] = [from, to].map(|node| NodeIndex::new(base + node.index()));
        let mut weight = graph.model[edge].clone();
        weight.room = None;
        weight.shaft = weight.shaft.map(|shaft| shafts + shaft);
        weight.features = weight.features.iter().map(rename).collect();
        for bend in &mut weight.via {
            *bend = Coord { x: bend.x + shift.x, y: bend.y + shift.y };
        }
        whole.model.add_edge(from, to, weight);
    }
    for place in &graph.places {
        let mut place = place.clone();
        place.id = rename(&place.id);
        place.node = NodeIndex::new(base + place.node.index());
        place.lon_lat = graph.frame.to_world(whole.model[place.node].at);
        whole.places.push(place);
    }
    for shaft in &graph.shafts {
        whole.shafts.push(super::Shaft { id: rename(&shaft.id), ..shaft.clone() });
    }
}

/// Returns the westmost, eastmost, southmost and northmost door of each level.
fn docks(graph: &Graph) -> BTreeMap<usize, [NodeIndex; 4]> {
    let mut docks = BTreeMap::<usize, [NodeIndex; 4]>::new();
    for index in graph.model.node_indices() {
        let node = &graph.model[index];
        if !matches!(node.kind, NodeKind::Opening | NodeKind::Junction) {
            continue;
        }
        let dock = docks.entry(node.level).or_insert([index; 4]);
        let at = |dock: NodeIndex| graph.model[dock].at;
        let better = [
            node.at.x < at(dock[0]).x,
            node.at.x > at(dock[1]).x,
            node.at.y < at(dock[2]).y,
            node.at.y > at(dock[3]).y,
        ];
        for (side, better) in better.into_iter().enumerate() {
            if better {
                dock[side] = index;
            }
        }
    }
    docks
}

fn join(whole: &mut Graph, a: NodeIndex, b: NodeIndex) {
    let length_m = distance_m(whole.model[a].at, whole.model[b].at);
    whole.model.add_edge(a, b, Edge::walk(length_m, None, vec![]));
    whole.model.add_edge(b, a, Edge::walk(length_m, None, vec![]));
}
