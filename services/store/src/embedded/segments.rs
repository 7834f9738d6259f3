//! The files of the log: `log/<first position>.redb`, one after another.
//!
//! Only the last one is written; redb allows one write transaction at a time
//! and walks a file after a crash, so files are kept short: a full one is left,
//! closed cleanly in the background, and opened for reading only. Reads of the
//! live file run in redb's own snapshots beside the writer. At most
//! [`OPEN_SEGMENTS`] full files are open at once.

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use airside_kernel::{LogId, ReadError};
use bytes::Bytes;
use redb::{Database, DatabaseError, ReadOnlyDatabase, ReadOnlyTable, TableDefinition, WriteTransaction};

use super::{
    OpenError,
    disk::{Disk, contained, is_damage},
    glass::open_under_glass,
    meta::write_new,
    steady::Pace,
};
use crate::blob::{Blob, Damage, Hash};

mod stored;

use stored::Snapshots;
pub(crate) use stored::{About, about, ends, put, stored};

/// Position of the first event of a commit to the commit's bytes.
const COMMITS: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("log");
/// What a segment says of itself.
const ABOUT: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("segment");
const FIRST_KEY: &str = "first_position";
const PREVIOUS_KEY: &str = "previous_hash";

/// How many full segments are kept open for reading.
const OPEN_SEGMENTS: usize = 8;

/// The segments of one log.
pub(crate) struct Segments {
    folder: PathBuf,
    log: LogId,
    disk: Disk,
    cache_bytes: usize,
    state: RwLock<State>,
    /// Full segments that are open, the most recently used last.
    full: Mutex<Vec<(u64, Arc<ReadOnlyDatabase>)>>,
    /// The commit that the last reader stopped at; the next page often begins in it.
    last_shown: Mutex<Option<Blob>>,
}

struct State {
    /// First position of every segment, rising; the last one is live.
    firsts: Vec<u64>,
    /// The live segment; `None` once closed.
    live: Option<Arc<Writable>>,
    /// Full segments that are still to be closed.
    left: Vec<(u64, Arc<Writable>)>,
}

/// A segment that is open for writing. Readers share the lock for as long as
/// they read; who closes it waits for them, and nobody else does.
type Writable = RwLock<Option<Database>>;

/// A segment that was made ahead and has no name yet.
pub(crate) struct Next {
    path: PathBuf,
    db: Database,
}

impl Segments {
    /// Opens the segments in a folder; the first one is made when there is none.
    pub(crate) fn open(
        folder: PathBuf,
        log: LogId,
        disk: Disk,
        cache_bytes: usize,
    ) -> Result<Self, OpenError> {
        let mut firsts = list(&folder)?;
        if firsts.is_empty() {
            let path = segment_path(&folder, 1);
            create(&disk, &path, 1, &crate::blob::NO_HASH).map_err(|error| OpenError::file(&path, error))?;
            firsts.push(1);
        }
        let first = *firsts.last().expect("one was just made when there was none");
        let path = segment_path(&folder, first);
        let live = disk.open_at(Pace::LaidOut, &path, cache_bytes);
        let live = live.map_err(|error| OpenError::file(&path, error.into()))?;
        let state = State { firsts, live: Some(Arc::new(RwLock::new(Some(live)))), left: Vec::new() };
        let state = RwLock::new(state);
        Ok(Self {
            folder,
            log,
            disk,
            cache_bytes,
            state,
            full: Mutex::default(),
            last_shown: Mutex::default(),
        })
    }

    /// Writes commits, durably and all or none. After an error nothing may be written any more.
    pub(crate) fn commit(&self, blobs: &[Blob]) -> Result<(), redb::Error> {
        let Some(live) = self.state().live.clone() else { return Err(redb::Error::DatabaseClosed) };
        let live = shared(&live);
        let Some(live) = &*live else { return Err(redb::Error::DatabaseClosed) };
        contained(|| {
            let txn = live.begin_write()?;
            let mut commits = txn.open_table(COMMITS)?;
            for blob in blobs {
                commits.insert(blob.first(), blob.bytes().as_ref())?;
            }
            drop(commits);
            txn.commit()?;
            Ok(())
        })
    }

    /// Makes the segment after the live one, but for its name and what it says of itself.
    pub(crate) fn make_next(&self) -> Result<Next, redb::Error> {
        let live = self.state().firsts.last().copied().unwrap_or(1);
        // A crash may have left one; nothing else has this name.
        let path = self.folder.join(format!("{live:020}-next.new"));
        self.disk.remove(&path)?;
        let db = self.disk.open_at(Pace::LaidOut, &path, self.cache_bytes)?;
        contained(|| -> Result<(), redb::Error> {
            let txn = db.begin_write()?;
            txn.open_table(COMMITS)?;
            txn.open_table(ABOUT)?;
            Ok(txn.commit()?)
        })?;
        Ok(Next { path, db })
    }

    /// Leaves the live segment and goes on in the next one, which begins at `first`.
    /// What was left stays open until [`Segments::leave_all`].
    pub(crate) fn rotate(&self, next: Next, first: u64, previous: &Hash) -> Result<(), redb::Error> {
        contained(|| -> Result<(), redb::Error> {
            let txn = next.db.begin_write()?;
            introduce(&txn, first, previous)?;
            Ok(txn.commit()?)
        })?;
        let path = segment_path(&self.folder, first);
        self.disk.rename(&next.path, &path)?;
        self.disk.sync_folder_of(&path)?;
        let next = Arc::new(RwLock::new(Some(next.db)));
        let mut state = exclusive(&self.state);
        let left = state.live.replace(next);
        let left = state.firsts.last().copied().zip(left);
        state.left.extend(left);
        state.firsts.push(first);
        Ok(())
    }

    /// Throws away a segment that was made ahead and is not needed any more.
    pub(crate) fn discard(&self, next: Next) {
        drop(next.db);
        if let Err(error) = self.disk.remove(&next.path) {
            // The next start makes it anew under the same name.
            tracing::warn!(path = %next.path.display(), %error, "an unused segment stays");
        }
    }

    /// Closes the full segments that are still open for writing, once nobody reads them so.
    pub(crate) fn leave_all(&self) {
        let left: Vec<_> = self.state().left.iter().map(|(_, left)| Arc::clone(left)).collect();
        for left in left {
            // Closed under its own lock, so that nobody opens it for reading before.
            *exclusive(&left) = None;
            exclusive(&self.state).left.retain(|(_, other)| !Arc::ptr_eq(other, &left));
        }
    }

    /// Lets reads of the live segment go on after a failed write, without writing.
    pub(crate) fn put_under_glass(&self) {
        let (first, live) = {
            let state = self.state();
            (state.firsts.last().copied(), state.live.clone())
        };
        let (Some(first), Some(live)) = (first, live) else { return };
        let path = segment_path(&self.folder, first);
        let mut live = exclusive(&live);
        // Closed first: its file is locked.
        *live = None;
        *live = open_under_glass(&path, self.cache_bytes)
            .inspect_err(
                |error| tracing::error!(path = %path.display(), %error, "the live segment cannot be read"),
            )
            .ok();
    }

    /// Closes all files.
    pub(crate) fn close(&self) {
        let live = exclusive(&self.state).live.take();
        if let Some(live) = live {
            *exclusive(&live) = None;
        }
        self.leave_all();
        self.full.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.last_shown() = None;
    }

    /// Returns how many segments there are.
    pub(crate) fn count(&self) -> usize {
        self.state().firsts.len()
    }

    /// Returns how full the live segment is: its file's length, which is at least
    /// what its commits take, or 0 when it holds none.
    pub(crate) fn live_bytes(&self, head: u64) -> u64 {
        let first = self.state().firsts.last().copied().unwrap_or(1);
        if first > head {
            return 0;
        }
        fs::metadata(segment_path(&self.folder, first)).map_or(0, |metadata| metadata.len())
    }

    /// Returns the last commit of the log.
    pub(crate) fn last(&self) -> Result<Option<Blob>, ReadError> {
        let mut last = None;
        let firsts = self.state().firsts.clone();
        // The live segment may have been made just before a crash and be empty.
        for first in firsts.iter().rev() {
            self.visit_segment(*first, u64::MAX, &mut |blob| {
                last = Some(blob);
                ControlFlow::Continue(())
            })?;
            if last.is_some() {
                break;
            }
        }
        Ok(last)
    }

    /// Shows commits in order, from the one that holds `position`, until told to stop.
    pub(crate) fn visit(
        &self,
        position: u64,
        visit: &mut dyn FnMut(Blob) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let mut from = position;
        let held = self.last_shown().take();
        if let Some(blob) = held.filter(|blob| blob.first() <= position && position <= blob.last()) {
            from = blob.last() + 1;
            if visit(blob.clone()).is_break() {
                *self.last_shown() = Some(blob);
                return Ok(());
            }
        }
        loop {
            let first = {
                let state = self.state();
                let at = state.firsts.partition_point(|first| *first <= from);
                match at.checked_sub(1) {
                    Some(at) => state.firsts[at],
                    None => return Err(corrupt(from, "no segment holds this position".into())),
                }
            };
            let mut stopped_at = None;
            let reached = self.visit_segment(first, from, &mut |blob| {
                let flow = visit(blob.clone());
                stopped_at = flow.is_break().then_some(blob);
                flow
            })?;
            if stopped_at.is_some() {
                *self.last_shown() = stopped_at;
                return Ok(());
            }
            if !self.state().firsts.contains(&reached) || reached <= first {
                return Ok(());
            }
            from = reached;
        }
    }

    /// Shows the commits of one segment and returns the position after the last
    /// one shown. `u64::MAX` shows the last commit alone.
    fn visit_segment(
        &self,
        first: u64,
        position: u64,
        visit: &mut dyn FnMut(Blob) -> ControlFlow<()>,
    ) -> Result<u64, ReadError> {
        let walked = contained(|| Ok::<_, redb::Error>(self.walk_segment(first, position, visit)));
        walked.unwrap_or_else(|error| Err(unreadable(&segment_path(&self.folder, first), &error)))
    }

    fn walk_segment(
        &self,
        first: u64,
        position: u64,
        visit: &mut dyn FnMut(Blob) -> ControlFlow<()>,
    ) -> Result<u64, ReadError> {
        self.with_segment(first, |db| self.walk(db, (first, position), visit))?
    }

    fn walk(
        &self,
        db: &dyn Snapshots,
        (first, position): (u64, u64),
        visit: &mut dyn FnMut(Blob) -> ControlFlow<()>,
    ) -> Result<u64, ReadError> {
        let table = open_commits(db);
        let unreadable = |error: redb::Error| unreadable(&segment_path(&self.folder, first), &error);
        let Some(table) = table.map_err(unreadable)? else { return Ok(first) };
        let start = table.range(..=position).map_err(|error| unreadable(error.into()))?.next_back();
        let start = start.transpose().map_err(|error| unreadable(error.into()))?;
        let Some((start, _)) = start else { return Ok(first) };
        let mut next = start.value();
        for entry in table.range(next..).map_err(|error| unreadable(error.into()))? {
            let (key, value) = entry.map_err(|error| unreadable(error.into()))?;
            let blob = Blob::open(Bytes::copy_from_slice(value.value()), self.log);
            let blob = blob.map_err(|Damage(reason)| corrupt(next, reason))?;
            if key.value() != next || blob.first() != next {
                return Err(corrupt(next, format!("found the commit that begins at {}", blob.first())));
            }
            next = blob.last() + 1;
            let wanted = next > position || position == u64::MAX;
            if wanted && visit(blob).is_break() {
                break;
            }
        }
        Ok(next)
    }

    /// Reads an open segment; it stays open meanwhile.
    fn with_segment<T>(&self, first: u64, read: impl FnOnce(&dyn Snapshots) -> T) -> Result<T, ReadError> {
        let (is_live, open) = {
            let state = self.state();
            let is_live = state.firsts.last() == Some(&first);
            let left = state.left.iter().find(|(left, _)| *left == first).map(|(_, left)| left);
            (is_live, if is_live { state.live.clone() } else { left.cloned() })
        };
        if let Some(open) = open
            && let Some(db) = &*shared(&open)
        {
            return Ok(read(db));
        }
        if is_live && self.state().firsts.last() == Some(&first) {
            return Err(ReadError::Unavailable { reason: "the store is closed".into() });
        }
        let full = self.full_segment(first)?;
        Ok(read(&*full))
    }

    fn full_segment(&self, first: u64) -> Result<Arc<ReadOnlyDatabase>, ReadError> {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = full.iter().position(|(known, _)| *known == first) {
            let entry = full.remove(at);
            let db = Arc::clone(&entry.1);
            full.push(entry);
            return Ok(db);
        }
        let path = segment_path(&self.folder, first);
        let db = Arc::new(self.open_full(&path).map_err(|error| unreadable(&path, &error.into()))?);
        if full.len() >= OPEN_SEGMENTS {
            full.remove(0);
        }
        full.push((first, Arc::clone(&db)));
        Ok(db)
    }

    fn open_full(&self, path: &Path) -> Result<ReadOnlyDatabase, DatabaseError> {
        let cache_bytes = self.cache_bytes / OPEN_SEGMENTS;
        match self.disk.open_read_only(path, cache_bytes) {
            // A crash came between filling it and closing it: repair it once.
            Err(DatabaseError::RepairAborted) => {
                drop(self.disk.open(path, cache_bytes)?);
                self.disk.open_read_only(path, cache_bytes)
            }
            opened => opened,
        }
    }

    fn last_shown(&self) -> MutexGuard<'_, Option<Blob>> {
        self.last_shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        shared(&self.state)
    }
}

fn shared<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn exclusive<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

fn open_commits(db: &dyn Snapshots) -> Result<Option<ReadOnlyTable<u64, &'static [u8]>>, redb::Error> {
    match db.snapshot()?.open_table(COMMITS) {
        Ok(table) => Ok(Some(table)),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes a segment that holds no commit yet.
pub(crate) fn create(disk: &Disk, path: &Path, first: u64, previous: &Hash) -> Result<(), redb::Error> {
    write_new(disk, path, |txn| {
        txn.open_table(COMMITS)?;
        introduce(txn, first, previous)
    })
}

/// Writes what a segment says of itself.
fn introduce(txn: &WriteTransaction, first: u64, previous: &Hash) -> Result<(), redb::Error> {
    let mut about = txn.open_table(ABOUT)?;
    about.insert(FIRST_KEY, first.to_le_bytes().as_slice())?;
    about.insert(PREVIOUS_KEY, previous.as_slice())?;
    Ok(())
}

/// Returns the path of the segment that begins at a position.
pub(crate) fn segment_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.redb"))
}

fn list(folder: &Path) -> Result<Vec<u64>, OpenError> {
    let io = |source| OpenError::Io { path: folder.to_owned(), source };
    let mut firsts = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let is_segment = path.extension().is_some_and(|extension| extension == "redb");
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        match name.parse::<u64>() {
            Ok(first) if is_segment && name.len() == 20 => firsts.push(first),
            _ if is_segment && name != "meta" => return Err(OpenError::Foreign { path }),
            _ => {}
        }
    }
    firsts.sort_unstable();
    match firsts.first() {
        Some(first) if *first != 1 => Err(OpenError::Damaged {
            path: folder.to_owned(),
            reason: format!("the segments begin at position {first}, not 1: a file is missing"),
        }),
        _ => Ok(firsts),
    }
}

/// Makes the error of damaged bytes at a position.
pub(crate) fn corrupt(position: u64, reason: String) -> ReadError {
    ReadError::Corrupt { at: format!("position {position}"), reason }
}

/// Makes the error of a file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &redb::Error) -> ReadError {
    if is_damage(error) {
        return ReadError::Corrupt { at: path.display().to_string(), reason: error.to_string() };
    }
    ReadError::Unavailable { reason: format!("{}: {error}", path.display()) }
}
