//! The licence plate: the ten digits on a bag tag.
//!
//! A plate is reused within days, so it names a tag, not a bag. Serial 000000 is forbidden by
//! IATA, and ten zeros mean that a reader saw a bag and no tag; neither is a plate.

use std::fmt;
use std::str::FromStr;

use airside_kernel::StreamId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

/// A ten-digit baggage licence plate (IATA Resolution 740, RP 1740b).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LicencePlate(u64);

/// Says why ten characters are not a licence plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PlateError {
    /// The text is not exactly ten digits.
    #[error(
        "licence plate is not ten digits; send leading digit, issuer code and serial, such as 0479123456"
    )]
    Form,
    /// The text is `0000000000`, which readers send when they saw no tag.
    #[error("licence plate 0000000000 means that no tag was read; send it as a no-read")]
    NoRead,
    /// The serial is 000000, which IATA forbids.
    #[error("licence plate has serial 000000, which no tag may carry; read the tag again")]
    SerialZero,
}

/// The use of a tag, told by the plate's leading digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlateKind {
    /// Printed at check-in for this journey: leading digit 0.
    Checked,
    /// Pre-printed for when systems are down; no BSM will exist: leading digit 1.
    Fallback,
    /// Tags a bag that travels after its passenger: leading digit 2.
    Rush,
    /// Free for the airline, in use as for 0: leading digits 3 to 9.
    Airline,
}

const SERIALS: u64 = 1_000_000;

impl LicencePlate {
    /// Parses ten digits.
    ///
    /// # Errors
    /// Returns [`PlateError`] when the text is not ten digits, all zeros, or has serial 000000.
    pub fn parse(text: &str) -> Result<Self, PlateError> {
        if text.len() != 10 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PlateError::Form);
        }
        let value = text.bytes().fold(0, |value, b| value * 10 + u64::from(b - b'0'));
        match value {
            0 => Err(PlateError::NoRead),
            _ if value % SERIALS == 0 => Err(PlateError::SerialZero),
            _ => Ok(Self(value)),
        }
    }

    /// Returns its stream.
    pub fn stream(self) -> StreamId {
        StreamId::new("bag", self).expect("ten digits make a stream name")
    }

    /// Returns the three-digit baggage issuer code (Resolution 769), such as 479 for ZH.
    pub fn issuer(self) -> u16 {
        u16::try_from(self.0 / SERIALS % 1000).expect("a remainder of 1000 fits")
    }

    /// Returns the serial, 1 to 999999.
    pub fn serial(self) -> u32 {
        u32::try_from(self.0 % SERIALS).expect("a remainder of a million fits")
    }

    /// Returns what the tag is for.
    pub fn kind(self) -> PlateKind {
        match self.0 / (SERIALS * 1000) {
            0 => PlateKind::Checked,
            1 => PlateKind::Fallback,
            2 => PlateKind::Rush,
            _ => PlateKind::Airline,
        }
    }

    /// Returns the plate with the next serial of the same leading digit and issuer. After 999999
    /// comes 000001: a range never carries into another issuer's plates.
    #[must_use]
    pub fn following(self) -> Self {
        let block = self.0 - self.0 % SERIALS;
        Self(block + self.0 % SERIALS % (SERIALS - 1) + 1)
    }

    /// Returns the first plate of the block that ten digits with serial 000000 point at; `None`
    /// for anything else.
    pub(crate) fn after_serial_zero(text: &str) -> Option<Self> {
        let last = text.get(..9).map(|head| format!("{head}1"))?;
        (Self::parse(text) == Err(PlateError::SerialZero)).then(|| Self::parse(&last).ok())?
    }
}

impl fmt::Display for LicencePlate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

impl fmt::Debug for LicencePlate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for LicencePlate {
    type Err = PlateError;

    fn from_str(text: &str) -> Result<Self, PlateError> {
        Self::parse(text)
    }
}

/// Ten digits where people read it, a number where only we do.
impl Serialize for LicencePlate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for LicencePlate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = if deserializer.is_human_readable() {
            String::deserialize(deserializer)?
        } else {
            format!("{:010}", u64::deserialize(deserializer)?)
        };
        Self::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plate(text: &str) -> LicencePlate {
        text.parse().unwrap()
    }

    #[test]
    fn a_plate_tells_issuer_serial_and_kind() {
        let p = plate("3479000101");
        assert_eq!((p.issuer(), p.serial(), p.kind()), (479, 101, PlateKind::Airline));
        assert_eq!(plate("0125728359").kind(), PlateKind::Checked);
        assert_eq!(plate("1479000007").kind(), PlateKind::Fallback);
        assert_eq!(plate("2479000033").kind(), PlateKind::Rush);
        assert_eq!(plate("0001000001").to_string(), "0001000001");
    }

    #[test]
    fn only_ten_digits_with_a_serial_are_a_plate() {
        for (text, error) in [
            ("", PlateError::Form),
            ("479123456", PlateError::Form),
            ("04791234567", PlateError::Form),
            ("0479 23456", PlateError::Form),
            ("０479123456", PlateError::Form),
            ("0000000000", PlateError::NoRead),
            ("0479000000", PlateError::SerialZero),
        ] {
            assert_eq!(LicencePlate::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_serial_after_999999_is_000001_of_the_same_issuer() {
        assert_eq!(plate("0479999999").following(), plate("0479000001"));
        assert_eq!(plate("0479999998").following(), plate("0479999999"));
        assert_eq!(plate("0479000001").following(), plate("0479000002"));
    }

    #[test]
    fn a_plate_is_a_string_in_json() {
        assert_eq!(serde_json::to_string(&plate("0479000001")).unwrap(), r#""0479000001""#);
        assert!(serde_json::from_str::<LicencePlate>(r#""0479000000""#).is_err());
    }
}
