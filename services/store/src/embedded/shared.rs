//! What readers, followers, the writer and the flusher have in common.

use std::{
    fs::File,
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use airside_kernel::{ReadError, Revision, StreamId};
use tokio::sync::watch;

use super::{
    Options,
    ahead::Ahead,
    index::Index,
    meta::Meta,
    queue::Queue,
    recent::{Recent, Table, Tail},
    segments::Segments,
};
use crate::blob::{Blob, Place};

/// One open log.
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) options: Options,
    pub(crate) meta: Meta,
    pub(crate) segments: Segments,
    pub(crate) queue: Queue,
    pub(crate) ahead: Ahead,
    index: RwLock<Option<Index>>,
    recent: RwLock<Recent>,
    tail: RwLock<Tail>,
    watermark: watch::Sender<u64>,
    ended: watch::Sender<bool>,
    poison: OnceLock<String>,
    flush_on_close: AtomicBool,
    commits: AtomicU64,
    lock: Mutex<Option<File>>,
}

impl Shared {
    /// Puts an open log together.
    pub(crate) fn new(
        folder: PathBuf,
        options: Options,
        meta: Meta,
        (segments, index, recent): (Segments, Index, Recent),
        head: u64,
        lock: File,
    ) -> Self {
        Self {
            folder,
            queue: Queue::new(options.queue_bytes),
            ahead: Ahead::default(),
            tail: RwLock::new(Tail::new(options.tail_bytes)),
            options,
            meta,
            segments,
            index: RwLock::new(Some(index)),
            recent: RwLock::new(recent),
            watermark: watch::Sender::new(head),
            ended: watch::Sender::new(false),
            poison: OnceLock::new(),
            flush_on_close: AtomicBool::new(false),
            commits: AtomicU64::new(0),
            lock: Mutex::new(Some(lock)),
        }
    }

    /// Returns the durable watermark.
    pub(crate) fn head(&self) -> u64 {
        *self.watermark.borrow()
    }

    /// Watches the durable watermark.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.watermark.subscribe()
    }

    /// Returns how many commits this process has made.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Says whether the log can be written, and if not, why.
    pub(crate) fn health(&self) -> Result<(), String> {
        self.poison.get().map_or(Ok(()), |reason| Err(reason.clone()))
    }

    /// Ends all writing, for a reason.
    pub(crate) fn poison(&self, reason: &str) {
        let what_to_do = "nothing is written any more; repair the cause and restart";
        let reason = format!("{reason} ({what_to_do})");
        tracing::error!(folder = %self.folder.display(), reason, "the log is read-only from now on");
        let _ = self.poison.set(reason);
    }

    /// Shows durable commits to readers.
    pub(crate) fn publish(
        &self,
        blobs: impl Iterator<Item = Blob>,
        places: impl Iterator<Item = (StreamId, Revision, Place)>,
    ) {
        let (mut head, mut commits, mut tail) = (0, 0, write(&self.tail));
        for blob in blobs {
            (head, commits) = (blob.last(), commits + 1);
            tail.push(blob);
        }
        drop(tail);
        let mut recent = write(&self.recent);
        for (stream, revision, place) in places {
            recent.growing.insert(stream, revision, place);
        }
        drop(recent);
        self.commits.fetch_add(commits, Ordering::Relaxed);
        self.watermark.send_replace(head);
    }

    /// Returns what is new enough to be in memory.
    pub(crate) fn recent(&self) -> RwLockReadGuard<'_, Recent> {
        self.recent.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the last commits.
    pub(crate) fn tail(&self) -> RwLockReadGuard<'_, Tail> {
        self.tail.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the index.
    pub(crate) fn with_index<T>(
        &self,
        read: impl FnOnce(&Index) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        match &*index {
            Some(index) => read(index),
            None if !self.has_ended() => {
                Err(ReadError::Unavailable { reason: "index.redb cannot be read: restart".into() })
            }
            None => Err(ReadError::Unavailable { reason: "the store is closed".into() }),
        }
    }

    /// Returns the last revision of a stream; may read the disk.
    pub(crate) fn last_revision(&self, stream: &StreamId) -> Result<Option<Revision>, ReadError> {
        let recent = self.recent().last(stream);
        if recent.is_some() {
            return Ok(recent);
        }
        self.with_index(|index| index.last(stream.as_str()))
    }

    /// Returns how many recent places wait for the index.
    pub(crate) fn growing_events(&self) -> usize {
        self.recent().growing.events()
    }

    /// Freezes the recent places and returns them for flushing.
    pub(crate) fn freeze(&self) -> Arc<Table> {
        let successor = self.recent().growing.successor();
        let mut recent = write(&self.recent);
        let table = Arc::new(std::mem::replace(&mut recent.growing, successor));
        recent.frozen = Some(Arc::clone(&table));
        table
    }

    /// Puts frozen places into the index and then forgets them.
    pub(crate) fn flush(&self, table: &Table) {
        if table.events() > 0 {
            let flushed = self.with_index(|index| {
                index
                    .flush(table.entries(), table.last_position())
                    .map_err(|error| ReadError::Unavailable { reason: error.to_string() })
            });
            if let Err(error) = flushed {
                // The frozen places stay, so reads stay right.
                self.poison(&format!("the stream index could not be written: {error}"));
                self.put_index_under_glass();
                return;
            }
        }
        write(&self.recent).frozen = None;
    }

    fn put_index_under_glass(&self) {
        let mut index = write(&self.index);
        let under_glass = index.take().map(|index| index.put_under_glass(self.options.index_cache_bytes));
        *index = under_glass.and_then(|opened| {
            opened.inspect_err(|error| tracing::error!(%error, "the stream index cannot be read")).ok()
        });
    }

    /// Asks for the index to be flushed at the end, so that the next start replays nothing.
    pub(crate) fn flush_on_close(&self) {
        self.flush_on_close.store(true, Ordering::Release);
    }

    /// Says whether the index is flushed at the end.
    pub(crate) fn flushes_on_close(&self) -> bool {
        self.flush_on_close.load(Ordering::Acquire)
    }

    /// Closes the files, then lets others open the folder.
    pub(crate) fn close_files(&self) {
        self.segments.close();
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = None;
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Tells everybody that the log has ended.
    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
        self.watermark.send_modify(|_| {});
    }

    /// Says whether the log has ended.
    pub(crate) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) {
        // The sender is `self`, so the channel cannot close first.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
