//! Lists and rebuilds read models: those of a running server, or the snapshots of a stopped one.

use airside_runtime::{projections::ModelState, snapshots};
use serde::{Deserialize, Serialize};

use super::{Caller, OrderError, Parts};

/// How a read model is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadModelReport {
    /// Its name.
    pub name: String,
    /// The position after which this start replayed the log; none for all of it, or when no server runs.
    pub began: Option<String>,
    /// The last position that it has taken in; of its snapshot when no server runs.
    pub position: Option<String>,
    /// How many events lie after it; at most 10,000 are counted. None when no server runs.
    pub lag_events: Option<u64>,
    /// How many events it could not read.
    pub parked: u64,
    /// The position of its snapshot.
    pub snapshot_position: Option<String>,
    /// When its snapshot was written.
    pub snapshot_at: Option<String>,
    /// The length of its snapshot.
    pub snapshot_bytes: Option<u64>,
    /// The part of its rebuild that is done, 0 to 1; none when none is under way.
    pub rebuilding: Option<f64>,
    /// Why its snapshot cannot be used.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
}

impl From<ModelState> for ReadModelReport {
    fn from(state: ModelState) -> Self {
        let snapshot = state.snapshot.as_ref();
        Self {
            snapshot_position: snapshot.map(|snapshot| snapshot.position.clone()),
            snapshot_at: snapshot.map(|snapshot| snapshot.written_at.to_string()),
            snapshot_bytes: snapshot.map(|snapshot| snapshot.bytes),
            rebuilding: state.rebuilding.map(|rebuilding| rebuilding.share),
            name: state.name,
            began: state.began,
            position: state.position,
            lag_events: Some(state.lag_events),
            parked: state.parked,
            problem: None,
        }
    }
}

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildReport {
    /// Which read model.
    pub name: String,
    /// How many events were folded; none when no server runs, and the next start folds them.
    pub events: Option<u64>,
    /// The position at which the fresh one took over.
    pub position: Option<String>,
    /// How many events it could not read.
    pub parked: u64,
}

/// Lists the read models.
pub(super) async fn list(parts: &Parts) -> Result<Vec<ReadModelReport>, OrderError> {
    if let Some(running) = &parts.running {
        return Ok(running.projections.list().await?.into_iter().map(Into::into).collect());
    }
    let files = snapshots::list(&parts.places.snapshots()).map_err(OrderError::broken)?;
    let report = |file: snapshots::SnapshotFile| ReadModelReport {
        name: file.name,
        began: None,
        position: file.position.clone(),
        lag_events: None,
        parked: 0,
        snapshot_position: file.position,
        snapshot_at: Some(file.written_at.to_string()),
        snapshot_bytes: Some(file.bytes),
        rebuilding: None,
        problem: file.problem,
    };
    Ok(files.into_iter().map(report).collect())
}

/// Folds a read model anew.
pub(super) async fn rebuild(name: &str, parts: &Parts, caller: &Caller) -> Result<RebuildReport, OrderError> {
    let name = name.to_owned();
    let Some(running) = &parts.running else {
        snapshots::delete(&parts.places.snapshots(), &name).map_err(OrderError::broken)?;
        return Ok(RebuildReport { name, events: None, position: None, parked: 0 });
    };
    let number = |token: Option<&String>| token.and_then(|token| token.parse().ok()).unwrap_or(0);
    let told = caller.clone();
    let rebuilt = running.projections.rebuild(&name, move |progress| {
        // A caller that has left drops this very work.
        let (done, total) = (number(progress.position.as_ref()), number(progress.head.as_ref()));
        let _ = told.progress("events folded", done, total);
    });
    let rebuilt = rebuilt.await.map_err(OrderError::broken)?;
    Ok(RebuildReport {
        name,
        events: Some(rebuilt.events),
        position: rebuilt.position,
        parked: rebuilt.parked,
    })
}
