//! A file whose pages carry seals, beneath the redb of the stream index.
//!
//! redb checks the sums of its pages only when it repairs a file. In the log that
//! is enough, since each commit carries a checksum of its own and names its place.
//! An index has neither: with one bit turned it would say that a stream is
//! shorter than it is, and nobody would know. So each of its pages is followed by
//! a checksum over its number and its bytes, which is compared at every read; a
//! page that is damaged or in another's place is an error.
//!
//! The first page is redb's own header. It is written in place, may be torn by a
//! crash, and has checksums and a spare copy for that case; so it has no seal.

use std::{io, ops::Bound};

use redb::{BackendError, StorageBackend};

const PAGE: u64 = 4096;
const SEAL: u64 = 4;
/// A page with its seal.
const SEALED: u64 = PAGE + SEAL;

/// A file of sealed pages.
#[derive(Debug)]
pub(crate) struct Sealed<B>(B);

impl<B: StorageBackend> Sealed<B> {
    /// Puts seals on the pages of a file.
    pub(crate) fn new(inner: B) -> Self {
        Self(inner)
    }

    /// Reads some whole pages after the first, and checks them.
    fn read_pages(&self, first: u64, count: u64) -> io::Result<Vec<u8>> {
        let mut sealed = vec![0; len_of(count * SEALED)?];
        self.0.read(place_of(first), &mut sealed)?;
        let mut pages = Vec::with_capacity(len_of(count * PAGE)?);
        for (number, sealed) in (first..).zip(sealed.chunks_exact(len_of(SEALED)?)) {
            let (page, found) = sealed.split_at(len_of(PAGE)?);
            // What was never written is zeros, its seal too.
            if found != seal(number, page) && sealed.iter().any(|byte| *byte != 0) {
                let reason = format!("page {number} does not match its checksum");
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            pages.extend_from_slice(page);
        }
        Ok(pages)
    }

    fn write_pages(&self, first: u64, pages: &[u8]) -> io::Result<()> {
        let mut sealed = Vec::with_capacity(pages.len() + pages.len() / 512);
        for (number, page) in (first..).zip(pages.chunks_exact(len_of(PAGE)?)) {
            sealed.extend_from_slice(page);
            sealed.extend_from_slice(&seal(number, page));
        }
        self.0.write(place_of(first), &sealed)
    }
}

fn seal(number: u64, page: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(page);
    hasher.finalize().to_le_bytes()
}

/// Returns where a page after the first lies in the file.
fn place_of(number: u64) -> u64 {
    PAGE + (number - 1) * SEALED
}

fn len_of(length: u64) -> io::Result<usize> {
    usize::try_from(length).map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// Splits a range at the end of the first page: what is in it, and the pages after it
/// with the range's place in them.
fn split(offset: u64, length: u64) -> (u64, Option<(u64, u64, u64)>) {
    let in_header = PAGE.saturating_sub(offset).min(length);
    let rest = length - in_header;
    let after = (rest > 0).then(|| {
        let start = offset + in_header;
        let first = start / PAGE;
        (first, (start + rest).div_ceil(PAGE) - first, start - first * PAGE)
    });
    (in_header, after)
}

impl<B: StorageBackend> StorageBackend for Sealed<B> {
    fn len(&self) -> io::Result<u64> {
        let length = self.0.len()?;
        Ok(length.min(PAGE) + length.saturating_sub(PAGE) / SEALED * PAGE)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (in_header, after) = split(offset, out.len() as u64);
        let (header, rest) = out.split_at_mut(len_of(in_header)?);
        if !header.is_empty() {
            self.0.read(offset, header)?;
        }
        if let Some((first, count, within)) = after {
            let pages = self.read_pages(first, count)?;
            let within = len_of(within)?;
            rest.copy_from_slice(&pages[within..within + rest.len()]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if !len.is_multiple_of(PAGE) {
            let reason = format!("a length of {len} is not one of whole pages");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        self.0.set_len(len.min(PAGE) + len.saturating_sub(PAGE) / PAGE * SEALED)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let (in_header, after) = split(offset, data.len() as u64);
        let (header, rest) = data.split_at(len_of(in_header)?);
        if !header.is_empty() {
            self.0.write(offset, header)?;
        }
        let Some((first, count, within)) = after else { return Ok(()) };
        if within == 0 && rest.len() as u64 == count * PAGE {
            return self.write_pages(first, rest);
        }
        let mut pages = self.read_pages(first, count)?;
        let within = len_of(within)?;
        pages[within..within + rest.len()].copy_from_slice(rest);
        self.write_pages(first, &pages)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.query_lock_range(start, end)
    }
}
