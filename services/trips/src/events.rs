//! The facts of trips and how they are stored. `golden.txt` beside the tests
//! holds the bytes of every version ever written.
//!
//! | written as | read as |
//! |---|---|
//! | `FlightFollowed` version 1, without a booking | `FlightFollowed` |
//! | `FlightFollowed` version 1, with a booking | `FlightFollowed`, `BookingLinked` |
//! | every other type, and `FlightFollowed` version 2 | itself |

use airside_api::{flights::v1 as flights, trips::v1 as api};
use airside_kernel::{Category, Cause, DecodeError, PersonalField, RecordedEvent, StoredEvent, SubjectId};
use airside_runtime::stored;
use bytes::Bytes;
use prost::Message;

use crate::model::{Booking, FlightId, Invalid, JourneyId, PassagePoint, Plate};

/// Something that a person follows, or that befell them on the way.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// The person follows a flight.
    FlightFollowed {
        /// The flight.
        flight: FlightId,
    },
    /// The person travels under a booking on a flight that they follow. It takes
    /// the place of an earlier one.
    BookingLinked {
        /// The flight.
        flight: FlightId,
        /// The booking.
        booking: Booking,
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
    type Facts = Vec<Self>;

    fn event_type(&self) -> &'static str {
        match self {
            Self::FlightFollowed { .. } => FLIGHT_FOLLOWED,
            Self::BookingLinked { .. } => BOOKING_LINKED,
            Self::FlightUnfollowed { .. } => "trips.FlightUnfollowed",
            Self::BagFollowed { .. } => "trips.BagFollowed",
            Self::BagUnfollowed { .. } => "trips.BagUnfollowed",
            Self::PassagePointPassed { .. } => "trips.PassagePointPassed",
        }
    }

    fn schema_version(&self) -> u32 {
        match self {
            Self::FlightFollowed { .. } => 2,
            _ => 1,
        }
    }

    fn encode(&self) -> Bytes {
        match self {
            Self::FlightFollowed { flight } => {
                api::FlightFollowed { flight: flight.to_string(), ..Default::default() }.encode_to_vec()
            }
            Self::BookingLinked { flight, booking } => api::BookingLinked {
                flight: flight.to_string(),
                surname: Some(stored::sealed(&booking.surname)),
                record_locator: Some(stored::sealed(&booking.record_locator)),
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

    fn decode(event: &RecordedEvent) -> Result<Vec<Self>, DecodeError> {
        let fact = match (event.event_type(), event.schema_version()) {
            (FLIGHT_FOLLOWED, 1) => {
                let (followed, linked) = split(message(event)?);
                let mut facts = vec![flight_followed(&followed)?];
                facts.extend(linked.map(|linked| booking_linked(event, linked)).transpose()?);
                return Ok(facts);
            }
            (FLIGHT_FOLLOWED, 2) => flight_followed(&message(event)?)?,
            (BOOKING_LINKED, 1) => booking_linked(event, message(event)?)?,
            ("trips.FlightUnfollowed", 1) => {
                let api::FlightUnfollowed { flight } = message(event)?;
                Self::FlightUnfollowed { flight: parsed(&flight)? }
            }
            ("trips.BagFollowed", 1) => {
                let api::BagFollowed { plate, journey_id } = message(event)?;
                Self::BagFollowed { plate: parsed(&plate)?, journey: parsed(&journey_id)? }
            }
            ("trips.BagUnfollowed", 1) => {
                let api::BagUnfollowed { journey_id } = message(event)?;
                Self::BagUnfollowed { journey: parsed(&journey_id)? }
            }
            ("trips.PassagePointPassed", 1) => {
                let api::PassagePointPassed { flight, point, cause } = message(event)?;
                let cause = cause.ok_or_else(|| malformed("it names no cause"))?;
                Self::PassagePointPassed {
                    flight: parsed(&flight)?,
                    point: PassagePoint::try_from(point).map_err(malformed)?,
                    cause: stored::cause(cause),
                }
            }
            _ => return Err(DecodeError::unknown(event)),
        };
        Ok(vec![fact])
    }

    fn personal_fields(&mut self, visit: &mut dyn FnMut(PersonalField<'_>)) {
        let Self::BookingLinked { booking, .. } = self else { return };
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
const BOOKING_LINKED: &str = "trips.BookingLinked";

/// Version 1 of `FlightFollowed` as version 2, and the booking that it held.
#[expect(deprecated, reason = "this is where version 1 is read")]
fn split(one: api::FlightFollowed) -> (api::FlightFollowed, Option<api::BookingLinked>) {
    let two = api::FlightFollowed { flight: one.flight.clone(), ..Default::default() };
    let is_linked = one.surname.is_some() && one.record_locator.is_some();
    let linked = is_linked.then_some(api::BookingLinked {
        flight: one.flight,
        surname: one.surname,
        record_locator: one.record_locator,
    });
    (two, linked)
}

fn flight_followed(message: &api::FlightFollowed) -> Result<Fact, DecodeError> {
    Ok(Fact::FlightFollowed { flight: parsed(&message.flight)? })
}

fn booking_linked(event: &RecordedEvent, message: api::BookingLinked) -> Result<Fact, DecodeError> {
    let person =
        event.stream().strip_prefix("person-").ok_or_else(|| malformed("its stream names no person"))?;
    let booking = Booking {
        subject: SubjectId::new(person),
        surname: stored::personal(message.surname.unwrap_or_default())?,
        record_locator: stored::personal(message.record_locator.unwrap_or_default())?,
    };
    Ok(Fact::BookingLinked { flight: parsed(&message.flight)?, booking })
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

/// Decodes what another domain published, in its first version.
///
/// # Errors
/// When the version is newer or the payload is damaged.
pub(crate) fn published<M: Message + Default>(event: &RecordedEvent) -> Result<M, DecodeError> {
    event.type_up_to(1)?;
    message(event)
}

fn message<M: Message + Default>(event: &RecordedEvent) -> Result<M, DecodeError> {
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
