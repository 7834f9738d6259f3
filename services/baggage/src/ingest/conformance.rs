//! Strict reading for integrators: what a message must look like to be beyond dispute.
//!
//! The parser takes what real systems send. A conformance test asks for more: each sub-item in
//! the form that RP 1745 gives it, and messages of a length and in an alphabet that Type B carries,
//! with nothing beside them (`file`). The forms stand in
//! one table, so that a finding can name element, sub-item, rule and remedy. Where the
//! recommended practice leaves a form open, so does the table. No finding quotes the message.

use super::Parsed;
use super::dates::{MONTHS, time_of_day};
use super::message::{Change, Element, MessageType, trimmed};

mod file;

pub(super) use file::file_violations;

/// The most lines and characters of one Type B message.
const MESSAGE_LINES_MAX: usize = 60;
const MESSAGE_CHARACTERS_MAX: usize = 3_840;
/// The most violations that one message reports.
const VIOLATIONS_MAX: usize = 1_000;

/// The code of a sub-item in another form.
const FORM: &str = "form";

/// Something that a strict reader would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Line of the input, from 1.
    pub line: u32,
    /// Character of the line, from 1.
    pub column: u32,
    /// The stable code, such as `form`.
    pub code: &'static str,
    /// The element and sub-item, the rule and the remedy.
    pub text: String,
}

/// One sub-item: its name, and the form that it has when it is not empty.
type Item = (&'static str, Form);

/// What a sub-item looks like.
#[derive(Clone, Copy)]
enum Form {
    /// Between so many letters and digits.
    Code(usize, usize),
    /// Between so many letters.
    Letters(usize, usize),
    /// Between so many digits.
    Digits(usize, usize),
    /// At most so many characters of any kind.
    Text(usize),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Carrier of two characters or three letters, one to five digits, perhaps a letter.
    Flight,
    /// Day and month.
    Date,
    /// Hour, minute, perhaps second, and L or Z.
    Time,
    /// Plate and count.
    Tag,
    /// Version digit, source letter, airport.
    Version,
    /// PART1 to PART99.
    Part,
}

/// What one element is made of.
struct Layout {
    items: &'static [Item],
    /// How many of the first sub-items must not be empty.
    mandatory: usize,
    /// The last sub-item may stand any number of times.
    repeats: bool,
}

const YES_NO: Form = Form::OneOf(&["Y", "N"]);
const FLIGHT: &[Item] = &[
    ("flight", Form::Flight),
    ("date", Form::Date),
    ("airport", Form::Letters(3, 3)),
    ("class", Form::Letters(1, 1)),
];

const fn fixed(mandatory: usize, items: &'static [Item]) -> Layout {
    Layout { items, mandatory, repeats: false }
}

const fn repeated(mandatory: usize, items: &'static [Item]) -> Layout {
    Layout { items, mandatory, repeats: true }
}

/// The forms that RP 1745 gives to the sub-items of each element.
const LAYOUTS: &[(char, Layout)] = &[
    (
        'V',
        fixed(
            1,
            &[
                ("version, source and airport", Form::Version),
                ("part", Form::Part),
                ("message reference", Form::Code(1, 10)),
                ("acknowledgement request", Form::OneOf(&["A"])),
                ("encryption", Form::Text(10)),
            ],
        ),
    ),
    (
        'A',
        fixed(
            3,
            &[
                ("reference", Form::Code(1, 10)),
                ("message type", Form::Letters(3, 6)),
                ("answer", Form::OneOf(&["ACK", "NAK"])),
                ("free text", Form::Text(58)),
            ],
        ),
    ),
    ('F', fixed(2, FLIGHT)),
    ('I', fixed(2, FLIGHT)),
    ('O', fixed(2, FLIGHT)),
    ('N', repeated(1, &[("tag and count", Form::Tag)])),
    (
        'B',
        repeated(
            2,
            &[("status", Form::OneOf(&["NAL", "OFF", "UNS", "OND", "ONA"])), ("tag and count", Form::Tag)],
        ),
    ),
    (
        'S',
        fixed(
            0,
            &[
                ("authority to load", YES_NO),
                ("seat", Form::Code(1, 5)),
                ("passenger status", Form::OneOf(&["B", "C", "N", "S"])),
                ("sequence number", Form::Code(1, 5)),
                ("security number", Form::Code(1, 5)),
                ("profile", Form::Code(1, 3)),
                ("authority to transport", YES_NO),
                ("tag status", Form::OneOf(&["A", "I"])),
            ],
        ),
    ),
    (
        'J',
        fixed(
            1,
            &[
                ("secondary code", Form::OneOf(&["R", "S", "G", "H"])),
                ("agent", Form::Code(2, 9)),
                ("scanner", Form::Code(2, 8)),
                ("date", Form::Date),
                ("time", Form::Time),
                ("reading location", Form::Code(2, 8)),
                ("location sent to", Form::Code(2, 8)),
            ],
        ),
    ),
    (
        'U',
        fixed(
            1,
            &[
                ("stowage", Form::Code(1, 10)),
                ("compartment", Form::Code(1, 5)),
                ("type of baggage", Form::OneOf(&["M", "T", "S", "X"])),
                ("class", Form::Letters(1, 1)),
                ("destination", Form::Letters(3, 3)),
                ("sealed", YES_NO),
                ("connecting flight", Form::Flight),
                ("connecting date", Form::Date),
                ("connecting destination", Form::Letters(3, 3)),
            ],
        ),
    ),
    ('Q', fixed(1, &[("load sequence", Form::Digits(3, 3))])),
    (
        'D',
        fixed(
            1,
            &[
                ("location", Form::Code(1, 4)),
                ("description", Form::Text(20)),
                ("date", Form::Date),
                ("time", Form::Time),
                ("carriage", Form::Text(10)),
                ("transport", Form::Text(10)),
            ],
        ),
    ),
    (
        'W',
        fixed(
            1,
            &[
                ("unit", Form::OneOf(&["K", "L", "P"])),
                ("pieces", Form::Digits(1, 3)),
                ("checked weight", Form::Digits(1, 4)),
                ("unchecked weight", Form::Digits(1, 4)),
                ("unit of size", Form::OneOf(&["CM", "IN"])),
                ("length", Form::Digits(1, 3)),
                ("width", Form::Digits(1, 3)),
                ("height", Form::Digits(1, 3)),
                ("kind", Form::Text(10)),
            ],
        ),
    ),
    ('L', fixed(1, &[("record locator", Form::Code(5, 6)), ("address", Form::Text(7))])),
    ('E', repeated(1, &[("exception", Form::Letters(3, 4))])),
    (
        'X',
        fixed(
            0,
            &[
                ("instruction", Form::OneOf(&["SEL", "NON"])),
                ("result", Form::OneOf(&["CLR", "UCL", "REJ"])),
                ("reason", Form::OneOf(&["D", "E", "C", "N", "T"])),
                ("method", Form::Code(2, 4)),
                ("autograph", Form::Text(8)),
                ("free text", Form::Text(38)),
            ],
        ),
    ),
    ('P', Layout { items: &[("name", Form::Text(64))], mandatory: 1, repeats: true }),
];

/// Returns what a strict reader would refuse in a message, beside its findings.
pub fn violations(message: &Parsed<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let head = [message.secondary, message.change.map(Change::as_str)];
    let head = head.into_iter().flatten().map(|line| line.chars().count());
    // The type and the END line are there too, and each line ends with two characters.
    let lines: Vec<usize> =
        message.elements.iter().map(|e| e.text.chars().count()).chain(head).chain([3, 6]).collect();
    let characters = lines.iter().map(|length| length + 2).sum::<usize>();
    if lines.len() > MESSAGE_LINES_MAX || characters > MESSAGE_CHARACTERS_MAX {
        let text = format!(
            "{} is longer than {MESSAGE_LINES_MAX} lines or {MESSAGE_CHARACTERS_MAX} characters, which Type B \
             does not carry; send it in parts",
            message.message_type
        );
        found.push(Violation { line: message.line, column: 1, code: "length", text });
    }
    for element in &message.elements {
        if found.len() >= VIOLATIONS_MAX {
            break;
        }
        check(element, message.message_type, &mut found);
    }
    found
}

/// Checks the sub-items of one element; each sub-item is reported once.
fn check(element: &Element<'_>, kind: MessageType, found: &mut Vec<Violation>) {
    let layout = LAYOUTS.iter().find(|(letter, _)| element.letter == Some(*letter));
    let Some((letter, layout)) = layout else { return };
    let mut reported = usize::MAX;
    let mut offset = 3;
    let mut count = 0;
    let body = element.text.get(3..).unwrap_or_default();
    for (at, raw) in body.split('/').enumerate() {
        let text = trimmed(raw);
        count = at + 1;
        let known = at < layout.items.len();
        let index = if known { at } else { layout.items.len() - 1 };
        let (name, form) = layout.items[index];
        let rule = if !known && !layout.repeats {
            // What follows is counted once, since each further one says the same.
            (at == layout.items.len()).then(|| format!("is not defined; send at most {}", layout.items.len()))
        } else if text.is_empty() {
            (at < layout.mandatory).then(|| format!("is missing; send {}", form.words(kind)))
        } else {
            (!form.fits(text, kind)).then(|| format!("has another form; send {}", form.words(kind)))
        };
        if let Some(rule) = rule.filter(|_| reported != index || known) {
            reported = index;
            let name = if !known && !layout.repeats { "extra" } else { name };
            let text = format!(".{letter} sub-item {} ({name}) {rule}", at + 1);
            found.push(Violation { line: element.line, column: column(element, offset), code: FORM, text });
        }
        offset += raw.len() + 1;
    }
    for (at, (name, form)) in layout.items.iter().enumerate().take(layout.mandatory).skip(count) {
        let text = format!(".{letter} sub-item {} ({name}) is missing; send {}", at + 1, form.words(kind));
        found.push(Violation {
            line: element.line,
            column: column(element, element.text.len()),
            code: FORM,
            text,
        });
    }
}

fn column(element: &Element<'_>, offset: usize) -> u32 {
    let before = element.text.get(..offset).map_or(0, |text| text.chars().count());
    element.column.saturating_add(u32::try_from(before).unwrap_or(u32::MAX))
}

impl Form {
    fn fits(self, text: &str, kind: MessageType) -> bool {
        let all = |fits: fn(&u8) -> bool| text.as_bytes().iter().all(fits);
        let counts = |min: usize, max: usize| (min..=max).contains(&text.chars().count());
        match self {
            Self::Code(min, max) => counts(min, max) && all(u8::is_ascii_alphanumeric),
            Self::Letters(min, max) => counts(min, max) && all(u8::is_ascii_uppercase),
            Self::Digits(min, max) => counts(min, max) && all(u8::is_ascii_digit),
            Self::Text(max) => counts(0, max),
            Self::OneOf(codes) => codes.contains(&text),
            Self::Flight => is_flight(text),
            Self::Date => is_date(text),
            Self::Time => is_time(text),
            Self::Tag => {
                let length = if kind == MessageType::Brq { 10 } else { 13 };
                text.len() == length && all(u8::is_ascii_digit)
            }
            Self::Version => matches!(
                text.as_bytes(),
                [b'0'..=b'9', b'L' | b'T' | b'X' | b'R', airport @ ..]
                    if airport.len() == 3 && airport.iter().all(u8::is_ascii_uppercase)
            ),
            Self::Part => text
                .strip_prefix("PART")
                .is_some_and(|number| number.parse::<u8>().is_ok_and(|number| (1..=99).contains(&number))),
        }
    }

    /// Says what to send.
    fn words(self, kind: MessageType) -> String {
        let range = |min: usize, max: usize| match min == max {
            true => min.to_string(),
            false => format!("{min} to {max}"),
        };
        match self {
            Self::Code(min, max) => format!("{} letters or digits", range(min, max)),
            Self::Letters(min, max) => format!("{} letters", range(min, max)),
            Self::Digits(min, max) => format!("{} digits", range(min, max)),
            Self::Text(max) => format!("at most {max} characters"),
            Self::OneOf(codes) => codes.join(", "),
            Self::Flight => "carrier, three to five digits and perhaps a letter, as in ZH9101".to_owned(),
            Self::Date => "day and month, as in 20NOV".to_owned(),
            Self::Time => "HHMM or HHMMSS and L or Z, as in 151210L".to_owned(),
            Self::Tag if kind == MessageType::Brq => "a plate of 10 digits".to_owned(),
            Self::Tag => "a plate of 10 digits and a count of 3".to_owned(),
            Self::Version => "version digit, L, T, X or R, and airport, as in 1LSZX".to_owned(),
            Self::Part => "PART1 to PART99".to_owned(),
        }
    }
}

/// Carrier of two characters or three letters, three to five digits, perhaps a letter.
fn is_flight(text: &str) -> bool {
    let bytes = text.as_bytes();
    let letters = bytes.iter().take(3).take_while(|b| b.is_ascii_uppercase()).count();
    let carrier = if letters == 3 { 3 } else { 2 };
    let is_carrier = |carrier: &[u8]| {
        carrier.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && carrier.iter().any(u8::is_ascii_uppercase)
    };
    let Some((carrier, rest)) = bytes.split_at_checked(carrier) else { return false };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let suffix = &rest[digits..];
    is_carrier(carrier)
        && (3..=5).contains(&digits)
        && (suffix.is_empty() || (suffix.len() == 1 && suffix[0].is_ascii_uppercase()))
}

fn is_date(text: &str) -> bool {
    let Some((day, month)) = text.split_at_checked(2) else { return false };
    day.bytes().all(|b| b.is_ascii_digit()) && ("01"..="31").contains(&day) && MONTHS.contains(&month)
}

fn is_time(text: &str) -> bool {
    let Some(digits) = text.strip_suffix(['L', 'Z']) else { return false };
    time_of_day(digits).is_some_and(|(_, is_end_of_day)| !is_end_of_day)
}

#[cfg(test)]
mod tests;
