//! The ways that passengers follow.
//!
//! Words. A person *follows* one way at a time: from where they are to a place, or to the gate or belt of a
//! flight. The way is *advised*: how long it takes, and when to leave at the latest; said again when that is
//! notably another. It is *broken* by a closure that it passes, and then the other way, where there is one,
//! is the way.
//!
//! Stream. `way-<person>` holds `WayFollowed`, `WayAdvised`, `WayBroken` and `WayLeft`. Notices are made of
//! them elsewhere.
//!
//! Invariants.
//! - A closure that does not touch a way tells nobody who follows it ([`react`]).
//! - Two nodes that judge the same cause say it once ([`decide`]).
//! - Where a person is and where they go is sealed in the log and in what is kept, and is never logged.

pub mod decide;
pub mod events;
pub mod measure;
pub mod model;
pub mod react;
