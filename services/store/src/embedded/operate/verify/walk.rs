//! The walk over the log: commits, the chain of their hashes, and frames.

use std::{ops::Range, path::Path, sync::mpsc::sync_channel, thread};

use airside_kernel::{MAX_APPEND_EVENTS, ReadError, StreamId};
use bytes::Bytes;

use super::{
    super::{
        super::{
            index::Snapshot,
            segments::{About, about, segment_path, stored},
            shared::Shared,
        },
        Pane, Progress, Step,
    },
    FINDINGS_KEPT, Finding, Findings,
    ledger::Ledger,
    recent::Newest,
};
use crate::blob::{Blob, Damage, Hash, NO_HASH};

/// How many bytes of commits are read under one snapshot.
const PIECE_BYTES: usize = 1024 * 1024;

/// How many commits may have been read and wait to be checked.
const READ_AHEAD: usize = 16;

/// Pages of a segment that are kept while it is checked; it is read in order.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// What the walk over a log found.
pub(super) struct Walk {
    /// What is wrong.
    pub(super) findings: Findings,
    /// How many events are whole.
    pub(super) events: u64,
    /// How many commits are whole.
    pub(super) commits: u64,
    /// How many segments there are.
    pub(super) segments: usize,
    /// When the first and the last commit were made.
    pub(super) recorded: Option<(i64, i64)>,
    /// The hash of the last commit.
    pub(super) last: Hash,
    /// Positions whose commits are lost or damaged.
    pub(super) lost: Vec<Range<u64>>,
    /// The sums of the events that the index has taken.
    pub(super) ledger: Ledger,
}

/// What is shown of a log.
pub(super) enum Shown {
    /// A segment begins, and says this of itself.
    Segment(Option<About>),
    /// The commit with this key.
    Commit(u64, Bytes),
    /// A part of the segment cannot be read, or is not as it should be.
    Trouble(String),
}

/// How closely a segment is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Its pages are checked before its commits.
    Pages,
    /// Its commits are read.
    Commits,
}

/// Checks the log up to `head`; the index on disk has its events up to `limit`.
pub(super) fn walk(
    shared: &Shared,
    index: &Snapshot,
    head: u64,
    limit: u64,
    ledger: Ledger,
    progress: &mut Progress<'_>,
) -> Result<Walk, ReadError> {
    let walk = Walk {
        findings: Findings::default(),
        events: 0,
        commits: 0,
        segments: 0,
        recorded: None,
        last: NO_HASH,
        lost: Vec::new(),
        ledger,
    };
    let newest = Newest::new(shared, index);
    let mut checks =
        Checks { walk, shared, limit, newest, file: String::new(), next: 1, previous: Some(NO_HASH) };
    let (sender, receiver) = sync_channel(READ_AHEAD);
    // One thread reads and lets redb check its pages, this one checks what was read.
    let reading = thread::scope(|scope| {
        let reader = scope.spawn(move || {
            show(shared, head, Care::Pages, &mut |first, shown| {
                sender.send((first, shown)).map_err(|_| given_up("the check ended before the log did"))
            })
        });
        for (first, shown) in receiver {
            match shown {
                Shown::Segment(about) => checks.segment(first, about),
                Shown::Commit(key, bytes) => {
                    checks.commit(key, bytes)?;
                    progress(Step { done: key.min(head), total: head, unit: "events" });
                }
                Shown::Trouble(what) => checks.found(None, what),
            }
        }
        reader.join().unwrap_or_else(|_| Err(given_up("the walk over the log ended unexpectedly")))
    });
    reading?;
    if checks.next <= head {
        checks.missing(head + 1);
    }
    progress(Step { done: head, total: head, unit: "events" });
    Ok(checks.walk)
}

fn given_up(reason: &str) -> ReadError {
    ReadError::Unavailable { reason: reason.to_owned() }
}

/// Shows all segments and their commits up to `head`, in order.
pub(super) fn show(
    shared: &Shared,
    head: u64,
    care: Care,
    to: &mut dyn FnMut(u64, Shown) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut firsts = shared.segments.firsts();
    let live = firsts.last().copied();
    firsts.retain(|first| *first <= head.max(1));
    // A file is whole when it is closed.
    shared.segments.leave_all();
    for first in firsts {
        let shown = if Some(first) == live {
            to(first, Shown::Segment(shared.segments.about(first).ok()))?;
            pieces(first, head, to, &mut |from| shared.segments.stored(first, from, PIECE_BYTES))
        } else {
            let path = segment_path(shared.segments.folder(), first);
            let (pane, trouble) = match open_full(&path, care) {
                Ok(opened) => opened,
                Err(error) => {
                    to(first, Shown::Segment(None))?;
                    to(first, Shown::Trouble(format!("the segment cannot be opened: {error}")))?;
                    continue;
                }
            };
            to(first, Shown::Segment(pane.read(|db| about(db)).ok()))?;
            if let Some(trouble) = trouble {
                to(first, Shown::Trouble(trouble))?;
            }
            let unreadable = |error: redb::Error| ReadError::Unavailable { reason: error.to_string() };
            pieces(first, head, to, &mut |from| {
                pane.read(|db| stored(db, from, PIECE_BYTES)).map_err(unreadable)
            })
        };
        shown?;
        if shared.has_ended() {
            return Err(ReadError::Unavailable { reason: "the store is closed".into() });
        }
    }
    Ok(())
}

fn pieces(
    first: u64,
    head: u64,
    to: &mut dyn FnMut(u64, Shown) -> Result<(), ReadError>,
    read: &mut dyn FnMut(u64) -> Result<Vec<(u64, Bytes)>, ReadError>,
) -> Result<(), ReadError> {
    let mut from = 0;
    loop {
        let piece = match read(from) {
            Ok(piece) => piece,
            Err(error) => return to(first, Shown::Trouble(format!("commits cannot be read: {error}"))),
        };
        let Some((last, _)) = piece.last() else { return Ok(()) };
        from = last.saturating_add(1);
        for (key, bytes) in piece {
            if key > head {
                return Ok(());
            }
            to(first, Shown::Commit(key, bytes))?;
        }
    }
}

/// Opens a full segment from its file, and says what redb found wrong with its pages.
fn open_full(path: &Path, care: Care) -> Result<(Pane, Option<String>), redb::DatabaseError> {
    let mut pane = Pane::over(path, CACHE_BYTES)?;
    if care == Care::Commits {
        return Ok((pane, None));
    }
    let Err(trouble) = pane.check() else { return Ok((pane, None)) };
    // The check repairs what it can, by going back to an older state: look at the file as it is.
    drop(pane);
    Ok((Pane::over(path, CACHE_BYTES)?, Some(trouble)))
}

struct Checks<'a> {
    walk: Walk,
    shared: &'a Shared,
    limit: u64,
    newest: Newest<'a>,
    file: String,
    /// The position that comes next.
    next: u64,
    /// The hash that the next commit must name; `None` when it is not known.
    previous: Option<Hash>,
}

impl Checks<'_> {
    fn segment(&mut self, first: u64, about: Option<About>) {
        self.walk.segments += 1;
        if first > self.next {
            self.missing(first);
        }
        self.file = format!("log/{first:020}.redb");
        let Some(about) = about else { return };
        if about.first != Some(first) {
            let said = about.first.map_or_else(|| "nothing".into(), |first| first.to_string());
            self.found(Some(first), format!("the segment says of itself that it begins at {said}"));
        }
        if self.previous.is_some() && about.previous != self.previous {
            let what = "the segment does not follow the one before: one of them was exchanged or rewritten";
            self.found(Some(first), what.into());
        }
    }

    fn commit(&mut self, key: u64, bytes: Bytes) -> Result<(), ReadError> {
        if key > self.next {
            self.missing(key);
        }
        let blob = match Blob::open(bytes, self.shared.meta.log) {
            Ok(blob) if blob.first() == key && key == self.next => blob,
            Ok(blob) => {
                let what = format!("a commit of position {} is stored as {key}", blob.first());
                self.damaged(key, what);
                return Ok(());
            }
            Err(Damage(reason)) => {
                self.damaged(key, reason);
                return Ok(());
            }
        };
        if self.previous.is_some_and(|previous| previous != blob.previous()) {
            let what = "the commit does not follow the one before: \
                        commits were changed, dropped, exchanged or reordered";
            self.found(Some(key), what.into());
        }
        let recorded = blob.recorded_us();
        if self.walk.recorded.is_some_and(|(_, before)| recorded < before) {
            self.found(Some(key), "the commit was recorded before the one before it".into());
        }
        let first = self.walk.recorded.map_or(recorded, |(first, _)| first);
        self.walk.recorded = Some((first, recorded));
        self.frames(&blob)?;
        self.walk.commits += 1;
        self.walk.last = blob.hash();
        self.previous = Some(self.walk.last);
        self.next = blob.last() + 1;
        Ok(())
    }

    fn frames(&mut self, blob: &Blob) -> Result<(), ReadError> {
        let mut frames = blob.frames(0);
        for decoded in frames.by_ref() {
            let (place, event) = match decoded {
                Ok(decoded) => decoded,
                Err(Damage(reason)) => {
                    self.lose(blob.first()..blob.last() + 1);
                    self.found(Some(blob.first()), reason);
                    return Ok(());
                }
            };
            let position = event.position().parts().0;
            let problem = if event.stream().parse::<StreamId>().is_err() {
                Some("its stream's name is malformed")
            } else if event.metadata().is_err() {
                Some("its metadata is malformed")
            } else if event.fold_from().0 > event.revision().0.saturating_add(MAX_APPEND_EVENTS as u64) {
                Some("it names a future revision as the oldest that its stream needs")
            } else {
                None
            };
            if let Some(what) = problem {
                self.found_of(position, event.stream(), what);
            }
            if position <= self.limit {
                self.walk.ledger.add(event.stream().as_bytes(), event.revision().0, place);
            } else {
                let some_lost = !self.walk.lost.is_empty();
                for finding in self.newest.check(&event, place, &self.file, some_lost)? {
                    self.walk.findings.add(finding);
                }
            }
            self.walk.events += 1;
        }
        if !frames.fill_the_commit() {
            self.found(Some(blob.first()), "the frames of the commit do not fill it".into());
        }
        Ok(())
    }

    /// Notes that all up to `until` is missing.
    fn missing(&mut self, until: u64) {
        let known = self.walk.lost.last().is_some_and(|lost| lost.end == u64::MAX);
        if known {
            self.walk.lost.pop();
        } else {
            self.found(Some(self.next), format!("positions {} to {} are missing", self.next, until - 1));
        }
        self.lose(self.next..until);
        self.previous = None;
        self.next = until;
    }

    /// Notes a commit that cannot be read; how long it was is seen at the next one.
    fn damaged(&mut self, key: u64, what: String) {
        self.found(Some(key), what);
        self.lose(key..u64::MAX);
        self.previous = None;
        self.next = self.next.max(key);
    }

    fn lose(&mut self, positions: Range<u64>) {
        // Beyond some thousand holes nothing more is told apart: they grow together.
        let is_full = self.walk.lost.len() >= FINDINGS_KEPT;
        match self.walk.lost.last_mut() {
            Some(last) if is_full => last.end = positions.end,
            _ => self.walk.lost.push(positions),
        }
    }

    fn found(&mut self, position: Option<u64>, what: String) {
        self.walk.findings.add(Finding { position, stream: None, file: self.file.clone(), what });
    }

    fn found_of(&mut self, position: u64, stream: &str, what: &str) {
        let (position, stream) = (Some(position), Some(stream.to_owned()));
        self.walk.findings.add(Finding { position, stream, file: self.file.clone(), what: what.into() });
    }
}
