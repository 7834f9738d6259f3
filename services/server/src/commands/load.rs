//! `airside load`.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use airside_runtime::auth::{Environment, Tokens};
use airside_simulator::load::{LoadOptions, LoadReport, message_load, scan_load};
use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use super::{Outcome, block_on, out::say};
use crate::{Config, endpoint, token_key};

/// Drives a running develop server as fast as it goes and reports what it reached.
#[derive(Args)]
pub(super) struct Load {
    /// What is sent.
    #[arg(value_enum)]
    work: Work,
    /// The server's public port.
    #[arg(long, default_value = "127.0.0.1:7400")]
    target: SocketAddr,
    /// The server's data folder, for its token key [default: airside-data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Connections, each with one call in flight.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Items in a call, at most 500.
    #[arg(long, default_value_t = 16)]
    per_call: usize,
    /// How long, such as `10s`.
    #[arg(long = "for", default_value = "10s", value_parser = seconds)]
    run_for: Duration,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Work {
    /// Typed scans.
    Scans,
    /// Raw RP 1745 messages.
    Messages,
}

impl Load {
    pub(super) fn run(self) -> Outcome {
        let folder =
            self.data.clone().map_or_else(|| Config::load(None, std::env::vars()).map(|c| c.folder), Ok)?;
        let tokens = Tokens::new(Environment::Develop, &token_key(&folder, Environment::Develop)?)?;
        let endpoint = endpoint(self.target, Arc::new(tokens))?;
        let options = LoadOptions {
            connections: self.connections,
            per_call: self.per_call,
            run_for: self.run_for,
            ..LoadOptions::default()
        };
        let report = block_on(async {
            Ok(match self.work {
                Work::Scans => scan_load(&endpoint, &options).await?,
                Work::Messages => message_load(&endpoint, &options).await?,
            })
        })?;
        print(&report, self.json)?;
        Ok(ExitCode::from(u8::from(report.items == 0)))
    }
}

fn print(report: &LoadReport, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        say!("{}", serde_json::to_string(report)?)?;
        return Ok(());
    }
    say!("{:.0} on disk a second, in {:.0} calls a second", report.items_per_s, report.calls_per_s)?;
    let ms = report.call_ms;
    say!(
        "call to answer: half within {:.1} ms, 99 % within {:.1} ms, all within {:.1} ms",
        ms.p50,
        ms.p99,
        ms.max
    )?;
    if let Some(reason) = &report.first_reason {
        say!("{} were not taken; the first because: {reason}", report.not_taken)?;
    }
    Ok(())
}

/// Reads a duration such as `20s`, `2m` or `500ms`.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let span: SignedDuration = text.parse().map_err(|_| "write a duration such as 20s or 2m".to_owned())?;
    Duration::try_from(span)
        .ok()
        .filter(|d| !d.is_zero())
        .ok_or_else(|| "write a duration above zero".to_owned())
}
