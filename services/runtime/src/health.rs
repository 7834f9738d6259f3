//! How a reader of the log is, for readiness and for the operator.
//!
//! Policy. A failure that passes is nobody's business but the log's; one that
//! lasts longer than five seconds makes the reader *stuck*, and the node not
//! ready. So does work that neither fails nor ends: who waits for a store or a
//! target that hangs has no error to tell, so 30 seconds of one piece of work
//! count as one. An event that cannot be read is *parked*: the reader goes on without
//! it, the node stays ready, and the count stands in the details until a
//! program that can read it is started. What does not pass by itself is a
//! *verdict*. A reader that is gone without one has panicked.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use airside_kernel::{DecodeError, ReadError, RecordedEvent};
use tokio::{sync::watch, time::Instant};
use tracing::{error, warn};

use crate::projections::Progress;

/// How long a reader may fail before it counts as stuck.
pub const STUCK_AFTER: Duration = Duration::from_secs(5);
/// How long one piece of work may take before the reader counts as stuck.
pub const HANGS_AFTER: Duration = Duration::from_secs(30);
/// How many parked events are logged one by one.
const PARKED_LOGGED_EACH: u64 = 100;
/// Which of the later ones are logged.
const PARKED_LOGGED_EVERY: u64 = 1_000;

/// Tells how a reader of the log is. Clones ask the same reader.
#[derive(Debug, Clone)]
pub struct Health {
    vitals: Arc<Vitals>,
    progress: watch::Receiver<Progress>,
}

impl Health {
    pub(crate) fn new(vitals: Arc<Vitals>, progress: watch::Receiver<Progress>) -> Self {
        Self { vitals, progress }
    }

    /// Returns where the reader is, or what stops it; a check for readiness.
    ///
    /// # Errors
    /// When it has failed for more than five seconds, makes no progress with its work, has ended, or
    /// needs a restart.
    pub fn check(&self) -> Result<String, String> {
        if let Some(verdict) = self.vitals.verdict.get() {
            return Err(verdict.clone());
        }
        if self.progress.has_changed().is_err() {
            return Err("it has ended: look for its last error in the log, then restart".to_owned());
        }
        if let Some(trouble) = &*self.vitals.trouble()
            && trouble.since.elapsed() > STUCK_AFTER
        {
            return Err(format!("stuck for {} s: {}", trouble.since.elapsed().as_secs(), trouble.reason));
        }
        let place = match self.progress.borrow().position {
            Some(position) => format!("at position {position}"),
            None => "at the beginning".to_owned(),
        };
        if let Some(since) = *self.vitals.busy()
            && since.elapsed() > HANGS_AFTER
        {
            let seconds = since.elapsed().as_secs();
            return Err(format!("no progress for {seconds} s {place}: what it calls or stores to hangs"));
        }
        Ok(match self.parked() {
            0 => place,
            parked => format!(
                "{place}, {parked} events parked: see the log of errors, and where a newer program wrote them start it \
                 here too"
            ),
        })
    }

    /// Returns how many events could not be read since the start.
    pub fn parked(&self) -> u64 {
        self.vitals.parked()
    }
}

/// Says that a reader ended at damaged bytes, and what to do.
pub(crate) fn damaged(error: &ReadError) -> String {
    format!(
        "ended at damaged bytes: {error}: see with `airside log verify` how far it goes, and restore a backup"
    )
}

/// What a reader notes of itself.
#[derive(Debug)]
pub(crate) struct Vitals {
    name: &'static str,
    parked: AtomicU64,
    trouble: Mutex<Option<Trouble>>,
    /// Since when it is at the piece of work that it has not finished.
    busy: Mutex<Option<Instant>>,
    verdict: OnceLock<String>,
}

#[derive(Debug)]
struct Trouble {
    since: Instant,
    reason: String,
}

impl Vitals {
    pub(crate) fn new(name: &'static str) -> Arc<Self> {
        let (parked, trouble, busy, verdict) = Default::default();
        Arc::new(Self { name, parked, trouble, busy, verdict })
    }

    /// Notes that a piece of work begins.
    pub(crate) fn begins(&self) {
        *self.busy() = Some(Instant::now());
    }

    /// Notes that more is there than what was taken in; since when, the first call says.
    pub(crate) fn lags(&self) {
        self.busy().get_or_insert_with(Instant::now);
    }

    /// Notes that a piece of work is done.
    pub(crate) fn rests(&self) {
        *self.busy() = None;
    }

    /// Notes and logs that something failed and is tried again.
    pub(crate) fn failed(&self, reason: String) {
        let mut trouble = self.trouble();
        let since = trouble.as_ref().map_or_else(Instant::now, |trouble| trouble.since);
        if since.elapsed() > STUCK_AFTER {
            let elapsed_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
            error!(part = self.name, elapsed_ms, error = %reason, "reader of the log is stuck; it tries on");
        } else {
            warn!(part = self.name, error = %reason, "reader of the log waits and tries again");
        }
        *trouble = Some(Trouble { since, reason });
    }

    /// Notes that it works.
    pub(crate) fn works(&self) {
        *self.trouble() = None;
    }

    /// Returns how many events could not be read since the start.
    pub(crate) fn parked(&self) -> u64 {
        self.parked.load(Ordering::Relaxed)
    }

    /// Notes and logs what does not pass by itself; the first such reason stays.
    pub(crate) fn give_up(&self, reason: String) {
        error!(part = self.name, error = %reason, "reader of the log has ended");
        let _ = self.verdict.set(reason);
    }

    /// Notes and logs that an event cannot be read by a part of the reader.
    pub(crate) fn park(&self, part: &'static str, event: &RecordedEvent, reason: &DecodeError) {
        let count = self.parked.fetch_add(1, Ordering::Relaxed) + 1;
        if count <= PARKED_LOGGED_EACH || count.is_multiple_of(PARKED_LOGGED_EVERY) {
            error!(part, count, position = %event.position(), error = %reason, "event is parked");
        }
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
