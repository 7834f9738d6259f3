//! Whether the floor of a level is drawn: what no unit covers is walked by nobody, or by guesses.

use geo::Coord;

use super::{Finding, Findings, Severity};
use crate::geometry::Area;
use crate::graph::Graph;

/// The share of an outline that units may leave uncovered.
const UNCOVERED_MAX: f64 = 0.05;
/// How many sample points lie along the longer side of an outline.
const SAMPLES: u32 = 64;

pub(super) fn check(graph: &Graph, findings: &mut Findings) {
    for (level, outlines) in graph.outlines.iter().enumerate() {
        let rooms = graph.rooms.iter().filter(|room| room.level == level).flat_map(|room| &room.areas);
        let covers: Vec<_> = rooms.chain(&graph.obstacles[level]).collect();
        let (mut open_m2, mut whole_m2) = (0.0, 0.0);
        for outline in outlines {
            open_m2 += outline.square_m() * uncovered(outline, &covers);
            whole_m2 += outline.square_m();
        }
        if whole_m2 <= 0.0 || open_m2 / whole_m2 <= UNCOVERED_MAX {
            continue;
        }
        let storey = &graph.storeys[level];
        findings.push(Finding {
            severity: Severity::Warning,
            rule: "level-uncovered",
            file: "level".to_owned(),
            feature_id: Some(storey.id.to_string()),
            text: format!(
                "no unit covers {:.0} % of the level (about {open_m2:.0} m2 of {whole_m2:.0} m2)",
                open_m2 / whole_m2 * 100.0
            ),
            remedy: "draw units for the open floor, or correct the level's outline".to_owned(),
        });
    }
}

/// Returns which share of an outline none of the areas covers, 0 to 1, on a grid of sample points.
fn uncovered(outline: &Area, covers: &[&Area]) -> f64 {
    let (low, high) = outline.bounds();
    let step_m = ((high.x - low.x).max(high.y - low.y) / f64::from(SAMPLES)).max(0.1);
    let near: Vec<_> = covers
        .iter()
        .filter(|area| {
            let (from, to) = area.bounds();
            from.x <= high.x && to.x >= low.x && from.y <= high.y && to.y >= low.y
        })
        .collect();
    let (mut inside, mut open) = (0_u32, 0_u32);
    for i in 0..=SAMPLES {
        for j in 0..=SAMPLES {
            let at =
                Coord { x: low.x + (f64::from(i) + 0.5) * step_m, y: low.y + (f64::from(j) + 0.5) * step_m };
            if outline.holds(at) {
                inside += 1;
                open += u32::from(!near.iter().any(|area| area.holds(at)));
            }
        }
    }
    if inside == 0 { 0.0 } else { f64::from(open) / f64::from(inside) }
}
