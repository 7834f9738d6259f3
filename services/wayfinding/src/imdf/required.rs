//! What OGC asks of each feature besides what is read for routing: a table, not code.

use serde_json::Value;

use super::fields::Fields;
use crate::check::Severity;

/// What a field must hold.
#[derive(Clone, Copy)]
enum Holds {
    /// A text that is not empty.
    Text,
    /// A name in at least one language.
    Labels,
    /// The id of a feature of this file.
    Id(&'static str),
    /// One id or more of features of this file.
    Ids(&'static str),
    /// A point on the earth.
    Point,
    /// True or false.
    Flag,
}

use Holds::{Flag, Id, Ids, Labels, Point, Text};
use Severity::{Violation, Warning};

/// The file, its field, what it holds, how bad it is when it does not, and the rule's name.
type Rule = (&'static str, &'static str, Holds, Severity, &'static str);

const RULES: [Rule; 26] = [
    ("address", "address", Text, Violation, "address-missing"),
    ("address", "locality", Text, Violation, "locality-missing"),
    ("address", "country", Text, Violation, "country-missing"),
    ("address", "postal_code", Text, Warning, "postal-code-missing"),
    ("amenity", "name", Labels, Warning, "name-missing"),
    ("anchor", "address_id", Id("address"), Warning, "address-id-missing"),
    ("building", "category", Text, Warning, "category-missing"),
    ("building", "address_id", Id("address"), Warning, "address-id-missing"),
    ("building", "display_point", Point, Warning, "display-point-missing"),
    ("detail", "level_id", Id("level"), Warning, "level-id-missing"),
    ("fixture", "category", Text, Violation, "category-missing"),
    ("footprint", "category", Text, Warning, "category-missing"),
    ("footprint", "building_ids", Ids("building"), Violation, "building-ids-missing"),
    ("geofence", "display_point", Point, Warning, "display-point-missing"),
    ("kiosk", "display_point", Point, Warning, "display-point-missing"),
    ("level", "category", Text, Warning, "category-missing"),
    ("level", "outdoor", Flag, Warning, "outdoor-missing"),
    ("level", "building_ids", Ids("building"), Warning, "building-ids-missing"),
    ("level", "display_point", Point, Warning, "display-point-missing"),
    ("opening", "display_point", Point, Warning, "display-point-missing"),
    ("section", "display_point", Point, Warning, "display-point-missing"),
    ("unit", "display_point", Point, Warning, "display-point-missing"),
    ("venue", "category", Text, Violation, "category-missing"),
    ("venue", "name", Labels, Violation, "name-missing"),
    ("venue", "address_id", Id("address"), Violation, "address-id-missing"),
    ("venue", "display_point", Point, Warning, "display-point-missing"),
];

/// The fields that hold names by their languages.
const NAMES: [&str; 3] = ["name", "alt_name", "short_name"];

/// Reports what a feature lacks, and notes what it refers to.
pub(super) fn check(fields: &mut Fields<'_>) {
    let file = fields.file;
    for (_, field, holds, severity, rule) in RULES.into_iter().filter(|rule| rule.0 == file) {
        let (held, wanted) = match holds {
            Text => (fields.text(field).is_some(), "a text"),
            Labels => (!fields.labels(field).is_empty(), "a name by its language"),
            Id(target) => (fields.refer(field, target, None).is_some(), "the id of a feature"),
            Ids(target) => (!fields.refer_many(field, target).is_empty(), "a list of ids"),
            Point => (fields.display_point(field).is_some(), "a point on the earth"),
            Flag => (fields.properties.get(field).is_some_and(Value::is_boolean), "true or false"),
        };
        if !held {
            let text = format!("{field} is missing or not {wanted}");
            fields.report(rule, severity, text, "fill it in as OGC 20-094 says");
        }
    }
    for field in NAMES {
        let told = fields.properties.get(field).filter(|told| !told.is_null());
        let named = |told: &Value| told.as_object().is_some_and(|told| told.values().all(Value::is_string));
        if told.is_some_and(|told| !named(told)) {
            let text = format!("{field} is not a name by its language");
            fields.report("name-bad", Violation, text, "write {\"en\": \"...\", \"zh-Hans\": \"...\"}");
        }
    }
}
