//! A server that believes everything, for the player's own tests.

mod push;
mod rest;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use airside_api::baggage::v1::baggage_service_server::{BaggageService, BaggageServiceServer};
use airside_api::baggage::v1::*;
use airside_api::flights::v1::flight_service_server::FlightServiceServer;
use airside_api::navigation::v1::navigation_service_server::NavigationServiceServer;
use airside_api::notifications::v1::notification_service_server::NotificationServiceServer;
use airside_api::trips::v1::trip_service_server::TripServiceServer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::Stream;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

/// A stream of answers.
pub(crate) type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The state of the stand-in.
#[derive(Default)]
pub(crate) struct StandIn {
    /// Every third notice of an inbox is never sent.
    pub(crate) drops_third: bool,
    /// Scans taken.
    pub(crate) scans: AtomicU64,
    /// Messages taken.
    pub(crate) messages: AtomicU64,
    /// Notices that were not sent.
    pub(crate) dropped: AtomicU64,
    /// Scan ids taken.
    pub(crate) seen: Mutex<HashSet<String>>,
    /// Followers by plate.
    pub(crate) followers: Mutex<HashMap<String, String>>,
    /// Inboxes by person; each holds the plates that its notices are about.
    pub(crate) inboxes: Mutex<HashMap<String, watch::Sender<Vec<String>>>>,
}

impl StandIn {
    fn inbox(&self, person: &str) -> watch::Sender<Vec<String>> {
        self.inboxes.lock().unwrap().entry(person.to_owned()).or_default().clone()
    }
}

/// Serves on a free port of the loopback interface.
pub(crate) async fn serve(server: Arc<StandIn>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Server::builder()
        .add_service(BaggageServiceServer::from_arc(Arc::clone(&server)))
        .add_service(FlightServiceServer::from_arc(Arc::clone(&server)))
        .add_service(NavigationServiceServer::from_arc(Arc::clone(&server)))
        .add_service(NotificationServiceServer::from_arc(Arc::clone(&server)))
        .add_service(TripServiceServer::from_arc(server))
        .add_service(tonic_health::server::health_reporter().1);
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

/// Returns who calls, as the token says.
fn caller<T>(request: &Request<T>) -> Result<String, Status> {
    let header = request.metadata().get("authorization").and_then(|header| header.to_str().ok());
    let token = header.and_then(|header| header.strip_prefix("Bearer "));
    token.map(str::to_owned).ok_or_else(|| Status::unauthenticated("no token"))
}

#[tonic::async_trait]
impl BaggageService for StandIn {
    type StreamMessagesStream = Answers<StreamMessagesResponse>;
    type StreamScansStream = Answers<StreamScansResponse>;
    type WatchBagStream = Answers<WatchBagResponse>;

    async fn submit_messages(
        &self,
        request: Request<SubmitMessagesRequest>,
    ) -> Result<Response<SubmitMessagesResponse>, Status> {
        assert_eq!(caller(&request)?, "partner");
        let messages = request.into_inner().messages;
        self.messages.fetch_add(messages.len() as u64, Ordering::Relaxed);
        let receipt = MessageReceipt { stored: true, ..MessageReceipt::default() };
        let receipts = vec![receipt; messages.len()];
        Ok(Response::new(SubmitMessagesResponse { receipts, position: String::new() }))
    }

    async fn record_containers(
        &self,
        _: Request<RecordContainersRequest>,
    ) -> Result<Response<RecordContainersResponse>, Status> {
        Err(Status::unimplemented("no containers here"))
    }

    async fn record_scans(
        &self,
        request: Request<RecordScansRequest>,
    ) -> Result<Response<RecordScansResponse>, Status> {
        assert_eq!(caller(&request)?, "partner");
        let mut outcomes = Vec::new();
        for scan in request.into_inner().scans {
            let fresh = self.seen.lock().unwrap().insert(scan.scan_id.clone());
            let result = if fresh { ScanResult::Recorded } else { ScanResult::Duplicate };
            let follower = self.followers.lock().unwrap().get(&scan.plate).cloned();
            if fresh {
                self.scans.fetch_add(1, Ordering::Relaxed);
                if let Some(person) = follower {
                    self.inbox(&person).send_modify(|inbox| inbox.push(scan.plate));
                }
            }
            let scan_id = scan.scan_id;
            outcomes.push(ScanOutcome { scan_id, result: result.into(), ..ScanOutcome::default() });
        }
        Ok(Response::new(RecordScansResponse { outcomes, position: String::new() }))
    }

    async fn stream_messages(
        &self,
        _: Request<Streaming<StreamMessagesRequest>>,
    ) -> Result<Response<Self::StreamMessagesStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn stream_scans(
        &self,
        _: Request<Streaming<StreamScansRequest>>,
    ) -> Result<Response<Self::StreamScansStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn get_bag(&self, request: Request<GetBagRequest>) -> Result<Response<GetBagResponse>, Status> {
        let bag = Bag { plate: request.into_inner().plate, ..Bag::default() };
        Ok(Response::new(GetBagResponse { bag: Some(bag) }))
    }

    async fn get_bag_journey(
        &self,
        _: Request<GetBagJourneyRequest>,
    ) -> Result<Response<GetBagJourneyResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_bags(&self, _: Request<ListBagsRequest>) -> Result<Response<ListBagsResponse>, Status> {
        Ok(Response::new(ListBagsResponse::default()))
    }

    async fn watch_bag(&self, _: Request<WatchBagRequest>) -> Result<Response<Self::WatchBagStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn resolve_quarantine(
        &self,
        _request: Request<ResolveQuarantineRequest>,
    ) -> Result<Response<ResolveQuarantineResponse>, Status> {
        Err(Status::unimplemented("no item of a quarantine is settled here"))
    }

    async fn link_bag(&self, _request: Request<LinkBagRequest>) -> Result<Response<LinkBagResponse>, Status> {
        Err(Status::unimplemented("no journeys are linked here"))
    }

    async fn list_quarantine(
        &self,
        request: Request<ListQuarantineRequest>,
    ) -> Result<Response<ListQuarantineResponse>, Status> {
        assert_eq!(caller(&request)?, "staff");
        Ok(Response::new(ListQuarantineResponse::default()))
    }

    async fn list_sources(
        &self,
        request: Request<ListSourcesRequest>,
    ) -> Result<Response<ListSourcesResponse>, Status> {
        assert_eq!(caller(&request)?, "staff");
        Ok(Response::new(ListSourcesResponse::default()))
    }
}
