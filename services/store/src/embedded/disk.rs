//! The files under the store's redbs: as they are, or failing where a test says so.
//!
//! All that the store does to a file goes through [`Disk`], so that a test can
//! make each of these steps fail. Here is also the border of redb: on damaged
//! files it may panic where it should answer, and [`contained`] makes an error
//! of that, so that a damaged file never takes the process down.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io,
    ops::{Bound, Range},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use redb::{
    BackendError, Builder, Database, DatabaseError, ReadOnlyDatabase, StorageBackend, StorageError,
    backends::FileBackend,
};

use super::{
    sealed::Sealed,
    steady::{Pace, Steady},
};

/// What is about to be done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// It is opened, and made if it is absent.
    Open,
    /// A range of its bytes is written.
    Write,
    /// Its length is set.
    SetLen,
    /// It, or a folder, is made durable.
    Sync,
    /// It is renamed over another one.
    Rename,
    /// It is removed.
    Remove,
    /// It is closed; this cannot fail.
    Close,
}

/// How an operation fails.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How many of the bytes are written all the same.
    pub(crate) written: usize,
    /// What the operating system says.
    pub(crate) error: io::Error,
}

/// Decides which operations on a file succeed; tests inject failures by it.
pub(crate) trait Faults: fmt::Debug + Send + Sync + 'static {
    /// Is asked before each operation, with the bytes that it concerns.
    fn before(&self, path: &Path, operation: Operation, bytes: Range<u64>) -> Result<(), Failure>;
}

/// How the files of a log are worked on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    /// Injected failures; `None` outside tests.
    pub(crate) faults: Option<Arc<dyn Faults>>,
}

impl Disk {
    /// Opens a redb for reading and writing, or makes it where the file is empty or absent.
    pub(crate) fn open(&self, path: &Path, cache_bytes: usize) -> Result<Database, DatabaseError> {
        self.open_at(Pace::Free, path, cache_bytes)
    }

    /// Opens a redb as [`Disk::open`] does, to be written at a pace.
    pub(crate) fn open_at(
        &self,
        pace: Pace,
        path: &Path,
        cache_bytes: usize,
    ) -> Result<Database, DatabaseError> {
        let file = Steady::new(self.file(path)?, pace)?;
        contained(|| Builder::new().set_cache_size(cache_bytes).create_with_backend(file))
    }

    /// Opens a redb as [`Disk::open_at`] does, whose pages are [`Sealed`].
    pub(crate) fn open_sealed(
        &self,
        pace: Pace,
        path: &Path,
        cache_bytes: usize,
    ) -> Result<Database, DatabaseError> {
        let file = Sealed::new(Steady::new(self.file(path)?, pace)?);
        contained(|| Builder::new().set_cache_size(cache_bytes).create_with_backend(file))
    }

    fn file(&self, path: &Path) -> Result<Box<dyn StorageBackend>, DatabaseError> {
        self.ask(path, Operation::Open)?;
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let inner = FileBackend::new(file)?;
        Ok(match &self.faults {
            None => Box::new(inner),
            Some(faults) => Box::new(Faulty { path: path.into(), inner, faults: Arc::clone(faults) }),
        })
    }

    /// Opens a redb that is only read.
    pub(crate) fn open_read_only(
        &self,
        path: &Path,
        cache_bytes: usize,
    ) -> Result<ReadOnlyDatabase, DatabaseError> {
        self.ask(path, Operation::Open)?;
        contained(|| Builder::new().set_cache_size(cache_bytes).open_read_only(path))
    }

    /// Makes a closed file durable.
    pub(crate) fn sync(&self, path: &Path) -> io::Result<()> {
        self.ask(path, Operation::Sync)?;
        File::open(path)?.sync_all()
    }

    /// Makes the names in a file's folder durable.
    pub(crate) fn sync_folder_of(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(folder) if cfg!(unix) => self.sync(folder),
            _ => Ok(()),
        }
    }

    /// Gives a file another name, over whatever had it.
    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.ask(to, Operation::Rename)?;
        fs::rename(from, to)
    }

    /// Removes a file; one that is absent is removed already.
    pub(crate) fn remove(&self, path: &Path) -> io::Result<()> {
        self.ask(path, Operation::Remove)?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn ask(&self, path: &Path, operation: Operation) -> io::Result<()> {
        let Some(faults) = &self.faults else { return Ok(()) };
        faults.before(path, operation, 0..0).map_err(|failure| failure.error)
    }
}

/// Says whether an error means that stored bytes are damaged, not that the disk refuses.
pub(crate) fn is_damage(error: &redb::Error) -> bool {
    use redb::Error::{DatabaseAlreadyOpen, DatabaseClosed, Io, PreviousIo, Unsupported};
    match error {
        Io(error) => matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof),
        PreviousIo | DatabaseAlreadyOpen | DatabaseClosed | Unsupported => false,
        _ => true,
    }
}

/// Does something with a redb and makes an error of a panic.
pub(crate) fn contained<T, E: From<StorageError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // What redb leaves behind when it unwinds is its own and refuses further work by itself.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(StorageError::Corrupted(format!("the database gave up: {said}")).into())
    })
}

/// A file whose operations may fail.
#[derive(Debug)]
struct Faulty {
    path: Box<Path>,
    inner: FileBackend,
    faults: Arc<dyn Faults>,
}

impl StorageBackend for Faulty {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let asked = self.faults.before(&self.path, Operation::SetLen, 0..len);
        asked.map_err(|failure| failure.error)?;
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        let asked = self.faults.before(&self.path, Operation::Sync, 0..0);
        asked.map_err(|failure| failure.error)?;
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let range = offset..offset + data.len() as u64;
        match self.faults.before(&self.path, Operation::Write, range) {
            Ok(()) => self.inner.write(offset, data),
            Err(Failure { written, error }) => {
                self.inner.write(offset, &data[..written.min(data.len())])?;
                Err(error)
            }
        }
    }

    fn close(&self) -> io::Result<()> {
        let _ = self.faults.before(&self.path, Operation::Close, 0..0);
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
