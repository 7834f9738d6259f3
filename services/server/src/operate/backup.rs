//! Backup: what was signed, then the log, its vault, and who was erased.
//!
//! Each part is a folder with a manifest that is written last, so a part that
//! was cut short is none. The server goes on meanwhile, so the order decides
//! what fits together: the log is read after its checkpoints, so it has every
//! event that was signed; the vault after both, so it holds every key that an
//! event was sealed under, and every change that a checkpoint saw; the register
//! of the erased last, so that it names whom the vault has erased.
//! The root key and the keys that sign are in no part; keep them elsewhere.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use airside_kernel::{Clock, SystemClock};
use airside_privacy::Covered;
use serde::{Deserialize, Serialize};

use super::{
    Caller, OrderError, Parts,
    evidence_part::{EVIDENCE, complete, copy_signed},
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
    apart(&order.to, &vault_to)?;
    let vault = parts.vault()?.ok_or_else(|| {
        let vault = parts.places.folder.join(VAULT);
        OrderError::refused(format!("{} is absent: a backup without its keys would be none", vault.display()))
    })?;
    let (from, to) = (parts.places.evidence(), order.to.join(EVIDENCE));
    let size = long(caller, "checkpoints copied", move |_| copy_signed(&from, &to));
    let size = size.await?.map_err(OrderError::broken)?;
    let (store, to) = (parts.embedded()?.clone(), order.to.join(LOG));
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
    let (to, log_id) = (order.to.join(EVIDENCE), parts.log.store().log_id());
    let register = long(caller, "erased subjects copied", move |_| complete(&to, log_id, &vault, size));
    register.await?.map_err(OrderError::broken)?;
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
    places.around(folder).map_or(Ok(()), |data| {
        Err(OrderError::refused(format!(
            "{} lies in the data folder {}: choose a folder elsewhere, best on another disk",
            folder.display(),
            data.display()
        )))
    })
}

/// Refuses a folder for the vault's part in which another part would lie, or that lies in one.
fn apart(to: &Path, vault_to: &Path) -> Result<(), OrderError> {
    let others = [LOG, EVIDENCE].map(|part| to.join(part));
    if to.starts_with(vault_to) || others.iter().any(|other| vault_to.starts_with(other)) {
        return Err(OrderError::refused(format!(
            "{} for the vault's part is in the way of the other parts in {}: choose a folder beside it, or leave it out",
            vault_to.display(),
            to.display()
        )));
    }
    Ok(())
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
