//! A way cut into legs: what is walked straight on, each ride, each check.
//!
//! What is walked between two rides is one run. It is cut where it turns, and where a moving walkway or the
//! hall of a check begins and ends; rooms and doors cut nothing. A leg of a few metres is nothing to tell of
//! its own: it becomes the beginning of the next, with its turn.

use std::collections::BTreeMap;

use geo::Coord;

use super::pieces::Piece;
use super::turns::{Bend, FELT_M, Measured, Turn, Way, unit};
use crate::geometry::{distance_m, length_m};
use crate::graph::EdgeKind;
use crate::graph::crossings::Check;
use crate::hours::Moment;
use crate::snapshot::Snapshot;

/// A walk shorter than this is not told of its own, in metres.
const SHORT_M: f64 = 8.0;
/// A bearing aside that begins or follows a shorter walk than this is not told, in metres.
const BEARS_MIN_M: f64 = 30.0;

/// How one rides between levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ride {
    Lift,
    Stairs,
    Escalator,
}

/// What one does on a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Walk,
    /// On a moving walkway, or several in a row.
    Walkway,
    /// The shaft, where the map tells which.
    Ride(Ride, Option<usize>),
    /// The hall it is in, where it has one.
    Check(Check, Option<usize>),
}

/// A leg of a way.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    pub(super) doing: Doing,
    /// How one turns before it, two turns at most.
    pub(super) turns: Vec<Turn>,
    /// The levels where it begins and ends.
    pub(super) levels: [usize; 2],
    pub(super) length_m: f64,
    pub(super) millis: f64,
    /// What of the time is waiting.
    pub(super) wait_ms: f64,
    /// What of the time checks themselves take.
    pub(super) check_ms: f64,
    /// When something on it opens, where one waits for that.
    pub(super) opens: Option<Moment>,
    /// What is drawn of it, by level.
    pub(super) parts: Vec<(usize, Vec<Coord<f64>>)>,
    /// The rooms that are walked through, in order, each with its metres.
    pub(super) rooms: Vec<(usize, f64)>,
}

/// A straight bit of a run.
struct Bit {
    from: Coord<f64>,
    to: Coord<f64>,
    doing: Doing,
    room: Option<usize>,
    levels: [usize; 2],
    length_m: f64,
    millis: f64,
    wait_ms: f64,
    opens: Option<Moment>,
    /// Whether it is the checkpoint itself.
    checks: bool,
}

/// Cuts a way; `facing` is where one looks at its beginning, where that is known.
pub(super) fn cut(snapshot: &Snapshot, pieces: &[Piece], facing: Option<Coord<f64>>) -> Vec<Leg> {
    let mut legs = Vec::new();
    let mut run: Vec<Bit> = Vec::new();
    let mut facing = facing;
    let mut at = 0;
    while at < pieces.len() {
        let length = ride_length(&pieces[at..]);
        if length == 0 {
            add_bits(snapshot, &pieces[at], &mut run);
            at += 1;
            continue;
        }
        cut_run(std::mem::take(&mut run), facing, &mut legs);
        let ride = ride(&pieces[at..at + length]);
        facing = ride.parts.last().filter(|(level, _)| *level == ride.levels[1]).and_then(|(_, line)| {
            let before = line.len().checked_sub(2)?;
            unit(line[before + 1] - line[before])
        });
        legs.push(ride);
        at += length;
    }
    cut_run(run, facing, &mut legs);
    tidy(legs)
}

/// Returns how many pieces at the front belong to one ride, its shaft's rooms included; 0 for no ride.
fn ride_length(pieces: &[Piece]) -> usize {
    let Some(shaft) = pieces[0].shaft else {
        let kind = pieces[0].kind;
        return if kind.is_ride() { pieces.iter().take_while(|piece| piece.kind == kind).count() } else { 0 };
    };
    let length = pieces.iter().take_while(|piece| piece.shaft == Some(shaft)).count();
    if pieces[..length].iter().any(|piece| piece.kind.is_ride()) { length } else { 0 }
}

fn ride(pieces: &[Piece]) -> Leg {
    let first = pieces.iter().position(|piece| piece.kind.is_ride()).unwrap_or(0);
    let last = pieces.iter().rposition(|piece| piece.kind.is_ride()).unwrap_or(0);
    let kind = match pieces[first].kind {
        EdgeKind::Lift => Ride::Lift,
        EdgeKind::Stairs => Ride::Stairs,
        _ => Ride::Escalator,
    };
    let walked = |pieces: &[Piece]| -> Vec<(usize, Vec<Coord<f64>>)> {
        let mut line: Vec<_> = pieces.iter().flat_map(|piece| piece.points.iter().copied()).collect();
        line.dedup_by(|a, b| distance_m(*a, *b) < 1e-3);
        pieces.first().filter(|_| line.len() > 1).map(|piece| (piece.levels[0], line)).into_iter().collect()
    };
    let levels = [pieces[0].levels[0], pieces[pieces.len() - 1].levels[1]];
    let parts = if levels[0] == levels[1] {
        // A few steps within a level are part of its line.
        walked(pieces)
    } else {
        [walked(&pieces[..first]), walked(&pieces[last + 1..])].concat()
    };
    Leg {
        doing: Doing::Ride(kind, pieces.iter().find_map(|piece| piece.shaft)),
        turns: vec![],
        levels,
        length_m: pieces.iter().map(|piece| piece.length_m).sum(),
        millis: pieces.iter().map(|piece| f64::from(piece.millis)).sum(),
        wait_ms: pieces.iter().map(|piece| f64::from(piece.delay_ms)).sum(),
        check_ms: 0.0,
        opens: pieces.iter().find_map(|piece| piece.opens),
        parts,
        rooms: vec![],
    }
}

fn add_bits(snapshot: &Snapshot, piece: &Piece, run: &mut Vec<Bit>) {
    let before = run.last().map(|bit| (bit.to, bit.doing));
    let checks = piece.kind.check().is_some();
    let of_hall = |room: usize| snapshot.graph().rooms[room].checkpoint.as_ref().map(|hall| hall.check);
    let doing = match (piece.kind, piece.kind.check().or_else(|| piece.room.and_then(of_hall))) {
        (EdgeKind::MovingWalkway, _) => Doing::Walkway,
        (_, Some(check)) => Doing::Check(check, piece.room),
        // A threshold belongs to what is before it.
        (_, None) if piece.room.is_none() && piece.length_m <= 0.0 => {
            before.map_or(Doing::Walk, |(_, doing)| doing)
        }
        (_, None) => Doing::Walk,
    };
    let drawn_m = length_m(&piece.points);
    let bit = |from, to, share: f64| Bit {
        from,
        to,
        doing,
        room: piece.room,
        levels: piece.levels,
        length_m: piece.length_m * share,
        millis: f64::from(piece.millis) * share,
        wait_ms: f64::from(piece.delay_ms) * share,
        opens: piece.opens,
        checks,
    };
    if drawn_m > 0.0 {
        run.extend(piece.points.windows(2).map(|pair| {
            let share = distance_m(pair[0], pair[1]) / drawn_m;
            bit(pair[0], pair[1], share)
        }));
    } else if let Some(at) = before.map(|(at, _)| at).or_else(|| piece.points.first().copied()) {
        run.push(bit(at, at, 1.0));
    }
}

/// Two bits belong together when one does the same on both; the hall may change.
fn same(a: Doing, b: Doing) -> bool {
    match (a, b) {
        (Doing::Check(a, _), Doing::Check(b, _)) => a == b,
        (a, b) => a == b,
    }
}

fn cut_run(mut run: Vec<Bit>, facing: Option<Coord<f64>>, legs: &mut Vec<Leg>) {
    let Some(first) = run.first() else { return };
    let mut points = vec![first.from];
    points.extend(run.iter().map(|bit| bit.to));
    only_checked(&mut run);
    let measured = Measured::of(&points);
    let mut cuts: BTreeMap<usize, Option<Turn>> = BTreeMap::new();
    let bounds: Vec<_> =
        (1..run.len()).filter(|index| !same(run[index - 1].doing, run[*index].doing)).collect();
    cuts.extend(bounds.iter().map(|index| (*index, None)));
    let turn = |bend: Bend| {
        let bit = &run[bend.index.min(run.len() - 1)];
        let Bend { index, way, before, after } = bend;
        Turn { way, at: points[index], heading: before, after, room: bit.room, level: bit.levels[0] }
    };
    if let Some((before, after)) = facing.zip(measured.sets_out()) {
        let way = Way::between(before, after);
        cuts.insert(0, way.map(|way| turn(Bend { index: 0, way, before, after })));
    }
    for bend in measured.turns() {
        let gap_m = |bound: &usize| (measured.far_m[*bound] - measured.far_m[bend.index]).abs();
        let nearest = bounds.iter().copied().min_by(|a, b| gap_m(a).total_cmp(&gap_m(b)));
        match nearest.filter(|bound| gap_m(bound) < FELT_M) {
            Some(bound) => drop(cuts.insert(bound, Some(turn(bend)))),
            None if run[bend.index].doing == Doing::Walk => drop(cuts.insert(bend.index, Some(turn(bend)))),
            None => {}
        }
    }
    cuts.entry(0).or_insert(None);
    let starts: Vec<_> = cuts.into_iter().collect();
    for (n, (start, turn)) in starts.iter().enumerate() {
        let end = starts.get(n + 1).map_or(run.len(), |(next, _)| *next);
        legs.push(leg(&run[*start..end], *turn));
    }
}

/// What is walked in the hall of security without being checked is a walk.
fn only_checked(run: &mut [Bit]) {
    let mut first = 0;
    while first < run.len() {
        let doing = run[first].doing;
        let end =
            run[first..].iter().position(|bit| !same(bit.doing, doing)).map_or(run.len(), |n| first + n);
        let is_security = matches!(doing, Doing::Check(Check::Security, _));
        if is_security && !run[first..end].iter().any(|bit| bit.checks) {
            run[first..end].iter_mut().for_each(|bit| bit.doing = Doing::Walk);
        }
        first = end;
    }
}

fn leg(bits: &[Bit], turn: Option<Turn>) -> Leg {
    let mut parts: Vec<(usize, Vec<Coord<f64>>)> = Vec::new();
    let mut rooms: Vec<(usize, f64)> = Vec::new();
    for bit in bits {
        if parts.last().is_none_or(|(level, _)| *level != bit.levels[0]) {
            parts.push((bit.levels[0], vec![bit.from]));
        }
        if let Some((_, line)) = parts.last_mut() {
            line.push(bit.to);
        }
        match (bit.room, rooms.last_mut()) {
            (Some(room), Some((last, metres))) if room == *last => *metres += bit.length_m,
            (Some(room), _) => rooms.push((room, bit.length_m)),
            (None, _) => {}
        }
    }
    let hall = bits.iter().find_map(|bit| match bit.doing {
        Doing::Check(_, hall) => hall,
        _ => None,
    });
    let doing = match bits[0].doing {
        Doing::Check(check, _) => Doing::Check(check, hall),
        doing => doing,
    };
    Leg {
        doing,
        turns: turn.into_iter().collect(),
        levels: [bits[0].levels[0], bits[bits.len() - 1].levels[1]],
        length_m: bits.iter().map(|bit| bit.length_m).sum(),
        millis: bits.iter().map(|bit| bit.millis).sum(),
        wait_ms: bits.iter().map(|bit| bit.wait_ms).sum(),
        check_ms: bits.iter().filter(|bit| bit.checks).map(|bit| bit.millis - bit.wait_ms).sum(),
        opens: bits.iter().find_map(|bit| bit.opens),
        parts,
        rooms,
    }
}

/// Joins what is too short to be told of its own to what follows, and moving walkways in a row.
fn tidy(legs: Vec<Leg>) -> Vec<Leg> {
    let mut told: Vec<Leg> = Vec::with_capacity(legs.len());
    let mut waiting: Option<Leg> = None;
    for leg in legs {
        let leg = match waiting.take() {
            Some(short) => joined(short, leg),
            None => leg,
        };
        let rides_on = told.last().is_some_and(|last| last.doing == Doing::Walkway) && leg.turns.is_empty();
        if leg.doing == Doing::Walk && leg.length_m < SHORT_M {
            waiting = Some(leg);
        } else if let Some(last) = told.last_mut().filter(|_| leg.doing == Doing::Walkway && rides_on) {
            *last = Leg { turns: last.turns.clone(), ..joined(last.clone(), leg) };
        } else if let Some(last) = told.last_mut().filter(|last| bears_on(last, &leg)) {
            *last = Leg { turns: last.turns.clone(), ..joined(last.clone(), leg) };
        } else {
            told.push(leg);
        }
    }
    // The last few metres show themselves; what one sees there is told on arrival.
    match (waiting, told.last_mut()) {
        (Some(short), Some(last)) if matches!(last.doing, Doing::Walk | Doing::Walkway) => {
            let (doing, turns) = (last.doing, last.turns.clone());
            *last = Leg { doing, turns, ..joined(last.clone(), short) };
        }
        (Some(short), _) => told.push(short),
        (None, _) => {}
    }
    told
}

/// Tells whether a walk merely goes on from the one before it, a little aside.
fn bears_on(before: &Leg, leg: &Leg) -> bool {
    let walks = before.doing == Doing::Walk && leg.doing == Doing::Walk;
    let slight = leg.turns.iter().all(|turn| turn.way.is_slight());
    walks && slight && before.length_m.min(leg.length_m) < BEARS_MIN_M
}

/// Joins two legs that follow each other; it is told as the second.
fn joined(first: Leg, second: Leg) -> Leg {
    let mut parts = first.parts;
    for (level, line) in second.parts {
        match parts.last_mut().filter(|(last, _)| *last == level) {
            Some((_, before)) => before.extend(line),
            None => parts.push((level, line)),
        }
    }
    let mut rooms = first.rooms;
    for (room, metres) in second.rooms {
        match rooms.last_mut().filter(|(last, _)| *last == room) {
            Some((_, before)) => *before += metres,
            None => rooms.push((room, metres)),
        }
    }
    let turns = as_felt([first.turns, second.turns].concat());
    Leg {
        doing: second.doing,
        turns,
        levels: [first.levels[0], second.levels[1]],
        length_m: first.length_m + second.length_m,
        millis: first.millis + second.millis,
        wait_ms: first.wait_ms + second.wait_ms,
        check_ms: first.check_ms + second.check_ms,
        opens: first.opens.or(second.opens),
        parts,
        rooms,
    }
}

/// Returns turns that follow each other closely as they are felt: two corners are told as two, all else by
/// where one faces in the end.
fn as_felt(turns: Vec<Turn>) -> Vec<Turn> {
    match turns.as_slice() {
        [] | [_] => turns,
        [first, last] if !first.way.is_slight() && !last.way.is_slight() && first.way != last.way => turns,
        [first, .., last] => {
            let way = Way::between(first.heading, last.after);
            way.map(|way| Turn { way, heading: first.heading, ..*last }).into_iter().collect()
        }
    }
}
