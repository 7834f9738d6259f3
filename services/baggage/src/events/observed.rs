//! Observations and their stored form: one message for each kind of content.

use airside_api::{
    baggage::v1::{self as stored, AnnouncementChange, LegRole},
    privacy,
};
use airside_kernel::DecodeError;
use airside_runtime::stored::{cause, cause_message, personal, sealed, timestamp, timestamp_message};
use prost::Message;

use super::{BagEvent, damaged, journey, optional, read};
use crate::model::{
    Announcement, ConnectionJudged, Content, FlightTurned, JourneyId, Leg, Link, Observation, Reported,
    Sighting, container_sign,
};

/// The parser that read what is stored without a version.
const FIRST_PARSER_VERSION: u32 = 1;

pub(super) fn event_type(content: &Content) -> &'static str {
    match content {
        Content::Announced(_) => "baggage.BagAnnounced",
        Content::Scanned(_) => "baggage.BagScanned",
        Content::Reported(_) => "baggage.BagReported",
        Content::FlightTurned(_) => "baggage.BagFlightTurned",
        Content::ConnectionJudged(_) => "baggage.ConnectionJudged",
        Content::Linked(_) => "baggage.JourneyLinked",
    }
}

pub(super) fn encode(observation: &Observation, content: &Content) -> Vec<u8> {
    let observation = Some(observation_message(observation));
    match content {
        Content::Announced(announcement) => announced_message(observation, announcement).encode_to_vec(),
        Content::Scanned(sighting) => scanned_message(observation, sighting).encode_to_vec(),
        Content::Reported(reported) => stored::BagReported {
            observation,
            report: reported.report.into(),
            leg: reported.leg.as_ref().map(leg_message),
            location: reported.location.clone(),
        }
        .encode_to_vec(),
        Content::FlightTurned(turned) => stored::BagFlightTurned {
            observation,
            flight: turned.flight.to_string(),
            turn: turned.turn.into(),
        }
        .encode_to_vec(),
        Content::ConnectionJudged(judged) => stored::ConnectionJudged {
            observation,
            inbound: judged.inbound.to_string(),
            outbound: judged.outbound.to_string(),
            connection: judged.connection.into(),
            spare_seconds: judged.spare_seconds,
        }
        .encode_to_vec(),
        Content::Linked(link) => stored::JourneyLinked {
            observation,
            journey_id: link.journey.to_string(),
            kind: link.kind.into(),
            other: link.other.clone(),
            other_journey_id: link.other_journey.map_or_else(String::new, |other| other.to_string()),
            continues: link.continues,
        }
        .encode_to_vec(),
    }
}

fn announced_message(
    observation: Option<stored::Observation>,
    announcement: &Announcement,
) -> stored::BagAnnounced {
    stored::BagAnnounced {
        observation,
        change: announcement.change.into(),
        legs: announcement.legs.iter().map(leg_message).collect(),
        passenger_name: announcement.passenger_name.as_ref().map(sealed),
        record_locator: announcement.record_locator.as_ref().map(sealed),
        authority: announcement.authority.into(),
        exceptions: announcement.exceptions.clone(),
        passenger: announcement.passenger.into(),
    }
}

fn scanned_message(observation: Option<stored::Observation>, sighting: &Sighting) -> stored::BagScanned {
    stored::BagScanned {
        observation,
        point: sighting.point.into(),
        reader: sighting.reader.clone(),
        location: sighting.location.clone(),
        leg: sighting.leg.as_ref().map(leg_message),
        stowage: sighting.stowage.clone().map(stowage_message),
        authority: sighting.authority.into(),
        inferred: sighting.is_inferred,
        screening: sighting.screening.into(),
    }
}

/// Reads an observation; `None` when the type is another.
pub(super) fn decode(event_type: &str, bytes: &[u8]) -> Result<Option<BagEvent>, DecodeError> {
    let fact = match event_type {
        "baggage.BagAnnounced" => announced(stored::BagAnnounced::decode(bytes).map_err(damaged)?)?,
        "baggage.BagScanned" => scanned(stored::BagScanned::decode(bytes).map_err(damaged)?)?,
        "baggage.BagReported" => {
            let message = stored::BagReported::decode(bytes).map_err(damaged)?;
            let (report, leg) = (message.report(), message.leg.as_ref().map(leg).transpose()?);
            let reported = Reported { report, leg, location: message.location };
            observed(message.observation, Content::Reported(reported))?
        }
        "baggage.BagFlightTurned" => {
            let message = stored::BagFlightTurned::decode(bytes).map_err(damaged)?;
            let turned = FlightTurned { flight: read("flight", &message.flight)?, turn: message.turn() };
            observed(message.observation, Content::FlightTurned(turned))?
        }
        "baggage.ConnectionJudged" => {
            let message = stored::ConnectionJudged::decode(bytes).map_err(damaged)?;
            let judged = ConnectionJudged {
                inbound: read("inbound", &message.inbound)?,
                outbound: read("outbound", &message.outbound)?,
                connection: message.connection(),
                spare_seconds: message.spare_seconds,
            };
            observed(message.observation, Content::ConnectionJudged(judged))?
        }
        "baggage.JourneyLinked" => {
            let message = stored::JourneyLinked::decode(bytes).map_err(damaged)?;
            let link = Link {
                journey: journey(&message.journey_id)?,
                kind: message.kind(),
                other_journey: optional("other journey id", &message.other_journey_id)?.map(JourneyId),
                other: message.other,
                continues: message.continues,
            };
            observed(message.observation, Content::Linked(Box::new(link)))?
        }
        _ => return Ok(None),
    };
    Ok(Some(fact))
}

fn observed(message: Option<stored::Observation>, content: Content) -> Result<BagEvent, DecodeError> {
    let subject = JourneyId::default();
    Ok(BagEvent::Observed { subject, observation: observation(message)?, content })
}

fn announced(message: stored::BagAnnounced) -> Result<BagEvent, DecodeError> {
    let (change, authority, passenger) = (message.change(), message.authority(), message.passenger());
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
            passenger,
        })),
    })
}

fn scanned(message: stored::BagScanned) -> Result<BagEvent, DecodeError> {
    let (point, authority, screening) = (message.point(), message.authority(), message.screening());
    let sighting = Sighting {
        point,
        reader: message.reader,
        location: message.location,
        leg: message.leg.as_ref().map(leg).transpose()?,
        stowage: message.stowage.map(stowage),
        authority,
        is_inferred: message.inferred,
        screening,
    };
    observed(message.observation, Content::Scanned(sighting))
}

pub(super) fn stowage_message((container, compartment): (String, String)) -> stored::Stowage {
    stored::Stowage { container, compartment }
}

/// Returns what a bag travels in; events of before container signs had one spelling have any.
pub(super) fn stowage(message: stored::Stowage) -> (String, String) {
    (container_sign(&message.container), message.compartment)
}

/// Returns the published form of a leg.
pub fn leg_message(leg: &Leg) -> stored::Leg {
    stored::Leg {
        flight: leg.flight.to_string(),
        airport: leg.airport.map_or_else(String::new, |airport| airport.to_string()),
        role: leg.role.into(),
        marketed_as: leg.marketed_as.map_or_else(String::new, |flight| flight.to_string()),
    }
}

fn leg(message: &stored::Leg) -> Result<Leg, DecodeError> {
    Ok(Leg {
        flight: read("flight", &message.flight)?,
        airport: optional("airport", &message.airport)?,
        role: LegRole::try_from(message.role).unwrap_or_default(),
        marketed_as: optional("marketed_as", &message.marketed_as)?,
    })
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
        received_at: observation.received_at.map(timestamp_message),
        clock_ahead_ms: observation.clock_ahead_ms,
    }
}

/// Reads the part that all observations share.
pub(crate) fn observation(message: Option<stored::Observation>) -> Result<Observation, DecodeError> {
    let message = message.ok_or_else(|| DecodeError::malformed("observation", "it is absent"))?;
    let observed_at = message.observed_at.as_ref().and_then(timestamp);
    let is_read = message.cause.is_some();
    Ok(Observation {
        parser_version: is_read.then_some(message.parser_version.max(FIRST_PARSER_VERSION)),
        station: read("station", &message.station)?,
        observed_at: observed_at.ok_or_else(|| DecodeError::malformed("observed_at", "it is no instant"))?,
        id: message.id,
        source: message.source,
        cause: message.cause.map(cause),
        received_at: message.received_at.as_ref().and_then(timestamp),
        clock_ahead_ms: message.clock_ahead_ms,
    })
}

fn subject_of(fields: [&Option<privacy::v1::Sealed>; 2]) -> JourneyId {
    let subject = fields.into_iter().flatten().find_map(|sealed| sealed.subject.parse().ok());
    subject.map_or_else(JourneyId::default, JourneyId)
}
