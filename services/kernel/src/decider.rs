//! Pure rules and the codec of their facts.

use bytes::Bytes;
use thiserror::Error;

use crate::{PersonalField, RecordedEvent};

/// A rule: what follows from a command, given what has happened. Pure: time and
/// ids arrive in the command.
pub trait Decider {
    /// An order.
    type Command;
    /// A fact.
    type Event: Clone;
    /// What the facts so far amount to.
    type State: Default;
    /// Why an order is refused.
    type Rejection: std::error::Error;

    /// Returns the facts that follow; none when the command adds nothing.
    ///
    /// # Errors
    /// When the rules refuse the command.
    fn decide(state: &Self::State, command: Self::Command) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// Returns the state after a fact. Total: a fact cannot fail.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;

    /// Returns how many of the `folded` events at the beginning of this fold
    /// the state no longer needs. A long-lived stream forgets, so that it
    /// folds in bounded time.
    fn forgets(_state: &Self::State, _folded: u64) -> u64 {
        0
    }
}

/// A fact that can be stored and read back for ever.
pub trait StoredEvent: Sized {
    /// Returns the type, `<domain>.<Message>`.
    fn event_type(&self) -> &'static str;

    /// Returns the version that [`StoredEvent::encode`] writes.
    fn schema_version(&self) -> u32 {
        1
    }

    /// Encodes the payload.
    fn encode(&self) -> Bytes;

    /// Decodes any version ever written.
    ///
    /// # Errors
    /// When the type is not one of this enum's, or the bytes are damaged.
    fn decode(event: &RecordedEvent) -> Result<Self, DecodeError>;

    /// Shows each personal field to `visit`, which may seal or open it.
    fn personal_fields(&mut self, _visit: &mut dyn FnMut(PersonalField<'_>)) {}
}

/// Stored bytes that cannot be read as the event they claim to be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The type is unknown here: parked and alarmed, never skipped in silence.
    #[error("event type {event_type} version {version} is unknown: a newer program wrote it")]
    UnknownType {
        /// The type.
        event_type: String,
        /// Its version.
        version: u32,
    },
    /// The bytes are damaged.
    #[error("{what} is malformed: {problem}")]
    Malformed {
        /// What was read.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl DecodeError {
    /// Returns the error for an event of a type that the reader does not know.
    pub fn unknown(event: &RecordedEvent) -> Self {
        Self::UnknownType { event_type: event.event_type().to_owned(), version: event.schema_version() }
    }

    /// Returns the error for damaged bytes.
    pub fn malformed(what: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Malformed { what: what.into(), problem: problem.into() }
    }
}
