//! A town of IMDF features in metres, written as GeoJSON in one fixed form.

use std::collections::BTreeMap;

use geo::{InteriorPoint, Polygon, algorithm::bool_ops::unary_union};

/// A spot in the sea south of Shenzhen, where no airport is.
const ORIGIN: [f64; 2] = [114.6, 22.2];
/// Metres in a degree of longitude and of latitude there.
const METRES_PER_DEG: [f64; 2] = [103_117.0, 110_733.0];

const VENUE: &str = "venue/testville";
const BUILDING: &str = "building/terminal";
const ADDRESS: &str = "address/testville";

/// A point in metres, east and north.
pub(crate) type Metres = [f64; 2];

/// Features being collected, by their file.
pub(crate) struct Town {
    features: BTreeMap<&'static str, Vec<String>>,
    levels: Vec<(i32, [String; 2])>,
    /// The outline of each level: around its units, unless it is drawn.
    outlines: BTreeMap<i32, Vec<Polygon<f64>>>,
    drawn: BTreeMap<i32, Vec<Metres>>,
}

/// Returns the ring of a rectangle, not closed.
pub(crate) fn rect(west: f64, south: f64, east: f64, north: f64) -> Vec<Metres> {
    vec![[west, south], [east, south], [east, north], [west, north]]
}

/// Returns the id of a key: two FNV-1a hashes in the form of a version 5 UUID.
fn id(key: &str) -> String {
    let hash = |seed: u64| {
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, fold);
        (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    };
    let (high, low) = (hash(0x7465_7374), hash(0x7669_6c6c_6500));
    let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0x0fff);
    let (d, e) = (low >> 48 & 0x3fff | 0x8000, low & 0xffff_ffff_ffff);
    format!("{a:08x}-{b:04x}-5{c:03x}-{d:04x}-{e:012x}")
}

fn text(words: &str) -> String {
    serde_json::to_string(words).expect("a string is always JSON")
}

fn labels(en: &str, zh: &str) -> String {
    if en.is_empty() {
        return "null".to_owned();
    }
    format!("{{\"en\":{},\"zh-Hans\":{}}}", text(en), text(zh))
}

fn coordinate([east, north]: Metres) -> String {
    let (lon, lat) = (ORIGIN[0] + east / METRES_PER_DEG[0], ORIGIN[1] + north / METRES_PER_DEG[1]);
    format!("[{lon:.9},{lat:.9}]")
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

fn point(at: Metres) -> String {
    format!("{{\"type\":\"Point\",\"coordinates\":{}}}", coordinate(at))
}

fn rings(rings: &[Vec<Metres>]) -> String {
    let closed = |ring: &Vec<Metres>| join(ring.iter().chain(ring.first()).map(|at| coordinate(*at)));
    format!("[{}]", join(rings.iter().map(|ring| format!("[{}]", closed(ring)))))
}

fn polygon(outline: &[Vec<Metres>]) -> String {
    format!("{{\"type\":\"Polygon\",\"coordinates\":{}}}", rings(outline))
}

fn shape(outline: &[Vec<Metres>]) -> Polygon<f64> {
    let mut rings = outline.iter().map(|ring| geo::LineString::from(ring.clone()));
    Polygon::new(rings.next().expect("a unit has an outline"), rings.collect())
}

/// Returns a point on the floor of a shape.
fn inside(shape: &Polygon<f64>) -> Metres {
    shape.interior_point().expect("a unit has a floor").into()
}

fn level_key(level: i32) -> String {
    format!("level/{level}")
}

fn unit_key(key: &str, level: i32) -> String {
    format!("unit/{key}@{level}")
}

impl Town {
    /// Begins a town with its venue, building, footprint and address.
    pub(crate) fn new() -> Self {
        let mut town = Self {
            features: BTreeMap::new(),
            levels: vec![],
            outlines: BTreeMap::new(),
            drawn: BTreeMap::new(),
        };
        let ground = [rect(-90.0, -30.0, 240.0, 80.0)];
        let address = "\"address\":\"1 Testville Road\",\"unit\":null,\"locality\":\"Testville\",\"province\":null,\
                       \"country\":\"CN\",\"postal_code\":\"000000\",\"postal_code_ext\":null";
        town.add("address", ADDRESS, "null", address);
        let name = labels("Testville Airport", "测试村机场");
        let venue = format!(
            "\"category\":\"airport\",\"restriction\":null,\"name\":{name},\"alt_name\":null,\"hours\":null,\
             \"phone\":null,\"website\":null,\"display_point\":{},\"address_id\":{}",
            point([60.0, 30.0]),
            text(&id(ADDRESS))
        );
        town.add("venue", VENUE, &polygon(&ground), &venue);
        let name = labels("Terminal 1", "1号航站楼");
        let building = format!(
            "\"category\":\"unspecified\",\"restriction\":null,\"name\":{name},\"alt_name\":null,\
             \"display_point\":{},\"address_id\":{}",
            point([60.0, 30.0]),
            text(&id(ADDRESS))
        );
        town.add("building", BUILDING, "null", &building);
        let footprint =
            format!("\"category\":\"ground\",\"name\":null,\"building_ids\":[{}]", text(&id(BUILDING)));
        town.add("footprint", "footprint/ground", &polygon(&ground), &footprint);
        town
    }

    fn add(&mut self, kind: &'static str, key: &str, geometry: &str, properties: &str) {
        let feature = format!(
            "{{\"id\":{},\"type\":\"Feature\",\"feature_type\":\"{kind}\",\"geometry\":{geometry},\
             \"properties\":{{{properties}}}}}",
            text(&id(key))
        );
        self.features.entry(kind).or_default().push(feature);
    }

    /// Adds a level; its sign counts from 1F at ordinal 0.
    pub(crate) fn level(&mut self, ordinal: i32, en: &str, zh: &str) {
        self.levels.push((ordinal, [en.to_owned(), zh.to_owned()]));
    }

    /// Draws the outline of a level, wherever its units are.
    #[allow(dead_code, reason = "tests draw levels that are wrong")]
    pub(crate) fn outline(&mut self, ordinal: i32, outline: Vec<Metres>) {
        self.drawn.insert(ordinal, outline);
    }

    /// Makes it the campus of a school, with houses on the ground instead of one terminal.
    #[allow(dead_code, reason = "tests draw more than airports")]
    pub(crate) fn campus(&mut self, houses: &[Vec<Metres>]) {
        for venue in self.features.entry("venue").or_default() {
            *venue = venue.replace("\"category\":\"airport\"", "\"category\":\"university\"");
        }
        self.features.remove("footprint");
        let building = text(&id(BUILDING));
        let ground = format!("\"category\":\"ground\",\"name\":null,\"building_ids\":[{building}]");
        for (number, house) in houses.iter().enumerate() {
            self.add(
                "footprint",
                &format!("footprint/{number}"),
                &polygon(std::slice::from_ref(house)),
                &ground,
            );
        }
    }

    fn add_level(&mut self, ordinal: i32, [en, zh]: &[String; 2]) {
        let sign = format!("{}F", ordinal + 1);
        let units = self.outlines.get(&ordinal).map_or(&[][..], Vec::as_slice);
        let around = match self.drawn.get(&ordinal) {
            Some(drawn) => geo::MultiPolygon::new(vec![shape(std::slice::from_ref(drawn))]),
            None => unary_union(units),
        };
        let display = around.0.first().map_or([0.0, 0.0], inside);
        let ring = |ring: &geo::LineString<f64>| ring.0.iter().skip(1).map(|at| [at.x, at.y]).collect();
        let parts = around.0.iter().map(|part| {
            let all = std::iter::once(part.exterior()).chain(part.interiors());
            rings(&all.map(ring).collect::<Vec<Vec<Metres>>>())
        });
        let properties = format!(
            "\"category\":\"unspecified\",\"restriction\":null,\"outdoor\":false,\"ordinal\":{ordinal},\
             \"name\":{},\"short_name\":{},\"display_point\":{},\"address_id\":null,\"building_ids\":[{}]",
            labels(en, zh),
            labels(&sign, &sign),
            point(display),
            text(&id(BUILDING))
        );
        let outline = format!("{{\"type\":\"MultiPolygon\",\"coordinates\":[{}]}}", join(parts));
        self.add("level", &level_key(ordinal), &outline, &properties);
    }

    /// Adds a unit; its first ring is the outline, the others are holes.
    pub(crate) fn unit(
        &mut self,
        level: i32,
        key: &str,
        category: &str,
        en: &str,
        zh: &str,
        outline: &[Vec<Metres>],
    ) {
        let properties = format!(
            "\"category\":\"{category}\",\"restriction\":null,\"accessibility\":null,\"name\":{},\
             \"alt_name\":null,\"level_id\":{},\"display_point\":{}",
            labels(en, zh),
            text(&id(&level_key(level))),
            point(inside(&shape(outline)))
        );
        self.outlines.entry(level).or_default().push(shape(outline));
        self.add("unit", &unit_key(key, level), &polygon(outline), &properties);
    }

    /// Adds an opening along a threshold.
    pub(crate) fn door(&mut self, level: i32, key: &str, category: &str, from: Metres, to: Metres) {
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

    /// Adds a relationship that may be travelled one way only.
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

    /// Adds an amenity in units of its level; `code` may be empty.
    #[allow(clippy::too_many_arguments, reason = "a table row of the plan")]
    pub(crate) fn amenity(
        &mut self,
        level: i32,
        key: &str,
        category: &str,
        en: &str,
        zh: &str,
        code: &str,
        at: Metres,
        units: &[&str],
    ) {
        let units: Vec<_> = units.iter().map(|unit| unit_key(unit, level)).collect();
        self.amenity_of(&format!("amenity/{key}"), category, [en, zh, code], at, &units);
    }

    fn amenity_of(&mut self, key: &str, category: &str, names: [&str; 3], at: Metres, units: &[String]) {
        let [en, zh, code] = names;
        let properties = format!(
            "\"category\":\"{category}\",\"accessibility\":null,\"name\":{},\"alt_name\":{},\"hours\":null,\
             \"phone\":null,\"website\":null,\"unit_ids\":[{}],\"address_id\":null,\"correlation_id\":null",
            labels(en, zh),
            labels(code, code),
            join(units.iter().map(|unit| text(&id(unit))))
        );
        self.add("amenity", key, &point(at), &properties);
    }

    /// Adds a shop: an occupant and its anchor in the unit of the same key.
    pub(crate) fn shop(&mut self, level: i32, key: &str, category: &str, en: &str, zh: &str, at: Metres) {
        let anchor = format!("anchor/{key}@{level}");
        let properties =
            format!("\"address_id\":{},\"unit_id\":{}", text(&id(ADDRESS)), text(&id(&unit_key(key, level))));
        self.add("anchor", &anchor, &point(at), &properties);
        let properties = format!(
            "\"category\":\"{category}\",\"name\":{},\"alt_name\":null,\"anchor_id\":{},\"hours\":null,\
             \"phone\":null,\"website\":null,\"validity\":null,\"correlation_id\":null",
            labels(en, zh),
            text(&id(&anchor))
        );
        self.add("occupant", &format!("occupant/{key}@{level}"), "null", &properties);
    }

    /// Gives the feature of a kind that was added last its opening hours.
    pub(crate) fn opens(&mut self, kind: &str, hours: &str) {
        if let Some(feature) = self.features.get_mut(kind).and_then(|features| features.last_mut()) {
            *feature = feature.replace("\"hours\":null", &format!("\"hours\":{}", text(hours)));
        }
    }

    /// Adds a fixture.
    pub(crate) fn fixture(&mut self, level: i32, key: &str, category: &str, outline: Vec<Metres>) {
        let properties = format!(
            "\"category\":\"{category}\",\"name\":null,\"alt_name\":null,\"anchor_id\":null,\"level_id\":{},\
             \"display_point\":null",
            text(&id(&level_key(level)))
        );
        self.add("fixture", &format!("fixture/{key}@{level}"), &polygon(&[outline]), &properties);
    }

    /// Adds a lift with a door on each level that has one.
    pub(crate) fn lift(&mut self, name: &str, outline: &[Metres], stops: &[(i32, Option<Metres>)]) {
        self.shaft(name, "elevator", [&format!("Lift {name}"), &format!("电梯{name}")], outline, stops);
    }

    /// Adds stairs with a door on each level that has one.
    pub(crate) fn stairs(&mut self, name: &str, outline: &[Metres], stops: &[(i32, Option<Metres>)]) {
        self.shaft(name, "stairs", [&format!("Stairs {name}"), &format!("楼梯{name}")], outline, stops);
    }

    /// Adds an escalator that runs from one level to another.
    pub(crate) fn escalator(
        &mut self,
        name: &str,
        outline: &[Metres],
        from: (i32, Metres),
        to: (i32, Metres),
    ) {
        let stops = [(from.0, Some(from.1)), (to.0, Some(to.1))];
        self.shaft(
            name,
            "escalator",
            [&format!("Escalator {name}"), &format!("扶梯{name}")],
            outline,
            &stops,
        );
        self.one_way("escalator", (name, from.0), (name, to.0));
    }

    fn shaft(
        &mut self,
        key: &str,
        category: &str,
        [en, zh]: [&str; 2],
        outline: &[Metres],
        stops: &[(i32, Option<Metres>)],
    ) {
        let half_m = if category == "elevator" { 0.6 } else { 0.8 };
        for (level, door) in stops {
            self.unit(*level, key, category, en, zh, &[outline.to_vec()]);
            if let Some([x, y]) = door {
                self.door(*level, key, "pedestrian", [x - half_m, *y], [x + half_m, *y]);
            }
        }
        let units: Vec<_> = stops.iter().map(|(level, _)| unit_key(key, *level)).collect();
        let middle =
            [f64::midpoint(outline[0][0], outline[2][0]), f64::midpoint(outline[0][1], outline[2][1])];
        self.amenity_of(&format!("amenity/{key}"), category, [en, zh, key], middle, &units);
    }

    /// Adds the geofence of a zone on one level.
    pub(crate) fn zone(&mut self, category: &str, en: &str, zh: &str, level: i32, parts: &[Vec<Metres>]) {
        let display = point(inside(&shape(&parts[..1])));
        let parts = join(parts.iter().map(|part| rings(std::slice::from_ref(part))));
        let geometry = format!("{{\"type\":\"MultiPolygon\",\"coordinates\":[{parts}]}}");
        let properties = format!(
            "\"category\":\"{category}\",\"restriction\":null,\"accessibility\":null,\"name\":{},\
             \"alt_name\":null,\"correlation_id\":null,\"display_point\":{display},\"building_ids\":[{}],\
             \"level_ids\":[{}],\"parents\":null",
            labels(en, zh),
            text(&id(BUILDING)),
            text(&id(&level_key(level)))
        );
        self.add("geofence", &format!("geofence/{category}@{level}"), &geometry, &properties);
    }

    /// Adds a section of a level.
    pub(crate) fn section(&mut self, category: &str, en: &str, zh: &str, level: i32, outline: Vec<Metres>) {
        let properties = format!(
            "\"category\":\"{category}\",\"restriction\":null,\"accessibility\":null,\"name\":{},\
             \"alt_name\":null,\"display_point\":{},\"level_id\":{},\"address_id\":null,\
             \"correlation_id\":null,\"parents\":null",
            labels(en, zh),
            point(inside(&shape(std::slice::from_ref(&outline)))),
            text(&id(&level_key(level)))
        );
        self.add("section", &format!("section/{category}@{level}"), &polygon(&[outline]), &properties);
    }

    /// Returns the files: a feature a line, so that a change reads well.
    pub(crate) fn files(mut self) -> Vec<(String, String)> {
        for (ordinal, name) in std::mem::take(&mut self.levels) {
            self.add_level(ordinal, &name);
        }
        let manifest = "{\"version\":\"1.0.0\",\"created\":\"2026-11-20T00:00:00Z\",\
                        \"generated_by\":\"airside-wayfinding example testville\",\"language\":\"en\"}\n";
        let mut files = vec![("manifest.json".to_owned(), manifest.to_owned())];
        for (kind, features) in self.features {
            let lines = features.join(",\n");
            let text = format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{lines}\n]}}\n");
            files.push((format!("{kind}.geojson"), text));
        }
        files
    }
}
