//! `cluster`: the log on a cluster, and roles on it as processes of their own.
//!
//! On the server that `--store` names; where none is named, on a double in a
//! process of its own, which is no real server: it keeps everything in memory
//! and syncs nothing, so its figures say what this project adds.
//!
//! `calls` holds the port of the log against bare calls of the generated client
//! to the same server in the same run, in turn: an append, the read of a
//! stream's last event, 64 writers, 64 appends handed over at once, and the
//! time from an append to the event at a follower. `roles` starts a vault, two
//! gateways, a navigator and a projector, sends scans by the clock of bags that
//! passengers follow, and then as many scans as are answered, and says what
//! each process took of memory and CPU. `lost` kills the leader of a double of
//! three nodes under the oracle. Servers, nodes and clients share the machine.

mod calls;
mod lost;
mod roles;
mod way;

use std::path::Path;

use airside_store::kurrent::KurrentStore;
use anyhow::Result;

pub(crate) use roles::Part;

use crate::{child::Child, measure::Measure, played::Played};

/// The name of the work.
const WORK: &str = "cluster";
/// What is measured on where nothing is named.
const USUAL: &str = "double:1";

/// The server that is measured on.
struct Server {
    url: String,
    played: Option<Played>,
    /// What it is, in words.
    says: String,
}

impl Server {
    fn of(store: &str) -> Result<Self> {
        let Some(nodes) = store.strip_prefix("double:") else {
            return Ok(Self {
                url: store.to_owned(),
                played: None,
                says: "the server of --store".to_owned(),
            });
        };
        let played = Played::start(nodes)?;
        let says = format!("no real server but a double of {nodes}, in memory, in a process of its own");
        Ok(Self { url: played.url().to_owned(), played: Some(played), says })
    }

    /// Returns the process that plays it.
    fn process(&self) -> Option<&Child> {
        self.played.as_ref().map(Played::process)
    }
}

/// Measures everything; `home` keeps what a second run on the same server needs.
///
/// # Errors
/// When the server cannot be had, or a node refuses what it must take.
pub(crate) async fn measure(folder: &Path, home: &Path, store: Option<&str>) -> Result<Vec<Measure>> {
    let server = Server::of(store.unwrap_or(USUAL))?;
    eprintln!("cluster: measured on {}", server.says);
    let log = KurrentStore::connect(&server.url).await?;
    let mut measures = calls::measure(&log, &server.says).await?;
    measures.extend(roles::measure(folder, home, &log, &server).await?);
    measures.extend(lost::measure().await?);
    Ok(measures)
}
