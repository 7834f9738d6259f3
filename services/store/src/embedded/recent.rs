//! What is new enough to be in memory: places that are not in the index yet,
//! and the last commits themselves.
//!
//! Both are bounded by configuration. Places move on in whole tables: a full
//! table is frozen, flushed to the index, and dropped only when the index has
//! it on disk; so who looks here first and in the index after finds everything.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::Arc,
};

use airside_kernel::{Revision, StreamId};
use foldhash::fast::RandomState;

use crate::blob::{Blob, Place};

/// The places of one stream: consecutive revisions from `first`.
#[derive(Debug)]
struct Run {
    first: u64,
    places: Places,
}

/// Most streams have one recent event: that one needs no memory of its own.
#[derive(Debug)]
enum Places {
    One(Place),
    Many(Vec<Place>),
}

impl Run {
    fn places(&self) -> &[Place] {
        match &self.places {
            Places::One(place) => std::slice::from_ref(place),
            Places::Many(places) => places,
        }
    }

    fn last(&self) -> u64 {
        self.first + self.places().len() as u64 - 1
    }

    fn push(&mut self, place: Place) {
        match &mut self.places {
            Places::One(first) => self.places = Places::Many(vec![*first, place]),
            Places::Many(places) => places.push(place),
        }
    }
}

/// Places of recent events.
#[derive(Debug, Default)]
pub(crate) struct Table {
    streams: HashMap<StreamId, Run, RandomState>,
    events: usize,
    last_position: u64,
}

impl Table {
    /// Makes an empty table with room for as many streams as this one has: to grow
    /// it step by step would take milliseconds under the lock that readers share.
    pub(crate) fn successor(&self) -> Self {
        let streams = HashMap::with_capacity_and_hasher(self.streams.len(), RandomState::default());
        Self { streams, ..Self::default() }
    }

    /// Adds the place of an event.
    pub(crate) fn insert(&mut self, stream: StreamId, revision: Revision, place: Place) {
        self.events += 1;
        self.last_position = place.commit + u64::from(place.index);
        match self.streams.entry(stream) {
            Entry::Occupied(run) => run.into_mut().push(place),
            Entry::Vacant(absent) => {
                absent.insert(Run { first: revision.0, places: Places::One(place) });
            }
        }
    }

    /// Returns how many events it holds.
    pub(crate) fn events(&self) -> usize {
        self.events
    }

    /// Returns the position of the last event that was added.
    pub(crate) fn last_position(&self) -> u64 {
        self.last_position
    }

    /// Returns what the index takes, sorted by stream and revision.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, u64, Place)> {
        let mut streams: Vec<_> = self.streams.iter().collect();
        streams.sort_unstable_by(|a, b| a.0.cmp(b.0));
        streams.into_iter().flat_map(|(stream, run)| {
            (run.first..).zip(run.places()).map(|(revision, place)| (stream.as_str(), revision, *place))
        })
    }
}

/// Two generations of places: one that grows, one that is being flushed.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// Takes new events.
    pub(crate) growing: Table,
    /// Is being flushed.
    pub(crate) frozen: Option<Arc<Table>>,
}

impl Recent {
    /// Returns the last revision of a stream, if any of its events is recent.
    pub(crate) fn last(&self, stream: &StreamId) -> Option<Revision> {
        self.runs(stream).last().map(|run| Revision(run.last()))
    }

    /// Returns the oldest and the newest recent revision of a stream.
    pub(crate) fn span(&self, stream: &StreamId) -> Option<(u64, u64)> {
        let mut runs = self.runs(stream);
        let oldest = runs.next()?;
        Some((oldest.first, runs.next().unwrap_or(oldest).last()))
    }

    /// Returns the recent places of the revisions from `first` to `last` inclusive, rising.
    pub(crate) fn places(&self, stream: &StreamId, first: u64, last: u64) -> Vec<(u64, Place)> {
        let mut found = Vec::new();
        for run in self.runs(stream) {
            let skip = usize::try_from(first.saturating_sub(run.first)).unwrap_or(usize::MAX);
            let rest = run.places().get(skip..).unwrap_or_default();
            found.extend((run.first.saturating_add(skip as u64)..=last).zip(rest.iter().copied()));
        }
        found
    }

    fn runs(&self, stream: &StreamId) -> impl Iterator<Item = &Run> {
        let frozen = self.frozen.as_ref().and_then(|table| table.streams.get(stream));
        frozen.into_iter().chain(self.growing.streams.get(stream))
    }
}

/// The last commits, bounded by bytes.
#[derive(Debug)]
pub(crate) struct Tail {
    blobs: VecDeque<Blob>,
    bytes: usize,
    limit_bytes: usize,
}

impl Tail {
    /// Makes an empty tail that holds at most `limit_bytes`.
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { blobs: VecDeque::new(), bytes: 0, limit_bytes }
    }

    /// Adds the newest commit and drops the oldest ones beyond the limit.
    pub(crate) fn push(&mut self, blob: Blob) {
        self.bytes += blob.bytes().len();
        self.blobs.push_back(blob);
        while self.bytes > self.limit_bytes {
            let Some(oldest) = self.blobs.pop_front() else { break };
            self.bytes -= oldest.bytes().len();
        }
    }

    /// Returns the commit that holds a position, if it is still here.
    pub(crate) fn get(&self, position: u64) -> Option<&Blob> {
        let at = self.blobs.partition_point(|blob| blob.first() <= position).checked_sub(1)?;
        self.blobs.get(at).filter(|blob| blob.last() >= position)
    }

    /// Returns the commits from the one that holds a position, if it is still
    /// here, until they hold `limit` events after it.
    pub(crate) fn from(&self, position: u64, limit: usize) -> Vec<Blob> {
        let until = position.saturating_add(limit as u64);
        let Some(at) = self.blobs.partition_point(|blob| blob.first() <= position).checked_sub(1) else {
            return Vec::new();
        };
        if self.blobs[at].last() < position {
            return Vec::new();
        }
        self.blobs.range(at..).take_while(|blob| blob.first() < until).cloned().collect()
    }
}
