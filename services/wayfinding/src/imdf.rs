//! OGC Indoor Mapping Data Format 1.0.0 (OGC 20-094): the features an airport's ways are made of.
//!
//! Reading never fails and never panics: what cannot be read becomes a [`Finding`], and the rest is kept.
//! Features are sorted by id, so an archive's files and features may come in any order.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::check::Findings;
use crate::hours::Hours;
use crate::words::Labels;

mod fields;
mod read;
mod required;

pub(crate) use read::is_file;

/// The largest file that is read, in bytes; a larger one becomes a finding.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// An id of a feature: a UUID in lower case where the map keeps the standard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureId(Arc<str>);

impl FeatureId {
    /// Parses an id; `None` when it is empty, longer than 128 bytes, or holds control characters.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = !text.is_empty() && text.len() <= 128 && !text.chars().any(char::is_control);
        plain.then(|| Self(text.to_lowercase().into()))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether the id has the form of a UUID.
    pub fn is_uuid(&self) -> bool {
        self.0.len() == 36
            && self.0.bytes().enumerate().all(|(i, byte)| match i {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
    }

    pub(crate) fn derived(text: &str) -> Self {
        Self(text.into())
    }
}

impl Serialize for FeatureId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl std::fmt::Display for FeatureId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A point as longitude and latitude in WGS 84 degrees.
pub type LonLat = [f64; 2];

/// A polygon as rings of points; the first ring is the outside, the others are holes.
pub type Rings = Vec<Vec<LonLat>>;

/// A storey of one building, or of the outdoors.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) id: FeatureId,
    pub(crate) ordinal: i32,
    pub(crate) name: Labels,
    pub(crate) short_name: Labels,
    pub(crate) outdoor: bool,
    /// The buildings it is a storey of.
    pub(crate) building_ids: Vec<FeatureId>,
    pub(crate) display_point: Option<LonLat>,
    pub(crate) areas: Vec<Rings>,
}

/// A room, a hall, a lift car's place: a polygon of one level.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) id: FeatureId,
    pub(crate) category: String,
    pub(crate) restriction: Option<String>,
    pub(crate) level_id: FeatureId,
    pub(crate) name: Labels,
    pub(crate) areas: Vec<Rings>,
}

/// A fixture or kiosk: what stands on the floor and is walked around.
#[derive(Clone, Debug)]
pub(crate) struct Obstacle {
    pub(crate) id: FeatureId,
    pub(crate) level_id: FeatureId,
    pub(crate) areas: Vec<Rings>,
}

/// A door or passage, drawn as the line of its threshold.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) id: FeatureId,
    pub(crate) category: String,
    pub(crate) level_id: FeatureId,
    pub(crate) access_control: Vec<String>,
    pub(crate) line: Vec<LonLat>,
}

/// A gate, belt, toilet, lift: a service at a point in units.
#[derive(Clone, Debug)]
pub(crate) struct Amenity {
    pub(crate) id: FeatureId,
    pub(crate) category: String,
    pub(crate) unit_ids: Vec<FeatureId>,
    pub(crate) name: Labels,
    pub(crate) alt_name: Labels,
    pub(crate) hours: Option<Hours>,
    pub(crate) at: LonLat,
}

/// A shop or office that stands at an anchor.
#[derive(Clone, Debug)]
pub(crate) struct Occupant {
    pub(crate) id: FeatureId,
    pub(crate) category: String,
    pub(crate) anchor_id: FeatureId,
    pub(crate) name: Labels,
    pub(crate) alt_name: Labels,
    pub(crate) hours: Option<Hours>,
}

/// A point in a unit that occupants refer to.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub(crate) id: FeatureId,
    pub(crate) unit_id: FeatureId,
    pub(crate) at: LonLat,
}

/// A section or geofence: an area drawn over units.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) id: FeatureId,
    pub(crate) category: String,
    pub(crate) level_ids: Vec<FeatureId>,
    pub(crate) name: Labels,
    pub(crate) areas: Vec<Rings>,
}

/// An explicit way between two features.
#[derive(Clone, Debug)]
pub(crate) struct Relationship {
    pub(crate) id: FeatureId,
    pub(crate) category: String,
    pub(crate) directed: bool,
    pub(crate) origin: FeatureId,
    pub(crate) destination: FeatureId,
    /// What the way leads through: openings, units.
    pub(crate) through: Vec<FeatureId>,
    pub(crate) hours: Option<Hours>,
}

/// The venue: the airport as a whole.
#[derive(Clone, Debug)]
pub(crate) struct VenueFeature {
    pub(crate) id: FeatureId,
    pub(crate) category: String,
    pub(crate) name: Labels,
    pub(crate) areas: Vec<Rings>,
}

/// The ground that a building stands on.
#[derive(Clone, Debug)]
pub(crate) struct Footprint {
    pub(crate) id: FeatureId,
    pub(crate) areas: Vec<Rings>,
}

/// A reference from one feature to another that must resolve.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) file: &'static str,
    pub(crate) from: FeatureId,
    pub(crate) field: &'static str,
    pub(crate) to: FeatureId,
    /// The file the target must stand in; empty for any.
    pub(crate) target: &'static str,
}

/// An IMDF archive as read: typed features in order of their ids, and what was wrong with the rest.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    pub(crate) venues: Vec<VenueFeature>,
    /// Those on the ground.
    pub(crate) footprints: Vec<Footprint>,
    pub(crate) levels: Vec<Level>,
    pub(crate) units: Vec<Unit>,
    pub(crate) obstacles: Vec<Obstacle>,
    pub(crate) openings: Vec<Opening>,
    pub(crate) amenities: Vec<Amenity>,
    pub(crate) occupants: Vec<Occupant>,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) sections: Vec<Region>,
    pub(crate) geofences: Vec<Region>,
    pub(crate) relationships: Vec<Relationship>,
    /// Every feature id with the files it stands in, also of features that could not be read whole.
    pub(crate) ids: BTreeMap<FeatureId, Vec<&'static str>>,
    pub(crate) references: Vec<Reference>,
    /// The files that are there, by their bare names.
    pub(crate) files: Vec<String>,
    pub(crate) findings: Findings,
}

impl Archive {
    /// Reads an archive from its files, each a name and the bytes; folders in names are ignored.
    pub fn from_files<N: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>) -> Self {
        read::archive(files)
    }
}
