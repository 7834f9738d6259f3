//! From a position to the way that passes it: one rstar of edge segments for each level.
//!
//! A position inside a unit snaps to the ways of that unit alone, since the nearest line may lie behind a
//! wall. Where those are closed it snaps to what lies behind a door of the unit; only a unit without either, and
//! a position between units, looks further.

use geo::Coord;
use petgraph::stable_graph::{EdgeIndex, NodeIndex};
use rstar::primitives::{GeomWithData, Line};
use rstar::{PointDistance, RTree};

use super::Snapshot;
use crate::geometry::{distance_m, nearest_on};
use crate::graph::{Edge, EdgeKind, Graph};
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Who};

/// The furthest a position may lie from every way and still be on the venue, in metres.
pub const SNAP_MAX_M: f64 = 30.0;

type Segment = GeomWithData<Line<[f64; 2]>, (u32, u32)>;

/// The ways of one level, by where they are.
#[derive(Debug)]
pub(crate) struct LevelIndex {
    tree: RTree<Segment>,
}

/// A position on a way: a point that splits an edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapped {
    /// The edge.
    pub(crate) edge: u32,
    /// The share of the edge's length that lies before the point, 0 to 1.
    pub along: f64,
    /// The point in metres on the venue's plane.
    pub at: Coord<f64>,
    /// The distance from the position to the point, in metres.
    pub gap_m: f64,
    /// The level's index among the storeys.
    pub level: usize,
}

/// Returns the points of an edge, both ends included.
pub(crate) fn points(graph: &Graph, from: u32, edge: &Edge, to: u32) -> Vec<Coord<f64>> {
    let at = |node: u32| graph.model[NodeIndex::new(node as usize)].at;
    std::iter::once(at(from)).chain(edge.via.iter().copied()).chain(std::iter::once(at(to))).collect()
}

pub(super) fn build(graph: &Graph, tail: &[u32], head: &[u32], origin: &[EdgeIndex]) -> Vec<LevelIndex> {
    let mut segments = vec![Vec::new(); graph.storeys.len()];
    for (index, id) in (0_u32..).zip(origin) {
        let (from, to) = (tail[index as usize], head[index as usize]);
        let edge = &graph.model[*id];
        // A way and its way back are one line; the one that begins at the lower node stands for both.
        if edge.length_m <= 0.0 || !matches!(edge.kind, EdgeKind::Walk | EdgeKind::Ramp) || from > to {
            continue;
        }
        let level = graph.model[NodeIndex::new(from as usize)].level;
        for (part, pair) in (0_u32..).zip(points(graph, from, edge, to).windows(2)) {
            let line = Line::new([pair[0].x, pair[0].y], [pair[1].x, pair[1].y]);
            segments[level].push(Segment::new(line, (index, part)));
        }
    }
    segments.into_iter().map(|segments| LevelIndex { tree: RTree::bulk_load(segments) }).collect()
}

impl Snapshot {
    /// Returns the nearest way to a position on any level of the ordinal that is open now, or `None` when
    /// there is none within [`SNAP_MAX_M`].
    pub fn snap(&self, overlay: &Overlay, who: Who, lon_lat: [f64; 2], ordinal: i32) -> Option<Snapped> {
        self.snap_by(overlay, who, lon_lat, ordinal)
    }

    /// Returns the longitude and latitude of a point of the plane, in degrees.
    pub fn lon_lat(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        self.graph.frame.to_world(Coord { x, y })
    }

    /// Returns the unit that a snapped way leads through, where the map has one.
    pub fn unit_of(&self, snapped: &Snapped) -> Option<&FeatureId> {
        self.graph.unit_id(self.edge(snapped.edge).room?)
    }

    /// Returns how far a point of the plane is from every way of an ordinal's levels, in metres.
    pub(crate) fn gap_m(&self, at: [f64; 2], ordinal: i32) -> f64 {
        let levels = (0..self.graph.storeys.len()).filter(|l| self.graph.storeys[*l].ordinal == ordinal);
        let gaps =
            levels.filter_map(|level| Some(self.index[level].tree.nearest_neighbor(at)?.distance_2(&at)));
        gaps.fold(f64::INFINITY, f64::min).sqrt()
    }

    pub(crate) fn snap_by(
        &self,
        overlay: &Overlay,
        who: Who,
        [lon, lat]: [f64; 2],
        ordinal: i32,
    ) -> Option<Snapped> {
        let at = self.graph.frame.to_plane(lon, lat);
        if !at.x.is_finite() || !at.y.is_finite() {
            return None;
        }
        let levels = (0..self.graph.storeys.len()).filter(|l| self.graph.storeys[*l].ordinal == ordinal);
        let inside = levels.clone().find_map(|level| {
            let room = crate::graph::room_at(&self.graph.rooms, level, at)?;
            let own = self.nearest(overlay, who, level, at, Some(&[room]));
            own.or_else(|| self.nearest(overlay, who, level, at, Some(&self.beyond_doors(room))))
        });
        inside.or_else(|| {
            let found = levels.filter_map(|level| self.nearest(overlay, who, level, at, None));
            found.min_by(|a, b| a.gap_m.total_cmp(&b.gap_m))
        })
    }

    /// Returns the rooms behind the doors of a room.
    fn beyond_doors(&self, room: usize) -> Vec<usize> {
        let doors = self.graph.floor.doors.iter().map(|door| door.rooms);
        doors.filter(|rooms| rooms.contains(&room)).map(|[a, b]| if room == a { b } else { a }).collect()
    }

    fn nearest(
        &self,
        overlay: &Overlay,
        who: Who,
        level: usize,
        at: Coord<f64>,
        rooms: Option<&[usize]>,
    ) -> Option<Snapped> {
        if rooms.is_some_and(<[usize]>::is_empty) {
            return None;
        }
        let query = [at.x, at.y];
        let usable = |edge: u32| {
            let open = |edge: u32| !overlay.blocks(edge) && self.weight(who, edge) != NO_WAY;
            let here =
                rooms.is_none_or(|rooms| self.edge(edge).room.is_some_and(|room| rooms.contains(&room)));
            here && (open(edge) || self.twin(edge).is_some_and(open))
        };
        let tree = &self.index[level].tree;
        // In a unit the way may be as far as the unit is wide; elsewhere only so far.
        let reach_m = if rooms.is_some() { f64::INFINITY } else { SNAP_MAX_M };
        let near = tree
            .nearest_neighbor_iter(query)
            .take_while(|segment| segment.distance_2(&query) <= reach_m * reach_m)
            .find(|segment| usable(segment.data.0))?;
        let (edge, part) = near.data;
        let points = points(&self.graph, self.tail[edge as usize], self.edge(edge), self.head[edge as usize]);
        let part = part as usize;
        let (spot, _) = nearest_on(at, points[part], points[part + 1]);
        let before_m = crate::geometry::length_m(&points[..=part]) + distance_m(points[part], spot);
        let whole_m = crate::geometry::length_m(&points).max(1e-9);
        let along = (before_m / whole_m).clamp(0.0, 1.0);
        Some(Snapped { edge, along, at: spot, gap_m: distance_m(at, spot), level })
    }
}
