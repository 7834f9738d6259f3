//! What a strict judge finds, and that it never quotes a message.

use jiff::Timestamp;

use super::*;
use crate::ingest::{Judge, Severity, has_faults, messages, report};

/// Reads one message and returns its violations as `line:column text`.
fn found(text: &str) -> Vec<String> {
    let receipt: Timestamp = "2026-11-20T09:20:00Z".parse().unwrap();
    let messages: Vec<_> = messages(text, receipt).collect();
    assert_eq!(messages.len(), 1, "{text}");
    violations(&messages[0]).iter().map(|v| format!("{}:{} {}", v.line, v.column, v.text)).collect()
}

/// Checks one element in a message that is else beyond dispute.
#[track_caller]
fn check(element: &str, expected: &[&str]) {
    let text = format!("BPM\n.V/1LSZX\n{element}\nENDBPM\n");
    assert_eq!(found(&text), expected, "{element}");
}

#[test]
fn every_letter_has_its_layout_once_and_mandatory_items_exist() {
    for (at, (letter, layout)) in LAYOUTS.iter().enumerate() {
        assert!(LAYOUTS[..at].iter().all(|(other, _)| other != letter), "{letter}");
        assert!(layout.mandatory <= layout.items.len(), "{letter}");
    }
}

#[test]
fn elements_in_their_form_violate_nothing() {
    for element in [
        ".F/ZH9101/20NOV/PEK/Y",
        ".F/9C8801/20NOV",
        ".F/CSZ101A/20NOV/PEK",
        ".N/0479000101001/0479000105002",
        ".B/OFF/0479000101001",
        ".J/S/SAC1/ATR07/20NOV/143005Z/ATR07/MUP12",
        ".J/R///20NOV/1430L",
        ".S/Y/32A/C/045/045//Y/A",
        ".U/AKE12345ZH//T/Y/PEK/Y/ZH9009/21NOV/SIN",
        ".W/K/1/18",
        ".L/ABC123",
        ".E/RUSH",
        ".X//CLR/D/XRAY/HBS302/HBS LEVEL 1",
        ".P/1ZHANG/SAN",
        ".Z/ANYTHING/AT/ALL",
    ] {
        check(element, &[]);
    }
}

#[test]
fn a_violation_names_element_sub_item_rule_and_remedy() {
    check(
        ".J/S/A/ATR07/20NOV/1430L",
        &["3:6 .J sub-item 2 (agent) has another form; send 2 to 9 letters or digits"],
    );
    check(
        ".J/S///20NOV/1430",
        &["3:14 .J sub-item 5 (time) has another form; send HHMM or HHMMSS and L or Z, as in 151210L"],
    );
    check(
        ".F/ZH91/20NOV/PEK",
        &[
            "3:4 .F sub-item 1 (flight) has another form; send carrier, three to five digits and perhaps a letter, as in ZH9101",
        ],
    );
    check(".F/ZH9101/8MAY", &["3:11 .F sub-item 2 (date) has another form; send day and month, as in 20NOV"]);
    check(".X/XRAY", &["3:4 .X sub-item 1 (instruction) has another form; send SEL, NON"]);
    check(".U//H4", &["3:4 .U sub-item 1 (stowage) is missing; send 1 to 10 letters or digits"]);
    check(".F/ZH9101", &["3:10 .F sub-item 2 (date) is missing; send day and month, as in 20NOV"]);
    check(".L/ABC123/SZXBSZH/X/Y", &["3:19 .L sub-item 3 (extra) is not defined; send at most 2"]);
    check(
        ".N/0479000101/0479000102",
        &["3:4 .N sub-item 1 (tag and count) has another form; send a plate of 10 digits and a count of 3"],
    );
}

#[test]
fn a_message_longer_than_type_b_carries_asks_for_parts() {
    let lines: String = (1..=250).map(|n| format!(".N/0479{n:06}001\n")).collect();
    let whole = format!("BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\n{lines}ENDBSM\n");
    assert_eq!(
        found(&whole),
        ["1:1 BSM is longer than 60 lines or 3840 characters, which Type B does not carry; send it in parts"]
    );
    let part = whole.replace("1LSZX", "1LSZX/PART1/REF1").replace("ENDBSM", "ENDPART1");
    assert_eq!(found(&part).len(), 1, "a part is a Type B message too");
}

#[test]
fn a_violation_never_quotes_the_message() {
    let text = "BSM\n.V/1LSZX\n.P/1ZHANG/SAN\n.L/LOCATOR99/SECRETADDRESS\n.S/Q/SECRETSEAT\nENDBSM\n";
    let shown = found(text).join("\n");
    assert!(!shown.is_empty());
    for personal in ["ZHANG", "LOCATOR99", "SECRET"] {
        assert!(!shown.contains(personal), "{shown}");
    }
}

#[test]
fn violations_of_one_message_are_bounded() {
    let text = format!("BSM\n.V/1LSZX\n{}ENDBSM\n", ".L/X\n".repeat(5_000));
    assert!(found(&text).len() <= VIOLATIONS_MAX + 8);
}

/// Judges a file strictly and returns its findings as `line:column code`.
fn judged(text: &str) -> Vec<String> {
    let receipt: Timestamp = "2026-11-20T09:20:00Z".parse().unwrap();
    let reports = report("x", text.as_bytes(), receipt, Judge::Strict);
    let is_odd = reports.iter().flat_map(|one| &one.diagnostics).any(|found| found.severity > Severity::Info);
    assert_eq!(has_faults(&reports, Judge::Strict), is_odd);
    let findings = reports.iter().flat_map(|one| &one.diagnostics);
    findings.map(|found| format!("{}:{} {}", found.line, found.column, found.code)).collect()
}

const GOOD: &str = "BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\n.N/0479000101001\nENDBSM\n";

#[test]
fn a_file_without_a_message_or_with_anything_beside_one_has_a_fault() {
    assert_eq!(judged(GOOD), Vec::<String>::new());
    assert_eq!(judged(""), ["1:1 no-message"]);
    assert_eq!(judged("\n \r\n"), ["1:1 no-message"]);
    assert_eq!(judged("BSN\n.V/1LSZX\n.N/0479000101001\nENDBSN\n"), ["1:1 type-unknown"]);
    assert_eq!(judged(&format!("HELLO\nWORLD\n{GOOD}BYE\n")), ["1:1 outside", "8:1 outside"]);
    let enveloped = format!("\u{1}QU SZXKBZH SZXBSXH\r\n.PEKRMZH 201430 PDM\r\n\u{2}{GOOD}\u{3}\n");
    let findings = judged(&enveloped);
    assert!(findings.iter().all(|found| found.ends_with("possible-duplicate")), "{findings:?}");
}

#[test]
fn what_type_b_does_not_carry_is_a_fault_once() {
    let name = |name: &str| GOOD.replace("ENDBSM", &format!(".P/1{name}\nENDBSM"));
    assert_eq!(judged(&name("ZHANG/SAN")), Vec::<String>::new());
    assert_eq!(judged(&name("张/SAN")), ["5:5 alphabet"]);
    assert_eq!(judged(&name("Zhang/SAN")), ["5:6 alphabet"]);
    assert_eq!(judged(&name("ZHANG@SAN")), ["5:10 alphabet"]);
    assert_eq!(judged(&GOOD.replace("ZH9101", "zh9101")), ["3:4 form"], "the form says it already");
    assert_eq!(judged(&GOOD.replace("ENDBSM", "endbsm")), ["5:1 alphabet"]);
    let long = |count: usize| GOOD.replace("ENDBSM\n", &format!("{}ENDBSM\n", ".R/X\n".repeat(count)));
    assert_eq!(judged(&long(55)), Vec::<String>::new());
    assert_eq!(judged(&long(56)), ["1:1 length"], "61 lines");
}

#[test]
fn one_fault_is_one_finding() {
    let text = "BPM\n.V/1LSZX\n.J/Q/SAC1/ATR07/20NOV/1430L\n.F/ZH9101/20NOV/PEK\n.N/0479000101001\nENDBPM\n";
    assert_eq!(judged(text), ["3:4 form"]);
}
