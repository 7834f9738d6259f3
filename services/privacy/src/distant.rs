//! A vault on another node: its keys are asked for over a line, used here, and kept in memory only.
//!
//! **Policy.** Sealing and opening happen here, so a key that is held costs nothing. A key that is
//! not held costs one question. The register is followed all the time, and each erasure evicts what
//! is held of its subject, so an erasure takes effect on every node within one answer of the vault.
//! A node that is cut off from the vault cannot hear of erasures: it goes on with what it holds for
//! `keep` after the last word, and then holds nothing. Its caller is told `unavailable` at once
//! while the vault is away, because to wait would only fill the node with calls that wait.
//!
//! A key may be on its way here while its subject is erased. The answer says how long the register
//! was before the look-up; one that is older than what was heard since is asked for again.
//!
//! The line is used on a thread of its own. So opening a value, which cannot wait as async code
//! does, may ask from any thread without holding up who would carry the answer.

mod line;

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock, mpsc as std_mpsc},
    thread,
    time::{Duration, Instant},
};

use airside_kernel::{Category, KeyError, Keyring, Opened, SealContext, Sealed, SubjectId};
use async_trait::async_trait;
use bytes::Bytes;
use moka::sync::Cache;
use tokio::{
    runtime::{Builder, Handle, RuntimeFlavor},
    sync::{mpsc, oneshot, watch},
    task,
};

pub use self::line::VaultLine;
use self::line::{Job, Reply};
use crate::{
    cipher::{DataKey, KeyName},
    port::{ErasedSince, VaultPort},
    values::{Entry, FindKey, name_of, unavailable},
    vault::{CACHED_KEYS_MAX, Handed, HandedOut, KeyAsk},
};

/// Most questions that wait for the line; more callers are told that it is not available.
const WAITING_MAX: usize = 4_096;

/// Most keys in one question.
const ASKED_AT_ONCE: usize = 512;

/// How long an answer may take in all; the line has a shorter bound of its own.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How often a key is asked for again that was overtaken by an erasure.
const OVERTAKEN_MAX: usize = 16;

/// The vault of another node.
pub struct DistantVault {
    held: Arc<Held>,
    jobs: mpsc::Sender<Job>,
    root_check: Vec<u8>,
}

/// What is held of it here.
struct Held {
    cache: Cache<KeyName, Entry>,
    /// How much of the register was heard. Whoever fills the cache shares it, and an erasure takes it
    /// alone, so nothing is filled in after its eviction.
    register: RwLock<u64>,
    erasures: watch::Sender<u64>,
    contact: Mutex<Contact>,
    keep: Duration,
}

/// How the line is.
struct Contact {
    /// When the register was last heard of.
    heard: Instant,
    /// Why it is not heard of now.
    trouble: Option<String>,
}

impl DistantVault {
    /// Follows a vault over a line. `root_check` and the length of its register, `register`, are what
    /// it said of itself; keys are held for `keep` after its last word.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub fn follow(
        line: Arc<dyn VaultLine>,
        root_check: Vec<u8>,
        register: u64,
        keep: Duration,
    ) -> std::io::Result<Self> {
        let held = Arc::new(Held {
            cache: Cache::new(CACHED_KEYS_MAX),
            register: RwLock::new(register),
            erasures: watch::Sender::new(register),
            contact: Mutex::new(Contact { heard: Instant::now(), trouble: None }),
            keep,
        });
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let on_thread = held.clone();
        thread::Builder::new().name("vault-line".into()).spawn(move || {
            runtime.block_on(line::run(&on_thread, line, waiting));
        })?;
        Ok(Self { held, jobs, root_check })
    }

    /// Returns what the names stand for, in their order; with `make`, absent keys are made.
    async fn ask(&self, asks: Vec<KeyAsk>, make: bool) -> Result<HandedOut, KeyError> {
        self.held.reachable()?;
        let (reply, answer) = oneshot::channel();
        let reply: Reply<HandedOut> = Box::new(move |told| drop(reply.send(told)));
        self.jobs.send(Job::HandOut { asks, make, reply }).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// Asks from code that cannot wait as async code does.
    fn ask_now(&self, ask: KeyAsk) -> Result<HandedOut, KeyError> {
        self.held.reachable()?;
        let (reply, answer) = std_mpsc::sync_channel(1);
        let reply: Reply<HandedOut> = Box::new(move |told| drop(reply.send(told)));
        let job = Job::HandOut { asks: vec![ask], make: false, reply };
        self.jobs
            .try_send(job)
            .map_err(|_| unavailable("too many questions wait for the vault: try again"))?;
        standing_by(|| answer.recv_timeout(ANSWER_WITHIN))
            .map_err(|_| unavailable("the vault did not answer in time: try again"))?
    }

    async fn ensure_some(&self, names: &[KeyName]) -> Result<(), KeyError> {
        for _ in 0..OVERTAKEN_MAX {
            let told = self.ask(names.iter().map(ask_of).collect(), true).await?;
            if let Filled::All(_) = self.held.fill(names, &told)? {
                return Ok(());
            }
        }
        Err(unavailable("too many erasures overtake the keys: try again"))
    }

    async fn since(&self, count: u64) -> Result<ErasedSince, KeyError> {
        self.held.reachable()?;
        let (reply, answer) = oneshot::channel();
        let reply: Reply<ErasedSince> = Box::new(move |told| drop(reply.send(told)));
        self.jobs.send(Job::Since { count, reply }).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}

/// What came of filling the cache.
enum Filled {
    /// What each name stands for; `None` when it has no key.
    All(Vec<Option<Entry>>),
    /// An erasure was heard of since the look-up.
    Overtaken,
}

impl Held {
    fn contact(&self) -> std::sync::MutexGuard<'_, Contact> {
        self.contact.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns nothing while the vault is heard of.
    fn reachable(&self) -> Result<(), KeyError> {
        self.contact().trouble.as_ref().map_or(Ok(()), |trouble| Err(unavailable(trouble)))
    }

    /// Returns what is held; a key only as long as an erasure of its subject would have been heard of.
    fn get(&self, name: &KeyName) -> Option<Entry> {
        match self.cache.get(name)? {
            Entry::Live(_) if self.contact().heard.elapsed() > self.keep => None,
            entry => Some(entry),
        }
    }

    fn fill(&self, names: &[KeyName], told: &HandedOut) -> Result<Filled, KeyError> {
        if told.keys.len() != names.len() {
            return Err(unavailable(
                "the vault answered with another number of keys: is it another version?",
            ));
        }
        let register = self.register.read().unwrap_or_else(PoisonError::into_inner);
        if told.register < *register {
            return Ok(Filled::Overtaken);
        }
        let entry = |(name, handed): (&KeyName, &Handed)| {
            let entry = match handed {
                Handed::Key(key) => Entry::Live(DataKey::new(key.secret()).map_err(unavailable)?.into()),
                Handed::Erased => Entry::Erased,
                Handed::Absent => return Ok(None),
            };
            self.cache.insert(name.clone(), entry.clone());
            Ok(Some(entry))
        };
        names.iter().zip(&told.keys).map(entry).collect::<Result<_, KeyError>>().map(Filled::All)
    }

    /// Takes in some of the register: evicts its subjects, and notes how far it was heard.
    fn heard(&self, after: u64, since: &ErasedSince) {
        {
            let mut register = self.register.write().unwrap_or_else(PoisonError::into_inner);
            for subject in &since.subjects {
                for category in [Category::Identity, Category::Travel, Category::Raw] {
                    self.cache.invalidate(&name_of(subject, category));
                }
            }
            *register = (*register).max(after + since.subjects.len() as u64);
            self.erasures.send_if_modified(|seen| {
                let grows = *seen < *register;
                *seen = *register;
                grows
            });
        }
        *self.contact() = Contact { heard: Instant::now(), trouble: None };
    }

    fn known(&self) -> u64 {
        *self.register.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits on this thread; others take over what a thread of the runtime would do meanwhile.
fn standing_by<T>(wait: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => task::block_in_place(wait),
        Ok(_) | Err(_) => wait(),
    }
}

fn ask_of(name: &KeyName) -> KeyAsk {
    KeyAsk { subject: name.subject.clone(), category: name.category, version: name.version }
}

fn ended() -> KeyError {
    unavailable("the line to the vault has ended: restart the node")
}

impl FindKey for DistantVault {
    /// From what is held, or else from the vault.
    fn find(&self, name: &KeyName) -> Result<Option<Entry>, KeyError> {
        for _ in 0..OVERTAKEN_MAX {
            if let Some(entry) = self.held.get(name) {
                return Ok(Some(entry));
            }
            let told = self.ask_now(ask_of(name))?;
            match self.held.fill(std::slice::from_ref(name), &told)? {
                Filled::All(mut entries) => return Ok(entries.pop().flatten()),
                Filled::Overtaken => {}
            }
        }
        Err(unavailable("too many erasures overtake the keys: try again"))
    }
}

#[async_trait]
impl Keyring for DistantVault {
    async fn ensure(&self, subjects: &[(SubjectId, Category)]) -> Result<(), KeyError> {
        let names = subjects.iter().map(|(subject, category)| name_of(subject, *category));
        let absent: Vec<_> = names.filter(|name| self.held.get(name).is_none()).collect();
        for some in absent.chunks(ASKED_AT_ONCE) {
            self.ensure_some(some).await?;
        }
        Ok(())
    }

    fn seal(
        &self,
        subject: &SubjectId,
        category: Category,
        context: SealContext,
        clear: &[u8],
    ) -> Result<Option<Sealed>, KeyError> {
        self.seal_value(subject, category, context, clear)
    }

    fn open(&self, sealed: &Sealed) -> Result<Opened, KeyError> {
        self.open_value(sealed)
    }

    fn fingerprint(
        &self,
        subject: &SubjectId,
        category: Category,
        bytes: &[u8],
    ) -> Result<Option<Bytes>, KeyError> {
        self.fingerprint_of(subject, category, bytes)
    }

    async fn erase(&self, subject: &SubjectId) -> Result<(), KeyError> {
        self.held.reachable()?;
        let (reply, answer) = oneshot::channel();
        let reply: Reply<u64> = Box::new(move |told| drop(reply.send(told)));
        self.jobs.send(Job::Erase { subject: subject.clone(), reply }).await.map_err(|_| ended())?;
        let register = answer.await.map_err(|_| ended())??;
        // What is on its way here from before the erasure must count as overtaken from now on.
        while self.held.known() < register {
            let after = self.held.known();
            let since = self.since(after).await?;
            if since.subjects.is_empty() {
                return Err(unavailable("the vault does not tell its register: is it another version?"));
            }
            self.held.heard(after, &since);
        }
        Ok(())
    }
}

#[async_trait]
impl VaultPort for DistantVault {
    fn on_erase(&self) -> watch::Receiver<u64> {
        self.held.erasures.subscribe()
    }

    async fn erased_since(&self, count: u64) -> Result<ErasedSince, KeyError> {
        self.since(count).await
    }

    fn root_check(&self) -> Vec<u8> {
        self.root_check.clone()
    }

    fn state(&self) -> Result<String, String> {
        let contact = self.held.contact();
        let held = self.held.cache.entry_count();
        match &contact.trouble {
            None => Ok(format!("answers, {held} keys held")),
            Some(trouble) => {
                let left = self.held.keep.saturating_sub(contact.heard.elapsed());
                match left.is_zero() {
                    true => Err(format!("{trouble}; nothing is held any more")),
                    // Most calls go on: to take every node away at once would help nobody.
                    false => Ok(format!("{trouble}; {held} keys are held for {} s more", left.as_secs())),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
