//! One walk over the log and the kept hashes, from checkpoint to checkpoint.

use std::path::Path;

use airside_kernel::RecordedEvent;

use super::findings::{Checked, Finding, Remark};
use crate::{
    checkpoint::Checkpoint,
    files::{FolderError, HashFiles, refused},
    leaf::leaf,
    take_up::PAGE_EVENTS,
    tree::{Edge, Hash, Hashes},
};

/// A walk over the log and the kept hashes at once.
pub(super) struct Walk {
    pub(super) expected: Vec<Checkpoint>,
    next: usize,
    pub(super) log: Edge,
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
    pub(super) fn new(expected: Vec<Checkpoint>, kept: Option<HashFiles>) -> Self {
        let kept = kept.map(|hashes| (hashes, Edge::default()));
        let (next, log, row, differs, hashes_damaged, proven, bad, false_ones) = Default::default();
        Self { expected, next, log, kept, row, differs, hashes_damaged, proven, bad, false_ones }
    }

    pub(super) fn see(&mut self, event: &RecordedEvent) -> Result<(), FolderError> {
        let leaf = leaf(event);
        let index = self.log.size();
        self.log.push(leaf, |_, _| {});
        if let Some((hashes, edge)) = &mut self.kept {
            let at = usize::try_from(index).unwrap_or(usize::MAX) % PAGE_EVENTS;
            if at == 0 {
                let there = hashes.leaves()?.saturating_sub(index).min(PAGE_EVENTS as u64);
                let read = hashes.entries(0, index, there);
                self.row = read.map_err(refused("read", Path::new("hashes.0")))?;
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

    pub(super) fn conclude(mut self, checked: &mut Checked, unreadable: Option<String>) {
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
