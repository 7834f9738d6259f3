//! How good a survey is: its answers held against scans whose place is known.
//!
//! Numbers of the estimate are chosen by [`cross_validate`], on a survey alone. Scans of one spot are almost
//! twins, so a random split says two metres where the truth is six; whole spots are left out instead, with
//! every spot within [`APART_M`].

use std::collections::{BTreeMap, BTreeSet};

use super::radio_map::{Fingerprint, MapError, RadioMap, Tuning};
use super::table::Row;
use crate::imdf::FeatureId;

/// How far the spots kept are from a spot left out, in metres.
pub const APART_M: f64 = 2.0;
/// How near a kept spot must be for a left-out one to be judged, in metres.
pub const SURVEYED_M: f64 = 6.0;
/// How many parts the spots of a survey are dealt into.
pub const FOLDS: usize = 10;

/// What an evaluation found.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Report {
    /// The share of scans whose building is right.
    pub building_hit: f64,
    /// The share of scans whose building and level are right.
    pub floor_hit: f64,
    /// The mean distance in plan, over all scans, in metres.
    pub mean_m: f64,
    /// The median distance.
    pub median_m: f64,
    /// The distance that three of four scans stay within.
    pub p75_m: f64,
    /// How many scans were judged.
    pub scans: usize,
}

/// One scan, judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Whether the building is right.
    pub building: bool,
    /// Whether building and level are right.
    pub floor: bool,
    /// The distance in plan, in metres.
    pub error_m: f64,
    /// The radius that was promised, in metres; none where nothing was.
    pub radius_m: Option<f64>,
}

/// Compiles the rows of a table that heard something.
///
/// # Errors
/// When the survey is too small or too large.
pub fn survey(rows: &[Row], tuning: Tuning) -> Result<RadioMap, MapError> {
    let fingerprints: Vec<Fingerprint> = rows.iter().filter_map(Row::fingerprint).collect();
    RadioMap::tuned(FeatureId::derived("table"), "table", fingerprints, tuning)
}

/// Judges one row. A scan without an answer counts as wrong, and as far off as the survey's middle is.
pub fn judge(map: &RadioMap, row: &Row) -> Judged {
    let fix = row.scan.as_ref().and_then(|scan| map.locate(scan).ok());
    let at = fix.map_or_else(|| map.middle(), |fix| fix.at);
    let building = fix.is_some_and(|fix| fix.building == row.building);
    Judged {
        building,
        floor: building && fix.is_some_and(|fix| fix.level == row.level),
        error_m: (at[0] - row.at[0]).hypot(at[1] - row.at[1]),
        radius_m: fix.map(|fix| fix.radius_m),
    }
}

/// Sums up; every figure is 0 where nothing was judged.
pub fn report(judged: &[Judged]) -> Report {
    let count = judged.len().max(1) as f64;
    let share = |is: fn(&Judged) -> bool| judged.iter().filter(|j| is(j)).count() as f64 / count;
    let mut errors: Vec<_> = judged.iter().map(|j| j.error_m).collect();
    errors.sort_by(f64::total_cmp);
    Report {
        building_hit: share(|j| j.building),
        floor_hit: share(|j| j.floor),
        mean_m: errors.iter().sum::<f64>() / count,
        median_m: quantile(&errors, 1, 2),
        p75_m: quantile(&errors, 3, 4),
        scans: judged.len(),
    }
}

/// Returns a quantile of sorted figures, between the two nearest ones by share.
fn quantile(sorted: &[f64], part: usize, of: usize) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let (whole, rest) = (last * part / of, last * part % of);
    let next = sorted[(whole + 1).min(last)];
    sorted[whole] + (next - sorted[whole]) * rest as f64 / of as f64
}

/// Judges every row by a map that knows no spot within [`APART_M`] of it and, where the table names who
/// recorded a row, nothing of the same recorder and phone.
///
/// A row is left out of the judgement when nothing that is kept lies within [`SURVEYED_M`] of it: no map can
/// know a wing that nobody else has walked.
///
/// # Errors
/// When what is kept is too small to be a survey.
pub fn cross_validate(
    rows: &[Row],
    tuning: Tuning,
    mut tell: impl FnMut(usize),
) -> Result<Vec<Judged>, MapError> {
    let spots: Vec<_> = spots(rows).into_iter().collect();
    let recorders: BTreeSet<_> = rows.iter().map(|row| row.recorder).collect();
    let mut judged = Vec::with_capacity(rows.len());
    for recorder in recorders {
        for fold in 0..FOLDS {
            let out: Vec<_> = spots.iter().skip(fold).step_by(FOLDS).collect();
            let near = |key: &Spot, m: f64| out.iter().any(|(other, _)| apart_m(key, other) < m);
            let kept = spots.iter().filter(|(key, _)| !near(key, APART_M)).flat_map(|(_, rows)| rows);
            let kept = kept.filter(|row| recorder.is_none() || row.recorder != recorder);
            let kept: Vec<Row> = kept.map(|row| (*row).clone()).collect();
            let known: BTreeSet<Spot> = kept.iter().map(spot).collect();
            let surveyed = |key: &Spot| known.iter().any(|other| apart_m(key, other) <= SURVEYED_M);
            let asked = out.iter().filter(|(key, _)| surveyed(key)).flat_map(|(_, rows)| rows);
            let asked: Vec<_> = asked.filter(|row| row.recorder == recorder).collect();
            if asked.is_empty() {
                continue;
            }
            let map = survey(&kept, tuning)?;
            judged.extend(asked.into_iter().map(|row| judge(&map, row)));
            tell(judged.len());
        }
    }
    Ok(judged)
}

/// Building, level, and place as bits.
type Spot = (u32, i32, [u64; 2]);

fn spot(row: &Row) -> Spot {
    (row.building, row.level, row.at.map(f64::to_bits))
}

fn spots(rows: &[Row]) -> BTreeMap<Spot, Vec<&Row>> {
    let mut spots = BTreeMap::<_, Vec<_>>::new();
    for row in rows {
        spots.entry(spot(row)).or_default().push(row);
    }
    spots
}

/// Returns how far apart two spots of a level are; spots of two levels are infinitely far.
fn apart_m(a: &Spot, b: &Spot) -> f64 {
    if (a.0, a.1) != (b.0, b.1) {
        return f64::INFINITY;
    }
    let [a, b] = [a, b].map(|spot| spot.2.map(f64::from_bits));
    (a[0] - b[0]).hypot(a[1] - b[1])
}
