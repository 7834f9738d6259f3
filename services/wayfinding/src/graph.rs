//! The walkable graph: doors, places and lifts as nodes, the ways between them as edges.
//!
//! It is the model that everything else is compiled from and checked against. From IMDF it is derived from
//! the units and openings alone; nobody draws it. A map that brings a network of its own is taken at its word. Inside a unit every two doors or places are joined by the
//! shortest line that stays in the unit, so a length is honest. A door that may be passed one way only is two
//! nodes with an edge between them each way; a lift is one hub with an edge to each stop, so that N floors need N
//! edges and one closure. Every edge says who may use it, so that a refusal can say so.

use std::collections::BTreeMap;
use std::sync::Arc;

use geo::Coord;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use serde::Serialize;

use crate::check::{Finding, Refused, Severity, assess};
pub use crate::geometry::Frame;
pub(crate) use crate::geometry::millis_between as millis_at;

use crate::geometry::Area;
use crate::hours::Hours;
use crate::imdf::{Archive, FeatureId};
use crate::profile::Rights;
use crate::source::Source;
use crate::taut::Floor;
use crate::words::{Labels, Language};

pub(crate) mod crossings;
mod derive;
mod doors;
mod implied;
mod outdoors;
mod places;
mod rooms;
mod scale;
mod shafts;

use crossings::Checkpoint;
pub(crate) use doors::room_at;
pub(crate) use implied::UNCOVERED_MAX;
pub(crate) use places::codes;
pub use scale::scaled;

/// How fast a passenger walks, in metres a second.
pub const WALK_SPEED_MPS: f64 = 1.34;
/// How fast a wheelchair rolls indoors, in metres a second.
pub const WHEELCHAIR_SPEED_MPS: f64 = 1.1;
/// How fast a moving walkway runs, in metres a second; passengers walk on it.
pub const BELT_SPEED_MPS: f64 = 0.65;
/// The narrowest door a wheelchair passes, in metres.
pub const WHEELCHAIR_DOOR_M: f64 = 0.8;
/// The height of a storey, since IMDF does not tell it, in metres.
pub const STOREY_M: f64 = 4.5;
/// How long passing security takes when nobody waits, in milliseconds.
pub const SECURITY_FREE_MS: u32 = 45_000;
/// How long passing border control takes when nobody waits, in milliseconds.
pub const BORDER_FREE_MS: u32 = 40_000;
/// How long passing customs takes when nobody waits, in milliseconds.
pub const CUSTOMS_FREE_MS: u32 = 10_000;
/// How long a lift keeps a passenger waiting before it comes, in milliseconds.
pub const LIFT_BOARD_MS: u32 = 25_000;
/// How long a lift ride and leaving takes, in milliseconds.
pub const LIFT_ALIGHT_MS: u32 = 10_000;

/// Where a unit lies on the way of a passenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Zone {
    /// Before security: IMDF geofence `presecurity`.
    Landside,
    /// Behind security: IMDF geofence `postsecurity`.
    Airside,
    /// Behind security, on the way out: the belts, customs, and what a geofence calls arrivals.
    Arrivals,
}

impl Zone {
    /// Tells whether it lies behind security.
    pub fn is_behind(self) -> bool {
        self != Self::Landside
    }
}

/// Whether a part of a terminal is for flights abroad, where the map tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// For flights within the country.
    Domestic,
    /// For flights abroad, behind border control.
    International,
}

/// How an edge is travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// On foot, on the level.
    Walk,
    /// On a slope instead of steps.
    Ramp,
    /// On a moving walkway, walking.
    MovingWalkway,
    /// Into or out of a lift.
    Lift,
    /// Up or down stairs.
    Stairs,
    /// An escalator that runs up.
    EscalatorUp,
    /// An escalator that runs down.
    EscalatorDown,
    /// Through security, from landside to airside, or on the way to another flight.
    Security,
    /// Through border control, out of the country or into it.
    Border,
    /// Through customs.
    Customs,
}

impl EdgeKind {
    /// Tells whether one rides or climbs between levels on it.
    pub(crate) fn is_ride(self) -> bool {
        matches!(self, Self::Lift | Self::Stairs | Self::EscalatorUp | Self::EscalatorDown)
    }
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// A door or passage.
    Opening,
    /// A point of a network that came with the map, where ways meet.
    Junction,
    /// The point where a place is reached: its index among the places.
    Place(usize),
    /// A shaft at one level: its index among the shafts.
    Stop(usize),
    /// The hub of a lift, on no level of its own: its index among the shafts.
    Hub(usize),
}

/// A node of the walkable graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What the node stands for.
    pub kind: NodeKind,
    /// The features whose closure closes every edge at this node.
    pub features: Vec<FeatureId>,
    /// The level's index among the storeys.
    pub level: usize,
    /// The position in metres on the venue's plane.
    pub at: Coord<f64>,
    /// The clear width in metres; infinite where nothing narrows.
    pub width_m: f64,
}

/// A directed edge of the walkable graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// How it is travelled.
    pub kind: EdgeKind,
    /// The length walked, in metres.
    pub length_m: f64,
    /// The time a passenger of the profile `walk` takes at a normal pace when nobody is in the way, in
    /// milliseconds.
    pub millis: u32,
    /// The unit it crosses, as an index among the rooms; `None` between levels and through doors.
    pub room: Option<usize>,
    /// The bends between both ends, in metres on the venue's plane.
    pub via: Vec<Coord<f64>>,
    /// The least rights of who may use it.
    pub needs: Rights,
    /// Whether wheels pass: no step, no steep slope, wide enough.
    pub wheels: bool,
    /// The lift, stairs or escalator it rides in, as an index among the shafts, where a network tells.
    pub shaft: Option<usize>,
    /// The features whose closure closes it, besides those of its ends and its unit: a link, a shaft.
    pub features: Vec<FeatureId>,
    /// When it can be used; always where the map says nothing.
    pub hours: Option<Arc<Hours>>,
}

impl Edge {
    pub(crate) fn walk(length_m: f64, room: Option<usize>, via: Vec<Coord<f64>>) -> Self {
        let millis = millis_at(length_m, WALK_SPEED_MPS);
        Self {
            kind: EdgeKind::Walk,
            length_m,
            millis,
            room,
            via,
            needs: Rights::Visitor,
            wheels: true,
            shaft: None,
            features: vec![],
            hours: None,
        }
    }
}

/// A level of the venue.
#[derive(Clone, Debug, PartialEq)]
pub struct Storey {
    /// The level's feature id.
    pub id: FeatureId,
    /// The level's place in the stack; 0 is the ground.
    pub ordinal: i32,
    /// The long name.
    pub name: Labels,
    /// The name on signs, such as `2F`.
    pub short_name: Labels,
}

impl Storey {
    /// Returns the name on signs, or the ordinal where the map gives none.
    pub fn sign(&self, language: Language) -> String {
        self.short_name.get(language).map_or_else(|| self.ordinal.to_string(), str::to_owned)
    }
}

/// A place a passenger may ask for: a gate, belt, shop, toilet, lift.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The amenity's or occupant's feature id.
    pub id: FeatureId,
    /// The category as the map says it, such as `boardinggate`.
    pub category: String,
    /// The names.
    pub name: Labels,
    /// Short codes, such as `A12`.
    pub codes: Vec<String>,
    /// The side of security, where the map tells.
    pub zone: Option<Zone>,
    /// Whether it is for flights abroad, where the map tells.
    pub side: Option<Side>,
    /// When it is open, where the map tells.
    pub hours: Option<Hours>,
    /// Longitude and latitude.
    pub lon_lat: [f64; 2],
    /// The level's index among the storeys.
    pub level: usize,
    /// The node where it is reached.
    pub node: NodeIndex,
}

/// A unit as a room to walk in.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) id: FeatureId,
    pub(crate) category: String,
    pub(crate) name: Labels,
    pub(crate) level: usize,
    /// The polygons as drawn.
    pub(crate) areas: Vec<Area>,
    /// The polygons without the fixtures in them.
    pub(crate) floors: Vec<Area>,
    /// Whether fixtures stand in it.
    pub(crate) obstructed: bool,
    pub(crate) zone: Option<Zone>,
    pub(crate) side: Option<Side>,
    /// The section of a check that it lies in.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Whether the map keeps passengers out; staff walk there.
    pub(crate) restricted: bool,
}

/// A lift, a flight of stairs or an escalator, over all its levels.
#[derive(Clone, Debug, PartialEq)]
pub struct Shaft {
    /// The id by which the whole shaft is closed: `shaft-` and its first unit's id.
    pub id: FeatureId,
    /// The names.
    pub name: Labels,
    /// Whether it is a lift.
    pub is_lift: bool,
}

/// The walkable graph of one venue.
#[derive(Clone, Debug)]
pub struct Graph {
    pub(crate) model: StableDiGraph<Node, Edge>,
    pub(crate) frame: Frame,
    pub(crate) venue_id: FeatureId,
    pub(crate) venue_name: Labels,
    pub(crate) storeys: Vec<Storey>,
    pub(crate) rooms: Vec<Room>,
    /// Shared by all copies of the graph.
    pub(crate) floor: Arc<Floor>,
    pub(crate) places: Vec<Place>,
    pub(crate) shafts: Vec<Shaft>,
    /// The sections of checks with their names.
    pub(crate) checkpoints: Vec<(FeatureId, Labels)>,
    pub(crate) opening_count: usize,
    /// What the signs along a link say, by the link's id.
    pub(crate) signs: BTreeMap<FeatureId, Labels>,
    /// The outline of each level, as far as the map draws it.
    pub(crate) outlines: Vec<Vec<Area>>,
    /// What stands in the way on each level.
    pub(crate) obstacles: Vec<Vec<Area>>,
}

impl Graph {
    /// Checks a map and builds its graph.
    ///
    /// # Errors
    /// Refuses a map with violations, with all of them.
    pub fn build(source: &Source) -> Result<Self, Refused> {
        let (mut findings, graph) = assess(source);
        findings.retain(|finding| finding.severity == Severity::Violation);
        graph.ok_or(Refused { findings })
    }

    /// Returns a graph that a test has drawn.
    #[cfg(test)]
    pub(crate) fn drawn(model: StableDiGraph<Node, Edge>, storeys: Vec<Storey>) -> Self {
        Self {
            model,
            frame: Frame::around(0.0, 0.0),
            venue_id: FeatureId::derived("venue"),
            venue_name: Labels::default(),
            storeys,
            rooms: vec![],
            floor: Arc::default(),
            places: vec![],
            shafts: vec![],
            checkpoints: vec![],
            opening_count: 0,
            signs: BTreeMap::new(),
            outlines: vec![vec![]],
            obstacles: vec![vec![]],
        }
    }

    pub(crate) fn derive(archive: &Archive) -> (Self, Vec<Finding>) {
        derive::derive(archive)
    }

    /// Returns the petgraph model.
    pub fn model(&self) -> &StableDiGraph<Node, Edge> {
        &self.model
    }

    /// Returns the names of the venue.
    pub fn venue_name(&self) -> &Labels {
        &self.venue_name
    }

    /// Returns the levels, lowest first.
    pub fn storeys(&self) -> &[Storey] {
        &self.storeys
    }

    /// Returns the ordinals of the levels, each once, lowest first.
    pub fn ordinals(&self) -> Vec<i32> {
        let mut ordinals: Vec<_> = self.storeys.iter().map(|storey| storey.ordinal).collect();
        ordinals.dedup();
        ordinals
    }

    /// Returns how many levels one level of the map lies above another; negative below.
    ///
    /// Levels are counted as they are there: a map may number them without a 0.
    pub(crate) fn rise(&self, [from, to]: [usize; 2]) -> i32 {
        let ordinals = self.ordinals();
        let place = |level: usize| ordinals.partition_point(|ordinal| *ordinal < self.storeys[level].ordinal);
        let [from, to] = [from, to].map(|level| i32::try_from(place(level)).unwrap_or(i32::MAX));
        to - from
    }

    /// Returns the places, in order of their ids.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Returns the shafts.
    pub fn shafts(&self) -> &[Shaft] {
        &self.shafts
    }

    pub(crate) fn room(&self, id: &FeatureId) -> Option<&Room> {
        self.rooms.binary_search_by(|room| room.id.cmp(id)).ok().map(|index| &self.rooms[index])
    }

    /// Returns the feature id of the unit that an edge's `room` names.
    pub fn unit_id(&self, room: usize) -> Option<&FeatureId> {
        self.rooms.get(room).map(|room| &room.id)
    }

    /// Returns the frame that turns degrees into the plane's metres.
    pub fn frame(&self) -> Frame {
        self.frame
    }
}
