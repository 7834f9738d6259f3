//! Flights and what happens at their gates and belts.
//!
//! **Words.** A *flight* is one designator on one local day of departure; its
//! *legs* are in its state. A *report* is what a source says of a flight; a
//! *passenger read* is a report that somebody passed a *point* on the way to
//! the aircraft. A *sign* names a gate or a belt as passengers see it.
//!
//! **Streams.** Owns `flight-<carrier><number without zeros><suffix>-<YYYYMMDD>`
//! and writes nothing else. Reads no other domain's facts.
//!
//! **Invariants.**
//! - A report counts once, by its source and id, for the flight's whole life.
//! - A passenger's name and record locator are sealed under a key of that read
//!   alone, so one read can be erased without the others.
//! - What the public may see of a flight holds nothing personal.
//!
//! The rules stand in [`decide`]; what they are for, in its tests.

pub mod decide;
pub mod events;
pub mod ingest;
pub mod model;
pub mod project;
pub mod service;

use std::sync::Arc;

use airside_api::flights::v1::flight_service_server::FlightServiceServer;
use airside_kernel::{Clock, EventStore, Keyring};
use airside_runtime::{executor::Executor, projections::Projections};

use crate::{ingest::Recorder, project::Board, service::FlightApi};

/// How many folded flights are kept; a busy hub has some 2,000 a day.
const CACHED_FLIGHTS: u64 = 4_096;

/// What the server runs of this domain.
pub struct Part {
    /// The gRPC service.
    pub service: FlightServiceServer<FlightApi>,
    /// Records what files tell, for [`ingest::watch`].
    pub recorder: Recorder,
}

/// Builds the domain and adds its read model.
pub fn part(
    store: Arc<dyn EventStore>,
    keys: Arc<dyn Keyring>,
    clock: Arc<dyn Clock>,
    projections: &mut Projections,
) -> Part {
    let api = api(store, keys, clock.clone(), projections);
    let recorder = Recorder { executor: api.executor.clone(), clock };
    Part { service: FlightServiceServer::new(api), recorder }
}

fn api(
    store: Arc<dyn EventStore>,
    keys: Arc<dyn Keyring>,
    clock: Arc<dyn Clock>,
    projections: &mut Projections,
) -> FlightApi {
    let executor = Executor::new(store, keys, CACHED_FLIGHTS);
    FlightApi::new(executor, projections.add_kept(Board::default), clock)
}
