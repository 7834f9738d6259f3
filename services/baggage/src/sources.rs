//! How the systems that send are: up or silent, late, malformed, and what their clocks say.
//!
//! [`Sources`] folds it from the log: raw messages and facts about the source itself
//! (`source-<name>`), typed scans and what messages said (`bag-<plate>`, `noread-<name>`), the
//! quarantine, and the flight plan. [`watch`] writes what only a clock can tell: that a source fell
//! silent, and that it is heard again; and which lines were opened and closed.
//!
//! Heard is what is on disk: a raw message of any kind, or a typed scan that added something. A
//! scan that is told again is not. Bounds: [`MAX_SOURCES`] sources, the one that was quiet the
//! longest gives way; of each its recent past only.

pub mod clock;
pub mod events;
pub mod plan;
pub mod recent;
pub mod silence;
pub mod state;
pub mod watch;

use std::collections::BTreeMap;

use airside_api::baggage::v1 as stored;
use airside_kernel::{DecodeError, Kept, Projection, RecordedEvent, StoredEvent, Timestamp};
use airside_runtime::stored::timestamp;
use prost::Message;
use serde::{Deserialize, Serialize};

use self::{
    events::{Heard, SourceEvent},
    plan::Plan,
    state::Source,
};
use crate::{events::damaged, source::MessageQuarantined};

/// The most sources that are known.
pub const MAX_SOURCES: usize = 256;

/// How every source is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sources {
    sources: BTreeMap<String, Source>,
    plan: Plan,
}

/// What is read of a stored message: not its content. Fields as in `MessageReceived`.
#[derive(Clone, PartialEq, Message)]
struct Received {
    #[prost(message, optional, tag = "3")]
    received_at: Option<prost_types::Timestamp>,
    #[prost(string, tag = "4")]
    transport: String,
}

/// What is read of a sighting. Fields as in `BagScanned`, and as in `TagNotRead` without the last.
#[derive(Clone, PartialEq, Message)]
struct Sighted {
    #[prost(message, optional, tag = "1")]
    observation: Option<stored::Observation>,
    #[prost(bool, tag = "8")]
    inferred: bool,
}

impl Sources {
    /// Returns every source that is known, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.sources.iter().map(|(name, source)| (name.as_str(), source))
    }

    /// Returns a source.
    pub fn find(&self, name: &str) -> Option<&Source> {
        self.sources.get(name)
    }

    /// Returns the flight plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    fn source(&mut self, name: &str) -> &mut Source {
        if !self.sources.contains_key(name) && self.sources.len() == MAX_SOURCES {
            let unheard = |source: &Source| (source.open_lines() > 0, source.heard().map(|heard| heard.at));
            let quietest = self.sources.iter().min_by_key(|(_, source)| unheard(source));
            let quietest = quietest.map(|(name, _)| name.clone());
            quietest.map(|name| self.sources.remove(&name));
        }
        self.sources.entry(name.to_owned()).or_default()
    }

    fn apply_to_source(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let name = id(event);
        if event.type_up_to(1)? == "baggage.MessageReceived" {
            let received = Received::decode(event.payload()).map_err(damaged)?;
            let at = received.received_at.as_ref().and_then(timestamp);
            let heard = heard(event, at.unwrap_or_else(|| event.recorded_at()));
            self.source(name).received(heard, &received.transport);
        } else {
            let [fact] = SourceEvent::decode(event)?;
            self.source(name).apply(fact);
        }
        self.source(name).grown(event.revision());
        Ok(())
    }

    /// Takes in a sighting. One that a message told without a time of its own has the time of its
    /// receipt, which says nothing of lag or clock; one that was concluded was seen by nobody.
    fn apply_sighting(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let Sighted { observation, inferred } = Sighted::decode(event.payload()).map_err(damaged)?;
        let observation = observation.unwrap_or_default();
        if inferred || observation.source.is_empty() {
            return Ok(());
        }
        let is_typed = observation.cause.is_none();
        let received_at = observation.received_at.as_ref().and_then(timestamp);
        let received_at = received_at.or_else(|| is_typed.then(|| event.recorded_at()));
        let observed_at = observation.observed_at.as_ref().and_then(timestamp);
        let source = self.source(&observation.source);
        if is_typed && let Some(at) = received_at {
            source.scanned(heard(event, at));
        }
        if let (Some(received_at), Some(observed_at)) = (received_at, observed_at)
            && (is_typed || received_at != observed_at)
        {
            source.sighted(received_at, observed_at);
        }
        Ok(())
    }
}

impl Projection for Sources {
    const NAME: &'static str = "baggage.sources";

    fn wants(category: &str) -> bool {
        matches!(category, "source" | "quarantine" | "bag" | "noread" | "flight")
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        match event.category() {
            "source" => self.apply_to_source(event),
            "flight" => self.plan.apply(event),
            "noread" => self.apply_sighting(event),
            "bag" if event.event_type() == "baggage.BagScanned" => self.apply_sighting(event),
            "bag" => Ok(()),
            // What an operator made of it says nothing of the source.
            _ if event.event_type() == "baggage.MessageResolved" => Ok(()),
            _ => {
                let [item] = MessageQuarantined::decode(event)?;
                self.source(&item.source).quarantined(item.message);
                Ok(())
            }
        }
    }
}

impl Kept for Sources {
    const SCHEMA: u32 = 2;
    type State = Self;

    fn image(&self) -> Self {
        self.clone()
    }

    fn restore(&mut self, state: Self) {
        *self = state;
    }
}

fn id(event: &RecordedEvent) -> &str {
    event.stream().split_once('-').map_or("", |(_, id)| id)
}

fn heard(event: &RecordedEvent, at: Timestamp) -> Heard {
    Heard { stream: event.stream().to_owned(), revision: event.revision(), at }
}

#[cfg(test)]
mod tests;
