//! Which nodes can reach which at free flow, answered without a search.
//!
//! Nodes that reach each other form a component; between components a bit matrix tells who reaches whom. A
//! venue has a few dozen components; above the bound the matrix is left out and the search finds out itself.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use super::{NO_WAY, Rows};

/// The most components that the matrix is kept for: 2 MiB of bits.
const MATRIX_MAX: usize = 4_096;

/// The components of one profile.
#[derive(Debug)]
pub(crate) struct Components {
    label: Vec<u32>,
    size: Vec<u32>,
    reach: Vec<u64>,
    words: usize,
}

impl Components {
    pub(crate) fn of(rows: &Rows<'_>, weights: &[u32]) -> Self {
        let nodes = rows.nodes();
        let mut open = DiGraph::<(), (), u32>::with_capacity(nodes, rows.head.len());
        for _ in 0..nodes {
            open.add_node(());
        }
        for edge in (0..rows.head.len()).filter(|edge| weights[*edge] != NO_WAY) {
            open.add_edge(rows.tail[edge].into(), rows.head[edge].into(), ());
        }
        // In reverse topological order: what a component reaches comes before it.
        let parts = kosaraju_scc(&open);
        let mut label = vec![0_u32; nodes];
        for (number, part) in (0_u32..).zip(&parts) {
            for node in part {
                label[node.index()] = number;
            }
        }
        let size = parts.iter().map(|part| u32::try_from(part.len()).unwrap_or(u32::MAX)).collect();
        let words = if parts.len() <= MATRIX_MAX { parts.len().div_ceil(64) } else { 0 };
        let mut reach = vec![0_u64; words * parts.len()];
        if words > 0 {
            for (number, part) in parts.iter().enumerate() {
                reach[number * words + number / 64] |= 1 << (number % 64);
                for edge in part.iter().flat_map(|node| rows.out(node.index())) {
                    let next = label[rows.head[edge] as usize] as usize;
                    if weights[edge] != NO_WAY && next != number {
                        let (before, own) = reach.split_at_mut(number * words);
                        let further = &before[next * words..(next + 1) * words];
                        own.iter_mut().zip(further).for_each(|(own, further)| *own |= further);
                    }
                }
            }
        }
        Self { label, size, reach, words }
    }

    /// Tells whether a way may exist at free flow; certain when it says no.
    pub(crate) fn may_reach(&self, from: u32, to: u32) -> bool {
        let [from, to] = [from, to].map(|node| self.label[node as usize] as usize);
        self.words == 0 || self.reach[from * self.words + to / 64] >> (to % 64) & 1 == 1
    }

    /// Returns the number of the component with the most nodes.
    pub(crate) fn largest(&self) -> u32 {
        let largest =
            (0_u32..).zip(&self.size).max_by_key(|(number, size)| (**size, std::cmp::Reverse(*number)));
        largest.map_or(0, |(number, _)| number)
    }

    /// Returns the component of a node.
    pub(crate) fn of_node(&self, node: u32) -> u32 {
        self.label[node as usize]
    }

    /// Returns how many components there are.
    pub(crate) fn count(&self) -> usize {
        self.size.len()
    }
}
