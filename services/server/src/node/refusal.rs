//! Every reason not to start a node.

use std::{io, net::SocketAddr, path::PathBuf};

use airside_evidence::FolderError;
use airside_gateway::GatewayError;
use airside_kernel::{AppendError, LogId, ReadError};
use airside_privacy::{VaultError, register::RegisterError, signing::SigningError};
use airside_runtime::{auth::BadTokenKey, reactors, snapshots::SnapshotError};
use thiserror::Error;

use crate::{config::ConfigError, evidence::KeyProblem, vault::MeetError, venues};

/// A node that cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder cannot be made.
    #[error("data folder {} cannot be made: choose one that this user may write", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The log cannot be opened.
    #[error("log cannot be opened")]
    Log(#[from] airside_store::OpenError),
    /// The cluster that holds the log cannot be used.
    #[error("log on the cluster cannot be opened")]
    Cluster(#[from] airside_store::kurrent::KurrentError),
    /// The keys of personal data cannot be opened.
    #[error("vault cannot be opened")]
    Vault(#[from] VaultError),
    /// The vault of another node cannot be used.
    #[error(transparent)]
    Meet(#[from] MeetError),
    /// A restore was cut short.
    #[error(
        "a restore into {} was cut short: run `airside log restore` again, which begins anew, or choose another folder",
        folder.display()
    )]
    HalfRestored {
        /// The folder.
        folder: PathBuf,
    },
    /// The log ends before what was signed.
    #[error(
        "log ends at position {head} and {signed} events of it were signed: this is an older copy of the log, so put \
         the newest one back, or restore a backup with `airside log restore`"
    )]
    OlderLog {
        /// The log's last position.
        head: u64,
        /// How many events the newest checkpoint covers.
        signed: u64,
    },
    /// The log ends before what was signed in the second place.
    #[error(
        "log ends at position {head} and {signed} events of it were signed, says the second place {}: this is an older \
         copy of the log and its evidence, so put the newest one back, restore a backup with `airside log restore`, or \
         name a second place of its own in `evidence.second` if that one belongs to another copy on purpose",
        second.display()
    )]
    OlderThanSecond {
        /// The log's last position.
        head: u64,
        /// How many events the newest checkpoint there covers.
        signed: u64,
        /// The second place.
        second: PathBuf,
    },
    /// The log is gone and what belongs to it is there.
    #[error(
        "no log is in {} and {} is there: put the log back that it belongs to, mount the disk it lies on, or restore a \
         backup with `airside log restore` into an empty folder; nothing was changed",
        folder.display(), found.display()
    )]
    LogGone {
        /// Where it should be.
        folder: PathBuf,
        /// What belongs to a log.
        found: PathBuf,
    },
    /// The log is from before a restore.
    #[error(
        "log is of generation {generation} and a checkpoint of generation {signed} was signed: this is an older copy \
         of the log from before a restore, so put the newest one back"
    )]
    OlderGeneration {
        /// The log's generation.
        generation: u64,
        /// The generation of the newest checkpoint.
        signed: u64,
    },
    /// The evidence is another log's.
    #[error(
        "{} holds checkpoints of log {found}, and the log is {log}: put back the log that they belong to, or move them away",
        folder.display()
    )]
    OtherEvidence {
        /// The evidence folder.
        folder: PathBuf,
        /// The log of the checkpoints.
        found: LogId,
        /// The log that is there.
        log: LogId,
    },
    /// The vault is gone.
    #[error(
        "vault {} is absent and the newest checkpoint of the log saw {seen} changes of it: restore it from its newest backup",
        folder.display()
    )]
    NoVault {
        /// Where it should be.
        folder: PathBuf,
        /// How many changes were seen.
        seen: u64,
    },
    /// The evidence cannot be read.
    #[error("evidence of the log cannot be used")]
    EvidenceFile(#[from] FolderError),
    /// The evidence cannot be continued.
    #[error("evidence of the log cannot be used")]
    Evidence(#[from] airside_evidence::OpenError),
    /// The key that signs the evidence cannot be used.
    #[error(transparent)]
    EvidenceKey(#[from] KeyProblem),
    /// The register of the erased cannot be kept.
    #[error("register of the erased cannot be kept beside the log")]
    Register(#[from] RegisterError),
    /// The snapshots cannot be used.
    #[error("snapshots cannot be kept")]
    Snapshots(#[from] SnapshotError),
    /// The keys of a shared log are in another vault.
    #[error(
        "log {log} is bound to another vault than the one in the data folder, or at `vault.address`: what it holds of \
         persons could not be opened here, nor what is sealed here there; start with the folder whose vault the \
         log's first node made, or name the node that has it"
    )]
    OtherVault {
        /// The log.
        log: LogId,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log cannot be written.
    #[error("log cannot be written")]
    Append(#[source] AppendError),
    /// The key that signs tokens cannot be used.
    #[error("token key cannot be used")]
    Signing(#[from] SigningError),
    /// The key that signs tokens is no key.
    #[error("token key cannot be used")]
    TokenKey(#[from] BadTokenKey),
    /// A map cannot be read.
    #[error(transparent)]
    Maps(#[from] venues::MapFolderError),
    /// A map cannot be used.
    #[error("venue {code} cannot be used")]
    Venue {
        /// The venue.
        code: String,
        /// Why.
        #[source]
        source: airside_navigation::VenueError,
    },
    /// A port cannot be had.
    #[error("{name} port {address} cannot be had: stop what uses it, or choose another with `{setting}`")]
    Port {
        /// Which port.
        name: &'static str,
        /// Its address.
        address: SocketAddr,
        /// The option or the field that sets it.
        setting: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A reactor cannot begin.
    #[error(transparent)]
    Reactor(#[from] reactors::StartError),
    /// The read models cannot be folded.
    #[error("read models cannot be folded: {reason}")]
    ReadModels {
        /// Why, and what to do.
        reason: String,
    },
    /// The edge cannot be built.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}
