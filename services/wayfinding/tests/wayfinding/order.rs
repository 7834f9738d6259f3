//! The same features in any order give the same graph.

use airside_wayfinding::{Graph, Source};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use crate::testville;

#[test]
fn files_and_features_in_any_order_give_an_equal_graph() {
    let straight = Graph::build(&Source::from_files(testville::files())).unwrap();
    let mut files = testville::files();
    files.reverse();
    for (name, text) in files.iter_mut().filter(|(name, _)| name.ends_with(".geojson")) {
        let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
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
