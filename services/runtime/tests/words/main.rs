//! The words of the kernel at work, over real logs and a real vault.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod changes;
mod counter;
mod deadlines;
mod echo;
mod executor;
mod golden;
mod house;
mod memories;
mod metered;
mod orders;
mod personal;
mod projections;
mod reactors;
mod rebuild;
mod snapshots;
mod sums;
mod tls;
mod trouble;
