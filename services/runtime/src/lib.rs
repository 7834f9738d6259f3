//! Runs the words of the kernel: commands, projections, reactors, and what
//! surrounds them (tokens, telemetry, the admin port, shutdown).
//!
//! - [`executor`]: load, decide, seal, append, retry.
//! - [`projections`]: follow the log into read models; reads of "at least position P".
//! - [`reactors`]: turn events of one stream into commands on another, once.
//! - [`snapshots`]: what is kept on disk, so that a start replays only the tail.
//! - [`folder`]: files that arrive in a folder, each handled once.
//! - [`health`]: how the readers of the log are, for readiness.
//! - [`stored`]: between the kernel's words and their stored messages.
//! - [`auth`]: tokens and the caller of a request; [`attempts`]: how often a person may try.
//! - [`status`]: `kernel::Code` to and from gRPC.
//! - [`tls`]: lines of bytes under TLS; [`peers`]: calls between nodes, with certificates on both sides.
//! - [`telemetry`], [`metered`], [`admin`]: logs, metrics, health.
//!
//! Invariants: names no event database and no cipher; knows no domain.

pub mod admin;
pub mod attempts;
pub mod auth;
pub mod executor;
pub mod folder;
pub mod health;
pub mod metered;
pub mod peers;
pub mod projections;
pub mod reactors;
pub mod requests;
pub mod snapshots;
pub mod status;
pub mod stored;
pub mod telemetry;
pub mod tls;

/// Waits until `stop` turns true; a sender that is gone means stop as well.
pub async fn stopped(stop: &mut tokio::sync::watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
