//! The elements that few messages have: `.A`, `.C`, `.D`, `.E`, `.G`, `.H`, `.K`, `.M`, `.Q`, `.R`,
//! `.T` and `.Y`, what they hold and how they are read.
//!
//! Their codes are agreed between two parties more often than listed, so texts stay as they came.

use super::dates::Window;
use super::fields::{EventTime, MessageDate, PersonalText};
use super::read::Reading;

/// How many repeats of one element a group keeps typed; each of them stays in the elements.
const KEPT_MAX: usize = 32;

/// `.A`: an answer to an earlier message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement<'a> {
    /// The reference in the `.V` of the message that is answered.
    pub reference: Option<&'a str>,
    /// The type of that message, with CHG or DEL where it had one.
    pub answers: Option<&'a str>,
    /// ACK or NAK.
    pub accepted: Option<bool>,
    /// Why, in words.
    pub note: Option<PersonalText<'a>>,
}

/// `.D`: where a bag was checked in, when not at the airport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckIn<'a> {
    /// The kind of place, such as `HOME` or `PORT`.
    pub location: Option<&'a str>,
    /// Which place.
    pub description: Option<PersonalText<'a>>,
    /// The day as written.
    pub date: Option<MessageDate>,
    /// When; `None` when day or time is absent or cannot be read.
    pub time: Option<EventTime>,
    /// What carries the bag to the airport.
    pub carriage: Option<&'a str>,
    /// Which train, ship or van that is.
    pub transport: Option<&'a str>,
}

/// `.G`: delivery on the ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroundDelivery<'a> {
    /// Not before.
    pub earliest: Option<&'a str>,
    /// Not after.
    pub latest: Option<&'a str>,
    /// Where to.
    pub address: Option<PersonalText<'a>>,
}

/// `.H`: where a bag is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handling<'a> {
    /// Terminal.
    pub terminal: Option<&'a str>,
    /// Bay or pier.
    pub bay: Option<&'a str>,
    /// Gate or stand.
    pub gate: Option<&'a str>,
}

/// `.Y`: a frequent traveller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrequentTraveller<'a> {
    /// The number.
    pub number: PersonalText<'a>,
    /// The tier.
    pub tier: Option<&'a str>,
}

/// `.M`: another identifier of the bag, such as an RFID chip or an electronic tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identifier<'a> {
    /// The plate that it belongs to, as it came.
    pub tag: Option<&'a str>,
    /// What kind of identifier it is.
    pub kind: Option<&'a str>,
    /// The identifier.
    pub id: Option<&'a str>,
    /// What it links to.
    pub link: Option<&'a str>,
}

/// What few groups say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Particulars<'a> {
    /// Where the bags were checked in, off the airport (`.D`).
    pub check_in: Option<CheckIn<'a>>,
    /// Delivery on the ground (`.G`).
    pub delivery: Option<GroundDelivery<'a>>,
    /// Where they are handled (`.H`).
    pub handling: Option<Handling<'a>>,
    /// Their order in the container (`.Q`).
    pub load_sequence: Option<u16>,
    /// Frequent traveller (`.Y`).
    pub traveller: Option<FrequentTraveller<'a>>,
    /// Corporate or group name (`.C`).
    pub party: Option<PersonalText<'a>>,
    /// The printer of the tag (`.T`).
    pub tag_printer: Option<&'a str>,
    /// `.K`, which senders use for a printer or a priority, as it came.
    pub printer_or_priority: Option<&'a str>,
    /// Exception codes (`.E`), such as `RUSH`, as they came.
    pub exceptions: Vec<&'a str>,
    /// The airline's remarks (`.R`).
    pub remarks: Vec<PersonalText<'a>>,
    /// Other identifiers (`.M`).
    pub identifiers: Vec<Identifier<'a>>,
}

impl<'a> Particulars<'a> {
    /// Reads an element into its place; the first of its letter counts where there is one place.
    pub(super) fn read(&mut self, letter: char, reading: &mut Reading<'a, '_>) {
        match letter {
            'D' if self.check_in.is_none() => self.check_in = Some(check_in(reading)),
            'G' if self.delivery.is_none() => self.delivery = Some(delivery(reading)),
            'H' if self.handling.is_none() => {
                let (terminal, bay, gate) = (reading.text(), reading.text(), reading.text());
                self.handling = Some(Handling { terminal, bay, gate });
            }
            'Q' if self.load_sequence.is_none() => self.load_sequence = reading.number(),
            'Y' if self.traveller.is_none() => {
                let number = reading.personal();
                let tier = reading.text();
                self.traveller = number.map(|number| FrequentTraveller { number, tier });
            }
            'C' if self.party.is_none() => self.party = PersonalText::new(reading.rest().text),
            'T' if self.tag_printer.is_none() => self.tag_printer = reading.text(),
            'K' if self.printer_or_priority.is_none() => self.printer_or_priority = reading.text(),
            'E' => {
                while self.exceptions.len() < KEPT_MAX
                    && let Some(item) = reading.next_item()
                {
                    self.exceptions.extend((!item.text.is_empty()).then_some(item.text));
                }
            }
            'R' if self.remarks.len() < KEPT_MAX => {
                self.remarks.extend(PersonalText::new(reading.rest().text));
            }
            'M' if self.identifiers.len() < KEPT_MAX => {
                let (tag, kind, id) = (reading.text(), reading.text(), reading.text());
                self.identifiers.push(Identifier { tag, kind, id, link: reading.text() });
            }
            _ => {}
        }
    }
}

/// Reads a whole `.A`.
pub(super) fn acknowledgement<'a>(reading: &mut Reading<'a, '_>) -> Acknowledgement<'a> {
    let (reference, answers) = (reading.text(), reading.text());
    let accepted = reading.code(|text| match text {
        _ if text.eq_ignore_ascii_case("ACK") => Some(true),
        _ if text.eq_ignore_ascii_case("NAK") => Some(false),
        _ => None,
    });
    Acknowledgement { reference, answers, accepted, note: PersonalText::new(reading.rest().text) }
}

fn check_in<'a>(reading: &mut Reading<'a, '_>) -> CheckIn<'a> {
    let (location, description) = (reading.text(), reading.personal());
    let (date, time) = if reading.has_text_next() {
        let date = reading.date(Window::Processing);
        let item = reading.item();
        let time = if item.text.is_empty() { None } else { reading.time(item, date) };
        (date, time)
    } else {
        reading.item();
        reading.item();
        (None, None)
    };
    CheckIn { location, description, date, time, carriage: reading.text(), transport: reading.text() }
}

fn delivery<'a>(reading: &mut Reading<'a, '_>) -> GroundDelivery<'a> {
    let (earliest, latest) = (reading.text(), reading.text());
    GroundDelivery { earliest, latest, address: PersonalText::new(reading.rest().text) }
}
