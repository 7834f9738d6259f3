//! The node in a process of its own, so that its memory is its own and its files are too.

use std::{
    fs,
    io::{BufRead, BufReader, Read, stdin},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use airside_runtime::auth::{Environment, Tokens};
use airside_server::{endpoint, token_key};
use airside_simulator::connect::{Clients, Endpoint};
use anyhow::{Context, Result};
use tokio::task::spawn_blocking;

use crate::loopback;

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
    spawn_blocking(|| stdin().read_to_end(&mut Vec::new())).await??;
    node.stop().await;
    Ok(())
}

/// A process that ends with what started it.
pub(super) struct Ended(pub(super) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // One that has ended already cannot be ended again.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running node.
pub(super) struct House {
    child: Ended,
    /// Where it is called, and by whom.
    pub(super) endpoint: Endpoint,
}

impl House {
    /// Starts a node in a folder.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let mut command = Command::new(std::env::current_exe().context("finding this program")?);
        command.arg("--push-child").arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = Ended(command.spawn().context("starting a node")?);
        let stdout = child.0.stdout.take().context("a child without output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let public: SocketAddr = line.trim().parse().context("the node did not start")?;
        let key = token_key(folder, Environment::Develop)?;
        let tokens = Arc::new(Tokens::new(Environment::Develop, &key)?);
        Ok(Self { child, endpoint: endpoint(public, tokens)? })
    }

    /// Opens a connection as a partner.
    pub(super) async fn partner(&self) -> Result<Clients> {
        Ok(Clients::new(&self.endpoint.connect().await?, &self.endpoint.partner()?))
    }

    /// Returns the memory that the node has resident, bytes.
    pub(super) fn resident(&self) -> Result<f64> {
        resident(self.child.0.id())
    }

    /// Stops the node in order.
    pub(super) fn close(mut self) -> Result<()> {
        drop(self.child.0.stdin.take());
        self.child.0.wait()?;
        Ok(())
    }
}

/// Returns the memory that a process has resident, bytes.
pub(super) fn resident(process: u32) -> Result<f64> {
    let status =
        fs::read_to_string(format!("/proc/{process}/status")).context("reading a process's memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().context("reading VmRSS")?;
    Ok(kib * 1024.0)
}
