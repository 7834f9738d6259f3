//! Who the log is: `log/meta.redb`, written once and replaced whole.
//!
//! It is read before anything else is touched, read-only, so a folder of a
//! newer version is refused as it was found.

use std::path::Path;

use airside_kernel::{LogId, Timestamp};
use redb::{DatabaseError, ReadableDatabase, TableDefinition};
use uuid::Uuid;

use super::{
    OpenError,
    disk::{Disk, contained},
};
use crate::blob::FORMAT_VERSION;

const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");
const VERSION_KEY: &str = "format_version";
const LOG_KEY: &str = "log_id";
const GENERATION_KEY: &str = "generation";
const RESTORED_KEY: &str = "restored_at";
const CACHE_BYTES: usize = 1024 * 1024;

/// The identity of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meta {
    /// Its id.
    pub(crate) log: LogId,
    /// Which life of the log this is: 0 until it is restored, then the second of the restore.
    pub(crate) generation: u64,
    /// The position at which this generation began; `None` in a log that was never restored.
    pub(crate) restored_at: Option<u64>,
}

/// Reads whose log lies in a folder, and its generation, without changing
/// anything; `None` when there is none.
///
/// # Errors
/// When it is newer, damaged or foreign, or cannot be read.
pub fn identity(folder: &Path) -> Result<Option<(LogId, u64)>, OpenError> {
    let meta = Meta::read(&Disk::default(), &folder.join("log").join("meta.redb"))?;
    Ok(meta.map(|meta| (meta.log, meta.generation)))
}

impl Meta {
    /// Makes the identity of a new log.
    pub(crate) fn fresh() -> Self {
        Self { log: LogId(Uuid::new_v4()), generation: 0, restored_at: None }
    }

    /// Makes the identity of a log that was put back `now` as it was at `position`.
    pub(crate) fn restored(self, position: u64, now: Timestamp) -> Self {
        // A clock that was set back must not bring an older generation back.
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let generation = seconds.max(self.generation.saturating_add(1));
        Self { generation, restored_at: Some(position), log: self.log }
    }

    /// Reads the identity of the log in a folder; `None` when there is none.
    pub(crate) fn read(disk: &Disk, path: &Path) -> Result<Option<Self>, OpenError> {
        if !path.exists() {
            return Ok(None);
        }
        let damaged = |reason: String| OpenError::Damaged { path: path.to_owned(), reason };
        let db = disk.open_read_only(path, CACHE_BYTES);
        let db = db.map_err(|error| OpenError::file(path, error.into()))?;
        let fields = || -> Result<[Option<Vec<u8>>; 4], redb::Error> {
            let table = db.begin_read()?.open_table(META)?;
            let get = |key: &str| table.get(key).map(|found| found.map(|value| value.value().to_vec()));
            Ok([get(VERSION_KEY)?, get(LOG_KEY)?, get(GENERATION_KEY)?, get(RESTORED_KEY)?])
        };
        let [version, log, generation, restored] =
            contained(fields).map_err(|error| OpenError::file(path, error))?;
        let version = number(version.as_deref(), VERSION_KEY).map_err(damaged)?;
        if version > u64::from(FORMAT_VERSION) {
            return Err(OpenError::Newer { path: path.to_owned(), found: version, known: FORMAT_VERSION });
        }
        let log = log.and_then(|bytes| Uuid::from_slice(&bytes).ok());
        let log = LogId(log.ok_or_else(|| damaged(format!("{LOG_KEY} is missing or malformed")))?);
        let generation = number(generation.as_deref(), GENERATION_KEY).map_err(damaged)?;
        let restored_at = restored.map(|bytes| number(Some(&bytes), RESTORED_KEY)).transpose();
        Ok(Some(Self { log, generation, restored_at: restored_at.map_err(damaged)? }))
    }

    /// Writes the identity beside the segments, durably and at once.
    pub(crate) fn write(&self, disk: &Disk, path: &Path, version: u32) -> Result<(), OpenError> {
        write_new(disk, path, |txn| {
            let mut table = txn.open_table(META)?;
            table.insert(VERSION_KEY, u64::from(version).to_le_bytes().as_slice())?;
            table.insert(LOG_KEY, self.log.0.as_bytes().as_slice())?;
            table.insert(GENERATION_KEY, self.generation.to_le_bytes().as_slice())?;
            if let Some(position) = self.restored_at {
                table.insert(RESTORED_KEY, position.to_le_bytes().as_slice())?;
            }
            Ok(())
        })
        .map_err(|error| OpenError::file(path, error))
    }
}

fn number(bytes: Option<&[u8]>, key: &str) -> Result<u64, String> {
    let array = bytes.and_then(|bytes| bytes.try_into().ok());
    array.map(u64::from_le_bytes).ok_or_else(|| format!("{key} is missing or malformed"))
}

/// Writes a new redb under another name, closes it, and renames it into place,
/// so that a file with the final name is always whole.
pub(crate) fn write_new(
    disk: &Disk,
    path: &Path,
    fill: impl FnOnce(&redb::WriteTransaction) -> Result<(), redb::Error>,
) -> Result<(), redb::Error> {
    let draft = path.with_extension("new");
    disk.remove(&draft)?;
    let db = disk.open(&draft, CACHE_BYTES)?;
    contained(|| -> Result<(), redb::Error> {
        let txn = db.begin_write()?;
        fill(&txn)?;
        Ok(txn.commit()?)
    })?;
    drop(db);
    // redb keeps a failure of closing to itself: so the file is opened as its readers will.
    match disk.open_read_only(&draft, CACHE_BYTES) {
        Err(DatabaseError::RepairAborted) => Err(std::io::Error::other("it could not be closed"))?,
        opened => drop(opened?),
    }
    disk.sync(&draft)?;
    disk.rename(&draft, path)?;
    disk.sync_folder_of(path)?;
    Ok(())
}
