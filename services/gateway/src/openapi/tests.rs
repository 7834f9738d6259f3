//! The document as a reader of OpenAPI finds it.

use std::collections::BTreeSet;

use super::*;

/// Calls `visit` for every value in the document that is an object.
fn walk(value: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(object);
            object.values().for_each(|value| walk(value, visit));
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document(airside_api::pool());
    let mut seen = 0;
    walk(&document, &mut |object| {
        // A field of a message may be called so; a reference is a text.
        let Some(reference) = object.get("$ref").and_then(Value::as_str) else { return };
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        seen += 1;
    });
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_unary_rpc_is_there_and_no_other() {
    let document = document(airside_api::pool());
    let paths = document["paths"].as_object().unwrap();
    let mut ids = BTreeSet::new();
    let mut unary = 0;
    for method in airside_api::pool().services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let is_unary = !method.is_client_streaming() && !method.is_server_streaming();
        assert_eq!(paths.contains_key(&path), is_unary, "{path}");
        if !is_unary {
            continue;
        }
        unary += 1;
        let post = &paths[&path]["post"];
        assert!(ids.insert(post["operationId"].as_str().unwrap()), "{path}: its id is another's");
        let description = post["description"].as_str().unwrap();
        let (said, admitted) = description.split_once("\n\nWho may call: ").unwrap();
        assert!(!said.is_empty() && admitted != "nobody.", "{path}: {description}");
        let is_public = admitted.starts_with("anyone");
        assert_eq!(post["security"][0].as_object().unwrap().is_empty(), is_public, "{path}");
        let name = post["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
        assert!(name.ends_with(method.input().full_name()), "{path}: {name}");
    }
    assert_eq!((paths.len(), unary > 30), (unary, true));
}

#[test]
fn every_message_field_and_value_is_described() {
    let document = document(airside_api::pool());
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(!name.starts_with("google."), "{name} has a JSON form of its own: say which");
        assert!(schema["description"].as_str().is_some_and(|text| text.trim().len() > 3), "{name}: {schema}");
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert!(schema["description"].as_str().is_some_and(|text| text.len() > 3), "{name}.{field}");
        }
    }
}

#[test]
fn each_kind_of_field_is_written_as_canonical_json_has_it() {
    let document = document(airside_api::pool());
    let field = |message: &str, name: &str| {
        let mut schema = document["components"]["schemas"][message]["properties"][name].clone();
        schema.as_object_mut().unwrap().remove("description").expect("it is described");
        schema
    };
    let notice = "airside.notifications.v1.Notice";
    assert_eq!(field(notice, "seq"), json!({"type": "string", "pattern": "^[0-9]+$"}));
    assert_eq!(field(notice, "issuedAt"), json!({"type": "string", "format": "date-time"}));
    assert_eq!(
        field(notice, "parameters"),
        json!({"type": "object", "additionalProperties": {"type": "string"}})
    );
    assert_eq!(
        field(notice, "kind"),
        json!({"$ref": "#/components/schemas/airside.notifications.v1.NoticeKind"})
    );
    assert_eq!(
        field("airside.notifications.v1.ListNotificationsResponse", "notices"),
        json!({"type": "array", "items": {"$ref": "#/components/schemas/airside.notifications.v1.Notice"}})
    );
    let kinds = &document["components"]["schemas"]["airside.notifications.v1.NoticeKind"];
    assert_eq!(kinds["enum"][0], "NOTICE_KIND_UNSPECIFIED");
}
