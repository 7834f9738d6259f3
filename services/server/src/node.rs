//! A running node: every role on one log.

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use airside_api::notifications::v1::notification_service_server::NotificationServiceServer;
use airside_baggage::react::Parse;
use airside_gateway::{Gateway, GatewayError};
use airside_kernel::{Clock, EventStore, LogId, SystemClock};
use airside_notifications::react::Notices;
use airside_privacy::{
    Vault, VaultError,
    signing::{KeyMaker, SigningError, SigningKey},
};
use airside_runtime::{
    admin::{self, Readiness},
    auth::{BadTokenKey, Environment, TokenKey, Tokens},
    health::Health,
    metered::Metered,
    projections::{Progress, Projections},
    reactors::{self, Reactor, Runner},
    telemetry::{Metrics, Registry},
};
use airside_store::{EmbeddedStore, OpenError, Options};
use airside_trips::react::Passage;
use thiserror::Error;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinError, JoinHandle},
    time,
};
use tonic::service::Routes;
use tracing::{error, info};

use crate::{
    config::{Config, ConfigError},
    erasure,
    gauges::Gauges,
    venues,
};

/// How often the read models are looked at while they catch up.
const CATCH_UP_REPORT: Duration = Duration::from_secs(5);

/// A node that cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The log cannot be opened.
    #[error("log cannot be opened")]
    Log(#[from] OpenError),
    /// The keys of personal data cannot be opened.
    #[error("vault cannot be opened")]
    Vault(#[from] VaultError),
    /// The key that signs tokens cannot be used.
    #[error("token key cannot be used")]
    Signing(#[from] SigningError),
    /// The key that signs tokens is no key.
    #[error("token key cannot be used")]
    TokenKey(#[from] BadTokenKey),
    /// A map cannot be read.
    #[error(transparent)]
    Maps(#[from] venues::MapFolderError),
    /// A map cannot be used.
    #[error("venue {code} cannot be used")]
    Venue {
        /// The venue.
        code: String,
        /// Why.
        #[source]
        source: airside_navigation::VenueError,
    },
    /// A port cannot be had.
    #[error("{name} port {address} cannot be had: stop what uses it, or choose another with `--{flag}`")]
    Port {
        /// Which port.
        name: &'static str,
        /// Its address.
        address: SocketAddr,
        /// The option that sets it.
        flag: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A reactor cannot begin.
    #[error(transparent)]
    Reactor(#[from] reactors::StartError),
    /// The read models cannot be folded.
    #[error("read models cannot be folded: {reason}")]
    ReadModels {
        /// Why, and what to do.
        reason: String,
    },
    /// The edge cannot be built.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

/// Why the public port ended.
#[derive(Debug, Error)]
pub enum DoorError {
    /// It could not serve.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// It panicked.
    #[error("public port ended in a panic")]
    Panicked(#[from] JoinError),
    /// It closed without a reason.
    #[error("public port closed")]
    Closed,
}

fn ended(outcome: Result<Result<(), GatewayError>, JoinError>) -> Result<(), DoorError> {
    Ok(outcome??)
}

/// A running node.
pub struct Node {
    /// Where the public port listens.
    pub public: SocketAddr,
    /// Where the admin port listens.
    pub admin: SocketAddr,
    /// The identity of the log.
    pub log_id: LogId,
    /// The log.
    pub store: Arc<EmbeddedStore>,
    /// The keys of personal data.
    pub vault: Arc<Vault>,
    /// Makes tokens.
    pub tokens: Arc<Tokens>,
    /// What is measured.
    pub metrics: Metrics,
    /// How far the stored messages were read.
    pub messages_read: watch::Receiver<Progress>,
    door: watch::Sender<bool>,
    inside: watch::Sender<bool>,
    gateway: Option<JoinHandle<Result<(), GatewayError>>>,
    workers: Vec<JoinHandle<()>>,
}

/// The parts of a node on their way together.
struct Assembly {
    config: Config,
    clock: Arc<dyn Clock>,
    store: Arc<dyn EventStore>,
    metrics: Metrics,
    readiness: Readiness,
    inside: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
}

impl Node {
    /// Starts a node and returns when it is ready: every read model has caught up and the ports are open.
    ///
    /// # Errors
    /// When a part cannot start, with what to do about it.
    pub async fn start(config: Config, mut registry: Registry, metrics: Metrics) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let log_folder = config.log_folder()?;
        if config.env == Environment::Develop && !config.listen.ip().is_loopback() {
            return Err(GatewayError::DevelopInPublic { address: config.listen }.into());
        }
        let (listener, public) = bind("public", "listen", config.listen).await?;
        let (admin_listener, admin) = bind("admin", "admin", config.admin_address()).await?;
        let tokens = Arc::new(Tokens::new(config.env, &token_key(&config.folder, config.env)?)?);
        let vault = Arc::new(Vault::open(&config.folder, clock.clone())?);
        let embedded = Arc::new(EmbeddedStore::open(&log_folder, Options::default(), clock.clone())?);
        let store: Arc<dyn EventStore> = Arc::new(Metered::new(embedded.clone(), metrics.clone()));
        let (door, door_stop) = watch::channel(false);
        let (inside, _) = watch::channel(false);
        let log_id = store.log_id();

        let (readiness, workers) = (Readiness::default(), Vec::new());
        let mut assembly =
            Assembly { config, clock, store, metrics: metrics.clone(), readiness, inside, workers };
        let (routes, progress, read_models, messages_read) = assembly.parts(&vault, &door_stop).await?;
        assembly.readiness(&mut registry, admin_listener, &embedded, progress.clone(), read_models.clone());
        caught_up(progress, &read_models).await?;

        let Assembly { config, clock, inside, workers, .. } = assembly;
        let gateway =
            Gateway::new(routes, tokens.clone(), clock, metrics.clone()).with_config(config.gateway);
        let gateway = Some(tokio::spawn(gateway.serve(listener, door_stop)));
        info!(address = %public, admin = %admin, log_id = %log_id, "ready");
        Ok(Self {
            public,
            admin,
            log_id,
            store: embedded,
            vault,
            tokens,
            metrics,
            messages_read,
            door,
            inside,
            gateway,
            workers,
        })
    }

    /// Waits for the public port to end although nobody asked, and returns why.
    pub async fn door_failed(&mut self) -> DoorError {
        let Some(gateway) = &mut self.gateway else { return std::future::pending().await };
        let outcome = ended(gateway.await);
        self.gateway = None;
        outcome.err().unwrap_or(DoorError::Closed)
    }

    /// Stops: the door first, so that running calls end, then what works behind
    /// it, and the log last. Nothing that was acknowledged is lost.
    pub async fn stop(self) {
        self.door.send_replace(true);
        if let Some(gateway) = self.gateway
            && let Err(error) = ended(gateway.await)
        {
            error!(error = %error, "public port ended");
        }
        self.inside.send_replace(true);
        for worker in self.workers {
            if let Err(error) = worker.await {
                error!(error = %error, "a part ended in a panic");
            }
        }
        self.store.close().await;
        info!("stopped");
    }
}

impl Assembly {
    /// Makes every domain's parts and runs what works inside.
    async fn parts(
        &mut self,
        vault: &Arc<Vault>,
        door: &watch::Receiver<bool>,
    ) -> Result<(Routes, watch::Receiver<Progress>, Health, watch::Receiver<Progress>), StartError> {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let keys: Arc<dyn airside_kernel::Keyring> = vault.clone();
        let mut projections = Projections::new(store.clone());
        let flights = airside_flights::part(store.clone(), keys.clone(), clock.clone(), &mut projections);
        let baggage = airside_baggage::part(
            store.clone(),
            keys.clone(),
            clock.clone(),
            self.metrics.clone(),
            &mut projections,
            door.clone(),
        );
        let trips = airside_trips::part(store.clone(), keys.clone(), clock.clone(), &mut projections);
        let notifications =
            airside_notifications::part(&store, &keys, &clock, &mut projections, door.clone());
        let venues = venues::load(&self.config.maps)?;
        let navigation = airside_navigation::part(&store, &keys, &clock, &mut projections, venues)
            .map_err(|(code, source)| StartError::Venue { code, source })?;

        let messages_read = self.react(baggage.parse).await?;
        let passages = self.react(trips.passage).await?;
        let notices = self.react(notifications.reactor).await?;
        let (progress, read_models) = (projections.progress(), projections.health());
        let gauges = Gauges {
            clock: clock.clone(),
            metrics: self.metrics.clone(),
            read_models: progress.clone(),
            reactors: vec![
                (Parse::NAME, messages_read.clone()),
                (Passage::NAME, passages),
                (Notices::NAME, notices),
            ],
            hub: notifications.hub,
            notices: notifications.tally,
        };
        self.run(gauges.run(self.inside.subscribe()));
        let (erasures, announcing) = erasure::announce(vault.clone(), self.inside.subscribe());
        self.run(announcing);
        self.run(projections.run(erasures, self.inside.subscribe()));
        let days = self.config.raw_retention_days;
        self.run(erasure::retire_raw(vault.clone(), clock, days, self.inside.subscribe()));

        let routes = Routes::new(flights.service)
            .add_service(baggage.service)
            .add_service(trips.service)
            .add_service(NotificationServiceServer::new(notifications.service))
            .add_service(navigation.service);
        Ok((routes, progress, read_models, messages_read))
    }

    async fn react<R: Reactor>(&mut self, reactor: R) -> Result<watch::Receiver<Progress>, StartError> {
        let start = self.config.reactor_start.get(R::NAME).copied().map(Into::into);
        let runner = Runner::start(reactor, self.store.clone(), self.clock.clone(), start).await?;
        let stop = self.inside.subscribe();
        let (progress, health) = (runner.progress(), runner.health());
        self.readiness.register(R::NAME, move || health.check());
        self.run(runner.run(stop));
        Ok(progress)
    }

    fn run(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.workers.push(tokio::spawn(work));
    }

    /// Says what makes the node ready, and serves the admin port.
    fn readiness(
        &mut self,
        registry: &mut Registry,
        listener: TcpListener,
        store: &Arc<EmbeddedStore>,
        progress: watch::Receiver<Progress>,
        read_models: Health,
    ) {
        let readiness = self.readiness.clone();
        let log = store.clone();
        readiness.register("log", move || log.health().map(|()| format!("{} events", log.stats().events)));
        readiness.register("read-models", move || match read_models.check() {
            Ok(place) if !progress.borrow().is_caught_up => Err(format!("catching up, {place}")),
            health => health,
        });
        let registry = std::mem::take(registry);
        let stop = self.inside.subscribe();
        self.run(async move {
            if let Err(error) = admin::serve(listener, registry, readiness, stop).await {
                error!(error = %error, "admin port ended with an error");
            }
        });
    }
}

/// Loads the key that signs tokens; develop makes one on first start.
///
/// # Errors
/// When the key cannot be used in this environment.
pub fn token_key(folder: &Path, env: Environment) -> Result<TokenKey, SigningError> {
    let maker = if env == Environment::Develop { KeyMaker::Develop } else { KeyMaker::Operator };
    let key = SigningKey::load_or_create(folder, maker)?;
    Ok(TokenKey { id: key.key_id, private_der: key.private_der, public: key.public })
}

async fn bind(
    name: &'static str,
    flag: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Port { name, address, flag, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Waits until every read model has reached the head of the log; an empty log needs no waiting.
async fn caught_up(mut progress: watch::Receiver<Progress>, health: &Health) -> Result<(), StartError> {
    loop {
        let reached = async { progress.wait_for(|progress| progress.is_caught_up).await.map(drop) };
        match time::timeout(CATCH_UP_REPORT, reached).await {
            Ok(Ok(())) => return Ok(()),
            // They have ended; their health says why.
            Ok(Err(_)) => {
                return Err(StartError::ReadModels { reason: health.check().err().unwrap_or_default() });
            }
            Err(_) => info!(position = ?progress.borrow().position, "read models are catching up"),
        }
    }
}
