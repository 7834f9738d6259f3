//! What a phone heard at one moment, parsed once and never bad afterwards.

use std::{fmt, str::FromStr};

/// The most readings in a scan; a phone in a terminal hears some tens.
pub const READINGS_MAX: usize = 200;
/// The loudness that radios report, in dBm. Louder is a phone's code for "not known", softer is noise.
pub const RSSI_DBM: std::ops::RangeInclusive<f32> = -120.0..=0.0;

/// What sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transmitter {
    /// An iBeacon: the owner's UUID, and two numbers of the owner's choice.
    Beacon {
        /// The proximity UUID.
        uuid: u128,
        /// The group, such as a terminal.
        major: u16,
        /// The beacon in its group.
        minor: u16,
    },
    /// A Wi-Fi access point, by its BSSID.
    AccessPoint([u8; 6]),
}

/// Says that the name of a transmitter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransmitterError {
    /// A UUID is 32 hexadecimal digits, with or without hyphens.
    #[error("beacon uuid {0:?} is not 32 hexadecimal digits")]
    Uuid(String),
    /// A BSSID is six pairs of hexadecimal digits.
    #[error("bssid {0:?} is not six pairs of hexadecimal digits, such as 00:1a:2b:3c:4d:5e")]
    Bssid(String),
}

impl Transmitter {
    /// Returns the beacon of a UUID as text.
    ///
    /// # Errors
    /// When the UUID is not 32 hexadecimal digits, with or without hyphens.
    pub fn beacon(uuid: &str, major: u16, minor: u16) -> Result<Self, TransmitterError> {
        let digits: String = uuid.chars().filter(|c| *c != '-').take(33).collect();
        let whole = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let uuid = whole.then(|| u128::from_str_radix(&digits, 16).ok()).flatten();
        let uuid = uuid.ok_or_else(|| TransmitterError::Uuid(excerpt(&digits)))?;
        Ok(Self::Beacon { uuid, major, minor })
    }

    /// Returns the access point of a BSSID as text.
    ///
    /// # Errors
    /// When it is not six pairs of hexadecimal digits, apart by `:` or `-`.
    pub fn access_point(bssid: &str) -> Result<Self, TransmitterError> {
        let wrong = || TransmitterError::Bssid(excerpt(bssid));
        let mut octets = [0; 6];
        let mut pairs = bssid.split([':', '-']);
        for octet in &mut octets {
            let pair = pairs.next().filter(|pair| pair.len() == 2).ok_or_else(wrong)?;
            *octet = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        if pairs.next().is_some() { Err(wrong()) } else { Ok(Self::AccessPoint(octets)) }
    }
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

impl FromStr for Transmitter {
    type Err = TransmitterError;

    /// Reads what `Display` writes: a BSSID, or `uuid/major/minor`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        let (Some(uuid), Some(major), Some(minor), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Self::access_point(text);
        };
        let number = |text: &str| text.parse().map_err(|_| TransmitterError::Uuid(excerpt(text)));
        Self::beacon(uuid, number(major)?, number(minor)?)
    }
}

impl fmt::Display for Transmitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beacon { uuid, major, minor } => write!(f, "{uuid:032x}/{major}/{minor}"),
            Self::AccessPoint([a, b, c, d, e, g]) => {
                write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
            }
        }
    }
}

/// How loud one transmitter was heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// What was heard.
    pub transmitter: Transmitter,
    /// The received strength in dBm, within [`RSSI_DBM`].
    pub rssi_dbm: f32,
}

/// All that a phone heard at one moment: at least one reading, none twice, in order of transmitters.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    readings: Vec<Reading>,
}

/// Why a scan is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScanError {
    /// Nothing was heard.
    #[error("the scan has no readings; scan again, with Bluetooth or Wi-Fi on")]
    Empty,
    /// More readings than a phone can hear.
    #[error("the scan has {0} readings; send the loudest {READINGS_MAX}")]
    TooMany(usize),
    /// A strength that no radio reports.
    #[error(
        "reading {index}: {rssi_dbm} dBm is not within -120 to 0; leave out readings of unknown strength"
    )]
    Rssi {
        /// The reading's place in the scan, from 0.
        index: usize,
        /// The strength as given.
        rssi_dbm: f32,
    },
    /// One transmitter is there twice.
    #[error("{0} is in the scan twice; send its mean")]
    Duplicate(Transmitter),
}

impl Scan {
    /// Takes what was heard, in any order.
    ///
    /// # Errors
    /// When there is nothing, too much, a strength out of range or a transmitter twice.
    pub fn new(mut readings: Vec<Reading>) -> Result<Self, ScanError> {
        if readings.is_empty() {
            return Err(ScanError::Empty);
        }
        if readings.len() > READINGS_MAX {
            return Err(ScanError::TooMany(readings.len()));
        }
        if let Some((index, reading)) =
            readings.iter().enumerate().find(|(_, reading)| !RSSI_DBM.contains(&reading.rssi_dbm))
        {
            return Err(ScanError::Rssi { index, rssi_dbm: reading.rssi_dbm });
        }
        readings.sort_by_key(|reading| reading.transmitter);
        if let Some(pair) = readings.windows(2).find(|pair| pair[0].transmitter == pair[1].transmitter) {
            return Err(ScanError::Duplicate(pair[0].transmitter));
        }
        Ok(Self { readings })
    }

    /// Returns the readings in order of their transmitters.
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }
}
