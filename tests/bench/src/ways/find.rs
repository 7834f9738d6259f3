//! `find-route`: whole gRPC calls a second, each with its steps and its line, between random places that are
//! joined; 8 connections, one call in flight each. Held against empty unary calls of the same server in the
//! same round.

use std::{net::SocketAddr, path::Path, time::Duration};

use airside_api::navigation::v1;
use airside_runtime::telemetry::{Metrics, Registry};
use airside_server::{Config, Node, endpoint};
use airside_simulator::{
    connect::{Clients, Endpoint},
    load::{LoadOptions, LoadReport, route_load},
};
use anyhow::Context;
use rand::{SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::{
    ROUNDS,
    limits::{EmptyCalls, empty_calls_per_s},
    measure::{Better, Measure},
};

/// The venue's code, which is the name of its folder.
pub(super) const VENUE: &str = "narita";
/// How long one round is measured.
const FOR: Duration = Duration::from_secs(4);
/// How many different routes are asked for.
const PAIRS: usize = 500;

/// A node with the airport, and pairs of places that are joined.
pub(super) struct House {
    pub(super) node: Node,
    pub(super) endpoint: Endpoint,
    pub(super) staff: Clients,
    pub(super) pairs: Vec<[String; 2]>,
}

impl House {
    pub(super) async fn open(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = Config {
            folder: folder.join("data"),
            listen: any,
            admin: Some(any),
            maps: vec![super::folder()],
            ..Config::default()
        };
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let node = Node::start(config, registry, metrics).await?;
        let endpoint = endpoint(node.public, node.tokens.clone())?;
        let staff = Clients::new(&endpoint.connect().await?, &endpoint.staff()?);
        let pairs = pairs(&staff).await?;
        Ok(Self { node, endpoint, staff, pairs })
    }
}

pub(super) fn ask(from: &str, to: &str) -> v1::FindRouteRequest {
    let end = |place: &str| Some(v1::RouteEnd { end: Some(v1::route_end::End::Place(place.to_owned())) });
    v1::FindRouteRequest { venue: VENUE.to_owned(), from: end(from), to: end(to), ..Default::default() }
}

/// Picks random pairs of places between which there is a way.
async fn pairs(staff: &Clients) -> anyhow::Result<Vec<[String; 2]>> {
    let snapshot = super::narita()?;
    let places: Vec<String> = snapshot.places().iter().map(|place| place.id.to_string()).collect();
    let mut random = StdRng::seed_from_u64(11);
    let mut ways = staff.navigation.clone();
    let mut pairs = Vec::new();
    for _ in 0..4 * PAIRS {
        let (Some(from), Some(to)) = (places.choose(&mut random), places.choose(&mut random)) else { break };
        if ways.find_route(ask(from, to)).await?.into_inner().found {
            pairs.push([from.clone(), to.clone()]);
        }
        if pairs.len() == PAIRS {
            break;
        }
    }
    Ok(pairs)
}

/// Measures calls a second.
pub(crate) async fn find_route(folder: &Path) -> anyhow::Result<Vec<Measure>> {
    let mut best: Option<(LoadReport, EmptyCalls)> = None;
    for round in 0..ROUNDS {
        let found = self::round(&folder.join(format!("find-{round}"))).await?;
        if best.as_ref().is_none_or(|(best, _)| found.0.items_per_s > best.items_per_s) {
            best = Some(found);
        }
    }
    let (report, empty) = best.context("no round was run")?;
    let against = format!(
        "{empty} with as many connections ({:.2} of it); call p50 {:.2} ms, p99 {:.2} ms",
        report.calls_per_s / empty.node,
        report.call_ms.p50,
        report.call_ms.p99,
    );
    Ok(vec![
        Measure::new("find-route", "routes with steps and line", report.items_per_s, "1/s")
            .bounds(Better::Higher, 5_000.0, 15_000.0)
            .against(against),
    ])
}

async fn round(folder: &Path) -> anyhow::Result<(LoadReport, EmptyCalls)> {
    let house = House::open(folder).await?;
    let options = LoadOptions { run_for: FOR, ..LoadOptions::default() };
    let empty = empty_calls_per_s(&house.endpoint, options.connections).await?;
    let requests: Vec<_> = house.pairs.iter().map(|[from, to]| ask(from, to)).collect();
    let report = route_load(&house.endpoint, &options, &requests).await?;
    house.node.stop().await;
    if let Some(reason) = &report.first_reason {
        anyhow::bail!("{} routes were not found; the first because: {reason}", report.not_taken);
    }
    Ok((report, empty))
}
