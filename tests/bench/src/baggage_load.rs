//! `baggage-load`: messages and scans of the same bags by the clock, and how soon they are seen.
//!
//! A whole node on loopback; its clients share the machine. One item in five is a raw announcement,
//! the others are typed scans: 2,000/s for half a minute, then 10,000/s for a minute, sent by the
//! clock however slowly the server answers, 5 % more than must be reached. Meanwhile two observers
//! send a scan and an announcement of a bag of their own every [`PROBE_EVERY`] and wait until it is
//! shown so: that is the time from receipt to projection, and it runs from the call. At last a
//! backlog: everything as fast as it is answered, until it is read and shown; what counts is all
//! of it over all of that time. Held against fdatasyncs a second of the same disk and empty unary
//! calls a second of the same node.

mod probes;

use std::{path::Path, time::Duration};

use airside_server::Node;
use airside_simulator::{
    connect::Endpoint,
    load::{LoadOptions, LoadReport, message_load, scan_load},
};
use anyhow::{Context, Result, ensure};
use tokio::{sync::watch, time::Instant};

use crate::{
    limits::{empty_calls_per_s, fdatasyncs_per_s},
    loopback,
    measure::{Better, Measure},
};
use probes::Probes;

/// The name of the work.
const WORK: &str = "baggage-load";
/// One item in so many is a message.
const MESSAGE_OF: u32 = 5;
/// How much more is sent than must be reached, so that the last answers do not decide.
const MORE: f64 = 1.05;
/// How often each observer looks.
const PROBE_EVERY: Duration = Duration::from_millis(50);
/// What 99 of 100 must stay below from receipt to projection, milliseconds, and should.
const SEEN_MS: (f64, f64) = (250.0, 100.0);

/// A part of the run.
#[derive(Debug, Clone, Copy)]
struct Phase {
    name: &'static str,
    /// Items a second that must be reached.
    per_s: f64,
    run_for: Duration,
    /// Whether items are sent by the clock, and not as fast as they are answered.
    is_paced: bool,
}

/// What a phase reached.
struct Reached {
    per_s: f64,
    scans: LoadReport,
    messages: LoadReport,
    caught_up_after: Duration,
    seen: Probes,
}

/// Measures all phases on one node; each lasts `run_for` if that is given.
///
/// # Errors
/// When the node cannot be had, or refuses what it must take.
pub(crate) async fn measure(folder: &Path, run_for: Option<Duration>) -> Result<Vec<Measure>> {
    let syncs_per_s = fdatasyncs_per_s(folder)?;
    let (node, endpoint) = loopback::start(loopback::config(folder.join("data"))).await?;
    let empty = empty_calls_per_s(&endpoint, 8).await?;
    let mut measures = Vec::new();
    let phases =
        [("sustained", 2_000.0, 30, true), ("burst", 10_000.0, 60, true), ("backlog", 10_000.0, 30, false)];
    for (place, (name, per_s, seconds, is_paced)) in (0..).zip(phases) {
        let run_for = run_for.unwrap_or_else(|| Duration::from_secs(seconds));
        let phase = Phase { name, per_s, run_for, is_paced };
        let reached = run(&node, &endpoint, phase, place).await?;
        let machine = format!("{syncs_per_s:.0} fdatasyncs/s, {empty}");
        measures.extend(figures(phase, &reached, &machine));
    }
    node.stop().await;
    Ok(measures)
}

async fn run(node: &Node, endpoint: &Endpoint, phase: Phase, place: u32) -> Result<Reached> {
    let Phase { name, per_s, run_for, is_paced } = phase;
    let offered = (per_s * MORE) as u32;
    let share = |per_s: u32| is_paced.then_some(per_s);
    // Between two phases of a node nothing may repeat, so each has a source of its own.
    let options = |kind: &str, connections, per_s| LoadOptions {
        connections,
        per_call: 32,
        run_for,
        warm_up: Duration::ZERO,
        source: format!("load.{name}.{kind}"),
        per_s: share(per_s),
        ..LoadOptions::default()
    };
    let messages = options("messages", 4, offered / MESSAGE_OF);
    let scans = options("scans", 8, offered - offered / MESSAGE_OF);
    let (stop, stopped) = watch::channel(false);
    let probes = tokio::spawn(probes::look(endpoint.clone(), place, PROBE_EVERY, stopped));
    let began = Instant::now();
    let (scans, messages) = tokio::join!(scan_load(endpoint, &scans), message_load(endpoint, &messages));
    let (scans, messages) = (scans?, messages?);
    let caught_up_after = loopback::caught_up(node, endpoint).await?;
    stop.send_replace(true);
    let seen = probes.await.context("the observers have panicked")??;
    for report in [&scans, &messages] {
        let reason = report.first_reason.as_deref().unwrap_or_default();
        ensure!(report.not_taken == 0, "{name}: {} items were not taken: {reason}", report.not_taken);
    }
    let items = (scans.items + messages.items) as f64;
    let seconds = if is_paced { run_for } else { began.elapsed() }.as_secs_f64();
    Ok(Reached { per_s: items / seconds, scans, messages, caught_up_after, seen })
}

fn figures(phase: Phase, reached: &Reached, machine: &str) -> Vec<Measure> {
    let Phase { name, per_s, run_for, is_paced } = phase;
    let Reached { scans, messages, caught_up_after, seen, .. } = reached;
    let sent =
        if is_paced { format!("{:.0}/s offered", per_s * MORE) } else { "as fast as answered".to_owned() };
    let rate =
        Measure::new(WORK, name, reached.per_s, "1/s").bounds(Better::Higher, per_s, per_s).against(format!(
            "{sent} for {:.0} s; {machine}; call p99 {:.1} ms of scans, {:.1} ms of messages",
            run_for.as_secs_f64(),
            scans.call_ms.p99,
            messages.call_ms.p99,
        ));
    let time = |what: &str, ms| Measure::new(WORK, format!("{name} {what}"), ms, "ms");
    let p99 = |what: &str, ms| {
        let figure = time(what, ms);
        if is_paced { figure.bounds(Better::Lower, SEEN_MS.0, SEEN_MS.1) } else { figure.lower_is_better() }
    };
    vec![
        rate,
        p99("p99 scan to projection", seen.scans.p99_ms()),
        time("p50 scan to projection", seen.scans.p50_ms()).lower_is_better(),
        p99("p99 message to projection", seen.messages.p99_ms()),
        time("p50 message to projection", seen.messages.p50_ms()).lower_is_better(),
        time("all read and shown after", caught_up_after.as_secs_f64() * 1_000.0).lower_is_better(),
    ]
}
