//! Cuts a file into raw messages, at ends of messages and nowhere else.

use bytes::Bytes;
use thiserror::Error;

use crate::{
    ingest::{MessageType, decode, messages},
    receive::MAX_MESSAGE_BYTES,
};
use airside_kernel::Timestamp;

/// A file that is not cut.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Uncut {
    /// There is nothing in it to store.
    #[error("there is no message of RP 1745 in the file: a message begins with a line such as BSM")]
    NoMessage,
    /// A message has more bytes than are stored.
    #[error(
        "what begins at line {line} has {bytes} bytes without the end of a message; at most \
         {MAX_MESSAGE_BYTES} are stored: end each message with its END line"
    )]
    TooLong {
        /// The line, from 1.
        line: usize,
        /// Its length.
        bytes: usize,
    },
}

/// Cuts a file behind its messages' END lines. The pieces one after the other are the file.
///
/// # Errors
/// When it holds no message, or one that is longer than 64 KiB.
pub fn cut(file: &Bytes) -> Result<Vec<Bytes>, Uncut> {
    let mut pieces: Vec<Bytes> = Vec::new();
    let (mut any, mut is_enveloped, mut line, mut from) = (false, false, 1, 0);
    while from < file.len() {
        let end = from + end_of_message(&file[from..]);
        let piece = file.slice(from..end);
        if piece.len() > MAX_MESSAGE_BYTES {
            return Err(Uncut::TooLong { line, bytes: piece.len() });
        }
        let holds = Holds::of(&piece);
        // What has no message of its own, such as the end of a telex, belongs to the one before; and
        // a message without an envelope to the envelope before.
        let joins = !holds.message || (is_enveloped && !holds.begins_envelope);
        match pieces.last_mut().filter(|last| joins && last.len() + piece.len() <= MAX_MESSAGE_BYTES) {
            Some(last) => *last = file.slice(from - last.len()..end),
            None => pieces.push(piece.clone()),
        }
        any |= holds.message;
        is_enveloped = holds.envelope || (is_enveloped && joins);
        line += piece.iter().filter(|byte| **byte == b'\n').count();
        from = end;
    }
    if any { Ok(pieces) } else { Err(Uncut::NoMessage) }
}

/// What stands in a piece.
struct Holds {
    message: bool,
    /// Its first message begins a new envelope.
    begins_envelope: bool,
    envelope: bool,
}

impl Holds {
    fn of(piece: &[u8]) -> Self {
        let text = decode(piece);
        let mut found = messages(&text, Timestamp::UNIX_EPOCH).map(|message| message.envelope).peekable();
        let message = found.peek().is_some();
        let begins_envelope = matches!(found.peek(), Some(Some(envelope)) if envelope.priority.is_some());
        Self { message, begins_envelope, envelope: found.any(|envelope| envelope.is_some()) }
    }
}

/// Returns where the first message ends, with its END line and what closes a telex; else all of it.
fn end_of_message(bytes: &[u8]) -> usize {
    let mut at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut is_inside = false;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let line = &rest[..length];
        match end_token(line).filter(|_| is_inside).map(|end| (end, &line[end..])) {
            Some((end, tail)) if trimmed(tail).is_empty() || (is_type(trimmed(tail)) && begins(tail)) => {
                let closes = |byte: &&u8| !matches!(byte, 1 | 2) && is_blank(byte);
                return at + end + rest[end..].iter().take_while(closes).count();
            }
            // Something else is glued to it: the message ends here and the piece does not.
            Some((_, tail)) => is_inside = begins(trimmed(tail)),
            None if !is_inside || is_type(trimmed(line)) || is_envelope(line) => is_inside = begins(line),
            None => {}
        }
        at += length.max(1);
    }
    bytes.len()
}

/// Returns where a line's END token ends, when it has one that ends a message or a part.
fn end_token(line: &[u8]) -> Option<usize> {
    let blanks = line.iter().take_while(|byte| is_blank(byte)).count();
    let token = trimmed(line);
    let has = |from: usize, word: &[u8]| {
        token.get(from..from + word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let length = match () {
        () if !has(0, b"END") => return None,
        () if token.get(3..6).is_some_and(is_type) => 6,
        () if has(3, b"PART") => 7 + token[7..].iter().take(2).take_while(|b| b.is_ascii_digit()).count(),
        () => return None,
    };
    let behind = &token[length..];
    let ends = behind.first().is_none_or(u8::is_ascii_control) || is_type(trimmed(behind));
    ends.then_some(blanks + length)
}

/// Whether a line begins a message; an STX may stand before it.
fn begins(line: &[u8]) -> bool {
    is_type(trimmed(line.rsplit(|byte| *byte == 2).next().unwrap_or(line)))
}

/// Whether a line may begin an envelope, which ends a message that has no END.
fn is_envelope(line: &[u8]) -> bool {
    let word = |line: &[u8]| line.iter().position(u8::is_ascii_whitespace) == Some(2);
    matches!(line, [1, b'Q' | b'q', second, ..] if second.is_ascii_alphabetic() && word(&line[1..]))
}

fn is_type(token: &[u8]) -> bool {
    MessageType::ALL.iter().any(|kind| token.eq_ignore_ascii_case(kind.as_str().as_bytes()))
}

fn is_blank(byte: &u8) -> bool {
    *byte == b' ' || byte.is_ascii_control()
}

/// Takes blanks and control characters off both ends.
fn trimmed(line: &[u8]) -> &[u8] {
    let from = line.iter().position(|byte| !is_blank(byte)).unwrap_or(line.len());
    let to = line.iter().rposition(|byte| !is_blank(byte)).map_or(from, |last| last + 1);
    &line[from..to]
}
