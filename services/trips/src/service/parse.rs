//! From calls to values. What is wrong is told with its field and the remedy.

use std::str::FromStr;

use airside_api::trips::v1::follow_bag_request as follow_bag;
use airside_kernel::{PersonId, Personal, SubjectId};
use airside_runtime::status::invalid;
use tonic::Status;

use crate::{
    model::{Booking, FlightId, Invalid, JourneyId, Plate, RecordLocator, Surname},
    proof::Proof,
};

fn parsed<T: FromStr<Err = Invalid>>(field: &str, text: &str) -> Result<T, Status> {
    text.parse().map_err(|error| invalid(field, error))
}

/// Returns the flight of a call.
pub(super) fn flight(text: &str) -> Result<FlightId, Status> {
    parsed("flight", text)
}

/// Returns the plate of a call.
pub(super) fn plate(text: &str) -> Result<Plate, Status> {
    parsed("plate", text)
}

/// Returns the journey of a call.
pub(super) fn journey(text: &str) -> Result<JourneyId, Status> {
    parsed("journey_id", text)
}

/// Returns the booking of a call; none when neither part was given.
pub(super) fn booking(
    person: PersonId,
    surname: &str,
    record_locator: &str,
) -> Result<Option<Booking>, Status> {
    let together = "send the surname and the record locator together, or neither";
    match (surname, record_locator) {
        ("", "") => Ok(None),
        ("", _) => Err(invalid("surname", together)),
        (_, "") => Err(invalid("record_locator", together)),
        (surname, record_locator) => {
            let surname: Surname = parsed("surname", surname)?;
            let record_locator: RecordLocator = parsed("record_locator", record_locator)?;
            Ok(Some(Booking {
                subject: SubjectId::new(person),
                surname: Personal::Known(surname.as_str().to_owned()),
                record_locator: Personal::Known(record_locator.as_str().to_owned()),
            }))
        }
    }
}

/// Returns the second thing that a passenger knows of a bag.
pub(super) fn proof(given: Option<follow_bag::Proof>) -> Result<Proof, Status> {
    match given {
        Some(follow_bag::Proof::Surname(surname)) => parsed("surname", &surname).map(Proof::Surname),
        Some(follow_bag::Proof::RecordLocator(locator)) => {
            parsed("record_locator", &locator).map(Proof::RecordLocator)
        }
        None => {
            Err(invalid("proof", "the plate alone is not enough; send the surname or the record locator"))
        }
    }
}
