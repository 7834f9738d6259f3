//! The port of the log. It promises only what every adapter can keep, a
//! KurrentDB cluster included: order within a stream, one order of all, an
//! append that happens whole or not at all. It promises nothing about repeated
//! event ids; idempotence lives in deciders.

use std::fmt;

use async_trait::async_trait;
use thiserror::Error;
use uuid::Uuid;

use crate::{Classified, Code, NewEvent, Position, RecordedEvent, Revision, StreamId};

/// The most events that one append may hold.
pub const MAX_APPEND_EVENTS: usize = 1_000;

/// The most bytes of payload and metadata that one append may hold.
pub const MAX_APPEND_BYTES: usize = 1024 * 1024;

/// Names one log for ever, through backup and restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(pub Uuid);

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// What the writer believes of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The stream does not exist.
    NoStream,
    /// The last event of the stream has this revision.
    Exact(Revision),
    /// Whatever it is.
    Any,
}

/// Events for one stream, appended whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// What the writer believes of it.
    pub expected: Expected,
    /// The oldest revision that the stream's state needs from now on.
    pub fold_from: Revision,
    /// 1 to [`MAX_APPEND_EVENTS`] events; none is answered without writing.
    pub events: Vec<NewEvent>,
}

/// An append that is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The revision of the last event in its stream; `None` when nothing was appended to a stream that does not exist.
    pub last_revision: Option<Revision>,
    /// The position of the last event of this append; `None` when there was none.
    pub position: Option<Position>,
}

/// An append that did not happen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AppendError {
    /// Somebody else appended first: load again and decide again.
    #[error("append to {stream} expected {expected:?} and found {current:?}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// What the writer believed.
        expected: Expected,
        /// The last revision that the store found.
        current: Option<Revision>,
    },
    /// The append is larger than any adapter takes: split it.
    #[error("append to {stream} has {actual} {unit} and the limit is {limit}: split it")]
    TooLarge {
        /// The stream.
        stream: StreamId,
        /// What was counted: `events` or `bytes`.
        unit: &'static str,
        /// How many there were.
        actual: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The store cannot write now. The append may or may not have happened.
    #[error("log cannot be written: {reason}")]
    Unavailable {
        /// Why, for the operator.
        reason: String,
    },
}

/// A read that failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// Stored bytes are damaged.
    #[error("log is damaged at {at}: {reason}")]
    Corrupt {
        /// Where.
        at: String,
        /// What was found.
        reason: String,
    },
    /// The store cannot be read now.
    #[error("log cannot be read: {reason}")]
    Unavailable {
        /// Why, for the operator.
        reason: String,
    },
}

impl Classified for AppendError {
    fn code(&self) -> Code {
        match self {
            Self::Conflict { .. } => Code::Aborted,
            Self::TooLarge { .. } => Code::InvalidArgument,
            Self::Unavailable { .. } => Code::Unavailable,
        }
    }
}

impl Classified for ReadError {
    fn code(&self) -> Code {
        match self {
            Self::Corrupt { .. } => Code::DataLoss,
            Self::Unavailable { .. } => Code::Unavailable,
        }
    }
}

/// Which way a stream is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    Forwards,
    /// Newest first.
    Backwards,
}

/// Some events, in the order asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The events.
    pub events: Vec<RecordedEvent>,
    /// True when nothing followed at the time of reading.
    pub end: bool,
}

/// The log.
#[async_trait]
pub trait EventStore: Send + Sync + 'static {
    /// Returns the log's identity.
    fn log_id(&self) -> LogId;

    /// Returns which life of the log this is: 0 at first, then a higher number for each restore.
    fn generation(&self) -> u64 {
        0
    }

    /// Appends to one stream. When it returns, the events are durable.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Appends to several streams, each for itself, in the order given where
    /// two name one stream. One answer for each; adapters share commits.
    async fn append_each(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        let mut answers = Vec::with_capacity(appends.len());
        for append in appends {
            answers.push(self.append(append).await);
        }
        answers
    }

    /// Reads at most `limit` events of a stream, from `from` inclusive, or from
    /// its near end when `None`. A stream that does not exist is empty.
    async fn read_stream(
        &self,
        stream: &StreamId,
        direction: Direction,
        from: Option<Revision>,
        limit: usize,
    ) -> Result<Page, ReadError>;

    /// Reads at most `limit` events of the whole log, after `after`, or from its beginning.
    async fn read_all(&self, after: Option<Position>, limit: usize) -> Result<Page, ReadError>;

    /// Returns the position of the last durable event.
    async fn head(&self) -> Result<Option<Position>, ReadError>;

    /// Follows the whole log after `after`, history first, then live, without a gap.
    fn follow(&self, after: Option<Position>) -> Box<dyn Follow>;
}

/// A reader that follows the log: each event once, in order.
#[async_trait]
pub trait Follow: Send {
    /// Waits for events and returns them; never an empty page. Safe to cancel:
    /// nothing is lost when the future is dropped. `end` says that the page
    /// reached the head of the log.
    async fn next(&mut self) -> Result<Page, ReadError>;
}
