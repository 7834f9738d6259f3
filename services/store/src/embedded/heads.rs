//! A bounded memory of the last revision of streams, for the writer alone.
//!
//! Two generations: what is used moves to the young one; when that is full, the
//! old one is dropped and the young one becomes old. So it keeps what was used
//! lately and costs one look-up in a hash map. What it forgot is asked of the
//! memtable and the index, which know only durable events: so it forgets only
//! between commits, when [`Heads::trim`] is called.

use std::collections::HashMap;

use airside_kernel::{Revision, StreamId};
use foldhash::fast::RandomState;

/// Streams with their last revisions; `None` for a stream known to be absent.
/// Names come from outside: so the hash is seeded at random, if not as strong as
/// the standard one, which takes a third of the time of an append.
type Known = HashMap<StreamId, Option<Revision>, RandomState>;

/// The last revisions of streams that were used lately.
#[derive(Debug)]
pub(crate) struct Heads {
    young: Known,
    old: Known,
    half: usize,
}

/// What was forgotten. To drop it takes milliseconds, which no append should wait for.
#[derive(Debug)]
pub(crate) struct Forgotten(#[expect(dead_code, reason = "it is only dropped")] Known);

impl Heads {
    /// Makes an empty memory of at most `capacity` streams.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { young: Known::default(), old: Known::default(), half: (capacity / 2).max(1) }
    }

    /// Returns what is known of a stream.
    pub(crate) fn get(&mut self, stream: &StreamId) -> Option<Option<Revision>> {
        if let Some(known) = self.young.get(stream) {
            return Some(*known);
        }
        let (stream, known) = self.old.remove_entry(stream)?;
        self.young.insert(stream, known);
        Some(known)
    }

    /// Learns the last revision of a stream.
    pub(crate) fn put(&mut self, stream: &StreamId, last: Option<Revision>) {
        match self.young.get_mut(stream) {
            Some(known) => *known = last,
            None => drop(self.young.insert(stream.clone(), last)),
        }
    }

    /// Forgets what was not used lately, if there is too much.
    pub(crate) fn trim(&mut self) -> Option<Forgotten> {
        if self.young.len() < self.half {
            return None;
        }
        // As large as the last one from the start: to grow it step by step takes milliseconds too.
        let young = Known::with_capacity_and_hasher(self.young.len(), RandomState::default());
        let old = std::mem::replace(&mut self.young, young);
        Some(Forgotten(std::mem::replace(&mut self.old, old)))
    }
}
