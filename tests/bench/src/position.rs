//! `position`: where scans of UJIIndoorLoc were made, how long one takes on one core, and how walks among
//! beacons are followed.
//!
//! The published test set is not among the data. Where `AIRSIDE_UJI_TEST` names it, its hits and errors are
//! held against floor and goal; without it the survey is cross-validated, whole spots left out, and that
//! figure has neither, because phones of the survey are kinder than those of the test.

use std::{hint::black_box, io::Read, path::Path, time::Instant};

use airside_wayfinding::position::{
    Scan,
    evaluate::{Judged, cross_validate, judge, report, survey},
    radio_map::Tuning,
    table::{self, Row},
};
use anyhow::Context;

use crate::{
    ROUNDS,
    measure::{Better, Measure},
};

mod walks;

const WORK: &str = "position";
const SCANS: usize = 2_000;

/// Measures the time of a scan, and how far off the answers are.
pub(crate) fn measure() -> anyhow::Result<Vec<Measure>> {
    let data = std::env::var("AIRSIDE_DATA").unwrap_or_else(|_| "../shared/data".to_owned());
    let rows = read(&Path::new(&data).join("uji/trainingData.csv.gz"))?;
    let map = survey(&rows, Tuning::default())?;
    let scans: Vec<Scan> =
        rows.iter().step_by((rows.len() / SCANS).max(1)).filter_map(|row| row.scan.clone()).collect();
    let mut best_us = f64::INFINITY;
    // Each scan at its best: what is left of the longest is the scan's, not the machine's.
    let mut each_us = vec![f64::INFINITY; scans.len()];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for (scan, best_us) in scans.iter().zip(&mut each_us) {
            let begun = Instant::now();
            black_box(map.locate(scan).is_ok());
            *best_us = best_us.min(begun.elapsed().as_secs_f64() * 1e6);
        }
        best_us = best_us.min(start.elapsed().as_secs_f64() * 1e6 / scans.len() as f64);
    }
    let longest_us = each_us.iter().copied().fold(0.0, f64::max);
    let size =
        format!("{} fingerprints of {} transmitters", map.fingerprint_count(), map.transmitter_count());
    let mut found = vec![
        Measure::new(WORK, "mean scan", best_us, "us")
            .bounds(Better::Lower, 2_000.0, 500.0)
            .against(size.clone()),
        Measure::new(WORK, "longest scan", longest_us, "us")
            .bounds(Better::Lower, 2_000.0, 2_000.0)
            .against(size),
    ];
    match std::env::var_os("AIRSIDE_UJI_TEST") {
        Some(path) => {
            let judged: Vec<_> = read(Path::new(&path))?.iter().map(|row| judge(&map, row)).collect();
            found.extend(held(&judged));
        }
        None => found.extend(told(&cross_validate(&rows, Tuning::default(), |_| {})?)),
    }
    found.extend(walks::measure()?);
    Ok(found)
}

fn held(judged: &[Judged]) -> [Measure; 2] {
    let report = report(judged);
    let against = format!("{} scans that no parameter has seen", report.scans);
    [
        Measure::new(WORK, "floor hit", report.floor_hit * 100.0, "%")
            .bounds(Better::Higher, 94.0, 97.0)
            .against(against.clone()),
        Measure::new(WORK, "mean error", report.mean_m, "m").bounds(Better::Lower, 6.8, 6.0).against(against),
    ]
}

fn told(judged: &[Judged]) -> [Measure; 2] {
    let report = report(judged);
    let against =
        format!("{} scans of the survey, whole spots left out; not the published test", report.scans);
    [
        Measure::new(WORK, "floor hit, cross-validated", report.floor_hit * 100.0, "%")
            .against(against.clone()),
        Measure::new(WORK, "mean error, cross-validated", report.mean_m, "m")
            .lower_is_better()
            .against(against),
    ]
}

fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    let mut bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked)?;
        bytes = unpacked;
    }
    table::read(&bytes).with_context(|| path.display().to_string())
}
