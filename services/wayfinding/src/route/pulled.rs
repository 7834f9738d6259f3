//! The line of a way pulled taut, level by level, through the rooms and doors that the search chose.
//!
//! The search walks from door to door; nobody walks through the middle of each. What is walked on one level
//! without a ride is one run, and becomes the shortest line through its rooms and doors that keeps its
//! distance from walls. Lengths and times shown are those of that line. Where there is none (a gap too narrow
//! for the distance), a room keeps the line the search found, which lies on the floor too.

use geo::Coord;

use super::network::{Network, along, pull_along};
use super::pieces::{Piece, Pieces};
use crate::geometry::{distance_m, length_m};
use crate::graph::{EdgeKind, Graph};
use crate::overlay::Overlay;
use crate::snapshot::Snapshot;
use crate::taut::{Corridor, Scratch, Threshold, straighten};

/// How much longer than the search's line a pulled one may be, as a factor and in metres: keeping clear of
/// corners costs a little, walking around a hall because a gap is narrow is no answer.
const LONGER: (f64, f64) = (1.1, 1.0);
/// How far from its threshold a line may pass a door, in metres; a narrow one is widened by a hand.
const BESIDE_M: f64 = 0.4;

/// What is walked in one room on the way, as pieces that follow each other.
struct Part {
    room: usize,
    first: usize,
    end: usize,
    /// The door by which the part is left for the next.
    door: Option<u32>,
}

/// Pulls every run of a way taut.
pub(super) fn pull(snapshot: &Snapshot, overlay: &Overlay, scratch: &mut Scratch, way: &mut Pieces) {
    let graph = snapshot.graph();
    let mut first = 0;
    while first < way.pieces.len() {
        let along = along(graph, &way.pieces[first..]);
        if along > 0 {
            let end = first + along;
            let pulled = pull_along(&Network { snapshot, overlay }, scratch, &way.pieces[first..end]);
            first = match pulled {
                Some(pulled) => {
                    way.pieces.splice(first..end, [pulled]);
                    first + 1
                }
                None => end,
            };
            continue;
        }
        if graph.floor.is_network() {
            first += 1;
            continue;
        }
        let parts = run(graph, &way.pieces, first);
        let Some(last) = parts.last() else {
            first += 1;
            continue;
        };
        let end = last.end;
        if let Some(pulled) = pull_run(graph, scratch, &way.pieces, &parts) {
            let count = pulled.len();
            way.pieces.splice(first..end, pulled);
            first += count;
        } else {
            first = end;
        }
    }
}

/// Returns the rooms that are walked one after the other from a piece on; none for a ride or outside rooms.
fn run(graph: &Graph, pieces: &[Piece], first: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let level = pieces[first].levels[0];
    for (index, piece) in pieces.iter().enumerate().skip(first) {
        match (piece.room, parts.last_mut()) {
            _ if !flat(piece, level) => break,
            (Some(room), Some(last)) if room == last.room && last.end == index => last.end = index + 1,
            (Some(room), Some(last)) => {
                let joined = |door: &u32| {
                    let rooms = graph.floor.doors[*door as usize].rooms;
                    rooms.contains(&room) && rooms.contains(&last.room)
                };
                let Some(door) = pieces[last.end - 1].door.filter(joined) else { break };
                last.door = Some(door);
                parts.push(Part { room, first: index, end: index + 1, door: None });
            }
            (Some(room), None) => parts.push(Part { room, first: index, end: index + 1, door: None }),
            // The threshold of a one-way door, or a checkpoint, between two rooms.
            (None, Some(last)) if piece.length_m <= 0.0 && last.end == index => {}
            (None, _) => break,
        }
    }
    parts
}

fn pull_run(graph: &Graph, scratch: &mut Scratch, pieces: &[Piece], parts: &[Part]) -> Option<Vec<Piece>> {
    let whole = taut(graph, scratch, pieces, parts);
    let lines = if let Some(line) = whole {
        let doors = parts.iter().filter_map(|part| part.door);
        cut(line, doors.map(|door| &graph.floor.doors[door as usize]))
    } else {
        let each = parts.iter().map(|part| {
            let own = drawn(&pieces[part.first..part.end]);
            within(graph, scratch, part.room, &own).unwrap_or(own)
        });
        each.collect()
    };
    let walked = || parts.iter().flat_map(|part| &pieces[part.first..part.end]);
    let walked_m: f64 = walked().map(|piece| piece.length_m).sum();
    let millis: f64 = walked().map(|piece| f64::from(piece.millis.saturating_sub(piece.delay_ms))).sum();
    if walked_m <= 0.0 {
        return None;
    }
    let mut pulled = Vec::with_capacity(parts.len() * 2);
    for (at, (part, line)) in parts.iter().zip(lines).enumerate() {
        let end = line.last().copied();
        pulled.push(walked_as(&pieces[part.first..part.end], line, millis / walked_m));
        let next = parts.get(at + 1).map_or(part.end, |next| next.first);
        for between in &pieces[part.end..next] {
            pulled.push(Piece { points: end.into_iter().collect(), ..between.clone() });
        }
    }
    Some(pulled)
}

/// Returns pieces as the one that a pulled line is, given how long a metre takes.
pub(super) fn walked_as(pieces: &[Piece], mut line: Vec<Coord<f64>>, millis_per_m: f64) -> Piece {
    let length_m = straighten(&mut line);
    let delay_ms = pieces.iter().map(|piece| piece.delay_ms).fold(0, u32::saturating_add);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a u32's time")]
    let walk_ms = (length_m * millis_per_m).round().min(f64::from(u32::MAX)) as u32;
    Piece {
        points: line,
        length_m,
        millis: walk_ms.saturating_add(delay_ms),
        delay_ms,
        ..pieces[pieces.len() - 1].clone()
    }
}

/// Tells whether a piece is walked on one level.
pub(super) fn flat(piece: &Piece, level: usize) -> bool {
    (piece.kind == EdgeKind::Walk || piece.kind.check().is_some()) && piece.levels == [level; 2]
}

/// Returns the line that pieces are drawn as.
pub(super) fn drawn(pieces: &[Piece]) -> Vec<Coord<f64>> {
    let mut line: Vec<_> = pieces.iter().flat_map(|piece| piece.points.iter().copied()).collect();
    line.dedup_by(|a, b| distance_m(*a, *b) < 1e-6);
    line
}

/// Returns the taut line through parts, where there is one that is not much longer than what is drawn.
fn taut(graph: &Graph, scratch: &mut Scratch, pieces: &[Piece], parts: &[Part]) -> Option<Vec<Coord<f64>>> {
    let (first, last) = (parts.first()?, parts.last()?);
    let from = *pieces[first.first].points.first()?;
    let to = *pieces[last.end - 1].points.last()?;
    let doors = parts.iter().take(parts.len() - 1).filter_map(|part| part.door);
    let corridor = Corridor::of(parts.iter().map(|part| part.room), doors.collect());
    let ends = [(first.room, from), (last.room, to)];
    let line = graph.floor.line(scratch, &graph.rooms, &corridor, ends)?;
    let walked_m: f64 = parts.iter().flat_map(|part| &pieces[part.first..part.end]).map(|p| p.length_m).sum();
    (length_m(&line) <= walked_m * LONGER.0 + LONGER.1).then_some(line)
}

/// Pulls as much of a drawn line taut as lies in a room.
fn within(graph: &Graph, scratch: &mut Scratch, room: usize, own: &[Coord<f64>]) -> Option<Vec<Coord<f64>>> {
    let (floor, rooms) = (&graph.floor, &graph.rooms);
    let first = own.iter().position(|at| floor.holds(rooms, room, *at))?;
    let last = own.iter().rposition(|at| floor.holds(rooms, room, *at)).filter(|last| *last > first)?;
    let corridor = Corridor::of([room], vec![]);
    let ends = [(room, own[first]), (room, own[last])];
    let line = floor.line(scratch, rooms, &corridor, ends)?;
    let walked_m = length_m(&own[first..=last]);
    let near = length_m(&line) <= walked_m * LONGER.0 + LONGER.1;
    near.then(|| [&own[..first], &line, &own[last + 1..]].concat())
}

/// Cuts a line where it passes each of the doors in turn.
fn cut<'a>(line: Vec<Coord<f64>>, doors: impl Iterator<Item = &'a Threshold>) -> Vec<Vec<Coord<f64>>> {
    let mut parts = Vec::new();
    let mut rest = line;
    for door in doors {
        let Some((index, at)) = passes(&rest, door.line) else {
            // It is not passed: the line stays in the room before.
            let end = rest.last().copied();
            parts.push(std::mem::replace(&mut rest, end.into_iter().collect()));
            continue;
        };
        let mut after = vec![at];
        after.extend(rest.drain(index + 1..));
        rest.push(at);
        parts.push(std::mem::replace(&mut rest, after));
    }
    parts.push(rest);
    parts
}

/// Finds where a line first crosses a threshold: the index of its part, and the point.
fn passes(line: &[Coord<f64>], [a, b]: [Coord<f64>; 2]) -> Option<(usize, Coord<f64>)> {
    let width_m = distance_m(a, b);
    let along = (b - a) / width_m.max(1e-9);
    let off = |p: Coord<f64>| along.x * (p.y - a.y) - along.y * (p.x - a.x);
    line.windows(2).enumerate().find_map(|(index, pair)| {
        let (from, to) = (off(pair[0]), off(pair[1]));
        if (from > 0.0) == (to > 0.0) && from.abs().min(to.abs()) > 1e-6 {
            return None;
        }
        let share = if (from - to).abs() > 1e-12 { (from / (from - to)).clamp(0.0, 1.0) } else { 0.0 };
        let at = pair[0] + (pair[1] - pair[0]) * share;
        let beside = (at.x - a.x) * along.x + (at.y - a.y) * along.y;
        (-BESIDE_M..=width_m + BESIDE_M).contains(&beside).then_some((index, at))
    })
}
