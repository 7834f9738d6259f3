//! Making a node: every domain's parts, and what works inside.

use std::{future::Future, iter, sync::Arc};

use airside_api::notifications::v1::notification_service_server::NotificationServiceServer;
use airside_baggage::{ingest::zone_of, link::verdicts::Verdicts, turns::Times};
use airside_evidence::Notary;
use airside_gateway::Gateway;
use airside_kernel::{Clock, EventStore, Kept, Keyring, LogId};
use airside_navigation::press::Showing;
use airside_notifications::{hub::Hub, react::Tally};
use airside_privacy::{Vault, VaultPort};
use airside_runtime::{
    admin::{self, Readiness},
    auth::Tokens,
    health::Health,
    projections::{Progress, Projections, ProjectionsHandle},
    reactors::{Reactor, Runner},
    snapshots::Snapshots,
    status::chain,
    telemetry::{Metrics, Registry},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tonic::service::Routes;
use tracing::{error, warn};

use super::{
    StartError, custody::Remark, intake::Hands, ports::VaultPlace, push::Sessions, register::SecondRegister,
};
use crate::{
    config::Config,
    erasure,
    gauges::{Gauges, READ_MODELS},
    log::{self, Log},
    operate::{Backups, Parts, Running, door::Door},
    places::Places,
    roles::{Role, Roles},
    vault, venues,
};

/// The parts of a node on their way together.
pub(super) struct Assembly {
    pub(super) config: Config,
    pub(super) roles: Roles,
    /// Whether other nodes may work on the log.
    is_shared: bool,
    pub(super) places: Places,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Arc<dyn EventStore>,
    pub(super) metrics: Metrics,
    pub(super) readiness: Readiness,
    pub(super) inside: watch::Sender<bool>,
    /// Stops what follows all others, such as who signs what they appended.
    pub(super) last: watch::Sender<bool>,
    pub(super) workers: Vec<JoinHandle<()>>,
    pub(super) notary: Option<JoinHandle<()>>,
    /// Serves the vault to other nodes.
    pub(super) vault_port: Option<JoinHandle<()>>,
    /// The reactors, how far each is and how it does.
    pub(super) reactors: Vec<(&'static str, watch::Receiver<Progress>, Health)>,
}

/// The parts of every domain beside navigation.
struct Domains {
    flights: airside_flights::Part,
    baggage: airside_baggage::Part,
    trips: airside_trips::Part,
    notifications: airside_notifications::Part,
}

/// What was made.
pub(super) struct Made {
    pub(super) routes: Routes,
    /// What stands behind the WebSocket, where passengers are told.
    pub(super) sessions: Option<Arc<dyn airside_gateway::push::Sessions>>,
    /// How far the read models are.
    pub(super) progress: watch::Receiver<Progress>,
    /// How the read models are.
    pub(super) read_models: Health,
    /// How far the stored messages were read; nothing where no reactor runs.
    pub(super) messages_read: watch::Receiver<Progress>,
    pub(super) projections: ProjectionsHandle,
    pub(super) backups: Backups,
    /// Which published maps are shown.
    pub(super) maps: Showing,
    /// What takes messages and flights that come without a call, where they are taken.
    pub(super) hands: Option<Hands>,
}

impl Assembly {
    /// Begins with nothing that runs; `stops` are what stop what works inside, and what follows it.
    pub(super) fn new(
        config: Config,
        (roles, is_shared): (Roles, bool),
        places: Places,
        clock: Arc<dyn Clock>,
        store: Arc<dyn EventStore>,
        metrics: Metrics,
        (inside, last): (watch::Sender<bool>, watch::Sender<bool>),
    ) -> Self {
        let (readiness, workers, reactors) = Default::default();
        let (notary, vault_port) = (None, None);
        Self {
            config,
            roles,
            is_shared,
            places,
            clock,
            store,
            metrics,
            readiness,
            inside,
            last,
            workers,
            notary,
            vault_port,
            reactors,
        }
    }

    /// Makes the public port for the services that the roles have.
    pub(super) fn gateway(
        &self,
        routes: Routes,
        sessions: Option<Arc<dyn airside_gateway::push::Sessions>>,
        tokens: Arc<Tokens>,
    ) -> Gateway {
        let (clock, metrics) = (self.clock.clone(), self.metrics.clone());
        let mut gateway =
            Gateway::new(routes, tokens, clock, metrics).with_config(self.config.gateway.clone());
        if let Some(services) = self.roles.services() {
            let why = format!("this node is a {} and does not serve it: call a gateway", self.roles);
            gateway = gateway.serving_only(services, why);
        } else if let Some(sessions) = sessions {
            gateway = gateway.with_sessions(sessions);
        }
        gateway
    }

    /// Runs what keeps the evidence, and says how log, vault and evidence are.
    pub(super) fn custody(
        &mut self,
        log: &Log,
        keys: &Arc<dyn VaultPort>,
        notary: Option<Notary>,
        remark: Option<Remark>,
        second: Option<SecondRegister>,
    ) -> Option<airside_evidence::Health> {
        self.watch(log);
        let (keys, roles) = (keys.clone(), self.roles.to_string());
        self.readiness.register("vault", move || keys.state());
        self.readiness.register("roles", move || Ok(roles.clone()));
        let evidence = notary.as_ref().map(Notary::health);
        if let (Some(notary), Some(health)) = (notary, evidence.clone()) {
            self.readiness.register("evidence", move || {
                let remark = remark.as_ref().and_then(|remark| remark.now(&health));
                let remark = remark.map(|remark| format!("; {remark}")).unwrap_or_default();
                health.check().map(|place| format!("{place}{remark}"))
            });
            self.notary = Some(tokio::spawn(notary.run(self.last.subscribe())));
        }
        if let Some(second) = second {
            let copy = second.clone();
            self.readiness.register("erased-register", move || copy.check());
            self.run(second.keep(self.config.evidence.every, self.inside.subscribe()));
        }
        evidence
    }

    /// Says how the log is.
    fn watch(&mut self, log: &Log) {
        match log {
            Log::Embedded(store) => {
                let log = store.clone();
                self.readiness
                    .register("log", move || log.health().map(|()| format!("{} events", log.stats().events)));
            }
            Log::Shared(store) => {
                let (health, asking) = log::watched(store.clone(), self.inside.subscribe());
                self.readiness.register("log", move || health.borrow().clone());
                self.run(asking);
            }
        }
    }

    /// Makes the parts that the node's roles need, and runs what works inside.
    pub(super) async fn parts(
        &mut self,
        keys: &Arc<dyn VaultPort>,
        evidence: Option<&airside_evidence::Health>,
        door: &watch::Receiver<bool>,
    ) -> Result<Made, StartError> {
        let snapshots = Snapshots::open(self.places.snapshots(), &*self.store)?;
        let mut projections = Projections::new(self.store.clone()).kept_in(snapshots.clone());
        let keyring: Arc<dyn Keyring> = keys.clone();
        let domains = match self.roles.need_domains() {
            true => Some(self.domains(&keyring, &mut projections, door)?),
            false => None,
        };
        let (mut routes, maps) = self.navigation(&keyring, &mut projections, &snapshots).await?;
        let (mut sessions, mut hands, mut notices) = (None, None, None);
        let mut messages_read = watch::channel(Progress::default()).1;
        if let Some(Domains { flights, baggage, trips, notifications }) = domains {
            if self.roles.has(Role::Projector) {
                messages_read = self.react(baggage.parse, &snapshots).await?;
                let times = Times::new(self.config.transfers.clone());
                self.react(baggage.turns.with_times(times), &snapshots).await?;
                self.react(trips.passage, &snapshots).await?;
                let telling = notifications.reactor.knowing_zones(Arc::new(zone_of));
                let telling = telling.merging_within(self.config.notifications.merge_window);
                self.react(telling, &snapshots).await?;
                self.react(notifications.releases, &snapshots).await?;
                let remark = baggage.watch.remark();
                self.readiness.register("sources", move || Ok(remark.text()));
                let mut sources = baggage.watch;
                sources.on_node(self.node_name()?);
                self.run(sources.run(self.inside.subscribe()));
                let (store, read) = (self.store.clone(), messages_read.clone());
                let verdicts = Verdicts::new(store, baggage.quarantine, baggage.repeated, read);
                hands = Some(Hands { receiving: baggage.receiving, recorder: flights.recorder, verdicts });
            }
            let (changes, told) = (projections.changes(), notifications.service.clone());
            let opened: Arc<dyn airside_gateway::push::Sessions> =
                Arc::new(Sessions { notifications: told, changes });
            sessions = Some(opened);
            notices = Some((notifications.hub, notifications.tally));
            routes = routes
                .add_service(flights.service)
                .add_service(baggage.service)
                .add_service(baggage.handling.serve(self.config.load_policy))
                .add_service(trips.service)
                .add_service(NotificationServiceServer::new(notifications.service));
        }
        let (progress, read_models) = (projections.progress(), projections.health());
        let (handle, backups) = (projections.handle(), Backups::default());
        self.gauge(&progress, &read_models, notices, evidence, &backups);
        self.forget(keys, projections);
        let projections = handle;
        Ok(Made { routes, sessions, progress, read_models, messages_read, projections, backups, maps, hands })
    }

    /// Returns the name of this node among those that share the log; empty on a log of one node.
    fn node_name(&self) -> Result<String, StartError> {
        let named = self.places.node_name(self.is_shared);
        named.map_err(|source| StartError::Folder { folder: self.places.folder.clone(), source })
    }

    /// Makes the parts of every domain beside navigation.
    fn domains(
        &self,
        keys: &Arc<dyn Keyring>,
        projections: &mut Projections,
        door: &watch::Receiver<bool>,
    ) -> Result<Domains, StartError> {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let flights = airside_flights::part(store.clone(), keys.clone(), clock.clone(), projections);
        let baggage = airside_baggage::part(
            store.clone(),
            keys.clone(),
            clock.clone(),
            self.metrics.clone(),
            projections,
            self.config.sources()?,
            door.clone(),
        );
        let trips = airside_trips::part(store.clone(), keys.clone(), clock.clone(), projections);
        let rules = self.config.notifications.rules(self.config.time_zone.clone());
        let notifications =
            airside_notifications::part(&store, keys, &clock, projections, rules, door.clone());
        Ok(Domains { flights, baggage, trips, notifications })
    }

    /// Keeps the gauges of the node.
    fn gauge(
        &mut self,
        progress: &watch::Receiver<Progress>,
        read_models: &Health,
        notices: Option<(Hub, Arc<Tally>)>,
        evidence: Option<&airside_evidence::Health>,
        backups: &Backups,
    ) {
        let reading = self.reactors.iter().map(|(name, _, health)| (*name, health.clone()));
        let gauges = Gauges {
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
            read_models: progress.clone(),
            reactors: self.reactors.iter().map(|(name, progress, _)| (*name, progress.clone())).collect(),
            notices,
            readers: iter::once((READ_MODELS, read_models.clone())).chain(reading).collect(),
            evidence: evidence.cloned(),
            backups: backups.clone(),
            snapshots: self.places.snapshots(),
        };
        self.run(gauges.run(self.inside.subscribe()));
    }

    /// Makes the services of ways and maps, and runs what shows the maps that are published and what tells
    /// those whose way changes.
    async fn navigation(
        &mut self,
        keys: &Arc<dyn Keyring>,
        projections: &mut Projections,
        snapshots: &Snapshots,
    ) -> Result<(Routes, Showing), StartError> {
        let venues = venues::load(&self.config.maps)?;
        let zone = self.config.time_zone.clone();
        let part = airside_navigation::part(&self.store, keys, &self.clock, projections, venues, zone)
            .map_err(|(code, source)| StartError::Venue { code, source })?;
        let (maps, told) = (part.showing.clone(), part.showing);
        self.readiness.register("venues", move || Ok(told.text()));
        self.run(part.press.run(self.inside.subscribe()));
        if self.roles.has(Role::Projector) {
            self.react(part.ways, snapshots).await?;
        }
        let routes = Routes::new(part.service).add_service(part.venue_service).add_service(part.way_service);
        Ok((routes.add_service(part.positioning), maps))
    }

    /// Opens the operator's door; a node without one works all the same.
    pub(super) fn door(&mut self, log: Log, running: Running) {
        match Door::open(&self.config.folder) {
            Ok(door) => {
                let (config, places) = (self.config.clone(), self.places.clone());
                let parts = Arc::new(Parts { config, places, log, running: Some(running) });
                self.run(door.serve(parts, self.inside.subscribe()));
            }
            Err(error) => {
                let error = chain(&error);
                warn!(error, "operator's door stays closed: commands on this folder need the server stopped");
            }
        }
    }

    /// Runs the read models, which hear of erasures.
    fn forget(&mut self, keys: &Arc<dyn VaultPort>, projections: Projections) {
        let (erasures, announcing) = erasure::announce(keys.clone(), self.inside.subscribe());
        self.run(announcing);
        self.run(projections.run(erasures, self.inside.subscribe()));
    }

    /// Runs what destroys the keys of old raw messages, and serves the vault to other nodes.
    pub(super) fn keep_vault(&mut self, vault: &Arc<Vault>, log: LogId, port: Option<VaultPlace>) {
        let (days, clock) = (self.config.raw_retention_days, self.clock.clone());
        self.run(erasure::retire_raw(vault.clone(), clock, days, self.inside.subscribe()));
        if let Some(VaultPlace { listener, peers, token, .. }) = port {
            let (vault, env, stop) = (vault.clone(), self.config.env, self.last.subscribe());
            let serving = vault::serve(vault::Service { vault, log, env, token, stop }, peers, listener);
            self.vault_port = Some(tokio::spawn(serving));
        }
    }

    async fn react<R: Reactor + Kept + Sync>(
        &mut self,
        reactor: R,
        snapshots: &Snapshots,
    ) -> Result<watch::Receiver<Progress>, StartError> {
        let start = self.config.reactor_start.get(R::NAME).copied().map(Into::into);
        let runner = Runner::start(reactor, self.store.clone(), self.clock.clone(), start).await?;
        let runner = runner.kept_in(snapshots.clone());
        let (progress, health, check) = (runner.progress(), runner.health(), runner.health());
        self.readiness.register(R::NAME, move || check.check());
        self.run(runner.run(self.inside.subscribe()));
        self.reactors.push((R::NAME, progress.clone(), health));
        Ok(progress)
    }

    fn run(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.workers.push(tokio::spawn(work));
    }

    /// Says what makes the node ready, and serves the admin port.
    pub(super) fn readiness(&mut self, registry: &mut Registry, listener: TcpListener, made: Option<&Made>) {
        let readiness = self.readiness.clone();
        if let Some(made) = made {
            let (progress, read_models) = (made.progress.clone(), made.read_models.clone());
            readiness.register(READ_MODELS, move || match read_models.check() {
                Ok(place) if !progress.borrow().is_caught_up => Err(format!("catching up, {place}")),
                health => health,
            });
        }
        let registry = std::mem::take(registry);
        let stop = self.inside.subscribe();
        self.run(async move {
            if let Err(error) = admin::serve(listener, registry, readiness, stop).await {
                error!(error = %error, "admin port ended with an error");
            }
        });
    }
}
