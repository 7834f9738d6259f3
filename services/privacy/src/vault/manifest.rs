//! What a backup of a vault says of itself: `manifest.json`, written last, so
//! that a backup without one was cut short.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use airside_kernel::{LogId, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::VaultError;
use crate::{
    cipher::digest_of,
    secret_file::{SecretFileError, io_error, read_secret, write_secret},
};

/// The form of a backup that this code writes.
const BACKUP_FORMAT: u64 = 1;

/// The part of a backup that this is.
const PART: &str = "vault";

const MANIFEST: &str = "manifest.json";

/// The one file of a backup beside its manifest.
pub(super) const COPY: &str = "vault.redb";

/// What a backup of a vault holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultManifest {
    /// The log that the vault belongs to.
    pub log: LogId,
    /// The generation of that log.
    pub generation: u64,
    /// The log position up to which every key is in the backup; 0 for none.
    pub position: u64,
    /// How many changes the vault had.
    pub changes: u64,
    /// How many keys are in the backup.
    pub keys: u64,
    /// How many subjects its register names.
    pub erased: u64,
    /// When it was taken.
    pub taken: Timestamp,
    /// Its files.
    pub files: Vec<ManifestFile>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its name in the backup's folder.
    pub name: String,
    /// Its length, in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// The stored form.
#[derive(Serialize, Deserialize)]
struct Stored {
    format: u64,
    part: String,
    log: Uuid,
    generation: u64,
    position: u64,
    changes: u64,
    keys: u64,
    erased: u64,
    taken: Timestamp,
    files: Vec<ManifestFile>,
}

/// What every format of a manifest says.
#[derive(Deserialize)]
struct Any {
    format: u64,
    part: String,
}

/// Reads what a backup of a vault says of itself.
///
/// # Errors
/// When the folder holds no whole backup of a vault, or one of a newer format.
pub fn read_manifest(from: &Path) -> Result<VaultManifest, BackupError> {
    let path = from.join(MANIFEST);
    let not_one = |reason: String| BackupError::NotABackup { path: from.into(), reason };
    let Some(bytes) = read_secret(&path)? else {
        return Err(not_one(format!("it has no {MANIFEST}, so it was cut short or is something else")));
    };
    let unreadable = |error: serde_json::Error| not_one(format!("{MANIFEST} cannot be read: {error}"));
    let Any { format, part } = serde_json::from_slice(&bytes).map_err(unreadable)?;
    if part != PART {
        return Err(not_one(format!("it is the part {part:?} of a backup")));
    }
    if format > BACKUP_FORMAT {
        return Err(BackupError::Newer { path: from.into(), found: format });
    }
    let stored: Stored = serde_json::from_slice(&bytes).map_err(unreadable)?;
    if stored.files.iter().map(|file| file.name.as_str()).ne([COPY]) {
        return Err(not_one(format!("{MANIFEST} names other files than {COPY}")));
    }
    Ok(VaultManifest {
        log: LogId(stored.log),
        generation: stored.generation,
        position: stored.position,
        changes: stored.changes,
        keys: stored.keys,
        erased: stored.erased,
        taken: stored.taken,
        files: stored.files,
    })
}

impl VaultManifest {
    /// Writes the manifest, which makes the backup whole.
    pub(super) fn write(&self, to: &Path) -> Result<(), BackupError> {
        let stored = Stored {
            format: BACKUP_FORMAT,
            part: PART.to_owned(),
            log: self.log.0,
            generation: self.generation,
            position: self.position,
            changes: self.changes,
            keys: self.keys,
            erased: self.erased,
            taken: self.taken,
            files: self.files.clone(),
        };
        let mut bytes = serde_json::to_vec_pretty(&stored)
            .map_err(io::Error::from)
            .map_err(|error| BackupError::Unusable { path: to.join(MANIFEST), reason: error.to_string() })?;
        bytes.push(b'\n');
        Ok(write_secret(&to.join(MANIFEST), &bytes)?)
    }

    /// Checks that each file is as the manifest says.
    pub(super) fn check_files(&self, from: &Path) -> Result<(), BackupError> {
        for file in &self.files {
            let found = ManifestFile::of(from, &file.name)?;
            let path = from.join(&file.name);
            if found.bytes != file.bytes {
                let reason = format!("has {} bytes where its manifest says {}", found.bytes, file.bytes);
                return Err(BackupError::Altered { path, reason });
            }
            if found.sha256 != file.sha256 {
                let reason = "has another SHA-256 than its manifest says".to_owned();
                return Err(BackupError::Altered { path, reason });
            }
        }
        Ok(())
    }
}

impl ManifestFile {
    /// Measures a file.
    pub(super) fn of(folder: &Path, name: &str) -> Result<Self, BackupError> {
        let path = folder.join(name);
        let file = File::open(&path).map_err(io_error("open", &path))?;
        let (bytes, sha256) = digest_of(file).map_err(io_error("read", &path))?;
        Ok(Self { name: name.to_owned(), bytes, sha256 })
    }
}

/// A backup of a vault that cannot be taken or restored.
#[derive(Debug, Error)]
pub enum BackupError {
    /// A file or folder cannot be used.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// The vault or its root key cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// There is something where the copy should go.
    #[error("{} is not empty: name an empty or absent folder, nothing is ever written over", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// There is a vault where one should be restored.
    #[error("{} exists: restore into a data folder without a vault, nothing is ever written over", path.display())]
    VaultExists {
        /// The vault file.
        path: PathBuf,
    },
    /// No whole backup of a vault.
    #[error("{} is not a whole backup of a vault: {reason}: name the folder of one that ended well", path.display())]
    NotABackup {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A newer Airside took it.
    #[error("{} is a backup of format {found}, newer than this airside reads ({BACKUP_FORMAT}): restore it with the airside that took it, or a newer one", path.display())]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
    /// A file is not what the manifest says.
    #[error("{} {reason}: it was altered or cut short, so restore another backup", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
        /// What differs.
        reason: String,
    },
    /// There is no root key to open it with.
    #[error("{} is absent and the backup {} opens under its root key only: bring the root key from where it is kept, or name its file", key.display(), backup.display())]
    NoRootKey {
        /// Where the root key should be.
        key: PathBuf,
        /// The backup's copy of the vault.
        backup: PathBuf,
    },
    /// The root key belongs to another vault.
    #[error("{} is not the root key of the backup {}: bring the two of the same installation together", key.display(), backup.display())]
    WrongRootKey {
        /// The root key's file.
        key: PathBuf,
        /// The backup's copy of the vault.
        backup: PathBuf,
    },
    /// Another root key is in place.
    #[error("{} holds another root key than {}: restore into another data folder, or name none", present.display(), named.display())]
    OtherRootKey {
        /// The root key that is there.
        present: PathBuf,
        /// The root key that was named.
        named: PathBuf,
    },
    /// A copy cannot be read or written.
    #[error("{} cannot be read or written: {reason}: check the disk and its free space", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why, for the operator.
        reason: String,
    },
}
