//! One element at a time: its sub-items into types.
//!
//! Sub-items are positional; an absent one reads as nothing and is no fault, since senders leave
//! out what they do not know.

use std::str::FromStr;

use super::dates::{Reference, Window};
use super::fields::{
    BagSize, EventTime, Flight, MessageDate, PassengerName, PassengerState, PersonalText, Processing,
    ProcessingKind, Screening, ScreeningResult, SecurityData, SizeUnit, Source, StatusCode, Stowage, Version,
    Weight, WeightUnit,
};
use super::findings::{Finding, Notes};
use super::message::{Element, trimmed};
use crate::model::AirportCode;

/// An element being read from left to right.
pub(super) struct Reading<'a, 'n> {
    element: Element<'a>,
    reference: &'n Reference,
    notes: &'n mut Notes,
    /// Byte offset of the next sub-item; past the end when there is none.
    next: usize,
}

/// A sub-item without the blanks around it, and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) text: &'a str,
    pub(super) offset: usize,
}

impl<'a, 'n> Reading<'a, 'n> {
    pub(super) fn new(element: Element<'a>, reference: &'n Reference, notes: &'n mut Notes) -> Self {
        Self { element, reference, notes, next: 3 }
    }

    pub(super) fn note(&mut self, finding: Finding, item: Item<'_>) {
        self.notes.element(finding, &self.element, item.offset);
    }

    /// Takes the next sub-item, if there is one.
    pub(super) fn next_item(&mut self) -> Option<Item<'a>> {
        let rest = self.element.text.get(self.next..)?;
        let end = rest.find('/').unwrap_or(rest.len());
        let item = Item { text: trimmed(&rest[..end]), offset: self.next };
        self.next += end + 1;
        Some(item)
    }

    /// Takes the next sub-item, empty where there is none.
    pub(super) fn item(&mut self) -> Item<'a> {
        let offset = self.element.text.len();
        self.next_item().unwrap_or(Item { text: "", offset })
    }

    /// Takes all that is left, solidi included.
    pub(super) fn rest(&mut self) -> Item<'a> {
        let offset = self.next;
        self.next = usize::MAX;
        Item { text: trimmed(self.element.text.get(offset..).unwrap_or_default()), offset }
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        Some(self.item().text).filter(|text| !text.is_empty())
    }

    pub(super) fn personal(&mut self) -> Option<PersonalText<'a>> {
        PersonalText::new(self.item().text)
    }

    /// Reads a code that may be absent; an unlisted one is noted and reads as absent.
    pub(super) fn code<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.parsed(Finding::CodeUnknown, read)
    }

    fn letter<T>(&mut self, read: impl FnOnce(char) -> Option<T>) -> Option<T> {
        self.code(|text| only_letter(text).and_then(read))
    }

    pub(super) fn number<T: FromStr>(&mut self) -> Option<T> {
        self.parsed(Finding::NumberUnreadable, |text| text.parse().ok())
    }

    fn airport(&mut self) -> Option<AirportCode> {
        self.parsed(Finding::AirportUnreadable, |text| text.parse().ok())
    }

    fn parsed<T>(&mut self, otherwise: Finding, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let item = self.item();
        if item.text.is_empty() {
            return None;
        }
        let value = read(item.text);
        if value.is_none() {
            self.note(otherwise, item);
        }
        value
    }

    pub(super) fn date(&mut self, window: Window) -> Option<MessageDate> {
        let item = self.item();
        if item.text.is_empty() {
            self.note(Finding::DateMissing, item);
            return None;
        }
        let read = self.reference.date(item.text, window);
        for finding in read.findings.into_iter().flatten() {
            self.note(finding, item);
        }
        read.date
    }

    /// Reads a time on a day that could be read.
    pub(super) fn time(&mut self, item: Item<'a>, date: Option<MessageDate>) -> Option<EventTime> {
        let read = self.reference.time(item.text, date?.date?);
        for finding in read.findings.into_iter().flatten() {
            self.note(finding, item);
        }
        read.time
    }

    /// Returns whether the next sub-item is there and holds something.
    pub(super) fn has_text_next(&self) -> bool {
        let rest = self.element.text.get(self.next..).unwrap_or_default();
        rest.split('/').next().is_some_and(|item| !trimmed(item).is_empty())
    }

    /// Reads a whole `.F`, `.I` or `.O`.
    pub(super) fn flight(&mut self, window: Window) -> Flight {
        let item = self.item();
        let designator = item.text.parse().ok();
        if designator.is_none() {
            self.note(Finding::FlightUnreadable, item);
        }
        let (date, airport) = (self.date(window), self.airport());
        Flight { designator, date, airport, class: self.letter(Some) }
    }

    /// Reads a whole `.J`.
    pub(super) fn processing(&mut self) -> Processing<'a> {
        let kind = self.letter(|letter| match letter {
            'R' => Some(ProcessingKind::Reconciled),
            'S' => Some(ProcessingKind::Sorted),
            'G' => Some(ProcessingKind::GroundTracked),
            'H' => Some(ProcessingKind::HandScanned),
            _ => None,
        });
        let (agent, scanner, date) = (self.personal(), self.text(), self.date(Window::Processing));
        let item = self.item();
        let time = self.time(item, date);
        Processing { kind, agent, scanner, date, time, location: self.text(), sent_to: self.text() }
    }

    /// Reads a whole `.S`.
    pub(super) fn security(&mut self) -> SecurityData<'a> {
        let (to_load, seat) = (self.letter(yes_or_no), self.personal());
        let passenger = self.letter(|letter| match letter {
            'B' => Some(PassengerState::Boarded),
            'C' => Some(PassengerState::CheckedIn),
            'N' => Some(PassengerState::NotBoarded),
            'S' => Some(PassengerState::Standby),
            _ => None,
        });
        let (sequence, security_number, profile) = (self.personal(), self.personal(), self.personal());
        let to_transport = self.letter(yes_or_no);
        let tag_active = self.letter(|letter| match letter {
            'A' => Some(true),
            'I' => Some(false),
            _ => None,
        });
        SecurityData {
            to_load,
            seat,
            passenger,
            sequence,
            security_number,
            profile,
            to_transport,
            tag_active,
        }
    }

    /// Reads a whole `.U`.
    pub(super) fn stowage(&mut self) -> Stowage<'a> {
        let (container, compartment) = (self.text(), self.text());
        let (baggage_type, class) = (self.text(), self.text());
        let (destination, sealed) = (self.airport(), self.letter(yes_or_no));
        let connects = self
            .element
            .text
            .get(self.next..)
            .is_some_and(|rest| rest.contains(|c: char| c.is_ascii_alphanumeric()));
        let connection = connects.then(|| self.flight(Window::Onward));
        Stowage { container, compartment, baggage_type, class, destination, sealed, connection }
    }

    /// Reads a whole `.W`.
    pub(super) fn weight(&mut self) -> Weight<'a> {
        let unit = self.letter(|letter| match letter {
            'K' => Some(WeightUnit::Kilograms),
            'L' => Some(WeightUnit::Pounds),
            'P' => Some(WeightUnit::Pieces),
            _ => None,
        });
        let (pieces, checked, unchecked) = (self.number(), self.number(), self.number());
        let size_unit =
            self.code(|text| match_code(text, &[("CM", SizeUnit::Centimetres), ("IN", SizeUnit::Inches)]));
        let (length, width, height) = (self.number(), self.number(), self.number());
        let size = (length.is_some() || width.is_some() || height.is_some()).then_some(BagSize {
            unit: size_unit,
            length,
            width,
            height,
        });
        Weight { unit, pieces, checked, unchecked, size, kind: self.text() }
    }

    /// Reads a whole `.P`.
    pub(super) fn name(&mut self) -> PassengerName<'a> {
        let item = self.rest();
        let digits = item.text.bytes().take(3).take_while(u8::is_ascii_digit).count();
        let (count, name) = item.text.split_at(digits);
        if name.is_empty() {
            self.note(Finding::NameEmpty, item);
        }
        PassengerName { count: count.parse().ok(), full: PersonalText::whole(name) }
    }

    /// Reads the locator of a `.L`.
    pub(super) fn record_locator(&mut self) -> Option<PersonalText<'a>> {
        let item = self.item();
        if !matches!(item.text.len(), 5 | 6) || !item.text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            self.note(Finding::LocatorForm, item);
        }
        PersonalText::new(item.text)
    }

    /// Reads a whole `.X`. Live traffic leaves the instruction empty, so that is no fault.
    pub(super) fn screening(&mut self) -> Screening<'a> {
        let selected = self.code(|text| match_code(text, &[("SEL", true), ("NON", false)]));
        let results = [
            ("CLR", ScreeningResult::Cleared),
            ("UCL", ScreeningResult::Uncleared),
            ("REJ", ScreeningResult::Rejected),
            ("REF", ScreeningResult::Rejected),
        ];
        let result = self.code(|text| match_code(text, &results));
        let (reason, method, autograph) = (self.text(), self.text(), self.personal());
        Screening { selected, result, reason, method, autograph, note: PersonalText::new(self.rest().text) }
    }

    /// Reads the code of a `.B`, and the code as it came.
    pub(super) fn status(&mut self) -> (Option<StatusCode>, &'a str) {
        let codes = [
            ("NAL", StatusCode::LoadedNotAuthorised),
            ("OFF", StatusCode::Offloaded),
            ("UNS", StatusCode::Unseen),
            ("OND", StatusCode::OnHandNotAuthorised),
            ("ONA", StatusCode::OnHandAuthorised),
        ];
        let item = self.item();
        let code = match_code(item.text, &codes);
        if code.is_none() {
            self.note(Finding::CodeUnknown, item);
        }
        (code, item.text)
    }

    /// Reads a whole `.V`.
    pub(super) fn version(&mut self) -> Version<'a> {
        let item = self.item();
        let (source, airport) = match (item.text.as_bytes(), item.text.get(2..)) {
            ([b'0'..=b'9', source, ..], Some(airport)) => (Some(*source), airport.parse().ok()),
            _ => (None, None),
        };
        if airport.is_none() {
            self.note(Finding::VersionUnreadable, item);
        }
        let source = source.and_then(|letter| match letter.to_ascii_uppercase() {
            b'L' => Some(Source::Local),
            b'T' => Some(Source::Transfer),
            b'X' => Some(Source::Terminating),
            b'R' => Some(Source::Remote),
            _ => None,
        });
        if source.is_none() && airport.is_some() {
            self.note(Finding::SourceUnknown, item);
        }
        let part = self.parsed(Finding::PartUnreadable, |text| {
            let (part, number) = text.split_at_checked(4)?;
            let number = part.eq_ignore_ascii_case("PART").then_some(number)?;
            number.parse().ok().filter(|number| (1..=99).contains(number))
        });
        let reference = self.text();
        let wants_acknowledgement = self.letter(|letter| (letter == 'A').then_some(true)).unwrap_or(false);
        Version { source, airport, part, reference, wants_acknowledgement }
    }
}

fn yes_or_no(letter: char) -> Option<bool> {
    match letter {
        'Y' => Some(true),
        'N' => Some(false),
        _ => None,
    }
}

fn only_letter(text: &str) -> Option<char> {
    match text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Some(char::from(letter.to_ascii_uppercase())),
        _ => None,
    }
}

fn match_code<T: Copy>(text: &str, codes: &[(&str, T)]) -> Option<T> {
    codes.iter().find(|(code, _)| text.eq_ignore_ascii_case(code)).map(|(_, value)| *value)
}
