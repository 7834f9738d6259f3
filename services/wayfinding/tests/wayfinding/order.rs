//! The same features in any order give the same graph.

use airside_wayfinding::{Graph, Source};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use proptest::prelude::*;
use serde_json::Value;

use crate::{dump::dump, networks, stations, testville};

#[test]
fn files_and_features_in_any_order_give_an_equal_graph() {
    let straight = Graph::build(&Source::from_files(testville::files())).unwrap();
    let mut files = testville::files();
    files.reverse();
    for (name, text) in files.iter_mut().filter(|(name, _)| name.ends_with(".geojson")) {
        let mut value: Value = serde_json::from_str(text).unwrap();
        let features = value["features"].as_array_mut().unwrap();
        let third = features.len() / 3;
        features.rotate_left(third);
        features.reverse();
        *text = value.to_string();
        *name = format!("some/folder/{name}");
    }
    let shuffled = Graph::build(&Source::from_files(files)).unwrap();
    let nodes = |graph: &Graph| graph.model().node_weights().cloned().collect::<Vec<_>>();
    let edges = |graph: &Graph| {
        let edges = graph.model().edge_references();
        edges.map(|edge| (edge.source(), edge.target(), edge.weight().clone())).collect::<Vec<_>>()
    };
    assert_eq!(nodes(&straight), nodes(&shuffled));
    assert_eq!(edges(&straight), edges(&shuffled));
    assert_eq!(straight.places(), shuffled.places());
}

#[test]
fn a_way_and_its_way_back_inside_a_unit_are_equally_long() {
    let graph = Graph::build(&Source::from_files(testville::files())).unwrap();
    for edge in graph.model().edge_references().filter(|edge| edge.weight().room.is_some()) {
        let back = graph.model().edges_connecting(edge.target(), edge.source());
        assert!(back.into_iter().any(|back| {
            back.weight().room == edge.weight().room && back.weight().millis == edge.weight().millis
        }));
        let plan_m = {
            let (a, b) = (graph.model()[edge.source()].at, graph.model()[edge.target()].at);
            (a.x - b.x).hypot(a.y - b.y)
        };
        assert!(edge.weight().length_m >= plan_m - 1e-6);
    }
}

/// Returns where an item goes in the order of a seed.
fn key(item: &str, seed: u64) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    item.bytes().fold(seed | 1, mix)
}

/// Writes JSON with the fields of every object in another order.
fn written(value: &Value, seed: u64) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| key(name, seed));
            let fields = fields.iter().map(|(name, field)| format!("{name:?}:{}", written(field, seed)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| written(item, seed));
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        }
        plain => plain.to_string(),
    }
}

/// Puts the columns of a table into another order; no cell of it holds a comma.
fn turned(table: &str, seed: u64) -> String {
    let head: Vec<_> = table.lines().next().unwrap_or_default().split(',').collect();
    let mut order: Vec<_> = (0..head.len()).collect();
    order.sort_by_key(|column| key(head[*column], seed));
    let row = |row: &str| {
        let cells: Vec<_> = row.split(',').collect();
        order
            .iter()
            .map(|column| cells.get(*column).copied().unwrap_or_default())
            .collect::<Vec<_>>()
            .join(",")
    };
    table.lines().map(row).collect::<Vec<_>>().join("\n")
}

/// Puts a map's files, the features or rows in each, and what they tell, into another order.
fn shuffled(mut files: Vec<(String, String)>, seeds: &[u64]) -> Vec<(String, String)> {
    for ((name, text), seed) in files.iter_mut().zip(seeds.iter().cycle()) {
        if name.ends_with(".geojson") {
            let mut value: Value = serde_json::from_str(text).unwrap();
            value["features"].as_array_mut().unwrap().sort_by_key(|feature| key(&feature.to_string(), *seed));
            *text = written(&value, *seed);
        } else if name.ends_with(".txt") {
            let mut rows: Vec<_> = text.lines().collect();
            rows[1..].sort_by_key(|row| key(row, *seed));
            *text = turned(&rows.join("\n"), *seed);
        }
        *name = format!("some/folder/{name}");
    }
    files.sort_by_key(|(name, _)| key(name, seeds[0]));
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_order_of_files_and_features_gives_equal_bytes_in_every_format(
        seeds in prop::collection::vec(any::<u64>(), 1..5),
    ) {
        for files in [testville::files(), networks::files(), stations::files()] {
            let straight = Graph::build(&Source::from_files(files.clone())).unwrap();
            let other = Graph::build(&Source::from_files(shuffled(files, &seeds))).unwrap();
            prop_assert_eq!(dump(&straight), dump(&other));
        }
    }
}
