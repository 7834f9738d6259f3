//! One feature's fields, read with a finding for each that is wrong.

use std::collections::BTreeMap;

use geojson::{Geometry, GeometryValue};
use serde_json::{Map, Value};

use super::{FeatureId, LonLat, Reference, Rings};
use crate::check::{Finding, Findings, Severity};
use crate::hours::Hours;
use crate::shape::{POINTS_MAX, crosses_itself};
use crate::words::Labels;

/// The longest name; one is read from a small screen.
const NAME_CHARS_MAX: usize = 200;

/// A feature being read: its properties, its geometry, and where to report.
pub(super) struct Fields<'a> {
    pub(super) file: &'static str,
    pub(super) id: FeatureId,
    pub(super) properties: &'a Map<String, Value>,
    pub(super) geometry: Option<&'a Value>,
    pub(super) findings: &'a mut Findings,
    pub(super) references: &'a mut Vec<Reference>,
}

impl Fields<'_> {
    pub(super) fn report(&mut self, rule: &'static str, severity: Severity, text: String, remedy: &str) {
        self.findings.push(Finding {
            rule,
            severity,
            file: self.file.to_owned(),
            feature_id: Some(self.id.to_string()),
            text,
            remedy: remedy.to_owned(),
        });
    }

    fn missing(&mut self, rule: &'static str, severity: Severity, field: &str) {
        let text = format!("{field} is missing or not of its type");
        self.report(rule, severity, text, "fill it in as OGC 20-094 says");
    }

    /// Reads the point that stands in a field.
    pub(super) fn display_point(&self, field: &str) -> Option<LonLat> {
        let point = self.properties.get(field).filter(|value| !value.is_null())?;
        match serde_json::from_value::<Geometry>(point.clone()).ok()?.value {
            GeometryValue::Point { coordinates } => lon_lat(coordinates.as_slice()),
            _ => None,
        }
    }

    pub(super) fn text(&self, field: &str) -> Option<String> {
        let text = self.properties.get(field)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Reads the category; a missing one is a violation and reads as `unspecified`.
    pub(super) fn category(&mut self) -> String {
        self.text("category").unwrap_or_else(|| {
            self.missing("category-missing", Severity::Violation, "category");
            "unspecified".to_owned()
        })
    }

    pub(super) fn restriction(&self) -> Option<String> {
        self.text("restriction")
    }

    pub(super) fn words(&self, field: &str) -> Vec<String> {
        let items = self.properties.get(field).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Reads a name in each of its languages; what is left out of one is a finding.
    pub(super) fn labels(&mut self, field: &str) -> Labels {
        let labels = self.properties.get(field).and_then(Value::as_object);
        let (mut kept, mut cut) = (BTreeMap::new(), None);
        for (tag, name) in labels.into_iter().flatten() {
            let Some(said) = name.as_str().map(str::trim) else { continue };
            let name: String = said.chars().filter(|c| !is_invisible(*c)).take(NAME_CHARS_MAX).collect();
            if name != said {
                cut = Some(tag);
            }
            if !name.is_empty() {
                kept.insert(tag.clone(), name);
            }
        }
        if let Some(tag) = cut {
            let text = format!("{field} in {tag:?} is too long or has characters that nobody sees");
            let remedy = "shorten it to 200 characters and take control and direction characters out";
            self.report("name-cut", Severity::Warning, text, remedy);
        }
        Labels(kept)
    }

    /// Reads opening hours; what is not understood of them is a finding.
    pub(super) fn hours(&mut self) -> Option<Hours> {
        let hours = Hours::read(&self.text("hours")?);
        if !hours.is_understood() {
            let text =
                format!("hours {:?} are not understood; nobody is told whether it is open", hours.text());
            let remedy = "write weekdays and times, such as Mo-Fr 06:00-23:00; Sa,Su 07:00-22:00, or 24/7";
            self.report("hours-unknown", Severity::Warning, text, remedy);
        }
        Some(hours)
    }

    pub(super) fn ordinal(&mut self) -> Option<i32> {
        let value = self.properties.get("ordinal").and_then(Value::as_f64);
        let whole = value.filter(|o| o.fract() == 0.0 && (-100.0..=300.0).contains(o));
        if whole.is_none() {
            let field = "ordinal (a whole number from -100 to 300)";
            self.missing("ordinal-missing", Severity::Violation, field);
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range was just tested")]
        whole.map(|o| o as i32)
    }

    /// Reads a reference; a missing one is reported when a rule is given.
    pub(super) fn refer(
        &mut self,
        field: &'static str,
        target: &'static str,
        rule: Option<(&'static str, Severity)>,
    ) -> Option<FeatureId> {
        let value = self.properties.get(field);
        let id = match value {
            Some(Value::Object(reference)) => reference.get("id").and_then(Value::as_str),
            other => other.and_then(Value::as_str),
        };
        let id = id.and_then(FeatureId::parse);
        match (&id, rule) {
            (Some(to), _) => self.note_reference(field, target, to.clone()),
            (None, Some((rule, severity))) => self.missing(rule, severity, field),
            (None, None) => {}
        }
        id
    }

    pub(super) fn refer_many(&mut self, field: &'static str, target: &'static str) -> Vec<FeatureId> {
        let ids: Vec<_> = self.words(field).iter().filter_map(|id| FeatureId::parse(id)).collect();
        for id in &ids {
            self.note_reference(field, target, id.clone());
        }
        ids
    }

    /// Reads a list of references, each an id or an object with one.
    pub(super) fn refer_each(&mut self, field: &'static str) -> Vec<FeatureId> {
        let items = self.properties.get(field).and_then(Value::as_array);
        let id = |item: &Value| FeatureId::parse(item.get("id").unwrap_or(item).as_str()?);
        let ids: Vec<_> = items.into_iter().flatten().filter_map(id).collect();
        for id in &ids {
            self.note_reference(field, "", id.clone());
        }
        ids
    }

    fn note_reference(&mut self, field: &'static str, target: &'static str, to: FeatureId) {
        self.references.push(Reference { file: self.file, from: self.id.clone(), field, to, target });
    }

    fn shape(&mut self) -> Option<GeometryValue> {
        let value = self.geometry.filter(|value| !value.is_null())?;
        match serde_json::from_value::<Geometry>(value.clone()) {
            Ok(geometry) => Some(geometry.value),
            Err(cause) => {
                self.bad_geometry(&format!("geometry cannot be read: {cause}"));
                None
            }
        }
    }

    fn bad_geometry(&mut self, text: &str) {
        self.report(
            "geometry-bad",
            Severity::Violation,
            text.to_owned(),
            "draw it in WGS 84 longitude and latitude, of the type this feature needs",
        );
    }

    /// Reads a point, of a geometry or else of the display point.
    pub(super) fn point(&mut self) -> Option<LonLat> {
        let at = match self.shape() {
            Some(GeometryValue::Point { coordinates }) => lon_lat(coordinates.as_slice()),
            _ => None,
        };
        if at.is_none() {
            self.bad_geometry("geometry is not a point on the earth");
        }
        at
    }

    pub(super) fn line(&mut self) -> Option<Vec<LonLat>> {
        let points: Option<Vec<_>> = match self.shape() {
            Some(GeometryValue::LineString { coordinates }) => {
                coordinates.iter().map(|p| lon_lat(p.as_slice())).collect()
            }
            _ => None,
        };
        let line = points.filter(|points| points.len() >= 2);
        if line.is_none() {
            self.bad_geometry("geometry is not a line of two or more points on the earth");
        }
        line
    }

    /// Reads the polygons of a feature that may be without.
    pub(super) fn outline(&mut self) -> Vec<Rings> {
        let drawn = self.geometry.is_some_and(|geometry| !geometry.is_null());
        if drawn { self.polygons().unwrap_or_default() } else { vec![] }
    }

    pub(super) fn polygons(&mut self) -> Option<Vec<Rings>> {
        let parts = match self.shape() {
            Some(GeometryValue::Polygon { coordinates }) => vec![coordinates],
            Some(GeometryValue::MultiPolygon { coordinates }) => coordinates,
            _ => vec![],
        };
        let points: usize = parts.iter().flatten().map(Vec::len).sum();
        if points > POINTS_MAX {
            self.bad_geometry(&format!("{points} points are more than the {POINTS_MAX} of one feature"));
            return None;
        }
        let ring = |points: &Vec<geojson::Position>| -> Option<Vec<LonLat>> {
            let ring: Option<Vec<_>> = points.iter().map(|p| lon_lat(p.as_slice())).collect();
            ring.filter(|ring| ring.len() >= 4)
        };
        let parts: Option<Vec<Rings>> =
            parts.iter().map(|rings| rings.iter().map(ring).collect::<Option<Rings>>()).collect();
        let parts = parts.filter(|parts| !parts.is_empty() && parts.iter().all(|rings| !rings.is_empty()));
        match &parts {
            None => self.bad_geometry("geometry is not a polygon of closed rings on the earth"),
            Some(parts) => self.crossing(parts),
        }
        parts
    }

    /// Reports a ring that crosses itself.
    fn crossing(&mut self, parts: &[Rings]) {
        if let Some([lon, lat]) = parts.iter().flatten().find_map(|ring| crosses_itself(ring)) {
            let text = format!("its outline crosses itself near {lon},{lat}, so nobody knows what is inside");
            self.report("ring-crosses-itself", Severity::Warning, text, "draw the ring without a crossing");
        }
    }
}

/// Tells whether a character is not seen, or turns the direction of what follows.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn lon_lat(position: &[f64]) -> Option<LonLat> {
    let (lon, lat) = (*position.first()?, *position.get(1)?);
    ((-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat)).then_some([lon, lat])
}
