//! `message-load`: raw messages from every kind of source at once, and whether the log has them all.
//!
//! A whole node on loopback; its clients share the machine. Calls over gRPC, a stream, calls over
//! HTTP with an idempotency key, lines of the host link and files in a watched folder bring
//! messages by the clock, however slowly the server answers: 5 % more than must be reached, first
//! 2,000/s for half a minute, then 10,000/s for a minute. A message counts when the server says
//! that it is on disk: by its receipt, its answer on the line, or because its file is done. Its
//! time runs from when it was due. Files wait for two looks at their folder and are timed apart.
//! Then everything is read into bags, the node stops, and the log is opened and read back: what
//! was acknowledged and is not there is lost. Held against fdatasyncs a second of the same disk.

mod house;
mod lanes;
mod ledger;

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use jiff::SignedDuration;
use tokio::time::{self, Instant};

use crate::{
    limits::fdatasyncs_per_s,
    measure::{Better, Measure, share},
};
use house::House;
use lanes::lanes;
use ledger::{Acked, Ledger};

/// The name of the work.
const WORK: &str = "message-load";
/// How much more is sent than must be reached, so that the last answers do not decide.
const MORE: f64 = 1.05;
/// How long answers may take to come after the end of a phase.
const LATE: Duration = Duration::from_secs(180);

/// How the loads are run.
#[derive(Args)]
pub(crate) struct Options {
    /// How long each phase of `message-load` and `baggage-load` lasts, such as `10s` [default: 30s
    /// and 60s, and 30s of a backlog].
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) run_for: Option<Duration>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let span = text.parse::<SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
    span.filter(|span| !span.is_zero()).ok_or_else(|| "write a time above zero, such as 30s".to_owned())
}

/// A part of the run at one rate.
#[derive(Debug, Clone, Copy)]
struct Phase {
    name: &'static str,
    per_s: f64,
    run_for: Duration,
}

/// What a phase reached.
struct Reached {
    per_s: f64,
    lines_ms: Waited,
    files_ms: Waited,
    caught_up_after: Duration,
}

/// How long messages took to be acknowledged, milliseconds.
struct Waited {
    p50: f64,
    p99: f64,
}

/// Measures both phases and reads the log back.
///
/// # Errors
/// When the node cannot be had, or refuses what it must take.
pub(crate) async fn measure(folder: &Path, options: &Options) -> Result<Vec<Measure>> {
    let syncs_per_s = fdatasyncs_per_s(folder)?;
    let (house, ledger) = (House::open(folder).await?, Arc::new(Ledger::default()));
    let phases = [("sustained", 2_000.0, 30), ("burst", 10_000.0, 60)];
    let mut measures = Vec::new();
    for (name, per_s, seconds) in phases {
        let run_for = options.run_for.unwrap_or_else(|| Duration::from_secs(seconds));
        let phase = Phase { name, per_s, run_for };
        let reached = run(&house, &ledger, phase).await?;
        measures.extend(figures(phase, &reached, syncs_per_s));
    }
    let log = house.close().await?;
    let found = ledger.look_in(&log).await?;
    let against = format!(
        "{} acknowledged of {} sent; {} in the log, {} of them twice",
        found.acknowledged, found.sent, found.stored, found.twice
    );
    let lost = Measure::new(WORK, "lost", found.lost as f64, "messages");
    measures.push(lost.bounds(Better::Lower, 0.0, 0.0).against(against));
    Ok(measures)
}

/// Sends for a while, then waits until every answer is there and every message is read.
async fn run(house: &House, ledger: &Arc<Ledger>, phase: Phase) -> Result<Reached> {
    let before = ledger.count();
    let begin = Instant::now() + Duration::from_millis(100);
    let end = begin + phase.run_for;
    let mut running = lanes(house, ledger, begin, end, phase.per_s * MORE).await?;
    let answered = async {
        while let Some(ended) = running.join_next().await {
            ended.context("a source has panicked")??;
        }
        Ok::<_, anyhow::Error>(())
    };
    let answered = time::timeout(phase.run_for + LATE, answered).await;
    answered.with_context(|| format!("{}: answers did not come", phase.name))??;
    let caught_up_after = house.caught_up().await?;
    Ok(ledger.with_since(before, |acked| {
        let in_time = acked.iter().filter(|one| one.at <= end).count();
        let waited = |files: bool| waited(acked.iter().filter(|one| one.is_file() == files));
        Reached {
            per_s: in_time as f64 / phase.run_for.as_secs_f64(),
            lines_ms: waited(false),
            files_ms: waited(true),
            caught_up_after,
        }
    }))
}

fn waited<'a>(acked: impl Iterator<Item = &'a Acked>) -> Waited {
    let mut times: Vec<_> = acked.map(|one| one.waited).collect();
    times.sort_unstable();
    let at = |part| share(&times, part).as_secs_f64() * 1_000.0;
    Waited { p50: at(0.5), p99: at(0.99) }
}

fn figures(phase: Phase, reached: &Reached, syncs_per_s: f64) -> Vec<Measure> {
    let Phase { name, per_s, .. } = phase;
    let against = format!(
        "{:.0}/s offered for {:.0} s; {syncs_per_s:.0} fdatasyncs/s ({:.2} messages each)",
        per_s * MORE,
        phase.run_for.as_secs_f64(),
        reached.per_s / syncs_per_s,
    );
    let time =
        |what: &str, value| Measure::new(WORK, format!("{name} {what}"), value, "ms").lower_is_better();
    vec![
        Measure::new(WORK, name, reached.per_s, "1/s").bounds(Better::Higher, per_s, per_s).against(against),
        time("p50 of lines and calls", reached.lines_ms.p50),
        time("p99 of lines and calls", reached.lines_ms.p99),
        time("p50 of files", reached.files_ms.p50),
        time("p99 of files", reached.files_ms.p99),
        time("all read after", reached.caught_up_after.as_secs_f64() * 1_000.0),
    ]
}
