//! The figures of a log and of what belongs to it.

use std::collections::BTreeMap;

use airside_kernel::{EventStore, Position, Timestamp};
use airside_privacy::VaultPort;
use airside_runtime::snapshots;
use serde::{Deserialize, Serialize};

use super::{Caller, OrderError, Parts};
use crate::evidence;

/// How many events are counted at once.
const PAGE: usize = 2_048;

/// What is wanted beside the figures that are at hand.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stats {
    /// Counts events by type and by category, which reads the whole log.
    pub types: bool,
}

/// The figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatsReport {
    /// Which log it is.
    pub log_id: String,
    /// How often it was restored from a backup.
    pub generation: u64,
    /// The position at which this generation began; none in a log that was never restored.
    pub restored_at: Option<u64>,
    /// The version of the stored format.
    pub format_version: u32,
    /// The last position; 0 in an empty log.
    pub head: u64,
    /// The length of all segments.
    pub bytes: u64,
    /// How many segments there are.
    pub segments: usize,
    /// When the first event was recorded.
    pub first_recorded_at: Option<Timestamp>,
    /// When the last event was recorded.
    pub last_recorded_at: Option<Timestamp>,
    /// The stream index.
    pub index: IndexStats,
    /// The evidence; none before the first checkpoint.
    pub evidence: Option<EvidenceStats>,
    /// The vault; none where there is none.
    pub vault: Option<VaultStats>,
    /// The snapshots of read models and reactors.
    pub snapshots: Vec<SnapshotStats>,
    /// Events by type and by category, when they were asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts: Option<Counts>,
}

/// The stream index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexStats {
    /// The position up to which it is on disk; the rest stands in memory.
    pub position: u64,
    /// The length of its file.
    pub bytes: u64,
}

/// The evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceStats {
    /// How many events the newest checkpoint covers.
    pub size: u64,
    /// When the last of them was recorded.
    pub recorded_at: Timestamp,
    /// The generation that it was signed in.
    pub generation: u64,
    /// How many changes the vault had made by then.
    pub vault_changes: u64,
    /// The public key that signs now, for auditors to keep: `name+hash+key`.
    pub keys: Vec<String>,
    /// How the second place is; none when none is configured or no server runs.
    pub second: Option<String>,
}

/// The vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultStats {
    /// How many changes it has made.
    pub changes: u64,
    /// How many subjects its register of the erased names, retired raw days too.
    pub erased: u64,
}

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotStats {
    /// Whose state it is.
    pub name: String,
    /// Its position.
    pub position: Option<String>,
    /// Its length.
    pub bytes: u64,
    /// When it was written.
    pub written_at: Timestamp,
    /// Why it cannot be used.
    pub problem: Option<String>,
}

/// Events by type and category.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// By type.
    pub types: BTreeMap<String, u64>,
    /// By the category of their stream.
    pub categories: BTreeMap<String, u64>,
}

/// Gathers the figures.
pub(super) async fn stats(order: &Stats, parts: &Parts, caller: &Caller) -> Result<StatsReport, OrderError> {
    let figures = parts.embedded()?.figures()?;
    let counts = if order.types { Some(counts(figures.head, parts, caller).await?) } else { None };
    let files = snapshots::list(&parts.places.snapshots()).map_err(OrderError::broken)?;
    let vault = parts.vault()?.map(|vault| {
        let erased = *vault.on_erase().borrow();
        VaultStats { changes: vault.changes(), erased }
    });
    Ok(StatsReport {
        log_id: figures.log_id.to_string(),
        generation: figures.generation,
        restored_at: figures.restored_at,
        format_version: figures.format_version,
        head: figures.head,
        bytes: figures.segments.iter().map(|segment| segment.bytes).sum(),
        segments: figures.segments.len(),
        first_recorded_at: figures.first_recorded_at,
        last_recorded_at: figures.last_recorded_at,
        index: IndexStats { position: figures.index.position, bytes: figures.index.bytes },
        evidence: evidence_stats(parts)?,
        vault,
        snapshots: files
            .into_iter()
            .map(|file| SnapshotStats {
                name: file.name,
                position: file.position,
                bytes: file.bytes,
                written_at: file.written_at,
                problem: file.problem,
            })
            .collect(),
        counts,
    })
}

fn evidence_stats(parts: &Parts) -> Result<Option<EvidenceStats>, OrderError> {
    let newest = airside_evidence::newest(&parts.places.evidence()).map_err(OrderError::broken)?;
    let Some((checkpoint, _)) = newest else { return Ok(None) };
    let keys = evidence::known_keys(&parts.config).map_err(OrderError::broken)?;
    Ok(Some(EvidenceStats {
        size: checkpoint.size,
        recorded_at: checkpoint.recorded,
        generation: checkpoint.generation,
        vault_changes: checkpoint.vault,
        keys: keys.iter().map(ToString::to_string).collect(),
        second: parts.second_place(),
    }))
}

async fn counts(head: u64, parts: &Parts, caller: &Caller) -> Result<Counts, OrderError> {
    let (mut counts, mut at) = (Counts::default(), 0);
    while at < head {
        let page = parts.embedded()?.read_all(Some(Position::from_parts(at, 0)), PAGE).await?;
        let Some(last) = page.events.last() else { break };
        at = last.position().parts().0;
        for event in page.events.iter().filter(|event| event.position().parts().0 <= head) {
            add(&mut counts.types, event.event_type());
            add(&mut counts.categories, event.category());
        }
        caller.progress("events counted", at.min(head), head)?;
    }
    Ok(counts)
}

fn add(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => drop(counts.insert(name.to_owned(), 1)),
    }
}
