//! A route laid out on the plane, so that a position on it can be told.
//!
//! A leg is the line walked on one level, from one ride to the next. A spot is a place on a leg; the end of a
//! leg and the beginning of the next are two spots, with the ride between them.

use geo::Coord;

use crate::geometry::{distance_m, gap_to_m, length_m, nearest_on};
use crate::graph::Frame;
use crate::imdf::FeatureId;
use crate::route::{Route, Step, StepKind};

/// What a metre along the way costs against a metre off it, when a line passes twice.
const JUMP_PRICE: f64 = 0.15;
/// How far two lines may be apart and still be the same way, in metres.
const SAME_M: f64 = 4.0;

/// A place on the way: the leg, and the metres walked on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(super) struct Spot {
    pub(super) leg: usize,
    pub(super) m: f64,
}

/// The line walked on one level.
#[derive(Clone, Debug)]
struct Leg {
    ordinal: i32,
    points: Vec<Coord<f64>>,
    /// The metres walked before it.
    before_m: f64,
    length_m: f64,
}

/// Where a position is against the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) spot: Spot,
    pub(super) at: Coord<f64>,
    pub(super) gap_m: f64,
}

/// What is left of the way from a spot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Left {
    /// The step that the spot is on.
    pub(super) step: usize,
    pub(super) step_m: f64,
    pub(super) all_m: f64,
    pub(super) seconds: f64,
}

/// A route with its legs, and where each of its steps begins.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) route: Route,
    legs: Vec<Leg>,
    begins: Vec<Spot>,
}

impl Course {
    pub(super) fn new(frame: Frame, route: Route) -> Self {
        let mut before_m = 0.0;
        let legs = route.line.iter().map(|line| {
            let points: Vec<_> =
                line.coordinates.iter().map(|[lon, lat]| frame.to_plane(*lon, *lat)).collect();
            let length_m = length_m(&points);
            let leg = Leg { ordinal: line.ordinal, points, before_m, length_m };
            before_m += length_m;
            leg
        });
        let legs: Vec<_> = legs.collect();
        let begins = begins(&route, &legs);
        Self { route, legs, begins }
    }

    /// Finds the spot of the way nearest to a position, of several the one nearest to where the walk was;
    /// `None` where no leg is on the level.
    pub(super) fn place(&self, level: i32, at: Coord<f64>, was: Spot) -> Option<Placed> {
        let was_m = self.walked_m(was);
        let mut best: Option<(f64, Placed)> = None;
        for (index, leg) in self.legs.iter().enumerate().filter(|(_, leg)| leg.ordinal == level) {
            let mut m = 0.0;
            for pair in leg.points.windows(2) {
                let (near, _) = nearest_on(at, pair[0], pair[1]);
                let spot = Spot { leg: index, m: m + distance_m(pair[0], near) };
                let gap_m = distance_m(at, near);
                let price = gap_m + JUMP_PRICE * (self.walked_m(spot) - was_m).abs();
                if best.is_none_or(|(least, _)| price < least) {
                    best = Some((price, Placed { spot, at: near, gap_m }));
                }
                m += distance_m(pair[0], pair[1]);
            }
        }
        best.map(|(_, placed)| placed)
    }

    /// Returns the spot so many metres further on the same leg.
    pub(super) fn further(&self, spot: Spot, metres: f64) -> Option<Placed> {
        let leg = self.legs.get(spot.leg)?;
        let m = (spot.m + metres).clamp(0.0, leg.length_m);
        let mut gone_m = 0.0;
        for pair in leg.points.windows(2) {
            let part_m = distance_m(pair[0], pair[1]);
            if gone_m + part_m >= m && part_m > 0.0 {
                let at = pair[0] + (pair[1] - pair[0]) * ((m - gone_m) / part_m);
                return Some(Placed { spot: Spot { leg: spot.leg, m }, at, gap_m: 0.0 });
            }
            gone_m += part_m;
        }
        leg.points.last().map(|at| Placed { spot: Spot { leg: spot.leg, m }, at: *at, gap_m: 0.0 })
    }

    /// Returns the metres walked up to a spot, rides apart.
    pub(super) fn walked_m(&self, spot: Spot) -> f64 {
        self.legs.get(spot.leg).map_or(0.0, |leg| leg.before_m + spot.m)
    }

    pub(super) fn level(&self, spot: Spot) -> Option<i32> {
        self.legs.get(spot.leg).map(|leg| leg.ordinal)
    }

    /// Says what is left from a spot; who is in a shaft is on the ride that begins near there.
    pub(super) fn left(&self, spot: Spot, in_shaft: bool) -> Left {
        let steps = &self.route.steps;
        let mut step = self.begins.partition_point(|begin| *begin <= spot).saturating_sub(1);
        if in_shaft && steps.get(step + 1).is_some_and(|next| is_ride(next.kind)) {
            step += 1;
        }
        let share = self.share(step, spot);
        let after = steps.get(step + 1..).unwrap_or_default();
        let (step_m, step_s) = steps.get(step).map_or((0.0, 0.0), |s| (s.distance_m, s.seconds));
        let step_m = step_m * (1.0 - share);
        Left {
            step,
            step_m,
            all_m: step_m + after.iter().map(|step| step.distance_m).sum::<f64>(),
            seconds: step_s * (1.0 - share) + after.iter().map(|step| step.seconds).sum::<f64>(),
        }
    }

    /// Returns how much of a step lies before a spot, 0 to 1.
    fn share(&self, step: usize, spot: Spot) -> f64 {
        let (Some(begin), Some(kind)) = (self.begins.get(step), self.route.steps.get(step).map(|s| s.kind))
        else {
            return 0.0;
        };
        if is_ride(kind) || begin.leg != spot.leg {
            return 0.0;
        }
        let whole = self.legs.get(begin.leg).map_or(0.0, |leg| leg.length_m);
        let end_m = self.begins.get(step + 1).filter(|end| end.leg == begin.leg).map_or(whole, |end| end.m);
        let length_m = end_m - begin.m;
        if length_m > 0.0 { ((spot.m - begin.m) / length_m).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Tells whether another route is the rest of this one, however it was cut: by the same machines, along
    /// the same lines. Of two lifts side by side the lines cannot tell which one is meant.
    pub(super) fn leads_as(&self, other: &Self, from: Spot) -> bool {
        let begun = self.begins.partition_point(|begin| *begin <= from).saturating_sub(1);
        let ours = machines(self.route.steps.get(begun..).unwrap_or_default());
        // Who is on a ride already is not told of it again.
        if !ours.ends_with(&machines(&other.route.steps)) {
            return false;
        }
        let rest = self.legs.get(from.leg..).unwrap_or_default();
        let levels = |legs: &[Leg]| legs.iter().map(|leg| leg.ordinal).collect::<Vec<_>>();
        levels(rest) == levels(&other.legs)
            && rest
                .iter()
                .zip(&other.legs)
                .all(|(ours, theirs)| theirs.points.iter().all(|at| gap_to_m(&ours.points, *at) <= SAME_M))
    }
}

/// Returns what is ridden, in order.
fn machines(steps: &[Step]) -> Vec<(Option<&FeatureId>, Option<&str>)> {
    let rides = steps.iter().filter(|step| is_ride(step.kind));
    rides.map(|step| (step.feature.as_ref(), step.sign.as_deref())).collect()
}

/// Tells whether a step leads to another level.
pub(super) fn is_ride(kind: StepKind) -> bool {
    matches!(kind, StepKind::Lift | StepKind::Stairs | StepKind::Escalator)
}

/// Finds where the steps begin. Steps and lines tell the same way, each in its own words: the steps of a leg
/// share its line by their lengths, and after a ride the next leg begins.
fn begins(route: &Route, legs: &[Leg]) -> Vec<Spot> {
    let ordinal = |leg: usize| legs.get(leg).map(|leg| leg.ordinal);
    let mut leg = 0;
    let mut walked = false;
    let mut of: Vec<usize> = Vec::with_capacity(route.steps.len());
    for (index, step) in route.steps.iter().enumerate() {
        if is_ride(step.kind) {
            of.push(leg);
            let next = route.steps.get(index + 1).map(|next| next.ordinal);
            // A ride before the first line, and one between two rides, end no leg.
            if walked && next.is_some() && ordinal(leg + 1) == next {
                (leg, walked) = (leg + 1, false);
            }
        } else {
            walked |= step.distance_m > 0.0;
            of.push(leg);
        }
    }
    let told_m = |leg: usize| -> f64 {
        let own = route.steps.iter().zip(&of).filter(|(step, of)| **of == leg && !is_ride(step.kind));
        own.map(|(step, _)| step.distance_m).sum()
    };
    let mut gone_m = 0.0;
    let mut last = None;
    let spots = route.steps.iter().zip(&of).map(|(step, leg)| {
        if last.replace(*leg) != Some(*leg) {
            gone_m = 0.0;
        }
        let whole_m = legs.get(*leg).map_or(0.0, |leg| leg.length_m);
        let share = if told_m(*leg) > 0.0 { gone_m / told_m(*leg) } else { 0.0 };
        if !is_ride(step.kind) {
            gone_m += step.distance_m;
        }
        Spot { leg: *leg, m: whole_m * share.min(1.0) }
    });
    spots.collect()
}
