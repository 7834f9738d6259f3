//! Opening a vault: its file, its root key, and every reason to refuse.

use std::path::Path;

use redb::{Builder, Database, DatabaseError};
use zeroize::Zeroizing;

use super::{
    VaultError,
    border::contained,
    tables::{self, FORMAT, Identity},
};
use crate::{
    cipher::{KEY_LEN, RootKey, Secret, random_secret},
    secret_file::{open_private, read_secret, write_secret},
};

/// Memory for pages of the vault file, in bytes.
const PAGE_CACHE_BYTES: usize = 32 << 20;

pub(super) fn open_database(path: &Path) -> Result<Database, VaultError> {
    let file = open_private(path)?;
    let opened = contained(|| Builder::new().set_cache_size(PAGE_CACHE_BYTES).create_file(file));
    opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => VaultError::InUse { path: path.into() },
        other => damaged(path, other),
    })
}

/// Returns the identity of a vault as it lies there, without a change to it;
/// `None` when there is none yet, or only a repair could tell.
pub(super) fn look(path: &Path) -> Result<Option<Identity>, VaultError> {
    if !path.exists() {
        return Ok(None);
    }
    match contained(|| Builder::new().set_cache_size(PAGE_CACHE_BYTES).open_read_only(path)) {
        Ok(database) => contained(|| tables::identity(&database)).map_err(|error| damaged(path, error)),
        Err(DatabaseError::DatabaseAlreadyOpen) => Err(VaultError::InUse { path: path.into() }),
        Err(DatabaseError::RepairAborted) => Ok(None),
        Err(other) => Err(damaged(path, other)),
    }
}

/// Refuses a vault of a newer format before anything touches it.
pub(super) fn refuse_newer(path: &Path) -> Result<Option<Identity>, VaultError> {
    let identity = look(path)?;
    match &identity {
        Some(Identity { format, .. }) if *format > FORMAT => {
            Err(VaultError::NewerFormat { path: path.into(), found: *format })
        }
        _ => Ok(identity),
    }
}

/// A fresh vault takes the root key it finds or makes one; any other vault
/// opens under its own root key only.
pub(super) fn open_root(
    database: &Database,
    vault: &Path,
    key_path: &Path,
) -> Result<(RootKey, Identity), VaultError> {
    let identity = contained(|| tables::identity(database)).map_err(|error| damaged(vault, error))?;
    if let Some(identity) = &identity
        && identity.format > FORMAT
    {
        return Err(VaultError::NewerFormat { path: vault.into(), found: identity.format });
    }
    match identity {
        Some(identity) => Ok((root_of(&identity, vault, key_path)?, identity)),
        None => {
            let root = RootKey::new(&match read_root(key_path)? {
                Some(secret) => secret,
                None => make_root(key_path)?,
            })?;
            let identity = tables::establish(database, &root.check_value());
            Ok((root, identity.map_err(|error| damaged(vault, error))?))
        }
    }
}

/// Returns the root key of a vault; refuses any other.
pub(super) fn root_of(identity: &Identity, vault: &Path, key_path: &Path) -> Result<RootKey, VaultError> {
    let Some(secret) = read_root(key_path)? else {
        return Err(VaultError::NoRootKey { path: key_path.into(), vault: vault.into() });
    };
    let root = RootKey::new(&secret)?;
    if root.check_value() != identity.root_check {
        return Err(VaultError::WrongRootKey { path: key_path.into(), vault: vault.into() });
    }
    Ok(root)
}

fn make_root(key_path: &Path) -> Result<Secret, VaultError> {
    let secret = random_secret()?;
    write_secret(key_path, &*secret)?;
    Ok(secret)
}

/// Returns the root key of a file; `None` when there is no such file.
pub(super) fn read_root(path: &Path) -> Result<Option<Secret>, VaultError> {
    let Some(bytes) = read_secret(path)?.map(Zeroizing::new) else { return Ok(None) };
    if bytes.len() != KEY_LEN {
        return Err(VaultError::NotARootKey { path: path.into(), len: bytes.len() });
    }
    let mut secret = Secret::default();
    secret.copy_from_slice(&bytes);
    Ok(Some(secret))
}

pub(super) fn damaged(path: &Path, reason: impl std::fmt::Display) -> VaultError {
    VaultError::Unusable { path: path.into(), reason: reason.to_string() }
}
