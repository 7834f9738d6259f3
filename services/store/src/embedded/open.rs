//! Opening a folder: whose is it, is it whole, what does the index lack.

use std::{
    fs,
    io::ErrorKind,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use airside_kernel::{Clock, ReadError};
use thiserror::Error;

use super::{
    EmbeddedStore, Options,
    disk::{Disk, is_damage},
    index::Index,
    meta::Meta,
    options::TABLES,
    recent::Recent,
    segments::{Segments, corrupt},
    shared::Shared,
    writer::{Start, Writer},
};
use crate::blob::{Damage, FORMAT_VERSION, NO_HASH};

/// How many places are put into the index at once when it is rebuilt.
const REBUILD_EVENTS: usize = 393_216;

/// Where a restore puts a log together; a folder that has it holds no log yet.
pub(super) const RESTORING: &str = "log.restoring";

/// A folder that cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process, or another store of this one, works on the folder.
    #[error("data folder {folder} is in use by another process: stop that one or choose another folder")]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The log was written by a newer version; nothing was changed.
    #[error(
        "log {path} has format version {found} and this program knows {known}: run the newer program; nothing was changed"
    )]
    Newer {
        /// The file that says so.
        path: PathBuf,
        /// The version found.
        found: u64,
        /// The newest version known.
        known: u32,
    },
    /// A file is not one of this store's.
    #[error("file {path} was not written by this store: move it away or choose another folder")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A file is damaged beyond what a crash can do.
    #[error("file {path} is damaged: {reason}: restore the folder from a backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A restore into the folder was interrupted.
    #[error("folder {folder} holds an unfinished restore: restore the backup into it again")]
    Unfinished {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no log in the folder.
    #[error("folder {folder} holds no log: choose the data folder of a server")]
    Absent {
        /// The folder.
        folder: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot use {path}: check that it exists, is writable and has room")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

impl OpenError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }

    /// Says what a redb said of a file: that it is another's, in use, unusable or damaged.
    pub(super) fn file(path: &Path, error: redb::Error) -> Self {
        let path = path.to_owned();
        match error {
            redb::Error::Io(source) if source.kind() == ErrorKind::InvalidData => Self::Foreign { path },
            redb::Error::DatabaseAlreadyOpen => Self::InUse { folder: path },
            damage if is_damage(&damage) => Self::Damaged { path, reason: damage.to_string() },
            redb::Error::Io(source) => Self::Io { path, source },
            other => Self::Io { path, source: std::io::Error::other(other) },
        }
    }

    /// Says that the log has lost what it had: the index takes durable events alone.
    pub(super) fn shorter_than_its_index(path: PathBuf, head: u64, flushed: u64) -> Self {
        let reason = format!("it ends at position {head} and the stream index goes to {flushed}");
        Self::Damaged { path, reason }
    }

    pub(super) fn read(path: &Path, error: ReadError) -> Self {
        let reason = match error {
            ReadError::Corrupt { at, reason } => format!("{reason} at {at}"),
            ReadError::Unavailable { reason } => reason,
        };
        Self::Damaged { path: path.to_owned(), reason }
    }
}

/// Opens or makes the log in a folder.
pub(super) fn open(
    folder: &Path,
    options: Options,
    clock: Arc<dyn Clock>,
    disk: &Disk,
) -> Result<EmbeddedStore, OpenError> {
    open_as(folder, options, clock, disk, Meta::fresh)
}

/// Opens the log in a folder, or makes one with the identity that `fresh` returns.
pub(super) fn open_as(
    folder: &Path,
    options: Options,
    clock: Arc<dyn Clock>,
    disk: &Disk,
    fresh: impl FnOnce() -> Meta,
) -> Result<EmbeddedStore, OpenError> {
    fs::create_dir_all(folder).map_err(OpenError::io(folder))?;
    let lock = lock(folder)?;
    if folder.join(RESTORING).exists() {
        return Err(OpenError::Unfinished { folder: folder.to_owned() });
    }
    let log_folder = folder.join("log");
    let meta = identity(disk, &log_folder, fresh)?;
    let segments = Segments::open(log_folder.clone(), meta.log, disk.clone(), options.log_cache_bytes)?;
    let last = segments.last().map_err(|error| OpenError::read(&log_folder, error))?;
    let head = last.as_ref().map_or(0, |blob| blob.last());
    let index_path = folder.join("index.redb");
    let index = Index::open(disk, &index_path, &meta, options.index_cache_bytes);
    let (index, flushed) = index.map_err(|error| OpenError::file(&index_path, error))?;
    if flushed > head {
        return Err(OpenError::shorter_than_its_index(log_folder, head, flushed));
    }
    // As much as the writer may leave waiting, and what its last messages added
    // beyond; it is flushed once the log is open, because that takes seconds.
    let keep = options.memtable_events.saturating_mul(TABLES + 1);
    let recent = replay(&segments, &index, flushed, head, keep, &mut |_| {})
        .map_err(|error| OpenError::read(&log_folder, error))?;
    let start = Start {
        next: head + 1,
        recorded_us: last.as_ref().map_or(i64::MIN, |blob| blob.recorded_us()),
        previous: last.as_ref().map_or(NO_HASH, |blob| blob.hash()),
        segment_bytes: segments.live_bytes(head),
    };
    tracing::info!(folder = %folder.display(), log = %meta.log, head, flushed, "the log is open");
    let shared =
        Arc::new(Shared::new(folder.to_owned(), options, meta, (segments, index, recent), head, lock));
    let thread = Writer::start(&shared, clock, start).map_err(OpenError::io(folder))?;
    Ok(EmbeddedStore::new(shared, thread))
}

/// Takes the folder for this store alone.
pub(super) fn lock(folder: &Path) -> Result<fs::File, OpenError> {
    let path = folder.join("lock");
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(OpenError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(OpenError::InUse { folder: folder.to_owned() }),
        Err(fs::TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

/// Reads whose log it is, or makes a new one in an empty folder.
fn identity(disk: &Disk, log_folder: &Path, fresh: impl FnOnce() -> Meta) -> Result<Meta, OpenError> {
    let path = log_folder.join("meta.redb");
    if let Some(meta) = Meta::read(disk, &path)? {
        return Ok(meta);
    }
    fs::create_dir_all(log_folder).map_err(OpenError::io(log_folder))?;
    disk.sync_folder_of(log_folder).map_err(OpenError::io(log_folder))?;
    for entry in fs::read_dir(log_folder).map_err(OpenError::io(log_folder))? {
        let found = entry.map_err(OpenError::io(log_folder))?.path();
        if found.extension().is_some_and(|extension| extension == "redb") {
            return Err(OpenError::Damaged { path, reason: "it is missing beside its segments".into() });
        }
    }
    let meta = fresh();
    meta.write(disk, &path, FORMAT_VERSION)?;
    Ok(meta)
}

/// Reads what the index lacks; a long tail goes into the index, the rest stays recent.
pub(super) fn replay(
    segments: &Segments,
    index: &Index,
    flushed: u64,
    head: u64,
    keep: usize,
    told: &mut dyn FnMut(u64),
) -> Result<Recent, ReadError> {
    let mut recent = Recent::default();
    if flushed >= head {
        return Ok(recent);
    }
    let put = |recent: &mut Recent| {
        let table = std::mem::take(&mut recent.growing);
        index
            .flush(table.entries(), table.last_position())
            .map_err(|error| ReadError::Unavailable { reason: format!("stream index: {error}") })
    };
    let (mut failed, mut seen) = (Ok(()), flushed);
    let full = REBUILD_EVENTS.max(keep.saturating_add(1));
    segments.visit(flushed + 1, &mut |blob| {
        seen = blob.last();
        told(seen);
        let skip = (flushed + 1).saturating_sub(blob.first());
        for decoded in blob.frames(u32::try_from(skip).unwrap_or(u32::MAX)) {
            match decoded {
                Ok((place, event)) => match event.stream().parse() {
                    Ok(stream) => recent.growing.insert(stream, event.revision(), place),
                    Err(error) => failed = Err(corrupt(blob.first(), error.to_string())),
                },
                Err(Damage(reason)) => failed = Err(corrupt(blob.first(), reason)),
            }
        }
        if failed.is_ok() && recent.growing.events() >= full {
            failed = put(&mut recent);
        }
        if failed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    failed?;
    if seen != head {
        return Err(corrupt(seen + 1, "a part of the log is missing".into()));
    }
    if recent.growing.events() > keep {
        put(&mut recent)?;
    }
    Ok(recent)
}
