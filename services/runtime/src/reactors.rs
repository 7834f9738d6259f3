//! Reactors turn events of one stream into commands on another, once.
//!
//! Policy. A reactor folds the whole log in order and decides only from what it
//! has folded up to the cause, so every node decides alike. It acts on events
//! after its checkpoint, which lives in the log (`reactor-<name>`) because it is
//! not disposable: without it, a rebuild would push every old notice again.
//! Each command carries its [`Cause`](airside_kernel::Cause) and the target
//! ignores a cause that it has seen, so the checkpoint may lag behind what is
//! done. Cold start: on a fresh log a reactor begins at the beginning; on a log
//! with events and no checkpoint it refuses to begin until an operator says where.
//!
//! What it has folded is its memory. A snapshot of it (see
//! [`snapshots`](crate::snapshots)) is the memory exactly at a position with
//! nothing pending, so a start folds only what came after. The checkpoint in the
//! log decides: a memory that is newer than it knows of events that are still to
//! be acted on, so it is left out and the log is folded from the beginning.
//! Therefore the checkpoint is written first and the memory after it.
//!
//! Commands that fail are tried again for ever, with pauses, because to leave
//! them out would be to lose them: a reactor that is stuck says so in the log of
//! errors and in readiness (see [`Health`]). What is refused for good is for the
//! reactor itself to settle in [`Reactor::flush`].
//!
//! Deadlines are folded state: what was taken in says that something is due
//! ([`Reactor::due`]), and what is taken in later may answer it. When the clock
//! shows that instant and the reactor has folded all there is, it is told
//! ([`Reactor::strike`]), so a deadline needs no later event to wake it. It is
//! never told while it folds the history; a deadline that passed while nobody
//! ran strikes after the catch-up. What strikes is named by the event that set
//! it, and not by the clock, so a second strike (after a crash, on another node)
//! gives the same commands, and targets tell the repeat. A strike moves no
//! checkpoint: until the event that follows from it is folded, a start strikes
//! again. The clock is looked at often, and so may be moved.

mod checkpoint;
mod memory;

use std::{sync::Arc, time::Duration};

use airside_kernel::{
    AppendError, Clock, DecodeError, EventStore, Kept, Page, Position, ReadError, RecordedEvent, Timestamp,
};
use async_trait::async_trait;
use thiserror::Error;
use tokio::{sync::watch, time};
use tracing::warn;

use self::{checkpoint::Checkpoint, memory::Memory};
use crate::{
    health::{Health, Vitals, damaged},
    projections::Progress,
    snapshots::Snapshots,
    status::chain,
    stopped,
};

/// How many events a reactor finishes before it writes its checkpoint.
const CHECKPOINT_EVERY_EVENTS: u64 = 4_096;
/// How long a checkpoint may wait when there was something to do.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
/// The first pause after a failure; doubled up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// How often the clock is looked at while something is to become due, and how soon after a strike.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How long running commands may take after the stop; then they are left, as by a crash.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// A policy of one domain.
#[async_trait]
pub trait Reactor: Send + 'static {
    /// Its name, part of every cause and of its stream: `<domain>.<policy>`.
    const NAME: &'static str;

    /// Where it begins on a log that holds events and no checkpoint of it, unless an operator says; without
    /// one it refuses to begin.
    const BEGINS: Option<StartAt> = None;

    /// Whether it wants events of this stream category.
    fn wants(category: &str) -> bool;

    /// Takes in one event and, when `act` is set, remembers the commands that follow from it.
    ///
    /// # Errors
    /// When the event cannot be decoded; it is parked and alarmed.
    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError>;

    /// Returns when the next thing is due that was not answered, as far as was folded.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// Takes in that an instant has come and remembers the commands of all that was
    /// due until then. What was struck is not due again; a memory that is kept says so.
    fn strike(&mut self, _now: Timestamp) {}

    /// Carries out the remembered commands. Called again after a failure; every
    /// command must be harmless when repeated.
    ///
    /// # Errors
    /// When the commands cannot be carried out now.
    async fn flush(&mut self) -> Result<(), ReactError>;
}

/// Commands that could not be carried out now.
#[derive(Debug, Error)]
#[error("commands could not be carried out: {reason}")]
pub struct ReactError {
    /// Why, with the whole chain of causes.
    pub reason: String,
}

impl ReactError {
    /// Makes the error from what stopped the commands.
    pub fn new(error: &(dyn std::error::Error + 'static)) -> Self {
        Self { reason: chain(error) }
    }
}

/// A reactor that cannot begin.
#[derive(Debug, Error)]
pub enum StartError {
    /// The log has events and no checkpoint.
    #[error(
        "reactor {name} has no checkpoint in a log that holds events: say where it begins \
         with `--reactor-start {name}=beginning` or `--reactor-start {name}=end`"
    )]
    NoCheckpoint {
        /// The reactor.
        name: &'static str,
    },
    /// The checkpoint cannot be read.
    #[error("checkpoint of reactor {name} cannot be read")]
    Checkpoint {
        /// The reactor.
        name: &'static str,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// The log cannot be read.
    #[error("log cannot be read")]
    Read(#[source] ReadError),
    /// The log cannot be written.
    #[error("log cannot be written")]
    Append(#[source] AppendError),
}

/// Where a reactor without a checkpoint begins, in an operator's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// At the beginning of the log.
    Beginning,
    /// After what is there now.
    End,
}

/// Runs one reactor.
pub struct Runner<R> {
    reactor: R,
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    checkpoint: Checkpoint,
    /// The last position that is finished with.
    done: Option<Position>,
    /// How many wanted events were finished with since the checkpoint.
    unwritten: u64,
    progress: watch::Sender<Progress>,
    vitals: Arc<Vitals>,
    memory: Option<Memory<R>>,
}

impl<R: Reactor> Runner<R> {
    /// Finds the reactor's place, or makes it.
    ///
    /// # Errors
    /// When there is no checkpoint and nobody said where to begin, or the log cannot be used.
    pub async fn start(
        reactor: R,
        store: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
        start_at: Option<StartAt>,
    ) -> Result<Self, StartError> {
        let begins = (start_at, R::BEGINS);
        let checkpoint = Checkpoint::find(R::NAME, store.clone(), clock.clone(), begins).await?;
        let done = checkpoint.position();
        let (progress, _) = watch::channel(Progress::default());
        let (vitals, memory) = (Vitals::new(R::NAME), None);
        Ok(Self { reactor, store, clock, checkpoint, done, unwritten: 0, progress, vitals, memory })
    }

    /// Keeps the reactor's memory in a folder, and starts from there.
    #[must_use]
    pub fn kept_in(self, snapshots: Snapshots) -> Self
    where
        R: Kept,
    {
        Self { memory: Some(Memory::new(snapshots)), ..self }
    }

    /// Returns how far the reactor is: what it has finished with.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Returns how the reactor is.
    pub fn health(&self) -> Health {
        Health::new(self.vitals.clone(), self.progress.subscribe())
    }

    /// Runs until `stop` turns true, then writes the checkpoint.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let after = self.remember().await;
        let mut follower = self.store.follow(after);
        let mut tick = time::interval(CHECKPOINT_EVERY);
        tick.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut pause = MIN_PAUSE;
        loop {
            let (clock, due) = (self.clock.clone(), self.due());
            if self.is_behind() {
                self.vitals.lags();
            }
            tokio::select! {
                page = follower.next() => match page {
                    Ok(page) => {
                        pause = MIN_PAUSE;
                        if !self.work(&page, &mut stop).await {
                            // It has folded what it has not finished with.
                            self.memory = None;
                            break;
                        }
                    }
                    Err(error @ ReadError::Corrupt { .. }) => {
                        self.vitals.give_up(damaged(&error));
                        break;
                    }
                    Err(error) => {
                        self.vitals.failed(error.to_string());
                        if !rested(&mut pause, &mut stop).await {
                            break;
                        }
                    }
                },
                _ = tick.tick(), if self.unwritten > 0 || self.is_memory_due() => self.note().await,
                () = come(clock.as_ref(), due) => {
                    if !self.strike(&mut stop).await {
                        self.memory = None;
                        break;
                    }
                }
                () = stopped(&mut stop) => break,
            }
        }
        if self.unwritten > 0 {
            self.write_checkpoint().await;
        }
        self.keep(true).await;
    }

    /// Begins from the kept memory, and returns the position after which the log is followed.
    async fn remember(&mut self) -> Option<Position> {
        let memory = self.memory.as_mut()?;
        let after = memory.restore(&mut self.reactor, self.done).await?;
        let head = self.store.head().await.ok().flatten();
        self.progress.send_modify(|progress| {
            progress.position = Some(after);
            (progress.is_at_head, progress.is_caught_up) = (Some(after) == head, Some(after) == head);
        });
        Some(after)
    }

    /// Writes what is due: the checkpoint, then the memory.
    async fn note(&mut self) {
        if self.unwritten > 0 {
            self.write_checkpoint().await;
        }
        self.keep(false).await;
    }

    /// Says whether the last page was not the last of the log, so that the next one must come.
    fn is_behind(&self) -> bool {
        let progress = self.progress.borrow();
        progress.position.is_some() && !progress.is_at_head
    }

    fn is_memory_due(&self) -> bool {
        self.vitals.parked() == 0 && self.memory.as_ref().is_some_and(Memory::is_due)
    }

    /// Writes the memory when it is due, or when it changed and this is the
    /// `last` chance. It can be used only up to the checkpoint, and what came
    /// between the two was nothing that the reactor wants. A memory that lacks
    /// a parked event is not kept: the next start folds it again.
    async fn keep(&mut self, last: bool) {
        let Some(memory) = &mut self.memory else { return };
        let is_whole = self.vitals.parked() == 0;
        let is_settled = is_whole && self.unwritten == 0 && self.progress.borrow().position >= self.done;
        if is_settled && let Some(position) = self.checkpoint.position() {
            memory.write(&self.reactor, position, last).await;
        }
    }

    /// Does all that follows from a page; false when told to stop before it was done.
    async fn work(&mut self, page: &Page, stop: &mut watch::Receiver<bool>) -> bool {
        let mut count = 0;
        let mut folded = 0;
        for event in page.events.iter().filter(|event| R::wants(event.category())) {
            let act = Some(event.position()) > self.done;
            folded += 1;
            count += u64::from(act);
            if let Err(error) = self.reactor.take(event, act) {
                self.vitals.park(R::NAME, event, &error);
            }
        }
        if !self.flush(stop).await {
            return false;
        }
        self.done = self.done.max(page.events.last().map(RecordedEvent::position));
        self.progress.send_modify(|progress| *progress = progress.after(page));
        self.unwritten += count;
        if let Some(memory) = &mut self.memory {
            memory.folded(folded);
        }
        if self.unwritten >= CHECKPOINT_EVERY_EVENTS {
            self.write_checkpoint().await;
        }
        // A long history is folded without ever waiting for anything.
        tokio::task::yield_now().await;
        true
    }

    /// Returns when the reactor is to be told of the time; never before it has folded all there is.
    fn due(&self) -> Option<Timestamp> {
        if self.progress.borrow().is_at_head { self.reactor.due() } else { None }
    }

    /// Does all that is due; false when told to stop before it was done.
    async fn strike(&mut self, stop: &mut watch::Receiver<bool>) -> bool {
        self.reactor.strike(self.clock.now());
        if let Some(memory) = &mut self.memory {
            memory.folded(1);
        }
        self.flush(stop).await
    }

    /// Carries out what is remembered, however long it takes; false when told to stop.
    async fn flush(&mut self, stop: &mut watch::Receiver<bool>) -> bool {
        let mut pause = MIN_PAUSE;
        loop {
            self.vitals.begins();
            let outcome = tokio::select! {
                outcome = self.reactor.flush() => outcome,
                () = stopped_long_ago(stop) => return false,
            };
            self.vitals.rests();
            match outcome {
                Ok(()) => {
                    self.vitals.works();
                    return true;
                }
                Err(error) => self.vitals.failed(error.reason),
            }
            if !rested(&mut pause, stop).await {
                return false;
            }
        }
    }

    async fn write_checkpoint(&mut self) {
        let Some(done) = self.done else { return };
        self.vitals.begins();
        let written = self.checkpoint.write(done).await;
        self.vitals.rests();
        match written {
            Ok(()) => self.unwritten = 0,
            Err(error) => {
                warn!(
                    reactor = R::NAME,
                    error = chain(&error),
                    "checkpoint could not be written; it stays behind"
                );
            }
        }
    }
}

/// Waits until the clock shows an instant; for ever when there is none.
async fn come(clock: &dyn Clock, due: Option<Timestamp>) {
    let Some(due) = due else { return std::future::pending().await };
    loop {
        let left = Duration::try_from(due.duration_since(clock.now())).unwrap_or_default();
        time::sleep(left.clamp(LOOK_AGAIN, LOOK_EVERY)).await;
        if clock.now() >= due {
            return;
        }
    }
}

/// Waits before the next attempt, each time longer; false when told to stop.
async fn rested(pause: &mut Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = time::sleep(*pause) => {}
        () = stopped(stop) => return false,
    }
    *pause = (*pause * 2).min(MAX_PAUSE);
    true
}

async fn stopped_long_ago(stop: &mut watch::Receiver<bool>) {
    stopped(stop).await;
    time::sleep(STOP_GRACE).await;
}
