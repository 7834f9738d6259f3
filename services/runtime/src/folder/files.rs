//! Lists, reads and moves the files of a watched folder; blocks on the disk.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use airside_kernel::Timestamp;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// Names of files that their writers are not done with.
const UNFINISHED: [&str; 2] = [".tmp", ".part"];
/// The longest part of a name that is kept when a file is moved, so that a number and `.reason.txt` fit.
const KEPT_NAME_BYTES: usize = 200;
/// How many files of the same name are kept in `done` or `failed`.
const SAME_NAME_MAX: u32 = 100_000;

/// What a file looks like from outside; while it grows or is replaced, this changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Looks {
    pub(super) written_at: Timestamp,
    len: u64,
    inode: (u64, u64),
}

/// What was read of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Bytes(Bytes),
    /// It is no longer what it was at the last poll.
    Changed,
    /// It is never to be read.
    Refused(String),
}

/// A file that was handled and moved.
#[derive(Debug, Clone)]
pub(super) struct Moved {
    /// Its name in the folder.
    pub(super) name: OsString,
    /// Where it is now.
    pub(super) target: PathBuf,
    /// What it looked like when it was read.
    pub(super) looks: Looks,
    /// When it was moved.
    pub(super) at: Instant,
}

impl Looks {
    fn of(file: &Metadata) -> Self {
        let nanos = i32::try_from(file.mtime_nsec()).unwrap_or_default();
        let written_at = Timestamp::new(file.mtime(), nanos).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { written_at, len: file.len(), inode: (file.dev(), file.ino()) }
    }

    fn is_of_the_same_file(&self, file: &Metadata) -> bool {
        self.inode == (file.dev(), file.ino())
    }
}

/// Returns the plain files of a folder that their writers may be done with, the first `files_max` by name.
pub(super) fn list(place: &Path, files_max: usize) -> io::Result<BTreeMap<OsString, Looks>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        let name = entry.file_name();
        if is_unfinished(&name) {
            continue;
        }
        // This does not follow a link.
        match entry.metadata() {
            Ok(file) if file.is_file() => found.insert(name, Looks::of(&file)),
            Ok(_) => continue,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if found.len() > files_max {
            found.pop_last();
        }
    }
    Ok(found)
}

fn is_unfinished(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(b".") || UNFINISHED.iter().any(|end| name.to_ascii_lowercase().ends_with(end.as_bytes()))
}

/// Reads a file that looks as it did, never through a link that took its place.
pub(super) fn read(path: &Path, looks: Looks, bytes_max: u64) -> io::Result<Taken> {
    if looks.len > bytes_max {
        return Ok(Taken::Refused(format!(
            "the file has {} bytes and at most {bytes_max} are read: split it",
            looks.len
        )));
    }
    match fs::symlink_metadata(path) {
        Ok(file) if file.is_file() && Looks::of(&file) == looks => {}
        Ok(_) => return Ok(Taken::Changed),
        Err(error) => return trouble(error),
    }
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return trouble(error),
    };
    if Looks::of(&file.metadata()?) != looks {
        return Ok(Taken::Changed);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(looks.len).unwrap_or_default());
    Read::by_ref(&mut file).take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    let is_same = Looks::of(&file.metadata()?) == looks && bytes.len() as u64 == looks.len;
    Ok(if is_same { Taken::Bytes(bytes.into()) } else { Taken::Changed })
}

/// Sorts what stops a file from being read: gone, never to be read, or to be tried again.
pub(super) fn trouble(error: io::Error) -> io::Result<Taken> {
    match error.kind() {
        ErrorKind::NotFound => Ok(Taken::Changed),
        ErrorKind::PermissionDenied => {
            Ok(Taken::Refused("the file may not be read: let the server's user read it".to_owned()))
        }
        _ => Err(error),
    }
}

/// Returns what names a file and its content at its time.
pub(super) fn mark(name: &OsStr, written_at: Timestamp, bytes: &[u8]) -> String {
    let name = name.as_bytes();
    let mut hash = Sha256::new();
    hash.update((name.len() as u64).to_be_bytes());
    hash.update(name);
    hash.update(written_at.as_nanosecond().to_be_bytes());
    hash.update(bytes);
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Moves a file to `done`, or to `failed` with the reason beside it, and returns where it is. Nothing
/// is overwritten.
pub(super) fn put_aside(place: &Path, name: &OsStr, reason: Option<&str>) -> io::Result<PathBuf> {
    let folder = place.join(if reason.is_some() { "failed" } else { "done" });
    match fs::create_dir(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ if fs::symlink_metadata(&folder)?.is_dir() => {}
        _ => return Err(io::Error::other(format!("{} is no folder: take it away", folder.display()))),
    }
    let kept = OsStr::from_bytes(&name.as_bytes()[..name.len().min(KEPT_NAME_BYTES)]);
    for number in 0..SAME_NAME_MAX {
        let Some(target) = reserve(&folder, kept, number)? else { continue };
        if let Some(reason) = reason {
            let beside = with(&target, ".reason.txt");
            match OpenOptions::new().write(true).create_new(true).open(&beside) {
                Ok(mut file) => file.write_all(format!("{reason}\n").as_bytes())?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    fs::remove_file(&target)?;
                    continue;
                }
                Err(error) => {
                    fs::remove_file(&target)?;
                    return Err(error);
                }
            }
        }
        let moved = fs::rename(place.join(name), &target);
        if moved.is_err() {
            fs::remove_file(&target)?;
            fs::remove_file(with(&target, ".reason.txt")).or_else(absent)?;
        }
        return moved.map(|()| target);
    }
    Err(too_many(&folder))
}

/// Moves a file back into the folder when it is no longer what was read; says whether it was. A file
/// that came under its name meanwhile stays, and the one that comes back gets a number.
pub(super) fn put_back(place: &Path, moved: &Moved) -> io::Result<bool> {
    match fs::symlink_metadata(&moved.target) {
        // Another inode is a file that somebody else put there.
        Ok(now) if now.is_file() && moved.looks.is_of_the_same_file(&now) => {
            if Looks::of(&now) == moved.looks {
                return Ok(false);
            }
        }
        Ok(_) => return Ok(false),
        Err(error) => return absent(error).map(|()| false),
    }
    let kept = OsStr::from_bytes(&moved.name.as_bytes()[..moved.name.len().min(KEPT_NAME_BYTES)]);
    for number in 0..SAME_NAME_MAX {
        let Some(back) = reserve(place, kept, number)? else { continue };
        if let Err(error) = fs::rename(&moved.target, &back) {
            fs::remove_file(&back)?;
            return Err(error);
        }
        fs::remove_file(with(&moved.target, ".reason.txt")).or_else(absent)?;
        return Ok(true);
    }
    Err(too_many(place))
}

fn too_many(folder: &Path) -> io::Error {
    io::Error::other(format!("{} holds {SAME_NAME_MAX} files of one name: empty it", folder.display()))
}

fn absent(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Reserves a name with an empty file, which the move then replaces; `None` when it is taken.
fn reserve(folder: &Path, name: &OsStr, number: u32) -> io::Result<Option<PathBuf>> {
    let target = match number {
        0 => folder.join(name),
        number => with(&folder.join(name), &format!(".{number}")),
    };
    match OpenOptions::new().write(true).create_new(true).open(&target) {
        Ok(_) => Ok(Some(target)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    path.into()
}
