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
    pub(super) envelope: Option<Envelope<'a>>,
}

/// The Type B envelope around a message: `QU SZXKBZH SZXBSXH`, then `.PEKRMZH 201430 PDM`.
///
/// One envelope may hold several messages; each of them has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Priority, such as `QU`.
    pub priority: Option<&'a str>,
    /// Seven-letter addresses that it goes to.
    pub destinations: Vec<&'a str>,
    /// The address that it comes from.
    pub origin: Option<&'a str>,
    /// Day, hour and minute at which it was sent, as `DDHHMM`.
    pub sent: Option<&'a str>,
    /// It may have come before (PDM).
    pub possible_duplicate: bool,
}

/// The most addresses of one envelope that are kept.
const DESTINATIONS_MAX: usize = 32;

/// The messages of a text, in order.
pub(super) struct Frames<'a> {
    lines: Lines<'a>,
    /// A message whose type was already read.
    begun: Option<(MessageType, u32)>,
    envelope: Option<Envelope<'a>>,
    /// Lines between messages that are no envelope, for who asked for them.
    strays: Option<Vec<Line<'a>>>,
}

/// Returns the lines of a text.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    Lines { rest: text.trim_start_matches('\u{feff}'), number: 0 }
}

/// Returns the lines that are of no message and no envelope.
pub(super) fn strays(text: &str) -> Vec<Line<'_>> {
    let mut frames = Frames { strays: Some(Vec::new()), ..Frames::new(text) };
    while frames.next().is_some() {}
    frames.strays.unwrap_or_default()
}

impl<'a> Frames<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let lines = Lines { rest: text.trim_start_matches('\u{feff}'), number: 0 };
        Self { lines, begun: None, envelope: None, strays: None }
    }

    /// Reads a line between messages: a part of an envelope, or a type.
    fn outside(&mut self, text: &'a str, number: u32) {
        let after_stx = text.rsplit('\u{2}').next().unwrap_or(text);
        let line = trimmed(text);
        let mut is_envelope_line = false;
        if let Some(rest) = line.strip_prefix('.').filter(|rest| is_origin(rest)) {
            self.envelope.get_or_insert_default().read_origin(rest);
            is_envelope_line = true;
        } else if let Some(priority) = priority(line) {
            let mut addresses =
                line.split_ascii_whitespace().skip(1).filter(|word| is_address(word)).peekable();
            if addresses.peek().is_some() || is_envelope(text) {
                let destinations = addresses.take(DESTINATIONS_MAX).collect();
                self.envelope =
                    Some(Envelope { priority: Some(priority), destinations, ..Envelope::default() });
                is_envelope_line = true;
            }
        }
        self.begun = MessageType::read(trimmed(after_stx)).map(|kind| (kind, number));
        if let Some(strays) = &mut self.strays
            && self.begun.is_none()
            && !is_envelope_line
            && !line.is_empty()
        {
            strays.push(Line { number, text });
        }
    }
}

impl<'a> Envelope<'a> {
    /// Reads the line with the sender: address, time, and PDM for what may have come before.
    fn read_origin(&mut self, line: &'a str) {
        let mut words = line.split_ascii_whitespace();
        self.origin = words.next().filter(|word| is_address(word));
        self.sent =
            words.clone().next().filter(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()));
        self.possible_duplicate = words.any(|word| word.eq_ignore_ascii_case("PDM"));
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
        let envelope = self.envelope.clone();
        let mut frame = Frame {
            kind,
            line: first,
            lines: Vec::with_capacity(12),
            ending: Ending::Truncated,
            end_line: first,
            envelope,
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
    text.strip_prefix('\u{1}').is_some_and(|line| line.contains(' ') && priority(line).is_some())
}

/// Returns the priority that a line begins with: Q and a letter.
fn priority(line: &str) -> Option<&str> {
    let word = line.split_ascii_whitespace().next()?;
    matches!(word.as_bytes(), [b'Q' | b'q', second] if second.is_ascii_alphabetic()).then_some(word)
}

/// Whether a line, without its full stop, begins with an address or marks a possible duplicate.
fn is_origin(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    words.next().is_some_and(is_address) || words.any(|word| word.eq_ignore_ascii_case("PDM"))
}

/// Whether a word has the form of an address: city, office, airline.
fn is_address(word: &str) -> bool {
    word.len() == 7 && word.bytes().all(|b| b.is_ascii_alphanumeric())
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
