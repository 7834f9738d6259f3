//! Walks through lingnan among BLE beacons, with the truth at hand.
//!
//! A beacon stands each [`APART_M`] along the ways of every level. One phone surveys the venue, three scans
//! each [`SPOT_M`]; others walk it between random places, a scan each two seconds: they hear up to 6 dB louder
//! or softer, with [`NOISE_DB`] of noise, miss one reading in six, and an open hall lets more through a floor
//! than predicted. The seeds and routes here are used nowhere else: the numbers of the filter were chosen on
//! other walks, here and in testville.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use airside_wayfinding::{
    Outcome, Overlay, Route, RouteRequest, Searcher, Snapshot, Source,
    position::{Beacon, Fingerprint, Follower, RadioMap, Reading, Scan, Track, Transmitter, track::Cell},
    route,
};
use anyhow::Context;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::WORK;
use crate::measure::{Better, Measure};

const APART_M: f64 = 12.0;
/// How far apart the spots of the survey are, at least, in metres.
const SPOT_M: f64 = 8.0;
const NOISE_DB: f64 = 5.0;
/// So much fainter than a phone hears, nothing is heard, whatever the noise.
const NEVER_DB: f64 = 4.0 * NOISE_DB;
/// How much more of a beacon an open hall lets through a floor than predicted.
const OPEN_DB: f64 = 10.0;
const WALKS: usize = 60;
const SEED: u64 = 20_261_122;
const SPEED_MPS: f64 = 1.34;
/// The seconds of a ride, during which a phone hears the level that it comes to.
const RIDE_S: usize = 10;

/// Measures single scans and followed walks.
pub(super) fn measure() -> anyhow::Result<Vec<Measure>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/lingnan");
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if Source::wants(&name) {
            files.push((name, fs::read(&path)?));
        }
    }
    let snapshot = Snapshot::from_source(&Source::from_files(files))?;
    let track = Arc::new(Track::of(snapshot.graph()));
    let beacons = beacons(&track);
    let mut random = StdRng::seed_from_u64(SEED);
    let map = surveyed(&snapshot, &track, &beacons, &mut random)?;
    let (mut single, mut followed) = (Figures::default(), Figures::default());
    let mut following = Duration::ZERO;
    let mut walks = 0;
    while walks < WALKS {
        let Some(walk) = walk(&snapshot, &mut random) else { continue };
        walks += 1;
        let louder_db = random.random_range(-6.0..6.0);
        let mut follower = Follower::new(Arc::clone(&track));
        for (second, (level, cell)) in (0..).zip(steps(&snapshot, &walk)).step_by(2) {
            let Some(scan) = hear(&mut random, &beacons, &cell, louder_db) else { continue };
            let Ok(fix) = map.locate(&scan) else { continue };
            single.take(level, &cell, fix.level, fix.at, fix.radius_m);
            let begun = Instant::now();
            let now = follower.observe(Duration::from_secs(second), &fix).context("the venue has ways")?;
            following += begun.elapsed();
            followed.take(level, &cell, now.level, now.at, now.radius_m);
        }
    }
    let scans = single.errors_m.len();
    let against = format!("{walks} walks, {scans} scans, {} beacons", beacons.len());
    let mean_us = following.as_secs_f64() * 1e6 / scans.max(1) as f64;
    let time = Measure::new(WORK, "followed, mean time of a fix", mean_us, "us")
        .bounds(Better::Lower, 2_000.0, 500.0)
        .against(format!("{} cells of ways", track.cells().len()));
    let mut found = [single.told("single scans", &against), followed.told("followed", &against)].concat();
    found.push(time);
    Ok(found.into_iter().map(bounded).collect())
}

/// Sets what must and what should be reached by who follows a walk.
fn bounded(measure: Measure) -> Measure {
    match measure.name.as_str() {
        "followed, median error" => measure.bounds(Better::Lower, 5.0, 4.5),
        "followed, p90 error" => measure.bounds(Better::Lower, 12.0, 10.0),
        "followed, wrong level" => measure.bounds(Better::Lower, 5.0, 3.0),
        _ => measure,
    }
}

fn beacons(track: &Track) -> Vec<Beacon> {
    let beacon = |(minor, cell): (u16, Cell)| Beacon {
        transmitter: Transmitter::Beacon { uuid: 7, major: 1, minor },
        level: cell.level,
        at: cell.at,
        power_dbm: -59.0,
    };
    (0..).zip(apart(track, APART_M)).map(beacon).collect()
}

/// Returns cells of every level, none nearer to another than this.
fn apart(track: &Track, metres: f64) -> Vec<Cell> {
    let mut kept = Vec::<Cell>::new();
    for cell in track.cells().iter().filter(|cell| !cell.shaft) {
        if kept.iter().all(|other| other.level != cell.level || apart_m(other.at, cell.at) > metres) {
            kept.push(*cell);
        }
    }
    kept
}

/// What a phone hears at a cell: the model with noise, less what it misses.
fn hear(random: &mut StdRng, beacons: &[Beacon], cell: &Cell, louder_db: f64) -> Option<Scan> {
    let mut readings = Vec::new();
    for beacon in beacons {
        let open_db = OPEN_DB * f64::from(beacon.level.abs_diff(cell.level));
        let usual = beacon.loudness_dbm(cell) + open_db + louder_db;
        if usual < -95.0 - NEVER_DB {
            continue;
        }
        // Twelve uniform numbers make one that is nearly normal.
        let noise: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let dbm = usual + NOISE_DB * noise;
        if (-95.0..=0.0).contains(&dbm) && random.random_range(0..6) > 0 {
            readings.push(Reading { transmitter: beacon.transmitter, rssi_dbm: dbm as f32 });
        }
    }
    Scan::new(readings).ok()
}

fn surveyed(
    snapshot: &Snapshot,
    track: &Track,
    beacons: &[Beacon],
    random: &mut StdRng,
) -> anyhow::Result<RadioMap> {
    let mut prints = Vec::new();
    for cell in &apart(track, SPOT_M) {
        for _ in 0..3 {
            let scan = hear(random, beacons, cell, 0.0);
            prints.extend(scan.map(|scan| Fingerprint { building: 0, level: cell.level, at: cell.at, scan }));
        }
    }
    Ok(RadioMap::compile(snapshot.summary().id, "survey", prints)?)
}

/// Returns a way between two random places, if there is one.
fn walk(snapshot: &Snapshot, random: &mut StdRng) -> Option<Route> {
    let places = snapshot.graph().places();
    let [from, to] = [(); 2].map(|()| places[random.random_range(0..places.len())].id.to_string());
    let request = RouteRequest { from, to, ..RouteRequest::default() };
    match route(snapshot, &Overlay::open(), &mut Searcher::new(), &request) {
        Ok(Outcome::Found(route)) if route.length_m > 50.0 => Some(route),
        _ => None,
    }
}

/// Where a walk is at each second; `None` for a level while it is in a shaft.
fn steps(snapshot: &Snapshot, walk: &Route) -> Vec<(Option<i32>, Cell)> {
    let frame = snapshot.graph().frame();
    let mut steps = Vec::new();
    for line in &walk.line {
        let points: Vec<_> = line.coordinates.iter().map(|[lon, lat]| frame.to_plane(*lon, *lat)).collect();
        let cell = |at: [f64; 2], shaft| Cell { at, level: line.ordinal, shaft };
        if !steps.is_empty() {
            steps.extend([(None, cell([points[0].x, points[0].y], true)); RIDE_S]);
        }
        let mut along_m = 0.0;
        for pair in points.windows(2) {
            let whole_m = (pair[1].x - pair[0].x).hypot(pair[1].y - pair[0].y);
            while along_m < whole_m {
                let at = pair[0] + (pair[1] - pair[0]) * (along_m / whole_m);
                steps.push((Some(line.ordinal), cell([at.x, at.y], false)));
                along_m += SPEED_MPS;
            }
            along_m -= whole_m;
        }
    }
    steps
}

fn apart_m(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// How answers are held against the truth.
#[derive(Default)]
struct Figures {
    errors_m: Vec<f64>,
    within: usize,
    levels: usize,
    wrong_levels: usize,
}

impl Figures {
    fn take(&mut self, truth: Option<i32>, cell: &Cell, level: i32, at: [f64; 2], radius_m: f64) {
        let error_m = apart_m(at, cell.at);
        self.errors_m.push(error_m);
        self.within += usize::from(error_m <= radius_m);
        if let Some(expected) = truth {
            self.levels += 1;
            self.wrong_levels += usize::from(level != expected);
        }
    }

    fn told(&mut self, name: &str, against: &str) -> Vec<Measure> {
        self.errors_m.sort_by(f64::total_cmp);
        let last = self.errors_m.len().saturating_sub(1);
        let at = |percent: usize| self.errors_m.get(last * percent / 100).copied().unwrap_or_default();
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64 * 100.0;
        let measure = |what: &str, value: f64, unit| {
            Measure::new(WORK, format!("{name}, {what}"), value, unit).lower_is_better().against(against)
        };
        vec![
            measure("median error", at(50), "m"),
            measure("p90 error", at(90), "m"),
            measure("wrong level", share(self.wrong_levels, self.levels), "%"),
            Measure::new(
                WORK,
                format!("{name}, within the radius for 68 %"),
                share(self.within, self.errors_m.len()),
                "%",
            )
            .against(against),
        ]
    }
}
