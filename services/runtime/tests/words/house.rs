//! A log and a vault, and a log that can be watched and made to fail.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use airside_kernel::{
    Append, AppendError, Appended, Clock, Direction, EventId, EventStore, Expected, Follow, LogId,
    ManualClock, Metadata, NewEvent, Page, Position, ReadError, RecordedEvent, Revision, StreamId,
    SystemClock,
};
use airside_privacy::Vault;
use airside_runtime::{
    executor::{Context, Executor, Order, Stored},
    snapshots::Snapshots,
};
use airside_store::{EmbeddedStore, MemoryStore, Options};
use async_trait::async_trait;
use tempfile::TempDir;
use uuid::Uuid;

use crate::counter::{Counter, State};

pub(crate) struct House {
    pub(crate) store: Arc<Watched>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Arc<dyn Clock>,
    folder: TempDir,
}

impl House {
    pub(crate) fn in_memory() -> Self {
        Self::over(|_, clock| Arc::new(MemoryStore::new(clock)))
    }

    pub(crate) fn on_disk() -> Self {
        Self::over(|folder, clock| {
            let folder = folder.path().join("log");
            Arc::new(EmbeddedStore::open(folder, Options::default(), clock).unwrap())
        })
    }

    pub(crate) fn each() -> [Self; 2] {
        [Self::in_memory(), Self::on_disk()]
    }

    /// In memory, and at the hour of a clock that the test moves.
    pub(crate) fn at_the_hour_of(clock: &Arc<ManualClock>) -> Self {
        Self::made(clock.clone(), |_, clock| Arc::new(MemoryStore::new(clock)))
    }

    fn over(make: impl FnOnce(&TempDir, Arc<dyn Clock>) -> Arc<dyn EventStore>) -> Self {
        Self::made(Arc::new(SystemClock), make)
    }

    fn made(
        clock: Arc<dyn Clock>,
        make: impl FnOnce(&TempDir, Arc<dyn Clock>) -> Arc<dyn EventStore>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Watched::new(make(&folder, clock.clone())));
        let vault = Arc::new(Vault::open(folder.path(), clock.clone()).unwrap());
        Self { store, vault, clock, folder }
    }

    /// Where snapshots are kept.
    pub(crate) fn kept_at(&self) -> PathBuf {
        self.folder.path().join("snapshots")
    }

    pub(crate) fn snapshots(&self) -> Snapshots {
        Snapshots::open(self.kept_at(), self.store.as_ref()).unwrap()
    }

    /// A fresh executor, which knows nothing yet; as after a restart.
    pub(crate) fn executor<D: Stored>(&self) -> Executor<D> {
        Executor::new(self.store.clone(), self.vault.clone(), 1_000)
    }

    pub(crate) async fn state(&self, name: &str) -> State {
        self.executor::<Counter>().load(&stream(name)).await.unwrap().state.clone()
    }

    pub(crate) async fn store_head(&self) -> Option<Position> {
        self.store.head().await.unwrap()
    }

    pub(crate) async fn log(&self) -> Vec<RecordedEvent> {
        self.store.read_all(None, usize::MAX).await.unwrap().events
    }

    /// The events of a stream.
    pub(crate) async fn events(&self, name: &str) -> Vec<RecordedEvent> {
        let page = self.store.read_stream(&stream(name), Direction::Forwards, None, usize::MAX).await;
        page.unwrap().events
    }

    /// Appends an event that no counter can read.
    pub(crate) async fn append_unknown(&self, name: &str) {
        self.append(name, "counter.FromTheFuture", 9, vec![1, 2, 3]).await;
    }

    /// Appends an event as another program wrote it.
    pub(crate) async fn append(
        &self,
        name: &str,
        event_type: &'static str,
        schema_version: u32,
        payload: Vec<u8>,
    ) {
        let event = NewEvent {
            id: EventId(Uuid::now_v7()),
            event_type: event_type.into(),
            schema_version,
            occurred_at: self.clock.now(),
            metadata: Metadata::default().encode(),
            payload: payload.into(),
        };
        let (expected, fold_from) = (Expected::Any, Revision::FIRST);
        let append = Append { stream: stream(name), expected, fold_from, events: vec![event] };
        self.store.append(append).await.unwrap();
    }
}

pub(crate) fn stream(name: &str) -> StreamId {
    name.parse().unwrap()
}

pub(crate) fn order<C>(name: &str, command: C) -> Order<C> {
    let now = ManualClock::new("2026-11-20T09:20:00Z".parse().unwrap()).now();
    Order { stream: stream(name), command, context: Context::new("tester", "tests", now) }
}

/// How appends are made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is written.
    Refused,
    /// All is written, and the answer is lost.
    Unanswered,
    /// Somebody else is always a tenth of a second faster.
    Outrun,
}

/// A log that counts what it is asked, gives way at every call, and fails when told to.
pub(crate) struct Watched {
    inner: Arc<dyn EventStore>,
    /// How many streams each shared append had.
    pub(crate) appends: Mutex<Vec<usize>>,
    /// How many events of streams were read.
    pub(crate) events_read: AtomicUsize,
    /// Appends to streams of this category fail.
    fault: Mutex<Option<(&'static str, Fault)>>,
    pub(crate) is_unreadable: AtomicBool,
    /// How often the log was restored.
    pub(crate) generation: AtomicU64,
    /// How many reads of followers fail.
    pub(crate) follow_failures: Arc<AtomicU64>,
    /// Followers find damaged bytes.
    pub(crate) is_damaged: Arc<AtomicBool>,
    /// Followers wait a second for each page.
    pub(crate) is_slow: Arc<AtomicBool>,
}

impl Watched {
    fn new(inner: Arc<dyn EventStore>) -> Self {
        Self {
            inner,
            appends: Mutex::default(),
            events_read: AtomicUsize::new(0),
            fault: Mutex::default(),
            is_unreadable: AtomicBool::new(false),
            generation: AtomicU64::new(0),
            follow_failures: Arc::default(),
            is_damaged: Arc::default(),
            is_slow: Arc::default(),
        }
    }

    /// Makes appends to a category fail, or all with "".
    pub(crate) fn fail(&self, category: &'static str, fault: Fault) {
        *self.fault.lock().unwrap() = Some((category, fault));
    }

    pub(crate) fn heal(&self) {
        *self.fault.lock().unwrap() = None;
        self.is_unreadable.store(false, Ordering::Relaxed);
    }

    pub(crate) fn appends(&self) -> Vec<usize> {
        self.appends.lock().unwrap().clone()
    }

    fn fault(&self, stream: &StreamId) -> Option<Fault> {
        let fault = *self.fault.lock().unwrap();
        let (category, fault) = fault?;
        (category.is_empty() || category == stream.category()).then_some(fault)
    }
}

fn unavailable() -> AppendError {
    AppendError::Unavailable { reason: "the disk is gone".to_owned() }
}

#[async_trait]
impl EventStore for Watched {
    fn log_id(&self) -> LogId {
        self.inner.log_id()
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        tokio::task::yield_now().await;
        match self.fault(&append.stream) {
            Some(Fault::Refused) => Err(unavailable()),
            Some(Fault::Unanswered) => self.inner.append(append).await.and_then(|_| Err(unavailable())),
            Some(Fault::Outrun) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                self.inner.append(Append { expected: Expected::Any, ..append.clone() }).await?;
                self.inner.append(append).await
            }
            None => self.inner.append(append).await,
        }
    }

    async fn append_each(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        self.appends.lock().unwrap().push(appends.len());
        let mut answers = Vec::new();
        for append in appends {
            answers.push(self.append(append).await);
        }
        answers
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        direction: Direction,
        from: Option<Revision>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        tokio::task::yield_now().await;
        if self.is_unreadable.load(Ordering::Relaxed) {
            return Err(ReadError::Unavailable { reason: "the disk is gone".to_owned() });
        }
        let page = self.inner.read_stream(stream, direction, from, limit).await?;
        self.events_read.fetch_add(page.events.len(), Ordering::Relaxed);
        Ok(page)
    }

    async fn read_all(&self, after: Option<Position>, limit: usize) -> Result<Page, ReadError> {
        self.inner.read_all(after, limit).await
    }

    async fn head(&self) -> Result<Option<Position>, ReadError> {
        self.inner.head().await
    }

    fn follow(&self, after: Option<Position>) -> Box<dyn Follow> {
        let (failures, is_damaged) = (self.follow_failures.clone(), self.is_damaged.clone());
        let is_slow = self.is_slow.clone();
        Box::new(WatchedFollow { inner: self.inner.follow(after), failures, is_damaged, is_slow })
    }
}

struct WatchedFollow {
    inner: Box<dyn Follow>,
    failures: Arc<AtomicU64>,
    is_damaged: Arc<AtomicBool>,
    is_slow: Arc<AtomicBool>,
}

#[async_trait]
impl Follow for WatchedFollow {
    async fn next(&mut self) -> Result<Page, ReadError> {
        if self.is_damaged.load(Ordering::Relaxed) {
            return Err(ReadError::Corrupt { at: "7".to_owned(), reason: "checksum differs".to_owned() });
        }
        if self.is_slow.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let failures = self.failures.load(Ordering::Relaxed);
        if failures > 0 {
            self.failures.store(failures - 1, Ordering::Relaxed);
            return Err(ReadError::Unavailable { reason: "the disk is slow".to_owned() });
        }
        self.inner.next().await
    }
}
