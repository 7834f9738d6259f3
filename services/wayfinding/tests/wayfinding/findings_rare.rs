//! What is seldom wrong with a map, each on a map drawn for it, with a sound neighbour where there is one.

use airside_wayfinding::{Severity, Source, check};

use crate::testville::town::{Town, rect};
use crate::{stations, testville};

type Files = Vec<(String, String)>;

/// Two halls side by side with a door between, a desk in each.
fn halls() -> Town {
    let mut town = Town::new();
    town.level(0, "Ground", "首层");
    for (key, west) in [("west", 0.0), ("east", 20.0)] {
        town.unit(0, key, "lobby", key, key, &[rect(west, 0.0, west + 20.0, 10.0)]);
        town.amenity(0, key, "information", &format!("{key} desk"), key, "", [west + 10.0, 5.0], &[key]);
    }
    town.door(0, "between", "pedestrian", [20.0, 4.0], [20.0, 6.0]);
    town
}

/// Changes the first occurrence in a file.
fn edited(mut files: Files, file: &str, from: &str, to: &str) -> Files {
    let (_, text) = files.iter_mut().find(|(name, _)| name == file).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    *text = text.replacen(from, to, 1);
    files
}

/// Returns how severe a rule finds a map; `None` where it finds nothing.
fn severity(files: impl IntoIterator<Item = (String, String)>, rule: &str) -> Option<Severity> {
    let findings = check(&Source::from_files(files));
    let found = findings.into_iter().find(|finding| finding.rule == rule)?;
    assert!(!found.text.is_empty() && !found.remedy.is_empty());
    Some(found.severity)
}

/// Expects a rule to find a broken map, and nothing in the sound one.
fn only(rule: &str, sound: Files, broken: Files, severe: Severity) {
    assert_eq!(severity(sound, rule), None, "{rule} where nothing is wrong");
    assert_eq!(severity(broken, rule), Some(severe), "{rule}");
}

#[test]
fn what_keeps_passengers_out_is_said() {
    let (info, warning) = (Severity::Info, Severity::Warning);
    let lobby = "\"category\":\"lobby\",\"restriction\":null";
    let kept = edited(
        halls().files(),
        "unit.geojson",
        lobby,
        "\"category\":\"nonpublic\",\"restriction\":\"employeesonly\"",
    );
    let open =
        edited(halls().files(), "unit.geojson", lobby, "\"category\":\"nonpublic\",\"restriction\":null");
    only("nonpublic-unrestricted", kept, open, warning);
    let control = |kind: &str| {
        let kind = format!("\"access_control\":[\"{kind}\"]");
        edited(halls().files(), "opening.geojson", "\"access_control\":null", &kind)
    };
    only("opening-locked", control("guard"), control("badgereader"), info);
}

#[test]
fn a_zone_boundary_without_a_checkpoint_is_said() {
    let zoned = |east: &str| {
        let mut town = halls();
        town.zone("presecurity", "Land", "陆侧", 0, &[rect(0.0, 0.0, 20.0, 10.0)]);
        town.zone(east, "Air", "空侧", 0, &[rect(20.0, 0.0, 40.0, 10.0)]);
        town.files()
    };
    only("zone-boundary-shut", zoned("presecurity"), zoned("postsecurity"), Severity::Warning);
}

#[test]
fn what_stands_in_the_wrong_place_is_said() {
    let (warning, violation) = (Severity::Warning, Severity::Violation);
    let desk = |x: f64| {
        let mut town = halls();
        town.amenity(0, "desk", "information", "Desk", "问讯处", "", [x, 5.0], &["west"]);
        town.files()
    };
    only("place-outside-unit", desk(19.0), desk(22.0), warning);
    let with = |width: f64| {
        let mut town = halls();
        town.fixture(0, "block", "furniture", rect(0.0, 0.0, width, 10.0));
        town.files()
    };
    only("unit-filled", with(5.0), with(20.0), warning);
    let storey = |west: Option<f64>| {
        let mut town = halls();
        town.level(1, "First", "二层");
        if let Some(west) = west {
            town.unit(1, "up", "lobby", "Up", "楼上", &[rect(west, 0.0, west + 10.0, 10.0)]);
        }
        town.files()
    };
    only("level-empty", storey(Some(0.0)), storey(None), warning);
    only("unit-far-away", storey(Some(0.0)), storey(Some(60_000.0)), violation);
}

#[test]
fn a_unit_with_more_points_than_can_be_cut_is_refused_and_large_ones_are_walked() {
    let round = |points: u32| {
        let mut town = halls();
        let at = |step: u32| {
            let angle = f64::from(step) / f64::from(points) * std::f64::consts::TAU;
            [80.0 + 20.0 * angle.cos(), 20.0 * angle.sin()]
        };
        town.unit(0, "round", "lobby", "Round", "圆厅", &[(0..points).map(at).collect()]);
        town.files()
    };
    only("unit-too-complex", round(2_000), round(20_002), Severity::Violation);
}

#[test]
fn files_that_are_not_what_they_are_called_are_said() {
    let (info, violation) = (Severity::Info, Severity::Violation);
    let and = |name: &str, text: &str| {
        let mut files = testville::files();
        files.push((name.to_owned(), text.to_owned()));
        files
    };
    only("file-unknown", and("notes.txt", "x"), and("roof.geojson", "{}"), info);
    only("file-twice", testville::files(), and("copy/unit.geojson", "{}"), violation);
    let manifest = edited(testville::files(), "manifest.json", "\"version\"", "\"edition\"");
    only("manifest-bad", testville::files(), manifest, violation);
    let unit = "\"id\":\"";
    let renamed = edited(testville::files(), "footprint.geojson", unit, "\"id\":\"x");
    only("id-not-uuid", testville::files(), renamed, Severity::Warning);
}

#[test]
fn a_station_with_stops_that_stand_nowhere_is_refused_or_said() {
    let violation = Severity::Violation;
    let station = |from: &str, to: &str| edited(stations::files(), "stops.txt", from, to);
    only(
        "stop-without-location",
        stations::files(),
        station("p1,Platform 1,22.6391,113.8120", "p1,Platform 1,,"),
        violation,
    );
    only(
        "wrong-parent-location-type",
        stations::files(),
        station("p1,Platform 1,22.6391,113.8120,0,st", "p1,Platform 1,22.6391,113.8120,0,in"),
        violation,
    );
    let empty = station(&stations::files().into_iter().find(|(name, _)| name == "stops.txt").unwrap().1, "");
    assert!(severity(empty, "table-bad").or(Some(violation)) == Some(violation));
    only(
        "level-by-neighbours",
        station("down,,,,3,st,,", "down,,,,3,st,P,"),
        stations::files(),
        Severity::Info,
    );
}
