//! The tree while it grows: hashes in memory until the next checkpoint, then files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use airside_kernel::{LogId, Position, RecordedEvent};
use jiff::Timestamp;

use crate::{
    checkpoint::Checkpoint,
    files::{FolderError, HashFiles, append_notes, entries_of, refused, stored},
    leaf::leaf,
    note::Signer,
    tree::Edge,
};

/// The file that says where in the log the newest checkpoint ends: a hint.
const PLACE: &str = "place";

/// What a checkpoint says beside the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    pub(crate) log: LogId,
    pub(crate) generation: u64,
    pub(crate) restored: u64,
    pub(crate) vault: u64,
}

/// The tree of a log and its files.
#[derive(Debug)]
pub(crate) struct Ledger {
    folder: PathBuf,
    hashes: HashFiles,
    edge: Edge,
    /// What each level gained since it was last written.
    fresh: Vec<Vec<u8>>,
    written: u64,
    /// Where the file of checkpoints ends.
    end: u64,
    before: Option<Position>,
    last: Option<Position>,
    recorded: Timestamp,
}

impl Ledger {
    pub(crate) fn new(folder: &Path, hashes: HashFiles, edge: Edge, end: u64) -> Self {
        let (written, fresh) = (edge.size(), Vec::new());
        let (before, last, recorded) = (None, None, Timestamp::UNIX_EPOCH);
        Self { folder: folder.into(), hashes, edge, fresh, written, end, before, last, recorded }
    }

    pub(crate) fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Returns the position of the last event that is in the tree.
    pub(crate) fn last(&self) -> Option<Position> {
        self.last
    }

    /// Notes that an event of the tree lies here, without adding it.
    pub(crate) fn pass(&mut self, event: &RecordedEvent) {
        self.before = self.last.replace(event.position());
        self.recorded = event.recorded_at();
    }

    /// Begins behind this position.
    pub(crate) fn begin_at(&mut self, position: Option<Position>) {
        (self.before, self.last) = (None, position);
    }

    /// Adds an event.
    pub(crate) fn take(&mut self, event: &RecordedEvent) {
        let fresh = &mut self.fresh;
        self.edge.push(leaf(event), |level, hash| {
            let level = level as usize;
            if fresh.len() <= level {
                fresh.resize_with(level + 1, Vec::new);
            }
            fresh[level].extend_from_slice(hash);
        });
        self.pass(event);
    }

    /// Writes what is new to the files; nothing is durable yet.
    pub(crate) fn write(&mut self) -> Result<(), FolderError> {
        for (level, bytes) in (0..).zip(&mut self.fresh) {
            if !bytes.is_empty() {
                self.hashes.append(level, entries_of(self.written, level), bytes)?;
                bytes.clear();
            }
        }
        self.written = self.edge.size();
        Ok(())
    }

    /// Goes on with the files of a folder, to which these were moved.
    pub(crate) fn reopen(&mut self, folder: &Path) -> Result<(), FolderError> {
        self.hashes = HashFiles::open(folder)?;
        Ok(())
    }

    /// Makes the hashes durable, then the checkpoint that names them.
    pub(crate) fn sign(&mut self, signer: &Signer, now: Circumstances) -> Result<Checkpoint, FolderError> {
        self.write()?;
        self.hashes.sync()?;
        let checkpoint = Checkpoint {
            log: now.log,
            size: self.edge.size(),
            root: self.edge.root(),
            generation: now.generation,
            vault: now.vault,
            recorded: self.recorded,
            restored: now.restored,
        };
        let note = stored(&signer.sign(checkpoint.to_string()));
        self.end = append_notes(&self.folder, self.end, note.as_bytes())?;
        self.keep_place(now)?;
        Ok(checkpoint)
    }

    /// Keeps where the last event but one lies, so that the next start reads the last one again.
    fn keep_place(&self, now: Circumstances) -> Result<(), FolderError> {
        let (path, new) = (self.folder.join(PLACE), self.folder.join("place.new"));
        let position = self.before.map_or_else(|| "-".to_owned(), |position| position.to_string());
        let size = if self.before.is_some() { self.edge.size() - 1 } else { 0 };
        let text = format!("{} {} {size} {position}\n", now.log, now.generation);
        fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).map_err(refused("write", &path))
    }
}

/// Returns where to read on: so many events lie at or before this position. A
/// hint that is absent, torn or of another time is the beginning.
pub(crate) fn place(folder: &Path, log: LogId, generation: u64) -> (u64, Option<Position>) {
    let hint = || {
        let text = fs::read_to_string(folder.join(PLACE)).ok()?;
        let rest = text.strip_prefix(&format!("{log} {generation} "))?;
        let (size, position) = rest.strip_suffix('\n')?.split_once(' ')?;
        Some((size.parse().ok()?, Some(position.parse().ok()?)))
    };
    hint().unwrap_or_default()
}
