//! The scan of the index: what it holds, and whether revisions have gaps.

use super::{
    super::super::{
        disk::contained,
        index::{Entry, Snapshot},
    },
    FINDINGS_KEPT, Finding, Findings, INDEX_FILE,
    ledger::{Ledger, bucket_of},
};

/// What helps against anything wrong with the index.
const REMEDY: &str = "stop the store and rebuild the index";

/// What the scan of an index found.
pub(super) struct Scan {
    /// How many entries belong to what is checked.
    pub(super) entries: u64,
    /// Their sums.
    pub(super) ledger: Ledger,
    /// Gaps in streams, with their buckets: those of the log, where log and index agree.
    pub(super) gaps: Vec<(usize, Finding)>,
    /// What is wrong with the index itself.
    pub(super) findings: Findings,
    /// Whether it could be read to its end.
    pub(super) is_whole: bool,
}

/// Scans the entries of events up to the position `limit`.
pub(super) fn scan(index: &Snapshot, limit: u64, ledger: Ledger) -> Scan {
    let findings = Findings::default();
    let mut scan = Scan { entries: 0, ledger, gaps: Vec::new(), findings, is_whole: true };
    let mut before = Before::default();
    let shown = contained(|| index.entries(&mut |entry| scan.add(entry, index.position, limit, &mut before)));
    if let Err(error) = shown {
        scan.is_whole = false;
        scan.findings.add(wrong(None, None, format!("the stream index cannot be read: {error}: {REMEDY}")));
    }
    scan
}

/// The entry before.
#[derive(Default)]
struct Before {
    stream: Vec<u8>,
    revision: u64,
    position: u64,
}

impl Scan {
    fn add(&mut self, entry: Option<Entry<'_>>, position: u64, limit: u64, before: &mut Before) {
        let Some(entry) = entry else {
            self.findings.add(wrong(None, None, format!("an entry is malformed: {REMEDY}")));
            return;
        };
        let at = entry.place.commit.saturating_add(u64::from(entry.place.index));
        let name = || String::from_utf8_lossy(entry.stream).into_owned();
        if at > position {
            let what = format!("an entry lies beyond {position}, up to which the index is made: {REMEDY}");
            self.findings.add(wrong(Some(at), Some(name()), what));
            return;
        }
        if at > limit {
            return;
        }
        self.entries += 1;
        self.ledger.add(entry.stream, entry.revision, entry.place);
        let is_same = before.stream == entry.stream;
        let expected = if is_same { before.revision.wrapping_add(1) } else { 0 };
        let problem = if entry.revision != expected {
            Some(format!("revision {} comes where {expected} should: events are missing", entry.revision))
        } else if is_same && at <= before.position {
            Some(format!("revision {} lies before revision {}", entry.revision, before.revision))
        } else {
            None
        };
        if let Some(what) = problem.filter(|_| self.gaps.len() < FINDINGS_KEPT) {
            self.gaps.push((
                bucket_of(entry.stream),
                Finding { file: "log".into(), ..wrong(Some(at), Some(name()), what) },
            ));
        }
        if !is_same {
            before.stream.clear();
            before.stream.extend_from_slice(entry.stream);
        }
        (before.revision, before.position) = (entry.revision, at);
    }
}

/// Makes a finding about the index.
pub(super) fn wrong(position: Option<u64>, stream: Option<String>, what: String) -> Finding {
    Finding { position, stream, file: INDEX_FILE.into(), what }
}
