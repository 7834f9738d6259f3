//! Real maps at any moment: ways and their costs equal Dijkstra on the petgraph model.

use std::collections::BTreeSet;

use airside_wayfinding::measure::{Peer, follow};
use airside_wayfinding::{Overlay, Pace, Profile, Rights, Searcher, Snapshot, Source, Speed, Who};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;

use crate::{data, lingnan};

fn hold_at_any_moment(folder: &str) {
    let Some(files) = data::files(folder) else { return };
    hold(&Snapshot::from_source(&Source::from_files(files)).unwrap());
}

fn hold(snapshot: &Snapshot) {
    let nodes = snapshot.graph().model().node_weights().flat_map(|node| node.features.clone());
    let features: Vec<_> =
        nodes.filter(|id| snapshot.closable(id)).collect::<BTreeSet<_>>().into_iter().collect();
    let moments = (
        prop::collection::vec((any::<Index>(), any::<Index>()), 20),
        prop::collection::vec(any::<Index>(), 0..40),
        prop::collection::vec((any::<Index>(), 0..1_200_000_u32), 0..80),
        prop::sample::select(Profile::ALL.to_vec()),
        prop_oneof![
            4 => prop::sample::select(Pace::ALL.to_vec()).prop_map(Speed::Pace),
            1 => (300_u16..=3_000).prop_map(Speed::Own),
        ],
        prop::sample::select(Rights::ALL.to_vec()),
    );
    let check =
        |(pairs, shut, slow, profile, speed, rights): (Vec<(Index, Index)>, Vec<Index>, Vec<_>, _, _, _)| {
            let slow =
                slow.into_iter().map(|(index, millis): (Index, u32)| (index.get(&features).clone(), millis));
            let shut = shut.iter().map(|index| index.get(&features).clone());
            let overlay = Overlay::live(snapshot, shut, &slow.collect());
            let walker = Who { profile, speed, rights };
            let (peer, mut searcher) = (Peer::of(snapshot, &overlay, walker), Searcher::new());
            for (from, to) in pairs {
                let [from, to] =
                    [from, to].map(|end| u32::try_from(end.index(snapshot.node_count())).unwrap());
                let found = searcher.path(snapshot, &overlay, walker, from, to);
                prop_assert_eq!(found.map(|(cost, _)| cost), peer.dijkstra(from, to), "{} to {}", from, to);
                if let Some((cost, edges)) = found {
                    prop_assert_eq!(follow(snapshot, &overlay, walker, edges, [from, to]), Some(cost));
                }
            }
            Ok(())
        };
    TestRunner::new(ProptestConfig::with_cases(25)).run(&moments, check).unwrap();
}

#[test]
fn the_airport_is_answered_as_dijkstra_does() {
    hold_at_any_moment("narita");
}

#[test]
fn the_campus_is_answered_as_dijkstra_does() {
    hold_at_any_moment("spbstu_imdf");
}

#[test]
fn an_airport_with_borders_is_answered_as_dijkstra_does() {
    hold(&Snapshot::from_source(&Source::from_files(lingnan::files())).unwrap());
}
