//! What a source sent, before and beside the bags: raw messages, quarantine, no-reads.

mod settled;

use std::collections::VecDeque;

use airside_api::baggage::v1::{self as stored, TrackingPoint};
use airside_kernel::{
    Category, Cause, Decider, DecodeError, Personal, PersonalField, RecordedEvent, Revision, StoredEvent,
    SubjectId, Timestamp,
};
use airside_runtime::stored::{cause, cause_message, personal, sealed, timestamp, timestamp_message};
use bytes::Bytes;
use jiff::tz::TimeZone;
use prost::Message;
use thiserror::Error;

use crate::{
    events::{damaged, observation, observation_message},
    model::Observation,
};

pub use settled::{MessageResolved, QuarantineCommand, QuarantineEvent};

/// How many no-reads of a source are remembered, to tell a repeat.
const REMEMBERED_NO_READS: usize = 1_024;
/// How many facts back a no-read is remembered at most, so that a source folds in bounded time.
const REMEMBERED_SPAN: u64 = 8_192;
const CONTENT: u32 = 1;

/// Stream `source-<name>`: a raw message is on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageReceived {
    /// The source and day whose key seals it.
    pub subject: SubjectId,
    /// The bytes as they came.
    pub content: Personal<Bytes>,
    /// Keyed fingerprint of the bytes; empty when the day's key is gone.
    pub fingerprint: Bytes,
    /// When the gateway had it.
    pub received_at: Timestamp,
    /// How it came.
    pub transport: String,
    /// Its length before sealing.
    pub size_bytes: u32,
    /// The key of the batch that it came in; may be empty.
    pub idempotency_key: String,
}

impl MessageReceived {
    /// The type under which it is stored.
    pub const TYPE: &'static str = "baggage.MessageReceived";
}

/// Returns the subject whose key seals the raw messages of a source on the UTC day of an instant.
pub fn raw_subject(source: &str, received_at: Timestamp) -> SubjectId {
    SubjectId::of_raw(source, received_at.to_zoned(TimeZone::UTC).date())
}

impl StoredEvent for MessageReceived {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        Self::TYPE
    }

    fn encode(&self) -> Bytes {
        let message = stored::MessageReceived {
            content: Some(sealed(&self.content)),
            fingerprint: self.fingerprint.clone(),
            received_at: Some(timestamp_message(self.received_at)),
            transport: self.transport.clone(),
            size_bytes: self.size_bytes,
            idempotency_key: self.idempotency_key.clone(),
        };
        message.encode_to_vec().into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        if event.type_up_to(1)? != Self::TYPE {
            return Err(DecodeError::unknown(event));
        }
        let message = stored::MessageReceived::decode(event.payload()).map_err(damaged)?;
        let received_at = message.received_at.as_ref().and_then(timestamp);
        let content = message.content.unwrap_or_default();
        Ok([Self {
            subject: SubjectId::new(&content.subject),
            content: personal(content)?,
            fingerprint: message.fingerprint,
            received_at: received_at.unwrap_or_else(|| event.recorded_at()),
            transport: message.transport,
            size_bytes: message.size_bytes,
            idempotency_key: message.idempotency_key,
        }])
    }

    fn personal_fields(&mut self, visit: &mut dyn FnMut(PersonalField<'_>)) {
        visit(PersonalField {
            subject: self.subject.clone(),
            category: Category::Raw,
            field: CONTENT,
            slot: &mut self.content,
        });
    }
}

/// The rules of `quarantine-<source>`: each cause is noted once, and every word of an operator.
#[derive(Debug)]
pub struct Quarantine;

/// A stored message, or a part of one, could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageQuarantined {
    /// The source that sent it.
    pub source: String,
    /// Its revision in the source's stream.
    pub message: Revision,
    /// Its type as far as it could be read; may be empty.
    pub message_type: String,
    /// Stable code of the reason.
    pub code: String,
    /// The reason in words, without any text of the message.
    pub reason: String,
    /// The parser that read it.
    pub parser_version: u32,
    /// What made us read it.
    pub cause: Cause,
}

/// It is noted already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("it is noted already")]
pub struct KnownAlready;

/// The newest cause of each stream that a target was told by, with its place in the fold.
///
/// Each stream is worked through in its order, so that its newest cause tells all before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Newest(Vec<(Cause, u64)>);

impl Newest {
    /// Returns whether this cause, or a later one of its stream, was noted.
    fn seen(&self, cause: &Cause) -> bool {
        self.0.iter().any(|(newest, _)| is_of(newest, cause) && cause <= newest)
    }

    fn note(&mut self, cause: &Cause, place: u64) {
        match self.0.iter_mut().find(|(newest, _)| is_of(newest, cause)) {
            Some(entry) => *entry = (entry.0.clone().max(cause.clone()), place),
            None => self.0.push((cause.clone(), place)),
        }
    }

    fn forget_before(&mut self, oldest: u64) {
        self.0.retain(|(_, place)| *place >= oldest);
    }

    /// Returns the first place that is still needed.
    fn first(&self) -> Option<u64> {
        self.0.iter().map(|(_, place)| *place).min()
    }
}

fn is_of(one: &Cause, other: &Cause) -> bool {
    one.reactor == other.reactor && one.stream == other.stream
}

/// What a quarantine remembers, to tell a repeat: a source tells it by its messages and by their parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Noted {
    causes: Newest,
    folded: u64,
}

impl StoredEvent for MessageQuarantined {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        "baggage.MessageQuarantined"
    }

    fn encode(&self) -> Bytes {
        let message = stored::MessageQuarantined {
            source: self.source.clone(),
            message_revision: self.message.0,
            message_type: self.message_type.clone(),
            code: self.code.clone(),
            reason: self.reason.clone(),
            parser_version: self.parser_version,
            cause: Some(cause_message(&self.cause)),
        };
        message.encode_to_vec().into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        if event.type_up_to(1)? != "baggage.MessageQuarantined" {
            return Err(DecodeError::unknown(event));
        }
        let message = stored::MessageQuarantined::decode(event.payload()).map_err(damaged)?;
        Ok([Self {
            source: message.source,
            message: Revision(message.message_revision),
            message_type: message.message_type,
            code: message.code,
            reason: message.reason,
            parser_version: message.parser_version,
            cause: cause(message.cause.unwrap_or_default()),
        }])
    }
}

/// The rules of `noread-<source>`: a reading without a tag is noted once.
#[derive(Debug)]
pub struct NoReads;

/// A reader saw a bag and no tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagNotRead {
    /// What was observed.
    pub observation: Observation,
    /// Where.
    pub point: TrackingPoint,
    /// The reader's own id.
    pub reader: String,
}

/// The no-reads of a source that are remembered, to tell a repeat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotRead {
    /// Typed scans, by id, with their places in the fold.
    scans: VecDeque<(u64, String)>,
    /// Messages, by cause; they come in the order of their source.
    causes: Newest,
    folded: u64,
}

impl Decider for NoReads {
    type Command = TagNotRead;
    type Event = TagNotRead;
    type State = NotRead;
    type Rejection = KnownAlready;

    fn decide(seen: &NotRead, mut command: TagNotRead) -> Result<Vec<TagNotRead>, KnownAlready> {
        command.observation.bound_by_receipt();
        let Observation { id, cause, .. } = &command.observation;
        let is_known = match cause {
            Some(cause) => seen.causes.seen(cause),
            None => seen.scans.iter().any(|(_, scan)| scan == id),
        };
        if is_known { Err(KnownAlready) } else { Ok(vec![command]) }
    }

    fn evolve(mut seen: NotRead, event: &TagNotRead) -> NotRead {
        if let Some(cause) = &event.observation.cause {
            seen.causes.note(cause, seen.folded);
        } else {
            if seen.scans.len() == REMEMBERED_NO_READS {
                seen.scans.pop_front();
            }
            seen.scans.push_back((seen.folded, event.observation.id.clone()));
        }
        seen.folded += 1;
        let oldest = seen.folded.saturating_sub(REMEMBERED_SPAN);
        while seen.scans.front().is_some_and(|(place, _)| *place < oldest) {
            seen.scans.pop_front();
        }
        seen.causes.forget_before(oldest);
        seen
    }

    /// The last message tells of all before it; scans are remembered one by one.
    fn forgets(seen: &NotRead, folded: u64) -> u64 {
        let first_scan = seen.scans.front().map(|(place, _)| *place);
        first_scan.into_iter().chain(seen.causes.first()).min().unwrap_or(folded)
    }
}

impl StoredEvent for TagNotRead {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        "baggage.TagNotRead"
    }

    fn encode(&self) -> Bytes {
        let message = stored::TagNotRead {
            observation: Some(observation_message(&self.observation)),
            point: self.point.into(),
            reader: self.reader.clone(),
        };
        message.encode_to_vec().into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        if event.type_up_to(1)? != "baggage.TagNotRead" {
            return Err(DecodeError::unknown(event));
        }
        let message = stored::TagNotRead::decode(event.payload()).map_err(damaged)?;
        let point = message.point();
        Ok([Self { observation: observation(message.observation)?, point, reader: message.reader }])
    }
}

#[cfg(test)]
mod tests {
    use airside_kernel::given;

    use super::*;

    fn quarantined(revision: u64) -> MessageQuarantined {
        MessageQuarantined {
            source: "bhs".into(),
            message: Revision(revision),
            message_type: "BSM".into(),
            code: "truncated".into(),
            reason: "the message has no end".into(),
            parser_version: 1,
            cause: Cause {
                reactor: "baggage.parse".into(),
                stream: "source-bhs".into(),
                revision: Revision(revision),
                index: 0,
            },
        }
    }

    #[test]
    fn a_message_is_quarantined_once_however_often_it_is_read() {
        given::<Quarantine>([]).when(quarantined(3).into()).then([quarantined(3).into()]);
        given::<Quarantine>([quarantined(3).into()]).when(quarantined(3).into()).rejects(&KnownAlready);
        given::<Quarantine>([quarantined(3).into()])
            .when(quarantined(4).into())
            .then([quarantined(4).into()]);
    }

    #[test]
    fn what_is_told_by_parts_and_by_messages_is_noted_side_by_side_and_folds_in_bounded_time() {
        let by_parts = |revision| {
            let mut event = quarantined(revision);
            event.cause.stream = "parts-bhs".into();
            event
        };
        let history = || {
            (10..20)
                .map(quarantined)
                .chain([by_parts(2)])
                .chain((20..30).map(quarantined))
                .map(QuarantineEvent::from)
        };
        given::<Quarantine>(history()).when(by_parts(3).into()).then([by_parts(3).into()]);
        given::<Quarantine>(history()).when(by_parts(2).into()).rejects(&KnownAlready);
        let forgets = Quarantine::forgets(&given::<Quarantine>(history()).state(), 21);
        assert_eq!(forgets, 10);
        given::<Quarantine>(history().skip(10)).when(by_parts(2).into()).rejects(&KnownAlready);
        let long = given::<Quarantine>(
            std::iter::once(by_parts(0)).chain((0..10_000).map(quarantined)).map(QuarantineEvent::from),
        );
        assert_eq!(Quarantine::forgets(&long.state(), 10_001), 10_000);
    }

    fn not_read(id: u64, cause: Option<u64>) -> TagNotRead {
        TagNotRead {
            observation: Observation {
                id: id.to_string(),
                source: "bhs".into(),
                station: "SZX".parse().unwrap(),
                observed_at: Timestamp::UNIX_EPOCH,
                cause: cause.map(|revision| quarantined(revision).cause),
                parser_version: cause.map(|_| 1),
                received_at: None,
                clock_ahead_ms: 0,
            },
            point: TrackingPoint::Sortation,
            reader: String::new(),
        }
    }

    #[test]
    fn a_no_read_is_noted_once() {
        given::<NoReads>([not_read(1, None)]).when(not_read(1, None)).rejects(&KnownAlready);
        given::<NoReads>([not_read(1, None)]).when(not_read(2, None)).then([not_read(2, None)]);
    }

    #[test]
    fn a_message_without_a_tag_is_noted_once_however_many_came_after_it() {
        let history = || (0..3_000).map(|n| not_read(n, Some(n)));
        given::<NoReads>(history()).when(not_read(0, Some(0))).rejects(&KnownAlready);
        let whole = given::<NoReads>(history()).state();
        let forgets = usize::try_from(NoReads::forgets(&whole, 3_000)).unwrap();
        assert_eq!(forgets, 2_999);
        given::<NoReads>(history().skip(forgets)).when(not_read(0, Some(0))).rejects(&KnownAlready);
    }

    #[test]
    fn a_source_of_no_reads_folds_in_bounded_time_and_to_the_same_state() {
        for (first, rest) in [(Some(0), None), (None, Some(1))] {
            let rest = |n| not_read(n, rest.map(|_| n));
            let history = || std::iter::once(not_read(0, first)).chain((1..10_000).map(rest));
            let whole = given::<NoReads>(history()).state();
            let forgets = NoReads::forgets(&whole, 10_000);
            assert!(forgets > 0);
            let tail = history().skip(usize::try_from(forgets).unwrap());
            given::<NoReads>(tail).when(rest(9_999)).rejects(&KnownAlready);
        }
    }

    #[test]
    fn raw_messages_of_one_source_and_day_share_a_key() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let subject = raw_subject("bhs.t3", at("2026-11-20T23:59:59Z"));
        assert_eq!(subject.as_str(), "source-bhs.t3-2026-11-20");
        assert_ne!(subject, raw_subject("bhs.t3", at("2026-11-21T00:00:00Z")));
    }
}
