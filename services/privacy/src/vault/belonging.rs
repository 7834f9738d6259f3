//! Which log a vault belongs to, and whether it has all that its log has seen.
//!
//! A vault serves one log: keys of another would be missing, and an erasure
//! would be lost between the two. It binds itself to the first log that it
//! serves. A vault that was put back from an older copy lacks keys that the log
//! has used since; the count of its changes, which checkpoints of the log
//! repeat, tells it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
};

use airside_kernel::{Clock, LogId};

use super::{Vault, VaultError, start, start::damaged, tables};

impl Vault {
    /// Refuses, as it lies there, a vault of another log, or one that has fewer
    /// changes than a checkpoint of its log saw. Where there is none, nothing is refused.
    ///
    /// # Errors
    /// When it is another log's, older, newer than this program, or cannot be read.
    pub fn refuse_stranger(folder: &Path, log: LogId, seen: u64) -> Result<(), VaultError> {
        let home = folder.join("vault");
        let Some(found) = start::refuse_newer(&home.join("vault.redb"))? else { return Ok(()) };
        if let Some(bound) = found.log
            && bound != log
        {
            return Err(VaultError::OtherLog { folder: home, bound, log });
        }
        if found.changes < seen {
            return Err(VaultError::Older { folder: home, has: found.changes, seen });
        }
        Ok(())
    }

    /// Opens the vault of a data folder for one log and binds it; a vault of
    /// another log is refused as it lies there.
    ///
    /// # Errors
    /// As [`Vault::open`] and [`Vault::attach`].
    pub fn open_for(folder: &Path, log: LogId, clock: Arc<dyn Clock>) -> Result<Self, VaultError> {
        Self::refuse_stranger(folder, log, 0)?;
        let vault = Self::open(folder, clock)?;
        vault.attach(log)?;
        Ok(vault)
    }

    /// Binds the vault to the first log that it serves, for good. It waits for
    /// the disk once in a vault's life.
    ///
    /// # Errors
    /// When the vault belongs to another log, or cannot be written.
    pub fn attach(&self, log: LogId) -> Result<(), VaultError> {
        let bind = || -> Result<Option<LogId>, redb::Error> {
            let known = tables::identity(&self.shared.database)?.and_then(|identity| identity.log);
            if known.is_some() {
                return Ok(known);
            }
            let writing = self.shared.database.begin_write()?;
            let bound = tables::bind(&writing, log)?;
            let changes = tables::count_change(&writing)?;
            match bound {
                Some(_) => writing.abort()?,
                None => {
                    writing.commit()?;
                    self.shared.changes.fetch_max(changes, Ordering::Release);
                }
            }
            Ok(bound)
        };
        match bind() {
            Ok(Some(bound)) if bound != log => {
                Err(VaultError::OtherLog { folder: self.folder(), bound, log })
            }
            Ok(_) => Ok(()),
            Err(error) => {
                self.shared.break_off(&error);
                Err(damaged(&self.shared.path, error))
            }
        }
    }

    /// Returns how many commits have changed this vault since it was made. The
    /// count is durable with each change, and never falls.
    pub fn changes(&self) -> u64 {
        self.shared.changes.load(Ordering::Acquire)
    }

    /// Refuses a vault that has fewer changes than a checkpoint of its log saw.
    /// Asked before anything changes the vault.
    ///
    /// # Errors
    /// When it has fewer.
    pub fn not_older_than(&self, changes: u64) -> Result<(), VaultError> {
        let has = self.changes();
        if has < changes {
            return Err(VaultError::Older { folder: self.folder(), has, seen: changes });
        }
        Ok(())
    }

    /// Returns whether the vault takes changes; a check for readiness.
    ///
    /// # Errors
    /// When a write failed: the vault then takes no change until a restart.
    pub fn health(&self) -> Result<(), String> {
        self.shared.broken.get().map_or(Ok(()), |reason| Err(reason.clone()))
    }

    fn folder(&self) -> PathBuf {
        self.shared.path.parent().unwrap_or_else(|| Path::new("")).to_owned()
    }
}
