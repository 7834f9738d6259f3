//! Keeps the gauges of a node true: how far its readers are, what is signed and
//! copied, and how many sessions it has.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use airside_evidence::{Health as Evidence, SecondPlace};
use airside_kernel::{Clock, Timestamp};
use airside_notifications::{hub::Hub, react::Tally};
use airside_runtime::{
    health::Health as Reader,
    projections::Progress,
    stopped,
    telemetry::{Metrics, Named, Outcome},
};
use tokio::{sync::watch, task::spawn_blocking, time};

use crate::operate::Backups;

/// How often the gauges are set.
const EVERY: Duration = Duration::from_secs(1);
/// How often it is looked how old the snapshots are.
const SNAPSHOTS_EVERY: u32 = 15;
/// The name of the reader that feeds the read models.
pub(crate) const READ_MODELS: &str = "read-models";

/// What a node has to be measured, beside what measures itself.
pub(crate) struct Gauges {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) read_models: watch::Receiver<Progress>,
    pub(crate) reactors: Vec<(&'static str, watch::Receiver<Progress>)>,
    /// What tells passengers, where that runs: its sessions, and what it told.
    pub(crate) notices: Option<(Hub, Arc<Tally>)>,
    pub(crate) readers: Vec<(&'static str, Reader)>,
    /// What is signed; `None` where nothing is.
    pub(crate) evidence: Option<Evidence>,
    pub(crate) backups: Backups,
    pub(crate) snapshots: PathBuf,
}

impl Gauges {
    /// Sets the gauges every second until told to stop.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut tick = time::interval(EVERY);
        let (mut issued, mut others, mut ticks) = (0, [0; 5], 0u32);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = stopped(&mut stop) => return,
            }
            let now = self.clock.now();
            let lag = |progress: &watch::Receiver<Progress>| progress.borrow().lag(now).as_secs_f64();
            let name = Named::new(READ_MODELS);
            self.metrics.projection_lag_seconds.get_or_create(&name).set(lag(&self.read_models));
            for (name, progress) in &self.reactors {
                self.metrics.reactor_lag_seconds.get_or_create(&Named::new(name)).set(lag(progress));
            }
            if let Some((hub, notices)) = &self.notices {
                self.metrics.sessions.set(i64::try_from(hub.sessions()).unwrap_or(i64::MAX));
                let total = notices.issued.load(Ordering::Relaxed);
                self.metrics.notices.inc_by(total - issued);
                issued = total;
                for ((outcome, total), before) in notices.outcomes().into_iter().zip(&mut others) {
                    let counter = self.metrics.notice_outcomes.get_or_create(&Outcome { outcome });
                    counter.inc_by(total - *before);
                    *before = total;
                }
            }
            self.custody();
            if ticks.is_multiple_of(SNAPSHOTS_EVERY) {
                let (folder, metrics) = (self.snapshots.clone(), self.metrics.clone());
                // It is looked again soon, so one look that fails says nothing.
                let _ = spawn_blocking(move || snapshot_ages(&folder, &metrics, now)).await;
            }
            ticks = ticks.wrapping_add(1);
        }
    }

    /// Sets what tells of readers in trouble, of the evidence and of backups.
    fn custody(&self) {
        let mut stuck = 0;
        for (name, reader) in &self.readers {
            stuck += i64::from(reader.check().is_err());
            self.metrics.parked_events.get_or_create(&Named::new(name)).set(whole(reader.parked()));
        }
        self.metrics.stuck_readers.set(stuck);
        if let Some(evidence) = &self.evidence {
            self.signed(evidence);
        }
        if let Some((position, at)) = self.backups.last() {
            self.metrics.last_backup_position.set(whole(position));
            self.metrics.last_backup_timestamp_seconds.set(at.as_second());
        }
    }

    fn signed(&self, evidence: &Evidence) {
        let figures = evidence.figures();
        let signed = figures.checkpoint.map_or(0, |(size, _)| size);
        self.metrics.signed_events.set(whole(signed));
        self.metrics.unsigned_events.set(whole(figures.size.saturating_sub(signed)));
        let away = match figures.second {
            SecondPlace::Away { seconds, .. } => seconds,
            SecondPlace::None | SecondPlace::Awaited | SecondPlace::Filled { .. } => 0,
        };
        self.metrics.second_place_away_seconds.set(whole(away));
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Sets how old each snapshot is.
fn snapshot_ages(folder: &Path, metrics: &Metrics, now: Timestamp) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".snapshot")) else {
            continue;
        };
        let written = fs::metadata(&path).and_then(|metadata| metadata.modified());
        let Some(written) = written.ok().and_then(|written| Timestamp::try_from(written).ok()) else {
            continue;
        };
        let age = now.duration_since(written).as_secs_f64().max(0.0);
        metrics.snapshot_age_seconds.get_or_create(&Named::new(name)).set(age);
    }
}
