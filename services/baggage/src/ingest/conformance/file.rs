//! What a strict reader asks of a file: messages and nothing else, in the alphabet of Type B.

use super::super::{frame, message::trimmed};
use super::{VIOLATIONS_MAX, Violation};

/// Returns what a strict reader would refuse in a text beside its messages, at most once a line: what
/// stands outside them, each run of lines once, and characters that Type B does not carry.
/// `count` is how many messages it holds.
pub(in crate::ingest) fn file_violations(text: &str, count: usize) -> Vec<Violation> {
    let strays = frame::strays(text);
    if count == 0 && strays.is_empty() {
        let text = "file holds no message; send at least one, from its type to its END line".to_owned();
        return vec![Violation { line: 1, column: 1, code: "no-message", text }];
    }
    let mut found = Vec::new();
    let mut before = None;
    for (at, stray) in strays.iter().enumerate() {
        let continues = before.is_some_and(|line: u32| stray.number <= line.saturating_add(1));
        before = Some(stray.number);
        if !continues {
            let (code, text) = match is_unknown_type(&strays[at..]) {
                true => (
                    "type-unknown",
                    "line names a message type that RP 1745 does not have; send BSM, BTM, BPM, BUM, BNS, BCM, BMM or BRQ",
                ),
                false => (
                    "outside",
                    "line stands outside every message; send messages only, each from its type to its END line",
                ),
            };
            found.push(Violation { line: stray.number, column: 1, code, text: text.to_owned() });
        }
    }
    let is_stray = |line: u32| strays.binary_search_by_key(&line, |stray| stray.number).is_ok();
    found.extend(frame::lines(text).filter(|line| !is_stray(line.number)).filter_map(foreign));
    found.truncate(VIOLATIONS_MAX);
    found
}

/// Whether lines begin with a type that their END line names too.
fn is_unknown_type(lines: &[frame::Line<'_>]) -> bool {
    let Some(first) = lines.first() else { return false };
    let name = trimmed(first.text);
    let run = lines.iter().zip(first.number..).take_while(|(line, number)| line.number == *number);
    let end = |line: &str| {
        line.get(..3).is_some_and(|end| end.eq_ignore_ascii_case("END")).then(|| line[3..].to_owned())
    };
    name.len() == 3
        && name.bytes().all(|b| b.is_ascii_alphabetic())
        && run.filter_map(|(line, _)| end(trimmed(line.text))).any(|ended| ended.eq_ignore_ascii_case(name))
}

/// Returns the first character of a line that Type B does not carry.
fn foreign(line: frame::Line<'_>) -> Option<Violation> {
    let carries = |c: char| {
        c.is_ascii_uppercase()
            || c.is_ascii_digit()
            || " /.-()',".contains(c)
            || "\u{1}\u{2}\u{3}".contains(c)
    };
    let at = line.text.chars().position(|c| !carries(c))?;
    let subject = match line.text.as_bytes() {
        [b'.', letter, b'/', ..] if letter.is_ascii_alphabetic() => {
            format!(".{}", char::from(letter.to_ascii_uppercase()))
        }
        _ => "line".to_owned(),
    };
    let text = format!(
        "{subject} has a character outside the alphabet of Type B; send A-Z 0-9 / . - ( ) ' , and blanks"
    );
    let column = u32::try_from(at + 1).unwrap_or(u32::MAX);
    Some(Violation { line: line.number, column, code: "alphabet", text })
}
