//! The gRPC face of navigation: parse, one call, map.

mod answer;
pub(crate) mod ask;
pub mod positioning;
pub mod publish;
pub mod ways;

use airside_api::navigation::v1::{
    FindRouteRequest, FindRouteResponse, GetLeaveTimeRequest, GetLeaveTimeResponse, GetLevelRequest,
    GetLevelResponse, GetReachableRequest, GetReachableResponse, GetVenueRequest, GetVenueResponse,
    GetWalkingTimesRequest, GetWalkingTimesResponse, ListVenuesRequest, ListVenuesResponse,
    SearchPlacesRequest, SearchPlacesResponse, SetClosureRequest, SetClosureResponse, SetWaitRequest,
    SetWaitResponse, navigation_service_server::NavigationService,
};
use airside_runtime::{auth::Caller, status::status};
use tonic::{Request, Response, Status};

use crate::venues::Venues;

/// The navigation service.
#[derive(Clone)]
pub struct Navigation {
    venues: Venues,
}

impl Navigation {
    /// Makes the service over the venues.
    pub fn new(venues: Venues) -> Self {
        Self { venues }
    }
}

#[tonic::async_trait]
impl NavigationService for Navigation {
    async fn list_venues(
        &self,
        _: Request<ListVenuesRequest>,
    ) -> Result<Response<ListVenuesResponse>, Status> {
        let venues = self.venues.maps().all();
        let venues = venues.iter().map(|(code, live)| answer::venue(code, live)).collect();
        Ok(Response::new(ListVenuesResponse { venues }))
    }

    async fn get_venue(
        &self,
        request: Request<GetVenueRequest>,
    ) -> Result<Response<GetVenueResponse>, Status> {
        let (code, live) = self.venues.venue(&request.into_inner().venue).map_err(|error| status(&error))?;
        Ok(Response::new(GetVenueResponse { venue: Some(answer::venue(&code, &live)) }))
    }

    async fn search_places(
        &self,
        request: Request<SearchPlacesRequest>,
    ) -> Result<Response<SearchPlacesResponse>, Status> {
        let request = request.into_inner();
        let search = ask::search(&request)?;
        let (_, live) = self.venues.venue(&request.venue).map_err(|error| status(&error))?;
        let now = self.venues.now();
        let walk = live.walk(search.profile.into(), now, search.language);
        let found = self.venues.search(&walk, search.words, search.limit, search.near.as_deref(), now);
        let found = found.map_err(|error| status(&error))?;
        let now = live.moment(now);
        let shown = |found| answer::found_place(&live, found, now, search.language);
        let places = found.iter().map(shown).collect();
        Ok(Response::new(SearchPlacesResponse { places }))
    }

    async fn find_route(
        &self,
        request: Request<FindRouteRequest>,
    ) -> Result<Response<FindRouteResponse>, Status> {
        let caller = Caller::of(&request);
        let request = request.into_inner();
        let mut question = ask::route(&request)?;
        question.rights = ask::rights(request.rights, &caller)?;
        let (_, live) = self.venues.venue(&request.venue).map_err(|error| status(&error))?;
        question.depart = Some(live.moment(ask::depart(&request)?.unwrap_or_else(|| self.venues.now())));
        let outcome = self.venues.route(&live, &question).map_err(|error| status(&error))?;
        Ok(Response::new(answer::route(&live, outcome, question.language)))
    }

    async fn get_walking_times(
        &self,
        request: Request<GetWalkingTimesRequest>,
    ) -> Result<Response<GetWalkingTimesResponse>, Status> {
        let request = request.into_inner();
        let question = ask::walking_times(&request)?;
        let (_, live) = self.venues.venue(&request.venue).map_err(|error| status(&error))?;
        let walk = live.walk(question.who, self.venues.now(), question.language);
        let times = self.venues.times(&walk, &question.from, &question.asked);
        let times = times.map_err(|error| status(&error))?.into_iter();
        let times = times.map(|time| answer::walking_time(&live, time, question.language)).collect();
        Ok(Response::new(GetWalkingTimesResponse { times }))
    }

    async fn get_reachable(
        &self,
        request: Request<GetReachableRequest>,
    ) -> Result<Response<GetReachableResponse>, Status> {
        let request = request.into_inner();
        let question = ask::reachable(&request)?;
        let (_, live) = self.venues.venue(&request.venue).map_err(|error| status(&error))?;
        let now = self.venues.now();
        let walk = live.walk(question.who, now, question.language);
        let nearby = self.venues.nearby(&walk, &question.from, question.asked);
        let nearby = nearby.map_err(|error| status(&error))?;
        Ok(Response::new(answer::nearby(&live, &nearby, live.moment(now), question.language)))
    }

    async fn get_leave_time(
        &self,
        request: Request<GetLeaveTimeRequest>,
    ) -> Result<Response<GetLeaveTimeResponse>, Status> {
        let request = request.into_inner();
        let (mut question, leaving) = ask::leave_time(&request)?;
        let (_, live) = self.venues.venue(&request.venue).map_err(|error| status(&error))?;
        let now = self.venues.now();
        question.depart = Some(live.moment(now));
        let language = question.language;
        let departure = match leaving {
            ask::Leaving::Flight(number) => self.venues.leave_for_flight(&live, question, &number, now),
            ask::Leaving::Gate => self.venues.leave_for_gate(&live, question, now),
        };
        let departure = departure.map_err(|error| status(&error))?;
        Ok(Response::new(answer::leave_time(&live, departure, language)))
    }

    async fn get_level(
        &self,
        request: Request<GetLevelRequest>,
    ) -> Result<Response<GetLevelResponse>, Status> {
        let request = request.into_inner();
        let (_, live) = self.venues.venue(&request.venue).map_err(|error| status(&error))?;
        let plan = self.venues.level(&live, request.ordinal).map_err(|error| status(&error))?;
        Ok(Response::new(answer::level(&plan, &request.if_version)))
    }

    async fn set_closure(
        &self,
        request: Request<SetClosureRequest>,
    ) -> Result<Response<SetClosureResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let request = request.into_inner();
        let command = ask::closure(&request, self.venues.now())?;
        let position = self.venues.change(&request.venue, command, actor).await;
        Ok(Response::new(SetClosureResponse { position: position.map_err(|error| status(&error))? }))
    }

    async fn set_wait(&self, request: Request<SetWaitRequest>) -> Result<Response<SetWaitResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let request = request.into_inner();
        let command = ask::wait(&request, self.venues.now())?;
        let position = self.venues.change(&request.venue, command, actor).await;
        Ok(Response::new(SetWaitResponse { position: position.map_err(|error| status(&error))? }))
    }
}

#[cfg(test)]
mod question_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wait_tests;
