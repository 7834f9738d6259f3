//! What is different right now: closures, and delays such as queues. It only removes edges or raises costs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::graph::{EdgeKind, NodeKind};
use crate::imdf::FeatureId;
use crate::profile::NO_WAY;
use crate::snapshot::Snapshot;

pub(crate) mod prepared;

use prepared::Prepared;

/// The live state of a venue over one snapshot; immutable, replaced as a whole when something changes.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    closed: BTreeSet<FeatureId>,
    unknown: Vec<FeatureId>,
    /// One bit an edge; empty when nothing is closed.
    blocked: Vec<u64>,
    /// Milliseconds more for an edge; empty when nothing is delayed.
    delays: Vec<u32>,
    prepared: Arc<Prepared>,
}

impl Snapshot {
    /// Tells whether people queue at a feature: a checkpoint, or a lift.
    pub fn queues(&self, feature: &FeatureId) -> bool {
        self.closes.get(feature).is_some_and(|edges| edges.iter().any(|edge| self.is_queued_at(*edge)))
    }

    /// Tells whether people queue for an edge: a check, or boarding a lift.
    fn is_queued_at(&self, edge: u32) -> bool {
        let in_car = |node: u32| matches!(self.node(node).kind, NodeKind::Hub(_));
        let kind = self.edge(edge).kind;
        let boards = in_car(self.head[edge as usize]) && !in_car(self.tail[edge as usize]);
        kind.check().is_some() || kind == EdgeKind::Lift && boards
    }
}

impl Overlay {
    /// Returns the overlay of a venue where everything is open.
    pub fn open() -> Self {
        Self::default()
    }

    /// Builds the overlay of a set of closed features: units, openings, shafts, amenities, checkpoints.
    ///
    /// Features that the snapshot does not know are kept aside, since a newer map may have dropped them.
    pub fn closing(snapshot: &Snapshot, closed: impl IntoIterator<Item = FeatureId>) -> Self {
        Self::live(snapshot, closed, &BTreeMap::new())
    }

    /// Builds the overlay of closed features and of delays in milliseconds.
    ///
    /// A delay of a checkpoint or door counts where it is passed one way, a delay of a lift where it is
    /// boarded, and any other delay on each edge of the feature.
    pub fn live(
        snapshot: &Snapshot,
        closed: impl IntoIterator<Item = FeatureId>,
        delays_ms: &BTreeMap<FeatureId, u32>,
    ) -> Self {
        let mut overlay = Self { closed: closed.into_iter().collect(), ..Self::default() };
        for feature in &overlay.closed {
            let Some(edges) = snapshot.closes.get(feature) else {
                overlay.unknown.push(feature.clone());
                continue;
            };
            overlay.blocked.resize(snapshot.edge_count().div_ceil(64), 0);
            for edge in edges {
                overlay.blocked[*edge as usize / 64] |= 1 << (edge % 64);
            }
        }
        for (feature, millis) in delays_ms {
            overlay.delay(snapshot, feature, *millis);
        }
        overlay
    }

    fn delay(&mut self, snapshot: &Snapshot, feature: &FeatureId, millis: u32) {
        let Some(edges) = snapshot.closes.get(feature) else {
            return self.unknown.push(feature.clone());
        };
        self.delays.resize(snapshot.edge_count(), 0);
        let gate = |edge: u32| snapshot.is_queued_at(edge);
        let narrow = edges.iter().any(|edge| gate(*edge));
        for edge in edges.iter().filter(|edge| !narrow || gate(**edge)) {
            let delay = &mut self.delays[*edge as usize];
            *delay = delay.saturating_add(millis);
        }
    }

    /// Returns the closed features.
    pub fn closed(&self) -> &BTreeSet<FeatureId> {
        &self.closed
    }

    /// Returns the features that were named but are not on this map.
    pub fn unknown(&self) -> &[FeatureId] {
        &self.unknown
    }

    /// Prepares for searches whatever was in use before, on the snapshot of then, so that no request waits
    /// for it.
    pub fn follow(&self, snapshot: &Snapshot, before: &Self, earlier: &Snapshot) {
        self.prepared(snapshot).follow(before.prepared(earlier), snapshot, self);
    }

    /// Returns what searches need of this moment; where nothing is different the snapshot keeps it.
    pub(crate) fn prepared<'a>(&'a self, snapshot: &'a Snapshot) -> &'a Prepared {
        if self.blocked.is_empty() && self.delays.is_empty() { &snapshot.prepared } else { &self.prepared }
    }

    /// Returns what an edge costs now, given what it costs at free flow, or `NO_WAY`.
    pub(crate) fn weigh(&self, edge: u32, free: u32) -> u32 {
        if free == NO_WAY || self.blocks(edge) { NO_WAY } else { free.saturating_add(self.delay_ms(edge)) }
    }

    /// Returns the edges that are closed.
    pub(crate) fn blocked(&self) -> impl Iterator<Item = u32> + '_ {
        let words = self.blocked.iter().zip((0_u32..).step_by(64)).filter(|(word, _)| **word != 0);
        words.flat_map(|(word, first)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| first + bit)
        })
    }

    /// Tells whether an edge is closed.
    pub(crate) fn blocks(&self, edge: u32) -> bool {
        self.blocked.get(edge as usize / 64).is_some_and(|word| word >> (edge % 64) & 1 == 1)
    }

    /// Tells whether an edge is closed by its unit alone: who is inside can still leave by it.
    pub(crate) fn blocks_by_unit(&self, snapshot: &Snapshot, edge: u32) -> bool {
        let way = snapshot.edge(edge);
        let unit = way.room.and_then(|room| snapshot.graph().unit_id(room));
        let head = snapshot.node(snapshot.head[edge as usize]);
        self.blocks(edge)
            && unit.is_some_and(|unit| self.closed.contains(unit))
            && !way.features.iter().chain(&head.features).any(|feature| self.closed.contains(feature))
    }

    /// Returns the milliseconds that an edge takes longer.
    pub(crate) fn delay_ms(&self, edge: u32) -> u32 {
        self.delays.get(edge as usize).copied().unwrap_or(0)
    }
}
