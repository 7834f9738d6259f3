//! Backup: the log, then its vault, then its evidence.
//!
//! Each part is a folder with a manifest that is written last, so a part that
//! was cut short is none. The vault is read after the log, so it holds every
//! key that an event in the log's part was sealed under. The evidence may reach
//! further than the log's part: a restore gives those events up and says so.
//! The root key and the keys that sign are in no part; keep them elsewhere.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use airside_kernel::{Clock, EventStore, SystemClock};
use airside_privacy::Covered;
use serde::{Deserialize, Serialize};

use super::{
    Caller, OrderError, Parts,
    evidence_part::{EVIDENCE, copy_evidence},
    long::long,
};
use crate::places::Places;

/// The folder of the log in a backup.
pub(crate) const LOG: &str = "log";
/// The folder of the vault in a backup, unless it is written elsewhere.
pub(crate) const VAULT: &str = "vault";

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
