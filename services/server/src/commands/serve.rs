//! `airside serve`.

use std::{io, net::SocketAddr, process::ExitCode, sync::Arc};

use airside_kernel::SystemClock;
use airside_runtime::telemetry::{self, Metrics, Registry};
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::{Outcome, block_on, out::say, settings::Settings};
use crate::{Node, config::Config};

/// The tables of the configuration, with an example of each; a test reads it.
const TABLES: &str = r#"The configuration is TOML; every key may be left out, an unknown one is refused. The environment goes
before it: AIRSIDE_FOLDERS__POLL=5s sets folders.poll. Its tables, with an example of each:

# Roles on a log that nodes share: one node has the vault and listens for the others ...
roles = ["vault"]
[vault]
listen = "0.0.0.0:7403"
ca = "nodes.pem"
certificate = "vault.pem"
key = "vault.key"
# ... which have address = "vault.example:7403" in place of listen, and certificates of their own.

# Host links: baggage systems that log in over TCP.
[link]
listen = "127.0.0.1:7401"
[link.accounts.BHS_SZX]
source = "bhs.t3"
password_file = "/run/secrets/bhs"
[link.tls]
certificate = "link.pem"
key = "link.key"

# Folders in which files arrive: messages as RP 1745, flights as AIDX XML or CSV.
[folders]
poll = "2s"
settled = "10s"
[[folders.messages]]
path = "/srv/messages"
source = "dcs.files"
[[folders.flights]]
path = "/srv/flights"
source = "aodb.files"
airport = "SZX"

# Systems that send: after what silence each is reported; "*" is every other.
[sources."bhs.t3"]
silence = "10m"

# When messages are expected, by the flight plan.
[traffic]
airport = "SZX"
before_departure = "4h"
after_landing = "1h"

# How long transfers take, by airport.
[transfers.SZX]
cut_off = "10m"
taxi = "6m"
unload = "12m"
inject = "5m"
sort_p90 = "12m"

# What is asked before a bag may be loaded.
[load_policy]
needs_authority = true
needs_clearance = false
needs_boarded = false

# How passengers are told.
[notifications]
merge_window = "30s"
quiet_hours = { from = "22:00", until = "07:00" }

# Evidence against tampering: a folder on another disk or host.
[evidence]
second = "/mnt/other"
every = "10s"

# Also [log] (filter, format) and [gateway], the limits of the public port."#;

/// Runs the server on a data folder until it is told to stop (SIGTERM or Ctrl-C).
#[derive(Args)]
#[command(after_long_help = TABLES)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// Start although the vault is older than what was signed, when no newer copy of it exists: what
    /// was sealed under the missing keys stays closed for good, and who was erased since may be back.
    #[arg(long)]
    accept_older_vault: bool,
    /// Print one JSON object on standard output when ready.
    #[arg(long)]
    json: bool,
}

impl Serve {
    pub(super) fn run(self) -> Outcome {
        let mut config = self.settings.config()?;
        config.accept_older_vault = self.accept_older_vault;
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        telemetry::init(&config.log, Arc::new(SystemClock), &metrics)?;
        block_on(serve(config, registry, metrics, self.json))?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn serve(config: Config, registry: Registry, metrics: Metrics, is_json: bool) -> anyhow::Result<()> {
    let folder = config.folder.display().to_string();
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let mut node = tokio::select! {
        node = Node::start(config, registry, metrics) => node?,
        // A long replay is given up: it changed nothing.
        _ = terminate.recv() => return Ok(()),
    };
    // A server outlives whoever read its first lines.
    let _ = announce(&node, &folder, is_json);
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("Ctrl-C cannot be heard")?,
        error = node.door_failed() => {
            node.stop().await;
            return Err(error).context("the public port ended");
        }
    }
    node.stop().await;
    Ok(())
}

fn announce(node: &Node, folder: &str, is_json: bool) -> io::Result<()> {
    if is_json {
        let ready = Ready {
            ready: true,
            public: node.has_public_port().then_some(node.public),
            vault: node.vault_port,
            link: node.link,
            admin: node.admin,
            log_id: node.log_id.to_string(),
        };
        return say!("{}", serde_json::to_string(&ready)?);
    }
    say!("airside serves {folder}")?;
    if node.has_public_port() {
        say!("  gRPC and JSON   http://{}", node.public)?;
    }
    if let Some(vault) = node.vault_port {
        say!("  vault           {vault}")?;
    }
    if let Some(link) = node.link {
        say!("  host link       {link}")?;
    }
    say!("  admin           http://{}/readyz", node.admin)?;
    say!("Stop with Ctrl-C.")
}

/// What a program reads first.
#[derive(Serialize)]
struct Ready {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vault: Option<SocketAddr>,
    link: Option<SocketAddr>,
    admin: SocketAddr,
    log_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_that_the_help_shows_are_a_configuration_and_all_are_there() {
        let example = TABLES.split_once("each:\n").expect("it ends its first sentence").1;
        let examples: String =
            example.lines().filter(|line| !line.starts_with('#')).flat_map(|line| [line, "\n"]).collect();
        let config: Config = toml::from_str(&examples).unwrap();
        assert_eq!(config.folders.flights[0].airport, "SZX");
        assert_eq!(config.link.accounts["BHS_SZX"].source, "bhs.t3");
        for table in
            ["vault", "link", "folders", "sources", "traffic", "transfers", "load_policy", "notifications"]
        {
            assert!(examples.contains(&format!("[{table}")), "{table}");
        }
    }
}
