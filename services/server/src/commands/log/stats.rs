//! `airside log stats`.

use std::{collections::BTreeMap, io, process::ExitCode};

use clap::Args;

use crate::{
    commands::{Outcome, operator::Place, out::say},
    operate::{self, Order, StatsReport},
};

/// Shows the figures of the log, its index, its evidence, its vault and its snapshots.
///
/// `key` is the public key that signs checkpoints: give it to whoever audits the log, for
/// `airside log verify --key`.
#[derive(Args)]
#[command(after_help = "\
Works on a running server and on a stopped one.
Example: airside log stats
         airside log stats --types --json | jq .counts.types")]
pub(in crate::commands) struct Stats {
    #[command(flatten)]
    place: Place,
    /// Also count events by type and by category; reads the whole log.
    #[arg(long)]
    types: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Stats {
    pub(super) fn run(self) -> Outcome {
        let order = Order::Stats(operate::Stats { types: self.types });
        let report: StatsReport = self.place.order(order)?;
        if self.json {
            say!("{}", serde_json::to_string(&report)?)?;
        } else {
            print(&report)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(report: &StatsReport) -> io::Result<()> {
    say!("log         {}", report.log_id)?;
    match report.restored_at {
        Some(position) => say!("generation  {}, restored at position {position}", report.generation)?,
        None => say!("generation  {}, never restored", report.generation)?,
    }
    say!("head        {}", report.head)?;
    say!("size        {} bytes in {} segments", report.bytes, report.segments)?;
    if let (Some(first), Some(last)) = (&report.first_recorded_at, &report.last_recorded_at) {
        say!("recorded    {first} to {last}")?;
    }
    say!("index       on disk up to {}, {} bytes", report.index.position, report.index.bytes)?;
    match &report.evidence {
        None => say!("evidence    no checkpoint yet")?,
        Some(evidence) => {
            say!(
                "evidence    signed up to {} of {}, recorded {}",
                evidence.size,
                report.head,
                evidence.recorded_at
            )?;
            for key in &evidence.keys {
                say!("  key       {key}")?;
            }
            if let Some(second) = &evidence.second {
                say!("  second    {second}")?;
            }
        }
    }
    match &report.vault {
        Some(vault) => say!("vault       {} changes, {} subjects erased", vault.changes, vault.erased)?,
        None => say!("vault       none here")?,
    }
    for snapshot in &report.snapshots {
        let place = snapshot
            .problem
            .clone()
            .unwrap_or_else(|| format!("at {}", snapshot.position.as_deref().unwrap_or("the beginning")));
        say!("snapshot    {} {place}, {} bytes, {}", snapshot.name, snapshot.bytes, snapshot.written_at)?;
    }
    if let Some(counts) = &report.counts {
        print_counts("type", &counts.types)?;
        print_counts("category", &counts.categories)?;
    }
    Ok(())
}

fn print_counts(what: &str, counts: &BTreeMap<String, u64>) -> io::Result<()> {
    say!("events by {what}")?;
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    counts.into_iter().try_for_each(|(name, count)| say!("{count:>10}  {name}"))
}
