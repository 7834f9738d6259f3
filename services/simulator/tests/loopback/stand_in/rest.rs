//! Flights, trips and ways of the stand-in.

use airside_api::flights::v1::flight_service_server::FlightService;
use airside_api::flights::v1::*;
use airside_api::navigation::v1::navigation_service_server::NavigationService;
use airside_api::navigation::v1::*;
use airside_api::trips::v1::trip_service_server::TripService;
use airside_api::trips::v1::*;
use tonic::{Request, Response, Status};

use super::{StandIn, caller};

fn recorded(report_ids: impl Iterator<Item = String>) -> Vec<ReportOutcome> {
    let result = ReportResult::Recorded.into();
    report_ids.map(|report_id| ReportOutcome { report_id, result, ..ReportOutcome::default() }).collect()
}

#[tonic::async_trait]
impl FlightService for StandIn {
    async fn record_flight_events(
        &self,
        request: Request<RecordFlightEventsRequest>,
    ) -> Result<Response<RecordFlightEventsResponse>, Status> {
        let outcomes = recorded(request.into_inner().reports.into_iter().map(|report| report.report_id));
        Ok(Response::new(RecordFlightEventsResponse { outcomes, position: String::new() }))
    }

    async fn record_gate_events(
        &self,
        request: Request<RecordGateEventsRequest>,
    ) -> Result<Response<RecordGateEventsResponse>, Status> {
        let outcomes = recorded(request.into_inner().reads.into_iter().map(|read| read.report_id));
        Ok(Response::new(RecordGateEventsResponse { outcomes, position: String::new() }))
    }

    async fn get_flight(&self, _: Request<GetFlightRequest>) -> Result<Response<GetFlightResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_flights(
        &self,
        _: Request<ListFlightsRequest>,
    ) -> Result<Response<ListFlightsResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

#[tonic::async_trait]
impl TripService for StandIn {
    async fn follow_flight(
        &self,
        _: Request<FollowFlightRequest>,
    ) -> Result<Response<FollowFlightResponse>, Status> {
        Ok(Response::new(FollowFlightResponse::default()))
    }

    async fn unfollow_flight(
        &self,
        _: Request<UnfollowFlightRequest>,
    ) -> Result<Response<UnfollowFlightResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    /// A bag belongs to who follows it first; the second is answered as a stranger.
    async fn follow_bag(
        &self,
        request: Request<FollowBagRequest>,
    ) -> Result<Response<FollowBagResponse>, Status> {
        let person = caller(&request)?;
        let plate = request.into_inner().plate;
        let mut followers = self.followers.lock().unwrap();
        if *followers.entry(plate).or_insert_with(|| person.clone()) == person {
            Ok(Response::new(FollowBagResponse::default()))
        } else {
            Err(Status::not_found("no such bag"))
        }
    }

    async fn unfollow_bag(
        &self,
        _: Request<UnfollowBagRequest>,
    ) -> Result<Response<UnfollowBagResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_followed(
        &self,
        _: Request<ListFollowedRequest>,
    ) -> Result<Response<ListFollowedResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

#[tonic::async_trait]
impl NavigationService for StandIn {
    async fn list_venues(
        &self,
        _: Request<ListVenuesRequest>,
    ) -> Result<Response<ListVenuesResponse>, Status> {
        let venue = Venue { code: "testville".to_owned(), ..Venue::default() };
        Ok(Response::new(ListVenuesResponse { venues: vec![venue] }))
    }

    async fn get_venue(&self, _: Request<GetVenueRequest>) -> Result<Response<GetVenueResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn search_places(
        &self,
        request: Request<SearchPlacesRequest>,
    ) -> Result<Response<SearchPlacesResponse>, Status> {
        let id = format!("place of {}", request.into_inner().query);
        Ok(Response::new(SearchPlacesResponse { places: vec![Place { id, ..Place::default() }] }))
    }

    async fn find_route(&self, _: Request<FindRouteRequest>) -> Result<Response<FindRouteResponse>, Status> {
        Ok(Response::new(FindRouteResponse { found: true, ..FindRouteResponse::default() }))
    }

    async fn get_walking_times(
        &self,
        _: Request<GetWalkingTimesRequest>,
    ) -> Result<Response<GetWalkingTimesResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn get_reachable(
        &self,
        _: Request<GetReachableRequest>,
    ) -> Result<Response<GetReachableResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn get_leave_time(
        &self,
        _: Request<GetLeaveTimeRequest>,
    ) -> Result<Response<GetLeaveTimeResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn get_level(&self, _: Request<GetLevelRequest>) -> Result<Response<GetLevelResponse>, Status> {
        Ok(Response::new(GetLevelResponse::default()))
    }

    async fn set_wait(&self, _: Request<SetWaitRequest>) -> Result<Response<SetWaitResponse>, Status> {
        Ok(Response::new(SetWaitResponse::default()))
    }

    async fn set_closure(
        &self,
        request: Request<SetClosureRequest>,
    ) -> Result<Response<SetClosureResponse>, Status> {
        assert_eq!(caller(&request)?, "staff");
        Ok(Response::new(SetClosureResponse::default()))
    }
}
