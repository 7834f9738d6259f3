//! Whether the archive is whole: its files, ids, references, and words.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Findings, Severity};
use crate::imdf::{Archive, FeatureId, Reference};

/// The most features of one type; an airport of fifty gates has some two thousand units.
const FEATURES_MAX: usize = 20_000;

const REQUIRED: [&str; 5] =
    ["manifest.json", "venue.geojson", "level.geojson", "unit.geojson", "opening.geojson"];

/// Opening categories of IMDF 1.0.0 that are for people.
const OPENINGS_FOR_PEOPLE: [&str; 4] =
    ["pedestrian", "pedestrian.principal", "pedestrian.transit", "emergencyexit"];
/// Opening categories of IMDF 1.0.0 that are not.
const OPENINGS_FOR_VEHICLES: [&str; 4] = ["automobile", "bicycle", "service", "taxi"];

/// Unit categories of IMDF 1.0.0, without what follows the first dot.
const UNIT_ROOTS: [&str; 57] = [
    "auditorium",
    "brick",
    "classroom",
    "column",
    "concrete",
    "conferenceroom",
    "drywall",
    "elevator",
    "escalator",
    "fieldofplay",
    "firstaid",
    "fitnessroom",
    "foodservice",
    "footbridge",
    "glass",
    "huddleroom",
    "kitchen",
    "laboratory",
    "library",
    "lobby",
    "lounge",
    "mailroom",
    "mothersroom",
    "movietheater",
    "movingwalkway",
    "nonpublic",
    "office",
    "opentobelow",
    "parking",
    "phoneroom",
    "platform",
    "privatelounge",
    "ramp",
    "recreation",
    "restroom",
    "road",
    "room",
    "serverroom",
    "shower",
    "sleepingroom",
    "smokingarea",
    "stairs",
    "steps",
    "storage",
    "structure",
    "swimmingpool",
    "technologyroom",
    "terrace",
    "theater",
    "unenclosedarea",
    "unspecified",
    "vegetation",
    "waitingroom",
    "walkway",
    "wood",
    "prayerroom",
    "checkroom",
];

pub(crate) fn check(archive: &Archive, findings: &mut Findings) {
    files(archive, findings);
    sizes(archive, findings);
    ids(&archive.ids, findings);
    references(&archive.ids, &archive.references, findings);
    words(archive, findings);
}

fn finding(
    rule: &'static str,
    severity: Severity,
    file: &str,
    feature: Option<&FeatureId>,
    text: String,
    remedy: &str,
) -> Finding {
    Finding {
        severity,
        rule,
        file: file.to_owned(),
        feature_id: feature.map(ToString::to_string),
        text,
        remedy: remedy.to_owned(),
    }
}

fn files(archive: &Archive, findings: &mut Findings) {
    for name in REQUIRED {
        if !archive.files.iter().any(|file| file == name) {
            let text = "the file is missing".to_owned();
            findings.push(finding(
                "file-missing",
                Severity::Violation,
                name,
                None,
                text,
                "add it to the archive",
            ));
        }
    }
    let venues = archive.ids.values().flatten().filter(|file| **file == "venue").count();
    if venues != 1 && archive.files.iter().any(|file| file == "venue.geojson") {
        let text = format!("{venues} venues stand in the archive");
        findings.push(finding("venue-count", Severity::Violation, "venue", None, text, "keep exactly one"));
    }
}

fn sizes(archive: &Archive, findings: &mut Findings) {
    let counts = [
        ("level", archive.levels.len()),
        ("footprint", archive.footprints.len()),
        ("unit", archive.units.len()),
        ("opening", archive.openings.len()),
        ("amenity", archive.amenities.len()),
        ("occupant", archive.occupants.len()),
        ("relationship", archive.relationships.len()),
    ];
    for (file, count) in counts.into_iter().filter(|(_, count)| *count > FEATURES_MAX) {
        let text = format!("{count} features are more than the {FEATURES_MAX} a venue may have");
        findings.push(finding("venue-too-large", Severity::Violation, file, None, text, "split the venue"));
    }
}

/// Every feature has an id of its own.
pub(crate) fn ids(ids: &BTreeMap<FeatureId, Vec<&'static str>>, findings: &mut Findings) {
    for (id, files) in ids {
        if files.len() > 1 {
            let text = format!("the id is used {} times, in {}", files.len(), files.join(", "));
            let remedy = "give each feature an id of its own";
            findings.push(finding("id-twice", Severity::Violation, files[0], Some(id), text, remedy));
        }
    }
}

/// Every reference leads to a feature of the kind it must name.
pub(crate) fn references(
    ids: &BTreeMap<FeatureId, Vec<&'static str>>,
    references: &[Reference],
    findings: &mut Findings,
) {
    for reference in references {
        let found = ids.get(&reference.to);
        let fits =
            found.is_some_and(|files| reference.target.is_empty() || files.contains(&reference.target));
        if !fits {
            let target = if reference.target.is_empty() { "feature" } else { reference.target };
            let text = format!("{} names {target} {}, which is not there", reference.field, reference.to);
            let remedy = "add what it names, or correct the reference";
            let (file, from) = (reference.file, Some(&reference.from));
            findings.push(finding("reference-dangling", Severity::Violation, file, from, text, remedy));
        }
        if reference.from == reference.to {
            let text = format!("{} names the feature itself", reference.field);
            let (file, from) = (reference.file, Some(&reference.from));
            let remedy = "name another feature";
            findings.push(finding("reference-to-itself", Severity::Violation, file, from, text, remedy));
        }
    }
}

/// Words that cannot mean what they say. One finding per word, not per feature: they come by the hundred.
fn words(archive: &Archive, findings: &mut Findings) {
    let mut openings = BTreeMap::<&str, (usize, &FeatureId)>::new();
    for opening in &archive.openings {
        openings.entry(&opening.category).or_insert((0, &opening.id)).0 += 1;
    }
    for (category, (count, first)) in openings {
        if OPENINGS_FOR_PEOPLE.contains(&category) {
            continue;
        }
        let known = OPENINGS_FOR_VEHICLES.contains(&category);
        let text = format!("{count} openings are of category {category:?}; the category is not believed");
        let rule = if known { "category-implausible" } else { "category-unknown" };
        let remedy = "use pedestrian for doors that people walk through";
        // Nonsense is not believed and does no harm; a word nobody knows may hide a mistake.
        let severity = if known { Severity::Info } else { Severity::Warning };
        findings.push(finding(rule, severity, "opening", Some(first), text, remedy));
    }
    let mut units = BTreeMap::<&str, (usize, &FeatureId)>::new();
    for unit in &archive.units {
        units.entry(&unit.category).or_insert((0, &unit.id)).0 += 1;
    }
    for (category, (count, first)) in units {
        let root = category.split('.').next().unwrap_or_default();
        if !UNIT_ROOTS.contains(&root) {
            let text = format!("{count} units are of category {category:?}, which IMDF does not know");
            let remedy = "use a unit category of IMDF 1.0.0";
            findings.push(finding("category-unknown", Severity::Warning, "unit", Some(first), text, remedy));
        }
    }
    let with_units: BTreeSet<_> = archive.units.iter().map(|unit| &unit.level_id).collect();
    for level in archive.levels.iter().filter(|level| !with_units.contains(&level.id)) {
        let text = "no unit stands on this level".to_owned();
        let remedy = "draw its units";
        findings.push(finding("level-empty", Severity::Warning, "level", Some(&level.id), text, remedy));
    }
}
