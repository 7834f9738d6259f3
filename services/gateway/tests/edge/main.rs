//! The edge over a real socket, in front of real services with fixed answers.

#![allow(clippy::unwrap_used, reason = "a panic in a test is its report, in helpers too")]

mod admission;
mod front;
mod house;
mod limits;
mod push;
mod shutdown;
mod tongues;
mod views;
mod wires;
