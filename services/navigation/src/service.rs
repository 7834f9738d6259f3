//! The gRPC face of navigation: parse, one call, map.

mod answer;
mod ask;
pub mod positioning;

use airside_api::navigation::v1::{
    FindRouteRequest, FindRouteResponse, ListVenuesRequest, ListVenuesResponse, SearchPlacesRequest,
    SearchPlacesResponse, SetClosureRequest, SetClosureResponse,
    navigation_service_server::NavigationService,
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

    async fn search_places(
        &self,
        request: Request<SearchPlacesRequest>,
    ) -> Result<Response<SearchPlacesResponse>, Status> {
        let request = request.into_inner();
        let search = ask::search(&request)?;
        let (_, live) = self.venues.venue(&request.venue).map_err(|error| status(&error))?;
        let found = self.venues.search(&live, search.words, search.limit);
        let places = found.into_iter().map(|place| answer::place(&live, place, search.language)).collect();
        Ok(Response::new(SearchPlacesResponse { places }))
    }

    async fn find_route(
        &self,
        request: Request<FindRouteRequest>,
    ) -> Result<Response<FindRouteResponse>, Status> {
        let request = request.into_inner();
        let question = ask::route(&request)?;
        let (_, live) = self.venues.venue(&request.venue).map_err(|error| status(&error))?;
        let outcome = self.venues.route(&live, &question).map_err(|error| status(&error))?;
        Ok(Response::new(answer::route(&live, outcome, question.language)))
    }

    async fn set_closure(
        &self,
        request: Request<SetClosureRequest>,
    ) -> Result<Response<SetClosureResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let request = request.into_inner();
        let command = ask::closure(&request)?;
        let position = self.venues.set_closure(&request.venue, command, actor).await;
        Ok(Response::new(SetClosureResponse { position: position.map_err(|error| status(&error))? }))
    }
}

#[cfg(test)]
mod tests;
