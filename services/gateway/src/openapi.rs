//! The OpenAPI 3.1 document of all unary calls, made from the descriptors.
//!
//! A path for each rpc, as the Connect protocol has it: POST, a JSON object in, a
//! JSON object out, errors as `{code, message}`. Comments of the proto become
//! descriptions, and each rpc says who may call it. Rpcs that stream are not in it:
//! OpenAPI has no words for them.

mod comments;
mod schema;

use std::collections::BTreeSet;

use airside_runtime::{auth::Rule, status};
use prost_reflect::{DescriptorPool, MethodDescriptor, ServiceDescriptor};
use serde_json::{Map, Value, json};
use tonic::Code;

use crate::{json::KEY_FIELD, methods};
use comments::Comments;
use schema::Schemas;

const ABOUT: &str = "\
Where every bag is, and the way to every gate. Each call is a POST of a JSON object in canonical \
protobuf JSON: names in lowerCamelCase, 64-bit numbers as strings, times as RFC 3339, fields that \
have their default left out. An unknown field is refused by its name. The same calls are gRPC and \
gRPC-Web on the same port, with the descriptors of `/descriptors.binpb`; calls that stream are there \
alone, and notices also come on the WebSocket `/push` (subprotocol `airside.push.v1`).";

/// Returns the document.
pub(crate) fn document(pool: &DescriptorPool) -> Value {
    let comments = Comments::of(pool);
    let mut schemas = Schemas::new(&comments);
    let (mut paths, mut tags) = (Map::new(), Vec::new());
    for service in pool.services() {
        tags.push(json!({"name": service.full_name(), "description": comments.of_service(&service)}));
        for method in service.methods() {
            if method.is_client_streaming() || method.is_server_streaming() {
                continue;
            }
            // An rpc without a rule keeps the gateway from starting; here it would admit nobody.
            let rule = methods::rule(pool, &method).unwrap_or_default();
            let operation = operation(&service, &method, &rule, &comments, &mut schemas);
            paths.insert(format!("/{}/{}", service.full_name(), method.name()), json!({"post": operation}));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Airside", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT},
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": with_error(schemas.into_map()),
            "responses": {"Error": {
                "description": "The call failed; the HTTP status follows the code.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            }},
            "securitySchemes": {"bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of a passenger, a partner system or staff.",
            }},
        },
    })
}

fn operation(
    service: &ServiceDescriptor,
    method: &MethodDescriptor,
    rule: &Rule,
    comments: &Comments,
    schemas: &mut Schemas<'_>,
) -> Value {
    let (input, output) = (schemas.of_message(&method.input()), schemas.of_message(&method.output()));
    let said = comments.of_method(method);
    let security = if rule.public { json!([{}, {"bearer": []}]) } else { json!([{"bearer": []}]) };
    let mut operation = json!({
        "operationId": format!("{}_{}", service.name(), method.name()),
        "tags": [service.full_name()],
        "summary": said.split_once(". ").map_or(&*said, |(first, _)| first).trim_end_matches('.'),
        "description": format!("{said}\n\nWho may call: {rule}."),
        "security": security,
        "requestBody": {"required": true, "content": {"application/json": {"schema": input}}},
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": output}}},
            "default": {"$ref": "#/components/responses/Error"},
        },
    });
    if method.input().get_field_by_name(KEY_FIELD).is_some() {
        operation["parameters"] = json!([{
            "name": "Idempotency-Key",
            "in": "header",
            "description": format!("May carry `{KEY_FIELD}` in place of the body."),
            "schema": {"type": "string"},
        }]);
    }
    operation
}

/// Adds the body of every failed call.
fn with_error(mut schemas: Map<String, Value>) -> Map<String, Value> {
    let codes = (1..=16).map(Code::from).map(status::connect_name).collect::<BTreeSet<_>>();
    schemas.insert(
        "Error".to_owned(),
        json!({
            "type": "object",
            "description": "Why a call failed.",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "enum": codes, "description": "The gRPC code in Connect spelling."},
                "message": {"type": "string", "description": "Which field, and what to do."},
            },
        }),
    );
    schemas
}

#[cfg(test)]
mod tests;
