//! A small set of nodes that parts a graph in two: inertial flow.
//!
//! The nodes are lined up along a direction of the plan; as many paths as can be that share no node are led
//! from the first ones to the last ones, and the nodes where no further path passes are the cut. Of the
//! directions the one that cuts off most with least is taken. In a building the narrow places are found this
//! way: a bridge, the doors of a pier, the lifts between two levels.

use std::collections::VecDeque;

/// The share of the nodes at either end that a cut should part, as a divisor.
const ENDS: usize = 4;
/// The most paths that are led; a part that needs more is no building, and is not cut.
const PATHS_MAX: usize = 512;
const NONE: u32 = u32::MAX;

/// A connected part of a graph, its nodes numbered from 0 in the order of their ids.
pub(super) struct Part<'a> {
    /// Where each node lies: east, north and level.
    pub(super) at: &'a [[f64; 3]],
    pub(super) first: &'a [u32],
    pub(super) head: &'a [u32],
}

/// The side of a cut that a node lies on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Near,
    Cut,
    Far,
}

/// Returns for each node its side of the best cut, or `None` where there is no good one.
pub(super) fn cut(part: &Part<'_>) -> Option<Vec<Side>> {
    let directions: [fn(&[f64; 3]) -> f64; 5] =
        [|at| at[0], |at| at[1], |at| at[0] + at[1], |at| at[0] - at[1], |at| at[2]];
    let mut best: Option<(usize, usize, Vec<Side>)> = None;
    for direction in directions {
        let mut line: Vec<u32> = (0_u32..).take(part.at.len()).collect();
        let along = |node: u32| direction(&part.at[node as usize]);
        line.sort_by(|a, b| along(*a).total_cmp(&along(*b)).then(a.cmp(b)));
        // More paths than this cannot cut off more with less.
        let most = best.as_ref().map_or(PATHS_MAX, |(cut, least, _)| cut * part.at.len() / (2 * least) + 1);
        let Some(sides) = Network::of(part, &line).sides(most.min(PATHS_MAX)) else { continue };
        let count = |side| sides.iter().filter(|other| **other == side).count();
        let (cut, least) = (count(Side::Cut), count(Side::Near).min(count(Side::Far)));
        if least > 0 && best.as_ref().is_none_or(|(other, most, _)| cut * most < other * least) {
            best = Some((cut, least, sides));
        }
    }
    best.map(|(_, _, sides)| sides)
}

/// A network whose nodes each carry one path: every node is two, with one arc between them.
struct Network {
    first: Vec<u32>,
    head: Vec<u32>,
    /// The arc back of each arc.
    back: Vec<u32>,
    room: Vec<u32>,
    nodes: usize,
}

impl Network {
    /// Joins a source to the first nodes of a line and the last ones to a sink.
    fn of(part: &Part<'_>, line: &[u32]) -> Self {
        let nodes = part.at.len();
        let (source, sink) = (2 * nodes, 2 * nodes + 1);
        let ends = (nodes / ENDS).max(1);
        let [into, out] = [0, 1].map(|half| move |node: u32| 2 * node as usize + half);
        let mut arcs = Vec::with_capacity(nodes + part.head.len() + 2 * ends);
        for node in (0_u32..).take(nodes) {
            arcs.push((into(node), out(node), 1));
            let row = part.first[node as usize] as usize..part.first[node as usize + 1] as usize;
            arcs.extend(part.head[row].iter().map(|head| (out(node), into(*head), NONE)));
        }
        arcs.extend(line[..ends].iter().map(|node| (source, into(*node), NONE)));
        arcs.extend(line[nodes - ends..].iter().map(|node| (out(*node), sink, NONE)));
        let mut first = vec![0_u32; 2 * nodes + 3];
        for (from, to, _) in &arcs {
            first[from + 1] += 1;
            first[to + 1] += 1;
        }
        for node in 0..2 * nodes + 2 {
            first[node + 1] += first[node];
        }
        let (mut next, count) = (first.clone(), 2 * arcs.len());
        let (mut head, mut back, mut room) = (vec![0; count], vec![0; count], vec![0; count]);
        let mut slot = |node: usize| {
            next[node] += 1;
            next[node] - 1
        };
        for (from, to, most) in arcs {
            let (forth, home) = (slot(from), slot(to));
            let narrow = |node: usize| u32::try_from(node).unwrap_or(NONE);
            (head[forth as usize], head[home as usize]) = (narrow(to), narrow(from));
            (back[forth as usize], back[home as usize]) = (home, forth);
            room[forth as usize] = most;
        }
        Self { first, head, back, room, nodes }
    }

    fn arcs(&self, node: usize) -> std::ops::Range<usize> {
        self.first[node] as usize..self.first[node + 1] as usize
    }

    /// Leads all paths, and returns the sides of the cut; `None` when there are more paths than `most`.
    fn sides(mut self, most: usize) -> Option<Vec<Side>> {
        let source = 2 * self.nodes;
        let mut paths = 0;
        loop {
            let hops = self.hops(source);
            if hops[source + 1] == NONE {
                let reached = |node: usize| hops[node] != NONE;
                let side = |node: usize| match (reached(2 * node), reached(2 * node + 1)) {
                    (true, false) => Side::Cut,
                    (_, true) => Side::Near,
                    (false, false) => Side::Far,
                };
                return Some((0..self.nodes).map(side).collect());
            }
            let mut next = self.first.clone();
            while self.lead(source, &hops, &mut next) {
                paths += 1;
                if paths > most {
                    return None;
                }
            }
        }
    }

    /// Counts the hops from the source to each node over arcs with room.
    fn hops(&self, source: usize) -> Vec<u32> {
        let mut hops = vec![NONE; self.first.len() - 1];
        hops[source] = 0;
        let mut queue = VecDeque::from([source]);
        while let Some(node) = queue.pop_front() {
            for arc in self.arcs(node) {
                let head = self.head[arc] as usize;
                if self.room[arc] > 0 && hops[head] == NONE {
                    hops[head] = hops[node] + 1;
                    queue.push_back(head);
                }
            }
        }
        hops
    }

    /// Leads one more path, hop by hop ahead; `next` tells from which arc on a node was not tried yet.
    fn lead(&mut self, source: usize, hops: &[u32], next: &mut [u32]) -> bool {
        let mut path: Vec<usize> = Vec::new();
        let mut node = source;
        while node != source + 1 {
            let arc = next[node] as usize;
            if arc == self.first[node + 1] as usize {
                let Some(last) = path.pop() else { return false };
                node = self.head[self.back[last] as usize] as usize;
                next[node] += 1;
                continue;
            }
            let head = self.head[arc] as usize;
            if self.room[arc] > 0 && hops[head] == hops[node].saturating_add(1) {
                path.push(arc);
                node = head;
            } else {
                next[node] += 1;
            }
        }
        for arc in path {
            let back = self.back[arc] as usize;
            // Only the arc inside a node is narrow; the others have room for any number of paths.
            if self.room[arc] != NONE {
                self.room[arc] -= 1;
            }
            if self.room[back] != NONE {
                self.room[back] += 1;
            }
        }
        true
    }
}
