//! Raw messages to disk, sealed, before anybody acknowledges them; however they came.

mod keyed;

use std::{collections::HashMap, sync::Arc};

use airside_kernel::{
    Append, AppendError, Category, Classified, Clock, Code, DecodeError, Direction, EventStore, Expected,
    KeyError, Keyring, NewEvent, Personal, Position, ReadError, Revision, StreamId, keys,
};
use airside_runtime::{
    executor::{Context, new_event, seal_event},
    telemetry::Metrics,
};
use bytes::Bytes;
use thiserror::Error;
use uuid::Uuid;

use crate::{
    link::lines::Lines,
    react::source_stream,
    source::{MessageReceived, raw_subject},
    sources::events::SourceEvent,
};

use keyed::Keyed;
pub use keyed::{KEY_LIFE, KEYS_MAX, MESSAGES_BACK};

/// The longest raw message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// How many events are read at once.
const PAGE_EVENTS: usize = 1_000;

/// Takes raw messages to disk.
#[derive(Clone)]
pub struct Receiving {
    store: Arc<dyn EventStore>,
    keys: Arc<dyn Keyring>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    lines: Lines,
    keyed: Keyed,
}

/// Who brings messages, and how.
#[derive(Debug, Clone, Copy)]
pub struct Bringer<'a> {
    /// The source, whose name was checked.
    pub source: &'a str,
    /// Who acts: an opaque id.
    pub actor: &'a str,
    /// How they came, such as `grpc`, `link` or `file`.
    pub transport: &'static str,
    /// The larger thing that they are part of, such as a file.
    pub cause: Option<Uuid>,
}

/// Messages that are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnDisk {
    /// The number of the last one in its source, from 1; 0 when there was none.
    pub last_number: u64,
    /// The position of the last one.
    pub position: Option<Position>,
}

/// Messages that could not be stored.
#[derive(Debug, Error)]
pub enum ReceiveError {
    /// The day's key cannot be used.
    #[error("raw messages cannot be sealed")]
    Keys(#[from] KeyError),
    /// The log cannot be written.
    #[error(transparent)]
    Log(#[from] AppendError),
    /// The log cannot be read.
    #[error("keys of earlier batches cannot be read")]
    Earlier(#[from] ReadError),
    /// A stored message cannot be read.
    #[error("an earlier batch cannot be read")]
    Damaged(#[from] DecodeError),
    /// The key came with other messages.
    #[error("idempotency_key: it came with other messages before; send these under a new key")]
    KeyReused,
    /// Others write to the source all the time.
    #[error("idempotency_key: others write to this source too; send the batch again under the same key")]
    Busy,
}

impl Classified for ReceiveError {
    fn code(&self) -> Code {
        match self {
            Self::Keys(error) => error.code(),
            Self::Log(error) => error.code(),
            Self::Earlier(error) => error.code(),
            Self::Damaged(_) => Code::DataLoss,
            Self::KeyReused => Code::FailedPrecondition,
            Self::Busy => Code::Aborted,
        }
    }
}

impl Receiving {
    /// Makes it over a log and its keys.
    pub fn new(
        store: Arc<dyn EventStore>,
        keys: Arc<dyn Keyring>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Self {
        let lines = Lines::new(clock.clone());
        Self { store, keys, clock, metrics, lines, keyed: Keyed::default() }
    }

    /// Returns where open lines of sources are told; whoever holds one says so here.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Returns where what brings messages counts.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Stores messages, all or none. When it returns they are on disk.
    ///
    /// # Errors
    /// When keys or log cannot be used now; send the messages again.
    pub async fn store(&self, bringer: Bringer<'_>, messages: &[Bytes]) -> Result<OnDisk, ReceiveError> {
        let _aside = self.keyed.aside(bringer.source).await;
        let events = self.sealed(bringer, "", messages).await?;
        self.append(source_stream("source", bringer.source), Expected::Any, events).await
    }

    /// Returns messages as they go into the log, received now.
    async fn sealed(
        &self,
        bringer: Bringer<'_>,
        key: &str,
        messages: &[Bytes],
    ) -> Result<Vec<NewEvent>, ReceiveError> {
        let received_at = self.clock.now();
        let keyring = self.keys.as_ref();
        let stream = source_stream("source", bringer.source);
        let subject = raw_subject(bringer.source, received_at);
        keyring.ensure(&[(subject.clone(), Category::Raw)]).await?;
        let context = Context::new(bringer.actor, bringer.source, received_at);
        let context = Context { causation: bringer.cause, ..context };
        let mut events = Vec::with_capacity(messages.len());
        for bytes in messages {
            let fingerprint = keyring.fingerprint(&subject, Category::Raw, bytes)?;
            let mut received = MessageReceived {
                subject: subject.clone(),
                size_bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                content: Personal::Known(bytes.clone()),
                fingerprint: fingerprint.unwrap_or_default(),
                received_at,
                transport: bringer.transport.to_owned(),
                idempotency_key: key.to_owned(),
            };
            seal_event(keyring, &stream, &mut received)?;
            events.push(new_event(&received, &context));
        }
        Ok(events)
    }

    async fn append(
        &self,
        stream: StreamId,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<OnDisk, ReceiveError> {
        let count = events.len();
        let append = Append { stream, expected, fold_from: Revision::FIRST, events };
        let appended = self.store.append(append).await?;
        (0..count).for_each(|_| self.metrics.message("received"));
        let last_number = appended.last_revision.map_or(0, |revision| revision.0.saturating_add(1));
        Ok(OnDisk { last_number, position: appended.position })
    }

    /// Returns how many of the last `span` messages of a source have each cause. Facts about the
    /// source stand between them; more than as many again are not looked through.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn causes(&self, source: &str, span: usize) -> Result<HashMap<Uuid, usize>, ReadError> {
        let (stream, direction) = (source_stream("source", source), Direction::Backwards);
        let (mut causes, mut from, mut left) = (HashMap::new(), None, span);
        let mut unread = span.saturating_mul(2);
        loop {
            let limit = left.min(unread).min(PAGE_EVENTS);
            let page = self.store.read_stream(&stream, direction, from, limit).await?;
            for event in &page.events {
                left -= usize::from(!SourceEvent::is_type(event.event_type()));
                let metadata = event.metadata().ok();
                let cause = metadata.as_ref().and_then(|metadata| metadata.get(keys::CAUSATION_ID));
                if let Some(cause) = cause.and_then(|cause| cause.parse().ok()) {
                    *causes.entry(cause).or_default() += 1;
                }
            }
            unread -= page.events.len();
            from = page.events.last().and_then(|last| last.revision().0.checked_sub(1)).map(Revision);
            if page.end || left.min(unread) == 0 || from.is_none() {
                return Ok(causes);
            }
        }
    }
}
