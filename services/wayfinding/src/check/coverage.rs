//! Whether the floor of a level is drawn: what no unit covers is walked by nobody, or by guesses.

use super::{Finding, Findings, Severity};
use crate::geometry::{Area, open_floor};
use crate::graph::{Graph, UNCOVERED_MAX};

pub(super) fn check(graph: &Graph, findings: &mut Findings, severity: Severity) {
    for (level, outlines) in graph.outlines.iter().enumerate() {
        let rooms = graph.rooms.iter().filter(|room| room.level == level).flat_map(|room| &room.areas);
        let covers = rooms.chain(&graph.obstacles[level]);
        let (open, whole_m2) = open_floor(outlines, covers);
        let open_m2: f64 = open.0.into_iter().filter_map(Area::new).map(|area| area.square_m()).sum();
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
