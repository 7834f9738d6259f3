//! Whether units of a level lie over each other: where two do, nobody knows which one a passenger is in.
//!
//! A unit wholly inside another is a room in a hall and taken as such: the smaller one is meant. Two of one
//! size are one unit drawn twice.

use super::{Finding, Findings, Severity};
use crate::geometry::Area;
use crate::graph::Graph;

/// The share of the smaller unit that two units may have in common: walls are drawn by hand.
const SHARED_MIN: f64 = 0.05;
/// Above this share the smaller unit lies inside the larger.
const INSIDE_MIN: f64 = 0.95;
/// The most pairs of units with touching boxes that are looked at; an airport has some ten thousand.
const PAIRS_MAX: usize = 200_000;

pub(super) fn check(graph: &Graph, findings: &mut Findings) {
    let mut areas: Vec<(usize, &Area)> = Vec::new();
    for (index, room) in graph.rooms.iter().enumerate() {
        areas.extend(room.areas.iter().map(|area| (index, area)));
    }
    // Swept from west to east, so that only neighbours meet.
    areas.sort_by(|a, b| a.1.bounds().0.x.total_cmp(&b.1.bounds().0.x).then(a.0.cmp(&b.0)));
    let mut pairs = 0;
    for (place, (a, area)) in areas.iter().enumerate() {
        let (low, high) = area.bounds();
        for (b, other) in areas[place + 1..].iter().take_while(|(_, other)| other.bounds().0.x < high.x) {
            let (from, to) = other.bounds();
            let apart = from.y >= high.y || to.y <= low.y;
            if apart || a == b || graph.rooms[*a].level != graph.rooms[*b].level {
                continue;
            }
            pairs += 1;
            if pairs > PAIRS_MAX {
                return findings.push(note(
                    Severity::Info,
                    None,
                    format!("more than {PAIRS_MAX} pairs of units touch; the rest was not compared"),
                ));
            }
            let shared = area.shared_part(other);
            let sizes = (area.square_m(), other.square_m());
            if shared >= INSIDE_MIN && sizes.0.min(sizes.1) >= INSIDE_MIN * sizes.0.max(sizes.1) {
                let (first, second) = (&graph.rooms[*a.min(b)].id, &graph.rooms[*a.max(b)].id);
                findings.push(twin(first.to_string(), format!("it is drawn a second time as unit {second}")));
            }
            if (SHARED_MIN..INSIDE_MIN).contains(&shared) {
                let (first, second) = (&graph.rooms[*a.min(b)].id, &graph.rooms[*a.max(b)].id);
                let text = format!("{:.0} % of the smaller lies under unit {second}", shared * 100.0);
                findings.push(note(Severity::Warning, Some(first.to_string()), text));
            }
        }
    }
}

fn twin(feature_id: String, text: String) -> Finding {
    let remedy = "keep one of the two".to_owned();
    let (severity, file) = (Severity::Warning, "unit".to_owned());
    Finding { severity, rule: "unit-twice", file, feature_id: Some(feature_id), text, remedy }
}

fn note(severity: Severity, feature_id: Option<String>, text: String) -> Finding {
    let rule = if feature_id.is_some() { "unit-overlap" } else { "overlap-unchecked" };
    let remedy = "draw the units side by side, or the smaller one wholly inside".to_owned();
    Finding { severity, rule, file: "unit".to_owned(), feature_id, text, remedy }
}
