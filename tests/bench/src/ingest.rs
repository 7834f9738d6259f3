//! `scan-ingest` and `message-ingest`: a whole node on loopback, driven by the
//! load driver that `airside load` uses. Server and clients share the machine,
//! so the figures are what is left for the server. Only what the server says is
//! on disk counts. Held against fdatasyncs a second of the same folder and
//! empty unary calls a second of the same server in the same round.

use std::{path::Path, time::Duration};

use airside_simulator::load::{LoadOptions, LoadReport, message_load, scan_load};

use crate::{
    ROUNDS,
    limits::{EmptyCalls, empty_calls_per_s, fdatasyncs_per_s},
    loopback,
    measure::{Better, Measure},
};

/// How long one round is measured.
const FOR: Duration = Duration::from_secs(4);

/// One round: what the work reached, and what the machine could do.
struct Round {
    report: LoadReport,
    syncs_per_s: f64,
    empty: EmptyCalls,
}

/// Measures durable typed scans, 16 in a call and one in a call.
pub(crate) async fn scans(folder: &Path) -> anyhow::Result<Vec<Measure>> {
    let batched = best(folder, "scans-16", 16, true).await?;
    let single = best(folder, "scans-1", 1, true).await?;
    Ok(vec![
        figure("scan-ingest", "scans, 16 a call", &batched).bounds(Better::Higher, 10_000.0, 30_000.0),
        figure("scan-ingest", "scans, 1 a call", &single),
        calls("scan-ingest", "calls, 16 scans each", &batched),
    ])
}

/// Measures raw messages acknowledged on disk, 16 in a call.
pub(crate) async fn messages(folder: &Path) -> anyhow::Result<Vec<Measure>> {
    let batched = best(folder, "messages-16", 16, false).await?;
    Ok(vec![
        figure("message-ingest", "messages, 16 a call", &batched).bounds(Better::Higher, 5_000.0, 15_000.0),
        calls("message-ingest", "calls, 16 messages each", &batched),
    ])
}

fn figure(work: &'static str, name: &str, round: &Round) -> Measure {
    let Round { report, syncs_per_s, empty } = round;
    Measure::new(work, name, report.items_per_s, "1/s").against(format!(
        "{syncs_per_s:.0} fdatasyncs/s ({:.2} each), {empty}; call p50 {:.2} ms, p99 {:.2} ms",
        report.items_per_s / syncs_per_s,
        report.call_ms.p50,
        report.call_ms.p99,
    ))
}

fn calls(work: &'static str, name: &str, round: &Round) -> Measure {
    let ratio = round.report.calls_per_s / round.empty.node;
    Measure::new(work, name, ratio, "ratio").against(format!("{} with as many connections", round.empty))
}

async fn best(folder: &Path, name: &str, per_call: usize, is_scan: bool) -> anyhow::Result<Round> {
    let mut best: Option<Round> = None;
    for round in 0..ROUNDS {
        let found = self::round(&folder.join(format!("{name}-{round}")), per_call, is_scan).await?;
        if best.as_ref().is_none_or(|best| found.report.items_per_s > best.report.items_per_s) {
            best = Some(found);
        }
    }
    best.ok_or_else(|| anyhow::anyhow!("no round was run"))
}

async fn round(folder: &Path, per_call: usize, is_scan: bool) -> anyhow::Result<Round> {
    std::fs::create_dir_all(folder)?;
    let syncs_per_s = fdatasyncs_per_s(folder)?;
    let (node, endpoint) = loopback::start(loopback::config(folder.join("data"))).await?;
    let options = LoadOptions { per_call, run_for: FOR, ..LoadOptions::default() };
    let empty = empty_calls_per_s(&endpoint, options.connections).await?;
    let report = if is_scan {
        scan_load(&endpoint, &options).await?
    } else {
        message_load(&endpoint, &options).await?
    };
    node.stop().await;
    if let Some(reason) = &report.first_reason {
        anyhow::bail!("{} items were not taken; the first because: {reason}", report.not_taken);
    }
    Ok(Round { report, syncs_per_s, empty })
}
