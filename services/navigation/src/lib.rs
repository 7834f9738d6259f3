//! Venues, places and routes: the face of the maps.
//!
//! Words. A *venue* is a building with a map, named by its code. An *edition* is a version of its map,
//! which an operator published; the *press* compiles it and puts it up. A *place* is
//! what one can walk to. A *closure* says that something cannot be passed now.
//! How ways are found is `airside-wayfinding`'s; this crate gives it the maps
//! and what is closed, and speaks gRPC.
//!
//! Streams. `venue-<code>` holds `ClosureSet` and `ClosureLifted`; `map-<code>` `VenuePublished` and
//! `VenueRolledBack`, the newest of which says what is shown; `blob-<digest>` the parts of some large
//! content, which other facts name by its digest ([`blobs`]);
//! `radio-<code>` the radio maps ([`radio`]); `way-<person>` the way that a passenger follows ([`follow`]).
//!
//! Invariants.
//! - A request is answered from one snapshot and one overlay that belong
//!   together ([`project::Live`]); the next request knows a change at once.
//! - Who sets a closure gets the answer when routes of this process know it.
//! - "No route" is an answer with its reason, not an error.
//!
//! Must never: store or log in clear where a person is or goes, or store a route; route over a
//! map that the checks refuse.

pub mod archive;
pub mod blobs;
pub mod decide;
pub mod editions;
pub mod events;
pub mod follow;
pub mod leave;
pub mod model;
pub mod press;
pub mod project;
pub mod radio;
pub mod service;
pub mod venues;

use std::{collections::BTreeMap, sync::Arc};

use airside_api::navigation::v1::{
    navigation_service_server::NavigationServiceServer, positioning_service_server::PositioningServiceServer,
    venue_service_server::VenueServiceServer, way_service_server::WayServiceServer,
};
use airside_kernel::{Clock, EventStore, Keyring};
use airside_runtime::{executor::Executor, projections::Projections};
use airside_wayfinding::{Refused, Snapshot, Source};
use jiff::tz::TimeZone;
use thiserror::Error;
use tokio::sync::watch;

use crate::{
    blobs::Blobs,
    editions::Publishing,
    model::{InvalidVenueCode, VenueCode},
    press::{Press, Proof, Showing},
    project::catalogue::Catalogue,
};

/// How many folded venues are kept.
const CACHED_STATES: u64 = 64;
/// How many folded ways of passengers are kept.
const CACHED_WAYS: u64 = 8_192;

/// What the server runs of this domain.
pub struct Part {
    /// The gRPC service.
    pub service: NavigationServiceServer<service::Navigation>,
    /// The gRPC service of positions.
    pub positioning: PositioningServiceServer<service::positioning::Positioning>,
    /// The radio maps, for other wires.
    pub radio: radio::RadioDesk,
    /// The gRPC service of the venues' maps.
    pub venue_service: VenueServiceServer<service::publish::Venues>,
    /// The gRPC service of the ways that are followed.
    pub way_service: WayServiceServer<service::ways::Ways>,
    /// `navigation.ways`, for a reactor runner; it may begin at the beginning of any log.
    pub ways: follow::react::Ways,
    /// Compiles what is published; somebody must run it.
    pub press: Press,
    /// Tells what is shown.
    pub showing: Showing,
    /// The venues, for other wires and for metrics.
    pub venues: venues::Venues,
}

/// A venue that cannot be used.
#[derive(Debug, Error)]
pub enum VenueError {
    /// Its code cannot name a venue.
    #[error("code of the venue is invalid: rename the folder of its map")]
    Code(#[source] InvalidVenueCode),
    /// Another venue has the same code.
    #[error("another venue has the same code: rename the folder of its map")]
    Twice,
    /// The checks refuse its map.
    #[error("map is refused: see `airside map check`")]
    Map(#[source] Refused),
}

/// Puts the domain together over the maps, each with its venue's code, and the time zone they are in.
///
/// # Errors
/// The code of the first venue that cannot be used, and why.
pub fn part(
    store: &Arc<dyn EventStore>,
    keys: &Arc<dyn Keyring>,
    clock: &Arc<dyn Clock>,
    projections: &mut Projections,
    venues: impl IntoIterator<Item = (String, Source)>,
    zone: TimeZone,
) -> Result<Part, (String, VenueError)> {
    let mut snapshots: BTreeMap<VenueCode, Snapshot> = BTreeMap::new();
    for (name, source) in venues {
        let named = |error| (name.clone(), error);
        let code = name.parse().map_err(|error| named(VenueError::Code(error)))?;
        let snapshot = Snapshot::from_source(&source).map_err(|error| named(VenueError::Map(error)))?;
        if snapshots.insert(code, snapshot).is_some() {
            return Err((name, VenueError::Twice));
        }
    }
    let maps = project::Maps::new(clock.clone(), zone, snapshots);
    let model = projections.add_kept({
        let maps = maps.clone();
        move || project::Closures::new(maps.clone())
    });
    let executor = Executor::new(store.clone(), keys.clone(), CACHED_STATES);
    let boards = projections.add_kept(project::boards::Boards::default);
    let (wanted, proof) = (watch::Sender::default(), Proof::default());
    let press = Press::new(Blobs::new(store.clone()), maps.clone(), proof.clone(), wanted.subscribe());
    let showing = press.showing();
    let catalogue = projections.add_kept(move || Catalogue::new(wanted.clone()));
    let editions = Executor::new(store.clone(), keys.clone(), CACHED_STATES);
    let shown = (maps.clone(), showing.clone(), proof);
    let publishing = Publishing::new(store.clone(), editions, catalogue, shown, clock.clone());
    let followed = Executor::new(store.clone(), keys.clone(), CACHED_WAYS);
    let ways = follow::react::Ways::new(maps.clone(), keys.clone(), followed.clone());
    let venues = venues::Venues::new(maps, model, boards, executor, clock.clone(), showing.clone());
    let service = NavigationServiceServer::new(service::Navigation::new(venues.clone()));
    let way_service =
        WayServiceServer::new(service::ways::Ways::new(venues.clone(), followed, clock.clone()));
    let radio = radio::RadioDesk::new(
        projections.add_kept(radio::project::RadioVersions::default),
        Executor::new(store.clone(), keys.clone(), radio::CACHED_STATES),
        Blobs::new(store.clone()),
        clock.clone(),
    );
    let positioning = service::positioning::Positioning::new(venues.clone(), radio.clone());
    let positioning = PositioningServiceServer::new(positioning)
        .max_decoding_message_size(service::positioning::MESSAGE_BYTES_MAX);
    let venue_service = VenueServiceServer::new(service::publish::Venues::new(publishing))
        .max_decoding_message_size(service::publish::MESSAGE_BYTES_MAX);
    Ok(Part { service, positioning, radio, venue_service, way_service, ways, press, showing, venues })
}
