//! A found way cut into what is walked, ridden and passed, with its geometry.

use geo::Coord;
use petgraph::stable_graph::{EdgeIndex, NodeIndex};

use super::resolve::{Spot, directions, part, stub_ms, ways_out};
use crate::geometry::{distance_m, length_m};
use crate::graph::{EdgeKind, NodeKind};
use crate::hours::Moment;
use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Who};
use crate::search::{Found, Now};
use crate::snapshot::Snapshot;
use crate::snapshot::snap::{Snapped, points};

/// One edge of the way, or the part of it that is walked.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) kind: EdgeKind,
    pub(crate) points: Vec<Coord<f64>>,
    pub(crate) length_m: f64,
    pub(crate) millis: u32,
    /// What of the time is waiting.
    pub(crate) delay_ms: u32,
    /// When it opens, where one waits for that.
    pub(crate) opens: Option<Moment>,
    /// The level where it begins and where it ends.
    pub(crate) levels: [usize; 2],
    pub(crate) room: Option<usize>,
    /// The shaft it rides in.
    pub(crate) shaft: Option<usize>,
    /// The door between two rooms that it ends at.
    pub(crate) door: Option<u32>,
    /// The edge it is of, or part of; none for the steps between a position and its way.
    pub(crate) way: Option<EdgeIndex>,
}

/// A whole way, and which of the goals it leads to.
#[derive(Clone, Debug)]
pub(crate) struct Pieces {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) goal: usize,
    /// The level where the way begins, for a way without pieces.
    pub(crate) level: usize,
}

/// What was asked, for the parts that need all of it.
pub(crate) struct Asked<'a> {
    pub(crate) now: Now<'a>,
    pub(crate) from: &'a Spot,
    pub(crate) to: &'a [Spot],
}

/// Cuts the way a search has found.
pub(crate) fn along(asked: &Asked<'_>, found: &Found) -> Pieces {
    let Asked { now, from, to } = asked;
    let Now { snapshot, overlay, who, .. } = now;
    let goal = super::goal_index(snapshot, overlay, *who, to, found);
    let mut pieces = Vec::new();
    if let Spot::OnWay { snapped, .. } = from {
        let leaves = |(edge, _): &(u32, f64)| snapshot.head[*edge as usize] == found.start.node;
        if let Some((edge, before)) = directions(snapshot, snapped).find(leaves) {
            pieces.push(stub(snapshot, *who, snapped, true));
            pieces.push(cut(now, edge, [before, 1.0], (0, None)));
        }
    }
    if let Spot::Nodes { nodes, .. } = from
        && !nodes.contains(&found.start.node)
        && let Some((edge, _)) = ways_out(snapshot, overlay, *who, nodes).find(|(_, end)| *end == found.start)
    {
        pieces.push(cut(now, edge, [0.0, 1.0], (0, None)));
    }
    pieces.extend(waits(now, found).map(|(edge, opens_ms, opens)| {
        let wait = opens.filter(|_| opens_ms > 0).map(|opens| (opens_ms, opens));
        cut(now, edge, [0.0, 1.0], (overlay.delay_ms(edge), wait))
    }));
    if let Spot::OnWay { snapped, .. } = &to[goal] {
        let enters = |(edge, _): &(u32, f64)| snapshot.tail[*edge as usize] == found.goal.node;
        if let Some((edge, before)) = directions(snapshot, snapped).find(enters) {
            pieces.push(cut(now, edge, [0.0, before], (0, None)));
            pieces.push(stub(snapshot, *who, snapped, false));
        }
    }
    let level = snapshot.node(found.start.node).level;
    debug_assert_eq!(
        pieces.iter().map(|piece| u64::from(piece.millis)).sum::<u64>(),
        u64::from(found.millis),
        "the pieces cost what the search found"
    );
    Pieces { pieces, goal, level }
}

/// Returns the edges of a way, each with how long one waits until it opens, and the moment one goes on.
fn waits(now: &Now<'_>, found: &Found) -> impl Iterator<Item = (u32, u32, Option<Moment>)> {
    let mut at_ms = found.start.millis;
    found.edges.iter().map(move |edge| {
        let opens_ms = now.wait_ms(*edge, at_ms).unwrap_or(0);
        let on = now.depart.map(|depart| depart.after(at_ms.saturating_add(opens_ms)));
        at_ms = at_ms.saturating_add(now.weigh_at(*edge, at_ms));
        (*edge, opens_ms, on)
    })
}

/// Returns how long one waits on a way until things open.
pub(crate) fn opens_ms(now: &Now<'_>, found: &Found) -> u32 {
    if !now.hours_count() {
        return 0;
    }
    waits(now, found).map(|(_, opens_ms, _)| opens_ms).fold(0, u32::saturating_add)
}

/// Returns the edges of a way at which one waits until they open, and the moment when the last does.
pub(crate) fn shut(now: &Now<'_>, found: &Found) -> (Vec<u32>, Option<Moment>) {
    let shut = waits(now, found).filter(|(_, opens_ms, _)| *opens_ms > 0);
    let (edges, opens): (Vec<_>, Vec<_>) = shut.map(|(edge, _, on)| (edge, on)).unzip();
    (edges, opens.into_iter().flatten().max())
}

/// Returns the way when both ends are positions on one edge and it leads from the one to the other.
pub(crate) fn direct(
    snapshot: &Snapshot,
    overlay: &Overlay,
    who: Who,
    from: &Spot,
    to: &Spot,
) -> Option<(u32, Pieces)> {
    let (Spot::OnWay { snapped: a, .. }, Spot::OnWay { snapped: b, .. }) = (from, to) else {
        return None;
    };
    let forth = directions(snapshot, a).zip(directions(snapshot, b));
    let fits = |((edge, before), (other, after)): &((u32, f64), (u32, f64))| {
        let open = !overlay.blocks(*edge) && snapshot.weight(who, *edge) != NO_WAY;
        edge == other && before <= after && open
    };
    let ((edge, before), (_, after)) = forth.into_iter().find(fits)?;
    let now = Now { snapshot, overlay, who, depart: None, stays: false };
    let pieces = vec![
        stub(snapshot, who, a, true),
        cut(&now, edge, [before, after], (0, None)),
        stub(snapshot, who, b, false),
    ];
    let millis = pieces.iter().map(|piece| piece.millis).fold(0, u32::saturating_add);
    Some((millis, Pieces { pieces, goal: 0, level: a.level }))
}

/// The few steps between a position, as far as it is on the floor, and the way it was snapped to.
fn stub(snapshot: &Snapshot, who: Who, snapped: &Snapped, leaving: bool) -> Piece {
    let points = if leaving { vec![snapped.floor, snapped.at] } else { vec![snapped.at, snapped.floor] };
    Piece {
        kind: EdgeKind::Walk,
        points,
        length_m: snapped.stub_m,
        millis: stub_ms(snapped, who),
        delay_ms: 0,
        opens: None,
        levels: [snapped.level; 2],
        room: snapshot.edge(snapped.edge).room,
        shaft: None,
        door: None,
        way: None,
    }
}

/// Returns an edge from one share of its length to another.
///
/// Before it one waits for others, and until it opens.
fn cut(
    now: &Now<'_>,
    edge: u32,
    [begin, end]: [f64; 2],
    (queue_ms, wait): (u32, Option<(u32, Moment)>),
) -> Piece {
    let Now { snapshot, who, .. } = now;
    let delay_ms = queue_ms.saturating_add(wait.map_or(0, |(opens_ms, _)| opens_ms));
    let opens = wait.map(|(_, opens)| opens);
    let (from, to) = (snapshot.tail[edge as usize], snapshot.head[edge as usize]);
    let way = snapshot.edge(edge);
    let mut points = points(snapshot.graph(), from, way, to);
    if begin > 0.0 || end < 1.0 {
        points = clip(&points, begin, end);
    }
    let whole = snapshot.weight(*who, edge);
    let millis = part(whole, end - begin).saturating_add(delay_ms);
    // A cabin or a stairwell belongs to its ride; what is walked to it does not.
    let within = |room: usize| is_ride_room(&snapshot.graph().rooms[room].category);
    let near = || {
        [from, to].into_iter().find_map(|node| match snapshot.node(node).kind {
            NodeKind::Stop(shaft) | NodeKind::Hub(shaft) => Some(shaft),
            _ => None,
        })
    };
    let rides = way.kind.is_ride() || way.room.is_some_and(within);
    let shaft = way.shaft.or_else(|| if rides { near() } else { None });
    Piece {
        kind: way.kind,
        points,
        length_m: way.length_m * (end - begin),
        millis,
        delay_ms,
        opens,
        levels: [from, to].map(|node| snapshot.node(node).level),
        room: way.room,
        shaft,
        door: snapshot.graph().floor.door_of.get(&NodeIndex::new(to as usize)).copied(),
        way: Some(snapshot.origin[edge as usize]),
    }
}

/// Tells whether a room of this category is the cabin or the stairwell of a ride.
fn is_ride_room(category: &str) -> bool {
    matches!(category.split('.').next(), Some("elevator" | "escalator" | "stairs"))
}

/// Returns the part of a line between two shares of its length.
pub(crate) fn clip(points: &[Coord<f64>], begin: f64, end: f64) -> Vec<Coord<f64>> {
    let whole_m = length_m(points);
    let (begin_m, end_m) = (begin * whole_m, end * whole_m);
    let mut clipped = Vec::new();
    let mut gone_m = 0.0;
    for pair in points.windows(2) {
        let part_m = distance_m(pair[0], pair[1]);
        let at = |share_m: f64| {
            let share = if part_m > 0.0 { ((share_m - gone_m) / part_m).clamp(0.0, 1.0) } else { 0.0 };
            Coord {
                x: pair[0].x + share * (pair[1].x - pair[0].x),
                y: pair[0].y + share * (pair[1].y - pair[0].y),
            }
        };
        if gone_m + part_m >= begin_m && gone_m <= end_m {
            clipped.push(at(begin_m));
            clipped.push(at(end_m));
        }
        gone_m += part_m;
    }
    clipped.dedup_by(|a, b| distance_m(*a, *b) < 1e-6);
    clipped
}
