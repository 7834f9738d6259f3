//! The binary `airside`: configuration -> parts -> a running node.
//!
//! The only crate that knows all others. [`config`] says what to run, [`roles`] which parts of it,
//! [`Node::start`] makes the parts and runs them, [`Node::stop`] ends them in the
//! order in which nothing is lost: the door first, then what works behind it,
//! the log last. [`commands`] is the command line; [`operate`] is what an
//! operator orders of a running node or of its folder, in one way for both.

pub mod commands;
pub mod config;
mod endpoint;
mod erasure;
mod evidence;
mod gauges;
pub mod log;
mod node;
pub mod operate;
mod places;
pub mod roles;
mod vault;
mod venues;

pub use config::Config;
pub use endpoint::endpoint;
pub use node::{Node, StartError, token_key};
