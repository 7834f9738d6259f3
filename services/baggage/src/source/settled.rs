//! What `quarantine-<source>` holds: what could not be used, and what an operator made of it.

use airside_api::baggage::v1::{self as stored, Resolution};
use airside_kernel::{Decider, DecodeError, RecordedEvent, Revision, StoredEvent};
use bytes::Bytes;
use prost::Message;

use super::{KnownAlready, MessageQuarantined, Noted, Quarantine, REMEMBERED_SPAN};
use crate::events::damaged;

/// An operator settled a stored message in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageResolved {
    /// Its revision in the source's stream.
    pub message: Revision,
    /// Dismissed, or to be read again.
    pub resolution: Resolution,
    /// The parser that shall read it again.
    pub parser_version: u32,
}

/// An order to a quarantine: the fact that it shall hold.
pub type QuarantineCommand = QuarantineEvent;

/// A fact of a quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuarantineEvent {
    /// A stored message, or a part of one, could not be used.
    Quarantined(MessageQuarantined),
    /// An operator settled it.
    Resolved(MessageResolved),
}

impl From<MessageQuarantined> for QuarantineEvent {
    fn from(quarantined: MessageQuarantined) -> Self {
        Self::Quarantined(quarantined)
    }
}

impl Decider for Quarantine {
    type Command = QuarantineCommand;
    type Event = QuarantineEvent;
    type State = Noted;
    type Rejection = KnownAlready;

    fn decide(noted: &Noted, command: QuarantineCommand) -> Result<Vec<QuarantineEvent>, KnownAlready> {
        match &command {
            QuarantineEvent::Quarantined(one) if noted.causes.seen(&one.cause) => Err(KnownAlready),
            _ => Ok(vec![command]),
        }
    }

    fn evolve(mut noted: Noted, event: &QuarantineEvent) -> Noted {
        if let QuarantineEvent::Quarantined(one) = event {
            noted.causes.note(&one.cause, noted.folded);
        }
        noted.folded += 1;
        noted.causes.forget_before(noted.folded.saturating_sub(REMEMBERED_SPAN));
        noted
    }

    fn forgets(noted: &Noted, folded: u64) -> u64 {
        noted.causes.first().unwrap_or(folded)
    }
}

impl StoredEvent for QuarantineEvent {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self {
            Self::Quarantined(quarantined) => quarantined.event_type(),
            Self::Resolved(resolved) => resolved.event_type(),
        }
    }

    fn encode(&self) -> Bytes {
        match self {
            Self::Quarantined(quarantined) => quarantined.encode(),
            Self::Resolved(resolved) => resolved.encode(),
        }
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        if event.event_type() == "baggage.MessageResolved" {
            return MessageResolved::decode(event).map(|[resolved]| [Self::Resolved(resolved)]);
        }
        MessageQuarantined::decode(event).map(|[quarantined]| [Self::Quarantined(quarantined)])
    }
}

impl StoredEvent for MessageResolved {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        "baggage.MessageResolved"
    }

    fn encode(&self) -> Bytes {
        let message = stored::MessageResolved {
            message_revision: self.message.0,
            resolution: self.resolution.into(),
            parser_version: self.parser_version,
        };
        message.encode_to_vec().into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        if event.type_up_to(1)? != "baggage.MessageResolved" {
            return Err(DecodeError::unknown(event));
        }
        let message = stored::MessageResolved::decode(event.payload()).map_err(damaged)?;
        Ok([Self {
            message: Revision(message.message_revision),
            resolution: message.resolution(),
            parser_version: message.parser_version,
        }])
    }
}
