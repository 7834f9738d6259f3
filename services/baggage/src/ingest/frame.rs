//! Messages out of a text: where each begins and ends.
//!
//! Between messages anything may stand: telex envelopes, blank lines, garbage. A message begins
//! with a line that is its type alone (an STX may precede it) and ends with its END token alone on
//! a line. The token inside free text ends nothing; `ENDBSMBSM` ends one message and begins the
//! next. A message that meets the next one's beginning, or the end of the text, is truncated.
//! Every byte is looked at a bounded number of times.

use super::message::{Ending, MessageType, trimmed};

/// A line of the input without its end.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u32,
    pub(super) text: &'a str,
}

/// The lines of one message between its type and its end.
pub(super) struct Frame<'a> {
    pub(super) kind: MessageType,
    pub(super) line: u32,
    pub(super) lines: Vec<Line<'a>>,
    pub(super) ending: Ending,
    pub(super) end_line: u32,
    pub(super) possible_duplicate: bool,
}

/// The messages of a text, in order.
pub(super) struct Frames<'a> {
    lines: Lines<'a>,
    /// A message whose type was already read.
    begun: Option<(MessageType, u32)>,
    possible_duplicate: bool,
}

impl<'a> Frames<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let lines = Lines { rest: text.trim_start_matches('\u{feff}'), number: 0 };
        Self { lines, begun: None, possible_duplicate: false }
    }

    /// Reads a line between messages: the envelope says whether the message may be a duplicate.
    fn outside(&mut self, text: &str, number: u32) {
        let after_stx = text.rsplit('\u{2}').next().unwrap_or(text);
        let line = trimmed(text);
        if line.starts_with('.') {
            self.possible_duplicate = line.split_ascii_whitespace().any(|w| w.eq_ignore_ascii_case("PDM"));
        }
        self.begun = MessageType::read(trimmed(after_stx)).map(|kind| (kind, number));
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        while self.begun.is_none() {
            let line = self.lines.next()?;
            self.outside(line.text, line.number);
        }
        let (kind, first) = self.begun.take()?;
        let possible_duplicate = self.possible_duplicate;
        let mut frame = Frame {
            kind,
            line: first,
            lines: Vec::with_capacity(12),
            ending: Ending::Truncated,
            end_line: first,
            possible_duplicate,
        };
        while let Some(line) = self.lines.next() {
            let token = trimmed(line.text);
            frame.end_line = line.number;
            if let Some((ending, rest)) = ending(kind, token) {
                frame.ending = ending;
                self.outside(rest, line.number);
                return Some(frame);
            }
            if MessageType::read(token).is_some() || is_envelope(line.text) {
                self.outside(line.text, line.number);
                return Some(frame);
            }
            if !token.is_empty() {
                frame.lines.push(line);
            }
        }
        Some(frame)
    }
}

/// Reads an END line: what it ends, and what is glued behind it.
fn ending(kind: MessageType, token: &str) -> Option<(Ending, &str)> {
    let (end, name) = (token.get(..3)?, token.get(3..)?);
    if !end.eq_ignore_ascii_case("END") {
        return None;
    }
    let (ending, rest) = match (name.get(..3).and_then(MessageType::read), name.get(..4)) {
        (Some(ended), _) if ended == kind => (Ending::Complete, &name[3..]),
        (Some(_), _) => (Ending::Wrong, &name[3..]),
        (None, Some(part)) if part.eq_ignore_ascii_case("PART") => {
            let number = &name[4..];
            let digits = number.bytes().take(2).take_while(u8::is_ascii_digit).count();
            (Ending::Part(number[..digits].parse().ok()), &number[digits..])
        }
        _ => return None,
    };
    let alone = rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_control());
    (alone || MessageType::read(trimmed(rest)).is_some()).then_some((ending, rest))
}

/// Tells the first line of a telex envelope: SOH, then a priority such as `QU`.
fn is_envelope(text: &str) -> bool {
    let priority = text.strip_prefix('\u{1}').map(str::as_bytes);
    matches!(priority, Some([b'Q' | b'q', second, b' ', ..]) if second.is_ascii_alphabetic())
}

/// Splits at LF, CR LF, CR CR LF and lone CR, and counts lines.
struct Lines<'a> {
    rest: &'a str,
    number: u32,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        self.number = self.number.saturating_add(1);
        let end = self.rest.bytes().position(|b| b == b'\n' || b == b'\r').unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        let skip = match rest.as_bytes() {
            [b'\r', b'\r', b'\n', ..] => 3,
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        self.rest = &rest[skip..];
        Some(Line { number: self.number, text })
    }
}
