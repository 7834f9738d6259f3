//! What happens to a container or cart as a whole (stream `container-<id>`). Pure.
//!
//! A container is worn again and again, so nothing that is said of one is refused
//! because it does not follow: what a report means for the bags inside is found
//! from the times of all of them (see [`turns`](crate::turns)).

mod id;

use airside_api::baggage::v1::{self as stored, ContainerStep};
use airside_kernel::{DecodeError, RecordedEvent, StoredEvent};
use bytes::Bytes;
use prost::Message;

pub use self::id::{ContainerId, InvalidContainer};
use crate::{
    events::{damaged, observation, observation_message},
    model::{DatedFlight, Observation},
    once::{Once, Report},
};

/// The rules of one container.
pub type Container = Once<ContainerMoved>;

/// Something happened to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerMoved {
    /// Who reported it, where and when.
    pub observation: Observation,
    /// What happened.
    pub step: ContainerStep,
    /// The flight; `None` at most when it was taken apart.
    pub flight: Option<DatedFlight>,
    /// Compartment of the aircraft; may be empty.
    pub compartment: String,
}

/// Returns the id of the observation that a report is.
pub fn report_observation_id(source: &str, report_id: &str) -> String {
    format!("k/{source}/{report_id}")
}

impl Report for ContainerMoved {
    fn id(&self) -> &str {
        &self.observation.id
    }
}

impl StoredEvent for ContainerMoved {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        "baggage.ContainerMoved"
    }

    fn encode(&self) -> Bytes {
        let message = stored::ContainerMoved {
            observation: Some(observation_message(&self.observation)),
            step: self.step.into(),
            flight: self.flight.map_or_else(String::new, |flight| flight.to_string()),
            compartment: self.compartment.clone(),
        };
        message.encode_to_vec().into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        if event.type_up_to(1)? != "baggage.ContainerMoved" {
            return Err(DecodeError::unknown(event));
        }
        let message = stored::ContainerMoved::decode(event.payload()).map_err(damaged)?;
        let (step, flight) = (message.step(), Some(message.flight).filter(|flight| !flight.is_empty()));
        let malformed = |error| DecodeError::malformed("flight", format!("{error}"));
        Ok([Self {
            observation: observation(message.observation)?,
            step,
            flight: flight.map(|flight| flight.parse::<DatedFlight>().map_err(malformed)).transpose()?,
            compartment: message.compartment,
        }])
    }
}
