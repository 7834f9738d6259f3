//! Whether the floor of each level is drawn, and once: what no unit covers is walked by nobody, or by guesses.

use super::{Finding, Findings, Severity};
use crate::geometry::{Area, open_floor};
use crate::graph::{Graph, UNCOVERED_MAX};

/// The share of one level's floor that may lie under another level of the same ordinal.
const SHARED_MAX: f64 = 0.05;

/// Two levels of one ordinal stand side by side; where they lie over each other, one has a wrong ordinal.
pub(super) fn ordinals(graph: &Graph, findings: &mut Findings) {
    for (upper, level) in graph.storeys.iter().enumerate() {
        for lower in (0..upper).filter(|lower| graph.storeys[*lower].ordinal == level.ordinal) {
            let shared = graph.outlines[upper]
                .iter()
                .flat_map(|area| graph.outlines[lower].iter().map(|other| area.shared_part(other)))
                .fold(0.0, f64::max);
            if shared <= SHARED_MAX {
                continue;
            }
            let (first, ordinal) = (&graph.storeys[lower].id, level.ordinal);
            findings.push(Finding {
                severity: Severity::Warning,
                rule: "ordinal-twice",
                file: "level".to_owned(),
                feature_id: Some(level.id.to_string()),
                text: format!("it lies over level {first} and has the same ordinal {ordinal}"),
                remedy: "number the levels of a building from the ground up, each once".to_owned(),
            });
        }
    }
}

pub(super) fn check(graph: &Graph, findings: &mut Findings, severity: Severity) {
    for (level, outlines) in graph.outlines.iter().enumerate() {
        let rooms = graph.rooms.iter().filter(|room| room.level == level).flat_map(|room| &room.areas);
        let covers = rooms.chain(&graph.obstacles[level]);
        let (open, whole_m2) = open_floor(outlines, covers);
        let open_m2: f64 = open.0.iter().filter_map(Area::new).map(|area| area.square_m()).sum();
        if open_m2 <= UNCOVERED_MAX * whole_m2 {
            continue;
        }
        findings.push(Finding {
            severity,
            rule: "level-uncovered",
            file: "level".to_owned(),
            feature_id: Some(graph.storeys[level].id.to_string()),
            text: format!(
                "no unit covers {:.0} % of the level (about {open_m2:.0} m2 of {whole_m2:.0} m2)",
                open_m2 / whole_m2 * 100.0
            ),
            remedy: "draw units for the open floor, or correct the level's outline".to_owned(),
        });
    }
}
