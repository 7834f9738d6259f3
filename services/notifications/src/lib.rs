//! Notices to passengers, in time and without loss.
//!
//! Words. A *notice* tells a person one thing: its kind, its parameters, when
//! it stops to be of use. The *inbox* is the sequence of a person's notices; a
//! notice's *seq* is its place there, from 1. The *epoch* names one life of an
//! inbox: a seq means something only together with it. A *session* is one
//! device that receives the notices; it *resumes* from (epoch, seq) and is told
//! whether it *recovered* everything. The *hub* holds the sessions of this
//! process.
//!
//! Streams. `inbox-<person>` holds `NoticeIssued` and nothing else, so that seq
//! = revision + 1 is contiguous. `delivery-<person>` holds what becomes of each
//! notice that somebody needs (released, held, merged, suppressed), what the
//! person chose, and `NoticesAcknowledged`.
//!
//! Invariants.
//! - A cause gives a person one notice, whatever is replayed and however many
//!   nodes do the same work, and each notice ends in one way: told, waiting for a
//!   time that is set, merged into a newer one, or not told and why ([`decide`]).
//! - What is urgent (P0, P1) never waits.
//! - Within a session seqs are contiguous; a session that resumes anywhere sees
//!   each seq once and in order ([`session`], [`hub`]).
//! - The publisher never waits for a session.
//! - No personal data in a notice; words are made at the edge ([`words`]).
//!
//! Must never: tell a boarded passenger to board; say why a bag was looked at;
//! send a push because a read model was rebuilt.

#[cfg(test)]
mod tests;

pub mod decide;
pub mod events;
pub mod hub;
pub mod item;
pub mod model;
pub mod project;
pub mod react;
pub mod service;
pub mod session;
pub mod trail;
pub mod words;

use std::sync::Arc;

use airside_kernel::{Clock, EventStore, Keyring};
use airside_runtime::{executor::Executor, projections::Projections};
use tokio::sync::watch;

/// How many folded inboxes and deliveries are kept each: more than a node has sessions, so that
/// what is told to all of them reads nothing again.
const CACHED_STATES: u64 = 16_384;

/// What the server runs of this domain.
pub struct Part {
    /// The gRPC service; its sessions and acknowledgements serve other wires too.
    pub service: service::Notifications,
    /// `notifications.notices`, for a reactor runner.
    pub reactor: react::Notices,
    /// `notifications.releases`, for a reactor runner; it may begin at the beginning of any log.
    pub releases: react::releases::Releases,
    /// What the reactors have done, for metrics.
    pub tally: Arc<react::Tally>,
    /// The sessions of this process, for metrics.
    pub hub: hub::Hub,
}

/// Puts the domain together for an airport with these rules. Sessions end, asked to come back, when
/// `stop` turns true.
pub fn part(
    store: &Arc<dyn EventStore>,
    keys: &Arc<dyn Keyring>,
    clock: &Arc<dyn Clock>,
    projections: &mut Projections,
    rules: model::Rules,
    stop: watch::Receiver<bool>,
) -> Part {
    let hub = hub::Hub::default();
    projections.add_live(project::Fanout::new(hub.clone()));
    let sessions = session::Sessions::new(store.clone(), clock.clone(), hub.clone(), stop);
    let deliveries = Executor::new(store.clone(), keys.clone(), CACHED_STATES);
    let (rules, tally) = (Arc::new(rules), Arc::default());
    let reactor = react::Notices::new(deliveries.clone(), clock.clone(), rules.clone(), &tally);
    let inboxes = Executor::new(store.clone(), keys.clone(), CACHED_STATES);
    let releases = react::releases::Releases::new(inboxes, deliveries.clone(), rules.clone(), &tally);
    let service = service::Notifications::new(sessions, deliveries, clock.clone(), rules);
    Part { service, reactor, releases, tally, hub }
}
