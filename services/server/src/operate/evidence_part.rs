//! The evidence's part of a backup: checkpoints, hashes, and the register of the erased.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use airside_evidence::{FolderError, MirrorError, mirror};
use airside_kernel::LogId;
use airside_privacy::{
    Vault,
    register::{RegisterError, RegisterFile},
};
use airside_store::BackupFile;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::places::Places;

/// The folder of the evidence in a backup.
pub(super) const EVIDENCE: &str = "evidence";
/// What makes the part whole.
const MANIFEST: &str = "manifest.json";
/// The form of the part.
const FORMAT: u32 = 1;
/// The most entries of the register that are copied at once.
const REGISTER_ENTRIES: usize = 4_096;

/// An evidence part that cannot be written or used.
#[derive(Debug, Error)]
pub(crate) enum EvidenceError {
    /// A file cannot be used.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It was cut short, or is none.
    #[error("{} is no whole evidence part of a backup: {problem}; choose another backup", path.display())]
    NotWhole {
        /// Its folder.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The checkpoints could not be copied.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// The checkpoints cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The register could not be copied.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

/// What an evidence part says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EvidenceManifest {
    format: u32,
    part: String,
    /// The log that it belongs to.
    pub(crate) log_id: Uuid,
    /// How many events its newest checkpoint covers.
    pub(crate) size: u64,
    pub(crate) files: Vec<BackupFile>,
}

/// Copies checkpoints and hashes; returns the size of the newest checkpoint.
pub(super) fn copy_signed(from: &Path, to: &Path) -> Result<u64, EvidenceError> {
    fs::create_dir_all(to).map_err(io_error(to))?;
    Ok(mirror(from, to)?)
}

/// Copies the register of erased subjects, and makes the part whole.
pub(super) fn complete(to: &Path, log: LogId, vault: &Vault, size: u64) -> Result<(), EvidenceError> {
    let mut register = RegisterFile::open(&to.join(Places::REGISTER), log)?;
    let mut known = 0;
    loop {
        let entries = vault.register_after(known, REGISTER_ENTRIES);
        let entries = entries.map_err(RegisterError::from)?;
        let Some(last) = entries.last() else { break };
        known = last.ordinal;
        register.append(&entries)?;
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(to).map_err(io_error(to))? {
        let path = entry.map_err(io_error(to))?.path();
        if path.is_file() {
            files.push(BackupFile::of(&path).map_err(io_error(&path))?);
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    let manifest = EvidenceManifest { format: FORMAT, part: EVIDENCE.to_owned(), log_id: log.0, size, files };
    manifest.write(to)
}

impl EvidenceManifest {
    fn write(&self, to: &Path) -> Result<(), EvidenceError> {
        let path = to.join(MANIFEST);
        let write = || {
            let mut file = File::create(&path)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            File::open(to)?.sync_all()
        };
        write().map_err(io_error(&path))
    }

    /// Reads the manifest of an evidence part and checks every file against it.
    ///
    /// # Errors
    /// When it was cut short, altered, or is another thing.
    pub(crate) fn check(from: &Path) -> Result<Self, EvidenceError> {
        let not_whole = |problem: String| EvidenceError::NotWhole { path: from.to_owned(), problem };
        let path = from.join(MANIFEST);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(not_whole(format!("it has no {MANIFEST}, so it was cut short")));
            }
            Err(error) => return Err(io_error(&path)(error)),
        };
        let manifest: Self = serde_json::from_slice(&bytes)
            .map_err(|error| not_whole(format!("{MANIFEST} cannot be read: {error}")))?;
        if manifest.part != EVIDENCE || manifest.format > FORMAT {
            let problem = format!("it is part {:?} of format {}", manifest.part, manifest.format);
            return Err(not_whole(format!("{problem}, and this program reads {EVIDENCE:?} up to {FORMAT}")));
        }
        for file in &manifest.files {
            let is_name = Path::new(&file.name).components().count() == 1;
            let path = from.join(&file.name);
            if !is_name || BackupFile::of(&path).map_err(io_error(&path))? != *file {
                return Err(not_whole(format!("{} is not as it was written", file.name)));
            }
        }
        Ok(manifest)
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> EvidenceError + '_ {
    |source| EvidenceError::Io { path: path.to_owned(), source }
}
