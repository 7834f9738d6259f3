//! Reads ahead for those who read the whole log from disk.
//!
//! Positions have no gaps, so the page after a page is known before the first
//! is there. Who asks for consecutive pages gets the next one read at the same
//! time as the one that is waited for. The first page of a reader is never read
//! ahead of; a page that nobody asks for again is dropped.

use std::sync::{Mutex, PoisonError};

use airside_kernel::{Page, ReadError};
use tokio::task::JoinHandle;

/// How many readers at once are known to go on.
const READERS: usize = 8;

/// A page that is being read.
pub(crate) type Reading = JoinHandle<Result<Page, ReadError>>;

/// What readers are likely to ask for next.
#[derive(Default)]
pub(crate) struct Ahead(Mutex<Vec<Next>>);

struct Next {
    after: u64,
    limit: usize,
    reading: Option<Reading>,
}

impl Ahead {
    /// Starts what is wanted unless it was started ahead, and the page after it
    /// when this reader goes on from an earlier page. `read` starts a page;
    /// `goes_on` says whether the page after a position is full already.
    pub(crate) fn take(
        &self,
        after: u64,
        limit: usize,
        goes_on: impl Fn(u64) -> bool,
        read: impl Fn(u64) -> Reading,
    ) -> Reading {
        let mut nexts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = nexts.iter().position(|next| next.after == after && next.limit == limit);
        let found = found.map(|at| nexts.remove(at));
        let is_expected = found.is_some();
        let wanted = found.and_then(|next| next.reading).unwrap_or_else(|| read(after));
        let after = after.saturating_add(limit as u64);
        if goes_on(after) {
            if nexts.len() >= READERS {
                nexts.remove(0);
            }
            nexts.push(Next { after, limit, reading: is_expected.then(|| read(after)) });
        }
        wanted
    }
}
