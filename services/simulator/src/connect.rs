//! Connections to a server: its address, the tokens of the callers, and typed clients.
//!
//! The simulator knows no keys: tokens come from whoever starts it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use airside_api::baggage::v1::baggage_service_client::BaggageServiceClient;
use airside_api::baggage::v1::handling_service_client::HandlingServiceClient;
use airside_api::flights::v1::flight_service_client::FlightServiceClient;
use airside_api::navigation::v1::navigation_service_client::NavigationServiceClient;
use airside_api::navigation::v1::positioning_service_client::PositioningServiceClient;
use airside_api::navigation::v1::venue_service_client::VenueServiceClient;
use airside_api::navigation::v1::way_service_client::WayServiceClient;
use airside_api::notifications::v1::notification_service_client::NotificationServiceClient;
use airside_api::trips::v1::trip_service_client::TripServiceClient;
use thiserror::Error;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// How long a connection may take to open.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long an answer may take to begin; a stream may then last as long as it likes.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Tells why the simulator cannot go on.
#[derive(Debug, Error)]
pub enum SimulatorError {
    /// The server does not answer on its public port.
    #[error("connecting to {address} failed; start a server there or name another address")]
    Connect {
        /// The address.
        address: SocketAddr,
        /// What the connection said.
        #[source]
        source: tonic::transport::Error,
    },
    /// A token has characters that a header cannot carry.
    #[error("token of the {role} is not printable ascii; mint it with `airside token`")]
    Token {
        /// Whose token.
        role: &'static str,
    },
    /// A call that must work was refused.
    #[error("{operation} was refused")]
    Refused {
        /// What was called.
        operation: &'static str,
        /// What the server said.
        #[source]
        source: Box<Status>,
    },
    /// An option has a value that cannot be used.
    #[error("option {field} is zero; give at least 1")]
    Option {
        /// Which option.
        field: &'static str,
    },
    /// The sessions of the passengers did not open in time.
    #[error("{missing} of {sessions} sessions did not open; look at the server's limits and its log")]
    Sessions {
        /// How many did not.
        missing: usize,
        /// How many were to open.
        sessions: usize,
    },
}

/// A server and the tokens to call it with.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its public port.
    pub public: SocketAddr,
    /// The tokens of the callers.
    pub tokens: Tokens,
}

/// The tokens of the callers.
#[derive(Clone)]
pub struct Tokens {
    /// Of a partner system.
    pub partner: String,
    /// Of a member of staff with the operator's role.
    pub staff: String,
    /// Makes the token of a passenger, by their person id (a UUID).
    pub passenger: Arc<dyn Fn(&str) -> String + Send + Sync>,
}

impl fmt::Debug for Tokens {
    /// Shows no token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

/// Adds the caller's token to every call.
#[derive(Debug, Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    /// Makes the header of a token; `role` names its holder in the error.
    ///
    /// # Errors
    /// Fails when the token holds characters that a header cannot carry.
    pub fn new(token: &str, role: &'static str) -> Result<Self, SimulatorError> {
        let mut value: MetadataValue<Ascii> =
            format!("Bearer {token}").parse().map_err(|_| SimulatorError::Token { role })?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// Returns a request that carries the token.
    pub(crate) fn on<T>(&self, body: T) -> Request<T> {
        let mut request = Request::new(body);
        request.metadata_mut().insert("authorization", self.0.clone());
        request
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A connection that calls with one token.
pub type Line = InterceptedService<Channel, Bearer>;

/// Clients of every service on one connection, for one caller.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Bags.
    pub baggage: BaggageServiceClient<Line>,
    /// Flights.
    pub flights: FlightServiceClient<Line>,
    /// What handlers ask.
    pub handling: HandlingServiceClient<Line>,
    /// Ways.
    pub navigation: NavigationServiceClient<Line>,
    /// Notices.
    pub notifications: NotificationServiceClient<Line>,
    /// Positions, and the radio maps that they are told by.
    pub positioning: PositioningServiceClient<Line>,
    /// Trips.
    pub trips: TripServiceClient<Line>,
    /// Maps.
    pub venues: VenueServiceClient<Line>,
    /// The ways that passengers follow.
    pub ways: WayServiceClient<Line>,
}

impl Clients {
    /// Makes the clients of a caller on a connection.
    pub fn new(channel: &Channel, bearer: &Bearer) -> Self {
        let line = InterceptedService::new(channel.clone(), bearer.clone());
        Self {
            baggage: BaggageServiceClient::new(line.clone()),
            flights: FlightServiceClient::new(line.clone()),
            handling: HandlingServiceClient::new(line.clone()),
            navigation: NavigationServiceClient::new(line.clone()),
            notifications: NotificationServiceClient::new(line.clone()),
            positioning: PositioningServiceClient::new(line.clone()),
            trips: TripServiceClient::new(line.clone()),
            venues: VenueServiceClient::new(line.clone()),
            ways: WayServiceClient::new(line),
        }
    }
}

impl Endpoint {
    /// Opens a connection of its own to the server.
    ///
    /// # Errors
    /// Fails when the server does not answer.
    pub async fn connect(&self) -> Result<Channel, SimulatorError> {
        let address = self.public;
        let failed = |source| SimulatorError::Connect { address, source };
        tonic::transport::Endpoint::from_shared(format!("http://{address}"))
            .map_err(failed)?
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .tcp_nodelay(true)
            .connect()
            .await
            .map_err(failed)
    }

    /// Returns the header of the partner's token.
    ///
    /// # Errors
    /// Fails when the token cannot be a header.
    pub fn partner(&self) -> Result<Bearer, SimulatorError> {
        Bearer::new(&self.tokens.partner, "partner")
    }

    /// Returns the header of the operator's token.
    ///
    /// # Errors
    /// Fails when the token cannot be a header.
    pub fn staff(&self) -> Result<Bearer, SimulatorError> {
        Bearer::new(&self.tokens.staff, "staff")
    }

    /// Returns the header of a passenger's token.
    ///
    /// # Errors
    /// Fails when the token cannot be a header.
    pub fn passenger(&self, person: &str) -> Result<Bearer, SimulatorError> {
        Bearer::new(&(self.tokens.passenger)(person), "passenger")
    }
}

/// Returns the error of a call that must work.
pub(crate) fn refused(operation: &'static str) -> impl FnOnce(Status) -> SimulatorError {
    move |status| SimulatorError::Refused { operation, source: Box::new(status) }
}
