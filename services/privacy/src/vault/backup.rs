//! A copy of a running vault: what one read transaction sees, row by row into a
//! fresh file. A copy of the file itself would take its free pages along, and
//! with them keys that were destroyed.
//!
//! The root key is never part of it. Who holds a backup and the root key reads
//! every value of every subject that was not erased; the operator keeps the two
//! apart. It never changes, so one copy of it, made once, is enough.

use std::{fs, path::Path};

use airside_kernel::LogId;
use redb::{
    Builder, Database, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    WriteTransaction,
};

use super::{
    BackupError, ManifestFile, Vault, VaultManifest,
    border::contained,
    manifest::COPY,
    tables::{self, ERASED, Identity, KEYS, META, REGISTER},
};
use crate::secret_file::{open_private, private_folder, sync_name};

/// Memory for pages of a copy, in bytes.
const COPY_CACHE_BYTES: usize = 16 << 20;

/// How often progress is told, in rows.
const TELL_EVERY: u64 = 1024;

const COVERS_KEY: &str = "covers";

/// What of the log a backup of its vault covers: the vault is read after the
/// log was at this position, so the keys of every event up to it are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    /// The log.
    pub log: LogId,
    /// Its generation.
    pub generation: u64,
    /// Its last position; 0 when it is empty.
    pub position: u64,
}

impl Covered {
    fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.generation.to_be_bytes());
        bytes[8..].copy_from_slice(&self.position.to_be_bytes());
        bytes
    }
}

impl Vault {
    /// Writes a copy of this vault, as it is at one moment, into an empty or
    /// absent folder; keys are made and destroyed meanwhile. It blocks, and
    /// tells how many rows of how many are done. The root key is not copied.
    ///
    /// # Errors
    /// When the folder is not empty or cannot be written, or the vault does not
    /// belong to the covered log.
    pub fn backup(
        &self,
        to: &Path,
        covers: Covered,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<VaultManifest, BackupError> {
        self.attach(covers.log)?;
        if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(BackupError::NotEmpty { path: to.into() });
        }
        private_folder(to)?;
        let path = to.join(COPY);
        let taken = self.shared.clock.now();
        let unusable = |error: redb::Error| BackupError::Unusable {
            path: self.shared.path.clone(),
            reason: error.to_string(),
        };
        let reading = self.shared.database.begin_read().map_err(|error| unusable(error.into()))?;
        let identity = tables::identity_in(&reading).map_err(unusable)?;
        let identity = identity.ok_or_else(|| unusable(redb::Error::Corrupted("it has no tables".into())))?;
        let copied = write_copy(&path, |writing| {
            tables::write_identity(writing, &identity)?;
            writing.open_table(META)?.insert(COVERS_KEY, covers.bytes().as_slice())?;
            copy_rows(&reading, writing, &mut |_| false, progress)
        })?;
        let manifest = VaultManifest {
            log: covers.log,
            generation: covers.generation,
            position: covers.position,
            changes: identity.changes,
            keys: copied.keys,
            erased: copied.erased,
            taken,
            files: vec![ManifestFile::of(to, COPY)?],
        };
        manifest.write(to)?;
        sync_name(to)?;
        Ok(manifest)
    }
}

/// How many rows were copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) keys: u64,
    pub(super) erased: u64,
}

/// Makes a vault file of its own, in one commit, closed and on disk.
pub(super) fn write_copy<T>(
    path: &Path,
    fill: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
) -> Result<T, BackupError> {
    let file = open_private(path)?;
    let synced = file.try_clone();
    let write = || -> Result<T, redb::Error> {
        file.set_len(0)?;
        let database = Builder::new().set_cache_size(COPY_CACHE_BYTES).create_file(file)?;
        let filled = fill_in(&database, fill)?;
        drop(database);
        synced?.sync_all()?;
        Ok(filled)
    };
    contained(write).map_err(|error| BackupError::Unusable { path: path.into(), reason: error.to_string() })
}

fn fill_in<T>(
    database: &Database,
    fill: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
) -> Result<T, redb::Error> {
    let writing = database.begin_write()?;
    let filled = fill(&writing)?;
    writing.commit()?;
    Ok(filled)
}

/// Copies keys and register, but not the keys of subjects that are left out.
pub(super) fn copy_rows(
    reading: &ReadTransaction,
    writing: &WriteTransaction,
    left_out: &mut dyn FnMut(&str) -> bool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Copied, redb::Error> {
    let (from_keys, mut to_keys) = (reading.open_table(KEYS)?, writing.open_table(KEYS)?);
    let (from_register, mut to_register) = (reading.open_table(REGISTER)?, writing.open_table(REGISTER)?);
    let (from_erased, mut to_erased) = (reading.open_table(ERASED)?, writing.open_table(ERASED)?);
    let total = from_keys.len()? + from_erased.len()?;
    let mut done = 0;
    let mut step = || {
        done += 1;
        if done == total || done % TELL_EVERY == 0 {
            progress(done, total);
        }
    };
    for row in from_keys.iter()? {
        let (key, wrapped) = row?;
        if !left_out(key.value().0) {
            to_keys.insert(key.value(), wrapped.value())?;
        }
        step();
    }
    for row in from_erased.iter()? {
        let (ordinal, subject) = row?;
        let found = from_register.get(subject.value())?.map(|row| row.value());
        let entry = found.filter(|entry| entry.0 == ordinal.value()).ok_or_else(|| {
            redb::Error::Corrupted(format!("its register has no readable entry {}", ordinal.value()))
        })?;
        to_erased.insert(ordinal.value(), subject.value())?;
        to_register.insert(subject.value(), entry)?;
        step();
    }
    Ok(Copied { keys: to_keys.len()?, erased: to_erased.len()? })
}

/// Returns why a copy is not what its manifest says; `None` when it is.
pub(super) fn differs(
    manifest: &VaultManifest,
    identity: &Identity,
    reading: &ReadTransaction,
) -> Result<Option<&'static str>, redb::Error> {
    let VaultManifest { log, generation, position, .. } = *manifest;
    let covers = reading.open_table(META)?.get(COVERS_KEY)?.map(|bytes| bytes.value().to_vec());
    let counts = (reading.open_table(KEYS)?.len()?, reading.open_table(ERASED)?.len()?);
    Ok(if identity.log != Some(log) {
        Some("belongs to another log than its manifest says")
    } else if covers.as_deref() != Some(&Covered { log, generation, position }.bytes()) {
        Some("covers another position than its manifest says")
    } else if identity.changes != manifest.changes {
        Some("has another count of changes than its manifest says")
    } else if counts != (manifest.keys, manifest.erased) {
        Some("has other counts of keys or of erased subjects than its manifest says")
    } else {
        None
    })
}
