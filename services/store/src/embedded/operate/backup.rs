//! Backup of a log that may be in use.
//!
//! Full segments are copied as they are. The segment that holds the head is
//! written anew from its commits up to the head, so that the copy is whole
//! whatever the writer does meanwhile; a cleanly closed file of commits is a
//! segment like any other. The manifest comes last.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use airside_kernel::ReadError;
use bytes::Bytes;
use thiserror::Error;

use super::{
    super::{
        disk::{Disk, contained},
        segments::{self, segment_path},
        shared::Shared,
    },
    Progress, Step, hex,
    manifest::{BACKUP_FORMAT, BackupFile, LogManifest, MANIFEST, copy_file},
    time,
};
use crate::blob::{Blob, Damage, FORMAT_VERSION, NO_HASH};

/// How many bytes of commits are read under one snapshot and written in one transaction.
const PIECE_BYTES: usize = 1024 * 1024;

/// A backup that was not taken.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The folder holds something already.
    #[error("folder {folder} is not empty: name an empty or absent folder for the backup")]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// The log cannot be read; a backup of it would be none.
    #[error("the log cannot be copied whole: run verify to see what is damaged")]
    Log(#[from] ReadError),
    /// The copy could not be written.
    #[error("cannot write {path}: check that it is writable and has room")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl BackupError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }
}

/// Copies the log up to its present head.
pub(super) fn backup(
    shared: &Shared,
    to: &Path,
    progress: &mut Progress<'_>,
) -> Result<LogManifest, BackupError> {
    let head = shared.head();
    let mut firsts = shared.segments.firsts();
    firsts.retain(|first| *first <= head.max(1));
    make_empty(to)?;
    let mut work = Work { shared, to, head, done: 0, total: 0, files: Vec::new(), progress };
    for first in &firsts {
        let file = segment_path(shared.segments.folder(), *first);
        work.total += fs::metadata(&file).map_err(BackupError::io(&file))?.len();
    }
    work.copy(&shared.segments.folder().join("meta.redb"))?;
    let Some((live, full)) = firsts.split_last() else {
        return Err(ReadError::Unavailable { reason: "the log has no segment".into() }.into());
    };
    for first in full {
        shared.segments.settle(*first)?;
        work.copy(&segment_path(shared.segments.folder(), *first))?;
    }
    let last = work.rewrite(*live)?;
    let manifest = LogManifest {
        backup_format: BACKUP_FORMAT,
        format_version: FORMAT_VERSION,
        log_id: shared.meta.log,
        generation: shared.meta.generation,
        position: head,
        recorded_at: last.as_ref().and_then(|blob| time(blob.recorded_us())),
        last_commit: hex(&last.map_or(NO_HASH, |blob| blob.hash())),
        files: work.files,
    };
    conclude(to, &manifest)?;
    Ok(manifest)
}

/// Makes the folder, or takes an empty one.
fn make_empty(folder: &Path) -> Result<(), BackupError> {
    fs::create_dir_all(folder).map_err(BackupError::io(folder))?;
    match fs::read_dir(folder).map_err(BackupError::io(folder))?.next() {
        None => Ok(()),
        Some(_) => Err(BackupError::NotEmpty { folder: folder.to_owned() }),
    }
}

/// Writes the manifest when everything that it names is durable.
fn conclude(to: &Path, manifest: &LogManifest) -> Result<(), BackupError> {
    let (draft, path) = (to.join("manifest.new"), to.join(MANIFEST));
    let write = || -> io::Result<()> {
        sync_folder(to)?;
        let mut file = fs::File::create_new(&draft)?;
        file.write_all(&manifest.seal()?)?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        sync_folder(to)?;
        to.parent().map_or(Ok(()), |parent| sync_folder(Path::new(".").join(parent).as_path()))
    };
    write().map_err(BackupError::io(&path))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

struct Work<'a, 'p> {
    shared: &'a Shared,
    to: &'a Path,
    head: u64,
    done: u64,
    total: u64,
    files: Vec<BackupFile>,
    progress: &'a mut Progress<'p>,
}

impl Work<'_, '_> {
    /// Copies a file that nobody writes any more.
    fn copy(&mut self, from: &Path) -> Result<(), BackupError> {
        let name = from.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let to = self.to.join(&name);
        let copied =
            copy_file(from, &to, &mut |bytes| step(&mut self.done, self.total, bytes, self.progress));
        let (bytes, sha256) = copied.map_err(BackupError::io(&to))?;
        self.files.push(BackupFile { name, bytes, sha256 });
        Ok(())
    }

    /// Writes a segment anew from its commits up to the head, and returns the last one.
    fn rewrite(&mut self, first: u64) -> Result<Option<Blob>, BackupError> {
        let path = segment_path(self.to, first);
        let previous = self.shared.segments.about(first)?.previous.unwrap_or(NO_HASH);
        let unwritable =
            |error: redb::Error| BackupError::Io { path: path.clone(), source: io::Error::other(error) };
        let disk = Disk::default();
        segments::create(&disk, &path, first, &previous).map_err(unwritable)?;
        let db = disk.open(&path, PIECE_BYTES).map_err(|error| unwritable(error.into()))?;
        let (mut next, mut last) = (first, None);
        while next <= self.head {
            let mut piece = self.shared.segments.stored(first, next, PIECE_BYTES)?;
            piece.retain(|(key, _)| *key <= self.head);
            for (key, bytes) in &piece {
                let blob = checked(*key, next, bytes, self.shared)?;
                next = blob.last() + 1;
                last = Some(blob);
                step(&mut self.done, self.total, bytes.len() as u64, self.progress);
            }
            if piece.is_empty() {
                return Err(segments::corrupt(next, "the log ends before its head".into()).into());
            }
            contained(|| segments::put(&db, &piece)).map_err(unwritable)?;
        }
        drop(db);
        let synced = fs::File::open(&path).and_then(|file| file.sync_all());
        let file = synced.and_then(|()| BackupFile::of(&path)).map_err(BackupError::io(&path))?;
        self.files.push(file);
        (self.progress)(Step { done: self.total, total: self.total, unit: "bytes" });
        Ok(last)
    }
}

fn checked(key: u64, next: u64, bytes: &Bytes, shared: &Shared) -> Result<Blob, ReadError> {
    match Blob::open(bytes.clone(), shared.meta.log) {
        Ok(blob) if key == next && blob.first() == next => Ok(blob),
        Ok(blob) => Err(segments::corrupt(next, format!("found the commit that begins at {}", blob.first()))),
        Err(Damage(reason)) => Err(segments::corrupt(next, reason)),
    }
}

fn step(done: &mut u64, total: u64, bytes: u64, progress: &mut Progress<'_>) {
    *done = (*done + bytes).min(total);
    progress(Step { done: *done, total, unit: "bytes" });
}
