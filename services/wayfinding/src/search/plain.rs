//! A* with landmark bounds: for weights that are not prepared, such as one's own walking speed.
//!
//! A weight may depend on when one comes to the edge, as long as who comes later never leaves earlier.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::End;
use crate::profile::NO_WAY;
use crate::snapshot::landmarks::{Row, bound};
use crate::snapshot::{COST_MAX, Snapshot};

#[derive(Clone, Copy)]
struct Slot {
    round: u32,
    cost: u32,
    /// The landmark bound to the goals.
    bound: u32,
    /// The edge that led here; `NO_WAY` at a start.
    via: u32,
}

/// The buffers of a search.
#[derive(Default)]
pub(super) struct Plain {
    slots: Vec<Slot>,
    round: u32,
    heap: BinaryHeap<Reverse<u64>>,
    goals: Vec<(End, Row)>,
}

impl Plain {
    /// Finds the cheapest way, writes its edges and returns its cost, start and goal.
    ///
    /// `weigh` is given an edge and the cost at which one comes to it, and must not return less than the
    /// landmarks' weight divided by `haste`, a thousandth of which is at least one.
    pub(super) fn find(
        &mut self,
        snapshot: &Snapshot,
        [starts, goals]: [&[End]; 2],
        haste: u32,
        weigh: impl Fn(u32, u32) -> u32,
        edges: &mut Vec<u32>,
    ) -> Option<(u32, End, End)> {
        self.begin(snapshot, goals);
        let (millis, goal) = self.settle(snapshot, starts, haste, weigh)?;
        edges.clear();
        let mut node = goal.node;
        while self.slots[node as usize].via != NO_WAY {
            let edge = self.slots[node as usize].via;
            edges.push(edge);
            node = snapshot.tail[edge as usize];
        }
        edges.reverse();
        let begun = |start: &&End| start.node == node && start.millis == self.slots[node as usize].cost;
        let start = starts.iter().find(begun).copied().unwrap_or(End { node, millis: 0 });
        Some((millis, start, goal))
    }

    fn begin(&mut self, snapshot: &Snapshot, goals: &[End]) {
        if self.slots.len() < snapshot.node_count() {
            self.slots.resize(snapshot.node_count(), Slot { round: 0, cost: NO_WAY, bound: 0, via: NO_WAY });
        }
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.slots.iter_mut().for_each(|slot| slot.round = 0);
            self.round = 1;
        }
        self.heap.clear();
        self.goals.clear();
        self.goals.extend(goals.iter().map(|goal| (*goal, *snapshot.landmarks.row(goal.node))));
    }

    fn settle(
        &mut self,
        snapshot: &Snapshot,
        starts: &[End],
        haste: u32,
        weigh: impl Fn(u32, u32) -> u32,
    ) -> Option<(u32, End)> {
        for start in starts {
            self.reach(snapshot, haste, start.node, start.millis, NO_WAY);
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
            for edge in (0_u32..).skip(snapshot.out(node).start).take(snapshot.out(node).len()) {
                let head = snapshot.head[edge as usize];
                let aside = snapshot.leaves[head as usize];
                if aside && !self.goals.iter().any(|(goal, _)| goal.node == head) {
                    continue;
                }
                let weight = weigh(edge, slot.cost);
                if weight != NO_WAY {
                    self.reach(snapshot, haste, head, slot.cost.saturating_add(weight), edge);
                }
            }
        }
        best
    }

    fn reach(&mut self, snapshot: &Snapshot, haste: u32, node: u32, cost: u32, via: u32) {
        let slot = &mut self.slots[node as usize];
        if slot.round != self.round {
            let at = snapshot.landmarks.row(node);
            let bounds = self.goals.iter().map(|(goal, row)| {
                let bound = u64::from(bound(at, row)) * 1_000 / u64::from(haste.max(1_000));
                u32::try_from(bound).unwrap_or(NO_WAY).saturating_add(goal.millis)
            });
            let bound = bounds.min().unwrap_or(NO_WAY);
            *slot = Slot { round: self.round, cost: NO_WAY, bound, via: NO_WAY };
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
