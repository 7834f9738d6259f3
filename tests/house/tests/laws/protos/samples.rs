//! Bad interfaces, to see each law find them: the house's own descriptors with
//! one thing broken.

use prost_reflect::prost::Message;
use prost_reflect::prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};

use super::*;

/// Returns the house's pool with one of its files changed.
fn broken(name: &str, change: impl FnOnce(&mut FileDescriptorProto)) -> DescriptorPool {
    let mut set = FileDescriptorSet::decode(airside_api::DESCRIPTORS).expect("the build encoded it");
    let file = set.file.iter_mut().find(|file| file.name() == name).expect("the house has this file");
    change(file);
    DescriptorPool::decode(set.encode_to_vec().as_slice()).expect("the change keeps it well formed")
}

fn message<'a>(file: &'a mut FileDescriptorProto, name: &str) -> &'a mut DescriptorProto {
    file.message_type.iter_mut().find(|message| message.name() == name).expect("the file has this message")
}

#[track_caller]
fn check(findings: &[Finding], file: &str, name: &str) {
    assert!(!findings.is_empty(), "nothing was found");
    assert!(findings.iter().all(|one| one.file == file && one.problem.contains(name)), "{findings:#?}");
    assert!(findings.iter().all(|one| one.line > 1), "{findings:#?}");
}

/// Plain decoding drops the rule option from every rpc.
#[test]
fn rpc_without_a_rule_is_found() {
    let pool = broken("airside/trips/v1/service.proto", |_| {});
    let findings = rules(&pool);
    assert_eq!(findings.len(), own_methods(&pool).len());
    let first = findings.iter().find(|one| one.problem.contains("TripService.FollowFlight"));
    assert!(first.is_some_and(|one| one.file == "proto/airside/trips/v1/service.proto" && one.line > 1));
}

#[test]
fn rule_that_names_nobody_admits_nobody() {
    let descriptor =
        pool().get_message_by_name("airside.access.v1.Rule").expect("the house has this message");
    let rule = |field: &str, value: Value| {
        let mut rule = DynamicMessage::new(descriptor.clone());
        rule.set_field_by_name(field, value);
        admits_somebody(&rule)
    };
    let staff = |role: i32| Value::List(vec![Value::EnumNumber(role)]);
    assert!(!admits_somebody(&DynamicMessage::new(descriptor.clone())));
    assert!(!rule("public", Value::Bool(false)));
    assert!(!rule("staff", staff(0)));
    assert!(rule("public", Value::Bool(true)));
    assert!(rule("passenger_own", Value::Bool(true)));
    assert!(rule("partner", Value::Bool(true)));
    assert!(rule("staff", staff(1)));
}

#[test]
fn declaration_without_a_comment_is_found() {
    let pool = broken("airside/flights/v1/events.proto", |file| {
        let info = file.source_code_info.as_mut().expect("the build keeps comments");
        for location in info.location.iter_mut().filter(|location| location.path.starts_with(&[4, 0])) {
            location.leading_comments = None;
        }
    });
    check(&uncommented(&pool), "proto/airside/flights/v1/events.proto", "airside.flights.v1.Origin");
}

#[test]
fn zero_value_with_a_meaning_is_found() {
    let pool = broken("airside/access/v1/rule.proto", |file| {
        file.enum_type[0].value[0].name = Some("STAFF_ROLE_GUEST".into());
    });
    check(&zero_values(&pool), "proto/airside/access/v1/rule.proto", "STAFF_ROLE_GUEST");
}

#[test]
fn personal_field_in_clear_is_found() {
    let pool = broken("airside/flights/v1/events.proto", |file| {
        message(file, "GateAssigned").field[1].name = Some("seat_number".into());
    });
    check(&clear_personal_fields(&pool), "proto/airside/flights/v1/events.proto", "GateAssigned.seat_number");
}
