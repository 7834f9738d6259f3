//! The features of the venue, written as IMDF 1.0.0 in one fixed form.

use std::collections::BTreeMap;

use geo::{InteriorPoint, Polygon};

use super::shapes::{Metres, Ring, rect};

/// A spot in the sea south of Shenzhen, where no airport is.
const ORIGIN: Metres = [114.7, 22.1];
/// Metres in a degree of longitude and of latitude there.
const METRES_PER_DEG: [f64; 2] = [103_190.0, 110_731.0];

const VENUE: &str = "venue/lingnan";
const BUILDING: &str = "building/terminal";
const ADDRESS: &str = "address/lingnan";

/// A name in English and in Chinese; empty for none.
pub(crate) type Names<'a> = [&'a str; 2];

/// Features being collected, by their file.
pub(crate) struct Sheet {
    features: BTreeMap<&'static str, Vec<String>>,
}

/// Returns the id of a key: two FNV-1a hashes in the form of a version 5 UUID.
fn id(key: &str) -> String {
    let hash = |seed: u64| {
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, fold);
        (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    };
    let (high, low) = (hash(0x6c69_6e67), hash(0x6e61_6e00));
    let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0x0fff);
    let (d, e) = (low >> 48 & 0x3fff | 0x8000, low & 0xffff_ffff_ffff);
    format!("{a:08x}-{b:04x}-5{c:03x}-{d:04x}-{e:012x}")
}

fn text(words: &str) -> String {
    serde_json::to_string(words).expect("a string is always JSON")
}

fn labels([en, zh]: Names<'_>) -> String {
    if en.is_empty() {
        return "null".to_owned();
    }
    format!("{{\"en\":{},\"zh-Hans\":{}}}", text(en), text(zh))
}

fn coordinate([east, north]: Metres) -> String {
    let (lon, lat) = (ORIGIN[0] + east / METRES_PER_DEG[0], ORIGIN[1] + north / METRES_PER_DEG[1]);
    format!("[{lon:.8},{lat:.8}]")
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

fn point(at: Metres) -> String {
    format!("{{\"type\":\"Point\",\"coordinates\":{}}}", coordinate(at))
}

fn rings(rings: &[Ring]) -> String {
    let closed = |ring: &Ring| join(ring.iter().chain(ring.first()).map(|at| coordinate(*at)));
    format!("[{}]", join(rings.iter().map(|ring| format!("[{}]", closed(ring)))))
}

fn polygon(outline: &[Ring]) -> String {
    format!("{{\"type\":\"Polygon\",\"coordinates\":{}}}", rings(outline))
}

fn polygons(parts: &[Ring]) -> String {
    let parts = join(parts.iter().map(|part| rings(std::slice::from_ref(part))));
    format!("{{\"type\":\"MultiPolygon\",\"coordinates\":[{parts}]}}")
}

/// Returns a point on the floor of a shape, its first ring the outline.
fn inside(outline: &[Ring]) -> String {
    let mut rings = outline.iter().map(|ring| geo::LineString::from(ring.clone()));
    let shape = Polygon::new(rings.next().expect("a shape has an outline"), rings.collect());
    point(shape.interior_point().expect("a shape has a floor").into())
}

fn level_key(level: i32) -> String {
    format!("level/{level}")
}

fn unit_key(key: &str, level: i32) -> String {
    format!("unit/{key}@{level}")
}

impl Sheet {
    /// Begins with the venue, its building, footprint and address.
    pub(crate) fn new() -> Self {
        let mut sheet = Self { features: BTreeMap::new() };
        let ground = [rect([-720.0, -90.0], [720.0, 720.0])];
        let address = "\"address\":\"1 Lingnan Airport Road (fictional)\",\"unit\":null,\
             \"locality\":\"Lingnan\",\"province\":null,\"country\":\"CN\",\"postal_code\":\"000000\",\
             \"postal_code_ext\":null";
        sheet.add("address", ADDRESS, "null", address);
        let name = labels(["Lingnan Airport (fictional)", "岭南机场（虚构）"]);
        let (display, address) = (point([0.0, 60.0]), text(&id(ADDRESS)));
        let venue = format!(
            "\"category\":\"airport\",\"restriction\":null,\"name\":{name},\"alt_name\":null,\"hours\":\"24/7\",\
             \"phone\":null,\"website\":null,\"display_point\":{display},\"address_id\":{address}"
        );
        sheet.add("venue", VENUE, &polygon(&ground), &venue);
        let name = labels(["Terminal 1", "1号航站楼"]);
        let building = format!(
            "\"category\":\"unspecified\",\"restriction\":null,\"name\":{name},\"alt_name\":null,\
             \"display_point\":{display},\"address_id\":{address}"
        );
        sheet.add("building", BUILDING, "null", &building);
        let footprint =
            format!("\"category\":\"ground\",\"name\":null,\"building_ids\":[{}]", text(&id(BUILDING)));
        sheet.add("footprint", "footprint/ground", &polygon(&ground), &footprint);
        sheet
    }

    fn add(&mut self, kind: &'static str, key: &str, geometry: &str, properties: &str) {
        let feature = format!(
            "{{\"id\":{},\"type\":\"Feature\",\"feature_type\":\"{kind}\",\"geometry\":{geometry},\
             \"properties\":{{{properties}}}}}",
            text(&id(key))
        );
        self.features.entry(kind).or_default().push(feature);
    }

    /// Adds a level.
    pub(crate) fn level(&mut self, ordinal: i32, sign: &str, name: Names<'_>, outline: &[Ring]) {
        let properties = format!(
            "\"category\":\"unspecified\",\"restriction\":null,\"outdoor\":false,\"ordinal\":{ordinal},\
             \"name\":{},\"short_name\":{},\"display_point\":{},\"address_id\":null,\"building_ids\":[{}]",
            labels(name),
            labels([sign, sign]),
            inside(&outline[..1]),
            text(&id(BUILDING))
        );
        self.add("level", &level_key(ordinal), &polygons(outline), &properties);
    }

    /// Adds a unit; its first ring is the outline, the others are holes.
    pub(crate) fn unit(&mut self, level: i32, key: &str, category: &str, name: Names<'_>, outline: &[Ring]) {
        self.room(level, key, (category, None), name, outline);
    }

    /// Adds a unit where no passenger goes.
    pub(crate) fn closed(&mut self, level: i32, key: &str, name: Names<'_>, outline: Ring) {
        self.room(level, key, ("nonpublic", Some("employeesonly")), name, &[outline]);
    }

    fn room(
        &mut self,
        level: i32,
        key: &str,
        (category, restriction): (&str, Option<&str>),
        name: Names<'_>,
        outline: &[Ring],
    ) {
        let properties = format!(
            "\"category\":\"{category}\",\"restriction\":{},\"accessibility\":null,\"name\":{},\
             \"alt_name\":null,\"level_id\":{},\"display_point\":{}",
            restriction.map_or_else(|| "null".to_owned(), text),
            labels(name),
            text(&id(&level_key(level))),
            inside(outline)
        );
        self.add("unit", &unit_key(key, level), &polygon(outline), &properties);
    }

    /// Adds an opening along a threshold.
    pub(crate) fn door(&mut self, level: i32, key: &str, threshold: [Metres; 2]) {
        self.opening(level, key, "pedestrian", threshold);
    }

    /// Adds a way in from outside.
    pub(crate) fn entrance(&mut self, level: i32, key: &str, threshold: [Metres; 2]) {
        self.opening(level, key, "pedestrian.principal", threshold);
    }

    fn opening(&mut self, level: i32, key: &str, category: &str, [from, to]: [Metres; 2]) {
        let geometry =
            format!("{{\"type\":\"LineString\",\"coordinates\":[{},{}]}}", coordinate(from), coordinate(to));
        let properties = format!(
            "\"category\":\"{category}\",\"accessibility\":null,\"access_control\":null,\"door\":null,\
             \"name\":null,\"alt_name\":null,\"display_point\":{},\"level_id\":{}",
            point([f64::midpoint(from[0], to[0]), f64::midpoint(from[1], to[1])]),
            text(&id(&level_key(level)))
        );
        self.add("opening", &format!("opening/{key}@{level}"), &geometry, &properties);
    }

    /// Adds a relationship between two units that may be travelled one way only.
    pub(crate) fn one_way(&mut self, category: &str, from: (&str, i32), to: (&str, i32)) {
        let end = |(key, level)| {
            format!("{{\"id\":{},\"feature_type\":\"unit\"}}", text(&id(&unit_key(key, level))))
        };
        let properties = format!(
            "\"category\":\"{category}\",\"direction\":\"directed\",\"origin\":{},\"intermediary\":null,\
             \"destination\":{},\"hours\":null",
            end(from),
            end(to)
        );
        let key = format!("relationship/{}@{}-{}@{}", from.0, from.1, to.0, to.1);
        self.add("relationship", &key, "null", &properties);
    }

    /// Adds an amenity in a unit; `code` may be empty.
    pub(crate) fn amenity(
        &mut self,
        level: i32,
        (key, unit): (&str, &str),
        category: &str,
        [en, zh, code]: [&str; 3],
        at: Metres,
    ) {
        let units = [unit_key(unit, level)];
        self.amenity_of(&format!("amenity/{key}@{level}"), category, [en, zh, code], at, &units);
    }

    /// Gives the amenity that was added last its opening hours.
    pub(crate) fn opens(&mut self, hours: &str) {
        if let Some(amenity) = self.features.get_mut("amenity").and_then(|all| all.last_mut()) {
            *amenity = amenity.replace("\"hours\":null", &format!("\"hours\":{}", text(hours)));
        }
    }

    fn amenity_of(&mut self, key: &str, category: &str, names: [&str; 3], at: Metres, units: &[String]) {
        let [en, zh, code] = names;
        let properties = format!(
            "\"category\":\"{category}\",\"accessibility\":null,\"name\":{},\"alt_name\":{},\"hours\":null,\
             \"phone\":null,\"website\":null,\"unit_ids\":[{}],\"address_id\":null,\"correlation_id\":null",
            labels([en, zh]),
            labels([code, code]),
            join(units.iter().map(|unit| text(&id(unit))))
        );
        self.add("amenity", key, &point(at), &properties);
    }

    /// Adds an occupant and its anchor in the unit of the same key.
    pub(crate) fn occupant(
        &mut self,
        level: i32,
        key: &str,
        category: &str,
        name: Names<'_>,
        hours: &str,
        at: Metres,
    ) {
        let anchor = format!("anchor/{key}@{level}");
        let properties =
            format!("\"address_id\":{},\"unit_id\":{}", text(&id(ADDRESS)), text(&id(&unit_key(key, level))));
        self.add("anchor", &anchor, &point(at), &properties);
        let properties = format!(
            "\"category\":\"{category}\",\"name\":{},\"alt_name\":null,\"anchor_id\":{},\"hours\":{},\
             \"phone\":null,\"website\":null,\"validity\":null,\"correlation_id\":null",
            labels(name),
            text(&id(&anchor)),
            text(hours)
        );
        self.add("occupant", &format!("occupant/{key}@{level}"), "null", &properties);
    }

    /// Adds a fixture.
    pub(crate) fn fixture(&mut self, level: i32, key: &str, category: &str, outline: Ring) {
        let properties = format!(
            "\"category\":\"{category}\",\"name\":null,\"alt_name\":null,\"anchor_id\":null,\"level_id\":{},\
             \"display_point\":null",
            text(&id(&level_key(level)))
        );
        self.add("fixture", &format!("fixture/{key}@{level}"), &polygon(&[outline]), &properties);
    }

    /// Adds the amenity of a lift, escalator or stairs over all its units.
    pub(crate) fn machine(&mut self, category: &str, key: &str, name: Names<'_>, levels: &[i32], at: Metres) {
        let units: Vec<_> = levels.iter().map(|level| unit_key(key, *level)).collect();
        self.amenity_of(&format!("amenity/{key}"), category, [name[0], name[1], key], at, &units);
    }

    /// Adds a geofence on one level.
    pub(crate) fn zone(&mut self, category: &str, key: &str, name: Names<'_>, level: i32, parts: &[Ring]) {
        let properties = format!(
            "\"category\":\"{category}\",\"restriction\":null,\"accessibility\":null,\"name\":{},\
             \"alt_name\":null,\"correlation_id\":null,\"display_point\":{},\"building_ids\":[{}],\
             \"level_ids\":[{}],\"parents\":null",
            labels(name),
            inside(&parts[..1]),
            text(&id(BUILDING)),
            text(&id(&level_key(level)))
        );
        self.add("geofence", &format!("geofence/{key}@{level}"), &polygons(parts), &properties);
    }

    /// Adds a section of a level.
    pub(crate) fn section(&mut self, level: i32, key: &str, category: &str, name: Names<'_>, outline: Ring) {
        let properties = format!(
            "\"category\":\"{category}\",\"restriction\":null,\"accessibility\":null,\"name\":{},\
             \"alt_name\":null,\"display_point\":{},\"level_id\":{},\"address_id\":null,\
             \"correlation_id\":null,\"parents\":null",
            labels(name),
            inside(std::slice::from_ref(&outline)),
            text(&id(&level_key(level)))
        );
        self.add("section", &format!("section/{key}@{level}"), &polygon(&[outline]), &properties);
    }

    /// Returns the files: a feature a line, so that a change reads well.
    pub(crate) fn files(self) -> Vec<(String, String)> {
        let manifest = "{\"version\":\"1.0.0\",\"created\":\"2026-11-21T00:00:00Z\",\
                        \"generated_by\":\"airside-wayfinding example lingnan: a fictional airport, nothing in \
                        it is a real place\",\"language\":\"en\"}\n";
        let mut files = vec![("manifest.json".to_owned(), manifest.to_owned())];
        for (kind, features) in self.features {
            let lines = features.join(",\n");
            let text = format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{lines}\n]}}\n");
            files.push((format!("{kind}.geojson"), text));
        }
        files
    }
}
