//! A file that keeps the disk's work even, beneath a redb.
//!
//! Two things make a sync slow out of proportion. One is a file that grows: each
//! block that is written for the first time also changes what the file system
//! notes of the file. So the live segment is laid out ahead with zeros, a step at
//! a time, within the length that redb has given it; a commit then overwrites
//! blocks that are there. The other is a queue: a flush of the stream index
//! writes many megabytes at once, and a commit's sync waits behind all of them.
//! So the index is synced after every step of its writes.

use std::{
    fmt, io,
    ops::Bound,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use redb::{BackendError, StorageBackend};

/// The step in which a file is laid out or synced.
const STEP: usize = 1024 * 1024;

static ZEROS: [u8; STEP] = [0; STEP];

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As it comes.
    Free,
    /// Its blocks are laid out before they are needed.
    LaidOut,
    /// It is synced after every step.
    Synced,
}

/// A file that is written at a pace.
pub(crate) struct Steady {
    inner: Box<dyn StorageBackend>,
    pace: Pace,
    /// Up to here blocks are laid out; what lies beyond was never written.
    laid: Mutex<u64>,
    /// Bytes written since the last sync.
    unsynced: AtomicU64,
}

impl Steady {
    /// Puts a file at a pace. What it holds already is taken as laid out.
    pub(crate) fn new(inner: Box<dyn StorageBackend>, pace: Pace) -> io::Result<Self> {
        let laid = Mutex::new(inner.len()?);
        Ok(Self { inner, pace, laid, unsynced: AtomicU64::new(0) })
    }

    /// Makes sure that the blocks below `end` are laid out. Others that write wait
    /// meanwhile, so zeros never come over what they have written.
    fn lay_out(&self, offset: u64, end: u64) -> io::Result<()> {
        let mut laid = self.laid.lock().unwrap_or_else(PoisonError::into_inner);
        if end <= *laid {
            return Ok(());
        }
        // A write far beyond leaves a hole, which is no harm.
        let from = if offset - offset.min(*laid) > STEP as u64 { offset } else { *laid };
        let until = end.max(from + STEP as u64).min(self.inner.len()?);
        let mut at = from;
        while at < until {
            let part = usize::try_from(until - at).unwrap_or(STEP).min(STEP);
            self.inner.write(at, &ZEROS[..part])?;
            at += part as u64;
        }
        *laid = until.max(end);
        Ok(())
    }
}

impl fmt::Debug for Steady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steady").field("inner", &self.inner).field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl StorageBackend for Steady {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut laid = self.laid.lock().unwrap_or_else(PoisonError::into_inner);
        *laid = len.min(*laid);
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.unsynced.store(0, Ordering::Relaxed);
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let bytes = data.len() as u64;
        if self.pace == Pace::LaidOut {
            self.lay_out(offset, offset + bytes)?;
        }
        self.inner.write(offset, data)?;
        if self.pace == Pace::Synced
            && self.unsynced.fetch_add(bytes, Ordering::Relaxed) + bytes >= STEP as u64
        {
            self.sync_data()?;
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    /// A file on which every block that was written is remembered.
    #[derive(Debug, Default)]
    struct Told {
        memory: InMemoryBackend,
        writes: Mutex<Vec<(u64, usize)>>,
        syncs: AtomicU64,
    }

    #[derive(Debug)]
    struct Shared(std::sync::Arc<Told>);

    impl StorageBackend for Shared {
        fn len(&self) -> io::Result<u64> {
            self.0.memory.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.memory.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.0.memory.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            self.0.syncs.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.0.writes.lock().unwrap().push((offset, data.len()));
            self.0.memory.write(offset, data)
        }
    }

    fn steady(pace: Pace) -> (Steady, std::sync::Arc<Told>) {
        let told = std::sync::Arc::<Told>::default();
        (Steady::new(Box::new(Shared(std::sync::Arc::clone(&told))), pace).unwrap(), told)
    }

    #[test]
    fn blocks_are_laid_out_a_step_ahead_and_never_over_what_was_written() {
        let (file, told) = steady(Pace::LaidOut);
        let len = 5 * STEP as u64 / 2;
        file.set_len(len).unwrap();
        let pages: Vec<u64> = (0..len / 4096).collect();
        for page in &pages {
            file.write(page * 4096, &[u8::try_from(page % 250 + 1).unwrap(); 4096]).unwrap();
        }
        let laid: Vec<_> =
            told.writes.lock().unwrap().iter().copied().filter(|(_, len)| *len > 4096).collect();
        let step = STEP as u64;
        assert_eq!(laid, [(0, STEP), (step, STEP), (2 * step, STEP / 2)]);
        let mut page = [0; 4096];
        for at in pages {
            file.read(at * 4096, &mut page).unwrap();
            assert_eq!(page, [u8::try_from(at % 250 + 1).unwrap(); 4096], "page {at}");
        }
    }

    #[test]
    fn a_file_that_shrank_is_laid_out_again_and_one_that_was_there_is_left_alone() {
        let (file, told) = steady(Pace::LaidOut);
        file.set_len(8192).unwrap();
        file.write(0, &[1; 4096]).unwrap();
        file.write(4096, &[2; 4096]).unwrap();
        file.set_len(4096).unwrap();
        file.set_len(8192).unwrap();
        let again = Steady::new(Box::new(Shared(std::sync::Arc::clone(&told))), Pace::LaidOut).unwrap();
        told.writes.lock().unwrap().clear();
        again.write(0, &[3; 4096]).unwrap();
        assert_eq!(*told.writes.lock().unwrap(), [(0, 4096)]);
        file.write(4096, &[4; 4096]).unwrap();
        assert_eq!(*told.writes.lock().unwrap(), [(0, 4096), (4096, 4096), (4096, 4096)]);
    }

    #[test]
    fn a_long_flush_is_synced_step_by_step() {
        let (file, told) = steady(Pace::Synced);
        file.set_len(4 * STEP as u64).unwrap();
        for page in 0..4 * STEP as u64 / 4096 {
            file.write(page * 4096, &[7; 4096]).unwrap();
        }
        assert_eq!(told.syncs.load(Ordering::Relaxed), 4);
        assert!(told.writes.lock().unwrap().iter().all(|(_, len)| *len == 4096), "it is not laid out");
    }
}
