//! Follows the log, grows the tree, signs checkpoints, fills the second place.
//!
//! Policy. A checkpoint is signed every ten seconds when something is new, or
//! when ten thousand events are, so an event is covered soon and signing costs
//! nothing that could be felt. Hashes wait in memory until then. Whatever
//! fails, the tree is taken up again from the files, which are only trusted as
//! far as a checkpoint names them. The second place is filled beside the work,
//! by one task at a time, so a mount that hangs holds up nothing. A
//! contradiction ends the work for good: nothing is ever signed over it.

mod health;

use std::{
    fs::{self, File, TryLockError},
    io,
    path::PathBuf,
    sync::Arc,
    thread,
    time::Duration,
};

use airside_kernel::{EventStore, Follow, LogId, ReadError};
use thiserror::Error;
use tokio::{
    sync::{oneshot, watch},
    task,
    time::{self, Instant, MissedTickBehavior},
};
use tracing::info;

pub use self::health::{Figures, Health, SecondPlace};
use self::health::{Vitals, chain};
use crate::{
    Restored,
    checkpoint::Checkpoint,
    elsewhere::look,
    files::{FolderError, find_newest, refused},
    ledger::{Circumstances, Ledger},
    mirror::{MirrorError, leads, mirror, relation},
    note::{Note, Signed, Signer, VerifierKey, Verify},
    take_up::{TakeUpError, TakenUp, take_up},
};

/// How long the notary waits after something failed.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// How long filling the second place may take before it counts as silent.
const SILENT_AFTER: Duration = Duration::from_secs(60);
/// How long the second place may hold up the start and the end.
const SECOND_TIMEOUT: Duration = Duration::from_secs(5);

/// What the notary works with.
#[derive(Clone)]
pub struct Options {
    /// The evidence folder; made when absent.
    pub folder: PathBuf,
    /// The second place, an existing folder on another disk; `None` keeps one copy alone.
    pub second: Option<PathBuf>,
    /// How often a checkpoint is signed when something is new; default 10 s.
    pub every: Duration,
    /// How many new events make a checkpoint at once; default 10,000.
    pub every_events: u64,
    /// Who signs.
    pub signer: Signer,
    /// The keys that signed before this one.
    pub earlier_keys: Vec<VerifierKey>,
    /// Checks a signature.
    pub verify: Verify,
    /// Where the log's generation began; `None` when that is not known.
    pub restored: Option<Restored>,
    /// Returns how many changes the vault has made durable.
    pub vault_changes: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Options {
    /// Makes options with the defaults.
    pub fn new(folder: PathBuf, signer: Signer, verify: Verify) -> Self {
        Self {
            folder,
            second: None,
            every: Duration::from_secs(10),
            every_events: 10_000,
            signer,
            earlier_keys: Vec::new(),
            verify,
            restored: None,
            vault_changes: Arc::new(|| 0),
        }
    }

    fn signed(&self, note: &Note) -> Signed {
        let keys: Vec<VerifierKey> = self.earlier_keys.iter().chain([self.signer.key()]).cloned().collect();
        note.signed(&keys, self.verify)
    }
}

/// A notary that cannot begin.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The folder belongs to another log.
    #[error("{} holds checkpoints of log {found}, not of {expected}: name another evidence folder, or put the log back that it belongs to", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// The log that it belongs to.
        found: LogId,
        /// The log that it was to serve.
        expected: LogId,
    },
    /// The newest checkpoint was signed by somebody else.
    #[error("newest checkpoint in {} is signed by {names}, which is no key of this log: name it among the earlier keys if it was one", path.display())]
    UnknownKey {
        /// The folder.
        path: PathBuf,
        /// The names of the keys.
        names: String,
    },
    /// The newest checkpoint was not signed by the key that it names.
    #[error("newest checkpoint in {} was not signed by {name}, whose name it bears: put the file back from the second place or a backup", path.display())]
    Forged {
        /// The folder.
        path: PathBuf,
        /// The name of the key.
        name: String,
    },
    /// A file cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The second place belongs to another log.
    #[error("second place cannot be used")]
    Second(#[from] MirrorError),
}

/// Makes the evidence of one log.
pub struct Notary {
    store: Arc<dyn EventStore>,
    options: Options,
    vitals: Arc<Vitals>,
    /// Held for as long as the notary lives.
    _lock: File,
}

/// Why a stretch of work ended.
enum Trouble {
    Passing(String),
    Contradiction(String),
}

impl From<TakeUpError> for Trouble {
    fn from(error: TakeUpError) -> Self {
        match error {
            TakeUpError::Contradiction(found) => Self::Contradiction(found),
            TakeUpError::Folder(error) => Self::from(error),
            TakeUpError::Read(error) => Self::from(error),
        }
    }
}

impl From<ReadError> for Trouble {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Corrupt { .. } => Self::Contradiction(format!("ended at damaged bytes: {error}")),
            ReadError::Unavailable { .. } => Self::Passing(error.to_string()),
        }
    }
}

impl From<FolderError> for Trouble {
    fn from(error: FolderError) -> Self {
        Self::Passing(chain(&error))
    }
}

impl Notary {
    /// Opens the evidence folder of a log, and changes nothing in one that does not belong to it.
    ///
    /// # Errors
    /// When the folder or the second place belongs to another log, the newest
    /// checkpoint was not signed by a known key, or a file cannot be used.
    pub fn open(store: Arc<dyn EventStore>, options: Options) -> Result<Self, OpenError> {
        let (folder, log) = (&options.folder, store.log_id());
        let newest = find_newest(folder)?;
        if let Some(newest) = &newest {
            if newest.checkpoint.log != log {
                let found = newest.checkpoint.log;
                return Err(OpenError::Foreign { path: folder.clone(), found, expected: log });
            }
            match options.signed(&newest.note) {
                Signed::By(_) => {}
                Signed::Forged(name) => return Err(OpenError::Forged { path: folder.clone(), name }),
                Signed::Unknown(names) => {
                    return Err(OpenError::UnknownKey { path: folder.clone(), names: names.join(", ") });
                }
            }
        }
        if let Some(second) = options.second.clone() {
            let (folder, ours, place) = (folder.clone(), newest.clone(), second.clone());
            let looked = look(&place, SECOND_TIMEOUT, move || {
                relation(&folder, ours.as_ref(), &second, log).map(drop)
            });
            if let Err(error @ MirrorError::Foreign { .. }) = looked {
                return Err(error.into());
            }
        }
        fs::create_dir_all(folder).map_err(refused("make", folder))?;
        let path = folder.join("lock");
        let lock = File::options().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(refused("open", &path))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => FolderError::InUse { path: folder.clone() },
            TryLockError::Error(error) => refused("lock", &path)(error),
        })?;
        let vitals = Vitals::new(options.second.is_some());
        if let Some(newest) = newest {
            vitals.signed(&newest.checkpoint);
        }
        Ok(Self { store, options, vitals, _lock: lock })
    }

    /// Returns a handle that tells how the notary is.
    pub fn health(&self) -> Health {
        self.vitals.health()
    }

    /// Runs until `stop` turns true, and signs what is new before it ends; a
    /// contradiction ends it at once.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        // Outlives a stretch of work: two threads must not fill the same place.
        let mut filling = None;
        loop {
            match self.work(&mut stop, &mut filling).await {
                Ok(()) => break,
                Err(Trouble::Contradiction(found)) => {
                    self.vitals.give_up(found);
                    break;
                }
                Err(Trouble::Passing(reason)) => self.vitals.failed(reason),
            }
            tokio::select! {
                () = time::sleep(RETRY_PAUSE) => {}
                () = stopped(&mut stop) => break,
            }
        }
        self.vitals.gone();
    }

    async fn work(
        &self,
        stop: &mut watch::Receiver<bool>,
        filling: &mut Option<Filling>,
    ) -> Result<(), Trouble> {
        if filling.is_none() {
            self.take_over_second().await?;
        }
        let taken = tokio::select! {
            taken = take_up(&*self.store, &self.options.folder, self.options.restored) => taken?,
            () = stopped(stop) => return Ok(()),
        };
        let TakenUp { ledger, newest, restored } = taken;
        info!(size = ledger.edge().size(), generation = self.store.generation(), "tree of the log taken up");
        self.vitals.works(ledger.edge().size());
        let follower = self.store.follow(ledger.last());
        let ledger = Some(ledger);
        let desk = Desk { notary: self, ledger, newest, restored, filling, is_full: false };
        desk.work(follower, stop).await
    }

    /// Takes over what only the second place has, unless it is away.
    async fn take_over_second(&self) -> Result<(), Trouble> {
        let Some(second) = self.options.second.clone() else { return Ok(()) };
        let (options, life) = (self.options.clone(), (self.store.log_id(), self.store.generation()));
        let looking = aside(move || {
            let is_known = |note: &Note| matches!(options.signed(note), Signed::By(_));
            leads(&options.folder, &second, life, is_known)
        });
        match time::timeout(SECOND_TIMEOUT, looking).await {
            Ok(Ok(Ok(true))) => {}
            Ok(Ok(Err(error))) => {
                self.vitals.second(Err(&error));
                return Ok(());
            }
            // It has nothing, or does not answer now.
            _ => return Ok(()),
        }
        // From here on it must not be left: it writes where the notary will.
        let (folder, second) = (self.options.folder.clone(), self.options.second.clone());
        let taking = aside(move || second.map(|second| mirror(&second, &folder)).transpose());
        match taking.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Trouble::Passing(chain(&error))),
            Err(error) => Err(Trouble::Passing(error.to_string())),
        }
    }
}

/// The second place being filled.
struct Filling {
    answer: oneshot::Receiver<Result<u64, MirrorError>>,
    since: Instant,
}

/// The notary at work on a tree that was taken up.
struct Desk<'a> {
    notary: &'a Notary,
    /// Away only while its files are written.
    ledger: Option<Ledger>,
    newest: Option<Checkpoint>,
    restored: u64,
    filling: &'a mut Option<Filling>,
    /// The second place has everything that was signed.
    is_full: bool,
}

impl Desk<'_> {
    async fn work(
        mut self,
        mut follower: Box<dyn Follow>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), Trouble> {
        let options = &self.notary.options;
        // A generation that began is signed before anything is added to it.
        self.sign().await?;
        self.fill();
        let mut tick = time::interval_at(Instant::now() + options.every, options.every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // What is seldom ready comes first: a busy log must not starve it.
            let page = tokio::select! {
                biased;
                () = stopped(stop) => return self.close().await,
                outcome = finished(self.filling) => {
                    self.filled(outcome)?;
                    continue;
                }
                _ = tick.tick() => {
                    self.sign().await?;
                    self.fill();
                    continue;
                }
                page = follower.next() => page?,
            };
            let ledger = self.ledger_mut();
            page.events.iter().for_each(|event| ledger.take(event));
            let size = ledger.edge().size();
            self.notary.vitals.works(size);
            if size - self.newest.map_or(0, |newest| newest.size) >= options.every_events {
                self.sign().await?;
                self.fill();
                tick.reset();
            }
            task::yield_now().await;
        }
    }

    fn ledger_mut(&mut self) -> &mut Ledger {
        self.ledger.as_mut().expect("the ledger is away only within `sign`")
    }

    /// Signs what is new: events, or a generation that began with some.
    async fn sign(&mut self) -> Result<(), Trouble> {
        let store = &self.notary.store;
        let (size, generation) = (self.ledger_mut().edge().size(), store.generation());
        let is_news = self.newest.is_none_or(|newest| newest.size != size || newest.generation != generation);
        if size == 0 || !is_news {
            return Ok(());
        }
        let vault = (self.notary.options.vault_changes)();
        let now = Circumstances { log: store.log_id(), generation, restored: self.restored, vault };
        let signer = self.notary.options.signer.clone();
        let ledger = self.ledger.take();
        let signing = task::spawn_blocking(move || {
            let mut ledger = ledger.expect("the ledger is away only within `sign`");
            ledger.sign(&signer, now).map(|checkpoint| (ledger, checkpoint))
        });
        let (ledger, checkpoint) = signing.await.map_err(|error| Trouble::Passing(error.to_string()))??;
        self.ledger = Some(ledger);
        self.newest = Some(checkpoint);
        self.is_full = false;
        self.notary.vitals.signed(&checkpoint);
        Ok(())
    }

    /// Begins to fill the second place, unless it is full or being filled.
    fn fill(&mut self) {
        let Some(second) = self.notary.options.second.clone() else { return };
        if let Some(filling) = &*self.filling {
            if filling.since.elapsed() > SILENT_AFTER {
                self.notary.vitals.second(Err(&MirrorError::Silent { path: second }));
            }
        } else if !self.is_full {
            let folder = self.notary.options.folder.clone();
            let answer = aside(move || mirror(&folder, &second));
            *self.filling = Some(Filling { answer, since: Instant::now() });
        }
    }

    fn filled(&mut self, outcome: Result<u64, MirrorError>) -> Result<(), Trouble> {
        *self.filling = None;
        self.notary.vitals.second(outcome.as_ref().copied());
        match outcome {
            Ok(size) => self.is_full = self.newest.is_none_or(|newest| newest.size <= size),
            Err(error @ MirrorError::Diverged { .. }) => {
                return Err(Trouble::Contradiction(error.to_string()));
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// Signs and copies what is new; a second place that hangs is left.
    async fn close(mut self) -> Result<(), Trouble> {
        self.sign().await?;
        let filling = async {
            if self.filling.is_some() {
                let outcome = finished(self.filling).await;
                self.filled(outcome)?;
            }
            self.fill();
            if self.filling.is_some() {
                let outcome = finished(self.filling).await;
                self.filled(outcome)?;
            }
            Ok(())
        };
        time::timeout(SECOND_TIMEOUT, filling).await.unwrap_or(Ok(()))
    }
}

/// Works on a thread of its own, which nobody has to wait for when a mount hangs.
fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
    let (answer, receiver) = oneshot::channel();
    // Who no longer listens has stopped. A thread that could not be made drops the answer.
    let _ = thread::Builder::new().name("second-place".into()).spawn(move || answer.send(work()));
    receiver
}

/// Waits until the second place is filled; for ever when nobody fills it.
async fn finished(filling: &mut Option<Filling>) -> Result<u64, MirrorError> {
    let Some(filling) = filling else { return std::future::pending().await };
    let unfinished =
        |error| refused("finish the copy to", "the second place".as_ref())(io::Error::other(error));
    (&mut filling.answer).await.unwrap_or_else(|error| Err(unfinished(error).into()))
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means that the process ends too.
    let _ = stop.wait_for(|stop| *stop).await;
}
