//! Follows a walk on the graph: what the scans say, and what legs can do.
//!
//! **Filter.** Every [`Cell`] has a cost, the negative logarithm of the likeliest walk that ends there. Between
//! two scans walking is charged by the time it takes, so that the walk may be as far as legs go and a change
//! of level leads through a shaft; a scan then charges each cell by how far it lies from the fix, measured by
//! the fix's own radius, and by the level. No cell ever costs more than [`LOST`] above the best, so a phone
//! that was carried away unseen, or a walk that jumps levels, is found again after a few scans.
//!
//! **Position.** The likeliest cells say the level and whether the walk is in a shaft. Where on the level it is,
//! the fixes themselves say, filtered with the walker's speed: on open floors nobody walks where a line
//! was drawn, and a walk that is likeliest to stand still trails one that goes on.
//!
//! **Level.** The level that is told changes when [`AGREEING`] scans in a row lead there, or at once where the
//! walk leads into a shaft. Until then the walk is told on the level it was on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use super::Fix;
use super::glide::{Glide, RADIUS_SIGMAS};
use super::track::{Cell, Track};
use crate::graph::WALK_SPEED_MPS;

/// The most that a cell costs above the best.
pub const LOST: f32 = 14.0;
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
const SCAN_SHARE: f32 = 1.6;
/// The least and the most that a wrong level is charged.
const LEVEL_PRICE: (f32, f32) = (0.3, 4.0);
/// How far from the ways of its level a walk may be, in metres.
const FLOOR_M: f64 = 12.0;

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
    /// What each cell costs above the best.
    costs: Vec<f32>,
    /// The seconds walked to each cell since the last scan.
    spent: Vec<f32>,
    heap: BinaryHeap<Reverse<(u32, u32)>>,
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
        let costs = vec![0.0; track.cells().len()];
        let spent = costs.clone();
        Self {
            track,
            costs,
            spent,
            heap: BinaryHeap::new(),
            last: None,
            walked_m: None,
            glide: None,
            told: None,
            rival: (0, 0),
        }
    }

    /// Returns the memory that following a walk on a track takes, in bytes.
    pub fn bytes(track: &Track) -> usize {
        let cell = 2 * size_of::<f32>() + size_of::<Reverse<(u32, u32)>>();
        size_of::<Self>() + track.cells().len() * cell
    }

    /// Takes the fix of a scan, at a time counted from any fixed moment, and says where the walk is; `None`
    /// only on a track without cells. A scan older than the last counts as made together with it.
    pub fn observe(&mut self, at: Duration, fix: &Fix) -> Option<Followed> {
        match self.last.map(|last| at.saturating_sub(last)) {
            Some(passed) if passed <= SILENCE_MAX => self.walk(passed),
            Some(_) => {
                self.costs.fill(0.0);
                (self.glide, self.told, self.rival) = (None, None, (0, 0));
            }
            None => {}
        }
        self.last = self.last.max(Some(at));
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
        self.heap.clear();
        self.spent.fill(0.0);
        for (cell, cost) in (0_u32..).zip(&self.costs).filter(|(_, cost)| **cost < LOST) {
            self.heap.push(Reverse((cost.to_bits(), cell)));
        }
        // Costs are never negative, so their bits are in their order.
        while let Some(Reverse((bits, cell))) = self.heap.pop() {
            let cost = f32::from_bits(bits);
            if cost > self.costs[cell as usize] {
                continue;
            }
            for (next, seconds) in self.track.steps(cell) {
                let spent = self.spent[cell as usize] + seconds;
                let beyond = (spent - reach).clamp(0.0, *seconds);
                let there = cost + (WALK_PRICE.0 * (seconds - beyond) + WALK_PRICE.1 * beyond) / reach;
                if there < self.costs[*next as usize] {
                    self.costs[*next as usize] = there;
                    self.spent[*next as usize] = spent;
                    self.heap.push(Reverse((there.to_bits(), *next)));
                }
            }
        }
    }

    /// Charges each cell for what a scan says.
    fn hear(&mut self, fix: &Fix) {
        let sigma_m = fix.radius_m.max(1.0) / RADIUS_SIGMAS;
        let odds = (fix.confidence / (1.0 - fix.confidence).max(1e-3)).max(1.0).ln() as f32;
        let wrong_level = odds.clamp(LEVEL_PRICE.0, LEVEL_PRICE.1);
        for (cost, cell) in self.costs.iter_mut().zip(self.track.cells()) {
            let off = (cell.at[0] - fix.at[0]).hypot(cell.at[1] - fix.at[1]) / sigma_m;
            // Grows ever more slowly: a fix that is far off says only that it is far off.
            let place = (3.0 * (off * off / 6.0).ln_1p()) as f32 * SCAN_SHARE;
            *cost += place + if cell.level == fix.level { 0.0 } else { wrong_level };
        }
        let best = self.costs.iter().copied().fold(f32::INFINITY, f32::min);
        for cost in &mut self.costs {
            *cost = (*cost - best).min(LOST);
        }
    }

    fn tell(&mut self) -> Option<Followed> {
        let costs = self.costs.iter().zip(self.track.cells());
        let best = *costs.min_by(|a, b| a.0.total_cmp(b.0))?.1;
        let known = self.told.map(|told| told.level);
        let level = match known.filter(|known| *known != best.level && !best.shaft) {
            Some(known) if self.agreeing(best.level) < AGREEING => known,
            _ => {
                self.rival = (best.level, 0);
                best.level
            }
        };
        let likely = self.costs.iter().zip(self.track.cells()).filter(|(cost, _)| **cost < LOST / 2.0);
        let (mut whole, mut share) = (0.0, 0.0);
        for (cost, cell) in likely {
            let weight = f64::from((-cost).exp());
            whole += weight;
            share += if cell.level == level { weight } else { 0.0 };
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
        let square = |cell: &Cell| (cell.at[0] - at[0]).powi(2) + (cell.at[1] - at[1]).powi(2);
        let on = self.track.cells().iter().filter(|cell| cell.level == level);
        let nearest = on.map(|cell| (cell.shaft, square(cell), cell.at));
        nearest.min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))).map(|(_, _, way)| way)
    }

    /// Counts the scans in a row that lead to a level, this one included.
    fn agreeing(&mut self, level: i32) -> u32 {
        let before = if self.rival.0 == level { self.rival.1 } else { 0 };
        self.rival = (level, before + 1);
        self.rival.1
    }
}
