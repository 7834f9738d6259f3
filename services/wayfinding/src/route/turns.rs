//! Where a line turns, as somebody who walks it feels it.
//!
//! A turn is felt over some metres: two bends that follow each other closely are one turn, and a step aside
//! around a desk is none. So the direction of the metres before a bend is compared with that of the metres
//! behind it, and of bends close together the sharpest counts.

use geo::Coord;

use crate::geometry::{distance_m, length_m};

/// Over how many metres a direction is felt.
pub(super) const FELT_M: f64 = 6.0;
/// A line shorter than this has no direction, in metres.
const HEADING_MIN_M: f64 = 0.3;
/// From how many degrees on one bears aside, turns, and turns around.
const BEAR_DEG: f64 = 35.0;
const TURN_DEG: f64 = 50.0;
const AROUND_DEG: f64 = 150.0;

/// Which way a turn goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Left,
    Right,
    BearLeft,
    BearRight,
    Around,
}

/// A turn on a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) way: Way,
    pub(super) at: Coord<f64>,
    /// The direction one comes in, one metre long.
    pub(super) heading: Coord<f64>,
    /// The direction one goes on in.
    pub(super) after: Coord<f64>,
    /// The room it is in.
    pub(super) room: Option<usize>,
    pub(super) level: usize,
}

impl Way {
    /// Tells whether one bears aside rather than turns.
    pub(super) fn is_slight(self) -> bool {
        matches!(self, Self::BearLeft | Self::BearRight)
    }

    pub(super) fn is_left(self) -> bool {
        matches!(self, Self::Left | Self::BearLeft)
    }

    /// Returns how somebody turns who goes in one direction and then in another; `None` for straight on.
    pub(super) fn between(before: Coord<f64>, after: Coord<f64>) -> Option<Self> {
        let degrees = degrees(before, after);
        let left = degrees > 0.0;
        match degrees.abs() {
            around if around >= AROUND_DEG => Some(Self::Around),
            turn if turn >= TURN_DEG => Some(if left { Self::Left } else { Self::Right }),
            bear if bear >= BEAR_DEG => Some(if left { Self::BearLeft } else { Self::BearRight }),
            _ => None,
        }
    }
}

/// Returns the angle from one direction to another, positive to the left, in degrees.
pub(super) fn degrees(before: Coord<f64>, after: Coord<f64>) -> f64 {
    let cross = before.x * after.y - before.y * after.x;
    let dot = before.x * after.x + before.y * after.y;
    cross.atan2(dot).to_degrees()
}

/// Where a line bends: the index of its point, which way, and the directions before and after.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bend {
    pub(super) index: usize,
    pub(super) way: Way,
    pub(super) before: Coord<f64>,
    pub(super) after: Coord<f64>,
}

/// A line with the distance of each of its points from its beginning.
pub(super) struct Measured<'a> {
    pub(super) points: &'a [Coord<f64>],
    pub(super) far_m: Vec<f64>,
}

impl<'a> Measured<'a> {
    pub(super) fn of(points: &'a [Coord<f64>]) -> Self {
        let mut far_m = Vec::with_capacity(points.len());
        let mut gone_m = 0.0;
        for (index, at) in points.iter().enumerate() {
            if index > 0 {
                gone_m += distance_m(points[index - 1], *at);
            }
            far_m.push(gone_m);
        }
        Self { points, far_m }
    }

    pub(super) fn length_m(&self) -> f64 {
        self.far_m.last().copied().unwrap_or(0.0)
    }

    /// Returns the point so many metres from the beginning.
    pub(super) fn at(&self, metres: f64) -> Option<Coord<f64>> {
        let after = self.far_m.partition_point(|far_m| *far_m < metres);
        let (Some(end), Some(before)) = (self.points.get(after), after.checked_sub(1)) else {
            return self.points.get(after).or_else(|| self.points.last()).copied();
        };
        let (start, part_m) = (self.points[before], self.far_m[after] - self.far_m[before]);
        let share = if part_m > 0.0 { (metres - self.far_m[before]) / part_m } else { 1.0 };
        Some(start + (*end - start) * share.clamp(0.0, 1.0))
    }

    /// Returns the direction from one distance to another, one metre long.
    pub(super) fn heading(&self, from_m: f64, to_m: f64) -> Option<Coord<f64>> {
        let (from, to) = (self.at(from_m.max(0.0))?, self.at(to_m.min(self.length_m()))?);
        unit(to - from)
    }

    /// Returns the direction in which the line begins.
    pub(super) fn sets_out(&self) -> Option<Coord<f64>> {
        self.heading(0.0, FELT_M)
    }

    /// Returns the direction in which the line ends.
    pub(super) fn comes_in(&self) -> Option<Coord<f64>> {
        self.heading(self.length_m() - FELT_M, self.length_m())
    }

    /// Returns the turns, in walking order.
    pub(super) fn turns(&self) -> Vec<Bend> {
        let bend = |index: usize| {
            let far_m = self.far_m[index];
            let before = self.heading(far_m - FELT_M, far_m)?;
            let after = self.heading(far_m, far_m + FELT_M)?;
            Some(Bend { index, way: Way::between(before, after)?, before, after })
        };
        let mut bends: Vec<_> = (1..self.points.len().saturating_sub(1)).filter_map(bend).collect();
        let sharp = |bend: &Bend| degrees(bend.before, bend.after).abs();
        bends.sort_by(|a, b| sharp(b).total_cmp(&sharp(a)).then(a.index.cmp(&b.index)));
        let mut turns: Vec<Bend> = Vec::new();
        for bend in bends {
            let apart = |other: &Bend| (self.far_m[other.index] - self.far_m[bend.index]).abs() >= FELT_M;
            if turns.iter().all(apart) {
                turns.push(bend);
            }
        }
        turns.sort_by_key(|turn| turn.index);
        turns
    }
}

/// Returns a direction as one metre long; `None` for no direction.
pub(super) fn unit(direction: Coord<f64>) -> Option<Coord<f64>> {
    let far_m = length_m(&[Coord::zero(), direction]);
    (far_m >= HEADING_MIN_M).then(|| direction / far_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(points: &[(f64, f64)]) -> Vec<Way> {
        let points: Vec<_> = points.iter().map(|(x, y)| Coord { x: *x, y: *y }).collect();
        Measured::of(&points).turns().into_iter().map(|bend| bend.way).collect()
    }

    #[test]
    fn a_corner_is_a_turn_to_its_side() {
        assert_eq!(turns(&[(0.0, 0.0), (20.0, 0.0), (20.0, 20.0)]), [Way::Left]);
        assert_eq!(turns(&[(0.0, 0.0), (20.0, 0.0), (20.0, -20.0)]), [Way::Right]);
        assert_eq!(turns(&[(0.0, 0.0), (20.0, 0.0), (36.0, 12.0)]), [Way::BearLeft]);
        assert_eq!(turns(&[(0.0, 0.0), (20.0, 0.0), (40.0, 5.0)]), []);
    }

    #[test]
    fn a_step_aside_is_no_turn_and_two_close_bends_are_one() {
        assert_eq!(turns(&[(0.0, 0.0), (20.0, 0.0), (21.0, 1.5), (40.0, 1.5)]), []);
        assert_eq!(turns(&[(0.0, 0.0), (20.0, 0.0), (22.0, 2.0), (22.0, 20.0)]), [Way::Left]);
    }

    #[test]
    fn a_line_without_length_has_no_turns() {
        assert_eq!(turns(&[]), []);
        assert_eq!(turns(&[(1.0, 1.0), (1.0, 1.0), (1.0, 1.0)]), []);
        assert_eq!(turns(&[(0.0, 0.0), (f64::NAN, 0.0), (9.0, 9.0)]), []);
    }
}
