//! From calls to commands. What is wrong is told with its field and the remedy.

use std::str::FromStr;

use airside_api::flights::v1::{self as api, flight_report};
use airside_kernel::{Personal, SubjectId, Timestamp};
use airside_runtime::{
    executor::{Context, Order},
    requests,
    status::invalid,
    stored,
};
use tonic::Status;
use uuid::{NoContext, Uuid};

use crate::{
    decide::{Record, Report},
    model::{self, AirportCode, FlightId, Invalid, Leg, Origin, PassagePoint, Read, Schedule},
};

/// A field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The field.
    pub(super) field: &'static str,
    /// The problem and the remedy.
    pub(super) reason: String,
}

fn wrong(field: &'static str) -> impl FnOnce(Invalid) -> Wrong {
    move |error| Wrong { field, reason: error.0 }
}

fn parsed<T: FromStr<Err = Invalid>>(field: &'static str, text: &str) -> Result<T, Wrong> {
    text.parse().map_err(wrong(field))
}

/// Returns the order that a report of the flight database amounts to.
pub(super) fn flight_report(
    source: &str,
    actor: &str,
    message: &api::FlightReport,
) -> Result<Order<Record>, Wrong> {
    let origin = origin(source, &message.report_id)?;
    let flight = parsed("flight", &message.flight)?;
    let occurred_at = instant("occurred_at", message.occurred_at.as_ref())?;
    Ok(order(&flight, actor, occurred_at, Record { origin, report: report(message.report.as_ref())? }))
}

/// Returns the order that a passenger read amounts to.
pub(super) fn passenger_read(
    source: &str,
    actor: &str,
    now: Timestamp,
    message: &api::PassengerReadReport,
) -> Result<Order<Record>, Wrong> {
    let origin = origin(source, &message.report_id)?;
    let flight = parsed("flight", &message.flight)?;
    let occurred_at = instant("occurred_at", message.occurred_at.as_ref())?;
    let surname = model::surname(&message.surname).map_err(wrong("surname"))?;
    let given_name = model::given_name(&message.given_name).map_err(wrong("given_name"))?;
    let locator = model::record_locator(&message.record_locator).map_err(wrong("record_locator"))?;
    let read = Read {
        point: PassagePoint::try_from(message.point).map_err(wrong("point"))?,
        subject: fresh_subject(now),
        passenger_name: Personal::Known(match given_name.is_empty() {
            true => surname,
            false => format!("{surname}/{given_name}"),
        }),
        record_locator: Personal::Known(locator),
    };
    Ok(order(&flight, actor, occurred_at, Record { origin, report: Report::Passenger(read) }))
}

/// Returns a flight id of a read call.
pub(super) fn flight_id(text: &str) -> Result<FlightId, Status> {
    text.parse().map_err(|error| invalid("flight", error))
}

/// Returns the airport of a list call; none when it is empty.
pub(super) fn airport(text: &str) -> Result<Option<AirportCode>, Status> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|error| invalid("airport", error)),
    }
}

fn order(flight: &FlightId, actor: &str, occurred_at: Timestamp, command: Record) -> Order<Record> {
    let context = Context::new(actor, &*command.origin.source, occurred_at);
    Order { stream: flight.stream(), command, context }
}

fn origin(source: &str, report_id: &str) -> Result<Origin, Wrong> {
    match requests::item_id_problem(report_id) {
        Some(problem) => Err(Wrong { field: "report_id", reason: problem.to_owned() }),
        None => Ok(Origin { source: source.into(), report_id: report_id.into() }),
    }
}

fn report(message: Option<&flight_report::Report>) -> Result<Report, Wrong> {
    use flight_report::Report as Said;
    let said = message
        .ok_or_else(|| Wrong { field: "report", reason: "it is missing; say what happened".to_owned() })?;
    Ok(match said {
        Said::Schedule(schedule) => Report::Schedule(self::schedule(schedule)?),
        Said::Gate(gate) => Report::Gate(parsed("gate", gate)?),
        Said::Boarding(_) => Report::Boarding,
        Said::FinalCall(_) => Report::FinalCall,
        Said::Delay(delay) => {
            Report::Delay(instant("delay.estimated_departure", delay.estimated_departure.as_ref())?)
        }
        Said::Belt(belt) => Report::Belt(parsed("belt", belt)?),
        Said::Departed(_) => Report::Departed,
        Said::Landed(_) => Report::Landed,
        Said::Cancelled(_) => Report::Cancelled,
    })
}

fn schedule(message: &api::Schedule) -> Result<Schedule, Wrong> {
    let legs = message.legs.iter().take(model::MAX_LEGS + 1).map(leg).collect::<Result<_, _>>()?;
    let codeshares = message.codeshares.iter().take(model::MAX_CODESHARES + 1);
    let codeshares = codeshares.map(|name| parsed("schedule.codeshares", name)).collect::<Result<_, _>>()?;
    Schedule::new(legs, codeshares).map_err(wrong("schedule"))
}

fn leg(message: &api::FlightLeg) -> Result<Leg, Wrong> {
    Ok(Leg {
        origin: parsed("schedule.legs.origin", &message.origin)?,
        destination: parsed("schedule.legs.destination", &message.destination)?,
        scheduled_departure: instant(
            "schedule.legs.scheduled_departure",
            message.scheduled_departure.as_ref(),
        )?,
        scheduled_arrival: instant("schedule.legs.scheduled_arrival", message.scheduled_arrival.as_ref())?,
    })
}

fn instant(field: &'static str, message: Option<&prost_types::Timestamp>) -> Result<Timestamp, Wrong> {
    message.and_then(stored::timestamp).ok_or_else(|| Wrong {
        field,
        reason: "it is missing or lies outside the calendar; send a timestamp in UTC".to_owned(),
    })
}

/// Returns a name for one read's key, which nobody else has.
fn fresh_subject(now: Timestamp) -> SubjectId {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    SubjectId::new(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos)))
}
