//! Opening a vault: its file, its root key, and every reason to refuse.

use std::path::{Path, PathBuf};

use redb::{Builder, Database, DatabaseError};
use thiserror::Error;
use zeroize::Zeroizing;

use super::tables::{self, FORMAT};
use crate::{
    cipher::{CipherRefused, KEY_LEN, RootKey, Secret, random_secret},
    secret_file::{SecretFileError, open_private, read_secret, write_secret},
};

/// Memory for pages of the vault file, in bytes.
const PAGE_CACHE_BYTES: usize = 32 << 20;

pub(super) fn open_database(path: &Path) -> Result<Database, VaultError> {
    let file = open_private(path)?;
    Builder::new().set_cache_size(PAGE_CACHE_BYTES).create_file(file).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => VaultError::InUse { path: path.into() },
        other => damaged(path, other),
    })
}

/// A fresh vault takes the root key it finds or makes one; any other vault
/// opens under its own root key only.
pub(super) fn open_root(database: &Database, vault: &Path, key_path: &Path) -> Result<RootKey, VaultError> {
    let identity = tables::identity(database).map_err(|error| damaged(vault, error))?;
    if let Some(identity) = &identity
        && identity.format > FORMAT
    {
        return Err(VaultError::NewerFormat { path: vault.into(), found: identity.format });
    }
    let secret = match (read_secret(key_path)?, &identity) {
        (Some(bytes), _) => {
            let bytes = Zeroizing::new(bytes);
            if bytes.len() != KEY_LEN {
                return Err(VaultError::NotARootKey { path: key_path.into(), len: bytes.len() });
            }
            let mut secret = Secret::default();
            secret.copy_from_slice(&bytes);
            secret
        }
        (None, Some(_)) => {
            return Err(VaultError::NoRootKey { path: key_path.into(), vault: vault.into() });
        }
        (None, None) => {
            let secret = random_secret()?;
            write_secret(key_path, &*secret)?;
            secret
        }
    };
    let root = RootKey::new(&secret)?;
    match identity {
        Some(identity) if identity.root_check != root.check_value() => {
            Err(VaultError::WrongRootKey { path: key_path.into(), vault: vault.into() })
        }
        Some(_) => Ok(root),
        None => {
            tables::establish(database, &root.check_value()).map_err(|error| damaged(vault, error))?;
            Ok(root)
        }
    }
}

pub(super) fn damaged(path: &Path, reason: impl std::fmt::Display) -> VaultError {
    VaultError::Unusable { path: path.into(), reason: reason.to_string() }
}

/// A vault that cannot be opened.
#[derive(Debug, Error)]
pub enum VaultError {
    /// A file or folder cannot be used.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// Somebody else has it open.
    #[error("{} is in use by another process: stop that process, or choose another data folder", path.display())]
    InUse {
        /// The vault file.
        path: PathBuf,
    },
    /// The root key is gone.
    #[error("{} is absent but {} holds keys wrapped under it: restore the root key from its backup", path.display(), vault.display())]
    NoRootKey {
        /// Where the root key should be.
        path: PathBuf,
        /// The vault file.
        vault: PathBuf,
    },
    /// The root key's file holds something else.
    #[error("{} has {len} bytes where a root key has 32: restore the root key from its backup", path.display())]
    NotARootKey {
        /// The root key's file.
        path: PathBuf,
        /// Its length, in bytes.
        len: usize,
    },
    /// The root key belongs to another vault.
    #[error("{} is not the root key of {}: restore the two from the same installation", path.display(), vault.display())]
    WrongRootKey {
        /// The root key's file.
        path: PathBuf,
        /// The vault file.
        vault: PathBuf,
    },
    /// A newer Airside wrote it.
    #[error("{} has format {found}, newer than this airside reads ({FORMAT}): start the airside that wrote it, or a newer one", path.display())]
    NewerFormat {
        /// The vault file.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
    /// The vault file cannot be read or written.
    #[error("{} cannot be used as a vault: {reason}: check the disk, or restore it from the newest backup of the vault", path.display())]
    Unusable {
        /// The vault file.
        path: PathBuf,
        /// Why, for the operator.
        reason: String,
    },
    /// The cipher library refused.
    #[error("cannot set up the root key: cipher or random source of the system refused to work")]
    Cipher,
}

impl From<CipherRefused> for VaultError {
    fn from(_: CipherRefused) -> Self {
        Self::Cipher
    }
}
