//! The vault: where data keys live, and where they die.
//!
//! Reads come from a bounded cache, else from the file. Writes go through one
//! thread that gathers what waits into one durable commit, so that a thousand
//! new subjects cost one sync and not a thousand.
//!
//! The cache could outlive a key: a reader finds the row, the subject is
//! erased, the reader caches what it found. So filling the cache holds the
//! fence shared from before the read until after the insert, and publishing an
//! erasure takes it alone, after the commit and before the caller hears of it.
//! Who filled early is evicted; who fills late finds no row.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use airside_kernel::{Category, Clock, KeyError, Keyring, Opened, SealContext, Sealed, SubjectId};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::civil::Date;
use moka::sync::Cache;
use redb::Database;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    cipher::{KeyName, RootKey},
    port::{ErasedSince, VaultPort},
    secret_file::private_folder,
    values::{Entry, FindKey, name_of, unavailable},
};
pub use backup::Covered;
use copies::Copies;
pub use erased::{Erasure, Reason};
pub use handing::{Handed, HandedKey, HandedOut, KeyAsk};
pub use manifest::{BackupError, ManifestFile, VaultManifest, read_manifest};
pub use refusal::VaultError;
pub use restore::{VaultRestored, restore_vault};
use start::{open_database, open_root};
use tables::Identity;
use writer::{Job, Request};

mod backup;
mod belonging;
mod border;
mod copies;
mod erased;
mod handing;
mod manifest;
mod refusal;
mod restore;
mod start;
mod tables;
mod writer;

/// Most keys held ready, about a kilobyte each.
pub(crate) const CACHED_KEYS_MAX: u64 = 32_768;

/// Most subjects of the register that are told at once.
const ERASED_PAGE: usize = 1_000;

/// Most requests that wait for the writer; more callers wait before they ask.
const WAITING_REQUESTS_MAX: usize = 4096;

/// The key store of one installation, in `DIR/vault`.
pub struct Vault {
    shared: Arc<Shared>,
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

struct Shared {
    path: PathBuf,
    database: Database,
    root: RootKey,
    clock: Arc<dyn Clock>,
    cache: Cache<KeyName, Entry>,
    fence: RwLock<()>,
    commits: AtomicU64,
    changes: AtomicU64,
    broken: OnceLock<String>,
    copies: Copies,
    erasures: watch::Sender<u64>,
}

impl Shared {
    /// Returns nothing while the writer works.
    fn sound(&self) -> Result<(), KeyError> {
        match self.broken.get() {
            None => Ok(()),
            Some(reason) => Err(unavailable(reason)),
        }
    }

    /// Notes for good that a write failed, and returns the answer to who waits.
    fn break_off(&self, error: &redb::Error) -> KeyError {
        let reason = format!(
            "a write to {} failed: {error}: check the disk and its free space, then restart",
            self.path.display()
        );
        unavailable(self.broken.get_or_init(|| reason))
    }
}

impl FindKey for Shared {
    fn find(&self, name: &KeyName) -> Result<Option<Entry>, KeyError> {
        if let Some(entry) = self.cache.get(name) {
            return Ok(Some(entry));
        }
        let _filling = self.fence.read().unwrap_or_else(PoisonError::into_inner);
        let found = tables::look_up(&self.database, &self.root, name)?;
        if let Some(entry) = &found {
            self.cache.insert(name.clone(), entry.clone());
        }
        Ok(found)
    }
}

impl Vault {
    /// Opens the vault of a data folder, making it and its root key on first start.
    ///
    /// # Errors
    /// When another process has it open, its root key is absent, wrong or open
    /// to others, a newer Airside wrote it, or its files cannot be used.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, VaultError> {
        let home = folder.join("vault");
        private_folder(&home)?;
        let (path, key_path) = (home.join("vault.redb"), home.join("root.key"));
        // Opening writes to the file, so what must be refused is refused before.
        if let Some(identity) = start::refuse_newer(&path)? {
            start::root_of(&identity, &path, &key_path)?;
        }
        let database = open_database(&path)?;
        let (root, identity) = open_root(&database, &path, &key_path)?;
        Self::run(&path, database, root, &identity, clock)
    }

    fn run(
        path: &Path,
        database: Database,
        root: RootKey,
        identity: &Identity,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, VaultError> {
        let unusable = |reason: String| VaultError::Unusable { path: path.into(), reason };
        let count = tables::erased_count(&database).map_err(|error| unusable(error.to_string()))?;
        let shared = Arc::new(Shared {
            path: path.into(),
            database,
            root,
            clock,
            cache: Cache::new(CACHED_KEYS_MAX),
            fence: RwLock::new(()),
            commits: AtomicU64::new(0),
            changes: AtomicU64::new(identity.changes),
            broken: OnceLock::new(),
            copies: Copies::default(),
            erasures: watch::Sender::new(count),
        });
        let (requests, inbox) = mpsc::channel(WAITING_REQUESTS_MAX);
        let writer = thread::Builder::new()
            .name("vault-writer".into())
            .spawn({
                let shared = Arc::clone(&shared);
                move || writer::run(&shared, inbox)
            })
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self { shared, requests: Some(requests), writer: Some(writer) })
    }

    /// Destroys the raw keys of every source and day before `keep_from`, and
    /// returns how many subjects that were.
    ///
    /// # Errors
    /// When the vault cannot be written, or a kept copy of the register cannot.
    pub async fn retire_raw(&self, keep_from: Date) -> Result<usize, KeyError> {
        let count = self.submit(Job::Retire(keep_from)).await?;
        if count > 0 {
            self.copied().await?;
        }
        Ok(count)
    }

    /// Returns how many commits this vault has made since it was opened.
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    async fn submit(&self, job: Job) -> Result<usize, KeyError> {
        let stopped = || unavailable("its writer has stopped: restart the process");
        let (reply, answer) = oneshot::channel();
        let requests = self.requests.as_ref().ok_or_else(stopped)?;
        requests.send(Request { job, reply }).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Vault {
    /// Lets the writer finish, so that the file is closed cleanly and free.
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
        self.shared.copies.end();
    }
}

#[async_trait]
impl Keyring for Vault {
    async fn ensure(&self, subjects: &[(SubjectId, Category)]) -> Result<(), KeyError> {
        let mut absent = Vec::new();
        for (subject, category) in subjects {
            let name = name_of(subject, *category);
            if self.shared.find(&name)?.is_none() {
                absent.push(name);
            }
        }
        if absent.is_empty() {
            return Ok(());
        }
        self.submit(Job::Ensure(absent)).await.map(drop)
    }

    fn seal(
        &self,
        subject: &SubjectId,
        category: Category,
        context: SealContext,
        clear: &[u8],
    ) -> Result<Option<Sealed>, KeyError> {
        self.shared.seal_value(subject, category, context, clear)
    }

    fn open(&self, sealed: &Sealed) -> Result<Opened, KeyError> {
        self.shared.open_value(sealed)
    }

    fn fingerprint(
        &self,
        subject: &SubjectId,
        category: Category,
        bytes: &[u8],
    ) -> Result<Option<Bytes>, KeyError> {
        self.shared.fingerprint_of(subject, category, bytes)
    }

    async fn erase(&self, subject: &SubjectId) -> Result<(), KeyError> {
        self.submit(Job::Erase(subject.clone())).await?;
        self.copied().await
    }
}

#[async_trait]
impl VaultPort for Vault {
    fn on_erase(&self) -> watch::Receiver<u64> {
        self.shared.erasures.subscribe()
    }

    async fn erased_since(&self, count: u64) -> Result<ErasedSince, KeyError> {
        let register = *self.shared.erasures.borrow();
        let entries = self.register_after(count, ERASED_PAGE)?;
        Ok(ErasedSince { subjects: entries.into_iter().map(|entry| entry.subject).collect(), register })
    }

    fn root_check(&self) -> Vec<u8> {
        self.shared.root.check_value()
    }

    fn state(&self) -> Result<String, String> {
        let copies = self.copies_health().err().map(|lack| format!("; {lack}")).unwrap_or_default();
        self.health().map(|()| format!("{} changes{copies}", self.changes()))
    }
}

#[cfg(test)]
mod tests;
