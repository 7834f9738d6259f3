//! Lifts, stairs and escalators one by one, as who closes them must name them.

use std::collections::BTreeSet;

use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use serde::Serialize;

use crate::graph::{EdgeKind, NodeKind};
use crate::imdf::FeatureId;
use crate::snapshot::Snapshot;
use crate::words::Labels;

/// What carries passengers up and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MachineKind {
    /// A lift.
    Lift,
    /// A flight of stairs.
    Stairs,
    /// An escalator.
    Escalator,
}

/// A lift, a flight of stairs or an escalator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Machine {
    /// What it is; of mixed shafts what most people take.
    pub kind: MachineKind,
    /// The id by which all of it is closed.
    pub id: FeatureId,
    /// The names.
    pub name: Labels,
    /// The ordinals of the levels it joins, lowest first.
    pub levels: Vec<i32>,
}

impl Snapshot {
    /// Returns the lifts, stairs and escalators that join anything.
    pub fn machines(&self) -> Vec<Machine> {
        let (graph, model) = (&self.graph, &self.graph.model);
        let mut found = vec![(None, BTreeSet::new()); graph.shafts.len()];
        for edge in model.edge_references() {
            let ends = [&model[edge.source()], &model[edge.target()]];
            let kind = match edge.weight().kind {
                EdgeKind::Lift => MachineKind::Lift,
                EdgeKind::Stairs => MachineKind::Stairs,
                EdgeKind::EscalatorUp | EdgeKind::EscalatorDown => MachineKind::Escalator,
                _ => continue,
            };
            let stops = ends.map(|end| match end.kind {
                NodeKind::Stop(shaft) => Some(shaft),
                _ => None,
            });
            let Some(shaft) = edge.weight().shaft.or(stops[0]).or(stops[1]) else { continue };
            let (told, levels) = &mut found[shaft];
            *told = Some(told.map_or(kind, |told: MachineKind| told.min(kind)));
            // The hub of a lift is on no level of its own.
            let landings = ends.into_iter().filter(|end| !matches!(end.kind, NodeKind::Hub(_)));
            levels.extend(landings.map(|end| graph.storeys[end.level].ordinal));
        }
        let machines = graph.shafts.iter().zip(found).filter_map(|(shaft, (kind, levels))| {
            let (id, name) = (shaft.id.clone(), shaft.name.clone());
            Some(Machine { kind: kind?, id, name, levels: levels.into_iter().collect() })
        });
        machines.collect()
    }
}
