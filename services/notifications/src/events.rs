//! The facts of notifications and their stored form.

mod delivery;

use airside_api::notifications::v1;
use airside_kernel::{DecodeError, RecordedEvent, StoredEvent, Timestamp};
use airside_runtime::stored;
use bytes::Bytes;
use prost::Message;
use uuid::Uuid;

pub use delivery::DeliveryEvent;
pub(crate) use delivery::{preferences, preferences_message, quiet_hours_message};

use crate::model::{Kind, Notice, Priority};

const NOTICE_ISSUED: &str = "notifications.NoticeIssued";

/// A fact of `inbox-<person>`. There is one kind of fact and there will be no
/// other, so that the sequence number of a notice is its revision + 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxEvent {
    /// A notice for the person.
    NoticeIssued(Notice),
}

impl StoredEvent for InboxEvent {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        NOTICE_ISSUED
    }

    fn encode(&self) -> Bytes {
        let Self::NoticeIssued(notice) = self;
        let message = v1::NoticeIssued {
            notification_id: notice.id.to_string(),
            kind: notice.kind.to_proto() as i32,
            priority: notice.priority.to_proto() as i32,
            parameters: notice.parameters.as_ref().clone(),
            expires_at: notice.expires_at.map(stored::timestamp_message),
            caused_at: Some(stored::timestamp_message(notice.caused_at)),
            cause: Some(stored::cause_message(&notice.cause)),
            supersedes: notice.supersedes.map(|id| id.to_string()).unwrap_or_default(),
        };
        message.encode_to_vec().into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        match event.type_up_to(1)? {
            NOTICE_ISSUED => Ok([Self::NoticeIssued(notice(event.payload())?)]),
            _ => Err(DecodeError::unknown(event)),
        }
    }
}

fn notice(payload: &[u8]) -> Result<Notice, DecodeError> {
    let malformed = |problem: String| DecodeError::malformed(NOTICE_ISSUED, problem);
    let message = v1::NoticeIssued::decode(payload).map_err(|error| malformed(error.to_string()))?;
    let missing = |field: &str| malformed(format!("{field} is missing or out of range"));
    Ok(Notice {
        id: Uuid::parse_str(&message.notification_id).map_err(|_| missing("notification_id"))?,
        kind: Kind::from_proto(message.kind).ok_or_else(|| missing("kind"))?,
        priority: Priority::from_proto(message.priority).ok_or_else(|| missing("priority"))?,
        parameters: message.parameters.into(),
        expires_at: message
            .expires_at
            .map(|at| instant(&at).ok_or_else(|| missing("expires_at")))
            .transpose()?,
        caused_at: message.caused_at.as_ref().and_then(instant).ok_or_else(|| missing("caused_at"))?,
        cause: message.cause.map(stored::cause).ok_or_else(|| missing("cause"))?,
        supersedes: optional_id(&message.supersedes).map_err(|()| missing("supersedes"))?,
    })
}

/// Reads an id that may be absent.
fn optional_id(text: &str) -> Result<Option<Uuid>, ()> {
    if text.is_empty() { Ok(None) } else { Uuid::parse_str(text).map(Some).map_err(|_| ()) }
}

fn instant(message: &prost_types::Timestamp) -> Option<Timestamp> {
    stored::timestamp(message)
}

#[cfg(test)]
mod tests;
