//! The facts of a plate (stream `bag-<plate>`) and their stored form.

use airside_api::{
    baggage::v1::{self as stored, AnnouncementChange, LegRole, Stage},
    privacy,
};
use airside_kernel::{Category, DecodeError, PersonalField, RecordedEvent, StoredEvent, Timestamp};
use airside_runtime::stored::{cause, cause_message, personal, sealed, texts, timestamp, timestamp_message};
use bytes::Bytes;
use prost::Message;

use crate::{
    journey::Status,
    model::{Announcement, Content, JourneyId, Leg, Observation, Sighting},
};

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
/// The parser that read what is stored without a version.
const FIRST_PARSER_VERSION: u32 = 1;

impl StoredEvent for BagEvent {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self {
            Self::Observed { content: Content::Announced(_), .. } => "baggage.BagAnnounced",
            Self::Observed { content: Content::Scanned(_), .. } => "baggage.BagScanned",
            Self::JourneyOpened { .. } => "baggage.JourneyOpened",
            Self::Attached { .. } => "baggage.ObservationAttached",
            Self::Quarantined { .. } => "baggage.ObservationQuarantined",
            Self::StatusChanged { .. } => "baggage.BagStatusChanged",
        }
    }

    fn encode(&self) -> Bytes {
        let bytes = match self {
            Self::Observed { observation, content, .. } => encode_observed(observation, content),
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
        let bytes = event.payload();
        let fact = match event.type_up_to(1)? {
            "baggage.BagAnnounced" => announced(stored::BagAnnounced::decode(bytes).map_err(damaged)?)?,
            "baggage.BagScanned" => scanned(stored::BagScanned::decode(bytes).map_err(damaged)?)?,
            "baggage.JourneyOpened" => {
                let opened = stored::JourneyOpened::decode(bytes).map_err(damaged)?;
                Self::JourneyOpened {
                    journey: journey(&opened.journey_id)?,
                    is_provisional: opened.provisional,
                }
            }
            "baggage.ObservationAttached" => {
                let attached = stored::ObservationAttached::decode(bytes).map_err(damaged)?;
                Self::Attached {
                    journey: journey(&attached.journey_id)?,
                    observation_id: attached.observation_id,
                    rule_version: attached.rule_version,
                }
            }
            "baggage.ObservationQuarantined" => {
                let aside = stored::ObservationQuarantined::decode(bytes).map_err(damaged)?;
                Self::Quarantined {
                    observation_id: aside.observation_id,
                    code: aside.code,
                    candidates: aside.candidates.iter().map(|id| journey(id)).collect::<Result<_, _>>()?,
                    rule_version: aside.rule_version,
                }
            }
            "baggage.BagStatusChanged" => {
                status_changed(stored::BagStatusChanged::decode(bytes).map_err(damaged)?)?
            }
            _ => return Err(DecodeError::unknown(event)),
        };
        Ok([fact])
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

fn encode_observed(observation: &Observation, content: &Content) -> Vec<u8> {
    let observation = Some(observation_message(observation));
    match content {
        Content::Announced(announcement) => stored::BagAnnounced {
            observation,
            change: announcement.change.into(),
            legs: announcement.legs.iter().map(leg_message).collect(),
            passenger_name: announcement.passenger_name.as_ref().map(sealed),
            record_locator: announcement.record_locator.as_ref().map(sealed),
            authority: announcement.authority.into(),
            exceptions: announcement.exceptions.clone(),
            ..Default::default()
        }
        .encode_to_vec(),
        Content::Scanned(sighting) => stored::BagScanned {
            observation,
            point: sighting.point.into(),
            reader: sighting.reader.clone(),
            location: sighting.location.clone(),
            leg: sighting.leg.as_ref().map(leg_message),
            stowage: sighting
                .stowage
                .clone()
                .map(|(container, compartment)| stored::Stowage { container, compartment }),
            authority: sighting.authority.into(),
            ..Default::default()
        }
        .encode_to_vec(),
    }
}

fn announced(message: stored::BagAnnounced) -> Result<BagEvent, DecodeError> {
    let change = message.change();
    let authority = message.authority();
    let subject = subject_of([&message.passenger_name, &message.record_locator]);
    Ok(BagEvent::Observed {
        subject,
        observation: observation(message.observation)?,
        content: Content::Announced(Box::new(Announcement {
            change: if change == AnnouncementChange::Unspecified { AnnouncementChange::New } else { change },
            legs: message.legs.iter().map(leg).collect::<Result<_, _>>()?,
            passenger_name: message.passenger_name.map(personal).transpose()?,
            record_locator: message.record_locator.map(personal).transpose()?,
            authority,
            exceptions: message.exceptions,
        })),
    })
}

fn scanned(message: stored::BagScanned) -> Result<BagEvent, DecodeError> {
    let (point, authority) = (message.point(), message.authority());
    Ok(BagEvent::Observed {
        subject: JourneyId::default(),
        observation: observation(message.observation)?,
        content: Content::Scanned(Sighting {
            point,
            reader: message.reader,
            location: message.location,
            leg: message.leg.as_ref().map(leg).transpose()?,
            stowage: message.stowage.map(|stowage| (stowage.container, stowage.compartment)),
            authority,
        }),
    })
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
            flight: Some(status.flight.as_str())
                .filter(|f| !f.is_empty())
                .map(|f| read("flight", f))
                .transpose()?,
            station: Some(status.station.as_str())
                .filter(|s| !s.is_empty())
                .map(|s| read("station", s))
                .transpose()?,
            seen_at: status.seen_at.as_ref().and_then(timestamp),
            location: status.location,
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
        ..Default::default()
    }
}

/// Returns the published form of a leg.
pub fn leg_message(leg: &Leg) -> stored::Leg {
    stored::Leg {
        flight: leg.flight.to_string(),
        airport: leg.airport.map_or_else(String::new, |airport| airport.to_string()),
        role: leg.role.into(),
        ..Default::default()
    }
}

/// Returns the stored form of the part that all observations share.
pub(crate) fn observation_message(observation: &Observation) -> stored::Observation {
    stored::Observation {
        id: observation.id.clone(),
        source: observation.source.clone(),
        station: observation.station.to_string(),
        observed_at: Some(timestamp_message(observation.observed_at)),
        cause: observation.cause.as_ref().map(cause_message),
        parser_version: observation.parser_version.unwrap_or_default(),
        ..Default::default()
    }
}

/// Reads the part that all observations share.
pub(crate) fn observation(message: Option<stored::Observation>) -> Result<Observation, DecodeError> {
    let message = message.ok_or_else(|| DecodeError::malformed("observation", "it is absent"))?;
    let observed_at: Option<Timestamp> = message.observed_at.as_ref().and_then(timestamp);
    let is_read = message.cause.is_some();
    Ok(Observation {
        parser_version: is_read.then_some(message.parser_version.max(FIRST_PARSER_VERSION)),
        station: read("station", &message.station)?,
        observed_at: observed_at.ok_or_else(|| DecodeError::malformed("observed_at", "it is no instant"))?,
        id: message.id,
        source: message.source,
        cause: message.cause.map(cause),
    })
}

fn leg(message: &stored::Leg) -> Result<Leg, DecodeError> {
    let airport = Some(message.airport.as_str()).filter(|airport| !airport.is_empty());
    Ok(Leg {
        flight: read("flight", &message.flight)?,
        airport: airport.map(|airport| read("airport", airport)).transpose()?,
        role: LegRole::try_from(message.role).unwrap_or_default(),
    })
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

fn subject_of(fields: [&Option<privacy::v1::Sealed>; 2]) -> JourneyId {
    let subject = fields.into_iter().flatten().find_map(|sealed| sealed.subject.parse().ok());
    subject.map_or_else(JourneyId::default, JourneyId)
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(what: &str, text: &str) -> Result<T, DecodeError> {
    text.parse().map_err(|error: T::Err| DecodeError::malformed(what, error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
pub(crate) fn damaged(error: prost::DecodeError) -> DecodeError {
    DecodeError::malformed("event", error.to_string())
}
