//! A file beneath a sheet of glass: it is read, and what would be written stays in memory.
//!
//! After a failed write redb refuses reads of that file too, and opening it
//! again repairs it, which writes. Under glass the repair happens in memory, so
//! reads go on while the disk is full or broken and the file stays as the
//! failure left it.

use std::{
    collections::HashMap,
    fs::File,
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use redb::{Builder, Database, DatabaseError, StorageBackend, backends::FileBackend};

use super::{disk::contained, sealed::Sealed};

/// Opens a redb whose file is never written.
pub(crate) fn open_under_glass(path: &Path, cache_bytes: usize) -> Result<Database, DatabaseError> {
    let glass = Glass::over(path)?;
    contained(move || Builder::new().set_cache_size(cache_bytes).create_with_backend(glass))
}

/// Opens a redb with [`Sealed`] pages whose file is never written.
pub(crate) fn open_sealed_under_glass(path: &Path, cache_bytes: usize) -> Result<Database, DatabaseError> {
    let glass = Sealed::new(Glass::over(path)?);
    contained(move || Builder::new().set_cache_size(cache_bytes).create_with_backend(glass))
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
    fn over(path: &Path) -> Result<Self, DatabaseError> {
        let file = FileBackend::new(File::open(path)?)?;
        let len = file.len()?;
        let sheet = Mutex::new(Sheet { len, file_len: len, pages: HashMap::new() });
        Ok(Self { file, sheet })
    }

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
        let is_written = |(number, _, _)| sheet.pages.contains_key(&number);
        let end = offset + out.len() as u64;
        if end <= sheet.file_len && !cut(offset, out.len()).any(is_written) {
            drop(sheet);
            return self.file.read(offset, out);
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
