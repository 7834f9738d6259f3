//! Bags: RP 1745 messages and scans in, journeys and their state out.
//!
//! Words: a *plate* is the ten-digit licence plate on a tag; it is worn again
//! within days, so a plate is not a bag. A *journey* is one bag on one trip. An
//! *observation* is what somebody saw or said of a bag. What cannot be used is
//! kept in *quarantine*.
//!
//! Streams: `bag-<plate>` (observations, journeys, attachments, status),
//! `source-<name>` (raw messages), `quarantine-<source>` (what could not be
//! used), `noread-<source>` (readings without a tag), `parts-<source>` (parts of
//! messages until all of them are there), `loading-<flight id>` (the loading of a
//! flight as a whole), `container-<id>` (where containers and carts went).
//!
//! Invariants: a raw message is on disk before it is acknowledged, and its bytes
//! are sealed; reading it is a later step that gives the same result whenever it
//! is repeated; an observation that fits two journeys is attached to neither; a
//! no-read opens no bag; the tag number alone shows nobody anything.
//!
//! This crate never decides who hears of a bag, and never shows a screening result.

pub mod containers;
pub mod decide;
pub mod drop;
pub mod events;
pub mod export;
pub mod handling;
pub mod ingest;
pub mod journey;
pub mod link;
pub mod loading;
pub mod model;
pub mod once;
pub mod operating;
pub mod parts;
pub mod passenger;
pub mod project;
pub mod react;
pub mod receive;
pub mod service;
pub mod source;
pub mod sources;
pub mod translate;
pub mod turns;

mod part;

pub use part::{Part, part};
