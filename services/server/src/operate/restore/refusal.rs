//! Every reason not to restore a backup.

use std::{io, path::PathBuf};

use airside_kernel::LogId;
use airside_privacy::register::RegisterError;
use thiserror::Error;

use crate::operate::evidence_part::EvidenceError;

/// A backup that was not restored; the target is as it was.
#[derive(Debug, Error)]
pub(crate) enum RestoreError {
    /// Something is in the target.
    #[error(
        "{} holds {found}: restore into an empty or absent folder (`keys/` and `vault/root.key` may be there); \
         nothing was changed", folder.display()
    )]
    NotEmpty {
        /// The target.
        folder: PathBuf,
        /// What is there.
        found: String,
    },
    /// The log's part cannot be restored.
    #[error("log part of the backup cannot be restored")]
    Log(#[source] airside_store::RestoreError),
    /// The vault's part cannot be restored.
    #[error("vault part of the backup cannot be restored, and nothing was changed")]
    Vault(#[source] airside_privacy::BackupError),
    /// The evidence's part cannot be restored.
    #[error("evidence part of the backup cannot be restored, and nothing was changed")]
    Evidence(#[from] EvidenceError),
    /// The register cannot be read.
    #[error("register of the erased cannot be read, and nothing was changed")]
    Register(#[from] RegisterError),
    /// The named register is not there.
    #[error(
        "register {} is not there: name the copy in the second place or beside the old log, or say \
         `--erased none` when nobody was erased since the backup; nothing was changed",
        path.display()
    )]
    NoRegister {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The parts are of different logs.
    #[error(
        "{part} part belongs to log {found}, and the log part is log {log}: bring the parts of one backup together; nothing was changed"
    )]
    OtherLog {
        /// Which part.
        part: &'static str,
        /// Its log.
        found: LogId,
        /// The log part's.
        log: LogId,
    },
    /// The vault lacks keys.
    #[error(
        "vault part covers the log up to position {vault} of generation {vault_generation}, and the log part goes up to \
         {log} of generation {log_generation}: the vault is older than the log and lacks keys; bring the vault part of \
         this backup or a later one; nothing was changed"
    )]
    VaultOlder {
        /// The position that the vault covers.
        vault: u64,
        /// Of which generation.
        vault_generation: u64,
        /// The last position of the log part.
        log: u64,
        /// Of which generation.
        log_generation: u64,
    },
    /// The vault lacks changes that a checkpoint saw.
    #[error(
        "vault part has {vault} changes and the newest checkpoint of the evidence part saw {signed}: the vault is older \
         than what was signed; bring the vault part of this backup or a later one; nothing was changed"
    )]
    VaultBehind {
        /// The changes of the vault.
        vault: u64,
        /// The changes that were seen.
        signed: u64,
    },
    /// Nobody says where the root key is.
    #[error(
        "root key of the vault is not at hand: name its file with `--root-key FILE`, or put it at {} beforehand; \
         nothing was changed", present.display()
    )]
    NoRootKey {
        /// Where it may lie.
        present: PathBuf,
    },
    /// A file cannot be used.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}
