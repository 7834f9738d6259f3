//! Runs the words of the kernel: commands, projections, reactors, and what
//! surrounds them (tokens, telemetry, the admin port, shutdown).
//!
//! - [`executor`]: load, decide, seal, append, retry.
//! - [`projections`]: follow the log into read models; reads of "at least position P".
//! - [`reactors`]: turn events of one stream into commands on another, once.
//! - [`personal`]: between `kernel::Sealed` and its stored message.
//! - [`auth`]: tokens and the caller of a request.
//! - [`status`]: `kernel::Code` to and from gRPC.
//! - [`telemetry`], [`admin`]: logs, metrics, health.
//!
//! Invariants: names no event database and no cipher; knows no domain.

pub mod admin;
pub mod auth;
pub mod executor;
pub mod personal;
pub mod projections;
pub mod reactors;
pub mod status;
pub mod telemetry;
