//! The ways of Narita: `route`, `live-update`, `find-route` and `search`.
//!
//! `route` finds shortest paths between random nodes, edges included, against `petgraph::algo::astar` with a
//! straight-line bound on the same edges and costs. Every cost is compared first, at free flow and with a
//! part of the venue closed and queues elsewhere, so a fast wrong answer fails. Whole answers between places,
//! with the line pulled taut and the steps in words, are timed beside it. The others drive a whole
//! node. The airport is read from `narita` in the folder that `AIRSIDE_DATA` names; without it they fail.

use std::{
    collections::BTreeMap,
    hint::black_box,
    path::{Path, PathBuf},
    time::Instant,
};

use airside_wayfinding::{
    self as wayfinding, Graph, Outcome, Overlay, Pace, Profile, Rights, RouteRequest, Searcher, Snapshot,
    Source, Speed, Who,
    measure::{Peer, follow},
};
use anyhow::{Context, ensure};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    ROUNDS,
    measure::{Better, Measure},
};

mod find;
mod live;
mod search;

pub(crate) use find::find_route;
pub(crate) use live::live_update;
pub(crate) use search::search;

const PAIRS: usize = 1_000;
const WALKER: Who =
    Who { profile: Profile::Walk, speed: Speed::Pace(Pace::Normal), rights: Rights::Passenger };
/// A speed of one's own, which nothing is prepared for.
const OWN: Who = Who { speed: Speed::Own(1_250), ..WALKER };

/// Measures the mean time of a path.
pub(crate) fn route() -> anyhow::Result<Vec<Measure>> {
    let snapshot = narita()?;
    let live = disturbed(&snapshot);
    let nodes = u32::try_from(snapshot.node_count())?;
    let mut random = StdRng::seed_from_u64(7);
    let pairs: Vec<_> =
        (0..PAIRS).map(|_| (random.random_range(0..nodes), random.random_range(0..nodes))).collect();
    let mut searcher = Searcher::new();
    for (overlay, walker) in [(&Overlay::open(), WALKER), (&live, WALKER), (&live, OWN)] {
        let peer = Peer::of(&snapshot, overlay, walker);
        for (from, to) in &pairs {
            let ours = searcher.path(&snapshot, overlay, walker, *from, *to);
            let theirs = peer.astar(*from, *to);
            ensure!(ours.map(|(cost, _)| cost) == theirs, "from {from} to {to}: {ours:?} against {theirs:?}");
            if let Some((cost, edges)) = ours {
                let edges = edges.to_vec();
                let walked = follow(&snapshot, overlay, walker, &edges, [*from, *to]);
                ensure!(walked == Some(cost), "from {from} to {to}: {walked:?}, not {cost}");
            }
        }
    }
    let open = Overlay::open();
    let peer = Peer::of(&snapshot, &open, WALKER);
    let mut best: Option<[f64; 4]> = None;
    for _ in 0..ROUNDS {
        let theirs = mean_us(&pairs, |from, to| peer.astar(from, to));
        let mut ours = |overlay, walker| {
            mean_us(&pairs, |from, to| {
                searcher.path(&snapshot, overlay, walker, from, to).map(|(cost, _)| cost)
            })
        };
        let found = [theirs, ours(&open, WALKER), ours(&live, WALKER), ours(&live, OWN)];
        if best.is_none_or(|best| theirs / found[1] > best[0] / best[1]) {
            best = Some(found);
        }
    }
    let [theirs, ours, changed, own] = best.context("no round was run")?;
    let answers = (0..ROUNDS).map(|_| answer_us(&snapshot, &mut searcher)).collect::<Result<Vec<_>, _>>()?;
    let answer = answers.into_iter().fold(f64::INFINITY, f64::min);
    let against =
        format!("petgraph astar, mean {theirs:.1} µs, on {nodes} nodes and {} edges", snapshot.edge_count());
    let mean = |name, us| Measure::new("route", name, us, "us").lower_is_better();
    Ok(vec![
        Measure::new("route", "petgraph astar / ours", theirs / ours, "ratio")
            .bounds(Better::Higher, 8.0, 30.0)
            .against(against),
        mean("mean path", ours),
        mean("mean path, closures and queues", changed),
        mean("mean path, one's own speed", own),
        mean("mean answer with line and steps", answer),
    ])
}

fn mean_us<T>(pairs: &[(u32, u32)], mut find: impl FnMut(u32, u32) -> T) -> f64 {
    let start = Instant::now();
    for (from, to) in pairs {
        black_box(find(*from, *to));
    }
    start.elapsed().as_secs_f64() * 1e6 / pairs.len() as f64
}

/// Returns the mean time of a whole answer between two places, in microseconds.
fn answer_us(snapshot: &Snapshot, searcher: &mut Searcher) -> anyhow::Result<f64> {
    let (places, overlay, mut random) = (snapshot.places(), Overlay::open(), StdRng::seed_from_u64(11));
    let mut requests = Vec::with_capacity(PAIRS);
    while requests.len() < PAIRS {
        let [from, to] = [(); 2].map(|()| places[random.random_range(0..places.len())].id.to_string());
        let request = RouteRequest { from, to, ..RouteRequest::default() };
        if let Outcome::Found(_) = wayfinding::route(snapshot, &overlay, searcher, &request)? {
            requests.push(request);
        }
    }
    let start = Instant::now();
    for request in &requests {
        black_box(wayfinding::route(snapshot, &overlay, searcher, request)?);
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / requests.len() as f64)
}

/// Closes every fortieth feature and lets people wait at every seventh.
fn disturbed(snapshot: &Snapshot) -> Overlay {
    let nodes = snapshot.graph().model().node_weights();
    let features: Vec<_> = nodes.flat_map(|node| node.features.clone()).collect();
    let waits: BTreeMap<_, _> = features.iter().step_by(7).map(|id| (id.clone(), 90_000)).collect();
    Overlay::live(snapshot, features.iter().step_by(40).cloned(), &waits)
}

/// Returns the folder of the airport.
fn folder() -> PathBuf {
    let data = std::env::var_os("AIRSIDE_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    data.join("narita")
}

fn narita() -> anyhow::Result<Snapshot> {
    let folder = folder();
    read(&folder).with_context(|| {
        format!("{} cannot be read; set AIRSIDE_DATA to the folder of the data", folder.display())
    })
}

/// Reads and compiles the map in a folder.
fn read(folder: &Path) -> anyhow::Result<Snapshot> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if Source::wants(&name) {
            files.push((name, std::fs::read(path)?));
        }
    }
    let graph = Graph::build(&Source::from_files(files));
    Ok(Snapshot::compile(graph.map_err(|refused| anyhow::anyhow!("the map is refused: {refused}"))?))
}
