//! Putting a backup of a vault in place of one that was lost.
//!
//! Everything is checked before anything is written. The register of the erased
//! is replayed while the rows are copied: a subject that it names gets its entry
//! and its keys are not copied at all, so neither a moment nor a page of the
//! restored file knows them. The file gets its name last.
//!
//! Replaying does not count as a change. The count stays what it was when the
//! backup was taken, so that a backup that is too old for its log is still found.

use std::{collections::HashSet, path::Path};

use airside_kernel::LogId;
use redb::{Builder, ReadableDatabase, ReadableTable};

use super::{
    BackupError, Erasure, VaultError,
    backup::{Copied, copy_rows, differs, write_copy},
    border::contained,
    manifest::{COPY, read_manifest},
    start,
    tables::{self, ERASED, FORMAT, Identity, REGISTER},
};
use crate::{
    cipher::{RootKey, Secret},
    secret_file::{private_folder, put_in_place, sync_name, write_secret},
};

/// Memory for pages of a backup, in bytes.
const BACKUP_CACHE_BYTES: usize = 16 << 20;

/// What a restored vault holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VaultRestored {
    /// The log that it belongs to.
    pub log: LogId,
    /// The generation of the log when the backup was taken.
    pub generation: u64,
    /// The log position that the backup covers.
    pub position: u64,
    /// How many changes it has.
    pub changes: u64,
    /// How many keys it has.
    pub keys: u64,
    /// How many subjects its register names.
    pub erased: u64,
    /// How many of them only the replayed register named.
    pub replayed: u64,
}

/// Restores a backup of a vault into a data folder without one, and erases in
/// it what `erased` names. The root key is the one in the folder, or is copied
/// from `root_key`.
///
/// # Errors
/// When the folder has a vault, the backup is not whole or is of a newer
/// format, the root key is another's, or a file cannot be used. Nothing is
/// changed but by a failure to write.
pub fn restore_vault(
    from: &Path,
    folder: &Path,
    root_key: Option<&Path>,
    erased: &[Erasure],
) -> Result<VaultRestored, BackupError> {
    let home = folder.join("vault");
    let (path, key_path) = (home.join("vault.redb"), home.join("root.key"));
    if path.exists() {
        return Err(BackupError::VaultExists { path });
    }
    let manifest = read_manifest(from)?;
    manifest.check_files(from)?;
    let copy = from.join(COPY);
    let unusable =
        |error: redb::Error| BackupError::Unusable { path: copy.clone(), reason: error.to_string() };
    let open = || -> Result<_, redb::Error> {
        let backup = Builder::new().set_cache_size(BACKUP_CACHE_BYTES).open_read_only(&copy)?;
        let identity = tables::identity(&backup)?;
        Ok((backup.begin_read()?, identity))
    };
    let (reading, identity) = contained(open).map_err(unusable)?;
    let identity = identity
        .ok_or_else(|| BackupError::Altered { path: copy.clone(), reason: "holds no vault".to_owned() })?;
    if identity.format > FORMAT {
        return Err(VaultError::NewerFormat { path: copy, found: identity.format }.into());
    }
    if let Some(reason) = contained(|| differs(&manifest, &identity, &reading)).map_err(unusable)? {
        return Err(BackupError::Altered { path: copy, reason: reason.to_owned() });
    }
    let brought = find_root(&key_path, root_key, &copy, &identity)?;

    private_folder(&home)?;
    let fresh = path.with_extension("new");
    let names: HashSet<&str> = erased.iter().map(|entry| entry.subject.as_str()).collect();
    let (copied, replayed) = write_copy(&fresh, |writing| {
        tables::write_identity(writing, &identity)?;
        let copied = copy_rows(&reading, writing, &mut |subject| names.contains(subject), &mut |_, _| ())?;
        Ok((copied, replay(writing, erased)?))
    })?;
    if let Some(secret) = brought {
        write_secret(&key_path, &*secret)?;
    }
    put_in_place(&fresh, &path)?;
    sync_name(&home)?;
    let Copied { keys, erased } = copied;
    Ok(VaultRestored {
        log: manifest.log,
        generation: manifest.generation,
        position: manifest.position,
        changes: identity.changes,
        keys,
        erased: erased + replayed,
        replayed,
    })
}

/// Finds the root key and checks that it is the backup's; returns it when it
/// must still be put in its place.
fn find_root(
    present: &Path,
    named: Option<&Path>,
    copy: &Path,
    identity: &Identity,
) -> Result<Option<Secret>, BackupError> {
    let absent = |key: &Path| BackupError::NoRootKey { key: key.into(), backup: copy.into() };
    let in_place = start::read_root(present)?;
    let brought = match named {
        None => None,
        Some(named) => Some(start::read_root(named)?.ok_or_else(|| absent(named))?),
    };
    let secret = match (&in_place, &brought) {
        (Some(secret), Some(other)) if **secret != **other => {
            let named = named.unwrap_or(present).into();
            return Err(BackupError::OtherRootKey { present: present.into(), named });
        }
        (Some(secret), _) | (None, Some(secret)) => secret,
        (None, None) => return Err(absent(present)),
    };
    let root = RootKey::new(secret).map_err(VaultError::from)?;
    if root.check_value() != identity.root_check {
        let key = named.unwrap_or(present).into();
        return Err(BackupError::WrongRootKey { key, backup: copy.into() });
    }
    Ok(if in_place.is_some() { None } else { brought })
}

/// Adds what the copied register does not name; returns how many entries that were.
fn replay(writing: &redb::WriteTransaction, erased: &[Erasure]) -> Result<u64, redb::Error> {
    let (mut register, mut order) = (writing.open_table(REGISTER)?, writing.open_table(ERASED)?);
    let mut replayed = 0;
    for Erasure { subject, reason, at, .. } in erased {
        if register.get(subject.as_str())?.is_none() {
            let ordinal = order.last()?.map_or(0, |(last, _)| last.value()) + 1;
            order.insert(ordinal, subject.as_str())?;
            register.insert(subject.as_str(), (ordinal, *reason as u8, at.as_millisecond()))?;
            replayed += 1;
        }
    }
    Ok(replayed)
}
