//! From a position to the way that passes it: one rstar of edge segments for each level.
//!
//! A position inside a unit snaps to the ways of that unit alone, since the nearest line may lie behind a
//! wall. Where nobody may walk there it snaps to what lies behind a door of the unit, and is led from that door.
//! A position between units snaps to the unit that is nearest. What lies between a position and the floor is
//! not walked: the line begins where the floor does, and how far off that is, is told.

use geo::Coord;
use petgraph::stable_graph::{EdgeIndex, NodeIndex};
use rstar::primitives::{GeomWithData, Line};
use rstar::{PointDistance, RTree};

use super::Snapshot;
use crate::geometry::{distance_m, length_m, nearest_on};
use crate::graph::{Edge, EdgeKind, Graph};
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Who};
use crate::taut::{Corridor, Scratch, Stretch};

/// The furthest a position may lie from every way and still be on the venue, in metres.
pub const SNAP_MAX_M: f64 = 30.0;

/// The most ways of a room that are looked at for one in sight.
const SEEN_MAX: usize = 32;

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
    /// Where the floor begins that one walks on to the way: the position itself where it is on it.
    pub(crate) floor: Coord<f64>,
    /// How far that is from the position, in metres; 0 on the floor.
    pub off_m: f64,
    /// How far one walks from there to the point, in metres.
    pub(crate) stub_m: f64,
    /// The distance from the position to the point, in metres.
    pub gap_m: f64,
    /// The level's index among the storeys.
    pub level: usize,
}

/// A position, and for whom a way is sought near it.
struct Asked<'a> {
    overlay: &'a Overlay,
    who: Who,
    at: Coord<f64>,
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
        let asked = Asked { overlay, who, at };
        let levels = || (0..self.graph.storeys.len()).filter(|l| self.graph.storeys[*l].ordinal == ordinal);
        let inside = levels().find_map(|level| {
            let room = crate::graph::room_at(&self.graph.rooms, level, at)?;
            self.within(&asked, room, at).or_else(|| self.past_door(&asked, room))
        });
        inside.or_else(|| self.beside(&asked, &levels().collect::<Vec<_>>())).or_else(|| {
            let found = levels().filter_map(|level| self.nearest(&asked, level, at, None));
            let nearest = found.min_by(|a, b| a.gap_m.total_cmp(&b.gap_m))?;
            Some(self.on_floor(at, nearest))
        })
    }

    /// Snaps to the ways of one room, from where its floor is nearest to some point.
    fn within(&self, asked: &Asked<'_>, room: usize, near: Coord<f64>) -> Option<Snapped> {
        let Graph { rooms, floor, .. } = &self.graph;
        let level = rooms[room].level;
        if floor.is_network() {
            return Some(self.on_floor(asked.at, self.nearest(asked, level, near, Some(room))?));
        }
        let stands = rooms[room].floors.iter().any(|area| area.holds(near));
        let begin = Some(near).filter(|_| stands).or_else(|| floor.nearest(rooms, room, near, SNAP_MAX_M));
        let begin = begin.unwrap_or_else(|| rooms[room].areas[0].clamp(near));
        let snapped = self.nearest(asked, level, begin, Some(room))?;
        let [gap_m, off_m] = [snapped.at, begin].map(|end| distance_m(asked.at, end));
        // Where no way is in sight, one walks around what is between.
        let around = || {
            let ends = [begin, snapped.at].map(|end| (room, end));
            floor.line(&mut Scratch::default(), rooms, &Corridor::of([room], vec![]), ends)
        };
        let seen = rooms[room].floor_sees(begin, snapped.at);
        let around = if seen { None } else { around() };
        let stub_m = around.map_or_else(|| distance_m(begin, snapped.at), |line| length_m(&line));
        Some(Snapped { gap_m, floor: begin, off_m, stub_m, ..snapped })
    }

    /// Snaps to what lies behind the nearest door of a room that leads somewhere.
    fn past_door(&self, asked: &Asked<'_>, room: usize) -> Option<Snapped> {
        let doors = self.graph.floor.doors.iter().filter(|door| door.rooms.contains(&room));
        let mut doors: Vec<_> = doors
            .map(|door| {
                let [a, b] = door.rooms;
                let middle = (door.line[0] + door.line[1]) / 2.0;
                (distance_m(asked.at, middle), middle, if room == a { b } else { a })
            })
            .collect();
        doors.sort_by(|a, b| a.0.total_cmp(&b.0));
        doors.into_iter().find_map(|(_, middle, other)| self.within(asked, other, middle))
    }

    /// Snaps to the nearest room that one may walk in.
    fn beside(&self, asked: &Asked<'_>, levels: &[usize]) -> Option<Snapped> {
        // A network's ways run where they are drawn, whatever rooms there are.
        if self.graph.floor.is_network() {
            return None;
        }
        let rooms = self.graph.rooms.iter().enumerate().filter(|(_, room)| levels.contains(&room.level));
        let mut near: Vec<_> = rooms
            .filter_map(|(index, room)| {
                let gaps = room.areas.iter().map(|area| area.gap_m(asked.at, SNAP_MAX_M));
                let gap_m = gaps.fold(f64::INFINITY, f64::min);
                (gap_m <= SNAP_MAX_M).then_some((gap_m, index))
            })
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.iter().find_map(|(_, room)| self.within(asked, *room, asked.at))
    }

    /// Returns what was snapped to with the line from the position, where that lies on the floor, or else
    /// beginning on the way.
    fn on_floor(&self, at: Coord<f64>, snapped: Snapped) -> Snapped {
        let (stub, gap_m) = (Stretch::Straight([at, snapped.at]), distance_m(at, snapped.at));
        if self.graph.floor.has(snapped.level, stub) {
            return Snapped { gap_m, stub_m: gap_m, floor: at, off_m: 0.0, ..snapped };
        }
        Snapped { gap_m, stub_m: 0.0, floor: snapped.at, off_m: gap_m, ..snapped }
    }

    fn nearest(
        &self,
        asked: &Asked<'_>,
        level: usize,
        at: Coord<f64>,
        room: Option<usize>,
    ) -> Option<Snapped> {
        let Asked { overlay, who, .. } = *asked;
        let query = [at.x, at.y];
        let usable = |edge: u32| {
            let open = |edge: u32| !overlay.blocks(edge) && self.weight(who, edge) != NO_WAY;
            let here = room.is_none() || self.edge(edge).room == room;
            here && (open(edge) || self.twin(edge).is_some_and(open))
        };
        let tree = &self.index[level].tree;
        // In a unit the way may be as far as the unit is wide; elsewhere only so far.
        let reach_m = if room.is_some() { f64::INFINITY } else { SNAP_MAX_M };
        let mut near = tree
            .nearest_neighbor_iter(query)
            .take_while(|segment| segment.distance_2(&query) <= reach_m * reach_m)
            .filter(|segment| usable(segment.data.0));
        let first = near.next()?;
        // The nearest may lie behind a fixture, or a room within the room.
        let seen = |segment: &&Segment| {
            let [from, to] = [segment.geom().from, segment.geom().to].map(Coord::from);
            room.is_none_or(|room| self.graph.rooms[room].floor_sees(at, nearest_on(at, from, to).0))
        };
        let best = std::iter::once(first).chain(near).take(SEEN_MAX).find(seen).unwrap_or(first);
        let (edge, part) = best.data;
        let points = points(&self.graph, self.tail[edge as usize], self.edge(edge), self.head[edge as usize]);
        let part = part as usize;
        let (spot, _) = nearest_on(at, points[part], points[part + 1]);
        let before_m = length_m(&points[..=part]) + distance_m(points[part], spot);
        let along = (before_m / length_m(&points).max(1e-9)).clamp(0.0, 1.0);
        let gap_m = distance_m(at, spot);
        Some(Snapped { edge, along, at: spot, floor: at, off_m: 0.0, stub_m: gap_m, gap_m, level })
    }
}
