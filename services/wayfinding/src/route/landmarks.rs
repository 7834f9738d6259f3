//! Which of the things that can be seen is named: where one turns, what one passes, what one walks towards.
//!
//! A turn is named after what stands within [`NEAR_M`] of it, is ahead of who comes there, and is seen. The
//! best known and nearest wins; what stands on the side one turns to is preferred. What is closed is never
//! named, neither end of the route is, and nothing twice in a row.

use geo::Coord;

use super::legs::Leg;
use super::text::{self, Direction};
use super::turns::{Measured, Turn, Way, degrees};
use crate::geometry::{distance_m, nearest_on};
use crate::overlay::Overlay;
use crate::snapshot::Snapshot;
use crate::snapshot::sights::{Sight, Thing, feature_of};
use crate::words::Language;

/// How far from a turn or a line something may stand, in metres.
const NEAR_M: f64 = 15.0;
/// How far ahead something may stand that one walks towards, and how far beside, in metres and degrees.
const TOWARDS_M: [f64; 2] = [6.0, 45.0];
const TOWARDS_DEG: f64 = 20.0;
/// How far behind the turn one begins to look, in metres.
const LOOK_M: f64 = 6.0;
/// What one metre of distance weighs.
const METRE: f64 = 0.2;
/// How much lighter something is that stands opposite to the side one turns to.
const OPPOSITE: f64 = 2.0;
/// How near to its line something is rather straight ahead than aside, in metres.
const ASIDE_MIN_M: f64 = 1.2;

/// Looks for landmarks along one way.
pub(super) struct Lookout<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) overlay: &'a Overlay,
    pub(super) language: Language,
    /// Both ends of the way.
    pub(super) ends: [Option<Thing>; 2],
    pub(super) last: Option<Thing>,
    /// What one has just come out of.
    pub(super) left: Option<Thing>,
}

/// Something that is named.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) thing: Thing,
    pub(super) name: String,
    pub(super) direction: Option<Direction>,
}

impl Lookout<'_> {
    /// Returns what stands where one turns.
    pub(super) fn at_turn(&mut self, turn: &Turn) -> Option<Named> {
        let room = turn.room?;
        let eye = turn.at - turn.heading * LOOK_M;
        let seen = self.snapshot.sights.near(turn.level, turn.at, NEAR_M).filter_map(|sight| {
            let ahead = degrees(turn.heading, sight.at - eye);
            if ahead.abs() > 80.0 {
                return None;
            }
            let opposite = match turn.way {
                Way::Around => false,
                way => way.is_left() != (degrees(turn.heading, sight.at - turn.at) > 0.0),
            };
            let off = if opposite && ahead.abs() > 20.0 { OPPOSITE } else { 0.0 };
            Some((f64::from(sight.weight) - METRE * distance_m(turn.at, sight.at) - off, sight))
        });
        let sight = self.best(seen.collect(), room, turn.at)?;
        let side = degrees(turn.heading, sight.at - eye);
        let side = if side.abs() < 20.0 { Direction::Ahead } else { left_or_right(side) };
        self.name(&sight, Some(side))
    }

    /// Returns what is passed on a leg, best towards its end.
    pub(super) fn passing(&mut self, leg: &Leg) -> Option<Named> {
        let (level, line) = leg.parts.last()?;
        let measured = Measured::of(line);
        let whole_m = measured.length_m();
        let mut best: Option<(f64, Direction, Sight)> = None;
        let middle = |n: usize| (line[n] + line[n + 1]) / 2.0;
        for n in 0..line.len().saturating_sub(1) {
            let (a, b) = (line[n], line[n + 1]);
            let part_m = measured.far_m[n + 1] - measured.far_m[n];
            for sight in self.snapshot.sights.near(*level, middle(n), part_m / 2.0 + NEAR_M) {
                let (foot, share) = nearest_on(sight.at, a, b);
                let (off_m, gone_m) = (distance_m(foot, sight.at), measured.far_m[n] + share * part_m);
                let beside = off_m > ASIDE_MIN_M && off_m <= NEAR_M && share > 0.0 && share < 1.0;
                if !beside || gone_m < 0.4 * whole_m || whole_m - gone_m < 10.0 || !self.may(sight) {
                    continue;
                }
                // What is passed three quarters along tells best that one is right.
                let late = (gone_m / whole_m - 0.75).abs() * 4.0;
                let score = f64::from(sight.weight) - METRE * off_m - late;
                let better = best.as_ref().is_none_or(|(known, _, _)| score > *known);
                if better && self.is_seen(&leg.rooms, foot, sight) {
                    best = Some((score, left_or_right(degrees(b - a, sight.at - foot)), sight.clone()));
                }
            }
        }
        let (_, side, sight) = best?;
        self.name(&sight, Some(side))
    }

    /// Returns what one sees ahead on setting out in a direction.
    pub(super) fn towards(&mut self, leg: &Leg) -> Option<Named> {
        let (level, line) = leg.parts.first()?;
        let measured = Measured::of(line);
        let (from, heading) = (*line.first()?, measured.sets_out()?);
        let (room, _) = *leg.rooms.first()?;
        let reach_m = TOWARDS_M[1].min(measured.length_m() + NEAR_M);
        let seen = self.snapshot.sights.near(*level, from, reach_m).filter_map(|sight| {
            let far_m = distance_m(from, sight.at);
            let off = degrees(heading, sight.at - from).abs();
            let fits = far_m >= TOWARDS_M[0] && off <= TOWARDS_DEG;
            fits.then(|| (f64::from(sight.weight) - off * 0.15 - far_m * 0.05, sight))
        });
        let sight = self.best(seen.collect(), room, from)?;
        self.name(&sight, Some(Direction::Ahead))
    }

    /// Returns the heaviest that may be named and is seen.
    fn best(&self, mut seen: Vec<(f64, &Sight)>, room: usize, from: Coord<f64>) -> Option<Sight> {
        seen.retain(|(_, sight)| self.may(sight));
        seen.sort_by(|a, b| b.0.total_cmp(&a.0));
        let graph = self.snapshot.graph();
        seen.into_iter()
            .find(|(_, sight)| self.snapshot.sights.sees(graph, room, from, sight))
            .map(|(_, sight)| sight.clone())
    }

    fn is_seen(&self, rooms: &[(usize, f64)], from: Coord<f64>, sight: &Sight) -> bool {
        let graph = self.snapshot.graph();
        rooms.iter().any(|(room, _)| self.snapshot.sights.sees(graph, *room, from, sight))
    }

    fn may(&self, sight: &Sight) -> bool {
        let closed = || self.overlay.closed().contains(feature_of(self.snapshot.graph(), sight.thing));
        !self.ends.contains(&Some(sight.thing))
            && ![self.last, self.left].contains(&Some(sight.thing))
            && !closed()
    }

    fn name(&mut self, sight: &Sight, direction: Option<Direction>) -> Option<Named> {
        let name = called(self.snapshot, sight.thing, self.language)?;
        self.last = Some(sight.thing);
        Some(Named { thing: sight.thing, name, direction })
    }
}

/// Returns the side that an angle to the left, in degrees, is on.
pub(super) fn left_or_right(degrees: f64) -> Direction {
    if degrees > 0.0 { Direction::Left } else { Direction::Right }
}

/// Returns what something is called in a sentence.
fn called(snapshot: &Snapshot, thing: Thing, language: Language) -> Option<String> {
    let graph = snapshot.graph();
    match thing {
        Thing::Place(place) => {
            let place = &graph.places[place];
            let name = place.name.get(language)?;
            let root = place.category.split('.').next().unwrap_or_default();
            Some(match (language, root, name) {
                (Language::En, "restroom", _) => "the toilets".to_owned(),
                (Language::En, "information", "Information") => "the information desk".to_owned(),
                (Language::En, "meetingpoint", "Meeting point") => "the meeting point".to_owned(),
                _ => name.to_owned(),
            })
        }
        Thing::Shaft(shaft) => graph.shafts[shaft].name.get(language).map(|name| text::shaft(name, language)),
    }
}
