//! The log in one folder, without a server.
//!
//! `DIR/log/` holds the commits in redb segments, `DIR/index.redb` the stream
//! index, `DIR/lock` keeps a second process out. One thread writes: it takes
//! all appends that wait, makes one commit of them and answers all of them; the
//! longer a sync takes, the more share it. Readers never wait for the writer.
//! Memory is bounded by [`Options`], not by the number of streams or events.
//!
//! Positions count events from 1 without gaps; the first part of a
//! [`Position`](airside_kernel::Position) is that number and the second is 0.
//!
//! The first start of an empty folder makes a log with a fresh id. A crash
//! costs the next start a walk over the live segment alone, and a replay of what
//! the index had not taken yet.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use airside_kernel::{
    Append, AppendError, Appended, Clock, Direction, EventStore, Follow, LogId, Page, Position, ReadError,
    Revision, StreamId, Timestamp,
};
use async_trait::async_trait;

use crate::{
    checks,
    follow::{Follower, Source},
};

mod ahead;
mod disk;
mod glass;
mod heads;
mod index;
mod meta;
mod open;
mod operate;
mod options;
mod queue;
mod reader;
mod recent;
mod rotation;
mod sealed;
mod segments;
mod shared;
mod steady;
mod writer;

use meta::Meta;
pub use meta::identity;
pub use open::OpenError;
pub use operate::{
    BACKUP_FORMAT, BackupError, BackupFile, Figures, Finding, IndexFigures, LogManifest, RestoreError,
    Restored, SegmentFigures, Step, Verified, check_backup, read_manifest, rebuild_index, restore,
};
pub use options::Options;
use reader::StreamRead;
use shared::Shared;

/// Figures of an open log, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Durable events in the log.
    pub events: u64,
    /// Commits that this process has made.
    pub commits: u64,
    /// Segments in the folder.
    pub segments: usize,
}

/// A log in a folder.
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl EmbeddedStore {
    /// Opens the log in a folder, or makes one where the folder is empty or absent.
    /// Blocks while it reads the disk.
    ///
    /// # Errors
    /// When the folder is in use, newer, damaged, foreign or not writable; the
    /// error says which and what to do.
    pub fn open(
        folder: impl AsRef<Path>,
        options: Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        open::open(folder.as_ref(), options, clock, &disk::Disk::default())
    }

    /// Opens the copy of another log in a folder, or begins one where the folder is empty or absent: it
    /// has the identity of that log, and `generation` when it is new.
    ///
    /// # Errors
    /// As [`EmbeddedStore::open`].
    pub fn open_copy(
        folder: impl AsRef<Path>,
        options: Options,
        clock: Arc<dyn Clock>,
        (log, generation): (LogId, u64),
    ) -> Result<Self, OpenError> {
        let fresh = || Meta { log, generation, restored_at: None };
        open::open_as(folder.as_ref(), options, clock, &disk::Disk::default(), fresh)
    }

    fn new(shared: Arc<Shared>, thread: JoinHandle<()>) -> Self {
        Self { shared, thread: Mutex::new(Some(thread)) }
    }

    /// Says whether the log can be written; for readiness.
    ///
    /// # Errors
    /// When a write has failed, with the reason; reads go on.
    pub fn health(&self) -> Result<(), String> {
        self.shared.health()
    }

    /// Returns figures for metrics.
    pub fn stats(&self) -> Stats {
        Stats {
            events: self.shared.head(),
            commits: self.shared.commits(),
            segments: self.shared.segments.count(),
        }
    }

    /// Writes what waits, flushes the index and closes all files. Afterwards
    /// appends and reads answer that the store is closed. Dropping the store
    /// does the same but leaves the index to be caught up at the next start.
    pub async fn close(&self) {
        self.shared.flush_on_close();
        self.shared.queue.close();
        self.shared.ended().await;
    }

    /// Appends what another log recorded, each with the time at which it did, in this order. After an error
    /// a beginning of them may be stored.
    ///
    /// # Errors
    /// As [`EventStore::append`], for the first that was refused.
    pub async fn append_recorded(
        &self,
        appends: Vec<(Append, Timestamp)>,
    ) -> Result<Vec<Appended>, AppendError> {
        let mut waiting = Vec::new();
        for of_one_time in appends.chunk_by(|(_, one), (_, next)| one == next) {
            let appends = of_one_time.iter().map(|(append, _)| checks::within_limits(append.clone()));
            let at = of_one_time.first().map(|(_, at)| *at);
            waiting.push(self.shared.queue.send(appends.collect(), at).await);
        }
        let mut stored = Vec::with_capacity(appends.len());
        for answers in waiting {
            let answers = answers.ok_or_else(|| self.unavailable())?;
            for answer in answers.await.map_err(|_| self.unavailable())? {
                stored.push(answer?);
            }
        }
        Ok(stored)
    }

    async fn send(&self, appends: Vec<Result<Append, AppendError>>) -> Vec<Result<Appended, AppendError>> {
        let wanted = appends.len();
        if let Some(answers) = self.shared.queue.send(appends, None).await
            && let Ok(answers) = answers.await
        {
            return answers;
        }
        (0..wanted).map(|_| Err(self.unavailable())).collect()
    }

    fn unavailable(&self) -> AppendError {
        let reason = self.shared.health().err().unwrap_or_else(|| "the store is closed".to_owned());
        AppendError::Unavailable { reason }
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.shared.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the writer was reported when it happened.
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl EventStore for EmbeddedStore {
    fn log_id(&self) -> LogId {
        self.shared.meta.log
    }

    fn generation(&self) -> u64 {
        self.shared.meta.generation
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let append = checks::within_limits(append)?;
        self.send(vec![Ok(append)]).await.pop().expect("there is one answer for each append")
    }

    async fn append_each(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        if appends.is_empty() {
            return Vec::new();
        }
        self.send(appends.into_iter().map(checks::within_limits).collect()).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        direction: Direction,
        from: Option<Revision>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.shared.read_stream(StreamRead { stream: stream.clone(), direction, from, limit }).await
    }

    async fn read_all(&self, after: Option<Position>, limit: usize) -> Result<Page, ReadError> {
        self.shared.page_after(after.map_or(0, |position| position.parts().0), limit).await
    }

    async fn head(&self) -> Result<Option<Position>, ReadError> {
        let head = self.shared.head();
        Ok((head > 0).then(|| Position::from_parts(head, 0)))
    }

    fn follow(&self, after: Option<Position>) -> Box<dyn Follow> {
        let after = after.map_or(0, |position| position.parts().0);
        Box::new(Follower::new(Arc::clone(&self.shared), self.shared.watch(), after))
    }
}

#[cfg(test)]
mod tests;
