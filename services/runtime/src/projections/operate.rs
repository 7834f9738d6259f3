//! What operators see of read models, and what they can do to them.

use std::{collections::BTreeMap, sync::Arc};

use airside_kernel::{Classified, Code, EventStore, Position, ReadError, RecordedEvent, Timestamp};
use serde::Serialize;
use thiserror::Error;

use super::{Changes, Target};
use crate::snapshots::{Size, Snapshots};

/// The most events that are counted to say how far a model is behind.
pub const MAX_LAG_COUNTED: u64 = 10_000;
const PAGE_EVENTS: usize = 1_000;

/// Lists and rebuilds read models. Clones act on the same ones.
#[derive(Clone)]
pub struct ProjectionsHandle {
    store: Arc<dyn EventStore>,
    targets: Arc<[Arc<dyn Target>]>,
    snapshots: Option<Snapshots>,
    changes: Changes,
}

/// How one read model is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelState {
    /// Its name.
    pub name: String,
    /// The schema of its state; `None` when it is not kept.
    pub schema: Option<u32>,
    /// The position after which this start replayed the log, as a token; `None` for all of it.
    pub began: Option<String>,
    /// The last position that it has taken in, as a token.
    pub position: Option<String>,
    /// When the event there was committed; `None` until it has taken in one since the start.
    pub recorded_at: Option<Timestamp>,
    /// How many events of the log lie after it; at most [`MAX_LAG_COUNTED`] are counted.
    pub lag_events: u64,
    /// How many events it could not read since the start, or in its last rebuild.
    pub parked: u64,
    /// Its snapshot; `None` when there is none that fits.
    pub snapshot: Option<SnapshotState>,
    /// How far its rebuild is; `None` when there is none under way.
    pub rebuilding: Option<RebuildProgress>,
}

/// The snapshot of a read model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotState {
    /// Its position, as a token.
    pub position: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// Its size in bytes.
    pub bytes: u64,
}

impl SnapshotState {
    pub(super) fn new(position: Position, size: Size) -> Self {
        Self { position: position.to_string(), written_at: size.written_at, bytes: size.bytes }
    }
}

/// How far a rebuild is.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RebuildProgress {
    /// How many events were read.
    pub events: u64,
    /// The last position that was read, as a token.
    pub position: Option<String>,
    /// The end of the log when it was last looked at, as a token.
    pub head: Option<String>,
    /// About which part is done, 0 to 1.
    pub share: f64,
}

/// A rebuild that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// How many events were read.
    pub events: u64,
    /// The position at which the fresh model took over, as a token.
    pub position: Option<String>,
    /// How many events it could not read.
    pub parked: u64,
}

/// A rebuild that did not happen; the model is as it was.
#[derive(Debug, Error)]
pub enum RebuildError {
    /// There is no such read model.
    #[error("read model {name:?} is unknown; there are: {}", .known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// It has no state that could be rebuilt.
    #[error("{name} has no state to rebuild")]
    Stateless {
        /// The model.
        name: String,
    },
    /// It is being rebuilt.
    #[error("{name} is being rebuilt already; wait until that is done")]
    UnderWay {
        /// The model.
        name: String,
    },
    /// The log could not be read.
    #[error("log could not be read; the read model is as it was")]
    Read(#[source] ReadError),
}

impl Classified for RebuildError {
    fn code(&self) -> Code {
        match self {
            Self::Unknown { .. } => Code::NotFound,
            Self::Stateless { .. } => Code::InvalidArgument,
            Self::UnderWay { .. } => Code::FailedPrecondition,
            Self::Read(error) => error.code(),
        }
    }
}

impl ProjectionsHandle {
    pub(super) fn new(
        store: Arc<dyn EventStore>,
        targets: Vec<Arc<dyn Target>>,
        snapshots: Option<Snapshots>,
        changes: Changes,
    ) -> Self {
        Self { store, targets: targets.into(), snapshots, changes }
    }

    /// Returns how each read model is, in the order in which they were added.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn list(&self) -> Result<Vec<ModelState>, ReadError> {
        let (mut states, mut counted) = (Vec::new(), BTreeMap::new());
        for target in self.targets.iter() {
            let (position, state) = (target.position(), target.state());
            // Most stand at one place.
            let lag_events = match counted.get(&position) {
                Some(lag) => *lag,
                None => self.lag_after(position).await?,
            };
            counted.insert(position, lag_events);
            states.push(ModelState { lag_events, ..state });
        }
        Ok(states)
    }

    /// Counts the events after a position.
    async fn lag_after(&self, mut after: Option<Position>) -> Result<u64, ReadError> {
        let mut lag = 0;
        while lag < MAX_LAG_COUNTED {
            let page = self.store.read_all(after, PAGE_EVENTS).await?;
            after = page.events.last().map(RecordedEvent::position).or(after);
            lag += page.events.len() as u64;
            if page.end {
                break;
            }
        }
        Ok(lag.min(MAX_LAG_COUNTED))
    }

    /// Folds a fresh model from the beginning of the log while the old one
    /// answers, and puts it in its place. `progress` is called after each page.
    /// Dropping the future leaves the old one in place.
    ///
    /// # Errors
    /// When the name is unknown, the model has no state or is being rebuilt, or
    /// the log cannot be read.
    pub async fn rebuild(
        &self,
        name: &str,
        mut progress: impl FnMut(RebuildProgress) + Send,
    ) -> Result<Rebuilt, RebuildError> {
        let Some(target) = self.targets.iter().find(|target| target.name() == name) else {
            let known = self.targets.iter().map(|target| target.name().to_owned()).collect();
            return Err(RebuildError::Unknown { name: name.to_owned(), known });
        };
        let rebuilt = target.rebuild(self.store.as_ref(), &mut progress).await?;
        self.changes.tell_all();
        if let Some(snapshots) = &self.snapshots {
            target.write_snapshot(snapshots).await;
        }
        Ok(rebuilt)
    }
}
