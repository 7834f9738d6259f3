//! A read model: disposable, computed from the log alone.

use crate::{DecodeError, RecordedEvent, SubjectId};

/// What a projection keeps of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalUse {
    /// Nothing.
    None,
    /// Sealed values only; they turn to `Erased` when the key is gone.
    Sealed,
    /// Clear values; [`Projection::erase`] removes them.
    Clear,
}

/// A read model that follows the log.
pub trait Projection: Send + Sync + 'static {
    /// Its name, for checkpoints and metrics.
    const NAME: &'static str;

    /// Whether it wants events of this stream category. Others only move its position.
    fn wants(category: &str) -> bool;

    /// Returns what it keeps of personal data.
    fn personal_use(&self) -> PersonalUse {
        PersonalUse::None
    }

    /// Takes in one event. Total but for bytes that cannot be read, which are
    /// parked and alarmed by the runner.
    ///
    /// # Errors
    /// When the event cannot be decoded.
    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError>;

    /// Removes what it keeps in clear of a subject.
    fn erase(&mut self, _subject: &SubjectId) {}
}
