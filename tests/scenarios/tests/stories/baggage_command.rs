//! `airside baggage parse`: what outsiders pinned.

use std::{path::PathBuf, process::Output};

use serde_json::Value;

use crate::harness::{
    luggage::Luggage,
    process::{airside, run},
};

fn sample(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/rp1745").join(name).display().to_string()
}

async fn parse(arguments: &[&str], input: &str) -> (Output, Vec<Value>) {
    let output = run(airside([&["baggage", "parse"], arguments].concat()), input).await;
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output, lines)
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn a_message_is_printed_with_the_pinned_keys() {
    let file = sample("syn_bsm_transfer_3legs.txt");
    let (output, lines) = parse(&[&file, "--received-at", "2026-11-20T04:00:00Z"], "").await;
    assert_eq!(output.status.code(), Some(0));
    let [message] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(keys(message), ["change", "diagnostics", "elements", "file", "groups", "index", "type"]);
    assert_eq!((&message["file"], &message["index"]), (&file.into(), &0.into()));
    assert_eq!((&message["type"], &message["change"]), (&"BSM".into(), &Value::Null));
    assert_eq!(message["groups"][0]["bags"], serde_json::json!(["0784000501", "0784000502"]));
}

#[tokio::test]
async fn standard_input_is_a_file_called_dash() {
    let (output, lines) = parse(&["-"], &Luggage::new("3479000801").announcement()).await;
    assert_eq!(output.status.code(), Some(0));
    assert_eq!((&lines[0]["file"], &lines[0]["groups"][0]["bags"][0]), (&"-".into(), &"3479000801".into()));
}

#[tokio::test]
async fn an_error_makes_the_exit_code_1_and_names_line_and_remedy() {
    let (output, lines) = parse(&[&sample("syn_no_end.txt")], "").await;
    assert_eq!(output.status.code(), Some(1));
    let found = &lines[0]["diagnostics"][0];
    assert_eq!(keys(found), ["code", "column", "line", "severity", "text"]);
    assert_eq!((&found["severity"], &found["code"]), (&"error".into(), &"truncated".into()));
    assert!(found["text"].as_str().unwrap().contains("send the whole message again"));
}

#[tokio::test]
async fn where_there_is_no_message_nothing_is_printed() {
    let (output, lines) = parse(&["-"], "no message at all\n").await;
    assert_eq!((output.status.code(), lines.len()), (Some(0), 0));
}

#[tokio::test]
async fn many_files_are_read_in_their_order_and_wrong_usage_is_2() {
    let files = [sample("syn_bsm_chg_reflight.txt"), sample("syn_two_messages_glued.txt")];
    let (output, lines) = parse(&[&files[0], &files[1]], "").await;
    assert_eq!(output.status.code(), Some(0));
    let order: Vec<_> = lines.iter().map(|line| (line["file"].as_str(), line["index"].as_u64())).collect();
    let [first, second] = [Some(files[0].as_str()), Some(files[1].as_str())];
    assert_eq!(order, [(first, Some(0)), (second, Some(0)), (second, Some(1))]);
    assert_eq!(lines[0]["change"], "CHG");

    let (output, _) = parse(&[], "").await;
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn a_strict_run_names_element_rule_and_remedy() {
    let text = "BSM\n.V/1LSZX\n.F/ZH91/20NOV/PEK\n.N/0479000101001\nENDBSM\n";
    let arguments = ["-", "--received-at", "2026-11-20T04:00:00Z"];
    let (output, _) = parse(&arguments, text).await;
    assert_eq!(output.status.code(), Some(0), "traffic like this is taken");

    let (output, lines) = parse(&[&arguments[..], &["--strict"]].concat(), text).await;
    assert_eq!(output.status.code(), Some(1));
    let found = &lines[0]["diagnostics"][0];
    assert_eq!((&found["code"], &found["line"], &found["column"]), (&"form".into(), &3.into(), &4.into()));
    let text = found["text"].as_str().unwrap();
    assert!(text.starts_with(".F sub-item 1 (flight)") && text.contains("send carrier"), "{text}");
}
