//! The parts of this domain that a server runs.

use std::sync::Arc;

use airside_api::baggage::v1::baggage_service_server::BaggageServiceServer;
use airside_kernel::{Clock, EventStore, Keyring};
use airside_runtime::{
    executor::Executor,
    projections::{Projections, ReadModel},
    telemetry::Metrics,
};
use tokio::sync::watch;

use crate::{
    handling::{load::LoadPolicy, loads::Loads},
    operating::Operating,
    project::{Bags, QuarantineList, Timetable},
    react::{Parse, Repeated, Targets},
    receive::Receiving,
    service::{Baggage, handling::Handling},
    sources::{Sources, silence::Settings, watch::Watch},
    turns::Turns,
};

/// How many folded plates are kept in memory.
const CACHED_PLATES: u64 = 100_000;
/// How many folded sources are kept in memory.
const CACHED_SOURCES: u64 = 1_000;
/// How many folded containers are kept in memory.
const CACHED_CONTAINERS: u64 = 10_000;
/// The largest call: a full batch with room to spare.
const MAX_CALL_BYTES: usize = 1024 * 1024;

/// What a server runs of this domain.
pub struct Part {
    /// The gRPC service.
    pub service: BaggageServiceServer<Baggage>,
    /// What handlers ask; it waits for the airport's policy.
    pub handling: Handling,
    /// The reactor that reads stored messages.
    pub parse: Parse,
    /// The reactor that tells bags what their flights and containers do.
    pub turns: Turns,
    /// Takes raw messages to disk, for the host link.
    pub receiving: Receiving,
    /// Where every bag is.
    pub bags: ReadModel<Bags>,
    /// What could not be used.
    pub quarantine: ReadModel<QuarantineList>,
    /// Which messages repeated others.
    pub repeated: Repeated,
    /// Which flight operates what a message or a reader names.
    pub operating: ReadModel<Operating>,
    /// How the sources are.
    pub sources: ReadModel<Sources>,
    /// Watches the sources.
    pub watch: Watch,
}

/// Makes the parts of this domain over a log and its keys.
pub fn part(
    store: Arc<dyn EventStore>,
    keys: Arc<dyn Keyring>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    projections: &mut Projections,
    settings: Settings,
    stop: watch::Receiver<bool>,
) -> Part {
    let executor = Executor::new(store.clone(), keys.clone(), CACHED_PLATES);
    let no_reads = Executor::new(store.clone(), keys.clone(), CACHED_SOURCES);
    let quarantine = Executor::new(store.clone(), keys.clone(), CACHED_SOURCES);
    let bags = projections.add_kept(Bags::default);
    let operating = projections.add_kept(Operating::default);
    let parts = Executor::new(store.clone(), keys.clone(), CACHED_SOURCES);
    let loadings = Executor::new(store.clone(), keys.clone(), CACHED_SOURCES);
    let targets = Targets {
        bags: executor.clone(),
        parts,
        quarantine: quarantine.clone(),
        no_reads: no_reads.clone(),
        loadings,
    };
    let parse = Parse::new(store.clone(), keys.clone(), metrics.clone(), targets);
    let settling = quarantine;
    let quarantine = projections.add_kept(QuarantineList::default);
    let timetable = projections.add_kept(Timetable::default);
    let containers = Executor::new(store.clone(), keys.clone(), CACHED_CONTAINERS);
    let turns = Turns::new(executor.clone());
    let receiving = Receiving::new(store.clone(), keys.clone(), clock.clone(), metrics.clone());
    let handling = Handling {
        store: store.clone(),
        keys: keys.clone(),
        clock: clock.clone(),
        executor: executor.clone(),
        bags: bags.clone(),
        loads: projections.add_kept(Loads::default),
        operating: operating.clone(),
        policy: LoadPolicy::default(),
    };
    let (sources, settings) = (projections.add_kept(Sources::default), Arc::new(settings));
    let lines = receiving.lines().clone();
    let watch = Watch::new(store, clock.clone(), metrics.clone(), sources.clone(), lines, settings.clone());
    let service = Baggage {
        receiving: receiving.clone(),
        keys,
        clock,
        metrics,
        executor,
        no_reads,
        containers,
        bags: bags.clone(),
        operating: operating.clone(),
        quarantine: quarantine.clone(),
        settling,
        timetable,
        sources: sources.clone(),
        settings,
        stop,
    };
    let service = BaggageServiceServer::new(service).max_decoding_message_size(MAX_CALL_BYTES);
    let repeated = parse.repeated();
    Part { service, handling, parse, turns, bags, quarantine, repeated, operating, receiving, sources, watch }
}
