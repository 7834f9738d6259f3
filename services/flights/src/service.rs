//! The flight service: parse, one call, map.

pub(crate) mod parse;
mod show;

use std::sync::Arc;

use airside_api::flights::v1::{self as api, flight_service_server::FlightService};
use airside_kernel::Clock;
use airside_runtime::{
    auth::Caller,
    executor::{Answer, ExecuteError, Executor, Order},
    projections::ReadModel,
    requests,
    status::{invalid, not_found, status},
};
use tonic::{Request, Response, Status};

use crate::{
    decide::{FlightRules, Record, Rejection},
    project::Board,
};

use parse::Wrong;

/// Answers the calls of the flight service.
pub struct FlightApi {
    pub(crate) executor: Executor<FlightRules>,
    board: ReadModel<Board>,
    clock: Arc<dyn Clock>,
}

impl FlightApi {
    /// Makes the service.
    pub fn new(executor: Executor<FlightRules>, board: ReadModel<Board>, clock: Arc<dyn Clock>) -> Self {
        Self { executor, board, clock }
    }

    /// Records what could be parsed and answers for each report in its turn.
    async fn record(&self, parsed: Vec<Parsed>) -> Result<(Vec<api::ReportOutcome>, String), Status> {
        let orders = parsed.iter().filter_map(|one| one.order.clone().ok()).collect();
        let mut answers = self.executor.execute_each(orders).await.into_iter();
        let mut position = None;
        let mut outcomes = Vec::with_capacity(parsed.len());
        for Parsed { report_id, order } in parsed {
            outcomes.push(match order {
                Err(wrong) => show::invalid(report_id, wrong),
                Ok(_) => {
                    let answer = answers.next().expect("every order has an answer");
                    position = position.max(answer.as_ref().ok().and_then(|done| done.position));
                    outcome(report_id, answer)?
                }
            });
        }
        Ok((outcomes, position.map(|position| position.to_string()).unwrap_or_default()))
    }
}

/// A report on its way: an order, or what is wrong with it.
struct Parsed {
    report_id: String,
    order: Result<Order<Record>, Wrong>,
}

/// A fault of ours fails the call: the sender repeats it, and what was recorded is a duplicate then.
fn outcome(report_id: String, answer: Answer<FlightRules>) -> Result<api::ReportOutcome, Status> {
    match answer {
        Ok(_) => Ok(show::recorded(report_id)),
        Err(ExecuteError::Rejected(rejection)) => Ok(show::rejected(report_id, rejection)),
        Err(error) => Err(status(&error)),
    }
}

#[tonic::async_trait]
impl FlightService for FlightApi {
    async fn record_flight_events(
        &self,
        request: Request<api::RecordFlightEventsRequest>,
    ) -> Result<Response<api::RecordFlightEventsResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let request = request.into_inner();
        let source = requests::source(&request.source)?;
        requests::batch("reports", &request.reports)?;
        let now = self.clock.now();
        let parsed = request.reports.iter().map(|report| Parsed {
            report_id: report.report_id.clone(),
            order: parse::flight_report(source, &actor, now, report),
        });
        let (outcomes, position) = self.record(parsed.collect()).await?;
        Ok(Response::new(api::RecordFlightEventsResponse { outcomes, position }))
    }

    async fn record_gate_events(
        &self,
        request: Request<api::RecordGateEventsRequest>,
    ) -> Result<Response<api::RecordGateEventsResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let request = request.into_inner();
        let source = requests::source(&request.source)?;
        requests::batch("reads", &request.reads)?;
        let now = self.clock.now();
        let parsed = request.reads.iter().map(|read| Parsed {
            report_id: read.report_id.clone(),
            order: parse::passenger_read(source, &actor, now, read),
        });
        let (outcomes, position) = self.record(parsed.collect()).await?;
        Ok(Response::new(api::RecordGateEventsResponse { outcomes, position }))
    }

    async fn get_flight(
        &self,
        request: Request<api::GetFlightRequest>,
    ) -> Result<Response<api::GetFlightResponse>, Status> {
        let request = request.into_inner();
        let id = parse::flight_id(&request.flight)?;
        let asked = requests::as_of(request.as_of.as_ref(), &request.at_least_position, self.clock.now())?;
        let flight = match asked {
            Some(at) => {
                let then =
                    self.executor.load_as_of(&id.stream(), at).await.map_err(|error| status(&error))?;
                let known = then.filter(|then| then.state.is_reported());
                known.map(|then| show::flight(&id, &then.state.flight))
            }
            None => {
                self.board.at_least(&request.at_least_position).await.map_err(|error| status(&error))?;
                self.board.read(|board| board.flight(&id).map(|flight| show::flight(&id, flight)))
            }
        };
        let flight = flight.ok_or_else(|| not_found(&format!("flight {id}")))?;
        Ok(Response::new(api::GetFlightResponse { flight: Some(flight) }))
    }

    async fn list_flights(
        &self,
        request: Request<api::ListFlightsRequest>,
    ) -> Result<Response<api::ListFlightsResponse>, Status> {
        let request = request.into_inner();
        let airport = parse::airport(&request.airport)?;
        let limit = requests::page_size(request.page_size)?;
        let after = match request.page_token.as_str() {
            "" => None,
            token => Some(token.parse().map_err(|error| invalid("page_token", error))?),
        };
        self.board.at_least(&request.at_least_position).await.map_err(|error| status(&error))?;
        let page = self.board.read(|board| board.page(airport, after.as_ref(), limit));
        Ok(Response::new(api::ListFlightsResponse {
            flights: page.flights.iter().map(|(id, flight)| show::flight(id, flight)).collect(),
            next_page_token: page.next.map(|place| place.to_string()).unwrap_or_default(),
        }))
    }
}

/// Says which result a rejection is.
impl From<Rejection> for api::ReportResult {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Known => Self::Duplicate,
            Rejection::NothingNew => Self::Unchanged,
            Rejection::Contradicts(_) | Rejection::TooMany | Rejection::TooManyReads => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests;
