//! JSON schemas of messages and enums as canonical protobuf JSON writes them.

use std::collections::BTreeSet;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::comments::Comments;

/// The schemas that were asked for, and those that they refer to.
pub(crate) struct Schemas<'a> {
    comments: &'a Comments,
    made: Map<String, Value>,
    begun: BTreeSet<String>,
}

impl<'a> Schemas<'a> {
    pub(crate) fn new(comments: &'a Comments) -> Self {
        Self { comments, made: Map::new(), begun: BTreeSet::new() }
    }

    /// Returns what was made, by the full name of each message and enum.
    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.made
    }

    /// Returns a message's schema, or a reference to it.
    pub(crate) fn of_message(&mut self, message: &MessageDescriptor) -> Value {
        let name = message.full_name();
        if name == "google.protobuf.Timestamp" {
            return json!({"type": "string", "format": "date-time"});
        }
        if self.begun.insert(name.to_owned()) {
            let schema = self.object(message);
            self.made.insert(name.to_owned(), schema);
        }
        refer(name)
    }

    fn object(&mut self, message: &MessageDescriptor) -> Value {
        let mut description = self.comments.of_message(message);
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let names: Vec<_> = oneof.fields().map(|field| format!("`{}`", field.json_name())).collect();
            description.push_str(&format!("\n\nAt most one of {}.", names.join(", ")));
        }
        let fields = message.fields().map(|field| (field.json_name().to_owned(), self.field(&field)));
        let properties: Map<String, Value> = fields.collect();
        json!({"type": "object", "description": description, "properties": properties})
    }

    fn field(&mut self, field: &FieldDescriptor) -> Value {
        let mut schema = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let value = self.kind(&entry.map_entry_value_field().kind());
                json!({"type": "object", "additionalProperties": value})
            }
            kind if field.is_list() => json!({"type": "array", "items": self.kind(&kind)}),
            kind => self.kind(&kind),
        };
        schema["description"] = self.comments.of_field(field).into();
        schema
    }

    fn kind(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Double => json!({"type": "number", "format": "double"}),
            Kind::Float => json!({"type": "number", "format": "float"}),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({"type": "integer", "format": "int32"}),
            Kind::Uint32 | Kind::Fixed32 => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => json!({"type": "string", "pattern": "^-?[0-9]+$"}),
            Kind::Uint64 | Kind::Fixed64 => json!({"type": "string", "pattern": "^[0-9]+$"}),
            Kind::Bool => json!({"type": "boolean"}),
            Kind::String => json!({"type": "string"}),
            Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
            Kind::Message(message) => self.of_message(message),
            Kind::Enum(one) => self.of_enum(one),
        }
    }

    fn of_enum(&mut self, one: &EnumDescriptor) -> Value {
        let name = one.full_name();
        if self.begun.insert(name.to_owned()) {
            let mut description = self.comments.of_enum(one);
            description.push('\n');
            let mut names = Vec::new();
            for value in one.values() {
                description.push_str(&format!("\n- `{}`: {}", value.name(), self.comments.of_value(&value)));
                names.push(value.name().to_owned());
            }
            let schema = json!({"type": "string", "description": description, "enum": names});
            self.made.insert(name.to_owned(), schema);
        }
        refer(name)
    }
}

fn refer(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
