//! What every adapter of the log promises, told as rules that run on any of
//! them, and what proves a cluster.
//!
//! - [`rules`]: the promises of the port; tests and `airside-bench contract` run them.
//! - [`oracle`]: writes, follows and reads back while a cluster is harmed.
//! - [`double`]: a KurrentDB cluster in this process, with faults on command.
//! - [`papers`]: what nodes show to one another.

pub mod double;
pub mod oracle;
pub mod papers;
pub mod rules;

fn milliseconds(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
