//! From features to the graph, step by step, always in the order of ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use geo::Coord;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};

use super::{BELT_SPEED_MPS, Edge, EdgeKind, Graph, Node, Room, WALK_SPEED_MPS, millis_at};
use crate::check::{Finding, Severity};
use crate::geometry::ways::Bends;
use crate::geometry::{Area, Frame};
use crate::imdf::{Archive, FeatureId, Level};
use crate::profile::Rights;
use crate::taut::{Corridor, Floor, Scratch, Threshold, straighten};

/// The most doors and places of one room that are joined pairwise; above it the map is refused.
const PORTALS_MAX: usize = 256;

/// How far a door or place may lie outside the polygon of the unit it belongs to, in metres.
const PORTAL_GAP_M: f64 = 0.7;

/// A point of a room where ways begin and end.
pub(super) struct Portal {
    pub(super) node: NodeIndex,
    pub(super) at: Coord<f64>,
}

/// A graph being built.
pub(super) struct Work<'a> {
    pub(super) archive: &'a Archive,
    pub(super) graph: Graph,
    /// The portals of each room, by its index.
    pub(super) portals: Vec<Vec<Portal>>,
    pub(super) notes: Vec<Finding>,
    /// The doors between two rooms, and the nodes that stand for them.
    pub(super) thresholds: Vec<Threshold>,
    pub(super) door_of: BTreeMap<NodeIndex, u32>,
    scratch: Scratch,
}

impl Work<'_> {
    pub(super) fn note(
        &mut self,
        (rule, severity): (&'static str, Severity),
        (file, feature): (&str, &FeatureId),
        text: String,
        remedy: &str,
    ) {
        self.notes.push(Finding {
            severity,
            rule,
            file: file.to_owned(),
            feature_id: Some(feature.to_string()),
            text,
            remedy: remedy.to_owned(),
        });
    }

    pub(super) fn add(&mut self, node: Node) -> NodeIndex {
        self.graph.model.add_node(node)
    }

    pub(super) fn room_index(&self, id: &FeatureId) -> Option<usize> {
        self.graph.rooms.binary_search_by(|room| room.id.cmp(id)).ok()
    }
}

pub(super) fn derive(archive: &Archive) -> (Graph, Vec<Finding>) {
    let frame = super::rooms::frame(archive);
    let opening_count = archive.openings.len();
    let (archive, mut notes) = super::implied::complete(archive, &frame);
    let archive = super::outdoors::complete(archive, &frame, &mut notes);
    let archive = &*archive;
    let venue = archive.venues.first();
    let graph = Graph {
        model: StableDiGraph::new(),
        frame,
        venue_id: venue.map_or_else(|| FeatureId::derived("venue"), |venue| venue.id.clone()),
        venue_name: venue.map(|venue| venue.name.clone()).unwrap_or_default(),
        storeys: super::rooms::storeys(archive),
        rooms: vec![],
        floor: Arc::default(),
        places: vec![],
        shafts: vec![],
        checkpoints: vec![],
        opening_count,
        signs: BTreeMap::new(),
        outlines: outlines(archive, &frame),
        obstacles: vec![vec![]; archive.levels.len()],
    };
    let mut work = Work {
        archive,
        graph,
        portals: vec![],
        notes,
        thresholds: vec![],
        door_of: BTreeMap::new(),
        scratch: Scratch::default(),
    };
    work.add_rooms();
    work.add_doors();
    work.add_places();
    work.add_shafts();
    work.add_walks();
    (work.graph, work.notes)
}

impl Work<'_> {
    /// Joins every two portals of a room that can meet on its floor.
    fn add_walks(&mut self) {
        let doors = std::mem::take(&mut self.thresholds);
        let rooms = std::mem::take(&mut self.graph.rooms);
        let floor = Floor::of(&rooms, doors, std::mem::take(&mut self.door_of), self.graph.storeys.len());
        for index in 0..rooms.len() {
            self.walk_room(&floor, &rooms, index);
        }
        self.graph.floor = Arc::new(floor);
        self.graph.rooms = rooms;
    }

    fn walk_room(&mut self, floor: &Floor, rooms: &[Room], index: usize) {
        let room = &rooms[index];
        let portals: Vec<_> = self.portals[index].iter().map(|p| (p.node, p.at)).collect();
        if portals.len() > PORTALS_MAX {
            let text = format!("{} doors and places are more than {PORTALS_MAX}", portals.len());
            let rule = ("unit-too-complex", Severity::Violation);
            let remedy = "split the unit with openings between the parts";
            return self.note(rule, ("unit", &room.id), text, remedy);
        }
        let needs = if room.restricted { Rights::Staff } else { Rights::Visitor };
        let corridor = Corridor::of([index], vec![]);
        let mut narrow: Vec<_> = room.floors.iter().map(|area| (area, Bends::of(area))).collect();
        let mut met = vec![false; portals.len()];
        for from in 0..portals.len() {
            for to in from + 1..portals.len() {
                let ends = [portals[from].1, portals[to].1];
                let line = floor.line(&mut self.scratch, rooms, &corridor, ends.map(|at| (index, at)));
                let Some(mut line) = line.or_else(|| around(&mut narrow, ends)) else { continue };
                let length_m = straighten(&mut line);
                let via = line[1..line.len() - 1].to_vec();
                let back = via.iter().rev().copied().collect();
                let (a, b) = (portals[from].0, portals[to].0);
                for (from, to, via) in [(a, b, via), (b, a, back)] {
                    let walk = Edge { needs, ..on_floor(room, length_m, index, via) };
                    self.graph.model.add_edge(from, to, walk);
                }
                (met[from], met[to]) = (true, true);
            }
        }
        if portals.len() > 1 && room.obstructed {
            let alone = portals.iter().zip(&met).filter(|(_, met)| !**met).map(|((node, _), _)| *node);
            for node in alone.collect::<Vec<_>>() {
                let feature = self.graph.model[node].features[0].clone();
                let text = "fixtures leave no way from here to the rest of its unit".to_owned();
                let rule = ("way-obstructed", Severity::Warning);
                self.note(rule, ("unit", &feature), text, "move it, or draw the fixtures as they stand");
            }
        }
    }
}

/// Returns a way across a room: on a moving walkway passengers walk on while it runs.
fn on_floor(room: &Room, length_m: f64, index: usize, via: Vec<Coord<f64>>) -> Edge {
    let walk = Edge::walk(length_m, Some(index), via);
    if room.category.split('.').next() != Some("movingwalkway") {
        return walk;
    }
    let millis = millis_at(length_m, WALK_SPEED_MPS + BELT_SPEED_MPS);
    Edge { kind: EdgeKind::MovingWalkway, millis, ..walk }
}

/// Walks around the corners of the floor as drawn, where clearance leaves no way.
fn around(narrow: &mut [(&Area, Bends<'_>)], [from, to]: [Coord<f64>; 2]) -> Option<Vec<Coord<f64>>> {
    let near = |area: &Area, at: Coord<f64>| area.gap_m(at, PORTAL_GAP_M) <= PORTAL_GAP_M;
    narrow
        .iter_mut()
        .filter(|(area, _)| near(area, from) && near(area, to))
        .find_map(|(_, b)| b.line(from, to))
}

/// Returns the outlines of the levels that are indoors.
fn outlines(archive: &Archive, frame: &Frame) -> Vec<Vec<Area>> {
    let drawn = |level: &Level| {
        let areas = level.areas.iter().filter(|_| !level.outdoor);
        areas.filter_map(|rings| area(frame, rings)).collect()
    };
    archive.levels.iter().map(drawn).collect()
}

/// Turns degrees into a polygon of the plane.
pub(super) fn area(frame: &Frame, rings: &[Vec<[f64; 2]>]) -> Option<Area> {
    let mut rings = rings.iter().map(|ring| {
        let points: Vec<_> = ring.iter().map(|[lon, lat]| frame.to_plane(*lon, *lat)).collect();
        geo::LineString::from(points)
    });
    let outer = rings.next()?;
    Area::new(&geo::Polygon::new(outer, rings.collect()))
}
