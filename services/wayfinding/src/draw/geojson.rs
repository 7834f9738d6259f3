//! A level as GeoJSON: what a client draws for itself, and keeps until the map changes.
//!
//! One `FeatureCollection`; the `layer` of each feature says what it is, in the order of painting:
//!
//! | layer | geometry | properties besides `layer` |
//! |---|---|---|
//! | `outline` | polygons | `level_id`, `ordinal`, `name`, `short_name` |
//! | `unit` | polygons, large before small | `category`, `look`, `name`, `occupant`, `zone`, `restricted` |
//! | `fixture` | polygons | |
//! | `opening` | line, or a point where the map tells no width | `width_m`, `units`, `one_way`, `check` |
//! | `shaft` | point on this level | `kind`, `name` |
//! | `place` | point | `category`, `name`, `codes`, `zone` |
//!
//! Names are objects by language tag. `look` is what a room is for, from its category and who occupies it; it
//! is what colours are chosen by. Coordinates are WGS 84, rounded to a seventh decimal, about a centimetre. The
//! same map always gives the same bytes. What is closed now is no part of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use geo::{Coord, LineString, Polygon};
use petgraph::stable_graph::NodeIndex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Scene;
use super::looks::Seen;
use crate::geometry::{Area, Frame, distance_m, union};
use crate::graph::{EdgeKind, Graph, NodeKind, Place};
use crate::snapshot::Snapshot;
use crate::words::Language;

/// Coordinates are rounded to this part of a degree.
const DEGREE: f64 = 1e7;

/// The levels of one ordinal, to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelPlan {
    /// The ordinal; 0 is the ground.
    pub ordinal: i32,
    /// Changes whenever what is to be drawn does.
    pub version: String,
    /// The GeoJSON text.
    pub geojson: String,
}

impl Snapshot {
    /// Returns the plan of the levels of an ordinal, made when it is first asked for; `None` when the venue
    /// has no such level.
    pub fn level_plan(&self, ordinal: i32) -> Option<Arc<LevelPlan>> {
        let level = self.graph().storeys().iter().position(|storey| storey.ordinal == ordinal)?;
        let plan = self.plans.get(level)?.get_or_init(|| Arc::new(plan(self, ordinal)));
        Some(Arc::clone(plan))
    }
}

fn plan(snapshot: &Snapshot, ordinal: i32) -> LevelPlan {
    let scene = Scene::of(snapshot, ordinal, Language::En);
    let graph = snapshot.graph();
    let here = |level: usize| graph.storeys.get(level).is_some_and(|storey| storey.ordinal == ordinal);
    let levels: Vec<usize> = (0..graph.storeys.len()).filter(|level| here(*level)).collect();
    let mut features: Vec<Value> = levels.iter().map(|level| outline(graph, *level)).collect();
    features.extend(scene.rooms.iter().map(|seen| unit(graph, seen)));
    for level in &levels {
        let fixtures = graph.obstacles.get(*level).into_iter().flatten();
        let fixture =
            |area: &Area| feature(None, polygons(graph.frame, [area.polygon()]), json!({"layer": "fixture"}));
        features.extend(fixtures.map(fixture));
    }
    features.extend(openings(graph, &here));
    features.extend(shafts(graph, &here));
    features.extend(scene.places.iter().map(|place| of_place(place)));
    let geojson = json!({"type": "FeatureCollection", "features": features}).to_string();
    let digest = Sha256::digest(geojson.as_bytes());
    let version = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    LevelPlan { ordinal, version, geojson }
}

fn feature(id: Option<&str>, geometry: Value, properties: Value) -> Value {
    let id = id.map(|id| ("id".to_owned(), Value::from(id)));
    let rest = [("type", Value::from("Feature")), ("geometry", geometry), ("properties", properties)];
    id.into_iter().chain(rest.map(|(name, value)| (name.to_owned(), value))).collect()
}

/// Returns the outline of a level as the map draws it, else around its rooms.
fn outline(graph: &Graph, level: usize) -> Value {
    let storey = &graph.storeys[level];
    let drawn: Vec<_> = graph.outlines.get(level).into_iter().flatten().map(Area::polygon).collect();
    let geometry = if drawn.is_empty() {
        let rooms = graph.rooms.iter().filter(|room| room.level == level);
        let around = union(rooms.flat_map(|room| &room.areas));
        polygons(graph.frame, &around.0)
    } else {
        polygons(graph.frame, drawn)
    };
    let properties = json!({
        "layer": "outline",
        "level_id": storey.id,
        "ordinal": storey.ordinal,
        "name": storey.name,
        "short_name": storey.short_name,
    });
    feature(Some(storey.id.as_str()), geometry, properties)
}

fn unit(graph: &Graph, seen: &Seen<'_>) -> Value {
    let room = seen.room;
    let properties = json!({
        "layer": "unit",
        "category": room.category,
        "look": seen.look,
        "name": room.name,
        "occupant": seen.occupant.map(|place| &place.id),
        "zone": room.zone,
        "restricted": room.restricted,
    });
    feature(Some(room.id.as_str()), polygons(graph.frame, room.areas.iter().map(Area::polygon)), properties)
}

fn openings(graph: &Graph, here: &dyn Fn(usize) -> bool) -> Vec<Value> {
    let mut nodes: BTreeMap<u32, Vec<NodeIndex>> = BTreeMap::new();
    for (node, door) in &graph.floor.door_of {
        nodes.entry(*door).or_default().push(*node);
    }
    let checks =
        |node: &NodeIndex| graph.model.edges(*node).any(|edge| edge.weight().kind == EdgeKind::Security);
    let id = |node: &NodeIndex| graph.model[*node].features.first().map(|id| id.as_str());
    let wide = (0_u32..).zip(&graph.floor.doors).filter(|(_, door)| here(graph.rooms[door.rooms[0]].level));
    let wide = wide.map(|(number, door)| {
        let own = nodes.get(&number).map_or(&[][..], Vec::as_slice);
        let points = door.line.map(|at| lon_lat(graph.frame, at));
        let properties = json!({
            "layer": "opening",
            "width_m": (distance_m(door.line[0], door.line[1]) * 100.0).round() / 100.0,
            "units": door.rooms.map(|room| &graph.rooms[room].id),
            "one_way": own.len() > 1,
            "check": own.iter().any(checks),
        });
        feature(own.first().and_then(id), json!({"type": "LineString", "coordinates": points}), properties)
    });
    let mut openings: Vec<_> = wide.collect();
    let narrow = graph.model.node_indices().filter(|node| {
        let is_door = graph.model[*node].kind == NodeKind::Opening && here(graph.model[*node].level);
        is_door && !graph.floor.door_of.contains_key(node)
    });
    openings.extend(narrow.map(|node| {
        let at = lon_lat(graph.frame, graph.model[node].at);
        let properties = json!({"layer": "opening", "check": checks(&node)});
        feature(id(&node), json!({"type": "Point", "coordinates": at}), properties)
    }));
    openings
}

fn shafts(graph: &Graph, here: &dyn Fn(usize) -> bool) -> Vec<Value> {
    let stops = graph.model.node_indices().filter_map(|node| match graph.model[node].kind {
        NodeKind::Stop(shaft) if here(graph.model[node].level) => Some((node, &graph.shafts[shaft])),
        _ => None,
    });
    let shown = stops.map(|(node, shaft)| {
        let room = graph.model.edges(node).filter_map(|edge| edge.weight().room).min();
        let root = room.and_then(|room| graph.rooms[room].category.split('.').next());
        let kind = match root {
            _ if shaft.is_lift => "lift",
            Some("escalator") => "escalator",
            Some("stairs" | "steps") => "stairs",
            _ => "ride",
        };
        let at = lon_lat(graph.frame, graph.model[node].at);
        let properties = json!({"layer": "shaft", "kind": kind, "name": shaft.name});
        feature(Some(shaft.id.as_str()), json!({"type": "Point", "coordinates": at}), properties)
    });
    shown.collect()
}

fn of_place(place: &Place) -> Value {
    let at = place.lon_lat.map(rounded);
    let properties = json!({
        "layer": "place",
        "category": place.category,
        "name": place.name,
        "codes": place.codes,
        "zone": place.zone,
    });
    feature(Some(place.id.as_str()), json!({"type": "Point", "coordinates": at}), properties)
}

fn rounded(degrees: f64) -> f64 {
    (degrees * DEGREE).round() / DEGREE
}

fn lon_lat(frame: Frame, at: Coord<f64>) -> [f64; 2] {
    frame.to_world(at).map(rounded)
}

/// Returns polygons with outer rings counterclockwise and holes clockwise (RFC 7946).
fn polygons<'a>(frame: Frame, shapes: impl IntoIterator<Item = &'a Polygon<f64>>) -> Value {
    let of_shape = |shape: &Polygon<f64>| -> Option<Vec<Vec<[f64; 2]>>> {
        let outer = ring(frame, shape.exterior(), true)?;
        let holes = shape.interiors().iter().filter_map(|hole| ring(frame, hole, false));
        Some(std::iter::once(outer).chain(holes).collect())
    };
    let all: Vec<_> = shapes.into_iter().filter_map(of_shape).collect();
    match all.as_slice() {
        [one] => json!({"type": "Polygon", "coordinates": one}),
        _ => json!({"type": "MultiPolygon", "coordinates": all}),
    }
}

/// Returns a closed ring; `None` for one that is a line or a point once it is rounded.
fn ring(frame: Frame, ring: &LineString<f64>, left: bool) -> Option<Vec<[f64; 2]>> {
    let twice: f64 = ring.lines().map(|line| line.start.x * line.end.y - line.end.x * line.start.y).sum();
    let mut points: Vec<_> = ring.coords().map(|at| lon_lat(frame, *at)).collect();
    points.dedup();
    if (twice > 0.0) != left {
        points.reverse();
    }
    (points.len() >= 4).then_some(points)
}
