//! The search equals Dijkstra on the petgraph model, for any pair, profile, closures and delays.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use airside_wayfinding::graph::Edge;
use airside_wayfinding::measure::{Peer, follow, scaled};
use airside_wayfinding::{FeatureId, Overlay, Pace, Profile, Rights, Searcher, Snapshot, Speed, Who};
use petgraph::stable_graph::{EdgeReference, NodeIndex};
use petgraph::visit::{EdgeFiltered, EdgeRef};
use proptest::prelude::*;

use crate::Venue;

pub(crate) static TOWN: LazyLock<Snapshot> = LazyLock::new(|| Venue::testville().snapshot);

/// Dijkstra on the model, knowing nothing of the snapshot.
fn dijkstra(snapshot: &Snapshot, closed: &BTreeSet<FeatureId>, who: Who, from: u32, to: u32) -> Option<u64> {
    let graph = snapshot.graph();
    let model = graph.model();
    let shut = |node: NodeIndex| model[node].features.iter().any(|feature| closed.contains(feature));
    let weight = |edge: EdgeReference<'_, Edge>| {
        who.weight(&model[edge.source()], edge.weight(), &model[edge.target()])
    };
    let open = EdgeFiltered::from_fn(model, |edge: EdgeReference<'_, Edge>| {
        let room = edge.weight().room.and_then(|room| graph.unit_id(room));
        weight(edge) != u32::MAX
            && !shut(edge.source())
            && !shut(edge.target())
            && !edge.weight().features.iter().any(|feature| closed.contains(feature))
            && !room.is_some_and(|room| closed.contains(room))
    });
    let [from, to] = [from, to].map(|node| NodeIndex::new(node as usize));
    let costs = petgraph::algo::dijkstra(&open, from, Some(to), |edge| u64::from(weight(edge)));
    costs.get(&to).copied()
}

pub(crate) fn walkers() -> impl Strategy<Value = Who> {
    let pace = prop::sample::select(Pace::ALL.to_vec()).prop_map(Speed::Pace);
    let speed = prop_oneof![3 => pace, 2 => (300_u16..=3_000).prop_map(Speed::Own)];
    let rights = prop::sample::select(Rights::ALL.to_vec());
    (prop::sample::select(Profile::ALL.to_vec()), speed, rights).prop_map(|(profile, speed, rights)| Who {
        profile,
        speed,
        rights,
    })
}

fn cost_ms(snapshot: &Snapshot, overlay: &Overlay, walker: Who, from: u32, to: u32) -> Option<u32> {
    Searcher::new().path(snapshot, overlay, walker, from, to).map(|(cost, _)| cost)
}

pub(crate) fn closable() -> Vec<FeatureId> {
    let graph = TOWN.graph();
    let nodes = graph.model().node_weights().flat_map(|node| node.features.clone());
    let units = (0..).map_while(|room| graph.unit_id(room).cloned());
    nodes.chain(units).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Returns what to close so that who stands at a node needs no leave to get out of a closed unit.
pub(crate) fn elsewhere(shut: &[prop::sample::Index], node: NodeIndex) -> Vec<FeatureId> {
    let (all, graph) = (closable(), TOWN.graph());
    let here = |id: &FeatureId| {
        let rooms = graph.model().edges(node).filter_map(|edge| edge.weight().room);
        rooms.filter_map(|room| graph.unit_id(room)).any(|unit| unit == id)
    };
    shut.iter().map(|index| index.get(&all).clone()).filter(|id| !here(id)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_search_equals_dijkstra_under_any_closures(
        pairs in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
        shut in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        walker in walkers(),
    ) {
        let all = closable();
        let closed: BTreeSet<_> = shut.iter().map(|index| index.get(&all).clone()).collect();
        let overlay = Overlay::closing(&TOWN, closed.clone());
        prop_assert!(overlay.unknown().is_empty());
        for (from, to) in pairs {
            let [from, to] = [from, to].map(|index| u32::try_from(index.index(TOWN.node_count())).unwrap());
            let own = cost_ms(&TOWN, &overlay, walker, from, to).map(u64::from);
            prop_assert_eq!(own, dijkstra(&TOWN, &closed, walker, from, to), "{} to {}", from, to);
        }
    }

    #[test]
    fn a_way_and_its_cost_equal_dijkstra_under_any_closures_and_delays(
        pairs in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
        shut in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        slow in prop::collection::vec((any::<prop::sample::Index>(), 0..1_200_000_u32), 0..12),
        walker in walkers(),
    ) {
        let all = closable();
        let slow = slow.into_iter().map(|(index, millis)| (index.get(&all).clone(), millis)).collect();
        let overlay = Overlay::live(&TOWN, shut.iter().map(|index| index.get(&all).clone()), &slow);
        let (peer, mut searcher) = (Peer::of(&TOWN, &overlay, walker), Searcher::new());
        for (from, to) in pairs {
            let [from, to] = [from, to].map(|index| u32::try_from(index.index(TOWN.node_count())).unwrap());
            let found = searcher.path(&TOWN, &overlay, walker, from, to);
            prop_assert_eq!(found.map(|(cost, _)| cost), peer.dijkstra(from, to), "{} to {}", from, to);
            if let Some((cost, edges)) = found {
                prop_assert_eq!(follow(&TOWN, &overlay, walker, edges, [from, to]), Some(cost));
            }
        }
    }

    #[test]
    fn closing_more_never_makes_a_way_cheaper(
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        shut in prop::collection::vec(any::<prop::sample::Index>(), 1..8),
    ) {
        let all = closable();
        let [from, to] = [from, to].map(|index| u32::try_from(index.index(TOWN.node_count())).unwrap());
        let mut least = 0;
        for count in 0..=shut.len() {
            let overlay = Overlay::closing(&TOWN, shut[..count].iter().map(|index| index.get(&all).clone()));
            let cost = cost_ms(&TOWN, &overlay, Who::default(), from, to).unwrap_or(u32::MAX);
            prop_assert!(cost >= least);
            least = cost;
        }
    }
}

#[test]
fn a_scaled_town_answers_like_its_peer() {
    let large = Snapshot::compile(scaled(TOWN.graph(), 1_000));
    assert!((1_000..1_200).contains(&large.node_count()));
    let nodes = u32::try_from(large.node_count()).unwrap();
    let peer = Peer::of(&large, &Overlay::open(), Who::default());
    for step in 0..60 {
        let (from, to) = (step * 7_919 % nodes, step * 104_729 % nodes);
        let own = cost_ms(&large, &Overlay::open(), Who::default(), from, to);
        assert!(own.is_some(), "the copies are joined");
        assert_eq!(own, peer.astar(from, to));
        assert_eq!(own, peer.dijkstra(from, to));
    }
}
