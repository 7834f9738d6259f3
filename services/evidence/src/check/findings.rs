//! What a check found, as values and as sentences.

use serde::Serialize;
use thiserror::Error;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// How many events the log has, as far as it was read.
    pub events: u64,
    /// How many checkpoints were read.
    pub checkpoints: u64,
    /// How many events are proven to be what was signed.
    pub proven: u64,
    /// The keys that signed what was used.
    pub keys: Vec<String>,
    /// What is wrong; empty for a log that is what was signed.
    pub findings: Vec<Finding>,
    /// What is not wrong and still worth knowing.
    pub notes: Vec<Remark>,
}

impl Checked {
    /// Returns true when nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Something wrong. Events are counted from 1, as they lie in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// An event is not the one that was signed; it is the first such.
    #[error(
        "event {event} (position {position}) is not what was signed: {event_type} at revision {revision} of {stream}"
    )]
    Altered {
        /// Which event of the log.
        event: u64,
        /// Its position.
        position: String,
        /// Its stream.
        stream: String,
        /// Its revision.
        revision: u64,
        /// Its type.
        event_type: String,
    },
    /// One of these events is not what was signed; no trusted hashes tell which.
    #[error(
        "one of the events {first} to {last} is not what was signed, the first altered one among them; hashes of the second place would tell which"
    )]
    AlteredBetween {
        /// The first that may be altered.
        first: u64,
        /// The last that may be the first altered one.
        last: u64,
    },
    /// The log is shorter than what was signed.
    #[error("truncated: events {first} to {last} are missing")]
    Truncated {
        /// The first that is missing.
        first: u64,
        /// The last that was signed.
        last: u64,
    },
    /// The log cannot be read on.
    #[error("the log cannot be read after event {after}: {reason}")]
    Unreadable {
        /// The last event that was read.
        after: u64,
        /// Why.
        reason: String,
    },
    /// The log is an older copy.
    #[error(
        "the log is of generation {found}, but a checkpoint of generation {signed} was signed: this is an older copy of the log"
    )]
    OlderCopy {
        /// The log's generation.
        found: u64,
        /// The newest generation that was signed.
        signed: u64,
    },
    /// A checkpoint that is signed and does not agree with the log, which later ones do.
    #[error(
        "checkpoint of {size} events of generation {generation} is signed but was never true of this log, while later ones are: another history was signed with this key"
    )]
    FalseCheckpoint {
        /// Its size.
        size: u64,
        /// Its generation.
        generation: u64,
    },
    /// The hashes beside the checkpoints do not lead to a root that was signed.
    #[error("kept hashes up to event {size} do not lead to the signed root: they were altered, or damaged")]
    HashesDamaged {
        /// The size of the first checkpoint that they fail.
        size: u64,
    },
    /// A signature that its key did not make.
    #[error("checkpoint {number} of the file names the key {key}, which did not sign it")]
    Forged {
        /// Which checkpoint of the file, from 1.
        number: u64,
        /// The key.
        key: String,
    },
    /// Signatures by unknown keys.
    #[error("checkpoint {number} of the file is signed by {keys}, which is no known key")]
    UnknownKey {
        /// Which checkpoint of the file, from 1.
        number: u64,
        /// The names of the keys.
        keys: String,
    },
    /// A checkpoint that does not parse.
    #[error("checkpoint {number} of the file cannot be read: {reason}")]
    Malformed {
        /// Which checkpoint of the file, from 1.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Remark {
    /// A restore gave up events that had been signed.
    #[error("a restore gave up events {first} to {last} of generation {generation}")]
    LostByRestore {
        /// Their generation.
        generation: u64,
        /// The first that was given up.
        first: u64,
        /// The last that was signed.
        last: u64,
    },
    /// The log says that it was restored, and nothing that is signed says so yet.
    #[error(
        "only the log itself says that generation {generation} began at {size} events: no checkpoint of it is signed yet"
    )]
    UnsignedRestore {
        /// The generation.
        generation: u64,
        /// How many events it began with.
        size: u64,
    },
    /// The last checkpoint of the file is not whole.
    #[error(
        "the last checkpoint of the file is not whole and does not count: a crash, or one that is being written"
    )]
    TornEnd,
    /// Events after the newest checkpoint.
    #[error("events {first} to {last} are not signed yet")]
    Unsigned {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
}
