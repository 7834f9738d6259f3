//! The lines of a route, one for each level walked, and where each step is on them.

use geo::Coord;

use super::legs::{Doing, Leg};
use super::{LevelLine, LinePoint, Span};
use crate::geometry::distance_m;
use crate::snapshot::Snapshot;

/// The lines of a route while they grow.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<(usize, Vec<Coord<f64>>)>,
    /// Where the last leg ended: on the next line already, after a ride that nothing is drawn of.
    at: Option<LinePoint>,
}

impl Lines {
    /// Adds what is drawn of a leg and returns where it is.
    pub(super) fn add(&mut self, leg: &Leg) -> Option<Span> {
        let mut first = None;
        for (level, line) in &leg.parts {
            let mut line = line.clone();
            crate::taut::straighten(&mut line);
            if self.lines.last().is_none_or(|(last, _)| last != level) {
                self.lines.push((*level, vec![]));
            }
            let number = self.lines.len() - 1;
            let Some((_, points)) = self.lines.last_mut() else { continue };
            for at in line {
                if points.last().is_none_or(|last| distance_m(*last, at) >= 1e-3) {
                    points.push(at);
                }
                first = first.or(Some(LinePoint { line: number, point: points.len() - 1 }));
            }
        }
        let is_ride = matches!(leg.doing, Doing::Ride(..));
        let first = if is_ride { self.at.or(first) } else { first.or(self.at) };
        let ends_drawn = leg.parts.last().is_some_and(|(level, _)| *level == leg.levels[1]);
        let last = match self.end() {
            Some(end) if is_ride && !ends_drawn && leg.levels[0] != leg.levels[1] => {
                Some(LinePoint { line: end.line + 1, point: 0 })
            }
            _ if is_ride && !ends_drawn => first,
            end => end,
        };
        self.at = last;
        Some(Span { first: first.unwrap_or(LinePoint { line: 0, point: 0 }), last: last? })
    }

    /// Returns the last point so far.
    pub(super) fn end(&self) -> Option<LinePoint> {
        let (_, points) = self.lines.last()?;
        Some(LinePoint { line: self.lines.len() - 1, point: points.len().checked_sub(1)? })
    }

    /// Returns the lines that have two points, and how the others' points are told by them.
    pub(super) fn finish(self, snapshot: &Snapshot) -> (Vec<LevelLine>, Kept) {
        let graph = snapshot.graph();
        let mut kept = Kept(Vec::with_capacity(self.lines.len()), vec![]);
        let mut lines = Vec::new();
        for (level, points) in self.lines {
            let storey = &graph.storeys()[level];
            kept.0.push((lines.len(), points.len() >= 2));
            if points.len() >= 2 {
                kept.1.push(points.len());
                let coordinates = points.iter().map(|at| graph.frame().to_world(*at)).collect();
                lines.push(LevelLine { ordinal: storey.ordinal, level_id: storey.id.clone(), coordinates });
            }
        }
        (lines, kept)
    }
}

/// Which lines were kept: for each its new index, and whether it is there; and how many points each has.
pub(super) struct Kept(Vec<(usize, bool)>, Vec<usize>);

impl Kept {
    /// Returns where a step is on the lines that were kept.
    pub(super) fn span(&self, span: Span) -> Option<Span> {
        Some(Span { first: self.point(span.first)?, last: self.point(span.last)? })
    }

    /// Returns a point by the kept lines; a point of a line that is none is where the next line begins, or
    /// where the last one ends.
    fn point(&self, at: LinePoint) -> Option<LinePoint> {
        let (line, is_kept) = self.0.get(at.line).copied().unwrap_or((self.1.len(), false));
        match self.1.get(line) {
            Some(points) => {
                Some(LinePoint { line, point: if is_kept { at.point.min(points - 1) } else { 0 } })
            }
            None => Some(LinePoint { line: self.1.len().checked_sub(1)?, point: self.1.last()? - 1 }),
        }
    }
}
