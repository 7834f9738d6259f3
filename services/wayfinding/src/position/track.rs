//! The walkable graph cut into short pieces, for whoever follows a walk on it.
//!
//! A [`Cell`] is a node or a point on a way, at most [`CELL_M`] from its neighbours; a step between two cells
//! takes the seconds of who finds nobody in the way: no queue at security, and a lift that waits. Cells of
//! two levels meet only where the graph does: at stairs, escalators and lifts.

use std::collections::BTreeMap;

use geo::Coord;
use petgraph::stable_graph::EdgeReference;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use rstar::RTree;
use rstar::primitives::GeomWithData;

use crate::geometry::{distance_m, length_m};
use crate::graph::{Edge, EdgeKind, Graph, LIFT_ALIGHT_MS, NodeKind, WALK_SPEED_MPS};
use crate::profile::Who;

/// The length of a piece, in metres, where that keeps within [`CELLS_MAX`].
pub const CELL_M: f64 = 2.0;
/// The most cells on ways; a larger venue gets longer pieces.
pub const CELLS_MAX: usize = 200_000;

/// A spot where a walker may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The position in metres on the venue's plane.
    pub at: [f64; 2],
    /// The level's ordinal.
    pub level: i32,
    /// Whether it is in a shaft, where a level is left.
    pub shaft: bool,
}

/// All cells of a venue, and the steps between them.
#[derive(Clone, Debug, Default)]
pub struct Track {
    cells: Vec<Cell>,
    /// Where each cell's steps begin; one more than there are cells.
    first: Vec<u32>,
    /// The next cell and the seconds it takes.
    steps: Vec<(u32, f32)>,
    /// The cells of each level by their places; those in shafts only where a level has no others.
    places: BTreeMap<i32, RTree<GeomWithData<[f64; 2], u32>>>,
}

impl Track {
    /// Cuts a graph into cells, along every way that passengers may walk.
    pub fn of(graph: &Graph) -> Self {
        let model = graph.model();
        let node = |node: &crate::graph::Node| Cell {
            at: [node.at.x, node.at.y],
            level: graph.storeys()[node.level].ordinal,
            shaft: matches!(node.kind, NodeKind::Stop(_) | NodeKind::Hub(_)),
        };
        let mut cells: Vec<_> = model.node_weights().map(node).collect();
        let mut edges: Vec<_> = model.edge_references().filter(|edge| walked(graph, edge)).collect();
        edges.sort_by_key(|edge| (edge.source(), edge.target(), edge.id()));
        let whole_m: f64 = edges.iter().map(|edge| edge.weight().length_m).sum();
        let piece_m = CELL_M.max(whole_m / CELLS_MAX as f64);
        let mut lines = BTreeMap::<_, Vec<u32>>::new();
        let mut steps = Vec::new();
        for edge in edges {
            let (from, to) = (edge.source(), edge.target());
            let way = edge.weight();
            let key = (from.min(to), from.max(to), way.room);
            // A way and its way back share their cells, laid from the lower node to the higher.
            let mut inner = match lines.get(&key) {
                Some(line) => line.clone(),
                None => {
                    let line = lay(&mut cells, graph, &edge, piece_m);
                    lines.insert(key, line.clone());
                    line
                }
            };
            if from > to {
                inner.reverse();
            }
            let seconds = least_seconds(way) / (inner.len() + 1) as f32;
            let ends = [from, to].map(|end| u32::try_from(end.index()).unwrap_or(u32::MAX));
            let chain: Vec<_> = std::iter::once(ends[0]).chain(inner).chain([ends[1]]).collect();
            steps.extend(chain.windows(2).map(|pair| (pair[0], (pair[1], seconds))));
        }
        steps.sort_by_key(|(from, (to, _))| (*from, *to));
        let mut first = vec![0_u32; cells.len() + 1];
        for (from, _) in &steps {
            first[*from as usize + 1] += 1;
        }
        for cell in 0..cells.len() {
            first[cell + 1] += first[cell];
        }
        let places = places(&cells);
        Self { cells, first, steps: steps.into_iter().map(|(_, step)| step).collect(), places }
    }

    /// Returns the cells.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Returns the levels that have cells.
    pub(super) fn levels(&self) -> impl Iterator<Item = i32> {
        self.places.keys().copied()
    }

    /// Returns the cells of a level within some metres of a place.
    pub(super) fn within(&self, level: i32, at: [f64; 2], metres: f64) -> impl Iterator<Item = u32> {
        let near = self.places.get(&level).map(|cells| cells.locate_within_distance(at, metres * metres));
        near.into_iter().flatten().map(|cell| cell.data)
    }

    /// Returns the cell of a level that is nearest to a place.
    pub(super) fn nearest(&self, level: i32, at: [f64; 2]) -> Option<u32> {
        self.places.get(&level)?.nearest_neighbor(at).map(|cell| cell.data)
    }

    pub(crate) fn steps(&self, cell: u32) -> &[(u32, f32)] {
        &self.steps[self.first[cell as usize] as usize..self.first[cell as usize + 1] as usize]
    }
}

/// Sorts the cells of each level by their places.
fn places(cells: &[Cell]) -> BTreeMap<i32, RTree<GeomWithData<[f64; 2], u32>>> {
    let mut on = BTreeMap::<i32, [Vec<_>; 2]>::new();
    for (index, cell) in (0_u32..).zip(cells) {
        on.entry(cell.level).or_default()[usize::from(cell.shaft)].push(GeomWithData::new(cell.at, index));
    }
    let tree = |(level, [open, shafts]): (i32, [Vec<_>; 2])| {
        (level, RTree::bulk_load(if open.is_empty() { shafts } else { open }))
    };
    on.into_iter().map(tree).collect()
}

/// Returns the least seconds that an edge takes.
fn least_seconds(edge: &Edge) -> f32 {
    let walked = (edge.length_m / WALK_SPEED_MPS) as f32;
    match edge.kind {
        EdgeKind::Walk | EdgeKind::Ramp | EdgeKind::Security | EdgeKind::Border | EdgeKind::Customs => walked,
        EdgeKind::MovingWalkway => edge.millis as f32 / 1000.0,
        EdgeKind::Lift => LIFT_ALIGHT_MS as f32 / 2000.0,
        EdgeKind::Stairs | EdgeKind::EscalatorUp | EdgeKind::EscalatorDown => edge.millis as f32 / 2000.0,
    }
}

fn walked(graph: &Graph, edge: &EdgeReference<'_, Edge>) -> bool {
    let model = graph.model();
    Who::default().admits(&model[edge.source()], edge.weight(), &model[edge.target()])
}

/// Lays cells between the ends of an edge, from the lower node to the higher.
fn lay(cells: &mut Vec<Cell>, graph: &Graph, edge: &EdgeReference<'_, Edge>, piece_m: f64) -> Vec<u32> {
    if !matches!(edge.weight().kind, EdgeKind::Walk | EdgeKind::Ramp | EdgeKind::MovingWalkway) {
        return Vec::new();
    }
    let model = graph.model();
    let [from, to] = [edge.source(), edge.target()].map(|node| &model[node]);
    let mut line: Vec<Coord<f64>> = vec![from.at];
    line.extend(&edge.weight().via);
    line.push(to.at);
    if edge.source() > edge.target() {
        line.reverse();
    }
    let whole_m = length_m(&line);
    let mut laid = Vec::new();
    let mut next_m = piece_m;
    let mut before_m = 0.0;
    for pair in line.windows(2) {
        let part_m = distance_m(pair[0], pair[1]);
        while next_m < before_m + part_m && next_m < whole_m - piece_m / 2.0 {
            let along = (next_m - before_m) / part_m;
            let at = pair[0] + (pair[1] - pair[0]) * along;
            laid.push(u32::try_from(cells.len()).unwrap_or(u32::MAX));
            let level = graph.storeys()[from.level].ordinal;
            cells.push(Cell { at: [at.x, at.y], level, shaft: false });
            next_m += piece_m;
        }
        before_m += part_m;
    }
    laid
}
