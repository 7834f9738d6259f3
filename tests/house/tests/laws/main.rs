//! Every law of the house, in one binary.

mod budgets;
mod edges;
mod hygiene;
mod manifest;
mod protos;
mod purity;
mod report;
mod source;
