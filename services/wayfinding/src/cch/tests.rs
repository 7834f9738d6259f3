//! Any graph and any moment give what Dijkstra gives, and a building gives small hierarchies.

use std::collections::BTreeMap;

use geo::Coord;
use petgraph::stable_graph::StableDiGraph;
use proptest::prelude::*;

use super::*;
use crate::graph::{Edge, EdgeKind, Node, NodeKind, Storey};
use crate::imdf::FeatureId;
use crate::measure::{Peer, follow};
use crate::overlay::Overlay;
use crate::profile::{Pace, Profile, Rights, Speed, Who};
use crate::search::Searcher;
use crate::snapshot::Snapshot;
use crate::words::Labels;

const LEVELS: i32 = 3;

/// A node's position and level.
type Spot = (f64, f64, usize);
/// An edge's ends, time, whether it is stairs, and who may use it.
type Way = (usize, usize, u32, bool, Rights);

fn name(node: usize) -> FeatureId {
    FeatureId::derived(&format!("door {node}"))
}

fn drawn(spots: &[Spot], ways: &[Way]) -> Snapshot {
    let mut model = StableDiGraph::new();
    let nodes: Vec<_> = (0..)
        .zip(spots)
        .map(|(node, (x, y, level))| {
            let (kind, at) = (NodeKind::Opening, Coord { x: *x, y: *y });
            model.add_node(Node {
                kind,
                features: vec![name(node)],
                level: *level,
                at,
                width_m: f64::INFINITY,
            })
        })
        .collect();
    for (from, to, millis, steps, needs) in ways {
        let kind = if *steps { EdgeKind::Stairs } else { EdgeKind::Walk };
        let edge = Edge {
            kind,
            millis: *millis,
            needs: *needs,
            ..Edge::walk(f64::from(*millis) / 1_000.0, None, vec![])
        };
        model.add_edge(nodes[from % nodes.len()], nodes[to % nodes.len()], edge);
    }
    let storey = |ordinal| {
        let (name, short_name) = (Labels::default(), Labels::default());
        Storey { id: FeatureId::derived(&format!("level {ordinal}")), ordinal, name, short_name }
    };
    Snapshot::compile(Graph::drawn(model, (0..LEVELS).map(storey).collect()))
}

fn check(snapshot: &Snapshot, overlay: &Overlay, walker: Who) {
    let nodes = u32::try_from(snapshot.node_count()).unwrap();
    let (peer, mut searcher) = (Peer::of(snapshot, overlay, walker), Searcher::new());
    for (from, to) in (0..nodes).flat_map(|from| (0..nodes).step_by(3).map(move |to| (from, to))) {
        let found = searcher.path(snapshot, overlay, walker, from, to);
        assert_eq!(found.map(|(cost, _)| cost), peer.dijkstra(from, to), "{from} to {to}");
        if let Some((cost, edges)) = found {
            assert_eq!(follow(snapshot, overlay, walker, edges, [from, to]), Some(cost), "{from} to {to}");
        }
    }
}

fn needs() -> impl Strategy<Value = Rights> {
    prop_oneof![4 => Just(Rights::Visitor), 2 => Just(Rights::Passenger), 1 => Just(Rights::Staff)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_graph_at_any_moment_is_answered_as_dijkstra_does(
        spots in prop::collection::vec((-200.0..200.0, -200.0..200.0, 0..LEVELS as usize), 1..40),
        ways in prop::collection::vec(
            (0..40_usize, 0..40_usize, 0..90_000_u32, any::<bool>(), needs()),
            0..120,
        ),
        shut in prop::collection::vec(0..40_usize, 0..6),
        slow in prop::collection::btree_map(0..40_usize, 0..600_000_u32, 0..12),
        pace in prop::sample::select(Pace::ALL.to_vec()),
        profile in prop::sample::select(Profile::ALL.to_vec()),
        rights in prop::sample::select(Rights::ALL.to_vec()),
    ) {
        let snapshot = drawn(&spots, &ways);
        prop_assert!(snapshot.hierarchy.is_some());
        let slow: BTreeMap<_, _> = slow.into_iter().map(|(node, millis)| (name(node), millis)).collect();
        let live = Overlay::live(&snapshot, shut.into_iter().map(name), &slow);
        for overlay in [Overlay::open(), live] {
            check(&snapshot, &overlay, Who { profile, speed: Speed::Pace(pace), rights });
        }
    }
}

#[test]
fn a_street_of_rooms_is_climbed_in_few_steps() {
    // A corridor of 512 doors in a line; a way to the top of the tree passes about one door for each halving.
    let spots: Vec<_> = (0..512).map(|door| (f64::from(door) * 5.0, 0.0, 0)).collect();
    let ways: Vec<_> = (0..511)
        .flat_map(|door| [(door, door + 1), (door + 1, door)])
        .map(|(from, to)| (from, to, 3_731, false, Rights::Visitor))
        .collect();
    let snapshot = drawn(&spots, &ways);
    let hierarchy = snapshot.hierarchy.as_ref().unwrap();
    let height = |rank: u32| {
        std::iter::successors(Some(rank), |rank| {
            Some(hierarchy.parent[*rank as usize]).filter(|up| *up != NO_WAY)
        })
        .count()
    };
    assert!((0..512).map(height).max().unwrap() <= 24);
    assert!(hierarchy.head.len() < 1_024, "{} arcs", hierarchy.head.len());
}

#[test]
fn a_graph_without_cuts_is_searched_without_a_hierarchy() {
    // Every node joined to eight others all over: what remains to be joined is nearly complete.
    let spots: Vec<_> = (0..6_000)
        .map(|node| (f64::from(node * 7_919 % 1_000), f64::from(node * 104_729 % 1_000), 0))
        .collect();
    let ways: Vec<_> = (0..6_000_usize)
        .flat_map(|node| {
            (1..9_usize)
                .map(move |way| (node, node * 31 + way * way * 977 + 5, 1_000, false, Rights::Visitor))
        })
        .collect();
    let snapshot = drawn(&spots, &ways);
    assert!(snapshot.hierarchy.is_none());
    let walker = Who::default();
    let peer = Peer::of(&snapshot, &Overlay::open(), walker);
    let found = Searcher::new().path(&snapshot, &Overlay::open(), walker, 17, 4_711).map(|(cost, _)| cost);
    assert_eq!(found, peer.dijkstra(17, 4_711));
}
