//! Each thing that can be wrong with a map is found, and named with its remedy.

use airside_wayfinding::{Graph, Severity, Source, check};
use serde_json::Value;

use crate::testville;

/// Changes one file of testville and expects a finding of this rule and severity.
fn broken(file: &str, from: &str, to: &str, rule: &str, severity: Severity) {
    let mut files = testville::files();
    let (_, text) = files.iter_mut().find(|(name, _)| name == file).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    *text = text.replacen(from, to, 1);
    expect(files, rule, severity);
}

fn expect(files: Vec<(String, String)>, rule: &str, severity: Severity) {
    let archive = Source::from_files(files);
    let findings = check(&archive);
    let found = findings.iter().find(|finding| finding.rule == rule);
    let found = found.unwrap_or_else(|| panic!("no {rule} in {findings:?}"));
    assert_eq!(found.severity, severity);
    assert!(!found.text.is_empty() && !found.remedy.is_empty());
    assert_eq!(Graph::build(&archive).is_err(), findings.iter().any(|f| f.severity == Severity::Violation));
}

#[test]
fn bad_json_is_found() {
    broken("unit.geojson", "{\"type\"", "{\"type", "json-bad", Severity::Violation);
    broken("manifest.json", "1.0.0", "0.9.0", "manifest-version", Severity::Warning);
    broken("level.geojson", "\"features\"", "\"creatures\"", "collection-missing", Severity::Violation);
}

#[test]
fn a_missing_file_is_found() {
    for name in ["manifest.json", "venue.geojson", "level.geojson", "unit.geojson", "opening.geojson"] {
        let files = testville::files().into_iter().filter(|(file, _)| file != name).collect();
        expect(files, "file-missing", Severity::Violation);
    }
}

#[test]
fn missing_fields_are_found() {
    broken("unit.geojson", "\"category\"", "\"categorie\"", "category-missing", Severity::Violation);
    broken("unit.geojson", "\"level_id\"", "\"level\"", "level-id-missing", Severity::Violation);
    broken("opening.geojson", "\"level_id\"", "\"level\"", "level-id-missing", Severity::Warning);
    broken("level.geojson", "\"ordinal\":1", "\"ordinal\":1.5", "ordinal-missing", Severity::Violation);
    broken("level.geojson", "\"short_name\"", "\"short\"", "short-name-missing", Severity::Violation);
    broken("amenity.geojson", "\"id\":", "\"di\":", "feature-id-missing", Severity::Violation);
}

#[test]
fn what_ogc_asks_of_each_feature_is_asked_with_its_severity() {
    let (violation, warning) = (Severity::Violation, Severity::Warning);
    let rows = [
        ("address", "address\":\"1", "address-missing", violation),
        ("address", "locality", "locality-missing", violation),
        ("address", "country", "country-missing", violation),
        ("address", "postal_code\"", "postal-code-missing", warning),
        ("amenity", "unit_ids", "unit-ids-missing", violation),
        ("amenity", "name", "name-missing", warning),
        ("anchor", "unit_id", "unit-id-missing", warning),
        ("anchor", "address_id", "address-id-missing", warning),
        ("building", "address_id", "address-id-missing", warning),
        ("building", "display_point", "display-point-missing", warning),
        ("fixture", "category", "category-missing", violation),
        ("fixture", "level_id", "level-id-missing", violation),
        ("footprint", "category", "category-missing", warning),
        ("footprint", "building_ids", "building-ids-missing", violation),
        ("geofence", "display_point", "display-point-missing", warning),
        ("level", "building_ids", "building-ids-missing", warning),
        ("level", "display_point", "display-point-missing", warning),
        ("level", "outdoor", "outdoor-missing", warning),
        ("occupant", "name", "name-missing", violation),
        ("occupant", "anchor_id", "anchor-id-missing", warning),
        ("opening", "display_point", "display-point-missing", warning),
        ("relationship", "direction", "direction-missing", warning),
        ("relationship", "origin", "relationship-end-missing", violation),
        ("section", "level_id", "level-id-missing", violation),
        ("section", "display_point", "display-point-missing", warning),
        ("unit", "display_point", "display-point-missing", warning),
        ("unit", "feature_type", "feature-type", violation),
        ("venue", "category", "category-missing", violation),
        ("venue", "name", "name-missing", violation),
        ("venue", "address_id", "address-id-missing", violation),
        ("venue", "display_point", "display-point-missing", warning),
    ];
    for (kind, field, rule, severity) in rows {
        let (file, from) = (format!("{kind}.geojson"), format!("\"{field}"));
        broken(&file, &from, &from.replacen('"', "\"no_", 1), rule, severity);
    }
    for field in ["created", "generated_by", "language"] {
        broken("manifest.json", field, "other", "manifest-incomplete", warning);
    }
    broken("unit.geojson", "\"zh-Hans\":\"", "\"zh-Hans\":7,\"x\":\"", "name-bad", violation);
}

#[test]
fn dangling_references_and_repeated_ids_are_found() {
    let level = "\"level_id\":\"";
    broken("unit.geojson", level, "\"level_id\":\"0", "reference-dangling", Severity::Violation);
    broken("anchor.geojson", "\"unit_id\":\"", "\"unit_id\":\"0", "reference-dangling", Severity::Violation);
    let mut files = testville::files();
    let (_, text) = files.iter_mut().find(|(name, _)| name == "venue.geojson").unwrap();
    let venue = text.lines().nth(1).unwrap().to_owned();
    *text = text.replace(&venue, &format!("{venue},\n{venue}"));
    expect(files.clone(), "id-twice", Severity::Violation);
    expect(files, "venue-count", Severity::Violation);
}

/// Changes the features of one file of testville and expects a finding.
fn redrawn(file: &str, change: impl FnOnce(&mut Vec<Value>), rule: &str) {
    let mut files = testville::files();
    let (_, text) = files.iter_mut().find(|(name, _)| name == file).unwrap();
    let mut collection: Value = serde_json::from_str(text).unwrap();
    change(collection["features"].as_array_mut().unwrap());
    *text = collection.to_string();
    expect(files, rule, Severity::Warning);
}

#[test]
fn an_outline_that_crosses_itself_is_found() {
    let crossed = |features: &mut Vec<Value>| {
        features[0]["geometry"]["coordinates"][0].as_array_mut().unwrap().swap(1, 2);
    };
    redrawn("unit.geojson", crossed, "ring-crosses-itself");
}

#[test]
fn a_unit_drawn_twice_is_found() {
    let twice = |features: &mut Vec<Value>| {
        let mut again = features[0].clone();
        again["id"] = "7f3a6a3e-5f0e-4c59-9a77-0123456789ab".into();
        features.push(again);
    };
    redrawn("unit.geojson", twice, "unit-twice");
}

#[test]
fn levels_over_each_other_with_one_ordinal_are_found() {
    let one = |features: &mut Vec<Value>| {
        features.iter_mut().for_each(|level| level["properties"]["ordinal"] = 0.into());
    };
    redrawn("level.geojson", one, "ordinal-twice");
}

#[test]
fn a_name_with_characters_that_nobody_sees_is_found() {
    let turned = |features: &mut Vec<Value>| {
        features[0]["properties"]["name"]["en"] = "Caf\u{202e}e".into();
    };
    redrawn("occupant.geojson", turned, "name-cut");
}

#[test]
fn a_door_on_no_wall_is_found() {
    // The café's door moved two kilometres north, and into the middle of the hall.
    broken(
        "opening.geojson",
        ",22.200270922]",
        ",22.220270922]",
        "opening-joins-nothing",
        Severity::Violation,
    );
}

#[test]
fn a_door_for_cars_is_a_note_and_an_unknown_one_a_warning() {
    let door = "\"category\":\"pedestrian\"";
    broken("opening.geojson", door, "\"category\":\"automobile\"", "category-implausible", Severity::Info);
    broken("opening.geojson", door, "\"category\":\"portcullis\"", "category-unknown", Severity::Warning);
}

#[test]
fn nonsense_coordinates_are_found() {
    broken("unit.geojson", "[114.6", "[914.6", "geometry-bad", Severity::Violation);
    broken("unit.geojson", "[114.6", "[null,114.6", "geometry-bad", Severity::Violation);
    broken("opening.geojson", "\"LineString\"", "\"Polygon\"", "geometry-bad", Severity::Violation);
}

#[test]
fn an_unknown_map_and_a_mixed_one_are_refused() {
    let findings = |names: &[&str]| check(&Source::from_files(names.iter().map(|name| (*name, "{}"))));
    assert_eq!(findings(&["readme.txt", "picture.png"])[0].rule, "source-unknown");
    assert_eq!(findings(&["unit.geojson", "stops.txt"])[0].rule, "source-mixed");
    assert_eq!(findings(&["nrt_node.geojson", "stops.txt"])[0].rule, "source-mixed");
}
