//! The edge: gRPC, gRPC-Web, Connect and the WebSocket of push on one port.
//!
//! One accept loop serves HTTP/1.1 and HTTP/2 under limits that are ours. A
//! call goes through these steps, each its own file:
//!
//! - [`serve`](Gateway::serve): accept, bound, drain.
//! - `edge`: name the call, find its [`Methods`] entry, authenticate, admit,
//!   bound its time, catch its panic, count it.
//! - `json`: unary calls of the Connect protocol become one gRPC frame for the same
//!   service, in process, and its answer becomes JSON again. gRPC-Web is a coat that
//!   `edge` takes off before the call and puts on its answer.
//! - `cors`: which other origins' pages may call.
//! - `front`: the page for passengers at `/`, from `clients/web`.
//! - `manual`: the descriptors and the OpenAPI document, made from them.
//! - `push`: the WebSocket `/push`, another codec of the sessions, and its live views.
//! - `live`: which unary reads can be viewed live, and from which streams each is made.
//! - `body`: bounds what comes in and watches what goes out.
//! - `answer`: every refusal, in the wire of the caller.
//!
//! Invariants: a service is reached only through the access rule in its proto;
//! [`Caller`](airside_runtime::auth::Caller) in the extensions of a request was
//! verified here; no text of a library reaches a client; a stream ends with a
//! status, also when the system stops.

mod answer;
mod body;
mod config;
mod cors;
mod edge;
mod front;
mod json;
mod live;
mod manual;
mod methods;
mod openapi;
mod page;
pub mod push;
mod serve;
mod wire;

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicUsize},
};

use airside_kernel::Clock;
use airside_runtime::{
    auth::{Environment, Tokens},
    telemetry::Metrics,
};
use thiserror::Error;
use tokio::{net::TcpListener, sync::watch};
use tonic::service::Routes;

pub use config::GatewayConfig;
pub use cors::{Origin, OriginError};
pub use live::Live;
pub use methods::{Method, Methods};

use edge::Edge;

/// An edge that cannot be built.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// An rpc says nothing of who may call it.
    #[error("rpc {path} has no access rule: add `option (airside.access.v1.rule)` to its proto")]
    NoRule {
        /// The rpc.
        path: String,
    },
    /// An rpc says of its streams what makes no sense.
    #[error("rpc {path} is not made from {stream:?}: {problem}")]
    Live {
        /// The rpc.
        path: String,
        /// The stream, as `option (airside.access.v1.live)` says it.
        stream: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The descriptors cannot be shown.
    #[error("reflection cannot read the descriptors")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// Develop tokens are easy to get, so develop stays on this machine.
    #[error(
        "listen address {address} is not loopback and env is develop: listen on 127.0.0.1, or change env"
    )]
    DevelopInPublic {
        /// Where it should listen.
        address: SocketAddr,
    },
    /// The listener cannot be used.
    #[error("public listener cannot be used")]
    Listener(#[from] io::Error),
}

/// The public port of the system.
pub struct Gateway {
    routes: Routes,
    tokens: Arc<Tokens>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    config: GatewayConfig,
    sessions: Option<Arc<dyn push::Sessions>>,
    only: Option<Only>,
}

/// The services of a node that has not all of them.
pub(crate) struct Only {
    services: Vec<&'static str>,
    why: String,
}

impl Only {
    /// Returns the refusal of a path of a service that is not here.
    pub(crate) fn refusal(&self, path: &str) -> Option<tonic::Status> {
        let service = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        (!self.services.contains(&service)).then(|| tonic::Status::unimplemented(self.why.as_str()))
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Gateway {
    /// Makes an edge in front of `services`.
    pub fn new(services: Routes, tokens: Arc<Tokens>, clock: Arc<dyn Clock>, metrics: Metrics) -> Self {
        Self {
            routes: services,
            tokens,
            clock,
            metrics,
            config: GatewayConfig::default(),
            sessions: None,
            only: None,
        }
    }

    /// Opens the WebSocket `/push` in front of these sessions.
    #[must_use]
    pub fn with_sessions(mut self, sessions: Arc<dyn push::Sessions>) -> Self {
        self.sessions = Some(sessions);
        self
    }

    /// Refuses calls of all services but these, and says why and where to go.
    #[must_use]
    pub fn serving_only(mut self, services: Vec<&'static str>, why: String) -> Self {
        self.only = Some(Only { services, why });
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn with_config(mut self, config: GatewayConfig) -> Self {
        self.config = config;
        self
    }

    /// Serves until `stop` turns true, then lets running calls finish within
    /// [`GatewayConfig::drain`] and closes. Services whose streams watch the
    /// same `stop` end them in their own words; the others are ended here.
    ///
    /// Adds the health service, and reflection in develop.
    ///
    /// # Errors
    /// When an rpc has no rule, develop would be public, or the listener fails.
    pub async fn serve(self, listener: TcpListener, stop: watch::Receiver<bool>) -> Result<(), GatewayError> {
        let address = listener.local_addr()?;
        let env = self.tokens.environment();
        if env == Environment::Develop && !address.ip().is_loopback() {
            return Err(GatewayError::DevelopInPublic { address });
        }
        let (health, health_service) = tonic_health::server::health_reporter();
        let mut routes = self.routes.add_service(health_service);
        if env == Environment::Develop {
            let reflection = tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(airside_api::DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                .build_v1()?;
            routes = routes.add_service(reflection);
        }
        let edge = Edge {
            routes: routes.prepare(),
            methods: Methods::from_pool(airside_api::pool())?,
            tokens: self.tokens,
            clock: self.clock,
            metrics: self.metrics,
            cors: cors::layer(&self.config.origins),
            limits: push::Limits::new(&self.config),
            sessions: self.sessions,
            only: self.only,
            config: self.config,
            stop: stop.clone(),
            running: AtomicUsize::new(0),
        };
        serve::run(listener, Arc::new(edge), health, stop).await;
        Ok(())
    }
}
