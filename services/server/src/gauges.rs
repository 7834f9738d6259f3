//! Keeps the gauges of a node true: how far its readers are behind, and how many sessions it has.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use airside_kernel::Clock;
use airside_notifications::{hub::Hub, react::Tally};
use airside_runtime::{
    projections::Progress,
    stopped,
    telemetry::{Metrics, Named},
};
use tokio::{sync::watch, time};

/// How often the gauges are set.
const EVERY: Duration = Duration::from_secs(1);

/// What a node has to be measured, beside what measures itself.
pub(crate) struct Gauges {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) read_models: watch::Receiver<Progress>,
    pub(crate) reactors: Vec<(&'static str, watch::Receiver<Progress>)>,
    pub(crate) hub: Hub,
    pub(crate) notices: Arc<Tally>,
}

impl Gauges {
    /// Sets the gauges every second until told to stop.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut tick = time::interval(EVERY);
        let mut issued = 0;
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = stopped(&mut stop) => return,
            }
            let now = self.clock.now();
            let lag = |progress: &watch::Receiver<Progress>| progress.borrow().lag(now).as_secs_f64();
            let name = Named::new("read-models");
            self.metrics.projection_lag_seconds.get_or_create(&name).set(lag(&self.read_models));
            for (name, progress) in &self.reactors {
                self.metrics.reactor_lag_seconds.get_or_create(&Named::new(name)).set(lag(progress));
            }
            self.metrics.sessions.set(i64::try_from(self.hub.sessions()).unwrap_or(i64::MAX));
            let total = self.notices.issued.load(Ordering::Relaxed);
            self.metrics.notices.inc_by(total - issued);
            issued = total;
        }
    }
}
