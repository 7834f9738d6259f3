//! Where there is no way: how far one can get.
//!
//! That is the node one can reach now from which the rest would be shortest if what is in the way were not: with
//! nothing closed, or on foot, or with nothing barred, after the reason why there is no way.

use super::resolve::Spot;
use super::{Reason, Route, Walk};
use crate::graph::{NodeKind, Place};
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::profile::{Profile, Who};
use crate::reach::Side;
use crate::search::{End, Now, Searcher};
use crate::snapshot::Snapshot;
use crate::words::Language;

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
    let freed = match reason {
        Reason::Closed(_) => who,
        Reason::NoAccessibleWay => Who { profile: Profile::Walk, ..who },
        Reason::ZoneForbidden(_) => Who::ANYBODY,
        Reason::Disconnected | Reason::NotOpen { .. } => return None,
    };
    let starts = from.starts(snapshot, overlay, who);
    let goals: Vec<End> = to.iter().flat_map(|spot| spot.goals(snapshot, &open, freed)).collect();
    let now = Now { depart: None, ..walk.footing() };
    searcher.spread(&Now { overlay: &open, who: freed, ..now }, &goals, Side::Into);
    searcher.spread(&now, &starts, Side::Out);
    let [forth, back] = &searcher.trees;
    let reached = (0_u32..).take(snapshot.node_count()).filter_map(|node| {
        let walked = forth.cost(node)?;
        Some((back.cost(node)?, walked, node))
    });
    let (_, _, node) = reached.min()?;
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
