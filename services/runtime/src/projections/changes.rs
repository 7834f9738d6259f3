//! Which streams changed, told to who watches them.
//!
//! What is told the read models have taken in already, so a read that follows
//! sees it. A [`Watcher`] gives what it watches a place from 0 to 63; what
//! changes waits for it as one bit a place, so a watcher that does not come is
//! owed no more than that, and who tells never waits.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use airside_kernel::{Page, Position, RecordedEvent, StreamId};
use tokio::sync::{Notify, watch};

use super::Progress;

/// How many places a watcher has.
pub const MAX_WATCHED: usize = 64;

/// Tells who watches a stream that it changed.
#[derive(Debug, Clone)]
pub struct Changes {
    progress: watch::Receiver<Progress>,
    watched: Arc<Mutex<Watched>>,
}

/// Who watches each stream.
type Watched = HashMap<StreamId, Vec<Watch>>;

/// A watcher of a stream, and the places at which it watches it.
#[derive(Debug)]
struct Watch {
    marks: Arc<Marks>,
    places: u64,
}

/// What changed and was not yet taken.
#[derive(Debug, Default)]
struct Marks {
    places: AtomicU64,
    marked: Notify,
}

impl Changes {
    pub(super) fn new(progress: watch::Receiver<Progress>) -> Self {
        Self { progress, watched: Arc::default() }
    }

    /// Returns the last position that the read models have taken in.
    pub fn position(&self) -> Option<Position> {
        self.progress.borrow().position
    }

    /// Waits until the read models have taken in a position.
    pub async fn reached(&self, position: Position) {
        let mut progress = self.progress.clone();
        if progress.wait_for(|progress| progress.position >= Some(position)).await.is_err() {
            // Nobody is left to go on.
            std::future::pending::<()>().await;
        }
    }

    /// Returns a watcher that watches nothing yet.
    pub fn watcher(&self) -> Watcher {
        Watcher { changes: self.clone(), marks: Arc::default(), streams: HashMap::new() }
    }

    /// Tells what a page changed.
    pub(super) fn tell(&self, page: &Page) {
        let watched = self.lock();
        if watched.is_empty() {
            return;
        }
        for stream in page.events.iter().map(RecordedEvent::stream) {
            watched.get(stream).into_iter().flatten().for_each(Watch::mark);
        }
    }

    /// Tells every watcher that anything may have changed.
    pub(super) fn tell_all(&self) {
        self.lock().values().flatten().for_each(Watch::mark);
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    fn mark(&self) {
        if self.marks.places.fetch_or(self.places, Ordering::AcqRel) | self.places != 0 {
            self.marks.marked.notify_one();
        }
    }
}

/// Watches streams; gives them up when dropped.
#[derive(Debug)]
pub struct Watcher {
    changes: Changes,
    marks: Arc<Marks>,
    streams: HashMap<usize, BTreeSet<StreamId>>,
}

impl Watcher {
    /// Watches these streams at a place, in place of those that it watched there
    /// before; returns true when there are any that it did not watch there before.
    ///
    /// # Panics
    /// When the place is not below [`MAX_WATCHED`].
    pub fn watch(&mut self, place: usize, streams: BTreeSet<StreamId>) -> bool {
        assert!(place < MAX_WATCHED, "a watcher has {MAX_WATCHED} places");
        let before = self.streams.remove(&place).unwrap_or_default();
        let mut watched = self.changes.lock();
        for stream in streams.difference(&before) {
            let watchers = watched.entry(stream.clone()).or_default();
            match watchers.iter_mut().find(|watch| Arc::ptr_eq(&watch.marks, &self.marks)) {
                Some(watch) => watch.places |= 1 << place,
                None => watchers.push(Watch { marks: self.marks.clone(), places: 1 << place }),
            }
        }
        for stream in before.difference(&streams) {
            let Some(watchers) = watched.get_mut(stream) else { continue };
            if let Some(at) = watchers.iter().position(|watch| Arc::ptr_eq(&watch.marks, &self.marks)) {
                watchers[at].places &= !(1 << place);
                if watchers[at].places == 0 {
                    watchers.swap_remove(at);
                }
            }
            if watchers.is_empty() {
                watched.remove(stream);
            }
        }
        drop(watched);
        let is_more = !streams.is_subset(&before);
        if !streams.is_empty() {
            self.streams.insert(place, streams);
        }
        is_more
    }

    /// Waits until something changed and takes the places where, as bits. Safe to cancel.
    pub async fn changed(&self) -> u64 {
        loop {
            match self.marks.places.swap(0, Ordering::AcqRel) {
                0 => self.marks.marked.notified().await,
                places => return places,
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let places: Vec<usize> = self.streams.keys().copied().collect();
        for place in places {
            self.watch(place, BTreeSet::new());
        }
    }
}
