//! Fills the second place from the first: only what it lacks, only appended.
//!
//! Policy. What lies in the second place is never thrown away for being there.
//! Its checkpoints must begin ours or be begun by them; a place with another
//! end is another history. The one history that may differ is the end of an
//! older generation, which a restore gave up: it is put aside under a name of
//! its own. A later generation, of a log that was restored elsewhere, is neither
//! written over nor taken over: the place is its now. A folder that is absent is
//! not made, so that an unmounted disk is noticed and not written beside.

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use airside_kernel::LogId;
use thiserror::Error;

use crate::{
    checkpoint::Checkpoint,
    files::{
        self, CHECKPOINTS, FolderError, HashFiles, Newest, append_notes, entries_of, find_newest, refused,
    },
    note::Note,
    tree::LEVEL_BITS,
};

/// How many bytes before the end of a file are compared.
const COMPARED_BYTES: u64 = 4096;
/// How many entries are copied at once.
const COPIED_ENTRIES: u64 = 32 * 1024;
/// How many bytes of the checkpoints are copied at once.
const COPIED_BYTES: u64 = 1024 * 1024;

/// A second place that was not filled.
#[derive(Debug, Error)]
pub enum MirrorError {
    /// It is not there.
    #[error("{} is not there: mount it, or make the folder", path.display())]
    Absent {
        /// The second place.
        path: PathBuf,
    },
    /// It belongs to another log.
    #[error("{} holds checkpoints of log {found}, not of {expected}: name another second place", path.display())]
    Foreign {
        /// The second place.
        path: PathBuf,
        /// The log that it belongs to.
        found: LogId,
        /// The log that it was to serve.
        expected: LogId,
    },
    /// It has another history of the same generation.
    #[error("{} holds a signed checkpoint of {size} events that is none of ours: an older copy of this log was started, or two notaries sign; run log verify --from that folder", path.display())]
    Diverged {
        /// The second place.
        path: PathBuf,
        /// The size of its newest checkpoint.
        size: u64,
    },
    /// It follows a later generation of the log.
    #[error("second place {} holds checkpoints of generation {generation} of this log, which was restored elsewhere: name another second place for this node", path.display())]
    Newer {
        /// The second place.
        path: PathBuf,
        /// The generation of its newest checkpoint.
        generation: u64,
    },
    /// It has a checkpoint that no known key signed.
    #[error("{} holds a checkpoint of {size} events that no known key signed: look who writes there, or name the key among the earlier ones", path.display())]
    Strange {
        /// The second place.
        path: PathBuf,
        /// The size of the checkpoint.
        size: u64,
    },
    /// It does not answer.
    #[error("{} does not answer: look at its mount", path.display())]
    Silent {
        /// The second place.
        path: PathBuf,
    },
    /// A file cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// What the checkpoints of two folders are to each other.
#[derive(Debug)]
pub(crate) enum Relation {
    /// The second has none.
    Empty,
    /// The second has the same, or fewer.
    Follows(Newest),
    /// The second has more.
    Leads(Newest),
    /// Neither begins the other.
    Differs(Newest),
}

/// Copies to the second place what it lacks, hashes first, and returns the size
/// of the newest checkpoint there. Also takes the evidence part of a backup.
///
/// # Errors
/// When it is away, belongs to another log, holds another history, or a file cannot be used.
pub fn mirror(from: &Path, to: &Path) -> Result<u64, MirrorError> {
    let Some(ours) = find_newest(from)? else { return Ok(0) };
    let size = ours.checkpoint.size;
    let (kept, behind) = match relation(from, Some(&ours), to, ours.checkpoint.log)? {
        Relation::Empty => (0, 0),
        Relation::Follows(theirs) if theirs.end == ours.end => return Ok(size),
        Relation::Follows(theirs) => (still_good(&ours, &theirs), theirs.end),
        Relation::Leads(theirs) | Relation::Differs(theirs)
            if theirs.checkpoint.generation >= ours.checkpoint.generation =>
        {
            let Checkpoint { generation, size, .. } = theirs.checkpoint;
            return Err(match generation > ours.checkpoint.generation {
                true => MirrorError::Newer { path: to.into(), generation },
                false => MirrorError::Diverged { path: to.into(), size },
            });
        }
        Relation::Leads(theirs) | Relation::Differs(theirs) => {
            put_aside(to, &theirs)?;
            (still_good(&ours, &theirs), 0)
        }
    };
    copy_hashes(from, to, kept, size)?;
    copy_notes(from, to, behind..ours.end)?;
    Ok(size)
}

/// Copies a span of the checkpoints. A copy cut short ends in a torn note, which
/// counts for nothing and is cut by the next one.
fn copy_notes(from: &Path, to: &Path, span: Range<u64>) -> Result<(), FolderError> {
    let mut next = span.start;
    while next < span.end {
        let until = span.end.min(next + COPIED_BYTES);
        next = append_notes(to, next, &files::note_bytes(from, next..until)?)?;
    }
    Ok(())
}

/// Compares the checkpoints of two folders.
pub(crate) fn relation(
    from: &Path,
    ours: Option<&Newest>,
    to: &Path,
    log: LogId,
) -> Result<Relation, MirrorError> {
    if !to.is_dir() {
        return Err(MirrorError::Absent { path: to.into() });
    }
    let Some(theirs) = find_newest(to)? else { return Ok(Relation::Empty) };
    if theirs.checkpoint.log != log {
        let found = theirs.checkpoint.log;
        return Err(MirrorError::Foreign { path: to.into(), found, expected: log });
    }
    let end = ours.map_or(0, |ours| ours.end);
    let common = end.min(theirs.end);
    let span = common.saturating_sub(COMPARED_BYTES)..common;
    let is_same = common == 0 || files::note_bytes(from, span.clone())? == files::note_bytes(to, span)?;
    Ok(match is_same {
        false => Relation::Differs(theirs),
        true if theirs.end > end => Relation::Leads(theirs),
        true => Relation::Follows(theirs),
    })
}

/// Returns how many leaves that lie in the second place may still be in the tree.
fn still_good(ours: &Newest, theirs: &Newest) -> u64 {
    match ours.checkpoint.generation == theirs.checkpoint.generation {
        true => theirs.checkpoint.size,
        // A generation in between may have given up more: the last of them are compared.
        false => theirs.checkpoint.size.min(ours.checkpoint.restored),
    }
}

fn put_aside(folder: &Path, newest: &Newest) -> Result<(), FolderError> {
    let one = &newest.checkpoint;
    let aside = folder.join(format!("{CHECKPOINTS}.generation-{}-{}", one.generation, one.size));
    fs::rename(folder.join(CHECKPOINTS), &aside).map_err(refused("put aside as", &aside))?;
    files::sync_folder(folder)
}

fn copy_hashes(from: &Path, to: &Path, kept: u64, size: u64) -> Result<(), FolderError> {
    let (source, mut target) = (HashFiles::read(from)?, HashFiles::open(to)?);
    let unreadable = |error: io::Error| refused("read the hashes in", from)(error);
    let mut kept = kept.min(target.complete()?);
    for level in 0..u64::BITS / LEVEL_BITS {
        let last = entries_of(kept, level);
        let span = last.saturating_sub(COMPARED_BYTES / 32)..last;
        let theirs = target.bytes(level, span.clone()).map_err(refused("read the hashes in", to))?;
        if theirs != source.bytes(level, span).map_err(unreadable)? {
            kept = 0;
            break;
        }
    }
    target.cut(kept)?;
    for level in 0..u64::BITS / LEVEL_BITS {
        let (mut next, last) = (entries_of(kept, level), entries_of(size, level));
        while next < last {
            let until = last.min(next + COPIED_ENTRIES);
            target.append(level, next, &source.bytes(level, next..until).map_err(unreadable)?)?;
            next = until;
        }
    }
    target.sync()
}

/// Returns true when the second place has checkpoints that the first lacks: the
/// log was put back with an older evidence folder, or without one. They are
/// worth taking over only if a known key signed the newest of them, in a
/// generation that the log has reached.
pub(crate) fn leads(
    from: &Path,
    to: &Path,
    (log, generation): (LogId, u64),
    is_known: impl Fn(&Note) -> bool,
) -> Result<bool, MirrorError> {
    let ours = find_newest(from)?;
    match relation(from, ours.as_ref(), to, log)? {
        Relation::Leads(theirs) if !is_known(&theirs.note) => {
            Err(MirrorError::Strange { path: to.into(), size: theirs.checkpoint.size })
        }
        Relation::Leads(theirs) | Relation::Differs(theirs) if theirs.checkpoint.generation > generation => {
            Err(MirrorError::Newer { path: to.into(), generation: theirs.checkpoint.generation })
        }
        Relation::Leads(_) => Ok(true),
        _ => Ok(false),
    }
}
