//! Facilities and named spaces become places, reached at a node of the network.
//!
//! A place is reached at a node in the same space where there is one, else at the nearest of its level; nodes
//! that can be walked to and from the rest of the venue come first. The node stays the network's own.

use std::collections::BTreeMap;

use geo::Coord;
use petgraph::stable_graph::NodeIndex;
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::codes;
use super::rooms::Plane;
use super::{Facility, Layers};
use crate::check::{Finding, Severity, routing};
use crate::geometry::distance_m;
use crate::graph::{Graph, NodeKind, Place, codes as short_codes, room_at};
use crate::imdf::FeatureId;
use crate::profile::Who;
use crate::words::Labels;

/// How far from the network a place may lie, in metres.
const REACH_M: f64 = 30.0;
/// How many of the nearest nodes are looked at for one in the same space.
const NEAR: usize = 16;

mod machines;

struct Wanted {
    id: FeatureId,
    file: &'static str,
    category: String,
    name: Labels,
    at: Coord<f64>,
    level: usize,
    room: Option<usize>,
}

type Spot = GeomWithData<[f64; 2], usize>;

pub(super) fn add(
    graph: &mut Graph,
    layers: &Layers,
    plane: &Plane,
    levels: &BTreeMap<&FeatureId, usize>,
    notes: &mut Vec<Finding>,
) {
    let facility = |facility: &Facility| {
        let (level, at) = (*levels.get(&facility.floor_id)?, plane.coord(facility.at));
        Some(Wanted {
            id: facility.id.clone(),
            file: "facility",
            category: codes::facility(&facility.category).to_owned(),
            name: facility.name.clone(),
            at,
            level,
            room: room_at(&graph.rooms, level, at),
        })
    };
    let named = graph.rooms.iter().enumerate().filter(|(_, room)| !room.name.is_empty() && !room.restricted);
    let spaces = named.map(|(index, room)| Wanted {
        id: room.id.clone(),
        file: "space",
        category: room.category.clone(),
        name: room.name.clone(),
        at: room.areas[0].interior(),
        level: room.level,
        room: Some(index),
    });
    let mut wanted: Vec<_> = layers.facilities.iter().filter_map(facility).chain(spaces).collect();
    wanted.sort_by(|a, b| a.id.cmp(&b.id));
    let trees = trees(graph);
    for place in wanted {
        let Some((node, gap_m)) = trees[place.level].iter().find_map(|tree| nearest(graph, tree, &place))
        else {
            notes.push(far(&place, "no node of the network is on its level".to_owned()));
            continue;
        };
        if gap_m > REACH_M {
            notes.push(far(&place, format!("it lies {gap_m:.0} m from the nearest node of its level")));
        }
        graph.places.push(Place {
            codes: short_codes(&place.name, &Labels::default()),
            id: place.id,
            category: place.category,
            name: place.name,
            zone: None,
            side: None,
            hours: None,
            lon_lat: graph.frame.to_world(place.at),
            level: place.level,
            node: NodeIndex::new(node),
        });
    }
    machines::join(graph);
}

/// Returns for each level the nodes of the main part on foot, and then the others.
fn trees(graph: &Graph) -> Vec<[RTree<Spot>; 2]> {
    let parts = routing::components(graph, Who::default());
    let mut spots = vec![[Vec::new(), Vec::new()]; graph.storeys.len()];
    for (index, node) in (0_u32..).zip(graph.model.node_weights()) {
        if matches!(node.kind, NodeKind::Hub(_)) {
            // Nobody asks for the inside of a lift.
            continue;
        }
        let aside = usize::from(parts.of_node(index) != parts.largest());
        spots[node.level][aside].push(Spot::new([node.at.x, node.at.y], index as usize));
    }
    spots.into_iter().map(|level| level.map(RTree::bulk_load)).collect()
}

/// Returns the node where a place is reached and how far it is, in metres.
fn nearest(graph: &Graph, tree: &RTree<Spot>, place: &Wanted) -> Option<(usize, f64)> {
    let near = tree.nearest_neighbor_iter([place.at.x, place.at.y]).take(NEAR);
    let mut near: Vec<_> = near.map(|spot| spot.data).collect();
    let gap_m = |node: &usize| distance_m(graph.model[NodeIndex::new(*node)].at, place.at);
    // Nodes at one spot come in no order of their own.
    near.sort_by(|a, b| gap_m(a).total_cmp(&gap_m(b)).then(a.cmp(b)));
    let inside = |node: &&usize| {
        let at = graph.model[NodeIndex::new(**node)].at;
        place.room.is_some_and(|room| graph.rooms[room].areas.iter().any(|area| area.holds(at)))
    };
    let node = near.iter().find(inside).or_else(|| near.first())?;
    Some((*node, gap_m(node)))
}

fn far(place: &Wanted, text: String) -> Finding {
    Finding {
        severity: Severity::Warning,
        rule: "place-off-network",
        file: place.file.to_owned(),
        feature_id: Some(place.id.to_string()),
        text,
        remedy: "draw a link of the network to it".to_owned(),
    }
}
