//! State that is kept on disk, so that a start replays only the tail of the log.
//!
//! Policy. A snapshot is a convenience: what was folded up to a position, in
//! `<folder>/<name>.snapshot`, whole or not at all (written beside, synced, then
//! renamed). It is used only when everything fits: the name, the form of the
//! file, the schema of the state, the log and its generation, the checksum, and
//! a position that the log has. Whatever does not fit is left out with one
//! warning that says why, and the log is folded anew: a snapshot can make a start
//! slow, never wrong. So a restored log, whose generation is higher, begins
//! without any, and so does a program that folds otherwise, whose schema is.
//!
//! The checksum finds damage, not intent: who distrusts the folder deletes it.
//! Personal values are in a snapshot sealed as they are in the log, or erased;
//! destroying a key reaches them here as there. A model that keeps clear values
//! has no snapshot.
//!
//! ```text
//! offset bytes  (numbers are little endian)
//!      0     8  "airsnap\n"
//!      8     4  version of this form: 1
//!     12     4  schema of the state
//!     16    16  log id
//!     32     8  generation of the log
//!     40    16  position: two numbers
//!     56     8  length of the state
//!     64     1  length of the name
//!     65     n  name
//!             .  state, as postcard writes it
//!            32  SHA-256 of all before
//! ```

mod file;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use airside_kernel::{EventStore, Kept, LogId, Position, Timestamp};
use serde::Serialize;
use thiserror::Error;
use tracing::warn;
use uuid::Uuid;

use self::file::{Header, parse};

const ENDING: &str = ".snapshot";
/// A file on its way; one that is left was never finished.
const UNFINISHED: &str = ".snapshot.new";

/// The copy of a state, ready to be appended to a file.
pub(crate) type Image = Box<dyn FnOnce(Vec<u8>) -> Result<Vec<u8>, postcard::Error> + Send>;

/// Returns the copy of a state.
pub(crate) fn image_of<K: Kept>(kept: &K) -> Image {
    let image = kept.image();
    Box::new(move |out| postcard::to_extend(&image, out))
}

/// Replaces a state by a stored one.
///
/// # Errors
/// When the bytes are not a state, or more than one; nothing has changed then.
pub(crate) fn restore_to<K: Kept>(kept: &mut K, state: &[u8]) -> Result<(), Unfit> {
    match postcard::take_from_bytes(state) {
        Ok((state, [])) => kept.restore(state),
        Ok(_) => return Err(Unfit::Damaged { what: "state is followed by something else" }),
        Err(error) => return Err(Unfit::State(error)),
    }
    Ok(())
}

/// A snapshot that could not be written, listed or deleted.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// The disk failed.
    #[error("{path} cannot be used")]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The state has no stored form.
    #[error("state of {name} cannot be stored; it may hold a personal value in clear")]
    State {
        /// Whose state.
        name: String,
        /// Why.
        #[source]
        source: postcard::Error,
    },
    /// There is no such snapshot.
    #[error("{name:?} has no snapshot here; there are: {}", .known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
}

/// Why a snapshot cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Unfit {
    /// It is no snapshot.
    #[error("it is no snapshot")]
    Foreign,
    /// Another program wrote it.
    #[error("its form has version {found}, and this program reads {expected}")]
    Form {
        /// What it has.
        found: u32,
        /// What is read.
        expected: u32,
    },
    /// It is cut short, too long or altered.
    #[error("it is damaged: its {what}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
    },
    /// It is of something else.
    #[error("it holds {found:?}")]
    Name {
        /// What it is of.
        found: String,
    },
    /// It is of a program that folds otherwise.
    #[error("its schema is {found}, and this program folds schema {expected}")]
    Schema {
        /// What it has.
        found: u32,
        /// What is folded.
        expected: u32,
    },
    /// It is of another log.
    #[error("it belongs to log {found}")]
    Log {
        /// That log.
        found: LogId,
    },
    /// The log was restored since, or it comes from a later life of it.
    #[error("it belongs to generation {found} of the log, and this is generation {expected}")]
    Generation {
        /// What it has.
        found: u64,
        /// What the log has.
        expected: u64,
    },
    /// It knows events that the log does not have.
    #[error("its position {position} lies beyond the end of the log")]
    Beyond {
        /// Its position.
        position: Position,
    },
    /// It is newer than what the reactor has finished with.
    #[error("its position {position} lies beyond the checkpoint of the reactor")]
    AheadOfCheckpoint {
        /// Its position.
        position: Position,
    },
    /// Its state cannot be read.
    #[error("its state cannot be read: {0}")]
    State(postcard::Error),
    /// The disk failed.
    #[error("it cannot be read: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
}

/// The snapshots of one log.
#[derive(Debug, Clone)]
pub struct Snapshots {
    folder: PathBuf,
    log: LogId,
    generation: u64,
}

/// A stored state that fits.
pub(crate) struct Fit {
    pub(crate) position: Position,
    pub(crate) state: Vec<u8>,
    pub(crate) size: Size,
}

/// What a snapshot takes, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) bytes: u64,
    pub(crate) written_at: Timestamp,
}

impl Snapshots {
    /// Opens the folder of a log's snapshots, makes it when it is missing, and
    /// removes what was never finished.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: impl Into<PathBuf>, store: &dyn EventStore) -> Result<Self, SnapshotError> {
        let folder = folder.into();
        fs::create_dir_all(&folder).map_err(disk(&folder))?;
        for entry in fs::read_dir(&folder).map_err(disk(&folder))? {
            let path = entry.map_err(disk(&folder))?.path();
            if path.to_string_lossy().ends_with(UNFINISHED) {
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk(&path)(error)),
                    _ => {}
                }
            }
        }
        Ok(Self { folder, log: store.log_id(), generation: store.generation() })
    }

    /// Returns the stored state of a name when there is one that fits; says why another does not.
    pub(crate) fn find(&self, name: &str, schema: u32, head: Option<Position>) -> Option<Fit> {
        match self.read(name, schema) {
            Ok(Some(fit)) if head < Some(fit.position) => {
                tell(name, &Unfit::Beyond { position: fit.position });
                None
            }
            Ok(fit) => fit,
            Err(unfit) => {
                tell(name, &unfit);
                None
            }
        }
    }

    /// Returns the stored state of a name when there is one.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn read(&self, name: &str, schema: u32) -> Result<Option<Fit>, Unfit> {
        let path = path(&self.folder, name);
        let unreadable = |error: io::Error| Unfit::Unreadable { reason: error.to_string() };
        let mut bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        let (header, state) = parse(&bytes)?;
        let Header { log, generation, position, .. } = header;
        if header.name != name {
            return Err(Unfit::Name { found: header.name });
        }
        if header.schema != schema {
            return Err(Unfit::Schema { found: header.schema, expected: schema });
        }
        if log != self.log {
            return Err(Unfit::Log { found: log });
        }
        if generation != self.generation {
            return Err(Unfit::Generation { found: generation, expected: self.generation });
        }
        let size = size(&path).map_err(unreadable)?;
        bytes.truncate(state.end);
        bytes.drain(..state.start);
        Ok(Some(Fit { position, state: bytes, size }))
    }

    /// Writes a snapshot in place of the one before.
    ///
    /// # Errors
    /// When the state has no stored form, or the disk fails; the one before is still there then.
    pub(crate) fn write(
        &self,
        name: &str,
        schema: u32,
        position: Position,
        image: Image,
    ) -> Result<Size, SnapshotError> {
        let header =
            Header { schema, log: self.log, generation: self.generation, position, name: name.to_owned() };
        let bytes = file::compose(&header, image)
            .map_err(|source| SnapshotError::State { name: name.to_owned(), source })?;
        let path = path(&self.folder, name);
        let new = self.folder.join(format!("{name}-{}{UNFINISHED}", Uuid::now_v7()));
        file::write_synced(&new, &bytes).map_err(disk(&new))?;
        fs::rename(&new, &path).map_err(disk(&path))?;
        file::sync_folder(&self.folder).map_err(disk(&self.folder))?;
        size(&path).map_err(disk(&path))
    }
}

/// Says why a snapshot is left out.
pub(crate) fn tell(name: &str, unfit: &Unfit) {
    warn!(name, reason = %unfit, "snapshot is not used; the log is folded anew");
}

/// One file of a folder of snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotFile {
    /// Whose state it holds: a read model or a reactor.
    pub name: String,
    /// The schema of the state.
    pub schema: Option<u32>,
    /// The last position that was folded, as a token.
    pub position: Option<String>,
    /// The log.
    pub log_id: Option<String>,
    /// The generation of the log.
    pub generation: Option<u64>,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was written.
    pub written_at: Timestamp,
    /// Why it cannot be read at all; `None` for a sound file.
    pub problem: Option<String>,
}

/// Lists the snapshots of a folder by name; for a server that is stopped. Each
/// is read whole and its checksum compared. A folder that is missing has none.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn list(folder: &Path) -> Result<Vec<SnapshotFile>, SnapshotError> {
    let mut files = Vec::new();
    for name in names(folder)? {
        let path = path(folder, &name);
        let Size { bytes, written_at } = size(&path).map_err(disk(&path))?;
        let content = fs::read(&path).map_err(disk(&path))?;
        files.push(match parse(&content) {
            Ok((header, _)) => SnapshotFile {
                name,
                schema: Some(header.schema),
                position: Some(header.position.to_string()),
                log_id: Some(header.log.to_string()),
                generation: Some(header.generation),
                bytes,
                written_at,
                problem: None,
            },
            Err(unfit) => {
                let (schema, position, log_id, generation) = (None, None, None, None);
                let problem = Some(unfit.to_string());
                SnapshotFile { name, schema, position, log_id, generation, bytes, written_at, problem }
            }
        });
    }
    Ok(files)
}

/// Deletes the snapshot of a name, so that the next start folds the whole log
/// for it; for a server that is stopped.
///
/// # Errors
/// When there is none, with the names that there are, or the disk fails.
pub fn delete(folder: &Path, name: &str) -> Result<(), SnapshotError> {
    let known = names(folder)?;
    if !known.iter().any(|one| one == name) {
        return Err(SnapshotError::Unknown { name: name.to_owned(), known });
    }
    let path = path(folder, name);
    fs::remove_file(&path).map_err(disk(&path))
}

fn names(folder: &Path) -> Result<Vec<String>, SnapshotError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(disk(folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let file = entry.map_err(disk(folder))?.file_name();
        names.extend(file.to_str().and_then(|file| file.strip_suffix(ENDING)).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{ENDING}"))
}

fn size(path: &Path) -> io::Result<Size> {
    let metadata = fs::metadata(path)?;
    let written_at = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    Ok(Size { bytes: metadata.len(), written_at: Timestamp::try_from(written_at).unwrap_or_default() })
}

fn disk(path: &Path) -> impl FnOnce(io::Error) -> SnapshotError {
    let path = path.to_owned();
    |source| SnapshotError::Disk { path, source }
}
