//! The versions of a venue's map.

use std::{fmt, str::FromStr, sync::Arc};

use airside_kernel::StreamId;
use airside_wayfinding::Source;
use thiserror::Error;

use super::VenueCode;
use crate::blobs::Digest;

/// The category of the streams of a venue's map: `map-<code>`.
pub const MAP: &str = "map";

const MAX_NOTE_CHARS: usize = 200;
const MAX_ZONE_CHARS: usize = 64;

impl VenueCode {
    /// Returns the stream of the venue's map.
    pub fn map_stream(&self) -> StreamId {
        StreamId::new(MAP, self).expect("a category of the house and a code make a stream name")
    }
}

/// What a map is drawn in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OGC Indoor Mapping Data Format 1.0.0.
    Imdf,
    /// Indoor layers and the pedestrian network of Japan's MLIT.
    Mlit,
    /// Stations of GTFS.
    Gtfs,
}

impl Format {
    /// Returns the format of a map; `None` for files that are no map.
    pub fn of(source: &Source) -> Option<Self> {
        match source {
            Source::Imdf(_) => Some(Self::Imdf),
            Source::Mlit(_) => Some(Self::Mlit),
            Source::Gtfs(_) => Some(Self::Gtfs),
            Source::Unread(_) => None,
        }
    }
}

/// The name of a time zone in the IANA database, such as `Asia/Shanghai`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneName(Arc<str>);

/// A text that names no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("use a name of the IANA database, such as Asia/Shanghai")]
pub struct InvalidZone;

impl ZoneName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ZoneName {
    type Err = InvalidZone;

    fn from_str(text: &str) -> Result<Self, InvalidZone> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
        if (1..=MAX_ZONE_CHARS).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidZone)
        }
    }
}

/// What changed, in the operator's words; may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Note(Arc<str>);

/// A note that cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("say in at most 200 characters on one line what changed")]
pub struct InvalidNote;

impl Note {
    /// Returns the note as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a note as it was stored.
    pub(crate) fn stored(text: &str) -> Self {
        Self(text.into())
    }
}

impl FromStr for Note {
    type Err = InvalidNote;

    fn from_str(text: &str) -> Result<Self, InvalidNote> {
        let text = text.trim();
        if text.chars().count() <= MAX_NOTE_CHARS && !text.chars().any(char::is_control) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidNote)
        }
    }
}

/// A map that passed the checks, and what they found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueMap {
    /// Names its content.
    pub digest: Digest,
    /// Bytes of its content.
    pub size: u64,
    /// What it was drawn in; `None` when a newer program knows it.
    pub format: Option<Format>,
    /// The time zone of the venue.
    pub time_zone: ZoneName,
    /// How many warnings the checks gave.
    pub warnings: u32,
    /// How many notes the checks gave.
    pub notes: u32,
    /// How many levels it has.
    pub levels: u32,
    /// How many places it has.
    pub places: u32,
}

impl VenueMap {
    /// Tells whether publishing one where the other is shown changes nothing.
    pub fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest && self.time_zone == other.time_zone
    }
}

/// A version of a venue's map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Its number: 1, 2, 3 and so on.
    pub version: u32,
    /// Its map.
    pub map: VenueMap,
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {}", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_named_and_a_note_is_one_line() {
        assert_eq!("Asia/Shanghai".parse::<ZoneName>().unwrap().as_str(), "Asia/Shanghai");
        assert!("Etc/GMT+8".parse::<ZoneName>().is_ok());
        for zone in ["", "UTC 8", "上海", &"a".repeat(65)] {
            assert_eq!(zone.parse::<ZoneName>(), Err(InvalidZone), "{zone}");
        }
        assert_eq!(" 新增 A9 登机口 ".parse::<Note>().unwrap().as_str(), "新增 A9 登机口");
        assert_eq!("".parse::<Note>(), Ok(Note::default()));
        for note in ["one\ntwo", &"字".repeat(201)] {
            assert_eq!(note.parse::<Note>(), Err(InvalidNote), "{note}");
        }
    }
}
