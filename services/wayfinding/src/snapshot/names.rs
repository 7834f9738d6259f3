//! From what a place is called to the place, without reading all of them for each request.

use std::collections::HashMap;

use crate::graph::{Graph, NodeKind};
use crate::imdf::FeatureId;

/// What a venue's places, doors and shafts are called.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_name: HashMap<String, Vec<u32>>,
    by_code: HashMap<String, Vec<u32>>,
    places: HashMap<FeatureId, u32>,
    /// The nodes of doors and shafts.
    nodes: HashMap<FeatureId, Vec<u32>>,
}

impl Names {
    pub(crate) fn of(graph: &Graph) -> Self {
        let mut names = Self::default();
        for (index, place) in (0_u32..).zip(&graph.places) {
            names.places.insert(place.id.clone(), index);
            for (_, name) in place.name.iter() {
                enter(&mut names.by_name, name, index);
            }
            for code in &place.codes {
                enter(&mut names.by_code, code, index);
            }
        }
        for (index, node) in (0_u32..).zip(graph.model.node_weights()) {
            let shaft = match node.kind {
                NodeKind::Stop(shaft) => Some(&graph.shafts[shaft].id),
                NodeKind::Opening | NodeKind::Junction => None,
                NodeKind::Place(_) | NodeKind::Hub(_) => continue,
            };
            let shaft = shaft.filter(|shaft| !node.features.contains(shaft));
            for feature in node.features.iter().chain(shaft) {
                names.nodes.entry(feature.clone()).or_default().push(index);
            }
        }
        names
    }

    /// Returns the places that are called exactly this in any language: by name, else by code.
    pub(crate) fn called(&self, reference: &str) -> &[u32] {
        let wanted = reference.trim().to_lowercase();
        self.by_name.get(&wanted).or_else(|| self.by_code.get(&wanted)).map_or(&[], Vec::as_slice)
    }

    /// Returns the index of the place with this id.
    pub(crate) fn place(&self, id: &FeatureId) -> Option<usize> {
        self.places.get(id).map(|index| *index as usize)
    }

    /// Returns the nodes of the door, shaft or checkpoint with this id.
    pub(crate) fn nodes(&self, id: &FeatureId) -> &[u32] {
        self.nodes.get(id).map_or(&[], Vec::as_slice)
    }
}

fn enter(names: &mut HashMap<String, Vec<u32>>, name: &str, index: u32) {
    let places = names.entry(name.to_lowercase()).or_default();
    if places.last() != Some(&index) {
        places.push(index);
    }
}
