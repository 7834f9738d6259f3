//! Runs along a network's ways: one floor from ride to ride, whatever rooms it crosses.
//!
//! The way passes certain parts of the floor, one after the other, and so does the pulled line. What is closed
//! may lie in such a part: a line that would pass it stays as the network draws it.

use geo::Coord;

use super::pieces::{Piece, clip};
use super::pulled::{drawn, flat, walked_as};
use crate::geometry::{Area, apart, around, distance_m, left_of, length_m, nearest_on};
use crate::graph::Graph;
use crate::overlay::Overlay;
use crate::snapshot::Snapshot;
use crate::snapshot::snap::points;
use crate::taut::{Scratch, Stretch};

/// Near its own nodes a way meets ways that are closed, and may pass their ends, in metres.
const BESIDE_M: f64 = 1.0;
/// A line that comes nearer than this to a closed way meets it, in metres.
const NEAR_M: f64 = 0.05;

/// A network at a moment.
pub(super) struct Network<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) overlay: &'a Overlay,
}

/// Returns how many pieces from the first on are walked along a network on one level.
pub(super) fn along(graph: &Graph, pieces: &[Piece]) -> usize {
    let level = pieces[0].levels[0];
    let walked = |piece: &&Piece| flat(piece, level) && graph.floor.has(level, stretch(piece));
    pieces.iter().take_while(walked).count()
}

/// Returns what a piece is walked along.
fn stretch(piece: &Piece) -> Stretch {
    match piece.way {
        Some(way) => Stretch::Way(way),
        None => Stretch::Straight([piece.points[0], piece.points[piece.points.len() - 1]]),
    }
}

/// Returns the one piece that pieces along a network become.
pub(super) fn pull_along(network: &Network<'_>, scratch: &mut Scratch, pieces: &[Piece]) -> Option<Piece> {
    let graph = network.snapshot.graph();
    let own = drawn(pieces);
    let level = pieces[0].levels[0];
    let line = graph.floor.line_along(scratch, level, pieces.iter().map(stretch), &own)?;
    let walked_m: f64 = pieces.iter().map(|piece| piece.length_m).sum();
    let millis: f64 = pieces.iter().map(|piece| f64::from(piece.millis.saturating_sub(piece.delay_ms))).sum();
    if walked_m <= 0.0 || network.closes(&line, level, &own) {
        return None;
    }
    // What is walked to a ride is no part of it.
    Some(Piece { shaft: None, ..walked_as(pieces, line, millis / walked_m) })
}

impl Network<'_> {
    /// Tells whether a line enters a room that is closed, or meets a way that is, other than where the drawn way
    /// meets it.
    fn closes(&self, line: &[Coord<f64>], level: usize, own: &[Coord<f64>]) -> bool {
        let graph = self.snapshot.graph();
        let rooms = self.overlay.closed().iter().filter_map(|id| graph.room(id));
        let own_box = around(line);
        let shut = rooms.filter(|room| room.level == level).flat_map(|room| &room.areas);
        let mut shut = shut.filter(|area| !apart(area.bounds(), own_box, 0.0));
        let enters = |area: &Area| {
            let crosses =
                |pair: &[Coord<f64>]| area.walls().iter().any(|wall| cross([pair[0], pair[1]], *wall));
            line.windows(2).any(|pair| area.holds(pair[0]) || crosses(pair))
        };
        shut.any(enters) || self.meets(line, level, own)
    }

    fn meets(&self, line: &[Coord<f64>], level: usize, own: &[Coord<f64>]) -> bool {
        let own_box = around(line);
        self.overlay.blocked().any(|edge| {
            let ends = [self.snapshot.tail[edge as usize], self.snapshot.head[edge as usize]];
            if ends.iter().any(|end| self.snapshot.node(*end).level != level) {
                return false;
            }
            let closed = points(self.snapshot.graph(), ends[0], self.snapshot.edge(edge), ends[1]);
            if apart(around(&closed), own_box, NEAR_M) {
                return false;
            }
            let whole_m = length_m(&closed).max(f64::MIN_POSITIVE);
            let met = |at: Coord<f64>| own.iter().any(|own| distance_m(*own, at) < NEAR_M);
            let [begin, end] = [closed[0], closed[closed.len() - 1]]
                .map(|at| if met(at) { (BESIDE_M / whole_m).min(1.0) } else { 0.0 });
            if begin + end >= 1.0 {
                return false;
            }
            let closed = clip(&closed, begin, 1.0 - end);
            line.windows(2)
                .any(|pair| closed.windows(2).any(|other| meet([pair[0], pair[1]], [other[0], other[1]])))
        })
    }
}

/// Tells whether two straight lines cross.
fn cross([a, b]: [Coord<f64>; 2], [c, d]: [Coord<f64>; 2]) -> bool {
    let left = |a, b, p| left_of(a, b, p) > 0.0;
    left(a, b, c) != left(a, b, d) && left(c, d, a) != left(c, d, b)
}

/// Tells whether two straight lines cross or nearly touch.
fn meet(one: [Coord<f64>; 2], other: [Coord<f64>; 2]) -> bool {
    let near = |p: Coord<f64>, [a, b]: [Coord<f64>; 2]| distance_m(p, nearest_on(p, a, b).0) < NEAR_M;
    let touches = one.iter().any(|p| near(*p, other)) || other.iter().any(|p| near(*p, one));
    touches || cross(one, other)
}
