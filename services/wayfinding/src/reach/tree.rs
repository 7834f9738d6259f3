//! Dijkstra from some nodes to all, forwards or backwards, with buffers that are used again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::profile::NO_WAY;
use crate::search::End;
use crate::snapshot::{COST_MAX, Snapshot};

/// Which way a search goes along the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// From the ends to every node.
    Out,
    /// From every node to the ends.
    Into,
}

#[derive(Clone, Copy)]
struct Slot {
    round: u32,
    cost: u32,
    /// The edge between the node and the one before; `NO_WAY` at an end.
    via: u32,
}

/// The cheapest ways between the ends and every node.
#[derive(Default)]
pub(crate) struct Tree {
    slots: Vec<Slot>,
    round: u32,
    heap: BinaryHeap<Reverse<u64>>,
    side: Option<Side>,
}

impl Tree {
    /// Finds the cheapest ways; `weigh` is given an edge and the cost at which one comes to it.
    pub(crate) fn grow(
        &mut self,
        snapshot: &Snapshot,
        ends: &[End],
        side: Side,
        weigh: impl Fn(u32, u32) -> u32,
    ) {
        self.begin(snapshot, side);
        for end in ends {
            self.offer(end.node, end.millis, NO_WAY, false);
        }
        while let Some(Reverse(next)) = self.heap.pop() {
            #[expect(clippy::cast_possible_truncation, reason = "both halves were packed from 32 bits")]
            let (cost, node) = ((next >> 32) as u32, next as u32);
            if cost > self.slots[node as usize].cost {
                continue;
            }
            let mut pass = |edge: u32, next: u32| {
                let weight = weigh(edge, cost);
                if weight != NO_WAY {
                    self.offer(next, cost.saturating_add(weight), edge, snapshot.leaves[next as usize]);
                }
            };
            match side {
                Side::Out => {
                    for edge in (0_u32..).skip(snapshot.out(node).start).take(snapshot.out(node).len()) {
                        pass(edge, snapshot.head[edge as usize]);
                    }
                }
                Side::Into => {
                    for edge in snapshot.ending_at(node) {
                        pass(*edge, snapshot.tail[*edge as usize]);
                    }
                }
            }
        }
    }

    fn begin(&mut self, snapshot: &Snapshot, side: Side) {
        if self.slots.len() < snapshot.node_count() {
            self.slots.resize(snapshot.node_count(), Slot { round: 0, cost: NO_WAY, via: NO_WAY });
        }
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.slots.iter_mut().for_each(|slot| slot.round = 0);
            self.round = 1;
        }
        self.heap.clear();
        self.side = Some(side);
    }

    fn offer(&mut self, node: u32, cost: u32, via: u32, is_leaf: bool) {
        let slot = &mut self.slots[node as usize];
        if cost >= COST_MAX || (slot.round == self.round && cost >= slot.cost) {
            return;
        }
        *slot = Slot { round: self.round, cost, via };
        if !is_leaf {
            self.heap.push(Reverse(u64::from(cost) << 32 | u64::from(node)));
        }
    }

    fn slot(&self, node: u32) -> Option<&Slot> {
        self.slots.get(node as usize).filter(|slot| slot.round == self.round)
    }

    /// Returns what the way between the ends and a node costs; `None` where there is none.
    pub(crate) fn cost(&self, node: u32) -> Option<u32> {
        self.slot(node).map(|slot| slot.cost)
    }

    /// Returns the edge at a node on its way to the ends; `None` at an end and where there is no way.
    pub(crate) fn via(&self, node: u32) -> Option<u32> {
        self.slot(node).map(|slot| slot.via).filter(|via| *via != NO_WAY)
    }

    /// Returns the next node towards the ends.
    pub(crate) fn before(&self, snapshot: &Snapshot, node: u32) -> Option<u32> {
        let edge = self.via(node)? as usize;
        Some(if self.side == Some(Side::Out) { snapshot.tail[edge] } else { snapshot.head[edge] })
    }

    /// Returns the cheapest of some goals, with the whole cost.
    pub(crate) fn cheapest(&self, goals: &[End]) -> Option<(u32, End)> {
        let whole = goals.iter().filter_map(|goal| {
            let millis = self.cost(goal.node)?.saturating_add(goal.millis);
            (millis < COST_MAX).then_some((millis, *goal))
        });
        whole.min_by_key(|(millis, _)| *millis)
    }

    /// Returns the edges between a node and the ends, in the order of the way.
    pub(crate) fn edges(&self, snapshot: &Snapshot, node: u32) -> Vec<u32> {
        let mut edges = Vec::new();
        let mut at = node;
        while let (Some(edge), Some(before)) = (self.via(at), self.before(snapshot, at)) {
            edges.push(edge);
            at = before;
        }
        if self.side == Some(Side::Out) {
            edges.reverse();
        }
        edges
    }

    /// Returns the node at the end of a node's way: where it begins, or for [`Side::Into`] where it ends.
    pub(crate) fn root(&self, snapshot: &Snapshot, node: u32) -> u32 {
        let mut at = node;
        while let Some(before) = self.before(snapshot, at) {
            at = before;
        }
        at
    }
}
