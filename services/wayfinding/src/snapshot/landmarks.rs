//! Eight landmarks: nodes far apart, with the cost from and to every node, that bound any route from below.
//!
//! For a landmark L, d(v, t) is at least d(L, t) - d(L, v) and at least d(v, L) - d(t, L). Both stay true when
//! edges vanish or get dearer, as long as the costs here are at free flow, and for who is slower or more particular. An unreachable landmark reads as
//! `NO_WAY`; saturating subtraction then gives either 0 or a bound that says there is no way at all, and
//! both are true.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Rows;
use crate::profile::NO_WAY;

/// How many landmarks there are.
pub(crate) const COUNT: usize = 8;

/// The costs of one node: from each landmark, then to each; one cache line.
pub(crate) type Row = [u32; 2 * COUNT];

/// The landmark costs of one profile.
#[derive(Debug)]
pub(crate) struct Landmarks {
    rows: Vec<Row>,
}

impl Landmarks {
    /// Chooses landmarks, each as far as can be from those before, and measures them.
    pub(crate) fn choose(rows: &Rows<'_>, back: &Backward, weights: &[u32]) -> Self {
        let nodes = rows.nodes();
        let mut table = vec![[NO_WAY; 2 * COUNT]; nodes];
        if nodes == 0 {
            return Self { rows: table };
        }
        let busiest = (0..nodes).max_by_key(|node| (rows.out(*node).len(), Reverse(*node))).unwrap_or(0);
        let from_start = forward(rows, weights, busiest);
        let mut nearest =
            from_start.iter().map(|far| if *far == NO_WAY { 0 } else { *far }).collect::<Vec<_>>();
        for landmark in 0..COUNT {
            let node = (0..nodes).max_by_key(|node| (nearest[*node], Reverse(*node))).unwrap_or(0);
            let (from, to) = (forward(rows, weights, node), back.costs(rows, weights, node));
            for other in 0..nodes {
                table[other][landmark] = from[other];
                table[other][COUNT + landmark] = to[other];
                let near = if landmark == 0 { NO_WAY } else { nearest[other] };
                nearest[other] = near.min(if from[other] == NO_WAY { 0 } else { from[other] });
            }
            nearest[node] = 0;
        }
        Self { rows: table }
    }

    pub(crate) fn row(&self, node: u32) -> &Row {
        &self.rows[node as usize]
    }
}

/// Returns the least that a route between two rows can cost.
pub(crate) fn bound(at: &Row, goal: &Row) -> u32 {
    let mut bound = 0;
    for landmark in 0..COUNT {
        let ahead = goal[landmark].saturating_sub(at[landmark]);
        let behind = at[COUNT + landmark].saturating_sub(goal[COUNT + landmark]);
        bound = bound.max(ahead).max(behind);
    }
    bound
}

fn forward(rows: &Rows<'_>, weights: &[u32], start: usize) -> Vec<u32> {
    dijkstra(rows.nodes(), start, |node, relax| {
        for edge in rows.out(node) {
            relax(rows.head[edge] as usize, weights[edge]);
        }
    })
}

/// The edges in rows by the node they end at.
#[derive(Debug)]
pub(crate) struct Backward {
    first: Vec<u32>,
    edges: Vec<u32>,
}

impl Backward {
    pub(crate) fn of(rows: &Rows<'_>) -> Self {
        let mut first = vec![0_u32; rows.nodes() + 1];
        for head in rows.head {
            first[*head as usize + 1] += 1;
        }
        for node in 0..rows.nodes() {
            first[node + 1] += first[node];
        }
        let mut next = first.clone();
        let mut edges = vec![0_u32; rows.head.len()];
        for (edge, head) in (0_u32..).zip(rows.head) {
            let slot = &mut next[*head as usize];
            edges[*slot as usize] = edge;
            *slot += 1;
        }
        Self { first, edges }
    }

    /// Returns the edges that end at a node.
    pub(crate) fn ending_at(&self, node: usize) -> &[u32] {
        &self.edges[self.first[node] as usize..self.first[node + 1] as usize]
    }

    fn costs(&self, rows: &Rows<'_>, weights: &[u32], goal: usize) -> Vec<u32> {
        dijkstra(rows.nodes(), goal, |node, relax| {
            for edge in self.ending_at(node) {
                relax(rows.tail[*edge as usize] as usize, weights[*edge as usize]);
            }
        })
    }
}

/// Measures every node from one; `edges` calls back with each neighbour and weight.
fn dijkstra(nodes: usize, start: usize, edges: impl Fn(usize, &mut dyn FnMut(usize, u32))) -> Vec<u32> {
    let mut costs = vec![NO_WAY; nodes];
    let mut heap = BinaryHeap::new();
    costs[start] = 0;
    heap.push(Reverse((0_u32, start)));
    while let Some(Reverse((cost, node))) = heap.pop() {
        if cost > costs[node] {
            continue;
        }
        edges(node, &mut |to, weight| {
            let next = cost.saturating_add(weight);
            if weight != NO_WAY && next < super::COST_MAX && next < costs[to] {
                costs[to] = next;
                heap.push(Reverse((next, to)));
            }
        });
    }
    costs
}
