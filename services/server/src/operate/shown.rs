//! An event as an operator sees it: everything in words, sealed values masked.
//!
//! A payload is decoded by its type's own message and printed as canonical
//! proto JSON; each sealed value in it, at any depth, is replaced by whose it is
//! and which key would open it. No key is asked for, so nothing personal can be
//! shown. A payload of a type that this program does not know is shown as its
//! stored bytes: they hold personal data only sealed.

use airside_kernel::RecordedEvent;
use base64::{Engine, engine::general_purpose::STANDARD};
use prost_reflect::{DynamicMessage, MapKey, ReflectMessage, SerializeOptions, Value as Field};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The message that stores a personal value.
const SEALED: &str = "airside.privacy.v1.Sealed";
/// Messages whose JSON is not an object of their fields; they hold nothing of ours.
const WELL_KNOWN: &str = "google.protobuf.";

/// An event in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownEvent {
    /// Its place in the log.
    pub position: u64,
    /// Its stream.
    pub stream: String,
    /// Its place in the stream.
    pub revision: u64,
    /// Its id.
    pub id: String,
    /// Its type, such as `baggage.BagScanned`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The schema version of its type.
    pub version: u32,
    /// When it happened, RFC 3339.
    pub occurred_at: String,
    /// When it was committed, RFC 3339.
    pub recorded_at: String,
    /// The oldest revision that the state of its stream still needs.
    pub fold_from: u64,
    /// Its metadata.
    pub metadata: Value,
    /// Its payload: proto JSON with sealed values masked, or base64 of its bytes with a note.
    pub payload: Value,
    /// What is odd about the event; absent when nothing is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

impl ShownEvent {
    /// Shows an event.
    pub(crate) fn new(event: &RecordedEvent) -> Self {
        let mut notes = Vec::new();
        let payload = payload(event, &mut notes);
        let metadata = match event.metadata() {
            Ok(metadata) => metadata.iter().map(|(key, value)| (key.to_owned(), value.into())).collect(),
            Err(error) => {
                notes.push(error.to_string());
                Map::new()
            }
        };
        Self {
            position: event.position().parts().0,
            stream: event.stream().to_owned(),
            revision: event.revision().0,
            id: event.id().to_string(),
            event_type: event.event_type().to_owned(),
            version: event.schema_version(),
            occurred_at: event.occurred_at().to_string(),
            recorded_at: event.recorded_at().to_string(),
            fold_from: event.fold_from().0,
            metadata: metadata.into(),
            payload,
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        }
    }
}

fn payload(event: &RecordedEvent, notes: &mut Vec<String>) -> Value {
    match message(event) {
        Ok(message) => shown(&message, notes),
        Err(problem) => {
            notes.push(format!("{problem}; payload is base64 of its bytes"));
            STANDARD.encode(event.payload()).into()
        }
    }
}

fn message(event: &RecordedEvent) -> Result<DynamicMessage, String> {
    let event_type = event.event_type();
    let descriptor = event_type
        .split_once('.')
        .and_then(|(domain, name)| {
            airside_api::pool().get_message_by_name(&format!("airside.{domain}.v1.{name}"))
        })
        .ok_or_else(|| format!("type {event_type} is unknown to this program"))?;
    DynamicMessage::decode(descriptor, event.payload())
        .map_err(|error| format!("payload is no {event_type}: {error}"))
}

/// Returns a message as proto JSON, with every sealed value masked.
fn shown(message: &DynamicMessage, notes: &mut Vec<String>) -> Value {
    let options = SerializeOptions::new();
    let Ok(mut json) = message.serialize_with_options(serde_json::value::Serializer, &options) else {
        notes.push("payload has no JSON form".to_owned());
        return Value::Null;
    };
    let mut unknown = 0;
    mask(message, &mut json, &mut unknown);
    if unknown > 0 {
        notes.push(format!("{unknown} fields of the payload are newer than this program"));
    }
    json
}

/// Replaces the sealed values below a message in its JSON, and counts fields that have no name here.
fn mask(message: &DynamicMessage, json: &mut Value, unknown: &mut usize) {
    if message.descriptor().full_name().starts_with(WELL_KNOWN) {
        return;
    }
    *unknown += message.unknown_fields().count();
    if message.descriptor().full_name() == SEALED {
        *json = masked(message);
        return;
    }
    // Without its object a message cannot be matched with its JSON, so none of it is shown.
    let Value::Object(object) = json else {
        *json = Value::Null;
        return;
    };
    for (field, value) in message.fields() {
        let Some(json) = object.get_mut(field.json_name()) else { continue };
        match (value, json) {
            (Field::Message(inner), json) => mask(inner, json, unknown),
            (Field::List(items), Value::Array(shown)) => {
                for (item, json) in items.iter().zip(shown) {
                    if let Field::Message(inner) = item {
                        mask(inner, json, unknown);
                    }
                }
            }
            (Field::Map(items), Value::Object(shown)) => {
                for (key, item) in items {
                    if let (Field::Message(inner), Some(json)) = (item, shown.get_mut(&name(key))) {
                        mask(inner, json, unknown);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Returns whose a sealed value is and which key would open it; never the value, not even sealed.
fn masked(sealed: &DynamicMessage) -> Value {
    let text = |field: &str| {
        let value = sealed.get_field_by_name(field);
        value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let has_value = sealed
        .get_field_by_name("ciphertext")
        .is_some_and(|value| value.as_bytes().is_some_and(|bytes| !bytes.is_empty()));
    if !has_value {
        return json!({"erased": true});
    }
    let key_version = sealed.get_field_by_name("key_version").and_then(|version| version.as_u32());
    json!({"sealed": text("category"), "subject": text("subject"), "key_version": key_version})
}

fn name(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

#[cfg(test)]
mod tests;
