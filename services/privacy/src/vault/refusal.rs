//! Every reason to refuse a vault.

use std::path::PathBuf;

use airside_kernel::LogId;
use thiserror::Error;

use super::tables::FORMAT;
use crate::{cipher::CipherRefused, secret_file::SecretFileError};

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
    /// It belongs to another log.
    #[error("vault {} belongs to log {bound} and this log is {log}: start with the vault of this log, or restore one from a backup of this log", folder.display())]
    OtherLog {
        /// The vault's folder.
        folder: PathBuf,
        /// The log that it belongs to.
        bound: LogId,
        /// The log that was opened with it.
        log: LogId,
    },
    /// It lacks changes that its log has seen.
    #[error("vault {} has {has} changes and the newest checkpoint of its log saw {seen}: keys made since then are missing, so restore the newest backup of the vault", folder.display())]
    Older {
        /// The vault's folder.
        folder: PathBuf,
        /// How many changes it has.
        has: u64,
        /// How many the newest checkpoint of the log saw.
        seen: u64,
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
