//! `live-update`: from the order to close a place until the next route knows, by gRPC on a whole node whose
//! every profile and pace is in use. Also what one change costs the engine alone.

use std::{hint::black_box, path::Path, time::Instant};

use airside_api::navigation::v1;
use airside_wayfinding::{
    FeatureId, Overlay, Pace, Profile, RouteRequest, Searcher, Snapshot, Speed, Who, route,
};
use anyhow::{Context, ensure};
use tonic::Request;

use super::find::{House, ask};
use crate::{
    ROUNDS,
    measure::{Better, Measure},
};

/// How often a place is closed and opened again in a round.
const CHANGES: usize = 20;

/// Measures the time until a change is seen.
pub(crate) async fn live_update(folder: &Path) -> anyhow::Result<Vec<Measure>> {
    let snapshot = super::narita()?;
    let engine_ms = engine_ms(&snapshot);
    let mut best: Option<[f64; 2]> = None;
    for round in 0..ROUNDS {
        let house = House::open(&folder.join(format!("live-{round}"))).await?;
        let found = self::round(&house, &snapshot).await;
        house.node.stop().await;
        let found = found?;
        if best.is_none_or(|best| found[0] < best[0]) {
            best = Some(found);
        }
    }
    let [mean_ms, worst_ms] = best.context("no round was run")?;
    let metrics = Profile::ALL.len() * Pace::ALL.len();
    let against = format!(
        "set, stored, seen and answered over gRPC with {metrics} profiles and paces in use; worst of {CHANGES} \
         {worst_ms:.1} ms"
    );
    Ok(vec![
        Measure::new("live-update", "closed to seen in a route", mean_ms, "ms")
            .bounds(Better::Lower, 20.0, 20.0)
            .against(against),
        Measure::new("live-update", "one change, all profiles", engine_ms, "ms").lower_is_better().against(
            format!("{} nodes and {} edges, one thread", snapshot.node_count(), snapshot.edge_count()),
        ),
    ])
}

/// Measures how long it takes to prepare every profile and pace after a change.
fn engine_ms(snapshot: &Snapshot) -> f64 {
    let ways = snapshot.graph().model().edge_weights().filter_map(|edge| edge.features.first());
    let closed = ways.take(2).cloned().collect::<Vec<_>>();
    let mut before = Overlay::closing(snapshot, closed.first().cloned());
    let mut searcher = Searcher::new();
    for profile in Profile::ALL {
        for pace in Pace::ALL {
            let who = Who { profile, speed: Speed::Pace(pace), ..Who::default() };
            black_box(searcher.path(snapshot, &before, who, 0, 0));
        }
    }
    let mut best = f64::INFINITY;
    for _ in 0..3 * ROUNDS {
        let start = Instant::now();
        let next = Overlay::closing(snapshot, closed.clone());
        next.follow(snapshot, &before, snapshot);
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
        before = next;
    }
    best
}

/// Returns the mean and the worst time of a change, in milliseconds.
async fn round(house: &House, snapshot: &Snapshot) -> anyhow::Result<[f64; 2]> {
    let mut ways = house.staff.navigation.clone();
    let [from, to] = house.pairs.first().context("the venue has no two places that are joined")?;
    for profile in 1..=5 {
        for pace in 1..=3 {
            let request = v1::FindRouteRequest { profile, pace, ..ask(from, to) };
            ways.find_route(request).await?;
        }
    }
    let open = ways.find_route(ask(from, to)).await?.into_inner();
    let feature = on_the_way(snapshot, [from, to])?;
    let (mut sum_ms, mut worst_ms) = (0.0, 0.0_f64);
    for change in 0..2 * CHANGES {
        let closed = change % 2 == 0;
        let request = v1::SetClosureRequest {
            venue: super::find::VENUE.to_owned(),
            feature_id: feature.to_string(),
            closed,
            reason: "measured".to_owned(),
            ..v1::SetClosureRequest::default()
        };
        let start = Instant::now();
        ways.set_closure(Request::new(request)).await?;
        let seen = ways.find_route(ask(from, to)).await?.into_inner();
        let ms = start.elapsed().as_secs_f64() * 1e3;
        ensure!((seen != open) == closed, "change {change} is not seen by the next route");
        (sum_ms, worst_ms) = (sum_ms + ms, worst_ms.max(ms));
    }
    Ok([sum_ms / (2 * CHANGES) as f64, worst_ms])
}

/// Returns a feature of the map whose closing changes the way between two places.
fn on_the_way(snapshot: &Snapshot, [from, to]: [&str; 2]) -> anyhow::Result<FeatureId> {
    let mut searcher = Searcher::new();
    let request = RouteRequest { from: from.to_owned(), to: to.to_owned(), ..RouteRequest::default() };
    let mut way = |closed: Option<&FeatureId>| {
        let overlay = Overlay::closing(snapshot, closed.cloned());
        route(snapshot, &overlay, &mut searcher, &request)
    };
    let open = way(None)?;
    let mut features = snapshot.graph().model().edge_weights().flat_map(|edge| &edge.features);
    let found = features.find(|feature| way(Some(*feature)).is_ok_and(|way| way != open));
    found.cloned().context("nothing that is closed changes the way")
}
