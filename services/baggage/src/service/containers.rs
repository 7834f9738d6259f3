//! Reports about containers: each has its outcome, and one that is wrong never stops the others.

use airside_api::baggage::v1::{self as api, ContainerResult, ContainerStep, LegRole};
use airside_kernel::Timestamp;
use airside_runtime::{
    executor::{Context, ExecuteError, Order},
    requests::{batch, item_id_problem, source},
    stored::timestamp,
};
use jiff::SignedDuration;
use tonic::Status;

use super::{Baggage, scans::flight};
use crate::{
    containers::{ContainerId, ContainerMoved, report_observation_id},
    model::{Observation, place_problem},
    operating::Operating,
};

/// How late a report may come; what is in a container is forgotten sooner.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(10 * 24);

/// A report on its way: an order, or which field is wrong and what to do.
pub(super) type Parsed = (String, Result<Order<ContainerMoved>, (&'static str, String)>);

pub(super) fn parse(
    request: &api::RecordContainersRequest,
    actor: &str,
    now: Timestamp,
) -> Result<Vec<Parsed>, Status> {
    let source = source(&request.source)?;
    let reports = batch("reports", &request.reports)?.iter();
    Ok(reports.map(|report| (report.report_id.clone(), read(report, source, actor, now))).collect())
}

fn read(
    report: &api::ContainerReport,
    source: &str,
    actor: &str,
    now: Timestamp,
) -> Result<Order<ContainerMoved>, (&'static str, String)> {
    if let Some(problem) = item_id_problem(&report.report_id) {
        return Err(("report_id", problem.to_owned()));
    }
    let container: ContainerId =
        report.container.parse().map_err(|error| ("container", format!("{error}")))?;
    let step = report.step();
    if step == ContainerStep::Unspecified {
        return Err(("step", "say what happened to the container".to_owned()));
    }
    let station = report.station.parse().map_err(|error| ("station", format!("{error}")))?;
    let observed_at = report.observed_at.as_ref().and_then(timestamp);
    let observed_at = observed_at.filter(|at| now.duration_since(*at) <= MAX_AGE);
    let observed_at = observed_at
        .ok_or_else(|| ("observed_at", "say when it happened: at most ten days ago".to_owned()))?;
    let flight = flight(&report.flight, now).map_err(|wrong| (wrong.field, wrong.reason))?;
    if flight.is_none() && step != ContainerStep::BrokenDown {
        return Err(("flight", "name the flight; only a breakdown has none".to_owned()));
    }
    if let Some(problem) = place_problem(&report.compartment) {
        return Err(("compartment", problem.to_owned()));
    }
    let mut observation = Observation {
        id: report_observation_id(source, &report.report_id),
        source: source.to_owned(),
        station,
        observed_at,
        cause: None,
        parser_version: None,
        received_at: Some(now),
        clock_ahead_ms: 0,
    };
    observation.bound_by_receipt();
    let context = Context::new(actor, source, observed_at);
    let command = ContainerMoved { observation, step, flight, compartment: report.compartment.clone() };
    Ok(Order { stream: container.stream(), command, context })
}

/// Puts the operating flight in place of a codeshare.
fn resolve(operating: &Operating, order: &mut Order<ContainerMoved>) {
    let ContainerMoved { observation, step, flight, .. } = &mut order.command;
    let role = if *step == ContainerStep::Unloaded { LegRole::Inbound } else { LegRole::Outbound };
    *flight = flight.map(|flight| operating.flight(flight, role, observation.station));
}

/// Records what could be read and answers for each report in its turn. A fault of ours
/// fails the call: the sender repeats it, and what was recorded is a duplicate then.
pub(super) async fn record(
    service: &Baggage,
    parsed: Vec<Parsed>,
) -> Result<api::RecordContainersResponse, Status> {
    let mut orders: Vec<_> = parsed.iter().filter_map(|(_, order)| order.clone().ok()).collect();
    service.operating.read(|operating| orders.iter_mut().for_each(|order| resolve(operating, order)));
    let mut answers = service.containers.execute_each(orders).await.into_iter();
    let (mut outcomes, mut position) = (Vec::with_capacity(parsed.len()), None);
    for (report_id, order) in parsed {
        let (result, field, reason) = match order {
            Err((field, reason)) => (ContainerResult::Invalid, field.to_owned(), reason),
            Ok(_) => match answers.next().expect("every order has an answer") {
                Ok(done) => {
                    position = position.max(done.position);
                    (ContainerResult::Recorded, String::new(), String::new())
                }
                Err(ExecuteError::Rejected(_)) => (ContainerResult::Duplicate, String::new(), String::new()),
                Err(error) => return Err(Status::unavailable(error.to_string())),
            },
        };
        outcomes.push(api::ContainerOutcome { report_id, result: result.into(), field, reason });
    }
    let position = position.map(|position| position.to_string()).unwrap_or_default();
    Ok(api::RecordContainersResponse { outcomes, position })
}
