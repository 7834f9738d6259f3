//! From what is known to what is answered.

use airside_api::flights::v1 as api;
use airside_runtime::stored;

use super::parse::Wrong;
use crate::{
    decide::Rejection,
    events::leg_message,
    model::{Designator, Flight, FlightId, Phase, Sign},
};

/// Returns what the public may know of a flight.
pub(super) fn flight(id: &FlightId, flight: &Flight) -> api::Flight {
    let sign = |sign: &Option<Sign>| sign.as_ref().map(Sign::to_string).unwrap_or_default();
    api::Flight {
        flight: id.to_string(),
        legs: flight.schedule.legs.iter().map(leg_message).collect(),
        codeshares: flight.schedule.codeshares.iter().map(Designator::to_string).collect(),
        gate: sign(&flight.gate),
        belt: sign(&flight.belt),
        phase: phase(flight.phase).into(),
        estimated_departure: flight.estimated_departure.map(stored::timestamp_message),
        estimated_arrival: flight.estimated_arrival.map(stored::timestamp_message),
        diverted: flight.diverted.is_some(),
        diverted_to: flight.diverted.flatten().map_or_else(String::new, |to| to.to_string()),
    }
}

/// Returns the outcome of a report that is on disk.
pub(super) fn recorded(report_id: String) -> api::ReportOutcome {
    outcome(report_id, api::ReportResult::Recorded)
}

/// Returns the outcome of a report that could not be read.
pub(super) fn invalid(report_id: String, wrong: Wrong) -> api::ReportOutcome {
    let outcome = outcome(report_id, api::ReportResult::Invalid);
    api::ReportOutcome { field: wrong.field.to_owned(), reason: wrong.reason, ..outcome }
}

/// Returns the outcome of a report that added nothing.
pub(super) fn rejected(report_id: String, rejection: Rejection) -> api::ReportOutcome {
    let result = api::ReportResult::from(rejection);
    let reason = if result == api::ReportResult::Refused { rejection.to_string() } else { String::new() };
    api::ReportOutcome { reason, ..outcome(report_id, result) }
}

fn outcome(report_id: String, result: api::ReportResult) -> api::ReportOutcome {
    api::ReportOutcome { report_id, result: result.into(), field: String::new(), reason: String::new() }
}

fn phase(phase: Phase) -> api::FlightPhase {
    match phase {
        Phase::Unknown => api::FlightPhase::Unspecified,
        Phase::Scheduled => api::FlightPhase::Scheduled,
        Phase::Boarding => api::FlightPhase::Boarding,
        Phase::FinalCall => api::FlightPhase::FinalCall,
        Phase::Departed => api::FlightPhase::Departed,
        Phase::Landed => api::FlightPhase::Landed,
        Phase::Cancelled => api::FlightPhase::Cancelled,
    }
}
