//! Holds a log against checkpoints that were signed.
//!
//! One walk over the log computes every leaf, and the root at the size of each
//! checkpoint. Hashes that lie beside the checkpoints are walked too: where
//! they lead to a signed root and the log does not, the first leaf that differs
//! names the first altered event; without them, or where they were altered
//! themselves, the last good and the first bad checkpoint bound it. Nothing
//! that is not signed by a known key counts.

use std::path::{Path, PathBuf};

use airside_kernel::{EventStore, LogId, ReadError, RecordedEvent};
use serde::Serialize;
use thiserror::Error;
use tokio::task;

use crate::{
    Restored,
    checkpoint::Checkpoint,
    files::{CHECKPOINTS, FolderError, HashFiles, Notes},
    leaf::leaf,
    note::{Note, Signed, VerifierKey, Verify},
    take_up::PAGE_EVENTS,
    tree::{Edge, Hash, Hashes},
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

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// How many events the log has, as far as it was read.
    pub events: u64,
    /// How many checkpoints were read.
    pub checkpoints: u64,
    /// How many events are proven to be what was signed.
    pub proven: u64,
    /// The keys that signed what was used.
    pub keys: Vec<String>,
    /// What is wrong; empty for a log that is what was signed.
    pub findings: Vec<Finding>,
    /// What is not wrong and still worth knowing.
    pub notes: Vec<Remark>,
}

impl Checked {
    /// Returns true when nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Something wrong. Events are counted from 1, as they lie in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// An event is not the one that was signed; it is the first such.
    #[error(
        "event {event} (position {position}) is not what was signed: {event_type} at revision {revision} of {stream}"
    )]
    Altered {
        /// Which event of the log.
        event: u64,
        /// Its position.
        position: String,
        /// Its stream.
        stream: String,
        /// Its revision.
        revision: u64,
        /// Its type.
        event_type: String,
    },
    /// One of these events is not what was signed; no trusted hashes tell which.
    #[error(
        "one of the events {first} to {last} is not what was signed, the first altered one among them; hashes of the second place would tell which"
    )]
    AlteredBetween {
        /// The first that may be altered.
        first: u64,
        /// The last that may be the first altered one.
        last: u64,
    },
    /// The log is shorter than what was signed.
    #[error("truncated: events {first} to {last} are missing")]
    Truncated {
        /// The first that is missing.
        first: u64,
        /// The last that was signed.
        last: u64,
    },
    /// The log cannot be read on.
    #[error("the log cannot be read after event {after}: {reason}")]
    Unreadable {
        /// The last event that was read.
        after: u64,
        /// Why.
        reason: String,
    },
    /// The log is an older copy.
    #[error(
        "the log is of generation {found}, but a checkpoint of generation {signed} was signed: this is an older copy of the log"
    )]
    OlderCopy {
        /// The log's generation.
        found: u64,
        /// The newest generation that was signed.
        signed: u64,
    },
    /// A checkpoint that is signed and does not agree with the log, which later ones do.
    #[error(
        "checkpoint of {size} events of generation {generation} is signed but was never true of this log, while later ones are: another history was signed with this key"
    )]
    FalseCheckpoint {
        /// Its size.
        size: u64,
        /// Its generation.
        generation: u64,
    },
    /// The hashes beside the checkpoints do not lead to a root that was signed.
    #[error("kept hashes up to event {size} do not lead to the signed root: they were altered, or damaged")]
    HashesDamaged {
        /// The size of the first checkpoint that they fail.
        size: u64,
    },
    /// A signature that its key did not make.
    #[error("checkpoint {number} of the file names the key {key}, which did not sign it")]
    Forged {
        /// Which checkpoint of the file, from 1.
        number: u64,
        /// The key.
        key: String,
    },
    /// Signatures by unknown keys.
    #[error("checkpoint {number} of the file is signed by {keys}, which is no known key")]
    UnknownKey {
        /// Which checkpoint of the file, from 1.
        number: u64,
        /// The names of the keys.
        keys: String,
    },
    /// A checkpoint that does not parse.
    #[error("checkpoint {number} of the file cannot be read: {reason}")]
    Malformed {
        /// Which checkpoint of the file, from 1.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Remark {
    /// A restore gave up events that had been signed.
    #[error("a restore gave up events {first} to {last} of generation {generation}")]
    LostByRestore {
        /// Their generation.
        generation: u64,
        /// The first that was given up.
        first: u64,
        /// The last that was signed.
        last: u64,
    },
    /// Events after the newest checkpoint.
    #[error("events {first} to {last} are not signed yet")]
    Unsigned {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
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
        for text in Notes::open(&path)? {
            witness.checked.checkpoints += 1;
            witness.note(&path, &text?, store.log_id(), options)?;
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
        let mut began: Vec<Restored> = self
            .signed
            .iter()
            .filter(|one| one.generation > 0)
            .map(|one| Restored { generation: one.generation, size: one.restored })
            .chain(restored)
            .collect();
        began.sort_by_key(|one| (one.generation, one.size));
        began.dedup();
        let kept = |one: &Checkpoint| {
            let later =
                began.iter().filter(|began| (one.generation + 1..=generation).contains(&began.generation));
            later.map(|began| began.size).min().unwrap_or(u64::MAX)
        };
        let (mut expected, lost): (Vec<Checkpoint>, Vec<Checkpoint>) = self
            .signed
            .iter()
            .filter(|one| one.generation <= generation)
            .partition(|one| one.size <= kept(one));
        for lost_generation in 0..generation {
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

/// A walk over the log and the kept hashes at once.
struct Walk {
    expected: Vec<Checkpoint>,
    next: usize,
    log: Edge,
    /// The kept hashes for as long as they last and lead to what was signed.
    kept: Option<(HashFiles, Edge)>,
    row: Vec<Hash>,
    /// The first event that differs from the kept hashes since the last root that both lead to.
    differs: Option<Finding>,
    hashes_damaged: Option<u64>,
    proven: u64,
    /// Checkpoints that the log does not lead to, and the altered event where it is known.
    bad: Vec<(Checkpoint, Option<Finding>)>,
    false_ones: Vec<Checkpoint>,
}

impl Walk {
    fn new(expected: Vec<Checkpoint>, kept: Option<HashFiles>) -> Self {
        let kept = kept.map(|hashes| (hashes, Edge::default()));
        let (next, log, row, differs, hashes_damaged, proven, bad, false_ones) = Default::default();
        Self { expected, next, log, kept, row, differs, hashes_damaged, proven, bad, false_ones }
    }

    fn see(&mut self, event: &RecordedEvent) -> Result<(), FolderError> {
        let leaf = leaf(event);
        let index = self.log.size();
        self.log.push(leaf, |_, _| {});
        if let Some((hashes, edge)) = &mut self.kept {
            let at = usize::try_from(index).unwrap_or(usize::MAX) % PAGE_EVENTS;
            if at == 0 {
                let there = hashes.leaves()?.saturating_sub(index).min(PAGE_EVENTS as u64);
                let read = hashes.entries(0, index, there);
                self.row = read.map_err(crate::files::refused("read", Path::new("hashes.0")))?;
            }
            match self.row.get(at) {
                Some(kept) => {
                    edge.push(*kept, |_, _| {});
                    if *kept != leaf && self.differs.is_none() {
                        self.differs = Some(altered(index + 1, event));
                    }
                }
                None => self.kept = None,
            }
        }
        while self.expected.get(self.next).is_some_and(|one| one.size == self.log.size()) {
            self.weigh(self.expected[self.next]);
            self.next += 1;
        }
        Ok(())
    }

    /// Weighs a checkpoint of exactly the size reached.
    fn weigh(&mut self, signed: Checkpoint) {
        let is_led_to = self.kept.as_ref().map(|(_, edge)| edge.root() == signed.root);
        if self.log.root() == signed.root {
            self.false_ones.extend(self.bad.drain(..).map(|(bad, _)| bad));
            self.proven = signed.size;
            self.differs = None;
        } else {
            let named = self.differs.clone().filter(|_| is_led_to == Some(true));
            self.bad.push((signed, named));
        }
        if is_led_to == Some(false) && self.hashes_damaged.is_none() {
            self.hashes_damaged = Some(signed.size);
        }
    }

    /// Names the event that differs although the log ends before the next
    /// checkpoint: the kept hashes are walked on to see whether they lead there.
    fn name_in_a_short_log(&mut self) -> Option<Finding> {
        let signed = self.expected.get(self.next)?;
        let differs = self.differs.take()?;
        let (hashes, edge) = self.kept.as_mut()?;
        while edge.size() < signed.size {
            let count = (signed.size - edge.size()).min(PAGE_EVENTS as u64);
            hashes
                .entries(0, edge.size(), count)
                .ok()?
                .into_iter()
                .for_each(|leaf| edge.push(leaf, |_, _| {}));
        }
        (edge.root() == signed.root).then_some(differs)
    }

    fn conclude(mut self, checked: &mut Checked, unreadable: Option<String>) {
        checked.proven = self.proven;
        let in_short_log = self.name_in_a_short_log();
        let findings = &mut checked.findings;
        findings.extend(
            self.false_ones
                .iter()
                .map(|one| Finding::FalseCheckpoint { size: one.size, generation: one.generation }),
        );
        if let Some((first_bad, _)) = self.bad.first() {
            let named = self.bad.iter().find_map(|(_, named)| named.clone());
            let between = Finding::AlteredBetween { first: self.proven + 1, last: first_bad.size };
            findings.push(named.unwrap_or(between));
        } else {
            findings.extend(in_short_log);
        }
        // Hashes fail together with the log where a checkpoint is the false one.
        let is_false = |size: u64| self.false_ones.iter().any(|one| one.size == size);
        findings.extend(
            self.hashes_damaged.filter(|size| !is_false(*size)).map(|size| Finding::HashesDamaged { size }),
        );
        let events = self.log.size();
        let last = self.expected.last().map_or(0, |last| last.size);
        match unreadable {
            Some(reason) => findings.push(Finding::Unreadable { after: events, reason }),
            None if last > events => findings.push(Finding::Truncated { first: events + 1, last }),
            None if last < events => {
                checked.notes.push(Remark::Unsigned { first: last + 1, last: events });
            }
            None => {}
        }
    }
}

fn altered(number: u64, event: &RecordedEvent) -> Finding {
    Finding::Altered {
        event: number,
        position: event.position().to_string(),
        stream: event.stream().to_owned(),
        revision: event.revision().0,
        event_type: event.event_type().to_owned(),
    }
}
