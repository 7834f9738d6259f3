//! Whether passengers can be led: every place reached from everywhere, and by wheelchair too.
//!
//! A place counts as reached when it lies in the largest set of points that can all walk to each other, so it
//! can be come to and left again.

use std::collections::BTreeSet;

use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use super::{Finding, Findings, Severity};
use crate::graph::{EdgeKind, Graph, NodeKind, Room};
use crate::imdf::FeatureId;
use crate::profile::{NO_WAY, Profile, Who};
use crate::snapshot::Rows;
use crate::snapshot::components::Components;

pub(super) fn check(graph: &Graph, findings: &mut Findings) {
    let [walk, wheelchair] =
        [Profile::Walk, Profile::Wheelchair].map(|profile| components(graph, profile.into()));
    let (walk_main, wheelchair_main) = (walk.largest(), wheelchair.largest());
    for place in &graph.places {
        let node = u32::try_from(place.node.index()).unwrap_or(u32::MAX);
        let name = place.name.get(crate::words::Language::En).unwrap_or(&place.category);
        let (rule, text) = if walk.of_node(node) != walk_main {
            ("place-unreachable", format!("{name} cannot be walked to and from the rest of the venue"))
        } else if wheelchair.of_node(node) != wheelchair_main && !has_steps(&place.category) {
            ("place-not-accessible", format!("{name} cannot be reached and left by wheelchair"))
        } else {
            continue;
        };
        findings.push(Finding {
            severity: Severity::Warning,
            rule,
            file: "place".to_owned(),
            feature_id: Some(place.id.to_string()),
            text,
            remedy: "draw the openings, lifts or ramps that lead there".to_owned(),
        });
    }
    shafts_without_way(graph, findings);
    let contradicts = |room: &&Room| room.category == "nonpublic" && !room.restricted;
    for room in graph.rooms.iter().filter(contradicts) {
        findings.push(Finding {
            severity: Severity::Warning,
            rule: "nonpublic-unrestricted",
            file: "unit".to_owned(),
            feature_id: Some(room.id.to_string()),
            text: "the category says nonpublic, but no restriction keeps passengers out".to_owned(),
            remedy: "set restriction to employeesonly, or correct the category".to_owned(),
        });
    }
}

/// Tells whether a place is one of steps, which nobody looks for in a wheelchair.
fn has_steps(category: &str) -> bool {
    matches!(category.split('.').next(), Some("stairs" | "steps" | "escalator"))
}

/// Lifts, stairs and escalators that can be entered on fewer than two levels reach nothing.
fn shafts_without_way(graph: &Graph, findings: &mut Findings) {
    let mut entered = vec![BTreeSet::new(); graph.shafts.len()];
    for edge in graph.model.edge_references().filter(|edge| edge.weight().kind == EdgeKind::Walk) {
        for node in [&graph.model[edge.source()], &graph.model[edge.target()]] {
            if let NodeKind::Stop(shaft) = node.kind {
                entered[shaft].insert(node.level);
            }
        }
    }
    // A network's own shafts are flights and hops, and may begin and end on one level.
    let drawn = |shaft: &usize| graph.room(&unit(&graph.shafts[*shaft].id)).is_some();
    for shaft in (0..entered.len()).filter(|shaft| entered[*shaft].len() < 2).filter(drawn) {
        findings.push(Finding {
            severity: Severity::Warning,
            rule: "shaft-without-way",
            file: "unit".to_owned(),
            feature_id: Some(unit(&graph.shafts[shaft].id).to_string()),
            text: match entered[shaft].len() {
                0 => "its shaft can be entered on no level".to_owned(),
                _ => "its shaft can be entered on one level only".to_owned(),
            },
            remedy: "draw the openings on the levels it serves".to_owned(),
        });
    }
}

/// Returns the unit that a shaft is named after.
fn unit(shaft: &FeatureId) -> FeatureId {
    FeatureId::derived(shaft.as_str().trim_start_matches("shaft-"))
}

pub(crate) fn components(graph: &Graph, who: Who) -> Components {
    let model = graph.model();
    let mut edges: Vec<_> = model
        .edge_references()
        .map(|edge| {
            let weight = who.weight(&model[edge.source()], edge.weight(), &model[edge.target()]);
            (edge.source().index(), edge.target().index(), weight)
        })
        .collect();
    edges.sort_unstable();
    let mut first = vec![0_u32; model.node_count() + 1];
    for (from, _, _) in &edges {
        first[from + 1] += 1;
    }
    for node in 0..model.node_count() {
        first[node + 1] += first[node];
    }
    let narrow = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
    let tail: Vec<_> = edges.iter().map(|(from, _, _)| narrow(*from)).collect();
    let head: Vec<_> = edges.iter().map(|(_, to, _)| narrow(*to)).collect();
    let weights: Vec<_> = edges.iter().map(|(_, _, weight)| *weight).collect();
    Components::of(&Rows { first: &first, tail: &tail, head: &head }, |edge| weights[edge] != NO_WAY)
}
