//! The floor one may walk on, and lines pulled taut over it.
//!
//! Every room is its polygon without the fixtures that stand on it, drawn in by a body's clearance, and with
//! the doors kept open. It is cut into triangles; a line between two points of it is the shortest there is,
//! at any angle. A door is one edge that two rooms share, so a line passes only the rooms and doors it is
//! allowed to, which are those that the search chose: what is closed, or leads one way, stays respected.
//!
//! Where a map brings a network, each level is one floor with its ways on it, and the line is pulled within the
//! triangles that the way passes.
//!
//! Where clearance leaves nothing to walk on (a gap narrower than a body, a door behind a fixture), the line
//! falls back to the floor as drawn. It never leaves that.

use geo::Coord;
use petgraph::stable_graph::{EdgeIndex, NodeIndex};
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::geometry::{Area, distance_m, length_m};
use crate::graph::Room;

mod anyangle;
mod channel;
mod fewer;
mod free;
mod mesh;
mod network;
mod walk;

pub(crate) use anyangle::Scratch;
pub(crate) use free::{Obstacles, VERTICES_MAX};
use mesh::Mesh;

/// How far a line keeps from walls and fixtures, in metres.
pub(crate) const CLEARANCE_M: f64 = 0.3;
/// What is drawn in: the clearance, and a little for rounding.
const DRAWN_IN_M: f64 = CLEARANCE_M + 0.01;
/// The furthest a point may lie from the mesh of its room and still be joined to it by a straight stub, in
/// metres: a place in the corner behind a counter.
const STUB_MAX_M: f64 = 5.0;
/// A threshold that two rooms share.
#[derive(Clone, Debug)]
pub(crate) struct Threshold {
    pub(crate) line: [Coord<f64>; 2],
    pub(crate) rooms: [usize; 2],
}

/// What a run along a network is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stretch {
    /// A way, or a part of it.
    Way(EdgeIndex),
    /// The few steps between a position and its way.
    Straight([Coord<f64>; 2]),
}

/// The walkable floor of all levels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Floor {
    levels: Vec<Mesh>,
    /// The doors between rooms.
    pub(crate) doors: Vec<Threshold>,
    /// The door that a node of the graph stands for.
    pub(crate) door_of: BTreeMap<NodeIndex, u32>,
    /// The cells that each way of a network passes, by its edge; empty where doors join rooms.
    ways: Vec<Vec<u32>>,
}

/// A way of a network, as it is drawn.
pub(crate) struct Way {
    pub(crate) level: usize,
    pub(crate) line: Vec<Coord<f64>>,
    /// How wide it is at least, in metres.
    pub(crate) width_m: f64,
    /// The edges that run along it, there and back.
    pub(crate) edges: [Option<EdgeIndex>; 2],
}

/// The parts of the floor and the doors that a line may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Corridor {
    /// In order.
    parts: Vec<u32>,
    doors: Vec<u32>,
}

impl Corridor {
    /// Returns the corridor of rooms and of doors between them.
    pub(crate) fn of(rooms: impl IntoIterator<Item = usize>, doors: Vec<u32>) -> Self {
        let mut parts: Vec<_> = rooms.into_iter().filter_map(|room| u32::try_from(room).ok()).collect();
        parts.sort_unstable();
        Self { parts, doors }
    }
}

impl Floor {
    /// Builds the floor of rooms and the doors between them.
    pub(crate) fn of(
        rooms: &[Room],
        doors: Vec<Threshold>,
        door_of: BTreeMap<NodeIndex, u32>,
        levels: usize,
    ) -> Self {
        let mut free: Vec<_> = rooms.iter().map(|_| geo::MultiPolygon::new(vec![])).collect();
        for (index, room) in rooms.iter().enumerate() {
            let own = doors.iter().filter(|door| door.rooms.contains(&index));
            free[index] = free::free(room, own.map(|door| door.line));
        }
        let levels = (0..levels).map(|level| {
            let here = |room: &usize| rooms[*room].level == level;
            let own: Vec<_> = (0..rooms.len()).filter(here).map(|room| (room, &free[room])).collect();
            let joins = doors.iter().zip(0_u32..).filter(|(door, _)| door.rooms.iter().all(here));
            let joins = joins.filter_map(|(door, number)| {
                let [a, b] = door.rooms.map(|room| &free[room]);
                let [p, q] = free::shared_part(door.line, a, b)?;
                let (first_lies, _) = free::side(&rooms[door.rooms[0]], door.line)?;
                // The first room lies on the left of the part, as triangles lie left of their edges.
                Some((number, door.rooms, if first_lies > 0.0 { [p, q] } else { [q, p] }))
            });
            let mut mesh = Mesh::of(&own, &joins.collect::<Vec<_>>());
            mesh.wall(own.iter().flat_map(|(room, _)| &rooms[*room].floors).flat_map(Area::walls).copied());
            mesh
        });
        Self { levels: levels.collect(), doors, door_of, ways: vec![] }
    }

    /// Builds the floor of rooms, the ground outdoors and the ways of a network.
    pub(crate) fn of_network(
        rooms: &[Room],
        ground: &[Vec<Area>],
        obstacles: &[Vec<Area>],
        ways: &[Way],
    ) -> Self {
        let levels = (0..ground.len()).map(|level| {
            let own = ways.iter().zip(network::OPEN + 1..).filter(|(way, _)| way.level == level);
            let level = network::Level {
                rooms,
                own: (0..rooms.len()).filter(|room| rooms[*room].level == level).collect(),
                ground: &ground[level],
                obstacles: &obstacles[level],
                ways: own.map(|(way, part)| (part, way)).collect(),
            };
            level.mesh()
        });
        let mut floor = Self { levels: levels.collect(), ..Self::default() };
        for way in ways {
            let passed = floor.levels[way.level].passed(&way.line);
            for (edge, passed) in way.edges.iter().zip([passed.clone(), passed.into_iter().rev().collect()]) {
                let Some(edge) = edge else { continue };
                if floor.ways.len() <= edge.index() {
                    floor.ways.resize(edge.index() + 1, vec![]);
                }
                floor.ways[edge.index()] = passed;
            }
        }
        floor
    }

    /// Tells whether this is the floor of a network.
    pub(crate) fn is_network(&self) -> bool {
        !self.ways.is_empty()
    }

    /// Tells whether a stretch along a network lies on the floor.
    pub(crate) fn has(&self, level: usize, stretch: Stretch) -> bool {
        self.is_network() && !self.cells(level, stretch).is_empty()
    }

    fn cells(&self, level: usize, stretch: Stretch) -> Cow<'_, [u32]> {
        let cells = match stretch {
            Stretch::Way(way) => self.ways.get(way.index()).map(|cells| Cow::Borrowed(cells.as_slice())),
            Stretch::Straight(line) => self.levels.get(level).map(|mesh| Cow::Owned(mesh.passed(&line))),
        };
        cells.unwrap_or_default()
    }

    /// Pulls the drawn line of stretches along a network taut, from a point of the first to one of the last.
    pub(crate) fn line_along(
        &self,
        scratch: &mut Scratch,
        level: usize,
        stretches: impl Iterator<Item = Stretch>,
        drawn: &[Coord<f64>],
    ) -> Option<Vec<Coord<f64>>> {
        let mesh = self.levels.get(level)?;
        let (from, to) = (*drawn.first()?, *drawn.last()?);
        let Scratch { channel, parts, .. } = scratch;
        channel.clear(mesh);
        parts.clear();
        parts.push(network::OPEN);
        for stretch in stretches {
            for cell in self.cells(level, stretch).iter() {
                channel.push(*cell);
                let part = mesh.cells[*cell as usize].part;
                if parts.last() != Some(&part) {
                    parts.push(part);
                }
            }
        }
        channel.between(|cell| mesh.holds(cell, from), |cell| mesh.holds(cell, to));
        let mut line = channel.line(mesh, from, to)?;
        parts.sort_unstable();
        parts.dedup();
        let corridor = Corridor { parts: std::mem::take(parts), doors: vec![] };
        fewer::unbend(mesh, &corridor, &mut line, length_m(drawn));
        *parts = corridor.parts;
        Some(line)
    }

    /// Tells whether a point is on the floor of a room, or beside its mesh by a straight stub on the floor.
    pub(crate) fn holds(&self, rooms: &[Room], room: usize, at: Coord<f64>) -> bool {
        self.enter(rooms, room, at).is_some()
    }

    /// Returns the point of a room's floor that is nearest to a point, as far as a body can come there.
    pub(crate) fn nearest(
        &self,
        rooms: &[Room],
        room: usize,
        at: Coord<f64>,
        reach_m: f64,
    ) -> Option<Coord<f64>> {
        let part = u32::try_from(room).ok()?;
        Some(self.levels.get(rooms[room].level)?.enter(|other| other == part, at, reach_m)?.at)
    }

    fn enter(&self, rooms: &[Room], room: usize, at: Coord<f64>) -> Option<mesh::Entered> {
        let part = u32::try_from(room).ok()?;
        let entered = self.levels.get(rooms[room].level)?.enter(|other| other == part, at, STUB_MAX_M)?;
        let straight = entered.gap_m <= 1e-6 || rooms[room].floor_sees(at, entered.at);
        straight.then_some(entered)
    }

    /// Returns the shortest line between two points of a room each, through a corridor of one level, or `None`
    /// when the mesh does not join them; both ends are kept as they are, the points where the mesh is entered
    /// come next.
    pub(crate) fn line(
        &self,
        scratch: &mut Scratch,
        rooms: &[Room],
        corridor: &Corridor,
        [from, to]: [(usize, Coord<f64>); 2],
    ) -> Option<Vec<Coord<f64>>> {
        let mesh = self.levels.get(rooms[from.0].level)?;
        let [start, goal] = [from, to].map(|(room, at)| self.enter(rooms, room, at));
        let (start, goal) = (start?, goal?);
        let bends = scratch.search(mesh, corridor, start, goal)?;
        let mut line = Vec::with_capacity(bends.len() + 4);
        line.extend([from.1, start.at]);
        line.extend_from_slice(bends);
        line.extend([goal.at, to.1]);
        line.dedup_by(|a, b| distance_m(*a, *b) < 1e-6);
        (line.len() > 1).then_some(line).or_else(|| Some(vec![from.1, to.1]))
    }
}

impl Room {
    /// Tells whether the straight line between two points stays on the floor of the room.
    pub(crate) fn floor_sees(&self, from: Coord<f64>, to: Coord<f64>) -> bool {
        self.floors.iter().any(|floor| floor.sees(from, to))
    }
}

/// Takes what stands on the levels from the floors of rooms; a room that would be filled is left as it is.
pub(crate) fn clear(rooms: &mut [Room], obstacles: &[Vec<Area>]) {
    let obstacles: Vec<_> = obstacles.iter().map(|shapes| Obstacles::of(shapes)).collect();
    for room in rooms {
        let (floors, _) = obstacles[room.level].taken_from(&room.areas);
        if !floors.is_empty() {
            room.floors = floors;
        }
    }
}

/// Returns the whole length of a line, and drops the points that lie straight between their neighbours.
pub(crate) fn straighten(line: &mut Vec<Coord<f64>>) -> f64 {
    let whole_m = length_m(line);
    let mut kept: Vec<Coord<f64>> = Vec::with_capacity(line.len());
    for at in line.drain(..) {
        while let [.., a, b] = kept.as_slice() {
            let (along, _) = crate::geometry::nearest_on(*b, *a, at);
            if distance_m(along, *b) > 1e-3 {
                break;
            }
            kept.pop();
        }
        kept.push(at);
    }
    *line = kept;
    whole_m
}

/// Returns areas without what others cover.
pub(crate) fn without(areas: &[Area], others: &[Area]) -> Vec<Area> {
    let (areas, others) = (free::whole(areas), free::whole(others));
    if others.0.is_empty() {
        self::areas(&areas)
    } else {
        self::areas(&geo::BooleanOps::difference(&areas, &others))
    }
}

pub(crate) fn areas(polygons: &geo::MultiPolygon<f64>) -> Vec<Area> {
    polygons.0.iter().filter_map(Area::new).collect()
}

#[cfg(test)]
mod tests;
