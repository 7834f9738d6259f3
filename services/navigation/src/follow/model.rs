//! The words of followed ways.

use airside_kernel::{DecodeError, PersonId, Personal, RecordedEvent, StreamId, SubjectId, Timestamp};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::VenueCode;

/// The category of the streams of followed ways: `way-<person>`.
pub const WAY: &str = "way";
/// For how many hours a way is followed, unless the person says otherwise.
pub const HOURS_USUAL: i64 = 2;
/// For how many hours a way is followed at most.
pub const HOURS_MAX: i64 = 12;

/// Returns the stream of the way that a person follows.
pub fn stream(person: PersonId) -> StreamId {
    person.stream(WAY)
}

/// Returns whose stream an event is in.
///
/// # Errors
/// When the stream is named after nobody.
pub fn person_of(event: &RecordedEvent) -> Result<PersonId, DecodeError> {
    let person = event.stream().split_once('-').and_then(|(_, id)| id.parse().ok());
    person.ok_or_else(|| DecodeError::malformed("way stream", "its id is not a person"))
}

/// A way that a person follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// Whose data this is: the person.
    pub subject: SubjectId,
    /// Its id.
    pub id: Uuid,
    /// The venue.
    pub venue: VenueCode,
    /// Where it begins and ends and how one moves, a `WayQuestion`.
    pub question: Personal<Bytes>,
    /// Where it leads.
    pub goal: Goal,
    /// Until when it is followed.
    pub until: Timestamp,
}

/// Where a way leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// To a place or a position.
    Place,
    /// To the gate of a flight, by its id.
    Gate(String),
    /// To the reclaim belt of a flight, by its id.
    Belt(String),
}

impl Goal {
    /// Returns the flight whose gate or belt it is.
    pub fn flight(&self) -> Option<&str> {
        match self {
            Self::Place => None,
            Self::Gate(flight) | Self::Belt(flight) => Some(flight),
        }
    }
}

/// What the waits of a way are known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// What is usual there.
    Estimated,
    /// Each was reported lately.
    Measured,
}

/// How long a way takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Walking and rides, in seconds.
    pub walking_s: u32,
    /// Checks and queues, in seconds.
    pub waiting_s: u32,
    /// Whether security alone is waited for.
    pub at_security: bool,
    /// What the waits are known from.
    pub certainty: Certainty,
}

impl Times {
    /// Returns how long it takes in all, in seconds.
    pub fn total_s(&self) -> u32 {
        self.walking_s.saturating_add(self.waiting_s)
    }
}

/// What is known of a way at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// How long it takes; `None` while there is no way.
    pub times: Option<Times>,
    /// When to leave at the latest; `None` where nothing is to be caught.
    pub leave_by: Option<Timestamp>,
}
