//! Shortest walks inside one polygon: straight where it can be, else bent at the corners that are in the way.

use geo::Coord;

use super::{Area, TOUCH_M, distance_m};

/// The most corners of one polygon that paths are sought around; above it the map is refused.
pub(crate) const CORNERS_MAX: usize = 512;
/// The most doors and places of one polygon that are joined pairwise; above it the map is refused.
pub(crate) const PORTALS_MAX: usize = 256;

/// A walk between two points of one polygon; `via` leaves out both ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Way {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) length_m: f64,
    pub(crate) via: Vec<Coord<f64>>,
}

/// Returns the shortest walk between every two of the points, each pair once, for pairs that can meet.
pub(crate) fn ways(area: &Area, points: &[Coord<f64>]) -> Vec<Way> {
    let inside: Vec<_> = points.iter().map(|p| area.clamp(*p)).collect();
    let mut bends = Bends { area, corners: area.corners(), sight: Vec::new() };
    bends.corners.truncate(CORNERS_MAX);
    let mut found = Vec::new();
    for from in 0..points.len() {
        let mut tree = None;
        for to in from + 1..points.len() {
            let mut line = if area.sees(inside[from], inside[to]) {
                vec![inside[from], inside[to]]
            } else {
                let tree = tree.get_or_insert_with(|| bends.tree(inside[from]));
                let Some(line) = bends.bent(tree, inside[from], inside[to]) else { continue };
                line
            };
            line.insert(0, points[from]);
            line.push(points[to]);
            line.dedup_by(|a, b| distance_m(*a, *b) <= TOUCH_M);
            let ends = [points[from], points[to]];
            let via: Vec<_> =
                line.into_iter().filter(|p| ends.iter().all(|end| distance_m(*p, *end) > TOUCH_M)).collect();
            let whole: Vec<_> =
                std::iter::once(ends[0]).chain(via.iter().copied()).chain(std::iter::once(ends[1])).collect();
            found.push(Way { from, to, length_m: super::length_m(&whole), via });
        }
    }
    found
}

struct Bends<'a> {
    area: &'a Area,
    corners: Vec<Coord<f64>>,
    /// Who sees whom among the corners, filled on first use.
    sight: Vec<bool>,
}

struct Tree {
    far_m: Vec<f64>,
    before: Vec<Option<usize>>,
}

impl Bends<'_> {
    fn look(&mut self) {
        let count = self.corners.len();
        if !self.sight.is_empty() || count == 0 {
            return;
        }
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
