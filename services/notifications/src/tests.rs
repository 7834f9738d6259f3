//! What the tests of this crate stand on: a log in memory, a clock that is
//! moved by hand, and the part as the server builds it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use airside_kernel::{
    Append, AppendError, Appended, Cause, Clock, Direction, EventId, EventStore, Expected, Follow, KeyError,
    Keyring, LogId, ManualClock, Metadata, NewEvent, Opened, Page, PersonId, Position, ReadError,
    RecordedEvent, Revision, SealContext, Sealed, StoredEvent, StreamId, SubjectId, Timestamp,
};
use airside_runtime::projections::Projections;
use airside_store::MemoryStore;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::tz::TimeZone;
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use crate::{
    Part,
    events::InboxEvent,
    model::{self, Kind, Notice, Rules},
    part,
};

/// When the tests begin.
pub(crate) const BEGIN: &str = "2026-11-20T06:00:00Z";

/// A process with a log.
pub(crate) struct House {
    pub(crate) store: Arc<dyn EventStore>,
    /// While true, the log refuses appends.
    pub(crate) refuses: Arc<AtomicBool>,
    pub(crate) clock: Arc<ManualClock>,
    rules: Rules,
    pub(crate) part: Part,
    pub(crate) stop: watch::Sender<bool>,
    projections: Option<Projections>,
    erasures: broadcast::Sender<SubjectId>,
}

impl House {
    /// Builds the part on an empty log; its projections do not run yet.
    pub(crate) fn new() -> Self {
        Self::ruled_by(Rules::usual(TimeZone::UTC))
    }

    /// Builds it with rules of its own.
    pub(crate) fn ruled_by(rules: Rules) -> Self {
        let clock = Arc::new(ManualClock::new(BEGIN.parse().unwrap()));
        let refuses = Arc::new(AtomicBool::new(false));
        let store = Faulty { log: MemoryStore::new(clock.clone()), refuses: refuses.clone() };
        Self::on(Arc::new(store), refuses, clock, rules)
    }

    /// Builds the part again on the same log, as another process does.
    pub(crate) fn again(&self) -> Self {
        Self::on(self.store.clone(), self.refuses.clone(), self.clock.clone(), self.rules.clone())
    }

    fn on(
        store: Arc<dyn EventStore>,
        refuses: Arc<AtomicBool>,
        clock: Arc<ManualClock>,
        rules: Rules,
    ) -> Self {
        let kept = rules.clone();
        let keys: Arc<dyn Keyring> = Arc::new(NoKeys);
        let (stop, stopped) = watch::channel(false);
        let mut projections = Projections::new(store.clone());
        let dyn_clock: Arc<dyn Clock> = clock.clone();
        let part = part(&store, &keys, &dyn_clock, &mut projections, rules, stopped);
        let (erasures, _) = broadcast::channel(1);
        Self { store, refuses, clock, rules: kept, part, stop, projections: Some(projections), erasures }
    }

    /// Lets the projections run.
    pub(crate) fn run(&mut self) {
        let projections = self.projections.take().expect("projections run once");
        tokio::spawn(projections.run(self.erasures.subscribe(), self.stop.subscribe()));
    }

    /// Issues the next `count` notices of a person.
    pub(crate) async fn issue(&self, person: PersonId, count: u64) {
        for _ in 0..count {
            let notice = InboxEvent::NoticeIssued(notice(None));
            self.append(model::inbox(person).as_str(), notice.event_type(), notice.encode()).await;
        }
    }

    /// Appends one event to a stream.
    pub(crate) async fn append(&self, stream: &str, event_type: &'static str, payload: Bytes) {
        self.append_as(1, stream, event_type, payload).await;
    }

    /// Appends an event of a version of its type.
    pub(crate) async fn append_as(
        &self,
        schema_version: u32,
        stream: &str,
        event_type: &'static str,
        payload: Bytes,
    ) {
        let event = NewEvent {
            id: EventId(Uuid::now_v7()),
            event_type: event_type.into(),
            schema_version,
            occurred_at: self.clock.now(),
            metadata: Metadata::default().encode(),
            payload,
        };
        let stream = stream.parse().unwrap();
        let append =
            Append { stream, expected: Expected::Any, fold_from: Revision::FIRST, events: vec![event] };
        self.store.append(append).await.unwrap();
    }

    /// Returns all events of a stream, oldest first.
    pub(crate) async fn stream(&self, stream: &StreamId) -> Vec<RecordedEvent> {
        self.store.read_stream(stream, Direction::Forwards, None, 10_000).await.unwrap().events
    }
}

/// A log that refuses appends when told.
struct Faulty {
    log: MemoryStore,
    refuses: Arc<AtomicBool>,
}

#[async_trait]
impl EventStore for Faulty {
    fn log_id(&self) -> LogId {
        self.log.log_id()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        if self.refuses.load(Ordering::Relaxed) {
            return Err(AppendError::Unavailable { reason: "the disk is full".into() });
        }
        self.log.append(append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        direction: Direction,
        from: Option<Revision>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.log.read_stream(stream, direction, from, limit).await
    }

    async fn read_all(&self, after: Option<Position>, limit: usize) -> Result<Page, ReadError> {
        self.log.read_all(after, limit).await
    }

    async fn head(&self) -> Result<Option<Position>, ReadError> {
        self.log.head().await
    }

    fn follow(&self, after: Option<Position>) -> Box<dyn Follow> {
        self.log.follow(after)
    }
}

/// A notice that expires when told.
pub(crate) fn notice(expires_at: Option<Timestamp>) -> Notice {
    Notice {
        id: Uuid::new_v4(),
        kind: Kind::FlightCancelled,
        priority: Kind::FlightCancelled.priority(),
        parameters: Arc::new([("flight".to_owned(), "ZH9101-20261120".to_owned())].into()),
        expires_at,
        caused_at: BEGIN.parse().unwrap(),
        cause: Cause { reactor: "r".into(), stream: "flight-1".into(), revision: Revision(0), index: 0 },
        supersedes: None,
    }
}

/// Returns a person by a number.
pub(crate) fn person(number: u128) -> PersonId {
    PersonId(Uuid::from_u128(number))
}

/// A keyring without keys: notices hold nothing personal, so none is ever asked for.
struct NoKeys;

fn refused<T>() -> Result<T, KeyError> {
    Err(KeyError::Unavailable { reason: "notices hold nothing personal".into() })
}

#[async_trait]
impl Keyring for NoKeys {
    async fn ensure(&self, _: &[(SubjectId, airside_kernel::Category)]) -> Result<(), KeyError> {
        refused()
    }

    fn seal(
        &self,
        _: &SubjectId,
        _: airside_kernel::Category,
        _: SealContext,
        _: &[u8],
    ) -> Result<Option<Sealed>, KeyError> {
        refused()
    }

    fn open(&self, _: &Sealed) -> Result<Opened, KeyError> {
        refused()
    }

    fn fingerprint(
        &self,
        _: &SubjectId,
        _: airside_kernel::Category,
        _: &[u8],
    ) -> Result<Option<Bytes>, KeyError> {
        refused()
    }

    async fn erase(&self, _: &SubjectId) -> Result<(), KeyError> {
        refused()
    }
}
