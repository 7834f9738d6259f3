//! A gateway on port 0 with two small services behind it, and a client that
//! speaks HTTP/1.1 by hand, so that nothing hides what is on the wire.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use airside_api::{
    navigation::v1::{
        Closure, FindRouteRequest, FindRouteResponse, GetLeaveTimeRequest, GetLeaveTimeResponse,
        GetLevelRequest, GetLevelResponse, GetReachableRequest, GetReachableResponse, GetVenueRequest,
        GetVenueResponse, GetWalkingTimesRequest, GetWalkingTimesResponse, Level, LevelLine,
        ListVenuesRequest, ListVenuesResponse, Place, Position, SearchPlacesRequest, SearchPlacesResponse,
        SetClosureRequest, SetClosureResponse, SetWaitRequest, SetWaitResponse, Venue,
        navigation_service_server::{NavigationService, NavigationServiceServer},
    },
    notifications::v1::{
        AckLevel, AcknowledgeRequest, AcknowledgeResponse, Connect, Drain, GetNoticeTrailRequest,
        GetNoticeTrailResponse, GetPreferencesRequest, GetPreferencesResponse, Hello,
        ListNotificationsRequest, ListNotificationsResponse, Notice, Notices, SetPreferencesRequest,
        SetPreferencesResponse, WatchRequest, WatchResponse,
        notification_service_server::{NotificationService, NotificationServiceServer},
        watch_response::Frame,
    },
};
use airside_gateway::{Gateway, GatewayConfig, push};
use airside_kernel::{
    Append, Clock, EventId, EventStore, Expected, ManualClock, Metadata, NewEvent, PersonId, Revision,
    StreamId, Timestamp,
};
use airside_runtime::{
    auth::{Caller, Environment, RequestId, StaffRole, TokenKey, Tokens},
    projections::{Changes, Projections},
    telemetry::{Metrics, Registry},
};
use airside_store::MemoryStore;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use jiff::SignedDuration;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, broadcast, watch},
    task::JoinHandle,
};
use tonic::{Request, Response, Status, service::Routes, transport::Channel};
use uuid::Uuid;

pub(crate) const NAVIGATION: &str = "/airside.navigation.v1.NavigationService";

/// The key pair of RFC 8032 section 7.1, test 1.
const SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

pub(crate) fn tokens(env: Environment) -> Tokens {
    let prefix = unhex("302e020100300506032b657004220420");
    let key = TokenKey {
        id: "key-1".to_owned(),
        private_der: [prefix, unhex(SECRET)].concat(),
        public: unhex(PUBLIC),
    };
    Tokens::new(env, &key).unwrap()
}

pub(crate) fn now() -> Timestamp {
    "2026-11-20T08:00:00Z".parse().unwrap()
}

pub(crate) fn passenger() -> Caller {
    Caller::Passenger(PersonId("018f3c6e-0000-7000-8000-000000000007".parse().unwrap()))
}

pub(crate) fn partner() -> Caller {
    Caller::Partner { id: "bhs-t3".to_owned() }
}

pub(crate) fn staff(roles: &[StaffRole]) -> Caller {
    Caller::Staff { id: "staff-1".to_owned(), roles: roles.to_vec() }
}

/// Lets a test hold a call inside its handler.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    pub(crate) entered: Arc<Notify>,
    pub(crate) open: Arc<Notify>,
}

/// Answers with fixed things; some queries make it fail in a chosen way.
#[derive(Clone, Default)]
struct Ways {
    gate: Gate,
    panics: Arc<Mutex<u32>>,
    /// What is closed in each venue.
    closed: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
    venue_reads: Arc<AtomicUsize>,
}

#[tonic::async_trait]
impl NavigationService for Ways {
    async fn list_venues(
        &self,
        _: Request<ListVenuesRequest>,
    ) -> Result<Response<ListVenuesResponse>, Status> {
        let venue = Venue {
            code: "testville".to_owned(),
            names: [("en".to_owned(), "Testville".to_owned()), ("zh-CN".to_owned(), "测试城".to_owned())]
                .into(),
            levels: vec![
                Level { ordinal: 0, short_name: "1F".to_owned() },
                Level { ordinal: -1, short_name: "B1".to_owned() },
            ],
            ..Venue::default()
        };
        Ok(Response::new(ListVenuesResponse { venues: vec![venue] }))
    }

    async fn get_venue(
        &self,
        request: Request<GetVenueRequest>,
    ) -> Result<Response<GetVenueResponse>, Status> {
        self.venue_reads.fetch_add(1, Ordering::Relaxed);
        let code = request.into_inner().venue;
        let mut closed = self
            .closed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&code)
            .cloned()
            .unwrap_or_default();
        match code.as_str() {
            "missing" => return Err(Status::not_found("venue not found")),
            "panic" => panic!("a handler's own defect"),
            "huge" => closed.push("much ".repeat(100_000)),
            "held" => {
                self.gate.entered.notify_one();
                self.gate.open.notified().await;
            }
            _ if closed.iter().any(|feature| feature == "gone") => {
                return Err(Status::not_found("venue not found"));
            }
            _ => {}
        }
        let closure = |feature_id| Closure { feature_id, ..Closure::default() };
        let venue = Venue { code, closures: closed.into_iter().map(closure).collect(), ..Venue::default() };
        Ok(Response::new(GetVenueResponse { venue: Some(venue) }))
    }

    async fn search_places(
        &self,
        request: Request<SearchPlacesRequest>,
    ) -> Result<Response<SearchPlacesResponse>, Status> {
        let (caller, id) = (Caller::of(&request), RequestId::of(&request));
        assert!(request.metadata().get("authorization").is_none(), "a token goes no further than the edge");
        match request.get_ref().query.as_str() {
            "panic" => {
                *self.panics.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                panic!("a handler's own defect");
            }
            "missing" => return Err(Status::not_found("venue not found")),
            "wait" => {
                self.gate.entered.notify_one();
                self.gate.open.notified().await;
            }
            _ => {}
        }
        let place = Place { id: id.0.to_string(), name: caller.actor(), ..Place::default() };
        Ok(Response::new(SearchPlacesResponse { places: vec![place] }))
    }

    async fn find_route(
        &self,
        request: Request<FindRouteRequest>,
    ) -> Result<Response<FindRouteResponse>, Status> {
        let point = Position { longitude: 113.81, latitude: 22.63, ordinal: request.into_inner().profile };
        Ok(Response::new(FindRouteResponse {
            found: true,
            length_m: 120.5,
            reason: 2,
            lines: vec![LevelLine { ordinal: 0, points: vec![point] }],
            ..FindRouteResponse::default()
        }))
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

    async fn get_level(
        &self,
        request: Request<GetLevelRequest>,
    ) -> Result<Response<GetLevelResponse>, Status> {
        let version = request.into_inner().if_version;
        Ok(Response::new(GetLevelResponse { version, ..GetLevelResponse::default() }))
    }

    async fn set_wait(&self, _: Request<SetWaitRequest>) -> Result<Response<SetWaitResponse>, Status> {
        Ok(Response::new(SetWaitResponse::default()))
    }

    async fn set_closure(
        &self,
        request: Request<SetClosureRequest>,
    ) -> Result<Response<SetClosureResponse>, Status> {
        let until = request.into_inner().expected_until.unwrap_or_default();
        Ok(Response::new(SetClosureResponse { position: until.seconds.to_string() }))
    }
}

type Frames = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

/// A push service whose stream says one thing and then stays open for ever.
struct Push;

#[tonic::async_trait]
impl NotificationService for Push {
    type WatchStream = Frames;

    async fn watch(&self, _: Request<WatchRequest>) -> Result<Response<Frames>, Status> {
        let frames = stream::iter([Ok(WatchResponse::default())]).chain(stream::pending());
        Ok(Response::new(Box::pin(frames)))
    }

    async fn acknowledge(
        &self,
        _: Request<AcknowledgeRequest>,
    ) -> Result<Response<AcknowledgeResponse>, Status> {
        Ok(Response::new(AcknowledgeResponse::default()))
    }

    async fn list_notifications(
        &self,
        _: Request<ListNotificationsRequest>,
    ) -> Result<Response<ListNotificationsResponse>, Status> {
        Ok(Response::new(ListNotificationsResponse::default()))
    }

    async fn get_preferences(
        &self,
        _: Request<GetPreferencesRequest>,
    ) -> Result<Response<GetPreferencesResponse>, Status> {
        Ok(Response::new(GetPreferencesResponse::default()))
    }

    async fn set_preferences(
        &self,
        _: Request<SetPreferencesRequest>,
    ) -> Result<Response<SetPreferencesResponse>, Status> {
        Ok(Response::new(SetPreferencesResponse::default()))
    }

    async fn get_notice_trail(
        &self,
        _: Request<GetNoticeTrailRequest>,
    ) -> Result<Response<GetNoticeTrailResponse>, Status> {
        Ok(Response::new(GetNoticeTrailResponse::default()))
    }
}

/// Sessions that say hello, and then nothing until the stop; in the locale `flood` they never cease,
/// and in the locale `slow` they did not keep up.
struct Lines {
    stop: watch::Receiver<bool>,
    changes: Changes,
}

#[tonic::async_trait]
impl push::Sessions for Lines {
    async fn open(&self, _: PersonId, connect: &Connect) -> Result<Box<dyn push::Session>, Status> {
        if connect.locale == "none" {
            return Err(Status::resource_exhausted("there are 8 sessions already: close one"));
        }
        let (is_flood, is_slow) = (connect.locale == "flood", connect.locale == "slow");
        Ok(Box::new(Line { stop: self.stop.clone(), is_flood, is_slow, said: 0 }))
    }

    fn changes(&self) -> Changes {
        self.changes.clone()
    }
}

struct Line {
    stop: watch::Receiver<bool>,
    is_flood: bool,
    is_slow: bool,
    said: u64,
}

#[tonic::async_trait]
impl push::Session for Line {
    async fn next(&mut self) -> Result<Option<WatchResponse>, Status> {
        let frame = match self.said {
            0 => Frame::Hello(Hello { epoch: "e1".to_owned(), recovered: true, ..Hello::default() }),
            seq if self.is_flood => {
                let notice = Notice { seq, text: "much ".repeat(10_000), ..Notice::default() };
                Frame::Notices(Notices { notices: vec![notice] })
            }
            _ if self.is_slow => Frame::Drain(Drain { reconnect_after_ms: 500, reason: "slow".to_owned() }),
            _ => {
                self.stop.wait_for(|stop| *stop).await.map_err(|_| Status::unavailable("gone"))?;
                Frame::Drain(Drain { reconnect_after_ms: 700, reason: "shutdown".to_owned() })
            }
        };
        self.said += 1;
        Ok(Some(WatchResponse { frame: Some(frame) }))
    }

    async fn acknowledge(&self, up_to_seq: u64, _: AckLevel) -> Result<(), Status> {
        match up_to_seq {
            1..=7 => Ok(()),
            _ => Err(Status::invalid_argument("up_to_seq: acknowledge 1 to 7")),
        }
    }
}

/// A running gateway.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) gate: Gate,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) serving: JoinHandle<()>,
    registry: Registry,
    ways: Ways,
    log: Arc<MemoryStore>,
    changes: Changes,
    /// Held, so that the read models run.
    _reading: watch::Sender<bool>,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(Environment::Develop, GatewayConfig::default()).await
    }

    pub(crate) async fn open_with(env: Environment, config: GatewayConfig) -> Self {
        let ways = Ways::default();
        let gate = ways.gate.clone();
        let services = Routes::new(NavigationServiceServer::new(ways.clone()))
            .add_service(NotificationServiceServer::new(Push));
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let tokens = Arc::new(tokens(env));
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(now()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let gateway = Gateway::new(services, tokens.clone(), clock, metrics).with_config(config);
        let log = Arc::new(MemoryStore::new(Arc::new(ManualClock::new(now()))));
        let projections = Projections::new(log.clone());
        let changes = projections.changes();
        let (reading, read) = watch::channel(false);
        tokio::spawn(projections.run(broadcast::channel(1).1, read));
        let lines = Lines { stop: stopped.clone(), changes: changes.clone() };
        let gateway = gateway.with_sessions(Arc::new(lines));
        let serving = tokio::spawn(async move { gateway.serve(listener, stopped).await.unwrap() });
        Self { address, tokens, gate, stop, serving, registry, ways, log, changes, _reading: reading }
    }

    /// Closes these features of a venue, and waits until the read models know it.
    pub(crate) async fn close(&self, venue: &str, features: &[&str]) {
        let closed = features.iter().map(|&feature| feature.to_owned()).collect();
        self.ways.closed.lock().unwrap_or_else(PoisonError::into_inner).insert(venue.to_owned(), closed);
        let event = NewEvent {
            id: EventId(Uuid::now_v7()),
            event_type: "ClosureSet".into(),
            schema_version: 1,
            occurred_at: now(),
            metadata: Metadata::default().encode(),
            payload: Bytes::new(),
        };
        let stream = StreamId::new("venue", venue).unwrap();
        let append =
            Append { stream, expected: Expected::Any, fold_from: Revision::FIRST, events: vec![event] };
        let appended = self.log.append(append).await.unwrap();
        self.changes.reached(appended.position.unwrap()).await;
    }

    /// Returns how far the read models are.
    pub(crate) fn position(&self) -> String {
        self.changes.position().unwrap().to_string()
    }

    /// Returns how often a venue was read.
    pub(crate) fn venue_reads(&self) -> usize {
        self.ways.venue_reads.load(Ordering::Relaxed)
    }

    pub(crate) async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.address)).unwrap().connect().await.unwrap()
    }

    pub(crate) fn token(&self, caller: &Caller) -> String {
        self.token_for(caller, SignedDuration::from_mins(10))
    }

    pub(crate) fn token_for(&self, caller: &Caller, ttl: SignedDuration) -> String {
        self.tokens.mint(caller, ttl, now()).unwrap()
    }

    /// Posts JSON and returns the HTTP status and the JSON answer.
    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &str) -> (u16, Value) {
        let bearer = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!("content-type: application/json; charset=utf-8\r\n{bearer}");
        let (status, _, body) = self.http("POST", path, &head, body.as_bytes()).await;
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// Speaks HTTP/1.1 and returns the status, the head and the body of the answer.
    pub(crate) async fn http(
        &self,
        verb: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> (u16, String, Vec<u8>) {
        let (status, head, body) = self.http_chunked(verb, path, headers, body).await;
        assert!(!head.contains("transfer-encoding"), "{head}");
        (status, head, body)
    }

    /// Speaks HTTP/1.1 as `http` does; the body may come in chunks.
    pub(crate) async fn http_chunked(
        &self,
        verb: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "{verb} {path} HTTP/1.1\r\nhost: airside\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let split = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..split].to_vec()).unwrap();
        (head[9..12].parse().unwrap(), head, answer[split + 4..].to_vec())
    }

    /// Returns the metrics page.
    pub(crate) fn metrics(&self) -> String {
        let mut page = String::new();
        prometheus_client::encoding::text::encode(&mut page, &self.registry).unwrap();
        page
    }
}

/// Puts a token on a gRPC request.
pub(crate) fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}
