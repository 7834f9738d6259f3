//! Parts of one message: telling one, and making a whole of all.
//!
//! A part has a number in its `.V` and ends with `ENDPARTn`; the last ends with the END line of
//! its type. Where `.V` has no number the one of the END line counts. A message whose only part is
//! its last is whole.

use super::fields::Source;
use super::findings::Finding;
use super::message::{Change, Ending, MessageType, Parsed};

/// The longest reference of a part, in bytes; RP 1745 has ten, senders use more.
const REFERENCE_MAX: usize = 35;

/// Which part of which message something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartHead<'a> {
    /// Its number, 1 to 99.
    pub number: u8,
    /// Whether no part follows it.
    pub is_last: bool,
    /// What all parts of the message have in their `.V`; empty when the sender left it out.
    pub reference: &'a str,
}

impl Source {
    /// Returns its letter in `.V`.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Local => "L",
            Self::Transfer => "T",
            Self::Terminating => "X",
            Self::Remote => "R",
        }
    }
}

/// Says which part a message is; `None` for a whole message, and for one whose number or
/// reference cannot be read.
pub fn part_head<'a>(message: &Parsed<'a>) -> Option<PartHead<'a>> {
    let header = message.header?;
    let (number, is_last) = match message.ending {
        Ending::Part(ended) => (header.part.or(ended)?, false),
        Ending::Complete => (header.part.filter(|part| *part > 1)?, true),
        Ending::Wrong | Ending::Truncated => return None,
    };
    let unreadable = message.diagnostics.iter().any(|found| found.finding == Finding::PartUnreadable);
    let reference = header.reference.unwrap_or_default();
    let is_readable = !unreadable && (1..=99).contains(&number) && reference.len() <= REFERENCE_MAX;
    is_readable.then_some(PartHead { number, is_last, reference })
}

/// Returns whether a message is no whole one: what is in it may begin or go on elsewhere.
pub fn is_piece(message: &Parsed<'_>) -> bool {
    match message.ending {
        Ending::Part(_) => true,
        Ending::Complete => message.header.and_then(|header| header.part).is_some_and(|part| part > 1),
        Ending::Wrong | Ending::Truncated => false,
    }
}

/// Makes one text of the parts of a message, given in their order: the head of the first, the
/// elements of all byte for byte without the `.V` of the others, the END line of the type.
///
/// `None` when there is no part, or when they cannot be of one message: types differ, or a later
/// one says CHG or DEL and the first does not say the same.
pub fn join(parts: &[Parsed<'_>]) -> Option<String> {
    let first = parts.first()?;
    let (kind, change) = (first.message_type, first.change);
    let fits =
        |part: &Parsed<'_>| part.message_type == kind && (part.change.is_none() || part.change == change);
    if !parts.iter().all(fits) {
        return None;
    }
    let mut text = head(kind, first.secondary, change);
    for (at, part) in parts.iter().enumerate() {
        let kept = part.elements.iter().filter(|element| at == 0 || element.letter != Some('V'));
        for element in kept {
            text.push_str(element.text);
            text.push('\n');
        }
    }
    text.push_str(&format!("END{kind}\n"));
    Some(text)
}

fn head(kind: MessageType, secondary: Option<&str>, change: Option<Change>) -> String {
    let lines = [Some(kind.as_str()), secondary, change.map(Change::as_str)];
    lines.into_iter().flatten().flat_map(|line| [line, "\n"]).collect()
}
