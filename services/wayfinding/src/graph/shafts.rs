//! Lifts, stairs and escalators: units of one kind that stand over each other become one shaft.
//!
//! Two units are joined by a `relationship`, or when their category is the same, their ordinals follow each
//! other and they share three tenths of the smaller one's plan. Category and drawing must agree; neither is
//! believed alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use geo::Coord;
use petgraph::stable_graph::NodeIndex;

use super::derive::{Portal, Work};
use super::{
    Edge, EdgeKind, LIFT_ALIGHT_MS, LIFT_BOARD_MS, Node, NodeKind, Room, STOREY_M, Shaft, Zone, millis_at,
};
use crate::check::Severity;
use crate::geometry::distance_m;
use crate::hours::Hours;
use crate::imdf::FeatureId;
use crate::profile::Rights;

/// The share of the smaller unit's plan that two units of a shaft have in common at least.
const SHARED_PART_MIN: f64 = 0.3;
/// The length of stairs or escalator for each metre of height.
const SLOPE_LENGTH: f64 = 1.8;
/// How fast stairs are climbed, descended, and an escalator runs, along the slope, in metres a second.
const STAIRS_UP_MPS: f64 = 0.35;
const STAIRS_DOWN_MPS: f64 = 0.45;
const ESCALATOR_MPS: f64 = 0.6;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lift,
    Stairs,
    Escalator,
}

fn kind(category: &str) -> Option<Kind> {
    match category.split('.').next()? {
        "elevator" => Some(Kind::Lift),
        "stairs" => Some(Kind::Stairs),
        "escalator" => Some(Kind::Escalator),
        _ => None,
    }
}

/// A shaft with what its stops need.
struct Built {
    shaft: usize,
    hub: Option<NodeIndex>,
    features: Vec<FeatureId>,
    hours: Option<Arc<Hours>>,
}

/// Two rooms of a shaft, the lower first, and the directions between them.
struct Link {
    low: usize,
    high: usize,
    kind: Kind,
    up: bool,
    down: bool,
    hours: Option<Arc<Hours>>,
}

impl Work<'_> {
    pub(super) fn add_shafts(&mut self) {
        let links = self.links();
        let mut group: Vec<usize> = (0..self.graph.rooms.len()).collect();
        for link in &links {
            let (a, b) = (root(&group, link.low), root(&group, link.high));
            group[a.max(b)] = a.min(b);
        }
        let mut stops = vec![None; self.graph.rooms.len()];
        let mut built = BTreeMap::new();
        for link in &links {
            let first = root(&group, link.low);
            let shaft = built.entry(first).or_insert_with(|| self.add_shaft(first, link.kind, &group));
            for room in [link.low, link.high] {
                if stops[room].is_none() {
                    let hours = shaft.hours.clone().or_else(|| link.hours.clone());
                    stops[room] = Some(self.add_stop(room, shaft, hours.as_ref()));
                }
            }
            if let (Some(low), Some(high), None) = (stops[link.low], stops[link.high], shaft.hub) {
                let hours = link.hours.clone().or_else(|| shaft.hours.clone());
                self.add_flight(link, [low, high], hours.as_ref());
            }
        }
        self.note_alone(&stops);
    }

    /// Finds the pairs of rooms that a lift, stairs or escalator joins.
    fn links(&mut self) -> Vec<Link> {
        let mut links = Vec::new();
        let archive = self.archive;
        for relationship in &archive.relationships {
            let ends = [&relationship.origin, &relationship.destination].map(|id| self.room_index(id));
            let (Some(kind), [Some(from), Some(to)]) = (kind(&relationship.category), ends) else { continue };
            let ordinals = [from, to].map(|room| self.graph.storeys[self.graph.rooms[room].level].ordinal);
            let rises = ordinals[0] < ordinals[1];
            if ordinals[0] == ordinals[1] {
                let text = "it joins two units of one ordinal, which is no way up or down".to_owned();
                let rule = ("relationship-flat", Severity::Warning);
                self.note(rule, ("relationship", &relationship.id), text, "name units of two levels");
                continue;
            }
            let (low, high) = if rises { (from, to) } else { (to, from) };
            let hours = relationship.hours.clone().map(Arc::new);
            let both = !relationship.directed || kind == Kind::Lift;
            links.push(Link { low, high, kind, up: both || rises, down: both || !rises, hours });
        }
        let ordinals = self.graph.ordinals();
        let ordinal = |room: usize| self.graph.storeys[self.graph.rooms[room].level].ordinal;
        let vertical: Vec<_> = (0..self.graph.rooms.len())
            .filter_map(|room| Some((room, kind(&self.graph.rooms[room].category)?)))
            .collect();
        let mut undirected = Vec::new();
        for (low, low_kind) in &vertical {
            let Ok(place) = ordinals.binary_search(&ordinal(*low)) else { continue };
            let Some(next) = ordinals.get(place + 1) else { continue };
            for (high, _) in
                vertical.iter().filter(|(high, kind)| kind == low_kind && ordinal(*high) == *next)
            {
                let known = links.iter().any(|link: &Link| link.low == *low && link.high == *high);
                if !known && self.shared_part(*low, *high) >= SHARED_PART_MIN {
                    if *low_kind == Kind::Escalator {
                        undirected.push(*low);
                    }
                    let (low, high, kind) = (*low, *high, *low_kind);
                    links.push(Link { low, high, kind, up: true, down: true, hours: None });
                }
            }
        }
        for room in undirected {
            let text = "no relationship tells which way the escalator runs; both are assumed".to_owned();
            let rule = ("escalator-undirected", Severity::Warning);
            let id = self.graph.rooms[room].id.clone();
            self.note(rule, ("unit", &id), text, "add a directed relationship between its two units");
        }
        links.sort_by_key(|link| (link.low, link.high));
        links
    }

    fn shared_part(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (&self.graph.rooms[a].areas, &self.graph.rooms[b].areas);
        a.iter().flat_map(|x| b.iter().map(|y| x.shared_part(y))).fold(0.0, f64::max)
    }

    fn add_shaft(&mut self, first: usize, kind: Kind, group: &[usize]) -> Built {
        let rooms: Vec<_> = (0..group.len()).filter(|room| root(group, *room) == first).collect();
        let archive = self.archive;
        let inside = |unit: &FeatureId| self.room_index(unit).is_some_and(|room| rooms.contains(&room));
        let machines: Vec<_> = archive
            .amenities
            .iter()
            .filter(|amenity| {
                self::kind(&amenity.category) == Some(kind) && amenity.unit_ids.iter().any(inside)
            })
            .collect();
        let names = machines.iter().map(|amenity| &amenity.name);
        let mut names = names.chain(rooms.iter().map(|room| &self.graph.rooms[*room].name));
        let name = names.find(|name| !name.is_empty()).cloned().unwrap_or_default();
        let id = FeatureId::derived(&format!("shaft-{}", self.graph.rooms[first].id));
        let mut features = vec![id.clone()];
        features.extend(machines.iter().map(|amenity| amenity.id.clone()));
        let hours = machines.iter().find_map(|amenity| amenity.hours.clone()).map(Arc::new);
        let shaft = self.graph.shafts.len();
        self.graph.shafts.push(Shaft { id, name, is_lift: kind == Kind::Lift });
        let hub = (kind == Kind::Lift).then(|| {
            let room = &self.graph.rooms[first];
            let (level, at) = (room.level, room.areas[0].interior());
            let (features, kind) = (features.clone(), NodeKind::Hub(shaft));
            self.add(Node { kind, features, level, at, width_m: f64::INFINITY })
        });
        Built { shaft, hub, features, hours }
    }

    fn add_stop(&mut self, room: usize, shaft: &Built, hours: Option<&Arc<Hours>>) -> NodeIndex {
        let (level, at) = (self.graph.rooms[room].level, self.stop_at(room, shaft.hub.is_some()));
        let (features, kind) = (shaft.features.clone(), NodeKind::Stop(shaft.shaft));
        let node = self.add(Node { kind, features, level, at, width_m: f64::INFINITY });
        self.portals[room].push(Portal { node, at });
        if let Some(hub) = shaft.hub {
            let edge = |millis| Edge { kind: EdgeKind::Lift, millis, ..Edge::walk(0.0, None, vec![]) };
            // Whoever is inside can leave at any time.
            let board = Edge { hours: hours.cloned(), ..edge(LIFT_BOARD_MS) };
            self.graph.model.add_edge(node, hub, board);
            self.graph.model.add_edge(hub, node, edge(LIFT_ALIGHT_MS));
        }
        node
    }

    /// Returns where a ride begins: the middle of a lift, the doors of stairs and escalators.
    fn stop_at(&self, room: usize, is_lift: bool) -> Coord<f64> {
        let area = &self.graph.rooms[room].areas[0];
        let doors = &self.portals[room];
        let Some(first) = doors.first().filter(|_| !is_lift) else { return area.interior() };
        #[expect(clippy::cast_precision_loss, reason = "a stairwell has a few doors")]
        let count = doors.len() as f64;
        let sum = doors.iter().skip(1).fold(first.at, |sum, door| sum + door.at);
        let (middle, inside) = (sum / count, area.interior());
        area.clamp(middle + (inside - middle) * 0.1)
    }

    fn add_flight(&mut self, link: &Link, [low, high]: [NodeIndex; 2], hours: Option<&Arc<Hours>>) {
        let level = |room: usize| self.graph.rooms[room].level;
        let ordinal = |room: usize| self.graph.storeys[level(room)].ordinal;
        let rise_m = f64::from(ordinal(link.high) - ordinal(link.low)) * STOREY_M;
        let plan_m = distance_m(self.graph.model[low].at, self.graph.model[high].at);
        let length_m = rise_m.hypot(plan_m).max(rise_m * SLOPE_LENGTH);
        let zones = [link.low, link.high].map(|room| self.graph.rooms[room].zone);
        let crosses = matches!(zones.map(|zone| zone.map(Zone::is_behind)), [Some(a), Some(b)] if a != b);
        let (up, down) = match link.kind {
            Kind::Escalator => {
                ((EdgeKind::EscalatorUp, ESCALATOR_MPS), (EdgeKind::EscalatorDown, ESCALATOR_MPS))
            }
            _ => ((EdgeKind::Stairs, STAIRS_UP_MPS), (EdgeKind::Stairs, STAIRS_DOWN_MPS)),
        };
        let edge = |(kind, speed_mps): (EdgeKind, f64)| Edge {
            kind,
            millis: millis_at(length_m, speed_mps),
            hours: hours.cloned(),
            needs: if crosses { Rights::Staff } else { Rights::Visitor },
            ..Edge::walk(length_m, None, vec![])
        };
        if link.up {
            self.graph.model.add_edge(low, high, edge(up));
        }
        if link.down {
            self.graph.model.add_edge(high, low, edge(down));
        }
    }

    /// Notes lifts, stairs and escalators that lead nowhere.
    fn note_alone(&mut self, stops: &[Option<NodeIndex>]) {
        for (room, stop) in stops.iter().enumerate() {
            let Room { id, category, .. } = &self.graph.rooms[room];
            if stop.is_some() || kind(category).is_none() || self.portals[room].is_empty() {
                continue;
            }
            let text = format!("no {category} stands over or under it on the next level");
            let rule = ("shaft-alone", Severity::Warning);
            let id = id.clone();
            self.note(rule, ("unit", &id), text, "draw it on every level it serves, at the same spot");
        }
    }
}

fn root(group: &[usize], mut at: usize) -> usize {
    while group[at] != at {
        at = group[at];
    }
    at
}
