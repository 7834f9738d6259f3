//! A place is left out only where nobody gains by passing it.

use geo::Coord;
use petgraph::stable_graph::StableDiGraph;

use crate::graph::{Edge, Graph, Node, NodeKind};
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::profile::Who;
use crate::search::Searcher;
use crate::snapshot::Snapshot;
use crate::words::Labels;

/// ```text
/// door 0 --4-- place 1 --4-- door 2
///    \-----------direct-------/
/// ```
fn triangle(direct_m: Option<f64>) -> Snapshot {
    let mut model = StableDiGraph::new();
    let kinds = [NodeKind::Opening, NodeKind::Place(0), NodeKind::Opening];
    let nodes = kinds.map(|kind| {
        let at = Coord { x: 0.0, y: 0.0 };
        model.add_node(Node { kind, features: vec![], level: 0, at, width_m: f64::INFINITY })
    });
    let ways = [(0, 1, Some(4.0)), (1, 2, Some(4.0)), (0, 2, direct_m)];
    for (from, to, length_m) in ways {
        if let Some(length_m) = length_m {
            model.add_edge(nodes[from], nodes[to], Edge::walk(length_m, None, vec![]));
            model.add_edge(nodes[to], nodes[from], Edge::walk(length_m, None, vec![]));
        }
    }
    Snapshot::compile(Graph::drawn(model, vec![storey()]))
}

fn storey() -> crate::graph::Storey {
    let (name, short_name) = (Labels::default(), Labels::default());
    crate::graph::Storey { id: FeatureId::derived("level"), ordinal: 0, name, short_name }
}

fn check(direct_m: Option<f64>, leaf: bool, cost_ms: u32) {
    let snapshot = triangle(direct_m);
    assert_eq!(snapshot.leaves, [false, leaf, false]);
    let mut searcher = Searcher::new();
    let way = searcher.path(&snapshot, &Overlay::open(), Who::default(), 0, 2);
    assert_eq!(way.map(|(cost, _)| cost), Some(cost_ms));
}

#[test]
fn a_place_beside_the_direct_way_is_a_leaf() {
    check(Some(8.0), true, 5_971);
}

#[test]
fn a_place_that_shortens_the_way_is_passed() {
    check(Some(9.0), false, 5_972);
}

#[test]
fn a_place_that_is_the_only_way_is_passed() {
    check(None, false, 5_972);
}
