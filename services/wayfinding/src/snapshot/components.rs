//! Which nodes can reach which, answered without a search.
//!
//! Nodes that reach each other form a component; between components a bit matrix tells who reaches whom. A
//! venue has a few dozen components; above a bound the matrix is left out and the joints are walked.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use super::Rows;
use crate::search::End;

/// The most components that the matrix is kept for: 2 MiB of bits.
const MATRIX_MAX: usize = 4_096;

/// The components of one profile at one moment.
#[derive(Debug)]
pub(crate) struct Components {
    label: Vec<u32>,
    size: Vec<u32>,
    /// From one component to another by an edge, sorted; a component comes after those it reaches.
    joints: Vec<(u32, u32)>,
    /// A row of bits for each component; empty above [`MATRIX_MAX`].
    reach: Vec<u64>,
    words: usize,
}

impl Components {
    /// Finds the components of the edges that can be used.
    pub(crate) fn of(rows: &Rows<'_>, usable: impl Fn(usize) -> bool) -> Self {
        let nodes = rows.nodes();
        let mut open = DiGraph::<(), (), u32>::with_capacity(nodes, rows.head.len());
        for _ in 0..nodes {
            open.add_node(());
        }
        for edge in (0..rows.head.len()).filter(|edge| usable(*edge)) {
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
        let ends =
            open.raw_edges().iter().map(|edge| (label[edge.source().index()], label[edge.target().index()]));
        let mut joints: Vec<_> = ends.filter(|(from, to)| from != to).collect();
        joints.sort_unstable();
        joints.dedup();
        let size = parts.iter().map(|part| u32::try_from(part.len()).unwrap_or(u32::MAX)).collect();
        let words = if parts.len() <= MATRIX_MAX { parts.len().div_ceil(64) } else { 0 };
        let mut reach = vec![0_u64; words * parts.len()];
        if words > 0 {
            for number in 0..parts.len() {
                reach[number * words + number / 64] |= 1 << (number % 64);
            }
            for (from, to) in &joints {
                let (from, to) = (*from as usize, *to as usize);
                let (before, own) = reach.split_at_mut(from * words);
                let further = &before[to * words..(to + 1) * words];
                own.iter_mut().zip(further).for_each(|(own, further)| *own |= further);
            }
        }
        Self { label, size, joints, reach, words }
    }

    /// Tells whether there is a way.
    pub(crate) fn reaches(&self, from: u32, to: u32) -> bool {
        let [from, to] = [from, to].map(|node| self.label[node as usize]);
        if from <= to || self.words == 0 {
            return from == to || (from > to && self.leads(from, to));
        }
        self.reach[from as usize * self.words + to as usize / 64] >> (to % 64) & 1 == 1
    }

    /// Tells whether a way leads from any start to any goal.
    pub(crate) fn join(&self, starts: &[End], goals: &[End]) -> bool {
        starts.iter().any(|start| goals.iter().any(|goal| self.reaches(start.node, goal.node)))
    }

    /// Walks the joints from one component to a lower one.
    fn leads(&self, from: u32, to: u32) -> bool {
        let mut seen = vec![false; from as usize + 1];
        let mut left = vec![from];
        while let Some(at) = left.pop() {
            let first = self.joints.partition_point(|(tail, _)| *tail < at);
            for (_, head) in self.joints[first..].iter().take_while(|(tail, _)| *tail == at) {
                if *head == to {
                    return true;
                }
                if *head > to && !std::mem::replace(&mut seen[*head as usize], true) {
                    left.push(*head);
                }
            }
        }
        false
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

#[cfg(test)]
mod tests;
