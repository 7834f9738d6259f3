//! The one writer: takes what waits, checks it, makes one commit, answers all.
//! What a copy hands over has the times of another log: a commit for each of
//! them, and one sync for all.
//!
//! Expectations are checked against what the same batch has already added, then
//! the remembered heads, then recent places, then the index. Only after the
//! commit is durable do readers see it and callers hear of it. After any error
//! of a write or a sync the store is poisoned: redb's pages in memory and the
//! file may differ from then on, and a second sync can falsely succeed, so
//! nothing is written until the folder is opened again. Reads go on.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use airside_kernel::{
    Append, AppendError, Appended, Clock, Position, ReadError, Revision, StreamId, Timestamp,
};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{
    heads::Heads,
    options::FLUSH_SLACK,
    queue::{Answers, Message},
    recent::Table,
    rotation::Rotation,
    shared::Shared,
};
use crate::{
    blob::{Blob, Draft, Hash, Place},
    checks,
};

/// A commit is closed when it holds this many bytes.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;

/// Where the log stands, from opening it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    /// The position of the next event.
    pub(crate) next: u64,
    /// When the last commit was made.
    pub(crate) recorded_us: i64,
    /// The hash of the last commit.
    pub(crate) previous: Hash,
    /// The bytes in the live segment.
    pub(crate) segment_bytes: u64,
}

/// The state of the writer's thread.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    recorded_us: i64,
    previous: Hash,
    segment_bytes: u64,
    heads: Heads,
    draft: Draft,
    /// When another log recorded what is in the draft, for a copy of that log.
    recorded_at: Option<Timestamp>,
    /// Commits that are closed and not written: those of a copy have times of their own, and share a sync.
    closed: Vec<Blob>,
    closed_bytes: usize,
    /// Places of the events in these and in the draft.
    places: Vec<(StreamId, Revision, Place)>,
    /// The last commit, whose hash is still to be computed.
    unhashed: Option<Blob>,
    flusher: Flusher,
    rotation: Rotation,
}

/// The thread that fills the index, as the writer sees it.
struct Flusher {
    tables: mpsc::Sender<Arc<Table>>,
    done: mpsc::Receiver<()>,
    busy: bool,
}

impl Writer {
    /// Starts the writer and its flusher.
    pub(crate) fn start(
        shared: &Arc<Shared>,
        clock: Arc<dyn Clock>,
        at: Start,
    ) -> std::io::Result<thread::JoinHandle<()>> {
        let writer = Self {
            clock,
            recorded_us: at.recorded_us,
            previous: at.previous,
            segment_bytes: at.segment_bytes,
            heads: Heads::new(shared.options.heads),
            draft: Draft::new(at.next),
            recorded_at: None,
            closed: Vec::new(),
            closed_bytes: 0,
            places: Vec::new(),
            unhashed: None,
            flusher: start_flusher(Arc::clone(shared))?,
            rotation: Rotation::start(Arc::clone(shared))?,
            shared: Arc::clone(shared),
        };
        let sentinel = Sentinel(Arc::clone(shared));
        thread::Builder::new().name("store-writer".into()).spawn(move || {
            let _sentinel = sentinel;
            writer.run();
        })
    }

    fn run(mut self) {
        let linger = self.shared.options.linger;
        let mut wanted = 1;
        while let Some(messages) = self.shared.queue.take(wanted, linger) {
            wanted = messages.len();
            self.write(messages);
            self.settle();
        }
        self.finish();
    }

    /// Writes all messages in as few commits as the limits allow and answers
    /// each after the commit that completes it.
    fn write(&mut self, messages: Vec<Message>) {
        let mut complete = Vec::with_capacity(messages.len());
        // Given back at once at the end: each return takes the lock that callers wait at.
        let mut room: Option<OwnedSemaphorePermit> = None;
        for message in messages {
            self.take_time(message.recorded_at);
            let mut answers: Answers = Vec::with_capacity(message.appends.len());
            for append in message.appends {
                answers.push(append.and_then(|append| self.add(&append)));
                if self.is_full() {
                    self.commit();
                    self.answer(&mut complete);
                }
            }
            complete.push((message.reply, answers));
            match &mut room {
                Some(room) => room.merge(message.room),
                None => room = Some(message.room),
            }
        }
        self.commit();
        self.answer(&mut complete);
    }

    fn is_full(&self) -> bool {
        let first = self.closed.first().map_or_else(|| self.draft.first(), Blob::first);
        let events = self.draft.next() - first;
        events >= self.shared.options.batch_events as u64
            || self.closed_bytes + self.draft.len() >= COMMIT_BYTES
    }

    /// Takes the time of what comes next; a commit has one.
    fn take_time(&mut self, recorded_at: Option<Timestamp>) {
        if recorded_at != self.recorded_at {
            self.close();
            self.recorded_at = recorded_at;
        }
    }

    /// Answers messages of which nothing is in the draft any more.
    fn answer(&self, complete: &mut Vec<(oneshot::Sender<Answers>, Answers)>) {
        let failure = self.shared.health().err();
        let durable = self.shared.head();
        for (reply, mut answers) in complete.drain(..) {
            if let Some(reason) = &failure {
                answers.iter_mut().for_each(|answer| withdraw(answer, durable, reason));
            }
            // The caller may have gone away; its events are in the log all the same.
            let _ = reply.send(answers);
        }
    }

    fn add(&mut self, append: &Append) -> Result<Appended, AppendError> {
        if let Err(reason) = self.shared.health() {
            return Err(AppendError::Unavailable { reason });
        }
        let current = self.current(&append.stream)?;
        if append.events.is_empty() {
            return Ok(Appended { last_revision: current, position: None });
        }
        let mut revision = checks::next_revision(append, current)?;
        let mut last = revision;
        for event in &append.events {
            let (commit, index) = (self.draft.first(), self.draft.count());
            let offset = self.draft.push(append.stream.as_str(), revision, append.fold_from, event);
            self.places.push((append.stream.clone(), revision, Place { commit, index, offset }));
            last = revision;
            revision = revision.next();
        }
        self.heads.put(&append.stream, Some(last));
        let position = Position::from_parts(self.draft.next() - 1, 0);
        Ok(Appended { last_revision: Some(last), position: Some(position) })
    }

    fn current(&mut self, stream: &StreamId) -> Result<Option<Revision>, AppendError> {
        if let Some(known) = self.heads.get(stream) {
            return Ok(known);
        }
        let current = self.shared.last_revision(stream).map_err(|error| match error {
            ReadError::Unavailable { reason } | ReadError::Corrupt { reason, .. } => {
                AppendError::Unavailable { reason }
            }
        })?;
        self.heads.put(stream, current);
        Ok(current)
    }

    /// Makes a commit of the draft, and begins the next one.
    fn close(&mut self) {
        if self.draft.count() == 0 {
            return;
        }
        self.hash();
        let now = self.recorded_at.unwrap_or_else(|| self.clock.now());
        self.recorded_us = self.recorded_us.max(now.as_microsecond());
        let blob = self.draft.finish(self.shared.meta.log, self.recorded_us, &self.previous);
        self.draft.restart(blob.last() + 1);
        self.unhashed = Some(blob.clone());
        self.closed_bytes += blob.bytes().len();
        self.closed.push(blob);
    }

    /// Makes the draft and what was closed before it durable and visible. What was
    /// drafted stays known after a failure, but nothing is added any more.
    fn commit(&mut self) {
        if self.shared.health().is_err() {
            return;
        }
        self.close();
        if self.closed.is_empty() {
            return;
        }
        if let Err(error) = self.shared.segments.commit(&self.closed) {
            self.shared.poison(&format!("a commit failed: {error}"));
            self.shared.segments.put_under_glass();
            return;
        }
        self.segment_bytes += std::mem::take(&mut self.closed_bytes) as u64;
        if let Some(forgotten) = self.heads.trim() {
            self.rotation.forget(forgotten);
        }
        self.shared.publish(self.closed.drain(..), self.places.drain(..));
    }

    /// Does what no caller waits for.
    fn settle(&mut self) {
        self.hash();
        if self.shared.health().is_err() {
            return;
        }
        self.rotate();
        self.flush();
    }

    /// Goes on in the next segment when the live one is full.
    fn rotate(&mut self) {
        let full = self.shared.options.segment_bytes;
        if self.segment_bytes >= full / 2 {
            self.rotation.prepare();
        }
        if self.segment_bytes < full {
            return;
        }
        let next = self.rotation.next();
        let done =
            next.and_then(|next| self.shared.segments.rotate(next, self.draft.first(), &self.previous));
        match done {
            Ok(()) => self.segment_bytes = 0,
            Err(error) => self.shared.poison(&format!("a new segment could not be made: {error}")),
        }
        self.rotation.leave();
    }

    fn hash(&mut self) {
        if let Some(blob) = self.unhashed.take() {
            self.previous = blob.hash();
        }
    }

    /// Hands recent places to the flusher when there are enough.
    fn flush(&mut self) {
        let limit = self.shared.options.memtable_events;
        let waiting = self.shared.growing_events();
        if waiting < limit {
            return;
        }
        if self.flusher.busy {
            let must_wait = waiting >= limit.saturating_mul(FLUSH_SLACK);
            let done = if must_wait {
                self.flusher.done.recv().is_ok()
            } else {
                self.flusher.done.try_recv().is_ok()
            };
            if !done {
                return;
            }
        }
        self.flusher.busy = self.flusher.tables.send(self.shared.freeze()).is_ok();
    }

    /// Ends the log: what is asked for is flushed, all files are closed.
    fn finish(self) {
        if self.flusher.busy {
            let _ = self.flusher.done.recv();
        }
        drop(self.flusher);
        self.rotation.finish(&self.shared);
        if self.shared.health().is_ok() && self.shared.flushes_on_close() {
            self.shared.flush(&self.shared.freeze());
        }
        self.shared.close_files();
    }
}

/// Takes back an answer that a failure has made uncertain.
fn withdraw(answer: &mut Result<Appended, AppendError>, durable: u64, reason: &str) {
    let stands = match answer {
        Ok(appended) => appended.position.is_some_and(|position| position.parts().0 <= durable),
        Err(error) => matches!(error, AppendError::TooLarge { .. }),
    };
    if !stands {
        *answer = Err(AppendError::Unavailable { reason: reason.to_owned() });
    }
}

fn start_flusher(shared: Arc<Shared>) -> std::io::Result<Flusher> {
    let (tables, incoming) = mpsc::channel::<Arc<Table>>();
    let (finished, done) = mpsc::channel();
    thread::Builder::new().name("store-index".into()).spawn(move || {
        for table in incoming {
            shared.flush(&table);
            if finished.send(()).is_err() {
                return;
            }
        }
    })?;
    Ok(Flusher { tables, done, busy: false })
}

/// Fails all callers when the writer's thread ends, however it ends.
struct Sentinel(Arc<Shared>);

impl Drop for Sentinel {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.poison("the writer ended unexpectedly");
        }
        self.0.queue.close();
        drop(self.0.queue.take(0, Duration::ZERO));
        self.0.end();
    }
}
