//! Where there is no way: how far one can get.
//!
//! That is the node one can reach now from which the rest would be shortest if what is in the way were not: with
//! nothing closed, or on foot, or with the rights it takes, after the reason why there is no way. Who may not pass
//! a check is led to its hall and not into it. Where the map joins the two by nothing, it is the node nearest to
//! the goal as the crow flies.

use super::reason::with_more_rights;
use super::resolve::Spot;
use super::{OPENING_WAIT_MAX_MS, Reason, Route, Walk};
use crate::geometry::{distance_m, millis_between};
use crate::graph::{NodeKind, Place, WALK_SPEED_MPS};
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Profile, Who};
use crate::reach::{Side, Tree};
use crate::search::{End, Now, Searcher};
use crate::snapshot::Snapshot;
use crate::words::Language;

/// How far apart two levels are taken to be: as far as one walks to a lift and waits for it, in metres.
const LEVEL_M: f64 = 60.0;
/// A way shorter than this leads nowhere, in metres.
const NOWHERE_M: f64 = 5.0;

/// The best that can be reached where there is no way to the goal.
#[derive(Clone, Debug, PartialEq)]
pub struct AsFarAs {
    /// Says so: "You can get as far as Lift L2 (1F)".
    pub text: String,
    /// Longitude and latitude.
    pub lon_lat: [f64; 2],
    /// The ordinal of its level.
    pub ordinal: i32,
    /// The way there.
    pub route: Route,
}

pub(super) fn as_far_as(
    walk: &Walk<'_>,
    searcher: &mut Searcher,
    reason: &Reason,
    from: &Spot,
    to: &[Spot],
) -> Option<AsFarAs> {
    let Walk { snapshot, overlay, who, language, .. } = *walk;
    let open = Overlay::open();
    let starts = from.starts(snapshot, overlay, who);
    let at_rest = |who| -> Vec<End> { to.iter().flat_map(|to| to.goals(snapshot, &open, who)).collect() };
    let (freed, free) = match reason {
        Reason::Closed(_) => (who, &open),
        Reason::NoAccessibleWay => (Who { profile: Profile::Walk, ..who }, &open),
        Reason::ZoneForbidden(_) => (more_rights(snapshot, who, &starts, &at_rest), &open),
        Reason::NotOpen { .. } => (who, overlay),
        Reason::Disconnected => (Who::ANYBODY, &open),
    };
    let goals: Vec<End> = to.iter().flat_map(|spot| spot.goals(snapshot, free, freed)).collect();
    let now = walk.footing().between(&starts, &goals);
    searcher.spread(&Now { overlay: free, who: freed, depart: None, ..now }, &goals, Side::Into);
    let [forth, back] = &mut searcher.trees;
    forth.grow(snapshot, &starts, Side::Out, |edge, at_ms| match now.wait_ms(edge, at_ms) {
        Some(wait_ms) if wait_ms <= OPENING_WAIT_MAX_MS => now.weigh_at(edge, at_ms),
        _ => NO_WAY,
    });
    let reached = (0_u32..).take(snapshot.node_count()).filter_map(|node| {
        let walked = forth.cost(node)?;
        let rest = match reason {
            Reason::Disconnected => goals.iter().map(|goal| apart_ms(snapshot, [node, goal.node])).min(),
            _ => back.cost(node),
        };
        Some((rest?, walked, node))
    });
    let (_, _, mut node) = reached.min()?;
    if matches!(reason, Reason::ZoneForbidden(_)) {
        node = before_check(snapshot, who, forth, node);
    }
    let to = [spot(snapshot, node)];
    let pieces = walk.way(searcher, from, &to)?;
    let name = name(snapshot, node, language);
    let route = walk.tell(searcher, pieces, from, &to);
    if route.length_m < NOWHERE_M {
        return None;
    }
    let at = snapshot.node(node);
    let storey = &snapshot.graph().storeys()[at.level];
    let sign = storey.sign(language);
    let text = match (language, name) {
        (Language::En, Some(name)) => format!("You can get as far as {name} ({sign})"),
        (Language::En, None) => format!("You can get as far as shown, on {sign}"),
        (Language::ZhCn, Some(name)) => format!("最远可到达{name}（{sign}）"),
        (Language::ZhCn, None) => format!("最远可到达{sign}图示位置"),
    };
    Some(AsFarAs { text, lon_lat: snapshot.graph().frame().to_world(at.at), ordinal: storey.ordinal, route })
}

/// Returns who would get there: the same with no more rights than it takes, on foot where it must be.
fn more_rights(snapshot: &Snapshot, who: Who, starts: &[End], goals: &impl Fn(Who) -> Vec<End>) -> Who {
    let gets_there = |who: &Who| snapshot.components_of(*who).join(starts, &goals(*who));
    with_more_rights(who).find(gets_there).unwrap_or(Who::ANYBODY)
}

/// Returns how long it would be from one node to another as the crow flies, in milliseconds.
fn apart_ms(snapshot: &Snapshot, nodes: [u32; 2]) -> u32 {
    let [a, b] = nodes.map(|node| snapshot.node(node));
    let levels = f64::from(snapshot.graph().rise([a.level, b.level]).abs());
    millis_between(distance_m(a.at, b.at) + levels * LEVEL_M, WALK_SPEED_MPS)
}

/// Returns the last node on the way to a node that is not in the hall of a check that may not be passed.
fn before_check(snapshot: &Snapshot, who: Who, forth: &Tree, node: u32) -> u32 {
    let bars = |section: &FeatureId| {
        let edges = snapshot.closes.get(section).into_iter().flatten();
        edges
            .map(|edge| snapshot.edge(*edge))
            .any(|edge| edge.kind.check().is_some() && edge.needs > who.rights)
    };
    let in_hall = |edge: u32| {
        let room = snapshot.edge(edge).room.map(|room| &snapshot.graph().rooms[room]);
        room.and_then(|room| room.checkpoint.as_ref()).is_some_and(|check| bars(&check.section))
    };
    let (mut at, mut halls) = (node, false);
    while let (Some(edge), Some(before)) = (forth.via(at), forth.before(snapshot, at)) {
        // The threshold of the hall lies in no room.
        let is_threshold = halls && snapshot.edge(edge).room.is_none() && snapshot.edge(edge).length_m <= 0.0;
        if !in_hall(edge) && !is_threshold {
            break;
        }
        (at, halls) = (before, true);
    }
    at
}

/// Returns a node as the goal of a way.
fn spot(snapshot: &Snapshot, node: u32) -> Spot {
    let at = snapshot.node(node);
    let place = match at.kind {
        NodeKind::Place(place) => snapshot.graph().places().get(place).map(|place| &place.id),
        _ => at.features.first(),
    };
    let feature = place.cloned().unwrap_or_else(|| FeatureId::derived("as-far-as"));
    Spot::Nodes { nodes: vec![node], feature }
}

/// Returns the name of a place, of a shaft, or of a named room at the node.
fn name(snapshot: &Snapshot, node: u32, language: Language) -> Option<String> {
    let graph = snapshot.graph();
    let named = |place: &Place| {
        place.name.get(language).or_else(|| place.codes.first().map(String::as_str)).map(str::to_owned)
    };
    match snapshot.node(node).kind {
        NodeKind::Place(place) => graph.places().get(place).and_then(named),
        NodeKind::Stop(shaft) | NodeKind::Hub(shaft) => {
            graph.shafts()[shaft].name.get(language).map(str::to_owned)
        }
        NodeKind::Opening | NodeKind::Junction => {
            let rooms = snapshot.ending_at(node).iter().filter_map(|edge| snapshot.edge(*edge).room);
            let mut names = rooms.filter_map(|room| graph.rooms[room].name.get(language));
            names.next().map(str::to_owned)
        }
    }
}
