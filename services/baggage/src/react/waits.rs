//! Which messages wait for parts, as the log tells: what a later message may strike.

use std::collections::BTreeMap;

use airside_kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::parts::{PartKept, PartKey, PartsEvent, is_overdue};

/// The messages of each source that wait for parts. As bounded as what the sources keep.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Waits {
    sources: BTreeMap<String, Vec<Wait>>,
}

/// One message that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Wait {
    key: PartKey,
    began_at: Timestamp,
}

impl Waits {
    /// Takes in a fact of a source's parts.
    pub(super) fn fold(&mut self, source: &str, event: &PartsEvent) {
        let waits = self.sources.entry(source.to_owned()).or_default();
        match event {
            PartsEvent::Kept(PartKept { key, received_at, .. }) => {
                if !waits.iter().any(|wait| wait.key == *key) {
                    waits.push(Wait { key: key.clone(), began_at: *received_at });
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

    /// Returns the sources of which a message waits too long at an instant.
    pub(super) fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let has_overdue = move |waits: &[Wait]| waits.iter().any(|wait| is_overdue(wait.began_at, now));
        self.sources.iter().filter(move |(_, waits)| has_overdue(waits)).map(|(source, _)| source.as_str())
    }
}
