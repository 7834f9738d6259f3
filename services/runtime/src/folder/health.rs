//! How a watched folder goes, for readiness and for the state of a source.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use airside_kernel::Timestamp;
use tokio::time::Instant;

use crate::health::STUCK_AFTER;

/// What a watched folder did since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Files that were handled.
    pub done: u64,
    /// Files that were refused.
    pub failed: u64,
    /// Files that are there and not yet handled, as of the last poll.
    pub waiting: usize,
    /// When the last file was moved aside.
    pub last_file_at: Option<Timestamp>,
}

/// Tells how a watched folder goes. Clones ask the same folder.
#[derive(Debug, Clone)]
pub struct Health(Arc<Mutex<Vitals>>);

#[derive(Debug, Default)]
struct Vitals {
    figures: Figures,
    trouble: Option<(Instant, String)>,
    has_ended: bool,
}

impl Health {
    /// Returns how many files were handled, or what stops it; a check for readiness.
    ///
    /// # Errors
    /// When it has failed for more than five seconds, or has ended.
    pub fn check(&self) -> Result<String, String> {
        let vitals = self.vitals();
        if vitals.has_ended {
            return Err("it has ended: look for its last error in the log, then restart".to_owned());
        }
        if let Some((since, reason)) = &vitals.trouble
            && since.elapsed() > STUCK_AFTER
        {
            return Err(format!("stuck for {} s: {reason}", since.elapsed().as_secs()));
        }
        let Figures { done, failed, waiting, .. } = vitals.figures;
        Ok(format!("{done} files done, {failed} failed, {waiting} waiting"))
    }

    /// Returns what it did since the start.
    pub fn figures(&self) -> Figures {
        self.vitals().figures
    }

    fn vitals(&self) -> MutexGuard<'_, Vitals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a folder notes of itself; when it is gone, the folder has ended.
pub(super) struct Notes(Health);

pub(super) fn notes() -> Notes {
    Notes(Health(Arc::default()))
}

impl Notes {
    pub(super) fn health(&self) -> Health {
        self.0.clone()
    }

    pub(super) fn waits(&self, files: usize) {
        self.0.vitals().figures.waiting = files;
    }

    pub(super) fn took(&self, is_done: bool, at: Timestamp) {
        let figures = &mut self.0.vitals().figures;
        figures.done += u64::from(is_done);
        figures.failed += u64::from(!is_done);
        figures.last_file_at = Some(at);
    }

    pub(super) fn works(&self) {
        self.0.vitals().trouble = None;
    }

    pub(super) fn fails(&self, reason: &str) {
        let mut vitals = self.0.vitals();
        let since = vitals.trouble.as_ref().map_or_else(Instant::now, |(since, _)| *since);
        vitals.trouble = Some((since, reason.to_owned()));
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        self.0.vitals().has_ended = true;
    }
}
