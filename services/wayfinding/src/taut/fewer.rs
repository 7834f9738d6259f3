//! Fewer bends for hardly more way: what people walk, rather than what is shortest.
//!
//! The shortest line goes straight out of a door until it is clear of the wall, and bends at every corner of
//! a pillar. Nobody walks so. Beside its ends, where a line is near walls in any case, it may set out as it
//! goes on; and two bends to the same side become one where the way around them is hardly longer. The line
//! stays in its corridor.

use geo::Coord;

use super::Corridor;
use super::mesh::Mesh;
use crate::geometry::{distance_m, left_of, length_m};

/// Beside its ends a line may come nearer to walls than elsewhere, in metres.
const BESIDE_M: f64 = 0.9;
/// A bend sharper than this is felt, in radians: 15 degrees.
const FELT: f64 = 0.26;
/// Two bends that turn by more than this together stay two, in radians: 160 degrees.
const ROUND: f64 = 2.8;
/// How much longer one bend may be than the two it stands for, in metres.
const LONGER_M: f64 = 1.0;
/// How far a new bend keeps off the corners it leaves out, as a share of its distance from them.
const OFF: f64 = 1e-4;
/// The parts of the second stretch at which a line may come in from its end, the farthest first.
const COMES_IN: [f64; 4] = [1.0, 0.5, 0.25, 0.1];

/// Takes bends out of a line that cost little.
pub(super) fn unbend(mesh: &Mesh, corridor: &Corridor, line: &mut Vec<Coord<f64>>, longest_m: f64) {
    let see = Sight { mesh, corridor };
    for _ in 0..2 {
        see.set_out(line);
        line.reverse();
    }
    see.cut_short(line);
    let mut spare_m = longest_m - length_m(line);
    let mut at = 1;
    while at + 2 < line.len() {
        let four = [line[at - 1], line[at], line[at + 1], line[at + 2]];
        let ends = [at == 1, at + 3 == line.len()];
        match see.one_for_two(four, ends).filter(|(_, more_m)| *more_m <= spare_m) {
            Some((bend, more_m)) => {
                line.splice(at..at + 2, [bend]);
                spare_m -= more_m;
                at = at.saturating_sub(1).max(1);
            }
            None => at += 1,
        }
    }
}

/// Returns by how much a line turns at a point, in radians, to the left above zero.
fn turn(before: Coord<f64>, at: Coord<f64>, after: Coord<f64>) -> f64 {
    let (a, b) = (at - before, after - at);
    (a.x * b.y - a.y * b.x).atan2(a.x * b.x + a.y * b.y)
}

struct Sight<'a> {
    mesh: &'a Mesh,
    corridor: &'a Corridor,
}

impl Sight<'_> {
    /// Lets a line set out as it goes on, instead of going clear of the wall first.
    fn set_out(&self, line: &mut Vec<Coord<f64>>) {
        let [from, bend, next, ..] = line[..] else { return };
        let felt = |at: Coord<f64>| match line.get(3) {
            Some(after) => u8::from(turn(at, next, *after).abs() > FELT),
            None => 0,
        };
        if turn(from, bend, next).abs() <= FELT {
            return;
        }
        for share in COMES_IN {
            let at = bend + (next - bend) * share;
            let bends =
                if share < 1.0 { u8::from(turn(from, at, next).abs() > FELT) + felt(at) } else { felt(from) };
            let ends = [true, share >= 1.0 && line.len() == 3];
            if bends < 1 + felt(bend) && self.sees(from, at, ends) {
                line[1] = at;
                if share >= 1.0 {
                    line.remove(2);
                }
                return;
            }
        }
    }

    /// Leaves bends out where the line may go straight: on the other side of a pillar than the way does.
    fn cut_short(&self, line: &mut Vec<Coord<f64>>) {
        let mut at = 1;
        while at + 1 < line.len() {
            let felt = |at: usize| turn(line[at - 1], line[at], line[at + 1]).abs() > FELT;
            if !felt(at) {
                at += 1;
                continue;
            }
            let two = at + 2 < line.len() && felt(at + 1);
            let skips = [at + 1, at + 2].into_iter().take(1 + usize::from(two));
            let mut skips =
                skips.filter(|to| self.sees(line[at - 1], line[*to], [at == 1, to + 1 == line.len()]));
            match skips.next_back() {
                Some(to) => {
                    line.drain(at..to);
                    at = at.saturating_sub(1).max(1);
                }
                None => at += 1,
            }
        }
    }

    /// Returns the one bend that may stand for two to the same side, and how much longer the line becomes.
    fn one_for_two(&self, [a, b, c, d]: [Coord<f64>; 4], ends: [bool; 2]) -> Option<(Coord<f64>, f64)> {
        let (first, second) = (turn(a, b, c), turn(b, c, d));
        let both = first.abs() > FELT && second.abs() > FELT && (first > 0.0) == (second > 0.0);
        if !both || (first + second).abs() > ROUND {
            return None;
        }
        // Where the line before the first and the line after the second meet.
        let (from_c, from_d) = (left_of(a, b, c), left_of(a, b, d));
        let share = from_c / (from_c - from_d);
        let meet = c + (d - c) * share;
        let bend = meet + (meet - (b + c) / 2.0) * OFF;
        let more_m = distance_m(a, bend) + distance_m(bend, d)
            - (distance_m(a, b) + distance_m(b, c) + distance_m(c, d));
        let sees = more_m <= LONGER_M
            && self.sees(a, bend, [ends[0], false])
            && self.sees(bend, d, [false, ends[1]]);
        sees.then_some((bend, more_m))
    }

    /// Tells whether a line may go straight between two points, either of which may be its end.
    fn sees(&self, from: Coord<f64>, to: Coord<f64>, [first, last]: [bool; 2]) -> bool {
        let whole_m = distance_m(from, to);
        let beside = |end: bool| if end { (BESIDE_M / whole_m).min(1.0) } else { 0.0 };
        let (near, far) = (from + (to - from) * beside(first), to + (from - to) * beside(last));
        if beside(first) + beside(last) >= 1.0 {
            let middle = (from + to) / 2.0;
            return self.mesh.sees(self.corridor, middle, middle) && self.mesh.clear(from, to);
        }
        self.mesh.sees(self.corridor, near, far)
            && (!first || self.mesh.clear(from, near))
            && (!last || self.mesh.clear(far, to))
    }
}
