//! Value types of flights. Each parses once, at the edge, and never holds a bad value.
//!
//! Nouns come from IATA: the flight designator from SSIM chapter 2, the airport
//! code from Resolution 763. A sign is what the airport writes over a gate or belt.

use std::{fmt, str::FromStr, sync::Arc};

use airside_kernel::{Personal, StreamId, SubjectId, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most legs of one flight.
pub const MAX_LEGS: usize = 8;
/// The most marketing designators of one flight.
pub const MAX_CODESHARES: usize = 32;
const MAX_SIGN_CHARS: usize = 8;
const MAX_NAME_CHARS: usize = 60;

/// Says what is wrong with a value and what to send instead. It never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Invalid(pub String);

fn invalid<T>(problem: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid(problem.into()))
}

/// Carrier, number without leading zeros, and operational suffix, such as `ZH9101`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Designator(Arc<str>);

/// A flight on the local day of its scheduled departure at the origin, such as `ZH9101-20261120`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FlightId(Arc<str>);

/// An IATA airport code: three letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AirportCode([u8; 3]);

/// The sign of a gate or belt, such as `A3` or `12`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Sign(Arc<str>);

impl Designator {
    /// Returns the designator.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Designator {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let carrier_chars = match *text.as_bytes() {
            [a, b, c, ..] if [a, b, c].iter().all(u8::is_ascii_alphabetic) => 3,
            [a, b, ..]
                if [a, b].iter().all(u8::is_ascii_alphanumeric)
                    && [a, b].iter().any(u8::is_ascii_alphabetic) =>
            {
                2
            }
            _ => {
                return invalid(
                    "the carrier is not two or three characters; send it as in ZH9101 or CSZ9101",
                );
            }
        };
        let (carrier, rest) = text.split_at(carrier_chars);
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, suffix) = rest.split_at(digits);
        let number = match number.parse::<u32>() {
            Ok(number @ 1..=99_999) if digits <= 5 => number,
            _ => {
                return invalid(
                    "the flight number is not 1 to 99999; send it after the carrier, as in ZH9101",
                );
            }
        };
        if !(suffix.is_empty() || (suffix.len() == 1 && suffix.bytes().all(|b| b.is_ascii_alphabetic()))) {
            return invalid("the suffix is not one letter; send at most one letter after the number");
        }
        Ok(Self(format!("{carrier}{number}{suffix}").to_ascii_uppercase().into()))
    }
}

impl FlightId {
    /// Returns the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the flight's stream.
    pub fn stream(&self) -> StreamId {
        StreamId::new("flight", self).expect("a flight id is visible ASCII")
    }

    /// Returns the local day of its scheduled departure at the origin.
    pub fn date(&self) -> Date {
        let day = self.0.rsplit_once('-').and_then(|(_, day)| day_of(day));
        day.expect("parsing has checked the day")
    }
}

impl FromStr for FlightId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let checked = text.rsplit_once('-').filter(|(_, day)| day_of(day).is_some());
        match checked {
            Some((designator, day)) => {
                Ok(Self(format!("{}-{day}", designator.parse::<Designator>()?).into()))
            }
            None => invalid("it does not end in a day that exists; send it as in ZH9101-20261120"),
        }
    }
}

fn day_of(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}

impl AirportCode {
    /// Returns the code in upper case.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("it holds three ASCII letters")
    }
}

impl FromStr for AirportCode {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match *text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_alphabetic) => {
                Ok(Self([a, b, c].map(|letter| letter.to_ascii_uppercase())))
            }
            _ => invalid("it is not three letters; send the IATA code, such as SZX"),
        }
    }
}

impl Sign {
    /// Returns the sign in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sign {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let is_valid = (1..=MAX_SIGN_CHARS).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        match is_valid {
            true => Ok(Self(text.to_ascii_uppercase().into())),
            false => invalid("it is not a sign; send 1 to 8 letters, digits or hyphens, such as A3"),
        }
    }
}

macro_rules! shown_as_text {
    ($($type:ty),+) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}
shown_as_text!(Designator, FlightId, AirportCode, Sign);

macro_rules! kept_as_text {
    ($($type:ty),+) => {$(
        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }
        impl TryFrom<String> for $type {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                text.parse()
            }
        }
    )+};
}
kept_as_text!(Designator, FlightId, AirportCode, Sign);

/// Where a fact came from; a repeated report is recognised by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The reporting system.
    pub source: Arc<str>,
    /// The source's own id of the report.
    pub report_id: Arc<str>,
}

/// One leg of a flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Where it leaves.
    pub origin: AirportCode,
    /// Where it arrives.
    pub destination: AirportCode,
    /// When it is scheduled to leave.
    pub scheduled_departure: Timestamp,
    /// When it is scheduled to arrive.
    pub scheduled_arrival: Timestamp,
}

/// The schedule of a flight.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Schedule {
    /// The legs in travel order.
    pub legs: Vec<Leg>,
    /// Marketing designators of the same flight.
    pub codeshares: Vec<Designator>,
}

impl Schedule {
    /// Joins legs and codeshares.
    ///
    /// # Errors
    /// When there are too few or too many, or the legs do not follow each other.
    pub fn new(legs: Vec<Leg>, codeshares: Vec<Designator>) -> Result<Self, Invalid> {
        if !(1..=MAX_LEGS).contains(&legs.len()) {
            return invalid(format!("{} legs are not 1 to {MAX_LEGS}", legs.len()));
        }
        if codeshares.len() > MAX_CODESHARES {
            return invalid(format!("{} codeshares are more than {MAX_CODESHARES}", codeshares.len()));
        }
        if legs.iter().any(|leg| leg.scheduled_arrival <= leg.scheduled_departure) {
            return invalid("a leg arrives before it leaves; check both times");
        }
        let follows = |pair: &[Leg]| {
            pair[0].destination == pair[1].origin && pair[0].scheduled_arrival <= pair[1].scheduled_departure
        };
        if !legs.windows(2).all(follows) {
            return invalid("a leg does not follow the one before it; send them in travel order");
        }
        Ok(Self { legs, codeshares })
    }
}

/// A point that a passenger passes on the way to the aircraft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PassagePoint {
    /// Checked in.
    CheckIn,
    /// Passed security.
    Security,
    /// Boarded at the gate.
    Gate,
}

/// A passenger read at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// Which point.
    pub point: PassagePoint,
    /// Whose data this is: an id made for this read alone.
    pub subject: SubjectId,
    /// Surname and given name, `SURNAME/GIVEN`.
    pub passenger_name: Personal,
    /// Record locator.
    pub record_locator: Personal,
}

/// Returns a surname in upper case.
///
/// # Errors
/// When it is empty, too long, or holds something other than letters, spaces, hyphens, dots and apostrophes.
pub fn surname(text: &str) -> Result<String, Invalid> {
    match name_part(text) {
        Some(name) if name.contains(char::is_alphabetic) => Ok(name),
        _ => invalid("it is not 1 to 60 letters; send the surname as on the boarding pass"),
    }
}

/// Returns a given name in upper case; empty when there is none.
///
/// # Errors
/// When it is too long, or holds something other than letters, spaces, hyphens, dots and apostrophes.
pub fn given_name(text: &str) -> Result<String, Invalid> {
    name_part(text).map_or_else(
        || invalid("it is not at most 60 letters; send the given name as on the boarding pass, or none"),
        Ok,
    )
}

fn name_part(text: &str) -> Option<String> {
    let name = text.trim().to_uppercase();
    let fits = |c: char| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '.');
    (name.chars().count() <= MAX_NAME_CHARS && name.chars().all(fits)).then_some(name)
}

/// Returns a record locator (PNR) in upper case.
///
/// # Errors
/// When it is not 5 or 6 letters and digits.
pub fn record_locator(text: &str) -> Result<String, Invalid> {
    match matches!(text.len(), 5 | 6) && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        true => Ok(text.to_ascii_uppercase()),
        false => invalid("it is not 5 or 6 letters and digits; send the booking's record locator"),
    }
}

/// Where a flight stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing but its name is known.
    #[default]
    Unknown,
    /// Scheduled, or back at the stand.
    Scheduled,
    /// Boarding.
    Boarding,
    /// Final call.
    FinalCall,
    /// Gone.
    Departed,
    /// Landed.
    Landed,
    /// Does not operate.
    Cancelled,
}

/// What is known of a flight.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Flight {
    /// Legs and codeshares; no legs while no schedule is known.
    pub schedule: Schedule,
    /// Departure gate.
    pub gate: Option<Sign>,
    /// Reclaim belt.
    pub belt: Option<Sign>,
    /// Where it stands.
    pub phase: Phase,
    /// When it is expected to leave, once it was delayed.
    pub estimated_departure: Option<Timestamp>,
    /// When it is expected to arrive, once somebody said.
    pub estimated_arrival: Option<Timestamp>,
    /// That it lands elsewhere than planned, and where as far as that is known.
    pub diverted: Option<Option<AirportCode>>,
    /// How often it landed.
    pub landings: usize,
}

impl Flight {
    /// Returns true when it landed on its way and has another leg to fly.
    pub fn goes_on(&self) -> bool {
        self.phase == Phase::Landed && self.landings < self.schedule.legs.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let parsed = text.parse::<FlightId>();
        assert_eq!(parsed.as_ref().ok().map(FlightId::as_str), expected, "{text}");
    }

    #[test]
    fn a_padded_number_and_a_lower_case_carrier_name_the_same_flight() {
        check("ZH09101-20261120", Some("ZH9101-20261120"));
        check("zh9101-20261120", Some("ZH9101-20261120"));
        check("9C8801-20261120", Some("9C8801-20261120"));
        check("CSZ9101A-20261120", Some("CSZ9101A-20261120"));
        assert_eq!("ZH0101-20261120".parse::<FlightId>(), "ZH101-20261120".parse());
        assert_ne!("ZH101A-20261120".parse::<FlightId>(), "ZH101-20261120".parse());
    }

    #[test]
    fn a_day_that_does_not_exist_is_refused() {
        for day in ["20260229", "20261131", "20261301", "20260001", "2026112", "202611200", "2026+120", ""] {
            check(&format!("ZH9101-{day}"), None);
        }
        check("ZH9101-20280229", Some("ZH9101-20280229"));
    }

    #[test]
    fn a_flight_needs_a_carrier_and_a_number() {
        for designator in
            ["", "Z", "ZH", "ZH0", "ZH000", "ZH123456", "991234", "ZH12AB", "ZH-12", "张H12", "ZH1é"]
        {
            check(&format!("{designator}-20261120"), None);
        }
    }

    #[test]
    fn a_name_is_letters_and_a_locator_letters_and_digits() {
        assert_eq!(surname(" O'Neil-Smith ").unwrap(), "O'NEIL-SMITH");
        assert_eq!(given_name("").unwrap(), "");
        for name in ["", "  ", "A/B", "1ZHANG", &"A".repeat(61)] {
            assert!(surname(name).is_err(), "{name}");
        }
        assert!(given_name("S4N").is_err());
        assert!(record_locator("ABC1").is_err());
        assert_eq!(record_locator("abc123").unwrap(), "ABC123");
    }

    proptest! {
        #[test]
        fn a_flight_id_survives_being_printed(text in "[A-Za-z0-9]{2,3}[0-9]{1,5}[A-Z]?-20[0-9]{2}[01][0-9][0-3][0-9]") {
            if let Ok(flight) = text.parse::<FlightId>() {
                let printed = flight.to_string();
                prop_assert_eq!(&printed.parse::<FlightId>().unwrap(), &flight);
                let stream = flight.stream();
                prop_assert_eq!(stream.category(), "flight");
                let _ = flight.date();
            }
        }

        #[test]
        fn foreign_text_never_panics(text in ".{0,24}") {
            let _ = (text.parse::<FlightId>(), text.parse::<Sign>(), text.parse::<AirportCode>());
            let _ = (record_locator(&text), surname(&text), given_name(&text));
        }
    }
}
