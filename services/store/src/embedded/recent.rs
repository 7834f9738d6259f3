//! What is new enough to be in memory: places that are not in the index yet,
//! and the last commits themselves.
//!
//! Both are bounded by configuration. Places move on in whole tables: a full
//! table is frozen, flushed to the index, and dropped only when the index has
//! it on disk; so who looks here first and in the index after finds everything.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use airside_kernel::Revision;

use super::index;
use crate::blob::{Blob, Place};

/// The places of one stream: consecutive revisions from `first`.
#[derive(Debug)]
struct Run {
    first: u64,
    places: Vec<Place>,
}

/// Places of recent events.
#[derive(Debug, Default)]
pub(crate) struct Table {
    streams: HashMap<Arc<str>, Run>,
    events: usize,
    last_position: u64,
}

impl Table {
    /// Adds the place of an event.
    pub(crate) fn insert(&mut self, stream: &str, revision: u64, place: Place) {
        self.events += 1;
        self.last_position = place.commit + u64::from(place.index);
        if let Some(run) = self.streams.get_mut(stream) {
            run.places.push(place);
        } else {
            self.streams.insert(stream.into(), Run { first: revision, places: vec![place] });
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

    /// Returns what the index takes.
    pub(crate) fn entries(&self) -> Vec<(Vec<u8>, Place)> {
        let mut entries = Vec::with_capacity(self.events);
        for (stream, run) in &self.streams {
            for (revision, place) in (run.first..).zip(&run.places) {
                entries.push((index::key(stream, revision), *place));
            }
        }
        entries
    }

    fn last(&self, stream: &str) -> Option<Revision> {
        self.streams.get(stream).map(|run| Revision(run.first + run.places.len() as u64 - 1))
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
    pub(crate) fn last(&self, stream: &str) -> Option<Revision> {
        self.growing.last(stream).or_else(|| self.frozen.as_ref()?.last(stream))
    }

    /// Returns the oldest and the newest recent revision of a stream.
    pub(crate) fn span(&self, stream: &str) -> Option<(u64, u64)> {
        let first = self.runs(stream).next()?.first;
        Some((first, self.last(stream)?.0))
    }

    /// Returns the recent places of the revisions from `first` to `last` inclusive, rising.
    pub(crate) fn places(&self, stream: &str, first: u64, last: u64) -> Vec<(u64, Place)> {
        let mut found = Vec::new();
        for run in self.runs(stream) {
            let skip = usize::try_from(first.saturating_sub(run.first)).unwrap_or(usize::MAX);
            let rest = run.places.get(skip..).unwrap_or_default();
            found.extend((run.first + skip as u64..=last).zip(rest.iter().copied()));
        }
        found
    }

    fn runs(&self, stream: &str) -> impl Iterator<Item = &Run> {
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
