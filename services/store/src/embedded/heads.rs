//! A bounded memory of the last revision of streams, for the writer alone.
//!
//! Two generations: what is used moves to the young one; when that is full, the
//! old one is dropped and the young one becomes old. So it keeps what was used
//! lately and costs one look-up in a hash map. What it forgot is asked of the
//! memtable and the index, which know only durable events: so it forgets only
//! between commits, when [`Heads::trim`] is called.

use std::collections::HashMap;

use airside_kernel::{Revision, StreamId};

/// The last revisions of streams that were used lately; `None` for a stream known to be absent.
#[derive(Debug)]
pub(crate) struct Heads {
    young: HashMap<StreamId, Option<Revision>>,
    old: HashMap<StreamId, Option<Revision>>,
    half: usize,
}

impl Heads {
    /// Makes an empty memory of at most `capacity` streams.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: (capacity / 2).max(1) }
    }

    /// Returns what is known of a stream.
    pub(crate) fn get(&mut self, stream: &StreamId) -> Option<Option<Revision>> {
        if let Some(known) = self.young.get(stream) {
            return Some(*known);
        }
        let (stream, known) = self.old.remove_entry(stream)?;
        self.put(stream, known);
        Some(known)
    }

    /// Learns the last revision of a stream.
    pub(crate) fn put(&mut self, stream: StreamId, last: Option<Revision>) {
        self.young.insert(stream, last);
    }

    /// Forgets what was not used lately, if there is too much.
    pub(crate) fn trim(&mut self) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
    }
}
