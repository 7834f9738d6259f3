//! `airside log prove`.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{ArgGroup, Args};
use serde_json::Value;

use crate::{
    commands::{
        Outcome,
        operator::Place,
        out::{note, say},
    },
    operate::{self, Order},
};

/// Proves to an outsider that an event, or every event of a stream, is in the signed log.
///
/// The proof is one JSON object: a signed checkpoint, and for each event all that its hash is made
/// of and the path to the signed root. Who checks it needs nothing but the public key of the log
/// (`airside log stats` shows it). Personal values are in it as they are stored: sealed.
#[derive(Args)]
#[command(group(ArgGroup::new("what").required(true)), after_help = "\
Works on a running server and on a stopped one.
Example: airside log prove --position 1200 --out proof.json
         airside log prove --stream bag-0479123456 > proof.json")]
pub(in crate::commands) struct Prove {
    #[command(flatten)]
    place: Place,
    /// The event at this position.
    #[arg(long, value_name = "P", group = "what")]
    position: Option<u64>,
    /// Every signed event of this stream.
    #[arg(long, value_name = "STREAM", group = "what")]
    stream: Option<String>,
    /// Write the proof to a file [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON; a proof is always JSON.
    #[arg(long)]
    json: bool,
}

impl Prove {
    pub(super) fn run(self) -> Outcome {
        let order = match (self.position, self.stream) {
            (Some(position), _) => operate::Prove::Position(position),
            (None, stream) => operate::Prove::Stream(stream.unwrap_or_default()),
        };
        let proof: Value = self.place.order(Order::Prove(order))?;
        let text = serde_json::to_string_pretty(&proof)?;
        match &self.out {
            None => say!("{text}")?,
            Some(path) => {
                fs::write(path, format!("{text}\n"))
                    .with_context(|| format!("{} cannot be written", path.display()))?;
                let events = proof["events"].as_array().map_or(0, Vec::len);
                if !self.json {
                    note!("{events} events proven in {}", path.display());
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
