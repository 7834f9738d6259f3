//! `airside serve`.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use airside_kernel::SystemClock;
use airside_runtime::telemetry::{self, Metrics, Registry};
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::{Outcome, block_on, settings::Settings};
use crate::{Node, config::Config};

/// Runs the server on a data folder until it is told to stop (SIGTERM or Ctrl-C).
#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// Print one JSON object on standard output when ready.
    #[arg(long)]
    json: bool,
}

impl Serve {
    pub(super) fn run(self) -> Outcome {
        let config = self.settings.config()?;
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
    if is_json {
        let ready = Ready {
            ready: true,
            public: node.public,
            link: None,
            admin: node.admin,
            log_id: node.log_id.to_string(),
        };
        println!("{}", serde_json::to_string(&ready)?);
    } else {
        println!("airside serves {folder}");
        println!("  gRPC and JSON   http://{}", node.public);
        println!("  admin           http://{}/readyz", node.admin);
        println!("Stop with Ctrl-C.");
    }
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

/// What a program reads first.
#[derive(Serialize)]
struct Ready {
    ready: bool,
    public: SocketAddr,
    link: Option<SocketAddr>,
    admin: SocketAddr,
    log_id: String,
}
