//! Places that no way needs to pass: a search looks at them only where it begins or ends.
//!
//! A gate in a hall has an edge to every door of the hall, yet from door to door one walks straight. That is
//! not taken on trust: a place is a leaf only when for every two of its neighbours the same unit has a direct
//! edge that is no longer than the way over the place, and open to all who can take that. It stays true for every profile and speed, since all
//! three are walked, and under every overlay, since whatever closes or delays the direct edge (its unit, or
//! a door at its ends) closes or delays one half of the way over the place as well.

use std::collections::HashMap;

use petgraph::Direction::{Incoming, Outgoing};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::EdgeRef;

use crate::graph::{Edge, EdgeKind, Graph, NodeKind};
use crate::profile::Rights;

/// Returns for each node whether it is a leaf.
pub(super) fn leaves(graph: &Graph) -> Vec<bool> {
    let model = &graph.model;
    let is_leaf =
        |node: NodeIndex| matches!(model[node].kind, NodeKind::Place(_)) && is_passed_by(graph, node);
    model.node_indices().map(is_leaf).collect()
}

fn is_passed_by(graph: &Graph, place: NodeIndex) -> bool {
    let model = &graph.model;
    let plain = |edge: &Edge| edge.kind == EdgeKind::Walk && edge.needs == Rights::Visitor;
    let for_all = |edge: &Edge| plain(edge) && edge.wheels && edge.features.is_empty();
    let mut ways = [Incoming, Outgoing].into_iter().flat_map(|side| model.edges_directed(place, side));
    if !ways.all(|way| plain(way.weight())) {
        return false;
    }
    let mut direct = HashMap::new();
    model.edges_directed(place, Incoming).all(|way| {
        direct.clear();
        for edge in model.edges(way.source()).filter(|edge| for_all(edge.weight())) {
            let least = direct.entry((edge.target(), edge.weight().room)).or_insert(u32::MAX);
            *least = edge.weight().millis.min(*least);
        }
        model.edges(place).filter(|onward| onward.target() != way.source()).all(|onward| {
            let over = way.weight().millis.saturating_add(onward.weight().millis);
            let straight = direct.get(&(onward.target(), onward.weight().room));
            way.weight().room == onward.weight().room && straight.is_some_and(|straight| *straight <= over)
        })
    })
}

#[cfg(test)]
mod tests;
