//! Reading: from memory on the spot, from disk on a blocking thread.
//!
//! A read near the head finds its places and commits in memory and answers at
//! once. Any other read, of at most a page, runs where blocking is allowed, so
//! the async runtime never waits for a disk.

use std::{ops::ControlFlow, sync::Arc};

use airside_kernel::{Direction, Page, ReadError, RecordedEvent, Revision, StreamId};
use async_trait::async_trait;
use tokio::task;

use super::{segments::corrupt, shared::Shared};
use crate::{
    blob::{Blob, Damage, Place},
    follow::Source,
};

/// How far a read may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Memory,
    Disk,
}

/// A wish for some events of a stream.
#[derive(Debug, Clone)]
pub(crate) struct StreamRead {
    /// The stream.
    pub(crate) stream: StreamId,
    /// Which way.
    pub(crate) direction: Direction,
    /// From where, inclusive.
    pub(crate) from: Option<Revision>,
    /// How many at most.
    pub(crate) limit: usize,
}

impl StreamRead {
    /// Returns the lowest and highest revision to read and whether nothing
    /// follows them, given the last revision of the stream.
    fn range(&self, last: u64) -> (Option<(u64, u64)>, bool) {
        let limit = self.limit as u64;
        match self.direction {
            Direction::Forwards => {
                let first = self.from.map_or(0, |revision| revision.0);
                if first > last {
                    return (None, true);
                }
                let until = last.min(first.saturating_add(limit.saturating_sub(1)));
                if limit == 0 { (None, false) } else { (Some((first, until)), until == last) }
            }
            Direction::Backwards => {
                let high = self.from.map_or(last, |revision| revision.0.min(last));
                let low = high.saturating_sub(limit.saturating_sub(1));
                if limit == 0 { (None, false) } else { (Some((low, high)), low == 0) }
            }
        }
    }
}

impl Shared {
    /// Reads a stream.
    pub(crate) async fn read_stream(self: &Arc<Self>, read: StreamRead) -> Result<Page, ReadError> {
        self.still_open()?;
        if let Some(page) = self.stream_page(&read, Depth::Memory)? {
            return Ok(page);
        }
        let shared = Arc::clone(self);
        blocking(move || Ok(shared.stream_page(&read, Depth::Disk)?.unwrap_or_default())).await
    }

    fn still_open(&self) -> Result<(), ReadError> {
        match self.has_ended() {
            true => Err(ReadError::Unavailable { reason: "the store is closed".into() }),
            false => Ok(()),
        }
    }

    /// Reads a stream as deep as is allowed; `None` when that is not deep enough.
    fn stream_page(&self, read: &StreamRead, depth: Depth) -> Result<Option<Page>, ReadError> {
        let stream = read.stream.as_str();
        // What leaves the recent places is in the index before: so recent first, index after.
        let (span, recent) = {
            let recent = self.recent();
            let span = recent.span(&read.stream);
            let range = span.and_then(|(_, last)| read.range(last).0);
            (span, range.map_or_else(Vec::new, |(low, high)| recent.places(&read.stream, low, high)))
        };
        let last = match span {
            Some((_, last)) => Some(last),
            None if depth == Depth::Memory => return Ok(None),
            None => self.with_index(|index| index.last(stream))?.map(|revision| revision.0),
        };
        let Some(last) = last else { return Ok(Some(Page { events: Vec::new(), end: true })) };
        let (range, end) = read.range(last);
        let Some((low, high)) = range else { return Ok(Some(Page { events: Vec::new(), end })) };
        let oldest_recent = span.map_or(u64::MAX, |(oldest, _)| oldest);
        let mut places = Vec::new();
        if low < oldest_recent {
            if depth == Depth::Memory {
                return Ok(None);
            }
            let until = high.min(oldest_recent - 1);
            places = self.with_index(|index| index.places(stream, low, until))?;
        }
        places.extend(recent);
        if places.len() as u64 != high - low + 1 {
            return Err(index_lies(stream, low));
        }
        if read.direction == Direction::Backwards {
            places.reverse();
        }
        let events = self.events_at(stream, &places, depth)?;
        Ok(events.map(|events| Page { events, end }))
    }

    /// Returns where a reader of a stream finds an event.
    pub(crate) fn place_of(&self, stream: &str, revision: u64) -> Result<Option<Place>, ReadError> {
        if let Ok(name) = stream.parse() {
            // Recent first, index after, as above.
            let recent = self.recent().places(&name, revision, revision);
            if let Some((_, place)) = recent.first() {
                return Ok(Some(*place));
            }
        }
        let places = self.with_index(|index| index.places(stream, revision, revision))?;
        Ok(places.first().map(|(_, place)| *place))
    }

    fn events_at(
        &self,
        stream: &str,
        places: &[(u64, Place)],
        depth: Depth,
    ) -> Result<Option<Vec<RecordedEvent>>, ReadError> {
        let mut events = Vec::with_capacity(places.len());
        let mut held: Option<Blob> = None;
        for (revision, place) in places {
            let blob = match held.take().filter(|blob| blob.first() == place.commit) {
                Some(blob) => blob,
                None => match self.commit_at(place.commit, depth)? {
                    Some(blob) => blob,
                    None => return Ok(None),
                },
            };
            let event = blob.event(place.index, place.offset);
            let event = event.map_err(|Damage(reason)| corrupt(place.commit, reason))?;
            if event.revision().0 != *revision || event.stream() != stream {
                return Err(index_lies(stream, *revision));
            }
            events.push(event);
            held = Some(blob);
        }
        Ok(Some(events))
    }

    fn commit_at(&self, position: u64, depth: Depth) -> Result<Option<Blob>, ReadError> {
        let known = self.tail().get(position).cloned();
        if known.is_some() || depth == Depth::Memory {
            return Ok(known);
        }
        let mut found = None;
        self.segments.visit(position, &mut |blob| {
            found = Some(blob);
            ControlFlow::Break(())
        })?;
        match found {
            Some(blob) if blob.first() == position => Ok(Some(blob)),
            _ => Err(corrupt(position, "no commit begins here".into())),
        }
    }

    fn page_from_disk(&self, after: u64, limit: usize, head: u64) -> Result<Page, ReadError> {
        let mut page = Collector::new(after, limit, head);
        let mut failed = None;
        self.segments.visit(after + 1, &mut |blob| match page.add(&blob) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })?;
        match failed {
            Some(error) => Err(error),
            None => page.finish(),
        }
    }
}

#[async_trait]
impl Source for Arc<Shared> {
    async fn page_after(&self, after: u64, limit: usize) -> Result<Page, ReadError> {
        self.still_open()?;
        let head = self.head();
        if after >= head || limit == 0 {
            return Ok(Page { events: Vec::new(), end: after >= head });
        }
        let recent = self.tail().from(after + 1, limit);
        if recent.is_empty() {
            // A page read ahead must be full whatever is appended meanwhile.
            let goes_on = |after: u64| after.saturating_add(limit as u64) < head;
            let read = |after: u64| {
                let shared = Self::clone(self);
                task::spawn_blocking(move || shared.page_from_disk(after, limit, head))
            };
            return joined(self.ahead.take(after, limit, goes_on, read).await);
        }
        let mut page = Collector::new(after, limit, head);
        for blob in &recent {
            if !page.add(blob)? {
                break;
            }
        }
        page.finish()
    }

    fn is_closed(&self) -> bool {
        self.has_ended()
    }
}

/// Gathers a page of consecutive events.
struct Collector {
    events: Vec<RecordedEvent>,
    next: u64,
    limit: usize,
    head: u64,
}

impl Collector {
    fn new(after: u64, limit: usize, head: u64) -> Self {
        let room = usize::try_from(head - after).unwrap_or(usize::MAX).min(limit);
        Self { events: Vec::with_capacity(room), next: after + 1, limit, head }
    }

    /// Adds what a commit gives and says whether more is wanted.
    fn add(&mut self, blob: &Blob) -> Result<bool, ReadError> {
        if blob.first() > self.next || blob.last() < self.next {
            return Err(corrupt(self.next, format!("found the commit that begins at {}", blob.first())));
        }
        let skip = u32::try_from(self.next - blob.first()).unwrap_or(u32::MAX);
        for decoded in blob.frames(skip) {
            if self.events.len() >= self.limit || self.next > self.head {
                break;
            }
            let (_, event) = decoded.map_err(|Damage(reason)| corrupt(self.next, reason))?;
            self.events.push(event);
            self.next += 1;
        }
        Ok(self.events.len() < self.limit && self.next <= self.head)
    }

    fn finish(self) -> Result<Page, ReadError> {
        if self.events.len() < self.limit && self.next <= self.head {
            return Err(corrupt(self.next, "the log ends before its head".into()));
        }
        Ok(Page { end: self.next > self.head, events: self.events })
    }
}

fn index_lies(stream: &str, revision: u64) -> ReadError {
    ReadError::Corrupt {
        at: format!("stream {stream} revision {revision}"),
        reason: "the stream index does not match the log: stop, delete index.redb and start again".into(),
    }
}

async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, ReadError> {
    joined(task::spawn_blocking(read).await)
}

fn joined<T>(read: Result<Result<T, ReadError>, task::JoinError>) -> Result<T, ReadError> {
    match read {
        Ok(result) => result,
        Err(error) => Err(ReadError::Unavailable { reason: format!("the read was abandoned: {error}") }),
    }
}
