//! What a played day found: the pinned summary for programs and the rest for people.

use std::fmt;

use serde::Serialize;

use super::Detail;
use crate::judge::Case;

/// The closing object of `airside simulate --json`, in its pinned order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct DaySummary {
    /// Bags of the day.
    pub bags: u64,
    /// Share, 0 to 1, of all bags which the server knows as they are.
    pub status_right: f64,
    /// Notices that passengers were shown.
    pub notices: u64,
    /// Notices that claim what is not true, and that no later one took back.
    pub notices_wrong: u64,
    /// Notices that were owed and never came.
    pub notices_missing: u64,
    /// Notices that came late.
    pub notices_late: u64,
    /// Notices to somebody whom they do not concern, and strangers' bags that could be followed; must be 0.
    pub wrong_person: u64,
    /// Notices that say again what was said; must be 0.
    pub duplicates: u64,
    /// From the call with a scan to the bag shown with it; 99 of 100 took less, milliseconds.
    pub receipt_to_projection_p99_ms: f64,
    /// From the call that told the server to the notice on the session; 99 of 100 took less, milliseconds.
    pub receipt_to_push_p99_ms: f64,
}

/// What a person wants to know beside the summary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DayDetail {
    /// Bags whose last step no reader saw, so that nobody can know where they are.
    pub unknowable: usize,
    /// How many of the bags whose status is wrong are among them.
    pub unknowable_wrong: usize,
    /// How many of the wrong and missing notices are of such bags.
    pub beyond_knowing: u64,
    /// Notices that were wrong and were taken back by name.
    pub corrected: u64,
    /// Messages, scans and calls that the server did not take; must be 0.
    pub not_taken: u64,
    /// Notices of an inbox that its session did not receive; must be 0.
    pub pushes_lost: u64,
    /// False when the day was stopped before its end.
    pub played_to_the_end: bool,
    /// How long it took, seconds.
    pub seconds: f64,
    /// What was counted while it was played.
    pub play: Detail,
}

/// All that a played day found.
#[derive(Debug, Clone, PartialEq)]
pub struct DayReport {
    /// For programs, as pinned.
    pub summary: DaySummary,
    /// For people.
    pub detail: DayDetail,
    /// The worst cases, worst first.
    pub cases: Vec<Case>,
}

impl DayReport {
    /// Returns whether nobody was told of another's bag, nothing was said twice and nothing was lost.
    pub fn is_sound(&self) -> bool {
        let DaySummary { wrong_person, duplicates, .. } = self.summary;
        let DayDetail { not_taken, pushes_lost, .. } = self.detail;
        wrong_person == 0 && duplicates == 0 && not_taken == 0 && pushes_lost == 0
    }
}

impl fmt::Display for DayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { summary: s, detail: d, cases } = self;
        let Detail { flights, passengers, sessions, .. } = d.play;
        writeln!(
            f,
            "A day of {flights} flights, {passengers} passengers and {} bags, in {:.0} s",
            s.bags, d.seconds
        )?;
        if !d.played_to_the_end {
            writeln!(f, "  stopped before its end, so the bags were not compared")?;
        }
        writeln!(
            f,
            "  status   {:.2} % right; where {} bags went no reader saw, {} of them are among those not right",
            100.0 * s.status_right,
            d.unknowable,
            d.unknowable_wrong
        )?;
        writeln!(
            f,
            "  notices  {} on {sessions} sessions: {} wrong, {} more corrected, {} missing, {} late; {} of these of bags that no reader saw again",
            s.notices, s.notices_wrong, d.corrected, s.notices_missing, s.notices_late, d.beyond_knowing
        )?;
        writeln!(
            f,
            "  must be 0: {} to the wrong person, {} twice, {} lost, {} not taken",
            s.wrong_person, s.duplicates, d.pushes_lost, d.not_taken
        )?;
        write!(
            f,
            "  p99      scan to bag {:.1} ms, told to notice {:.1} ms",
            s.receipt_to_projection_p99_ms, s.receipt_to_push_p99_ms
        )?;
        for Case { subject, said, truth, .. } in cases {
            write!(f, "\n  {subject}: said {said:?}, true is {truth:?}")?;
        }
        for complaint in &d.play.complaints {
            write!(f, "\n  odd: {complaint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_a_day_has_exactly_the_pinned_keys_in_order() {
        let json = serde_json::to_string(&DaySummary::default()).unwrap();
        assert_eq!(
            json,
            "{\"bags\":0,\"status_right\":0.0,\"notices\":0,\"notices_wrong\":0,\"notices_missing\":0,\
             \"notices_late\":0,\"wrong_person\":0,\"duplicates\":0,\
             \"receipt_to_projection_p99_ms\":0.0,\"receipt_to_push_p99_ms\":0.0}"
        );
    }

    #[test]
    fn a_day_with_one_notice_to_a_stranger_is_not_sound() {
        let report = |wrong_person| DayReport {
            summary: DaySummary { wrong_person, ..DaySummary::default() },
            detail: DayDetail::default(),
            cases: Vec::new(),
        };
        assert!(report(0).is_sound());
        assert!(!report(1).is_sound());
    }
}
