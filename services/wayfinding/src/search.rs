//! The cheapest way between two sets of nodes, with buffers that are used again.
//!
//! A pace is answered by the hierarchy, one's own speed by A*; whether there is a way at all is read off the
//! components first. Opening hours make only waiting longer, so a way found as if all were open is the cheapest
//! when everything on it is open as one comes by. Otherwise A* searches with the hours: who comes too early
//! waits, and who comes later is never through earlier, so the first to reach a node is the best.

use crate::cch::Hierarchy;
use crate::cch::query::{Foot, Query};
use crate::hours::Moment;
use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Pace, Profile, Speed, Who};
use crate::reach::Tree;
use crate::snapshot::borders::Borders;
use crate::snapshot::{COST_MAX, Snapshot};
use crate::taut::Scratch;

mod plain;

use plain::Plain;

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

/// The buffers of one search at a time; a worker keeps one and lends it to each request.
#[derive(Default)]
pub struct Searcher {
    plain: Plain,
    query: Query,
    feet: [Vec<Foot>; 2],
    edges: Vec<u32>,
    /// One from a search's start, one to its goal.
    pub(crate) trees: [Tree; 2],
    /// The buffers by which a found way is pulled taut.
    pub(crate) scratch: Scratch,
}

impl std::fmt::Debug for Searcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Searcher").finish_non_exhaustive()
    }
}

/// What a search goes by.
#[derive(Clone, Copy)]
pub(crate) struct Now<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) overlay: &'a Overlay,
    pub(crate) who: Who,
    /// When they set out; where nobody says, hours count for nothing.
    pub(crate) depart: Option<Moment>,
    /// Whether no border is passed, both ends being on one side of them.
    pub(crate) stays: bool,
}

impl Now<'_> {
    /// Returns the same for a way between these ends.
    pub(crate) fn between(&self, starts: &[End], goals: &[End]) -> Self {
        let joins = |borders: &Borders| {
            starts.iter().any(|start| goals.iter().any(|goal| borders.join(start.node, goal.node)))
        };
        Self { stays: self.stays || self.snapshot.borders(self.who).is_some_and(joins), ..*self }
    }

    /// Tells whether hours can make a difference: somebody sets out at a moment, and the map has some.
    pub(crate) fn hours_count(&self) -> bool {
        self.depart.is_some() && !self.snapshot.timed.is_empty()
    }

    /// Returns what an edge costs now, or `NO_WAY`; hours aside.
    pub(crate) fn weigh(&self, edge: u32) -> u32 {
        if self.stays && self.snapshot.is_border(edge) {
            return NO_WAY;
        }
        self.overlay.weigh(edge, self.snapshot.weight(self.who, edge))
    }

    /// Returns how long one who comes to an edge at a cost waits until it opens, or `None` where it never does.
    pub(crate) fn wait_ms(&self, edge: u32, at_ms: u32) -> Option<u32> {
        let Some((depart, hours)) = self.depart.zip(self.snapshot.timed.get(&edge)) else { return Some(0) };
        hours.wait_ms(depart, at_ms)
    }

    /// Returns what an edge costs one who comes to it at a cost, waiting included, or `NO_WAY`.
    pub(crate) fn weigh_at(&self, edge: u32, at_ms: u32) -> u32 {
        match (self.weigh(edge), self.wait_ms(edge, at_ms)) {
            (NO_WAY, _) | (_, None) => NO_WAY,
            (weight, Some(wait_ms)) => weight.saturating_add(wait_ms),
        }
    }

    /// Tells whether everything on a way is open as one comes by.
    pub(crate) fn passes(&self, edges: &[u32], start_ms: u32) -> bool {
        let mut at_ms = start_ms;
        edges.iter().all(|edge| {
            let open = self.wait_ms(*edge, at_ms) == Some(0);
            at_ms = at_ms.saturating_add(self.weigh(*edge));
            open
        })
    }
}

impl Searcher {
    /// Returns a searcher without buffers; the first search makes them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns what the cheapest way between two nodes costs now, in milliseconds, and its edges. For
    /// measurements.
    pub fn path(
        &mut self,
        snapshot: &Snapshot,
        overlay: &Overlay,
        who: Who,
        from: u32,
        to: u32,
    ) -> Option<(u32, &[u32])> {
        self.path_at(snapshot, overlay, (who, None), from, to)
    }

    /// Returns the same for who sets out at a moment, the time until something opens included.
    pub fn path_at(
        &mut self,
        snapshot: &Snapshot,
        overlay: &Overlay,
        (who, depart): (Who, Option<Moment>),
        from: u32,
        to: u32,
    ) -> Option<(u32, &[u32])> {
        let end = |node| End { node, millis: 0 };
        let now = Now { snapshot, overlay, who, depart, stays: false };
        let (cost, _, _) = self.run(&now, [&[end(from)], &[end(to)]])?;
        Some((cost, &self.edges))
    }

    /// Finds the cheapest way from any start to any goal.
    pub(crate) fn find(&mut self, now: &Now<'_>, starts: &[End], goals: &[End]) -> Option<Found> {
        let (millis, start, goal) = self.run(now, [starts, goals])?;
        Some(Found { millis, edges: self.edges.clone(), start, goal })
    }

    /// Leaves the way in `edges` and returns its cost, start and goal.
    fn run(&mut self, now: &Now<'_>, ends: [&[End]; 2]) -> Option<(u32, End, End)> {
        let now = &now.between(ends[0], ends[1]);
        let prepared = now.overlay.prepared(now.snapshot);
        if !prepared.components(now).join(ends[0], ends[1]) {
            return None;
        }
        let hurried = match (now.who.speed, &now.snapshot.hierarchy) {
            (Speed::Pace(pace), Some(hierarchy)) => self.climb(now, hierarchy, pace, ends)?,
            _ => self.wander(now, ends, |edge, _| now.weigh(edge))?,
        };
        if !now.hours_count() || now.passes(&self.edges, hurried.1.millis) {
            return Some(hurried);
        }
        self.wander(now, ends, |edge, at_ms| now.weigh_at(edge, at_ms))
    }

    /// Searches by landmarks alone.
    fn wander(
        &mut self,
        now: &Now<'_>,
        ends: [&[End]; 2],
        weigh: impl Fn(u32, u32) -> u32,
    ) -> Option<(u32, End, End)> {
        let brisk = Speed::Pace(Pace::Brisk).mmps(Profile::Walk);
        let haste = (now.who.speed.mmps(now.who.profile) * 1_000).div_ceil(brisk);
        self.plain.find(now.snapshot, ends, haste, weigh, &mut self.edges)
    }

    /// Searches by the hierarchy, from and to the nodes next to leaves.
    fn climb(
        &mut self,
        now: &Now<'_>,
        hierarchy: &Hierarchy,
        pace: Pace,
        [starts, goals]: [&[End]; 2],
    ) -> Option<(u32, End, End)> {
        let mut straight = Straight { millis: COST_MAX, ends: [0; 2], edge: NO_WAY };
        let [feet, goal_feet] = &mut self.feet;
        feet.clear();
        goal_feet.clear();
        for (start, end) in starts.iter().zip(0_u32..) {
            for (goal, other) in goals.iter().zip(0_u32..).filter(|(goal, _)| goal.node == start.node) {
                straight.offer(start.millis.saturating_add(goal.millis), [end, other], NO_WAY);
            }
            if let Some(rank) = hierarchy.rank(start.node) {
                feet.push(Foot { rank, millis: start.millis, end, stub: NO_WAY });
                continue;
            }
            for edge in now.snapshot.out(start.node) {
                let (edge, head) = (narrow(edge), now.snapshot.head[edge]);
                let millis = start.millis.saturating_add(now.weigh(edge));
                match hierarchy.rank(head) {
                    Some(rank) if millis < COST_MAX => feet.push(Foot { rank, millis, end, stub: edge }),
                    Some(_) => {}
                    None => {
                        for (goal, other) in goals.iter().zip(0_u32..).filter(|(goal, _)| goal.node == head) {
                            straight.offer(millis.saturating_add(goal.millis), [end, other], edge);
                        }
                    }
                }
            }
        }
        for (goal, end) in goals.iter().zip(0_u32..) {
            if let Some(rank) = hierarchy.rank(goal.node) {
                goal_feet.push(Foot { rank, millis: goal.millis, end, stub: NO_WAY });
                continue;
            }
            for edge in now.snapshot.ending_at(goal.node) {
                let millis = goal.millis.saturating_add(now.weigh(*edge));
                if let Some(rank) =
                    hierarchy.rank(now.snapshot.tail[*edge as usize]).filter(|_| millis < COST_MAX)
                {
                    goal_feet.push(Foot { rank, millis, end, stub: *edge });
                }
            }
        }
        let costs = now.overlay.prepared(now.snapshot).costs(now, hierarchy, pace);
        let found = self.query.find(hierarchy, costs, [feet, goal_feet], straight.millis, &mut self.edges);
        let (millis, start, goal) = found.or_else(|| {
            self.edges.clear();
            self.edges.extend(Some(straight.edge).filter(|edge| *edge != NO_WAY));
            let [start, goal] = straight.ends;
            (straight.millis < COST_MAX).then_some((straight.millis, start, goal))
        })?;
        Some((millis, starts[start as usize], goals[goal as usize]))
    }
}

/// The best way that needs no search: none at all, or one edge between leaves.
struct Straight {
    millis: u32,
    ends: [u32; 2],
    edge: u32,
}

impl Straight {
    fn offer(&mut self, millis: u32, ends: [u32; 2], edge: u32) {
        if millis < self.millis {
            *self = Self { millis, ends, edge };
        }
    }
}

fn narrow(edge: usize) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "edges are numbered in 32 bits")]
    let edge = edge as u32;
    edge
}

#[cfg(test)]
mod tests;
