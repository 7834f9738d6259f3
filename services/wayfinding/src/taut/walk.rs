//! Straight lines over triangles: from cell to cell until the end, a wall, or a part that is not allowed.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

use geo::Coord;

use super::Corridor;
use super::mesh::{Mesh, NONE};
use crate::geometry::{TOUCH_M, distance_m, left_of};

/// The most cells that one straight line passes; far more than the largest hall needs.
const CELLS_MAX: usize = 20_000;
/// Below this, in metres, a point is on a side or a corner.
const ON_M: f64 = 1e-6;
/// The most cells that are looked at to join two that a line passes through a corner.
const JOINED_MAX: usize = 1_000;

impl Mesh {
    /// Tells whether the straight line between two points stays in a corridor; a wall may be touched. A line
    /// that runs through a corner of the floor may be denied.
    pub(super) fn sees(&self, corridor: &Corridor, from: Coord<f64>, to: Coord<f64>) -> bool {
        // From the middle, since the ends may be corners, where many cells meet.
        let middle = (from + to) / 2.0;
        self.cell_at(|part| corridor.allows(part), middle).is_some_and(|middle_cell| {
            let walk =
                |end| self.walk(middle_cell, middle, end, |cell, edge| corridor.beyond(self, cell, edge));
            walk(from) && walk(to)
        })
    }

    /// Walks straight from a point of a cell to another point, as far as `beyond` leads into next cells, each
    /// with the edge by which it is entered. Tells whether it arrives.
    pub(super) fn walk(
        &self,
        mut cell: u32,
        from: Coord<f64>,
        to: Coord<f64>,
        mut beyond: impl FnMut(u32, u8) -> Option<(u32, u8)>,
    ) -> bool {
        let slack = ON_M * distance_m(from, to);
        let mut entry = None;
        for _ in 0..CELLS_MAX {
            let corners = self.cells[cell as usize].corners.map(|corner| self.points[corner as usize]);
            if reaches(corners, to) {
                return true;
            }
            let off = corners.map(|corner| left_of(from, to, corner));
            let leaves = |edge: &u8| {
                let (a, b) = (usize::from(*edge), (usize::from(*edge) + 1) % 3);
                Some(*edge) != entry
                    && off[a] <= slack
                    && off[b] >= -slack
                    && off[a] < off[b]
                    && left_of(corners[a], corners[b], to) < 0.0
            };
            let Some((next, by)) = (0_u8..3).filter(leaves).find_map(|edge| beyond(cell, edge)) else {
                return false;
            };
            (cell, entry) = (next, Some(by));
        }
        false
    }

    /// Returns the cells that a line passes, each next to the one before; none where it leaves the floor.
    pub(super) fn passed(&self, line: &[Coord<f64>]) -> Vec<u32> {
        let Some(first) = line.first().and_then(|at| self.enter(|_| true, *at, ON_M)) else { return vec![] };
        let mut cells = vec![first.cell];
        for pair in line.windows(2) {
            let Some(&cell) = cells.last() else { return vec![] };
            let Some(last) = self.enter(|_| true, pair[1], ON_M) else { return vec![] };
            let mark = cells.len();
            let arrives = self.walk(cell, pair[0], pair[1], |cell, edge| {
                let next = self.behind(cell, edge)?;
                cells.push(next.0);
                Some(next)
            });
            if !arrives {
                cells.truncate(mark);
            }
            let Some(&cell) = cells.last() else { return vec![] };
            if !self.join(cell, last.cell, &mut cells) {
                return vec![];
            }
        }
        cells
    }

    /// Adds the cells from one to another by the fewest steps.
    fn join(&self, from: u32, to: u32, cells: &mut Vec<u32>) -> bool {
        let mut before = BTreeMap::from([(to, to)]);
        let mut queue = VecDeque::from([to]);
        while let Some(cell) = queue.pop_front().filter(|_| before.len() < JOINED_MAX) {
            if cell == from {
                let mut at = from;
                while at != to {
                    at = before[&at];
                    cells.push(at);
                }
                return true;
            }
            for next in self.cells[cell as usize].next.into_iter().filter(|next| *next != NONE) {
                if let Entry::Vacant(entry) = before.entry(next) {
                    entry.insert(cell);
                    queue.push_back(next);
                }
            }
        }
        false
    }

    /// Tells whether a point lies in a cell.
    pub(super) fn holds(&self, cell: u32, at: Coord<f64>) -> bool {
        reaches(self.cells[cell as usize].corners.map(|corner| self.points[corner as usize]), at)
    }

    /// Tells whether the straight line between two points crosses no wall as drawn; a wall may be touched.
    pub(super) fn clear(&self, from: Coord<f64>, to: Coord<f64>) -> bool {
        let low = [from.x.min(to.x), from.y.min(to.y)];
        let high = [from.x.max(to.x), from.y.max(to.y)];
        let whole_m = distance_m(from, to);
        let crosses = |wall: &rstar::primitives::Line<[f64; 2]>| {
            let [a, b] = [wall.from, wall.to].map(|[x, y]| Coord { x, y });
            let wall_m = distance_m(a, b);
            let apart = |p: f64, q: f64, slack: f64| (p > slack && q < -slack) || (p < -slack && q > slack);
            apart(left_of(from, to, a), left_of(from, to, b), TOUCH_M * whole_m)
                && apart(left_of(a, b, from), left_of(a, b, to), TOUCH_M * wall_m)
        };
        !self.walls.locate_in_envelope_intersecting(rstar::AABB::from_corners(low, high)).any(crosses)
    }

    /// Returns the cell behind an edge, and the edge by which it is entered; a door is not passed.
    pub(super) fn behind(&self, cell: u32, edge: u8) -> Option<(u32, u8)> {
        let next = self.cells[cell as usize].next[edge as usize];
        let back = self.cells.get(next as usize).filter(|_| next != NONE)?.next;
        (0_u8..3).find(|entry| back[*entry as usize] == cell).map(|entry| (next, entry))
    }
}

fn reaches(corners: [Coord<f64>; 3], to: Coord<f64>) -> bool {
    let inside = |side: usize| {
        let (a, b) = (corners[side], corners[(side + 1) % 3]);
        left_of(a, b, to) >= -ON_M * distance_m(a, b)
    };
    (0..3).all(inside) || corners.iter().any(|corner| distance_m(*corner, to) < ON_M)
}

impl Corridor {
    /// Tells whether a line may be in a part of the floor.
    pub(super) fn allows(&self, part: u32) -> bool {
        self.parts.binary_search(&part).is_ok()
    }

    /// Returns the cell behind an edge and the edge by which it is entered, where a line may go on there.
    pub(super) fn beyond(&self, mesh: &Mesh, cell: u32, edge: u8) -> Option<(u32, u8)> {
        let from = mesh.cells[cell as usize];
        if from.gated[edge as usize] {
            let open = mesh.gates(cell, edge).iter().find(|gate| {
                self.doors.contains(&gate.door) && self.allows(mesh.cells[gate.to.0 as usize].part)
            });
            if let Some(gate) = open {
                return Some(gate.to);
            }
        }
        mesh.behind(cell, edge).filter(|(next, _)| self.allows(mesh.cells[*next as usize].part))
    }
}
