//! The facts of a plate (stream `bag-<plate>`) and their stored form.

mod observed;

use airside_api::baggage::v1::{self as stored, Resolution, Stage};
use airside_kernel::{Category, DecodeError, PersonalField, RecordedEvent, StoredEvent};
use airside_runtime::stored::{texts, timestamp, timestamp_message};
use bytes::Bytes;
use prost::Message;

use crate::{
    journey::Status,
    model::{Content, JourneyId, Observation},
};

pub use observed::leg_message;
pub(crate) use observed::{observation, observation_message};

/// A fact of one plate.
#[derive(Debug, Clone, PartialEq)]
pub enum BagEvent {
    /// Somebody saw or said something of the bag.
    Observed {
        /// Whose journey it seals personal data for.
        subject: JourneyId,
        /// The part that all share.
        observation: Observation,
        /// What was seen or said.
        content: Content,
    },
    /// The plate began a journey.
    JourneyOpened {
        /// The journey.
        journey: JourneyId,
        /// True when no airline has announced it.
        is_provisional: bool,
    },
    /// An observation belongs to a journey.
    Attached {
        /// The observation.
        observation_id: String,
        /// The journey.
        journey: JourneyId,
        /// The version of the rule that decided.
        rule_version: u32,
    },
    /// An observation fits no single journey.
    Quarantined {
        /// The observation.
        observation_id: String,
        /// Why.
        code: String,
        /// The journeys that it fits.
        candidates: Vec<JourneyId>,
        /// The version of the rule that decided.
        rule_version: u32,
    },
    /// An operator, or a better reading, settled what became of an observation.
    Resolved {
        /// The observation.
        observation_id: String,
        /// What became of it.
        resolution: Resolution,
        /// Its journey; `None` when it was dismissed.
        journey: Option<JourneyId>,
    },
    /// Two passengers' bags wear this plate at one time.
    TagCollided {
        /// The journey that was opened.
        journey: JourneyId,
        /// The journey that wears the plate already.
        other: JourneyId,
        /// The observation that showed it.
        observation_id: String,
        /// The version of the rule that decided.
        rule_version: u32,
    },
    /// What is known about a journey has changed.
    StatusChanged {
        /// The journey.
        journey: JourneyId,
        /// The status from now on.
        status: Status,
        /// The stage before.
        previous_stage: Stage,
        /// The observation that changed it.
        observation_id: String,
    },
}

const PASSENGER_NAME: u32 = 4;
const RECORD_LOCATOR: u32 = 5;

impl StoredEvent for BagEvent {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self {
            Self::Observed { content, .. } => observed::event_type(content),
            Self::JourneyOpened { .. } => "baggage.JourneyOpened",
            Self::Attached { .. } => "baggage.ObservationAttached",
            Self::Quarantined { .. } => "baggage.ObservationQuarantined",
            Self::Resolved { .. } => "baggage.ObservationResolved",
            Self::TagCollided { .. } => "baggage.TagCollided",
            Self::StatusChanged { .. } => "baggage.BagStatusChanged",
        }
    }

    fn encode(&self) -> Bytes {
        let bytes = match self {
            Self::Observed { observation, content, .. } => observed::encode(observation, content),
            Self::JourneyOpened { journey, is_provisional } => {
                stored::JourneyOpened { journey_id: journey.to_string(), provisional: *is_provisional }
                    .encode_to_vec()
            }
            Self::Attached { observation_id, journey, rule_version } => stored::ObservationAttached {
                observation_id: observation_id.clone(),
                journey_id: journey.to_string(),
                rule_version: *rule_version,
            }
            .encode_to_vec(),
            Self::Quarantined { observation_id, code, candidates, rule_version } => {
                stored::ObservationQuarantined {
                    observation_id: observation_id.clone(),
                    code: code.clone(),
                    candidates: candidates.iter().map(ToString::to_string).collect(),
                    rule_version: *rule_version,
                }
                .encode_to_vec()
            }
            Self::Resolved { observation_id, resolution, journey } => stored::ObservationResolved {
                observation_id: observation_id.clone(),
                resolution: (*resolution).into(),
                journey_id: journey.map_or_else(String::new, |journey| journey.to_string()),
            }
            .encode_to_vec(),
            Self::TagCollided { journey, other, observation_id, rule_version } => stored::TagCollided {
                journey_id: journey.to_string(),
                other_journey_id: other.to_string(),
                observation_id: observation_id.clone(),
                rule_version: *rule_version,
            }
            .encode_to_vec(),
            Self::StatusChanged { journey, status, previous_stage, observation_id } => {
                stored::BagStatusChanged {
                    journey_id: journey.to_string(),
                    status: Some(status_message(status)),
                    previous_stage: (*previous_stage).into(),
                    observation_id: observation_id.clone(),
                }
                .encode_to_vec()
            }
        };
        bytes.into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        let (event_type, bytes) = (event.type_up_to(1)?, event.payload());
        let fact = match observed::decode(event_type, bytes)? {
            Some(observed) => Some(observed),
            None => settled(event_type, bytes)?,
        };
        Ok([fact.ok_or_else(|| DecodeError::unknown(event))?])
    }

    fn personal_fields(&mut self, visit: &mut dyn FnMut(PersonalField<'_>)) {
        let Self::Observed { subject, content: Content::Announced(announcement), .. } = self else { return };
        let fields = [
            (PASSENGER_NAME, announcement.passenger_name.as_mut()),
            (RECORD_LOCATOR, announcement.record_locator.as_mut()),
        ];
        for (field, slot) in fields {
            if let Some(slot) = slot {
                visit(PersonalField { subject: subject.subject(), category: Category::Travel, field, slot });
            }
        }
    }
}

/// Reads what follows from an observation; `None` when the type is another.
fn settled(event_type: &str, bytes: &[u8]) -> Result<Option<BagEvent>, DecodeError> {
    let fact = match event_type {
        "baggage.JourneyOpened" => {
            let opened = stored::JourneyOpened::decode(bytes).map_err(damaged)?;
            BagEvent::JourneyOpened {
                journey: journey(&opened.journey_id)?,
                is_provisional: opened.provisional,
            }
        }
        "baggage.ObservationAttached" => {
            let attached = stored::ObservationAttached::decode(bytes).map_err(damaged)?;
            BagEvent::Attached {
                journey: journey(&attached.journey_id)?,
                observation_id: attached.observation_id,
                rule_version: attached.rule_version,
            }
        }
        "baggage.ObservationQuarantined" => {
            let aside = stored::ObservationQuarantined::decode(bytes).map_err(damaged)?;
            BagEvent::Quarantined {
                observation_id: aside.observation_id,
                code: aside.code,
                candidates: aside.candidates.iter().map(|id| journey(id)).collect::<Result<_, _>>()?,
                rule_version: aside.rule_version,
            }
        }
        "baggage.ObservationResolved" => {
            let resolved = stored::ObservationResolved::decode(bytes).map_err(damaged)?;
            BagEvent::Resolved {
                resolution: resolved.resolution(),
                journey: optional("journey id", &resolved.journey_id)?.map(JourneyId),
                observation_id: resolved.observation_id,
            }
        }
        "baggage.TagCollided" => {
            let collided = stored::TagCollided::decode(bytes).map_err(damaged)?;
            BagEvent::TagCollided {
                journey: journey(&collided.journey_id)?,
                other: journey(&collided.other_journey_id)?,
                observation_id: collided.observation_id,
                rule_version: collided.rule_version,
            }
        }
        "baggage.BagStatusChanged" => {
            status_changed(stored::BagStatusChanged::decode(bytes).map_err(damaged)?)?
        }
        _ => return Ok(None),
    };
    Ok(Some(fact))
}

fn status_changed(message: stored::BagStatusChanged) -> Result<BagEvent, DecodeError> {
    let previous_stage = message.previous_stage();
    let status = message.status.unwrap_or_default();
    Ok(BagEvent::StatusChanged {
        journey: journey(&message.journey_id)?,
        previous_stage,
        observation_id: message.observation_id,
        status: Status {
            stage: status.stage(),
            authority: status.authority(),
            offload: status.offload,
            flight: optional("flight", &status.flight)?,
            station: optional("station", &status.station)?,
            seen_at: status.seen_at.as_ref().and_then(timestamp),
            screening: status.screening(),
            exception: status.exception(),
            passenger: status.passenger(),
            connection: status.connection(),
            connection_flight: optional("connection flight", &status.connection_flight)?,
            left_flight: optional("left flight", &status.left_flight)?,
            boarded_without_bag: status.boarded_without_bag,
            is_inferred: status.inferred,
            location: status.location,
            stowage: status.stowage.map(observed::stowage),
            stowed_at: status.stowed_at.as_ref().and_then(timestamp),
        },
    })
}

/// Returns the published form of a status.
pub fn status_message(status: &Status) -> stored::BagStatus {
    stored::BagStatus {
        stage: status.stage.into(),
        authority: status.authority.into(),
        offload: status.offload,
        flight: status.flight.map_or_else(String::new, |flight| flight.to_string()),
        station: status.station.map_or_else(String::new, |station| station.to_string()),
        location: status.location.clone(),
        seen_at: status.seen_at.map(timestamp_message),
        screening: status.screening.into(),
        stowage: status.stowage.clone().map(observed::stowage_message),
        exception: status.exception.into(),
        passenger: status.passenger.into(),
        connection: status.connection.into(),
        inferred: status.is_inferred,
        connection_flight: status.connection_flight.map_or_else(String::new, |flight| flight.to_string()),
        stowed_at: status.stowed_at.map(timestamp_message),
        left_flight: status.left_flight.map_or_else(String::new, |flight| flight.to_string()),
        boarded_without_bag: status.boarded_without_bag,
    }
}

/// Reads from [`BagEvent::Attached`] which observation belongs to which journey, without a copy.
pub(crate) fn attached(event: &RecordedEvent) -> Result<(&str, JourneyId), DecodeError> {
    event.type_up_to(1)?;
    let [observation_id, id] = texts(event.payload(), [1, 2])?;
    Ok((observation_id, journey(id)?))
}

fn journey(id: &str) -> Result<JourneyId, DecodeError> {
    read("journey id", id).map(JourneyId)
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(what: &str, text: &str) -> Result<T, DecodeError> {
    text.parse().map_err(|error: T::Err| DecodeError::malformed(what, error.to_string()))
}

/// Reads a text that may be empty.
fn optional<T: std::str::FromStr<Err: std::fmt::Display>>(
    what: &str,
    text: &str,
) -> Result<Option<T>, DecodeError> {
    if text.is_empty() { Ok(None) } else { read(what, text).map(Some) }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
pub(crate) fn damaged(error: prost::DecodeError) -> DecodeError {
    DecodeError::malformed("event", error.to_string())
}
