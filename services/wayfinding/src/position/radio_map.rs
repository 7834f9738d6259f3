//! The survey of a venue, compiled to be asked: from a scan to a level and a position.
//!
//! **Likeness.** A loudness `r` becomes a share of full scale, `((r + 105) / 105)²`, and 0 where nothing was
//! heard; the square keeps weak readings, which come and go, from counting as much as strong ones. Two scans
//! are as like as their shared part: `2 Σ min(x, y) / (Σ x + Σ y)` (Sørensen), 1 for twins and 0 for scans
//! that share no transmitter. Another phone may hear everything louder or softer, so for each fingerprint the
//! best of several offsets counts, less a small price. **Vote.** The [`NEIGHBOURS`] likest fingerprints vote
//! with likeness to the power [`SHARPNESS`]: the building first, then the level inside it, and the position is
//! the weighted mean on that level. Fingerprints of a level within `CROWD_M` share their vote: a level that
//! was surveyed thrice as densely as the one below is not thrice as likely.
//!
//! **Measured** on the training set of UJIIndoorLoc alone (19,861 scans; the validation set was never seen),
//! as hit building and floor, and mean error in plan. *Spots*: [`super::evaluate::cross_validate`], 16,280
//! scans. *Blocks*: squares of 12 m dealt into ten parts by a hash, each part located by the other nine, every
//! second scan, so that the survey is often many metres away. *Other phones*: blocks, each scan louder or
//! softer by up to 8 dB.
//!
//! | offsets, neighbours, sharpness | spots | blocks | other phones |
//! |---|---|---|---|
//! | none, 11, 0, power e (the usual baseline) | 98.84 % 7.84 m | 98.32 % 11.64 m | 97.19 % 12.22 m |
//! | none, 200, 16 | 99.06 % 6.75 m | 98.56 % 10.51 m | 97.54 % 11.01 m |
//! | ±6 dB, 200, 16 | 99.18 % 6.90 m | 98.69 % 10.39 m | 98.27 % 10.57 m |
//! | ±6 dB, 200, 24 | 99.13 % 6.74 m | 98.63 % 10.38 m | 98.36 % 10.58 m |
//! | ±9 dB, 200, 24 | 99.11 % 6.78 m | 98.65 % 10.37 m | 98.38 % 10.57 m |
//!
//! Sharing votes, and the power that goes with it, on another deal of the blocks:
//!
//! | vote, sharpness | spots | blocks | other phones |
//! |---|---|---|---|
//! | each its own, 24 | 99.13 % 6.74 m | 97.69 % 10.22 m | 97.15 % 10.32 m |
//! | shared, 24 | 99.14 % 6.52 m | 97.65 % 10.04 m | 97.15 % 10.13 m |
//! | **shared, 20** | 99.16 % 6.55 m | 97.71 % 10.01 m | 97.27 % 10.07 m |
//! | shared, 16 | 99.13 % 6.62 m | 97.82 % 9.96 m | 97.31 % 10.03 m |
//!
//! Sharing within 4 m gives 6.61 m on spots, within 12 m 6.55 m. ±9 dB is better by less than the measure can
//! tell and asks seven offsets where ±6 dB asks five. Locating a scan among all 19,861 takes 0.3 ms in the
//! mean, 0.7 ms for one in a hundred and 0.9 ms for the longest, each the best of five on one core of a busy
//! machine; single runs of tens of milliseconds were the machine's.
//!
//! [`NEIGHBOURS`]: Tuning::neighbours
//! [`SHARPNESS`]: Tuning::sharpness

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

use super::scan::{Reading, Scan, Transmitter};
use crate::Snapshot;
use crate::imdf::FeatureId;

mod ask;

pub use ask::{LISTENED_MAX, OFFSETS_MAX};

/// The most fingerprints in a map: some dozen surveys of the largest terminals.
pub const FINGERPRINTS_MAX: usize = 200_000;
/// The fewest places a map must know; one place is no map.
pub const PLACES_MIN: usize = 2;
/// The longest name of a version, in bytes.
pub const VERSION_MAX: usize = 64;
/// The most levels and buildings that a vote tells apart.
const LEVELS_MAX: usize = 256;
/// What a decibel of offset costs in likeness.
const OFFSET_PRICE: f32 = 0.005;
/// The loudness that counts as silence, in dBm.
const SILENCE_DBM: f32 = -105.0;
/// How near fingerprints of a level share their vote, in metres; the nearer the more.
const CROWD_M: i32 = 8;
/// The least share of a transmitter that was heard at all, before squaring.
const FAINTEST: f32 = 0.01;

/// A scan made at a known place.
#[derive(Clone, Debug, PartialEq)]
pub struct Fingerprint {
    /// The building, where a venue has several; else 0.
    pub building: u32,
    /// The level's ordinal.
    pub level: i32,
    /// The place in metres on the venue's plane.
    pub at: [f64; 2],
    /// What was heard there.
    pub scan: Scan,
}

/// Where a phone is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fix {
    /// The building.
    pub building: u32,
    /// The level's ordinal.
    pub level: i32,
    /// The position in metres on the venue's plane.
    pub at: [f64; 2],
    /// The radius that holds the true position in 68 of 100 cases where the survey is whole, in metres; where
    /// it has holes of a dozen metres, in 40.
    pub radius_m: f64,
    /// How sure the building and level are, 0 to 1.
    pub confidence: f64,
    /// How many of the scan's transmitters the map knows.
    pub heard: usize,
}

/// Why a survey is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MapError {
    /// The version has no name, or too long a one.
    #[error("the version of a radio map is 1 to {VERSION_MAX} bytes")]
    Version,
    /// Too little to tell places apart.
    #[error("the survey has {0} places; survey at least {PLACES_MIN}")]
    TooFewPlaces(usize),
    /// More than a map may hold.
    #[error("the survey has {0} fingerprints; thin it to {FINGERPRINTS_MAX}")]
    TooMany(usize),
    /// A place that is no number.
    #[error("fingerprint {0}: the position is not finite")]
    Position(usize),
    /// More levels than a venue has.
    #[error("the survey has {0} levels; a map tells {LEVELS_MAX} apart")]
    TooManyLevels(usize),
    /// The survey is of another venue.
    #[error("the radio map is of venue {found}, not of {expected}; load the map of this venue")]
    OtherVenue {
        /// The venue that was asked for.
        expected: FeatureId,
        /// The venue of the map.
        found: FeatureId,
    },
    /// A level that the venue does not have.
    #[error("the radio map knows level {0}, which the venue does not have; survey the published map again")]
    UnknownLevel(i32),
    /// A place that lies off the venue.
    #[error("the radio map has a place {0:.0} m off every way of level {1}; survey the published map again")]
    OffVenue(f64, i32),
}

/// Why a scan has no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// Not one of the transmitters is in the map.
    #[error("none of the {heard} transmitters is in the radio map; the phone is elsewhere or the map is old")]
    Unknown {
        /// How many were heard.
        heard: usize,
    },
}

/// The numbers of the estimate; the default is chosen by cross-validation (see [`super::evaluate`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// How many fingerprints vote at most.
    pub neighbours: usize,
    /// The power of likeness that is a vote's weight.
    pub sharpness: i32,
    /// The power of a loudness's share of full scale.
    pub power: f32,
    /// How much louder a phone may hear than the one of the survey; each is tried, in dB.
    pub offsets_db: &'static [f32],
}

impl Default for Tuning {
    fn default() -> Self {
        Self { neighbours: 200, sharpness: 20, power: 2.0, offsets_db: &[0.0, -3.0, 3.0, -6.0, 6.0] }
    }
}

/// A survey of one venue, compiled.
#[derive(Clone, Debug)]
pub struct RadioMap {
    venue: FeatureId,
    version: String,
    tuning: Tuning,
    /// Each fingerprint's level among `levels`, and its place.
    spots: Vec<(u16, [f64; 2])>,
    /// Building and ordinal, in order.
    levels: Vec<(u32, i32)>,
    /// Each fingerprint's sum of shares.
    totals: Vec<f32>,
    /// What each fingerprint's vote is worth.
    worths: Vec<f32>,
    transmitters: BTreeMap<Transmitter, u32>,
    /// Where each transmitter's row begins; one more than there are transmitters.
    first: Vec<u32>,
    /// Who heard it, and as what share.
    heard: Vec<(u32, f32)>,
}

impl RadioMap {
    /// Compiles a survey; fingerprints in any order give the same answers.
    ///
    /// # Errors
    /// When it is too small or too large, or a place is no number.
    pub fn compile(
        venue: FeatureId,
        version: impl Into<String>,
        fingerprints: Vec<Fingerprint>,
    ) -> Result<Self, MapError> {
        Self::tuned(venue, version, fingerprints, Tuning::default())
    }

    /// Compiles a survey with other numbers than the chosen ones, to compare them.
    ///
    /// # Errors
    /// As [`RadioMap::compile`].
    pub fn tuned(
        venue: FeatureId,
        version: impl Into<String>,
        mut fingerprints: Vec<Fingerprint>,
        tuning: Tuning,
    ) -> Result<Self, MapError> {
        let version = version.into();
        if version.is_empty() || version.len() > VERSION_MAX {
            return Err(MapError::Version);
        }
        if fingerprints.len() > FINGERPRINTS_MAX {
            return Err(MapError::TooMany(fingerprints.len()));
        }
        if let Some(index) = fingerprints.iter().position(|print| !print.at.iter().all(|c| c.is_finite())) {
            return Err(MapError::Position(index));
        }
        fingerprints.sort_by(canonical);
        let mut levels: Vec<_> = fingerprints.iter().map(|print| (print.building, print.level)).collect();
        levels.dedup();
        if levels.len() > LEVELS_MAX {
            return Err(MapError::TooManyLevels(levels.len()));
        }
        let mut places = fingerprints.iter().map(place).collect::<Vec<_>>();
        places.dedup();
        if places.len() < PLACES_MIN {
            return Err(MapError::TooFewPlaces(places.len()));
        }
        Ok(Self::build(venue, version, &fingerprints, levels, tuning))
    }

    fn build(
        venue: FeatureId,
        version: String,
        fingerprints: &[Fingerprint],
        levels: Vec<(u32, i32)>,
        tuning: Tuning,
    ) -> Self {
        let mut rows = BTreeMap::<Transmitter, Vec<(u32, f32)>>::new();
        let (mut spots, mut totals) = (Vec::new(), Vec::new());
        for (index, print) in (0_u32..).zip(fingerprints) {
            let level = levels.binary_search(&(print.building, print.level)).unwrap_or_default();
            spots.push((u16::try_from(level).unwrap_or_default(), print.at));
            let mut total = 0.0;
            for reading in print.scan.readings() {
                let share = share(reading.rssi_dbm, tuning.power);
                total += share;
                rows.entry(reading.transmitter).or_default().push((index, share));
            }
            totals.push(total);
        }
        let transmitters = rows.keys().copied().zip(0_u32..).collect();
        let (mut first, mut heard) = (vec![0], Vec::new());
        for row in rows.into_values() {
            heard.extend(row);
            first.push(u32::try_from(heard.len()).unwrap_or(u32::MAX));
        }
        let worths = worths(&spots);
        Self { venue, version, tuning, spots, levels, totals, worths, transmitters, first, heard }
    }

    /// Returns the venue that was surveyed.
    pub fn venue(&self) -> &FeatureId {
        &self.venue
    }

    /// Returns the name of the survey's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns how many fingerprints there are.
    pub fn fingerprint_count(&self) -> usize {
        self.spots.len()
    }

    /// Returns how many transmitters the survey heard.
    pub fn transmitter_count(&self) -> usize {
        self.transmitters.len()
    }

    /// Checks that the map is a survey of this venue: its id, its levels, and every place near a way.
    ///
    /// # Errors
    /// When the venue, a level or a place is not of this venue.
    pub fn check(&self, snapshot: &Snapshot) -> Result<(), MapError> {
        let graph = snapshot.graph();
        if graph.venue_id != self.venue {
            return Err(MapError::OtherVenue { expected: graph.venue_id.clone(), found: self.venue.clone() });
        }
        if let Some((_, level)) =
            self.levels.iter().find(|(_, level)| !graph.storeys().iter().any(|s| s.ordinal == *level))
        {
            return Err(MapError::UnknownLevel(*level));
        }
        for (level, at) in &self.spots {
            let (_, ordinal) = self.levels[usize::from(*level)];
            let gap_m = snapshot.gap_m(*at, ordinal);
            if gap_m > crate::snapshot::SNAP_MAX_M {
                return Err(MapError::OffVenue(gap_m, ordinal));
            }
        }
        Ok(())
    }

    /// Returns who heard a transmitter, and as what share.
    fn row(&self, transmitter: Transmitter) -> Option<&[(u32, f32)]> {
        let row = *self.transmitters.get(&transmitter)? as usize;
        Some(&self.heard[self.first[row] as usize..self.first[row + 1] as usize])
    }

    /// Returns the middle of all fingerprints, in metres.
    pub(crate) fn middle(&self) -> [f64; 2] {
        let count = self.spots.len().max(1) as f64;
        [0, 1].map(|axis| self.spots.iter().map(|(_, at)| at[axis]).sum::<f64>() / count)
    }
}

/// Returns what each fingerprint's vote is worth: less where many were made about it on its level, so that a
/// level surveyed twice as densely is not told twice as often. They are counted in squares of a metre, so
/// that no survey takes long.
fn worths(spots: &[(u16, [f64; 2])]) -> Vec<f32> {
    // Adding nothing makes of -0 what 0 is, bit for bit.
    let square = |at: [f64; 2]| at.map(|c| c.floor() + 0.0);
    let key = |level: u16, square: [f64; 2]| (level, square.map(f64::to_bits));
    let mut counts = HashMap::<_, u32>::new();
    for (level, at) in spots {
        *counts.entry(key(*level, square(*at))).or_default() += 1;
    }
    let offsets = || (-CROWD_M..=CROWD_M).map(f64::from);
    let about = |level: u16, [x, y]: [f64; 2]| {
        let mut crowd = 0.0;
        for (dx, dy) in offsets().flat_map(|dx| offsets().map(move |dy| (dx, dy))) {
            let nearness = 1.0 - (dx * dx + dy * dy) / f64::from(CROWD_M * CROWD_M);
            if nearness > 0.0
                && let Some(count) = counts.get(&key(level, [x + dx, y + dy]))
            {
                crowd += nearness * f64::from(*count);
            }
        }
        (1.0 / crowd) as f32
    };
    let mut known = HashMap::new();
    let worth = |(level, at): &(u16, [f64; 2])| {
        let square = square(*at);
        *known.entry(key(*level, square)).or_insert_with(|| about(*level, square))
    };
    spots.iter().map(worth).collect()
}

/// Returns a loudness as a share of full scale, to a power.
fn share(rssi_dbm: f32, power: f32) -> f32 {
    let linear = (rssi_dbm.min(-1.0) - SILENCE_DBM) / -SILENCE_DBM;
    let linear = linear.max(FAINTEST);
    linear.powf(power)
}

fn place(print: &Fingerprint) -> (u32, i32, [u64; 2]) {
    (print.building, print.level, print.at.map(f64::to_bits))
}

fn canonical(a: &Fingerprint, b: &Fingerprint) -> Ordering {
    let reading =
        |a: &Reading, b: &Reading| a.transmitter.cmp(&b.transmitter).then(a.rssi_dbm.total_cmp(&b.rssi_dbm));
    let readings = || {
        let pairs = a.scan.readings().iter().zip(b.scan.readings());
        let differ = pairs.map(|(a, b)| reading(a, b)).find(|order| order.is_ne());
        differ.unwrap_or_else(|| a.scan.readings().len().cmp(&b.scan.readings().len()))
    };
    (a.building, a.level)
        .cmp(&(b.building, b.level))
        .then_with(|| a.at[0].total_cmp(&b.at[0]).then(a.at[1].total_cmp(&b.at[1])))
        .then_with(readings)
}
