//! Stories over real sockets: what users of Airside rely on, told once each.
//!
//! A story calls nothing but the public interfaces. Most run a node in this
//! process; those that kill, stop or misuse a server run a real one. Ports are
//! 0, every wait has an end, and nothing sleeps.

#![allow(clippy::unwrap_used, reason = "a panic in a test is its report, in helpers too")]

mod access;
mod admin;
mod as_of;
mod backup;
mod baggage_command;
mod calls;
mod clients;
mod closed_pipe;
mod closures;
mod cluster;
mod crash;
mod demo;
mod erasure;
mod flights;
mod folders;
mod full_disk;
mod handling;
mod harness;
mod idempotency;
mod journey_command;
mod json;
mod link;
mod log_clients;
mod log_command;
mod map_command;
mod on_the_way;
mod pace;
mod passenger_bag;
mod positions;
mod privacy;
mod projections_command;
/// What checks proofs: the verifier's own source, which shares no code with what makes them.
#[path = "../../../verifier/src/proof.rs"]
mod proof;
mod push;
mod questions;
mod refusals;
mod roles;
mod roles_command;
mod send_command;
mod shared_log;
mod simulate;
mod sources;
mod start;
mod stop;
mod streams;
mod tamper;
mod token_command;
mod told;
mod tongues;
mod turns;
mod venues;
mod views;
mod waits;
mod websocket;
