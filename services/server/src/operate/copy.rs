//! Copying a log: from a folder to a cluster, back, or to another of the same kind.
//!
//! Every event keeps its id, stream, revision, metadata and times, and all keep their order; only
//! positions are the target's own. So the copy has the log's identity, which is what its vault knows,
//! and a later generation, so that nothing that was kept under positions of the other is taken for
//! its own. The places of reactors are positions, so they are written anew at the end.
//!
//! Appends go over by the window, many at once and in their order, while the next window is read. A
//! folder makes a commit for each time of recording and syncs once for many; a cluster is sent all of
//! them on one call, on which none overtakes another. When that call breaks, each append of the window is
//! asked again alone, with the same ids, and the positions in the answers tell whether all still stand in
//! their order. So the target always holds a beginning of the source, or the copy says that it does not.
//!
//! Nothing is remembered of a copy that was cut: the next one holds what is there against the source,
//! event by event, and goes on where it ends. In the end both are read again from the beginning and
//! compared, so what is reported was seen.

use std::{collections::BTreeMap, fmt};

use airside_api::runtime::v1 as stored;
use airside_kernel::{
    Append, AppendError, DecodeError, Direction, EventId, Expected, LogId, Metadata, NewEvent, Position,
    ReadError, RecordedEvent, StreamId, Timestamp,
};
use prost::Message;
use serde::Serialize;
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

mod end;
mod reader;
mod window;

pub use end::{End, EndError, Source, Target};
use reader::{Reader, differs, digest_into};
use window::Window;

/// A copy that was not made, or not to its end.
#[derive(Debug, Error)]
pub enum CopyError {
    /// One of the two logs cannot be opened.
    #[error(transparent)]
    End(#[from] EndError),
    /// The target is of another log.
    #[error(
        "target holds log {found} and the source is log {log}: name an empty folder or cluster, or the target of an \
         earlier copy of this log; nothing was written"
    )]
    OtherLog {
        /// The source's log.
        log: LogId,
        /// The target's.
        found: LogId,
    },
    /// The target is not a later life of the source.
    #[error(
        "target is generation {found} of the log and the source is generation {generation}: it is the log itself or an \
         earlier copy, so name another target; nothing was written"
    )]
    NotLater {
        /// The source's generation.
        generation: u64,
        /// The target's.
        found: u64,
    },
    /// The target holds something else than the source.
    #[error(
        "event {number} of the target differs from the source in its {what}: the target was written by others, so name \
         an empty folder or cluster; nothing was written"
    )]
    Differs {
        /// Which event, from 1.
        number: u64,
        /// In what.
        what: &'static str,
    },
    /// The target has more than the source.
    #[error(
        "target has an event {number} and the source ends before: the target was written by others or the copy was \
         finished and used, so name an empty folder or cluster; nothing was written"
    )]
    Longer {
        /// The first event that the source has not.
        number: u64,
    },
    /// After the copy the two logs are not alike.
    #[error(
        "copy is not like the source from event {number} on ({what}): something else wrote to one of them meanwhile, so \
         stop the servers on both and copy into an empty target"
    )]
    NotAlike {
        /// The first event that differs, from 1.
        number: u64,
        /// In what.
        what: &'static str,
    },
    /// The target took an event before one that precedes it.
    #[error(
        "target has event {number} before one that precedes it: its cluster lost its leader at the wrong moment, so copy \
         into an empty folder or cluster"
    )]
    OutOfOrder {
        /// The event, from 1.
        number: u64,
    },
    /// A log cannot be read.
    #[error("{which} cannot be read")]
    Read {
        /// Which of the two.
        which: Which,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// The target cannot be written.
    #[error("target cannot be written: run the same command again, it goes on where this one ended")]
    Append(#[from] AppendError),
    /// The place of a reactor cannot be read.
    #[error("place of a reactor cannot be read: run the newer airside that wrote it")]
    Place(#[from] DecodeError),
    /// Nobody waits for it any more.
    #[error("copy was given up: run the same command again, it goes on where this one ended")]
    GivenUp,
}

/// One of the two logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// What is copied.
    Source,
    /// What it is copied to.
    Target,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CopyReport {
    /// The identity of both logs.
    pub log_id: String,
    /// The generation of the target.
    pub generation: u64,
    /// How many events both hold.
    pub events: u64,
    /// How many of them this run wrote; the others were there.
    pub written: u64,
    /// The SHA-256 over all events, the same on both sides.
    pub digest: String,
    /// The reactors whose places were written anew.
    pub reactors: Vec<String>,
}

/// Hears how far a copy is: what is done, how much, of how much (0 when nobody knows); false gives it up.
pub type Hear<'a> = &'a mut (dyn FnMut(&str, u64, u64) -> bool + Send);

/// Copies a log to where its target is, or goes on with a copy that was cut.
///
/// # Errors
/// When the target holds something else, or one of the two cannot be used.
pub async fn copy(source: &Source, target: &Target, hear: Hear<'_>) -> Result<CopyReport, CopyError> {
    let (log, generation) = (source.store.log_id(), source.store.generation());
    let found = target.store().log_id();
    if found != log {
        return Err(CopyError::OtherLog { log, found });
    }
    if target.store().generation() <= generation {
        return Err(CopyError::NotLater { generation, found: target.store().generation() });
    }
    let until = source.store.head().await.map_err(read(Which::Source))?;
    let mut from = Reader::new(Which::Source, source.store.clone(), until);
    let mut work = Work { target, total: source.events, places: BTreeMap::new(), hear };
    let there = work.compare(&mut from).await?;
    let written = work.write(&mut from, there).await?;
    work.finish(source, until, written).await
}

fn read(which: Which) -> impl FnOnce(ReadError) -> CopyError {
    move |source| CopyError::Read { which, source }
}

struct Work<'a> {
    target: &'a Target,
    total: u64,
    /// The places of reactors, as positions of the source.
    places: BTreeMap<String, Position>,
    hear: Hear<'a>,
}

impl Work<'_> {
    fn tell(&mut self, what: &str, done: u64) -> Result<(), CopyError> {
        match (self.hear)(what, done, self.total) {
            true => Ok(()),
            false => Err(CopyError::GivenUp),
        }
    }

    /// Holds what the target has against the source, and returns how many events that are.
    async fn compare(&mut self, from: &mut Reader) -> Result<u64, CopyError> {
        let mut to = Reader::new(Which::Target, self.target.store(), None);
        let mut count = 0;
        while let Some(theirs) = to.next().await? {
            let number = count + 1;
            let Some(ours) = from.next().await? else {
                // A copy that was finished ends with the places of its reactors.
                match self.is_placed(&theirs) {
                    true => continue,
                    false => return Err(CopyError::Longer { number }),
                }
            };
            if let Some(what) = differs(&ours, &theirs) {
                return Err(CopyError::Differs { number, what });
            }
            self.note_place(&ours)?;
            count = number;
            self.tell("events compared", count)?;
        }
        Ok(count)
    }

    /// Writes what the target lacks; returns how many events that were.
    async fn write(&mut self, from: &mut Reader, there: u64) -> Result<u64, CopyError> {
        let (target, mut written, mut last) = (self.target, 0, None);
        let mut next = self.window(from).await?;
        while !next.is_empty() {
            let appends = next.into_appends();
            let lengths: Vec<u64> = appends.iter().map(|(append, _)| append.events.len() as u64).collect();
            let (stored, read) = tokio::join!(target.append(appends), self.window(from));
            let mut number = there + written;
            for (stored, length) in stored?.iter().zip(lengths) {
                number += length;
                if stored.position <= last {
                    return Err(CopyError::OutOfOrder { number });
                }
                last = stored.position;
            }
            written = number - there;
            self.tell("events copied", number)?;
            next = read?;
        }
        Ok(written)
    }

    /// Reads the next window.
    async fn window(&mut self, from: &mut Reader) -> Result<Window, CopyError> {
        let mut window = Window::default();
        while !window.is_full()
            && let Some(event) = from.next().await?
        {
            self.note_place(&event)?;
            window.add(&event)?;
        }
        Ok(window)
    }

    /// Reads both from the beginning, and puts the reactors where they were.
    async fn finish(
        mut self,
        source: &Source,
        until: Option<Position>,
        written: u64,
    ) -> Result<CopyReport, CopyError> {
        let mut from = Reader::new(Which::Source, source.store.clone(), until);
        let mut to = Reader::new(Which::Target, self.target.store(), None);
        let (mut count, mut own, mut copied) = (0, Sha256::new(), Sha256::new());
        let mut places: BTreeMap<String, Position> = BTreeMap::new();
        while let Some(ours) = from.next().await? {
            let number = count + 1;
            let absent = CopyError::NotAlike { number, what: "it is absent" };
            let theirs = to.next().await?.ok_or(absent)?;
            if let Some(what) = differs(&ours, &theirs) {
                return Err(CopyError::NotAlike { number, what });
            }
            digest_into(&mut own, &ours);
            digest_into(&mut copied, &theirs);
            for (reactor, place) in &self.places {
                if *place >= ours.position() {
                    places.insert(reactor.clone(), theirs.position());
                }
            }
            count = number;
            self.tell("events checked", count)?;
        }
        let (own, copied) = (hex(&own.finalize()), hex(&copied.finalize()));
        if own != copied {
            return Err(CopyError::NotAlike { number: count, what: "digest" });
        }
        for (reactor, place) in &places {
            self.place(reactor, *place).await?;
        }
        Ok(CopyReport {
            log_id: source.store.log_id().to_string(),
            generation: self.target.store().generation(),
            events: count,
            written,
            digest: own,
            reactors: places.into_keys().collect(),
        })
    }

    /// Remembers where a reactor is, when an event says so.
    fn note_place(&mut self, event: &RecordedEvent) -> Result<(), CopyError> {
        let Some(reactor) = event.stream().strip_prefix("reactor-") else { return Ok(()) };
        let malformed = |error: prost::DecodeError| DecodeError::malformed("checkpoint", error.to_string());
        let token = match event.type_up_to(1)? {
            "runtime.ReactorStarted" => {
                stored::ReactorStarted::decode(event.payload()).map_err(malformed)?.after
            }
            "runtime.ReactorAdvanced" => {
                stored::ReactorAdvanced::decode(event.payload()).map_err(malformed)?.position
            }
            _ => return Ok(()),
        };
        match token.parse() {
            Ok(place) => drop(self.places.insert(reactor.to_owned(), place)),
            Err(_) if token.is_empty() => drop(self.places.remove(reactor)),
            Err(_) => return Err(DecodeError::malformed("checkpoint", "its position does not parse").into()),
        }
        Ok(())
    }

    /// Writes the place of a reactor, unless it was written by an earlier run.
    async fn place(&self, reactor: &str, place: Position) -> Result<(), CopyError> {
        let (store, id) = (self.target.store(), self.id_of_place(reactor));
        let stream = StreamId::new("reactor", reactor).map_err(|_| no_stream(reactor))?;
        let last = store.read_stream(&stream, Direction::Backwards, None, 1).await;
        let last = last.map_err(read(Which::Target))?;
        let Some(last) = last.events.first().filter(|last| last.id() != id) else { return Ok(()) };
        let now = Timestamp::now();
        let event = NewEvent {
            id,
            event_type: "runtime.ReactorAdvanced".into(),
            schema_version: 1,
            occurred_at: now,
            metadata: Metadata::default().encode(),
            payload: stored::ReactorAdvanced { position: place.to_string() }.encode_to_vec().into(),
        };
        let (expected, fold_from) = (Expected::Exact(last.revision()), last.revision().next());
        let append = Append { stream, expected, fold_from, events: vec![event] };
        self.target.append(vec![(append, now)]).await?;
        Ok(())
    }

    /// Returns true for the place of a reactor that an earlier run wrote at its end.
    fn is_placed(&self, event: &RecordedEvent) -> bool {
        let reactor = event.stream().strip_prefix("reactor-");
        reactor.is_some_and(|reactor| event.id() == self.id_of_place(reactor))
    }

    /// The id tells a repeat of this copy from what a server wrote.
    fn id_of_place(&self, reactor: &str) -> EventId {
        let store = self.target.store();
        let name = format!("copy/{}/{reactor}", store.generation());
        EventId(Uuid::new_v5(&store.log_id().0, name.as_bytes()))
    }
}

fn no_stream(name: &str) -> CopyError {
    let at = name.to_owned();
    let reason = "its stream has no name of ours".to_owned();
    CopyError::Read { which: Which::Source, source: ReadError::Corrupt { at, reason } }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
