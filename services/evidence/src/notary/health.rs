//! How the notary is, for readiness and for the operator.
//!
//! Policy. A contradiction is a *verdict*: the node is not ready until somebody
//! looked. A failure that lasts longer than five seconds makes the notary
//! *stuck*, and the node not ready. A second place that is away does not: the
//! node goes on, the answer and the figures say so, and after a minute an error
//! is logged, at once when it belongs to a later generation of the log; taking
//! the node away as well would help nobody.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::watch, time::Instant};
use tracing::{error, warn};

use crate::{checkpoint::Checkpoint, mirror::MirrorError};

/// How long the notary may fail before it counts as stuck.
const STUCK_AFTER: Duration = Duration::from_secs(5);
/// How long the second place may be away before it is an error.
const AWAY_AFTER: Duration = Duration::from_secs(60);

/// What the notary has done.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// The tree was taken up: evidence and log agree as far as was looked.
    pub is_taken_up: bool,
    /// How many events are in the tree.
    pub size: u64,
    /// The size of the newest checkpoint, and when its last event was recorded.
    pub checkpoint: Option<(u64, Timestamp)>,
    /// The second place.
    pub second: SecondPlace,
}

/// How the second place is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SecondPlace {
    /// None is configured.
    #[default]
    None,
    /// It was not looked at yet.
    Awaited,
    /// It has everything up to the checkpoint of this size.
    Filled {
        /// How many events its newest checkpoint covers.
        size: u64,
    },
    /// It cannot be filled.
    Away {
        /// For how long, in seconds.
        seconds: u64,
        /// Why, and what to do.
        reason: String,
    },
}

/// Tells how the notary is. Clones ask the same one.
#[derive(Debug, Clone)]
pub struct Health(Arc<Vitals>);

#[derive(Debug)]
pub(crate) struct Vitals {
    verdict: OnceLock<String>,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    figures: Figures,
    is_gone: bool,
    trouble: Option<(Instant, String)>,
    away_since: Option<Instant>,
    is_away_logged: bool,
}

impl Health {
    /// Returns how far the notary is, or what stops it; a check for readiness.
    ///
    /// # Errors
    /// When it found a contradiction, has failed for more than five seconds, or has ended.
    pub fn check(&self) -> Result<String, String> {
        if let Some(verdict) = self.0.verdict.get() {
            return Err(verdict.clone());
        }
        let state = self.0.state();
        if state.is_gone {
            return Err("it has ended: look for its last error in the log, then restart".to_owned());
        }
        if let Some((since, reason)) = &state.trouble
            && since.elapsed() > STUCK_AFTER
        {
            return Err(format!("stuck for {} s: {reason}", since.elapsed().as_secs()));
        }
        let signed = match state.figures.checkpoint {
            Some((size, _)) => format!("signed up to {size} of {} events", state.figures.size.max(size)),
            None if state.figures.is_taken_up => "nothing to sign yet".to_owned(),
            None => "taking up the tree".to_owned(),
        };
        drop(state);
        Ok(match self.figures().second {
            SecondPlace::Away { seconds, reason } => {
                format!("{signed}; second place missing for {seconds} s: {reason}")
            }
            _ => signed,
        })
    }

    /// Waits until the notary has done something, such as signed up to a size.
    ///
    /// # Errors
    /// When it found a contradiction or has ended before.
    pub async fn until(&self, is_done: impl Fn(&Figures) -> bool) -> Result<(), String> {
        let mut changes = self.0.changes.subscribe();
        loop {
            changes.borrow_and_update();
            if is_done(&self.figures()) {
                return Ok(());
            }
            if self.0.verdict.get().is_some() || self.0.state().is_gone {
                return self.check().map(|_| ());
            }
            if changes.changed().await.is_err() {
                return Err("it has ended".to_owned());
            }
        }
    }

    /// Returns what the notary has done.
    pub fn figures(&self) -> Figures {
        let state = self.0.state();
        let mut figures = state.figures.clone();
        if let (SecondPlace::Away { seconds, .. }, Some(since)) = (&mut figures.second, state.away_since) {
            *seconds = since.elapsed().as_secs();
        }
        figures
    }
}

impl Vitals {
    pub(crate) fn new(has_second: bool) -> Arc<Self> {
        let second = if has_second { SecondPlace::Awaited } else { SecondPlace::None };
        let figures = Figures { second, ..Figures::default() };
        let (trouble, away_since, is_gone, is_away_logged) = Default::default();
        let state = State { figures, is_gone, trouble, away_since, is_away_logged };
        Arc::new(Self { verdict: OnceLock::new(), state: Mutex::new(state), changes: watch::Sender::new(0) })
    }

    pub(crate) fn health(self: &Arc<Self>) -> Health {
        Health(self.clone())
    }

    /// Notes and logs that something failed and is tried again.
    pub(crate) fn failed(&self, reason: String) {
        let mut state = self.state();
        let since = state.trouble.as_ref().map_or_else(Instant::now, |(since, _)| *since);
        if since.elapsed() > STUCK_AFTER {
            error!(error = %reason, "notary of the log is stuck; it tries on");
        } else {
            warn!(error = %reason, "notary of the log waits and tries again");
        }
        state.trouble = Some((since, reason));
    }

    /// Notes that the tree was taken up or grew.
    pub(crate) fn works(&self, size: u64) {
        let mut state = self.state();
        (state.trouble, state.figures.is_taken_up, state.figures.size) = (None, true, size);
        drop(state);
        self.changed();
    }

    /// Notes the newest checkpoint.
    pub(crate) fn signed(&self, checkpoint: &Checkpoint) {
        self.state().figures.checkpoint = Some((checkpoint.size, checkpoint.recorded));
        self.changed();
    }

    /// Notes and logs what only a person can heal; the first such reason stays.
    pub(crate) fn give_up(&self, reason: String) {
        error!(error = %reason, "notary of the log signs nothing any more");
        let _ = self.verdict.set(reason);
        self.changed();
    }

    /// Notes that the notary has stopped.
    pub(crate) fn gone(&self) {
        self.state().is_gone = true;
        self.changed();
    }

    /// Notes how filling the second place went.
    pub(crate) fn second(&self, outcome: Result<u64, &MirrorError>) {
        let mut state = self.state();
        match outcome {
            Ok(size) => {
                if state.is_away_logged {
                    warn!(size, "second place of the evidence is back and filled");
                }
                state.figures.second = SecondPlace::Filled { size };
                (state.away_since, state.is_away_logged) = (None, false);
            }
            Err(error) => {
                let since = *state.away_since.get_or_insert_with(Instant::now);
                let is_lasting = since.elapsed() > AWAY_AFTER || matches!(error, MirrorError::Newer { .. });
                if is_lasting && !state.is_away_logged {
                    error!(error = %error, "second place of the evidence cannot be filled");
                    state.is_away_logged = true;
                }
                state.figures.second = SecondPlace::Away { seconds: 0, reason: chain(error) };
            }
        }
        drop(state);
        self.changed();
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns an error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(one) = cause {
        text = format!("{text}: {one}");
        cause = one.source();
    }
    text
}
