//! A journey in our own words, with all that was observed and nothing personal.

use serde_json::{Value, json};

use super::{at, short, word};
use crate::{
    journey::{Journey, Status},
    model::{Content, Leg, LicencePlate, Observation},
};

/// Returns everything that is known of a journey.
pub(super) fn document(plate: LicencePlate, journey: &Journey) -> Value {
    let observations: Vec<_> =
        journey.observations().map(|(observation, content)| line(observation, content)).collect();
    json!({
        "format": "json",
        "plate": plate.to_string(),
        "journey_id": journey.id.to_string(),
        "provisional": journey.is_provisional(),
        "status": status(&journey.status()),
        "legs": journey.legs().iter().map(leg).collect::<Vec<_>>(),
        "observations": observations,
        "left_out": [],
    })
}

fn status(status: &Status) -> Value {
    let (container, compartment) = status.stowage.clone().unwrap_or_default();
    json!({
        "stage": short(status.stage.as_str_name(), "STAGE_"),
        "authority": short(status.authority.as_str_name(), "AUTHORITY_"),
        "screening": short(status.screening.as_str_name(), "SCREENING_"),
        "exception": short(status.exception.as_str_name(), "BAG_EXCEPTION_"),
        "passenger": short(status.passenger.as_str_name(), "PASSENGER_STATE_"),
        "connection": short(status.connection.as_str_name(), "CONNECTION_"),
        "offload": status.offload,
        "inferred": status.is_inferred,
        "flight": status.flight,
        "container": container,
        "compartment": compartment,
        "airport": status.station,
        "location": status.location,
        "seen_at": status.seen_at.map(at),
    })
}

fn leg(leg: &Leg) -> Value {
    json!({
        "flight": leg.flight,
        "airport": leg.airport,
        "role": short(leg.role.as_str_name(), "LEG_ROLE_"),
        "marketed_as": leg.marketed_as,
    })
}

fn line(observation: &Observation, content: &Content) -> Value {
    let mut line = json!({
        "id": observation.id,
        "source": observation.source,
        "airport": observation.station,
        "at": at(observation.happened_at()),
        "observed_at": at(observation.observed_at),
        "what": word(content),
        "legs": content.legs().iter().map(leg).collect::<Vec<_>>(),
    });
    let more = match content {
        Content::Announced(announcement) => json!({
            "authority": short(announcement.authority.as_str_name(), "AUTHORITY_"),
            "passenger": short(announcement.passenger.as_str_name(), "PASSENGER_STATE_"),
            "exceptions": announcement.exceptions,
        }),
        Content::Scanned(sighting) => {
            let (container, compartment) = sighting.stowage.clone().unwrap_or_default();
            json!({
                "reader": sighting.reader,
                "location": sighting.location,
                "container": container,
                "compartment": compartment,
                "authority": short(sighting.authority.as_str_name(), "AUTHORITY_"),
                "screening": short(sighting.screening.as_str_name(), "SCREENING_"),
                "inferred": sighting.is_inferred,
            })
        }
        Content::Reported(reported) => json!({ "location": reported.location }),
        Content::FlightTurned(turned) => json!({ "flight": turned.flight }),
        Content::ConnectionJudged(judged) => json!({
            "inbound": judged.inbound,
            "outbound": judged.outbound,
            "spare_seconds": judged.spare_seconds,
        }),
        Content::Linked(link) => json!({ "other": link.other, "continues": link.continues }),
    };
    if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
        line.extend(more);
    }
    line
}
