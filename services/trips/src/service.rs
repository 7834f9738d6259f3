//! The trip service: parse, one call, map.

mod parse;

use std::sync::Arc;

use airside_api::trips::v1::{self as api, trip_service_server::TripService};
use airside_kernel::{Clock, Keyring, PersonId};
use airside_runtime::{
    attempts::Attempts,
    auth::Caller,
    executor::{Context, Executor, Order},
    projections::ReadModel,
    status::{not_found, status},
};
use tonic::{Request, Response, Status};

use crate::{
    decide::{Command, TripRules},
    model::{Booking, FlightId},
    project::{Followed, Tags},
    proof::{Prover, is_same, open},
};

/// Answers the calls of the trip service.
pub struct TripApi {
    executor: Executor<TripRules>,
    followed: ReadModel<Followed>,
    tags: ReadModel<Tags>,
    keys: Arc<dyn Keyring>,
    clock: Arc<dyn Clock>,
    prover: Prover,
    attempts: Attempts,
}

impl TripApi {
    /// Makes the service.
    pub fn new(
        executor: Executor<TripRules>,
        followed: ReadModel<Followed>,
        tags: ReadModel<Tags>,
        keys: Arc<dyn Keyring>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (prover, attempts) = (Prover::new(keys.clone()), Attempts::new(clock.clone()));
        Self { executor, followed, tags, keys, clock, prover, attempts }
    }

    /// Runs a command of a person and returns the token of the change; empty when there was none.
    async fn run(&self, person: PersonId, command: Command) -> Result<String, Status> {
        let context = Context::new(Caller::Passenger(person).actor(), "trips", self.clock.now());
        let order = Order { stream: person.stream("person"), command, context };
        let done = self.executor.execute(order).await.map_err(|error| status(&error))?;
        Ok(done.position.map(|position| position.to_string()).unwrap_or_default())
    }

    /// Returns the stored booking of a followed flight when it is the same as the one given.
    async fn same_booking(
        &self,
        person: PersonId,
        flight: &FlightId,
        given: &Booking,
    ) -> Result<Option<Booking>, Status> {
        let folded = self.executor.load(&person.stream("person")).await.map_err(|error| status(&error))?;
        let Some(stored) = folded.state.flights.get(flight).and_then(|follow| follow.booking.as_ref()) else {
            return Ok(None);
        };
        for (stored, given) in
            [(&stored.surname, &given.surname), (&stored.record_locator, &given.record_locator)]
        {
            let stored = open(self.keys.as_ref(), stored).map_err(|error| status(&error))?;
            if !is_same(&stored.unwrap_or_default(), given.known().map_or("", String::as_str)) {
                return Ok(None);
            }
        }
        Ok(Some(stored.clone()))
    }
}

#[tonic::async_trait]
impl TripService for TripApi {
    async fn follow_flight(
        &self,
        request: Request<api::FollowFlightRequest>,
    ) -> Result<Response<api::FollowFlightResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let request = request.into_inner();
        let flight = parse::flight(&request.flight)?;
        let booking = parse::booking(person, &request.surname, &request.record_locator)?;
        let same_as = match &booking {
            Some(given) => self.same_booking(person, &flight, given).await?,
            None => None,
        };
        let position = self.run(person, Command::FollowFlight { flight, booking, same_as }).await?;
        Ok(Response::new(api::FollowFlightResponse { position }))
    }

    async fn unfollow_flight(
        &self,
        request: Request<api::UnfollowFlightRequest>,
    ) -> Result<Response<api::UnfollowFlightResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let flight = parse::flight(&request.get_ref().flight)?;
        let position = self.run(person, Command::UnfollowFlight { flight }).await?;
        Ok(Response::new(api::UnfollowFlightResponse { position }))
    }

    async fn follow_bag(
        &self,
        request: Request<api::FollowBagRequest>,
    ) -> Result<Response<api::FollowBagResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let request = request.into_inner();
        let plate = parse::plate(&request.plate)?;
        let proof = parse::proof(request.proof)?;
        self.attempts.take(person)?;
        let tags = self.tags.read(|tags| tags.of(plate));
        let proven = self.prover.proven(&tags, &proof).await.map_err(|error| status(&error))?;
        let journey = proven.ok_or_else(|| not_found("bag"))?;
        let position = self.run(person, Command::FollowBag { plate, journey }).await?;
        Ok(Response::new(api::FollowBagResponse { journey_id: journey.to_string(), position }))
    }

    async fn unfollow_bag(
        &self,
        request: Request<api::UnfollowBagRequest>,
    ) -> Result<Response<api::UnfollowBagResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let journey = parse::journey(&request.get_ref().journey_id)?;
        let position = self.run(person, Command::UnfollowBag { journey }).await?;
        Ok(Response::new(api::UnfollowBagResponse { position }))
    }

    async fn list_followed(
        &self,
        request: Request<api::ListFollowedRequest>,
    ) -> Result<Response<api::ListFollowedResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let at_least = &request.get_ref().at_least_position;
        self.followed.at_least(at_least).await.map_err(|error| status(&error))?;
        let following = self.followed.read(|followed| followed.by(person));
        let flight =
            |(flight, boarded): (FlightId, bool)| api::FollowedFlight { flight: flight.to_string(), boarded };
        Ok(Response::new(api::ListFollowedResponse {
            flights: following.flights.into_iter().map(flight).collect(),
            bags: following
                .bags
                .into_iter()
                .map(|(journey, plate)| api::FollowedBag {
                    plate: plate.to_string(),
                    journey_id: journey.to_string(),
                })
                .collect(),
        }))
    }
}

#[cfg(test)]
mod tests;
