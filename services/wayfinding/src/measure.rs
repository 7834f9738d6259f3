//! The peer that the search is measured against: petgraph's own A* on the same edges and costs.

use petgraph::graph::{DiGraph, NodeIndex};

pub use crate::graph::scaled;
use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Who};
use crate::route::{RouteError, Walk, resolve};
use crate::snapshot::Snapshot;

/// One passenger's edges as a plain petgraph, with positions for a straight-line bound. For measurements.
#[derive(Clone, Debug)]
pub struct Peer {
    graph: DiGraph<[f64; 2], u32>,
    /// The least milliseconds that a metre of plan takes on any edge.
    ms_per_m: f64,
}

impl Peer {
    /// Copies the edges that a passenger can use now, with what they cost; nodes keep their numbers.
    pub fn of(snapshot: &Snapshot, overlay: &Overlay, who: Who) -> Self {
        let mut graph = DiGraph::with_capacity(snapshot.node_count(), snapshot.edge_count());
        for node in (0_u32..).take(snapshot.node_count()) {
            let at = snapshot.node(node).at;
            graph.add_node([at.x, at.y]);
        }
        let mut ms_per_m = f64::INFINITY;
        let edges =
            (0_u32..).take(snapshot.edge_count()).map(|edge| (edge, weigh(snapshot, overlay, who, edge)));
        for (edge, weight) in edges.filter(|(_, weight)| *weight != NO_WAY) {
            let [a, b] = [snapshot.tail[edge as usize], snapshot.head[edge as usize]]
                .map(|node| NodeIndex::new(node as usize));
            let [[ax, ay], [bx, by]] = [graph[a], graph[b]];
            let plan_m = (ax - bx).hypot(ay - by);
            if plan_m > 1e-6 {
                ms_per_m = ms_per_m.min(f64::from(weight) / plan_m);
            }
            graph.add_edge(a, b, weight);
        }
        Self { graph, ms_per_m: if ms_per_m.is_finite() { ms_per_m } else { 0.0 } }
    }

    /// Returns the graph.
    pub fn graph(&self) -> &DiGraph<[f64; 2], u32> {
        &self.graph
    }

    /// Finds the cheapest way by `petgraph::algo::astar` and returns its cost in milliseconds.
    pub fn astar(&self, from: u32, to: u32) -> Option<u32> {
        let goal = NodeIndex::new(to as usize);
        let [x, y] = self.graph[goal];
        let ahead = |node: NodeIndex| {
            let [nx, ny] = self.graph[node];
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a bound below a u32 cost"
            )]
            let millis = ((nx - x).hypot(ny - y) * self.ms_per_m) as u32;
            millis
        };
        let start = NodeIndex::new(from as usize);
        petgraph::algo::astar(&self.graph, start, |node| node == goal, |edge| *edge.weight(), ahead)
            .map(|(cost, _)| cost)
    }

    /// Finds the cheapest cost by `petgraph::algo::dijkstra`.
    pub fn dijkstra(&self, from: u32, to: u32) -> Option<u32> {
        let goal = NodeIndex::new(to as usize);
        let start = NodeIndex::new(from as usize);
        let costs = petgraph::algo::dijkstra(&self.graph, start, Some(goal), |edge| *edge.weight());
        costs.get(&goal).copied()
    }
}

/// Returns what the quickest way between two references costs by `petgraph::algo::dijkstra`, in milliseconds, and
/// `None` where there is none; its ends are those of a route that is asked for, and hours count for nothing.
///
/// # Errors
/// Fails where a route between the two does.
pub fn quickest_ms(
    asked: &Walk<'_>,
    walk: &Walk<'_>,
    [from, to]: [&str; 2],
) -> Result<Option<u32>, RouteError> {
    let from = resolve::one(asked.snapshot, asked.overlay, asked.who, "from", from)?;
    let to = resolve::resolve(asked.snapshot, asked.overlay, asked.who, "to", to)?;
    let Walk { snapshot, overlay, who, .. } = *walk;
    let Peer { mut graph, .. } = Peer::of(snapshot, overlay, who);
    let source = graph.add_node([0.0; 2]);
    for start in from.starts(snapshot, overlay, who) {
        graph.add_edge(source, NodeIndex::new(start.node as usize), start.millis);
    }
    let costs = petgraph::algo::dijkstra(&graph, source, None, |edge| *edge.weight());
    let goals = to.iter().flat_map(|spot| spot.goals(snapshot, overlay, who));
    let reached = goals.filter_map(|goal| {
        costs.get(&NodeIndex::new(goal.node as usize)).map(|cost| cost.saturating_add(goal.millis))
    });
    Ok(reached.min())
}

/// Returns what a way of connected edges costs now, or `None` where it is no such way.
pub fn follow(
    snapshot: &Snapshot,
    overlay: &Overlay,
    who: Who,
    edges: &[u32],
    [from, to]: [u32; 2],
) -> Option<u32> {
    let (mut at, mut cost) = (from, 0_u32);
    for edge in edges {
        let weight = weigh(snapshot, overlay, who, *edge);
        if snapshot.tail[*edge as usize] != at || weight == NO_WAY {
            return None;
        }
        at = snapshot.head[*edge as usize];
        cost = cost.saturating_add(weight);
    }
    (at == to).then_some(cost)
}

fn weigh(snapshot: &Snapshot, overlay: &Overlay, who: Who, edge: u32) -> u32 {
    overlay.weigh(edge, snapshot.weight(who, edge))
}
