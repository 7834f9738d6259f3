//! The peer that the search is measured against: petgraph's own A* on the same edges and costs.

use petgraph::graph::{DiGraph, NodeIndex};

use crate::graph::EdgeKind;
pub use crate::graph::scaled;
use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Rights, Who};
use crate::route::{RouteError, Walk, resolve};
use crate::snapshot::Snapshot;

/// One passenger's edges as a plain petgraph, with positions for a straight-line bound. For measurements.
#[derive(Clone, Debug)]
pub struct Peer {
    graph: DiGraph<[f64; 2], u32>,
    /// Absent where no border counts.
    within: Option<Within>,
    /// The least milliseconds that a metre of plan takes on any edge.
    ms_per_m: f64,
}

/// What is walked without passing a border: now, and by a passenger on foot when nothing is closed.
#[derive(Clone, Debug)]
struct Within {
    now: DiGraph<[f64; 2], u32>,
    at_rest: DiGraph<[f64; 2], u32>,
}

impl Within {
    fn of(snapshot: &Snapshot, overlay: &Overlay, who: Who) -> Option<Self> {
        let edges = || (0_u32..).take(snapshot.edge_count());
        let abroad = |edge: u32| snapshot.kind_of(edge) == Some(EdgeKind::Border);
        if who.rights == Rights::Staff || !edges().any(abroad) {
            return None;
        }
        let graph = |overlay: &Overlay, who: Who| {
            let mut graph = DiGraph::with_capacity(snapshot.node_count(), snapshot.edge_count());
            for _ in 0..snapshot.node_count() {
                graph.add_node([0.0; 2]);
            }
            for edge in edges().filter(|edge| !abroad(*edge)) {
                let [a, b] = [snapshot.tail[edge as usize], snapshot.head[edge as usize]];
                let weight = weigh(snapshot, overlay, who, edge);
                if weight != NO_WAY {
                    graph.add_edge(NodeIndex::new(a as usize), NodeIndex::new(b as usize), weight);
                }
            }
            graph
        };
        Some(Self { now: graph(overlay, who), at_rest: graph(&Overlay::open(), Who::default()) })
    }
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
        let within = Within::of(snapshot, overlay, who);
        Self { graph, within, ms_per_m: if ms_per_m.is_finite() { ms_per_m } else { 0.0 } }
    }

    /// Tells whether no border need be passed between two nodes, so that none is.
    fn stays(&self, from: u32, to: u32) -> bool {
        let [from, to] = [from, to].map(|node| NodeIndex::new(node as usize));
        let joins = |within: &Within| petgraph::algo::has_path_connecting(&within.at_rest, from, to, None);
        self.within.as_ref().is_some_and(joins)
    }

    /// Returns the graph that a way between two nodes is found on.
    fn between(&self, from: u32, to: u32) -> &DiGraph<[f64; 2], u32> {
        let within = self.within.as_ref().filter(|_| self.stays(from, to));
        within.map_or(&self.graph, |within| &within.now)
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
        petgraph::algo::astar(
            self.between(from, to),
            start,
            |node| node == goal,
            |edge| *edge.weight(),
            ahead,
        )
        .map(|(cost, _)| cost)
    }

    /// Finds the cheapest cost by `petgraph::algo::dijkstra`.
    pub fn dijkstra(&self, from: u32, to: u32) -> Option<u32> {
        let goal = NodeIndex::new(to as usize);
        let start = NodeIndex::new(from as usize);
        let costs =
            petgraph::algo::dijkstra(self.between(from, to), start, Some(goal), |edge| *edge.weight());
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
    let peer = Peer::of(snapshot, overlay, who);
    let starts = from.starts(snapshot, overlay, who);
    let costs = |graph: &DiGraph<[f64; 2], u32>| {
        let mut graph = graph.clone();
        let source = graph.add_node([0.0; 2]);
        for start in &starts {
            graph.add_edge(source, NodeIndex::new(start.node as usize), start.millis);
        }
        petgraph::algo::dijkstra(&graph, source, None, |edge| *edge.weight())
    };
    let (all, within) = (costs(&peer.graph), peer.within.as_ref().map(|within| costs(&within.now)));
    let goals = to.iter().flat_map(|spot| spot.goals(snapshot, overlay, who));
    let reached = goals.filter_map(|goal| {
        let stays = starts.iter().any(|start| peer.stays(start.node, goal.node));
        let costs = within.as_ref().filter(|_| stays).unwrap_or(&all);
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
