//! Proofs for outsiders: a document that a small program checks without the log.
//!
//! A proof holds a checkpoint and, for each event, everything that its leaf is
//! made of and the path from the leaf to the signed root. `FORMAT.md` says how
//! to check it. What it shows of one event: it was in the log at this index when
//! the checkpoint was signed. What it shows of a stream: each event given was,
//! and their revisions leave no gap from 0 on. That no later event of the
//! stream was in the log by then, inclusion alone cannot show; who needs to
//! know that checks the whole log.

use std::{collections::HashMap, path::Path};

use airside_kernel::{Direction, EventStore, Position, ReadError, RecordedEvent, Revision, StreamId};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use thiserror::Error;

use crate::{
    files::{FolderError, HashFiles, find_newest, refused},
    leaf::leaf,
    take_up::PAGE_EVENTS,
    tree::{Hash, Hashes, inclusion, root_at},
};

/// What a proof says that it is.
pub const PROOF_FORMAT: &str = "airside.proof/1";

/// The most events of one proof.
pub const PROOF_EVENTS_MAX: usize = 100_000;

/// How many leaves are looked at at once.
const SCANNED_ENTRIES: u64 = 32 * 1024;

/// A proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// [`PROOF_FORMAT`].
    pub format: &'static str,
    /// The signed note.
    pub checkpoint: String,
    /// The stream whose events these are, all that there were; `None` for a single event.
    pub stream: Option<String>,
    /// The events.
    pub events: Vec<ProvenEvent>,
}

/// An event and its way to the root; every field of the leaf is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvenEvent {
    /// Its place in the tree, from 0.
    pub index: u64,
    /// Its position in the log; not part of the leaf.
    pub position: String,
    /// Its stream.
    pub stream: String,
    /// Its revision.
    pub revision: u64,
    /// Its id.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version of its type.
    pub schema_version: u32,
    /// When it happened, microseconds since 1970.
    pub occurred_us: i64,
    /// When it was recorded, microseconds since 1970.
    pub recorded_us: i64,
    /// The oldest revision that the state of its stream needed from then on.
    pub fold_from: u64,
    /// Its metadata as it is stored, base64.
    pub metadata: String,
    /// Its payload as it is stored, sealed fields sealed, base64.
    pub payload: String,
    /// The path from its leaf to the root, base64.
    pub path: Vec<String>,
}

/// A proof that cannot be given.
#[derive(Debug, Error)]
pub enum ProveError {
    /// There is no such event.
    #[error("no event is at position {position}: {there}")]
    NoEvent {
        /// Where it was looked for.
        position: Position,
        /// Where there are events.
        there: String,
    },
    /// There is no such stream.
    #[error("no event of stream {stream}")]
    NoStream {
        /// The stream.
        stream: StreamId,
    },
    /// Nothing was signed yet.
    #[error("{what} is not signed yet: a checkpoint is made every few seconds, try again")]
    NotYet {
        /// What was to be proven.
        what: String,
    },
    /// The stream is too long.
    #[error("stream {stream} has more than {PROOF_EVENTS_MAX} events: prove the events one by one")]
    TooLong {
        /// The stream.
        stream: StreamId,
    },
    /// The kept hashes do not lead to the checkpoint.
    #[error("kept hashes do not lead to the newest checkpoint: run log verify, or name the second place")]
    Contradiction,
    /// An event is not among the signed ones.
    #[error("event at position {position} is not the one that was signed: run log verify")]
    NotSigned {
        /// Where it is.
        position: Position,
    },
    /// A file cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Proves the event at a position, from an evidence folder.
///
/// # Errors
/// When there is no such event, it is not signed yet, or log and evidence do not agree.
pub async fn prove_event(
    store: &dyn EventStore,
    evidence: &Path,
    position: Position,
) -> Result<Proof, ProveError> {
    let Some(event) = find(store, position).await? else {
        return Err(ProveError::NoEvent { position, there: positions(store).await? });
    };
    let what = format!("the event at position {position}");
    Signed::open(evidence, &what)?.prove(&[event], None, &what)
}

/// Proves every event of a stream that is signed, from an evidence folder.
///
/// # Errors
/// When the stream does not exist or is too long, nothing of it is signed yet, or log and evidence do not agree.
pub async fn prove_stream(
    store: &dyn EventStore,
    evidence: &Path,
    stream: &StreamId,
) -> Result<Proof, ProveError> {
    let what = format!("stream {stream}");
    let signed = Signed::open(evidence, &what)?;
    let (mut events, mut from) = (Vec::new(), Revision::FIRST);
    loop {
        let page = store.read_stream(stream, Direction::Forwards, Some(from), PAGE_EVENTS).await?;
        let is_end = page.end || page.events.is_empty();
        events.extend(page.events);
        if events.len() > PROOF_EVENTS_MAX {
            return Err(ProveError::TooLong { stream: stream.clone() });
        }
        if is_end {
            break;
        }
        from = events.last().map_or(from, |last| last.revision().next());
    }
    if events.is_empty() {
        return Err(ProveError::NoStream { stream: stream.clone() });
    }
    signed.prove(&events, Some(stream), &what)
}

/// Finds the event at a position: at once where positions are numbers without gaps, else by reading on.
async fn find(store: &dyn EventStore, position: Position) -> Result<Option<RecordedEvent>, ReadError> {
    let (major, minor) = position.parts();
    if minor == 0 {
        let before = (major > 1).then(|| Position::from_parts(major - 1, 0));
        if let Ok(page) = store.read_all(before, 1).await
            && let Some(event) = page.events.into_iter().find(|event| event.position() == position)
        {
            return Ok(Some(event));
        }
    }
    let mut after = None;
    loop {
        let page = store.read_all(after, PAGE_EVENTS).await?;
        let Some(last) = page.events.last().map(RecordedEvent::position) else { return Ok(None) };
        if last >= position {
            return Ok(page.events.into_iter().find(|event| event.position() == position));
        }
        after = Some(last);
    }
}

/// Says which positions a log has.
async fn positions(store: &dyn EventStore) -> Result<String, ReadError> {
    let first = store.read_all(None, 1).await?.events.first().map(RecordedEvent::position);
    Ok(match (first, store.head().await?) {
        (Some(first), Some(last)) => format!("the log has {first} to {last}"),
        _ => "the log is empty".to_owned(),
    })
}

/// The newest checkpoint and the hashes below it.
struct Signed {
    note: String,
    size: u64,
    hashes: HashFiles,
    folder: std::path::PathBuf,
}

impl Signed {
    fn open(folder: &Path, what: &str) -> Result<Self, ProveError> {
        let newest = find_newest(folder)?.ok_or_else(|| ProveError::NotYet { what: what.to_owned() })?;
        let hashes = HashFiles::read(folder)?;
        let (size, root) = (newest.checkpoint.size, newest.checkpoint.root);
        let is_whole = hashes.complete()? >= size;
        if !is_whole || !root_at(&hashes, size).is_ok_and(|led_to| led_to == root) {
            return Err(ProveError::Contradiction);
        }
        Ok(Self { note: newest.note.to_string(), size, hashes, folder: folder.into() })
    }

    fn prove(
        &self,
        events: &[RecordedEvent],
        stream: Option<&StreamId>,
        what: &str,
    ) -> Result<Proof, ProveError> {
        let places = self.places(events)?;
        let mut proven = Vec::new();
        for event in events {
            match places.get(&leaf(event)) {
                Some(index) => proven.push(self.proven(event, *index)?),
                None if self.is_after(event, events, &places) => break,
                None => return Err(ProveError::NotSigned { position: event.position() }),
            }
        }
        if proven.is_empty() {
            return Err(ProveError::NotYet { what: what.to_owned() });
        }
        let stream = stream.map(ToString::to_string);
        Ok(Proof { format: PROOF_FORMAT, checkpoint: self.note.clone(), stream, events: proven })
    }

    /// Finds the index of each event among the leaves; those that are absent are not signed.
    fn places(&self, events: &[RecordedEvent]) -> Result<HashMap<Hash, u64>, ProveError> {
        let mut wanted: HashMap<Hash, u64> = HashMap::new();
        let mut places = HashMap::new();
        for event in events {
            // Where positions are numbers without gaps this is the place; the leaf there tells.
            let (guess, leaf) = (event.position().parts().0.wrapping_sub(1), leaf(event));
            let is_there = guess < self.size && self.entries(guess, 1)?.first() == Some(&leaf);
            if is_there { &mut places } else { &mut wanted }.insert(leaf, guess);
        }
        let mut from = 0;
        while from < self.size && !wanted.is_empty() {
            let count = SCANNED_ENTRIES.min(self.size - from);
            for (index, entry) in (from..).zip(self.entries(from, count)?) {
                if wanted.remove(&entry).is_some() {
                    places.insert(entry, index);
                }
            }
            from += count;
        }
        Ok(places)
    }

    /// Says whether an event may simply be younger than the checkpoint: no later one of its stream is in the tree.
    fn is_after(&self, event: &RecordedEvent, events: &[RecordedEvent], places: &HashMap<Hash, u64>) -> bool {
        let later = events.iter().filter(|other| other.revision() > event.revision());
        let is_beyond = event.position().parts().0 > self.size || event.position().parts().1 != 0;
        is_beyond && later.into_iter().all(|other| !places.contains_key(&leaf(other)))
    }

    fn entries(&self, from: u64, count: u64) -> Result<Vec<Hash>, FolderError> {
        self.hashes.entries(0, from, count).map_err(refused("read the hashes in", &self.folder))
    }

    fn proven(&self, event: &RecordedEvent, index: u64) -> Result<ProvenEvent, ProveError> {
        let path = inclusion(&self.hashes, index, self.size);
        let path = path.map_err(refused("read the hashes in", &self.folder))?;
        Ok(ProvenEvent {
            index,
            position: event.position().to_string(),
            stream: event.stream().to_owned(),
            revision: event.revision().0,
            id: event.id().to_string(),
            event_type: event.event_type().to_owned(),
            schema_version: event.schema_version(),
            occurred_us: event.occurred_at().as_microsecond(),
            recorded_us: event.recorded_at().as_microsecond(),
            fold_from: event.fold_from().0,
            metadata: STANDARD.encode(event.metadata_bytes()),
            payload: STANDARD.encode(event.payload()),
            path: path.iter().map(|hash| STANDARD.encode(hash)).collect(),
        })
    }
}
