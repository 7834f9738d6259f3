//! Opening hours in the search, against Dijkstra with the hours on the petgraph model.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use geo::Coord;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::EdgeRef;
use proptest::prelude::*;

use super::*;
use crate::graph::{Edge, EdgeKind, Graph, Node, NodeKind, Storey};
use crate::hours::Hours;
use crate::imdf::FeatureId;
use crate::profile::Rights;
use crate::words::Labels;

const HOURS: [&str; 6] =
    ["24/7", "Mo-Su 06:00-08:35", "Mo-Su 08:40-22:00", "Su 09:00-09:01", "off", "Mo 00:00-24:00"];

/// An edge's ends, time, hours, and who may use it.
type Way = (usize, usize, u32, Option<usize>, Rights);

fn drawn(spots: &[(f64, f64)], ways: &[Way]) -> Snapshot {
    let mut model = StableDiGraph::new();
    let nodes: Vec<_> = (0..)
        .zip(spots)
        .map(|(node, (x, y))| {
            let (kind, at) = (NodeKind::Opening, Coord { x: *x, y: *y });
            let features = vec![FeatureId::derived(&format!("door {node}"))];
            model.add_node(Node { kind, features, level: 0, at, width_m: f64::INFINITY })
        })
        .collect();
    for (from, to, millis, hours, needs) in ways {
        let hours = hours.map(|hours| Arc::new(Hours::read(HOURS[hours])));
        let walk = Edge::walk(f64::from(*millis) / 1_000.0, None, vec![]);
        let edge = Edge { kind: EdgeKind::Walk, millis: *millis, hours, needs: *needs, ..walk };
        model.add_edge(nodes[from % nodes.len()], nodes[to % nodes.len()], edge);
    }
    let (name, short_name) = (Labels::default(), Labels::default());
    let storey = Storey { id: FeatureId::derived("level"), ordinal: 0, name, short_name };
    Snapshot::compile(Graph::drawn(model, vec![storey]))
}

/// Dijkstra on the model: who comes to an edge before it opens waits.
fn dijkstra(snapshot: &Snapshot, closed: &[u32], now: &Now<'_>, from: u32) -> BTreeMap<u32, u32> {
    let model = snapshot.graph().model();
    let mut best = BTreeMap::new();
    let mut heap = BinaryHeap::from([Reverse((0_u32, from))]);
    while let Some(Reverse((cost, node))) = heap.pop() {
        if best.contains_key(&node) {
            continue;
        }
        best.insert(node, cost);
        for edge in model.edges(NodeIndex::new(node as usize)) {
            let [tail, head] = [edge.source(), edge.target()];
            let shut = [tail, head].iter().any(|end| closed.contains(&u32::try_from(end.index()).unwrap()));
            let weight = now.who.weight(&model[tail], edge.weight(), &model[head]);
            let hours = edge.weight().hours.as_ref().zip(now.depart);
            let wait = hours.map_or(Some(0), |(hours, depart)| hours.wait_ms(depart, cost));
            let usable = wait.filter(|_| !shut && weight != NO_WAY).map(|wait| cost + wait + weight);
            if let Some(cost) = usable.filter(|cost| *cost < COST_MAX) {
                heap.push(Reverse((cost, u32::try_from(head.index()).unwrap())));
            }
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn any_graph_at_any_hour_is_answered_as_dijkstra_does(
        spots in prop::collection::vec((-200.0..200.0, -200.0..200.0), 2..30),
        ways in prop::collection::vec(
            (
                0..30_usize,
                0..30_usize,
                0..900_000_u32,
                prop::option::of(0..HOURS.len()),
                prop::sample::select(Rights::ALL.to_vec()),
            ),
            0..100,
        ),
        closed in prop::collection::vec(0..30_u32, 0..3),
        minute in 0_u32..10_080,
        speed in prop_oneof![Just(Speed::default()), Just(Speed::Own(700)), Just(Speed::Pace(Pace::Brisk))],
        rights in prop::sample::select(Rights::ALL.to_vec()),
    ) {
        let snapshot = drawn(&spots, &ways);
        let names = closed.iter().map(|node| FeatureId::derived(&format!("door {node}")));
        let overlay = Overlay::closing(&snapshot, names);
        let monday: Moment = "2026-11-23T00:00".parse().unwrap();
        let who = Who { speed, rights, ..Who::default() };
        let depart = Some(monday.after(minute * 60_000));
        let now = Now { snapshot: &snapshot, overlay: &overlay, who, depart, stays: false };
        let mut searcher = Searcher::new();
        for from in (0..u32::try_from(spots.len()).unwrap()).step_by(3) {
            let best = dijkstra(&snapshot, &closed, &now, from);
            for to in 0..u32::try_from(spots.len()).unwrap() {
                let found = searcher.path_at(&snapshot, &overlay, (who, depart), from, to);
                prop_assert_eq!(found.map(|(cost, _)| cost), best.get(&to).copied(), "{} to {}", from, to);
                if let Some((cost, edges)) = found {
                    let walked = edges.iter().fold(0, |at, edge| at + now.weigh_at(*edge, at));
                    prop_assert_eq!(walked, cost);
                }
            }
        }
    }
}

#[test]
fn one_waits_at_a_door_that_opens_soon_and_walks_around_one_that_opens_late() {
    // From 0 to 2 over a door with hours, 10 minutes, or around it, 30 minutes.
    let way = |from, to, minutes: u32, hours| (from, to, minutes * 60_000, hours, Rights::Visitor);
    let spots = [(0.0, 0.0), (10.0, 0.0), (20.0, 0.0)];
    let snapshot = drawn(&spots, &[way(0, 1, 5, None), way(1, 2, 5, Some(2)), way(0, 2, 30, None)]);
    let minutes = |depart: &str| {
        let depart = Some(depart.parse().unwrap());
        let path = Searcher::new()
            .path_at(&snapshot, &Overlay::open(), (Who::default(), depart), 0, 2)
            .map(|(cost, edges)| (cost / 60_000, edges.len()));
        path.unwrap()
    };
    assert_eq!(minutes("2026-11-22T12:00"), (10, 2));
    assert_eq!(minutes("2026-11-22T08:25"), (20, 2), "one waits ten minutes at the door");
    assert_eq!(minutes("2026-11-22T07:00"), (30, 1), "one walks around");
    assert_eq!(minutes("2026-11-22T21:55"), (30, 1), "it closes as one comes");
    assert_eq!(minutes("2026-11-22T21:54"), (10, 2));
    let mut searcher = Searcher::new();
    let at_any_time = searcher.path(&snapshot, &Overlay::open(), Who::default(), 0, 2);
    assert_eq!(at_any_time.map(|(cost, _)| cost), Some(600_000));
}
