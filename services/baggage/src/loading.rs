//! The loading of a flight as a whole (stream `loading-<flight id>`): opened, closed, matched,
//! erased, as RP 1745 BCM says it. What follows for each bag is for others to read.

use airside_api::baggage::v1::{self as stored, LoadingStep};
use airside_kernel::{DecodeError, RecordedEvent, StoredEvent, StreamId};
use bytes::Bytes;
use prost::Message;

use crate::{
    events::{damaged, observation, observation_message},
    model::{DatedFlight, Observation},
    once::{Once, Report},
};

/// The rules of one flight's loading.
pub type Loading = Once<LoadingMoved>;

/// The loading of a flight was opened, closed, matched or erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadingMoved {
    /// What was observed.
    pub observation: Observation,
    /// What happened.
    pub step: LoadingStep,
}

/// Returns the stream of a flight's loading.
pub(crate) fn loading_stream(flight: DatedFlight) -> StreamId {
    StreamId::new("loading", flight).expect("a flight's id makes a stream name")
}

impl Report for LoadingMoved {
    fn id(&self) -> &str {
        &self.observation.id
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
