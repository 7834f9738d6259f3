//! The free floor of one level in triangles, with the doors as edges that two rooms share.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use geo::{Coord, LineString, MultiPolygon};
use rstar::primitives::{GeomWithData, Line, Rectangle};
use rstar::{PointDistance, RTree};
use spade::{ConstrainedDelaunayTriangulation, Point2, Triangulation};

use crate::geometry::{distance_m, nearest_on};

/// Says that behind an edge there is nothing.
pub(super) const NONE: u32 = u32::MAX;

/// A triangle; its edge `i` runs from corner `i` to the next, with the inside on the left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) corners: [u32; 3],
    /// The cell behind each edge.
    pub(super) next: [u32; 3],
    /// Whether an edge is part of a door.
    pub(super) gated: [bool; 3],
    /// The room, or what else of the floor it belongs to.
    pub(super) part: u32,
    /// The number of the part of the level that is joined without doors.
    pub(super) island: u32,
}

/// A door's edge, from one side: who passes it comes into the other cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    pub(super) cell: u32,
    pub(super) edge: u8,
    pub(super) door: u32,
    /// The other cell, and the edge by which it is entered.
    pub(super) to: (u32, u8),
}

/// Where a point enters the mesh.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entered {
    pub(super) cell: u32,
    pub(super) at: Coord<f64>,
    pub(super) gap_m: f64,
}

/// The free floor of one level.
#[derive(Clone, Debug, Default)]
pub(super) struct Mesh {
    pub(super) points: Vec<Coord<f64>>,
    /// Whether a line may bend at a point: at walls, and at the ends of doors.
    pub(super) bends: Vec<bool>,
    pub(super) cells: Vec<Cell>,
    /// In order of cell and edge.
    gates: Vec<Gate>,
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, u32>>,
    /// The walls as drawn.
    pub(super) walls: RTree<Line<[f64; 2]>>,
}

type Join = (u32, [usize; 2], [Coord<f64>; 2]);

impl Mesh {
    /// Cuts the free floors of rooms into triangles and joins them by the doors' shared parts.
    pub(super) fn of(rooms: &[(usize, &MultiPolygon<f64>)], joins: &[Join]) -> Self {
        let mut mesh = Self::default();
        let mut known = BTreeMap::new();
        let mut sides: BTreeMap<(u32, usize), Vec<(u32, u8)>> = BTreeMap::new();
        for (room, floor) in rooms {
            let own: Vec<_> = joins.iter().filter(|(_, rooms, _)| rooms.contains(room)).collect();
            for (door, edges) in mesh.add_room(*room, floor, &own, &mut known) {
                sides.insert((door, *room), edges);
            }
        }
        for (door, [a, b], _) in joins {
            let (Some(near), Some(far)) = (sides.get(&(*door, *a)), sides.get(&(*door, *b))) else {
                continue;
            };
            let pairs = near.iter().flat_map(|n| far.iter().map(move |f| (*n, *f)));
            let pairs: Vec<_> = pairs
                .filter(|(n, f)| {
                    mesh.ends(*n) == {
                        let [p, q] = mesh.ends(*f);
                        [q, p]
                    }
                })
                .collect();
            for (near, far) in pairs {
                for ((cell, edge), to) in [(near, far), (far, near)] {
                    mesh.cells[cell as usize].gated[edge as usize] = true;
                    mesh.gates.push(Gate { cell, edge, door: *door, to });
                }
            }
        }
        mesh.finish();
        mesh
    }

    /// Prepares for questions, when all cells are there.
    pub(super) fn finish(&mut self) {
        self.find_corners();
        self.find_islands();
        self.gates.sort_by_key(|gate| (gate.cell, gate.edge, gate.door));
        let boxes = self.cells.iter().zip(0_u32..).map(|(cell, index)| {
            let [a, b, c] = cell.corners.map(|corner| self.points[corner as usize]);
            let low = [a.x.min(b.x).min(c.x), a.y.min(b.y).min(c.y)];
            let high = [a.x.max(b.x).max(c.x), a.y.max(b.y).max(c.y)];
            GeomWithData::new(Rectangle::from_corners(low, high), index)
        });
        self.tree = RTree::bulk_load(boxes.collect());
    }

    /// Keeps the walls as drawn, besides those of the mesh.
    pub(super) fn wall(&mut self, walls: impl Iterator<Item = [Coord<f64>; 2]>) {
        let lines = walls.map(|[a, b]| Line::new([a.x, a.y], [b.x, b.y]));
        self.walls = RTree::bulk_load(lines.collect());
    }

    pub(super) fn point(&mut self, at: Coord<f64>, known: &mut BTreeMap<(u64, u64), u32>) -> u32 {
        let next = u32::try_from(self.points.len()).unwrap_or(NONE);
        *known.entry((at.x.to_bits(), at.y.to_bits())).or_insert_with(|| {
            self.points.push(at);
            next
        })
    }

    /// Finds the points that a line may bend around: where the floor reaches halfway around or more. A flat
    /// point counts too, since rounding makes it stand out by a hair, and what is behind must not be lost.
    fn find_corners(&mut self) {
        let mut around = vec![0.0_f64; self.points.len()];
        let mut walled = vec![false; self.points.len()];
        for cell in &self.cells {
            let at = cell.corners.map(|corner| self.points[corner as usize]);
            for corner in 0..3 {
                let (a, b) = (at[(corner + 1) % 3] - at[corner], at[(corner + 2) % 3] - at[corner]);
                around[cell.corners[corner] as usize] += (a.x * b.y - a.y * b.x).atan2(a.x * b.x + a.y * b.y);
                if cell.next[corner] == NONE || cell.gated[corner] {
                    walled[cell.corners[corner] as usize] = true;
                    walled[cell.corners[(corner + 1) % 3] as usize] = true;
                }
            }
        }
        let bends =
            around.iter().zip(walled).map(|(angle, walled)| walled && *angle > std::f64::consts::PI - 1e-6);
        self.bends = bends.collect();
    }

    /// Numbers the parts that are joined without doors.
    fn find_islands(&mut self) {
        let mut island = 0;
        for first in 0..self.cells.len() {
            if self.cells[first].island != NONE {
                continue;
            }
            let mut found = vec![first];
            self.cells[first].island = island;
            while let Some(cell) = found.pop() {
                for next in self.cells[cell].next.into_iter().filter(|next| *next != NONE) {
                    if self.cells[next as usize].island == NONE {
                        self.cells[next as usize].island = island;
                        found.push(next as usize);
                    }
                }
            }
            island += 1;
        }
    }

    /// Returns the corners that an edge of a cell runs between.
    pub(super) fn ends(&self, (cell, edge): (u32, u8)) -> [u32; 2] {
        let corners = self.cells[cell as usize].corners;
        [corners[edge as usize], corners[(edge as usize + 1) % 3]]
    }

    /// Returns the gates of one edge of a cell.
    pub(super) fn gates(&self, cell: u32, edge: u8) -> &[Gate] {
        let first = self.gates.partition_point(|gate| (gate.cell, gate.edge) < (cell, edge));
        let count = self.gates[first..].partition_point(|gate| (gate.cell, gate.edge) == (cell, edge));
        &self.gates[first..first + count]
    }

    /// Adds the triangles of a room; returns the edges that its doors became, each with the room inside.
    fn add_room(
        &mut self,
        room: usize,
        floor: &MultiPolygon<f64>,
        doors: &[&Join],
        known: &mut BTreeMap<(u64, u64), u32>,
    ) -> Vec<(u32, Vec<(u32, u8)>)> {
        let mut plan = Plan::default();
        for polygon in &floor.0 {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                plan.ring(ring);
            }
        }
        let doors: Vec<_> = doors
            .iter()
            .filter_map(|(door, [a, _], [p, q])| {
                let [p, q] = if *a == room { [p, q] } else { [q, p] };
                Some((*door, plan.vertex(*p)?, plan.vertex(*q)?))
            })
            .collect();
        let walls = plan.wall();
        let inside = plan.inside(floor, &walls);
        let doors: Vec<_> = doors.into_iter().map(|(door, p, q)| (door, plan.cut(p, q))).collect();
        // A door's edge may have turned triangles around; walls stay, so what is inside is asked again.
        let inside = if doors.is_empty() { inside } else { plan.inside(floor, &walls) };
        self.add_cells(room, &plan, &walls, &inside, known);
        let base = self.cells.len() - inside.values().count();
        let mut edges = BTreeMap::new();
        for (cell, number) in self.cells[base..].iter().zip(base..) {
            let number = u32::try_from(number).unwrap_or(NONE);
            for edge in 0..3_u8 {
                let (a, b) = (cell.corners[edge as usize], cell.corners[(edge as usize + 1) % 3]);
                edges.insert((a, b), (number, edge));
            }
        }
        let mut found = Vec::new();
        for (door, parts) in doors {
            let mut own = Vec::new();
            for (a, b) in parts {
                let [a, b] = [a, b].map(|at| self.point(at, known));
                own.extend(edges.get(&(a, b)));
            }
            found.push((door, own));
        }
        found
    }

    fn add_cells(
        &mut self,
        room: usize,
        plan: &Plan,
        walls: &BTreeSet<(usize, usize)>,
        inside: &BTreeMap<usize, u32>,
        known: &mut BTreeMap<(u64, u64), u32>,
    ) {
        let base = u32::try_from(self.cells.len()).unwrap_or(NONE);
        let room = u32::try_from(room).unwrap_or(NONE);
        for face in plan.cdt.inner_faces().filter(|face| inside.contains_key(&face.fix().index())) {
            let mut cell =
                Cell { corners: [NONE; 3], next: [NONE; 3], gated: [false; 3], part: room, island: NONE };
            for (side, edge) in face.adjacent_edges().into_iter().enumerate() {
                let at = edge.from().position();
                let corner = self.point(Coord { x: at.x, y: at.y }, known);
                cell.corners[side] = corner;
                let wall = walls.contains(&pair(edge.from().index(), edge.to().index()));
                if !wall && let Some(next) = inside.get(&edge.rev().face().fix().index()) {
                    cell.next[side] = base + next;
                }
            }
            self.cells.push(cell);
        }
    }

    /// Finds where a point enters some parts of the mesh: itself where it lies in them, else the nearest point.
    pub(super) fn enter(
        &self,
        allowed: impl Fn(u32) -> bool,
        at: Coord<f64>,
        reach_m: f64,
    ) -> Option<Entered> {
        let query = [at.x, at.y];
        let mut best: Option<Entered> = None;
        for near in self.tree.nearest_neighbor_iter(query) {
            let box_m = near.distance_2(&query).sqrt();
            if box_m > best.map_or(reach_m, |best| best.gap_m) {
                break;
            }
            if !allowed(self.cells[near.data as usize].part) {
                continue;
            }
            let entered = self.nearest_in(near.data, at);
            if best.is_none_or(|best| entered.gap_m < best.gap_m) {
                best = Some(entered);
            }
            if entered.gap_m <= 0.0 {
                break;
            }
        }
        best.filter(|best| best.gap_m <= reach_m)
    }

    /// Returns a cell of some parts that holds a point.
    pub(super) fn cell_at(&self, allowed: impl Fn(u32) -> bool, at: Coord<f64>) -> Option<u32> {
        let near = self.tree.locate_in_envelope_intersecting(rstar::AABB::from_point([at.x, at.y]));
        let mut cells = near.map(|near| near.data).filter(|cell| allowed(self.cells[*cell as usize].part));
        cells.find(|cell| self.holds(*cell, at))
    }

    /// Returns the point of a cell nearest to `at`.
    fn nearest_in(&self, cell: u32, at: Coord<f64>) -> Entered {
        let corners = self.cells[cell as usize].corners.map(|corner| self.points[corner as usize]);
        let mut best = Entered { cell, at, gap_m: f64::INFINITY };
        let mut inside = true;
        for side in 0..3 {
            let (a, b) = (corners[side], corners[(side + 1) % 3]);
            inside &= (b.x - a.x) * (at.y - a.y) - (b.y - a.y) * (at.x - a.x) >= 0.0;
            let (on, _) = nearest_on(at, a, b);
            let gap_m = distance_m(on, at);
            if gap_m < best.gap_m {
                best = Entered { cell, at: on, gap_m };
            }
        }
        if inside { Entered { cell, at, gap_m: 0.0 } } else { best }
    }
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

/// One room's floor while it is cut into triangles.
#[derive(Default)]
struct Plan {
    cdt: ConstrainedDelaunayTriangulation<Point2<f64>>,
    rings: Vec<Vec<spade::handles::FixedVertexHandle>>,
}

impl Plan {
    fn vertex(&mut self, at: Coord<f64>) -> Option<spade::handles::FixedVertexHandle> {
        // A thousandth of a millimetre is as fine as the plane is drawn.
        let [x, y] = [at.x, at.y].map(|metres| (metres * 1e6).round() / 1e6);
        self.cdt.insert(Point2::new(x, y)).ok()
    }

    fn ring(&mut self, ring: &LineString<f64>) {
        let mut corners: Vec<_> = ring.0.iter().filter_map(|at| self.vertex(*at)).collect();
        corners.dedup();
        self.rings.push(corners);
    }

    /// Makes the rings edges of triangles; an edge that two rings share is no wall.
    fn wall(&mut self) -> BTreeSet<(usize, usize)> {
        let mut walls = BTreeSet::new();
        for ring in &self.rings {
            for ends in ring.windows(2).filter(|ends| ends[0] != ends[1]) {
                for edge in self.cdt.try_add_constraint(ends[0], ends[1]) {
                    let edge = self.cdt.directed_edge(edge);
                    let wall = pair(edge.from().index(), edge.to().index());
                    if !walls.insert(wall) {
                        walls.remove(&wall);
                    }
                }
            }
        }
        walls
    }

    /// Makes a door's part an edge; returns it, in parts where corners lie on it.
    fn cut(
        &mut self,
        p: spade::handles::FixedVertexHandle,
        q: spade::handles::FixedVertexHandle,
    ) -> Vec<(Coord<f64>, Coord<f64>)> {
        if p == q {
            return vec![];
        }
        let edges = self.cdt.try_add_constraint(p, q);
        let ends = |edge| {
            let edge: spade::handles::DirectedEdgeHandle<'_, _, _, _, _> = self.cdt.directed_edge(edge);
            let [a, b] = [edge.from(), edge.to()].map(|end| end.position());
            (Coord { x: a.x, y: a.y }, Coord { x: b.x, y: b.y })
        };
        edges.into_iter().map(ends).collect()
    }

    /// Numbers the triangles inside the floor: those that an odd number of walls parts from the outside.
    fn inside(&self, floor: &MultiPolygon<f64>, walls: &BTreeSet<(usize, usize)>) -> BTreeMap<usize, u32> {
        let mut odd = vec![None; self.cdt.num_all_faces()];
        let mut queue = VecDeque::from([self.cdt.outer_face().fix().index()]);
        odd[queue[0]] = Some(false);
        let mut around: BTreeMap<usize, Vec<(usize, bool)>> = BTreeMap::new();
        for edge in self.cdt.directed_edges() {
            let wall = walls.contains(&pair(edge.from().index(), edge.to().index()));
            around
                .entry(edge.face().fix().index())
                .or_default()
                .push((edge.rev().face().fix().index(), wall));
        }
        while let Some(face) = queue.pop_front() {
            for (next, wall) in around.get(&face).into_iter().flatten() {
                if odd[*next].is_none() {
                    odd[*next] = odd[face].map(|odd| odd ^ wall);
                    queue.push_back(*next);
                }
            }
        }
        let area_m2 = |by: &dyn Fn(usize, Coord<f64>) -> bool| -> f64 {
            let own = self.cdt.inner_faces().filter(|face| by(face.fix().index(), middle(face)));
            own.map(|face| face.area()).sum()
        };
        let by_walls = |face: usize, _: Coord<f64>| odd[face] == Some(true);
        let by_drawing =
            |_: usize, at: Coord<f64>| floor.0.iter().any(|polygon| super::free::inside(polygon, at));
        let drawn_m2 = geo::Area::unsigned_area(floor);
        let agree = (area_m2(&by_walls) - drawn_m2).abs() <= 0.01 + drawn_m2 / 1_000.0;
        let own = self.cdt.inner_faces().filter(|face| {
            let (index, at) = (face.fix().index(), middle(face));
            if agree { by_walls(index, at) } else { by_drawing(index, at) }
        });
        own.map(|face| face.fix().index()).zip(0..).collect()
    }
}

fn middle<'a>(
    face: &spade::handles::FaceHandle<'a, spade::handles::InnerTag, Point2<f64>, (), spade::CdtEdge<()>, ()>,
) -> Coord<f64> {
    let at = face.center();
    Coord { x: at.x, y: at.y }
}
