//! A* over the snapshot's rows with landmark bounds and buffers that are used again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::overlay::Overlay;
use crate::snapshot::landmarks::{Row, bound};
use crate::snapshot::{COST_MAX, Metric, NO_WAY, Profile, Snapshot};

/// A node where a search begins or ends, and what reaching it costs beyond the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct End {
    pub(crate) node: u32,
    pub(crate) millis: u32,
}

/// The cheapest way between any start and any goal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) millis: u32,
    pub(crate) edges: Vec<u32>,
    pub(crate) start: End,
    pub(crate) goal: End,
}

#[derive(Clone, Copy)]
struct Slot {
    round: u32,
    cost: u32,
    /// The landmark bound to the goals, as far as it was computed.
    bound: u32,
    /// The edge that led here; `NO_WAY` at a start.
    via: u32,
}

/// The buffers of one search at a time; a worker keeps one and lends it to each request.
#[derive(Default)]
pub struct Searcher {
    slots: Vec<Slot>,
    round: u32,
    heap: BinaryHeap<Reverse<u64>>,
    goals: Vec<(End, Row)>,
}

impl std::fmt::Debug for Searcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Searcher").field("nodes", &self.slots.len()).finish_non_exhaustive()
    }
}

impl Searcher {
    /// Returns a searcher without buffers; the first search makes them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns what the cheapest way between two nodes costs now, in milliseconds. For measurements.
    pub fn cost_ms(
        &mut self,
        snapshot: &Snapshot,
        overlay: &Overlay,
        profile: Profile,
        from: u32,
        to: u32,
    ) -> Option<u32> {
        let end = |node| End { node, millis: 0 };
        let (cost, _) = self.run(snapshot, overlay, Metric::Of(profile), &[end(from)], &[end(to)])?;
        Some(cost)
    }

    pub(crate) fn find(
        &mut self,
        snapshot: &Snapshot,
        overlay: &Overlay,
        metric: Metric,
        starts: &[End],
        goals: &[End],
    ) -> Option<Found> {
        let (millis, goal) = self.run(snapshot, overlay, metric, starts, goals)?;
        let mut edges = Vec::new();
        let mut node = goal.node;
        while self.slots[node as usize].via != NO_WAY {
            let edge = self.slots[node as usize].via;
            edges.push(edge);
            node = snapshot.tail[edge as usize];
        }
        edges.reverse();
        let begun = |start: &&End| start.node == node && start.millis == self.slots[node as usize].cost;
        let start = starts.iter().find(begun).copied().unwrap_or(End { node, millis: 0 });
        Some(Found { millis, edges, start, goal })
    }

    fn run(
        &mut self,
        snapshot: &Snapshot,
        overlay: &Overlay,
        metric: Metric,
        starts: &[End],
        goals: &[End],
    ) -> Option<(u32, End)> {
        let nodes = snapshot.node_count();
        self.begin(nodes);
        let Metric::Of(_) = metric else {
            self.goals.extend(goals.iter().map(|goal| (*goal, Row::default())));
            return self.settle(snapshot, overlay, metric, starts, |_| 0);
        };
        let (landmarks, parts) = (&snapshot.landmarks[metric.index()], &snapshot.components[metric.index()]);
        let reachable = |goal: &&End| starts.iter().any(|start| parts.may_reach(start.node, goal.node));
        self.goals.extend(goals.iter().filter(reachable).map(|goal| (*goal, *landmarks.row(goal.node))));
        let goals = std::mem::take(&mut self.goals);
        let found = match goals.as_slice() {
            [] => None,
            [(end, row)] => {
                self.goals.push((*end, *row));
                let (row, millis) = (*row, end.millis);
                self.settle(snapshot, overlay, metric, starts, |node| {
                    bound(landmarks.row(node), &row).saturating_add(millis)
                })
            }
            many => {
                self.goals.extend_from_slice(many);
                self.settle(snapshot, overlay, metric, starts, |node| {
                    let at = landmarks.row(node);
                    let bounds = many.iter().map(|(end, row)| bound(at, row).saturating_add(end.millis));
                    bounds.min().unwrap_or(NO_WAY)
                })
            }
        };
        self.goals = goals;
        self.goals.clear();
        found
    }

    fn begin(&mut self, nodes: usize) {
        if self.slots.len() < nodes {
            self.slots.resize(nodes, Slot { round: 0, cost: NO_WAY, bound: 0, via: NO_WAY });
        }
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.slots.iter_mut().for_each(|slot| slot.round = 0);
            self.round = 1;
        }
        self.heap.clear();
        self.goals.clear();
    }

    /// Runs the search; `ahead` bounds from below what is left from a node.
    fn settle(
        &mut self,
        snapshot: &Snapshot,
        overlay: &Overlay,
        metric: Metric,
        starts: &[End],
        ahead: impl Fn(u32) -> u32,
    ) -> Option<(u32, End)> {
        let weights = snapshot.weights[metric.index()].as_slice();
        let free = overlay.is_free();
        let leaves = snapshot.leaves.get(metric.index()).map_or(&[][..], Vec::as_slice);
        for start in starts {
            self.reach(start.node, start.millis, NO_WAY, &ahead);
        }
        let mut best: Option<(u32, End)> = None;
        while let Some(Reverse(next)) = self.heap.pop() {
            #[expect(clippy::cast_possible_truncation, reason = "both halves were packed from 32 bits")]
            let (key, node) = ((next >> 32) as u32, next as u32);
            if best.is_some_and(|(cost, _)| key >= cost) {
                break;
            }
            let slot = self.slots[node as usize];
            if key > slot.cost.saturating_add(slot.bound) {
                continue;
            }
            for (goal, _) in self.goals.iter().filter(|(goal, _)| goal.node == node) {
                let whole = slot.cost.saturating_add(goal.millis);
                if best.is_none_or(|(cost, _)| whole < cost) {
                    best = Some((whole, *goal));
                }
            }
            for edge in snapshot.out(node) {
                let mut weight = weights[edge];
                let head = snapshot.head[edge];
                let aside = leaves.get(head as usize) == Some(&true);
                if weight == NO_WAY || (aside && !self.goals.iter().any(|(goal, _)| goal.node == head)) {
                    continue;
                }
                #[expect(clippy::cast_possible_truncation, reason = "edges are numbered in 32 bits")]
                let edge = edge as u32;
                if !free {
                    if overlay.blocks(edge) {
                        continue;
                    }
                    weight = weight.saturating_add(overlay.delay_ms(edge));
                }
                let cost = slot.cost.saturating_add(weight);
                self.reach(head, cost, edge, &ahead);
            }
        }
        best
    }

    fn reach(&mut self, node: u32, cost: u32, via: u32, ahead: &impl Fn(u32) -> u32) {
        let slot = &mut self.slots[node as usize];
        if slot.round != self.round {
            *slot = Slot { round: self.round, cost: NO_WAY, bound: ahead(node), via: NO_WAY };
        }
        if cost >= slot.cost || cost >= COST_MAX {
            return;
        }
        slot.cost = cost;
        slot.via = via;
        let key = cost.saturating_add(slot.bound);
        if key < COST_MAX {
            self.heap.push(Reverse(u64::from(key) << 32 | u64::from(node)));
        }
    }
}
