//! The loading of a flight as a whole (stream `loading-<flight id>`): opened, closed, matched,
//! erased, as RP 1745 BCM says it. What follows for each bag is for others to read.

use std::collections::VecDeque;

use airside_api::baggage::v1::{self as stored, LoadingStep};
use airside_kernel::{Decider, DecodeError, RecordedEvent, StoredEvent, StreamId};
use bytes::Bytes;
use prost::Message;

use crate::{
    events::{damaged, observation, observation_message},
    model::{DatedFlight, Observation},
    source::KnownAlready,
};

/// How many words about one flight are remembered, to tell a repeat.
const REMEMBERED: usize = 256;

/// The rules of one flight's loading: a word is noted once.
#[derive(Debug)]
pub struct Loading;

/// The loading of a flight was opened, closed, matched or erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadingMoved {
    /// What was observed.
    pub observation: Observation,
    /// What happened.
    pub step: LoadingStep,
}

/// The words that are remembered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    ids: VecDeque<String>,
}

/// Returns the stream of a flight's loading.
pub(crate) fn loading_stream(flight: DatedFlight) -> StreamId {
    StreamId::new("loading", flight).expect("a flight's id makes a stream name")
}

impl Decider for Loading {
    type Command = LoadingMoved;
    type Event = LoadingMoved;
    type State = Told;
    type Rejection = KnownAlready;

    fn decide(told: &Told, command: LoadingMoved) -> Result<Vec<LoadingMoved>, KnownAlready> {
        if told.ids.contains(&command.observation.id) { Err(KnownAlready) } else { Ok(vec![command]) }
    }

    fn evolve(mut told: Told, event: &LoadingMoved) -> Told {
        if told.ids.len() == REMEMBERED {
            told.ids.pop_front();
        }
        told.ids.push_back(event.observation.id.clone());
        told
    }

    fn forgets(told: &Told, folded: u64) -> u64 {
        folded.saturating_sub(told.ids.len().try_into().unwrap_or(u64::MAX))
    }
}

impl StoredEvent for LoadingMoved {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        "baggage.LoadingMoved"
    }

    fn encode(&self) -> Bytes {
        let message = stored::LoadingMoved {
            observation: Some(observation_message(&self.observation)),
            step: self.step.into(),
        };
        message.encode_to_vec().into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        if event.type_up_to(1)? != "baggage.LoadingMoved" {
            return Err(DecodeError::unknown(event));
        }
        let message = stored::LoadingMoved::decode(event.payload()).map_err(damaged)?;
        let step = message.step();
        Ok([Self { observation: observation(message.observation)?, step }])
    }
}
