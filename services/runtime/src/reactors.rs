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

use std::{sync::Arc, time::Duration};

use airside_api::runtime::v1 as stored;
use airside_kernel::{
    Append, Clock, DecodeError, Direction, EventId, EventStore, Expected, Metadata, NewEvent, Position,
    ReadError, RecordedEvent, Revision, StreamId,
};
use async_trait::async_trait;
use prost::Message;
use thiserror::Error;
use tokio::{sync::watch, time};
use tracing::{error, warn};
use uuid::Uuid;

use crate::{projections::Progress, stopped};

/// How many events a reactor finishes before it writes its checkpoint.
const CHECKPOINT_EVERY_EVENTS: u64 = 4_096;
/// How long a checkpoint may wait when there was something to do.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
/// The first pause after a failure; doubled up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// A log is fresh when this many events hold nothing but reactors' own.
const FRESH_EVENTS: usize = 64;

/// A policy of one domain.
#[async_trait]
pub trait Reactor: Send + 'static {
    /// Its name, part of every cause and of its stream: `<domain>.<policy>`.
    const NAME: &'static str;

    /// Whether it wants events of this stream category.
    fn wants(category: &str) -> bool;

    /// Takes in one event and, when `act` is set, remembers the commands that follow from it.
    ///
    /// # Errors
    /// When the event cannot be decoded; it is parked and alarmed.
    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError>;

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
        let mut reason = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            reason = format!("{reason}: {error}");
            source = error.source();
        }
        Self { reason }
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
    Append(#[source] airside_kernel::AppendError),
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
    stream: StreamId,
    done: Option<Position>,
    progress: watch::Sender<Progress>,
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
        let stream = StreamId::new("reactor", R::NAME).expect("a reactor's name is visible ASCII");
        let last =
            store.read_stream(&stream, Direction::Backwards, None, 1).await.map_err(StartError::Read)?;
        let (progress, _) = watch::channel(Progress::default());
        let mut runner = Self { reactor, store, clock, stream, done: None, progress };
        runner.done = match last.events.first() {
            Some(event) => {
                checkpoint(event).map_err(|source| StartError::Checkpoint { name: R::NAME, source })?
            }
            None => runner.begin(start_at).await?,
        };
        Ok(runner)
    }

    /// Returns how far the reactor is: what it has finished with.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Runs until `stop` turns true, then writes the checkpoint.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut follower = self.store.follow(None);
        let mut written = self.done;
        let mut pending = 0u64;
        let mut tick = time::interval(CHECKPOINT_EVERY);
        tick.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut pause = MIN_PAUSE;
        let mut stop_flush = stop.clone();
        loop {
            tokio::select! {
                page = follower.next() => match page {
                    Ok(page) => {
                        pause = MIN_PAUSE;
                        pending += self.take(&page.events);
                        if !self.flush(&mut stop_flush).await {
                            break;
                        }
                        self.done = self.done.max(page.events.last().map(RecordedEvent::position));
                        self.progress.send_modify(|progress| *progress = progress.after(&page));
                    }
                    Err(error @ ReadError::Corrupt { .. }) => {
                        error!(reactor = R::NAME, error = %error, "reactor stops at damaged bytes");
                        break;
                    }
                    Err(error) => {
                        warn!(reactor = R::NAME, error = %error, "log could not be read; trying again");
                        time::sleep(pause).await;
                        pause = (pause * 2).min(MAX_PAUSE);
                    }
                },
                _ = tick.tick(), if pending > 0 => pending = CHECKPOINT_EVERY_EVENTS,
                () = stopped(&mut stop) => break,
            }
            if pending >= CHECKPOINT_EVERY_EVENTS && self.done != written && self.advance().await {
                written = self.done;
                pending = 0;
            }
        }
        if pending > 0 && self.done != written {
            self.advance().await;
        }
    }

    /// Takes in a page and returns how many of its events are new and wanted.
    fn take(&mut self, events: &[RecordedEvent]) -> u64 {
        let mut count = 0;
        for event in events.iter().filter(|event| R::wants(event.category())) {
            let act = Some(event.position()) > self.done;
            count += u64::from(act);
            if let Err(error) = self.reactor.take(event, act) {
                error!(reactor = R::NAME, position = %event.position(), error = %error, "event is parked");
            }
        }
        count
    }

    /// Carries out what is remembered, however long it takes; false when told to stop.
    async fn flush(&mut self, stop: &mut watch::Receiver<bool>) -> bool {
        let mut pause = MIN_PAUSE;
        loop {
            match self.reactor.flush().await {
                Ok(()) => return true,
                Err(error) => warn!(reactor = R::NAME, error = %error, "reactor waits and tries again"),
            }
            tokio::select! {
                () = time::sleep(pause) => pause = (pause * 2).min(MAX_PAUSE),
                () = stopped(stop) => return false,
            }
        }
    }

    async fn begin(&mut self, start_at: Option<StartAt>) -> Result<Option<Position>, StartError> {
        let first = self.store.read_all(None, FRESH_EVENTS).await.map_err(StartError::Read)?;
        let is_fresh = first.end && first.events.iter().all(|event| event.category() == "reactor");
        let after = match start_at {
            Some(StartAt::End) => self.store.head().await.map_err(StartError::Read)?,
            Some(StartAt::Beginning) => None,
            None if is_fresh => None,
            None => return Err(StartError::NoCheckpoint { name: R::NAME }),
        };
        let started = stored::ReactorStarted { after: after.map_or_else(String::new, |p| p.to_string()) };
        self.append("runtime.ReactorStarted", started.encode_to_vec()).await.map_err(StartError::Append)?;
        Ok(after)
    }

    async fn advance(&mut self) -> bool {
        let Some(done) = self.done else { return true };
        let advanced = stored::ReactorAdvanced { position: done.to_string() };
        match self.append("runtime.ReactorAdvanced", advanced.encode_to_vec()).await {
            Ok(()) => true,
            Err(error) => {
                warn!(reactor = R::NAME, error = %error, "checkpoint could not be written; it stays behind");
                false
            }
        }
    }

    async fn append(
        &mut self,
        event_type: &'static str,
        payload: Vec<u8>,
    ) -> Result<(), airside_kernel::AppendError> {
        let event = NewEvent {
            id: EventId(Uuid::now_v7()),
            event_type: event_type.into(),
            schema_version: 1,
            occurred_at: self.clock.now(),
            metadata: Metadata::default().encode(),
            payload: payload.into(),
        };
        let append = Append {
            stream: self.stream.clone(),
            expected: Expected::Any,
            fold_from: Revision::FIRST,
            events: vec![event],
        };
        self.store.append(append).await.map(drop)
    }
}

fn checkpoint(event: &RecordedEvent) -> Result<Option<Position>, DecodeError> {
    let malformed = || DecodeError::malformed("checkpoint", "its position does not parse");
    let damaged = |error: prost::DecodeError| DecodeError::malformed("checkpoint", error.to_string());
    let token = match event.event_type() {
        "runtime.ReactorStarted" => stored::ReactorStarted::decode(event.payload()).map_err(damaged)?.after,
        "runtime.ReactorAdvanced" => {
            stored::ReactorAdvanced::decode(event.payload()).map_err(damaged)?.position
        }
        _ => return Err(DecodeError::unknown(event)),
    };
    if token.is_empty() { Ok(None) } else { token.parse().map(Some).map_err(|_| malformed()) }
}
