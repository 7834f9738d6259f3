//! Value types of trips. Each parses once, at the edge, and never holds a bad value.
//!
//! Names are compared, not shown: systems write one booking in many ways. So a
//! record locator is brought to one form, and a surname to all of its forms,
//! before they meet (`name.rs`).

mod name;

use std::{fmt, str::FromStr, sync::Arc};

use airside_kernel::{Personal, SubjectId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

pub use name::{Surname, TagName};

/// Says what is wrong with a value and what to send instead. It never repeats the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);

/// A flight on its local day of departure, such as `ZH9101-20261120`; `ZH09101-20261120` is the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FlightId(Arc<str>);

impl FlightId {
    /// Returns the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the local day of its scheduled departure.
    pub fn date(&self) -> Date {
        let day = self.0.rsplit_once('-').and_then(|(_, day)| day_of(day));
        day.expect("parsing has checked the day")
    }
}

impl FromStr for FlightId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (designator, day) = text
            .rsplit_once('-')
            .filter(|(_, day)| day_of(day).is_some())
            .ok_or(Invalid("it does not end in a day that exists; send it as in ZH9101-20261120"))?;
        match canonical(designator) {
            Some(designator) => Ok(Self(format!("{designator}-{day}").into())),
            None => Err(Invalid("it does not begin with carrier and number; send it as in ZH9101-20261120")),
        }
    }
}

fn day_of(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}

/// Returns carrier, number without zeros, and suffix, in upper case.
fn canonical(designator: &str) -> Option<String> {
    let carrier_chars = match *designator.as_bytes() {
        [a, b, c, ..] if [a, b, c].iter().all(u8::is_ascii_alphabetic) => 3,
        [a, b, ..] if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() => 2,
        _ => return None,
    };
    let (carrier, rest) = designator.split_at(carrier_chars);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = rest.split_at(digits);
    let number = number.parse::<u32>().ok().filter(|number| digits <= 5 && *number > 0)?;
    let has_letter = carrier.bytes().any(|b| b.is_ascii_alphabetic());
    let is_suffix = suffix.len() <= 1 && suffix.bytes().all(|b| b.is_ascii_alphabetic());
    (has_letter && is_suffix).then(|| format!("{carrier}{number}{suffix}").to_ascii_uppercase())
}

/// A ten-digit licence plate (IATA Resolution 740).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Plate([u8; 10]);

impl Plate {
    /// Returns the digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("it holds ten ASCII digits")
    }
}

impl FromStr for Plate {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match <[u8; 10]>::try_from(text.as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) && text != "0000000000" => Ok(Self(digits)),
            _ => Err(Invalid("it is not ten digits; send the number under the bar code, such as 0479123456")),
        }
    }
}

/// One journey of a bag.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JourneyId(pub Uuid);

impl FromStr for JourneyId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Uuid::try_parse(text)
            .map(Self)
            .map_err(|_| Invalid("it is not a journey id; send the one you were given"))
    }
}

macro_rules! shown_as_text {
    ($($type:ty: $show:expr),+) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let show: fn(&$type, &mut fmt::Formatter<'_>) -> fmt::Result = $show;
                show(self, f)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )+};
}
shown_as_text!(
    FlightId: |id, f| f.write_str(id.as_str()),
    Plate: |plate, f| f.write_str(plate.as_str()),
    JourneyId: |id, f| id.0.fmt(f)
);

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
kept_as_text!(FlightId, Plate);

/// A record locator (PNR) in the form in which locators are compared; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordLocator(String);

impl RecordLocator {
    /// Returns the locator as messages write it: what stands before the first slash.
    pub fn of(text: &str) -> Self {
        let locator = text.split('/').next().unwrap_or_default();
        Self(locator.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect())
    }

    /// Returns the compared form; empty when there was none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RecordLocator {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match matches!(text.len(), 5 | 6) && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            true => Ok(Self::of(text)),
            false => Err(Invalid("it is not 5 or 6 letters and digits; send the booking's record locator")),
        }
    }
}

/// The booking under which a person travels on a flight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Booking {
    /// Whose data this is: the person.
    pub subject: SubjectId,
    /// The surname in the compared form.
    pub surname: Personal,
    /// The record locator in the compared form.
    pub record_locator: Personal,
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
    fn a_flight_id_reads_as_it_does_everywhere() {
        check("ZH09101-20261120", Some("ZH9101-20261120"));
        check("zh9101a-20261120", Some("ZH9101A-20261120"));
        check("CSZ9101-20261120", Some("CSZ9101-20261120"));
        for text in
            ["", "ZH9101", "ZH9101-20261131", "ZH0-20261120", "99123-20261120", "ZH123456-20261120", "张-1"]
        {
            check(text, None);
        }
    }

    #[test]
    fn a_plate_is_ten_digits_and_not_the_no_read() {
        assert!("0479123456".parse::<Plate>().is_ok());
        for text in ["", "479123456", "04791234567", "047912345x", "0000000000", "０４７９１"] {
            assert!(text.parse::<Plate>().is_err(), "{text}");
        }
    }

    #[test]
    fn one_locator_is_one_in_any_case() {
        assert!(RecordLocator::of("ABC123") == "abc123".parse().unwrap());
        for text in ["", "ABC1", "ABC1234", "ABC-12"] {
            assert!(text.parse::<RecordLocator>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn foreign_text_never_panics(text in ".{0,24}") {
            let _ = (text.parse::<FlightId>(), text.parse::<Plate>(), text.parse::<JourneyId>());
            let _ = (text.parse::<Surname>(), text.parse::<RecordLocator>());
        }
    }
}
