//! A published venue, compiled to be asked: immutable, so a request keeps the one it began with.
//!
//! The graph's edges lie in rows by their first node (CSR), with one weight an edge and profile in whole
//! milliseconds, and who may use it. Weights are free flow: nobody queues, nothing is closed. What happens live (an [`Overlay`])
//! only removes edges or raises weights, so the landmarks' lower bounds hold under every overlay.
//!
//! [`Overlay`]: crate::overlay::Overlay

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use petgraph::stable_graph::{EdgeIndex, NodeIndex};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use crate::cch::Hierarchy;
use crate::check::{Finding, Refused, assess};
use crate::draw::LevelPlan;
use crate::finder::Finder;
use crate::graph::{Edge, EdgeKind, Graph, Node, NodeKind, Zone};
use crate::hours::Hours;
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::overlay::prepared::Prepared;
use crate::profile::{NO_WAY, Pace, Profile, Rights, Speed, Who, millis};
use crate::search::Now;
use crate::source::Source;

pub(crate) mod borders;
pub(crate) mod components;
pub(crate) mod landmarks;
mod leaves;
pub(crate) mod names;
pub(crate) mod sights;
pub(crate) mod snap;

use borders::Borders;
use components::Components;
use landmarks::{Backward, Landmarks};
use names::Names;
use sights::Sights;
use snap::LevelIndex;
pub use snap::{SNAP_MAX_M, Snapped};

/// The most that a route may cost, in milliseconds: some twelve days.
pub(crate) const COST_MAX: u32 = 1 << 30;

/// A venue compiled for questions.
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) graph: Graph,
    /// Where each node's edges begin; one more than there are nodes.
    pub(crate) first: Vec<u32>,
    pub(crate) tail: Vec<u32>,
    pub(crate) head: Vec<u32>,
    /// The model's edge for each edge here.
    pub(crate) origin: Vec<EdgeIndex>,
    /// The least rights of who may use each edge.
    needs: Vec<Rights>,
    /// The weights of each profile at each pace, whoever may use an edge.
    weights: [[Vec<u32>; Pace::ALL.len()]; Profile::ALL.len()],
    /// Measured for who walks briskly and may use every edge, which bounds all others.
    pub(crate) landmarks: Landmarks,
    /// The edges in rows by the node they end at.
    back: Backward,
    /// Absent for a graph that is like no building.
    pub(crate) hierarchy: Option<Hierarchy>,
    /// What searches need at free flow.
    pub(crate) prepared: Prepared,
    /// Whether a search may leave a node out, unless it begins or ends there.
    pub(crate) leaves: Vec<bool>,
    pub(crate) index: Vec<LevelIndex>,
    pub(crate) names: Names,
    pub(crate) finder: Finder,
    /// The plan of each level, by its index, once it was asked for.
    pub(crate) plans: Vec<OnceLock<Arc<LevelPlan>>>,
    /// What guidance names.
    pub(crate) sights: Sights,
    /// The edges that close with a feature.
    pub(crate) closes: BTreeMap<FeatureId, Vec<u32>>,
    /// Absent where the map has none.
    borders: Option<Borders>,
    /// The edges that have hours.
    pub(crate) timed: BTreeMap<u32, Arc<Hours>>,
}

impl Snapshot {
    /// Checks a map, builds its graph and compiles it.
    ///
    /// # Errors
    /// Refuses a map with violations, with all of them.
    pub fn from_source(source: &Source) -> Result<Self, Refused> {
        Ok(Self::compile(Graph::build(source)?))
    }

    /// Checks a map and compiles it, when nothing forbids it; with everything that was found, worst first.
    pub fn checked(source: &Source) -> (Vec<Finding>, Option<Self>) {
        let (findings, graph) = assess(source);
        (findings, graph.map(Self::compile))
    }

    /// Compiles a graph.
    pub fn compile(graph: Graph) -> Self {
        let model = graph.model();
        let mut edges: Vec<_> =
            model.edge_references().map(|e| (e.source().index(), e.target().index(), e.id())).collect();
        edges.sort_by_key(|(from, to, id)| (*from, *to, id.index()));
        let nodes = model.node_count();
        let mut first = vec![0_u32; nodes + 1];
        for (from, _, _) in &edges {
            first[from + 1] += 1;
        }
        for node in 0..nodes {
            first[node + 1] += first[node];
        }
        let narrow = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let tail: Vec<_> = edges.iter().map(|(from, _, _)| narrow(*from)).collect();
        let head: Vec<_> = edges.iter().map(|(_, to, _)| narrow(*to)).collect();
        let origin: Vec<_> = edges.iter().map(|(_, _, id)| *id).collect();
        let weigh = |profile: Profile, pace: Pace| -> Vec<u32> {
            let weight = |(from, to, id): &(usize, usize, EdgeIndex)| {
                let ends = [*from, *to].map(|node| &model[NodeIndex::new(node)]);
                let who = Who { profile, speed: Speed::Pace(pace), rights: Rights::Staff };
                who.weight(ends[0], &model[*id], ends[1])
            };
            edges.iter().map(weight).collect()
        };
        let weights = Profile::ALL.map(|profile| Pace::ALL.map(|pace| weigh(profile, pace)));
        let rows = Rows { first: &first, tail: &tail, head: &head };
        let back = Backward::of(&rows);
        let landmarks =
            Landmarks::choose(&rows, &back, &bounds(&weights[Profile::Walk as usize][Pace::Brisk as usize]));
        let needs: Vec<_> = edges.iter().map(|(_, _, id)| model[*id].needs).collect();
        let on_foot = &weights[Profile::Walk as usize][Pace::Normal as usize];
        let usable = |edge: usize| on_foot[edge] != NO_WAY && needs[edge] <= Rights::Passenger;
        let borders = Borders::of(&rows, |edge| model[origin[edge]].kind, usable);
        let leaves = leaves::leaves(&graph);
        let hierarchy = Hierarchy::of(&graph, &rows, &leaves);
        let names = Names::of(&graph);
        let finder = Finder::of(&graph);
        let sights = Sights::of(&graph);
        let plans = graph.storeys.iter().map(|_| OnceLock::new()).collect();
        let closes = closes(&graph, &tail, &head, &origin);
        let hours = |(edge, id): (u32, &EdgeIndex)| Some((edge, graph.model[*id].hours.clone()?));
        let timed = (0_u32..).zip(&origin).filter_map(hours).collect();
        let index = snap::build(&graph, &tail, &head, &origin);
        Self {
            graph,
            first,
            tail,
            head,
            origin,
            needs,
            weights,
            landmarks,
            back,
            hierarchy,
            prepared: Prepared::default(),
            leaves,
            index,
            names,
            finder,
            plans,
            sights,
            closes,
            borders,
            timed,
        }
    }

    /// Returns the graph that the snapshot was compiled from.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Returns how many nodes there are; nodes are numbered from 0, as in the graph's model.
    pub fn node_count(&self) -> usize {
        self.first.len() - 1
    }

    /// Returns how many directed edges there are.
    pub fn edge_count(&self) -> usize {
        self.head.len()
    }

    /// Returns how an edge of a found path is travelled. For measurements.
    pub fn kind_of(&self, edge: u32) -> Option<EdgeKind> {
        self.origin.get(edge as usize).map(|id| self.graph.model[*id].kind)
    }

    /// Tells whether a feature can be closed here: a unit, an opening, a shaft, an amenity, a checkpoint.
    pub fn closable(&self, feature: &FeatureId) -> bool {
        self.closes.contains_key(feature)
    }

    /// Returns the one id under which a feature is closed: a lift's, stairs' or escalator's whichever of its ids is
    /// said, that of its first amenity or else of its shaft; any other feature's own.
    pub fn closes_as<'a>(&'a self, feature: &'a FeatureId) -> &'a FeatureId {
        let model = self.graph.model();
        let own = model.node_weights().find_map(|node| {
            let (NodeKind::Stop(shaft) | NodeKind::Hub(shaft)) = node.kind else { return None };
            let whole = node.features.first() == Some(&self.graph.shafts[shaft].id);
            (whole && node.features.contains(feature))
                .then(|| node.features.get(1).or_else(|| node.features.first()))?
        });
        own.unwrap_or(feature)
    }

    /// Returns what an edge costs at free flow, or [`NO_WAY`].
    pub(crate) fn weight(&self, who: Who, edge: u32) -> u32 {
        let Who { profile, speed, rights } = who;
        let Speed::Pace(pace) = speed else {
            let usual = Who { speed: Speed::default(), ..who };
            let usable = self.weight(usual, edge) != NO_WAY;
            return if usable { millis(self.edge(edge), speed.mmps(profile)) } else { NO_WAY };
        };
        let may = self.needs[edge as usize] <= rights;
        if may { self.weights[profile as usize][pace as usize][edge as usize] } else { NO_WAY }
    }

    /// Returns the components of who walks at free flow.
    pub(crate) fn components_of(&self, who: Who) -> &Components {
        let overlay = Overlay::open();
        self.prepared.components(&Now { snapshot: self, overlay: &overlay, who, depart: None, stays: false })
    }

    pub(crate) fn edge(&self, edge: u32) -> &Edge {
        &self.graph.model[self.origin[edge as usize]]
    }

    pub(crate) fn node(&self, node: u32) -> &Node {
        &self.graph.model[NodeIndex::new(node as usize)]
    }

    pub(crate) fn out(&self, node: u32) -> std::ops::Range<usize> {
        self.first[node as usize] as usize..self.first[node as usize + 1] as usize
    }

    /// Returns the edges that end at a node.
    pub(crate) fn ending_at(&self, node: u32) -> &[u32] {
        self.back.ending_at(node as usize)
    }

    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows { first: &self.first, tail: &self.tail, head: &self.head }
    }

    /// Returns the zone that a node lies in, where the map tells; a door between two has none.
    pub(crate) fn zone_of(&self, node: u32) -> Option<Zone> {
        let mut ways = self.out(node).filter_map(|edge| self.edge(u32::try_from(edge).ok()?).room);
        let zone = self.graph.rooms[ways.next()?].zone;
        ways.all(|room| self.graph.rooms[room].zone == zone).then_some(zone).flatten()
    }

    /// Returns the edge back along the same way, where there is one.
    pub(crate) fn twin(&self, edge: u32) -> Option<u32> {
        let (from, to) = (self.tail[edge as usize], self.head[edge as usize]);
        let way = self.edge(edge);
        self.out(to)
            .filter(|back| self.head[*back] == from)
            .filter_map(|back| u32::try_from(back).ok())
            .find(|back| self.edge(*back).room == way.room && self.edge(*back).kind == way.kind)
    }
}

/// The edges in rows, as preparation walks them.
pub(crate) struct Rows<'a> {
    pub(crate) first: &'a [u32],
    pub(crate) tail: &'a [u32],
    pub(crate) head: &'a [u32],
}

impl Rows<'_> {
    pub(crate) fn nodes(&self) -> usize {
        self.first.len() - 1
    }

    pub(crate) fn out(&self, node: usize) -> std::ops::Range<usize> {
        self.first[node] as usize..self.first[node + 1] as usize
    }
}

/// Returns weights that bound the exact cost from below, since weights are rounded up.
fn bounds(weights: &[u32]) -> Vec<u32> {
    let floor = |weight: &u32| if *weight == NO_WAY { NO_WAY } else { weight.saturating_sub(1) };
    weights.iter().map(floor).collect()
}

fn closes(graph: &Graph, tail: &[u32], head: &[u32], origin: &[EdgeIndex]) -> BTreeMap<FeatureId, Vec<u32>> {
    let mut closes = BTreeMap::<FeatureId, Vec<u32>>::new();
    // A place that a network leads to closes no way, but it is no goal while it is closed.
    let named = graph.rooms.iter().map(|room| &room.id).chain(graph.places.iter().map(|place| &place.id));
    for feature in named {
        closes.entry(feature.clone()).or_default();
    }
    for (index, id) in (0_u32..).zip(origin) {
        let ends = [tail[index as usize], head[index as usize]];
        let nodes = ends.map(|node| &graph.model[NodeIndex::new(node as usize)].features);
        let edge = &graph.model[*id];
        let room = edge.room.map(|room| &graph.rooms[room].id);
        for feature in nodes.into_iter().flatten().chain(&edge.features).chain(room) {
            let edges = match closes.get_mut(feature) {
                Some(edges) => edges,
                None => closes.entry(feature.clone()).or_default(),
            };
            if edges.last() != Some(&index) {
                edges.push(index);
            }
        }
    }
    closes
}
