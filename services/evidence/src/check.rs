//! Holds a log against checkpoints that were signed.
//!
//! One walk over the log computes every leaf, and the root at the size of each
//! checkpoint. Hashes that lie beside the checkpoints are walked too: where
//! they lead to a signed root and the log does not, the first leaf that differs
//! names the first altered event; without them, or where they were altered
//! themselves, the last good and the first bad checkpoint bound it. Nothing
//! that is not signed by a known key counts.

mod findings;
mod walk;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use airside_kernel::{EventStore, LogId, ReadError};
use thiserror::Error;
use tokio::task;

pub use self::findings::{Checked, Finding, Remark};
use self::walk::Walk;
use crate::{
    Restored,
    checkpoint::Checkpoint,
    files::{CHECKPOINTS, FolderError, HashFiles, Notes},
    note::{Note, Signed, VerifierKey, Verify},
    take_up::PAGE_EVENTS,
};

/// What is held against the log, and how.
pub struct CheckOptions<'a> {
    /// A file of checkpoints, or a folder that holds one; hashes beside it are used.
    pub evidence: &'a Path,
    /// The keys that may have signed.
    pub keys: &'a [VerifierKey],
    /// Checks a signature.
    pub verify: Verify,
    /// Where the log's generation began, when the log tells.
    pub restored: Option<Restored>,
    /// Hears how many events were read, and how many the newest checkpoint covers.
    pub progress: &'a (dyn Fn(u64, u64) + Sync),
}

/// A check that could not be made.
#[derive(Debug, Error)]
pub enum CheckError {
    /// The checkpoints are those of another log.
    #[error("{} holds checkpoints of log {found}, but this is log {expected}: name the evidence of this log", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The log that they belong to.
        found: LogId,
        /// The log that was to be checked.
        expected: LogId,
    },
    /// There is nothing to check with.
    #[error("{} holds no checkpoint: name a file of checkpoints or the evidence folder", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The log cannot be read now.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Holds a log against a file of checkpoints.
///
/// # Errors
/// When the checkpoints belong to another log, there are none, or log or files
/// cannot be read. What is wrong with a log that can be read is a finding.
pub async fn check(store: &dyn EventStore, options: CheckOptions<'_>) -> Result<Checked, CheckError> {
    let mut witness = Witness::read(store, &options)?;
    let expected = witness.expected(store.generation(), options.restored);
    let mut walk = Walk::new(expected, witness.hashes.take());
    let total = walk.expected.last().map_or(0, |last| last.size);
    let mut after = None;
    let unreadable = loop {
        let page = match store.read_all(after, PAGE_EVENTS).await {
            Ok(page) => page,
            Err(ReadError::Corrupt { at, reason }) => break Some(format!("{reason} at {at}")),
            Err(error) => return Err(error.into()),
        };
        let Some(last) = page.events.last() else { break None };
        after = Some(last.position());
        page.events.iter().try_for_each(|event| walk.see(event))?;
        (options.progress)(walk.log.size(), total);
        task::yield_now().await;
    };
    witness.checked.events = walk.log.size();
    walk.conclude(&mut witness.checked, unreadable);
    Ok(witness.checked)
}

/// What was signed.
struct Witness {
    checked: Checked,
    signed: Vec<Checkpoint>,
    hashes: Option<HashFiles>,
}

impl Witness {
    fn read(store: &dyn EventStore, options: &CheckOptions<'_>) -> Result<Self, CheckError> {
        let is_folder = options.evidence.is_dir();
        let path = if is_folder { options.evidence.join(CHECKPOINTS) } else { options.evidence.into() };
        let (keys, findings, notes) = Default::default();
        let checked = Checked { events: 0, checkpoints: 0, proven: 0, keys, findings, notes };
        let mut witness = Self { checked, signed: Vec::new(), hashes: None };
        let mut listed = Notes::open(&path)?;
        while let Some(text) = listed.next() {
            let text = text?;
            if listed.is_cut_off && text.parse::<Note>().is_err() {
                witness.checked.notes.push(Remark::TornEnd);
                break;
            }
            witness.checked.checkpoints += 1;
            witness.note(&path, &text, store.log_id(), options)?;
        }
        if witness.checked.checkpoints == 0 {
            return Err(CheckError::Empty { path });
        }
        let beside = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let hashes = HashFiles::read(beside.unwrap_or_else(|| Path::new(".")))?;
        witness.hashes = (hashes.leaves()? > 0).then_some(hashes);
        Ok(witness)
    }

    fn note(
        &mut self,
        path: &Path,
        text: &str,
        log: LogId,
        options: &CheckOptions<'_>,
    ) -> Result<(), CheckError> {
        let number = self.checked.checkpoints;
        let parsed = text.parse::<Note>().and_then(|note| Ok((note.text().parse::<Checkpoint>()?, note)));
        let (checkpoint, note) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                self.checked.findings.push(Finding::Malformed { number, reason: error.to_string() });
                return Ok(());
            }
        };
        if checkpoint.log != log {
            return Err(CheckError::Foreign { path: path.into(), found: checkpoint.log, expected: log });
        }
        match note.signed(options.keys, options.verify) {
            Signed::By(key) => {
                if !self.checked.keys.contains(&key) {
                    self.checked.keys.push(key);
                }
                self.signed.push(checkpoint);
            }
            Signed::Forged(key) => self.checked.findings.push(Finding::Forged { number, key }),
            Signed::Unknown(names) => {
                self.checked.findings.push(Finding::UnknownKey { number, keys: names.join(", ") });
            }
        }
        Ok(())
    }

    /// Returns the checkpoints that must be true of the log, in order of size;
    /// notes those that a restore or an older copy excuses.
    fn expected(&mut self, generation: u64, restored: Option<Restored>) -> Vec<Checkpoint> {
        let newest = self.signed.iter().map(|one| one.generation).max().unwrap_or(0);
        if newest > generation {
            self.checked.findings.push(Finding::OlderCopy { found: generation, signed: newest });
            // The hashes are those of the newer generation.
            self.hashes = None;
        }
        let is_signed = |claim: &Restored| self.signed.iter().any(|one| one.generation == claim.generation);
        let claimed = restored.filter(|claim| claim.generation == generation && !is_signed(claim));
        if let Some(Restored { generation, size }) = claimed {
            self.checked.notes.push(Remark::UnsignedRestore { generation, size });
        }
        let mut began: Vec<Restored> = self
            .signed
            .iter()
            .filter(|one| one.generation > 0)
            .map(|one| Restored { generation: one.generation, size: one.restored })
            .chain(claimed)
            .collect();
        began.sort_by_key(|one| (one.generation, one.size));
        began.dedup();
        let kept = |one: &Checkpoint| {
            let later = began
                .iter()
                .filter(|began| began.generation > one.generation && began.generation <= generation);
            later.map(|began| began.size).min().unwrap_or(u64::MAX)
        };
        let (mut expected, lost): (Vec<Checkpoint>, Vec<Checkpoint>) = self
            .signed
            .iter()
            .filter(|one| one.generation <= generation)
            .partition(|one| one.size <= kept(one));
        let lost_generations: BTreeSet<u64> = lost.iter().map(|one| one.generation).collect();
        for lost_generation in lost_generations {
            let of_it = lost.iter().filter(|one| one.generation == lost_generation);
            if let Some(last) = of_it.max_by_key(|one| one.size) {
                self.checked.notes.push(Remark::LostByRestore {
                    generation: lost_generation,
                    first: kept(last) + 1,
                    last: last.size,
                });
            }
        }
        expected.sort_by_key(|one| one.size);
        expected
    }
}
