//! Openings become doors between two rooms, with the directions they may be passed in.
//!
//! Which rooms a door joins is read from the drawing, never from categories: a step to either side of the
//! threshold must land in different rooms. From landside to what is behind security leads a door of a security
//! section alone; the other way leads only what a directed `relationship` between the two units allows, such as
//! the exit through customs. A zone boundary with neither is shut. A relationship between the two units, or
//! through the opening, may say hours.

use std::sync::Arc;

use geo::Coord;

use super::crossings::{self, Check};
use super::derive::{Portal, Work};
use super::outdoors::meet;
use super::{EdgeKind, Node, NodeKind, WHEELCHAIR_DOOR_M, Zone};
use crate::check::Severity;
use crate::geometry::{distance_m, length_m, middle};
use crate::hours::Hours;
use crate::imdf::{FeatureId, Opening, Relationship};
use crate::profile::Rights;
use crate::taut::Threshold;

/// The steps taken to either side of a threshold to find the rooms, in metres.
pub(super) const STEPS_M: [f64; 3] = [0.1, 0.3, 0.6];
/// How near a wall must be to a door to count as joined, where the steps find nothing, in metres.
const JOIN_GAP_M: f64 = 0.3;

/// A door between two rooms: way 0 leads from the first to the second, way 1 back.
pub(super) struct Door<'a> {
    pub(super) opening: &'a Opening,
    at: Coord<f64>,
    width_m: f64,
    pub(super) rooms: [usize; 2],
    /// Whether passengers may pass it, by way.
    pub(super) open: [bool; 2],
    /// Whether it takes a key.
    pub(super) locked: bool,
    pub(super) hours: [Option<Arc<Hours>>; 2],
}

impl Door<'_> {
    /// Returns the rooms that a way leads from and to.
    pub(super) fn rooms_of(&self, way: usize) -> [usize; 2] {
        [self.rooms[way], self.rooms[1 - way]]
    }

    /// Tells whether a way may be passed and cannot be gone back.
    pub(super) fn leads_one_way(&self, way: usize) -> bool {
        self.open[way] && !self.open[1 - way]
    }
}

impl Work<'_> {
    pub(super) fn add_doors(&mut self) {
        let archive = self.archive;
        let mut doors = Vec::new();
        for opening in &archive.openings {
            let Some(level) = self.graph.storeys.iter().position(|storey| storey.id == opening.level_id)
            else {
                continue;
            };
            let line: Vec<_> =
                opening.line.iter().map(|[lon, lat]| self.graph.frame.to_plane(*lon, *lat)).collect();
            let rooms = self.sides(level, &line);
            self.note_sides(opening, &rooms);
            let (at, width_m) = (middle(&line), length_m(&line));
            if width_m < WHEELCHAIR_DOOR_M {
                let text = format!(
                    "{width_m:.2} m is too narrow for a wheelchair, which needs {WHEELCHAIR_DOOR_M} m"
                );
                let rule = ("opening-narrow", Severity::Warning);
                self.note(rule, ("opening", &opening.id), text, "draw the clear width, or expect detours");
            }
            let lock = opening.access_control.iter().find(|lock| *lock != "guard");
            if let Some(lock) = lock {
                let text = format!("access_control says {lock:?}; passengers are not led through");
                let rule = ("opening-locked", Severity::Info);
                self.note(rule, ("opening", &opening.id), text, "remove it if passengers may pass");
            }
            if let [a, b] = *rooms {
                self.thresholds.push(Threshold { line: [line[0], line[line.len() - 1]], rooms: [a, b] });
                let (open, hours) = self.passage([a, b], &opening.id);
                let locked = lock.is_some();
                doors.push(Door { opening, at, width_m, rooms: [a, b], open, locked, hours });
            } else if lock.is_none() {
                let (kind, features) = (NodeKind::Opening, vec![opening.id.clone()]);
                let node = self.add(Node { kind, features, level, at, width_m });
                for room in rooms {
                    self.portals[room].push(Portal { node, at });
                }
            }
        }
        let left = crossings::left(&self.graph.rooms, &doors);
        for (number, door) in (0_u32..).zip(&doors) {
            let ways = [0, 1].map(|way| self.crossing(door, way, &left));
            self.add_door(door, number, ways);
        }
    }

    fn add_door(&mut self, door: &Door<'_>, number: u32, [forth, back]: [super::Edge; 2]) {
        let Door { at, width_m, rooms: [a, b], .. } = *door;
        let levels = [a, b].map(|room| self.graph.rooms[room].level);
        let (kind, features) = (NodeKind::Opening, vec![door.opening.id.clone()]);
        let near = self.add(Node { kind, features, level: levels[0], at, width_m });
        let simple = |way: &super::Edge| {
            way.kind == EdgeKind::Walk && way.needs == Rights::Visitor && way.hours.is_none()
        };
        let far = if simple(&forth) && simple(&back) && levels[0] == levels[1] {
            near
        } else {
            let far = self.add(Node { level: levels[1], ..self.graph.model[near].clone() });
            self.graph.model.add_edge(near, far, forth);
            self.graph.model.add_edge(far, near, back);
            far
        };
        self.door_of.extend([(near, number), (far, number)]);
        self.portals[a].push(Portal { node: near, at });
        self.portals[b].push(Portal { node: far, at });
    }

    /// Decides which ways a door between two rooms may be passed, and when.
    fn passage(&mut self, [a, b]: [usize; 2], opening: &FeatureId) -> ([bool; 2], [Option<Arc<Hours>>; 2]) {
        let (from, to) = (&self.graph.rooms[a], &self.graph.rooms[b]);
        let joins =
            |r: &Relationship, from: &FeatureId, to: &FeatureId| r.origin == *from && r.destination == *to;
        let relationships = &self.archive.relationships;
        let directed = |from, to| relationships.iter().any(|r| r.directed && joins(r, from, to));
        let says = [directed(&from.id, &to.id), directed(&to.id, &from.id)];
        let hours = |from, to| {
            let fits = |r: &&Relationship| {
                joins(r, from, to) || !r.directed && joins(r, to, from) || r.through.contains(opening)
            };
            let timed = relationships.iter().filter(|r| r.hours.is_some()).find(fits);
            timed.and_then(|r| r.hours.clone()).map(Arc::new)
        };
        let hours = [hours(&from.id, &to.id), hours(&to.id, &from.id)];
        let checks =
            |room: &super::Room| room.checkpoint.as_ref().is_some_and(|point| point.check == Check::Security);
        let secured = checks(from) || checks(to);
        let behind = [from.zone, to.zone].map(|zone| zone.map(Zone::is_behind));
        let crosses = matches!(behind, [Some(a), Some(b)] if a != b);
        let open = match (says, crosses) {
            ([false, false], false) => [true, true],
            ([false, false], true) => behind.map(|behind| secured && behind == Some(false)),
            (says, _) => says,
        };
        if crosses && open == [false, false] {
            let text = "the door crosses from landside to airside without a security section".to_owned();
            let remedy = "draw the section, or a directed relationship between the two units";
            let rule = ("zone-boundary-shut", Severity::Warning);
            self.note(rule, ("opening", opening), text, remedy);
        }
        (open, hours)
    }

    /// Finds the rooms on both sides of a threshold.
    fn sides(&self, level: usize, line: &[Coord<f64>]) -> Vec<usize> {
        let mid = middle(line);
        let (first, last) = (line[0], line[line.len() - 1]);
        let span_m = distance_m(first, last);
        if span_m > 0.0 {
            let across = Coord { x: -(last.y - first.y) / span_m, y: (last.x - first.x) / span_m };
            let step = |level: usize, sign: f64| {
                STEPS_M.iter().find_map(|step_m| self.room_at(level, mid + across * (sign * step_m)))
            };
            // Where there is nothing on one side, the door may lead out of doors, or into the house.
            let beyond = |sign: f64| {
                let levels = 0..self.graph.storeys.len();
                levels.filter(|other| meet(self.archive, [level, *other])).find_map(|other| step(other, sign))
            };
            let sides = match (step(level, 1.0), step(level, -1.0)) {
                (Some(left), None) => (Some(left), beyond(-1.0)),
                (None, Some(right)) => (beyond(1.0), Some(right)),
                both => both,
            };
            if let (Some(left), Some(right)) = sides
                && left != right
            {
                return vec![left.min(right), left.max(right)];
            }
        }
        let rooms = self.graph.rooms.iter().enumerate().filter(|(_, room)| room.level == level);
        let gap_m = |room: &super::Room| {
            room.areas.iter().map(|area| area.gap_m(mid, JOIN_GAP_M)).fold(f64::INFINITY, f64::min)
        };
        let mut touching: Vec<_> =
            rooms.map(|(i, room)| (gap_m(room), i)).filter(|(gap_m, _)| *gap_m <= JOIN_GAP_M).collect();
        touching.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut found: Vec<_> = touching.into_iter().take(2).map(|(_, i)| i).collect();
        found.sort_unstable();
        found
    }

    /// Returns the smallest room of a level that holds the point.
    pub(super) fn room_at(&self, level: usize, at: Coord<f64>) -> Option<usize> {
        room_at(&self.graph.rooms, level, at)
    }

    fn note_sides(&mut self, opening: &Opening, rooms: &[usize]) {
        let outer = matches!(opening.category.as_str(), "pedestrian.principal" | "emergencyexit");
        let (rule, severity, text) = match rooms.len() {
            0 => ("opening-joins-nothing", Severity::Violation, "the opening touches no unit of its level"),
            1 if !outer => {
                ("opening-one-sided", Severity::Warning, "the opening touches only one unit of its level")
            }
            _ => return,
        };
        let remedy = "draw it on the wall between two units; for a way out use pedestrian.principal";
        self.note((rule, severity), ("opening", &opening.id), text.to_owned(), remedy);
    }
}

/// Returns the smallest room of a level that holds the point.
pub(crate) fn room_at(rooms: &[super::Room], level: usize, at: Coord<f64>) -> Option<usize> {
    let holding = rooms.iter().enumerate().filter(|(_, room)| room.level == level);
    let holding = holding.filter_map(|(i, room)| {
        let area = room.areas.iter().find(|area| area.holds(at))?;
        Some((i, area.square_m()))
    });
    holding.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
}
