//! `airside baggage`.

use std::{
    fs,
    io::{self, Read, Write},
    process::ExitCode,
};

use airside_baggage::ingest::{Judge, has_faults, report};
use airside_kernel::{Clock, SystemClock, Timestamp};
use anyhow::Context;
use clap::{Args, Subcommand};

use super::{Outcome, out::note};

mod journey;
mod send;

/// Reads and sends baggage messages, and tells and proves the journey of a bag.
#[derive(Subcommand)]
pub(super) enum Baggage {
    /// Reads IATA RP 1745 messages and prints one JSON object for each.
    Parse(Parse),
    /// Sends messages and waits until each is safe on the other end's disk.
    Send(Box<send::Send>),
    Journey(journey::Journey),
    Evidence(journey::Evidence),
}

/// Reads IATA RP 1745 messages and prints one JSON object for each, with what is odd or wrong in it.
#[derive(Args)]
#[command(after_help = "\
Exit code 0 when no message has an error, 1 when one has, 2 for wrong usage or a file that cannot be read.
Severity: `error` refuses content or leaves a bag unknown, `warning` keeps what is odd, `info` is the rest.

To test what your system sends, use --strict: it also holds every sub-item against the form that RP 1745
gives it, names element, rule and remedy, and exits with 1 for a warning too:
  airside baggage parse --strict my-messages.txt | jq -r '.diagnostics[].text'")]
pub(super) struct Parse {
    /// Files with messages; `-` reads standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// When the messages came, as an RFC 3339 instant; dates without a year are read by it [default: now].
    #[arg(long, value_name = "INSTANT")]
    received_at: Option<Timestamp>,
    /// Judge as a conformance test: forms and lengths too, and warnings count as faults.
    #[arg(long)]
    strict: bool,
}

impl Baggage {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Parse(parse) => parse.run(),
            Self::Send(send) => send.run(),
            Self::Journey(command) => command.run(),
            Self::Evidence(command) => command.run(),
        }
    }
}

impl Parse {
    fn run(self) -> Outcome {
        let received_at = self.received_at.unwrap_or_else(|| SystemClock.now());
        let mut out = io::BufWriter::new(io::stdout().lock());
        let judge = if self.strict { Judge::Strict } else { Judge::Tolerant };
        let mut is_clean = true;
        for file in &self.files {
            let bytes = match read(file) {
                Ok(bytes) => bytes,
                Err(error) => {
                    note!("airside: {error:#}");
                    return Ok(ExitCode::from(2));
                }
            };
            let reports = report(file, &bytes, received_at, judge);
            is_clean &= !has_faults(&reports, judge);
            for report in &reports {
                serde_json::to_writer(&mut out, report)?;
                out.write_all(b"\n")?;
            }
        }
        out.flush()?;
        Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn read(file: &str) -> anyhow::Result<Vec<u8>> {
    if file != "-" {
        return fs::read(file).with_context(|| format!("{file} cannot be read"));
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).context("standard input cannot be read")?;
    Ok(bytes)
}
