//! A message as it was read: its head, its elements verbatim, its passenger groups typed.

use std::fmt;
use std::ops::Range;

use super::fields::{
    Flight, PassengerName, PersonalText, Processing, Screening, SecurityData, Status, Stowage, Version,
    Weight,
};
use super::findings::{Diagnostic, Severity};
use super::frame::Envelope;
use super::rare::{Acknowledgement, Particulars};
use crate::model::LicencePlate;

/// Type of a message (IATA RP 1745).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// Baggage source message: a bag exists and may be sorted and loaded.
    Bsm,
    /// Baggage processed message: a bag was sorted, reconciled, scanned or tracked.
    Bpm,
    /// Baggage transfer message: bags that arrive on one flight and go on by another.
    Btm,
    /// Baggage unload message: these bags must come off.
    Bum,
    /// Baggage not seen message: expected at the close of a flight and not seen.
    Bns,
    /// Baggage control message: a flight opens or closes, or a message is answered.
    Bcm,
    /// Baggage manifest message: what is loaded in what.
    Bmm,
    /// Baggage request: asks for the data of a tag.
    Brq,
}

/// What a message does to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// `CHG`: the bag's data changed.
    Changed,
    /// `DEL`: the announcement is taken back.
    Deleted,
}

/// How a message came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its own END line, such as `ENDBSM`.
    Complete,
    /// `ENDPARTn`: more parts follow.
    Part(Option<u8>),
    /// The END line of another type.
    Wrong,
    /// No END line.
    Truncated,
}

/// One element, or one line that is none, byte for byte.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its letter in upper case; `None` for a line that is no element.
    pub letter: Option<char>,
    /// Line of the input, from 1.
    pub line: u32,
    /// Character of the line where it begins, from 1.
    pub column: u32,
    /// Its text from the full stop to the end of the line. Names people.
    pub text: &'a str,
}

/// One passenger's bags with what is said about them.
///
/// A group takes over the flights, the processing and the stowage of the group before where the
/// message leaves them out; what speaks of a passenger is never taken over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group<'a> {
    /// The flight that the bags leave on (`.F`).
    pub outbound: Option<Flight>,
    /// The flight that they came on (`.I`).
    pub inbound: Option<Flight>,
    /// Later flights in travel order (`.O`).
    pub onward: Vec<Flight>,
    /// When and where they were seen (`.J`).
    pub processing: Option<Processing<'a>>,
    /// What they travel in (`.U`).
    pub stowage: Option<Stowage<'a>>,
    /// Their plates (`.N`, `.B`) in order, ranges expanded, each once in a message.
    pub bags: Vec<LicencePlate>,
    /// How many no-reads the group reports; they are no bags.
    pub no_reads: u32,
    /// Irregularities (`.B`).
    pub statuses: Vec<Status<'a>>,
    /// Authority and passenger data (`.S`).
    pub security: Option<SecurityData<'a>>,
    /// Screening (`.X`), in order.
    pub screening: Vec<Screening<'a>>,
    /// Pieces and weight of the passenger's bags together (`.W`).
    pub weight: Option<Weight<'a>>,
    /// Passengers (`.P`).
    pub names: Vec<PassengerName<'a>>,
    /// Record locator (`.L`).
    pub record_locator: Option<PersonalText<'a>>,
    /// What few groups say.
    pub particulars: Particulars<'a>,
    /// Which of the message's elements are of this group.
    pub elements: Range<usize>,
}

/// A message as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<'a> {
    /// Its place in the input, from 0.
    pub index: usize,
    /// Line of the input where it begins, from 1.
    pub line: u32,
    /// Its type.
    pub message_type: MessageType,
    /// The second line of a BCM, such as `FCM`, as it came.
    pub secondary: Option<&'a str>,
    /// What it does to an earlier message.
    pub change: Option<Change>,
    /// The first `.V`: airport, source, part, reference.
    pub header: Option<Version<'a>>,
    /// How it ended.
    pub ending: Ending,
    /// The telex envelope that it came in.
    pub envelope: Option<Envelope<'a>>,
    /// What a BCM answers (`.A`).
    pub acknowledgement: Option<Acknowledgement<'a>>,
    /// Every element in order, typed or not.
    pub elements: Vec<Element<'a>>,
    /// Its groups: of passengers, of containers in a BMM; a BCM about a flight has one without bags.
    pub groups: Vec<Group<'a>>,
    /// Findings in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The parser that read it.
    pub version: u32,
}

impl MessageType {
    /// Every type.
    pub const ALL: [Self; 8] =
        [Self::Bsm, Self::Bpm, Self::Btm, Self::Bum, Self::Bns, Self::Bcm, Self::Bmm, Self::Brq];

    /// Returns its three letters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bsm => "BSM",
            Self::Bpm => "BPM",
            Self::Btm => "BTM",
            Self::Bum => "BUM",
            Self::Bns => "BNS",
            Self::Bcm => "BCM",
            Self::Bmm => "BMM",
            Self::Brq => "BRQ",
        }
    }

    pub(super) fn read(token: &str) -> Option<Self> {
        let named = |kind: &Self| token.eq_ignore_ascii_case(kind.as_str());
        (token.len() == 3).then(|| Self::ALL.into_iter().find(named))?
    }
}

impl Change {
    /// Returns its three letters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "CHG",
            Self::Deleted => "DEL",
        }
    }

    pub(super) fn read(token: &str) -> Option<Self> {
        [Self::Changed, Self::Deleted].into_iter().find(|c| token.eq_ignore_ascii_case(c.as_str()))
    }
}

impl<'a> Element<'a> {
    /// Returns its name as a report shows it: `.V`, or nothing for a line that is no element.
    pub fn name(&self) -> String {
        self.letter.map_or_else(String::new, |letter| format!(".{letter}"))
    }

    /// Returns its sub-items in order, without the blanks around them.
    pub fn items(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let body = self.letter.and_then(|_| self.text.get(3..));
        body.into_iter().flat_map(|body| body.split('/')).map(trimmed)
    }
}

impl Parsed<'_> {
    /// Returns whether its envelope says that it may have come before (PDM).
    pub fn is_possible_duplicate(&self) -> bool {
        self.envelope.as_ref().is_some_and(|envelope| envelope.possible_duplicate)
    }

    /// Returns whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity() == Severity::Error)
    }

    /// Returns the first finding for which the message must be quarantined, errors before others.
    pub fn held_by(&self) -> Option<&Diagnostic> {
        let held = |d: &&Diagnostic| d.holds();
        let errors = self.diagnostics.iter().filter(|d| d.severity() == Severity::Error);
        errors.chain(&self.diagnostics).find(held)
    }

    /// Returns the elements of one of its groups.
    pub fn elements_of(&self, group: &Group<'_>) -> &[Element<'_>] {
        self.elements.get(group.elements.clone()).unwrap_or_default()
    }

    /// Returns how many bags it names, no-reads included.
    pub fn names(&self) -> usize {
        let named = |group: &Group<'_>| {
            group.bags.len().saturating_add(usize::try_from(group.no_reads).unwrap_or(usize::MAX))
        };
        self.groups.iter().map(named).fold(0, usize::saturating_add)
    }

    /// Writes the message again: every element byte for byte, one a line, in plain framing.
    pub fn print(&self) -> String {
        let mut text = format!("{}\n", self.message_type);
        let head = [self.secondary, self.change.map(Change::as_str)];
        let body = self.elements.iter().map(|element| element.text);
        for line in head.into_iter().flatten().chain(body) {
            text.push_str(line);
            text.push('\n');
        }
        match self.ending {
            Ending::Complete => text.push_str(&format!("END{}\n", self.message_type)),
            Ending::Part(Some(number)) => text.push_str(&format!("ENDPART{number}\n")),
            Ending::Part(None) => text.push_str("ENDPART\n"),
            Ending::Wrong | Ending::Truncated => {}
        }
        text
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Shows no text: an element may name a person.
impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{} [personal]", self.name(), self.line, self.column)
    }
}

/// Takes blanks and control characters off both ends.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c == ' ' || c.is_ascii_control())
}
