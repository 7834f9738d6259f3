//! Runs commands: load, decide, seal, append, and again when somebody was faster.
//!
//! Policy. Orders are grouped by stream; each group is decided on one state and
//! appended once, and all groups of a call share the store's commits. Folded
//! states are kept in a bounded cache; a cached state is only a guess, because
//! the append names the revision it was folded to, so a stale one costs a retry
//! and never a wrong fact. States are folded from sealed events alone, so they
//! are the same before and after a restart. Cold start: the first order of a
//! stream reads its last event, then forward from that event's `fold-from`.

use std::{collections::HashMap, sync::Arc};

use airside_kernel::{
    Append, AppendError, Appended, Category, Classified, Code, Decider, DecodeError, Direction, EventId,
    EventStore, Expected, KeyError, Keyring, Metadata, NewEvent, Position, ReadError, Revision, SealContext,
    StoredEvent, StreamId, SubjectId, Timestamp, keys,
};
use futures::future::join_all;
use moka::sync::Cache;
use thiserror::Error;
use uuid::Uuid;

/// How often a group is decided again after a conflict.
const MAX_ATTEMPTS: usize = 16;
/// How many orders of one stream go into one append; the rest follow in a later one.
const MAX_ORDERS_PER_APPEND: usize = 128;
/// How many events a load reads at once.
const LOAD_PAGE: usize = 1_000;

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

/// A state and where it was folded to.
#[derive(Debug, Clone)]
pub struct Folded<S> {
    /// The state.
    pub state: S,
    /// The last revision in it; `None` when the stream does not exist.
    pub revision: Option<Revision>,
    base: Revision,
    events: u64,
}

/// Runs the commands of one decider.
pub struct Executor<D: Stored> {
    store: Arc<dyn EventStore>,
    keys: Arc<dyn Keyring>,
    cache: Cache<StreamId, Arc<Folded<D::State>>>,
}

impl<D: Stored> Clone for Executor<D> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), keys: self.keys.clone(), cache: self.cache.clone() }
    }
}

/// Orders of one stream on their way.
struct Group<D: Stored> {
    stream: StreamId,
    orders: Vec<(usize, Order<D::Command>)>,
}

/// A group after its rules were asked.
struct Decided<D: Stored> {
    group: Group<D>,
    base: Arc<Folded<D::State>>,
    facts: Vec<Result<Vec<D::Event>, D::Rejection>>,
}

impl<D: Stored> Executor<D> {
    /// Makes an executor that keeps at most `cached_states` folded states.
    pub fn new(store: Arc<dyn EventStore>, keys: Arc<dyn Keyring>, cached_states: u64) -> Self {
        Self { store, keys, cache: Cache::new(cached_states) }
    }

    /// Runs one order.
    ///
    /// # Errors
    /// When the rules refuse it, or state, keys or log are not to be had.
    pub async fn execute(&self, order: Order<D::Command>) -> Answer<D> {
        self.execute_each(vec![order]).await.pop().expect("one order has one answer")
    }

    /// Runs orders, one answer for each, in their sequence where they name one stream.
    pub async fn execute_each(&self, orders: Vec<Order<D::Command>>) -> Vec<Answer<D>> {
        let mut answers: Vec<Option<Answer<D>>> = orders.iter().map(|_| None).collect();
        let mut waiting = groups::<D>(orders);
        while !waiting.is_empty() {
            let mut round = Vec::with_capacity(waiting.len());
            waiting.retain_mut(|group| {
                let rest = group.orders.split_off(group.orders.len().min(MAX_ORDERS_PER_APPEND));
                let orders = std::mem::replace(&mut group.orders, rest);
                round.push(Group { stream: group.stream.clone(), orders });
                !group.orders.is_empty()
            });
            self.run_round(round, &mut answers).await;
        }
        answers.into_iter().map(|answer| answer.expect("every order went through a round")).collect()
    }

    /// Returns the present state of a stream.
    ///
    /// # Errors
    /// When the log cannot be read or a fact cannot be decoded.
    pub async fn load(&self, stream: &StreamId) -> Result<Arc<Folded<D::State>>, ExecuteError<D::Rejection>> {
        match self.cache.get(stream) {
            Some(folded) => Ok(folded),
            None => {
                let folded = Arc::new(self.fold(stream).await?);
                self.cache.insert(stream.clone(), folded.clone());
                Ok(folded)
            }
        }
    }

    async fn run_round(&self, mut round: Vec<Group<D>>, answers: &mut [Option<Answer<D>>]) {
        for attempt in 1.. {
            let mut decided = Vec::with_capacity(round.len());
            let loaded = join_all(round.iter().map(|group| self.load(&group.stream))).await;
            for (group, base) in round.drain(..).zip(loaded) {
                match base {
                    Ok(base) => decided.push(decide(group, base)),
                    Err(error) => fail(&group, &error, answers),
                }
            }
            round = self.append_round(decided, attempt >= MAX_ATTEMPTS, answers).await;
            if round.is_empty() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Seals and appends; answers what is settled and returns what met a conflict.
    async fn append_round(
        &self,
        mut decided: Vec<Decided<D>>,
        is_last: bool,
        answers: &mut [Option<Answer<D>>],
    ) -> Vec<Group<D>> {
        if let Err(error) = self.seal(&mut decided).await {
            let error = ExecuteError::Seal(error);
            decided.iter().for_each(|one| fail(&one.group, &error, answers));
            return Vec::new();
        }
        let states: Vec<_> =
            decided.iter().map(|one| evolved::<D>(&one.base, one.facts.iter().flatten().flatten())).collect();
        let appends = decided.iter().zip(&states).map(|(one, state)| append::<D>(one, state)).collect();
        let outcomes = self.store.append_each(appends).await;
        let mut again = Vec::new();
        for ((one, state), outcome) in decided.into_iter().zip(states).zip(outcomes) {
            match outcome {
                Ok(appended) => {
                    self.cache.insert(one.group.stream.clone(), Arc::new(state));
                    settle(one, appended, answers);
                }
                Err(error) => {
                    self.cache.invalidate(&one.group.stream);
                    match error {
                        AppendError::Conflict { .. } if !is_last => again.push(one.group),
                        error => fail(&one.group, &ExecuteError::Append(error), answers),
                    }
                }
            }
        }
        again
    }

    async fn seal(&self, decided: &mut [Decided<D>]) -> Result<(), KeyError> {
        let mut subjects: Vec<(SubjectId, Category)> = Vec::new();
        let mut events: Vec<_> = decided
            .iter_mut()
            .flat_map(|one| {
                let stream = &one.group.stream;
                one.facts.iter_mut().flatten().flatten().map(move |event| (stream, event))
            })
            .collect();
        for (_, event) in &mut events {
            event.personal_fields(&mut |field| {
                if field.slot.clear_bytes().is_some() {
                    subjects.push((field.subject, field.category));
                }
            });
        }
        if subjects.is_empty() {
            return Ok(());
        }
        subjects.sort();
        subjects.dedup();
        self.keys.ensure(&subjects).await?;
        events.into_iter().try_for_each(|(stream, event)| seal_event(self.keys.as_ref(), stream, event))
    }

    async fn fold(&self, stream: &StreamId) -> Result<Folded<D::State>, ExecuteError<D::Rejection>> {
        let last = self
            .store
            .read_stream(stream, Direction::Backwards, None, 1)
            .await
            .map_err(ExecuteError::Load)?;
        let Some(last) = last.events.first() else {
            return Ok(Folded {
                state: D::State::default(),
                revision: None,
                base: Revision::FIRST,
                events: 0,
            });
        };
        let base = last.fold_from();
        let mut folded = Folded { state: D::State::default(), revision: None, base, events: 0 };
        let mut from = base;
        loop {
            let page = self.store.read_stream(stream, Direction::Forwards, Some(from), LOAD_PAGE).await;
            let page = page.map_err(ExecuteError::Load)?;
            for event in &page.events {
                let fact = D::Event::decode(event)
                    .map_err(|source| ExecuteError::Decode { stream: stream.clone(), source })?;
                folded.state = D::evolve(folded.state, &fact);
                folded.events += 1;
                folded.revision = Some(event.revision());
                from = event.revision().next();
            }
            if page.end || page.events.is_empty() {
                return Ok(folded);
            }
        }
    }
}

/// Seals every personal value of an event that is still in clear, under keys
/// that [`Keyring::ensure`] has made.
///
/// # Errors
/// When a key is missing.
pub fn seal_event<E: StoredEvent>(
    keys: &dyn Keyring,
    stream: &StreamId,
    event: &mut E,
) -> Result<(), KeyError> {
    let (event_type, schema_version) = (event.event_type(), event.schema_version());
    let mut outcome = Ok(());
    event.personal_fields(&mut |field| {
        let Some(clear) = field.slot.clear_bytes() else { return };
        let context = SealContext {
            stream: stream.to_string(),
            event_type: event_type.to_owned(),
            field: field.field,
            schema_version,
        };
        match keys.seal(&field.subject, field.category, context, &clear) {
            Ok(Some(sealed)) => {
                drop(clear);
                field.slot.seal(sealed);
            }
            Ok(None) => {
                drop(clear);
                field.slot.erase();
            }
            Err(error) => outcome = Err(error),
        }
    });
    outcome
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

fn groups<D: Stored>(orders: Vec<Order<D::Command>>) -> Vec<Group<D>> {
    let mut groups: Vec<Group<D>> = Vec::new();
    let mut places: HashMap<StreamId, usize> = HashMap::with_capacity(orders.len());
    for (index, order) in orders.into_iter().enumerate() {
        let place = *places.entry(order.stream.clone()).or_insert_with(|| {
            groups.push(Group { stream: order.stream.clone(), orders: Vec::new() });
            groups.len() - 1
        });
        groups[place].orders.push((index, order));
    }
    groups
}

fn decide<D: Stored>(group: Group<D>, base: Arc<Folded<D::State>>) -> Decided<D> {
    let mut evolving: Option<D::State> = None;
    let mut facts = Vec::with_capacity(group.orders.len());
    for (_, order) in &group.orders {
        let decision = D::decide(evolving.as_ref().unwrap_or(&base.state), order.command.clone());
        if let Ok(events) = &decision
            && !events.is_empty()
            && group.orders.len() > 1
        {
            let state = evolving.take().unwrap_or_else(|| base.state.clone());
            evolving = Some(events.iter().fold(state, D::evolve));
        }
        facts.push(decision);
    }
    Decided { group, base, facts }
}

fn evolved<'a, D: Stored>(
    base: &Folded<D::State>,
    facts: impl Iterator<Item = &'a D::Event>,
) -> Folded<D::State>
where
    D::Event: 'a,
{
    facts.fold(base.clone(), |folded, fact| Folded {
        state: D::evolve(folded.state, fact),
        revision: Some(folded.revision.map_or(Revision::FIRST, Revision::next)),
        base: folded.base,
        events: folded.events + 1,
    })
}

fn append<D: Stored>(one: &Decided<D>, after: &Folded<D::State>) -> Append {
    let events = one.facts.iter().zip(&one.group.orders).flat_map(|(facts, (_, order))| {
        facts.iter().flatten().map(move |fact| new_event(fact, &order.context))
    });
    Append {
        stream: one.group.stream.clone(),
        expected: one.base.revision.map_or(Expected::NoStream, Expected::Exact),
        fold_from: Revision(after.base.0 + D::forgets(&after.state, after.events).min(after.events)),
        events: events.collect(),
    }
}

fn settle<D: Stored>(one: Decided<D>, appended: Appended, answers: &mut [Option<Answer<D>>]) {
    for ((index, _), facts) in one.group.orders.into_iter().zip(one.facts) {
        answers[index] = Some(match facts {
            Ok(events) => {
                let position = appended.position.filter(|_| !events.is_empty());
                Ok(Done { events, position })
            }
            Err(rejection) => Err(ExecuteError::Rejected(rejection)),
        });
    }
}

fn fail<D: Stored>(group: &Group<D>, error: &ExecuteError<D::Rejection>, answers: &mut [Option<Answer<D>>]) {
    for (index, _) in &group.orders {
        answers[*index] = Some(Err(match error {
            ExecuteError::Load(error) => ExecuteError::Load(error.clone()),
            ExecuteError::Decode { stream, source } => {
                ExecuteError::Decode { stream: stream.clone(), source: source.clone() }
            }
            ExecuteError::Seal(error) => ExecuteError::Seal(error.clone()),
            ExecuteError::Append(error) => ExecuteError::Append(error.clone()),
            ExecuteError::Rejected(_) => unreachable!("a refusal belongs to one order"),
        }));
    }
}
