//! The search up the hierarchy from both ends.
//!
//! Whatever a search from a node can reach lies on the node's way to the top of the tree that contraction
//! makes, so there is no queue: the nodes of that way are passed in order.

use super::{Costs, Hierarchy};
use crate::profile::NO_WAY;

/// Marks the end where a climb began, where an arc would stand.
const END: u32 = 1 << 31;

/// A node where a search begins or ends, by rank.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Foot {
    pub(crate) rank: u32,
    pub(crate) millis: u32,
    /// Which of the search's ends it stands for.
    pub(crate) end: u32,
    /// The edge between the end and the node; `NO_WAY` where they are one.
    pub(crate) stub: u32,
}

/// The buffers of a search.
#[derive(Default)]
pub(crate) struct Query {
    forth: Climb,
    back: Climb,
    arcs: Vec<u32>,
    stack: Vec<(u32, bool)>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    round: u32,
    cost: u32,
    /// The arc that led here, or [`END`] with the index of the foot.
    via: u32,
}

#[derive(Default)]
struct Climb {
    slots: Vec<Slot>,
    round: u32,
    /// The ranks to pass, lowest first.
    path: Vec<u32>,
}

impl Query {
    /// Finds the cheapest way that costs less than `limit`, writes its edges, and returns its cost and the
    /// ends it leads from and to. The feet are sorted on the way.
    pub(crate) fn find(
        &mut self,
        hierarchy: &Hierarchy,
        costs: &Costs,
        [starts, goals]: [&mut [Foot]; 2],
        limit: u32,
        edges: &mut Vec<u32>,
    ) -> Option<(u32, u32, u32)> {
        self.forth.begin(hierarchy, starts);
        self.back.begin(hierarchy, goals);
        self.forth.climb(hierarchy, &costs.up, |_, _| limit);
        let (forth, mut best, mut top) = (&self.forth, limit, NO_WAY);
        self.back.climb(hierarchy, &costs.down, |rank, cost| {
            let slot = forth.slots[rank as usize];
            if slot.round == forth.round && slot.cost.saturating_add(cost) < best {
                best = slot.cost.saturating_add(cost);
                top = rank;
            }
            best
        });
        if top == NO_WAY {
            return None;
        }
        edges.clear();
        self.arcs.clear();
        let start = starts[self.forth.descend(hierarchy, top, &mut self.arcs)];
        edges.extend(Some(start.stub).filter(|stub| *stub != NO_WAY));
        for arc in self.arcs.iter().rev() {
            hierarchy.unpack(costs, *arc, true, &mut self.stack, edges);
        }
        self.arcs.clear();
        let goal = goals[self.back.descend(hierarchy, top, &mut self.arcs)];
        for arc in &self.arcs {
            hierarchy.unpack(costs, *arc, false, &mut self.stack, edges);
        }
        edges.extend(Some(goal.stub).filter(|stub| *stub != NO_WAY));
        Some((best, start.end, goal.end))
    }
}

impl Climb {
    fn begin(&mut self, hierarchy: &Hierarchy, feet: &mut [Foot]) {
        if self.slots.len() < hierarchy.parent.len() {
            self.slots.resize(hierarchy.parent.len(), Slot::default());
        }
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.slots.iter_mut().for_each(|slot| slot.round = 0);
            self.round = 1;
        }
        self.path.clear();
        // Neighbours lie on one way to the top; from the lowest on, it is already in order.
        feet.sort_unstable_by_key(|foot| (foot.rank, foot.millis));
        let mut parts = 0;
        for (index, foot) in (0_u32..).zip(feet.iter()) {
            let mut rank = foot.rank;
            parts += u32::from(self.slots[rank as usize].round != self.round);
            while rank != NO_WAY && self.slots[rank as usize].round != self.round {
                self.slots[rank as usize] = Slot { round: self.round, cost: NO_WAY, via: NO_WAY };
                self.path.push(rank);
                rank = hierarchy.parent[rank as usize];
            }
            let slot = &mut self.slots[foot.rank as usize];
            if foot.millis < slot.cost {
                (slot.cost, slot.via) = (foot.millis, END | index);
            }
        }
        if parts > 1 {
            self.path.sort_unstable();
        }
    }

    /// Passes the nodes in order; `meet` is told each one's cost, and says from which cost on nothing is gained.
    fn climb(&mut self, hierarchy: &Hierarchy, costs: &[u32], mut meet: impl FnMut(u32, u32) -> u32) {
        for rank in &self.path {
            let cost = self.slots[*rank as usize].cost;
            if cost >= meet(*rank, cost) {
                continue;
            }
            for arc in hierarchy.above(*rank) {
                let slot = &mut self.slots[hierarchy.head[arc] as usize];
                let further = cost.saturating_add(costs[arc]);
                if further < slot.cost {
                    #[expect(clippy::cast_possible_truncation, reason = "arcs are numbered in 21 bits")]
                    let via = arc as u32;
                    (slot.cost, slot.via) = (further, via);
                }
            }
        }
    }

    /// Lists the arcs from a node down to where the climb began, and returns the index of the foot.
    fn descend(&self, hierarchy: &Hierarchy, top: u32, arcs: &mut Vec<u32>) -> usize {
        let mut via = self.slots[top as usize].via;
        while via & END == 0 {
            arcs.push(via);
            via = self.slots[hierarchy.tail[via as usize] as usize].via;
        }
        (via & !END) as usize
    }
}
