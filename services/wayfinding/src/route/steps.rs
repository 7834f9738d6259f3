//! From the legs of a way to what a passenger is told, with the lines to draw and where each step is on them.

use std::collections::BTreeSet;

use super::landmarks::{Lookout, Named};
use super::legs::{self, Doing, Leg, Ride};
use super::lines::Lines;
use super::pieces::{Piece, Pieces};
use super::resolve::Spot;
use super::sides::{facing, side_of};
use super::text::{self, Arrival, Checked, OutOf, Riding, Stroll};
use super::turns::Way;
use super::{Landmark, LandmarkRole, Route, Span, Step, StepKind, off, waits};
use crate::geometry::{Area, length_m};
use crate::graph::crossings::Check;
use crate::graph::{EdgeKind, Room, Zone};
use crate::overlay::Overlay;
use crate::snapshot::Snapshot;
use crate::snapshot::sights::{Thing, feature_of};
use crate::words::Language;

/// A walk longer than this names something that is passed; one that has a landmark already, twice as long.
const LONG_M: f64 = 60.0;
/// How a sign begins that points somewhere, and that some maps give a corridor as its English name.
const TO: &str = "To ";
/// What share of the square around it a room fills that is a corridor: one six times as long as wide.
const SLENDER: f64 = 0.031;

/// What is told of a way.
pub(super) struct Tale<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) overlay: &'a Overlay,
    pub(super) from: &'a Spot,
    pub(super) to: Option<&'a Spot>,
    pub(super) language: Language,
    pub(super) wheelchair: bool,
}

/// Somebody who tells a way, leg by leg.
struct Narrator<'a> {
    tale: &'a Tale<'a>,
    lookout: Lookout<'a>,
    lines: Lines,
    steps: Vec<Step>,
    /// The room that was named last, or that the last leg ended in.
    room: Option<String>,
    zone: Option<Zone>,
}

pub(super) fn narrate(tale: &Tale<'_>, way: &Pieces) -> Route {
    let pieces = way.pieces.as_slice();
    let [from, to] =
        [Some(tale.from), tale.to].map(|spot| spot.and_then(|spot| place_of(tale.snapshot, spot)));
    let legs = legs::cut(tale.snapshot, pieces, from.and_then(|from| facing(tale.snapshot, from)));
    let lookout = Lookout {
        snapshot: tale.snapshot,
        overlay: tale.overlay,
        language: tale.language,
        ends: [from, to].map(|place| place.map(Thing::Place)),
        last: None,
        left: None,
    };
    let lines = Lines::default();
    let mut narrator = Narrator { tale, lookout, lines, steps: vec![], room: None, zone: None };
    for (index, leg) in legs.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| legs[before].doing);
        narrator.tell(leg, before, from);
    }
    let last = pieces.last().map_or(way.level, |piece| piece.levels[1]);
    narrator.arrive(to, legs.last(), last);
    let Narrator { lines, mut steps, .. } = narrator;
    let (line, kept) = lines.finish(tale.snapshot);
    for step in &mut steps {
        step.span = step.span.and_then(|span| kept.span(span));
    }
    let off_m = [tale.from.off_m(), tale.to.map_or(0.0, Spot::off_m)];
    off::say(&mut steps, off_m, tale.language);
    Route {
        start_off_m: off_m[0],
        goal_off_m: off_m[1],
        // The sum of nothing is -0.
        length_m: 0.0 + pieces.iter().map(|piece| piece.length_m).sum::<f64>(),
        seconds: 0.0 + pieces.iter().map(|piece| f64::from(piece.millis)).sum::<f64>() / 1_000.0,
        levels: levels(tale.snapshot, pieces, way.level),
        steps,
        line,
        ..Route::default()
    }
}

/// Returns the ordinals of the levels in the order they are walked.
fn levels(snapshot: &Snapshot, pieces: &[Piece], level: usize) -> Vec<i32> {
    let storeys = snapshot.graph().storeys();
    let mut levels = vec![storeys[pieces.first().map_or(level, |piece| piece.levels[0])].ordinal];
    let walked = pieces.iter().filter(|piece| piece.kind != EdgeKind::Lift);
    levels.extend(walked.map(|piece| storeys[piece.levels[1]].ordinal));
    levels.push(storeys[pieces.last().map_or(level, |piece| piece.levels[1])].ordinal);
    levels.dedup();
    levels
}

impl Narrator<'_> {
    fn tell(&mut self, leg: &Leg, before: Option<Doing>, from: Option<usize>) {
        let mut step = self.step(leg);
        match leg.doing {
            Doing::Walk | Doing::Walkway => self.stroll(leg, before, from, &mut step),
            Doing::Ride(kind, shaft) => self.ride(leg, kind, shaft, &mut step),
            Doing::Check(check, hall) => self.check(leg, check, hall, &mut step),
        }
        if let Some((room, _)) = leg.rooms.last().filter(|_| leg.doing != Doing::Walkway) {
            let room = &self.tale.snapshot.graph().rooms[*room];
            self.room = room.name.get(self.tale.language).map(str::to_owned).or_else(|| self.room.take());
        }
        let language = self.tale.language;
        step.text.push_str(&waits::said(step.seconds, step.wait_s, leg.opens, language));
        step.span = self.lines.add(leg);
        self.steps.push(step);
    }

    /// Returns a step with what is the same for all kinds.
    fn step(&mut self, leg: &Leg) -> Step {
        let graph = self.tale.snapshot.graph();
        let ordinals = leg.levels.map(|level| graph.storeys()[level].ordinal);
        let zones = leg.rooms.iter().filter_map(|(room, _)| graph.rooms[*room].zone);
        let mut zone = None;
        for next in zones {
            let before = self.zone.replace(next);
            zone = if before.is_some_and(|before| before != next) { Some(next) } else { zone };
        }
        Step {
            kind: StepKind::Walk,
            text: String::new(),
            distance_m: leg.length_m,
            seconds: leg.millis / 1_000.0,
            wait_s: leg.wait_ms / 1_000.0,
            check_s: leg.check_ms / 1_000.0,
            ordinal: ordinals[0],
            end_ordinal: ordinals[1],
            span: None,
            landmarks: vec![],
            sign: None,
            feature: None,
            direction: None,
            zone,
        }
    }

    fn stroll(&mut self, leg: &Leg, before: Option<Doing>, from: Option<usize>, step: &mut Step) {
        let graph = self.tale.snapshot.graph();
        let language = self.tale.language;
        let walkway = leg.doing == Doing::Walkway;
        let out_of = match before {
            Some(Doing::Ride(kind, _)) => Some(OutOf::Ride(kind)),
            Some(_) => None,
            None => from
                .filter(|from| self.comes_out(*from, leg))
                .and_then(|from| graph.places[from].name.get(language).map(OutOf::Place)),
        };
        let (through, into) = if walkway { (None, None) } else { self.rooms(leg) };
        let mut said = Stroll {
            turns: leg.turns.iter().map(|turn| turn.way).collect(),
            metres: leg.length_m,
            wheelchair: self.tale.wheelchair,
            walkway,
            for_good: step.zone.is_some_and(|zone| zone == Zone::Landside),
            ..Stroll::default()
        };
        let mut landmarks = Vec::new();
        let unsure = out_of.is_none() && before.is_none()
            || matches!(before, Some(Doing::Ride(..))) && leg.turns.is_empty();
        if let Some(turn) = leg.turns.last().filter(|_| out_of.is_none() || leg.turns.len() > 1) {
            landmarks.extend(self.lookout.at_turn(turn).map(|named| (LandmarkRole::Turn, named)));
            said.at = landmarks.last().map(|(_, named)| named.name.clone());
        } else if unsure && leg.turns.is_empty() && !walkway {
            landmarks.extend(self.lookout.towards(leg).map(|named| (LandmarkRole::Towards, named)));
            said.towards = landmarks.last().map(|(_, named)| named.name.clone());
        }
        let long_m = if landmarks.is_empty() { LONG_M } else { 2.0 * LONG_M };
        if leg.length_m > long_m
            && !walkway
            && let Some(named) = self.lookout.passing(leg)
        {
            said.passing = named.direction.map(|direction| (named.name.clone(), direction));
            landmarks.push((LandmarkRole::Pass, named));
        }
        self.lookout.left = None;
        step.kind = kind(leg);
        (step.sign, step.feature) = match into.or(through) {
            Some(room) => {
                (graph.rooms[room].name.get(language).map(str::to_owned), Some(graph.rooms[room].id.clone()))
            }
            None => (None, None),
        };
        step.landmarks = landmarks.into_iter().map(|(role, named)| self.landmark(role, named)).collect();
        let name = |room: usize| graph.rooms[room].name.get(language).map(str::to_owned);
        let points =
            |room: &usize| graph.rooms[*room].name.get(Language::En).is_some_and(|name| name.starts_with(TO));
        said.out_of = out_of;
        said.follow = into.or(through).filter(points).and_then(name);
        said.through = through
            .filter(|room| !points(room))
            .and_then(|room| Some((name(room)?, is_long(&graph.rooms[room]))));
        said.into = into.filter(|room| !points(room)).and_then(name);
        step.text = text::stroll(&said, language);
    }

    /// Chooses the rooms that are named: one that is walked through, and the one that is come into.
    fn rooms(&self, leg: &Leg) -> (Option<usize>, Option<usize>) {
        let rooms = &self.tale.snapshot.graph().rooms;
        let language = self.tale.language;
        let goal = self.tale.to.and_then(|to| to.name(self.tale.snapshot, language));
        let mut said: BTreeSet<&str> = self.room.as_deref().into_iter().collect();
        let mut named: Vec<(usize, f64)> = Vec::new();
        for (room, metres) in &leg.rooms {
            let Some(name) = rooms[*room].name.get(language) else { continue };
            match named.last_mut().filter(|(last, _)| rooms[*last].name.get(language) == Some(name)) {
                Some((_, whole_m)) => *whole_m += metres,
                None if goal.as_deref() == Some(name) || !said.insert(name) => {}
                None => named.push((*room, *metres)),
            }
        }
        let began_in = leg.rooms.first().map(|(room, _)| *room);
        let Some((last, _)) = named.last().copied() else { return (None, None) };
        let is_new =
            Some(last) != began_in && (self.room.is_some() || named.len() > 1 || leg.rooms.len() > 1);
        if !is_new {
            return (Some(last), None);
        }
        let others = &named[..named.len() - 1];
        let longest = others.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        (longest.map(|(room, _)| *room), Some(last))
    }

    /// Tells whether a leg leads out of a place that one knows to have left: a shop, a gate.
    fn comes_out(&self, from: usize, leg: &Leg) -> bool {
        let snapshot = self.tale.snapshot;
        let own = snapshot.sights.own_room(from);
        let leaves = own.is_some_and(|own| {
            leg.rooms.first().is_some_and(|(room, _)| *room == own) && leg.rooms.len() > 1
        });
        leaves || facing(snapshot, from).is_some()
    }

    fn ride(&mut self, leg: &Leg, ride: Ride, shaft: Option<usize>, step: &mut Step) {
        let graph = self.tale.snapshot.graph();
        let language = self.tale.language;
        let storey = &graph.storeys()[leg.levels[1]];
        let name = shaft.and_then(|shaft| graph.shafts()[shaft].name.get(language));
        let turns = leg.turns.iter().map(|turn| turn.way).collect();
        let rise = graph.rise(leg.levels);
        let said = Riding { kind: ride, turns, name, rise, level: &storey.sign(language) };
        step.text = text::ride(&said, language);
        step.kind = match ride {
            Ride::Lift => StepKind::Lift,
            Ride::Stairs => StepKind::Stairs,
            Ride::Escalator => StepKind::Escalator,
        };
        // Who comes out of it is not told to turn at it.
        self.lookout.left = shaft.map(Thing::Shaft);
        step.sign = name.map(|name| text::shaft(name, language));
        step.feature = shaft.map(|shaft| graph.shafts()[shaft].id.clone());
    }

    fn check(&mut self, leg: &Leg, check: Check, hall: Option<usize>, step: &mut Step) {
        let graph = self.tale.snapshot.graph();
        let hall = hall.map(|hall| &graph.rooms[hall]);
        let section = hall.and_then(|hall| hall.checkpoint.as_ref());
        let section =
            section.and_then(|own| graph.checkpoints.iter().find(|(section, _)| *section == own.section));
        let named = section.map(|(id, name)| (id, name)).or_else(|| hall.map(|hall| (&hall.id, &hall.name)));
        let name = named.and_then(|(_, name)| name.get(self.tale.language));
        let turns = leg.turns.iter().map(|turn| turn.way).collect();
        step.text = text::check(&Checked { kind: check, turns, name }, self.tale.language);
        step.kind = match check {
            Check::Security => StepKind::Security,
            Check::Border => StepKind::Border,
            Check::Customs => StepKind::Customs,
        };
        step.sign = name.map(str::to_owned);
        step.feature = named.map(|(id, _)| id.clone());
    }

    fn arrive(&mut self, to: Option<usize>, last: Option<&Leg>, level: usize) {
        let snapshot = self.tale.snapshot;
        let name = self.tale.to.and_then(|spot| spot.name(snapshot, self.tale.language));
        let direction = to.zip(last).and_then(|(to, leg)| side_of(snapshot, to, leg));
        let ordinal = snapshot.graph().storeys()[level].ordinal;
        let feature = match self.tale.to {
            Some(Spot::Nodes { feature, .. }) => Some(feature.clone()),
            _ => None,
        };
        self.steps.push(Step {
            kind: StepKind::Arrive,
            text: text::arrive(&Arrival { name: name.as_deref(), direction }, self.tale.language),
            distance_m: 0.0,
            seconds: 0.0,
            wait_s: 0.0,
            check_s: 0.0,
            ordinal,
            end_ordinal: ordinal,
            span: self.lines.end().map(|end| Span { first: end, last: end }),
            landmarks: vec![],
            sign: name,
            feature,
            direction,
            zone: None,
        });
    }

    fn landmark(&self, role: LandmarkRole, named: Named) -> Landmark {
        let feature = feature_of(self.tale.snapshot.graph(), named.thing).clone();
        Landmark { feature, name: named.name, role, direction: named.direction }
    }
}

fn kind(leg: &Leg) -> StepKind {
    match (leg.doing, leg.turns.last().map(|turn| turn.way)) {
        (Doing::Walkway, _) => StepKind::MovingWalkway,
        (_, Some(Way::Left)) => StepKind::TurnLeft,
        (_, Some(Way::Right)) => StepKind::TurnRight,
        (_, Some(Way::BearLeft)) => StepKind::BearLeft,
        (_, Some(Way::BearRight)) => StepKind::BearRight,
        (_, Some(Way::Around)) => StepKind::TurnAround,
        (_, None) => StepKind::Walk,
    }
}

/// Tells whether one walks along a room rather than through it: a corridor, a pier.
fn is_long(room: &Room) -> bool {
    let root = room.category.split('.').next().unwrap_or_default();
    let long = |area: &Area| {
        let around_m: f64 = area.rings().next().map_or(0.0, |ring| length_m(&ring.0));
        area.square_m() < SLENDER * around_m * around_m
    };
    matches!(root, "walkway" | "corridor" | "concourse") && room.areas.first().is_some_and(long)
}

fn place_of(snapshot: &Snapshot, spot: &Spot) -> Option<usize> {
    let Spot::Nodes { feature, .. } = spot else { return None };
    snapshot.names.place(feature)
}
