//! Which facility stands for which lift, escalator or stairs, so that the one is closed by the other's id.
//!
//! A facility is drawn as a point and a shaft as links; neither names the other. They belong together when the
//! shaft is entered in the space that the point lies in, else when it is the nearest of its kind.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use crate::geometry::distance_m;
use crate::graph::{EdgeKind, Graph, Place, room_at};
use crate::imdf::FeatureId;

/// How far a facility's point may lie from where its shaft is entered, in metres.
const REACH_M: f64 = 10.0;

/// Adds each facility to the ways of the shafts that it stands for.
pub(super) fn join(graph: &mut Graph) {
    let entered = entered(graph);
    let mut joined = BTreeMap::<usize, Vec<FeatureId>>::new();
    for place in &graph.places {
        let Some(ends) = entered.get(place.category.as_str()) else { continue };
        for shaft in shafts(graph, place, ends) {
            joined.entry(shaft).or_default().push(place.id.clone());
        }
    }
    for edge in graph.model.edge_weights_mut() {
        if let Some(facilities) = edge.shaft.and_then(|shaft| joined.get(&shaft)) {
            edge.features.extend(facilities.iter().cloned());
        }
    }
}

/// A shaft, and a node where it is entered or left.
type End = (usize, petgraph::stable_graph::NodeIndex);

/// Returns the ends of all shafts by the category that their facilities have.
fn entered(graph: &Graph) -> BTreeMap<&'static str, BTreeSet<End>> {
    let mut ends = BTreeMap::<_, BTreeSet<_>>::new();
    for edge in graph.model.edge_references() {
        let category = match edge.weight().kind {
            EdgeKind::Lift => "elevator",
            EdgeKind::EscalatorUp | EdgeKind::EscalatorDown => "escalator",
            EdgeKind::Stairs => "stairs",
            _ => continue,
        };
        let Some(shaft) = edge.weight().shaft else { continue };
        ends.entry(category).or_default().extend([(shaft, edge.source()), (shaft, edge.target())]);
    }
    ends
}

fn shafts(graph: &Graph, place: &Place, ends: &BTreeSet<End>) -> BTreeSet<usize> {
    let [lon, lat] = place.lon_lat;
    let at = graph.frame.to_plane(lon, lat);
    let here = ends.iter().filter(|(_, node)| graph.model[*node].level == place.level);
    let near = here.filter(|(_, node)| distance_m(graph.model[*node].at, at) <= REACH_M);
    let room = room_at(&graph.rooms, place.level, at);
    let with_it = near.clone().filter(|(_, node)| {
        room.is_some() && room_at(&graph.rooms, place.level, graph.model[*node].at) == room
    });
    let inside: BTreeSet<_> = with_it.map(|(shaft, _)| *shaft).collect();
    if !inside.is_empty() && room.is_some_and(|room| graph.rooms[room].category == place.category) {
        return inside;
    }
    let gap_m = |end: &&End| distance_m(graph.model[end.1].at, at);
    let nearest = near.min_by(|a, b| gap_m(a).total_cmp(&gap_m(b)).then(a.cmp(b)));
    nearest.map(|(shaft, _)| *shaft).into_iter().collect()
}
