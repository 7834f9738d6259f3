//! The facts of trips and how they are stored. `golden.txt` beside the tests
//! holds the bytes of every version ever written.

use airside_api::{flights::v1 as flights, trips::v1 as api};
use airside_kernel::{Category, Cause, DecodeError, PersonalField, RecordedEvent, StoredEvent, SubjectId};
use airside_runtime::stored;
use bytes::Bytes;
use prost::Message;

use crate::model::{Booking, FlightId, Invalid, JourneyId, PassagePoint, Plate};

/// Something that a person follows, or that befell them on the way.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// The person follows a flight. With a booking it takes the place of an earlier one.
    FlightFollowed {
        /// The flight.
        flight: FlightId,
        /// The booking, when the person travels on it.
        booking: Option<Booking>,
    },
    /// The person follows the flight no more.
    FlightUnfollowed {
        /// The flight.
        flight: FlightId,
    },
    /// The person proved to know the bag and follows its journey.
    BagFollowed {
        /// The plate.
        plate: Plate,
        /// The journey.
        journey: JourneyId,
    },
    /// The person follows the journey no more.
    BagUnfollowed {
        /// The journey.
        journey: JourneyId,
    },
    /// The person was read at a point on the way to a flight that they follow.
    PassagePointPassed {
        /// The flight.
        flight: FlightId,
        /// Which point.
        point: PassagePoint,
        /// The read behind it.
        cause: Cause,
    },
}

impl StoredEvent for Fact {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self {
            Self::FlightFollowed { .. } => FLIGHT_FOLLOWED,
            Self::FlightUnfollowed { .. } => "trips.FlightUnfollowed",
            Self::BagFollowed { .. } => "trips.BagFollowed",
            Self::BagUnfollowed { .. } => "trips.BagUnfollowed",
            Self::PassagePointPassed { .. } => "trips.PassagePointPassed",
        }
    }

    fn encode(&self) -> Bytes {
        match self {
            Self::FlightFollowed { flight, booking } => api::FlightFollowed {
                flight: flight.to_string(),
                surname: booking.as_ref().map(|booking| stored::sealed(&booking.surname)),
                record_locator: booking.as_ref().map(|booking| stored::sealed(&booking.record_locator)),
            }
            .encode_to_vec(),
            Self::FlightUnfollowed { flight } => {
                api::FlightUnfollowed { flight: flight.to_string() }.encode_to_vec()
            }
            Self::BagFollowed { plate, journey } => {
                api::BagFollowed { plate: plate.to_string(), journey_id: journey.to_string() }.encode_to_vec()
            }
            Self::BagUnfollowed { journey } => {
                api::BagUnfollowed { journey_id: journey.to_string() }.encode_to_vec()
            }
            Self::PassagePointPassed { flight, point, cause } => api::PassagePointPassed {
                flight: flight.to_string(),
                point: point_message(*point).into(),
                cause: Some(stored::cause_message(cause)),
            }
            .encode_to_vec(),
        }
        .into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        let fact = match event.type_up_to(1)? {
            FLIGHT_FOLLOWED => {
                let message: api::FlightFollowed = message(event)?;
                Ok(Self::FlightFollowed {
                    flight: parsed(&message.flight)?,
                    booking: booking(event, message)?,
                })
            }
            "trips.FlightUnfollowed" => {
                let api::FlightUnfollowed { flight } = message(event)?;
                Ok(Self::FlightUnfollowed { flight: parsed(&flight)? })
            }
            "trips.BagFollowed" => {
                let api::BagFollowed { plate, journey_id } = message(event)?;
                Ok(Self::BagFollowed { plate: parsed(&plate)?, journey: parsed(&journey_id)? })
            }
            "trips.BagUnfollowed" => {
                let api::BagUnfollowed { journey_id } = message(event)?;
                Ok(Self::BagUnfollowed { journey: parsed(&journey_id)? })
            }
            "trips.PassagePointPassed" => {
                let api::PassagePointPassed { flight, point, cause } = message(event)?;
                let cause = cause.ok_or_else(|| malformed("it names no cause"))?;
                Ok(Self::PassagePointPassed {
                    flight: parsed(&flight)?,
                    point: PassagePoint::try_from(point).map_err(malformed)?,
                    cause: stored::cause(cause),
                })
            }
            _ => Err(DecodeError::unknown(event)),
        };
        fact.map(|fact| [fact])
    }

    fn personal_fields(&mut self, visit: &mut dyn FnMut(PersonalField<'_>)) {
        let Self::FlightFollowed { booking: Some(booking), .. } = self else { return };
        for (field, slot) in [(2, &mut booking.surname), (3, &mut booking.record_locator)] {
            visit(PersonalField {
                subject: booking.subject.clone(),
                category: Category::Travel,
                field,
                slot,
            });
        }
    }
}

const FLIGHT_FOLLOWED: &str = "trips.FlightFollowed";

fn booking(event: &RecordedEvent, message: api::FlightFollowed) -> Result<Option<Booking>, DecodeError> {
    let (Some(surname), Some(record_locator)) = (message.surname, message.record_locator) else {
        return Ok(None);
    };
    let person =
        event.stream().strip_prefix("person-").ok_or_else(|| malformed("its stream names no person"))?;
    Ok(Some(Booking {
        subject: SubjectId::new(person),
        surname: stored::personal(surname)?,
        record_locator: stored::personal(record_locator)?,
    }))
}

fn point_message(point: PassagePoint) -> flights::PassagePoint {
    match point {
        PassagePoint::CheckIn => flights::PassagePoint::CheckIn,
        PassagePoint::Security => flights::PassagePoint::Security,
        PassagePoint::Gate => flights::PassagePoint::Gate,
    }
}

impl TryFrom<i32> for PassagePoint {
    type Error = Invalid;

    fn try_from(number: i32) -> Result<Self, Invalid> {
        match flights::PassagePoint::try_from(number) {
            Ok(flights::PassagePoint::CheckIn) => Ok(Self::CheckIn),
            Ok(flights::PassagePoint::Security) => Ok(Self::Security),
            Ok(flights::PassagePoint::Gate) => Ok(Self::Gate),
            Ok(flights::PassagePoint::Unspecified) | Err(_) => Err(Invalid("it is not a known point")),
        }
    }
}

/// Decodes a message of any domain.
///
/// # Errors
/// When the payload is damaged.
pub(crate) fn message<M: Message + Default>(event: &RecordedEvent) -> Result<M, DecodeError> {
    M::decode(event.payload()).map_err(|error| DecodeError::malformed(event.event_type(), error.to_string()))
}

/// Parses a stored text.
///
/// # Errors
/// When it is not what it should be.
pub(crate) fn parsed<T: std::str::FromStr<Err = Invalid>>(text: &str) -> Result<T, DecodeError> {
    text.parse().map_err(malformed)
}

/// Returns the error for an event that does not make sense.
pub(crate) fn malformed(problem: impl std::fmt::Display) -> DecodeError {
    DecodeError::malformed("event", problem.to_string())
}

#[cfg(test)]
pub(crate) mod tests;
