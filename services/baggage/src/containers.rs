//! What happens to a container or cart as a whole (stream `container-<id>`). Pure.
//!
//! A container is worn again and again, so nothing that is said of one is refused
//! because it does not follow: what a report means for the bags inside is found
//! from the times of all of them (see [`turns`](crate::turns)).

mod id;

use std::collections::VecDeque;

use airside_api::baggage::v1::{self as stored, ContainerStep};
use airside_kernel::{Decider, DecodeError, RecordedEvent, StoredEvent};
use bytes::Bytes;
use prost::Message;

pub use self::id::{ContainerId, InvalidContainer};
use crate::{
    events::{damaged, observation, observation_message},
    model::{DatedFlight, Observation},
    source::KnownAlready,
};

/// How many reports about one container are remembered, to tell a repeat: some weeks.
const REMEMBERED: usize = 256;

/// The rules of one container: a report is noted once.
#[derive(Debug)]
pub struct Container;

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

/// The reports that are remembered, by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    ids: VecDeque<String>,
}

/// Returns the id of the observation that a report is.
pub fn report_observation_id(source: &str, report_id: &str) -> String {
    format!("k/{source}/{report_id}")
}

impl Decider for Container {
    type Command = ContainerMoved;
    type Event = ContainerMoved;
    type State = Told;
    type Rejection = KnownAlready;

    fn decide(told: &Told, command: ContainerMoved) -> Result<Vec<ContainerMoved>, KnownAlready> {
        if told.ids.contains(&command.observation.id) { Err(KnownAlready) } else { Ok(vec![command]) }
    }

    fn evolve(mut told: Told, event: &ContainerMoved) -> Told {
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

#[cfg(test)]
mod tests {
    use airside_kernel::testing::given;

    use super::*;

    fn report(id: &str) -> ContainerMoved {
        let observation = Observation {
            id: report_observation_id("ramp", id),
            source: "ramp".to_owned(),
            station: "SZX".parse().unwrap(),
            observed_at: "2026-11-20T09:20:00Z".parse().unwrap(),
            cause: None,
            parser_version: None,
            received_at: None,
            clock_ahead_ms: 0,
        };
        let (flight, compartment) = ("ZH9101-20261120".parse().ok(), String::new());
        ContainerMoved { observation, step: ContainerStep::Loaded, flight, compartment }
    }

    #[test]
    fn a_report_is_noted_once() {
        given::<Container>([]).when(report("1")).then([report("1")]);
        given::<Container>([report("1")]).when(report("1")).rejects(&KnownAlready);
        given::<Container>([report("1")]).when(report("2")).then([report("2")]);
    }

    #[test]
    fn a_container_folds_in_bounded_time() {
        let reports = (0..REMEMBERED + 10).map(|id| report(&id.to_string()));
        let told = reports.fold(Told::default(), |told, report| Container::evolve(told, &report));
        let folded = (REMEMBERED + 10).try_into().unwrap();
        assert_eq!(Container::forgets(&told, folded), 10);
    }
}
