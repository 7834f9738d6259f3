//! Follows the log into read models.
//!
//! One follower feeds every read model of the process, page by page, so that an
//! event is read once. A read model is disposable: it starts empty and replays
//! the log; readiness waits until it has caught up. An event that cannot be
//! read is parked: counted, logged as an error with its position, and reported
//! by readiness, while the others go on. A page is taken in under the lock of a
//! model, so a reader sees a page whole or not at all.

use std::{
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use airside_kernel::{
    Classified, Code, EventStore, Page, Position, Projection, ReadError, RecordedEvent, SubjectId, Timestamp,
};
use jiff::SignedDuration;
use thiserror::Error;
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time,
};

use crate::{
    health::{Health, Vitals},
    stopped,
};

/// How long a read of "at least position P" waits.
const AT_LEAST_TIMEOUT: Duration = Duration::from_secs(5);
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
    pub(crate) fn after(self, page: &Page) -> Self {
        let last = page.events.last();
        Self {
            position: last.map(RecordedEvent::position).or(self.position),
            recorded_at: last.map(RecordedEvent::recorded_at).or(self.recorded_at),
            is_at_head: page.end,
            is_caught_up: self.is_caught_up || page.end,
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

/// A read model that the runner keeps up to date.
pub struct ReadModel<P> {
    model: Arc<RwLock<P>>,
    progress: watch::Receiver<Progress>,
}

impl<P> Clone for ReadModel<P> {
    fn clone(&self) -> Self {
        Self { model: self.model.clone(), progress: self.progress.clone() }
    }
}

impl<P> ReadModel<P> {
    /// Reads the model.
    pub fn read<R>(&self, query: impl FnOnce(&P) -> R) -> R {
        query(&self.model.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until the model includes the position of a token; an empty token never waits.
    ///
    /// # Errors
    /// When the token is malformed, or the position is not reached in five seconds.
    pub async fn at_least(&self, token: &str) -> Result<(), AtLeastError> {
        if token.is_empty() {
            return Ok(());
        }
        let position = Position::from_str(token)
            .map_err(|_| AtLeastError::Malformed { token: token.chars().take(40).collect() })?;
        let mut progress = self.progress.clone();
        let reached = progress.wait_for(|progress| progress.position >= Some(position));
        match time::timeout(AT_LEAST_TIMEOUT, reached).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(AtLeastError::Behind { position }),
        }
    }

    /// Waits until the model may have changed, for watchers.
    pub async fn changed(&mut self) {
        // The runner lives as long as the process; when it is gone there is nothing left to see.
        if self.progress.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The read models of the process.
pub struct Projections {
    store: Arc<dyn EventStore>,
    targets: Vec<Box<dyn Target>>,
    progress: watch::Sender<Progress>,
    vitals: Arc<Vitals>,
}

impl Projections {
    /// Makes a runner without read models.
    pub fn new(store: Arc<dyn EventStore>) -> Self {
        let (progress, _) = watch::channel(Progress::default());
        Self { store, targets: Vec::new(), progress, vitals: Vitals::new("read-models") }
    }

    /// Adds a read model and returns the handle to read it.
    pub fn add<P: Projection>(&mut self, projection: P) -> ReadModel<P> {
        let model = Arc::new(RwLock::new(projection));
        self.targets.push(Box::new(Slot(model.clone())));
        ReadModel { model, progress: self.progress.subscribe() }
    }

    /// Returns how far the read models are.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Returns how the read models are.
    pub fn health(&self) -> Health {
        Health::new(self.vitals.clone(), self.progress.subscribe())
    }

    /// Runs until `stop` turns true. Each subject that arrives on `erasures` is
    /// removed from every read model; when it closes, nobody is erased any more.
    pub async fn run(
        self,
        mut erasures: tokio::sync::broadcast::Receiver<SubjectId>,
        mut stop: watch::Receiver<bool>,
    ) {
        if let Ok(None) = self.store.head().await {
            // An empty log sends no page that would say so.
            self.progress.send_modify(|progress| (progress.is_at_head, progress.is_caught_up) = (true, true));
        }
        let mut follower = self.store.follow(None);
        loop {
            let page = tokio::select! {
                page = follower.next() => page,
                erasure = erasures.recv(), if !erasures.is_closed() || !erasures.is_empty() => {
                    self.erase(erasure);
                    continue;
                }
                () = stopped(&mut stop) => return,
            };
            match page {
                Ok(page) => {
                    self.targets.iter().for_each(|target| target.apply(&page.events, &self.vitals));
                    self.vitals.works();
                    self.progress.send_modify(|progress| *progress = progress.after(&page));
                    tokio::task::yield_now().await;
                }
                Err(error @ ReadError::Corrupt { .. }) => {
                    self.vitals.give_up(format!("ended at damaged bytes: {error}"));
                    return;
                }
                Err(error) => {
                    self.vitals.failed(error.to_string());
                    time::sleep(RETRY_PAUSE).await;
                }
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

/// A read model of any type.
trait Target: Send + Sync {
    /// Takes in events; what cannot be read is parked.
    fn apply(&self, events: &[RecordedEvent], vitals: &Vitals);
    fn erase(&self, subject: &SubjectId);
}

struct Slot<P>(Arc<RwLock<P>>);

impl<P: Projection> Target for Slot<P> {
    fn apply(&self, events: &[RecordedEvent], vitals: &Vitals) {
        let mut wanted = events.iter().filter(|event| P::wants(event.category())).peekable();
        if wanted.peek().is_none() {
            return;
        }
        let mut model = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for event in wanted {
            if let Err(error) = model.apply(event) {
                vitals.park(P::NAME, event, &error);
            }
        }
    }

    fn erase(&self, subject: &SubjectId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).erase(subject);
    }
}
