//! Parts of messages: kept as they come, joined when all are there, set aside when one never comes.

use airside_kernel::{Category, Cause, Direction, RecordedEvent, Revision, StoredEvent, Timestamp};
use airside_runtime::{
    executor::{Context, Order},
    reactors::{ReactError, Reactor},
};
use bytes::Bytes;

use super::{Parse, Reading, first_index, source_of, source_stream, unusable};
use crate::{
    ingest::{self, Parsed, PartHead, decode, messages},
    parts::{MessageCompleted, MessagePart, PartKept, PartKey, PartsCommand, PartsGivenUp},
    source::MessageReceived,
    translate::Unusable,
};

impl Parse {
    /// Orders that a part is kept.
    pub(super) fn keep_part(
        &mut self,
        reading: &Reading<'_>,
        received: &MessageReceived,
        message: &Parsed<'_>,
        head: PartHead<'_>,
    ) -> Result<(), ReactError> {
        // As it would be written anew: what stands around a part makes it no other part.
        let bytes = message.print();
        let fingerprint = self.keys.fingerprint(&received.subject, Category::Raw, bytes.as_bytes());
        let fingerprint = fingerprint.map_err(|error| ReactError::new(&error))?.unwrap_or_default();
        let part = MessagePart {
            number: head.number,
            is_last: head.is_last,
            message: reading.message,
            index: u32::try_from(message.index).unwrap_or(u32::MAX),
            fingerprint,
        };
        let (key, received_at) = (key(message, head), reading.received_at);
        self.pending.parts.push(Order {
            stream: source_stream("parts", reading.source),
            command: PartsCommand::Keep(PartKept { key, part, received_at, cause: reading.cause() }),
            context: reading.context(received_at),
        });
        Ok(())
    }

    /// Orders that every message that waits too long for a part is given up, of whatever source.
    pub(super) fn give_up(&mut self, now: Timestamp) {
        for (source, revision) in self.memory.waits.strike(now) {
            let stream = source_stream("parts", &source);
            let (reactor, set_by) = (Self::NAME.to_owned(), stream.to_string());
            let cause = Cause { reactor, stream: set_by, revision, index: 0 };
            let context = Context::new(format!("reactor/{}", Self::NAME), source, now);
            self.pending.parts.push(Order { stream, command: PartsCommand::Expire { now, cause }, context });
        }
    }

    /// Reads a message whose parts are all there.
    pub(super) async fn read_whole(
        &mut self,
        event: &RecordedEvent,
        completed: &MessageCompleted,
    ) -> Result<(), ReactError> {
        let source = source_of(event);
        let (message, index) = completed.came_last();
        let index = first_index(usize::try_from(index).unwrap_or(usize::MAX));
        let mut reading = Reading { index, ..Reading::of(event, completed.received_at, message) };
        let kind = &completed.key.message_type;
        match self.join(source, completed).await? {
            Ok(text) => match messages(&text, completed.received_at).next() {
                Some(message) => self.say_all(&mut reading, &message),
                None => {
                    let why = unusable("no-message", "its parts together hold no message of a known type");
                    self.set_aside(&reading, kind, &why);
                }
            },
            Err(why) => self.set_each_aside(event, completed.received_at, &completed.parts, kind, &why),
        }
        Ok(())
    }

    /// Opens the parts of a message and makes one text of them.
    async fn join(
        &self,
        source: &str,
        completed: &MessageCompleted,
    ) -> Result<Result<String, Unusable>, ReactError> {
        let mut contents = Vec::with_capacity(completed.parts.len());
        for part in &completed.parts {
            match self.content(source, part.message).await? {
                Ok(content) => contents.push(content),
                Err(why) => return Ok(Err(why)),
            }
        }
        let texts: Vec<_> = contents.iter().map(|content| decode(content)).collect();
        let parsed = texts.iter().zip(&completed.parts).filter_map(|(text, part)| {
            messages(text, completed.received_at).nth(usize::try_from(part.index).unwrap_or(usize::MAX))
        });
        let parsed: Vec<_> = parsed.collect();
        let joined = (parsed.len() == texts.len()).then(|| ingest::join(&parsed)).flatten();
        let reason = "its parts cannot be of one message: a later one says CHG or DEL and the first does not";
        Ok(joined.ok_or_else(|| unusable("parts-conflict", reason)))
    }

    /// Reads the bytes of a raw message from the log.
    async fn content(&self, source: &str, message: Revision) -> Result<Result<Bytes, Unusable>, ReactError> {
        match self.received(source, message).await? {
            Ok(received) => self.open(&received),
            Err(why) => Ok(Err(why)),
        }
    }

    /// Reads a raw message, still sealed, from the log.
    pub(super) async fn received(
        &self,
        source: &str,
        message: Revision,
    ) -> Result<Result<MessageReceived, Unusable>, ReactError> {
        let stream = source_stream("source", source);
        let page = self.store.read_stream(&stream, Direction::Forwards, Some(message), 1).await;
        let page = page.map_err(|error| ReactError::new(&error))?;
        let found = page.events.first().filter(|event| event.revision() == message);
        Ok(match found.map(MessageReceived::decode) {
            Some(Ok([received])) => Ok(received),
            Some(Err(_)) | None => {
                Err(unusable("raw-damaged", "the log does not hold it as it was; see the log of errors"))
            }
        })
    }

    /// Quarantines the parts of a message that was given up, each once.
    pub(super) fn set_parts_aside(&mut self, event: &RecordedEvent, given_up: &PartsGivenUp) {
        let why = unusable(&given_up.code, &given_up.reason());
        self.set_each_aside(event, event.occurred_at(), &given_up.parts, &given_up.key.message_type, &why);
    }

    fn set_each_aside(
        &mut self,
        event: &RecordedEvent,
        received_at: Timestamp,
        parts: &[MessagePart],
        message_type: &str,
        why: &Unusable,
    ) {
        for (index, part) in (0..).zip(parts) {
            let reading = Reading { index, ..Reading::of(event, received_at, part.message) };
            self.set_aside(&reading, message_type, why);
        }
    }
}

fn key(message: &Parsed<'_>, head: PartHead<'_>) -> PartKey {
    let header = message.header;
    let airport = header.and_then(|header| header.airport);
    PartKey {
        message_type: message.message_type.as_str().to_owned(),
        source: header.and_then(|header| header.source).map_or("", ingest::Source::letter).to_owned(),
        airport: airport.map_or_else(String::new, |airport| airport.to_string()),
        reference: head.reference.to_owned(),
    }
}
