//! A network of layers, small and invented: two storeys of sixteen nodes, a lift, and a shop.

use airside_wayfinding::{Graph, Language, Overlay, Profile, Reason, Severity, Source, check};
use serde_json::{Value, json};

use crate::{Venue, found};

/// Returns the files of the map.
pub(crate) fn files() -> Vec<(String, String)> {
    let (mut nodes, mut links) = (vec![], vec![]);
    for (storey, x, y) in (0..2).flat_map(|s| (0..4).flat_map(move |x| (0..4).map(move |y| (s, x, y)))) {
        let (east, north) = (50_000.0 + f64::from(x) * 20.0, -26_000.0 + f64::from(y) * 20.0);
        let id = |x: i32, y: i32| format!("n{storey}{x}{y}");
        nodes.push(json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [east, north]},
            "properties": {"node_id": id(x, y), "ordinal": f64::from(storey + 1),
                "lon": 140.0 + (east - 50_000.0) / 90_300.0, "lat": 35.7 + (north + 26_000.0) / 110_950.0}}));
        let mut link = |to: String, [east_m, north_m]: [f64; 2]| {
            links.push(json!({"type": "Feature",
                "geometry": {"type": "LineString", "coordinates": [[east, north], [east + east_m, north + north_m]]},
                "properties": {"link_id": format!("{}-{to}", id(x, y)), "start_id": id(x, y), "end_id": to,
                    "route_type": "1", "direction": "1", "width": "3"}}));
        };
        if x < 3 {
            link(id(x + 1, y), [20.0, 0.0]);
        }
        if y < 3 {
            link(id(x, y + 1), [0.0, 20.0]);
        }
    }
    links.push(json!({"type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[50_000.0, -26_000.0], [50_000.0, -26_000.0]]},
        "properties": {"link_id": "lift", "start_id": "n000", "end_id": "n100", "route_type": "4", "direction": "1"}}));
    let square = |low: f64, high: f64| {
        let at = |x: f64, y: f64| json!([50_000.0 + x, -26_000.0 + y]);
        json!({"type": "Polygon", "coordinates": [[at(low, low), at(high, low), at(high, high), at(low, high), at(low, low)]]})
    };
    let drawn = |id: &str, properties: Value, geometry: Value| {
        let mut properties = properties;
        properties["id"] = json!(id);
        json!({"type": "Feature", "geometry": geometry, "properties": properties})
    };
    let floors = [1, 2].map(|ordinal| {
        let name = format!("{ordinal}F");
        drawn(
            &format!("f{ordinal}"),
            json!({"ordinal": ordinal, "category": "1", "short_name": name}),
            square(-5.0, 65.0),
        )
    });
    let spaces = ["f1", "f2"].map(|floor| {
        drawn(&format!("hall-{floor}"), json!({"floor_id": floor, "category": "B029"}), square(-5.0, 65.0))
    });
    let shop =
        drawn("shop", json!({"floor_id": "f2", "category": "B001", "name": "売店"}), square(55.0, 65.0));
    let collection =
        |features: Vec<Value>| json!({"type": "FeatureCollection", "features": features}).to_string();
    vec![
        ("T1_node.geojson".into(), collection(nodes)),
        ("T1_link.geojson".into(), collection(links)),
        ("T1_Floor.geojson".into(), collection(floors.to_vec())),
        ("T1_Space.geojson".into(), collection(spaces.into_iter().chain([shop]).collect())),
    ]
}

fn broken(file: &str, from: &str, to: &str, rule: &str, severity: Severity) {
    let mut files = files();
    let (_, text) = files.iter_mut().find(|(name, _)| name == file).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    *text = text.replacen(from, to, 1);
    let findings = check(&Source::from_files(files));
    let found = findings.iter().find(|finding| finding.rule == rule);
    assert_eq!(found.unwrap_or_else(|| panic!("no {rule} in {findings:?}")).severity, severity);
}

#[test]
fn a_sound_network_has_no_findings_and_its_shop_is_reached() {
    let source = Source::from_files(files());
    assert_eq!(check(&source), vec![]);
    let graph = Graph::build(&source).unwrap();
    assert_eq!((graph.model().node_count(), graph.model().edge_count()), (32, 2 * (48 + 1)));
    assert_eq!(graph.places().len(), 1);
    assert_eq!(graph.model()[graph.places()[0].node].features[0].as_str(), "n133", "the node in the shop");
}

#[test]
fn what_is_wrong_with_a_network_is_found() {
    let violation = Severity::Violation;
    broken("T1_link.geojson", "\"end_id\":\"n100\"", "\"end_id\":\"n999\"", "reference-dangling", violation);
    broken("T1_node.geojson", "\"node_id\":\"n000\"", "\"node_id\":\"n001\"", "id-twice", violation);
    broken("T1_node.geojson", "\"lat\":35.7,", "\"lat\":35.8,", "grid-doubtful", violation);
    broken("T1_node.geojson", "\"ordinal\":1.0", "\"ordinal\":1e9", "ordinal-missing", violation);
    broken("T1_node.geojson", "[50000.0,-26000.0]", "[5e300,-26000.0]", "geometry-bad", violation);
    broken("T1_link.geojson", "{\"features\"", "{\"creatures\"", "collection-missing", violation);
    broken("T1_Floor.geojson", "\"features\"", "\"features", "json-bad", violation);
    let warning = Severity::Warning;
    broken("T1_Floor.geojson", "[50065.0,-25935.0]", "[50265.0,-25735.0]", "level-uncovered", Severity::Info);
    broken("T1_Space.geojson", "[50065.0,-25945.0]", "[50165.0,-25945.0]", "unit-overlap", warning);
    let none = files().into_iter().filter(|(name, _)| !name.contains("link"));
    assert!(check(&Source::from_files(none)).iter().any(|finding| finding.rule == "file-missing"));
}

/// The same map with the icon of its lift, drawn a step beside it.
fn with_lift_icon() -> Vec<(String, String)> {
    let mut files = files();
    let icon = json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [50_001.0, -25_999.0]},
        "properties": {"id": "lift-icon", "floor_id": "f1", "category": "F012", "name": "エレベーター"}});
    let far = json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [50_060.0, -25_999.0]},
        "properties": {"id": "far-icon", "floor_id": "f1", "category": "F012", "name": "別館"}});
    let collection = json!({"type": "FeatureCollection", "features": [icon, far]});
    files.push(("T1_Facility.geojson".into(), collection.to_string()));
    files
}

#[test]
fn a_closed_place_of_a_network_is_no_goal_and_says_so() {
    let venue = closing(files(), "shop");
    let (reason, _) = venue.refused("n000", "shop", Profile::Walk);
    assert_eq!(reason, Reason::Closed(vec![id("shop")]));
    let beside = found(venue.ask("n100", "n133", Profile::Walk, Language::En));
    assert!(beside.length_m > 50.0, "the node it is reached at stays open: {beside:?}");
}

#[test]
fn a_lift_of_a_network_closes_by_its_shaft_its_link_and_its_icon() {
    let venue = Venue::of(with_lift_icon());
    let machines = venue.snapshot.stats().machines;
    let [lift] = machines.as_slice() else { panic!("{machines:?}") };
    assert_eq!((lift.id.as_str(), lift.levels.as_slice()), ("shaft-lift", &[1, 2][..]));
    venue.walk("n000", "shop");
    for closed in ["shaft-lift", "lift", "lift-icon"] {
        let venue = closing(with_lift_icon(), closed);
        assert_eq!(venue.refused("n000", "shop", Profile::Walk).0, Reason::Closed(vec![id(closed)]));
    }
    closing(with_lift_icon(), "far-icon").walk("n000", "shop");
}

/// Closes exactly the feature of this id.
fn closing(files: Vec<(String, String)>, feature: &str) -> Venue {
    let mut venue = Venue::of(files);
    venue.overlay = Overlay::closing(&venue.snapshot, [id(feature)]);
    assert_eq!(venue.overlay.unknown(), []);
    venue
}

fn id(text: &str) -> airside_wayfinding::FeatureId {
    airside_wayfinding::FeatureId::parse(text).unwrap()
}
