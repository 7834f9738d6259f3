//! Recorded JSON to messages of the protocol and back, and how two are compared.

use std::{cell::RefCell, collections::BTreeMap, path::Path};

use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value as Held,
};
use serde_json::{Map, Value, json};

/// What differs from server to server, and is not compared.
const NOT_COMPARED: [&str; 5] = ["created", "subscription_id", "instance_id", "time_stamp", "http_end_point"];

/// The messages of the protocol, and the positions that were seen.
pub(super) struct Shapes {
    pool: DescriptorPool,
    positions: RefCell<BTreeMap<u32, u64>>,
}

impl Shapes {
    pub(super) fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/kurrent");
        let files = ["streams.proto", "gossip.proto", "serverfeatures.proto"];
        let set = protox::compile(files, [root]).unwrap();
        let pool = DescriptorPool::decode(set.encode_to_vec().as_slice()).unwrap();
        Self { pool, positions: RefCell::default() }
    }

    fn message(&self, kind: &str) -> MessageDescriptor {
        self.pool.get_message_by_name(&format!("event_store.client.{kind}")).unwrap()
    }

    /// Makes a message of recorded JSON.
    pub(super) fn encode(&self, kind: &str, value: &Value) -> Vec<u8> {
        self.build(&self.message(kind), value).encode_to_vec()
    }

    /// Tells a message as it would be recorded.
    pub(super) fn decode(&self, kind: &str, bytes: &[u8]) -> Value {
        told(&DynamicMessage::decode(self.message(kind), bytes).unwrap())
    }

    fn build(&self, kind: &MessageDescriptor, value: &Value) -> DynamicMessage {
        let mut message = DynamicMessage::new(kind.clone());
        for (name, value) in value.as_object().unwrap() {
            let field =
                kind.get_field_by_name(name).unwrap_or_else(|| panic!("{} has no {name}", kind.name()));
            message.set_field(&field, self.held(&field, value));
        }
        message
    }

    fn held(&self, field: &FieldDescriptor, value: &Value) -> Held {
        if field.is_map() {
            let text = |value: &Value| Held::String(value.as_str().unwrap().to_owned());
            let pairs = value.as_object().unwrap().iter();
            return Held::Map(pairs.map(|(key, value)| (MapKey::String(key.clone()), text(value))).collect());
        }
        if field.is_list() {
            return Held::List(value.as_array().unwrap().iter().map(|one| self.single(field, one)).collect());
        }
        self.single(field, value)
    }

    fn single(&self, field: &FieldDescriptor, value: &Value) -> Held {
        match field.kind() {
            Kind::Message(kind) => Held::Message(self.build(&kind, value)),
            Kind::String => Held::String(value.as_str().unwrap().to_owned()),
            Kind::Bytes => Held::Bytes(expanded(value.as_str().unwrap()).into_bytes().into()),
            Kind::Bool => Held::Bool(value.as_bool().unwrap()),
            Kind::Uint64 => Held::U64(self.number(value)),
            Kind::Int64 => Held::I64(i64::try_from(self.number(value)).unwrap()),
            Kind::Uint32 => Held::U32(u32::try_from(value.as_u64().unwrap()).unwrap()),
            Kind::Int32 => Held::I32(i32::try_from(value.as_i64().unwrap()).unwrap()),
            Kind::Enum(kind) => {
                Held::EnumNumber(kind.get_value_by_name(value.as_str().unwrap()).unwrap().number())
            }
            kind => panic!("the recording has a {kind:?}"),
        }
    }

    fn number(&self, value: &Value) -> u64 {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match text.strip_prefix('@') {
            None => text.parse().unwrap(),
            Some(rest) => {
                let (name, less) = rest.split_once(" minus ").unwrap_or((rest, "0"));
                self.positions.borrow()[&name.parse::<u32>().unwrap()] - less.parse::<u64>().unwrap()
            }
        }
    }

    /// Holds what was found against what was recorded.
    pub(super) fn compare(&self, step: &str, expected: &Value, found: &Value) {
        match (expected, found) {
            (Value::Object(expected), Value::Object(found)) => {
                let keys = |map: &Map<String, Value>| {
                    let kept = map.keys().filter(|key| !NOT_COMPARED.contains(&key.as_str()));
                    kept.cloned().collect::<Vec<_>>()
                };
                let (mut wanted, mut had) = (keys(expected), keys(found));
                wanted.sort();
                had.sort();
                assert_eq!(had, wanted, "{step}: {found:?}");
                wanted.iter().for_each(|key| self.compare(step, &expected[key], &found[key]));
            }
            (Value::Array(expected), Value::Array(found)) => {
                assert_eq!(found.len(), expected.len(), "{step}");
                expected.iter().zip(found).for_each(|(expected, found)| self.compare(step, expected, found));
            }
            (Value::String(expected), found) if expected.starts_with('@') => {
                self.same_position(step, expected, found.as_str().unwrap().parse().unwrap());
            }
            (Value::String(expected), Value::String(found)) => {
                assert_eq!(*found, expanded(expected), "{step}");
            }
            (expected, found) => assert_eq!(found, expected, "{step}"),
        }
    }

    /// Equal names are equal positions, and rising names rising positions.
    fn same_position(&self, step: &str, name: &str, found: u64) {
        let number: u32 = name[1..].parse().unwrap();
        let mut positions = self.positions.borrow_mut();
        assert_eq!(*positions.entry(number).or_insert(found), found, "{step}: {name}");
        assert!(positions.values().is_sorted_by(|a, b| a < b), "{step}: {name} is {found} in {positions:?}");
    }
}

/// Writes out what the recording abridges.
fn expanded(text: &str) -> String {
    let parts = text.strip_suffix(" characters)").and_then(|text| text.split_once("... ("));
    match parts {
        Some((begin, count)) => begin[..1].repeat(count.parse().unwrap()),
        None => text.to_owned(),
    }
}

fn told(message: &DynamicMessage) -> Value {
    let mut map = Map::new();
    for (field, value) in message.fields() {
        map.insert(field.name().to_owned(), told_field(&field, value));
    }
    Value::Object(map)
}

fn told_field(field: &FieldDescriptor, value: &Held) -> Value {
    match value {
        Held::Message(message) => told(message),
        Held::List(values) => values.iter().map(|value| told_field(field, value)).collect(),
        Held::Map(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| (key.as_str().unwrap().to_owned(), json!(value.as_str().unwrap())));
            Value::Object(pairs.collect())
        }
        Held::String(text) => json!(text),
        Held::Bytes(bytes) => json!(String::from_utf8_lossy(bytes)),
        Held::Bool(flag) => json!(flag),
        Held::U64(number) => json!(number.to_string()),
        Held::I64(number) => json!(number.to_string()),
        Held::U32(number) => json!(number),
        Held::I32(number) => json!(number),
        Held::EnumNumber(number) => {
            let Kind::Enum(kind) = field.kind() else { panic!("{} is no enum", field.name()) };
            json!(kind.get_value(*number).unwrap().name())
        }
        other => panic!("the double answers with {other:?}"),
    }
}
