//! `airside log copy`.

use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Args;

use crate::{
    commands::{Outcome, block_on, operator::Bar, out::say},
    operate::{
        Progress,
        copy::{self, CopyError, CopyReport, End, Source, Target},
    },
};

/// Copies a log: from a folder to a cluster, back, or to another of its kind.
///
/// Every event keeps its id, stream, revision, metadata and times, and all keep their order. What
/// cannot be kept: positions, which are each log's own, so snapshots, signed evidence and the sessions
/// of passengers begin anew, and the places of reactors are written once more at the end; and stamps
/// of when events were recorded where those of the source ran backwards. A copy that was cut goes on
/// where it ended: run the same command again. In the end both logs are read and compared.
///
/// Stop the servers on both first. The keys are not in the log: keep `vault/` and `keys/` in the data
/// folder, or move them to the new one; the copy has the log's identity, so they fit. Appends are made
/// one after another, because the order of all is kept, and to a cluster each costs a round trip: a
/// real one took 1,200 such a second on one node and 400 on three, so a long log takes hours.
#[derive(Args)]
#[command(after_help = "\
Example: airside log copy --from embedded:./airside-data --to 'kurrentdb://airside:...@host:2113'
         airside serve --data ./airside-data --store 'kurrentdb://airside:...@host:2113'")]
pub(in crate::commands) struct Copy {
    /// The log to copy: `embedded:DIR`, or a cluster by its connection string.
    #[arg(long, value_name = "URL")]
    from: String,
    /// Where to: an empty or absent folder, an empty cluster, or the target of a copy that was cut.
    #[arg(long, value_name = "URL")]
    to: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Copy {
    pub(super) fn run(self) -> Outcome {
        let from: End = self.from.parse().context("--from")?;
        let to: End = self.to.parse().context("--to")?;
        if from == to {
            return Err(anyhow!("--to names the same log as --from: name another"));
        }
        let report = block_on(copied(&from, &to))?;
        if self.json {
            say!("{}", serde_json::to_string(&report)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let CopyReport { log_id, generation, events, written, digest, .. } = &report;
        say!(
            "log {log_id} is copied as generation {generation}: {events} events, {written} of them in this run"
        )?;
        say!("  sha256    {digest}")?;
        say!("  reactors  {}", report.reactors.len())?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn copied(from: &End, to: &End) -> anyhow::Result<CopyReport> {
    let source = Source::open(from).await.context("--from")?;
    let target = Target::open(to, source.next_life()).await.context("--to")?;
    let mut bar = Bar::default();
    let mut hear = |what: &str, done, total| {
        bar.show(&Progress { what: what.to_owned(), done, total });
        true
    };
    let copied = tokio::select! {
        copied = copy::copy(&source, &target, &mut hear) => copied,
        // What was written is whole; the next run goes on.
        _ = tokio::signal::ctrl_c() => Err(CopyError::GivenUp),
    };
    drop(bar);
    target.close().await;
    source.close().await;
    Ok(copied?)
}
