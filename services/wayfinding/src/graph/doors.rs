//! Openings become doors between two rooms, with the directions they may be passed in.
//!
//! Which rooms a door joins is read from the drawing, never from categories: a step to either side of the
//! threshold must land in different rooms. From landside to airside leads a door of a security section alone;
//! the other way leads only what a directed `relationship` between the two units allows, such as the exit
//! through customs. A zone boundary with neither is shut.

use geo::Coord;

use super::derive::{Portal, Work};
use super::{Edge, EdgeKind, Node, NodeKind, SECURITY_FREE_MS, WHEELCHAIR_DOOR_M, Zone};
use crate::check::Severity;
use crate::geometry::{distance_m, length_m, middle};
use crate::imdf::{FeatureId, Opening};
use crate::profile::Rights;
use crate::taut::Threshold;

/// The steps taken to either side of a threshold to find the rooms, in metres.
const STEPS_M: [f64; 3] = [0.1, 0.3, 0.6];
/// How near a wall must be to a door to count as joined, where the steps find nothing, in metres.
const JOIN_GAP_M: f64 = 0.3;

struct Passage {
    forth: bool,
    back: bool,
    kind_forth: EdgeKind,
    kind_back: EdgeKind,
}

impl Work<'_> {
    pub(super) fn add_doors(&mut self) {
        let archive = self.archive;
        for opening in &archive.openings {
            let Some(level) = self.graph.storeys.iter().position(|storey| storey.id == opening.level_id)
            else {
                continue;
            };
            let line: Vec<_> =
                opening.line.iter().map(|[lon, lat]| self.graph.frame.to_plane(*lon, *lat)).collect();
            let rooms = self.sides(level, &line);
            self.note_sides(opening, &rooms);
            let width_m = length_m(&line);
            if width_m < WHEELCHAIR_DOOR_M {
                let text = format!(
                    "{width_m:.2} m is too narrow for a wheelchair, which needs {WHEELCHAIR_DOOR_M} m"
                );
                let rule = ("opening-narrow", Severity::Warning);
                self.note(rule, ("opening", &opening.id), text, "draw the clear width, or expect detours");
            }
            if let Some(lock) = opening.access_control.iter().find(|lock| *lock != "guard") {
                let text = format!("access_control says {lock:?}; passengers are not led through");
                let rule = ("opening-locked", Severity::Info);
                self.note(rule, ("opening", &opening.id), text, "remove it if passengers may pass");
                continue;
            }
            self.add_door(opening, level, &line, width_m, &rooms);
        }
    }

    fn add_door(
        &mut self,
        opening: &Opening,
        level: usize,
        line: &[Coord<f64>],
        width_m: f64,
        rooms: &[usize],
    ) {
        let at = middle(line);
        let node = Node { kind: NodeKind::Opening, features: vec![opening.id.clone()], level, at, width_m };
        let [a, b] = rooms else {
            let node = self.add(node);
            for room in rooms {
                self.portals[*room].push(Portal { node, at });
            }
            return;
        };
        let door = u32::try_from(self.thresholds.len()).unwrap_or(u32::MAX);
        self.thresholds.push(Threshold { line: [line[0], line[line.len() - 1]], rooms: [*a, *b] });
        let passage = self.passage(*a, *b, &opening.id);
        if passage.forth && passage.back {
            let node = self.add(node);
            self.door_of.insert(node, door);
            self.portals[*a].push(Portal { node, at });
            self.portals[*b].push(Portal { node, at });
            return;
        }
        let mut features = node.features.clone();
        features.extend([*a, *b].iter().filter_map(|room| self.graph.rooms[*room].security.clone()));
        features.dedup();
        let near = self.add(Node { features: features.clone(), ..node });
        let far = self.add(Node { features, ..node });
        self.door_of.extend([(near, door), (far, door)]);
        self.portals[*a].push(Portal { node: near, at });
        self.portals[*b].push(Portal { node: far, at });
        let edge = |kind, open: bool| Edge {
            kind,
            millis: if kind == EdgeKind::Security { SECURITY_FREE_MS } else { 0 },
            needs: match kind {
                _ if !open => Rights::Staff,
                EdgeKind::Security => Rights::Passenger,
                _ => Rights::Visitor,
            },
            ..Edge::walk(0.0, None, vec![])
        };
        self.graph.model.add_edge(near, far, edge(passage.kind_forth, passage.forth));
        self.graph.model.add_edge(far, near, edge(passage.kind_back, passage.back));
    }

    /// Decides which ways a door between two rooms may be passed.
    fn passage(&mut self, a: usize, b: usize, opening: &FeatureId) -> Passage {
        let (from, to) = (&self.graph.rooms[a], &self.graph.rooms[b]);
        let directed = |origin: &FeatureId, destination: &FeatureId| {
            let mut all = self.archive.relationships.iter();
            all.any(|r| r.directed && r.origin == *origin && r.destination == *destination)
        };
        let (says_forth, says_back) = (directed(&from.id, &to.id), directed(&to.id, &from.id));
        let secured = from.security.is_some() || to.security.is_some();
        let kind = |from: Option<Zone>, to: Option<Zone>| match (from, to) {
            (Some(Zone::Landside), Some(Zone::Airside)) => EdgeKind::Security,
            _ => EdgeKind::Walk,
        };
        let (kind_forth, kind_back) = (kind(from.zone, to.zone), kind(to.zone, from.zone));
        let crosses = from.zone.is_some() && to.zone.is_some() && from.zone != to.zone;
        let (forth, back) = match (says_forth || says_back, crosses) {
            (true, _) => (says_forth, says_back),
            (false, false) => (true, true),
            (false, true) => {
                (secured && kind_forth == EdgeKind::Security, secured && kind_back == EdgeKind::Security)
            }
        };
        if crosses && !forth && !back {
            let text = "the door crosses from landside to airside without a security section".to_owned();
            let remedy = "draw the section, or a directed relationship between the two units";
            let rule = ("zone-boundary-shut", Severity::Warning);
            self.note(rule, ("opening", opening), text, remedy);
        }
        Passage { forth, back, kind_forth, kind_back }
    }

    /// Finds the rooms on both sides of a threshold.
    fn sides(&self, level: usize, line: &[Coord<f64>]) -> Vec<usize> {
        let mid = middle(line);
        let (first, last) = (line[0], line[line.len() - 1]);
        let span_m = distance_m(first, last);
        if span_m > 0.0 {
            let across = Coord { x: -(last.y - first.y) / span_m, y: (last.x - first.x) / span_m };
            let step = |sign: f64| {
                STEPS_M.iter().find_map(|step_m| {
                    let shift_m = sign * step_m;
                    self.room_at(
                        level,
                        Coord { x: mid.x + across.x * shift_m, y: mid.y + across.y * shift_m },
                    )
                })
            };
            if let (Some(left), Some(right)) = (step(1.0), step(-1.0))
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
