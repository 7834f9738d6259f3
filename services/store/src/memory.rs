//! The log in memory: the reference that the others are compared with.
//!
//! It keeps every event for as long as it lives, in the same blobs as the
//! embedded log, and is as plain as it can be. For tests and for trying out.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use airside_kernel::{
    Append, AppendError, Appended, Clock, Direction, EventStore, Follow, LogId, Page, Position, ReadError,
    RecordedEvent, Revision, StreamId,
};
use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    blob::{Draft, NO_HASH},
    checks,
    follow::{Follower, Source},
};

/// A log that lives and dies with the process.
#[derive(Clone)]
pub struct MemoryStore(Arc<Shared>);

struct Shared {
    id: LogId,
    clock: Arc<dyn Clock>,
    log: Mutex<Log>,
    watermark: watch::Sender<u64>,
}

#[derive(Default)]
struct Log {
    events: Vec<RecordedEvent>,
    streams: HashMap<StreamId, Vec<usize>>,
    recorded_us: i64,
}

impl MemoryStore {
    /// Makes an empty log with a fresh identity.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Shared {
            id: LogId(Uuid::new_v4()),
            clock,
            log: Mutex::default(),
            watermark: watch::Sender::new(0),
        }))
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let append = checks::within_limits(append)?;
        let mut log = self.log();
        let known = log.streams.get(&append.stream).map_or(0, Vec::len);
        let current = known.checked_sub(1).map(|last| Revision(last as u64));
        if append.events.is_empty() {
            return Ok(Appended { last_revision: current, position: None });
        }
        let mut revision = checks::next_revision(&append, current)?;
        let mut draft = Draft::new(log.events.len() as u64 + 1);
        for event in &append.events {
            draft.push(append.stream.as_str(), revision, append.fold_from, event);
            revision = revision.next();
        }
        log.recorded_us = log.recorded_us.max(self.clock.now().as_microsecond());
        let blob = draft.finish(self.id, log.recorded_us, &NO_HASH);
        for decoded in blob.frames(0) {
            let (_, event) = decoded.expect("a blob that was just written decodes");
            let at = log.events.len();
            log.events.push(event);
            log.streams.entry(append.stream.clone()).or_default().push(at);
        }
        let head = log.events.len() as u64;
        drop(log);
        // Appends may finish in another order than they began.
        self.watermark.send_if_modified(|known| {
            head > *known && {
                *known = head;
                true
            }
        });
        Ok(Appended {
            last_revision: Some(Revision(revision.0 - 1)),
            position: Some(Position::from_parts(blob.last(), 0)),
        })
    }
}

#[async_trait]
impl Source for Arc<Shared> {
    async fn page_after(&self, after: u64, limit: usize) -> Result<Page, ReadError> {
        let log = self.log();
        let from = usize::try_from(after).unwrap_or(usize::MAX).min(log.events.len());
        let to = from.saturating_add(limit).min(log.events.len());
        Ok(Page { events: log.events[from..to].to_vec(), end: to == log.events.len() })
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    fn log_id(&self) -> LogId {
        self.0.id
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.0.append(append)
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        direction: Direction,
        from: Option<Revision>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        let log = self.0.log();
        let places = log.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let from = from.map(|revision| usize::try_from(revision.0).unwrap_or(usize::MAX));
        let event = |at: &usize| log.events[*at].clone();
        let (events, total): (Vec<_>, _) = match direction {
            Direction::Forwards => {
                let rest = places.get(from.unwrap_or(0)..).unwrap_or_default();
                (rest.iter().take(limit).map(event).collect(), rest.len())
            }
            Direction::Backwards => {
                let until = from.map_or(places.len(), |from| from.saturating_add(1).min(places.len()));
                (places[..until].iter().rev().take(limit).map(event).collect(), until)
            }
        };
        let end = events.len() == total;
        Ok(Page { events, end })
    }

    async fn read_all(&self, after: Option<Position>, limit: usize) -> Result<Page, ReadError> {
        self.0.page_after(after.map_or(0, |position| position.parts().0), limit).await
    }

    async fn head(&self) -> Result<Option<Position>, ReadError> {
        let head = self.0.log().events.len() as u64;
        Ok((head > 0).then(|| Position::from_parts(head, 0)))
    }

    fn follow(&self, after: Option<Position>) -> Box<dyn Follow> {
        let after = after.map_or(0, |position| position.parts().0);
        Box::new(Follower::new(Arc::clone(&self.0), self.0.watermark.subscribe(), after))
    }
}
