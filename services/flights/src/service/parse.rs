//! From calls to commands. What is wrong is told with its field and the remedy.
//!
//! Times that cannot be are refused here, at the edge, and never by the rules: a
//! report is neither of the future nor of long ago, and a flight's times lie
//! around its day. The day is local and the comparison in UTC, so the bounds are
//! wide; they catch a wrong year, unit or flight, not a wrong hour.

use std::str::FromStr;

use airside_api::flights::v1::{self as api, flight_report};
use airside_kernel::{Personal, SubjectId, Timestamp};
use airside_runtime::{
    executor::{Context, Order},
    requests,
    status::invalid,
    stored,
};
use jiff::{SignedDuration, tz::Offset};
use tonic::Status;
use uuid::{NoContext, Uuid};

use crate::{
    decide::{Record, Report},
    model::{self, AirportCode, FlightId, Invalid, Leg, Origin, PassagePoint, Read, Schedule},
};

/// How far a source's clock may be ahead of ours.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(1);
/// How late a report may come.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How many days before the day of its id a flight's times may lie.
const MAX_DAYS_BEFORE: i64 = 3;
/// How many days after the day of its id a flight's times may lie.
const MAX_DAYS_AFTER: i64 = 5;

/// A field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The field.
    pub(crate) field: &'static str,
    /// The problem and the remedy.
    pub(crate) reason: String,
}

fn wrong(field: &'static str) -> impl FnOnce(Invalid) -> Wrong {
    move |error| Wrong { field, reason: error.0 }
}

fn parsed<T: FromStr<Err = Invalid>>(field: &'static str, text: &str) -> Result<T, Wrong> {
    text.parse().map_err(wrong(field))
}

/// Returns the order that a report of the flight database amounts to.
pub(crate) fn flight_report(
    source: &str,
    actor: &str,
    now: Timestamp,
    message: &api::FlightReport,
) -> Result<Order<Record>, Wrong> {
    let origin = origin(source, &message.report_id)?;
    let flight = parsed("flight", &message.flight)?;
    let occurred_at = happened(now, message.occurred_at.as_ref())?;
    let report = report(&flight, message.report.as_ref())?;
    Ok(order(&flight, actor, occurred_at, Record { origin, report }))
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
    let occurred_at = happened(now, message.occurred_at.as_ref())?;
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

fn report(flight: &FlightId, message: Option<&flight_report::Report>) -> Result<Report, Wrong> {
    use flight_report::Report as Said;
    let said = message
        .ok_or_else(|| Wrong { field: "report", reason: "it is missing; say what happened".to_owned() })?;
    Ok(match said {
        Said::Schedule(schedule) => Report::Schedule(self::schedule(flight, schedule)?),
        Said::Gate(gate) => Report::Gate(parsed("gate", gate)?),
        Said::Boarding(_) => Report::Boarding,
        Said::FinalCall(_) => Report::FinalCall,
        Said::Delay(delay) => {
            let field = "delay.estimated_departure";
            Report::Delay(of_the_flight(field, flight, delay.estimated_departure.as_ref())?)
        }
        Said::ArrivalEstimate(estimate) => {
            let field = "arrival_estimate.estimated_arrival";
            Report::Arrival(of_the_flight(field, flight, estimate.estimated_arrival.as_ref())?)
        }
        Said::Belt(belt) => Report::Belt(parsed("belt", belt)?),
        Said::Departed(_) => Report::Departed,
        Said::ReturnedToStand(_) => Report::Returned,
        Said::Diverted(api::Diverted { airport }) if airport.is_empty() => Report::Diverted(None),
        Said::Diverted(api::Diverted { airport }) => {
            Report::Diverted(Some(parsed("diverted.airport", airport)?))
        }
        Said::Landed(_) => Report::Landed,
        Said::Cancelled(_) => Report::Cancelled,
    })
}

fn schedule(flight: &FlightId, message: &api::Schedule) -> Result<Schedule, Wrong> {
    let legs = message
        .legs
        .iter()
        .take(model::MAX_LEGS + 1)
        .map(|message| leg(flight, message))
        .collect::<Result<_, _>>()?;
    let codeshares = message.codeshares.iter().take(model::MAX_CODESHARES + 1);
    let codeshares = codeshares.map(|name| parsed("schedule.codeshares", name)).collect::<Result<_, _>>()?;
    Schedule::new(legs, codeshares).map_err(wrong("schedule"))
}

fn leg(flight: &FlightId, message: &api::FlightLeg) -> Result<Leg, Wrong> {
    Ok(Leg {
        origin: parsed("schedule.legs.origin", &message.origin)?,
        destination: parsed("schedule.legs.destination", &message.destination)?,
        scheduled_departure: of_the_flight(
            "schedule.legs.scheduled_departure",
            flight,
            message.scheduled_departure.as_ref(),
        )?,
        scheduled_arrival: of_the_flight(
            "schedule.legs.scheduled_arrival",
            flight,
            message.scheduled_arrival.as_ref(),
        )?,
    })
}

fn instant(field: &'static str, message: Option<&prost_types::Timestamp>) -> Result<Timestamp, Wrong> {
    message.and_then(stored::timestamp).ok_or_else(|| Wrong {
        field,
        reason: "it is missing or lies outside the calendar; send a timestamp in UTC".to_owned(),
    })
}

/// Returns when something happened, as its source says.
fn happened(now: Timestamp, message: Option<&prost_types::Timestamp>) -> Result<Timestamp, Wrong> {
    let field = "occurred_at";
    let at = instant(field, message)?;
    let age = now.duration_since(at);
    let problem = if age < -MAX_AHEAD {
        "it lies more than 1 hour ahead; send UTC and check the source's clock"
    } else if age > MAX_AGE {
        "it lies more than 30 days back; send when it happened, in UTC"
    } else {
        return Ok(at);
    };
    Err(Wrong { field, reason: problem.to_owned() })
}

/// Returns one of a flight's times, which lies around the day of its id.
fn of_the_flight(
    field: &'static str,
    flight: &FlightId,
    message: Option<&prost_types::Timestamp>,
) -> Result<Timestamp, Wrong> {
    let at = instant(field, message)?;
    let days = flight.date().duration_until(Offset::UTC.to_datetime(at).date()).as_hours() / 24;
    match (-MAX_DAYS_BEFORE..=MAX_DAYS_AFTER).contains(&days) {
        true => Ok(at),
        false => Err(Wrong {
            field,
            reason: format!(
                "it lies more than {MAX_DAYS_BEFORE} days before or {MAX_DAYS_AFTER} days after \
                 the day of the flight; correct it, or the flight"
            ),
        }),
    }
}

/// Returns a name for one read's key, which nobody else has.
fn fresh_subject(now: Timestamp) -> SubjectId {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    SubjectId::new(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos)))
}
