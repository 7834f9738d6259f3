//! What is left of a room to walk on: fixtures out, clearance off, doors kept open.

use geo::algorithm::buffer::{Buffer, BufferStyle, LineJoin};
use geo::{Area as _, BooleanOps, Coord, LineString, MultiPolygon, Polygon, Simplify};

use super::DRAWN_IN_M;
use crate::geometry::{Area, distance_m, union};
use crate::graph::Room;

/// The most points of one room's outline and of the fixtures in it; above it the map is refused.
pub(crate) const VERTICES_MAX: usize = 20_000;
/// Half of what is left of a door too narrow for the clearance, in metres.
const NARROW_HALF_M: f64 = 0.05;
/// How far behind the threshold the floor of a room reaches, so that neighbours overlap, in metres.
const OVERLAP_M: f64 = 0.02;
/// How far the wall of a room may lie from the threshold of its door, in metres.
const WALL_MAX_M: f64 = 1.0;
/// How far a simpler outline may stray, in metres; less than what is drawn in beyond the clearance.
pub(super) const SMOOTH_M: f64 = 2e-3;
/// A part smaller than this is nowhere to walk, in square metres.
pub(super) const SCRAP_M2: f64 = 1e-3;
/// Corners sharper than this are cut off instead of pointed, in radians.
pub(super) const SHARP: f64 = 0.35;

/// What stands on the floors of one level.
#[derive(Debug, Default)]
pub(crate) struct Obstacles {
    shapes: Vec<Area>,
}

impl Obstacles {
    pub(crate) fn of(shapes: &[Area]) -> Self {
        Self { shapes: shapes.to_vec() }
    }

    /// Returns the polygons of a room without what stands in it, and how many points they have.
    pub(crate) fn taken_from(&self, areas: &[Area]) -> (Vec<Area>, usize) {
        let mut points: usize = areas.iter().map(|area| area.walls().len()).sum();
        let near = |shape: &&Area| {
            let (from, to) = shape.bounds();
            areas.iter().any(|area| {
                let (low, high) = area.bounds();
                from.x < high.x && to.x > low.x && from.y < high.y && to.y > low.y
            })
        };
        let own: Vec<_> = self.shapes.iter().filter(near).collect();
        points += own.iter().map(|shape| shape.walls().len()).sum::<usize>();
        if own.is_empty() || points > VERTICES_MAX {
            return (areas.to_vec(), points);
        }
        (super::areas(&whole(areas).difference(&union(own))), points)
    }
}

pub(super) fn whole(areas: &[Area]) -> MultiPolygon<f64> {
    MultiPolygon::new(areas.iter().map(|area| area.polygon().clone()).collect())
}

/// Returns the floor of a room that a body's middle may be on.
pub(super) fn free(room: &Room, doors: impl Iterator<Item = [Coord<f64>; 2]>) -> MultiPolygon<f64> {
    let floor = whole(&room.floors);
    let slots: Vec<_> = doors.flat_map(|line| slot(room, line)).collect();
    let open =
        if slots.is_empty() { floor.union(&MultiPolygon::new(vec![])) } else { floor.union(&union(&slots)) };
    let style = BufferStyle::new(-DRAWN_IN_M).line_join(LineJoin::Miter(SHARP));
    let mut free = open.buffer_with_style(style).simplify(SMOOTH_M);
    free.0.retain(|polygon| polygon.unsigned_area() > SCRAP_M2);
    free
}

/// Returns the side of a threshold on which a room lies, 1 for the left, and how far the room is from it.
pub(super) fn side(room: &Room, [a, b]: [Coord<f64>; 2]) -> Option<(f64, f64)> {
    let width_m = distance_m(a, b);
    if width_m < 1e-3 {
        return None;
    }
    let (middle, along) = ((a + b) / 2.0, (b - a) / width_m);
    let normal = Coord { x: -along.y, y: along.x };
    let meets = |sign: f64, areas: &[Area]| {
        let mut steps = (1..=20).map(|step| f64::from(step) * WALL_MAX_M / 20.0);
        steps.find(|step_m| areas.iter().any(|area| area.holds(middle + normal * (sign * step_m))))
    };
    // It is met first on its own side: on its floor, or else, where a fixture stands, on its drawing.
    let side = |areas: &[Area]| match (meets(1.0, areas), meets(-1.0, areas)) {
        (Some(left), Some(right)) if right < left => Some((-1.0, right)),
        (Some(left), _) => Some((1.0, left)),
        (None, Some(right)) => Some((-1.0, right)),
        (None, None) => None,
    };
    side(&room.floors).or_else(|| side(&room.areas))
}

/// Returns the part of a wall that a door leaves open, as seen from one of its rooms: from the room through
/// the wall, and so far beyond the threshold that drawing in leaves the threshold itself.
fn slot(room: &Room, [a, b]: [Coord<f64>; 2]) -> Option<Area> {
    let (sign, reach_m) = side(room, [a, b])?;
    let width_m = distance_m(a, b);
    let (middle, along) = ((a + b) / 2.0, (b - a) / width_m);
    let half_m = (width_m / 2.0).max(DRAWN_IN_M + NARROW_HALF_M);
    let normal = Coord { x: -along.y, y: along.x };
    let corner = |along_m: f64, across_m: f64| middle + along * along_m + normal * (sign * across_m);
    let beyond_m = -(DRAWN_IN_M + OVERLAP_M);
    let ring = [
        corner(-half_m, beyond_m),
        corner(half_m, beyond_m),
        corner(half_m, reach_m),
        corner(-half_m, reach_m),
    ];
    Area::new(&Polygon::new(LineString::from(ring.to_vec()), vec![]))
}

/// Returns the longest part of a threshold that lies on the free floor of both its rooms.
pub(super) fn shared_part(
    [a, b]: [Coord<f64>; 2],
    one: &MultiPolygon<f64>,
    other: &MultiPolygon<f64>,
) -> Option<[Coord<f64>; 2]> {
    // A narrow door's slot is wider than its line.
    let (middle, width_m) = ((a + b) / 2.0, distance_m(a, b));
    let half_m = (width_m / 2.0).max(DRAWN_IN_M + NARROW_HALF_M);
    let along = if width_m > 1e-3 { (b - a) / width_m } else { return None };
    let (a, b) = (middle - along * half_m, middle + along * half_m);
    let mut cuts = vec![0.0, 1.0];
    let rings = [one, other].into_iter().flat_map(|floor| floor.0.iter());
    let lines = rings.flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()));
    let cross = |p: Coord<f64>, q: Coord<f64>| p.x * q.y - p.y * q.x;
    for wall in lines.flat_map(LineString::lines) {
        let (from, to) = (cross(b - a, wall.start - a), cross(b - a, wall.end - a));
        if (from > 0.0) != (to > 0.0) {
            let hit = wall.start + (wall.end - wall.start) * (from / (from - to));
            let part = (hit - a).x * (b - a).x + (hit - a).y * (b - a).y;
            cuts.push((part / (4.0 * half_m * half_m)).clamp(0.0, 1.0));
        }
    }
    cuts.sort_by(f64::total_cmp);
    let holds = |floor: &MultiPolygon<f64>, at: Coord<f64>| floor.0.iter().any(|polygon| inside(polygon, at));
    let both = |pair: &&[f64]| {
        let at = a + (b - a) * f64::midpoint(pair[0], pair[1]);
        holds(one, at) && holds(other, at)
    };
    let longest = cuts.windows(2).filter(both).max_by(|x, y| (x[1] - x[0]).total_cmp(&(y[1] - y[0])))?;
    // A hair off both ends, so that the part lies within and crosses no wall of the mesh.
    let hair = 1e-3 / (2.0 * half_m);
    let (begin, end) = (longest[0] + hair, longest[1] - hair);
    (end - begin > hair).then(|| [a + (b - a) * begin, a + (b - a) * end])
}

/// Tells whether a point lies inside a polygon by the even-odd rule.
pub(super) fn inside(polygon: &Polygon<f64>, p: Coord<f64>) -> bool {
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    let crossed = rings.flat_map(LineString::lines).filter(|wall| {
        let (a, b) = (wall.start, wall.end);
        (a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x
    });
    crossed.count() % 2 == 1
}
