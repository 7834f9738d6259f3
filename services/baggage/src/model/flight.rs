//! Flights and airports as messages name them.
//!
//! `ZH101` and `ZH0101` are one flight, `ZH101A` is another: senders pad the number as they like,
//! but the operational suffix is part of the identity.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

/// An IATA airport code (Resolution 763): three letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AirportCode([u8; 3]);

/// An airline designator: two characters with at least one letter (IATA), or three letters (ICAO).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CarrierCode([u8; 3]);

/// A flight designator (SSIM): carrier, number without leading zeros, operational suffix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlightDesignator {
    carrier: CarrierCode,
    number: u32,
    suffix: Option<u8>,
}

/// A flight on a day: the id of the flight's stream, such as `ZH9101-20261120`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatedFlight {
    /// The flight.
    pub designator: FlightDesignator,
    /// Its local scheduled day of departure at the origin.
    pub date: Date,
}

/// Says which part of a flight or airport cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FlightError {
    /// The airport is not three letters.
    #[error("airport is not three letters; send its IATA code, such as SZX")]
    Airport,
    /// The carrier is neither two characters with a letter nor three letters.
    #[error("carrier is not a two or three character designator; send it as in ZH9101 or CSZ9101")]
    Carrier,
    /// The number is not 1 to 99999.
    #[error("flight number is not 1 to 99999; send one to five digits after the carrier")]
    Number,
    /// Something other than one letter follows the number.
    #[error("flight suffix is not one letter; send at most one letter after the number")]
    Suffix,
    /// The day is not eight digits of a date that exists.
    #[error("flight date is not a day as YYYYMMDD; send the id as in ZH9101-20261120")]
    Date,
}

impl AirportCode {
    /// Returns the code in upper case.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("holds ASCII letters only")
    }
}

impl FromStr for AirportCode {
    type Err = FlightError;

    fn from_str(text: &str) -> Result<Self, FlightError> {
        match *text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_alphabetic) => {
                Ok(Self([a, b, c].map(|letter| letter.to_ascii_uppercase())))
            }
            _ => Err(FlightError::Airport),
        }
    }
}

impl CarrierCode {
    /// Returns the designator in upper case.
    pub fn as_str(&self) -> &str {
        let length = if self.0[2] == 0 { 2 } else { 3 };
        std::str::from_utf8(&self.0[..length]).expect("holds ASCII letters and digits only")
    }

    /// Takes the carrier off the front of a designator. Three letters are an ICAO designator;
    /// otherwise the first two characters are the IATA one.
    fn split(text: &str) -> Result<(Self, &str), FlightError> {
        let upper = |b: u8| b.to_ascii_uppercase();
        match *text.as_bytes() {
            [a, b, c, ..] if [a, b, c].iter().all(u8::is_ascii_alphabetic) => {
                Ok((Self([upper(a), upper(b), upper(c)]), &text[3..]))
            }
            [a, b, ..]
                if [a, b].iter().all(u8::is_ascii_alphanumeric)
                    && [a, b].iter().any(u8::is_ascii_alphabetic) =>
            {
                Ok((Self([upper(a), upper(b), 0]), &text[2..]))
            }
            _ => Err(FlightError::Carrier),
        }
    }
}

impl FlightDesignator {
    /// Returns the carrier.
    pub fn carrier(&self) -> CarrierCode {
        self.carrier
    }

    /// Returns the number, 1 to 99999.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns the operational suffix, an upper case letter.
    pub fn suffix(&self) -> Option<char> {
        self.suffix.map(char::from)
    }
}

impl FromStr for FlightDesignator {
    type Err = FlightError;

    fn from_str(text: &str) -> Result<Self, FlightError> {
        let (carrier, rest) = CarrierCode::split(text)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, suffix) = rest.split_at(digits);
        let number = match number.parse() {
            Ok(number @ 1..=99_999) if digits <= 5 => number,
            _ => return Err(FlightError::Number),
        };
        let suffix = match suffix.as_bytes() {
            [] => None,
            [letter] if letter.is_ascii_alphabetic() => Some(letter.to_ascii_uppercase()),
            _ => return Err(FlightError::Suffix),
        };
        Ok(Self { carrier, number, suffix })
    }
}

impl FromStr for DatedFlight {
    type Err = FlightError;

    fn from_str(text: &str) -> Result<Self, FlightError> {
        let (designator, day) = text.rsplit_once('-').ok_or(FlightError::Date)?;
        if day.len() != 8 || !day.bytes().all(|b| b.is_ascii_digit()) {
            return Err(FlightError::Date);
        }
        let part = |range: std::ops::Range<usize>| day[range].parse::<i16>().map_err(|_| FlightError::Date);
        let small = |value: i16| i8::try_from(value).map_err(|_| FlightError::Date);
        let date = Date::new(part(0..4)?, small(part(4..6)?)?, small(part(6..8)?)?);
        Ok(Self { designator: designator.parse()?, date: date.map_err(|_| FlightError::Date)? })
    }
}

impl fmt::Display for AirportCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for CarrierCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for FlightDesignator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.carrier, self.number)?;
        self.suffix().map_or(Ok(()), |suffix| write!(f, "{suffix}"))
    }
}

impl fmt::Display for DatedFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.date.year(), self.date.month(), self.date.day());
        write!(f, "{}-{year:04}{month:02}{day:02}", self.designator)
    }
}

/// A value of these types is its text in logs, and where people read it; its parts where only we do.
macro_rules! written_as_text {
    ($($type:ty),+) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.parts().serialize(serializer)
                }
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
                } else {
                    Self::of_parts(Deserialize::deserialize(deserializer)?).map_err(D::Error::custom)
                }
            }
        }
    )+};
}
written_as_text!(AirportCode, FlightDesignator, DatedFlight);

impl AirportCode {
    fn parts(self) -> [u8; 3] {
        self.0
    }

    fn of_parts(letters: [u8; 3]) -> Result<Self, FlightError> {
        std::str::from_utf8(&letters).map_err(|_| FlightError::Airport)?.parse()
    }
}

/// Carrier, number, suffix.
type DesignatorParts = ([u8; 3], u32, Option<u8>);

impl FlightDesignator {
    fn parts(self) -> DesignatorParts {
        (self.carrier.0, self.number, self.suffix)
    }

    fn of_parts((carrier, number, suffix): DesignatorParts) -> Result<Self, FlightError> {
        let length = if carrier[2] == 0 { 2 } else { 3 };
        let text = std::str::from_utf8(&carrier[..length]).map_err(|_| FlightError::Carrier)?;
        let (carrier, rest) = CarrierCode::split(text)?;
        if !rest.is_empty() {
            return Err(FlightError::Carrier);
        }
        if !(1..=99_999).contains(&number) {
            return Err(FlightError::Number);
        }
        if !suffix.is_none_or(|letter| letter.is_ascii_uppercase()) {
            return Err(FlightError::Suffix);
        }
        Ok(Self { carrier, number, suffix })
    }
}

/// Designator, year, month, day.
type DatedParts = (DesignatorParts, i16, i8, i8);

impl DatedFlight {
    fn parts(self) -> DatedParts {
        (self.designator.parts(), self.date.year(), self.date.month(), self.date.day())
    }

    fn of_parts((designator, year, month, day): DatedParts) -> Result<Self, FlightError> {
        let date = Date::new(year, month, day).ok().filter(|_| year >= 0).ok_or(FlightError::Date)?;
        Ok(Self { designator: FlightDesignator::of_parts(designator)?, date })
    }
}

impl fmt::Debug for CarrierCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(text: &str) -> FlightDesignator {
        text.parse().unwrap()
    }

    #[test]
    fn padding_is_not_identity_and_a_suffix_is() {
        assert_eq!(flight("ZH101"), flight("ZH0101"));
        assert_eq!(flight("zh00101"), flight("ZH101"));
        assert_ne!(flight("ZH101"), flight("ZH101A"));
        assert_ne!(flight("ZH101"), flight("CSZ101"));
        assert_eq!(flight("ZH0101a").to_string(), "ZH101A");
    }

    #[test]
    fn a_carrier_may_begin_or_end_with_a_digit() {
        for (text, carrier, number) in [("9C8801", "9C", 8801), ("3U8901", "3U", 8901), ("U22", "U2", 2)] {
            assert_eq!((flight(text).carrier().as_str(), flight(text).number()), (carrier, number));
        }
        let icao = flight("CSZ9101A");
        assert_eq!((icao.carrier().as_str(), icao.number(), icao.suffix()), ("CSZ", 9101, Some('A')));
        assert_eq!(flight("ZH12345").number(), 12345);
    }

    #[test]
    fn what_is_not_a_flight_says_which_part() {
        for (text, error) in [
            ("", FlightError::Carrier),
            ("Z", FlightError::Carrier),
            ("12345", FlightError::Carrier),
            ("深圳101", FlightError::Carrier),
            ("ZH", FlightError::Number),
            ("ZH0000", FlightError::Number),
            ("ZH123456", FlightError::Number),
            ("ZH000001", FlightError::Number),
            ("ZH101AB", FlightError::Suffix),
            ("ZH101-", FlightError::Suffix),
            ("ZH101é", FlightError::Suffix),
        ] {
            assert_eq!(text.parse::<FlightDesignator>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_dated_flight_reads_back_what_it_prints() {
        let text = "ZH9101A-20261120";
        let dated: DatedFlight = text.parse().unwrap();
        assert_eq!(dated.to_string(), text);
        assert_eq!("ZH09101A-20261120".parse(), Ok(dated));
        for bad in ["ZH9101A", "ZH9101-20261131", "ZH9101-2026112", "ZH9101-+2026112", "-20261120"] {
            assert!(bad.parse::<DatedFlight>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_kept_in_parts_is_what_it_was_or_an_error() {
        for text in ["ZH9101-20261120", "CSZ1-20240229", "9C99999Z-20261231"] {
            let dated: DatedFlight = text.parse().unwrap();
            let bytes = postcard::to_stdvec(&dated).unwrap();
            assert_eq!(postcard::from_bytes::<DatedFlight>(&bytes), Ok(dated));
            assert_eq!(serde_json::to_string(&dated).unwrap(), format!("{text:?}"));
            for place in 0..bytes.len() {
                for byte in 0..=u8::MAX {
                    let mut other = bytes.clone();
                    other[place] = byte;
                    if let Ok(other) = postcard::from_bytes::<DatedFlight>(&other) {
                        assert_eq!(other.to_string().parse(), Ok(other));
                    }
                }
            }
        }
        let airport: AirportCode = "SZX".parse().unwrap();
        assert_eq!(postcard::from_bytes(&postcard::to_stdvec(&airport).unwrap()), Ok(airport));
        assert!(postcard::from_bytes::<AirportCode>(b"S1X").is_err());
    }

    #[test]
    fn an_airport_is_three_letters_in_upper_case() {
        assert_eq!("szx".parse::<AirportCode>().unwrap().as_str(), "SZX");
        for bad in ["", "SZ", "SZXX", "S1X", "深"] {
            assert_eq!(bad.parse::<AirportCode>(), Err(FlightError::Airport), "{bad}");
        }
    }
}
