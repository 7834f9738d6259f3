//! Places that no way needs to pass: a search looks at them only where it begins or ends.
//!
//! A gate in a hall has an edge to every door of the hall, yet from door to door one walks straight. That is
//! not taken on trust: a place is a leaf only when for every two of its neighbours the direct edge is at most
//! as dear as the way over the place. An overlay keeps that true, since whatever closes or delays the direct
//! edge (its unit, or a door at its ends) closes or delays one half of the way over the place as well.

use std::collections::HashMap;

use petgraph::stable_graph::NodeIndex;

use super::{NO_WAY, Rows};
use crate::graph::{Graph, NodeKind};

/// Returns for each node whether it is a leaf under these weights.
pub(super) fn leaves(graph: &Graph, rows: &Rows<'_>, weights: &[u32]) -> Vec<bool> {
    let is_place = |node: usize| matches!(graph.model[NodeIndex::new(node)].kind, NodeKind::Place(_));
    let mut leaves: Vec<_> = (0..rows.nodes()).map(is_place).collect();
    let mut onward = HashMap::new();
    for place in (0..rows.nodes()).filter(|node| is_place(*node)) {
        onward.clear();
        for edge in rows.out(place).filter(|edge| weights[*edge] != NO_WAY) {
            let least = onward.entry(rows.head[edge]).or_insert(NO_WAY);
            *least = weights[edge].min(*least);
        }
        // Every way inside a unit has its way back, so who can be gone to is also who comes.
        let comes = rows.out(place).map(|edge| rows.head[edge] as usize);
        leaves[place] = comes.into_iter().all(|from| direct_is_best(rows, weights, from, place, &onward));
    }
    leaves
}

/// Tells whether from one neighbour of a place no other is reached cheaper over the place.
fn direct_is_best(
    rows: &Rows<'_>,
    weights: &[u32],
    from: usize,
    place: usize,
    onward: &HashMap<u32, u32>,
) -> bool {
    let to_place = rows.out(from).filter(|edge| rows.head[*edge] as usize == place);
    let Some(first) = to_place.map(|edge| weights[edge]).min().filter(|weight| *weight != NO_WAY) else {
        return true;
    };
    let mut direct = HashMap::with_capacity(onward.len());
    for edge in rows.out(from) {
        let least = direct.entry(rows.head[edge]).or_insert(NO_WAY);
        *least = weights[edge].min(*least);
    }
    onward
        .iter()
        .filter(|(to, _)| **to as usize != from)
        .all(|(to, second)| direct.get(to).is_some_and(|direct| *direct <= first.saturating_add(*second)))
}

#[cfg(test)]
mod tests;
