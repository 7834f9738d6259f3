//! `airside serve`.

use std::{process::ExitCode, sync::Arc};

use airside_kernel::SystemClock;
use airside_runtime::telemetry::{self, Metrics, Registry};
use anyhow::Context;
use clap::Args;
use serde_json::json;
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
    let node = Node::start(config, registry, metrics).await?;
    if is_json {
        let ready = json!({
            "ready": true,
            "public": node.public.to_string(),
            "link": null,
            "admin": node.admin.to_string(),
            "log_id": node.log_id.to_string(),
        });
        println!("{ready}");
    } else {
        println!("airside serves {folder}");
        println!("  gRPC and JSON   http://{}", node.public);
        println!("  admin           http://{}/readyz", node.admin);
        println!("Stop with Ctrl-C.");
    }
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("Ctrl-C cannot be heard")?,
    }
    node.stop().await;
    Ok(())
}
