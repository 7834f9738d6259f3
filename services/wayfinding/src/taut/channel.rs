//! A line pulled taut within the triangles that a way passes (the funnel of Lee and Preparata).
//!
//! What a way passes twice it need not pass at all: such loops are left out. What remains is a strip of
//! triangles, and the shortest line in it is found in one pass. It leaves pillars on the side on which the
//! way does, so it never gets to where the way does not lead.

use geo::Coord;

use super::mesh::Mesh;
use crate::geometry::left_of;

/// How many cells a channel may be longer than its line at either end: a position lies on a part of a way.
const NEAR: usize = 500;

/// The triangles of one way, with buffers that are used again.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    cells: Vec<u32>,
    /// Where among the cells each cell of the mesh stands, and in which round that was written.
    place: Vec<(u32, u32)>,
    round: u32,
    /// The right and the left end of each edge that is passed.
    gates: Vec<[Coord<f64>; 2]>,
}

impl Channel {
    /// Begins anew.
    pub(super) fn clear(&mut self, mesh: &Mesh) {
        self.cells.clear();
        if self.place.len() < mesh.cells.len() {
            self.place.resize(mesh.cells.len(), (0, 0));
        }
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.place.fill((0, 0));
            self.round = 1;
        }
    }

    /// Adds the next cell; where it is there already, what lies between is left out.
    pub(super) fn push(&mut self, cell: u32) {
        let (place, round) = self.place[cell as usize];
        if round == self.round && self.cells.get(place as usize) == Some(&cell) {
            self.cells.truncate(place as usize + 1);
            return;
        }
        self.place[cell as usize] = (u32::try_from(self.cells.len()).unwrap_or(u32::MAX), self.round);
        self.cells.push(cell);
    }

    /// Leaves out what comes before the last cell that is a start, and after the first then that is an end.
    pub(super) fn between(&mut self, is_start: impl Fn(u32) -> bool, is_end: impl Fn(u32) -> bool) {
        if self.cells.first().is_some_and(|cell| !is_start(*cell)) {
            let head = &self.cells[..self.cells.len().min(NEAR)];
            let begin = head.iter().rposition(|cell| is_start(*cell)).unwrap_or(0);
            self.cells.drain(..begin);
        }
        if self.cells.last().is_some_and(|cell| !is_end(*cell)) {
            let tail = self.cells.len().saturating_sub(NEAR);
            if let Some(end) = self.cells[tail..].iter().position(|cell| is_end(*cell)) {
                self.cells.truncate(tail + end + 1);
            }
        }
    }

    /// Returns the shortest line through the cells, or `None` where they are not next to each other.
    pub(super) fn line(&mut self, mesh: &Mesh, from: Coord<f64>, to: Coord<f64>) -> Option<Vec<Coord<f64>>> {
        self.gates.clear();
        for pair in self.cells.windows(2) {
            let next = mesh.cells[pair[0] as usize].next;
            let edge = (0_u8..3).find(|edge| next[*edge as usize] == pair[1])?;
            self.gates.push(mesh.ends((pair[0], edge)).map(|point| mesh.points[point as usize]));
        }
        self.gates.push([to; 2]);
        let mut line = vec![from];
        let (mut apex, mut right, mut left) = (from, (from, 0), (from, 0));
        let mut at = 0;
        while let Some([next_right, next_left]) = self.gates.get(at).copied() {
            if left_of(apex, right.0, next_right) >= 0.0 {
                if apex != right.0 && left_of(apex, left.0, next_right) > 0.0 {
                    // The right side has crossed the left: the line bends there.
                    line.push(left.0);
                    (apex, at) = (left.0, left.1 + 1);
                    (right, left) = ((apex, left.1), (apex, left.1));
                    continue;
                }
                right = (next_right, at);
            }
            if left_of(apex, left.0, next_left) <= 0.0 {
                if apex != left.0 && left_of(apex, right.0, next_left) < 0.0 {
                    line.push(right.0);
                    (apex, at) = (right.0, right.1 + 1);
                    (left, right) = ((apex, right.1), (apex, right.1));
                    continue;
                }
                left = (next_left, at);
            }
            at += 1;
        }
        line.push(to);
        line.dedup();
        Some(line)
    }
}
