//! Restore: a backup into a folder where no log is, as a new generation.
//!
//! Everything is checked before anything is written: each part's files against
//! its manifest, that the parts belong to one log, that the vault has every key
//! of the log's part and every change that was signed, and that somebody says
//! who was erased since. Then all parts are made in a folder of their own beside
//! their places, the vault first and with every erased subject erased in it, and
//! only then put in place, the log last. Whatever fails before that leaves the
//! target as it was.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use airside_evidence::newest;
use airside_kernel::{Clock, LogId, SystemClock};
use airside_privacy::{Erasure, VaultManifest, read_manifest, register::RegisterFile, restore_vault};
use airside_store::{LogManifest, check_backup, restore as restore_log};
use serde::{Deserialize, Serialize};

use super::{
    backup::{LOG, VAULT},
    evidence_part::{EVIDENCE, EvidenceError, EvidenceManifest},
};
use crate::places::{Places, private_folder};

mod refusal;

pub(crate) use refusal::RestoreError;

/// What is restored, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// The folder of the backup.
    pub from: PathBuf,
    /// The folder of the vault's part, when it lies elsewhere.
    pub vault_from: Option<PathBuf>,
    /// Who was erased since the backup.
    pub erased: Erased,
    /// The file of the root key, unless it lies in the target.
    pub root_key: Option<PathBuf>,
}

/// Who was erased since a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erased {
    /// Those whom a register names.
    Named(PathBuf),
    /// Nobody, says the operator.
    Nobody,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreReport {
    /// Which log it is.
    pub log_id: String,
    /// Its new generation.
    pub generation: u64,
    /// The position of its last event.
    pub position: u64,
    /// The keys in the vault.
    pub keys: u64,
    /// The erased subjects in the vault.
    pub erased: u64,
    /// How many of them the backup did not know of.
    pub erased_since: u64,
    /// How many events the newest checkpoint of the evidence covers.
    pub evidence_size: u64,
    /// How many signed events lie after the end of the backup, and are given up.
    pub signed_and_lost: u64,
}

/// What was found to be sound before anything is written.
struct Checked {
    log: LogManifest,
    vault_from: PathBuf,
    evidence: EvidenceManifest,
    erased: Vec<Erasure>,
}

/// Restores a backup. Blocks; `tell` hears what is done, how much of how much.
///
/// # Errors
/// When the target is not empty, or a part is cut short, altered, newer or of
/// another log; the target is as it was then.
pub(crate) fn restore(
    order: &Restore,
    places: &Places,
    tell: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<RestoreReport, RestoreError> {
    let draft = places.draft();
    empty_but_for_keys(places)?;
    let present = places.folder.join(VAULT).join("root.key");
    if order.root_key.is_none() && !present.exists() {
        return Err(RestoreError::NoRootKey { present });
    }
    let checked = check(order, tell)?;
    let existed = [places.folder.exists(), places.log.exists()];
    clear(places)?;
    let made = make(order, &checked, places, &draft, tell).and_then(|report| {
        put_in_place(&draft, places)?;
        Ok(report)
    });
    remove_folder(&draft)?;
    if made.is_err() {
        for (folder, existed) in [&places.log, &places.folder].into_iter().zip([existed[1], existed[0]]) {
            if !existed {
                // Only when nothing is in it: it is ours then.
                let _ = fs::remove_dir(folder);
            }
        }
    }
    made
}

fn check(order: &Restore, tell: &mut dyn FnMut(&'static str, u64, u64)) -> Result<Checked, RestoreError> {
    let log = check_backup(&order.from.join(LOG), &mut |step| tell("bytes checked", step.done, step.total))
        .map_err(RestoreError::Log)?;
    let vault_from = order.vault_from.clone().unwrap_or_else(|| order.from.join(VAULT));
    let vault: VaultManifest = read_manifest(&vault_from).map_err(RestoreError::Vault)?;
    let evidence = EvidenceManifest::check(&order.from.join(EVIDENCE))?;
    for (part, found) in [("vault", vault.log), ("evidence", LogId(evidence.log_id))] {
        if found != log.log_id {
            return Err(RestoreError::OtherLog { part, found, log: log.log_id });
        }
    }
    if (vault.generation, vault.position) < (log.generation, log.position) {
        return Err(RestoreError::VaultOlder {
            vault: vault.position,
            vault_generation: vault.generation,
            log: log.position,
            log_generation: log.generation,
        });
    }
    let signed = newest(&order.from.join(EVIDENCE)).map_err(EvidenceError::from)?;
    if let Some((signed, _)) = signed.filter(|(signed, _)| signed.generation == log.generation)
        && signed.vault > vault.changes
    {
        return Err(RestoreError::VaultBehind { vault: vault.changes, signed: signed.vault });
    }
    let mut erased = RegisterFile::read(&order.from.join(EVIDENCE).join(Places::REGISTER), log.log_id)?;
    if let Erased::Named(path) = &order.erased {
        if !path.is_file() {
            return Err(RestoreError::NoRegister { path: path.clone() });
        }
        erased.extend(RegisterFile::read(path, log.log_id)?);
    }
    Ok(Checked { log, vault_from, evidence, erased })
}

/// Makes all parts in the draft.
fn make(
    order: &Restore,
    checked: &Checked,
    places: &Places,
    draft: &Path,
    tell: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<RestoreReport, RestoreError> {
    let keys = draft.join("keys-part");
    private_folder(&places.folder).map_err(io_error(&places.folder))?;
    private_folder(&keys).map_err(io_error(&keys))?;
    let present = places.folder.join(VAULT).join("root.key");
    let root_key = order.root_key.clone().or_else(|| present.exists().then_some(present));
    let vault = restore_vault(&checked.vault_from, &keys, root_key.as_deref(), &checked.erased)
        .map_err(RestoreError::Vault)?;
    let from = order.from.join(LOG);
    let log = restore_log(&from, &draft.join("log-part"), SystemClock.now(), &mut |step| {
        tell("bytes restored", step.done, step.total);
    });
    let log = log.map_err(RestoreError::Log)?;
    let evidence = draft.join(EVIDENCE);
    fs::create_dir_all(&evidence).map_err(io_error(&evidence))?;
    for file in &checked.evidence.files {
        let to = evidence.join(&file.name);
        fs::copy(order.from.join(EVIDENCE).join(&file.name), &to).map_err(io_error(&to))?;
        fs::File::open(&to).and_then(|file| file.sync_all()).map_err(io_error(&to))?;
    }
    let mut register = RegisterFile::open(&evidence.join(Places::REGISTER), log.log_id)?;
    register.append(&checked.erased)?;
    Ok(RestoreReport {
        log_id: log.log_id.to_string(),
        generation: log.generation,
        position: log.position,
        keys: vault.keys,
        erased: vault.erased,
        erased_since: vault.replayed,
        evidence_size: checked.evidence.size,
        signed_and_lost: checked.evidence.size.saturating_sub(checked.log.position),
    })
}

/// Moves the parts to their places, the log last: without it the folder is no server's.
fn put_in_place(draft: &Path, places: &Places) -> Result<(), RestoreError> {
    let (keys, log) = (draft.join("keys-part"), draft.join("log-part"));
    let vault = places.folder.join(VAULT);
    fs::create_dir_all(&vault).map_err(io_error(&vault))?;
    fs::set_permissions(&vault, fs::metadata(keys.join(VAULT)).map_err(io_error(&keys))?.permissions())
        .map_err(io_error(&vault))?;
    // A root key that is there already is the same one.
    for name in ["root.key", "vault.redb"] {
        rename(&keys.join(VAULT).join(name), &vault.join(name))?;
    }
    rename(&draft.join(EVIDENCE), &places.evidence())?;
    if log.join("index.redb").exists() {
        rename(&log.join("index.redb"), &places.log.join("index.redb"))?;
    }
    rename(&log.join(LOG), &places.log.join(LOG))?;
    for folder in [&vault, &places.log] {
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error(folder))?;
    }
    Ok(())
}

fn empty_but_for_keys(places: &Places) -> Result<(), RestoreError> {
    for folder in [&places.folder, &places.log] {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(io_error(folder)(error)),
        };
        for entry in entries {
            let name = entry.map_err(io_error(folder))?.file_name();
            let is_expected = match name.to_str() {
                Some("keys" | "restore.new") => true,
                Some("vault") => !places.has_vault() || places.is_half_restored(),
                Some("evidence" | "index.redb") => places.is_half_restored(),
                _ => false,
            };
            if !is_expected {
                let found = name.to_string_lossy().into_owned();
                return Err(RestoreError::NotEmpty { folder: folder.clone(), found });
            }
        }
    }
    Ok(())
}

fn rename(from: &Path, to: &Path) -> Result<(), RestoreError> {
    fs::rename(from, to).map_err(io_error(to))
}

/// Removes what a restore that was cut short left: it began on an empty
/// target, and no server starts on a half of one, so what is there is its own.
fn clear(places: &Places) -> Result<(), RestoreError> {
    if places.is_half_restored() {
        remove_folder(&places.evidence())?;
        for file in [places.log.join("index.redb"), places.folder.join(VAULT).join("vault.redb")] {
            gone(fs::remove_file(&file), &file)?;
        }
    }
    remove_folder(&places.draft())
}

fn remove_folder(folder: &Path) -> Result<(), RestoreError> {
    gone(fs::remove_dir_all(folder), folder)
}

fn gone(removed: io::Result<()>, path: &Path) -> Result<(), RestoreError> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(path)(error)),
        _ => Ok(()),
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RestoreError + '_ {
    |source| RestoreError::Io { path: path.to_owned(), source }
}
