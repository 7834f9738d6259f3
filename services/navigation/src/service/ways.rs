//! The gRPC face of followed ways: parse, one call, map. The person is the one of the token.

use std::sync::Arc;

use airside_api::navigation::v1::{
    FollowWayRequest, FollowWayResponse, LeaveWayRequest, LeaveWayResponse, follow_way_request::To,
    way_service_server::WayService,
};
use airside_kernel::{Clock, PersonId, Personal, SubjectId, Timestamp};
use airside_runtime::{
    attempts::Attempts,
    auth::Caller,
    executor::{Context, Executor, Order},
    status::{invalid, status},
    stored::{self, timestamp_message},
};
use jiff::SignedDuration;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::ask;
use crate::{
    follow::{
        decide::{Way, WayCommand},
        events::times_message,
        measure::{self, Question},
        model::{self, Followed, Goal, HOURS_MAX, HOURS_USUAL},
    },
    project::boards,
    venues::Venues,
};

/// The way service.
pub struct Ways {
    venues: Venues,
    executor: Executor<Way>,
    attempts: Attempts,
    clock: Arc<dyn Clock>,
}

impl Ways {
    /// Makes the service over the venues and the ways that are followed.
    pub fn new(venues: Venues, executor: Executor<Way>, clock: Arc<dyn Clock>) -> Self {
        Self { venues, executor, attempts: Attempts::new(clock.clone()), clock }
    }

    async fn run(&self, person: PersonId, command: WayCommand) -> Result<String, Status> {
        let context = Context::new(Caller::Passenger(person).actor(), "navigation", self.clock.now());
        let order = Order { stream: model::stream(person), command, context };
        let done = self.executor.execute(order).await.map_err(|error| status(&error))?;
        Ok(done.position.map(|position| position.to_string()).unwrap_or_default())
    }
}

#[tonic::async_trait]
impl WayService for Ways {
    async fn follow_way(
        &self,
        request: Request<FollowWayRequest>,
    ) -> Result<Response<FollowWayResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let (request, now) = (request.into_inner(), self.clock.now());
        let from = ask::end("from", request.from.as_ref())?;
        let (to, goal) = goal(request.to.as_ref())?;
        ask::profile(request.profile)?;
        ask::speed(request.pace, request.walking_speed_mps)?;
        let until = until(request.until.as_ref(), now)?;
        self.attempts.take(person)?;
        let (venue, live) = self.venues.venue(&request.venue).map_err(|error| status(&error))?;
        let sealed = measure::sealed(from, to, &request);
        let flight = goal.flight().map(str::to_owned);
        let signs = flight.and_then(|id| self.venues.boards.read(|boards| boards.by_id(&id).cloned()));
        let question = Question::read(&sealed, &goal, signs.as_ref(), &live);
        let route = match &question {
            Some(question) => self.venues.follow(&live, question, now).map_err(|error| status(&error))?,
            None => None,
        };
        let advice = question.map(|one| one.advice(route.as_ref(), &live.waits, signs.as_ref(), now));
        let (id, subject, question) = (Uuid::now_v7(), SubjectId::new(person), Personal::Known(sealed));
        let followed = Followed { subject, id, venue, question, goal, until };
        let position = self.run(person, WayCommand::Follow(Arc::new(followed))).await?;
        Ok(Response::new(FollowWayResponse {
            position,
            times: advice.and_then(|advice| advice.times).as_ref().map(times_message),
            leave_by: advice.and_then(|advice| advice.leave_by).map(timestamp_message),
            until: Some(timestamp_message(until)),
        }))
    }

    async fn leave_way(
        &self,
        request: Request<LeaveWayRequest>,
    ) -> Result<Response<LeaveWayResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let position = self.run(person, WayCommand::Leave).await?;
        Ok(Response::new(LeaveWayResponse { position }))
    }
}

/// Returns where a way leads: the place, where it is to one, and the goal.
fn goal(to: Option<&To>) -> Result<(String, Goal), Status> {
    let flight = |field: &str, id: &str| {
        let problem = "use the id of a flight, such as ZH9101-20261120";
        boards::is_flight(id).then(|| id.to_owned()).ok_or_else(|| invalid(field, problem))
    };
    Ok(match to {
        None => return Err(invalid("end", "say where to: a place, or a flight in gate_of or belt_of")),
        Some(To::End(end)) => (ask::end("end", Some(end))?, Goal::Place),
        Some(To::GateOf(id)) => (String::new(), Goal::Gate(flight("gate_of", id)?)),
        Some(To::BeltOf(id)) => (String::new(), Goal::Belt(flight("belt_of", id)?)),
    })
}

fn until(asked: Option<&prost_types::Timestamp>, now: Timestamp) -> Result<Timestamp, Status> {
    let later = |hours| now.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX);
    let Some(asked) = asked else { return Ok(later(HOURS_USUAL)) };
    let until = stored::timestamp(asked).filter(|until| now < *until && *until <= later(HOURS_MAX));
    until.ok_or_else(|| invalid("until", format_args!("say an instant within {HOURS_MAX} hours from now")))
}
