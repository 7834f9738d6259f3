//! Snapshots that fit, and those that do not.
