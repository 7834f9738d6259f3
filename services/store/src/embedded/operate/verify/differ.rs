//! Where log and index differ: entry by entry, for the parts that do.

use std::{collections::HashMap, ops::Range};

use airside_kernel::ReadError;

use super::{
    super::super::{disk::contained, index::Snapshot, shared::Shared},
    Finding, Findings,
    entries::wrong,
    ledger::{Ledger, bucket_of},
    walk::{Care, Shown, show},
};
use crate::blob::{Blob, Place};

/// How many events are compared one by one; what differs beyond is only said to differ.
const COMPARED_EVENTS: u64 = 1_000_000;

/// What helps when the index is wrong and the log is not.
const REMEDY: &str = "stop the store and rebuild the index";

/// Compares parts of log and index.
pub(super) struct Differ<'a> {
    /// The open log.
    pub(super) shared: &'a Shared,
    /// The index.
    pub(super) index: &'a Snapshot,
    /// Up to where the log is checked.
    pub(super) head: u64,
    /// Up to where the index is checked.
    pub(super) limit: u64,
    /// Positions that cannot be read: what the index says of them is not known to be wrong.
    pub(super) lost: &'a [Range<u64>],
}

/// Where an event is: in the log, and as the index has it.
#[derive(Default)]
struct Both {
    log: Option<Place>,
    index: Option<Place>,
}

type Compared = HashMap<(String, u64), Both>;

impl Differ<'_> {
    /// Adds what differs in these buckets to the findings.
    pub(super) fn explain(
        &self,
        mut different: Vec<usize>,
        log: &Ledger,
        index: &Ledger,
        findings: &mut Findings,
    ) -> Result<(), ReadError> {
        let (mut events, parts) = (0, different.len());
        different.retain(|bucket| {
            events += log.count(*bucket).max(index.count(*bucket));
            events <= COMPARED_EVENTS
        });
        if different.len() < parts {
            let rest = parts - different.len();
            findings.add(wrong(None, None, format!("{rest} more parts of the index differ: {REMEDY}")));
        }
        let mut compared = self.read_log(&different, findings)?;
        self.read_index(&different, &mut compared);
        self.gaps(&compared, findings);
        for ((stream, revision), both) in compared {
            if let Some(finding) = self.difference(stream, revision, &both) {
                findings.add(finding);
            }
        }
        Ok(())
    }

    fn read_log(&self, buckets: &[usize], findings: &mut Findings) -> Result<Compared, ReadError> {
        let mut compared = Compared::new();
        show(self.shared, self.limit.min(self.head), Care::Commits, &mut |first, shown| {
            let Shown::Commit(key, bytes) = shown else { return Ok(()) };
            // What does not open was found before.
            let Ok(blob) = Blob::open(bytes, self.shared.meta.log) else { return Ok(()) };
            if blob.first() != key {
                return Ok(());
            }
            for (place, event) in blob.frames(0).map_while(Result::ok) {
                let stream = event.stream();
                let position = place.commit + u64::from(place.index);
                if position > self.limit || buckets.binary_search(&bucket_of(stream.as_bytes())).is_err() {
                    continue;
                }
                let both = compared.entry((stream.to_owned(), event.revision().0)).or_default();
                if both.log.replace(place).is_some() {
                    findings.add(Finding {
                        position: Some(position),
                        stream: Some(stream.to_owned()),
                        file: format!("log/{first:020}.redb"),
                        what: format!("revision {} is there twice", event.revision()),
                    });
                }
            }
            Ok(())
        })?;
        Ok(compared)
    }

    fn read_index(&self, buckets: &[usize], compared: &mut Compared) {
        // It was read to its end a moment ago.
        let _ = contained(|| {
            self.index.entries(&mut |entry| {
                let Some(entry) = entry.filter(|entry| position(entry.place) <= self.limit) else { return };
                if buckets.binary_search(&bucket_of(entry.stream)).is_ok() {
                    let stream = String::from_utf8_lossy(entry.stream).into_owned();
                    compared.entry((stream, entry.revision)).or_default().index = Some(entry.place);
                }
            })
        });
    }

    fn difference(&self, stream: String, revision: u64, both: &Both) -> Option<Finding> {
        let (at, what) = match (both.log, both.index) {
            (Some(log), None) => (log, format!("revision {revision} is not in the index: {REMEDY}")),
            (Some(log), Some(index)) if log != index => {
                let there = position(index);
                (log, format!("the index looks for revision {revision} at position {there}: {REMEDY}"))
            }
            (None, Some(index)) if !self.is_lost(position(index)) => {
                (index, format!("the index has revision {revision} here and the log has not: {REMEDY}"))
            }
            _ => return None,
        };
        Some(wrong(Some(position(at)), Some(stream), what))
    }

    /// Finds gaps in the streams as the log has them.
    fn gaps(&self, compared: &Compared, findings: &mut Findings) {
        // What cannot be read may be what is missing.
        if !self.lost.is_empty() {
            return;
        }
        let in_log = |stream: &str, revision: u64| {
            compared.get(&(stream.to_owned(), revision)).and_then(|both| both.log)
        };
        for ((stream, revision), both) in compared {
            let Some(place) = both.log else { continue };
            let Some(before) = revision.checked_sub(1) else { continue };
            let what = match in_log(stream, before) {
                None => format!("revision {revision} follows no revision {before}: events are missing"),
                Some(earlier) if position(earlier) > position(place) => {
                    format!("revision {revision} lies before revision {before}")
                }
                Some(_) => continue,
            };
            let (position, stream) = (Some(position(place)), Some(stream.clone()));
            findings.add(Finding { position, stream, file: "log".into(), what });
        }
    }

    fn is_lost(&self, position: u64) -> bool {
        self.lost.iter().any(|lost| lost.contains(&position))
    }
}

fn position(place: Place) -> u64 {
    place.commit.saturating_add(u64::from(place.index))
}
