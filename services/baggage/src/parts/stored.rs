//! The stored form of the facts about parts.

use airside_api::baggage::v1 as stored;
use airside_kernel::{DecodeError, RecordedEvent, Revision, StoredEvent, Timestamp};
use airside_runtime::stored::{cause, cause_message, timestamp, timestamp_message};
use bytes::Bytes;
use prost::Message;

use super::{MessageCompleted, MessagePart, PartKept, PartKey, PartsEvent, PartsGivenUp};
use crate::events::damaged;

impl StoredEvent for PartsEvent {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self {
            Self::Kept(_) => "baggage.PartKept",
            Self::Completed(_) => "baggage.MessageCompleted",
            Self::GivenUp(_) => "baggage.PartsGivenUp",
        }
    }

    fn encode(&self) -> Bytes {
        let bytes = match self {
            Self::Kept(kept) => stored::PartKept {
                key: Some(key_message(&kept.key)),
                part: Some(part_message(&kept.part)),
                received_at: Some(timestamp_message(kept.received_at)),
                cause: Some(cause_message(&kept.cause)),
            }
            .encode_to_vec(),
            Self::Completed(completed) => stored::MessageCompleted {
                key: Some(key_message(&completed.key)),
                parts: completed.parts.iter().map(part_message).collect(),
                received_at: Some(timestamp_message(completed.received_at)),
            }
            .encode_to_vec(),
            Self::GivenUp(given_up) => stored::PartsGivenUp {
                key: Some(key_message(&given_up.key)),
                parts: given_up.parts.iter().map(part_message).collect(),
                missing: given_up.missing.iter().copied().map(u32::from).collect(),
                code: given_up.code.clone(),
                cause: Some(cause_message(&given_up.cause)),
            }
            .encode_to_vec(),
        };
        bytes.into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        let bytes = event.payload();
        let fact = match event.type_up_to(1)? {
            "baggage.PartKept" => {
                let message = stored::PartKept::decode(bytes).map_err(damaged)?;
                Self::Kept(PartKept {
                    key: key(message.key),
                    part: part(&message.part.unwrap_or_default())?,
                    received_at: instant(message.received_at.as_ref(), event),
                    cause: cause(message.cause.unwrap_or_default()),
                })
            }
            "baggage.MessageCompleted" => {
                let message = stored::MessageCompleted::decode(bytes).map_err(damaged)?;
                Self::Completed(MessageCompleted {
                    key: key(message.key),
                    parts: message.parts.iter().map(part).collect::<Result<_, _>>()?,
                    received_at: instant(message.received_at.as_ref(), event),
                })
            }
            "baggage.PartsGivenUp" => {
                let message = stored::PartsGivenUp::decode(bytes).map_err(damaged)?;
                Self::GivenUp(PartsGivenUp {
                    key: key(message.key),
                    parts: message.parts.iter().map(part).collect::<Result<_, _>>()?,
                    missing: message.missing.into_iter().map(number).collect::<Result<_, _>>()?,
                    code: message.code,
                    cause: cause(message.cause.unwrap_or_default()),
                })
            }
            _ => return Err(DecodeError::unknown(event)),
        };
        Ok([fact])
    }
}

fn key_message(key: &PartKey) -> stored::PartKey {
    stored::PartKey {
        message_type: key.message_type.clone(),
        source: key.source.clone(),
        airport: key.airport.clone(),
        reference: key.reference.clone(),
    }
}

fn key(message: Option<stored::PartKey>) -> PartKey {
    let stored::PartKey { message_type, source, airport, reference } = message.unwrap_or_default();
    PartKey { message_type, source, airport, reference }
}

fn part_message(part: &MessagePart) -> stored::MessagePart {
    stored::MessagePart {
        number: part.number.into(),
        last: part.is_last,
        message_revision: part.message.0,
        message_index: part.index,
        fingerprint: part.fingerprint.clone(),
    }
}

fn part(message: &stored::MessagePart) -> Result<MessagePart, DecodeError> {
    Ok(MessagePart {
        number: number(message.number)?,
        is_last: message.last,
        message: Revision(message.message_revision),
        index: message.message_index,
        // Copied, so that no page of the log stays in memory.
        fingerprint: Bytes::copy_from_slice(&message.fingerprint),
    })
}

fn number(stored: u32) -> Result<u8, DecodeError> {
    u8::try_from(stored).map_err(|_| DecodeError::malformed("part", "its number is above 99"))
}

fn instant(stored: Option<&prost_types::Timestamp>, event: &RecordedEvent) -> Timestamp {
    stored.and_then(timestamp).unwrap_or_else(|| event.recorded_at())
}
