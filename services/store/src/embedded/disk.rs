//! The file under a redb: as it is, failing where a test says so, or beneath a
//! sheet of glass.
//!
//! After a failed write redb refuses reads of that file too, and opening it
//! again repairs it, which writes. [`Disk::open_under_glass`] lets that happen in
//! memory, so that reads go on while the disk is full or broken and the file
//! stays as the failure left it.

use std::{
    collections::HashMap,
    fmt,
    fs::{File, OpenOptions},
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use redb::{Builder, Database, DatabaseError, StorageBackend, backends::FileBackend};

/// Decides which operations on a file succeed; tests inject failures by it.
pub(crate) trait Faults: fmt::Debug + Send + Sync + 'static {
    /// Returns how many of `bytes` may be written before the write fails.
    fn write(&self, bytes: usize) -> usize;
    /// Says whether a sync succeeds.
    fn sync(&self) -> bool;
}

/// How the files of a log are opened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    /// Injected failures; `None` outside tests.
    pub(crate) faults: Option<Arc<dyn Faults>>,
}

impl Disk {
    /// Opens a redb for reading and writing, or makes it where the file is empty or absent.
    pub(crate) fn open(&self, path: &Path, cache_bytes: usize) -> Result<Database, DatabaseError> {
        let mut builder = Builder::new();
        builder.set_cache_size(cache_bytes);
        let Some(faults) = &self.faults else { return builder.create(path) };
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let inner = FileBackend::new(file)?;
        builder.create_with_backend(Faulty { inner, faults: Arc::clone(faults) })
    }

    /// Opens a redb whose file is never written: what would be is kept in memory.
    pub(crate) fn open_under_glass(path: &Path, cache_bytes: usize) -> Result<Database, DatabaseError> {
        let file = FileBackend::new(File::open(path)?)?;
        let len = file.len()?;
        let sheet = Mutex::new(Sheet { len, file_len: len, pages: HashMap::new() });
        Builder::new().set_cache_size(cache_bytes).create_with_backend(Glass { file, sheet })
    }
}

/// A file whose writes and syncs may fail.
#[derive(Debug)]
struct Faulty {
    inner: FileBackend,
    faults: Arc<dyn Faults>,
}

fn injected() -> io::Error {
    io::Error::other("injected failure")
}

impl StorageBackend for Faulty {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if self.faults.write(1) == 0 {
            return Err(injected());
        }
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        if !self.faults.sync() {
            return Err(injected());
        }
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let allowed = self.faults.write(data.len());
        self.inner.write(offset, &data[..allowed])?;
        if allowed < data.len() { Err(injected()) } else { Ok(()) }
    }
}

/// The unit in which writes over a file are kept.
const PAGE: usize = 4096;

/// A file that is only read, under writes that stay in memory.
#[derive(Debug)]
struct Glass {
    file: FileBackend,
    sheet: Mutex<Sheet>,
}

#[derive(Debug)]
struct Sheet {
    len: u64,
    /// How much of the file still shows; shrinking hides its end for ever.
    file_len: u64,
    pages: HashMap<u64, Vec<u8>>,
}

impl Glass {
    fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.sheet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, sheet: &Sheet, number: u64) -> io::Result<Vec<u8>> {
        if let Some(page) = sheet.pages.get(&number) {
            return Ok(page.clone());
        }
        let mut page = vec![0; PAGE];
        let start = number * PAGE as u64;
        let shown = usize::try_from(sheet.file_len.saturating_sub(start)).unwrap_or(PAGE).min(PAGE);
        self.file.read(start, &mut page[..shown])?;
        Ok(page)
    }
}

/// Cuts a range of bytes at the borders of pages: page, offset in it, range in the bytes.
fn cut(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let within = usize::try_from(at % PAGE as u64).expect("a remainder fits");
        let part = (PAGE - within).min(len - done);
        let range = done..done + part;
        done += part;
        (part > 0).then_some((at / PAGE as u64, within, range))
    })
}

impl StorageBackend for Glass {
    fn len(&self) -> io::Result<u64> {
        Ok(self.sheet().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let sheet = self.sheet();
        if offset.saturating_add(out.len() as u64) > sheet.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (number, within, range) in cut(offset, out.len()) {
            let page = self.page(&sheet, number)?;
            let part = range.len();
            out[range].copy_from_slice(&page[within..within + part]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut sheet = self.sheet();
        sheet.file_len = sheet.file_len.min(len);
        sheet.pages.retain(|number, _| number * (PAGE as u64) < len);
        sheet.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut sheet = self.sheet();
        for (number, within, range) in cut(offset, data.len()) {
            let mut page = self.page(&sheet, number)?;
            page[within..within + range.len()].copy_from_slice(&data[range]);
            sheet.pages.insert(number, page);
        }
        Ok(())
    }
}
