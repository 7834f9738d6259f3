//! Follows the log into read models.
//!
//! One follower feeds every read model of the process, page by page, so that an
//! event is read once. A read model is disposable: it starts from its snapshot,
//! or empty, and replays the rest of the log; readiness waits until it has caught
//! up. The history is folded by a task for each model, a few pages behind the
//! reader; what is new, by one after the other. An event that cannot be read is
//! parked: counted, logged as an error with its position, and reported by
//! readiness, while the others go on. A page is taken in under the lock of a
//! model, so a reader sees a page whole or not at all.
//!
//! Snapshots (see [`snapshots`](crate::snapshots)) are written after the history
//! was folded, then every [`SNAPSHOT_EVENTS`] events or [`SNAPSHOT_EVERY`] of
//! changes, and at the stop. A copy of the state is made between two pages; it
//! is encoded and written beside the work.
//!
//! A rebuild folds a fresh model aside, from the beginning, while the old one
//! answers; when it has caught up it takes its place between two pages. Both
//! are in memory until then.
//!
//! When the models have taken in a page, [`Changes`] tells who watches its streams.

mod changes;
mod history;
mod operate;
mod slot;

use std::{sync::Arc, time::Duration};

use airside_kernel::{
    Classified, Code, EventStore, Kept, Page, Position, Projection, ReadError, RecordedEvent, SubjectId,
    Timestamp,
};
use jiff::SignedDuration;
use thiserror::Error;
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
    task::JoinSet,
    time,
};

pub use self::{
    changes::{Changes, MAX_WATCHED, Watcher},
    operate::{
        MAX_LAG_COUNTED, ModelState, ProjectionsHandle, RebuildError, RebuildProgress, Rebuilt, SnapshotState,
    },
    slot::ReadModel,
};
use self::{
    history::{Batch, History, Wanted},
    slot::{Slot, Target},
};
use crate::{
    health::{Health, Vitals, damaged},
    snapshots::Snapshots,
    stopped,
};

/// How long a read of "at least position P" waits.
const AT_LEAST_TIMEOUT: Duration = Duration::from_secs(5);
/// The most read models of one process; each has a bit.
const MAX_MODELS: usize = 64;
/// How many events may be folded before the next snapshot.
pub const SNAPSHOT_EVENTS: u64 = 200_000;
/// How long changes may wait for the next snapshot.
pub const SNAPSHOT_EVERY: Duration = Duration::from_secs(10 * 60);
/// How often it is looked whether changes have waited that long.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long the runner waits after the log could not be read.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// How far a reader of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The last position that was taken in.
    pub position: Option<Position>,
    /// When the event there was committed.
    pub recorded_at: Option<Timestamp>,
    /// True when nothing followed at the time of reading.
    pub is_at_head: bool,
    /// True once the head of the log was reached.
    pub is_caught_up: bool,
}

impl Progress {
    /// Returns the progress after a page.
    #[must_use]
    pub(crate) fn after(self, page: &Page) -> Self {
        let last = page.events.last();
        Self {
            position: last.map(RecordedEvent::position).or(self.position),
            recorded_at: last.map(RecordedEvent::recorded_at).or(self.recorded_at),
            is_at_head: page.end,
            is_caught_up: self.is_caught_up || page.end,
        }
    }

    /// Notes a page of the history; pages may be noted out of order.
    fn advance(&mut self, page: &Page) {
        let Some(last) = page.events.last() else { return };
        if self.position < Some(last.position()) {
            (self.position, self.recorded_at) = (Some(last.position()), Some(last.recorded_at()));
        }
    }

    /// Returns how far it is behind the log at an instant.
    pub fn lag(&self, now: Timestamp) -> SignedDuration {
        match self.recorded_at {
            Some(at) if !self.is_at_head => now.duration_since(at).max(SignedDuration::ZERO),
            _ => SignedDuration::ZERO,
        }
    }
}

/// A read that could not be answered from a state that is new enough.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AtLeastError {
    /// The token is not one of ours.
    #[error("at_least_position: {token:?} is malformed: pass back what an earlier answer gave")]
    Malformed {
        /// What was passed.
        token: String,
    },
    /// The read model is behind.
    #[error("at_least_position: position {position} is not reached yet: try again")]
    Behind {
        /// What was asked for.
        position: Position,
    },
}

impl Classified for AtLeastError {
    fn code(&self) -> Code {
        match self {
            Self::Malformed { .. } => Code::InvalidArgument,
            Self::Behind { .. } => Code::FailedPrecondition,
        }
    }
}

/// The read models of the process.
pub struct Projections {
    store: Arc<dyn EventStore>,
    targets: Vec<Arc<dyn Target>>,
    progress: watch::Sender<Progress>,
    changes: Changes,
    vitals: Arc<Vitals>,
    snapshots: Option<Snapshots>,
}

impl Projections {
    /// Makes a runner without read models and without snapshots.
    pub fn new(store: Arc<dyn EventStore>) -> Self {
        let (progress, told) = watch::channel(Progress::default());
        let (changes, vitals) = (Changes::new(told), Vitals::new("read-models"));
        Self { store, targets: Vec::new(), progress, changes, vitals, snapshots: None }
    }

    /// Keeps in a folder what can be kept, and starts from there.
    #[must_use]
    pub fn kept_in(self, snapshots: Snapshots) -> Self {
        Self { snapshots: Some(snapshots), ..self }
    }

    /// Adds a read model that is folded anew at each start, and returns the handle to read it.
    pub fn add<P: Projection>(&mut self, projection: P) -> ReadModel<P> {
        self.put(Slot::passing(projection))
    }

    /// Adds a model without a state of its own, which sees only what is new.
    pub fn add_live<P: Projection>(&mut self, projection: P) -> ReadModel<P> {
        self.put(Slot::live(projection))
    }

    /// Adds a read model that can be kept and rebuilt, and returns the handle to
    /// read it. `make` makes an empty one; what it does to others it does in
    /// [`Projection::show`] alone.
    pub fn add_kept<P: Projection + Kept>(
        &mut self,
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> ReadModel<P> {
        self.put(Slot::kept(make))
    }

    fn put<P: Projection>(&mut self, slot: Slot<P>) -> ReadModel<P> {
        assert!(self.targets.len() < MAX_MODELS, "a process has at most {MAX_MODELS} read models");
        let slot = Arc::new(slot);
        let model = ReadModel::new(&slot, self.progress.subscribe());
        self.targets.push(slot);
        model
    }

    /// Returns how far the read models are.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Returns what tells which streams changed, once the read models know it.
    pub fn changes(&self) -> Changes {
        self.changes.clone()
    }

    /// Returns how the read models are.
    pub fn health(&self) -> Health {
        Health::new(self.vitals.clone(), self.progress.subscribe())
    }

    /// Returns what operators use: lists, rebuilds. Take it when all models are added.
    pub fn handle(&self) -> ProjectionsHandle {
        let (store, targets) = (self.store.clone(), self.targets.clone());
        ProjectionsHandle::new(store, targets, self.snapshots.clone(), self.changes.clone())
    }

    /// Runs until `stop` turns true. Each subject that arrives on `erasures` is
    /// removed from every read model; when it closes, nobody is erased any more.
    pub async fn run(self, erasures: broadcast::Receiver<SubjectId>, stop: watch::Receiver<bool>) {
        let start = self.restore().await;
        let mut work = Work {
            wanted: Wanted::default(),
            history: (!self.progress.borrow().is_caught_up)
                .then(|| History::begin(&self.targets, &self.progress, &self.vitals)),
            writing: JoinSet::new(),
            is_stopped: false,
        };
        if work.history.is_none() {
            self.show();
        }
        self.follow(start, &mut work, erasures, stop).await;
        if let Some(history) = work.history.take() {
            history.end().await;
        }
        if work.is_stopped {
            self.write_snapshots(&mut work.writing, |unwritten, _| unwritten > 0);
        }
        while work.writing.join_next().await.is_some() {}
    }

    /// Gives each model its snapshot, and returns the position after which the log is followed.
    async fn restore(&self) -> Option<Position> {
        let head = loop {
            match self.store.head().await {
                Ok(head) => break head,
                Err(error) => {
                    self.vitals.failed(error.to_string());
                    time::sleep(RETRY_PAUSE).await;
                }
            }
        };
        let mut restoring = JoinSet::new();
        for target in &self.targets {
            let (target, snapshots) = (target.clone(), self.snapshots.clone());
            restoring.spawn_blocking(move || target.begin(snapshots.as_ref(), head));
        }
        while restoring.join_next().await.is_some() {}
        let start = self.targets.iter().map(|target| target.position()).min().flatten();
        self.progress.send_modify(|progress| {
            progress.position = start;
            // Nothing follows, so no page would say so.
            let is_at_head = head.is_none() || start >= head;
            (progress.is_at_head, progress.is_caught_up) = (is_at_head, is_at_head);
        });
        start
    }

    async fn follow(
        &self,
        start: Option<Position>,
        work: &mut Work,
        mut erasures: broadcast::Receiver<SubjectId>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut follower = self.store.follow(start);
        let mut tick = time::interval_at(time::Instant::now() + LOOK_EVERY, LOOK_EVERY);
        loop {
            let page = tokio::select! {
                page = follower.next() => page,
                erasure = erasures.recv(), if !erasures.is_closed() || !erasures.is_empty() => {
                    self.erase(erasure);
                    continue;
                }
                _ = tick.tick(), if self.snapshots.is_some() && work.history.is_none() => {
                    let is_due = |unwritten, waited| unwritten > 0 && waited >= SNAPSHOT_EVERY;
                    self.write_snapshots(&mut work.writing, is_due);
                    continue;
                }
                () = stopped(&mut stop) => {
                    work.is_stopped = true;
                    return;
                }
            };
            match page {
                Ok(page) => {
                    self.take(page, work).await;
                    self.vitals.works();
                    tokio::task::yield_now().await;
                }
                Err(error @ ReadError::Corrupt { .. }) => {
                    self.vitals.give_up(damaged(&error));
                    return;
                }
                Err(error) => {
                    self.vitals.failed(error.to_string());
                    time::sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    /// Takes in a page: as long as the history lasts, by the tasks of the models.
    async fn take(&self, page: Page, work: &mut Work) {
        let end = page.end;
        let batch = Batch::new(page, &self.targets, &mut work.wanted);
        if let Some(history) = &work.history {
            let batch = Arc::new(batch);
            history.send(&batch).await;
            if !end {
                return;
            }
            if let Some(history) = work.history.take() {
                history.end().await;
            }
            self.show();
            self.progress.send_modify(|progress| *progress = progress.after(&batch.page));
            self.changes.tell_all();
            self.write_snapshots(&mut work.writing, |unwritten, _| unwritten > 0);
            return;
        }
        for (bit, target) in self.targets.iter().enumerate() {
            if target.take(&batch, bit, &self.vitals).await {
                target.show();
            }
        }
        self.progress.send_modify(|progress| *progress = progress.after(&batch.page));
        self.changes.tell(&batch.page);
        self.write_snapshots(&mut work.writing, |unwritten, _| unwritten >= SNAPSHOT_EVENTS);
    }

    fn show(&self) {
        self.targets.iter().for_each(|target| target.show());
    }

    /// Begins to write the snapshots that are due by their count of events and the time since the last.
    fn write_snapshots(&self, writing: &mut JoinSet<()>, is_due: impl Fn(u64, Duration) -> bool) {
        let Some(snapshots) = &self.snapshots else { return };
        while writing.try_join_next().is_some() {}
        for target in &self.targets {
            if target.is_due(&is_due) {
                let (target, snapshots) = (target.clone(), snapshots.clone());
                writing.spawn(async move { target.write_snapshot(&snapshots).await });
            }
        }
    }

    fn erase(&self, erasure: Result<SubjectId, RecvError>) {
        match erasure {
            Ok(subject) => self.targets.iter().for_each(|target| target.erase(&subject)),
            // Whom it was is lost, but a new start folds without them.
            Err(RecvError::Lagged(count)) => {
                self.vitals.give_up(format!("{count} erasures did not reach the read models: restart"));
            }
            Err(RecvError::Closed) => {}
        }
    }
}

/// What a running runner has in its hands.
struct Work {
    wanted: Wanted,
    /// The tasks that fold the history; `None` once it is folded.
    history: Option<History>,
    writing: JoinSet<()>,
    is_stopped: bool,
}
