//! The interfaces: law 6 of DESIGN section 2, comments as the manual, and no
//! clear personal data in anything that is stored.

use std::collections::BTreeSet;

use airside_api::pool;
use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, FileDescriptor, Kind, MessageDescriptor,
    MethodDescriptor, Value,
};

use crate::report::{Finding, hold};

const RULE: &str = "airside.access.v1.rule";
const RULE_NUMBER: u32 = 50753;
const SEALED: &str = "airside.privacy.v1.Sealed";

/// Parts of field names that suggest a person.
const PERSONAL: [&str; 17] = [
    "name",
    "surname",
    "given",
    "locator",
    "pnr",
    "seat",
    "phone",
    "mobile",
    "email",
    "mail",
    "passport",
    "birth",
    "gender",
    "ticket",
    "address",
    "openid",
    "passenger",
];

fn own_files(pool: &DescriptorPool) -> Vec<FileDescriptor> {
    pool.files().filter(|file| file.package_name().starts_with("airside.")).collect()
}

fn own_messages(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    let own = pool.all_messages().filter(|message| message.package_name().starts_with("airside."));
    own.filter(|message| !message.is_map_entry()).collect()
}

fn own_enums(pool: &DescriptorPool) -> Vec<EnumDescriptor> {
    pool.all_enums().filter(|one| one.package_name().starts_with("airside.")).collect()
}

fn own_methods(pool: &DescriptorPool) -> Vec<MethodDescriptor> {
    let own = pool.services().filter(|service| service.package_name().starts_with("airside."));
    own.flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// Returns the line of a declaration and whether a comment stands by it.
fn place(file: &FileDescriptor, path: &[i32]) -> (usize, bool) {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let locations = info.map(|info| info.location.as_slice()).unwrap_or_default();
    let Some(location) = locations.iter().find(|location| location.path == path) else { return (1, false) };
    let line = location.span.first().map_or(1, |line| usize::try_from(*line).unwrap_or_default() + 1);
    let is_said = |comment: Option<&str>| comment.is_some_and(|text| !text.trim().is_empty());
    (line, is_said(location.leading_comments.as_deref()) || is_said(location.trailing_comments.as_deref()))
}

fn finding(file: &FileDescriptor, path: &[i32], problem: String, remedy: &str) -> Finding {
    Finding::new(&format!("proto/{}", file.name()), place(file, path).0, problem, remedy)
}

fn admits_somebody(rule: &DynamicMessage) -> bool {
    let says = |field: &str| rule.get_field_by_name(field).and_then(|value| value.as_bool()).unwrap_or(false);
    let staff = rule.get_field_by_name("staff");
    let roles = staff.as_deref().and_then(Value::as_list).unwrap_or_default();
    let is_granted = !roles.is_empty() && roles.iter().all(|role| role.as_enum_number() != Some(0));
    says("public") || says("passenger_own") || says("partner") || is_granted
}

fn rules(pool: &DescriptorPool) -> Vec<Finding> {
    let extension = pool.get_extension_by_name(RULE).expect("the access package declares the rule");
    assert_eq!(extension.number(), RULE_NUMBER, "the number of the rule option is frozen");
    let remedy = "add option (airside.access.v1.rule) = { ... } naming who may call it";
    let mut findings = Vec::new();
    for method in own_methods(pool) {
        let options = method.options();
        let rule = options.get_extension(&extension);
        let has_rule = options.has_extension(&extension) && rule.as_message().is_some_and(admits_somebody);
        if !has_rule {
            let problem = format!("rpc {} admits nobody", method.full_name());
            findings.push(finding(&method.parent_service().parent_file(), method.path(), problem, remedy));
        }
    }
    findings
}

fn uncommented(pool: &DescriptorPool) -> Vec<Finding> {
    let mut declared: Vec<(FileDescriptor, Vec<i32>, String)> = Vec::new();
    for message in own_messages(pool) {
        let file = message.parent_file();
        let fields =
            message.fields().map(|field| (field.path().to_vec(), format!("field {}", field.full_name())));
        let choices = message.oneofs().filter(|one| !one.is_synthetic());
        let choices = choices.map(|one| (one.path().to_vec(), format!("oneof {}", one.full_name())));
        declared.extend(fields.chain(choices).map(|(path, name)| (file.clone(), path, name)));
        declared.push((file, message.path().to_vec(), format!("message {}", message.full_name())));
    }
    for one in own_enums(pool) {
        let file = one.parent_file();
        let values =
            one.values().map(|value| (value.path().to_vec(), format!("value {}", value.full_name())));
        declared.extend(values.map(|(path, name)| (file.clone(), path, name)));
        declared.push((file, one.path().to_vec(), format!("enum {}", one.full_name())));
    }
    for method in own_methods(pool) {
        let service = method.parent_service();
        let file = service.parent_file();
        declared.push((file.clone(), method.path().to_vec(), format!("rpc {}", method.full_name())));
        declared.push((file, service.path().to_vec(), format!("service {}", service.full_name())));
    }
    declared.retain(|(file, path, _)| !place(file, path).1);
    let remedy = "say in a sentence above it what it means: unit, range, example; it is the client's manual";
    let findings = declared
        .into_iter()
        .map(|(file, path, name)| finding(&file, &path, format!("{name} has no comment"), remedy));
    findings.collect()
}

fn zero_values(pool: &DescriptorPool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in own_enums(pool) {
        let zero = one.values().find(|value| value.number() == 0);
        for value in zero.iter().filter(|value| !value.name().ends_with("_UNSPECIFIED")) {
            let problem = format!("zero value {} of {} means something", value.name(), one.full_name());
            let remedy =
                "keep zero for <ENUM>_UNSPECIFIED, so that an unset field is never taken for a choice";
            findings.push(finding(&one.parent_file(), value.path(), problem, remedy));
        }
    }
    findings
}

/// Everything that an event can hold, from the messages of every `events.proto` down.
fn stored_messages(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    let is_stored = |message: &MessageDescriptor| message.parent_file().name().ends_with("/events.proto");
    let mut waiting: Vec<MessageDescriptor> = own_messages(pool).into_iter().filter(is_stored).collect();
    let mut seen = BTreeSet::new();
    let mut stored = Vec::new();
    while let Some(message) = waiting.pop() {
        let is_own = message.package_name().starts_with("airside.") && message.full_name() != SEALED;
        if is_own && seen.insert(message.full_name().to_owned()) {
            waiting.extend(message.fields().filter_map(|field| field.kind().as_message().cloned()));
            stored.push(message);
        }
    }
    stored
}

fn clear_personal_fields(pool: &DescriptorPool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for message in stored_messages(pool) {
        for field in message.fields() {
            let is_text = matches!(field.kind(), Kind::String | Kind::Bytes);
            let is_personal = field.name().split('_').any(|part| PERSONAL.contains(&part));
            if is_text && is_personal {
                let problem = format!("stored field {} looks like personal data in clear", field.full_name());
                let remedy =
                    "make it airside.privacy.v1.Sealed, or name it after what it is if it is of no person";
                findings.push(finding(&message.parent_file(), field.path(), problem, remedy));
            }
        }
    }
    findings
}

#[test]
fn every_rpc_says_who_may_call_it() {
    assert!(own_methods(pool()).len() >= 15, "the walk found only {} rpcs", own_methods(pool()).len());
    hold("every rpc carries its rule", rules(pool()));
}

#[test]
fn every_declaration_has_its_comment() {
    let has_comments = |file: &FileDescriptor| file.file_descriptor_proto().source_code_info.is_some();
    assert!(own_files(pool()).iter().all(has_comments), "the descriptors came without their comments");
    hold("every message, field, enum, value, service and rpc has a comment", uncommented(pool()));
}

#[test]
fn zero_of_an_enum_is_unspecified() {
    hold("zero values are _UNSPECIFIED", zero_values(pool()));
}

#[test]
fn stored_messages_hold_no_clear_personal_data() {
    assert!(stored_messages(pool()).len() >= 15, "the walk found only {}", stored_messages(pool()).len());
    hold("personal data is stored sealed", clear_personal_fields(pool()));
}

mod samples;
