//! The log of the double: every record in memory, with positions that are
//! offsets in bytes, as the real server has them. Nobody can guess the next.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use uuid::Uuid;

/// What is written besides the texts of an event.
const RECORD_BYTES: u64 = 99;

/// An event.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: Uuid,
    pub(super) stream: Arc<str>,
    pub(super) revision: u64,
    /// Commit and prepare are the same.
    pub(super) position: u64,
    pub(super) kind: String,
    pub(super) content_type: String,
    /// When it was created, in 100 ns since 1970.
    pub(super) created: i64,
    pub(super) custom: Bytes,
    pub(super) data: Bytes,
}

/// An event on its way.
#[derive(Debug, Clone)]
pub(super) struct Proposed {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) content_type: String,
    pub(super) custom: Bytes,
    pub(super) data: Bytes,
}

/// What a writer believes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Believed {
    NoStream,
    Revision(u64),
    Any,
    Exists,
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// It is stored now, or was before.
    Stored { revision: Option<u64>, position: u64 },
    /// The stream is elsewhere.
    Conflict { current: Option<u64> },
    /// The stream was closed for ever.
    Tombstoned,
}

#[derive(Debug, Default)]
struct Stream {
    /// Where its events are among the records.
    places: Vec<usize>,
    /// What is before was deleted.
    first: u64,
    is_tombstoned: bool,
}

/// All records, and where the streams have theirs.
#[derive(Debug)]
pub(super) struct Log {
    records: Vec<Record>,
    streams: HashMap<Arc<str>, Stream>,
    /// Where the next record goes.
    offset: u64,
}

impl Log {
    /// Makes a log that holds what a server writes for itself at its start.
    pub(super) fn new(created: i64) -> Self {
        let mut log = Self { records: Vec::new(), streams: HashMap::new(), offset: 0 };
        let own = |kind: &str| Proposed {
            id: Uuid::new_v4(),
            kind: kind.to_owned(),
            content_type: "application/json".to_owned(),
            custom: Bytes::new(),
            data: Bytes::from_static(b"{}"),
        };
        log.append("$$$stats-127.0.0.1:2113", Believed::Any, &[own("$metadata")], created);
        log.append("$stats-127.0.0.1:2113", Believed::Any, &[own("$statsCollected")], created);
        log.append("$users", Believed::Any, &[own("$User")], created);
        log
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Returns the records of a stream that can still be read; `None` when there is no stream.
    pub(super) fn stream(&self, name: &str) -> Option<&[usize]> {
        let stream = self.streams.get(name)?;
        let kept = stream.places.get(usize::try_from(stream.first).ok()?..)?;
        (!kept.is_empty()).then_some(kept)
    }

    pub(super) fn is_tombstoned(&self, name: &str) -> bool {
        self.streams.get(name).is_some_and(|stream| stream.is_tombstoned)
    }

    /// Returns the index of the record at a position that was issued.
    pub(super) fn at(&self, position: u64) -> Option<usize> {
        self.records.binary_search_by_key(&position, |record| record.position).ok()
    }

    pub(super) fn head(&self) -> u64 {
        self.records.last().map_or(0, |record| record.position)
    }

    /// Appends events as the server does, repeats included.
    pub(super) fn append(
        &mut self,
        name: &str,
        believed: Believed,
        events: &[Proposed],
        created: i64,
    ) -> Written {
        let stream = self.streams.get(name);
        if stream.is_some_and(|stream| stream.is_tombstoned) {
            return Written::Tombstoned;
        }
        let last = stream.and_then(|stream| (stream.places.len() as u64).checked_sub(1));
        let is_deleted = stream.is_some_and(|stream| stream.first > 0 && Some(stream.first - 1) == last);
        let agrees = match believed {
            Believed::Any => true,
            Believed::NoStream => last.is_none() || is_deleted,
            Believed::Revision(revision) => last == Some(revision),
            Believed::Exists => last.is_some() && !is_deleted,
        };
        if let Some(first) = events.first() {
            let known = match believed {
                _ if stream.is_none() => None,
                Believed::NoStream if !agrees => Some(0),
                Believed::Revision(revision) if !agrees => Some(revision.saturating_add(1)),
                Believed::NoStream | Believed::Revision(_) => None,
                Believed::Any | Believed::Exists => self.revision_of(name, first.id),
            };
            match known.map(|known| self.holds(name, known, events)) {
                Some(Some(stored)) => return stored,
                Some(None) => return Written::Conflict { current: last },
                None => {}
            }
        }
        if !agrees {
            return Written::Conflict { current: last };
        }
        if events.is_empty() {
            return Written::Stored { revision: last, position: self.take(0) };
        }
        self.write(name, events, created)
    }

    /// Returns the answer to a repeat, when the events stand at a revision one after another.
    fn holds(&self, name: &str, from: u64, events: &[Proposed]) -> Option<Written> {
        let places = &self.streams.get(name)?.places;
        let from = usize::try_from(from).ok()?;
        let stored = places.get(from..from.checked_add(events.len())?)?;
        let same = stored.iter().zip(events).all(|(at, event)| self.records[*at].id == event.id);
        let last = &self.records[*stored.last()?];
        same.then_some(Written::Stored { revision: Some(last.revision), position: last.position })
    }

    fn revision_of(&self, name: &str, id: Uuid) -> Option<u64> {
        let places = &self.streams.get(name)?.places;
        places
            .iter()
            .rev()
            .map(|at| &self.records[*at])
            .find(|record| record.id == id)
            .map(|found| found.revision)
    }

    fn write(&mut self, name: &str, events: &[Proposed], created: i64) -> Written {
        let name: Arc<str> = name.into();
        let (mut position, mut revision) = (0, 0);
        for event in events {
            let bytes = event.data.len() + event.custom.len() + event.kind.len() + name.len();
            position = self.take(bytes as u64);
            let stream = self.streams.entry(name.clone()).or_default();
            revision = stream.places.len() as u64;
            stream.places.push(self.records.len());
            let Proposed { id, kind, content_type, custom, data } = event.clone();
            let stream = name.clone();
            self.records.push(Record {
                id,
                stream,
                revision,
                position,
                kind,
                content_type,
                created,
                custom,
                data,
            });
        }
        Written::Stored { revision: Some(revision), position }
    }

    fn take(&mut self, bytes: u64) -> u64 {
        let position = self.offset;
        self.offset += RECORD_BYTES + bytes;
        position
    }

    /// Hides what a stream holds, or closes it for ever.
    pub(super) fn delete(&mut self, name: &str, believed: Believed, for_ever: bool) -> Written {
        let last = self.streams.get(name).and_then(|stream| (stream.places.len() as u64).checked_sub(1));
        if self.is_tombstoned(name) {
            return Written::Tombstoned;
        }
        let agrees = match believed {
            Believed::Revision(revision) => last == Some(revision),
            Believed::NoStream => last.is_none(),
            Believed::Any | Believed::Exists => last.is_some(),
        };
        let Some(stream) = self.streams.get_mut(name).filter(|_| agrees) else {
            return Written::Conflict { current: last };
        };
        stream.first = stream.places.len() as u64;
        stream.is_tombstoned = for_ever;
        Written::Stored { revision: last, position: self.take(0) }
    }
}
