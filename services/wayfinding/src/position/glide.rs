//! Where a walk is on the plane, and how fast it goes: a Kalman filter over the positions of fixes.
//!
//! A walker keeps a direction for a while, so a fix is held against where the walk should be by now, not
//! against where it was; without that an estimate trails the walker by as much as it trusts the past. A fix
//! that is far off counts little, and [`FAR_FIXES`] of them in a row begin anew where the last one is.

use super::Fix;

/// How many fixes in a row that are far off say that the walk is elsewhere.
const FAR_FIXES: u32 = 3;
/// The square of the distance in standard deviations beyond which a fix is far off.
const FAR: f64 = 16.0;
/// The square at which a fix counts half.
const HALF: f64 = 20.0;
/// What of a fix's radius counts; more makes the walk lag behind, less makes it jump about.
const RADIUS_SHARE: f64 = 0.8;
/// A 68 % radius in standard deviations of one axis.
pub(super) const RADIUS_SIGMAS: f64 = 1.51;
/// What the filter's own radius leaves out: bends, and errors that last.
const RADIUS_FACTOR: f64 = 1.4;
/// For how long a walk keeps its speed, in seconds.
const KEPT_S: f64 = 60.0;
/// The variance of a walk's speed on one axis, from a usual pace in any direction, in (m/s)².
const SPEED_VARIANCE: f64 = 0.9;
/// How a position spreads besides, in m² a second.
const STRAY: f64 = 0.05;

/// The state of the filter; both axes have the same variances.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glide {
    at: [f64; 2],
    speed: [f64; 2],
    /// The variances of position and speed, and between them what they share.
    place: f64,
    shared: f64,
    pace: f64,
    /// Fixes in a row that are far off.
    far: u32,
}

impl Glide {
    /// Begins at a fix.
    pub(super) fn at(fix: &Fix) -> Self {
        Self { at: fix.at, speed: [0.0; 2], place: variance(fix), shared: 0.0, pace: SPEED_VARIANCE, far: 0 }
    }

    /// Lets the walk go on for so many seconds, but no further than legs can have walked.
    pub(super) fn go(&mut self, seconds: f64, most_m: f64) {
        let kept = (-seconds / KEPT_S).exp();
        let lasts = (1.0 - kept) * KEPT_S;
        let gone_m = self.speed.map(|speed| speed * lasts);
        let part = (most_m / gone_m[0].hypot(gone_m[1]).max(f64::MIN_POSITIVE)).min(1.0);
        for ((at, speed), gone_m) in self.at.iter_mut().zip(&mut self.speed).zip(gone_m) {
            *at += part * gone_m;
            *speed *= kept;
        }
        let fresh = SPEED_VARIANCE * (1.0 - kept * kept);
        let carried = lasts * (2.0 * self.shared + lasts * self.pace);
        self.place += carried + fresh * seconds * seconds / 4.0 + STRAY * seconds;
        self.shared = kept * (self.shared + lasts * self.pace) + fresh * seconds / 2.0;
        self.pace = kept * kept * self.pace + fresh;
    }

    /// Takes a fix.
    pub(super) fn take(&mut self, fix: &Fix) {
        let off = [0, 1].map(|axis| fix.at[axis] - self.at[axis]);
        let variance = variance(fix);
        let square = (off[0] * off[0] + off[1] * off[1]) / (self.place + variance);
        self.far = if square > FAR { self.far + 1 } else { 0 };
        if self.far >= FAR_FIXES {
            *self = Self::at(fix);
            return;
        }
        let whole = self.place + variance * (1.0 + square / HALF);
        let (by_place, by_speed) = (self.place / whole, self.shared / whole);
        for ((at, speed), off) in self.at.iter_mut().zip(&mut self.speed).zip(off) {
            *at += by_place * off;
            *speed += by_speed * off;
        }
        self.pace -= by_speed * self.shared;
        self.place *= 1.0 - by_place;
        self.shared *= 1.0 - by_place;
    }

    /// Returns the position in metres on the venue's plane.
    pub(super) fn position(&self) -> [f64; 2] {
        self.at
    }

    /// Returns the radius that holds the true position in 68 of 100 cases, in metres.
    pub(super) fn radius_m(&self) -> f64 {
        RADIUS_FACTOR * RADIUS_SIGMAS * self.place.sqrt()
    }
}

fn variance(fix: &Fix) -> f64 {
    (RADIUS_SHARE * fix.radius_m.max(1.0) / RADIUS_SIGMAS).powi(2)
}
