//! `airside log verify`.

use std::{
    io,
    path::{PathBuf, absolute},
    process::ExitCode,
};

use airside_evidence::VerifierKey;
use clap::Args;

use crate::{
    commands::{
        Outcome,
        operator::Place,
        out::{note, say},
    },
    operate::{self, Order, VerifyReport},
};

/// Checks every commit, event and index entry, and holds the log against its signed checkpoints.
///
/// The checkpoints beside the log show damage, and tampering by who could not sign. Whoever could
/// reach the log could perhaps reach them too, so keep them in a second place as well
/// (`evidence.second`) and hold the log against that one with `--from`: it names the first event
/// that was altered.
#[derive(Args)]
#[command(after_help = "\
Exit code 0 when nothing is wrong, 1 when something is, 2 for wrong usage.
Works on a running server and on a stopped one.
Example: airside log verify
         airside log verify --from /mnt/other/evidence
         airside log verify --from checkpoints --key 'name+hash+key' --json")]
pub(in crate::commands) struct Verify {
    #[command(flatten)]
    place: Place,
    /// A file of checkpoints, or a folder that holds one, such as the second place.
    #[arg(long, value_name = "FILE|DIR")]
    from: Option<PathBuf>,
    /// A public key that may have signed those; may be repeated [default: the keys of the log's server].
    #[arg(long = "key", value_name = "VKEY")]
    keys: Vec<VerifierKey>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> Outcome {
        let from = self.from.as_deref().map(absolute).transpose()?;
        if let Some(from) = from.as_ref().filter(|from| !from.exists()) {
            note!(
                "airside: --from {} is not there: name a file of checkpoints or its folder",
                from.display()
            );
            return Ok(ExitCode::from(2));
        }
        let keys = self.keys.iter().map(ToString::to_string).collect();
        let report: VerifyReport = self.place.order(Order::Verify(operate::Verify { from, keys }))?;
        if self.json {
            say!("{}", serde_json::to_string(&report)?)?;
        } else {
            print(&report)?;
        }
        Ok(ExitCode::from(u8::from(!report.sound)))
    }
}

fn print(report: &VerifyReport) -> io::Result<()> {
    for found in &report.findings {
        let place = found.position.map(|position| format!("position {position}, ")).unwrap_or_default();
        say!("WRONG  {}: {place}{}", found.about, found.text)?;
    }
    let hidden = report.findings_total.saturating_sub(report.findings.len() as u64);
    if hidden > 0 {
        say!("WRONG  and {hidden} more")?;
    }
    for found in &report.notes {
        say!("NOTE   {}: {}", found.about, found.text)?;
    }
    say!(
        "{} events in {} commits and {} segments read, {} entries of the index compared",
        report.events,
        report.commits,
        report.segments,
        report.index_entries
    )?;
    for evidence in &report.evidence {
        say!(
            "{} events proven by {} checkpoints in {}, signed by {}",
            evidence.proven,
            evidence.checkpoints,
            evidence.path.display(),
            if evidence.keys.is_empty() { "nobody known".to_owned() } else { evidence.keys.join(", ") }
        )?;
    }
    match report.sound {
        true => say!("nothing is wrong with log {} up to position {}", report.log_id, report.head),
        false => say!("{} things are wrong with log {}", report.findings_total, report.log_id),
    }
}
