//! `airside projections`: looking after read models.

use std::{io, process::ExitCode};

use clap::{Args, Subcommand};

use super::{Outcome, operator::Place, out::say};
use crate::operate::{Order, ReadModelReport, RebuildReport};

/// Looks after read models, which are computed from the log and can be thrown away.
#[derive(Subcommand)]
pub(super) enum Projections {
    List(List),
    Rebuild(Rebuild),
}

/// Lists the read models: how far each is behind the log, and its snapshot.
///
/// On a stopped server the snapshots are listed, those of reactors too: where the next start begins.
#[derive(Args)]
#[command(after_help = "Example: airside projections list")]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

/// Folds a read model anew from the beginning of the log, while the old one answers.
///
/// On a stopped server its snapshot is deleted instead, so that the next start folds it anew.
#[derive(Args)]
#[command(after_help = "Example: airside projections rebuild baggage.bags")]
pub(super) struct Rebuild {
    /// Its name, as `airside projections list` shows it.
    name: String,
    #[command(flatten)]
    place: Place,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Projections {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::List(command) => command.run(),
            Self::Rebuild(command) => command.run(),
        }
    }
}

impl List {
    fn run(self) -> Outcome {
        let models: Vec<ReadModelReport> = self.place.order(Order::Projections)?;
        if self.json {
            say!("{}", serde_json::to_string(&models)?)?;
        } else {
            print(&models)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(models: &[ReadModelReport]) -> io::Result<()> {
    say!("{:<28} {:>12} {:>8} {:>8}  snapshot", "read model", "position", "behind", "parked")?;
    for model in models {
        let position = model.position.as_deref().unwrap_or("-");
        let lag = model.lag_events.map_or_else(|| "-".to_owned(), |lag| lag.to_string());
        let snapshot = match (&model.problem, &model.snapshot_position, &model.snapshot_at) {
            (Some(problem), ..) => problem.clone(),
            (None, Some(position), Some(at)) => {
                format!("at {position}, {} bytes, {at}", model.snapshot_bytes.unwrap_or_default())
            }
            _ => "none".to_owned(),
        };
        say!("{:<28} {position:>12} {lag:>8} {:>8}  {snapshot}", model.name, model.parked)?;
        if let Some(share) = model.rebuilding {
            say!("  being rebuilt, {:.0} % done", share * 100.0)?;
        }
    }
    Ok(())
}

impl Rebuild {
    fn run(self) -> Outcome {
        let report: RebuildReport = self.place.order(Order::Rebuild { name: self.name })?;
        if self.json {
            say!("{}", serde_json::to_string(&report)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        match (report.events, &report.position) {
            (Some(events), position) => say!(
                "{} was folded anew from {events} events, up to position {}; {} could not be read",
                report.name,
                position.as_deref().unwrap_or("0"),
                report.parked
            )?,
            (None, _) => say!("the snapshot of {} is deleted; the next start folds it anew", report.name)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
