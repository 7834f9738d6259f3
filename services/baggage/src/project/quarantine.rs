//! The read model of the quarantine: what could not be understood or placed, newest first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use airside_kernel::{DecodeError, Kept, Projection, RecordedEvent, Revision, StoredEvent, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    events::{BagEvent, attached},
    model::{JourneyId, observation_message, observation_source},
    source::QuarantineEvent,
};

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
    /// For what a message said, whole in itself: the message's revision and the index in it.
    pub said_in: Option<(Revision, u32)>,
    /// For an observation: the plate.
    pub plate: String,
    /// For an observation: its id.
    pub observation_id: String,
    /// For an observation: the journeys that it fits.
    pub candidates: Vec<JourneyId>,
    /// Stable code of the reason.
    pub code: String,
    /// The reason in words.
    pub reason: String,
    /// When it was quarantined.
    pub at: Timestamp,
}

impl Item {
    fn place(&self) -> Option<(String, Revision, u64)> {
        self.said_in.map(|(message, _)| (self.source.clone(), message, self.number))
    }
}

/// What is in quarantine.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct QuarantineList {
    items: BTreeMap<u64, Item>,
    next: u64,
    /// The numbers of observations, by id.
    observations: HashMap<String, u64>,
    /// The numbers of what messages said, by source and message.
    #[serde(skip)]
    said: BTreeSet<(String, Revision, u64)>,
}

impl QuarantineList {
    /// Returns at most `limit` items before a number, newest first.
    pub fn list(&self, source: &str, before: Option<u64>, limit: usize) -> Vec<&Item> {
        let items = self.items.range(..before.unwrap_or(u64::MAX)).rev().map(|(_, item)| item);
        items.filter(|item| source.is_empty() || item.source == source).take(limit).collect()
    }

    /// Returns whether a message of a source is in quarantine.
    pub fn holds(&self, source: &str, message: Revision) -> bool {
        self.items.values().any(|item| item.source == source && item.message == Some(message))
    }

    /// Returns what was quarantined of a message of a source and not settled since, oldest first.
    pub fn of_message(&self, source: &str, message: Revision) -> impl Iterator<Item = &Item> {
        let of = |number| (source.to_owned(), message, number);
        self.said.range(of(0)..=of(u64::MAX)).filter_map(|(_, _, number)| self.items.get(number))
    }

    fn push(&mut self, item: Item) {
        if !item.observation_id.is_empty() {
            self.observations.insert(item.observation_id.clone(), self.next);
        }
        let item = Item { number: self.next, ..item };
        self.said.extend(item.place());
        self.items.insert(self.next, item);
        self.next += 1;
        if self.items.len() > MAX_QUARANTINED
            && let Some((oldest, _)) = self.items.first_key_value()
        {
            self.remove(*oldest);
        }
    }

    fn remove(&mut self, number: u64) {
        let Some(item) = self.items.remove(&number) else { return };
        self.observations.remove(&item.observation_id);
        if let Some(place) = item.place() {
            self.said.remove(&place);
        }
    }

    /// Strikes an observation that is settled.
    fn strike(&mut self, observation_id: &str) {
        if let Some(number) = self.observations.remove(observation_id) {
            self.remove(number);
        }
    }

    fn apply_bag(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        match event.event_type() {
            "baggage.ObservationQuarantined" => {}
            // A better reading finds its journey without an operator.
            "baggage.ObservationAttached" if !self.observations.is_empty() => {
                self.strike(attached(event)?.0);
                return Ok(());
            }
            "baggage.ObservationResolved" => {
                if let [BagEvent::Resolved { observation_id, .. }] = BagEvent::decode(event)? {
                    self.strike(&observation_id);
                }
                return Ok(());
            }
            _ => return Ok(()),
        }
        if let [BagEvent::Quarantined { observation_id, code, candidates, .. }] = BagEvent::decode(event)? {
            let plate = event.stream().split_once('-').map_or("", |(_, plate)| plate).to_owned();
            let source = observation_source(&observation_id).to_owned();
            let reason = format!("the observation fits {} journeys of the plate", candidates.len());
            self.push(Item {
                number: 0,
                source,
                message: None,
                said_in: observation_message(&observation_id),
                plate,
                observation_id,
                candidates,
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
        let [fact] = QuarantineEvent::decode(event)?;
        let item = match fact {
            QuarantineEvent::Quarantined(item) => item,
            QuarantineEvent::Resolved(resolved) => {
                let source = event.stream().split_once('-').map_or("", |(_, source)| source);
                let is_of = |item: &Item| item.source == source && item.message == Some(resolved.message);
                let settled = self.items.values().filter(|item| is_of(item)).map(|item| item.number);
                let settled: Vec<_> = settled.collect();
                settled.into_iter().for_each(|number| self.remove(number));
                return Ok(());
            }
        };
        // Of what is told by its parts, none is a message by itself.
        let is_whole = !item.cause.stream.starts_with("parts-");
        self.push(Item {
            number: 0,
            said_in: is_whole.then_some((item.message, item.cause.index)),
            source: item.source,
            message: Some(item.message),
            plate: String::new(),
            observation_id: String::new(),
            candidates: Vec::new(),
            code: item.code,
            reason: item.reason,
            at: event.recorded_at(),
        });
        Ok(())
    }
}

impl Kept for QuarantineList {
    const SCHEMA: u32 = 3;
    type State = Self;

    fn image(&self) -> Self {
        self.clone()
    }

    fn restore(&mut self, state: Self) {
        let said = state.items.values().filter_map(Item::place).collect();
        *self = Self { said, ..state };
    }
}
