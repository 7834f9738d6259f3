//! The files of the log: `log/<first position>.redb`, one after another.
//!
//! Only the last one is written; redb allows one write transaction at a time
//! and walks a file after a crash, so files are kept short: a full one is
//! closed cleanly and opened for reading only. Reads of the live file run in
//! redb's own snapshots beside the writer. At most [`OPEN_SEGMENTS`] full files
//! are open at once.

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard},
};

use airside_kernel::{LogId, ReadError};
use bytes::Bytes;
use redb::{Database, DatabaseError, ReadOnlyDatabase, ReadOnlyTable, ReadableDatabase, TableDefinition};

use super::{
    OpenError,
    disk::{Disk, contained, is_damage},
    glass::open_under_glass,
    meta::write_new,
};
use crate::blob::{Blob, Damage, Hash};

mod stored;

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
    live: Option<Database>,
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
        let live = disk.open(&path, cache_bytes);
        let live = live.map_err(|error| OpenError::file(&path, error.into()))?;
        let state = RwLock::new(State { firsts, live: Some(live) });
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

    /// Writes one commit, durably. After an error nothing may be written any more.
    pub(crate) fn commit(&self, blob: &Blob) -> Result<(), redb::Error> {
        let state = self.state();
        let Some(live) = &state.live else { return Err(redb::Error::DatabaseClosed) };
        contained(|| {
            let txn = live.begin_write()?;
            txn.open_table(COMMITS)?.insert(blob.first(), blob.bytes().as_ref())?;
            txn.commit()?;
            Ok(())
        })
    }

    /// Closes the live segment and goes on in a new one that begins at `first`.
    pub(crate) fn rotate(&self, first: u64, previous: &Hash) -> Result<(), redb::Error> {
        let path = segment_path(&self.folder, first);
        create(&self.disk, &path, first, previous)?;
        let next = self.disk.open(&path, self.cache_bytes)?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.firsts.push(first);
        // Dropped under the lock, so that nobody opens it for reading before it is closed.
        state.live = Some(next);
        Ok(())
    }

    /// Lets reads of the live segment go on after a failed write, without writing.
    pub(crate) fn put_under_glass(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = state.firsts.last().copied() else { return };
        let path = segment_path(&self.folder, first);
        // Closed first: its file is locked.
        state.live = None;
        state.live = open_under_glass(&path, self.cache_bytes)
            .inspect_err(
                |error| tracing::error!(path = %path.display(), %error, "the live segment cannot be read"),
            )
            .ok();
    }

    /// Closes all files.
    pub(crate) fn close(&self) {
        self.state.write().unwrap_or_else(PoisonError::into_inner).live = None;
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
        let state = self.state();
        // Held for as long as the table is read, since others may crowd it out.
        let full;
        let table = if state.firsts.last() == Some(&first) {
            let Some(live) = &state.live else {
                return Err(ReadError::Unavailable { reason: "the store is closed".into() });
            };
            open_commits(live)
        } else {
            drop(state);
            full = self.full_segment(first)?;
            open_commits(&*full)
        };
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
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_commits(
    db: &impl ReadableDatabase,
) -> Result<Option<ReadOnlyTable<u64, &'static [u8]>>, redb::Error> {
    match db.begin_read()?.open_table(COMMITS) {
        Ok(table) => Ok(Some(table)),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes a segment that holds no commit yet.
pub(crate) fn create(disk: &Disk, path: &Path, first: u64, previous: &Hash) -> Result<(), redb::Error> {
    write_new(disk, path, |txn| {
        txn.open_table(COMMITS)?;
        let mut about = txn.open_table(ABOUT)?;
        about.insert(FIRST_KEY, first.to_le_bytes().as_slice())?;
        about.insert(PREVIOUS_KEY, previous.as_slice())?;
        Ok(())
    })
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
