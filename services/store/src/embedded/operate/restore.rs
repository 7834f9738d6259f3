//! Restore of a log from a backup, into a folder of its own.
//!
//! Everything is checked before anything is written: the manifest, the length
//! and hash of each file, whose log it is. The log is then put together under
//! another name and renamed when it is whole; a folder with an interrupted
//! restore is refused by the store, and the next restore begins anew in it. A
//! restored log is a generation of its own, since what was appended after the
//! backup is gone, and everybody who keeps a position has to know. The number
//! names one life of the log: the second of the restore, so that two restores
//! of one backup differ, and always more than the backup's.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use airside_kernel::{LogId, Timestamp};
use serde::Serialize;
use thiserror::Error;

use super::{
    super::{
        OpenError,
        disk::Disk,
        meta::Meta,
        open::{RESTORING, lock},
    },
    Progress, Step, id_text,
    manifest::{BACKUP_FORMAT, LogManifest, MANIFEST, MANIFEST_BYTES_MAX, Unsealed, copy_file, hash_file},
};
use crate::blob::FORMAT_VERSION;

/// A log that was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Which log it is.
    #[serde(with = "id_text")]
    pub log_id: LogId,
    /// Its new generation: when it was restored, in seconds since 1970, or one
    /// more than the backup's where that is no less.
    pub generation: u64,
    /// The position of its last event; 0 when it is empty.
    pub position: u64,
}

/// A backup that cannot be restored; nothing was changed unless it says so.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The backup has no manifest.
    #[error(
        "{folder} has no {MANIFEST}: the backup was cut short or is somewhere else; \
         choose a whole one; nothing was changed"
    )]
    NoManifest {
        /// The folder.
        folder: PathBuf,
    },
    /// The manifest is not as it was written.
    #[error("manifest {path} was changed or cut short: {reason}: choose another backup; nothing was changed")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The backup was taken by a newer program.
    #[error(
        "backup {path} has format version {found} and this program knows {known}: \
         run the newer program; nothing was changed"
    )]
    Newer {
        /// The file that says so.
        path: PathBuf,
        /// The version found.
        found: u64,
        /// The newest version known.
        known: u32,
    },
    /// A file that the manifest names is missing, longer, shorter or different.
    #[error("file {path} of the backup {reason}: choose another backup; nothing was changed")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is of another log or of another backup.
    #[error("file {path} does not belong to this backup: {reason}; nothing was changed")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why not, and what to do.
        reason: String,
    },
    /// The folder to restore into holds something already.
    #[error("folder {folder} is not empty: name an empty or absent folder; nothing was changed")]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// A store works on the folder to restore into.
    #[error(
        "folder {folder} is in use by another process: \
         name an empty or absent folder; nothing was changed"
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot use {path}: check that it exists, is writable and has room, then restore again")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The identity of the restored log could not be written.
    #[error("the restored log could not be finished: repair the cause and restore again")]
    Unfinished(#[source] OpenError),
}

impl RestoreError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }
}

/// Restores the `log` part of a backup into an empty or absent data folder, as
/// the generation that begins `now`.
///
/// # Errors
/// When the backup is not whole, newer or mixed with another, or the folder is
/// not empty; then nothing was changed. When the disk fails on the way, with
/// the folder marked as unfinished.
pub fn restore(
    from: &Path,
    folder: &Path,
    now: Timestamp,
    progress: &mut Progress<'_>,
) -> Result<Restored, RestoreError> {
    vacant(folder)?;
    let manifest = read_manifest(from)?;
    let mut work = Work { done: 0, total: 2 * manifest.bytes(), progress };
    let meta = work.check(from, &manifest)?;
    fs::create_dir_all(folder).map_err(RestoreError::io(folder))?;
    let _lock = lock(folder).map_err(|error| match error {
        OpenError::InUse { folder } => RestoreError::InUse { folder },
        other => RestoreError::Unfinished(other),
    })?;
    vacant_but_for_us(folder)?;
    let draft = folder.join(RESTORING);
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(RestoreError::io(&draft))?;
    }
    fs::create_dir(&draft).map_err(RestoreError::io(&draft))?;
    for file in manifest.files.iter().filter(|file| file.name != META) {
        let (source, target) = (from.join(&file.name), draft.join(&file.name));
        let copied = copy_file(&source, &target, &mut |bytes| work.step(bytes));
        if copied.map_err(RestoreError::io(&target))? != (file.bytes, file.sha256.clone()) {
            return Err(changed_meanwhile(source));
        }
    }
    let meta = meta.restored(manifest.position, now);
    meta.write(&Disk::default(), &draft.join(META), FORMAT_VERSION).map_err(RestoreError::Unfinished)?;
    let log = folder.join("log");
    let finish = || -> io::Result<()> {
        fs::rename(&draft, &log)?;
        fs::File::open(folder)?.sync_all()
    };
    finish().map_err(RestoreError::io(&log))?;
    work.finish();
    Ok(Restored { log_id: meta.log, generation: meta.generation, position: manifest.position })
}

/// Checks a backup as restore would, and writes nothing.
///
/// # Errors
/// When the backup is not whole, newer or mixed with another.
pub fn check_backup(from: &Path, progress: &mut Progress<'_>) -> Result<LogManifest, RestoreError> {
    let manifest = read_manifest(from)?;
    let mut work = Work { done: 0, total: manifest.bytes(), progress };
    work.check(from, &manifest)?;
    work.finish();
    Ok(manifest)
}

/// Reads the manifest of a backup and checks that all its files are there in
/// their length; [`check_backup`] checks their hashes too.
///
/// # Errors
/// When the manifest is missing, changed or newer, or a file is missing, of
/// another length, or not of this backup.
pub fn read_manifest(from: &Path) -> Result<LogManifest, RestoreError> {
    let path = from.join(MANIFEST);
    let length = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(RestoreError::NoManifest { folder: from.to_owned() });
        }
        Err(error) => return Err(RestoreError::io(&path)(error)),
    };
    let broken = |reason: String| RestoreError::Manifest { path: path.clone(), reason };
    if length > MANIFEST_BYTES_MAX {
        return Err(broken(format!("{length} bytes are too many for one")));
    }
    let manifest = match LogManifest::unseal(&fs::read(&path).map_err(RestoreError::io(&path))?) {
        Unsealed::Whole(manifest) => manifest,
        Unsealed::Broken(reason) => return Err(broken(reason)),
        Unsealed::Newer(found) => return Err(RestoreError::Newer { path, found, known: BACKUP_FORMAT }),
    };
    if manifest.format_version > FORMAT_VERSION {
        let found = u64::from(manifest.format_version);
        return Err(RestoreError::Newer { path, found, known: FORMAT_VERSION });
    }
    check_names(from, &manifest)?;
    for file in &manifest.files {
        let path = from.join(&file.name);
        let wrong = |reason: String| RestoreError::File { path: path.clone(), reason };
        match fs::metadata(&path) {
            Ok(found) if found.len() == file.bytes => {}
            Ok(found) => {
                return Err(wrong(format!("has {} bytes and should have {}", found.len(), file.bytes)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(wrong("is missing".into())),
            Err(error) => return Err(RestoreError::io(&path)(error)),
        }
    }
    Ok(manifest)
}

/// The file that says whose log it is.
const META: &str = "meta.redb";

/// Checks that the manifest names the parts of a log, and that nothing else of one lies beside them.
fn check_names(from: &Path, manifest: &LogManifest) -> Result<(), RestoreError> {
    let broken = |reason: String| RestoreError::Manifest { path: from.join(MANIFEST), reason };
    let firsts: Vec<u64> = manifest.files.iter().filter_map(|file| first_of(&file.name)).collect();
    let metas = manifest.files.iter().filter(|file| file.name == META).count();
    let is_log = metas == 1 && firsts.len() + 1 == manifest.files.len() && firsts.first() == Some(&1);
    if !is_log || !firsts.is_sorted_by(|a, b| a < b) {
        return Err(broken("it does not name the files of one log".into()));
    }
    for entry in fs::read_dir(from).map_err(RestoreError::io(from))? {
        let path = entry.map_err(RestoreError::io(from))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_part = path.extension().is_some_and(|extension| extension == "redb");
        if is_part && !manifest.files.iter().any(|file| file.name == name) {
            let reason = "its manifest does not name it; move it away or choose another backup".into();
            return Err(RestoreError::Foreign { path, reason });
        }
    }
    Ok(())
}

/// Returns the first position of the segment that has this name.
pub(super) fn first_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".redb").filter(|digits| digits.len() == 20)?;
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Refuses a folder that holds anything, or that a store works on.
fn vacant(folder: &Path) -> Result<(), RestoreError> {
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(RestoreError::io(folder)(error)),
        Ok(_) => {}
    }
    if folder.join("lock").exists() {
        match lock(folder) {
            Err(OpenError::InUse { folder }) => return Err(RestoreError::InUse { folder }),
            Err(other) => return Err(RestoreError::Unfinished(other)),
            Ok(_) => {}
        }
    }
    vacant_but_for_us(folder)
}

/// Refuses a folder that holds more than what an interrupted restore leaves.
fn vacant_but_for_us(folder: &Path) -> Result<(), RestoreError> {
    for entry in fs::read_dir(folder).map_err(RestoreError::io(folder))? {
        let name = entry.map_err(RestoreError::io(folder))?.file_name();
        if name != "lock" && name != RESTORING {
            return Err(RestoreError::NotEmpty { folder: folder.to_owned() });
        }
    }
    Ok(())
}

fn changed_meanwhile(path: PathBuf) -> RestoreError {
    RestoreError::File { path, reason: "changed while it was read".into() }
}

struct Work<'a, 'p> {
    done: u64,
    total: u64,
    progress: &'a mut Progress<'p>,
}

impl Work<'_, '_> {
    /// Checks the hash of each file and that it belongs to the log.
    fn check(&mut self, from: &Path, manifest: &LogManifest) -> Result<Meta, RestoreError> {
        for file in &manifest.files {
            let path = from.join(&file.name);
            let hashed = hash_file(&path, &mut |bytes| self.step(bytes));
            if hashed.map_err(RestoreError::io(&path))?.1 != file.sha256 {
                let reason = "is not as it was when the backup was taken".into();
                return Err(RestoreError::File { path, reason });
            }
        }
        let path = from.join(META);
        let reason = |reason: String| RestoreError::File { path: path.clone(), reason };
        let meta = Meta::read(&Disk::default(), &path).map_err(|error| reason(error.to_string()))?;
        let meta = meta.ok_or_else(|| reason("is missing".into()))?;
        if (meta.log, meta.generation) != (manifest.log_id, manifest.generation) {
            let reason = format!("it is of log {}, generation {}", meta.log, meta.generation);
            return Err(RestoreError::Foreign { path, reason });
        }
        super::edges::check_edges(from, manifest)?;
        Ok(meta)
    }

    fn step(&mut self, bytes: u64) {
        self.done = (self.done + bytes).min(self.total);
        (self.progress)(Step { done: self.done, total: self.total, unit: "bytes" });
    }

    fn finish(&mut self) {
        self.step(self.total);
    }
}
