//! A simulated walk through testville among BLE beacons, with the truth at hand.
//!
//! The venue is surveyed by one phone; others walk it, which hear louder or softer, with noise, and miss one
//! reading in six. Every walk is between two places, a scan each two seconds.

use std::sync::Arc;
use std::time::Duration;

use airside_wayfinding::position::{
    Beacon, Fingerprint, Fix, Follower, RadioMap, Reading, Scan, Track, Transmitter,
    beacons::{BeaconError, predict},
    track::Cell,
};
use airside_wayfinding::{Profile, Snapshot};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::Venue;

const APART_M: f64 = 12.0;
const NOISE_DB: f64 = 5.0;
/// How much more of a beacon an open hall lets through a floor than predicted.
const OPEN_DB: f64 = 10.0;
/// Enough that one unlucky walk decides nothing.
const WALKS: usize = 16;

/// Beacons some [`APART_M`] apart along the ways of every level.
pub(crate) fn beacons(track: &Track) -> Vec<Beacon> {
    let mut beacons = Vec::<Beacon>::new();
    for cell in track.cells().iter().filter(|cell| !cell.shaft) {
        let far = |b: &Beacon| b.level != cell.level || off_m(b.at, cell.at) > APART_M;
        if beacons.iter().all(far) {
            let minor = u16::try_from(beacons.len()).unwrap();
            let transmitter = Transmitter::Beacon { uuid: 7, major: 1, minor };
            beacons.push(Beacon { transmitter, level: cell.level, at: cell.at, power_dbm: -59.0 });
        }
    }
    beacons
}

/// What a phone hears at a cell: the model with noise, less what it misses.
pub(crate) fn hear(random: &mut StdRng, beacons: &[Beacon], cell: &Cell, louder_db: f64) -> Option<Scan> {
    let mut readings = Vec::new();
    for beacon in beacons {
        // Twelve uniform numbers make one that is nearly normal.
        let noise: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let open_db = OPEN_DB * f64::from(beacon.level.abs_diff(cell.level));
        let dbm = beacon.loudness_dbm(cell) + open_db + louder_db + NOISE_DB * noise;
        if (-95.0..=0.0).contains(&dbm) && random.random_range(0..6) > 0 {
            readings.push(Reading { transmitter: beacon.transmitter, rssi_dbm: dbm as f32 });
        }
    }
    Scan::new(readings).ok()
}

pub(crate) fn surveyed(snapshot: &Snapshot, track: &Track, beacons: &[Beacon]) -> RadioMap {
    let mut random = StdRng::seed_from_u64(1);
    let mut prints = Vec::new();
    for cell in track.cells().iter().step_by(8) {
        for _ in 0..3 {
            let scan = hear(&mut random, beacons, cell, 0.0);
            prints.extend(scan.map(|scan| Fingerprint { building: 0, level: cell.level, at: cell.at, scan }));
        }
    }
    RadioMap::compile(snapshot.summary().id, "survey", prints).unwrap()
}

/// Where a walk is at each second; `None` for a level while it is in a shaft.
pub(crate) fn steps(venue: &Venue, from: &str, to: &str) -> Vec<(Option<i32>, Cell)> {
    let frame = venue.snapshot.graph().frame();
    let mut steps = Vec::new();
    for line in &venue.walk(from, to).line {
        let points: Vec<_> = line.coordinates.iter().map(|[lon, lat]| frame.to_plane(*lon, *lat)).collect();
        let cell = |at: [f64; 2], shaft| Cell { at, level: line.ordinal, shaft };
        if !steps.is_empty() {
            // The ride: the phone hears the level that it comes to.
            steps.extend([(None, cell([points[0].x, points[0].y], true)); 10]);
        }
        let mut carry_m = 0.0;
        for pair in points.windows(2) {
            let whole_m = (pair[1].x - pair[0].x).hypot(pair[1].y - pair[0].y);
            let mut along_m = carry_m;
            while along_m < whole_m {
                let at = pair[0] + (pair[1] - pair[0]) * (along_m / whole_m);
                steps.push((Some(line.ordinal), cell([at.x, at.y], false)));
                along_m += 1.34;
            }
            carry_m = along_m - whole_m;
        }
    }
    steps
}

pub(crate) fn off_m(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

#[derive(Default)]
struct Figures {
    errors_m: Vec<f64>,
    within: usize,
    levels: usize,
    wrong_levels: usize,
}

impl Figures {
    fn take(&mut self, truth: &(Option<i32>, Cell), level: i32, at: [f64; 2], radius_m: f64) {
        let error_m = off_m(at, truth.1.at);
        self.errors_m.push(error_m);
        self.within += usize::from(error_m <= radius_m);
        if let Some(expected) = truth.0 {
            self.levels += 1;
            self.wrong_levels += usize::from(level != expected);
        }
    }

    /// Median and p90 in metres, the share of wrong levels, and the share within the radius.
    fn told(&mut self, name: &str) -> [f64; 4] {
        self.errors_m.sort_by(f64::total_cmp);
        let at = |percent: usize| self.errors_m[(self.errors_m.len() - 1) * percent / 100];
        let share = |part: usize, whole: usize| part as f64 / whole as f64;
        let figures =
            [at(50), at(90), share(self.wrong_levels, self.levels), share(self.within, self.errors_m.len())];
        let [median, p90, wrong, within] = figures;
        println!(
            "{name}: median {median:.2} m, p90 {p90:.2} m, wrong level {:.2} %, {:.0} % within the radius",
            wrong * 100.0,
            within * 100.0
        );
        figures
    }
}

/// Walks between random places, and tells the figures of single scans and of the follower.
fn walked(
    venue: &Venue,
    track: &Arc<Track>,
    beacons: &[Beacon],
    map: &RadioMap,
    name: &str,
) -> [[f64; 4]; 2] {
    let mut random = StdRng::seed_from_u64(2);
    let (mut single, mut followed) = (Figures::default(), Figures::default());
    let places = venue.snapshot.graph().places();
    let mut walks = 0;
    while walks < WALKS {
        let [from, to] = [(); 2].map(|()| places[random.random_range(0..places.len())].id.as_str());
        let there = venue.ask(from, to, Profile::Walk, airside_wayfinding::Language::En);
        if !matches!(there, Ok(airside_wayfinding::Outcome::Found(_))) {
            continue;
        }
        walks += 1;
        let louder_db = random.random_range(-6.0..6.0);
        let mut follower = Follower::new(Arc::clone(track));
        for (second, truth) in (0..).zip(steps(venue, from, to)).step_by(2) {
            let Some(scan) = hear(&mut random, beacons, &truth.1, louder_db) else { continue };
            let Ok(fix) = map.locate(&scan) else { continue };
            single.take(&truth, fix.level, fix.at, fix.radius_m);
            let now = follower.observe(Duration::from_secs(second), &fix).unwrap();
            followed.take(&truth, now.level, now.at, now.radius_m);
        }
    }
    println!("{name}: {walks} walks, {} scans, {} beacons", single.errors_m.len(), beacons.len());
    [single.told("  single scans"), followed.told("  followed")]
}

fn is_better(followed: [f64; 4], single: [f64; 4]) {
    assert!(followed[0] < single[0] && followed[1] < single[1], "{followed:?} against {single:?}");
    assert!(followed[2] <= single[2], "{followed:?} against {single:?}");
}

#[test]
fn following_a_walk_is_better_than_single_scans() {
    let venue = Venue::testville();
    let track = Arc::new(Track::of(venue.snapshot.graph()));
    let beacons = beacons(&track);
    let map = surveyed(&venue.snapshot, &track, &beacons);
    map.check(&venue.snapshot).unwrap();
    let [single, followed] = walked(&venue, &track, &beacons, &map, "surveyed");
    is_better(followed, single);
    assert!(followed[0] < 3.6 && followed[1] < 7.0 && followed[2] < 0.01, "{followed:?}");
    assert!((0.55..0.9).contains(&followed[3]), "{followed:?}");
}

#[test]
fn beacons_with_known_places_need_no_survey() {
    let venue = Venue::testville();
    let track = Arc::new(Track::of(venue.snapshot.graph()));
    let beacons = beacons(&track);
    let map = predict(venue.snapshot.summary().id, "predicted", &track, &beacons).unwrap();
    map.check(&venue.snapshot).unwrap();
    let [single, followed] = walked(&venue, &track, &beacons, &map, "predicted");
    is_better(followed, single);
    assert!(followed[0] < 3.5 && followed[2] < 0.01, "{followed:?}");
}

#[test]
fn bad_beacons_make_no_map() {
    let venue = Venue::testville();
    let track = Track::of(venue.snapshot.graph());
    let good = beacons(&track)[0];
    let predict =
        |beacons: &[Beacon]| predict(venue.snapshot.summary().id, "1", &track, beacons).unwrap_err();
    assert_eq!(predict(&[good, good]), BeaconError::Duplicate(good.transmitter));
    for bad in [Beacon { power_dbm: 20.0, ..good }, Beacon { at: [f64::NAN, 0.0], ..good }] {
        assert_eq!(predict(&[bad]), BeaconError::Beacon(good.transmitter));
    }
    assert!(matches!(predict(&[]), BeaconError::Map(_)));
}

/// A sure fix at a cell.
pub(crate) fn sure(cell: &Cell) -> Fix {
    Fix { building: 0, level: cell.level, at: cell.at, radius_m: 4.0, confidence: 0.9, heard: 5 }
}

#[test]
fn one_scan_of_another_level_changes_nothing_and_a_carried_phone_is_found_again() {
    let venue = Venue::testville();
    let track = Arc::new(Track::of(venue.snapshot.graph()));
    let on = |level: i32| {
        *track
            .cells()
            .iter()
            .filter(|c| c.level == level && !c.shaft)
            .max_by(|a, b| a.at[0].total_cmp(&b.at[0]))
            .unwrap()
    };
    let (here, there) = (on(0), on(2));
    let mut follower = Follower::new(Arc::clone(&track));
    let mut at = 0;
    let mut hear = |fix: &Fix| {
        at += 2;
        follower.observe(Duration::from_secs(at), fix).unwrap()
    };
    for _ in 0..4 {
        assert_eq!(hear(&sure(&here)).level, 0);
    }
    assert_eq!(hear(&sure(&there)).level, 0);
    assert_eq!(hear(&sure(&here)).level, 0);
    let found =
        (0..12).map(|_| hear(&sure(&there))).position(|now| now.level == 2 && off_m(now.at, there.at) < 10.0);
    assert!(found.is_some_and(|scans| (1..10).contains(&scans)), "{found:?}");
}

#[test]
fn time_that_stands_still_runs_back_or_leaps_does_no_harm() {
    let venue = Venue::testville();
    let track = Arc::new(Track::of(venue.snapshot.graph()));
    let cell = track.cells()[0];
    let mut follower = Follower::new(Arc::clone(&track));
    for seconds in [10, 10, 3, 11, u64::MAX, 0] {
        let now = follower.observe(Duration::from_secs(seconds), &sure(&cell)).unwrap();
        assert_eq!(now.level, cell.level, "{seconds}");
        assert!(now.at.iter().all(|c| c.is_finite()) && now.radius_m.is_finite());
    }
    assert_eq!(Follower::new(Arc::new(Track::default())).observe(Duration::ZERO, &sure(&cell)), None);
}
