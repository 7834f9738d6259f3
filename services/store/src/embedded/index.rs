//! The stream index: (stream, revision) to the place of the event in the log.
//!
//! It is a redb of its own beside the log and disposable: absent, foreign,
//! older or of another log, it is made anew from the log. It is filled in large
//! sorted flushes by a thread in the background, so a commit never waits for it;
//! what is not flushed yet stands in the memtable, and after a crash only that
//! tail is replayed. Quick repair is on, because a flush is large anyway and a
//! walk of the whole index at every crash would not be.

use std::{
    fs,
    path::{Path, PathBuf},
};

use airside_kernel::{ReadError, Revision};
use redb::{Database, ReadOnlyTable, ReadableDatabase, StorageError, TableDefinition};

use super::{
    disk::{Disk, contained, is_damage},
    glass::open_sealed_under_glass,
    meta::Meta,
    steady::Pace,
};
use crate::blob::{FORMAT_VERSION, Place};

mod snapshot;

pub(crate) use snapshot::{Entry, Snapshot};

type Key = &'static [u8];
type Value = (u64, u32, u32);

/// `stream, 0x00, revision big-endian` to (commit position, index in the commit, offset of the frame).
const PLACES: TableDefinition<'static, Key, Value> = TableDefinition::new("places");
/// (format version, log id, generation) to the position up to which the log is indexed.
const FLUSHED: TableDefinition<'static, (u32, u128, u64), u64> = TableDefinition::new("flushed");

/// The index on disk.
pub(crate) struct Index {
    db: Database,
    path: PathBuf,
    owner: (u32, u128, u64),
}

impl Index {
    /// Opens the index, or makes an empty one where it is absent, damaged or
    /// belongs to another log. Returns the position up to which it is complete.
    pub(crate) fn open(
        disk: &Disk,
        path: &Path,
        meta: &Meta,
        cache: usize,
    ) -> Result<(Self, u64), redb::Error> {
        let owner = (FORMAT_VERSION, meta.log.0.as_u128(), meta.generation);
        if path.exists() {
            let opened =
                disk.open_sealed(Pace::Synced, path, cache).map_err(redb::Error::from).and_then(|db| {
                    let index = Self { db, path: path.to_owned(), owner };
                    let flushed = index.flushed()?;
                    Ok((index, flushed))
                });
            match opened {
                Ok((index, Some(flushed))) => return Ok((index, flushed)),
                Err(error) if !is_damage(&error) => return Err(error),
                found => {
                    let found = found.map(|(_, flushed)| flushed);
                    tracing::warn!(?found, "the stream index does not fit the log: it is rebuilt");
                }
            }
        }
        disk.remove(path)?;
        let db = disk.open_sealed(Pace::Synced, path, cache)?;
        let index = Self { db, path: path.to_owned(), owner };
        index.flush(std::iter::empty(), 0)?;
        Ok((index, 0))
    }

    /// Lets reads go on after a failed write, without writing.
    pub(crate) fn put_under_glass(self, cache: usize) -> Result<Self, redb::Error> {
        let Self { db, path, owner } = self;
        // Closed first: its file is locked.
        drop(db);
        Ok(Self { db: open_sealed_under_glass(&path, cache)?, path, owner })
    }

    /// Returns the position up to which it is complete.
    pub(crate) fn position(&self) -> Result<u64, ReadError> {
        let flushed = contained(|| self.flushed()).map_err(|error| unreadable(&error))?;
        Ok(flushed.unwrap_or(0))
    }

    fn flushed(&self) -> Result<Option<u64>, redb::Error> {
        contained(|| {
            let table = self.db.begin_read()?.open_table(FLUSHED)?;
            Ok(table.get(self.owner)?.map(|flushed| flushed.value()))
        })
    }

    /// Adds places, sorted by stream and revision, and marks the log as indexed up to `flushed`.
    pub(crate) fn flush<'a>(
        &self,
        places: impl Iterator<Item = (&'a str, u64, Place)>,
        flushed: u64,
    ) -> Result<(), redb::Error> {
        contained(|| {
            let mut txn = self.db.begin_write()?;
            txn.set_quick_repair(true);
            {
                let mut table = txn.open_table(PLACES)?;
                for (stream, revision, place) in places {
                    let value = (place.commit, place.index, place.offset);
                    table.insert(key(stream, revision).as_slice(), value)?;
                }
                txn.open_table(FLUSHED)?.insert(self.owner, flushed)?;
            }
            txn.commit()?;
            Ok(())
        })
        .inspect_err(|error| self.give_up_if_damaged(error))
    }

    /// Returns the last revision of a stream.
    pub(crate) fn last(&self, stream: &str) -> Result<Option<Revision>, ReadError> {
        let read = || -> Result<Option<Revision>, redb::Error> {
            let table = self.table()?;
            let last = table.range(key(stream, 0).as_slice()..=key(stream, u64::MAX).as_slice())?.next_back();
            Ok(last.transpose()?.map(|(key, _)| Revision(revision_of(key.value()))))
        };
        let found = contained(read).inspect_err(|error| self.give_up_if_damaged(error));
        found.map_err(|error| unreadable(&error))
    }

    /// Returns the places of the revisions from `first` to `last` inclusive, rising.
    pub(crate) fn places(&self, stream: &str, first: u64, last: u64) -> Result<Vec<(u64, Place)>, ReadError> {
        let read = || -> Result<Vec<(u64, Place)>, redb::Error> {
            let table = self.table()?;
            let range = table.range(key(stream, first).as_slice()..=key(stream, last).as_slice())?;
            let places = range.map(|entry| {
                entry.map(|(key, value)| {
                    let (commit, index, offset) = value.value();
                    (revision_of(key.value()), Place { commit, index, offset })
                })
            });
            Ok(places.collect::<Result<_, StorageError>>()?)
        };
        let found = contained(read).inspect_err(|error| self.give_up_if_damaged(error));
        found.map_err(|error| unreadable(&error))
    }

    /// Removes a damaged file, so that the next start makes it anew: that start
    /// could not see the damage, which may lie anywhere.
    fn give_up_if_damaged(&self, error: &redb::Error) {
        if !is_damage(error) {
            return;
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::error!(path = %self.path.display(), %error, "a damaged index cannot be removed");
            }
            _ => tracing::error!(path = %self.path.display(), %error, "the stream index is damaged"),
        }
    }

    fn table(&self) -> Result<ReadOnlyTable<Key, Value>, redb::Error> {
        Ok(self.db.begin_read()?.open_table(PLACES)?)
    }
}

/// Makes the key of an event. Stream names hold visible ASCII alone, so the
/// zero ends the name and keys of one stream lie together, by revision.
fn key(stream: &str, revision: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(stream.len() + 9);
    key.extend_from_slice(stream.as_bytes());
    key.push(0);
    key.extend_from_slice(&revision.to_be_bytes());
    key
}

fn revision_of(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn unreadable(error: &redb::Error) -> ReadError {
    if is_damage(error) {
        let reason = format!("{error}: restart, and it is made anew");
        return ReadError::Corrupt { at: "index.redb".into(), reason };
    }
    ReadError::Unavailable { reason: format!("index.redb: {error}") }
}
