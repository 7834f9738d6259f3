//! Customizable contraction hierarchies: shortest ways in microseconds under weights that change.
//!
//! Contraction leaves nodes out one after the other and joins the neighbours of each by arcs, so that every
//! shortest way climbs to higher nodes and then descends. Which arcs there are depends on the graph alone and
//! is found once for a snapshot; what they cost is filled in anew whenever something closes or slows down,
//! in one pass over the triangles that contraction made ([`Costs`]). After Dibbelt, Strasser and Wagner,
//! "Customizable Contraction Hierarchies" (2014).
//!
//! Leaves are no part of it: a search begins and ends at their neighbours.

use crate::graph::Graph;
use crate::profile::NO_WAY;
use crate::snapshot::{COST_MAX, Rows};

mod cut;
mod order;
pub(crate) mod query;

use order::Plan;

/// The most arcs that are kept; a graph that needs more is no building, and is searched without them.
const ARCS_MAX: usize = 1 << 21;
/// How far apart two levels count in the plan, in metres.
const LEVEL_GAP_M: f64 = 100.0;
/// Marks the middle node of two lower arcs, where an edge would stand.
const MIDDLE: u32 = 1 << 31;

/// The arcs of a snapshot, whatever they cost.
#[derive(Debug)]
pub(crate) struct Hierarchy {
    /// The rank of each node; `NO_WAY` for leaves.
    rank: Vec<u32>,
    /// The lowest higher neighbour by rank; `NO_WAY` at the top.
    parent: Vec<u32>,
    /// Where each rank's arcs begin.
    first: Vec<u32>,
    /// The higher end of each arc, in order.
    head: Vec<u32>,
    /// The lower end of each arc.
    tail: Vec<u32>,
    /// The arc of each edge, and whether the edge leads up it.
    arcs: Vec<(u32, bool)>,
}

/// What the arcs cost one profile at one moment, and what they stand for.
#[derive(Debug)]
pub(crate) struct Costs {
    up: Vec<u32>,
    down: Vec<u32>,
    /// An edge, or [`MIDDLE`] with the rank in the middle.
    up_via: Vec<u32>,
    down_via: Vec<u32>,
}

impl Hierarchy {
    /// Contracts the nodes that are not leaves; `None` when that takes too many arcs.
    pub(crate) fn of(graph: &Graph, rows: &Rows<'_>, leaves: &[bool]) -> Option<Self> {
        let kept: Vec<usize> = (0..rows.nodes()).filter(|node| !leaves[*node]).collect();
        let mut rank = vec![NO_WAY; rows.nodes()];
        for (index, node) in (0_u32..).zip(&kept) {
            rank[*node] = index;
        }
        let order = order::order(&plan(graph, rows, &kept, &rank));
        for (place, index) in (0_u32..).zip(order) {
            rank[kept[index as usize]] = place;
        }
        let mut above: Vec<Vec<u32>> = vec![vec![]; kept.len()];
        for (tail, head) in rows.tail.iter().zip(rows.head) {
            let (tail, head) = (rank[*tail as usize], rank[*head as usize]);
            if tail != head && tail != NO_WAY && head != NO_WAY {
                above[tail.min(head) as usize].push(tail.max(head));
            }
        }
        let (mut first, mut head, mut tail, mut parent) = (vec![0], vec![], vec![], vec![]);
        for low in 0..kept.len() {
            let mut row = std::mem::take(&mut above[low]);
            row.sort_unstable();
            row.dedup();
            parent.push(row.first().copied().unwrap_or(NO_WAY));
            if let [lowest, higher @ ..] = row.as_slice() {
                above[*lowest as usize].extend(higher);
            }
            tail.extend(row.iter().map(|_| u32::try_from(low).unwrap_or(NO_WAY)));
            head.extend(row);
            if head.len() > ARCS_MAX {
                return None;
            }
            first.push(u32::try_from(head.len()).unwrap_or(NO_WAY));
        }
        let mut hierarchy = Self { rank, parent, first, head, tail, arcs: vec![] };
        let ends = rows.tail.iter().zip(rows.head);
        hierarchy.arcs = ends.map(|(tail, head)| hierarchy.arc_of(*tail, *head)).collect();
        Some(hierarchy)
    }

    fn arc_of(&self, tail: u32, head: u32) -> (u32, bool) {
        let (tail, head) = (self.rank[tail as usize], self.rank[head as usize]);
        if tail == head || tail == NO_WAY || head == NO_WAY {
            return (NO_WAY, false);
        }
        (self.arc(tail.min(head), tail.max(head)), tail < head)
    }

    /// Returns the arc between two ranks that are joined.
    fn arc(&self, low: u32, high: u32) -> u32 {
        let row = self.above(low);
        let place = self.head[row.clone()].binary_search(&high);
        place.ok().and_then(|place| u32::try_from(row.start + place).ok()).unwrap_or(NO_WAY)
    }

    fn above(&self, rank: u32) -> std::ops::Range<usize> {
        self.first[rank as usize] as usize..self.first[rank as usize + 1] as usize
    }

    /// Returns the rank of a node, or `None` for a leaf.
    pub(crate) fn rank(&self, node: u32) -> Option<u32> {
        Some(self.rank[node as usize]).filter(|rank| *rank != NO_WAY)
    }

    /// Fills in what every arc costs; `weigh` returns what an edge costs now, or `NO_WAY`.
    pub(crate) fn customise(&self, weigh: impl Fn(u32) -> u32) -> Costs {
        let arcs = self.head.len();
        let mut costs = Costs {
            up: vec![COST_MAX; arcs],
            down: vec![COST_MAX; arcs],
            up_via: vec![NO_WAY; arcs],
            down_via: vec![NO_WAY; arcs],
        };
        for (edge, (arc, is_up)) in (0_u32..).zip(&self.arcs).filter(|(_, (arc, _))| *arc != NO_WAY) {
            let (cost, via) = costs.side(*arc as usize, *is_up);
            let weight = weigh(edge);
            if weight < *cost {
                (*cost, *via) = (weight, edge);
            }
        }
        for rank in (0_u32..).take(self.parent.len()) {
            self.triangles(rank, &mut costs);
        }
        costs
    }

    /// Makes the arcs between the higher neighbours of a node no dearer than the way over the node.
    fn triangles(&self, middle: u32, costs: &mut Costs) {
        let row = self.above(middle);
        for low in row.clone() {
            let (to_low, from_low) = (costs.up[low], costs.down[low]);
            if to_low >= COST_MAX && from_low >= COST_MAX {
                continue;
            }
            let mut arc = self.first[self.head[low] as usize] as usize;
            for high in low + 1..row.end {
                // The neighbours of a contracted node are all joined, so the arc is there.
                while self.head[arc] != self.head[high] {
                    arc += 1;
                }
                let (up, down) = (from_low + costs.up[high], costs.down[high] + to_low);
                if up < costs.up[arc] {
                    costs.up[arc] = up;
                    costs.up_via[arc] = MIDDLE | middle;
                }
                if down < costs.down[arc] {
                    costs.down[arc] = down;
                    costs.down_via[arc] = MIDDLE | middle;
                }
            }
        }
    }

    /// Writes the edges that an arc stands for; `stack` is scratch.
    fn unpack(
        &self,
        costs: &Costs,
        arc: u32,
        is_up: bool,
        stack: &mut Vec<(u32, bool)>,
        edges: &mut Vec<u32>,
    ) {
        stack.clear();
        stack.push((arc, is_up));
        while let Some((arc, is_up)) = stack.pop() {
            let via = if is_up { costs.up_via[arc as usize] } else { costs.down_via[arc as usize] };
            if via & MIDDLE == 0 {
                edges.push(via);
                continue;
            }
            let (low, high) = (self.tail[arc as usize], self.head[arc as usize]);
            let (from, to) = if is_up { (low, high) } else { (high, low) };
            stack.push((self.arc(via & !MIDDLE, to), true));
            stack.push((self.arc(via & !MIDDLE, from), false));
        }
    }
}

impl Costs {
    fn side(&mut self, arc: usize, is_up: bool) -> (&mut u32, &mut u32) {
        if is_up {
            (&mut self.up[arc], &mut self.up_via[arc])
        } else {
            (&mut self.down[arc], &mut self.down_via[arc])
        }
    }
}

/// Lays out the nodes that are kept; `index` tells each one's place among them.
fn plan(graph: &Graph, rows: &Rows<'_>, kept: &[usize], index: &[u32]) -> Plan {
    let at = |node: &usize| {
        let node = &graph.model[petgraph::stable_graph::NodeIndex::new(*node)];
        let ordinal = graph.storeys.get(node.level).map_or(0, |storey| storey.ordinal);
        [node.at.x, node.at.y, f64::from(ordinal) * LEVEL_GAP_M]
    };
    let mut neighbours = vec![vec![]; kept.len()];
    for (tail, head) in rows.tail.iter().zip(rows.head) {
        let (tail, head) = (index[*tail as usize], index[*head as usize]);
        if tail != head && tail != NO_WAY && head != NO_WAY {
            neighbours[tail as usize].push(head);
            neighbours[head as usize].push(tail);
        }
    }
    for row in &mut neighbours {
        row.sort_unstable();
        row.dedup();
    }
    Plan { at: kept.iter().map(at).collect(), neighbours }
}

#[cfg(test)]
mod tests;
