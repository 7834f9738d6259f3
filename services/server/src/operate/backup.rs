//! Backup: the log, then its vault, then its evidence.
//!
//! Each part is a folder with a manifest that is written last, so a part that
//! was cut short is none. The vault is read after the log, so it holds every
//! key that an event in the log's part was sealed under. The evidence may reach
//! further than the log's part: a restore gives those events up and says so.
//! The root key and the keys that sign are in no part; keep them elsewhere.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use airside_evidence::{MirrorError, mirror};
use airside_kernel::{Clock, EventStore, LogId, SystemClock};
use airside_privacy::{Covered, Vault, register::RegisterFile};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

use super::{Caller, OrderError, Parts, long::long};
use crate::places::Places;

/// The folder of the log in a backup.
pub(crate) const LOG: &str = "log";
/// The folder of the vault in a backup, unless it is written elsewhere.
pub(crate) const VAULT: &str = "vault";
/// The folder of the evidence in a backup.
pub(crate) const EVIDENCE: &str = "evidence";
/// What makes a part whole.
const MANIFEST: &str = "manifest.json";
/// The form of the evidence part.
const FORMAT: u32 = 1;
/// The most entries of the register that are copied at once.
const REGISTER_ENTRIES: usize = 4_096;
/// How much of a file is hashed at once.
const BLOCK: usize = 64 * 1024;

/// Where a backup goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// An empty or absent folder.
    pub to: PathBuf,
    /// Another empty or absent folder for the vault's part.
    pub vault_to: Option<PathBuf>,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupReport {
    /// Which log it is.
    pub log_id: String,
    /// Its generation.
    pub generation: u64,
    /// The log's part.
    pub log: LogPart,
    /// The vault's part.
    pub vault: VaultPart,
    /// The evidence's part.
    pub evidence: EvidencePart,
}

/// The log's part of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPart {
    /// Its folder.
    pub path: PathBuf,
    /// The position of its last event.
    pub position: u64,
    /// The length of its files.
    pub bytes: u64,
}

/// The vault's part of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultPart {
    /// Its folder.
    pub path: PathBuf,
    /// The position of the log up to which it has every key.
    pub position: u64,
    /// How many changes the vault had.
    pub changes: u64,
    /// How many keys it has.
    pub keys: u64,
    /// How many erased subjects its register names.
    pub erased: u64,
}

/// The evidence's part of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidencePart {
    /// Its folder.
    pub path: PathBuf,
    /// How many events its newest checkpoint covers; 0 without one.
    pub size: u64,
}

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
    /// The register could not be copied.
    #[error(transparent)]
    Register(#[from] airside_privacy::register::RegisterError),
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
    pub(crate) files: Vec<EvidenceFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EvidenceFile {
    pub(crate) name: String,
    bytes: u64,
    sha256: String,
}

/// Makes a backup.
pub(super) async fn backup(
    order: &Backup,
    parts: &Parts,
    caller: &Caller,
) -> Result<BackupReport, OrderError> {
    let vault_to = order.vault_to.clone().unwrap_or_else(|| order.to.join(VAULT));
    for folder in [&order.to, &vault_to] {
        outside(folder, &parts.places)?;
        vacant(folder)?;
    }
    let vault = parts.vault()?.ok_or_else(|| {
        let vault = parts.places.folder.join(VAULT);
        OrderError::refused(format!("{} is absent: a backup without its keys would be none", vault.display()))
    })?;
    let (store, to) = (parts.store.clone(), order.to.join(LOG));
    let log = long(caller, "bytes of the log copied", move |teller| {
        store.backup(&to, &mut |step| teller.tell(step.done, step.total))
    });
    let log = log.await?.map_err(OrderError::broken)?;
    let covered = Covered { log: log.log_id, generation: log.generation, position: log.position };
    let (keeper, to) = (vault.clone(), vault_to.clone());
    let kept = long(caller, "keys copied", move |teller| {
        keeper.backup(&to, covered, &mut |done, total| teller.tell(done, total))
    });
    let kept = kept.await?.map_err(OrderError::broken)?;
    let (from, to, log_id) = (parts.places.evidence(), order.to.join(EVIDENCE), parts.store.log_id());
    let evidence = long(caller, "evidence copied", move |_| copy_evidence(&from, &to, log_id, &vault));
    let size = evidence.await?.map_err(OrderError::broken)?;
    if let Some(running) = &parts.running {
        running.backups.note(log.position, SystemClock.now());
    }
    Ok(BackupReport {
        log_id: log.log_id.to_string(),
        generation: log.generation,
        log: LogPart {
            path: order.to.join(LOG),
            position: log.position,
            bytes: log.files.iter().map(|file| file.bytes).sum(),
        },
        vault: VaultPart {
            path: vault_to,
            position: kept.position,
            changes: kept.changes,
            keys: kept.keys,
            erased: kept.erased,
        },
        evidence: EvidencePart { path: order.to.join(EVIDENCE), size },
    })
}

fn outside(folder: &Path, places: &Places) -> Result<(), OrderError> {
    let inside = [&places.folder, &places.log].into_iter().find(|data| {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        folder.ancestors().any(|above| real(above) == real(data))
    });
    inside.map_or(Ok(()), |data| {
        Err(OrderError::refused(format!(
            "{} lies in the data folder {}: choose a folder elsewhere, best on another disk",
            folder.display(),
            data.display()
        )))
    })
}

fn vacant(folder: &Path) -> Result<(), OrderError> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(false) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(true) => Err(OrderError::refused(format!(
            "folder {} is not empty: name an empty or absent one for the backup",
            folder.display()
        ))),
        Err(error) => Err(OrderError::refused(format!("{} cannot be used: {error}", folder.display()))),
    }
}

/// Copies checkpoints, hashes and the register of erased subjects; returns the size of the newest checkpoint.
fn copy_evidence(from: &Path, to: &Path, log: LogId, vault: &Vault) -> Result<u64, EvidenceError> {
    fs::create_dir_all(to).map_err(io_error(to))?;
    let size = mirror(from, to)?;
    let mut register = RegisterFile::open(&to.join(Places::REGISTER), log)?;
    let mut known = 0;
    loop {
        let entries = vault.register_after(known, REGISTER_ENTRIES);
        let entries = entries.map_err(airside_privacy::register::RegisterError::from)?;
        let Some(last) = entries.last() else { break };
        known = last.ordinal;
        register.append(&entries)?;
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(to).map_err(io_error(to))? {
        let path = entry.map_err(io_error(to))?.path();
        if path.is_file() {
            files.push(EvidenceFile::of(&path)?);
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    let manifest = EvidenceManifest { format: FORMAT, part: EVIDENCE.to_owned(), log_id: log.0, size, files };
    manifest.write(to)?;
    Ok(size)
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
            if !is_name || EvidenceFile::of(&from.join(&file.name))? != *file {
                return Err(not_whole(format!("{} is not as it was written", file.name)));
            }
        }
        Ok(manifest)
    }
}

impl EvidenceFile {
    fn of(path: &Path) -> Result<Self, EvidenceError> {
        let mut file = File::open(path).map_err(io_error(path))?;
        let (mut hash, mut bytes, mut block) = (Sha256::new(), 0, vec![0; BLOCK]);
        loop {
            let read = file.read(&mut block).map_err(io_error(path))?;
            if read == 0 {
                break;
            }
            hash.update(&block[..read]);
            bytes += read as u64;
        }
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, bytes, sha256 })
    }
}

pub(crate) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> EvidenceError + '_ {
    |source| EvidenceError::Io { path: path.to_owned(), source }
}
