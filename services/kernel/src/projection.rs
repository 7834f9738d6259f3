//! A read model: disposable, computed from the log alone; and what of it may be kept.

pub mod shared;

use serde::{Serialize, de::DeserializeOwned};

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

    /// Called when what was taken in is what readers see from now on: after the
    /// history, then after each page. Never called on a model that is folded
    /// aside. What reaches others, and order that only readers need, belongs here.
    fn show(&mut self) {}
}

/// A read model, or the memory of a reactor, that can be kept on disk, so that
/// a start replays only what came after.
///
/// What is kept equals what was folded: a restored state and the rest of the
/// log answer as the whole log does. Personal values are kept sealed or erased;
/// one in clear cannot be serialised (see [`Personal`](crate::Personal)).
pub trait Kept {
    /// The number of the stored form. It grows whenever the form of
    /// [`Kept::State`] changes, and whenever the same events fold into another state.
    const SCHEMA: u32;

    /// All that the fold needs; what can be computed of it again stays out.
    type State: Serialize + DeserializeOwned + Send + 'static;

    /// Returns a copy of the state. Nothing else happens meanwhile, so a large
    /// state shares its parts with its copy.
    fn image(&self) -> Self::State;

    /// Goes on from a state in place of what it was.
    fn restore(&mut self, state: Self::State);
}
