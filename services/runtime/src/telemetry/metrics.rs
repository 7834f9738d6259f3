//! What is counted and measured. Names end in their unit; a label's values
//! are few and known beforehand, never an id.

use std::sync::{Arc, atomic::AtomicU64};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::Histogram,
    },
    registry::Registry,
};

use super::sources::SourceGauges;

/// A finished call.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RpcDone {
    /// Path of the rpc, such as `/airside.baggage.v1.BaggageService/GetBag`; `unknown` for all others.
    pub method: Arc<str>,
    /// Name of its gRPC code in Connect spelling, such as `not_found`.
    pub code: &'static str,
}

/// Something with a name: an rpc path, a projection, a reactor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Named {
    /// The name.
    pub name: Arc<str>,
}

impl Named {
    /// Makes the label of a name.
    pub fn new(name: &str) -> Self {
        Self { name: name.into() }
    }
}

/// How something ended, such as `recorded` or `quarantined`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    /// The outcome.
    pub outcome: &'static str,
}

/// Makes histograms of durations, seconds.
#[derive(Debug, Clone, Copy)]
pub struct Seconds;

impl MetricConstructor<Histogram> for Seconds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(BUCKETS_S)
    }
}

const BUCKETS_S: [f64; 13] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// A gauge of a duration, seconds.
pub type SecondsGauge = Gauge<f64, AtomicU64>;

/// Every measure of the house. Clones share their values.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Calls that ended, by method and code.
    pub rpc_requests: Family<RpcDone, Counter>,
    /// Time from the head of a call to the head of its answer, seconds, by method.
    pub rpc_seconds: Family<Named, Histogram, Seconds>,
    /// Open connections of the public port.
    pub connections: Gauge,
    /// Events appended by this process.
    pub appended_events: Counter,
    /// Time of one append until it is durable, seconds.
    pub append_seconds: Histogram,
    /// How far a projection is behind the log, seconds; 0 when it has caught up.
    pub projection_lag_seconds: Family<Named, SecondsGauge>,
    /// How far a reactor is behind the log, seconds; 0 when it has caught up.
    pub reactor_lag_seconds: Family<Named, SecondsGauge>,
    /// Events that a reader of the log could not read since the start.
    pub parked_events: Family<Named, Gauge>,
    /// Readers of the log that are stuck or have ended.
    pub stuck_readers: Gauge,
    /// How old the snapshot of a read model or reactor is, seconds.
    pub snapshot_age_seconds: Family<Named, SecondsGauge>,
    /// Events that the newest checkpoint of the log covers.
    pub signed_events: Gauge,
    /// Events that no checkpoint covers yet.
    pub unsigned_events: Gauge,
    /// How long the second place of the evidence has been missing, seconds; 0 when it is there.
    pub second_place_away_seconds: Gauge,
    /// Position up to which the last backup of this process has the log.
    pub last_backup_position: Gauge,
    /// When the last backup of this process was done, seconds since 1970; 0 for none.
    pub last_backup_timestamp_seconds: Gauge,
    /// Connected push sessions.
    pub sessions: Gauge,
    /// WebSocket sessions that ended, by why: `drained`, `slow`, `silent`, `bye`, `gone`, `expired`, `refused`, `failed`.
    pub sessions_ended: Family<Outcome, Counter>,
    /// Reads for live views: `said`, `unchanged`, `refused`.
    pub view_reads: Family<Outcome, Counter>,
    /// Notices appended to inboxes.
    pub notices: Counter,
    /// What else became of notices: `held`, `merged`, `suppressed`, `too_old`, `damaged`.
    pub notice_outcomes: Family<Outcome, Counter>,
    /// Frames handed to sessions.
    pub frames: Counter,
    /// Time from the acceptance of a fact to the frame that tells it, seconds.
    pub push_seconds: Histogram,
    /// Raw messages: `received`, `duplicate`, `parsed`, `quarantined`.
    pub messages: Family<Outcome, Counter>,
    /// Typed scans: `recorded`, `duplicate`, `quarantined`, `invalid`.
    pub scans: Family<Outcome, Counter>,
    /// Callers of the host link that had not logged in and were closed to make room for others.
    pub link_strangers_closed: Counter,
    /// How the sources of baggage messages are.
    pub sources: SourceGauges,
    /// Log fields that were left out because they are not on the list.
    pub log_fields_dropped: Counter,
}

impl Metrics {
    /// Makes the measures and registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            rpc_requests: Family::default(),
            rpc_seconds: Family::new_with_constructor(Seconds),
            connections: Gauge::default(),
            appended_events: Counter::default(),
            append_seconds: Seconds.new_metric(),
            projection_lag_seconds: Family::default(),
            reactor_lag_seconds: Family::default(),
            parked_events: Family::default(),
            stuck_readers: Gauge::default(),
            snapshot_age_seconds: Family::default(),
            signed_events: Gauge::default(),
            unsigned_events: Gauge::default(),
            second_place_away_seconds: Gauge::default(),
            last_backup_position: Gauge::default(),
            last_backup_timestamp_seconds: Gauge::default(),
            sessions: Gauge::default(),
            sessions_ended: Family::default(),
            view_reads: Family::default(),
            notices: Counter::default(),
            notice_outcomes: Family::default(),
            frames: Counter::default(),
            push_seconds: Seconds.new_metric(),
            messages: Family::default(),
            scans: Family::default(),
            link_strangers_closed: Counter::default(),
            sources: SourceGauges::default(),
            log_fields_dropped: Counter::default(),
        };
        let all = registry.sub_registry_with_prefix("airside");
        metrics.register_calls(all);
        metrics.register_work(all);
        metrics.register_care(all);
        metrics.sources.register(all);
        metrics
    }

    fn register_calls(&self, all: &mut Registry) {
        all.register("rpc_requests", "Calls that ended, by method and code", self.rpc_requests.clone());
        all.register("rpc_seconds", "Time from call to answer, by method", self.rpc_seconds.clone());
        all.register("connections", "Open connections of the public port", self.connections.clone());
        all.register("sessions", "Connected push sessions", self.sessions.clone());
        let ended = self.sessions_ended.clone();
        all.register("sessions_ended", "WebSocket sessions that ended, by why", ended);
        all.register("view_reads", "Reads for live views, by outcome", self.view_reads.clone());
        all.register("notices", "Notices appended to inboxes", self.notices.clone());
        let outcomes = self.notice_outcomes.clone();
        all.register("notice_outcomes", "What became of notices besides that they were appended", outcomes);
        all.register("frames", "Frames handed to sessions", self.frames.clone());
        all.register("push_seconds", "Time from accepted fact to frame", self.push_seconds.clone());
        all.register("log_fields_dropped", "Log fields left out", self.log_fields_dropped.clone());
    }

    fn register_work(&self, all: &mut Registry) {
        all.register("appended_events", "Events appended", self.appended_events.clone());
        all.register("append_seconds", "Time until an append is durable", self.append_seconds.clone());
        let lag = self.projection_lag_seconds.clone();
        all.register("projection_lag_seconds", "How far a projection is behind the log", lag);
        let lag = self.reactor_lag_seconds.clone();
        all.register("reactor_lag_seconds", "How far a reactor is behind the log", lag);
        all.register("messages", "Raw messages, by outcome", self.messages.clone());
        all.register("scans", "Typed scans, by outcome", self.scans.clone());
        let closed = self.link_strangers_closed.clone();
        all.register("link_strangers_closed", "Callers closed to make room before a login", closed);
    }

    fn register_care(&self, all: &mut Registry) {
        all.register("parked_events", "Events that a reader could not read", self.parked_events.clone());
        all.register("stuck_readers", "Readers of the log that are stuck", self.stuck_readers.clone());
        all.register("snapshot_age_seconds", "How old a snapshot is", self.snapshot_age_seconds.clone());
        all.register("signed_events", "Events under a signed checkpoint", self.signed_events.clone());
        all.register("unsigned_events", "Events under no checkpoint yet", self.unsigned_events.clone());
        let away = self.second_place_away_seconds.clone();
        all.register("second_place_away_seconds", "How long the second place has been missing", away);
        let position = self.last_backup_position.clone();
        all.register("last_backup_position", "Position of the last backup", position);
        let at = self.last_backup_timestamp_seconds.clone();
        all.register("last_backup_timestamp_seconds", "When the last backup was done", at);
    }

    /// Counts a typed scan.
    pub fn scan(&self, outcome: &'static str) {
        self.scans.get_or_create(&Outcome { outcome }).inc();
    }

    /// Counts a raw message.
    pub fn message(&self, outcome: &'static str) {
        self.messages.get_or_create(&Outcome { outcome }).inc();
    }
}
