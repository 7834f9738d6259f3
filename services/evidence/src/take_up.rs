//! Takes the tree up where it was left, and holds it against the log.
//!
//! Policy. Hashes count as far as the newest checkpoint names them and lead to
//! its root; what lies behind is computed again. Hashes that do not lead there
//! are made anew beside the old ones from the whole log, and replace them only
//! if the log leads to the signed root. In every case at least the last event
//! of the checkpoint is read and compared, so a log that lost its end is found
//! at once; one altered further back is found by a check of the whole log.

use std::{fs, ops::ControlFlow, path::Path};

use airside_kernel::{EventStore, Position, ReadError, RecordedEvent};
use thiserror::Error;
use tokio::task;

use crate::{
    Restored,
    checkpoint::Checkpoint,
    files::{FolderError, HashFiles, Newest, find_newest, level_path, refused, sync_folder},
    leaf::leaf,
    ledger::{Ledger, place},
    tree::{Edge, Hash, Hashes, LEVEL_BITS, root_at},
};

/// How many events are read at once.
pub(crate) const PAGE_EVENTS: usize = 1_000;

/// The folder in which hashes are made anew.
const ANEW: &str = "anew";

/// Why the tree was not taken up.
#[derive(Debug, Error)]
pub(crate) enum TakeUpError {
    /// The evidence and the log do not agree.
    #[error("{0}")]
    Contradiction(String),
    /// A file cannot be used now.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The log cannot be read now.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A tree that agrees with the log.
pub(crate) struct TakenUp {
    pub(crate) ledger: Ledger,
    pub(crate) newest: Option<Checkpoint>,
    /// How many events the log had when its generation began.
    pub(crate) restored: u64,
}

/// Takes up the tree of a log in a folder.
pub(crate) async fn take_up(
    store: &dyn EventStore,
    folder: &Path,
    restored: Option<Restored>,
) -> Result<TakenUp, TakeUpError> {
    let generation = store.generation();
    let restored = restored.filter(|one| one.generation == generation).map(|one| one.size);
    // A crash may have left it half made.
    let anew = folder.join(ANEW);
    if anew.exists() {
        fs::remove_dir_all(&anew).map_err(refused("remove", &anew))?;
    }
    let Some(newest) = find_newest(folder)? else {
        let mut hashes = HashFiles::open(folder)?;
        hashes.cut(0)?;
        let ledger = Ledger::new(folder, hashes, Edge::default(), 0);
        return Ok(TakenUp { ledger, newest: None, restored: restored.unwrap_or(0) });
    };
    let checkpoint = newest.checkpoint;
    let (ledger, restored) = if checkpoint.generation == generation {
        (resume(store, folder, &newest).await?, checkpoint.restored)
    } else if checkpoint.generation < generation {
        begin_generation(store, folder, &newest, restored).await?
    } else {
        return Err(TakeUpError::Contradiction(format!(
            "the log is of generation {generation}, but a checkpoint of generation {} was signed: this is an \
             older copy of the log; put the restored one back",
            checkpoint.generation
        )));
    };
    Ok(TakenUp { ledger, newest: Some(checkpoint), restored })
}

async fn resume(store: &dyn EventStore, folder: &Path, newest: &Newest) -> Result<Ledger, TakeUpError> {
    let checkpoint = &newest.checkpoint;
    let mut hashes = HashFiles::open(folder)?;
    if !leads_to(&hashes, checkpoint)? {
        tracing::warn!(size = checkpoint.size, "kept hashes do not lead to the newest checkpoint; made anew");
        drop(hashes);
        return make_anew(store, folder, newest).await;
    }
    hashes.cut(checkpoint.size)?;
    let hint = place(folder, store.log_id(), store.generation());
    let edge = Edge::recover(&hashes, checkpoint.size).map_err(refused("read the hashes in", folder))?;
    let mut ledger = Ledger::new(folder, hashes, edge, newest.end);
    let kept = HashFiles::read(folder)?;
    if hint.0 < checkpoint.size && confirm(store, &kept, checkpoint, hint, &mut ledger).await?.is_continue() {
        return Ok(ledger);
    }
    // The hint was wrong, or the log is: only reading all of it tells, and names the event.
    match confirm(store, &kept, checkpoint, (0, None), &mut ledger).await? {
        ControlFlow::Continue(()) => Ok(ledger),
        ControlFlow::Break(found) => Err(TakeUpError::Contradiction(found)),
    }
}

/// Returns true when the kept hashes are whole and lead to the signed root.
fn leads_to(hashes: &HashFiles, checkpoint: &Checkpoint) -> Result<bool, FolderError> {
    let is_whole = hashes.complete()? >= checkpoint.size;
    Ok(is_whole && root_at(hashes, checkpoint.size).is_ok_and(|root| root == checkpoint.root))
}

/// Compares the log with the kept hashes from a place up to the checkpoint.
async fn confirm(
    store: &dyn EventStore,
    kept: &HashFiles,
    checkpoint: &Checkpoint,
    (mut size, mut after): (u64, Option<Position>),
    ledger: &mut Ledger,
) -> Result<ControlFlow<String>, TakeUpError> {
    ledger.begin_at(after);
    while size < checkpoint.size {
        let page = store.read_all(after, PAGE_EVENTS).await?;
        let Some(last) = page.events.last() else {
            return Ok(ControlFlow::Break(too_short(size, checkpoint)));
        };
        after = Some(last.position());
        let count = checkpoint.size.min(size + page.events.len() as u64) - size;
        let expected =
            kept.entries(0, size, count).map_err(refused("read", &level_path(Path::new(""), 0)))?;
        for (event, expected) in page.events.iter().zip(&expected) {
            if leaf(event) != *expected {
                return Ok(ControlFlow::Break(altered(size, event)));
            }
            ledger.pass(event);
            size += 1;
        }
        task::yield_now().await;
    }
    Ok(ControlFlow::Continue(()))
}

fn too_short(size: u64, checkpoint: &Checkpoint) -> String {
    format!(
        "the log ends at {size} events, but a checkpoint of {} events was signed: restore the log from a backup",
        checkpoint.size
    )
}

fn altered(index: u64, event: &RecordedEvent) -> String {
    format!(
        "event {} of the log was altered after it was signed: {} at revision {} of {}; run log verify, and restore \
         the log from a backup",
        index + 1,
        event.event_type(),
        event.revision(),
        event.stream()
    )
}

/// Makes the hashes of the newest checkpoint anew from the log.
async fn make_anew(store: &dyn EventStore, folder: &Path, newest: &Newest) -> Result<Ledger, TakeUpError> {
    let checkpoint = &newest.checkpoint;
    let is_enough = |edge: &Edge, _: &RecordedEvent| match edge.size() == checkpoint.size {
        true => ControlFlow::Break(None),
        false => ControlFlow::Continue(()),
    };
    let ledger = read_anew(store, folder, newest.end, is_enough).await?;
    if ledger.edge().size() < checkpoint.size {
        return Err(TakeUpError::Contradiction(too_short(ledger.edge().size(), checkpoint)));
    }
    if ledger.edge().root() != checkpoint.root {
        return Err(TakeUpError::Contradiction(not_signed(checkpoint)));
    }
    replace(folder, ledger)
}

/// Begins a generation: the log was restored, so what it had before counts as
/// far as it is still there, and what came after the restore is hashed anew.
async fn begin_generation(
    store: &dyn EventStore,
    folder: &Path,
    newest: &Newest,
    restored: Option<u64>,
) -> Result<(Ledger, u64), TakeUpError> {
    let (checkpoint, kept) = (&newest.checkpoint, HashFiles::read(folder)?);
    let is_usable = leads_to(&kept, checkpoint)?;
    let mut common = checkpoint.size.min(restored.unwrap_or(u64::MAX));
    let mut row = Row { from: 0, entries: Vec::new() };
    let compare = |edge: &Edge, event: &RecordedEvent| {
        let index = edge.size();
        if !is_usable || index >= common || row.is(&kept, index, &leaf(event)) {
            return ControlFlow::Continue(());
        }
        if restored.is_some() {
            return ControlFlow::Break(Some(altered(index, event)));
        }
        // Nobody said where the restored log ends: it ends where it stops being the old one.
        common = index;
        ControlFlow::Continue(())
    };
    let ledger = read_anew(store, folder, newest.end, compare).await?;
    let size = ledger.edge().size();
    if size < common && restored.is_some() {
        return Err(TakeUpError::Contradiction(too_short(size, checkpoint)));
    }
    let is_covered = restored.is_none_or(|restored| checkpoint.size <= restored);
    if !is_usable && is_covered {
        let anew = HashFiles::read(&folder.join(ANEW))?;
        if size < checkpoint.size || !leads_to(&anew, checkpoint)? {
            return Err(TakeUpError::Contradiction(not_signed(checkpoint)));
        }
    }
    let restored = restored.unwrap_or_else(|| common.min(size));
    Ok((replace(folder, ledger)?, restored))
}

/// Some entries of the lowest level, read ahead.
struct Row {
    from: u64,
    entries: Vec<Hash>,
}

impl Row {
    fn is(&mut self, kept: &HashFiles, index: u64, leaf: &Hash) -> bool {
        if index < self.from || index >= self.from + self.entries.len() as u64 {
            let count = kept.complete().unwrap_or(0).saturating_sub(index).min(PAGE_EVENTS as u64);
            self.from = index;
            self.entries = kept.entries(0, index, count).unwrap_or_default();
        }
        self.entries.get(usize::try_from(index - self.from).unwrap_or(usize::MAX)) == Some(leaf)
    }
}

fn not_signed(checkpoint: &Checkpoint) -> String {
    format!(
        "the first {} events of the log do not lead to the root that was signed, and the kept hashes cannot tell where \
         they differ: run log verify --from the second place",
        checkpoint.size
    )
}

/// Reads the whole log into a tree beside the old one; `see` has a look at each event first.
async fn read_anew(
    store: &dyn EventStore,
    folder: &Path,
    end: u64,
    mut see: impl FnMut(&Edge, &RecordedEvent) -> ControlFlow<Option<String>>,
) -> Result<Ledger, TakeUpError> {
    let anew = folder.join(ANEW);
    fs::create_dir_all(&anew).map_err(refused("make", &anew))?;
    let mut ledger = Ledger::new(folder, HashFiles::open(&anew)?, Edge::default(), end);
    let mut after = None;
    loop {
        let page = store.read_all(after, PAGE_EVENTS).await?;
        let Some(last) = page.events.last() else { return Ok(ledger) };
        after = Some(last.position());
        for event in &page.events {
            match see(ledger.edge(), event) {
                ControlFlow::Continue(()) => ledger.take(event),
                ControlFlow::Break(None) => return Ok(ledger),
                ControlFlow::Break(Some(found)) => return Err(TakeUpError::Contradiction(found)),
            }
        }
        ledger.write()?;
        task::yield_now().await;
    }
}

/// Puts the hashes that were made anew in the place of the old ones. After a
/// crash in between the next start finds neither whole and begins again.
fn replace(folder: &Path, mut ledger: Ledger) -> Result<Ledger, TakeUpError> {
    ledger.write()?;
    let anew = folder.join(ANEW);
    for level in 0..u64::BITS / LEVEL_BITS {
        let (old, new) = (level_path(folder, level), level_path(&anew, level));
        if old.exists() {
            fs::remove_file(&old).map_err(refused("remove", &old))?;
        }
        if new.exists() {
            fs::rename(&new, &old).map_err(refused("put in place", &old))?;
        }
    }
    fs::remove_dir(&anew).map_err(refused("remove", &anew))?;
    sync_folder(folder)?;
    ledger.reopen(folder)?;
    Ok(ledger)
}
