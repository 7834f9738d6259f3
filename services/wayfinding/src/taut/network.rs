//! The floor of a level whose ways the map brings itself: halls that touch are one floor, and every way is
//! on it.
//!
//! A network's links pass doors that nothing names and storeys that nobody drew, and it is taken at its
//! word: along each link a strip is floor, whatever is drawn there. Everything else keeps
//! its distance from walls. A line may only pass the strips along its own way.

use std::collections::BTreeMap;

use geo::algorithm::buffer::{Buffer, BufferStyle, LineCap, LineJoin};
use geo::{Area as _, BooleanOps, BoundingRect, Coord, LineString, MultiPolygon, Simplify};
use spade::{ConstrainedDelaunayTriangulation, Point2, Triangulation};

use super::free::{SCRAP_M2, SHARP, SMOOTH_M, free, inside, whole};
use super::mesh::{Cell, Mesh, NONE};
use super::{DRAWN_IN_M, Way};
use crate::geometry::{Area, gap_to_m, left_of, union};
use crate::graph::Room;

/// Half the width of the floor along a narrow link, in metres.
const STRIP_HALF_M: f64 = 0.05;
/// The same for a wide one, in metres; beyond, what is drawn tells better.
const STRIP_HALF_MAX_M: f64 = 0.35;
/// Half of the gap between two halls that still touch, in metres.
const SEAM_HALF_M: f64 = 5e-3;
/// How far a strip reaches into the open floor it leads to, in metres.
const REACH_M: f64 = 0.02;

/// One level of a venue with a network.
pub(super) struct Level<'a> {
    pub(super) rooms: &'a [Room],
    /// The rooms of this level.
    pub(super) own: Vec<usize>,
    /// What is walked outdoors, as drawn.
    pub(super) ground: &'a [Area],
    /// What stands on the level.
    pub(super) obstacles: &'a [Area],
    /// The links, each with the part that its strip is.
    pub(super) ways: Vec<(u32, &'a Way)>,
}

/// The part that halls, rooms and the ground are; the strips along links follow.
pub(super) const OPEN: u32 = 0;

/// The floor of one level before it is cut into triangles.
struct Floors {
    /// Halls and the ground, drawn in as one, and the other rooms, each by itself.
    open: Vec<Shapes>,
    strips: Shapes,
    /// The walls of halls and rooms as drawn.
    walls: Vec<[Coord<f64>; 2]>,
}

/// Polygons with the boxes around them.
struct Shapes(MultiPolygon<f64>, Vec<Option<geo::Rect<f64>>>);

impl Shapes {
    fn of(polygons: MultiPolygon<f64>) -> Self {
        let boxes = polygons.0.iter().map(BoundingRect::bounding_rect).collect();
        Self(polygons, boxes)
    }

    fn hold(&self, p: Coord<f64>) -> bool {
        self.0.0.iter().zip(&self.1).any(|(polygon, rect)| {
            let near = rect.is_some_and(|rect| {
                rect.min().x <= p.x && rect.max().x >= p.x && rect.min().y <= p.y && rect.max().y >= p.y
            });
            near && inside(polygon, p)
        })
    }
}

impl Level<'_> {
    /// Cuts the level into triangles.
    pub(super) fn mesh(&self) -> Mesh {
        let floors = self.floors();
        let mut cdt = Cdt::new();
        for polygon in floors.open.iter().chain([&floors.strips]).flat_map(|shapes| &shapes.0.0) {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                draw(&mut cdt, ring);
            }
        }
        let mut mesh = Mesh::default();
        self.add_cells(&mut mesh, &cdt, &floors);
        mesh.finish();
        mesh.wall(floors.walls.into_iter());
        mesh
    }

    fn floors(&self) -> Floors {
        let is_hall = |room: &Room| room.category == "walkway" && !room.restricted;
        let all: Vec<_> = self.own.iter().flat_map(|room| &self.rooms[*room].areas).collect();
        let ground = whole(self.ground);
        let ground =
            if all.is_empty() || ground.0.is_empty() { ground } else { ground.difference(&union(all)) };
        let halls = self.own.iter().map(|room| &self.rooms[*room]).filter(|room| is_hall(room));
        let mut open: Vec<_> =
            halls.flat_map(|room| &room.areas).map(|area| area.polygon().clone()).collect();
        open.extend(ground.0);
        // Drawn out first, so that no seam is left between halls that touch but for rounding.
        let open = MultiPolygon::new(open).buffer_with_style(pointed(SEAM_HALF_M));
        let whole = if self.obstacles.is_empty() { open } else { open.difference(&union(self.obstacles)) };
        let rings = whole.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
        let mut walls: Vec<_> =
            rings.flat_map(LineString::lines).map(|line| [line.start, line.end]).collect();
        let mut whole = whole.buffer_with_style(pointed(-DRAWN_IN_M - SEAM_HALF_M)).simplify(SMOOTH_M);
        whole.0.retain(|polygon| polygon.unsigned_area() > SCRAP_M2);
        let others =
            self.own.iter().filter(|room| !is_hall(&self.rooms[**room]) && !self.rooms[**room].restricted);
        walls
            .extend(others.clone().flat_map(|room| &self.rooms[*room].floors).flat_map(Area::walls).copied());
        let strips = self.strips();
        // A strip only reaches a little into the open, where a corner would be in the way.
        let strips = strips.difference(&whole.buffer_with_style(pointed(-REACH_M)));
        let others = others.map(|room| free(&self.rooms[*room], std::iter::empty()));
        let open = std::iter::once(whole).chain(others).map(Shapes::of);
        Floors { open: open.collect(), strips: Shapes::of(strips), walls }
    }

    /// Returns what the network says is walked: as wide as its ways are without the clearance.
    fn strips(&self) -> MultiPolygon<f64> {
        let half_m = |way: &Way| (way.width_m / 2.0 - DRAWN_IN_M).clamp(STRIP_HALF_M, STRIP_HALF_MAX_M);
        let strip = |(_, way): &(u32, &Way)| {
            let style = BufferStyle::new(half_m(way)).line_join(LineJoin::Bevel).line_cap(LineCap::Square);
            LineString::from(way.line.clone()).buffer_with_style(style).0
        };
        let strips: Vec<_> = self.ways.iter().flat_map(strip).collect();
        // All are drawn by one hand, so their rings turn alike.
        geo::unary_union(&strips)
    }

    fn add_cells(&self, mesh: &mut Mesh, cdt: &Cdt, floors: &Floors) {
        let faces = Face::all(cdt);
        let mut parts = vec![NONE; faces.len()];
        for region in regions(&faces) {
            let widest =
                region.iter().copied().max_by(|a, b| faces[*a].area_m2().total_cmp(&faces[*b].area_m2()));
            let Some(what) = widest.map(|face| floors.what(faces[face].middle())) else { continue };
            for face in region {
                parts[face] = match what {
                    What::Outside => NONE,
                    What::Open => OPEN,
                    What::Strip => self.nearest_way(faces[face].middle()),
                };
            }
        }
        let mut number = vec![NONE; faces.len()];
        for (face, next) in (0..faces.len()).filter(|face| parts[*face] != NONE).zip(0_u32..) {
            number[face] = next;
        }
        let mut known = BTreeMap::new();
        for (face, part) in faces.iter().zip(&parts).filter(|(_, part)| **part != NONE) {
            let corners = face.corners.map(|corner| mesh.point(corner, &mut known));
            mesh.cells.push(Cell {
                corners,
                next: face.next.map(|(next, _)| next.map_or(NONE, |next| number[next])),
                gated: [false; 3],
                part: *part,
                island: NONE,
            });
        }
    }

    fn nearest_way(&self, at: Coord<f64>) -> u32 {
        let nearest = self.ways.iter().map(|(part, way)| (gap_to_m(&way.line, at), *part));
        nearest.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(NONE, |(_, part)| part)
    }
}

/// What is walked in a region of triangles.
#[derive(Clone, Copy)]
enum What {
    Outside,
    Open,
    Strip,
}

impl Floors {
    fn what(&self, at: Coord<f64>) -> What {
        if self.open.iter().any(|shapes| shapes.hold(at)) {
            What::Open
        } else if self.strips.hold(at) {
            What::Strip
        } else {
            What::Outside
        }
    }
}

/// Returns a buffer that keeps corners, unlike a round one, which would draw each of them as many.
fn pointed(reach_m: f64) -> BufferStyle<f64> {
    BufferStyle::new(reach_m).line_join(LineJoin::Miter(SHARP))
}

type Cdt = ConstrainedDelaunayTriangulation<Point2<f64>>;

fn draw(cdt: &mut Cdt, line: &LineString<f64>) {
    let mut before = None;
    for at in &line.0 {
        // A thousandth of a millimetre is as fine as the plane is drawn.
        let [x, y] = [at.x, at.y].map(|metres| (metres * 1e6).round() / 1e6);
        let Ok(vertex) = cdt.insert(Point2::new(x, y)) else { continue };
        if let Some(before) = before.filter(|before| *before != vertex) {
            cdt.add_constraint_and_split(before, vertex, |at| at);
        }
        before = Some(vertex);
    }
}

/// A triangle of the plane.
struct Face {
    corners: [Coord<f64>; 3],
    /// The triangle behind each side, and whether a line that was drawn lies between.
    next: [(Option<usize>, bool); 3],
}

impl Face {
    fn all(cdt: &Cdt) -> Vec<Self> {
        let mut index = vec![None; cdt.num_all_faces()];
        for (number, face) in cdt.inner_faces().enumerate() {
            index[face.fix().index()] = Some(number);
        }
        let face = |face: spade::handles::FaceHandle<'_, spade::handles::InnerTag, _, _, _, _>| Self {
            corners: face.positions().map(|at| Coord { x: at.x, y: at.y }),
            next: face
                .adjacent_edges()
                .map(|edge| (index[edge.rev().face().fix().index()], edge.is_constraint_edge())),
        };
        cdt.inner_faces().map(face).collect()
    }

    fn middle(&self) -> Coord<f64> {
        (self.corners[0] + self.corners[1] + self.corners[2]) / 3.0
    }

    fn area_m2(&self) -> f64 {
        let [a, b, c] = self.corners;
        left_of(a, b, c).abs() / 2.0
    }
}

/// Returns the triangles in groups that no line that was drawn parts.
fn regions(faces: &[Face]) -> Vec<Vec<usize>> {
    let mut seen = vec![false; faces.len()];
    let mut regions = Vec::new();
    for first in 0..faces.len() {
        if std::mem::replace(&mut seen[first], true) {
            continue;
        }
        let mut region = vec![first];
        let mut at = 0;
        while at < region.len() {
            for (next, _) in faces[region[at]].next.iter().filter(|(_, parted)| !parted) {
                if let Some(next) = next.filter(|next| !std::mem::replace(&mut seen[*next], true)) {
                    region.push(next);
                }
            }
            at += 1;
        }
        regions.push(region);
    }
    regions
}
