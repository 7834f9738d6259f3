//! What is measured of each source of baggage messages. Sources are few: whoever sets the figures
//! bounds them.

use std::sync::Arc;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use super::metrics::{Named, SecondsGauge};

/// A source and a way in which it sends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Way {
    name: Arc<str>,
    transport: Arc<str>,
}

/// The gauges of sources, by name. Clones share their values.
#[derive(Debug, Clone, Default)]
pub struct SourceGauges {
    up: Family<Named, Gauge>,
    silent: Family<Named, Gauge>,
    unheard_seconds: Family<Named, SecondsGauge>,
    lag_seconds: Family<Named, SecondsGauge>,
    clock_ahead_seconds: Family<Named, SecondsGauge>,
    malformed_share: Family<Named, SecondsGauge>,
    messages: Family<Way, Gauge>,
}

/// How a source is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceFigures {
    /// A line of its own is open, or it was heard a short while ago.
    pub up: bool,
    /// It fell silent and was not heard since.
    pub silent: bool,
    /// How long it was not heard, seconds.
    pub unheard_seconds: Option<f64>,
    /// How late it is, the median, seconds.
    pub lag_seconds: Option<f64>,
    /// How far its clock is ahead, seconds; negative when behind.
    pub clock_ahead_seconds: Option<f64>,
    /// The share of its last messages that could not be used, 0 to 1.
    pub malformed_share: f64,
    /// How many messages or scans it sent, by transport.
    pub messages: Vec<(String, u64)>,
}

impl SourceGauges {
    pub(super) fn register(&self, all: &mut Registry) {
        all.register("source_up", "Whether a source is up", self.up.clone());
        all.register("source_silent", "Whether a source fell silent", self.silent.clone());
        let unheard = self.unheard_seconds.clone();
        all.register("source_unheard_seconds", "Time since a source was heard", unheard);
        all.register("source_lag_seconds", "How late a source is, the median", self.lag_seconds.clone());
        let ahead = self.clock_ahead_seconds.clone();
        all.register("source_clock_ahead_seconds", "How far the clock of a source is ahead", ahead);
        let malformed = self.malformed_share.clone();
        all.register("source_malformed_share", "Share of recent messages that were quarantined", malformed);
        let messages = self.messages.clone();
        all.register("source_messages", "Messages and scans in the log, by transport", messages);
    }

    /// Sets the figures of a source; what is not known now is not shown.
    pub fn set(&self, name: &str, figures: &SourceFigures) {
        let named = Named::new(name);
        self.up.get_or_create(&named).set(figures.up.into());
        self.silent.get_or_create(&named).set(figures.silent.into());
        self.malformed_share.get_or_create(&named).set(figures.malformed_share);
        for (family, figure) in [
            (&self.unheard_seconds, figures.unheard_seconds),
            (&self.lag_seconds, figures.lag_seconds),
            (&self.clock_ahead_seconds, figures.clock_ahead_seconds),
        ] {
            match figure {
                Some(seconds) => {
                    family.get_or_create(&named).set(seconds);
                }
                None => {
                    family.remove(&named);
                }
            }
        }
        for (transport, count) in &figures.messages {
            let way = Way { name: named.name.clone(), transport: transport.as_str().into() };
            self.messages.get_or_create(&way).set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
    }

    /// Takes a source out that is known no longer.
    pub fn forget(&self, name: &str, transports: &[(String, u64)]) {
        let named = Named::new(name);
        for family in [&self.up, &self.silent] {
            family.remove(&named);
        }
        for family in
            [&self.unheard_seconds, &self.lag_seconds, &self.clock_ahead_seconds, &self.malformed_share]
        {
            family.remove(&named);
        }
        for (transport, _) in transports {
            self.messages.remove(&Way { name: named.name.clone(), transport: transport.as_str().into() });
        }
    }
}
