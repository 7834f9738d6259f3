//! Other ways that really differ from the quickest, each named by what is different.
//!
//! One search from the start and one back from the goal give every node the cheapest way over it. Where the
//! two trees run along the same edges for a while (a plateau), that stretch is a sensible way in itself: who
//! wants to use it can do no better before, on and after it. The longer the plateau against the detour, the
//! better the way. Candidates are taken in that order, as long as each costs little more than the quickest,
//! passes no node twice, and is another way: a third of it lies away from each of the others, or it takes a
//! ride or a checkpoint elsewhere.

use std::collections::BTreeSet;

use geo::Coord;

use super::pieces::{self, Asked, Pieces};
use super::resolve::Spot;
use super::{Route, Walk, pulled, steps};
use crate::geometry::{distance_m, nearest_on};
use crate::graph::EdgeKind;
use crate::imdf::FeatureId;
use crate::reach::{Side, Tree};
use crate::search::{End, Found, Now, Searcher};
use crate::snapshot::Snapshot;

mod words;

use words::Ride;

/// The most other ways that one answer names.
pub const ALTERNATIVES_MAX: u8 = 3;
/// How many candidates are looked at.
const CANDIDATES_MAX: usize = 32;
/// How much longer than the quickest another way may take, as a share in percent.
const LONGER_PERCENT: u32 = 140;
/// A point further than this from a line lies away from it, in metres.
const AWAY_M: f64 = 10.0;
/// How far apart the points are that are looked at, in metres.
const SAMPLE_M: f64 = 4.0;
/// The share of a way that lies away from another, for the two to differ.
const AWAY_SHARE: f64 = 1.0 / 3.0;
/// The categories of rooms that are rides, which are named as such.
const RIDES: [&str; 5] = ["elevator", "escalator", "stairs", "steps", "movingwalkway"];
/// The most names that tell a way from others.
const NAMES_MAX: usize = 2;

/// Another way.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// What is different about it, in the language asked for: "by lift L3", "through Security South".
    pub text: String,
    /// The way.
    pub route: Route,
}

/// A way as it is compared with others.
struct Trace {
    /// What is walked, sampled, by level.
    points: Vec<(usize, Coord<f64>)>,
    /// The line, by level.
    line: Vec<(usize, [Coord<f64>; 2])>,
    /// The rides and checkpoints, where they begin.
    passed: Vec<(Passed, usize, Coord<f64>)>,
    rooms: BTreeSet<usize>,
}

/// What a way passes besides floors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Passed {
    Checkpoint(Option<FeatureId>),
    Lift(usize),
    Escalator(usize),
    Stairs(usize),
}

/// Finds at most so many ways besides the best.
pub(super) fn others(
    walk: &Walk<'_>,
    searcher: &mut Searcher,
    from: &Spot,
    to: &[Spot],
    (best, count): (&Route, u8),
) -> Vec<Alternative> {
    let Walk { snapshot, overlay, who, .. } = *walk;
    let starts = from.starts(snapshot, overlay, who);
    let goals: Vec<End> = to.iter().flat_map(|spot| spot.goals(snapshot, overlay, who)).collect();
    let now = walk.footing().between(&starts, &goals);
    let at_all = Now { depart: None, ..now };
    searcher.spread(&at_all, &starts, Side::Out);
    searcher.spread(&at_all, &goals, Side::Into);
    let Searcher { trees: [forth, back], scratch, .. } = searcher;
    // What is not open as one comes by is no other way, and nobody waits on one.
    let asked = Asked { now: at_all, from, to };
    let (mut ways, mut told): (Vec<Trace>, Vec<Alternative>) = (vec![], vec![]);
    for plateau in plateaus(snapshot, forth, back) {
        let found = plateau.found(snapshot, forth, back, [&starts, &goals]);
        let Some(found) =
            found.filter(|found| is_simple(snapshot, found) && now.passes(&found.edges, found.start.millis))
        else {
            continue;
        };
        let mut pieces = pieces::along(&asked, &found);
        pulled::pull(snapshot, overlay, scratch, &mut pieces);
        let way = Trace::of(snapshot, &found, &pieces);
        let Some(quickest) = ways.first() else {
            ways.push(way);
            continue;
        };
        let text = difference(walk, quickest, &way);
        if told.iter().any(|other| other.text == text) || !ways.iter().all(|other| way.differs(other)) {
            continue;
        }
        let route = steps::narrate(&walk.tale(from, to.get(pieces.goal)), &pieces);
        if route.seconds <= best.seconds * f64::from(LONGER_PERCENT) / 100.0 {
            ways.push(way);
            told.push(Alternative { text, route });
        }
        if told.len() >= usize::from(count.min(ALTERNATIVES_MAX)) {
            break;
        }
    }
    told.sort_by(|a, b| a.route.seconds.total_cmp(&b.route.seconds));
    told
}

/// A stretch that both trees run along.
struct Plateau {
    /// What the way over it costs, less what it costs itself.
    detour: u32,
    whole: u32,
    node: u32,
}

/// Returns the stretches that are worth a look, the best first; the first is the quickest way.
fn plateaus(snapshot: &Snapshot, forth: &Tree, back: &Tree) -> Vec<Plateau> {
    let cost = |node: u32| Some(forth.cost(node)?.saturating_add(back.cost(node)?));
    let nodes = || (0_u32..).take(snapshot.node_count());
    let Some(best) = nodes().filter_map(cost).min() else { return vec![] };
    let limit = u64::from(best) * u64::from(LONGER_PERCENT) / 100;
    let begins = |node: &u32| {
        let before = forth.before(snapshot, *node);
        before.is_none_or(|before| back.via(before) != forth.via(*node))
    };
    let mut found: Vec<Plateau> = nodes()
        .filter(begins)
        .filter_map(|node| Some((cost(node)?, node)))
        .filter(|(whole, _)| u64::from(*whole) <= limit)
        .map(|(whole, node)| {
            let mut end = node;
            while let Some(next) = back.before(snapshot, end) {
                if forth.via(next) != back.via(end) {
                    break;
                }
                end = next;
            }
            let length = forth.cost(end).unwrap_or(0).saturating_sub(forth.cost(node).unwrap_or(0));
            Plateau { detour: whole.saturating_sub(length), whole, node }
        })
        .collect();
    found.sort_by_key(|plateau| (plateau.whole > best, plateau.detour, plateau.whole, plateau.node));
    found.truncate(CANDIDATES_MAX);
    found
}

impl Plateau {
    fn found(
        &self,
        snapshot: &Snapshot,
        forth: &Tree,
        back: &Tree,
        [starts, goals]: [&[End]; 2],
    ) -> Option<Found> {
        let end = |ends: &[End], tree: &Tree| {
            let root = tree.root(snapshot, self.node);
            ends.iter().find(|end| end.node == root && Some(end.millis) == tree.cost(root)).copied()
        };
        let mut edges = forth.edges(snapshot, self.node);
        edges.extend(back.edges(snapshot, self.node));
        Some(Found { millis: self.whole, edges, start: end(starts, forth)?, goal: end(goals, back)? })
    }
}

/// Tells whether a way passes no node twice.
fn is_simple(snapshot: &Snapshot, found: &Found) -> bool {
    let mut seen = BTreeSet::from([found.start.node]);
    found.edges.iter().all(|edge| seen.insert(snapshot.head[*edge as usize]))
}

impl Trace {
    fn of(snapshot: &Snapshot, found: &Found, pieces: &Pieces) -> Self {
        let mut trace = Self { points: vec![], line: vec![], passed: vec![], rooms: BTreeSet::new() };
        for edge in &found.edges {
            trace.rooms.extend(snapshot.edge(*edge).room);
            if let Some(passed) = passed(snapshot, *edge)
                && trace.passed.last().is_none_or(|(last, _, _)| *last != passed)
            {
                let node = snapshot.node(snapshot.tail[*edge as usize]);
                trace.passed.push((passed, node.level, node.at));
            }
        }
        for piece in pieces.pieces.iter().filter(|piece| piece.levels[0] == piece.levels[1]) {
            let level = piece.levels[0];
            for pair in piece.points.windows(2) {
                trace.line.push((level, [pair[0], pair[1]]));
                let mut at_m = 0.0;
                let length_m = distance_m(pair[0], pair[1]);
                while at_m < length_m {
                    trace.points.push((level, pair[0] + (pair[1] - pair[0]) * (at_m / length_m)));
                    at_m += SAMPLE_M;
                }
            }
        }
        trace
    }

    /// Tells whether it is another way than one already named.
    fn differs(&self, other: &Self) -> bool {
        let elsewhere = self.passed.iter().any(|(passed, level, at)| {
            !other.passed.iter().any(|(known, on, there)| {
                known == passed
                    || (std::mem::discriminant(known) == std::mem::discriminant(passed)
                        && (on != level || distance_m(*at, *there) <= AWAY_M))
            })
        });
        let away = self.points.iter().filter(|(level, at)| other.away(*level, *at)).count();
        #[expect(clippy::cast_precision_loss, reason = "a share of some hundred points")]
        let share = away as f64 / self.points.len().max(1) as f64;
        share >= AWAY_SHARE || (elsewhere && away > 0)
    }

    fn away(&self, level: usize, at: Coord<f64>) -> bool {
        let near = |(on, [a, b]): &(usize, [Coord<f64>; 2])| {
            *on == level && distance_m(nearest_on(at, *a, *b).0, at) <= AWAY_M
        };
        !self.line.iter().any(near)
    }
}

fn passed(snapshot: &Snapshot, edge: u32) -> Option<Passed> {
    use crate::graph::NodeKind::{Hub, Stop};
    let way = snapshot.edge(edge);
    let ends = [snapshot.tail[edge as usize], snapshot.head[edge as usize]].map(|node| snapshot.node(node));
    let shaft = way.shaft.or_else(|| {
        ends.iter().find_map(|node| match node.kind {
            Hub(shaft) | Stop(shaft) => Some(shaft),
            _ => None,
        })
    });
    match way.kind {
        EdgeKind::Security | EdgeKind::Border | EdgeKind::Customs => {
            let features = ends.iter().flat_map(|node| &node.features).chain(&way.features);
            let sections = &snapshot.graph().checkpoints;
            let mut ids = features.filter(|id| sections.iter().any(|(section, _)| section == *id));
            Some(Passed::Checkpoint(ids.next().cloned()))
        }
        EdgeKind::Lift => shaft.map(Passed::Lift),
        EdgeKind::EscalatorUp | EdgeKind::EscalatorDown => shaft.map(Passed::Escalator),
        EdgeKind::Stairs => shaft.map(Passed::Stairs),
        EdgeKind::Walk | EdgeKind::Ramp | EdgeKind::MovingWalkway => None,
    }
}

/// Says what a way has that the quickest has not: first checkpoints, then rides, then rooms.
fn difference(walk: &Walk<'_>, quickest: &Trace, way: &Trace) -> String {
    let (graph, language) = (walk.snapshot.graph(), walk.language);
    let mut passed: Vec<&Passed> = way.passed.iter().map(|(passed, _, _)| passed).collect();
    passed.retain(|passed| !quickest.passed.iter().any(|(known, _, _)| known == *passed));
    passed.sort();
    let shaft = |shaft: &usize| graph.shafts()[*shaft].name.get(language);
    let mut names: Vec<String> = passed
        .into_iter()
        .map(|passed| match passed {
            Passed::Checkpoint(id) => {
                let name = id.as_ref().and_then(|id| walk.snapshot.name_of(id, language));
                words::by_checkpoint(name.as_deref(), language)
            }
            Passed::Lift(index) => words::by(Ride::Lift, shaft(index), language),
            Passed::Escalator(index) => words::by(Ride::Escalator, shaft(index), language),
            Passed::Stairs(index) => words::by(Ride::Stairs, shaft(index), language),
        })
        .collect();
    let rooms = way.rooms.difference(&quickest.rooms).map(|room| &graph.rooms[*room]);
    let halls = rooms.filter(|room| !RIDES.iter().any(|ride| room.category.starts_with(ride)));
    let named = halls.filter_map(|room| room.name.get(language));
    names.extend(named.map(|name| words::by_room(name, language)));
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names.truncate(NAMES_MAX);
    if names.is_empty() { words::another(language).to_owned() } else { words::joined(&names, language) }
}
