//! What a signed checkpoint proves, and what it finds.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod damage;
mod erasure;
mod lives;
mod notaries;
mod notes;
mod paper;
mod proofs;
mod second;
mod tampering;
mod trees;
