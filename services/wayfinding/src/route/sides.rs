//! On which side something is: of who comes out of a gate, and of who arrives.

use geo::Coord;

use super::landmarks::left_or_right;
use super::legs::{Doing, Leg};
use super::text::Direction;
use super::turns::{FELT_M, Measured, degrees};
use crate::geometry::{distance_m, nearest_on};
use crate::graph::Place;
use crate::snapshot::Snapshot;

/// How near a wall must be for a place to stand at it, in metres.
const WALL_M: f64 = 8.0;
/// Up to which angle something is straight ahead, in degrees.
const AHEAD_DEG: f64 = 28.0;

/// Returns where one looks who comes out of a gate: away from its wall.
pub(super) fn facing(snapshot: &Snapshot, place: usize) -> Option<Coord<f64>> {
    let place = &snapshot.graph().places[place];
    let root = place.category.split('.').next().unwrap_or_default();
    matches!(root, "boardinggate" | "arrivalgate").then(|| from_wall(snapshot, place)).flatten()
}

/// Returns the direction from the wall that a place stands at into the room, one metre long.
fn from_wall(snapshot: &Snapshot, place: &Place) -> Option<Coord<f64>> {
    let graph = snapshot.graph();
    let [lon, lat] = place.lon_lat;
    let at = graph.frame().to_plane(lon, lat);
    let room = &graph.rooms[crate::graph::room_at(&graph.rooms, place.level, at)?];
    let walls = room.areas.iter().flat_map(|area| area.walls().iter().map(move |wall| (area, wall)));
    let near = walls.filter_map(|(area, [a, b])| {
        let (foot, _) = nearest_on(at, *a, *b);
        let gap_m = distance_m(foot, at);
        (gap_m <= WALL_M && distance_m(*a, *b) >= 1.0).then_some((gap_m, area, foot, *b - *a))
    });
    let (_, area, foot, wall) = near.min_by(|a, b| a.0.total_cmp(&b.0))?;
    let across = Coord { x: -wall.y, y: wall.x } / distance_m(Coord::zero(), wall);
    [across, across * -1.0].into_iter().find(|inwards| area.holds(foot + *inwards * 0.2))
}

/// Returns on which side of its last leg a goal is.
pub(super) fn side_of(snapshot: &Snapshot, to: usize, last: &Leg) -> Option<Direction> {
    if !matches!(last.doing, Doing::Walk | Doing::Walkway) {
        return None;
    }
    let (_, line) = last.parts.last()?;
    let measured = Measured::of(line);
    let near_m = (measured.length_m() - FELT_M).max(0.0);
    let place = &snapshot.graph().places[to];
    let [lon, lat] = place.lon_lat;
    let at = snapshot.graph().frame().to_plane(lon, lat);
    let (from, heading) = (measured.at(near_m)?, measured.heading(near_m - FELT_M, near_m));
    let heading = heading.or_else(|| measured.comes_in())?;
    let aside = degrees(heading, at - from);
    if aside.abs() > AHEAD_DEG {
        return Some(left_or_right(aside));
    }
    // A line leads straight to a gate; the wall tells on which side it is for who walks along. What fills a
    // room stands at none of its walls.
    let stands = snapshot.sights.own_room(to).is_none();
    let wall = from_wall(snapshot, place).filter(|_| stands);
    match wall.map(|inwards| degrees(heading, inwards * -1.0)) {
        Some(wall) if wall.abs() > AHEAD_DEG => Some(left_or_right(wall)),
        _ => Some(Direction::Ahead),
    }
}
