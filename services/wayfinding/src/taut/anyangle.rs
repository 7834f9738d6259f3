//! The shortest line over triangles at any angle (Polyanya: Cui, Harabor, Grastien, IJCAI 2017).
//!
//! A search node is a point where the line last bent (its root) and the part of a triangle's edge that is
//! seen from there. What the root sees of the next edges is pushed on with the same root; what lies around a
//! corner is pushed on with the corner as the root. Nodes leave the heap in order of the shortest line that
//! can pass them, so the first that reaches the goal is the shortest of all.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use geo::Coord;

use super::Corridor;
use super::channel::Channel;
use super::mesh::{Entered, Mesh, NONE};
use crate::geometry::{distance_m, left_of};

/// The most nodes that one search takes from its heap; far more than the largest hall needs.
const STEPS_MAX: usize = 50_000;
/// Below this, in metres, two points are one.
const NEAR_M: f64 = 1e-7;

/// How far a start is moved into its cell, in metres.
const HAIR_M: f64 = 1e-5;

/// A bend of the line, and the bend before it.
#[derive(Clone, Copy, Debug)]
struct Bend {
    at: Coord<f64>,
    before: u32,
    /// The length of the line up to here, in metres.
    far_m: f64,
}

/// The seen part of an edge, as one looks through it, and the cell behind it.
#[derive(Clone, Copy, Debug)]
struct Node {
    bend: u32,
    left: Coord<f64>,
    right: Coord<f64>,
    cell: u32,
    /// The edge of that cell by which it is entered; `DONE` at the goal.
    edge: u8,
}

const DONE: u8 = u8::MAX;

/// The buffers of one search at a time.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    bends: Vec<Bend>,
    nodes: Vec<Node>,
    heap: BinaryHeap<Reverse<(u64, u32)>>,
    /// The shortest line known to each corner that was bent around.
    reached: HashMap<u32, f64>,
    line: Vec<Coord<f64>>,
    pub(super) channel: Channel,
    pub(super) parts: Vec<u32>,
}

/// Returns where the ray from `root` through `through` meets the line from `a` to `b`, kept between them.
fn meet(root: Coord<f64>, through: Coord<f64>, a: Coord<f64>, b: Coord<f64>) -> Coord<f64> {
    let (at_a, at_b) = (left_of(root, through, a), left_of(root, through, b));
    let whole = at_a - at_b;
    let share = if whole.abs() < f64::MIN_POSITIVE { 0.0 } else { (at_a / whole).clamp(0.0, 1.0) };
    a + (b - a) * share
}

/// Returns the length of the shortest line from a root through a part of an edge to the goal.
fn ahead_m(root: Coord<f64>, left: Coord<f64>, right: Coord<f64>, goal: Coord<f64>) -> f64 {
    let (side_root, side_goal) = (left_of(left, right, root), left_of(left, right, goal));
    let mut goal = goal;
    if (side_root > 0.0) == (side_goal > 0.0) {
        // Behind the edge as far as it lies before it.
        let along = right - left;
        let square = along.x * along.x + along.y * along.y;
        if square > 0.0 {
            goal = goal + Coord { x: along.y, y: -along.x } * (2.0 * side_goal / square);
        }
    }
    if left_of(root, left, goal) > 0.0 {
        distance_m(root, left) + distance_m(left, goal)
    } else if left_of(root, right, goal) < 0.0 {
        distance_m(root, right) + distance_m(right, goal)
    } else {
        distance_m(root, goal)
    }
}

struct Search<'a> {
    mesh: &'a Mesh,
    corridor: &'a Corridor,
    goal: Entered,
    own: &'a mut Scratch,
}

impl Scratch {
    /// Returns the bends of the shortest line between two points of a mesh, both ends left out.
    pub(super) fn search(
        &mut self,
        mesh: &Mesh,
        corridor: &Corridor,
        start: Entered,
        goal: Entered,
    ) -> Option<&[Coord<f64>]> {
        self.bends.clear();
        self.nodes.clear();
        self.heap.clear();
        self.reached.clear();
        self.line.clear();
        if start.cell == goal.cell {
            return Some(&[]);
        }
        let island = |at: Entered| mesh.cells[at.cell as usize].island;
        if corridor.doors.is_empty() && island(start) != island(goal) {
            return None;
        }
        // A hair inside its cell: from a corner itself a look around would have no end.
        let corners = mesh.cells[start.cell as usize].corners.map(|corner| mesh.points[corner as usize]);
        let middle = (corners[0] + corners[1] + corners[2]) / 3.0;
        let hair = (HAIR_M / distance_m(middle, start.at).max(HAIR_M)).min(1.0);
        let at = start.at + (middle - start.at) * hair;
        self.bends.push(Bend { at, before: NONE, far_m: 0.0 });
        let mut search = Search { mesh, corridor, goal, own: self };
        for edge in 0..3 {
            let [right, left] = mesh.ends((start.cell, edge)).map(|point| mesh.points[point as usize]);
            search.push(0, left, right, start.cell, edge);
        }
        let mut bend = search.run()?;
        while bend != 0 && bend != NONE {
            let Bend { at, before, .. } = self.bends[bend as usize];
            self.line.push(at);
            bend = before;
        }
        self.line.reverse();
        Some(&self.line)
    }
}

impl Search<'_> {
    /// Runs until the goal leaves the heap; returns the last bend before it.
    fn run(&mut self) -> Option<u32> {
        for _ in 0..STEPS_MAX {
            let Reverse((_, index)) = self.own.heap.pop()?;
            let node = self.own.nodes[index as usize];
            if node.edge == DONE {
                return Some(node.bend);
            }
            if node.cell == self.goal.cell {
                self.arrive(node);
            } else {
                self.expand(node);
            }
        }
        None
    }

    /// Pushes what is seen through an edge on into the cells behind it that the corridor allows.
    fn push(&mut self, bend: u32, left: Coord<f64>, right: Coord<f64>, cell: u32, edge: u8) {
        if distance_m(left, right) < NEAR_M {
            return;
        }
        if let Some((next, entry)) = self.corridor.beyond(self.mesh, cell, edge) {
            self.enter(bend, left, right, next, entry);
        }
    }

    fn enter(&mut self, bend: u32, left: Coord<f64>, right: Coord<f64>, cell: u32, edge: u8) {
        let behind = self.mesh.cells[cell as usize];
        let leads_on = (0..3).any(|on| on != edge as usize && (behind.next[on] != NONE || behind.gated[on]));
        if !leads_on && cell != self.goal.cell {
            return;
        }
        let Bend { at, far_m, .. } = self.own.bends[bend as usize];
        let whole_m = far_m + ahead_m(at, left, right, self.goal.at);
        self.own.queue(whole_m, Node { bend, left, right, cell, edge });
    }

    /// Bends around a corner, when the line may and no shorter one has come there.
    fn bend(&mut self, before: u32, corner: u32, at: Coord<f64>) -> Option<u32> {
        if distance_m(self.mesh.points[corner as usize], at) > NEAR_M || !self.mesh.bends[corner as usize] {
            return None;
        }
        let far_m = self.own.bends[before as usize].far_m
            + distance_m(self.own.bends[before as usize].at, self.mesh.points[corner as usize]);
        let best_m = self.own.reached.entry(corner).or_insert(f64::INFINITY);
        if far_m > *best_m + NEAR_M {
            return None;
        }
        *best_m = best_m.min(far_m);
        let index = u32::try_from(self.own.bends.len()).ok()?;
        self.own.bends.push(Bend { at: self.mesh.points[corner as usize], before, far_m });
        Some(index)
    }

    /// Goes through a cell: what the root sees of its two other edges, and what lies around its corners.
    fn expand(&mut self, node: Node) {
        let Node { bend, left, right, cell, edge } = node;
        let corners = self.mesh.cells[cell as usize].corners;
        let [a, b, c] = [edge, (edge + 1) % 3, (edge + 2) % 3].map(|corner| corners[corner as usize]);
        let [a_at, b_at, c_at] = [a, b, c].map(|corner| self.mesh.points[corner as usize]);
        let (right_edge, left_edge) = ((edge + 1) % 3, (edge + 2) % 3);
        let root = self.own.bends[bend as usize].at;
        let (at_left, at_right) = (distance_m(root, left) < NEAR_M, distance_m(root, right) < NEAR_M);
        // Where the root lies on the edge itself, it sees all of the cell on that side.
        let beyond_left = !at_left && left_of(root, left, c_at) > 0.0;
        let beyond_right = !at_right && left_of(root, right, c_at) < 0.0;
        let far_left = match (at_left, beyond_left) {
            (true, _) => a_at,
            (_, true) => meet(root, left, c_at, b_at),
            _ => meet(root, left, c_at, a_at),
        };
        let far_right = match (at_right, beyond_right) {
            (true, _) => b_at,
            (_, true) => meet(root, right, c_at, a_at),
            _ => meet(root, right, c_at, b_at),
        };
        match (beyond_left, beyond_right) {
            (true, _) => self.push(bend, far_left, far_right, cell, right_edge),
            (_, true) => self.push(bend, far_left, far_right, cell, left_edge),
            _ => {
                // Around its own bend a line turns by less than half a circle, to the side it bent to.
                let from = self.own.bends.get(self.own.bends[bend as usize].before as usize).map(|b| b.at);
                let turned = from.map_or(0.0, |from| left_of(from, root, c_at));
                if !at_left || turned > 0.0 {
                    self.push(bend, far_left, c_at, cell, left_edge);
                }
                if !at_right || turned < 0.0 {
                    self.push(bend, c_at, far_right, cell, right_edge);
                }
            }
        }
        // Around a corner lies only what the ray past it leaves aside.
        if beyond_left && let Some(turned) = self.bend(bend, a, left) {
            self.push(turned, a_at, c_at, cell, left_edge);
            self.push(turned, c_at, far_left, cell, right_edge);
        } else if !at_left
            && !beyond_left
            && distance_m(far_left, a_at) > NEAR_M
            && let Some(turned) = self.bend(bend, a, left)
        {
            self.push(turned, a_at, far_left, cell, left_edge);
        }
        if beyond_right && let Some(turned) = self.bend(bend, b, right) {
            self.push(turned, c_at, b_at, cell, right_edge);
            self.push(turned, far_right, c_at, cell, left_edge);
        } else if !at_right
            && !beyond_right
            && distance_m(far_right, b_at) > NEAR_M
            && let Some(turned) = self.bend(bend, b, right)
        {
            self.push(turned, far_right, b_at, cell, right_edge);
        }
    }

    /// Ends a line in the goal's cell: straight from the root, or around an end of the seen part.
    fn arrive(&mut self, node: Node) {
        let Bend { at: root, far_m, .. } = self.own.bends[node.bend as usize];
        let goal = self.goal.at;
        let around = |end: Coord<f64>| distance_m(root, end) >= NEAR_M;
        let end = if around(node.left) && left_of(root, node.left, goal) > 0.0 {
            Some(node.left)
        } else if around(node.right) && left_of(root, node.right, goal) < 0.0 {
            Some(node.right)
        } else {
            None
        };
        let (mut bend, mut whole_m) = (node.bend, far_m + distance_m(root, goal));
        if let Some(at) = end {
            whole_m = far_m + distance_m(root, at) + distance_m(at, goal);
            let Ok(index) = u32::try_from(self.own.bends.len()) else { return };
            self.own.bends.push(Bend { at, before: bend, far_m: far_m + distance_m(root, at) });
            bend = index;
        }
        self.own.queue(whole_m, Node { bend, edge: DONE, ..node });
    }
}

impl Scratch {
    fn queue(&mut self, whole_m: f64, node: Node) {
        let Ok(index) = u32::try_from(self.nodes.len()) else { return };
        self.nodes.push(node);
        // A positive float's bits are in the order of its value.
        self.heap.push(Reverse((whole_m.max(0.0).to_bits(), index)));
    }
}
