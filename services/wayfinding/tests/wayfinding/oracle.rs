//! The search equals Dijkstra on the petgraph model, for any pair, profile, closures and delays.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use airside_wayfinding::measure::{Peer, scaled};
use airside_wayfinding::{FeatureId, Overlay, Profile, Searcher, Snapshot};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::{EdgeFiltered, EdgeRef};
use proptest::prelude::*;

use crate::Venue;

static TOWN: LazyLock<Snapshot> = LazyLock::new(|| Venue::testville().snapshot);

/// Dijkstra on the model, knowing nothing of the snapshot.
fn dijkstra(
    snapshot: &Snapshot,
    closed: &BTreeSet<FeatureId>,
    profile: Profile,
    from: u32,
    to: u32,
) -> Option<u64> {
    let graph = snapshot.graph();
    let model = graph.model();
    let shut = |node: NodeIndex| model[node].features.iter().any(|feature| closed.contains(feature));
    let open = EdgeFiltered::from_fn(model, |edge| {
        let weight = profile.weight(&model[edge.source()], edge.weight(), &model[edge.target()]);
        let room = edge.weight().room.and_then(|room| graph.unit_id(room));
        weight != u32::MAX
            && !shut(edge.source())
            && !shut(edge.target())
            && !room.is_some_and(|room| closed.contains(room))
    });
    let [from, to] = [from, to].map(|node| NodeIndex::new(node as usize));
    let costs = petgraph::algo::dijkstra(&open, from, Some(to), |edge| {
        u64::from(profile.weight(&model[edge.source()], edge.weight(), &model[edge.target()]))
    });
    costs.get(&to).copied()
}

fn closable() -> Vec<FeatureId> {
    let graph = TOWN.graph();
    let nodes = graph.model().node_weights().flat_map(|node| node.features.clone());
    let units = (0..).map_while(|room| graph.unit_id(room).cloned());
    nodes.chain(units).collect::<BTreeSet<_>>().into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_star_equals_dijkstra_under_any_closures(
        pairs in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
        shut in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        rolls in any::<bool>(),
    ) {
        let all = closable();
        let closed: BTreeSet<_> = shut.iter().map(|index| index.get(&all).clone()).collect();
        let overlay = Overlay::closing(&TOWN, closed.clone());
        prop_assert!(overlay.unknown().is_empty());
        let profile = if rolls { Profile::Wheelchair } else { Profile::Walk };
        let mut searcher = Searcher::new();
        for (from, to) in pairs {
            let [from, to] = [from, to].map(|index| u32::try_from(index.index(TOWN.node_count())).unwrap());
            let own = searcher.cost_ms(&TOWN, &overlay, profile, from, to).map(u64::from);
            prop_assert_eq!(own, dijkstra(&TOWN, &closed, profile, from, to), "{} to {}", from, to);
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
        let mut searcher = Searcher::new();
        let mut least = 0;
        for count in 0..=shut.len() {
            let overlay = Overlay::closing(&TOWN, shut[..count].iter().map(|index| index.get(&all).clone()));
            let cost = searcher.cost_ms(&TOWN, &overlay, Profile::Walk, from, to).unwrap_or(u32::MAX);
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
    let (peer, mut searcher) = (Peer::of(&large, Profile::Walk), Searcher::new());
    for step in 0..60 {
        let (from, to) = (step * 7_919 % nodes, step * 104_729 % nodes);
        let own = searcher.cost_ms(&large, &Overlay::open(), Profile::Walk, from, to);
        assert!(own.is_some(), "the copies are joined");
        assert_eq!(own, peer.astar(from, to));
        assert_eq!(own, peer.dijkstra(from, to));
    }
}
