//! Bags: RP 1745 messages and scans in, journeys and their state out.

pub mod ingest;
pub mod model;
