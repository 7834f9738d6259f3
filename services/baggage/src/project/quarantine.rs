//! The read model of the quarantine: what could not be understood or placed, newest first.

use std::collections::BTreeMap;

use airside_kernel::{DecodeError, Kept, Projection, RecordedEvent, Revision, StoredEvent, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{events::BagEvent, model::observation_source, source::MessageQuarantined};

/// The most quarantined items that are kept for lists; older ones stay in the log.
const MAX_QUARANTINED: usize = 100_000;

/// One line of the quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its number, rising.
    pub number: u64,
    /// The source it came from.
    pub source: String,
    /// For a message: its revision in the source's stream.
    pub message: Option<Revision>,
    /// For an observation: the plate.
    pub plate: String,
    /// Stable code of the reason.
    pub code: String,
    /// The reason in words.
    pub reason: String,
    /// When it was quarantined.
    pub at: Timestamp,
}

/// What is in quarantine.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct QuarantineList {
    items: BTreeMap<u64, Item>,
    next: u64,
}

impl QuarantineList {
    /// Returns at most `limit` items before a number, newest first.
    pub fn list(&self, source: &str, before: Option<u64>, limit: usize) -> Vec<&Item> {
        let items = self.items.range(..before.unwrap_or(u64::MAX)).rev().map(|(_, item)| item);
        items.filter(|item| source.is_empty() || item.source == source).take(limit).collect()
    }

    fn push(&mut self, item: Item) {
        self.items.insert(self.next, Item { number: self.next, ..item });
        self.next += 1;
        if self.items.len() > MAX_QUARANTINED {
            self.items.pop_first();
        }
    }

    fn apply_bag(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        if event.event_type() != "baggage.ObservationQuarantined" {
            return Ok(());
        }
        if let [BagEvent::Quarantined { observation_id, code, candidates, .. }] = BagEvent::decode(event)? {
            let plate = event.stream().split_once('-').map_or("", |(_, plate)| plate).to_owned();
            let source = observation_source(&observation_id).to_owned();
            let reason = format!("the observation fits {} journeys of the plate", candidates.len());
            self.push(Item {
                number: 0,
                source,
                message: None,
                plate,
                code,
                reason,
                at: event.recorded_at(),
            });
        }
        Ok(())
    }
}

impl Projection for QuarantineList {
    const NAME: &'static str = "baggage.quarantine";

    fn wants(category: &str) -> bool {
        matches!(category, "bag" | "quarantine")
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        if event.category() == "bag" {
            return self.apply_bag(event);
        }
        let [item] = MessageQuarantined::decode(event)?;
        self.push(Item {
            number: 0,
            source: item.source,
            message: Some(item.message),
            plate: String::new(),
            code: item.code,
            reason: item.reason,
            at: event.recorded_at(),
        });
        Ok(())
    }
}

impl Kept for QuarantineList {
    const SCHEMA: u32 = 1;
    type State = Self;

    fn image(&self) -> Self {
        self.clone()
    }

    fn restore(&mut self, state: Self) {
        *self = state;
    }
}
