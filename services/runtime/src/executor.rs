//! Runs commands: load, decide, seal, append, and again when somebody was faster.
//!
//! Policy. The orders of a call go into lanes, one for each stream, and the
//! lanes advance in rounds: in a round each lane decides its next orders on one
//! state and appends once, and all lanes share one `append_each`. In a process
//! a stream is written by one call at a time, in the order of asking, so that a
//! busy stream makes callers wait and not fail; between processes the revision
//! named in the append decides, and who was slower reads the news and decides
//! again.
//!
//! Folded states are kept in a bounded cache. A cached state is only a guess:
//! an append names the revision that it was folded to, and a decision that adds
//! nothing is compared with the revision that the store answers. So a stale
//! state costs a retry, and never a wrong fact or a wrong refusal. States are
//! folded from sealed facts alone, within a call too, so they are the same
//! before and after a restart. Cold start: the first order of a stream reads
//! its last event, then forward from that event's `fold-from`.
//!
//! Top down: this file is what callers see; `lane` runs the rounds, `fold`
//! makes and keeps states, `seal` decides and seals.

mod fold;
mod lane;
mod seal;

use std::sync::Arc;

use airside_kernel::{
    AppendError, Classified, Code, Decider, DecodeError, EventId, EventStore, KeyError, Keyring, Metadata,
    NewEvent, Position, ReadError, StoredEvent, StreamId, Timestamp, keys,
};
use moka::sync::Cache;
use thiserror::Error;
use tokio::sync::Semaphore;
use uuid::Uuid;

pub use fold::Folded;
use fold::Slot;
use lane::{Lane, lanes};
pub use seal::seal_event;

/// A decider whose facts are stored.
pub trait Stored:
    Decider<
        Command: Clone + Send + Sync,
        Event: StoredEvent + Send + Sync,
        State: Clone + Send + Sync + 'static,
        Rejection: Send + Sync,
    > + Send
    + Sync
    + 'static
{
}
impl<D> Stored for D where
    D: Decider<
            Command: Clone + Send + Sync,
            Event: StoredEvent + Send + Sync,
            State: Clone + Send + Sync + 'static,
            Rejection: Send + Sync,
        > + Send
        + Sync
        + 'static
{
}

/// Who orders what, since when, and why; becomes the envelope of the facts.
#[derive(Debug, Clone)]
pub struct Context {
    /// The first command of this chain of causes.
    pub correlation: Uuid,
    /// The event or command behind this one.
    pub causation: Option<Uuid>,
    /// Who acts: an opaque id, never a name.
    pub actor: String,
    /// The system that the fact came from.
    pub source: String,
    /// When it happened in the world.
    pub occurred_at: Timestamp,
}

impl Context {
    /// Returns the context of a new chain of causes.
    pub fn new(actor: impl Into<String>, source: impl Into<String>, occurred_at: Timestamp) -> Self {
        let correlation = Uuid::now_v7();
        Self { correlation, causation: None, actor: actor.into(), source: source.into(), occurred_at }
    }

    fn metadata(&self) -> Metadata {
        let metadata = Metadata::default().with(keys::CORRELATION_ID, self.correlation.to_string());
        let metadata = match self.causation {
            Some(id) => metadata.with(keys::CAUSATION_ID, id.to_string()),
            None => metadata,
        };
        metadata.with(keys::ACTOR, self.actor.as_str()).with(keys::SOURCE, self.source.as_str())
    }
}

/// A command for one stream.
#[derive(Debug, Clone)]
pub struct Order<C> {
    /// The stream.
    pub stream: StreamId,
    /// The command.
    pub command: C,
    /// Its envelope.
    pub context: Context,
}

impl<C> Order<C> {
    /// Returns the order of the command that a function makes of its command.
    pub fn map<D>(self, to: impl FnOnce(C) -> D) -> Order<D> {
        Order { stream: self.stream, command: to(self.command), context: self.context }
    }
}

/// An order that was carried out.
#[derive(Debug, Clone)]
pub struct Done<E> {
    /// The facts it added, as stored; none when it added nothing.
    pub events: Vec<E>,
    /// The position after which reads see it; `None` when it added nothing.
    pub position: Option<Position>,
}

/// An order that was not carried out.
#[derive(Debug, Clone, Error)]
pub enum ExecuteError<R: std::error::Error> {
    /// The rules refuse it.
    #[error(transparent)]
    Rejected(R),
    /// The log could not be read.
    #[error("state of the stream could not be loaded")]
    Load(#[source] ReadError),
    /// A stored fact could not be read.
    #[error("stored facts of {stream} could not be read")]
    Decode {
        /// The stream.
        stream: StreamId,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// Personal data could not be sealed.
    #[error("personal data could not be sealed")]
    Seal(#[source] KeyError),
    /// The facts could not be appended.
    #[error("facts could not be appended")]
    Append(#[source] AppendError),
}

impl<R: Classified> Classified for ExecuteError<R> {
    fn code(&self) -> Code {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::Load(error) => error.code(),
            Self::Decode { .. } => Code::DataLoss,
            Self::Seal(error) => error.code(),
            Self::Append(error) => error.code(),
        }
    }
}

/// The answer to one order.
pub type Answer<D> = Result<Done<<D as Decider>::Event>, ExecuteError<<D as Decider>::Rejection>>;

/// How many states of the past are folded at once. Nothing keeps them, so a
/// crowd that asks for the past waits and does not slow down the present.
const PAST_STATES_AT_ONCE: usize = 4;

/// Runs the commands of one decider. Clones share their cache.
pub struct Executor<D: Stored> {
    store: Arc<dyn EventStore>,
    keys: Arc<dyn Keyring>,
    slots: Cache<StreamId, Arc<Slot<D::State>>>,
    past: Arc<Semaphore>,
}

impl<D: Stored> Clone for Executor<D> {
    fn clone(&self) -> Self {
        let (store, keys) = (self.store.clone(), self.keys.clone());
        Self { store, keys, slots: self.slots.clone(), past: self.past.clone() }
    }
}

impl<D: Stored> Executor<D> {
    /// Makes an executor that keeps at most `cached_states` folded states.
    pub fn new(store: Arc<dyn EventStore>, keys: Arc<dyn Keyring>, cached_states: u64) -> Self {
        let past = Arc::new(Semaphore::new(PAST_STATES_AT_ONCE));
        Self { store, keys, slots: Cache::new(cached_states), past }
    }

    /// Runs one order.
    ///
    /// # Errors
    /// When the rules refuse it, or state, keys or log are not to be had.
    pub async fn execute(&self, order: Order<D::Command>) -> Answer<D> {
        self.execute_each(vec![order]).await.pop().expect("one order has one answer")
    }

    /// Runs orders, one answer for each. Orders of one stream are decided in
    /// their sequence. A refusal or an order that is too large stops only itself;
    /// any other failure stops the later orders of its stream too, so that none
    /// overtakes another.
    pub async fn execute_each(&self, orders: Vec<Order<D::Command>>) -> Vec<Answer<D>> {
        let mut answers: Vec<Option<Answer<D>>> = orders.iter().map(|_| None).collect();
        let mut lanes = lanes::<D>(orders, |stream| self.slot(stream));
        while !lanes.is_empty() {
            self.run_round(&mut lanes, &mut answers).await;
            lanes.retain(Lane::is_waiting);
            tokio::task::yield_now().await;
        }
        answers
            .into_iter()
            .map(|answer| answer.expect("a lane leaves when its orders are answered"))
            .collect()
    }

    /// Returns the present state of a stream.
    ///
    /// # Errors
    /// When the log cannot be read or a fact cannot be decoded.
    pub async fn load(&self, stream: &StreamId) -> Result<Arc<Folded<D::State>>, ExecuteError<D::Rejection>> {
        let slot = self.slot(stream);
        let folded = fold::refresh::<D>(self.store.as_ref(), stream, slot.newest()).await?;
        slot.keep(folded.clone());
        Ok(folded)
    }

    /// Returns the state of a stream as it was known at an instant: after what
    /// was recorded until then. `None` when nothing was.
    ///
    /// # Errors
    /// When the log cannot be read or a fact cannot be decoded.
    pub async fn load_as_of(
        &self,
        stream: &StreamId,
        at: Timestamp,
    ) -> Result<Option<Folded<D::State>>, ExecuteError<D::Rejection>> {
        let _turn = self.past.acquire().await.expect("it is never closed");
        Ok(fold::as_of::<D>(self.store.as_ref(), stream, at).await?)
    }

    fn slot(&self, stream: &StreamId) -> Arc<Slot<D::State>> {
        self.slots.get_with_by_ref(stream, Arc::default)
    }
}

/// Returns the present state of a stream, straight from a log: for who asks once, and orders nothing.
///
/// # Errors
/// When the log cannot be read or a fact cannot be decoded.
pub async fn load<D: Stored>(
    store: &dyn EventStore,
    stream: &StreamId,
) -> Result<Arc<Folded<D::State>>, ExecuteError<D::Rejection>> {
    Ok(fold::refresh::<D>(store, stream, None).await?)
}

/// Why no order of a stream can be carried out now.
#[derive(Debug, Clone)]
enum Failure {
    Load(ReadError),
    Decode { stream: StreamId, source: DecodeError },
    Seal(KeyError),
    Append(AppendError),
}

impl<R: std::error::Error> From<Failure> for ExecuteError<R> {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Load(error) => Self::Load(error),
            Failure::Decode { stream, source } => Self::Decode { stream, source },
            Failure::Seal(error) => Self::Seal(error),
            Failure::Append(error) => Self::Append(error),
        }
    }
}

/// Returns the event as it goes into the log.
pub fn new_event<E: StoredEvent>(event: &E, context: &Context) -> NewEvent {
    NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: event.event_type().into(),
        schema_version: event.schema_version(),
        occurred_at: context.occurred_at,
        metadata: context.metadata().encode(),
        payload: event.encode(),
    }
}
