//! Shortest walks inside one polygon, around its corners: for what the mesh of the floor leaves out, since a
//! body's clearance does not fit there.

use geo::Coord;

use super::{Area, distance_m};

/// The most corners of one polygon that a walk is sought around.
const CORNERS_MAX: usize = 512;

/// The corners of one polygon, and who sees whom among them.
pub(crate) struct Bends<'a> {
    area: &'a Area,
    /// Empty until the first walk that is not straight.
    corners: Vec<Coord<f64>>,
    sight: Vec<bool>,
    looked: bool,
}

struct Tree {
    far_m: Vec<f64>,
    before: Vec<Option<usize>>,
}

impl<'a> Bends<'a> {
    pub(crate) fn of(area: &'a Area) -> Self {
        Self { area, corners: vec![], sight: vec![], looked: false }
    }

    /// Returns the shortest walk between two points, each moved into the polygon first where it lies outside;
    /// `None` when they cannot meet.
    pub(crate) fn line(&mut self, from: Coord<f64>, to: Coord<f64>) -> Option<Vec<Coord<f64>>> {
        let [begin, end] = [from, to].map(|p| self.area.clamp(p));
        let mut line = vec![from];
        if self.area.sees(begin, end) {
            line.extend([begin, end]);
        } else {
            let tree = self.tree(begin);
            line.extend(self.bent(&tree, begin, end)?);
        }
        line.push(to);
        line.dedup_by(|a, b| distance_m(*a, *b) <= super::TOUCH_M);
        Some(line)
    }

    fn look(&mut self) {
        if std::mem::replace(&mut self.looked, true) {
            return;
        }
        self.corners = self.area.corners();
        self.corners.truncate(CORNERS_MAX);
        let count = self.corners.len();
        self.sight = vec![false; count * count];
        for i in 0..count {
            for j in i + 1..count {
                let seen = self.area.sees(self.corners[i], self.corners[j]);
                self.sight[i * count + j] = seen;
                self.sight[j * count + i] = seen;
            }
        }
    }
    /// Dijkstra over the corners from one point; dense, since corners are few.
    fn tree(&mut self, from: Coord<f64>) -> Tree {
        self.look();
        let count = self.corners.len();
        let mut far_m: Vec<f64> = self
            .corners
            .iter()
            .map(|c| if self.area.sees(from, *c) { distance_m(from, *c) } else { f64::INFINITY })
            .collect();
        let mut before = vec![None; count];
        let mut done = vec![false; count];
        for _ in 0..count {
            let next = (0..count)
                .filter(|i| !done[*i] && far_m[*i].is_finite())
                .min_by(|a, b| far_m[*a].total_cmp(&far_m[*b]));
            let Some(at) = next else { break };
            done[at] = true;
            for to in 0..count {
                let reach_m = far_m[at] + distance_m(self.corners[at], self.corners[to]);
                if self.sight[at * count + to] && reach_m < far_m[to] {
                    far_m[to] = reach_m;
                    before[to] = Some(at);
                }
            }
        }
        Tree { far_m, before }
    }

    fn bent(&self, tree: &Tree, from: Coord<f64>, to: Coord<f64>) -> Option<Vec<Coord<f64>>> {
        let (last, _) = (0..self.corners.len())
            .filter(|i| tree.far_m[*i].is_finite() && self.area.sees(self.corners[*i], to))
            .map(|i| (i, tree.far_m[i] + distance_m(self.corners[i], to)))
            .min_by(|a, b| a.1.total_cmp(&b.1))?;
        let mut line = vec![to];
        let mut at = Some(last);
        while let Some(corner) = at {
            line.push(self.corners[corner]);
            at = tree.before[corner];
        }
        line.push(from);
        line.reverse();
        Some(line)
    }
}
