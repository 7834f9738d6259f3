//! What an operator wants to know of a log, read from its files and memory.

use std::{fs, ops::ControlFlow};

use airside_kernel::{LogId, ReadError, Timestamp};
use serde::Serialize;

use super::{
    super::{segments::segment_path, shared::Shared},
    id_text, time,
};
use crate::blob::FORMAT_VERSION;

/// The figures of one log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// The version of the stored format.
    pub format_version: u32,
    /// Which log it is.
    #[serde(with = "id_text")]
    pub log_id: LogId,
    /// How often it was restored from a backup.
    pub generation: u64,
    /// The position at which this generation began; `None` in a log that was never restored.
    pub restored_at: Option<u64>,
    /// The position of the last durable event; 0 in an empty log.
    pub head: u64,
    /// When the first event was recorded.
    pub first_recorded_at: Option<Timestamp>,
    /// When the last event was recorded.
    pub last_recorded_at: Option<Timestamp>,
    /// The segments, in log order; the last one is live.
    pub segments: Vec<SegmentFigures>,
    /// The stream index.
    pub index: IndexFigures,
}

/// The figures of one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentFigures {
    /// The position of its first event.
    pub first_position: u64,
    /// The length of its file.
    pub bytes: u64,
}

/// The figures of the stream index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexFigures {
    /// The position up to which the index on disk is complete; the rest stands in memory.
    pub position: u64,
    /// The length of its file.
    pub bytes: u64,
}

/// Gathers the figures.
pub(super) fn figures(shared: &Shared) -> Result<Figures, ReadError> {
    let head = shared.head();
    let recorded = |position: u64| -> Result<Option<Timestamp>, ReadError> {
        let mut found = None;
        if head > 0 {
            shared.segments.visit(position, &mut |blob| {
                found = time(blob.recorded_us());
                ControlFlow::Break(())
            })?;
        }
        Ok(found)
    };
    let length = |path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let segments = shared.segments.firsts().into_iter().map(|first_position| SegmentFigures {
        first_position,
        bytes: length(segment_path(shared.segments.folder(), first_position)),
    });
    Ok(Figures {
        format_version: FORMAT_VERSION,
        log_id: shared.meta.log,
        generation: shared.meta.generation,
        restored_at: shared.meta.restored_at,
        head,
        first_recorded_at: recorded(1)?,
        last_recorded_at: recorded(head)?,
        segments: segments.collect(),
        index: IndexFigures {
            position: shared.with_index(|index| index.position())?,
            bytes: length(shared.folder.join("index.redb")),
        },
    })
}
