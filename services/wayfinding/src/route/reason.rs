//! Why there is no way, asked from the most specific reason to the least.

use std::collections::BTreeSet;

use super::resolve::Spot;
use super::{Reason, RouteRequest};
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::profile::{Profile, Speed};
use crate::search::{End, Found, Searcher};
use crate::snapshot::{Metric, Snapshot};

pub(super) fn reason(
    snapshot: &Snapshot,
    overlay: &Overlay,
    searcher: &mut Searcher,
    request: &RouteRequest,
    from: &[Spot],
    to: &[Spot],
) -> Reason {
    let open = Overlay::open();
    let ends = |metric: Metric| {
        let starts: Vec<End> = from.iter().flat_map(|spot| spot.starts(snapshot, &open, metric)).collect();
        let goals: Vec<End> = to.iter().flat_map(|spot| spot.goals(snapshot, &open, metric)).collect();
        (starts, goals)
    };
    let joined = |metric: Metric| {
        let (starts, goals) = ends(metric);
        snapshot.joins(metric, &starts, &goals)
    };
    let metric = Metric::Of(request.profile, request.speed);
    let (starts, goals) = ends(metric);
    if let Some(found) = searcher.find(snapshot, &open, (request.profile, request.speed), &starts, &goals) {
        return Reason::Closed(in_the_way(snapshot, overlay, &found, from, to));
    }
    if joined(Metric::Of(Profile::Walk, Speed::default())) {
        return Reason::NoAccessibleWay;
    }
    if joined(Metric::Unbarred) { Reason::ZoneForbidden } else { Reason::Disconnected }
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
    let closes = |feature: &&FeatureId| {
        let closed = snapshot.closes.get(*feature);
        closed.is_some_and(|closed| closed.iter().any(|edge| edges.contains(edge)))
    };
    overlay.closed().iter().filter(closes).cloned().collect()
}
