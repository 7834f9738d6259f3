//! The double of a cluster in a process of its own, so that its CPU is not the load's.
//!
//! It answers as a real server was recorded to answer, from memory: it syncs no
//! disk and asks no other node, so what is measured on it is what this project
//! adds, and not what a cluster gives.

use std::{io::stdin, sync::Arc, time::Duration};

use airside_contract::double::Double;
use airside_kernel::SystemClock;
use anyhow::{Context, Result, ensure};
use tokio::{task::spawn_blocking, time::sleep};

use crate::child::Child;

/// The most nodes that are played.
const NODES_MAX: usize = 9;
/// The order to lose the leader.
const LOSE: &str = "lose";
/// How long a real cluster was without a leader when one was killed.
const ELECTION: Duration = Duration::from_millis(2_100);

/// What a child plays, from the hidden options of the command line.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Part {
    /// Play a cluster of so many nodes until standard input ends.
    #[arg(long, hide = true, value_name = "NODES")]
    double_child: Option<usize>,
}

impl Part {
    /// Plays the child if that is what this process is.
    pub(crate) async fn play(&self) -> Option<Result<()>> {
        Some(play(self.double_child?).await)
    }
}

async fn play(nodes: usize) -> Result<()> {
    let double = Double::start(nodes, Arc::new(SystemClock))?;
    println!("{}", double.url());
    let mut leader = 0;
    while let Some(order) = spawn_blocking(|| stdin().lines().next().transpose()).await?? {
        ensure!(order == LOSE, "a cluster is told to lose its leader and nothing else");
        double.kill(leader);
        sleep(ELECTION).await;
        let next = (leader + 1) % nodes;
        double.elect(next);
        double.revive(leader)?;
        leader = next;
    }
    Ok(())
}

/// A cluster that is played by another process.
pub(crate) struct Played {
    process: Child,
    nodes: usize,
}

impl Played {
    /// Starts one, of as many nodes as `double:NODES` says.
    ///
    /// # Errors
    /// When that is no number that is played, or the process does not start.
    pub(crate) fn start(nodes: &str) -> Result<Self> {
        let nodes = nodes.parse().ok().filter(|nodes| (1..=NODES_MAX).contains(nodes));
        let nodes = nodes.with_context(|| format!("write double:1 to double:{NODES_MAX}"))?;
        Ok(Self { process: Child::start(&["--double-child", &nodes.to_string()])?, nodes })
    }

    /// Returns where it is.
    pub(crate) fn url(&self) -> &str {
        &self.process.ready
    }

    /// Returns the process.
    pub(crate) fn process(&self) -> &Child {
        &self.process
    }

    /// Kills the leader; another leads as soon as in a real cluster, and the killed node comes back.
    ///
    /// # Errors
    /// When there is no other node, or the process has ended.
    pub(crate) fn lose_leader(&mut self) -> Result<()> {
        ensure!(self.nodes > 1, "one node has no other that could lead");
        self.process.tell(LOSE)
    }
}
