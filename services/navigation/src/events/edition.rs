//! The facts of `map-<code>` and their stored form.

use airside_api::navigation::v1;
use airside_kernel::{DecodeError, RecordedEvent, StoredEvent};
use bytes::Bytes;
use prost::Message;

use crate::model::edition::{Edition, Format, Note, VenueMap};

const VENUE_PUBLISHED: &str = "navigation.VenuePublished";
const VENUE_ROLLED_BACK: &str = "navigation.VenueRolledBack";

/// A fact of a venue's map. Each says by itself what is shown from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapEvent {
    /// A new version is shown.
    Published {
        /// The version.
        edition: Edition,
        /// What changed.
        note: Note,
    },
    /// An earlier version is shown again.
    RolledBack {
        /// The version.
        edition: Edition,
        /// Why.
        note: Note,
        /// The highest number that a version has.
        newest: u32,
    },
}

impl MapEvent {
    /// Returns what is shown from then on.
    pub fn edition(&self) -> &Edition {
        match self {
            Self::Published { edition, .. } | Self::RolledBack { edition, .. } => edition,
        }
    }

    /// Returns the operator's words.
    pub fn note(&self) -> &Note {
        match self {
            Self::Published { note, .. } | Self::RolledBack { note, .. } => note,
        }
    }
}

impl StoredEvent for MapEvent {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self {
            Self::Published { .. } => VENUE_PUBLISHED,
            Self::RolledBack { .. } => VENUE_ROLLED_BACK,
        }
    }

    fn encode(&self) -> Bytes {
        let (version, note) = (self.edition().version, self.note().as_str().to_owned());
        let map = Some(stored(&self.edition().map));
        let bytes = match self {
            Self::Published { .. } => v1::VenuePublished { version, map, note }.encode_to_vec(),
            Self::RolledBack { newest, .. } => {
                v1::VenueRolledBack { version, map, note, newest_version: *newest }.encode_to_vec()
            }
        };
        bytes.into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        let event_type = event.type_up_to(1)?;
        let damaged = |error: prost::DecodeError| DecodeError::malformed(event_type, error.to_string());
        let fact = match event_type {
            VENUE_PUBLISHED => {
                let v1::VenuePublished { version, map, note } =
                    v1::VenuePublished::decode(event.payload()).map_err(damaged)?;
                Self::Published { edition: edition(event_type, version, map)?, note: Note::stored(&note) }
            }
            VENUE_ROLLED_BACK => {
                let v1::VenueRolledBack { version, map, note, newest_version } =
                    v1::VenueRolledBack::decode(event.payload()).map_err(damaged)?;
                Self::RolledBack {
                    edition: edition(event_type, version, map)?,
                    note: Note::stored(&note),
                    newest: newest_version,
                }
            }
            _ => return Err(DecodeError::unknown(event)),
        };
        Ok([fact])
    }
}

/// Returns the stored form of a map.
pub fn stored(map: &VenueMap) -> v1::VenueMap {
    let format = match map.format {
        None => v1::MapFormat::Unspecified,
        Some(Format::Imdf) => v1::MapFormat::Imdf,
        Some(Format::Mlit) => v1::MapFormat::Mlit,
        Some(Format::Gtfs) => v1::MapFormat::Gtfs,
    };
    v1::VenueMap {
        digest: map.digest.to_string(),
        size: map.size,
        format: format.into(),
        time_zone: map.time_zone.as_str().to_owned(),
        warnings: map.warnings,
        notes: map.notes,
        levels: map.levels,
        places: map.places,
    }
}

/// Returns a version of its stored form.
///
/// # Errors
/// When it says no map, or names none.
pub fn edition(what: &str, version: u32, map: Option<v1::VenueMap>) -> Result<Edition, DecodeError> {
    let malformed = |problem: &str| DecodeError::malformed(what, problem);
    let map = map.ok_or_else(|| malformed("map is missing"))?;
    let format = match map.format() {
        v1::MapFormat::Unspecified => None,
        v1::MapFormat::Imdf => Some(Format::Imdf),
        v1::MapFormat::Mlit => Some(Format::Mlit),
        v1::MapFormat::Gtfs => Some(Format::Gtfs),
    };
    let map = VenueMap {
        digest: map.digest.parse().map_err(|_| malformed("digest is none"))?,
        size: map.size,
        format,
        time_zone: map.time_zone.parse().map_err(|_| malformed("time_zone is no name of a zone"))?,
        warnings: map.warnings,
        notes: map.notes,
        levels: map.levels,
        places: map.places,
    };
    Ok(Edition { version, map })
}
