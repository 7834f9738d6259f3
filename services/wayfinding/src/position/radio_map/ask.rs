//! What a survey answers: neighbours that vote, and what their vote is worth.
//!
//! **Cost.** A scan asks for each of its transmitters everybody who heard it, so it costs at most
//! [`LISTENED_MAX`] times the fingerprints of the map, whatever a phone sends. All offsets of a phone are
//! counted in one pass, since reading who heard what takes longer than adding it up.
//!
//! **Radius.** Fitted as the 68 % quantile of the error on the training set of UJIIndoorLoc, whole spots left
//! out: a third of a building's scans chose the numbers, and of all 5,429 judged 67.5 % lie within (by
//! building 67, 60 and 71 %); since fingerprints share their votes 72 % do. The survey there has a spot each
//! three to five metres. Where it has holes of 12 m, 39 % do; neither how near the next surveyed spots are nor
//! how many there are tells those scans.

use super::{LocateError, OFFSET_PRICE, RadioMap, share};
use crate::position::Fix;
use crate::position::scan::{Reading, Scan};

/// How many readings of a scan count, the loudest; more would tell nothing that these do not.
pub const LISTENED_MAX: usize = 64;
/// How many offsets can be tried at once.
pub const OFFSETS_MAX: usize = 8;
/// The radius of a scan whose neighbours lie together and are like it, in metres.
const RADIUS_M: f64 = 5.2;
/// The spread of neighbours that says nothing of the error, in metres, and what each metre beyond it adds.
const RADIUS_BY_SPREAD: (f64, f64) = (5.0, 0.93);
/// What a likest neighbour adds that is not like at all, in metres.
const RADIUS_UNLIKE_M: f64 = 4.7;

/// The fingerprints that are most like a scan.
struct Votes {
    /// Each fingerprint with the weight of its vote, the likest first.
    votes: Vec<(u32, f64)>,
    /// The likeness of the likest, 0 to 1.
    best: f64,
    /// How many of the scan's transmitters the map knows.
    heard: usize,
}

impl RadioMap {
    /// Says where a scan was made.
    ///
    /// # Errors
    /// When the map knows none of the scan's transmitters.
    pub fn locate(&self, scan: &Scan) -> Result<Fix, LocateError> {
        let Votes { votes, best, heard } = self.votes(scan);
        let Some(level) = self.elect(&votes) else {
            return Err(LocateError::Unknown { heard: scan.readings().len() });
        };
        let all: f64 = votes.iter().map(|(_, weight)| weight).sum();
        let on_level = || {
            votes.iter().filter_map(|(index, weight)| {
                let (l, at) = self.spots[*index as usize];
                (usize::from(l) == level).then_some((at, *weight))
            })
        };
        let weight: f64 = on_level().map(|(_, weight)| weight).sum();
        let at = [0, 1].map(|axis| on_level().map(|(at, w)| at[axis] * w).sum::<f64>() / weight);
        let spread = on_level().map(|(p, w)| w * (p[0] - at[0]).hypot(p[1] - at[1])).sum::<f64>() / weight;
        let (building, ordinal) = self.levels[level];
        let radius_m = radius_m(spread, best);
        Ok(Fix { building, level: ordinal, at, radius_m, confidence: weight / all, heard })
    }

    /// Lets the likest fingerprints vote.
    fn votes(&self, scan: &Scan) -> Votes {
        let loudest = loudest(scan);
        let (power, offsets_db) = (self.tuning.power, self.tuning.offsets_db);
        let offsets_db = &offsets_db[..offsets_db.len().min(OFFSETS_MAX)];
        let shares = |rssi_dbm: f32| {
            let mut shares = [0.0; OFFSETS_MAX];
            for (lane, offset_db) in shares.iter_mut().zip(offsets_db) {
                *lane = share(rssi_dbm + offset_db, power);
            }
            shares
        };
        let mut totals = [0.0; OFFSETS_MAX];
        let mut shared = vec![[0.0_f32; OFFSETS_MAX]; self.spots.len()];
        let mut heard = 0;
        for reading in &loudest {
            let ours = shares(reading.rssi_dbm);
            for (total, x) in totals.iter_mut().zip(ours) {
                *total += x;
            }
            let Some(row) = self.row(reading.transmitter) else { continue };
            heard += 1;
            for (index, theirs) in row {
                for (lane, x) in shared[*index as usize].iter_mut().zip(ours) {
                    *lane += if x < *theirs { x } else { *theirs };
                }
            }
        }
        let likeness = |shared: &[f32; OFFSETS_MAX], theirs: f32| {
            let tried = offsets_db.iter().zip(shared.iter().zip(totals));
            let each = tried.map(|(offset_db, (shared, total))| {
                (1.0 - OFFSET_PRICE * offset_db.abs()) * 2.0 * shared / (total + theirs)
            });
            each.fold(0.0, f32::max)
        };
        let all = (0_u32..).zip(shared.iter().zip(&self.totals));
        let mut near: Vec<(u32, f32)> = all
            .filter(|(_, (shared, _))| shared[0] > 0.0)
            .map(|(index, (shared, theirs))| (index, likeness(shared, *theirs)))
            .collect();
        let likest = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if near.len() > self.tuning.neighbours {
            near.select_nth_unstable_by(self.tuning.neighbours, likest);
            near.truncate(self.tuning.neighbours);
        }
        near.sort_by(likest);
        // Held against the likest, so that no power of a small likeness is lost.
        let best = near.first().map_or(1.0, |(_, like)| f64::from(*like));
        let weigh = |(index, like): (u32, f32)| {
            let sharp = (f64::from(like) / best).powi(self.tuning.sharpness);
            (index, f64::from(self.worths[index as usize]) * sharp)
        };
        Votes { votes: near.into_iter().map(weigh).collect(), best, heard }
    }

    /// Returns the level with most votes in the building with most votes.
    fn elect(&self, votes: &[(u32, f64)]) -> Option<usize> {
        let mut on = vec![0.0; self.levels.len()];
        for (index, weight) in votes {
            on[usize::from(self.spots[*index as usize].0)] += weight;
        }
        let in_building = |building: u32| -> f64 {
            self.levels.iter().zip(&on).filter(|((b, _), _)| *b == building).map(|(_, w)| w).sum()
        };
        let standing = |level: &usize| (in_building(self.levels[*level].0), on[*level]);
        (0..self.levels.len()).filter(|level| on[*level] > 0.0).max_by(|a, b| {
            let (a, b) = (standing(a), standing(b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        })
    }
}

/// Returns the loudest readings of a scan, in order of their transmitters.
fn loudest(scan: &Scan) -> Vec<Reading> {
    let mut readings = scan.readings().to_vec();
    if readings.len() > LISTENED_MAX {
        readings.sort_by(|a, b| b.rssi_dbm.total_cmp(&a.rssi_dbm).then(a.transmitter.cmp(&b.transmitter)));
        readings.truncate(LISTENED_MAX);
        readings.sort_by_key(|reading| reading.transmitter);
    }
    readings
}

/// Returns the radius that holds 68 of 100 errors, by the neighbours' mean distance from the answer and the
/// likeness of the likest.
fn radius_m(spread_m: f64, best: f64) -> f64 {
    let (usual_m, slope) = RADIUS_BY_SPREAD;
    RADIUS_M + slope * (spread_m - usual_m).max(0.0) + RADIUS_UNLIKE_M * (1.0 - best)
}
