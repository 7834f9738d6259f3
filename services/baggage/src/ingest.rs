//! IATA RP 1745 text in, typed messages out.
//!
//! The parser is pure, lossless and tolerant. Pure: the time of receipt is a parameter and zone
//! data is compiled in, so the same text means the same on every machine and on every replay;
//! [`PARSER_VERSION`] says which rules read it. Lossless: every element is kept byte for byte, and
//! [`Parsed::print`] writes it back. Tolerant: what is odd is kept and noted; only what would make
//! a wrong bag is refused. Work and memory grow with the length of the text and nothing it claims.
//!
//! It reads every type: BSM, BTM, BPM, BUM, BNS, BCM (BAM, FOM, FCM, FMM, DBM), BMM and BRQ. The
//! steps: [`decode`] bytes, find each message and its envelope (`frame`), split it into elements,
//! read each element (`read`, `rare`, `tags`, `dates`), gather elements into groups (`groups`) and
//! hold them against what the type is made of (`grammar`).

mod conformance;
mod dates;
mod fields;
mod findings;
mod frame;
mod grammar;
mod groups;
mod join;
mod message;
mod rare;
mod read;
mod report;
mod tags;
mod zones;

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};

pub use conformance::{Violation, violations};
pub use fields::{
    BagSize, EventTime, Flight, MessageDate, PassengerName, PassengerState, PersonalText, Processing,
    ProcessingKind, Screening, ScreeningResult, SecurityData, SizeUnit, Source, Status, StatusCode, Stowage,
    Version, Weight, WeightUnit,
};
pub use findings::{Diagnostic, Finding, Severity, Subject};
pub use frame::Envelope;
pub use join::{PartHead, is_piece, join, part_head};
pub use message::{Change, Element, Ending, Group, MessageType, Parsed};
pub use rare::{
    Acknowledgement, CheckIn, FrequentTraveller, GroundDelivery, Handling, Identifier, Particulars,
};
pub use report::{Judge, Report, ReportDiagnostic, ReportElement, ReportGroup, has_faults, report};
pub use tags::{BAGS_MAX, RAW_BAGS_MAX};

use dates::Reference;
use findings::Notes;
use frame::{Frame, Frames, Line};
use grammar::Shape;
use groups::Grouping;
use message::trimmed;
use read::Reading;

/// Version of the rules that turn text into messages; it rises when the same text would be read
/// differently.
pub const PARSER_VERSION: u32 = 4;

/// A line of a Type B message has at most this many characters.
const LINE_CHARACTERS_MAX: usize = 69;

/// Returns the time zone of an airport by its code, when the table of airports has it.
pub fn zone_of(airport: &str) -> Option<TimeZone> {
    zones::of(airport.parse().ok()?).cloned()
}

/// Returns the text of some bytes: UTF-8 if they are, else Latin-1, in which every byte is a
/// character.
pub fn decode(input: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(input) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(input.iter().copied().map(char::from).collect()),
    }
}

/// Reads the messages of a text, in order. What stands between them is passed over; a text
/// without any message gives none. `receipt` is when the text came, not when it is read.
pub fn messages(text: &str, receipt: Timestamp) -> impl Iterator<Item = Parsed<'_>> {
    Frames::new(text).enumerate().map(move |(index, frame)| parse(index, frame, receipt))
}

fn parse(index: usize, frame: Frame<'_>, receipt: Timestamp) -> Parsed<'_> {
    let mut notes = Notes::default();
    let head = read_head(&frame, &mut notes);
    let version = head.elements.iter().find(|element| element.letter == Some('V')).copied();
    let utc = Reference::new(receipt, None);
    let header = version.map(|element| Reading::new(element, &utc, &mut notes).version());
    let airport = header.and_then(|header| header.airport);
    let reference = if airport.is_some() { Reference::new(receipt, airport) } else { utc };
    if let Some(element) = version.filter(|_| airport.is_some() && !reference.zone_known()) {
        notes.element(Finding::ZoneUnknown, &element, 0);
    }
    note_form(frame.kind, &head.elements, &mut notes);
    let answer = head.elements.iter().find(|element| element.letter == Some('A'));
    let acknowledgement =
        answer.map(|element| rare::acknowledgement(&mut Reading::new(*element, &reference, &mut notes)));
    let mut grouping = Grouping::new(frame.kind, &reference, &mut notes);
    for (index, element) in head.elements.iter().enumerate() {
        grouping.read(index, *element);
    }
    let (groups, any_tag) = grouping.finish(head.elements.len());
    if Shape::of(frame.kind).names_bags && !any_tag && frame.ending != Ending::Truncated {
        notes.message(Finding::BagMissing, frame.kind, frame.line);
    }
    let source = header.and_then(|header| header.source);
    note_missing(&frame, head.secondary, acknowledgement.is_some(), source, &groups, &mut notes);
    note_ending(&frame, header, &mut notes);
    Parsed {
        index,
        line: frame.line,
        message_type: frame.kind,
        secondary: head.secondary,
        change: head.change,
        header,
        ending: frame.ending,
        envelope: frame.envelope,
        acknowledgement,
        elements: head.elements,
        groups,
        diagnostics: notes.sorted(),
        version: PARSER_VERSION,
    }
}

/// The lines of a message, sorted into what they are.
#[derive(Default)]
struct Head<'a> {
    secondary: Option<&'a str>,
    change: Option<Change>,
    elements: Vec<Element<'a>>,
}

/// Tells elements from the CHG, DEL and secondary type that may precede them.
fn read_head<'a>(frame: &Frame<'a>, notes: &mut Notes) -> Head<'a> {
    let elements = Vec::with_capacity(frame.lines.len());
    let mut head = Head { elements, ..Head::default() };
    let mut body = false;
    for line in &frame.lines {
        let token = trimmed(line.text);
        // Below .V these words are free text: a line `DEL` in a remark deletes nothing.
        let change = if body { None } else { Change::read(token) };
        match change {
            Some(change) => {
                let first = head.change.is_none();
                let finding = match head.change {
                    Some(said) if said == change => Some(Finding::ChangeRepeated),
                    Some(_) => Some(Finding::ChangeConflict),
                    None if !matches!(frame.kind, MessageType::Bsm | MessageType::Btm) => {
                        Some(Finding::ChangeUnexpected)
                    }
                    None => (!head.elements.is_empty()).then_some(Finding::ChangeLate),
                };
                if let Some(finding) = finding {
                    notes.message(finding, frame.kind, line.number);
                }
                head.change = head.change.or(Some(change));
                if first {
                    continue;
                }
            }
            None if frame.kind == MessageType::Bcm && is_secondary(token, &head) => {
                if !["BAM", "FOM", "FCM", "FMM", "DBM"].iter().any(|known| token.eq_ignore_ascii_case(known))
                {
                    notes.message(Finding::SecondaryUnknown, frame.kind, line.number);
                }
                head.secondary = Some(token);
                continue;
            }
            None => {}
        }
        let element = element(*line);
        body |= change.is_none() && element.letter != Some('V');
        head.elements.push(element);
    }
    head
}

fn is_secondary(token: &str, head: &Head<'_>) -> bool {
    head.secondary.is_none()
        && head.elements.is_empty()
        && token.len() == 3
        && token.bytes().all(|b| b.is_ascii_alphabetic())
}

fn element(line: Line<'_>) -> Element<'_> {
    let text = line.text.trim_start_matches(|c: char| c == ' ' || c.is_ascii_control());
    // What was trimmed is ASCII, so bytes are characters.
    let column = u32::try_from(line.text.len() - text.len()).unwrap_or(u32::MAX).saturating_add(1);
    let letter = match text.as_bytes() {
        [b'.', letter, rest @ ..] if letter.is_ascii_alphabetic() => {
            let alone =
                rest.first() == Some(&b'/') || rest.iter().all(|b| *b == b' ' || b.is_ascii_control());
            alone.then(|| char::from(letter.to_ascii_uppercase()))
        }
        _ => None,
    };
    Element { letter, line: line.number, column, text }
}

/// Notes what is odd about lines rather than about what they say.
fn note_form(kind: MessageType, elements: &[Element<'_>], notes: &mut Notes) {
    let mut versions = 0;
    let (mut alphabet, mut lower) = (false, false);
    for (index, element) in elements.iter().enumerate() {
        let text = element.text.trim_end_matches(|c: char| c == ' ' || c.is_ascii_control());
        // Bytes are counted first, since most lines need no counting of characters.
        if text.len() > LINE_CHARACTERS_MAX
            && let Some((offset, _)) = text.char_indices().nth(LINE_CHARACTERS_MAX)
        {
            notes.element(Finding::LongLine, element, offset);
        }
        let foreign = |b: u8| !(b' '..=b'~').contains(&b);
        if !alphabet && text.bytes().any(foreign) {
            alphabet = true;
            notes.element(Finding::Alphabet, element, text.bytes().position(foreign).unwrap_or(0));
        }
        if !lower && element.letter.is_some() && text.as_bytes()[1].is_ascii_lowercase() {
            lower = true;
            notes.element(Finding::LowerCase, element, 1);
        }
        if element.letter == Some('V') {
            versions += 1;
            if versions > 1 {
                notes.element(Finding::VersionRepeated, element, 0);
            } else if index > 0 && elements[..index].iter().any(|e| e.letter.is_some()) {
                notes.element(Finding::Order, element, 0);
            }
        }
    }
    if versions == 0 {
        let line = elements.first().map_or(1, |element| element.line);
        notes.message(Finding::VersionMissing, kind, line);
    }
}

/// Notes what the type and the source ask for and the message lacks.
fn note_missing(
    frame: &Frame<'_>,
    secondary: Option<&str>,
    answers: bool,
    source: Option<Source>,
    groups: &[Group<'_>],
    notes: &mut Notes,
) {
    let outbound = groups.iter().any(|group| group.outbound.is_some());
    let without_flight = (!outbound).then_some(Finding::FlightMissing);
    let is_answer = secondary.is_some_and(|secondary| secondary.eq_ignore_ascii_case("BAM"));
    let finding = match frame.kind {
        MessageType::Bpm => {
            let missing = groups.iter().all(|group| group.processing.is_none());
            missing.then_some(Finding::ProcessingMissing)
        }
        MessageType::Bsm if source == Some(Source::Terminating) => {
            outbound.then_some(Finding::FlightUnexpected)
        }
        MessageType::Btm if groups.iter().all(|group| group.inbound.is_none()) => {
            Some(Finding::InboundMissing)
        }
        MessageType::Bcm if secondary.is_none() => Some(Finding::SecondaryMissing),
        MessageType::Bcm if is_answer => (!answers).then_some(Finding::AnswerMissing),
        MessageType::Brq => None,
        _ => without_flight,
    };
    if let Some(finding) = finding {
        notes.message(finding, frame.kind, frame.line);
    }
}

/// Notes how the message came and how it ended.
fn note_ending(frame: &Frame<'_>, header: Option<Version<'_>>, notes: &mut Notes) {
    let part = header.and_then(|header| header.part);
    let finding = match frame.ending {
        Ending::Complete => part.filter(|part| *part > 1).map(|_| Finding::Part),
        Ending::Part(number) if number == part => Some(Finding::Part),
        Ending::Part(_) => Some(Finding::PartEnd),
        Ending::Wrong => Some(Finding::WrongEnd),
        Ending::Truncated => Some(Finding::Truncated),
    };
    if let Some(finding) = finding {
        notes.message(finding, frame.kind, frame.end_line);
    }
    if frame.envelope.as_ref().is_some_and(|envelope| envelope.possible_duplicate) {
        notes.message(Finding::PossibleDuplicate, frame.kind, frame.line);
    }
}
