//! From the pieces of a way to steps: one for each turn, named room, ride and checkpoint.

use geo::Coord;

use super::pieces::{Piece, Pieces};
use super::text::{self, Ride};
use super::{LevelLine, Route, Step, StepKind};
use crate::geometry::distance_m;
use crate::graph::EdgeKind;
use crate::snapshot::Snapshot;
use crate::words::Language;

/// A bend sharper than this is a turn, in degrees.
const TURN_DEG: f64 = 50.0;
/// A step shorter than this is not cut off by a turn or a door, in metres.
const STEP_MIN_M: f64 = 4.0;
/// A line shorter than this has no direction, in metres.
const HEADING_MIN_M: f64 = 0.5;

/// A step of walking, while it grows.
struct Walk {
    kind: StepKind,
    room: Option<usize>,
    length_m: f64,
    millis: f64,
    level: usize,
}

struct Narrator<'a> {
    snapshot: &'a Snapshot,
    language: Language,
    steps: Vec<Step>,
    walk: Option<Walk>,
    heading: Option<Coord<f64>>,
    said: Option<usize>,
}

pub(super) fn narrate(snapshot: &Snapshot, way: &Pieces, goal: Option<&str>, language: Language) -> Route {
    let mut narrator = Narrator { snapshot, language, steps: vec![], walk: None, heading: None, said: None };
    let pieces = way.pieces.as_slice();
    let mut at = 0;
    while at < pieces.len() {
        let ride = ride_length(&pieces[at..]);
        if ride > 0 {
            narrator.ride(&pieces[at..at + ride]);
            at += ride;
        } else {
            match pieces[at].kind {
                EdgeKind::Security => narrator.checkpoint(&pieces[at]),
                _ => narrator.walk(&pieces[at]),
            }
            at += 1;
        }
    }
    narrator.end_walk();
    let last = pieces.last().map_or(way.level, |piece| piece.levels[1]);
    narrator.push(StepKind::Arrive, text::arrive(goal, language), 0.0, 0.0, last);
    let storeys = snapshot.graph().storeys();
    let mut levels = vec![storeys[pieces.first().map_or(way.level, |piece| piece.levels[0])].ordinal];
    levels.extend(
        pieces.iter().filter(|piece| piece.kind != EdgeKind::Lift).map(|p| storeys[p.levels[1]].ordinal),
    );
    levels.push(storeys[last].ordinal);
    levels.dedup();
    Route {
        length_m: pieces.iter().map(|piece| piece.length_m).sum(),
        seconds: pieces.iter().map(|piece| f64::from(piece.millis)).sum::<f64>() / 1_000.0,
        levels,
        steps: narrator.steps,
        line: line(snapshot, pieces),
    }
}

/// Returns how many pieces at the front belong to one ride, its shaft's rooms included; 0 for no ride.
fn ride_length(pieces: &[Piece]) -> usize {
    let Some(shaft) = pieces[0].shaft else { return 0 };
    let length = pieces.iter().take_while(|piece| piece.shaft == Some(shaft)).count();
    let rides = pieces[..length].iter().any(|piece| piece.kind != EdgeKind::Walk);
    if rides { length } else { 0 }
}

impl Narrator<'_> {
    fn push(&mut self, kind: StepKind, text: String, distance_m: f64, millis: f64, level: usize) {
        let ordinal = self.snapshot.graph().storeys()[level].ordinal;
        self.steps.push(Step { kind, text, distance_m, seconds: millis / 1_000.0, ordinal });
    }

    fn ride(&mut self, pieces: &[Piece]) {
        self.end_walk();
        self.heading = None;
        let kind = pieces.iter().map(|piece| piece.kind).find(|kind| *kind != EdgeKind::Walk);
        let kind = match kind {
            Some(EdgeKind::Lift) => StepKind::Lift,
            Some(EdgeKind::Stairs) => StepKind::Stairs,
            _ => StepKind::Escalator,
        };
        let storeys = self.snapshot.graph().storeys();
        let (from, to) = (pieces[0].levels[0], pieces[pieces.len() - 1].levels[1]);
        let shaft = pieces.iter().find_map(|piece| piece.shaft);
        let name = shaft.and_then(|shaft| self.snapshot.graph().shafts()[shaft].name.get(self.language));
        let up = storeys[to].ordinal > storeys[from].ordinal;
        let text =
            text::ride(&Ride { kind, name, up, level: &storeys[to].sign(self.language) }, self.language);
        let length_m = pieces.iter().map(|piece| piece.length_m).sum();
        let millis = pieces.iter().map(|piece| f64::from(piece.millis)).sum();
        self.push(kind, text, length_m, millis, from);
    }

    fn checkpoint(&mut self, piece: &Piece) {
        self.end_walk();
        let text = text::security(self.language);
        self.push(StepKind::Security, text, piece.length_m, f64::from(piece.millis), piece.levels[0]);
    }

    fn walk(&mut self, piece: &Piece) {
        let level = piece.levels[0];
        let drawn_m = crate::geometry::length_m(&piece.points);
        if drawn_m <= 0.0 {
            self.grow(piece.room, level, piece.length_m, f64::from(piece.millis), None);
            return;
        }
        for pair in piece.points.windows(2) {
            let part_m = distance_m(pair[0], pair[1]);
            let share = part_m / drawn_m;
            let ahead = Coord { x: pair[1].x - pair[0].x, y: pair[1].y - pair[0].y };
            let turn = self.turn(ahead, part_m);
            self.grow(piece.room, level, piece.length_m * share, f64::from(piece.millis) * share, turn);
        }
    }

    /// Tells whether walking on in this direction is a turn, and remembers it.
    fn turn(&mut self, ahead: Coord<f64>, part_m: f64) -> Option<StepKind> {
        if part_m < HEADING_MIN_M {
            return None;
        }
        let before = self.heading.replace(ahead)?;
        let cross = before.x * ahead.y - before.y * ahead.x;
        let dot = before.x * ahead.x + before.y * ahead.y;
        let turn_deg = cross.atan2(dot).to_degrees();
        let kind = if turn_deg > 0.0 { StepKind::TurnLeft } else { StepKind::TurnRight };
        (turn_deg.abs() > TURN_DEG).then_some(kind)
    }

    fn grow(
        &mut self,
        room: Option<usize>,
        level: usize,
        length_m: f64,
        millis: f64,
        turn: Option<StepKind>,
    ) {
        let named = |room: &usize| !self.snapshot.graph().rooms[*room].name.is_empty();
        let room = room.filter(named);
        let cuts = self.walk.as_ref().is_some_and(|walk| {
            let enters = room.is_some() && room != walk.room && walk.room.is_some();
            walk.length_m >= STEP_MIN_M && (turn.is_some() || enters)
        });
        if cuts {
            self.end_walk();
        }
        let kind = turn.unwrap_or(StepKind::Walk);
        let walk = self.walk.get_or_insert(Walk { kind, room, length_m: 0.0, millis: 0.0, level });
        if walk.length_m < STEP_MIN_M {
            // Still at the beginning: where it leads says more than where it began.
            walk.room = room.or(walk.room);
            walk.kind = turn.unwrap_or(walk.kind);
        }
        walk.length_m += length_m;
        walk.millis += millis;
    }

    fn end_walk(&mut self) {
        let Some(walk) = self.walk.take() else { return };
        let rooms = &self.snapshot.graph().rooms;
        let room = walk.room.filter(|room| self.said != Some(*room));
        let room = room.and_then(|room| rooms[room].name.get(self.language));
        self.said = walk.room.or(self.said);
        let text = text::walk(walk.kind, room, walk.length_m, self.language);
        if walk.length_m >= 0.5 || walk.millis >= 1_000.0 {
            self.push(walk.kind, text, walk.length_m, walk.millis, walk.level);
        } else if let Some(last) = self.steps.last_mut() {
            last.distance_m += walk.length_m;
            last.seconds += walk.millis / 1_000.0;
        } else {
            self.push(walk.kind, text, walk.length_m, walk.millis, walk.level);
        }
    }
}

fn line(snapshot: &Snapshot, pieces: &[Piece]) -> Vec<LevelLine> {
    let graph = snapshot.graph();
    let mut lines: Vec<(usize, Vec<Coord<f64>>)> = Vec::new();
    let walked = |piece: &&Piece| {
        use EdgeKind::{MovingWalkway, Ramp, Security, Walk};
        matches!(piece.kind, Walk | Ramp | MovingWalkway | Security)
    };
    for piece in pieces.iter().filter(walked) {
        if lines.last().is_none_or(|(level, _)| *level != piece.levels[0]) {
            lines.push((piece.levels[0], vec![]));
        }
        if let Some((_, points)) = lines.last_mut() {
            points.extend(&piece.points);
        }
    }
    let finished = lines.into_iter().filter_map(|(level, mut points)| {
        crate::taut::straighten(&mut points);
        points.dedup_by(|a, b| distance_m(*a, *b) < 1e-3);
        let storey = &graph.storeys()[level];
        let coordinates: Vec<_> = points.iter().map(|at| graph.frame().to_world(*at)).collect();
        let line = LevelLine { ordinal: storey.ordinal, level_id: storey.id.clone(), coordinates };
        (line.coordinates.len() >= 2).then_some(line)
    });
    finished.collect()
}
