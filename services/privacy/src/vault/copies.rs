//! Copies of the register outside the vault, each kept by a thread of its own.
//!
//! An erasure returns when every copy has it on disk, so that no backup of the
//! vault ever brings somebody back who was told to be gone. A copy may lie on a
//! mount that fails or hangs; then the erasure stands, its caller is told which
//! copy lacks it after a few seconds, nobody else waits, and the copy is tried
//! again until it is written.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::Duration,
};

use airside_kernel::KeyError;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use super::{Shared, Vault, tables};
use crate::{
    register::{RegisterError, RegisterFile},
    values::unavailable,
};

/// How long an erasure waits for its copies, and the end of a vault for each.
const COPIED_WITHIN: Duration = Duration::from_secs(5);

/// How often a copy that could not be written is tried again.
const TRY_EVERY: Duration = Duration::from_secs(10);

/// Most callers that wait for one copy.
const WAITING_MAX: usize = 256;

/// Most entries in memory at once while a copy is brought up to date.
const CHUNK: usize = 4096;

const SILENT: &str = "it does not answer";

/// Who waits for a copy to be brought up to date, if anybody.
type Ask = Option<oneshot::Sender<Result<(), String>>>;

/// One copy and the thread that writes it.
struct Keeper {
    asks: SyncSender<Ask>,
    ended: Receiver<()>,
    state: Arc<State>,
}

/// How a copy is.
struct State {
    path: PathBuf,
    /// How many entries it has.
    count: AtomicU64,
    /// How many it should have had when somebody waited in vain.
    missed: AtomicU64,
    /// Why the last attempt failed.
    trouble: Mutex<Option<String>>,
}

impl State {
    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns why the copy lacks erasures; `None` when it lacks none that anybody waited for.
    fn lack(&self) -> Option<String> {
        let is_behind = self.count.load(Ordering::Acquire) < self.missed.load(Ordering::Acquire);
        let reason = self.trouble().clone().or_else(|| is_behind.then(|| SILENT.to_owned()))?;
        Some(format!("{} ({reason})", self.path.display()))
    }
}

/// The copies that a vault keeps.
#[derive(Default)]
pub(super) struct Copies(Mutex<Vec<Keeper>>);

impl Copies {
    fn all(&self) -> MutexGuard<'_, Vec<Keeper>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has every copy brought up to date, and waits for none.
    pub(super) fn poke(&self) {
        for keeper in self.all().iter() {
            // One that has much to do will see this too.
            let _ = keeper.asks.try_send(None);
        }
    }

    /// Lets the threads finish; one that hangs is left behind.
    pub(super) fn end(&self) {
        let keepers = std::mem::take(&mut *self.all());
        for Keeper { asks, ended, .. } in keepers {
            drop(asks);
            let _ = ended.recv_timeout(COPIED_WITHIN);
        }
    }
}

impl Vault {
    /// Brings a copy of the register up to date and keeps it so: from now on
    /// an erasure returns when the copy has it on disk, or says that it lacks it.
    ///
    /// # Errors
    /// When the vault cannot be read, the copy cannot be written, or it names
    /// subjects that the vault does not: [`Vault::replay`] comes first.
    pub fn keep_copy(&self, mut copy: RegisterFile) -> Result<(), RegisterError> {
        let shared = Arc::downgrade(&self.shared);
        let erased = bring_up(&shared, &mut copy, 0)?;
        if copy.count() != erased {
            return Err(RegisterError::Ahead { path: copy.path().into(), count: copy.count(), erased });
        }
        let state = Arc::new(State {
            path: copy.path().into(),
            count: AtomicU64::new(erased),
            missed: AtomicU64::new(0),
            trouble: Mutex::new(None),
        });
        let (asks, inbox) = sync_channel(WAITING_MAX);
        let (end, ended) = channel();
        let work = {
            let state = Arc::clone(&state);
            move || keep(&shared, copy, &inbox, &state, end)
        };
        thread::Builder::new().name("vault-register".into()).spawn(work).map_err(unavailable)?;
        self.shared.copies.all().push(Keeper { asks, ended, state });
        // For what was erased since it was brought up to date.
        self.shared.copies.poke();
        Ok(())
    }

    /// Returns whether each kept copy of the register is up to date.
    ///
    /// # Errors
    /// When one could not be written; it is tried again every ten seconds.
    pub fn copies_health(&self) -> Result<(), String> {
        let lacking: Vec<_> = self.shared.copies.all().iter().filter_map(|one| one.state.lack()).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        Err(format!("these copies of the register lack erasures: {}", lacking.join(", ")))
    }

    /// Waits until every copy has what the register has now.
    pub(super) async fn copied(&self) -> Result<(), KeyError> {
        let (deadline, erased) = (Instant::now() + COPIED_WITHIN, *self.shared.erasures.borrow());
        let mut asked = Vec::new();
        for keeper in self.shared.copies.all().iter() {
            let (reply, answer) = oneshot::channel();
            let answer = keeper.asks.try_send(Some(reply)).is_ok().then_some(answer);
            asked.push((Arc::clone(&keeper.state), answer));
        }
        let mut lacking = Vec::new();
        for (state, answer) in asked {
            let outcome = match answer {
                Some(answer) => timeout_at(deadline, answer).await.ok().and_then(Result::ok),
                None => None,
            };
            if let Err(reason) = outcome.unwrap_or_else(|| Err(SILENT.to_owned())) {
                state.missed.fetch_max(erased, Ordering::AcqRel);
                lacking.push(format!("{} ({reason})", state.path.display()));
            }
        }
        if lacking.is_empty() {
            return Ok(());
        }
        Err(unavailable(format_args!(
            "it is erased here, but these copies of the register lack it until they can be written: {}",
            lacking.join(", ")
        )))
    }
}

/// Writes one copy until its vault ends. The vault's file is held only while it
/// is read, so a copy that hangs does not keep it open.
fn keep(shared: &Weak<Shared>, mut copy: RegisterFile, asks: &Receiver<Ask>, state: &State, end: Sender<()>) {
    loop {
        let is_troubled = state.trouble().is_some();
        let first = if is_troubled { asks.recv_timeout(TRY_EVERY) } else { asks.recv().map_err(Into::into) };
        let first = match first {
            Ok(ask) => ask,
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let waiting: Vec<_> = std::iter::once(first).chain(asks.try_iter()).flatten().collect();
        // A kept copy names what the register names, so their counts agree.
        let known = copy.count();
        let outcome = bring_up(shared, &mut copy, known).map(drop).map_err(|error| error.to_string());
        state.count.store(copy.count(), Ordering::Release);
        *state.trouble() = outcome.clone().err();
        for reply in waiting {
            let _ = reply.send(outcome.clone());
        }
    }
    drop(end);
}

/// Adds the register after its first `known` entries to a copy; returns its length.
fn bring_up(shared: &Weak<Shared>, copy: &mut RegisterFile, mut known: u64) -> Result<u64, RegisterError> {
    loop {
        let Some(vault) = shared.upgrade() else { return Ok(known) };
        let entries = tables::register_after(&vault.database, known, CHUNK).map_err(unavailable)?;
        drop(vault);
        let Some(last) = entries.last() else { return Ok(known) };
        known = last.ordinal;
        copy.append(&entries)?;
    }
}
