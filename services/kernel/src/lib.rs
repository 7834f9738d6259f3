//! The shared words of Airside.
//!
//! Everything that happens is an event in one log; everything that is shown is
//! computed from it. This crate holds the words for that and no machinery:
//!
//! - [`StreamId`], [`Revision`], [`Position`]: where an event is.
//! - [`NewEvent`], [`RecordedEvent`], [`Metadata`]: an event and its envelope.
//! - [`EventStore`]: the port of the log. It promises only what every adapter keeps.
//! - [`Decider`], [`StoredEvent`]: pure rules and the codec of their facts.
//! - [`Projection`], [`Kept`]: a disposable read model, and what of it is kept on disk.
//! - [`Personal`], [`Keyring`]: personal data that can be erased from an immutable log.
//! - [`Cause`]: what made a reactor act, and how a target acts on it once.
//! - [`Code`]: the closed set of ways in which a call can fail.
//! - [`Clock`]: the only source of time.
//! - [`given`]: given/when/then for deciders.
//!
//! Invariants: no I/O, no async runtime, no event database, no HTTP, no cipher.

pub mod cause;
pub mod clock;
pub mod code;
pub mod decider;
pub mod event;
pub mod personal;
pub mod projection;
pub mod store;
pub mod stream;
pub mod testing;

pub use cause::{Cause, Causes};
pub use clock::{Clock, ManualClock, SystemClock};
pub use code::{Classified, Code};
pub use decider::{Decider, DecodeError, StoredEvent};
pub use event::{EventId, EventParts, EventSpans, Metadata, NewEvent, RecordedEvent, keys};
pub use jiff::Timestamp;
pub use personal::{
    Category, KeyError, Keyring, Opened, Personal, PersonalField, PersonalSlot, PersonalValue, SealContext,
    Sealed, SubjectId,
};
pub use projection::{Kept, PersonalUse, Projection};
pub use store::{
    Append, AppendError, Appended, Direction, EventStore, Expected, Follow, LogId, MAX_APPEND_BYTES,
    MAX_APPEND_EVENTS, Page, ReadError,
};
pub use stream::{InvalidPosition, InvalidStream, PersonId, Position, Revision, StreamId};
pub use testing::given;
