//! An airport with a log, a vault and the parts of baggage.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use airside_api::{
    baggage::v1::{
        self as api, baggage_service_client::BaggageServiceClient,
        baggage_service_server::BaggageServiceServer,
    },
    trips::v1::BagFollowed,
};
use airside_baggage::{
    Part,
    operating::Operating,
    part,
    react::Parse,
    receive::Receiving,
    service::Baggage,
    sources::{Sources, silence::Settings, watch::Watch},
    turns::Turns,
};
use airside_kernel::{
    Append, Clock, EventId, EventStore, Expected, ManualClock, Metadata, NewEvent, PersonId, RecordedEvent,
    Revision, StreamId, SubjectId, Timestamp,
};
use airside_privacy::Vault;
use airside_runtime::{
    auth::{Caller, StaffRole},
    health::Health,
    projections::{Progress, Projections, ReadModel},
    reactors::{Reactor, Runner, StartAt},
    stored::timestamp_message,
    telemetry::Metrics,
};
use airside_store::MemoryStore;
use jiff::SignedDuration;
use prometheus_client::registry::Registry;
use prost::Message;
use tempfile::TempDir;
use tokio::{
    sync::{broadcast, watch},
    time::timeout,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// Friday, 20 November 2026, 17:20 in Shenzhen.
pub(crate) const NOW: &str = "2026-11-20T09:20:00Z";

/// No test waits as long, unless something hangs.
const LONG: Duration = Duration::from_secs(30);

pub(crate) struct Airport {
    folder: Arc<TempDir>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) client: BaggageServiceClient<BaggageServiceServer<Baggage>>,
    pub(crate) receiving: Receiving,
    pub(crate) operating: ReadModel<Operating>,
    pub(crate) watch: Watch,
    pub(crate) sources: ReadModel<Sources>,
    health: Option<Health>,
    parse: Option<Parse>,
    read: Option<watch::Receiver<Progress>>,
    turns: Option<Turns>,
    stop: watch::Sender<bool>,
    _erasures: broadcast::Sender<SubjectId>,
}

impl Airport {
    /// Opens with an empty log; stored messages wait until [`Airport::start_reading`].
    pub(crate) fn open() -> Self {
        let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let vault = Arc::new(Vault::open(folder.path(), clock.clone()).unwrap());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        Self::over(folder, clock, vault, store)
    }

    /// Opens and reads messages as they come.
    pub(crate) async fn reading() -> Self {
        let mut airport = Self::open();
        airport.start_reading(None).await;
        airport
    }

    fn over(
        folder: Arc<TempDir>,
        clock: Arc<ManualClock>,
        vault: Arc<Vault>,
        store: Arc<dyn EventStore>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (erasures, erased) = broadcast::channel(16);
        let mut projections = Projections::new(store.clone());
        let metrics = Metrics::register(&mut Registry::default());
        let (log, keys) = (store.clone(), vault.clone());
        let Part { service, parse, turns, receiving, operating, watch, sources, .. } =
            part(log, keys, clock.clone(), metrics, &mut projections, settings(), stopped.clone());
        tokio::spawn(projections.run(erased, stopped));
        let client = BaggageServiceClient::new(service);
        Self {
            folder,
            clock,
            store,
            vault,
            client,
            receiving,
            operating,
            watch,
            sources,
            health: None,
            parse: Some(parse),
            read: None,
            turns: Some(turns),
            stop,
            _erasures: erasures,
        }
    }

    /// Makes everything once more over the same log, as another process does.
    pub(crate) fn beside(&self) -> Self {
        Self::over(self.folder.clone(), self.clock.clone(), self.vault.clone(), self.store.clone())
    }

    /// Makes everything anew over a copy of the log that lacks the reactors' places.
    pub(crate) async fn restored(&self) -> Self {
        let store = Arc::new(MemoryStore::new(self.clock.clone()));
        for event in self.log().await.iter().filter(|event| event.category() != "reactor") {
            let copy = NewEvent {
                id: event.id(),
                event_type: event.event_type().to_owned().into(),
                schema_version: event.schema_version(),
                occurred_at: event.occurred_at(),
                metadata: event.metadata_bytes().to_vec().into(),
                payload: event.payload().to_vec().into(),
            };
            let stream = event.stream().parse().unwrap();
            let (expected, fold_from) = (Expected::Any, event.fold_from());
            store.append(Append { stream, expected, fold_from, events: vec![copy] }).await.unwrap();
        }
        Self::over(self.folder.clone(), self.clock.clone(), self.vault.clone(), store)
    }

    pub(crate) async fn start_reading(&mut self, start_at: Option<StartAt>) {
        let parse = self.parse.take().expect("it is started once");
        let runner = Runner::start(parse, self.store.clone(), self.clock.clone(), start_at).await.unwrap();
        (self.read, self.health) = (Some(runner.progress()), Some(runner.health()));
        tokio::spawn(runner.run(self.stop.subscribe()));
    }

    /// Lets flights and containers reach their bags; returns how far that is.
    pub(crate) async fn start_turning(&mut self, start_at: Option<StartAt>) -> watch::Receiver<Progress> {
        let turns = self.turns.take().expect("it is started once");
        let runner = Runner::start(turns, self.store.clone(), self.clock.clone(), start_at).await.unwrap();
        let progress = runner.progress();
        tokio::spawn(runner.run(self.stop.subscribe()));
        progress
    }

    /// Waits until every message that is stored now was read, and returns the token of the head.
    pub(crate) async fn settled(&mut self) -> String {
        let stored = self.store.head().await.unwrap();
        if let Some(read) = &mut self.read {
            let reached = read.wait_for(|read| read.position >= stored);
            timeout(LONG, reached).await.expect("the reactor goes on").unwrap();
        }
        self.store.head().await.unwrap().map_or_else(String::new, |head| head.to_string())
    }

    /// How many events the reactor could not read.
    pub(crate) fn parked(&self) -> u64 {
        self.health.as_ref().map_or(0, Health::parked)
    }

    pub(crate) async fn log(&self) -> Vec<RecordedEvent> {
        self.store.read_all(None, usize::MAX).await.unwrap().events
    }

    /// How many events each stream of some categories has.
    pub(crate) async fn counts(&self, categories: &[&str]) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for event in self.log().await.iter().filter(|event| categories.contains(&event.category())) {
            *counts.entry(event.stream().to_owned()).or_default() += 1;
        }
        counts
    }

    pub(crate) async fn submit(&mut self, texts: &[&str]) -> api::SubmitMessagesResponse {
        let message = |text: &&str| api::RawMessage {
            content: Some(api::raw_message::Content::Text((*text).to_owned())),
        };
        let messages = texts.iter().map(message).collect();
        let request = api::SubmitMessagesRequest { source: "dcs".into(), messages, ..Default::default() };
        self.client.submit_messages(by(partner(), request)).await.unwrap().into_inner()
    }

    pub(crate) async fn record(&mut self, scans: Vec<api::Scan>) -> api::RecordScansResponse {
        self.record_from("bhs.t3", scans).await
    }

    pub(crate) async fn record_from(
        &mut self,
        source: &str,
        scans: Vec<api::Scan>,
    ) -> api::RecordScansResponse {
        let request = api::RecordScansRequest { source: source.into(), scans };
        self.client.record_scans(by(partner(), request)).await.unwrap().into_inner()
    }

    /// Asks for a bag from a state that includes all that is in the log.
    pub(crate) async fn bag(&mut self, plate: &str, caller: Caller) -> Result<api::Bag, Status> {
        let (plate, at_least_position) = (plate.into(), self.settled().await);
        let request = api::GetBagRequest { plate, at_least_position, as_of: None };
        let answer = self.client.get_bag(by(caller, request)).await;
        answer.map(|answer: Response<api::GetBagResponse>| answer.into_inner().bag.unwrap())
    }

    /// Asks for a bag as it was known at an instant.
    pub(crate) async fn bag_as_of(
        &mut self,
        plate: &str,
        at: Timestamp,
        caller: Caller,
    ) -> Result<api::Bag, Status> {
        let as_of = Some(timestamp_message(at));
        let request = api::GetBagRequest { plate: plate.into(), as_of, ..Default::default() };
        let answer = self.client.get_bag(by(caller, request)).await;
        answer.map(|answer: Response<api::GetBagResponse>| answer.into_inner().bag.unwrap())
    }

    pub(crate) async fn quarantine(&mut self) -> Vec<api::QuarantinedItem> {
        let at_least_position = self.settled().await;
        let request = api::ListQuarantineRequest { at_least_position, ..Default::default() };
        self.client.list_quarantine(by(staff(), request)).await.unwrap().into_inner().items
    }

    pub(crate) async fn follow(&self, person: PersonId, plate: &str, journey_id: &str) {
        let followed = BagFollowed { plate: plate.into(), journey_id: journey_id.into() };
        self.append(person.stream("person"), "trips.BagFollowed", followed.encode_to_vec()).await;
    }

    pub(crate) async fn append(&self, stream: StreamId, event_type: &'static str, payload: Vec<u8>) {
        let event = NewEvent {
            id: EventId(Uuid::now_v7()),
            event_type: event_type.into(),
            schema_version: 1,
            occurred_at: self.clock.now(),
            metadata: Metadata::default().encode(),
            payload: payload.into(),
        };
        let (expected, fold_from) = (Expected::Any, Revision::FIRST);
        self.store.append(Append { stream, expected, fold_from, events: vec![event] }).await.unwrap();
    }
}

impl Drop for Airport {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

pub(crate) fn by<T>(caller: Caller, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(caller);
    request
}

pub(crate) fn partner() -> Caller {
    Caller::Partner { id: "partner-zh".into() }
}

pub(crate) fn staff() -> Caller {
    Caller::Staff { id: "s1".into(), roles: vec![StaffRole::Viewer] }
}

/// Sources fall silent after ten minutes.
fn settings() -> Settings {
    Settings { other_silence: Some(SignedDuration::from_mins(10)), ..Settings::default() }
}

/// The messages of a sample of `tests/data/rp1745`.
pub(crate) fn sample(name: &str) -> String {
    let path = format!("{}/../../tests/data/rp1745/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// The name of the reactor, as its stream has it.
pub(crate) const PARSE: &str = Parse::NAME;
