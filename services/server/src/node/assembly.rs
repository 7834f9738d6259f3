//! Making a node: every domain's parts, and what works inside.

use std::{future::Future, iter, sync::Arc};

use airside_api::notifications::v1::notification_service_server::NotificationServiceServer;
use airside_baggage::{link::verdicts::Verdicts, turns::Times};
use airside_evidence::Notary;
use airside_kernel::{Clock, EventStore, Kept, Keyring};
use airside_navigation::press::Showing;
use airside_privacy::Vault;
use airside_runtime::{
    admin::{self, Readiness},
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

use super::{StartError, custody::Remark, intake::Hands, push::Sessions, register::SecondRegister};
use crate::{
    config::Config,
    erasure,
    gauges::{Gauges, READ_MODELS},
    log::{self, Log},
    operate::{Backups, Parts, Running, door::Door},
    places::Places,
    venues,
};

/// The parts of a node on their way together.
pub(super) struct Assembly {
    pub(super) config: Config,
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
    /// The reactors, how far each is and how it does.
    pub(super) reactors: Vec<(&'static str, watch::Receiver<Progress>, Health)>,
}

/// What was made.
pub(super) struct Made {
    pub(super) routes: Routes,
    /// What stands behind the WebSocket.
    pub(super) sessions: Arc<dyn airside_gateway::push::Sessions>,
    /// How far the read models are.
    pub(super) progress: watch::Receiver<Progress>,
    /// How the read models are.
    pub(super) read_models: Health,
    /// How far the stored messages were read.
    pub(super) messages_read: watch::Receiver<Progress>,
    pub(super) projections: ProjectionsHandle,
    pub(super) backups: Backups,
    /// Which published maps are shown.
    pub(super) maps: Showing,
    /// What takes messages and flights that come without a call.
    pub(super) hands: Hands,
}

impl Assembly {
    /// Runs what keeps the evidence, and says how log, vault and evidence are.
    pub(super) fn custody(
        &mut self,
        log: &Log,
        vault: &Arc<Vault>,
        notary: Option<Notary>,
        remark: Option<Remark>,
        second: Option<SecondRegister>,
    ) -> Option<airside_evidence::Health> {
        self.watch(log);
        let keys = vault.clone();
        self.readiness.register("vault", move || {
            let copies = keys.copies_health().err().map(|lack| format!("; {lack}")).unwrap_or_default();
            keys.health().map(|()| format!("{} changes{copies}", keys.changes()))
        });
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

    /// Makes every domain's parts and runs what works inside.
    pub(super) async fn parts(
        &mut self,
        vault: &Arc<Vault>,
        evidence: Option<&airside_evidence::Health>,
        door: &watch::Receiver<bool>,
    ) -> Result<Made, StartError> {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let keys: Arc<dyn Keyring> = vault.clone();
        let snapshots = Snapshots::open(self.places.snapshots(), &*store)?;
        let mut projections = Projections::new(store.clone()).kept_in(snapshots.clone());
        let flights = airside_flights::part(store.clone(), keys.clone(), clock.clone(), &mut projections);
        let baggage = airside_baggage::part(
            store.clone(),
            keys.clone(),
            clock.clone(),
            self.metrics.clone(),
            &mut projections,
            self.config.sources()?,
            door.clone(),
        );
        let trips = airside_trips::part(store.clone(), keys.clone(), clock.clone(), &mut projections);
        let rules = self.config.notifications.rules(self.config.time_zone.clone());
        let notifications =
            airside_notifications::part(&store, &keys, &clock, &mut projections, rules, door.clone());
        let (navigation, maps) = self.navigation(&keys, &mut projections)?;

        let messages_read = self.react(baggage.parse, &snapshots).await?;
        let times = Times::new(self.config.transfers.clone());
        self.react(baggage.turns.with_times(times), &snapshots).await?;
        self.react(trips.passage, &snapshots).await?;
        let telling = notifications.reactor.merging_within(self.config.notifications.merge_window);
        self.react(telling, &snapshots).await?;
        self.react(notifications.releases, &snapshots).await?;
        let (progress, read_models) = (projections.progress(), projections.health());
        let (handle, backups) = (projections.handle(), Backups::default());
        let reading = self.reactors.iter().map(|(name, _, health)| (*name, health.clone()));
        let gauges = Gauges {
            clock: clock.clone(),
            metrics: self.metrics.clone(),
            read_models: progress.clone(),
            reactors: self.reactors.iter().map(|(name, progress, _)| (*name, progress.clone())).collect(),
            hub: notifications.hub,
            notices: notifications.tally,
            readers: iter::once((READ_MODELS, read_models.clone())).chain(reading).collect(),
            evidence: evidence.cloned(),
            backups: backups.clone(),
            snapshots: self.places.snapshots(),
        };
        self.run(gauges.run(self.inside.subscribe()));
        let remark = baggage.watch.remark();
        self.readiness.register("sources", move || Ok(remark.text()));
        self.run(baggage.watch.run(self.inside.subscribe()));
        let changes = projections.changes();
        self.forget(vault, projections);

        let sessions = Arc::new(Sessions { notifications: notifications.service.clone(), changes });
        let routes = navigation
            .add_service(flights.service)
            .add_service(baggage.service)
            .add_service(baggage.handling.serve(self.config.load_policy))
            .add_service(trips.service)
            .add_service(NotificationServiceServer::new(notifications.service));
        let (quarantine, repeated) = (baggage.quarantine, baggage.repeated);
        let verdicts = Verdicts::new(store.clone(), quarantine, repeated, messages_read.clone());
        let hands = Hands { receiving: baggage.receiving, recorder: flights.recorder, verdicts };
        Ok(Made {
            routes,
            sessions,
            progress,
            read_models,
            messages_read,
            projections: handle,
            backups,
            maps,
            hands,
        })
    }

    /// Makes the services of ways and maps, and runs what shows the maps that are published.
    fn navigation(
        &mut self,
        keys: &Arc<dyn Keyring>,
        projections: &mut Projections,
    ) -> Result<(Routes, Showing), StartError> {
        let venues = venues::load(&self.config.maps)?;
        let zone = self.config.time_zone.clone();
        let part = airside_navigation::part(&self.store, keys, &self.clock, projections, venues, zone)
            .map_err(|(code, source)| StartError::Venue { code, source })?;
        let (maps, told) = (part.showing.clone(), part.showing);
        self.readiness.register("venues", move || Ok(told.text()));
        self.run(part.press.run(self.inside.subscribe()));
        let routes = Routes::new(part.service).add_service(part.venue_service);
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

    /// Runs the read models, which hear of erasures, and what destroys the keys of old raw messages.
    fn forget(&mut self, vault: &Arc<Vault>, projections: Projections) {
        let (erasures, announcing) = erasure::announce(vault.clone(), self.inside.subscribe());
        self.run(announcing);
        self.run(projections.run(erasures, self.inside.subscribe()));
        let (days, clock) = (self.config.raw_retention_days, self.clock.clone());
        self.run(erasure::retire_raw(vault.clone(), clock, days, self.inside.subscribe()));
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
    pub(super) fn readiness(
        &mut self,
        registry: &mut Registry,
        listener: TcpListener,
        progress: watch::Receiver<Progress>,
        read_models: Health,
    ) {
        let readiness = self.readiness.clone();
        readiness.register(READ_MODELS, move || match read_models.check() {
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
