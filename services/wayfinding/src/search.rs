//! The cheapest way between two sets of nodes, with buffers that are used again.

use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Pace, Profile, Speed};
use crate::snapshot::{Metric, Snapshot};

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
    edges: Vec<u32>,
}

impl std::fmt::Debug for Searcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Searcher").finish_non_exhaustive()
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
        (profile, speed): (Profile, Speed),
        from: u32,
        to: u32,
    ) -> Option<(u32, &[u32])> {
        let end = |node| End { node, millis: 0 };
        let metric = Metric::Of(profile, speed);
        let (cost, _, _) = self.run(snapshot, overlay, metric, [&[end(from)], &[end(to)]])?;
        Some((cost, &self.edges))
    }

    pub(crate) fn find(
        &mut self,
        snapshot: &Snapshot,
        overlay: &Overlay,
        metric: Metric,
        starts: &[End],
        goals: &[End],
    ) -> Option<Found> {
        let (millis, start, goal) = self.run(snapshot, overlay, metric, [starts, goals])?;
        Some(Found { millis, edges: self.edges.clone(), start, goal })
    }

    /// Leaves the way in `edges` and returns its cost, start and goal.
    fn run(
        &mut self,
        snapshot: &Snapshot,
        overlay: &Overlay,
        metric: Metric,
        [starts, goals]: [&[End]; 2],
    ) -> Option<(u32, End, End)> {
        let weigh = |edge: u32, _| match snapshot.weight(metric, edge) {
            NO_WAY => NO_WAY,
            _ if overlay.blocks(edge) => NO_WAY,
            free => free.saturating_add(overlay.delay_ms(edge)),
        };
        let Metric::Of(profile, speed) = metric else {
            return None;
        };
        if !snapshot.joins(metric, starts, goals) {
            return None;
        }
        let brisk = Speed::Pace(Pace::Brisk).mmps(Profile::Walk);
        let haste = (speed.mmps(profile) * 1_000).div_ceil(brisk);
        self.plain.find(snapshot, [starts, goals], haste, weigh, &mut self.edges)
    }
}
