//! What a passenger follows: flights and bags.
//!
//! **Words.** A person *follows* a flight, with or without the *booking* under
//! which they travel, and a bag's *journey* once they *proved* to know it: by
//! its plate and a second thing, the surname or the record locator. A person
//! *passes a point* when a reader at the airport saw their booking there.
//!
//! **Streams.** Owns `person-<uuid>` and writes nothing else. Reads what flights
//! (`PassengerRead`, `FlightLanded`) and baggage (announcements, journeys and
//! attachments) publish, through `airside_api` alone. Baggage and notifications
//! read what is published here: who may see a bag, and who hears what.
//!
//! **Invariants.**
//! - A plate alone authorises nothing. A wrong pair, an unknown plate and an
//!   erased passenger are answered alike, after the same work, and a person has
//!   few tries.
//! - A booking is sealed under the person's own key; names and locators of
//!   others stay sealed but for the moment of comparing, and never match once
//!   they are erased.
//! - A read counts once, and only for who follows under the very booking that
//!   was read.

pub mod decide;
pub mod events;
pub mod model;
pub mod project;
pub mod proof;
pub mod react;
pub mod service;

use std::sync::Arc;

use airside_api::trips::v1::trip_service_server::TripServiceServer;
use airside_kernel::{Clock, EventStore, Keyring};
use airside_runtime::{executor::Executor, projections::Projections};

use crate::{
    project::{Followed, Tags},
    react::Passage,
    service::TripApi,
};

/// How many folded people are kept.
const CACHED_PEOPLE: u64 = 16_384;

/// What the server runs of this domain.
pub struct Part {
    /// The gRPC service.
    pub service: TripServiceServer<TripApi>,
    /// Tells people that they passed a point.
    pub passage: Passage,
}

/// Builds the domain and adds its read models.
pub fn part(
    store: Arc<dyn EventStore>,
    keys: Arc<dyn Keyring>,
    clock: Arc<dyn Clock>,
    projections: &mut Projections,
) -> Part {
    let (api, passage) = build(store, keys, clock, projections);
    Part { service: TripServiceServer::new(api), passage }
}

fn build(
    store: Arc<dyn EventStore>,
    keys: Arc<dyn Keyring>,
    clock: Arc<dyn Clock>,
    projections: &mut Projections,
) -> (TripApi, Passage) {
    let executor = Executor::new(store, keys.clone(), CACHED_PEOPLE);
    let followed = projections.add_kept(Followed::default);
    let tags = projections.add_kept(Tags::default);
    let passage = Passage::new(executor.clone(), keys.clone());
    (TripApi::new(executor, followed, tags, keys, clock), passage)
}

#[cfg(test)]
mod tests;
