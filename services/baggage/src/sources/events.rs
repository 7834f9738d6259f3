//! Facts about a source itself, beside what it sent: stream `source-<name>`.

use airside_api::baggage::v1 as stored;
use airside_kernel::{DecodeError, RecordedEvent, Revision, StoredEvent, Timestamp};
use airside_runtime::stored::{timestamp, timestamp_message};
use bytes::Bytes;
use jiff::SignedDuration;
use prost::Message;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::events::damaged;

/// A fact about a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceEvent {
    /// Somebody logged in on a line of their own.
    Opened(LinkOpened),
    /// A line ended.
    Closed(LinkClosed),
    /// Nothing was heard for too long.
    FellSilent(SourceFellSilent),
    /// It is heard again.
    HeardAgain(SourceHeardAgain),
}

/// Somebody logged in on a line of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkOpened {
    /// Which line.
    pub line: Uuid,
    /// What kind of line, such as `link`.
    pub transport: String,
    /// When.
    pub opened_at: Timestamp,
    /// Which node has it, on a log that nodes share; empty on a log of one node.
    pub node: String,
}

/// A line ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkClosed {
    /// Which line.
    pub line: Uuid,
    /// What kind of line, such as `link`.
    pub transport: String,
    /// Why, in fixed words.
    pub reason: String,
    /// When, as far as it is known.
    pub closed_at: Timestamp,
}

/// What was heard of a source: an event, and when it was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The stream of the event.
    pub stream: String,
    /// Its place there.
    pub revision: Revision,
    /// When it was received.
    #[serde(with = "jiff::fmt::serde::timestamp::nanosecond::required")]
    pub at: Timestamp,
}

/// Nothing was heard for too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFellSilent {
    /// What was heard last; absent when nothing ever was.
    pub heard: Option<Heard>,
    /// Since when it was waited: when that was, or when traffic was expected again, or when we
    /// began to listen, whichever came last.
    pub waited_from: Timestamp,
    /// After how long that is too long.
    pub silence: SignedDuration,
}

/// It is heard again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHeardAgain {
    /// What was heard.
    pub heard: Heard,
    /// Since when it was waited for.
    pub waited_from: Timestamp,
}

impl SourceEvent {
    /// Whether an event of a source's stream is one of these, and no message.
    pub fn is_type(event_type: &str) -> bool {
        matches!(
            event_type,
            "baggage.LinkOpened"
                | "baggage.LinkClosed"
                | "baggage.SourceFellSilent"
                | "baggage.SourceHeardAgain"
        )
    }
}

impl StoredEvent for SourceEvent {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self {
            Self::Opened(_) => "baggage.LinkOpened",
            Self::Closed(_) => "baggage.LinkClosed",
            Self::FellSilent(_) => "baggage.SourceFellSilent",
            Self::HeardAgain(_) => "baggage.SourceHeardAgain",
        }
    }

    fn encode(&self) -> Bytes {
        let bytes = match self {
            Self::Opened(opened) => stored::LinkOpened {
                line_id: opened.line.to_string(),
                transport: opened.transport.clone(),
                opened_at: Some(timestamp_message(opened.opened_at)),
                node: opened.node.clone(),
            }
            .encode_to_vec(),
            Self::Closed(closed) => stored::LinkClosed {
                line_id: closed.line.to_string(),
                transport: closed.transport.clone(),
                reason: closed.reason.clone(),
                closed_at: Some(timestamp_message(closed.closed_at)),
            }
            .encode_to_vec(),
            Self::FellSilent(silent) => stored::SourceFellSilent {
                heard: silent.heard.as_ref().map(heard_message),
                waited_from: Some(timestamp_message(silent.waited_from)),
                silence_seconds: u64::try_from(silent.silence.as_secs()).unwrap_or_default(),
            }
            .encode_to_vec(),
            Self::HeardAgain(again) => stored::SourceHeardAgain {
                heard: Some(heard_message(&again.heard)),
                waited_from: Some(timestamp_message(again.waited_from)),
            }
            .encode_to_vec(),
        };
        bytes.into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        let bytes = event.payload();
        let instant = |at: Option<&prost_types::Timestamp>| {
            at.and_then(timestamp).unwrap_or_else(|| event.recorded_at())
        };
        let fact = match event.type_up_to(1)? {
            "baggage.LinkOpened" => {
                let opened = stored::LinkOpened::decode(bytes).map_err(damaged)?;
                Self::Opened(LinkOpened {
                    line: line(&opened.line_id)?,
                    opened_at: instant(opened.opened_at.as_ref()),
                    transport: opened.transport,
                    node: opened.node,
                })
            }
            "baggage.LinkClosed" => {
                let closed = stored::LinkClosed::decode(bytes).map_err(damaged)?;
                Self::Closed(LinkClosed {
                    line: line(&closed.line_id)?,
                    closed_at: instant(closed.closed_at.as_ref()),
                    transport: closed.transport,
                    reason: closed.reason,
                })
            }
            "baggage.SourceFellSilent" => {
                let silent = stored::SourceFellSilent::decode(bytes).map_err(damaged)?;
                let seconds = i64::try_from(silent.silence_seconds).unwrap_or(i64::MAX);
                Self::FellSilent(SourceFellSilent {
                    heard: silent.heard.map(|heard| self::heard(heard, event)),
                    waited_from: instant(silent.waited_from.as_ref()),
                    silence: SignedDuration::from_secs(seconds),
                })
            }
            "baggage.SourceHeardAgain" => {
                let again = stored::SourceHeardAgain::decode(bytes).map_err(damaged)?;
                Self::HeardAgain(SourceHeardAgain {
                    waited_from: instant(again.waited_from.as_ref()),
                    heard: heard(again.heard.unwrap_or_default(), event),
                })
            }
            _ => return Err(DecodeError::unknown(event)),
        };
        Ok([fact])
    }
}

fn line(text: &str) -> Result<Uuid, DecodeError> {
    text.parse().map_err(|_| DecodeError::malformed("line", "its id is no UUID"))
}

fn heard_message(heard: &Heard) -> stored::HeardEvent {
    stored::HeardEvent {
        stream: heard.stream.clone(),
        revision: heard.revision.0,
        received_at: Some(timestamp_message(heard.at)),
    }
}

fn heard(message: stored::HeardEvent, event: &RecordedEvent) -> Heard {
    let at = message.received_at.as_ref().and_then(timestamp);
    Heard {
        stream: message.stream,
        revision: Revision(message.revision),
        at: at.unwrap_or_else(|| event.recorded_at()),
    }
}
