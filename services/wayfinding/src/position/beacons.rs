//! A radio map without a survey: what a phone should hear of beacons whose places are known.
//!
//! A beacon fades by the logarithm of the distance and by every floor between. For each cell of the track the
//! loudness of all beacons is predicted and becomes a fingerprint, so that a predicted map and a surveyed one
//! are asked alike. A prediction knows no walls; a survey of the same venue replaces it.

use super::radio_map::{FINGERPRINTS_MAX, Fingerprint, MapError, RadioMap};
use super::scan::{READINGS_MAX, RSSI_DBM, Reading, Scan, Transmitter};
use super::track::{Cell, Track};
use crate::imdf::FeatureId;

/// How fast a beacon fades: the exponent of the distance, between free space (2) and crowded halls (3).
pub const FADE: f64 = 2.2;
/// What a floor between takes, in dB.
pub const FLOOR_DB: f64 = 16.0;
/// How high phones are held below beacons, in metres.
pub const HEIGHT_M: f64 = 2.0;
/// The faintest that a phone hears, in dBm.
pub const FAINTEST_DBM: f64 = -95.0;
/// The most beacons of a venue.
pub const BEACONS_MAX: usize = 5_000;

/// A beacon whose place is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beacon {
    /// What it sends.
    pub transmitter: Transmitter,
    /// The level's ordinal.
    pub level: i32,
    /// The position in metres on the venue's plane.
    pub at: [f64; 2],
    /// How loud it is at one metre, in dBm.
    pub power_dbm: f64,
}

/// Why beacons make no map.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BeaconError {
    /// More than a venue has.
    #[error("{0} beacons are too many; a map takes {BEACONS_MAX}")]
    TooMany(usize),
    /// One beacon is there twice.
    #[error("beacon {0} is there twice")]
    Duplicate(Transmitter),
    /// A power that no beacon has, or a place that is no number.
    #[error("beacon {0} has no finite place or a power that is not within -120 to 0 dBm")]
    Beacon(Transmitter),
    /// The predicted survey is refused.
    #[error("the predicted survey is refused")]
    Map(#[from] MapError),
}

impl Beacon {
    /// Returns how loud the beacon should be at a cell, in dBm.
    pub fn loudness_dbm(&self, cell: &Cell) -> f64 {
        let plan_m = (self.at[0] - cell.at[0]).hypot(self.at[1] - cell.at[1]);
        let floors = f64::from(self.level.abs_diff(cell.level));
        self.power_dbm - 10.0 * FADE * plan_m.hypot(HEIGHT_M).log10() - FLOOR_DB * floors
    }
}

/// Predicts the radio map of a venue's beacons along its track.
///
/// # Errors
/// When there are too many beacons, one twice or one of nonsense, or the track is too small for a map.
pub fn predict(
    venue: FeatureId,
    version: impl Into<String>,
    track: &Track,
    beacons: &[Beacon],
) -> Result<RadioMap, BeaconError> {
    if beacons.len() > BEACONS_MAX {
        return Err(BeaconError::TooMany(beacons.len()));
    }
    let mut known: Vec<_> = beacons.iter().map(|beacon| beacon.transmitter).collect();
    known.sort_unstable();
    if let Some(pair) = known.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(BeaconError::Duplicate(pair[0]));
    }
    let sound = |b: &&Beacon| {
        let power = b.power_dbm as f32;
        !(b.at.iter().all(|c| c.is_finite()) && RSSI_DBM.contains(&power))
    };
    if let Some(beacon) = beacons.iter().find(sound) {
        return Err(BeaconError::Beacon(beacon.transmitter));
    }
    let thin = track.cells().len().div_ceil(FINGERPRINTS_MAX).max(1);
    let cells = track.cells().iter().step_by(thin);
    let prints = cells.filter_map(|cell| {
        let scan = heard(cell, beacons)?;
        Some(Fingerprint { building: 0, level: cell.level, at: cell.at, scan })
    });
    Ok(RadioMap::compile(venue, version, prints.collect())?)
}

fn heard(cell: &Cell, beacons: &[Beacon]) -> Option<Scan> {
    let loudness = beacons.iter().map(|beacon| (beacon.loudness_dbm(cell), beacon.transmitter));
    let mut loud: Vec<_> = loudness.filter(|(dbm, _)| *dbm >= FAINTEST_DBM).collect();
    loud.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    loud.truncate(READINGS_MAX);
    let readings = loud.into_iter().map(|(dbm, transmitter)| Reading {
        transmitter,
        rssi_dbm: (dbm as f32).clamp(*RSSI_DBM.start(), *RSSI_DBM.end()),
    });
    Scan::new(readings.collect()).ok()
}
