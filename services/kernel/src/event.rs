//! An event and its envelope.
//!
//! A recorded event keeps one slice of the page that it was read in; its name,
//! type, metadata and payload are spans of that slice, and metadata is decoded
//! only when somebody asks. So reading the log costs little for each event.

use std::{borrow::Cow, fmt, ops::Range};

use bytes::{BufMut, Bytes, BytesMut};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{DecodeError, Position, Revision};

/// Names one event (UUIDv7, made by the writer).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub Uuid);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The names of well-known metadata.
pub mod keys {
    /// The first command of a chain of causes, in KurrentDB's own spelling.
    pub const CORRELATION_ID: &str = "$correlationId";
    /// The event or command that caused this event, in KurrentDB's own spelling.
    pub const CAUSATION_ID: &str = "$causationId";
    /// Who acted: an opaque id, never a name.
    pub const ACTOR: &str = "actor";
    /// The system that the fact came from.
    pub const SOURCE: &str = "source";
}

/// Flat metadata, string to string, in the order it was put in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata(Vec<(Cow<'static, str>, String)>);

impl Metadata {
    /// Adds a pair and returns the metadata.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.0.push((key.into(), value.into()));
        self
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// Returns all pairs.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value.as_str()))
    }

    /// Encodes the pairs: for each, the key and the value, each as a `u16`
    /// little-endian length and its UTF-8 bytes. A longer text is cut at the limit.
    pub fn encode(&self) -> Bytes {
        let room = self.iter().map(|(key, value)| 4 + key.len() + value.len()).sum();
        let mut out = BytesMut::with_capacity(room);
        for text in self.iter().flat_map(|(key, value)| [key, value]) {
            let text = &text[..text.floor_char_boundary(usize::from(u16::MAX))];
            out.put_u16_le(u16::try_from(text.len()).expect("the text was cut to fit"));
            out.put_slice(text.as_bytes());
        }
        out.freeze()
    }

    /// Decodes what [`Metadata::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are cut short or are not UTF-8.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut pairs = Vec::new();
        while !bytes.is_empty() {
            let key = take_text(&mut bytes)?;
            pairs.push((Cow::Owned(key), take_text(&mut bytes)?));
        }
        Ok(Self(pairs))
    }
}

fn take_text(bytes: &mut &[u8]) -> Result<String, DecodeError> {
    let malformed = || DecodeError::malformed("metadata", "it is cut short or not UTF-8");
    let (length, rest) = bytes.split_first_chunk::<2>().ok_or_else(malformed)?;
    let (text, rest) =
        rest.split_at_checked(usize::from(u16::from_le_bytes(*length))).ok_or_else(malformed)?;
    *bytes = rest;
    Ok(std::str::from_utf8(text).map_err(|_| malformed())?.to_owned())
}

/// An event on its way into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id; the same id on every retry.
    pub id: EventId,
    /// Its type, such as `baggage.BagScanned`.
    pub event_type: Cow<'static, str>,
    /// The version of its type.
    pub schema_version: u32,
    /// When it happened in the world.
    pub occurred_at: Timestamp,
    /// Its metadata, encoded.
    pub metadata: Bytes,
    /// Its payload: protobuf.
    pub payload: Bytes,
}

/// The fixed-size part of a recorded event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventParts {
    /// Its id.
    pub id: EventId,
    /// Its place in the log.
    pub position: Position,
    /// Its place in its stream.
    pub revision: Revision,
    /// The oldest revision that the state of its stream still needs.
    pub fold_from: Revision,
    /// The version of its type.
    pub schema_version: u32,
    /// When it happened, microseconds since 1970.
    pub occurred_us: i64,
    /// When it was committed, microseconds since 1970.
    pub recorded_us: i64,
}

/// Where the variable parts lie in the slice of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSpans {
    /// Stream name.
    pub stream: Range<u32>,
    /// Event type.
    pub event_type: Range<u32>,
    /// Metadata.
    pub metadata: Range<u32>,
    /// Payload.
    pub payload: Range<u32>,
}

/// An event as the log holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    parts: EventParts,
    bytes: Bytes,
    spans: EventSpans,
}

impl RecordedEvent {
    /// Makes an event over a slice of stored bytes; for adapters.
    ///
    /// # Errors
    /// When a span lies outside the slice, or stream or type are not UTF-8.
    pub fn new(parts: EventParts, bytes: Bytes, spans: EventSpans) -> Result<Self, DecodeError> {
        let event = Self { parts, bytes, spans };
        for (what, span, is_text) in [
            ("stream", &event.spans.stream, true),
            ("event type", &event.spans.event_type, true),
            ("metadata", &event.spans.metadata, false),
            ("payload", &event.spans.payload, false),
        ] {
            let slice = event.bytes.get(span.start as usize..span.end as usize);
            let slice = slice.ok_or_else(|| DecodeError::malformed(what, "it lies outside its frame"))?;
            if is_text && std::str::from_utf8(slice).is_err() {
                return Err(DecodeError::malformed(what, "it is not UTF-8"));
            }
        }
        Ok(event)
    }

    /// Returns its id.
    pub fn id(&self) -> EventId {
        self.parts.id
    }

    /// Returns its place in the log.
    pub fn position(&self) -> Position {
        self.parts.position
    }

    /// Returns its place in its stream.
    pub fn revision(&self) -> Revision {
        self.parts.revision
    }

    /// Returns the oldest revision that the state of its stream still needs.
    pub fn fold_from(&self) -> Revision {
        self.parts.fold_from
    }

    /// Returns the version of its type.
    pub fn schema_version(&self) -> u32 {
        self.parts.schema_version
    }

    /// Returns when it happened in the world.
    pub fn occurred_at(&self) -> Timestamp {
        Timestamp::from_microsecond(self.parts.occurred_us).unwrap_or_default()
    }

    /// Returns when it was committed; never decreases along the log.
    pub fn recorded_at(&self) -> Timestamp {
        Timestamp::from_microsecond(self.parts.recorded_us).unwrap_or_default()
    }

    /// Returns the name of its stream.
    pub fn stream(&self) -> &str {
        self.text(&self.spans.stream)
    }

    /// Returns the category of its stream.
    pub fn category(&self) -> &str {
        // Before the dash there are a few bytes; that it is text is checked again at each call.
        let Range { start, end } = self.spans.stream;
        let stream = &self.bytes[start as usize..end as usize];
        let dash = stream.iter().position(|byte| *byte == b'-').unwrap_or_default();
        std::str::from_utf8(&stream[..dash])
            .expect("`new` has checked the name, and a dash ends no character")
    }

    /// Returns its type, such as `baggage.BagScanned`.
    pub fn event_type(&self) -> &str {
        self.text(&self.spans.event_type)
    }

    /// Returns its type, if its version is one that the reader knows. A newer
    /// version means something else: it is parked, never read as an older one.
    ///
    /// # Errors
    /// When the version lies above `newest`.
    pub fn type_up_to(&self, newest: u32) -> Result<&str, DecodeError> {
        let is_known = (1..=newest).contains(&self.parts.schema_version);
        if is_known { Ok(self.event_type()) } else { Err(DecodeError::unknown(self)) }
    }

    /// Returns its encoded metadata.
    pub fn metadata_bytes(&self) -> &[u8] {
        &self.bytes[self.spans.metadata.start as usize..self.spans.metadata.end as usize]
    }

    /// Decodes its metadata.
    ///
    /// # Errors
    /// When the stored bytes are malformed.
    pub fn metadata(&self) -> Result<Metadata, DecodeError> {
        Metadata::decode(self.metadata_bytes())
    }

    /// Returns its payload.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[self.spans.payload.start as usize..self.spans.payload.end as usize]
    }

    fn text(&self, span: &Range<u32>) -> &str {
        std::str::from_utf8(&self.bytes[span.start as usize..span.end as usize])
            .expect("`new` has checked this span")
    }
}

impl fmt::Debug for RecordedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedEvent")
            .field("type", &self.event_type())
            .field("stream", &self.stream())
            .field("revision", &self.parts.revision.0)
            .field("position", &self.parts.position)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn metadata_survives_its_encoding(pairs in proptest::collection::vec((".{0,40}", ".{0,40}"), 0..6)) {
            let metadata = pairs.iter().fold(Metadata::default(), |m, (k, v)| m.with(k.clone(), v.clone()));
            prop_assert_eq!(Metadata::decode(&metadata.encode()).unwrap(), metadata);
        }

        #[test]
        fn foreign_metadata_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Metadata::decode(&bytes);
        }
    }

    #[test]
    fn a_span_outside_its_frame_is_refused() {
        let parts = EventParts {
            id: EventId(Uuid::nil()),
            position: Position::from_parts(0, 0),
            revision: Revision::FIRST,
            fold_from: Revision::FIRST,
            schema_version: 1,
            occurred_us: 0,
            recorded_us: 0,
        };
        let spans = EventSpans { stream: 0..5, event_type: 0..5, metadata: 0..0, payload: 4..9 };
        assert!(RecordedEvent::new(parts, Bytes::from_static(b"bag-1"), spans).is_err());
    }
}
