//! The files of the evidence: `hashes.<level>` and `checkpoints`.
//!
//! All are only ever appended to. What was not synced is not trusted: hashes
//! count up to the newest checkpoint, and a checkpoint counts when it is whole.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    checkpoint::Checkpoint,
    note::{Malformed, Note},
    tree::{Hash, Hashes, LEVEL_BITS},
};

/// The file of the checkpoints.
pub const CHECKPOINTS: &str = "checkpoints";

/// The length of an entry.
const ENTRY_BYTES: u64 = 32;

/// The levels that a tree can have.
const LEVELS: u32 = u64::BITS / LEVEL_BITS;

/// How much of the end of a file is looked at to find the newest checkpoint.
const TAIL_BYTES: u64 = 64 * 1024;

/// What ends a note in the file of checkpoints: the end of its last line, and an empty line.
const END: &str = "\n\n";

/// A file of the evidence that cannot be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// The system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The newest checkpoint is none.
    #[error("newest checkpoint in {} cannot be read: put the file back from the second place or a backup", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: Malformed,
    },
    /// Another process works on the folder.
    #[error("{} is in use by another process: stop it first, one notary serves one log", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}

pub(crate) fn refused(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    move |source| FolderError::Io { action, path: path.into(), source }
}

/// The kept hashes in a folder.
#[derive(Debug)]
pub struct HashFiles {
    folder: PathBuf,
    levels: Vec<File>,
}

/// Returns how many whole entries a level of a tree of `size` leaves has.
pub(crate) fn entries_of(size: u64, level: u32) -> u64 {
    size >> (LEVEL_BITS * level)
}

/// Returns the path of a level's file.
pub(crate) fn level_path(folder: &Path, level: u32) -> PathBuf {
    folder.join(format!("hashes.{level}"))
}

impl HashFiles {
    /// Opens the files for reading alone; a level without a file is empty.
    ///
    /// # Errors
    /// When a file cannot be opened.
    pub fn read(folder: &Path) -> Result<Self, FolderError> {
        let mut levels = Vec::new();
        for path in (0..LEVELS).map(|level| level_path(folder, level)) {
            match File::open(&path) {
                Ok(file) => levels.push(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(refused("open", &path)(error)),
            }
        }
        Ok(Self { folder: folder.into(), levels })
    }

    /// Opens the files for appending, making what is absent.
    pub(crate) fn open(folder: &Path) -> Result<Self, FolderError> {
        let mut files = Self { folder: folder.into(), levels: Vec::new() };
        while files.levels.is_empty() || level_path(folder, files.count()).exists() {
            files.add_level()?;
        }
        Ok(files)
    }

    fn count(&self) -> u32 {
        u32::try_from(self.levels.len()).expect("a tree has eight levels")
    }

    fn add_level(&mut self) -> Result<(), FolderError> {
        let path = level_path(&self.folder, self.count());
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        self.levels.push(file.map_err(refused("open", &path))?);
        Ok(())
    }

    /// Returns how many leaves are there, whole or not above them.
    pub(crate) fn leaves(&self) -> Result<u64, FolderError> {
        let Some(file) = self.levels.first() else { return Ok(0) };
        Ok(file.metadata().map_err(refused("look at", &self.path(0)))?.len() / ENTRY_BYTES)
    }

    /// Returns the size of the largest tree whose entries are all there.
    pub(crate) fn complete(&self) -> Result<u64, FolderError> {
        let mut size = u64::MAX;
        for level in 0..LEVELS {
            let there = match self.levels.get(level as usize) {
                Some(file) => file.metadata().map_err(refused("look at", &self.path(level)))?.len(),
                None => 0,
            };
            let bits = LEVEL_BITS * level;
            let next = (there / ENTRY_BYTES).saturating_add(1);
            let most = if next.leading_zeros() < bits { u64::MAX } else { (next << bits).wrapping_sub(1) };
            size = size.min(most);
        }
        Ok(size)
    }

    /// Appends entries to a level that has so many.
    pub(crate) fn append(&mut self, level: u32, from: u64, bytes: &[u8]) -> Result<(), FolderError> {
        while self.count() <= level {
            self.add_level()?;
        }
        let mut file = &self.levels[level as usize];
        let write = file.seek(SeekFrom::Start(from * ENTRY_BYTES)).and_then(|_| file.write_all(bytes));
        write.map_err(refused("write", &self.path(level)))
    }

    /// Takes away every entry that a tree of `size` leaves does not have.
    pub(crate) fn cut(&mut self, size: u64) -> Result<(), FolderError> {
        for (level, file) in (0..).zip(&self.levels) {
            let length = entries_of(size, level) * ENTRY_BYTES;
            let there = file.metadata().map_err(refused("look at", &self.path(level)))?.len();
            if there > length {
                file.set_len(length).map_err(refused("cut", &self.path(level)))?;
            }
        }
        Ok(())
    }

    /// Makes everything durable.
    pub(crate) fn sync(&self) -> Result<(), FolderError> {
        for (level, file) in (0..).zip(&self.levels) {
            file.sync_data().map_err(refused("sync", &self.path(level)))?;
        }
        sync_folder(&self.folder)
    }

    /// Reads a range of entries as they are.
    pub(crate) fn bytes(&self, level: u32, entries: Range<u64>) -> io::Result<Vec<u8>> {
        let length =
            usize::try_from((entries.end - entries.start) * ENTRY_BYTES).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        if length > 0 {
            let missing = || io::Error::new(io::ErrorKind::NotFound, "the level has no file");
            let mut file = self.levels.get(level as usize).ok_or_else(missing)?;
            file.seek(SeekFrom::Start(entries.start * ENTRY_BYTES))?;
            file.read_exact(&mut bytes)?;
        }
        Ok(bytes)
    }

    fn path(&self, level: u32) -> PathBuf {
        level_path(&self.folder, level)
    }
}

impl Hashes for HashFiles {
    fn entries(&self, level: u32, from: u64, count: u64) -> io::Result<Vec<Hash>> {
        let bytes = self.bytes(level, from..from + count)?;
        Ok(bytes.chunks_exact(32).map(|entry| entry.try_into().expect("a chunk has 32 bytes")).collect())
    }
}

pub(crate) fn sync_folder(folder: &Path) -> Result<(), FolderError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(refused("sync", folder))
}

/// The newest checkpoint of a folder and where the file of checkpoints ends.
#[derive(Debug, Clone)]
pub(crate) struct Newest {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) note: Note,
    /// The length of the file up to its last whole note.
    pub(crate) end: u64,
}

/// Returns the newest checkpoint of a folder; `None` when there is none yet. Its
/// signature is for the caller to check.
///
/// # Errors
/// When the file cannot be read or holds something else.
pub fn newest(folder: &Path) -> Result<Option<(Checkpoint, Note)>, FolderError> {
    Ok(find_newest(folder)?.map(|newest| (newest.checkpoint, newest.note)))
}

pub(crate) fn find_newest(folder: &Path) -> Result<Option<Newest>, FolderError> {
    let path = folder.join(CHECKPOINTS);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused("open", &path)(error)),
    };
    let length = file.metadata().map_err(refused("look at", &path))?.len();
    let start = length.saturating_sub(TAIL_BYTES);
    let mut tail = Vec::new();
    let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_to_end(&mut tail));
    read.map_err(refused("read", &path))?;
    // A tail may begin within a character and end within a torn note.
    let Some(span) = last_note(&tail) else {
        return match length {
            0..TAIL_BYTES => Ok(None),
            _ => Err(malformed(&path)(Malformed::new("file of checkpoints", "its end holds no whole note"))),
        };
    };
    let end = start + (span.end + 1) as u64;
    let text = str::from_utf8(&tail[span]).map_err(|_| Malformed::new("signed note", "it is not UTF-8"));
    let note: Note = text.and_then(str::parse).map_err(malformed(&path))?;
    let checkpoint = note.text().parse().map_err(malformed(&path))?;
    Ok(Some(Newest { checkpoint, note, end }))
}

fn malformed(path: &Path) -> impl FnOnce(Malformed) -> FolderError {
    move |source| FolderError::Malformed { path: path.into(), source }
}

/// Finds the last whole note: text, empty line, signatures, empty line.
fn last_note(tail: &[u8]) -> Option<Range<usize>> {
    let ends: Vec<usize> =
        tail.windows(2).enumerate().filter(|(_, pair)| *pair == END.as_bytes()).map(|(at, _)| at).collect();
    let mark = "\u{2014} ".as_bytes();
    let signed = (1..ends.len()).rev().find(|at| tail[ends[at - 1] + 2..].starts_with(mark))?;
    let start = signed.checked_sub(2).map_or(0, |before| ends[before] + 2);
    Some(start..ends[signed] + 1)
}

/// Appends notes to the file of checkpoints behind `end` and makes them durable.
pub(crate) fn append_notes(folder: &Path, end: u64, notes: &[u8]) -> Result<u64, FolderError> {
    let path = folder.join(CHECKPOINTS);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(refused("open", &path))?;
    let write = file
        .set_len(end)
        .and_then(|()| file.seek(SeekFrom::Start(end)))
        .and_then(|_| file.write_all(notes))
        .and_then(|()| file.sync_all());
    write.map_err(refused("write", &path))?;
    sync_folder(folder)?;
    Ok(end + notes.len() as u64)
}

/// Returns a note as it stands in the file of checkpoints.
pub(crate) fn stored(note: &Note) -> String {
    format!("{note}\n")
}

/// Reads a span of the file of checkpoints.
pub(crate) fn note_bytes(folder: &Path, span: Range<u64>) -> Result<Vec<u8>, FolderError> {
    let path = folder.join(CHECKPOINTS);
    let length = usize::try_from(span.end - span.start).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|mut file| {
        file.seek(SeekFrom::Start(span.start))?;
        file.take(span.end - span.start).read_to_end(&mut bytes)
    });
    match read {
        Ok(there) if there == length => Ok(bytes),
        Ok(_) => Err(refused("read", &path)(io::ErrorKind::UnexpectedEof.into())),
        Err(error) => Err(refused("read", &path)(error)),
    }
}

/// The most bytes of one note.
const NOTE_BYTES_MAX: usize = 16 * 1024;

/// Reads the notes of a file one by one; a last note may lack the empty line
/// behind it, as when a single one was copied.
#[derive(Debug)]
pub(crate) struct Notes {
    path: PathBuf,
    lines: BufReader<File>,
    /// The file ended without the empty line that makes its last note whole.
    pub(crate) is_cut_off: bool,
}

impl Notes {
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        let lines = BufReader::new(File::open(path).map_err(refused("open", path))?);
        Ok(Self { path: path.into(), lines, is_cut_off: false })
    }

    /// Adds the lines up to the next empty one, which it takes too.
    fn paragraph(&mut self, note: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let start = note.len();
            let room = (NOTE_BYTES_MAX - start.min(NOTE_BYTES_MAX)) as u64;
            let read = (&mut self.lines).take(room).read_until(b'\n', note)?;
            if read == 0 || &note[start..] == b"\n" {
                self.is_cut_off = read == 0;
                note.truncate(start);
                return Ok(());
            }
        }
    }
}

impl Iterator for Notes {
    type Item = Result<String, FolderError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut note = Vec::new();
        let read = self.paragraph(&mut note).and_then(|()| {
            note.push(b'\n');
            self.paragraph(&mut note)
        });
        match read {
            Ok(()) if note == b"\n" => None,
            Ok(()) => Some(Ok(String::from_utf8_lossy(&note).into_owned())),
            Err(error) => Some(Err(refused("read", &self.path)(error))),
        }
    }
}
