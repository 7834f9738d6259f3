//! Operating a log: figures, verify, backup, restore, rebuild of the index.
//!
//! All of it blocks and may take as long as the log is large, so it belongs on a
//! thread where that is allowed; each work tells how far it is. Verify and
//! backup run beside a writing store and cover everything up to the head at
//! their start: full segments never change, and the live one is read in short
//! snapshots, so the writer waits for neither. Restore and the rebuild of the
//! index want the folder for themselves.

use std::path::Path;

use airside_kernel::{LogId, ReadError, Timestamp};
use redb::Database;
use serde::Serialize;

use super::{EmbeddedStore, disk::contained, glass::open_under_glass};

mod backup;
mod edges;
mod figures;
mod manifest;
mod rebuild;
mod restore;
mod verify;

pub use backup::BackupError;
pub use figures::{Figures, IndexFigures, SegmentFigures};
pub use manifest::{BACKUP_FORMAT, BackupFile, LogManifest};
pub use rebuild::rebuild_index;
pub use restore::{RestoreError, Restored, check_backup, read_manifest, restore};
pub use verify::{Finding, Verified};

/// How far a long work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Step {
    /// How much is done.
    pub done: u64,
    /// How much there is to do.
    pub total: u64,
    /// What is counted: `events` or `bytes`.
    pub unit: &'static str,
}

/// Is told how far a work is, often; it must return quickly.
pub(super) type Progress<'a> = dyn FnMut(Step) + 'a;

impl EmbeddedStore {
    /// Checks every commit, every event and every entry of the index up to the
    /// head at its start, while others append; writes nothing. What is wrong is
    /// the answer, not an error. That whole commits are missing at the end cannot
    /// be seen from inside the log: compare head and last hash with a checkpoint.
    ///
    /// # Errors
    /// When the store is closed or the disk cannot be read at all.
    pub fn verify(&self, progress: &mut Progress<'_>) -> Result<Verified, ReadError> {
        verify::verify(&self.shared, progress)
    }

    /// Copies the log up to the head at its start into an empty or absent
    /// folder, while others append. The manifest is written last, so a copy
    /// that was cut short is never taken for a backup.
    ///
    /// # Errors
    /// When the folder is not empty, cannot be written, or the log is damaged.
    pub fn backup(&self, to: &Path, progress: &mut Progress<'_>) -> Result<LogManifest, BackupError> {
        backup::backup(&self.shared, to, progress)
    }

    /// Returns what an operator wants to know of the log.
    ///
    /// # Errors
    /// When the store is closed or the disk cannot be read.
    pub fn figures(&self) -> Result<Figures, ReadError> {
        figures::figures(&self.shared)
    }
}

/// A file under glass. With damaged notes of free pages redb panics even when it
/// closes, so that is contained too.
struct Pane(Option<Database>);

impl Pane {
    fn over(path: &Path, cache_bytes: usize) -> Result<Self, redb::DatabaseError> {
        open_under_glass(path, cache_bytes).map(|db| Self(Some(db)))
    }

    /// Lets redb check its pages; says what is wrong with them.
    fn check(&mut self) -> Result<(), String> {
        match contained(|| self.0.as_mut().map_or(Ok(true), Database::check_integrity)) {
            Ok(true) => Ok(()),
            Ok(false) => Err("its pages are not as they were written".into()),
            Err(error) => Err(format!("its pages are damaged: {error}")),
        }
    }

    fn read<T>(&self, read: impl Fn(&Database) -> Result<T, redb::Error>) -> Result<T, redb::Error> {
        contained(|| self.0.as_ref().map_or(Err(redb::Error::DatabaseClosed), &read))
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        // Nothing is lost: what it would write stays in memory.
        let _ = contained(|| {
            drop(self.0.take());
            Ok::<_, redb::StorageError>(())
        });
    }
}

/// Writes a log's id as text and reads it again.
mod id_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use uuid::Uuid;

    use super::LogId;

    pub(super) fn serialize<S: Serializer>(id: &LogId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LogId, D::Error> {
        let text = String::deserialize(deserializer)?;
        Uuid::parse_str(&text).map(LogId).map_err(D::Error::custom)
    }
}

/// Returns a stored time; `None` for one that is no time.
fn time(recorded_us: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(recorded_us).ok()
}

/// Writes a hash as people compare it.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
