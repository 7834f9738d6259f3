//! The node in a process of its own, so that its memory is its own and its files are too.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use airside_runtime::auth::{Environment, Tokens};
use airside_server::{endpoint, token_key};
use airside_simulator::connect::{Clients, Endpoint};
use anyhow::{Context, Result};

use crate::{
    child::{Child, let_go},
    loopback,
};

/// What a child does, from the hidden options of the command line.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Part {
    /// Run a node on this folder until standard input ends.
    #[arg(long, hide = true, value_name = "DIR")]
    push_child: Option<PathBuf>,
}

impl Part {
    /// Plays the child if that is what this process is.
    pub(crate) async fn play(&self) -> Option<Result<()>> {
        let folder = self.push_child.as_deref()?;
        Some(play(folder).await)
    }
}

async fn play(folder: &Path) -> Result<()> {
    let (node, _) = loopback::start(loopback::config(folder.to_owned())).await?;
    println!("{}", node.public);
    let_go().await?;
    node.stop().await;
    Ok(())
}

/// A running node.
pub(super) struct House {
    child: Child,
    /// Where it is called, and by whom.
    pub(super) endpoint: Endpoint,
}

impl House {
    /// Starts a node in a folder.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let child = Child::start(&["--push-child", folder.to_str().context("a folder that is no text")?])?;
        let public: SocketAddr = child.ready.parse().context("the node did not start")?;
        let key = token_key(folder, Environment::Develop)?;
        let tokens = Arc::new(Tokens::new(Environment::Develop, &key)?);
        Ok(Self { child, endpoint: endpoint(public, tokens)? })
    }

    /// Opens a connection as a partner.
    pub(super) async fn partner(&self) -> Result<Clients> {
        partner(&self.endpoint).await
    }

    /// Returns the memory that the node has resident, bytes.
    pub(super) fn resident(&self) -> Result<f64> {
        self.child.resident()
    }

    /// Stops the node in order.
    pub(super) fn close(self) -> Result<()> {
        self.child.close()
    }
}

/// Opens a connection to a node as a partner.
pub(super) async fn partner(endpoint: &Endpoint) -> Result<Clients> {
    Ok(Clients::new(&endpoint.connect().await?, &endpoint.partner()?))
}
