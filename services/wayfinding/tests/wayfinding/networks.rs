//! A network of layers, small and invented: two storeys of sixteen nodes, a lift, and a shop.

use airside_wayfinding::{Graph, Severity, Source, check};
use serde_json::{Value, json};

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
    broken("T1_Floor.geojson", "[50065.0,-25935.0]", "[50265.0,-25735.0]", "level-uncovered", warning);
    broken("T1_Space.geojson", "[50065.0,-25945.0]", "[50165.0,-25945.0]", "unit-overlap", warning);
    let none = files().into_iter().filter(|(name, _)| !name.contains("link"));
    assert!(check(&Source::from_files(none)).iter().any(|finding| finding.rule == "file-missing"));
}
