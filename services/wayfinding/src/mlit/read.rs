//! Files in, typed features out.

use serde_json::{Map, Value};

use super::codes::{Direction, Route, wheels, width_m};
use super::{Facility, Fixture, Floor, Junction, Layers, Link, Point, Space};
use crate::check::{Finding, Findings, Severity};
use crate::imdf::{FILE_BYTES_MAX, FeatureId, Reference};
use crate::shape;
use crate::words::Labels;

/// Returns the layer a file belongs to, by its bare name.
fn layer(name: &str) -> Option<&'static str> {
    let stem = name.strip_suffix(".geojson")?.to_lowercase();
    let layers = ["floor", "space", "fixture", "opening", "facility"];
    let drawn = layers.into_iter().find(|layer| stem.ends_with(&format!("_{layer}")));
    let of_network = |word: &str| {
        stem == word || stem.starts_with(&format!("{word}_")) || stem.ends_with(&format!("_{word}"))
    };
    drawn.or_else(|| ["node", "link"].into_iter().find(|word| of_network(word)))
}

/// Tells whether a file of this bare name is a layer or half of the network.
pub(crate) fn is_layer(name: &str) -> bool {
    layer(name).is_some()
}

pub(super) fn layers<N: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>) -> Layers {
    let mut layers = Layers::default();
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_by(|a, b| a.0.as_ref().cmp(b.0.as_ref()));
    for (name, bytes) in &files {
        if let Some(layer) = layer(name.as_ref()) {
            read_file(&mut layers, layer, name.as_ref(), bytes.as_ref());
        }
    }
    layers.floors.sort_by(|a, b| a.id.cmp(&b.id));
    layers.spaces.sort_by(|a, b| a.id.cmp(&b.id));
    layers.fixtures.sort_by(|a, b| a.id.cmp(&b.id));
    layers.facilities.sort_by(|a, b| a.id.cmp(&b.id));
    layers.junctions.sort_by(|a, b| a.id.cmp(&b.id));
    layers.links.sort_by(|a, b| a.id.cmp(&b.id));
    layers
}

fn read_file(layers: &mut Layers, layer: &'static str, name: &str, bytes: &[u8]) {
    let whole = shape::features(name, bytes, FILE_BYTES_MAX, |index, feature| {
        read_feature(layers, layer, index, feature);
    });
    if let Err(finding) = whole {
        layers.findings.push(finding);
    }
}

/// A feature being read: its id, properties, geometry, and where to report.
struct Fields<'a> {
    layer: &'static str,
    id: FeatureId,
    properties: &'a Map<String, Value>,
    geometry: Option<&'a Value>,
    findings: &'a mut Findings,
    references: &'a mut Vec<Reference>,
}

impl Fields<'_> {
    fn report(&mut self, rule: &'static str, text: String, remedy: &str) {
        self.findings.push(Finding::violation(rule, self.layer, Some(&self.id), text, remedy));
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.properties.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Reads a number, which some layers write as text.
    fn number(&self, field: &str) -> Option<f64> {
        let number = match self.properties.get(field)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number: &f64| number.is_finite())
    }

    /// Reads a name; the plain field is Japanese.
    fn labels(&self, field: &str) -> Labels {
        let tags = [("", "ja"), ("_en", "en"), ("_zh", "zh-Hans")];
        let named = tags.into_iter().filter_map(|(end, tag)| {
            let name = self.text(&format!("{field}{end}"))?;
            Some((tag.to_owned(), name.chars().filter(|c| !c.is_control()).take(200).collect()))
        });
        Labels(named.collect())
    }

    fn ordinal(&mut self) -> Option<f64> {
        let ordinal = self.number("ordinal").filter(|ordinal| (-100.0..=300.0).contains(ordinal));
        if ordinal.is_none() {
            let text = "ordinal is missing or not a number from -100 to 300".to_owned();
            self.report("ordinal-missing", text, "number the storey, 1 for 1F, -1 for B1F");
        }
        ordinal
    }

    fn category(&mut self) -> String {
        self.text("category").map(str::to_owned).unwrap_or_else(|| {
            let text = "category is missing".to_owned();
            self.report("category-missing", text, "fill it in with a code of the layer");
            "unspecified".to_owned()
        })
    }

    fn refer(&mut self, field: &'static str, target: &'static str) -> Option<FeatureId> {
        let to = self.text(field).and_then(FeatureId::parse);
        match &to {
            Some(to) => {
                let (file, from, to) = (self.layer, self.id.clone(), to.clone());
                self.references.push(Reference { file, from, field, to, target });
            }
            None => {
                let text = format!("{field} is missing");
                self.report("reference-missing", text, "name the feature it belongs to");
            }
        }
        to
    }

    fn drawn<T>(&mut self, shape: Result<T, String>) -> Option<T> {
        match shape {
            Ok(shape) => Some(shape),
            Err(text) => {
                self.report("geometry-bad", text, "draw it in finite numbers, of its layer's type");
                None
            }
        }
    }

    fn areas(&mut self) -> Option<Vec<Vec<Vec<Point>>>> {
        self.drawn(shape::polygons(self.geometry))
    }
}

fn read_feature(layers: &mut Layers, layer: &'static str, index: usize, feature: &Value) {
    let empty = Map::new();
    let properties = feature.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let named = match layer {
        "node" => "node_id",
        "link" => "link_id",
        _ => "id",
    };
    let Some(id) = properties.get(named).and_then(Value::as_str).and_then(FeatureId::parse) else {
        layers.findings.push(Finding {
            severity: Severity::Violation,
            rule: "feature-id-missing",
            file: layer.to_owned(),
            feature_id: None,
            text: format!("a feature has no {named} that is a string, the first is number {index}"),
            remedy: "give each feature an id of its own".to_owned(),
        });
        return;
    };
    layers.ids.entry(id.clone()).or_default().push(layer);
    let geometry = feature.get("geometry");
    let Layers { findings, references, .. } = layers;
    let mut fields = Fields { layer, id, properties, geometry, findings, references };
    match layer {
        "floor" => layers.floors.extend(floor(&mut fields)),
        "space" => layers.spaces.extend(space(&mut fields)),
        "fixture" => layers.fixtures.extend(fixture(&mut fields)),
        "facility" => layers.facilities.extend(facility(&mut fields)),
        "node" => layers.junctions.extend(junction(&mut fields)),
        "link" => layers.links.extend(link(&mut fields)),
        _ => layers.openings += 1,
    }
}

fn floor(fields: &mut Fields<'_>) -> Option<Floor> {
    let (ordinal, areas) = (fields.ordinal(), fields.areas());
    Some(Floor {
        id: fields.id.clone(),
        ordinal: ordinal?,
        outdoors: fields.text("category") == Some("2"),
        name: fields.labels("name"),
        short_name: fields.labels("short_name"),
        areas: areas?,
    })
}

fn space(fields: &mut Fields<'_>) -> Option<Space> {
    let (floor_id, category, areas) = (fields.refer("floor_id", "floor"), fields.category(), fields.areas());
    let forbids = |field: &str| fields.text(field) == Some("1");
    Some(Space {
        id: fields.id.clone(),
        floor_id: floor_id?,
        category,
        name: fields.labels("name"),
        nonpublic: forbids("nonpublic") || forbids("restricted"),
        areas: areas?,
    })
}

fn fixture(fields: &mut Fields<'_>) -> Option<Fixture> {
    let (floor_id, areas) = (fields.refer("floor_id", "floor"), fields.areas());
    Some(Fixture { id: fields.id.clone(), floor_id: floor_id?, areas: areas? })
}

fn facility(fields: &mut Fields<'_>) -> Option<Facility> {
    let (floor_id, category) = (fields.refer("floor_id", "floor"), fields.category());
    let at = fields.drawn(shape::point(fields.geometry));
    Some(Facility {
        id: fields.id.clone(),
        floor_id: floor_id?,
        category,
        name: fields.labels("name"),
        at: at?,
    })
}

fn junction(fields: &mut Fields<'_>) -> Option<Junction> {
    let ordinal = fields.ordinal();
    let at = fields.drawn(shape::point(fields.geometry));
    let lon_lat = fields.number("lon").zip(fields.number("lat")).map(|(lon, lat)| [lon, lat]);
    Some(Junction {
        id: fields.id.clone(),
        ordinal: ordinal?,
        at: at?,
        lon_lat: lon_lat.filter(shape::on_earth),
    })
}

fn link(fields: &mut Fields<'_>) -> Option<Link> {
    let (start, end) = (fields.refer("start_id", "node"), fields.refer("end_id", "node"));
    let line = fields.drawn(shape::line(fields.geometry));
    let code = |field: &str| fields.text(field);
    Some(Link {
        id: fields.id.clone(),
        start: start?,
        end: end?,
        route: Route::of(code("route_type")),
        direction: Direction::of(code("direction")),
        wheels: wheels(code("width"), code("vtcl_slope"), code("lev_diff"), code("elevator")),
        width_m: width_m(code("width")),
        line: line?,
    })
}
