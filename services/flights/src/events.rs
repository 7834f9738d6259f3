//! The facts of flights and how they are stored. `golden.txt` beside the tests
//! holds the bytes of every version ever written.

use airside_api::{flights::v1 as api, privacy::v1::Sealed as StoredSealed};
use airside_kernel::{
    Category, DecodeError, PersonalField, RecordedEvent, StoredEvent, SubjectId, Timestamp,
};
use airside_runtime::stored;
use bytes::Bytes;
use prost::Message;

use crate::model::{AirportCode, Designator, Invalid, Leg, Origin, PassagePoint, Read, Schedule, Sign};

/// Something that happened to a flight. When it happened stands in the envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Where the fact came from.
    pub origin: Origin,
    /// What happened.
    pub what: What,
}

/// What happened to a flight.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The schedule became known or changed; a cancelled flight operates again.
    FlightScheduled(Schedule),
    /// The departure gate was assigned or changed.
    GateAssigned {
        /// The gate.
        gate: Sign,
        /// The gate before.
        previous: Option<Sign>,
    },
    /// Boarding began.
    BoardingStarted,
    /// The final call was made.
    FinalCallMade,
    /// A new departure time is expected.
    FlightDelayed {
        /// When it is now expected to leave.
        estimated_departure: Timestamp,
    },
    /// A new arrival time is expected.
    ArrivalEstimated {
        /// When it is now expected to arrive.
        estimated_arrival: Timestamp,
    },
    /// The reclaim belt was assigned or changed.
    BeltAssigned {
        /// The belt.
        belt: Sign,
        /// The belt before.
        previous: Option<Sign>,
    },
    /// The flight left.
    FlightDeparted,
    /// The flight came back to the stand after it had left.
    FlightReturned,
    /// The flight lands elsewhere.
    FlightDiverted {
        /// Where, when that is known.
        to: Option<AirportCode>,
    },
    /// The flight landed.
    FlightLanded,
    /// The flight does not operate.
    FlightCancelled,
    /// A passenger of this flight was read at a point.
    PassengerRead(Read),
}

impl StoredEvent for Fact {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self.what {
            What::FlightScheduled(_) => "flights.FlightScheduled",
            What::GateAssigned { .. } => "flights.GateAssigned",
            What::BoardingStarted => "flights.BoardingStarted",
            What::FinalCallMade => "flights.FinalCallMade",
            What::FlightDelayed { .. } => "flights.FlightDelayed",
            What::ArrivalEstimated { .. } => "flights.ArrivalEstimated",
            What::BeltAssigned { .. } => "flights.BeltAssigned",
            What::FlightDeparted => "flights.FlightDeparted",
            What::FlightReturned => "flights.FlightReturned",
            What::FlightDiverted { .. } => "flights.FlightDiverted",
            What::FlightLanded => "flights.FlightLanded",
            What::FlightCancelled => "flights.FlightCancelled",
            What::PassengerRead(_) => PASSENGER_READ,
        }
    }

    fn encode(&self) -> Bytes {
        let origin = Some(api::Origin {
            source: self.origin.source.to_string(),
            report_id: self.origin.report_id.to_string(),
        });
        match &self.what {
            What::FlightScheduled(schedule) => api::FlightScheduled {
                origin,
                legs: schedule.legs.iter().map(leg_message).collect(),
                codeshares: schedule.codeshares.iter().map(Designator::to_string).collect(),
            }
            .encode_to_vec(),
            What::GateAssigned { gate, previous } => {
                api::GateAssigned { origin, gate: gate.to_string(), previous_gate: text(previous.as_ref()) }
                    .encode_to_vec()
            }
            What::BoardingStarted => api::BoardingStarted { origin }.encode_to_vec(),
            What::FinalCallMade => api::FinalCallMade { origin }.encode_to_vec(),
            What::FlightDelayed { estimated_departure } => api::FlightDelayed {
                origin,
                estimated_departure: Some(stored::timestamp_message(*estimated_departure)),
            }
            .encode_to_vec(),
            What::ArrivalEstimated { estimated_arrival } => api::ArrivalEstimated {
                origin,
                estimated_arrival: Some(stored::timestamp_message(*estimated_arrival)),
            }
            .encode_to_vec(),
            What::BeltAssigned { belt, previous } => {
                api::BeltAssigned { origin, belt: belt.to_string(), previous_belt: text(previous.as_ref()) }
                    .encode_to_vec()
            }
            What::FlightDeparted => api::FlightDeparted { origin }.encode_to_vec(),
            What::FlightReturned => api::FlightReturned { origin }.encode_to_vec(),
            What::FlightDiverted { to } => {
                let airport = to.map_or_else(String::new, |to| to.to_string());
                api::FlightDiverted { origin, airport }.encode_to_vec()
            }
            What::FlightLanded => api::FlightLanded { origin }.encode_to_vec(),
            What::FlightCancelled => api::FlightCancelled { origin }.encode_to_vec(),
            What::PassengerRead(read) => api::PassengerRead {
                origin,
                point: point_message(read.point).into(),
                passenger_name: Some(stored::sealed(&read.passenger_name)),
                record_locator: Some(stored::sealed(&read.record_locator)),
            }
            .encode_to_vec(),
        }
        .into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        let fact = match event.type_up_to(1)? {
            "flights.FlightScheduled" => {
                let api::FlightScheduled { origin, legs, codeshares } = message(event)?;
                let legs = legs.iter().map(leg).collect::<Result<_, _>>()?;
                let codeshares = codeshares.iter().map(|name| parsed(name)).collect::<Result<_, _>>()?;
                fact(origin, What::FlightScheduled(Schedule { legs, codeshares }))
            }
            "flights.GateAssigned" => {
                let api::GateAssigned { origin, gate, previous_gate } = message(event)?;
                fact(origin, What::GateAssigned { gate: parsed(&gate)?, previous: optional(&previous_gate)? })
            }
            "flights.BoardingStarted" => {
                fact(message::<api::BoardingStarted>(event)?.origin, What::BoardingStarted)
            }
            "flights.FinalCallMade" => {
                fact(message::<api::FinalCallMade>(event)?.origin, What::FinalCallMade)
            }
            "flights.FlightDelayed" => {
                let api::FlightDelayed { origin, estimated_departure } = message(event)?;
                fact(
                    origin,
                    What::FlightDelayed { estimated_departure: instant(estimated_departure.as_ref())? },
                )
            }
            "flights.ArrivalEstimated" => {
                let api::ArrivalEstimated { origin, estimated_arrival } = message(event)?;
                let estimated_arrival = instant(estimated_arrival.as_ref())?;
                fact(origin, What::ArrivalEstimated { estimated_arrival })
            }
            "flights.BeltAssigned" => {
                let api::BeltAssigned { origin, belt, previous_belt } = message(event)?;
                fact(origin, What::BeltAssigned { belt: parsed(&belt)?, previous: optional(&previous_belt)? })
            }
            "flights.FlightDeparted" => {
                fact(message::<api::FlightDeparted>(event)?.origin, What::FlightDeparted)
            }
            "flights.FlightReturned" => {
                fact(message::<api::FlightReturned>(event)?.origin, What::FlightReturned)
            }
            "flights.FlightDiverted" => {
                let api::FlightDiverted { origin, airport } = message(event)?;
                let to = Some(airport).filter(|to| !to.is_empty()).map(|to| parsed(&to)).transpose()?;
                fact(origin, What::FlightDiverted { to })
            }
            "flights.FlightLanded" => fact(message::<api::FlightLanded>(event)?.origin, What::FlightLanded),
            "flights.FlightCancelled" => {
                fact(message::<api::FlightCancelled>(event)?.origin, What::FlightCancelled)
            }
            PASSENGER_READ => {
                let api::PassengerRead { origin, point, passenger_name, record_locator } = message(event)?;
                let (name, locator) =
                    (passenger_name.unwrap_or_default(), record_locator.unwrap_or_default());
                let read = Read {
                    point: PassagePoint::try_from(point).map_err(malformed)?,
                    subject: subject(&name, &locator),
                    passenger_name: stored::personal(name)?,
                    record_locator: stored::personal(locator)?,
                };
                fact(origin, What::PassengerRead(read))
            }
            _ => Err(DecodeError::unknown(event)),
        };
        fact.map(|fact| [fact])
    }

    fn personal_fields(&mut self, visit: &mut dyn FnMut(PersonalField<'_>)) {
        let What::PassengerRead(read) = &mut self.what else { return };
        for (field, slot) in [(3, &mut read.passenger_name), (4, &mut read.record_locator)] {
            visit(PersonalField { subject: read.subject.clone(), category: Category::Travel, field, slot });
        }
    }
}

/// The type of the one fact that holds personal data.
pub const PASSENGER_READ: &str = "flights.PassengerRead";

/// Returns the stored form of a leg, which is the public one too.
pub fn leg_message(leg: &Leg) -> api::FlightLeg {
    api::FlightLeg {
        origin: leg.origin.to_string(),
        destination: leg.destination.to_string(),
        scheduled_departure: Some(stored::timestamp_message(leg.scheduled_departure)),
        scheduled_arrival: Some(stored::timestamp_message(leg.scheduled_arrival)),
    }
}

fn point_message(point: PassagePoint) -> api::PassagePoint {
    match point {
        PassagePoint::CheckIn => api::PassagePoint::CheckIn,
        PassagePoint::Security => api::PassagePoint::Security,
        PassagePoint::Gate => api::PassagePoint::Gate,
    }
}

impl TryFrom<i32> for PassagePoint {
    type Error = Invalid;

    fn try_from(number: i32) -> Result<Self, Invalid> {
        match api::PassagePoint::try_from(number) {
            Ok(api::PassagePoint::CheckIn) => Ok(Self::CheckIn),
            Ok(api::PassagePoint::Security) => Ok(Self::Security),
            Ok(api::PassagePoint::Gate) => Ok(Self::Gate),
            Ok(api::PassagePoint::Unspecified) | Err(_) => {
                Err(Invalid("it is not a known point; send CHECK_IN, SECURITY or GATE".to_owned()))
            }
        }
    }
}

fn leg(message: &api::FlightLeg) -> Result<Leg, DecodeError> {
    Ok(Leg {
        origin: parsed(&message.origin)?,
        destination: parsed::<AirportCode>(&message.destination)?,
        scheduled_departure: instant(message.scheduled_departure.as_ref())?,
        scheduled_arrival: instant(message.scheduled_arrival.as_ref())?,
    })
}

fn fact(origin: Option<api::Origin>, what: What) -> Result<Fact, DecodeError> {
    let origin = origin.ok_or_else(|| malformed("it says not where it came from"))?;
    Ok(Fact { origin: Origin { source: origin.source.into(), report_id: origin.report_id.into() }, what })
}

fn message<M: Message + Default>(event: &RecordedEvent) -> Result<M, DecodeError> {
    M::decode(event.payload()).map_err(|error| DecodeError::malformed(event.event_type(), error.to_string()))
}

fn instant(message: Option<&prost_types::Timestamp>) -> Result<Timestamp, DecodeError> {
    message.and_then(stored::timestamp).ok_or_else(|| malformed("its time is missing or impossible"))
}

fn parsed<T: std::str::FromStr<Err = Invalid>>(text: &str) -> Result<T, DecodeError> {
    text.parse().map_err(malformed)
}

fn optional(sign: &str) -> Result<Option<Sign>, DecodeError> {
    if sign.is_empty() { Ok(None) } else { parsed(sign).map(Some) }
}

fn subject(name: &StoredSealed, locator: &StoredSealed) -> SubjectId {
    SubjectId::new(if name.subject.is_empty() { &locator.subject } else { &name.subject })
}

fn text(sign: Option<&Sign>) -> String {
    sign.map(Sign::to_string).unwrap_or_default()
}

fn malformed(problem: impl std::fmt::Display) -> DecodeError {
    DecodeError::malformed("flight event", problem.to_string())
}

#[cfg(test)]
pub(crate) mod tests;
