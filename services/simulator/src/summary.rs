//! What a play found: the pinned summary for programs and the detail for people.

mod day;

use std::fmt;
use std::future::Future;

use serde::Serialize;

pub use day::{DayDetail, DayReport, DaySummary};

/// The closing object of `airside demo --json`, in its pinned order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Typed scans that are on disk: recorded or quarantined, without repeats.
    pub scans_accepted: u64,
    /// Raw messages that were read.
    pub messages_parsed: u64,
    /// Raw messages that were kept but could not be used.
    pub messages_quarantined: u64,
    /// Bags that the server knows.
    pub bags: u64,
    /// Notices in the inboxes of the connected sessions.
    pub notifications: u64,
    /// Notices that those sessions received.
    pub pushes_delivered: u64,
    /// Notices that those sessions did not receive, after the drain.
    pub pushes_lost: u64,
    /// Routes that were asked for and found.
    pub routes_found: u64,
    /// Events in the log.
    pub events: u64,
    /// How long it took, seconds.
    pub seconds: f64,
}

/// What only the server knows of itself and no public call answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Events in the log; without it the summary says 0.
    pub events: Option<u64>,
    /// Raw messages read so far; without it the summary counts what was stored and not quarantined.
    pub messages_parsed: Option<u64>,
    /// Raw messages stored and not yet read; the drain waits until it is 0.
    pub messages_waiting: Option<u64>,
}

/// Gives the facts of a server, from its metrics or from inside.
pub trait ServerFacts: Send + Sync {
    /// Returns the facts as they are now.
    fn facts(&self) -> impl Future<Output = Facts> + Send;
}

impl<F, R> ServerFacts for F
where
    F: Fn() -> R + Send + Sync,
    R: Future<Output = Facts> + Send,
{
    fn facts(&self) -> impl Future<Output = Facts> + Send {
        self()
    }
}

/// A server that tells nothing about itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFacts;

impl ServerFacts for NoFacts {
    async fn facts(&self) -> Facts {
        Facts::default()
    }
}

/// What a person wants to know beside the summary.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Detail {
    /// The seed that plays the same again.
    pub seed: u64,
    /// Waves of traffic.
    pub waves: u32,
    /// Flights in them.
    pub flights: u64,
    /// Passengers in them.
    pub passengers: u64,
    /// Sessions of notices that were held.
    pub sessions: u64,
    /// Raw messages that are on disk.
    pub messages_stored: u64,
    /// Raw messages that were sent unreadable on purpose.
    pub messages_malformed: u64,
    /// Scans recognised as repeats.
    pub scans_duplicate: u64,
    /// Scans kept and attached to no journey.
    pub scans_quarantined: u64,
    /// Reports of flights that were recorded.
    pub flight_reports: u64,
    /// Reads of passengers that were recorded.
    pub gate_reads: u64,
    /// Routes that were answered with a reason instead.
    pub routes_not_found: u64,
    /// Claims of other people's bags that were refused, as they must be.
    pub claims_refused: u64,
    /// Claims of other people's bags that worked; must be 0.
    pub claims_granted: u64,
    /// Boarding calls to passengers who had boarded for a while; must be 0.
    pub calls_after_boarding: u64,
    /// Connections of sessions that were cut and resumed.
    pub reconnects: u64,
    /// Resumed connections that recovered everything.
    pub recovered: u64,
    /// Numbers that did not follow the one before; must be 0.
    pub sequence_breaks: u64,
    /// Notices that came again and were shown once.
    pub repeats: u64,
    /// From the record of a fact to its notice on the session, milliseconds.
    pub push_ms: Quantiles,
    /// From a call to its answer, milliseconds.
    pub call_ms: Quantiles,
    /// Bags whose end was compared with the truth.
    pub truth_checked: u64,
    /// Bags that the server knows as they really are.
    pub truth_equal: u64,
    /// What was not as it should be, in words; at most 20.
    pub complaints: Vec<String>,
}

/// Some quantiles of a distribution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// Half are below.
    pub p50: f64,
    /// Ninety-nine of a hundred are below.
    pub p99: f64,
    /// The highest.
    pub max: f64,
}

impl Detail {
    /// Returns the share of compared bags that the server knows as they are, 0 to 1.
    pub fn truth_share(&self) -> f64 {
        if self.truth_checked == 0 { 0.0 } else { self.truth_equal as f64 / self.truth_checked as f64 }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quantiles { p50, p99, max } = self.push_ms;
        let waves = if self.waves == 1 { "wave" } else { "waves" };
        let Self { flights, passengers, .. } = self;
        writeln!(f, "  traffic  {} {waves}, {flights} flights, {passengers} passengers", self.waves)?;
        writeln!(f, "  push     p50 {p50:.1} ms, p99 {p99:.1} ms, max {max:.1} ms, fact to screen")?;
        writeln!(f, "  calls    p50 {:.1} ms, p99 {:.1} ms", self.call_ms.p50, self.call_ms.p99)?;
        writeln!(
            f,
            "  sessions {}, {} cut in a tunnel and resumed, {} recovered in full",
            self.sessions, self.reconnects, self.recovered
        )?;
        writeln!(
            f,
            "  truth    {} of {} bags known as they are ({:.1} %)",
            self.truth_equal,
            self.truth_checked,
            100.0 * self.truth_share()
        )?;
        write!(
            f,
            "  refused  {} claims of strangers' bags, {} repeats of scans, {} unreadable messages kept",
            self.claims_refused, self.scans_duplicate, self.messages_malformed
        )?;
        for (count, what) in [
            (self.claims_granted, "strangers' bags could be followed"),
            (self.calls_after_boarding, "boarding calls went to passengers who had boarded"),
            (self.sequence_breaks, "notices came out of order"),
        ] {
            if count > 0 {
                write!(f, "\n  odd      {count} {what}")?;
            }
        }
        for complaint in &self.complaints {
            write!(f, "\n  odd      {complaint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_has_exactly_the_pinned_keys_in_order() {
        let summary = Summary { seconds: 1.5, ..Summary::default() };
        let json = serde_json::to_string(&summary).unwrap();
        assert_eq!(
            json,
            "{\"scans_accepted\":0,\"messages_parsed\":0,\"messages_quarantined\":0,\"bags\":0,\
             \"notifications\":0,\"pushes_delivered\":0,\"pushes_lost\":0,\"routes_found\":0,\
             \"events\":0,\"seconds\":1.5}"
        );
    }

    #[test]
    fn a_play_without_bags_claims_no_truth() {
        assert!(Detail::default().truth_share().abs() < f64::EPSILON);
    }
}
