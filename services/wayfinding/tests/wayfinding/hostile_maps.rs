//! Maps that parse and still make no sense, and questions that make none: findings and errors, never a panic.

use airside_wayfinding::{Language, Overlay, Profile, RouteError, Severity, Snapshot, Source, check};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::testville::town::{Town, rect};
use crate::{Venue, networks, stations, testville};

type Files = Vec<(String, String)>;

/// Changes the features of a file.
fn edited(mut files: Files, file: &str, edit: impl FnOnce(&mut Vec<Value>)) -> Files {
    let (_, text) = files.iter_mut().find(|(name, _)| name == file).unwrap();
    let mut value: Value = serde_json::from_str(text).unwrap();
    edit(value["features"].as_array_mut().unwrap());
    *text = value.to_string();
    files
}

/// Checks a map, compiles it where it is sound, asks it, and returns the rules that found something.
fn rules(files: Files) -> Vec<&'static str> {
    let source = Source::from_files(files);
    let findings = check(&source);
    let refused = findings.iter().any(|finding| finding.severity == Severity::Violation);
    match Snapshot::from_source(&source) {
        Ok(snapshot) => {
            assert!(!refused);
            let venue = Venue { snapshot, overlay: Overlay::open() };
            let _ = venue.ask("Metro", "A6", Profile::Wheelchair, Language::En);
        }
        Err(_) => assert!(refused),
    }
    findings.iter().map(|finding| finding.rule).collect()
}

/// A hall of twenty by ten metres with two desks, and what a test adds.
fn hall() -> Town {
    let mut town = Town::new();
    town.level(0, "Ground", "首层");
    town.unit(0, "hall", "lobby", "Hall", "大厅", &[rect(0.0, 0.0, 20.0, 10.0)]);
    town.door(0, "out", "pedestrian.principal", [0.0, 4.0], [0.0, 6.0]);
    for (key, x) in [("a", 4.0), ("b", 16.0)] {
        town.amenity(0, key, "information", &format!("{key} desk"), key, "", [x, 5.0], &["hall"]);
    }
    town
}

#[test]
fn rings_that_cross_themselves_are_walked_or_refused() {
    let bow = |ring: &mut Value| ring.as_array_mut().unwrap().swap(1, 2);
    for file in ["unit.geojson", "level.geojson"] {
        rules(edited(testville::files(), file, |features| {
            for feature in features {
                let rings = &mut feature["geometry"]["coordinates"];
                bow(if file == "unit.geojson" { &mut rings[0] } else { &mut rings[0][0] });
            }
        }));
    }
    rules(edited(networks::files(), "T1_Space.geojson", |features| {
        features.iter_mut().for_each(|feature| bow(&mut feature["geometry"]["coordinates"][0]));
    }));
}

#[test]
fn a_unit_of_one_point_and_an_opening_of_no_length_are_found() {
    let mut town = hall();
    town.door(0, "nothing", "pedestrian", [20.0, 5.0], [20.0, 5.0]);
    let found = rules(town.files());
    assert!(found.contains(&"opening-narrow") && found.contains(&"opening-one-sided"), "{found:?}");
    let flat = edited(hall().files(), "unit.geojson", |units| {
        let corner = units[0]["geometry"]["coordinates"][0][0].clone();
        units[0]["geometry"]["coordinates"] = json!([[corner, corner, corner, corner]]);
    });
    assert!(rules(flat).contains(&"unit-flat"));
}

#[test]
fn two_levels_of_one_ordinal_are_two_buildings() {
    let twice = edited(testville::files(), "level.geojson", |levels| {
        levels.iter_mut().for_each(|level| level["properties"]["ordinal"] = json!(1));
    });
    let found = rules(twice);
    assert!(found.contains(&"relationship-flat"), "an escalator leads nowhere: {found:?}");
}

#[test]
fn absurd_ordinals_are_refused_and_distant_ones_are_not() {
    for absurd in [json!(1e9), json!(-101), json!(0.5), json!("1"), json!(null), json!([1])] {
        let text = absurd.to_string();
        let found = rules(edited(testville::files(), "level.geojson", |levels| {
            levels[0]["properties"]["ordinal"] = absurd;
        }));
        assert!(found.contains(&"ordinal-missing"), "{text}");
    }
    rules(edited(testville::files(), "level.geojson", |levels| {
        levels[0]["properties"]["ordinal"] = json!(300);
    }));
}

#[test]
fn relationships_in_a_circle_end() {
    let circle = edited(testville::files(), "relationship.geojson", |all| {
        let ends: Vec<_> = all.iter().map(|one| one["properties"]["origin"].clone()).collect();
        for (number, one) in all.iter_mut().enumerate() {
            one["properties"]["category"] = json!("escalator");
            one["properties"]["destination"] = ends[(number + 1) % ends.len()].clone();
        }
    });
    rules(circle);
    let to_itself = edited(testville::files(), "relationship.geojson", |all| {
        all[0]["properties"]["destination"] = json!({"id": all[0]["id"], "feature_type": "relationship"});
    });
    assert!(rules(to_itself).contains(&"reference-to-itself"));
}

#[test]
fn json_of_sixty_four_levels_is_read_and_of_a_thousand_is_not() {
    let nested = |deep: usize| {
        let mut files = testville::files();
        let (_, text) = files.iter_mut().find(|(name, _)| name == "fixture.geojson").unwrap();
        let extra = format!("\"extra\":{}0{},\"category\"", "[".repeat(deep), "]".repeat(deep));
        *text = text.replacen("\"category\"", &extra, 1);
        files
    };
    assert_eq!(rules(nested(64)), Vec::<&str>::new());
    assert!(rules(nested(1_000)).contains(&"json-bad"));
}

#[test]
fn ten_thousand_tiny_units_are_a_map() {
    let mut town = hall();
    for number in 0..10_000_u32 {
        let (x, y) = (f64::from(number % 100) * 2.0, 20.0 + f64::from(number / 100) * 2.0);
        town.unit(0, &format!("cell-{number}"), "room", "", "", &[rect(x, y, x + 1.5, y + 1.5)]);
    }
    let found = rules(town.files());
    assert!(!found.contains(&"venue-too-large"), "{found:?}");
}

#[test]
fn more_features_or_bytes_than_are_read_are_refused() {
    let many = format!("{{\"features\":[{}{{}}]}}", "{},".repeat(100_001));
    let fat = format!("{{\"features\":[{{\"id\":\"{}\"}}]}}", "x".repeat(5_000_000));
    for (text, rule) in [(many, "venue-too-large"), (fat, "feature-too-large")] {
        let mut files = testville::files();
        files.iter_mut().find(|(name, _)| name == "fixture.geojson").unwrap().1 = text;
        assert!(rules(files).contains(&rule), "{rule}");
    }
}

#[test]
fn a_door_inside_a_fixture_is_found() {
    let mut town = hall();
    town.unit(0, "shop", "room", "Shop", "店", &[rect(20.0, 0.0, 30.0, 10.0)]);
    town.amenity(0, "shop", "information", "shop desk", "shop", "", [25.0, 5.0], &["shop"]);
    town.door(0, "shop", "pedestrian", [20.0, 4.0], [20.0, 6.0]);
    assert_eq!(rules(town.files()), Vec::<&str>::new());
    let mut town = hall();
    town.unit(0, "shop", "room", "Shop", "店", &[rect(20.0, 0.0, 30.0, 10.0)]);
    town.amenity(0, "shop", "information", "shop desk", "shop", "", [28.0, 5.0], &["shop"]);
    town.door(0, "shop", "pedestrian", [20.0, 4.0], [20.0, 6.0]);
    town.fixture(0, "wall", "wall", rect(18.0, 0.0, 24.0, 10.0));
    let found = rules(town.files());
    assert!(found.contains(&"place-unreachable") || found.contains(&"way-obstructed"), "{found:?}");
}

#[test]
fn a_question_that_makes_no_sense_is_an_error_that_names_its_field() {
    let venue = Venue::testville();
    let ask = |from: &str| venue.ask(from, "A6", Profile::Walk, Language::En).unwrap_err();
    assert!(matches!(ask("0,0,0"), RouteError::OffVenue { field: "from" }));
    assert!(matches!(ask("114.6,22.3,0"), RouteError::OffVenue { field: "from" }));
    assert!(matches!(ask("114.6,22.2,9"), RouteError::UnknownLevel { ordinal: 9, .. }));
    assert!(matches!(ask("114.6,22.2,-2147483648"), RouteError::UnknownLevel { .. }));
    for nonsense in
        ["NaN,22.2,0", "inf,22.2,0", "114.6,22.2,0.5", "114.6,22.2", ",,", "", "\u{0}", "\u{202e}x"]
    {
        assert!(matches!(ask(nonsense), RouteError::UnknownPlace { field: "from", .. }), "{nonsense:?}");
    }
    assert!(matches!(ask("1e308,1e308,0"), RouteError::OffVenue { .. }));
    assert!(ask(&"x".repeat(1_000_000)).to_string().len() < 1_000, "what was said comes back cut");
    let backwards = venue.ask("Metro", "-1e308,90,2", Profile::Walk, Language::En).unwrap_err();
    assert!(matches!(backwards, RouteError::OffVenue { field: "to" }));
}

/// Multiplies every number of a tree.
fn scale(value: &mut Value, by: f64) {
    match value {
        Value::Number(number) => *value = json!(number.as_f64().unwrap_or_default() * by),
        Value::Array(items) => items.iter_mut().for_each(|item| scale(item, by)),
        Value::Object(fields) => fields.values_mut().for_each(|field| scale(field, by)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn features_dropped_doubled_scaled_and_mixed_up_never_panic(
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec((0_u8..5, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
        by in prop::sample::select(vec![0.0, -1.0, 1e-9, 0.999_999, 1.000_001, 1e9, 1e300]),
        format in 0_u8..3,
    ) {
        let files = if format == 0 { networks::files() } else { testville::files() };
        let names: Vec<_> = files.iter().map(|(name, _)| name.clone()).filter(|name| name.ends_with(".geojson")).collect();
        rules(edited(files, &names[file.index(names.len())], |features| {
            for (change, at, other) in changes {
                if features.is_empty() {
                    return;
                }
                let (at, other) = (at.index(features.len()), other.index(features.len()));
                let donor = features[other].clone();
                match change {
                    0 => drop(features.remove(at)),
                    1 => features.push(donor),
                    2 => scale(&mut features[at], by),
                    3 => features[at]["geometry"] = donor["geometry"].clone(),
                    _ => features[at]["properties"] = donor["properties"].clone(),
                }
            }
        }));
    }

    #[test]
    fn rows_and_cells_of_a_station_changed_never_panic(
        file in 0_usize..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
        word in prop::sample::select(vec!["", "inf", "NaN", "-1", "1e300", "st", "in", "5", "\"", "0.0000001"]),
    ) {
        let mut files = stations::files();
        let mut rows: Vec<Vec<String>> =
            files[file].1.lines().map(|row| row.split(',').map(str::to_owned).collect()).collect();
        for (row, cell) in changes {
            let row = row.index(rows.len());
            let cell = cell.index(rows[row].len());
            rows[row][cell] = word.to_owned();
        }
        files[file].1 = rows.iter().map(|row| row.join(",")).collect::<Vec<_>>().join("\n");
        rules(files);
    }
}
