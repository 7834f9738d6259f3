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

/// Runs the server on a data folder until it is told to stop (SIGTERM or Ctrl-C).
#[derive(Args)]
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
            public: node.public,
            link: node.link,
            admin: node.admin,
            log_id: node.log_id.to_string(),
        };
        return say!("{}", serde_json::to_string(&ready)?);
    }
    say!("airside serves {folder}")?;
    say!("  gRPC and JSON   http://{}", node.public)?;
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
    public: SocketAddr,
    link: Option<SocketAddr>,
    admin: SocketAddr,
    log_id: String,
}
