//! Follows a walk on the graph: what the scans say, and what legs can do.
//!
//! **Filter.** Every [`Cell`](super::track::Cell) where the walk may be has a cost, the negative logarithm of
//! the likeliest walk that ends there. Between two scans walking is charged by the time it takes, so that the walk may be as far
//! as legs go and a change of level leads through a shaft; a scan then charges each cell by how far it lies
//! from the fix, measured by the fix's own radius, and by the level. A cell that costs [`LOST`] more than the
//! best is forgotten, so a scan asks for those within some dozen metres and not for all of the venue. Every
//! fix adds the cells about it at that cost: a phone that was carried away unseen, or a walk that jumps
//! levels, is found again after a few scans.
//!
//! **Position.** The likeliest cells say the level and whether the walk is in a shaft. Where on the level it is,
//! the fixes themselves say, filtered with the walker's speed: on open floors nobody walks where a line
//! was drawn, and a walk that is likeliest to stand still trails one that goes on.
//!
//! **Measured** on 60 walks in lingnan among simulated beacons, other ones than the bench shows: the level is
//! wrong in 1.2 % of the scans, where single scans are wrong in 4 %. It was wrong in 2.2 % with 1.6 for
//! `SCAN_SHARE` and 14 for [`LOST`], and in 0.9 % with 24, which takes some scans more to find a lost walk.
//!
//! **Level.** The level that is told changes when [`AGREEING`] scans in a row lead there, or at once where the
//! walk leads into a shaft. Until then the walk is told on the level it was on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::Fix;
use super::glide::{Glide, RADIUS_SIGMAS};
use super::track::Track;
use crate::graph::WALK_SPEED_MPS;

/// The most that a cell costs above the best.
pub const LOST: f32 = 18.0;
/// How many scans in a row must lead to a new level.
pub const AGREEING: u32 = 2;
/// The longest silence after which the walk still counts; later it begins anew.
pub const SILENCE_MAX: Duration = Duration::from_secs(120);

/// How far a walk gets in the time that has passed, against the track's: twice, since a fix lags and jumps.
const HASTE: f32 = 2.0;
/// How far a walk gets against what a pedometer counted, and what of the time may be a ride, which counts none.
const COUNTED: f32 = 1.5;
const RIDDEN: f32 = 0.5;
/// The charge for walking all of that, and for each time as much again.
const WALK_PRICE: (f32, f32) = (0.05, 6.0);
/// What a scan counts against what legs can do; less makes the walk lag behind, more makes it jump about.
const SCAN_SHARE: f32 = 0.6;
/// The most that a wrong level is charged.
const WRONG_LEVEL_MAX: f32 = 4.0;
/// How far from the ways of its level a walk may be, in metres.
const FLOOR_M: f64 = 12.0;
/// Where a walk may begin, in radii of its first fix.
const BEGIN_RADII: f64 = 2.6;
/// How near a fix a walk is looked for that was lost, at least, in metres.
const FOUND_M: f64 = 8.0;
/// The most cells where a walk may be.
pub const LIKELY_MAX: usize = 8_192;

/// Where a walk is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Followed {
    /// The level's ordinal.
    pub level: i32,
    /// The position in metres on the venue's plane; snap it to be on a way.
    pub at: [f64; 2],
    /// The radius that holds the true position in 68 of 100 cases, in metres.
    pub radius_m: f64,
    /// How sure the level is, 0 to 1.
    pub confidence: f64,
    /// Whether the walk is in a shaft, about to leave its level.
    pub in_shaft: bool,
}

/// One walk, followed from scan to scan.
#[derive(Clone, Debug)]
pub struct Follower {
    track: Arc<Track>,
    /// The cells where the walk may be, with what each costs above the best.
    costs: Vec<(u32, f32)>,
    last: Option<Duration>,
    /// What legs have walked since the last scan, where the phone counts.
    walked_m: Option<f64>,
    glide: Option<Glide>,
    told: Option<Followed>,
    /// Another level that scans lead to, and how many of them in a row.
    rival: (i32, u32),
}

impl Follower {
    /// Begins a walk anywhere.
    pub fn new(track: Arc<Track>) -> Self {
        Self { track, costs: Vec::new(), last: None, walked_m: None, glide: None, told: None, rival: (0, 0) }
    }

    /// Returns the most memory that following a walk on a track takes, in bytes.
    pub fn bytes(track: &Track) -> usize {
        size_of::<Self>() + track.cells().len().min(LIKELY_MAX) * size_of::<(u32, f32)>()
    }

    /// Takes the fix of a scan, at a time counted from any fixed moment, and says where the walk is; `None`
    /// only on a track without cells. A scan older than the last counts as made together with it.
    pub fn observe(&mut self, at: Duration, fix: &Fix) -> Option<Followed> {
        match self.last.map(|last| at.saturating_sub(last)) {
            Some(passed) if passed <= SILENCE_MAX => self.walk(passed),
            Some(_) => {
                self.costs.clear();
                (self.glide, self.told, self.rival) = (None, None, (0, 0));
            }
            None => {}
        }
        self.last = self.last.max(Some(at));
        self.consider(fix);
        self.hear(fix);
        match &mut self.glide {
            Some(glide) => glide.take(fix),
            None => self.glide = Some(Glide::at(fix)),
        }
        self.tell()
    }

    /// Takes what legs have walked since the last scan or the last count, in metres; the walk then goes no
    /// further than that by the next scan, however long it takes.
    pub fn walked(&mut self, metres: f64) {
        *self.walked_m.get_or_insert(0.0) += metres;
    }

    /// Lets the walk go on for a while.
    fn walk(&mut self, passed: Duration) {
        let passed = passed.as_secs_f32().max(0.5);
        let walked = self.walked_m.take().map(|metres| COUNTED * (metres / WALK_SPEED_MPS) as f32);
        let reach = walked.map_or(HASTE * passed, |walked| (walked + RIDDEN * passed).min(HASTE * passed));
        if let Some(glide) = &mut self.glide {
            glide.go(f64::from(passed), f64::from(reach) * WALK_SPEED_MPS);
        }
        let mut reached: HashMap<u32, (f32, f32)> =
            self.costs.iter().map(|(cell, cost)| (*cell, (*cost, 0.0))).collect();
        // Costs are never negative, so their bits are in their order.
        let mut heap: BinaryHeap<_> =
            self.costs.iter().map(|(cell, cost)| Reverse((cost.to_bits(), *cell))).collect();
        while let Some(Reverse((bits, cell))) = heap.pop() {
            let (cost, gone) = reached[&cell];
            if f32::from_bits(bits) > cost {
                continue;
            }
            for (next, seconds) in self.track.steps(cell) {
                let spent = gone + seconds;
                let beyond = (spent - reach).clamp(0.0, *seconds);
                let there = cost + (WALK_PRICE.0 * (seconds - beyond) + WALK_PRICE.1 * beyond) / reach;
                if there < LOST && reached.get(next).is_none_or(|(known, _)| there < *known) {
                    reached.insert(*next, (there, spent));
                    heap.push(Reverse((there.to_bits(), *next)));
                }
            }
        }
        self.costs.clear();
        self.costs.extend(reached.into_iter().map(|(cell, (cost, _))| (cell, cost)));
    }

    /// Adds where the walk may be besides: near the first fix on any level, and later near a fix on its level,
    /// in case the phone was carried there unseen.
    fn consider(&mut self, fix: &Fix) {
        if self.told.is_some() {
            let near = self.track.within(fix.level, fix.at, fix.radius_m.max(FOUND_M));
            self.costs.extend(near.map(|cell| (cell, LOST)));
        } else {
            for level in self.track.levels() {
                let near = self.track.within(level, fix.at, BEGIN_RADII * fix.radius_m.max(1.0));
                let nearest = self.track.nearest(level, fix.at);
                self.costs.extend(near.chain(nearest).map(|cell| (cell, 0.0)));
            }
        }
        // Of a cell that was there already the lower cost is kept.
        self.costs.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        self.costs.dedup_by_key(|(cell, _)| *cell);
    }

    /// Charges each cell for what a scan says.
    fn hear(&mut self, fix: &Fix) {
        let sigma_m = fix.radius_m.max(1.0) / RADIUS_SIGMAS;
        let odds = (fix.confidence / (1.0 - fix.confidence).max(1e-3)).max(1.0).ln() as f32;
        let wrong_level = odds.min(WRONG_LEVEL_MAX);
        let cells = self.track.cells();
        // Ways lie close together on one level and far apart on another, which says nothing of the level.
        let gap_m = |level| {
            let nearest = self.track.nearest(level, fix.at);
            let gap_m = nearest.map_or(0.0, |cell| apart_m(cells[cell as usize].at, fix.at));
            (level, gap_m.min(FLOOR_M))
        };
        let gaps_m: BTreeMap<i32, f64> = self.track.levels().map(gap_m).collect();
        for (cell, cost) in &mut self.costs {
            let cell = &cells[*cell as usize];
            let off = (apart_m(cell.at, fix.at) - gaps_m[&cell.level]).max(0.0) / sigma_m;
            // Grows ever more slowly: a fix that is far off says only that it is far off.
            let place = (3.0 * (off * off / 6.0).ln_1p()) as f32 * SCAN_SHARE;
            *cost += place + if cell.level == fix.level { 0.0 } else { wrong_level };
        }
        let best = self.costs.iter().map(|(_, cost)| *cost).fold(f32::INFINITY, f32::min);
        self.costs.retain_mut(|(_, cost)| {
            *cost -= best;
            *cost < LOST
        });
        if self.costs.len() > LIKELY_MAX {
            self.costs.select_nth_unstable_by(LIKELY_MAX, |a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
            self.costs.truncate(LIKELY_MAX);
        }
    }

    fn tell(&mut self) -> Option<Followed> {
        let track = Arc::clone(&self.track);
        let cells = track.cells();
        let best = self.costs.iter().min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))?.0;
        let best = cells[best as usize];
        let known = self.told.map(|told| told.level);
        let level = match known.filter(|known| *known != best.level && !best.shaft) {
            Some(known) if self.agreeing(best.level) < AGREEING => known,
            _ => {
                self.rival = (best.level, 0);
                best.level
            }
        };
        let (mut whole, mut share) = (0.0, 0.0);
        for (cell, cost) in &self.costs {
            let weight = f64::from((-cost).exp());
            whole += weight;
            share += if cells[*cell as usize].level == level { weight } else { 0.0 };
        }
        let (at, radius_m) = self.glide.map(|glide| (glide.position(), glide.radius_m()))?;
        let at = self.on_floor(level, at);
        self.told = Some(Followed { level, at, radius_m, confidence: share / whole, in_shaft: best.shaft });
        self.told
    }

    /// Draws a position in towards the ways of a level, where it is further from them than floor is.
    fn on_floor(&self, level: i32, at: [f64; 2]) -> [f64; 2] {
        let Some(way) = self.nearest_way(level, at) else { return at };
        let part = (FLOOR_M / (way[0] - at[0]).hypot(way[1] - at[1])).min(1.0);
        [0, 1].map(|axis| way[axis] + (at[axis] - way[axis]) * part)
    }

    /// Returns the nearest point of the ways of a level, not in a shaft where there is another.
    pub(super) fn nearest_way(&self, level: i32, at: [f64; 2]) -> Option<[f64; 2]> {
        self.track.nearest(level, at).map(|cell| self.track.cells()[cell as usize].at)
    }

    /// Counts the scans in a row that lead to a level, this one included.
    fn agreeing(&mut self, level: i32) -> u32 {
        let before = if self.rival.0 == level { self.rival.1 } else { 0 };
        self.rival = (level, before + 1);
        self.rival.1
    }
}

/// Returns how far apart two points of the plane are, in metres.
pub(super) fn apart_m(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}
