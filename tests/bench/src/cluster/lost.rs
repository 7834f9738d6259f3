//! How soon appends and followers go on when a leader is lost, under the oracle.
//!
//! Only who plays a cluster can kill its leader, so this is measured on a double
//! of three nodes. On a real one somebody outside does it, and
//! `airside-bench oracle --store URL` says the same.

use std::{sync::Arc, time::Duration};

use airside_contract::oracle;
use airside_store::kurrent::KurrentStore;
use anyhow::{Result, ensure};
use tokio::time::sleep;

use super::WORK;
use crate::{
    measure::{Better, Measure},
    played::Played,
};

/// How many nodes are played.
const NODES: &str = "3";
/// How long the oracle writes and follows, and when leaders are lost meanwhile.
const FOR: Duration = Duration::from_secs(16);
const LOSE_EVERY: Duration = Duration::from_secs(5);
const LOSSES: u32 = 2;
/// After what time all must go on, and should, milliseconds.
const GAP_MS: (f64, f64) = (5_000.0, 3_000.0);

/// Loses leaders and measures.
///
/// # Errors
/// When the double or the oracle fails.
pub(super) async fn measure() -> Result<Vec<Measure>> {
    let mut played = Played::start(NODES)?;
    let store = Arc::new(KurrentStore::connect(played.url()).await?);
    let oracle = tokio::spawn(oracle::run(store, FOR));
    for _ in 0..LOSSES {
        sleep(LOSE_EVERY).await;
        played.lose_leader()?;
    }
    let (verdict, errors) = oracle.await??;
    for error in errors {
        eprintln!("cluster: failed and made again: {error}");
    }
    ensure!(verdict.acknowledged > 0, "the oracle wrote nothing");
    let against = format!(
        "{LOSSES} leaders of a double of {NODES} killed, another serves after 2.1 s as in a real cluster; \
         {} events acknowledged, a follower resumed {} times",
        verdict.acknowledged, verdict.resumed
    );
    let gap = |name: &str, milliseconds: u64| {
        let gap = Measure::new(WORK, name, milliseconds as f64, "ms");
        gap.bounds(Better::Lower, GAP_MS.0, GAP_MS.1).against(&against)
    };
    let wrong = verdict.missing
        + verdict.duplicated
        + verdict.follow_missing
        + verdict.follow_twice
        + verdict.out_of_order
        + verdict.conflicts;
    let wrong = Measure::new(WORK, "a leader lost: missing or twice", wrong as f64, "events");
    Ok(vec![
        gap("a leader lost: no append for", verdict.longest_gap_ms),
        gap("a leader lost: nothing to follow for", verdict.longest_follow_gap_ms),
        wrong.bounds(Better::Lower, 0.0, 0.0).against(&against),
    ])
}
