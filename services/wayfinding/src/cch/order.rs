//! The order in which nodes are contracted: nested dissection.
//!
//! A small cut parts the graph; its nodes come last. Each side is ordered likewise. So a search climbs from a
//! node over the cuts around it, each larger and fewer than those below.

use super::cut::{Part, Side, cut};

/// A part of at most this many nodes is not cut further.
const WHOLE_MAX: usize = 8;
/// The most nodes that are ordered by how many ways each joins; their neighbours are bits of one word.
const GREEDY_MAX: usize = 64;

/// A graph in the plan of a venue: whoever is joined is joined both ways.
pub(super) struct Plan {
    /// Where each node lies: east, north and level.
    pub(super) at: Vec<[f64; 3]>,
    pub(super) neighbours: Vec<Vec<u32>>,
}

/// Returns the nodes in the order in which they are contracted.
pub(super) fn order(plan: &Plan) -> Vec<u32> {
    let mut last_first = Vec::with_capacity(plan.at.len());
    let mut number = vec![u32::MAX; plan.at.len()];
    let mut left = vec![(0_u32..).take(plan.at.len()).collect::<Vec<_>>()];
    while let Some(nodes) = left.pop() {
        let parts = connected(plan, &nodes, &mut number);
        if parts.len() > 1 {
            left.extend(parts);
            continue;
        }
        let (at, first, head) = local(plan, &nodes, &mut number);
        let part = Part { at: &at, first: &first, head: &head };
        let sides = if nodes.len() > WHOLE_MAX { cut(&part) } else { None };
        let Some(sides) = sides else {
            last_first.extend(by_degree(&part).into_iter().rev().map(|node| nodes[node as usize]));
            continue;
        };
        let of = |side| nodes.iter().zip(&sides).filter(move |(_, s)| **s == side).map(|(node, _)| *node);
        last_first.extend(of(Side::Cut));
        left.push(of(Side::Near).collect());
        left.push(of(Side::Far).collect());
    }
    last_first.reverse();
    last_first
}

/// Splits nodes into connected parts; `number` is scratch, everywhere `u32::MAX` before and after.
fn connected(plan: &Plan, nodes: &[u32], number: &mut [u32]) -> Vec<Vec<u32>> {
    for node in nodes {
        number[*node as usize] = 0;
    }
    let mut parts = Vec::new();
    for start in nodes {
        if number[*start as usize] != 0 {
            continue;
        }
        number[*start as usize] = u32::MAX;
        let mut part = vec![*start];
        let mut at = 0;
        while at < part.len() {
            for next in &plan.neighbours[part[at] as usize] {
                if number[*next as usize] == 0 {
                    number[*next as usize] = u32::MAX;
                    part.push(*next);
                }
            }
            at += 1;
        }
        part.sort_unstable();
        parts.push(part);
    }
    parts
}

/// Renumbers a part from 0; `number` is scratch as above.
fn local(plan: &Plan, nodes: &[u32], number: &mut [u32]) -> (Vec<[f64; 3]>, Vec<u32>, Vec<u32>) {
    for (index, node) in (0_u32..).zip(nodes) {
        number[*node as usize] = index;
    }
    let (mut first, mut head) = (vec![0_u32], Vec::new());
    for node in nodes {
        let inside = plan.neighbours[*node as usize].iter().map(|next| number[*next as usize]);
        head.extend(inside.filter(|next| *next != u32::MAX));
        first.push(u32::try_from(head.len()).unwrap_or(u32::MAX));
    }
    for node in nodes {
        number[*node as usize] = u32::MAX;
    }
    (nodes.iter().map(|node| plan.at[*node as usize]).collect(), first, head)
}

/// Orders a part so that whoever has fewest neighbours left comes next.
fn by_degree(part: &Part<'_>) -> Vec<u32> {
    let nodes = part.at.len();
    let row = |node: usize| &part.head[part.first[node] as usize..part.first[node + 1] as usize];
    let mut order: Vec<u32> = (0_u32..).take(nodes).collect();
    if nodes > GREEDY_MAX {
        order.sort_by_key(|node| (row(*node as usize).len(), *node));
        return order;
    }
    let mut near: Vec<u64> =
        (0..nodes).map(|node| row(node).iter().fold(0, |bits, next| bits | 1 << next)).collect();
    let mut left = u64::MAX >> (64 - nodes);
    for slot in &mut order {
        let alive = (0_u32..64).filter(|node| left >> node & 1 == 1);
        let Some(node) = alive.min_by_key(|node| (near[*node as usize] & left).count_ones()) else { break };
        left &= !(1 << node);
        let around = near[node as usize] & left;
        for (other, near) in near.iter_mut().enumerate().filter(|(other, _)| around >> other & 1 == 1) {
            *near |= around & !(1 << other);
        }
        *slot = node;
    }
    order
}
