//! The index at one instant, for verify.

use airside_kernel::ReadError;
use redb::{ReadOnlyTable, ReadableDatabase, StorageError};

use super::{FLUSHED, Index, Key, PLACES, Value, key, revision_of, unreadable};
use crate::{blob::Place, embedded::disk::contained};

/// The index at one instant; flushes after it are not seen.
pub(crate) struct Snapshot {
    /// The position up to which it is complete.
    pub(crate) position: u64,
    table: ReadOnlyTable<Key, Value>,
}

/// One entry of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// The name of the stream.
    pub(crate) stream: &'a [u8],
    /// The revision.
    pub(crate) revision: u64,
    /// Where the event lies.
    pub(crate) place: Place,
}

impl Index {
    /// Changes the entries by hand, behind the log's back.
    #[cfg(test)]
    pub(crate) fn forge(
        &self,
        change: impl FnOnce(&mut redb::Table<'_, Key, Value>),
    ) -> Result<(), redb::Error> {
        let txn = self.db.begin_write()?;
        change(&mut txn.open_table(PLACES)?);
        Ok(txn.commit()?)
    }

    /// Takes a snapshot.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, ReadError> {
        let take = || -> Result<Snapshot, redb::Error> {
            let txn = self.db.begin_read()?;
            let position = txn.open_table(FLUSHED)?.get(self.owner)?.map_or(0, |flushed| flushed.value());
            Ok(Snapshot { position, table: txn.open_table(PLACES)? })
        };
        contained(take).map_err(|error| unreadable(&error))
    }
}

impl Snapshot {
    /// Shows all entries, by stream and revision; `None` stands for a malformed one.
    pub(crate) fn entries(&self, to: &mut dyn FnMut(Option<Entry<'_>>)) -> Result<(), StorageError> {
        for entry in self.table.range::<&[u8]>(..)? {
            let (key, value) = entry?;
            let (key, (commit, index, offset)) = (key.value(), value.value());
            let place = Place { commit, index, offset };
            let revision = revision_of(key);
            to(match key.len().checked_sub(9).and_then(|at| Some((key.get(..at)?, key.get(at)?))) {
                Some((stream, 0)) => Some(Entry { stream, revision, place }),
                _ => None,
            });
        }
        Ok(())
    }

    /// Returns the last revision of a stream.
    pub(crate) fn last(&self, stream: &str) -> Result<Option<u64>, ReadError> {
        let read = || -> Result<Option<u64>, redb::Error> {
            let (low, high) = (key(stream, 0), key(stream, u64::MAX));
            let last = self.table.range(low.as_slice()..=high.as_slice())?.next_back();
            Ok(last.transpose()?.map(|(key, _)| revision_of(key.value())))
        };
        contained(read).map_err(|error| unreadable(&error))
    }
}
