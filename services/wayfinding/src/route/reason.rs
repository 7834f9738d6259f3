//! Why there is no way, asked from the most specific reason to the least.

use std::collections::BTreeSet;

use super::resolve::Spot;
use super::{Reason, Walk};
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::profile::{Profile, Who};
use crate::search::{End, Found, Searcher};
use crate::snapshot::Snapshot;

pub(crate) fn reason(walk: &Walk<'_>, searcher: &mut Searcher, from: &[Spot], to: &[Spot]) -> Reason {
    let Walk { snapshot, overlay, who, .. } = *walk;
    let open = Overlay::open();
    let ends = |who: Who| {
        let starts: Vec<End> = from.iter().flat_map(|spot| spot.starts(snapshot, &open, who)).collect();
        let goals: Vec<End> = to.iter().flat_map(|spot| spot.goals(snapshot, &open, who)).collect();
        (starts, goals)
    };
    let joined = |who: Who| {
        let (starts, goals) = ends(who);
        snapshot.joins(who, &starts, &goals)
    };
    let (starts, goals) = ends(who);
    if let Some(found) = searcher.find(snapshot, &open, who, &starts, &goals) {
        return Reason::Closed(in_the_way(snapshot, overlay, &found, from, to));
    }
    if joined(Who { profile: Profile::Walk, ..who }) {
        return Reason::NoAccessibleWay;
    }
    if joined(Who::ANYBODY) { Reason::ZoneForbidden } else { Reason::Disconnected }
}

/// Returns the closed features on the way that there would be.
fn in_the_way(
    snapshot: &Snapshot,
    overlay: &Overlay,
    found: &Found,
    from: &[Spot],
    to: &[Spot],
) -> Vec<FeatureId> {
    let snapped = from.iter().chain(to).filter_map(|spot| match spot {
        Spot::OnWay { snapped, .. } => Some(snapped.edge),
        Spot::Nodes { .. } => None,
    });
    let edges: BTreeSet<u32> = found.edges.iter().copied().chain(snapped).collect();
    let is_goal = |wanted: &FeatureId| {
        to.iter().any(|spot| matches!(spot, Spot::Nodes { feature, .. } if feature == wanted))
    };
    let closes = |feature: &&FeatureId| {
        let closed = snapshot.closes.get(*feature);
        let on_way = closed.is_some_and(|closed| closed.iter().any(|edge| edges.contains(edge)));
        on_way || is_goal(feature)
    };
    overlay.closed().iter().filter(closes).cloned().collect()
}
