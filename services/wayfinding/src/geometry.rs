//! The local plane: metres around a venue, and what a polygon can tell of points and lines.
//!
//! Longitudes and latitudes are turned once into metres by a flat frame around the venue's middle; within
//! five kilometres that is true to a few centimetres. All tolerances stand here, because a door drawn on a
//! wall is never exactly on it.

use geo::orient::{Direction, Orient};
use geo::{Coord, Distance, Haversine, InteriorPoint, MultiPolygon, Polygon, unary_union};

mod open_floor;
pub(crate) mod ways;

pub(crate) use open_floor::open_floor;

/// The distance below which two points, or a point and a wall, count as touching.
pub(crate) const TOUCH_M: f64 = 2e-3;

const EARTH_EQUATOR_M: f64 = 6_378_137.0;
const EARTH_ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_14;

/// Turns WGS 84 degrees into metres on a plane around an origin, and back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    lon_deg: f64,
    lat_deg: f64,
    east_m_per_deg: f64,
    north_m_per_deg: f64,
}

impl Frame {
    /// Builds the frame around an origin; a latitude beyond 85 degrees is taken as 85.
    pub fn around(lon_deg: f64, lat_deg: f64) -> Self {
        let lat_deg = if lat_deg.is_finite() { lat_deg.clamp(-85.0, 85.0) } else { 0.0 };
        let lon_deg = if lon_deg.is_finite() { lon_deg } else { 0.0 };
        let (sin, cos) = lat_deg.to_radians().sin_cos();
        let bend = 1.0 - EARTH_ECCENTRICITY_SQUARED * sin * sin;
        let meridian_m = EARTH_EQUATOR_M * (1.0 - EARTH_ECCENTRICITY_SQUARED) / bend.powf(1.5);
        let normal_m = EARTH_EQUATOR_M / bend.sqrt();
        Self {
            lon_deg,
            lat_deg,
            east_m_per_deg: (normal_m * cos).to_radians(),
            north_m_per_deg: meridian_m.to_radians(),
        }
    }

    /// Returns metres east and north of the origin.
    pub fn to_plane(self, lon_deg: f64, lat_deg: f64) -> Coord<f64> {
        Coord {
            x: (lon_deg - self.lon_deg) * self.east_m_per_deg,
            y: (lat_deg - self.lat_deg) * self.north_m_per_deg,
        }
    }

    /// Returns how far the origins of two frames are apart on the globe, in metres.
    pub fn apart_m(self, other: Self) -> f64 {
        let [here, there] = [self, other].map(|frame| geo::Point::new(frame.lon_deg, frame.lat_deg));
        Haversine.distance(here, there)
    }

    /// Returns longitude and latitude in degrees.
    pub fn to_world(self, at: Coord<f64>) -> [f64; 2] {
        [self.lon_deg + at.x / self.east_m_per_deg, self.lat_deg + at.y / self.north_m_per_deg]
    }
}

/// Returns the straight distance between two points of the plane, in metres.
pub(crate) fn distance_m(a: Coord<f64>, b: Coord<f64>) -> f64 {
    // Not `hypot`, which takes far longer to be right for distances that no venue has.
    let (dx, dy) = (a.x - b.x, a.y - b.y);
    (dx * dx + dy * dy).sqrt()
}

/// Returns the milliseconds that a length takes at a speed, rounded up; twelve days at most.
pub(crate) fn millis_between(length_m: f64, speed_mps: f64) -> u32 {
    let millis = (length_m / speed_mps * 1_000.0 - 1e-6).ceil().clamp(0.0, 1e9);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped above")]
    let millis = millis as u32;
    millis
}

/// Returns the length of a line through points, in metres.
pub(crate) fn length_m(points: &[Coord<f64>]) -> f64 {
    points.windows(2).map(|pair| distance_m(pair[0], pair[1])).sum()
}

/// Returns the point of the segment nearest to `p`, and how far along it lies, 0 to 1.
pub(crate) fn nearest_on(p: Coord<f64>, a: Coord<f64>, b: Coord<f64>) -> (Coord<f64>, f64) {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let square = dx * dx + dy * dy;
    if square <= f64::EPSILON {
        return (a, 0.0);
    }
    let along = (((p.x - a.x) * dx + (p.y - a.y) * dy) / square).clamp(0.0, 1.0);
    (Coord { x: a.x + along * dx, y: a.y + along * dy }, along)
}

/// Returns how far `p` lies to the left of the ray from `a` through `b`, times the ray's length.
pub(crate) fn left_of(a: Coord<f64>, b: Coord<f64>, p: Coord<f64>) -> f64 {
    (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)
}

/// Returns how far a point is from a line, in metres.
pub(crate) fn gap_to_m(line: &[Coord<f64>], at: Coord<f64>) -> f64 {
    let gaps = line.windows(2).map(|pair| distance_m(at, nearest_on(at, pair[0], pair[1]).0));
    gaps.fold(f64::INFINITY, f64::min)
}

/// Returns the lowest and highest corner of the box around points.
pub(crate) fn around(points: &[Coord<f64>]) -> (Coord<f64>, Coord<f64>) {
    let far = f64::INFINITY;
    let empty = (Coord { x: far, y: far }, Coord { x: -far, y: -far });
    points.iter().fold(empty, |(low, high), at| {
        let low = Coord { x: at.x.min(low.x), y: at.y.min(low.y) };
        (low, Coord { x: at.x.max(high.x), y: at.y.max(high.y) })
    })
}

/// Tells whether two boxes are further apart than so many metres.
pub(crate) fn apart(
    (low, high): (Coord<f64>, Coord<f64>),
    (from, to): (Coord<f64>, Coord<f64>),
    by_m: f64,
) -> bool {
    from.x > high.x + by_m || to.x < low.x - by_m || from.y > high.y + by_m || to.y < low.y - by_m
}

/// Returns the point halfway along a line.
pub(crate) fn middle(line: &[Coord<f64>]) -> Coord<f64> {
    let mut left_m = length_m(line) / 2.0;
    for pair in line.windows(2) {
        let part_m = distance_m(pair[0], pair[1]);
        if part_m >= left_m && part_m > 0.0 {
            let share = left_m / part_m;
            return Coord {
                x: pair[0].x + share * (pair[1].x - pair[0].x),
                y: pair[0].y + share * (pair[1].y - pair[0].y),
            };
        }
        left_m -= part_m;
    }
    line[0]
}

/// One polygon of a unit, with its walls ready for questions. Its outer ring turns to the left and its holes to
/// the right, whichever way they were drawn: where rings turn differently, one polygon takes from another.
#[derive(Clone, Debug)]
pub(crate) struct Area {
    polygon: Polygon<f64>,
    walls: Vec<[Coord<f64>; 2]>,
    low: Coord<f64>,
    high: Coord<f64>,
}

impl Area {
    /// Builds an area; `None` when the outer ring encloses less than 0.01 m2.
    pub(crate) fn new(polygon: &Polygon<f64>) -> Option<Self> {
        let polygon = polygon.orient(Direction::Default);
        let mut walls = Vec::new();
        let mut low = Coord { x: f64::INFINITY, y: f64::INFINITY };
        let mut high = Coord { x: f64::NEG_INFINITY, y: f64::NEG_INFINITY };
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            for line in ring.lines() {
                if distance_m(line.start, line.end) > 1e-9 {
                    walls.push([line.start, line.end]);
                }
                low = Coord { x: low.x.min(line.start.x), y: low.y.min(line.start.y) };
                high = Coord { x: high.x.max(line.start.x), y: high.y.max(line.start.y) };
            }
        }
        let area = Self { polygon, walls, low, high };
        (area.square_m() > 0.01).then_some(area)
    }

    /// Returns the enclosed square metres, holes taken off.
    pub(crate) fn square_m(&self) -> f64 {
        let ring = |points: &[Coord<f64>]| {
            points.windows(2).map(|p| p[0].x * p[1].y - p[1].x * p[0].y).sum::<f64>().abs() / 2.0
        };
        let holes: f64 = self.polygon.interiors().iter().map(|hole| ring(&hole.0)).sum();
        ring(&self.polygon.exterior().0) - holes
    }

    /// Returns the polygon.
    pub(crate) fn polygon(&self) -> &Polygon<f64> {
        &self.polygon
    }

    /// Returns the walls, each with its two ends.
    pub(crate) fn walls(&self) -> &[[Coord<f64>; 2]] {
        &self.walls
    }

    /// Returns the lowest and highest corner of the box around the area.
    pub(crate) fn bounds(&self) -> (Coord<f64>, Coord<f64>) {
        (self.low, self.high)
    }

    /// Returns the rings, closed, the outside first.
    pub(crate) fn rings(&self) -> impl Iterator<Item = &geo::LineString<f64>> {
        std::iter::once(self.polygon.exterior()).chain(self.polygon.interiors())
    }

    fn near(&self, p: Coord<f64>, reach_m: f64) -> bool {
        p.x >= self.low.x - reach_m
            && p.x <= self.high.x + reach_m
            && p.y >= self.low.y - reach_m
            && p.y <= self.high.y + reach_m
    }

    /// Tells whether the point lies strictly inside by the even-odd rule.
    pub(crate) fn holds(&self, p: Coord<f64>) -> bool {
        if !self.near(p, 0.0) {
            return false;
        }
        let mut inside = false;
        for [a, b] in &self.walls {
            if (a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x {
                inside = !inside;
            }
        }
        inside
    }

    /// Returns the wall point nearest to `p` and its distance in metres.
    fn nearest_wall(&self, p: Coord<f64>) -> (Coord<f64>, f64) {
        let mut best = (p, f64::INFINITY);
        for [a, b] in &self.walls {
            let (at, _) = nearest_on(p, *a, *b);
            let gap_m = distance_m(at, p);
            if gap_m < best.1 {
                best = (at, gap_m);
            }
        }
        best
    }

    /// Returns how far the point is from the area, 0 inside; infinite beyond `reach_m`.
    pub(crate) fn gap_m(&self, p: Coord<f64>, reach_m: f64) -> f64 {
        if !self.near(p, reach_m) {
            return f64::INFINITY;
        }
        if self.holds(p) { 0.0 } else { self.nearest_wall(p).1 }
    }

    /// Returns the point itself when inside, else the nearest point of the boundary.
    pub(crate) fn clamp(&self, p: Coord<f64>) -> Coord<f64> {
        if self.holds(p) { p } else { self.nearest_wall(p).0 }
    }

    /// Returns a point well inside the area.
    pub(crate) fn interior(&self) -> Coord<f64> {
        let middle = Coord { x: (self.low.x + self.high.x) / 2.0, y: (self.low.y + self.high.y) / 2.0 };
        if self.holds(middle) {
            return middle;
        }
        self.polygon.interior_point().map_or(self.walls[0][0], |point| self.clamp(point.0))
    }

    /// Tells whether the straight line between two points stays inside; touching walls is allowed.
    pub(crate) fn sees(&self, from: Coord<f64>, to: Coord<f64>) -> bool {
        let whole_m = distance_m(from, to);
        if whole_m <= TOUCH_M {
            return true;
        }
        let side = |a: Coord<f64>, b: Coord<f64>, p: Coord<f64>, len_m: f64| {
            ((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)) / len_m
        };
        let mut cuts = vec![0.0, 1.0];
        for [a, b] in &self.walls {
            let (a_off, b_off) = (side(from, to, *a, whole_m), side(from, to, *b, whole_m));
            if (a_off > TOUCH_M && b_off > TOUCH_M) || (a_off < -TOUCH_M && b_off < -TOUCH_M) {
                continue;
            }
            let wall_m = distance_m(*a, *b);
            let (from_off, to_off) = (side(*a, *b, from, wall_m), side(*a, *b, to, wall_m));
            let crosses = a_off.abs() > TOUCH_M && b_off.abs() > TOUCH_M;
            if crosses && from_off.abs() > TOUCH_M && to_off.abs() > TOUCH_M {
                if (from_off > 0.0) != (to_off > 0.0) {
                    return false;
                }
                continue;
            }
            for end in [a, b] {
                let (at, along) = nearest_on(*end, from, to);
                if distance_m(at, *end) <= 2.0 * TOUCH_M {
                    cuts.push(along);
                }
            }
        }
        cuts.sort_by(f64::total_cmp);
        cuts.windows(2).filter(|pair| (pair[1] - pair[0]) * whole_m > 4.0 * TOUCH_M).all(|pair| {
            let half = f64::midpoint(pair[0], pair[1]);
            let at = Coord { x: from.x + half * (to.x - from.x), y: from.y + half * (to.y - from.y) };
            self.holds(at) || self.nearest_wall(at).1 <= 2.0 * TOUCH_M
        })
    }

    /// Returns the corners a taut line may bend around: those that point into the area.
    pub(crate) fn corners(&self) -> Vec<Coord<f64>> {
        let mut found = Vec::new();
        let rings = std::iter::once((self.polygon.exterior(), false))
            .chain(self.polygon.interiors().iter().map(|hole| (hole, true)));
        for (ring, is_hole) in rings {
            let mut points = ring.0.clone();
            points.dedup_by(|a, b| distance_m(*a, *b) <= 1e-9);
            if points.len() > 1 && distance_m(points[0], points[points.len() - 1]) <= 1e-9 {
                points.pop();
            }
            let count = points.len();
            let twice: f64 = (0..count)
                .map(|i| points[i].x * points[(i + 1) % count].y - points[(i + 1) % count].x * points[i].y)
                .sum();
            let turning = if (twice > 0.0) == is_hole { -1.0 } else { 1.0 };
            for i in 0..count {
                let (a, b, c) = (points[(i + count - 1) % count], points[i], points[(i + 1) % count]);
                let cross = (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x);
                let bend = cross / (distance_m(a, b) * distance_m(b, c)).max(1e-12);
                if turning * bend < -0.01 {
                    found.push(b);
                }
            }
        }
        found
    }

    /// Tells which share of the smaller of two areas both cover, 0 to 1, on a grid of sample points.
    pub(crate) fn shared_part(&self, other: &Self) -> f64 {
        const STEPS: u32 = 16;
        if apart(self.bounds(), other.bounds(), 0.0) {
            return 0.0;
        }
        let small = if self.square_m() <= other.square_m() { self } else { other };
        let (mut own, mut both) = (0_u32, 0_u32);
        for i in 0..STEPS {
            for j in 0..STEPS {
                let part = |k: u32| (f64::from(k) + 0.5) / f64::from(STEPS);
                let p = Coord {
                    x: small.low.x + part(i) * (small.high.x - small.low.x),
                    y: small.low.y + part(j) * (small.high.y - small.low.y),
                };
                if small.holds(p) {
                    own += 1;
                    both += u32::from(self.holds(p) && other.holds(p));
                }
            }
        }
        if own == 0 { 0.0 } else { f64::from(both) / f64::from(own) }
    }
}

/// Returns what any of the areas covers.
pub(crate) fn union<'a>(areas: impl IntoIterator<Item = &'a Area>) -> MultiPolygon<f64> {
    unary_union(areas.into_iter().map(Area::polygon))
}

#[cfg(test)]
mod tests;
