//! What a radio map answers, and what it refuses.

use airside_wayfinding::FeatureId;
use airside_wayfinding::position::{
    Fingerprint, LocateError, MapError, RadioMap, Reading, Scan, ScanError, Transmitter,
    evaluate::{cross_validate, judge, report, survey},
    radio_map::Tuning,
    scan::READINGS_MAX,
    table::{self, Row, TableError},
};
use proptest::prelude::*;

fn beacon(minor: u16) -> Transmitter {
    Transmitter::beacon("FDA50693-A4E2-4FB1-AFCF-C6EB07647825", 1, minor).unwrap()
}

fn scan(readings: &[(u16, f32)]) -> Scan {
    let reading =
        |(minor, rssi_dbm): &(u16, f32)| Reading { transmitter: beacon(*minor), rssi_dbm: *rssi_dbm };
    Scan::new(readings.iter().map(reading).collect()).unwrap()
}

/// A corridor on two levels with a beacon each ten metres; a spot each five metres.
fn corridor() -> Vec<Fingerprint> {
    let mut prints = Vec::new();
    for (level, step) in [0, 1].into_iter().flat_map(|level| (0..20_u16).map(move |step| (level, step))) {
        let at = [f64::from(step) * 5.0, 0.0];
        prints.push(Fingerprint { building: 0, level, at, scan: heard(level, at[0], 0.0) });
    }
    prints
}

/// What is heard at a spot of the corridor by a phone that hears so much louder.
fn heard(level: i32, x: f64, louder_db: f64) -> Scan {
    let of = |minor: u16| {
        let (floor, place) = (i32::from(minor / 100), f64::from(minor % 100) * 10.0);
        let distance = (place - x).hypot(3.0);
        let rssi = -55.0 - 22.0 * distance.log10() - 18.0 * f64::from(floor.abs_diff(level)) + louder_db;
        (minor, rssi as f32)
    };
    let minors = (0..10).chain(100..110);
    scan(&minors.map(of).filter(|(_, rssi)| *rssi > -95.0).collect::<Vec<_>>())
}

fn venue() -> FeatureId {
    FeatureId::parse("venue").unwrap()
}

fn map() -> RadioMap {
    RadioMap::compile(venue(), "2026-11", corridor()).unwrap()
}

#[test]
fn a_scan_between_two_spots_lies_between_them() {
    let fix = map().locate(&heard(1, 42.0, 0.0)).unwrap();
    assert_eq!(fix.level, 1);
    assert!((fix.at[0] - 42.0).abs() < 4.0, "{fix:?}");
    assert!(fix.confidence > 0.9 && fix.radius_m < 12.0, "{fix:?}");
}

#[test]
fn a_phone_that_hears_louder_or_softer_is_found_as_well() {
    for louder_db in [-8.0, -5.0, 5.0, 8.0] {
        let fix = map().locate(&heard(0, 62.0, louder_db)).unwrap();
        assert_eq!(fix.level, 0, "{louder_db} dB");
        assert!((fix.at[0] - 62.0).abs() < 7.0, "{louder_db} dB: {fix:?}");
    }
}

#[test]
fn a_level_that_was_surveyed_many_times_over_is_told_no_more_often() {
    let often = corridor().into_iter().flat_map(|print| {
        let times = if print.level == 0 { 5 } else { 1 };
        vec![print; times]
    });
    let often = RadioMap::compile(venue(), "often", often.collect()).unwrap();
    for (level, x) in [(0, 12.0), (0, 63.0), (1, 12.0), (1, 63.0)] {
        // Somebody between the levels hears both; the one nearer is told, however often the other was surveyed.
        let readings = heard(level, x, 0.0).readings().to_vec();
        let lean = |reading: Reading| match reading.transmitter {
            Transmitter::Beacon { minor, .. } if i32::from(minor / 100) == level => {
                Reading { rssi_dbm: reading.rssi_dbm - 7.0, ..reading }
            }
            _ => Reading { rssi_dbm: reading.rssi_dbm + 7.0, ..reading },
        };
        let between = Scan::new(readings.into_iter().map(lean).collect()).unwrap();
        let (once, more) = (map().locate(&between).unwrap(), often.locate(&between).unwrap());
        assert_eq!(once.level, more.level, "{once:?} {more:?}");
        assert!((once.confidence - more.confidence).abs() < 1e-6, "{once:?} {more:?}");
        assert!((once.at[0] - more.at[0]).abs() < 1e-6, "{once:?} {more:?}");
    }
}

#[test]
fn a_scan_of_strangers_alone_is_refused() {
    let refused = map().locate(&scan(&[(900, -60.0), (901, -70.0)]));
    assert_eq!(refused, Err(LocateError::Unknown { heard: 2 }));
}

#[test]
fn strangers_beside_known_beacons_do_no_harm() {
    let mut readings = heard(0, 20.0, 0.0).readings().to_vec();
    readings.push(Reading { transmitter: beacon(900), rssi_dbm: -70.0 });
    let fix = map().locate(&Scan::new(readings).unwrap()).unwrap();
    assert_eq!((fix.level, fix.heard), (0, heard(0, 20.0, 0.0).readings().len()));
    assert!((fix.at[0] - 20.0).abs() < 5.0, "{fix:?}");
}

#[test]
fn bad_scans_are_refused_with_the_reason() {
    let one = |rssi_dbm| Reading { transmitter: beacon(1), rssi_dbm };
    assert_eq!(Scan::new(vec![]), Err(ScanError::Empty));
    assert_eq!(Scan::new(vec![one(-60.0), one(-61.0)]), Err(ScanError::Duplicate(beacon(1))));
    for rssi_dbm in [1.0, 127.0, -120.5, f32::INFINITY, f32::NAN] {
        assert!(
            matches!(Scan::new(vec![one(rssi_dbm)]), Err(ScanError::Rssi { index: 0, .. })),
            "{rssi_dbm}"
        );
    }
    assert_eq!(Scan::new(vec![one(-60.0); READINGS_MAX + 1]), Err(ScanError::TooMany(READINGS_MAX + 1)));
}

#[test]
fn names_of_transmitters_are_read_and_written_alike() {
    for name in ["00:1a:2b:3c:4d:5e", "fda50693a4e24fb1afcfc6eb07647825/10073/61418"] {
        assert_eq!(name.parse::<Transmitter>().unwrap().to_string(), name);
    }
    for wrong in
        ["", "00:1a:2b:3c:4d", "00:1a:2b:3c:4d:5e:6f", "0g:1a:2b:3c:4d:5e", "fda5/1/2", "1/2/3/4", "é:1"]
    {
        assert!(wrong.parse::<Transmitter>().is_err(), "{wrong}");
    }
}

#[test]
fn a_survey_of_one_place_is_no_map() {
    let one = || corridor()[0].clone();
    for prints in [vec![], vec![one()], vec![one(), one()]] {
        let refused = RadioMap::compile(venue(), "1", prints).unwrap_err();
        assert!(matches!(refused, MapError::TooFewPlaces(0 | 1)), "{refused}");
    }
    let mut nowhere = corridor();
    nowhere[3].at[1] = f64::NAN;
    assert_eq!(RadioMap::compile(venue(), "1", nowhere).unwrap_err(), MapError::Position(3));
    assert_eq!(RadioMap::compile(venue(), "", corridor()).unwrap_err(), MapError::Version);
}

#[test]
fn a_map_of_another_venue_is_noticed() {
    let testville = crate::Venue::testville().snapshot;
    let refused = map().check(&testville).unwrap_err();
    assert!(matches!(refused, MapError::OtherVenue { .. }), "{refused}");
    let here = testville.summary().id;
    let mut prints = corridor();
    prints[0].level = 7;
    let refused = RadioMap::compile(here.clone(), "1", prints).unwrap().check(&testville).unwrap_err();
    assert_eq!(refused, MapError::UnknownLevel(7));
    let mut prints = corridor();
    prints[0].at = [9_000.0, 0.0];
    let refused = RadioMap::compile(here, "1", prints).unwrap().check(&testville).unwrap_err();
    assert!(matches!(refused, MapError::OffVenue(..)), "{refused}");
}

const HEADER: &str = "WAP001,WAP002,WAP003,LONGITUDE,LATITUDE,FLOOR,BUILDINGID,SPACEID";

fn refused(table: &str) -> String {
    table::read(table.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_table_is_read_by_the_names_of_its_columns() {
    let rows =
        table::read(format!("{HEADER}\n-60,100,-71,1.5,2,3,1,9\r\n100,100,100,0,0,0,0,9\n\n").as_bytes());
    let rows = rows.unwrap();
    let Row { building, level, at, scan, recorder } = &rows[0];
    assert_eq!((*building, *level, *at, *recorder), (1, 3, [1.5, 2.0], None));
    assert_eq!(scan.as_ref().unwrap().readings().len(), 2);
    assert_eq!(rows[1].scan, None);
    let turned = "BUILDINGID,PHONEID,FLOOR,WAP003,HEIGHT_M,WAP001,LATITUDE,LONGITUDE,USERID\n1,8,3,-71,0,-60,2,1.5,7\n";
    let turned = table::read(turned.as_bytes()).unwrap();
    assert_eq!((&turned[0].scan, turned[0].recorder), (scan, Some((7, 8))));
}

#[test]
fn a_table_that_cannot_be_read_says_where() {
    assert_eq!(refused(""), "line 1: column WAP001 is missing; UJIIndoorLoc's header is needed");
    assert_eq!(
        refused("WAP001,LONGITUDE,LATITUDE,FLOOR"),
        "line 1: column BUILDINGID is missing; UJIIndoorLoc's header is needed"
    );
    assert_eq!(refused(HEADER), "the table has no rows");
    assert_eq!(refused(&format!("{HEADER}\n1,2")), "line 2: 2 cells where the header has 8");
    let cell = refused(&format!("{HEADER}\n-60,100,100,1,2,3,1,9\n-60,99,100,1,2,3,1,9"));
    assert_eq!(
        cell,
        "line 3, column WAP002: \"99\" is not a loudness of -120 to 0 dBm, or 100 for not heard"
    );
    let cell = refused(&format!("{HEADER}\n-60,100,100,inf,2,3,1,9"));
    assert_eq!(cell, "line 2, column LONGITUDE: \"inf\" is not a number of metres");
    let cell = refused(&format!("{HEADER}\n-60,100,100,1,2,3.5,1,9"));
    assert_eq!(cell, "line 2, column FLOOR: \"3.5\" is not a floor's whole number");
    assert!(matches!(table::read(&[0xff, 0xfe]), Err(TableError::NotText)));
}

#[test]
fn figures_are_what_they_say() {
    let table = "WAP001,WAP002,LONGITUDE,LATITUDE,FLOOR,BUILDINGID\n";
    let train = table::read(format!("{table}-50,100,0,0,0,0\n100,-50,100,0,1,0").as_bytes()).unwrap();
    let test = format!("{table}-50,100,0,3,0,0\n100,-50,100,4,1,0\n100,-50,104,0,0,0\n100,100,50,0,0,0");
    let test = table::read(test.as_bytes()).unwrap();
    let map = survey(&train, Tuning::default()).unwrap();
    let judged: Vec<_> = test.iter().map(|row| judge(&map, row)).collect();
    let found = report(&judged);
    // The scan that heard nothing has no building, and the survey's middle is its place.
    assert_eq!((found.building_hit, found.floor_hit, found.scans), (0.75, 0.5, 4));
    assert!((found.mean_m - 2.75).abs() < 1e-9 && (found.median_m - 3.5).abs() < 1e-9, "{found:?}");
    assert!((found.p75_m - 4.0).abs() < 1e-9, "{found:?}");
    assert_eq!(report(&[]).mean_m, 0.0);
}

#[test]
fn cross_validation_never_asks_a_place_about_itself() {
    // Each spot has an access point of its own, so that a spot that knew itself would be found to the metre.
    let names: Vec<_> = (0..21).map(|spot| format!("WAP{spot:03}")).collect();
    let mut table = format!("{},LONGITUDE,LATITUDE,FLOOR,BUILDINGID\n", names.join(","));
    for spot in 0..20 {
        let heard: Vec<_> = (0..20).map(|ap| if ap == spot { "-40" } else { "100" }).collect();
        let x = f64::from(spot) * 5.0 + f64::from(spot % 2) * 0.7;
        table += &format!("{},-80,{x},0,0,0\n", heard.join(",")).repeat(3);
    }
    let rows = table::read(table.as_bytes()).unwrap();
    let judged = cross_validate(&rows, Tuning::default(), |_| {}).unwrap();
    assert_eq!(judged.len(), rows.len());
    assert!(judged.iter().all(|j| j.floor && j.error_m > 0.01), "a place was asked about itself");
}

proptest! {
    #[test]
    fn fingerprints_in_any_order_answer_alike(
        order in Just(corridor()).prop_shuffle(), x in 0.0..95.0, louder_db in -6.0..6.0
    ) {
        let shuffled = RadioMap::compile(venue(), "1", order).unwrap();
        let asked = heard(1, x, louder_db);
        prop_assert_eq!(shuffled.locate(&asked), map().locate(&asked));
    }

    #[test]
    fn whatever_is_heard_the_answer_is_a_place_or_a_reason(
        readings in proptest::collection::vec((0_u16..120, -130.0_f32..10.0), 0..40)
    ) {
        let reading = |(minor, rssi_dbm)| Reading { transmitter: beacon(minor), rssi_dbm };
        let Ok(scan) = Scan::new(readings.into_iter().map(reading).collect()) else { return Ok(()) };
        if let Ok(fix) = map().locate(&scan) {
            prop_assert!((0.0..=95.0).contains(&fix.at[0]) && fix.radius_m > 0.0);
            prop_assert!((0.0..=1.0).contains(&fix.confidence));
        }
    }
}
