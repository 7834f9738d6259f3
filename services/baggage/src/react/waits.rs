//! Which messages wait for parts, as the log tells, and until when.

use std::collections::BTreeMap;

use airside_kernel::{Revision, Timestamp};
use serde::{Deserialize, Serialize};

use crate::parts::{PartKept, PartKey, PartsEvent, overdue_at};

/// The messages of each source that wait for parts. As bounded as what the sources keep.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Waits {
    sources: BTreeMap<String, Vec<Wait>>,
}

/// One message that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Wait {
    key: PartKey,
    overdue_at: Timestamp,
    /// The fact that set the deadline.
    set_by: Revision,
    /// Whether it was ordered that the message is given up.
    is_struck: bool,
}

impl Waits {
    /// Takes in a fact of a source's parts.
    pub(super) fn fold(&mut self, source: &str, revision: Revision, event: &PartsEvent) {
        let waits = self.sources.entry(source.to_owned()).or_default();
        match event {
            PartsEvent::Kept(PartKept { key, received_at, .. }) => {
                if !waits.iter().any(|wait| wait.key == *key) {
                    let (key, overdue_at) = (key.clone(), overdue_at(*received_at));
                    waits.push(Wait { key, overdue_at, set_by: revision, is_struck: false });
                }
            }
            PartsEvent::Completed(_) | PartsEvent::GivenUp(_) => {
                waits.retain(|wait| wait.key != *event.key());
            }
        }
        if waits.is_empty() {
            self.sources.remove(source);
        }
    }

    /// Returns when the first message will have waited too long.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let waits = self.sources.values().flatten().filter(|wait| !wait.is_struck);
        waits.map(|wait| wait.overdue_at).min()
    }

    /// Strikes what waits too long, and returns the sources with the fact that set the first deadline of each.
    pub(super) fn strike(&mut self, now: Timestamp) -> Vec<(String, Revision)> {
        let mut struck = Vec::new();
        for (source, waits) in &mut self.sources {
            let overdue = || waits.iter().filter(|wait| !wait.is_struck && wait.overdue_at <= now);
            if let Some(set_by) = overdue().map(|wait| wait.set_by).min() {
                struck.push((source.clone(), set_by));
            }
            waits.iter_mut().filter(|wait| wait.overdue_at <= now).for_each(|wait| wait.is_struck = true);
        }
        struck
    }
}
