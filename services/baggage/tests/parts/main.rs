//! The parts of baggage as a server runs them: over a real log and a real vault.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod again;
mod airport;
mod as_of;
mod bags;
mod clocks;
mod codeshares;
mod drop;
mod golden;
mod keys;
mod link;
mod messages;
mod pieces;
mod plates;
mod quarantine;
mod scans;
mod sources;
mod stored;
mod turns;
