//! Our envelope in an event of KurrentDB, and back.
//!
//! Id, type and payload have their own places there. Everything else stands in
//! the custom metadata, a flat JSON object of texts, so that the vendor's
//! console shows it and its `$by_correlation_id` finds it: first the writer's
//! own pairs, then `schema-version`, `occurred-at` and `fold-from`. Metadata
//! that is no list of pairs goes in as base64, whole. An event that others
//! wrote has schema version 0, which no reader knows, so it is parked and
//! alarmed rather than read as something that it is not.

use std::{collections::BTreeMap, fmt};

use airside_kernel::{
    EventId, EventParts, EventSpans, Metadata, NewEvent, Position, ReadError, RecordedEvent, Revision,
    Timestamp,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{BufMut, Bytes, BytesMut};
use serde::{
    Deserialize, Deserializer, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap,
};
use uuid::Uuid;

use super::wire::{self, streams::read_resp::read_event};

/// The keys that are ours within the custom metadata.
mod keys {
    pub(super) const SCHEMA_VERSION: &str = "schema-version";
    pub(super) const OCCURRED_AT: &str = "occurred-at";
    pub(super) const FOLD_FROM: &str = "fold-from";
    pub(super) const RECORDED_AT: &str = "recorded-at";
    pub(super) const RAW: &str = "metadata-base64";
    pub(super) const ALL: [&str; 5] = [SCHEMA_VERSION, OCCURRED_AT, FOLD_FROM, RECORDED_AT, RAW];
}

/// The content type of every payload.
const CONTENT_TYPE: &str = "application/octet-stream";

/// An event as it is proposed to a node.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    pub(crate) id: Uuid,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) custom: Bytes,
    pub(crate) data: Bytes,
}

/// Writes an id as the protocol has it.
pub(crate) fn uuid(id: Uuid) -> wire::Uuid {
    wire::Uuid { value: Some(wire::uuid::Value::String(id.to_string())) }
}

/// Puts an event into its envelope. `recorded_at` is given for a copy of an event that another log recorded.
pub(crate) fn seal(event: &NewEvent, fold_from: Revision, recorded_at: Option<Timestamp>) -> Proposal {
    let metadata = [("type", event.event_type.to_string()), ("content-type", CONTENT_TYPE.to_owned())];
    Proposal {
        id: event.id.0,
        metadata: metadata.map(|(key, value)| (key.to_owned(), value)).into(),
        custom: custom(event, fold_from, recorded_at),
        data: event.payload.clone(),
    }
}

fn custom(event: &NewEvent, fold_from: Revision, recorded_at: Option<Timestamp>) -> Bytes {
    let pairs = pairs_of(&event.metadata);
    let micros =
        |at: Timestamp| Timestamp::from_microsecond(at.as_microsecond()).unwrap_or_default().to_string();
    let mut out = Vec::with_capacity(event.metadata.len() + 120);
    let mut json = serde_json::Serializer::new(&mut out);
    let written = (|| {
        let mut map = json.serialize_map(None)?;
        match &pairs {
            Some(pairs) => pairs.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?,
            None => map.serialize_entry(keys::RAW, &STANDARD.encode(&event.metadata))?,
        }
        map.serialize_entry(keys::SCHEMA_VERSION, &event.schema_version.to_string())?;
        map.serialize_entry(keys::OCCURRED_AT, &micros(event.occurred_at))?;
        map.serialize_entry(keys::FOLD_FROM, &fold_from.0.to_string())?;
        if let Some(at) = recorded_at {
            map.serialize_entry(keys::RECORDED_AT, &micros(at))?;
        }
        map.end()
    })();
    written.expect("texts are always written to memory");
    out.into()
}

/// Returns the pairs of metadata that can be told as JSON and come back byte for byte.
fn pairs_of(bytes: &[u8]) -> Option<Metadata> {
    let pairs = Metadata::decode(bytes).ok()?;
    let mut seen: Vec<&str> = Vec::new();
    for (key, _) in pairs.iter() {
        if keys::ALL.contains(&key) || seen.contains(&key) {
            return None;
        }
        seen.push(key);
    }
    Some(pairs)
}

/// Reads envelopes one after another; a later event is never recorded before an earlier one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Opener {
    recorded_us: i64,
}

impl Opener {
    /// Reads the envelope of an event.
    ///
    /// # Errors
    /// When the node sent what no node sends.
    pub(crate) fn open(&mut self, event: &read_event::RecordedEvent) -> Result<RecordedEvent, ReadError> {
        let stream = event.stream_identifier.as_ref().map_or(&[][..], |stream| &stream.stream_name);
        let position = Position::from_parts(event.commit_position, event.prepare_position);
        let corrupt = |reason: &str| ReadError::Corrupt {
            at: format!("{} {}", String::from_utf8_lossy(stream), position),
            reason: reason.to_owned(),
        };
        let id = id_of(event.id.as_ref()).ok_or_else(|| corrupt("its id is not a uuid"))?;
        let created = event.metadata.get("created").and_then(|ticks| ticks.parse::<i64>().ok());
        let created_us = created.ok_or_else(|| corrupt("it does not say when it was created"))? / 10;
        let kind = event.metadata.get("type").map_or("", String::as_str);
        let custom = Custom::read(&event.custom_metadata, created_us);
        self.recorded_us = self.recorded_us.max(custom.recorded_us);
        let mut bytes =
            BytesMut::with_capacity(stream.len() + kind.len() + custom.metadata.len() + event.data.len());
        let mut put = |part: &[u8]| {
            let start = bytes.len() as u32;
            bytes.put_slice(part);
            start..bytes.len() as u32
        };
        let spans = EventSpans {
            stream: put(stream),
            event_type: put(kind.as_bytes()),
            metadata: put(&custom.metadata),
            payload: put(&event.data),
        };
        let parts = EventParts {
            id: EventId(id),
            position,
            revision: Revision(event.stream_revision),
            fold_from: custom.fold_from,
            schema_version: custom.schema_version,
            occurred_us: custom.occurred_us,
            recorded_us: self.recorded_us,
        };
        RecordedEvent::new(parts, bytes.freeze(), spans).map_err(|error| corrupt(&error.to_string()))
    }
}

/// Reads an id in either form.
pub(crate) fn id_of(id: Option<&wire::Uuid>) -> Option<Uuid> {
    match id?.value.as_ref()? {
        wire::uuid::Value::String(text) => text.parse().ok(),
        wire::uuid::Value::Structured(halves) => Some(Uuid::from_u64_pair(
            halves.most_significant_bits as u64,
            halves.least_significant_bits as u64,
        )),
    }
}

/// What the custom metadata says.
struct Custom {
    schema_version: u32,
    occurred_us: i64,
    recorded_us: i64,
    fold_from: Revision,
    metadata: Bytes,
}

impl Custom {
    /// Reads it; what is not ours keeps nothing but the time of its creation.
    fn read(bytes: &[u8], created_us: i64) -> Self {
        Self::ours(bytes, created_us).unwrap_or(Self {
            schema_version: 0,
            occurred_us: created_us,
            recorded_us: created_us,
            fold_from: Revision::FIRST,
            metadata: Bytes::new(),
        })
    }

    fn ours(bytes: &[u8], created_us: i64) -> Option<Self> {
        let Pairs(pairs) = serde_json::from_slice(bytes).ok()?;
        let (mut version, mut occurred, mut fold_from, mut recorded, mut raw) =
            (None, None, None, None, None);
        let mut metadata = Metadata::default();
        for (key, value) in pairs {
            let micros = || value.parse::<Timestamp>().ok().map(Timestamp::as_microsecond);
            match key.as_str() {
                keys::SCHEMA_VERSION => version = value.parse().ok(),
                keys::OCCURRED_AT => occurred = micros(),
                keys::FOLD_FROM => fold_from = value.parse().ok().map(Revision),
                keys::RECORDED_AT => recorded = micros(),
                keys::RAW => raw = Some(STANDARD.decode(&value).ok()?),
                _ => metadata = metadata.with(key, value),
            }
        }
        Some(Self {
            schema_version: version?,
            occurred_us: occurred?,
            fold_from: fold_from?,
            recorded_us: recorded.unwrap_or(created_us),
            metadata: raw.map_or_else(|| metadata.encode(), Bytes::from),
        })
    }
}

/// A flat object of texts, in the order it was written.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a flat object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}
