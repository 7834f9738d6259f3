//! Radio maps from files: surveys and lists of beacons, onto the plane of one venue.
//!
//! Three forms. A *survey* is CSV with one reading a line: `scan` (any name; the lines of one scan share it),
//! `level`, `transmitter` (a BSSID, or `uuid/major/minor`) and `rssi_dbm`. A table in UJIIndoorLoc's columns
//! has one scan a line ([`table`]). *Beacons* are CSV with one beacon a line: `uuid`, `major`, `minor`,
//! `level`, and `power_dbm` at one metre; what phones hear of them is predicted ([`beacons`]). Survey and
//! beacons tell places as `lon`, `lat` in degrees, or as `x_m`, `y_m` in metres east and north of an origin,
//! which the table's LONGITUDE and LATITUDE are too. Columns are known by their names, in any order; others
//! are left alone. Nothing of it is about a person.

use geo::Coord;

use super::beacons::{BeaconError, predict};
use super::datum::Datum;
use super::radio_map::{MapError, RadioMap};
use super::table::{self, TableError};
use super::track::Track;
use super::{Fingerprint, ScanError};
use crate::Snapshot;
use crate::graph::Frame;

mod lines;

pub use lines::LineError;

/// The largest file, in bytes.
pub const FILE_MAX: usize = 64 << 20;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Scans at known places, one reading a line.
    Survey,
    /// Scans at known places, one scan a line, in UJIIndoorLoc's columns.
    Uji,
    /// Beacons at known places.
    Beacons,
}

/// How a file tells places.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ground {
    /// The system of `lon`, `lat` and of the origin.
    pub datum: Datum,
    /// The point of `x_m` 0, `y_m` 0, as longitude and latitude in degrees.
    pub origin: Option<[f64; 2]>,
}

/// Why a file is no radio map of a venue.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// More than [`FILE_MAX`] bytes.
    #[error("the file is larger than {} MiB; thin the survey", FILE_MAX >> 20)]
    TooLarge,
    /// Metres from nowhere.
    #[error("origin: places are told in metres; say the longitude and latitude of x_m 0, y_m 0")]
    NoOrigin,
    /// An origin off the globe.
    #[error("origin: {0}, {1} is not a longitude and latitude in degrees")]
    Origin(f64, f64),
    /// A line that cannot be read.
    #[error(transparent)]
    Line(#[from] LineError),
    /// A table that cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Beacons that make no map.
    #[error(transparent)]
    Beacons(BeaconError),
    /// A survey that is refused, or is not of this venue.
    #[error(transparent)]
    Map(#[from] MapError),
}

impl From<BeaconError> for ImportError {
    fn from(error: BeaconError) -> Self {
        match error {
            BeaconError::Map(error) => Self::Map(error),
            error => Self::Beacons(error),
        }
    }
}

/// Reads a radio map and checks that it is one of this venue.
///
/// # Errors
/// When the file cannot be read, is too small or too large, or tells levels or places that the venue does not
/// have.
pub fn read(
    snapshot: &Snapshot,
    track: &Track,
    version: &str,
    form: Form,
    ground: Ground,
    bytes: &[u8],
) -> Result<RadioMap, ImportError> {
    if bytes.len() > FILE_MAX {
        return Err(ImportError::TooLarge);
    }
    let venue = snapshot.summary().id;
    let plane = Plane::new(snapshot.graph().frame(), ground)?;
    let map = match form {
        Form::Survey => RadioMap::compile(venue, version, lines::survey(bytes, &plane)?)?,
        Form::Uji => {
            let rows = table::read(bytes)?;
            let prints = rows.iter().filter_map(table::Row::fingerprint);
            let placed = prints.map(|print| Ok(Fingerprint { at: plane.metres(print.at)?, ..print }));
            RadioMap::compile(venue, version, placed.collect::<Result<_, ImportError>>()?)?
        }
        Form::Beacons => predict(venue, version, track, &lines::beacons(bytes, &plane)?)?,
    };
    map.check(snapshot)?;
    Ok(map)
}

/// From a file's places to the venue's plane.
struct Plane {
    frame: Frame,
    datum: Datum,
    origin: Option<Coord<f64>>,
}

impl Plane {
    fn new(frame: Frame, ground: Ground) -> Result<Self, ImportError> {
        let origin = match ground.origin {
            Some([lon, lat]) if !on_globe([lon, lat]) => return Err(ImportError::Origin(lon, lat)),
            Some(origin) => {
                let [lon, lat] = ground.datum.to_wgs84(origin);
                Some(frame.to_plane(lon, lat))
            }
            None => None,
        };
        Ok(Self { frame, datum: ground.datum, origin })
    }

    fn metres(&self, [east, north]: [f64; 2]) -> Result<[f64; 2], ImportError> {
        let origin = self.origin.ok_or(ImportError::NoOrigin)?;
        Ok([origin.x + east, origin.y + north])
    }

    fn degrees(&self, lon_lat: [f64; 2]) -> [f64; 2] {
        let [lon, lat] = self.datum.to_wgs84(lon_lat);
        let at = self.frame.to_plane(lon, lat);
        [at.x, at.y]
    }
}

fn on_globe([lon, lat]: [f64; 2]) -> bool {
    (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat)
}
