//! Files in, typed features out.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fields::Fields;
use super::{
    Amenity, Anchor, Archive, FILE_BYTES_MAX, FeatureId, Footprint, Level, Obstacle, Occupant, Opening,
    Region, Relationship, Unit, VenueFeature, required,
};
use crate::check::{Finding, Severity};
use crate::shape;

/// The feature files of IMDF 1.0.0; those that are read come with what they hold.
const KINDS: [&str; 16] = [
    "address",
    "amenity",
    "anchor",
    "building",
    "detail",
    "fixture",
    "footprint",
    "geofence",
    "kiosk",
    "level",
    "occupant",
    "opening",
    "relationship",
    "section",
    "unit",
    "venue",
];

/// Tells whether a file of this bare name is one of IMDF.
pub(crate) fn is_file(name: &str) -> bool {
    let stem = name.strip_suffix(".geojson").or_else(|| name.strip_suffix(".json"));
    name == "manifest.json" || stem.is_some_and(|stem| KINDS.contains(&stem))
}

pub(super) fn archive<N: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>) -> Archive {
    let mut archive = Archive::default();
    let mut sorted = BTreeMap::new();
    for (name, bytes) in files {
        let bare = name.as_ref().rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        if let Some(twice) = sorted.insert(bare, bytes) {
            drop(twice);
            archive.findings.push(file_finding(
                "file-twice",
                Severity::Violation,
                name.as_ref(),
                "the archive holds two files of this name".into(),
                "keep one",
            ));
        }
    }
    for (name, bytes) in sorted {
        read_file(&mut archive, &name, bytes.as_ref());
        archive.files.push(name);
    }
    sort(&mut archive);
    archive
}

fn file_finding(rule: &'static str, severity: Severity, file: &str, text: String, remedy: &str) -> Finding {
    Finding { rule, severity, file: file.to_owned(), feature_id: None, text, remedy: remedy.to_owned() }
}

fn read_file(archive: &mut Archive, name: &str, bytes: &[u8]) {
    let stem = name.strip_suffix(".geojson").or_else(|| name.strip_suffix(".json")).unwrap_or(name);
    let Some(kind) = KINDS.iter().find(|kind| **kind == stem) else {
        if name == "manifest.json" {
            read_manifest(archive, bytes);
        } else if name.ends_with(".geojson") {
            let text = "not a file of IMDF 1.0.0; not read".to_owned();
            archive.findings.push(file_finding("file-unknown", Severity::Info, name, text, "leave it out"));
        }
        return;
    };
    let whole = shape::features(name, bytes, FILE_BYTES_MAX, |index, feature| {
        read_feature(archive, kind, index, feature);
    });
    if let Err(finding) = whole {
        archive.findings.push(finding);
    }
}

fn read_manifest(archive: &mut Archive, bytes: &[u8]) {
    let value: Option<Value> = serde_json::from_slice(bytes).ok();
    let text = |field: &str| value.as_ref().and_then(|value| value.get(field)).and_then(Value::as_str);
    let mut report = |rule, severity, text: String, remedy| {
        archive.findings.push(file_finding(rule, severity, "manifest.json", text, remedy));
    };
    match text("version") {
        Some("1.0.0") => {}
        Some(other) => {
            let text = format!("version {other:?} is not 1.0.0");
            report("manifest-version", Severity::Warning, text, "export the archive as IMDF 1.0.0");
        }
        None => {
            let text = "not a JSON object with a version".to_owned();
            return report("manifest-bad", Severity::Violation, text, "write {\"version\": \"1.0.0\", ...}");
        }
    }
    for field in ["created", "generated_by", "language"] {
        if text(field).is_none_or(str::is_empty) {
            let text = format!("{field} is missing or not a text");
            report("manifest-incomplete", Severity::Warning, text, "fill it in as OGC 20-094 says");
        }
    }
}

fn read_feature(archive: &mut Archive, kind: &'static str, index: usize, feature: &Value) {
    let Some(id) = feature.get("id").and_then(Value::as_str).and_then(FeatureId::parse) else {
        archive.findings.push(file_finding(
            "feature-id-missing",
            Severity::Violation,
            kind,
            format!("feature number {index} has no id that is a string"),
            "give it a UUID",
        ));
        return;
    };
    archive.ids.entry(id.clone()).or_default().push(kind);
    let empty = Map::new();
    let properties = feature.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let geometry = feature.get("geometry");
    let Archive { findings, references, .. } = archive;
    let mut fields = Fields { file: kind, id: id.clone(), properties, geometry, findings, references };
    if !id.is_uuid() {
        fields.report("id-not-uuid", Severity::Warning, "the id is not a UUID".into(), "give it a UUID");
    }
    if feature.get("feature_type").and_then(Value::as_str) != Some(kind) {
        let text = format!("feature_type is not {kind:?}");
        fields.report("feature-type", Severity::Violation, text, "set it to the file's type");
    }
    required::check(&mut fields);
    match kind {
        "venue" => archive.venues.push(venue(&mut fields)),
        "footprint" => archive.footprints.extend(footprint(&mut fields)),
        "level" => archive.levels.extend(level(&mut fields)),
        "unit" => archive.units.extend(unit(&mut fields)),
        "fixture" | "kiosk" => archive.obstacles.extend(obstacle(&mut fields)),
        "opening" => archive.openings.extend(opening(&mut fields)),
        "amenity" => archive.amenities.extend(amenity(&mut fields)),
        "occupant" => archive.occupants.extend(occupant(&mut fields)),
        "anchor" => archive.anchors.extend(anchor(&mut fields)),
        "section" => archive.sections.extend(section(&mut fields)),
        "geofence" => archive.geofences.extend(geofence(&mut fields)),
        "relationship" => archive.relationships.extend(relationship(&mut fields)),
        _ => {}
    }
}

fn venue(fields: &mut Fields<'_>) -> VenueFeature {
    let category = fields.text("category").unwrap_or_default();
    VenueFeature { id: fields.id.clone(), category, name: fields.labels("name"), areas: fields.outline() }
}

fn footprint(fields: &mut Fields<'_>) -> Option<Footprint> {
    let areas = fields.outline();
    let on_ground = fields.text("category").as_deref() == Some("ground");
    on_ground.then(|| Footprint { id: fields.id.clone(), areas })
}

fn level(fields: &mut Fields<'_>) -> Option<Level> {
    let ordinal = fields.ordinal();
    let short_name = fields.labels("short_name");
    if short_name.is_empty() {
        let text = "short_name is missing; steps would name the ordinal".to_owned();
        fields.report("short-name-missing", Severity::Violation, text, "name it as the signs do, such as 2F");
    }
    let name = fields.labels("name");
    let outdoor = fields.properties.get("outdoor").and_then(Value::as_bool) == Some(true);
    let building_ids = fields.words("building_ids").iter().filter_map(|id| FeatureId::parse(id)).collect();
    let display_point = fields.display_point("display_point");
    let areas = fields.polygons().unwrap_or_default();
    let id = fields.id.clone();
    Some(Level { id, ordinal: ordinal?, name, short_name, outdoor, building_ids, display_point, areas })
}

fn obstacle(fields: &mut Fields<'_>) -> Option<Obstacle> {
    let level_id = fields.refer("level_id", "level", Some(("level-id-missing", Severity::Violation)));
    let areas = fields.polygons();
    Some(Obstacle { id: fields.id.clone(), level_id: level_id?, areas: areas? })
}

fn unit(fields: &mut Fields<'_>) -> Option<Unit> {
    let category = fields.category();
    let level_id = fields.refer("level_id", "level", Some(("level-id-missing", Severity::Violation)));
    let areas = fields.polygons();
    Some(Unit {
        id: fields.id.clone(),
        category,
        restriction: fields.restriction(),
        level_id: level_id?,
        name: fields.labels("name"),
        areas: areas?,
    })
}

fn opening(fields: &mut Fields<'_>) -> Option<Opening> {
    let category = fields.category();
    // OGC only warns: the door is left out, and whom that cuts off is said by the places behind it.
    let level_id = fields.refer("level_id", "level", Some(("level-id-missing", Severity::Warning)));
    let line = fields.line();
    let access_control = fields.words("access_control");
    Some(Opening { id: fields.id.clone(), category, level_id: level_id?, access_control, line: line? })
}

fn amenity(fields: &mut Fields<'_>) -> Option<Amenity> {
    let category = fields.category();
    let unit_ids = fields.refer_many("unit_ids", "unit");
    if unit_ids.is_empty() {
        let text = "unit_ids is empty; nobody can be led here".to_owned();
        fields.report("unit-ids-missing", Severity::Violation, text, "name the unit it stands in");
    }
    let (name, alt_name) = (fields.labels("name"), fields.labels("alt_name"));
    let hours = fields.hours();
    let at = fields.point()?;
    Some(Amenity { id: fields.id.clone(), category, unit_ids, name, alt_name, hours, at })
}

fn occupant(fields: &mut Fields<'_>) -> Option<Occupant> {
    let category = fields.category();
    let anchor_id = fields.refer("anchor_id", "anchor", Some(("anchor-id-missing", Severity::Warning)));
    let (name, alt_name) = (fields.labels("name"), fields.labels("alt_name"));
    if name.is_empty() {
        let text = "name is missing; nobody can ask for it".to_owned();
        fields.report("name-missing", Severity::Violation, text, "name it");
    }
    let hours = fields.hours();
    Some(Occupant { id: fields.id.clone(), category, anchor_id: anchor_id?, name, alt_name, hours })
}

fn anchor(fields: &mut Fields<'_>) -> Option<Anchor> {
    let unit_id = fields.refer("unit_id", "unit", Some(("unit-id-missing", Severity::Warning)));
    let at = fields.point();
    Some(Anchor { id: fields.id.clone(), unit_id: unit_id?, at: at? })
}

fn section(fields: &mut Fields<'_>) -> Option<Region> {
    let category = fields.category();
    let level_ids = fields
        .refer("level_id", "level", Some(("level-id-missing", Severity::Violation)))
        .into_iter()
        .collect();
    let areas = fields.polygons()?;
    Some(Region { id: fields.id.clone(), category, level_ids, name: fields.labels("name"), areas })
}

fn geofence(fields: &mut Fields<'_>) -> Option<Region> {
    let category = fields.category();
    let level_ids = fields.refer_many("level_ids", "level");
    let areas = fields.polygons()?;
    Some(Region { id: fields.id.clone(), category, level_ids, name: fields.labels("name"), areas })
}

fn relationship(fields: &mut Fields<'_>) -> Option<Relationship> {
    let category = fields.category();
    let origin = fields.refer("origin", "", Some(("relationship-end-missing", Severity::Violation)));
    let destination =
        fields.refer("destination", "", Some(("relationship-end-missing", Severity::Violation)));
    let direction = fields.text("direction");
    let directed = direction.as_deref() == Some("directed");
    if !directed && direction.as_deref() != Some("undirected") {
        let text = "direction is neither directed nor undirected; both ways are assumed".to_owned();
        fields.report("direction-missing", Severity::Warning, text, "say which");
    }
    Some(Relationship {
        id: fields.id.clone(),
        category,
        directed,
        origin: origin?,
        destination: destination?,
        through: fields.refer_each("intermediary"),
        hours: fields.hours(),
    })
}

fn sort(archive: &mut Archive) {
    archive.venues.sort_by(|a, b| a.id.cmp(&b.id));
    archive.footprints.sort_by(|a, b| a.id.cmp(&b.id));
    archive.levels.sort_by(|a, b| (a.ordinal, &a.id).cmp(&(b.ordinal, &b.id)));
    archive.units.sort_by(|a, b| a.id.cmp(&b.id));
    archive.obstacles.sort_by(|a, b| a.id.cmp(&b.id));
    archive.openings.sort_by(|a, b| a.id.cmp(&b.id));
    archive.amenities.sort_by(|a, b| a.id.cmp(&b.id));
    archive.occupants.sort_by(|a, b| a.id.cmp(&b.id));
    archive.anchors.sort_by(|a, b| a.id.cmp(&b.id));
    archive.sections.sort_by(|a, b| a.id.cmp(&b.id));
    archive.geofences.sort_by(|a, b| a.id.cmp(&b.id));
    archive.relationships.sort_by(|a, b| a.id.cmp(&b.id));
}
