//! The verifier accepts the proofs that the log gives, and nothing else.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn key() -> String {
    fs::read_to_string(golden("key.txt")).unwrap().trim().to_owned()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_airside-verifier")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Returns what is wrong with a proof; `None` when it holds.
fn verdict(proof: &Value) -> Option<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), proof.to_string()).unwrap();
    let output = run(&[file.path().to_str().unwrap(), "--key", &key()]);
    let text = said(&output);
    match output.status.code() {
        Some(0) => text.starts_with("holds").then_some(None)?,
        Some(1) => Some(text),
        other => panic!("{other:?}: {text}"),
    }
}

fn proof(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(golden(name)).unwrap()).unwrap()
}

#[test]
fn the_proof_of_an_event_holds_and_says_what_it_shows() {
    let output = run(&[golden("event.json").to_str().unwrap(), "--key", &key()]);
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.starts_with("holds: airside.log/"), "{text}");
    assert!(
        text.contains("event 123 of the log: baggage.BagScanned, revision 17 of bag-0000000003"),
        "{text}"
    );
}

#[test]
fn the_proof_of_a_stream_holds_and_says_what_it_cannot_show() {
    let output = run(&["--key", &key(), golden("stream.json").to_str().unwrap()]);
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("revisions 0 to 42 of bag-0000000003 without a gap"), "{text}");
    assert!(text.contains("is not shown"), "{text}");
}

/// Changes a value at its own kind: a digit, a character, a byte of base64.
fn changes(value: &Value) -> Vec<Value> {
    match value {
        Value::Number(number) => {
            let number = number.as_i64().unwrap();
            vec![(number + 1).into(), (number ^ 0x40).into(), Value::Null]
        }
        Value::String(text) => {
            let mut changed = vec![Value::Null, format!("{text}x").into(), text[..text.len() - 1].into()];
            if let Ok(bytes) = STANDARD.decode(text) {
                changed.extend((0..bytes.len()).map(|at| {
                    let mut bytes = bytes.clone();
                    bytes[at] ^= 1;
                    STANDARD.encode(bytes).into()
                }));
            } else {
                changed.extend((0..text.len()).step_by(3).filter(|at| text.is_char_boundary(*at)).map(
                    |at| {
                        let other = if text[at..].starts_with('0') { "1" } else { "0" };
                        let end = at + text[at..].chars().next().unwrap().len_utf8();
                        format!("{}{other}{}", &text[..at], &text[end..]).into()
                    },
                ));
            }
            changed
        }
        Value::Array(list) => {
            let mut shorter = list.clone();
            shorter.pop();
            let mut longer = list.clone();
            longer.push(list[0].clone());
            let mut swapped = list.clone();
            swapped.swap(0, 1);
            vec![shorter.into(), longer.into(), swapped.into(), Value::Null]
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_proof_in_which_anything_was_changed_does_not_hold() {
    let good = proof("event.json");
    assert_eq!(verdict(&good), None);
    let event = good["events"][0].as_object().unwrap();
    let mut tried = 0;
    for (field, value) in event.iter().filter(|(field, _)| *field != "position") {
        for changed in changes(value) {
            let mut bad = good.clone();
            bad["events"][0][field] = changed.clone();
            assert!(verdict(&bad).is_some(), "{field} as {changed}");
            tried += 1;
        }
    }
    for field in ["format", "checkpoint"] {
        for changed in changes(&good[field]) {
            let mut bad = good.clone();
            bad[field] = changed.clone();
            assert!(verdict(&bad).is_some(), "{field} as {changed}");
            tried += 1;
        }
    }
    assert!(tried >= 200, "only {tried} changes were tried");
}

#[test]
fn a_stream_with_a_gap_a_stranger_or_another_order_does_not_hold() {
    let good = proof("stream.json");
    let with = |alter: &dyn Fn(&mut Vec<Value>)| {
        let mut bad = good.clone();
        alter(bad["events"].as_array_mut().unwrap());
        verdict(&bad)
    };
    assert_eq!(with(&|_| {}), None);
    assert_eq!(with(&|events| events.truncate(5)), None, "a beginning of a stream is one too");
    assert!(with(&|events| drop(events.remove(7))).is_some());
    assert!(with(&|events| drop(events.remove(0))).is_some());
    assert!(with(&|events| events.swap(1, 2)).is_some());
    assert!(with(&|events| events.insert(3, events[2].clone())).is_some());
    assert!(with(&Vec::clear).is_some());
    let mut renamed = good.clone();
    renamed["stream"] = "bag-0000000004".into();
    assert!(verdict(&renamed).is_some());
    let mut nameless = good.clone();
    nameless["stream"] = Value::Null;
    assert!(verdict(&nameless).is_some());
}

#[test]
fn another_key_does_not_do() {
    let (path, key) = (golden("event.json"), key());
    let renamed = key.replacen("airport", "seaport", 1);
    for bad in [renamed.as_str(), "airport", "airport+00000000+AQ==", &key[..key.len() - 4]] {
        let output = run(&[path.to_str().unwrap(), "--key", bad]);
        assert_eq!(output.status.code(), Some(1), "{bad}: {}", said(&output));
    }
}

#[test]
fn wrong_usage_and_help_say_how_it_is_used() {
    let help = run(&["--help"]);
    assert!(help.status.success() && said(&help).contains("--key KEY"));
    assert_eq!(run(&[]).status.code(), Some(2));
    assert_eq!(run(&["absent.json", "--key", &key()]).status.code(), Some(1));
}
