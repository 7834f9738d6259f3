//! Ways through a terminal: maps in; walkable graph, snapping, paths and guidance out.
//!
//! **Words.** A [`Source`] is a map as read: an IMDF [`Archive`], MLIT [`Layers`] with their network, or the
//! stations of a GTFS [`Feed`]; [`check()`] says what is wrong with it. A [`Graph`] is the walkable model, derived from units and openings
//! or taken from a network; a [`Snapshot`] is that graph compiled to be asked; an [`Overlay`] is what is
//! closed or delayed right now; a [`Searcher`] owns the buffers of one search. [`route()`] answers a
//! [`RouteRequest`] on one snapshot and one overlay.
//!
//! ```text
//! files -> Source -> check -> Graph (petgraph) -> Snapshot (CSR, hierarchy, landmarks, rstar)
//!                                                      + Overlay + RouteRequest -> Outcome
//! ```
//!
//! **Invariants.** The same features in any order give the same graph. A line never leaves its unit. An
//! overlay only removes edges or raises costs, so landmarks measured at free flow bound every search. The
//! search equals Dijkstra on the model, always. "No route" is an answer with its reason, not an error.
//!
//! **Never** does this crate read a file, a clock or a random number, wait, or panic on a foreign map; it
//! depends on no other crate of the workspace.

pub mod canonical;
mod cch;
pub mod check;
pub mod draw;
pub(crate) mod finder;
mod geometry;
pub mod graph;
pub mod gtfs;
pub mod hours;
pub mod imdf;
pub mod json;
pub mod measure;
pub mod mlit;
mod ordinals;
pub mod overlay;
pub mod places;
pub mod position;
pub mod profile;
pub mod reach;
pub mod route;
pub mod search;
mod shape;
pub mod snapshot;
mod source;
mod taut;
pub mod words;

pub use check::{Finding, Refused, Severity, check};
pub use graph::{Graph, Place, Side, Storey, Zone};
pub use gtfs::Feed;
pub use hours::{Hours, Moment, Opening};
pub use imdf::{Archive, FeatureId};
pub use mlit::Layers;
pub use overlay::Overlay;
pub use profile::{Pace, Profile, Rights, Speed, Who};
pub use reach::{Reach, reach};
pub use route::{
    Barrier, BarrierKind, Direction, GoalOpening, Landmark, LandmarkRole, LinePoint, Outcome, Reason, Route,
    RouteError, RouteRequest, Span, Step, StepKind, Stop, Walk, route,
};
pub use search::Searcher;
pub use snapshot::Snapshot;
pub use source::Source;
pub use words::{Labels, Language};
