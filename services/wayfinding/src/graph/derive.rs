//! From features to the graph, step by step, always in the order of ids.

use geo::Coord;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};

use super::{Edge, Graph, Node, Room};
use crate::check::{Finding, Severity};
use crate::geometry::ways::{CORNERS_MAX, PORTALS_MAX, ways};
use crate::geometry::{Area, Frame};
use crate::imdf::{Archive, FeatureId};

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
    let venue = archive.venues.first();
    let graph = Graph {
        model: StableDiGraph::new(),
        frame,
        venue_id: venue.map_or_else(|| FeatureId::derived("venue"), |venue| venue.id.clone()),
        venue_name: venue.map(|venue| venue.name.clone()).unwrap_or_default(),
        storeys: super::rooms::storeys(archive),
        rooms: vec![],
        places: vec![],
        shafts: vec![],
        security: vec![],
        opening_count: archive.openings.len(),
        outlines: vec![vec![]; archive.levels.len()],
        obstacles: vec![vec![]; archive.levels.len()],
    };
    let mut work = Work { archive, graph, portals: vec![], notes: vec![] };
    work.add_rooms();
    work.add_doors();
    work.add_places();
    work.add_shafts();
    work.add_walks();
    (work.graph, work.notes)
}

impl Work<'_> {
    /// Joins every two portals of a room that are in reach of the same polygon.
    fn add_walks(&mut self) {
        let rooms = std::mem::take(&mut self.graph.rooms);
        for (index, room) in rooms.iter().enumerate().filter(|(_, room)| !room.restricted) {
            for area in &room.areas {
                self.walk_area(index, room, area);
            }
        }
        self.graph.rooms = rooms;
    }

    fn walk_area(&mut self, index: usize, room: &Room, area: &Area) {
        let in_reach = |portal: &&Portal| area.gap_m(portal.at, PORTAL_GAP_M) <= PORTAL_GAP_M;
        let portals: Vec<_> = self.portals[index].iter().filter(in_reach).map(|p| (p.node, p.at)).collect();
        let corners = area.corners().len();
        if portals.len() > PORTALS_MAX || corners > CORNERS_MAX {
            let text = format!(
                "{} doors and places and {corners} inner corners are more than {PORTALS_MAX} and {CORNERS_MAX}",
                portals.len()
            );
            let rule = ("unit-too-complex", Severity::Violation);
            return self.note(
                rule,
                ("unit", &room.id),
                text,
                "split the unit with openings between the parts",
            );
        }
        let points: Vec<_> = portals.iter().map(|(_, at)| *at).collect();
        for way in ways(area, &points) {
            let (from, to) = (portals[way.from].0, portals[way.to].0);
            let mut back = way.via.clone();
            back.reverse();
            self.graph.model.add_edge(from, to, Edge::walk(way.length_m, Some(index), way.via));
            self.graph.model.add_edge(to, from, Edge::walk(way.length_m, Some(index), back));
        }
    }
}

/// Turns degrees into a polygon of the plane.
pub(super) fn area(frame: &Frame, rings: &[Vec<[f64; 2]>]) -> Option<Area> {
    let mut rings = rings.iter().map(|ring| {
        let points: Vec<_> = ring.iter().map(|[lon, lat]| frame.to_plane(*lon, *lat)).collect();
        geo::LineString::from(points)
    });
    let outer = rings.next()?;
    Area::new(geo::Polygon::new(outer, rings.collect()))
}
