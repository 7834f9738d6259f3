//! Commits as they are stored, for verify and backup.
//!
//! Each call copies a bounded piece under a snapshot of its own: a snapshot that
//! is held for long would keep the writer from reusing pages and from leaving
//! a full segment.

use std::path::Path;

use airside_kernel::ReadError;
use bytes::Bytes;
use redb::{Database, ReadableDatabase, TableError};

use super::{ABOUT, COMMITS, FIRST_KEY, PREVIOUS_KEY, Segments, segment_path, unreadable};
use crate::{blob::Hash, embedded::disk::contained};

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct About {
    /// The position of its first event.
    pub(crate) first: Option<u64>,
    /// The hash of the last commit of the segment before.
    pub(crate) previous: Option<Hash>,
}

impl Segments {
    /// Returns the folder of the segments.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the first positions of all segments, rising; the last one is live.
    pub(crate) fn firsts(&self) -> Vec<u64> {
        self.state().firsts.clone()
    }

    /// Copies commits with their keys from the open segment that begins at
    /// `first`: from the key `from` on, at most `bytes` and one more commit.
    pub(crate) fn stored(&self, first: u64, from: u64, bytes: usize) -> Result<Vec<(u64, Bytes)>, ReadError> {
        self.read_segment(first, |db| stored(db, from, bytes))
    }

    /// Returns what an open segment says of itself.
    pub(crate) fn about(&self, first: u64) -> Result<About, ReadError> {
        self.read_segment(first, about)
    }

    /// Makes sure that a full segment was closed cleanly, so that its file can be copied.
    pub(crate) fn settle(&self, first: u64) -> Result<(), ReadError> {
        self.leave_all();
        self.full_segment(first).map(drop)
    }

    fn read_segment<T>(
        &self,
        first: u64,
        read: impl Fn(&dyn Snapshots) -> Result<T, redb::Error>,
    ) -> Result<T, ReadError> {
        let found = self.with_segment(first, |db| contained(|| read(db)))?;
        found.map_err(|error| unreadable(&segment_path(&self.folder, first), &error))
    }
}

/// Any open redb.
pub(crate) trait Snapshots {
    /// Begins a snapshot.
    fn snapshot(&self) -> Result<redb::ReadTransaction, redb::TransactionError>;
}

impl<T: ReadableDatabase> Snapshots for T {
    fn snapshot(&self) -> Result<redb::ReadTransaction, redb::TransactionError> {
        self.begin_read()
    }
}

/// Copies commits with their keys, from the key `from` on.
pub(crate) fn stored(db: &dyn Snapshots, from: u64, bytes: usize) -> Result<Vec<(u64, Bytes)>, redb::Error> {
    let table = match db.snapshot()?.open_table(COMMITS) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let (mut found, mut held) = (Vec::new(), 0);
    for entry in table.range(from..)? {
        let (key, value) = entry?;
        let commit = Bytes::copy_from_slice(value.value());
        held += commit.len();
        found.push((key.value(), commit));
        if held >= bytes {
            break;
        }
    }
    Ok(found)
}

/// Returns what a segment says of itself.
pub(crate) fn about(db: &dyn Snapshots) -> Result<About, redb::Error> {
    let table = db.snapshot()?.open_table(ABOUT)?;
    let first = table.get(FIRST_KEY)?.and_then(|value| value.value().try_into().ok());
    let previous = table.get(PREVIOUS_KEY)?.and_then(|value| value.value().try_into().ok());
    Ok(About { first: first.map(u64::from_le_bytes), previous })
}

/// Puts commits into a segment, durably.
pub(crate) fn put(db: &Database, commits: &[(u64, Bytes)]) -> Result<(), redb::Error> {
    let txn = db.begin_write()?;
    {
        let mut table = txn.open_table(COMMITS)?;
        for (key, bytes) in commits {
            table.insert(key, bytes.as_ref())?;
        }
    }
    Ok(txn.commit()?)
}

/// Returns the first and the last commit of a segment; `None` when it holds none.
pub(crate) fn ends(db: &dyn Snapshots) -> Result<Option<(Bytes, Bytes)>, redb::Error> {
    let table = db.snapshot()?.open_table(COMMITS)?;
    let mut commits = table.range::<u64>(..)?;
    let Some(oldest) = commits.next() else { return Ok(None) };
    let oldest = Bytes::copy_from_slice(oldest?.1.value());
    let newest = commits.next_back().transpose()?;
    let newest = newest.map_or_else(|| oldest.clone(), |(_, value)| Bytes::copy_from_slice(value.value()));
    Ok(Some((oldest, newest)))
}
