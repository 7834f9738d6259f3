//! The place of a reactor, kept in its own stream of the log.
//!
//! Two nodes may run one reactor and both write its place; the slower one may
//! write the older place last. That repeats work at the next start and harms
//! nobody, since targets know the causes that they have seen.

use std::sync::Arc;

use airside_api::runtime::v1 as stored;
use airside_kernel::{
    Append, AppendError, Clock, DecodeError, Direction, EventId, EventStore, Expected, Metadata, NewEvent,
    Position, RecordedEvent, Revision, StreamId,
};
use prost::Message;
use tracing::warn;
use uuid::Uuid;

use super::{StartAt, StartError};

/// A log is fresh when at most this many events are in it, all of them the machinery's own.
const FRESH_EVENTS: usize = 64;

/// The place of one reactor.
pub(super) struct Checkpoint {
    name: &'static str,
    stream: StreamId,
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    position: Option<Position>,
    /// The last revision of the stream that is known here.
    revision: Option<Revision>,
}

impl Checkpoint {
    /// Finds the place of a reactor, or makes it: where an operator says, or else where it may begin.
    pub(super) async fn find(
        name: &'static str,
        store: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
        (start_at, begins): (Option<StartAt>, Option<StartAt>),
    ) -> Result<Self, StartError> {
        let stream = StreamId::new("reactor", name).expect("a reactor's name is visible ASCII");
        let mut checkpoint = Self { name, stream, store, clock, position: None, revision: None };
        if checkpoint.read().await? {
            if let Some(start_at) = start_at {
                warn!(
                    reactor = name,
                    ?start_at,
                    "reactor has a checkpoint and begins there, not where asked"
                );
            }
            return Ok(checkpoint);
        }
        match checkpoint.make(start_at.or(begins)).await {
            // Another node has just made it.
            Err(StartError::Append(AppendError::Conflict { .. })) if checkpoint.read().await? => {}
            made => made?,
        }
        Ok(checkpoint)
    }

    /// Returns the last position that the reactor has finished with.
    pub(super) fn position(&self) -> Option<Position> {
        self.position
    }

    /// Stores that all up to a position is done.
    pub(super) async fn write(&mut self, done: Position) -> Result<(), AppendError> {
        let advanced = stored::ReactorAdvanced { position: done.to_string() };
        self.append("runtime.ReactorAdvanced", advanced.encode_to_vec(), Expected::Any).await?;
        self.position = Some(done);
        Ok(())
    }

    /// Reads the stored place; false when there is none.
    async fn read(&mut self) -> Result<bool, StartError> {
        let last = self.store.read_stream(&self.stream, Direction::Backwards, None, 1).await;
        let last = last.map_err(StartError::Read)?;
        let Some(event) = last.events.first() else { return Ok(false) };
        self.position =
            position(event).map_err(|source| StartError::Checkpoint { name: self.name, source })?;
        self.revision = Some(event.revision());
        Ok(true)
    }

    /// Stores the first place.
    async fn make(&mut self, start_at: Option<StartAt>) -> Result<(), StartError> {
        let first = self.store.read_all(None, FRESH_EVENTS).await.map_err(StartError::Read)?;
        let is_own = |event: &RecordedEvent| matches!(event.category(), "reactor" | "vault");
        let is_fresh = first.end && first.events.iter().all(is_own);
        self.position = match start_at {
            Some(StartAt::End) => self.store.head().await.map_err(StartError::Read)?,
            Some(StartAt::Beginning) => None,
            None if is_fresh => None,
            None => return Err(StartError::NoCheckpoint { name: self.name }),
        };
        let after = self.position.map_or_else(String::new, |position| position.to_string());
        let started = stored::ReactorStarted { after }.encode_to_vec();
        self.append("runtime.ReactorStarted", started, Expected::NoStream).await.map_err(StartError::Append)
    }

    async fn append(
        &mut self,
        event_type: &'static str,
        payload: Vec<u8>,
        expected: Expected,
    ) -> Result<(), AppendError> {
        let event = NewEvent {
            id: EventId(Uuid::now_v7()),
            event_type: event_type.into(),
            schema_version: 1,
            occurred_at: self.clock.now(),
            metadata: Metadata::default().encode(),
            payload: payload.into(),
        };
        // Only the last event counts: this one, or one that another node adds before it.
        let fold_from = self.revision.map_or(Revision::FIRST, Revision::next);
        let append = Append { stream: self.stream.clone(), expected, fold_from, events: vec![event] };
        self.revision = self.store.append(append).await?.last_revision;
        Ok(())
    }
}

fn position(event: &RecordedEvent) -> Result<Option<Position>, DecodeError> {
    let malformed = || DecodeError::malformed("checkpoint", "its position does not parse");
    let damaged = |error: prost::DecodeError| DecodeError::malformed("checkpoint", error.to_string());
    let token = match event.type_up_to(1)? {
        "runtime.ReactorStarted" => stored::ReactorStarted::decode(event.payload()).map_err(damaged)?.after,
        "runtime.ReactorAdvanced" => {
            stored::ReactorAdvanced::decode(event.payload()).map_err(damaged)?.position
        }
        _ => return Err(DecodeError::unknown(event)),
    };
    if token.is_empty() { Ok(None) } else { token.parse().map(Some).map_err(|_| malformed()) }
}
