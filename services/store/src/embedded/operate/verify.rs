//! Verify: every commit, every event, every entry of the index.
//!
//! The log is walked once, in order. The index is scanned once, in its own
//! order, at the same time. To see that both hold the same events, neither is
//! looked up in the other: each event is hashed together with its place, under
//! a key made for this run, and the hashes are summed up in buckets by stream.
//! Equal sums mean equal sets, in memory that does not grow. Only buckets that
//! differ are read again and compared entry by entry. That the revisions of a
//! stream have no gaps is seen in the scan, where they lie side by side.
//!
//! Full segments are opened anew from their files, under glass, and redb checks
//! its own pages first; the live segment is read in short snapshots.

use std::thread;

use airside_kernel::{LogId, ReadError, Timestamp};
use serde::Serialize;

use self::{
    differ::Differ,
    entries::{Scan, scan},
    ledger::Ledger,
    walk::{Walk, walk},
};
use super::{
    super::{disk::Disk, meta::Meta, shared::Shared},
    Pane, Progress, hex, id_text, time,
};

mod differ;
mod entries;
mod ledger;
mod recent;
mod walk;

/// How many findings are kept; the rest is only counted.
const FINDINGS_KEPT: usize = 1_000;

/// Enough for a file of three numbers.
const META_CACHE_BYTES: usize = 1024 * 1024;

/// The file of the stream index.
const INDEX_FILE: &str = "index.redb";

/// What a check of the whole log found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Which log it is.
    #[serde(with = "id_text")]
    pub log_id: LogId,
    /// Its generation.
    pub generation: u64,
    /// The position up to which it was checked: the head when the check began.
    pub head: u64,
    /// How many events were read and are whole.
    pub events: u64,
    /// How many commits were read and are whole.
    pub commits: u64,
    /// How many segments were read.
    pub segments: usize,
    /// How many entries of the index belong to what was checked.
    pub index_entries: u64,
    /// When the first event was recorded.
    pub first_recorded_at: Option<Timestamp>,
    /// When the last event was recorded.
    pub last_recorded_at: Option<Timestamp>,
    /// SHA-256 of the last commit, in hexadecimal; zeros when there is none.
    pub last_commit: String,
    /// What is wrong, in log order: the first thousand.
    pub findings: Vec<Finding>,
    /// How many things are wrong.
    pub findings_total: u64,
}

impl Verified {
    /// Says whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings_total == 0
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The position that it is about, when it is about one.
    pub position: Option<u64>,
    /// The stream that it is about, when it is about one.
    pub stream: Option<String>,
    /// The file, by its name in the data folder.
    pub file: String,
    /// What is wrong, and what helps.
    pub what: String,
}

/// The first findings, and the count of all.
#[derive(Debug, Default)]
struct Findings {
    kept: Vec<Finding>,
    total: u64,
}

impl Findings {
    fn add(&mut self, finding: Finding) {
        self.total += 1;
        if self.kept.len() < FINDINGS_KEPT {
            self.kept.push(finding);
        }
    }

    fn add_all(&mut self, others: Self) {
        self.total += others.total;
        self.kept.extend(others.kept);
    }

    /// Returns the first ones in log order; what is about no position comes last.
    fn in_order(mut self) -> (Vec<Finding>, u64) {
        self.kept.sort_by_key(|finding| finding.position.unwrap_or(u64::MAX));
        self.kept.truncate(FINDINGS_KEPT);
        (self.kept, self.total)
    }
}

/// Checks the log up to its present head.
pub(super) fn verify(shared: &Shared, progress: &mut Progress<'_>) -> Result<Verified, ReadError> {
    let head = shared.head();
    let index = shared.with_index(|index| index.snapshot())?;
    let limit = index.position.min(head);
    let ledger = Ledger::new();
    let (walked, scanned) = thread::scope(|scope| {
        let scanning = scope.spawn(|| scan(&index, limit, ledger.empty()));
        let walked = walk(shared, &index, head, limit, ledger.empty(), progress);
        (walked, scanning.join())
    });
    let Walk { mut findings, events, commits, segments, recorded, last, lost, ledger: log_side } = walked?;
    let Ok(scanned) = scanned else {
        return Err(ReadError::Unavailable {
            reason: "the scan of the stream index ended unexpectedly".into(),
        });
    };
    let Scan { entries, ledger: index_side, gaps, findings: in_index, is_whole } = scanned;
    findings.add_all(in_index);
    check_identity(shared, &mut findings);
    if shared.has_ended() {
        return Err(ReadError::Unavailable { reason: "the store is closed".into() });
    }
    if is_whole {
        let different = log_side.different_from(&index_side);
        for (bucket, gap) in gaps {
            if !different.contains(&bucket) {
                findings.add(gap);
            }
        }
        if !different.is_empty() {
            let differ = Differ { shared, index: &index, head, limit, lost: &lost };
            differ.explain(different, &log_side, &index_side, &mut findings)?;
        }
    }
    let (findings, findings_total) = findings.in_order();
    Ok(Verified {
        log_id: shared.meta.log,
        generation: shared.meta.generation,
        head,
        events,
        commits,
        segments,
        index_entries: entries,
        first_recorded_at: recorded.and_then(|(first, _)| time(first)),
        last_recorded_at: recorded.and_then(|(_, last)| time(last)),
        last_commit: hex(&last),
        findings,
        findings_total,
    })
}

/// Checks the file that says whose log it is; it was read once, at the start.
fn check_identity(shared: &Shared, findings: &mut Findings) {
    let path = shared.segments.folder().join("meta.redb");
    let opened = Pane::over(&path, META_CACHE_BYTES).map_err(|error| format!("it is damaged: {error}"));
    let what = match opened.and_then(|mut pane| pane.check()) {
        Ok(()) if Meta::read(&Disk::default(), &path).is_ok_and(|meta| meta == Some(shared.meta)) => return,
        Ok(()) => "it is not the one that the store was started with: restart the store".into(),
        Err(what) => format!("{what}: restore the log from a backup"),
    };
    findings.add(Finding { position: None, stream: None, file: "log/meta.redb".into(), what });
}

#[cfg(test)]
mod tests;
