//! A whole node on loopback, as the loads meet it.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use airside_api::baggage::v1::ListBagsRequest;
use airside_runtime::telemetry::{Metrics, Registry};
use airside_server::{Config, Node, config::NotificationsConfig, endpoint};
use airside_simulator::connect::{Clients, Endpoint};
use anyhow::{Context, Result, bail};
use tokio::time::{Instant, timeout};
use tonic::Code;

/// How long the node may take to read and show everything.
const CATCH_UP: Duration = Duration::from_secs(600);

/// Returns what a node with its data in a folder is configured with; it listens where there is room.
pub(crate) fn config(data: PathBuf) -> Config {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    // What is measured is how fast news is told, not how long it may wait for other news.
    let notifications = NotificationsConfig { pace: u32::MAX, ..NotificationsConfig::default() };
    Config { folder: data, listen: any, admin: Some(any), notifications, ..Config::default() }
}

/// Starts a node and says where it is called, and by whom.
///
/// # Errors
/// When the node cannot be had.
pub(crate) async fn start(config: Config) -> Result<(Node, Endpoint)> {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let node = Node::start(config, registry, metrics).await?;
    let endpoint = endpoint(node.public, node.tokens.clone())?;
    Ok((node, endpoint))
}

/// Waits until all that is stored now is read and shown; returns how long it took.
///
/// # Errors
/// When that takes too long, or the node cannot be asked.
pub(crate) async fn caught_up(node: &Node, endpoint: &Endpoint) -> Result<Duration> {
    let began = Instant::now();
    let work = async {
        let stored = node.log.store().head().await?;
        let mut read = node.messages_read.clone();
        read.wait_for(|read| read.position >= stored).await.context("nobody reads messages any more")?;
        let head = node.log.store().head().await?.context("the log is empty")?;
        shown_up_to(endpoint, &head.to_string()).await
    };
    timeout(CATCH_UP, work).await.context("messages are not read in time")??;
    Ok(began.elapsed())
}

/// Waits until the read model of bags includes a position.
///
/// # Errors
/// When the node cannot be asked.
pub(crate) async fn shown_up_to(endpoint: &Endpoint, position: &str) -> Result<()> {
    let mut bags = Clients::new(&endpoint.connect().await?, &endpoint.partner()?).baggage;
    let asked = || ListBagsRequest {
        page_size: 1,
        at_least_position: position.to_owned(),
        ..ListBagsRequest::default()
    };
    while let Err(status) = bags.list_bags(asked()).await {
        if !matches!(status.code(), Code::FailedPrecondition | Code::Unavailable | Code::DeadlineExceeded) {
            bail!("the read models cannot be asked: {status}");
        }
    }
    Ok(())
}
