//! Pure rules and the codec of their facts.

use bytes::Bytes;
use thiserror::Error;

use crate::{Personal, PersonalField, RecordedEvent, StreamId};

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

    /// Completes a command by what it takes keys to know, or the stream's name. The state
    /// holds personal values sealed; a rule that compares them with those of a command
    /// does so here, and puts into the command what came of it and never a value. Run
    /// before each decision. `open` gives the clear text, and `None` when it was erased
    /// or does not open.
    fn inform(
        _state: &Self::State,
        _command: &mut Self::Command,
        _stream: &StreamId,
        _open: &mut dyn FnMut(&Personal) -> Option<String>,
    ) {
    }

    /// Returns the facts that follow; none when the command adds nothing.
    ///
    /// # Errors
    /// When the rules refuse the command.
    fn decide(state: &Self::State, command: Self::Command) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// Returns the state after a fact. Total: a fact cannot fail.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;

    /// Returns how many of the `folded` facts at the beginning of this fold
    /// the state no longer needs. A long-lived stream forgets, so that it
    /// folds in bounded time. A stored event that gives several facts is
    /// forgotten when all of them are.
    fn forgets(_state: &Self::State, _folded: u64) -> u64 {
        0
    }
}

/// A fact that can be stored and read back for ever.
///
/// # How an event changes
///
/// What is in the log stays as it is; what changes is how it is read.
///
/// - **A field is added**: a new number in the message, the version stays.
///   Absent means what the absence always meant; [`StoredEvent::decode`] says it
///   in one place. The golden keeps the old bytes and gains the new ones.
/// - **An event is split**, or says something else from now on: the new fact
///   gets a type of its own, or the old type its next version. Facts are written
///   in the newest version only. `decode` matches type and version and brings an
///   older one up by a pure function from each version to the next, so that the
///   newest alone is made into facts. [`StoredEvent::Facts`] turns from `[Self;
///   1]` into `Vec<Self>`, and the compiler then names every reader that expects
///   one. A sealed value is passed on unopened; it carries the context under
///   which it was sealed, so it opens under its new name.
/// - **An event is not written any more**: its type is decoded for ever, into
///   the facts that it amounts to; into none when it says nothing any more.
///
/// The facts of one stored event share its revision, its time and its metadata,
/// and they are taken in together or not at all. So a cause that one of them
/// gives needs an index, and a fact must mean the same beside its siblings as it
/// does alone. The test of a split: a history in old and in new versions gives
/// the same states, read models and decisions.
///
/// Never: a changed meaning under an old type and version; a number used again;
/// an old golden line altered or dropped; an upcaster that reads a clock, a key
/// or another stream; a value opened and sealed anew on the way.
pub trait StoredEvent: Sized {
    /// The facts that one stored event gives: `[Self; 1]`, and `Vec<Self>` in a
    /// domain that has split an event.
    type Facts: IntoIterator<Item = Self>;

    /// Returns the type, `<domain>.<Message>`.
    fn event_type(&self) -> &'static str;

    /// Returns the version that [`StoredEvent::encode`] writes, the newest of its type.
    fn schema_version(&self) -> u32 {
        1
    }

    /// Encodes the payload.
    fn encode(&self) -> Bytes;

    /// Decodes any version ever written, into the facts that it says today.
    ///
    /// # Errors
    /// When the type is not one of this enum's, the version is newer than the
    /// newest known, or the bytes are damaged.
    fn decode(event: &RecordedEvent) -> Result<Self::Facts, DecodeError>;

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
