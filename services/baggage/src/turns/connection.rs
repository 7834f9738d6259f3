//! How much time a bag has between two flights, and what that means. Pure.
//!
//! Spare time is what is left between the moment at which the bag can be at its
//! flight and the moment at which it must: `(departure - cut-off) - (arrival +
//! taxi + unload + inject + sort)`, each departure and arrival as it is expected
//! now. A moment that has passed without the bag being seen counts as now.
//!
//! A judgement gets worse at once and better only with [`MARGIN`] to spare, so
//! that an estimate that goes to and fro does not take people with it.

use std::time::Duration;

use airside_api::baggage::v1::Connection;
use airside_kernel::Timestamp;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// With less time to spare than this a connection is at risk; with less than none it is missed.
pub const AT_RISK_UNDER: SignedDuration = SignedDuration::from_mins(15);
/// How much more time a better judgement needs than the present one.
pub const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// How long the steps of a transfer take at an airport.
///
/// The defaults are estimates: together 45 minutes, so that a connection of one hour, the usual
/// minimum, is just safe. An airport that measures its own sets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransferTimes {
    /// How long before departure the last bag is taken. Default 10 min.
    #[serde(with = "humantime_serde")]
    pub cut_off: Duration,
    /// From landing to the stand. Default 6 min.
    #[serde(with = "humantime_serde")]
    pub taxi: Duration,
    /// From the stand to the last transfer bag off the aircraft. Default 12 min.
    #[serde(with = "humantime_serde")]
    pub unload: Duration,
    /// From the aircraft into the baggage system. Default 5 min.
    #[serde(with = "humantime_serde")]
    pub inject: Duration,
    /// From there to the place of the next flight for nine bags of ten. Default 12 min.
    #[serde(with = "humantime_serde")]
    pub sort_p90: Duration,
}

impl Default for TransferTimes {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self {
            cut_off: minutes(10),
            taxi: minutes(6),
            unload: minutes(12),
            inject: minutes(5),
            sort_p90: minutes(12),
        }
    }
}

/// How far a bag has come on its way from one flight to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum Way {
    /// It was not seen since its flight arrived, or that has not.
    #[default]
    Coming,
    /// It was unloaded.
    Unloaded(Timestamp),
    /// It is in the baggage system.
    Injected(Timestamp),
    /// It was seen on its way into the next aircraft.
    Through(Timestamp),
    /// It is with its passenger or on a belt: it connects to nothing.
    Left,
}

/// What is expected of the two flights at the airport where they meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meeting {
    /// When the inbound flight lands or landed.
    pub(super) arrival: Timestamp,
    /// Whether it has.
    pub(super) has_landed: bool,
    /// When the outbound flight leaves.
    pub(super) departure: Timestamp,
}

/// What nobody waits for is longer than any connection.
fn span(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::from_hours(24))
}

fn after(at: Timestamp, later: SignedDuration) -> Timestamp {
    at.checked_add(later).unwrap_or(at)
}

impl TransferTimes {
    /// Returns the time to spare at an instant.
    pub(super) fn spare(&self, meeting: Meeting, way: Way, now: Timestamp) -> SignedDuration {
        let from_unloaded = span(self.inject) + span(self.sort_p90);
        let all = span(self.taxi) + span(self.unload) + from_unloaded;
        let ready = match way {
            Way::Coming => {
                let at_least = if meeting.has_landed { from_unloaded } else { all };
                after(meeting.arrival, all).max(after(now, at_least))
            }
            Way::Unloaded(at) => after(at, from_unloaded).max(after(now, span(self.sort_p90))),
            Way::Injected(at) => after(at, span(self.sort_p90)).max(now),
            Way::Through(at) => at,
            Way::Left => now,
        };
        meeting.departure.duration_since(ready) - span(self.cut_off)
    }

    /// Returns the instants at which a bag that is not seen meanwhile gets at risk, and is late.
    pub(super) fn deadlines(&self, meeting: Meeting) -> [Timestamp; 2] {
        let from_unloaded = span(self.inject) + span(self.sort_p90);
        let rest = match meeting.has_landed {
            true => from_unloaded,
            false => span(self.taxi) + span(self.unload) + from_unloaded,
        };
        let last = after(meeting.departure, -(span(self.cut_off) + rest));
        // A second later it is no longer the last moment.
        [after(last, -AT_RISK_UNDER), last].map(|at| after(at, SignedDuration::from_secs(1)))
    }
}

/// Returns the judgement of the time to spare, after one that stands.
pub(super) fn judge(standing: Connection, spare: SignedDuration) -> Connection {
    let plain = verdict(spare);
    if rank(plain) >= rank(standing) {
        return plain;
    }
    let careful = verdict(spare - MARGIN);
    if rank(careful) < rank(standing) { careful } else { standing }
}

fn verdict(spare: SignedDuration) -> Connection {
    match spare {
        _ if spare < SignedDuration::ZERO => Connection::Missed,
        _ if spare < AT_RISK_UNDER => Connection::AtRisk,
        _ => Connection::Safe,
    }
}

fn rank(connection: Connection) -> u8 {
    match connection {
        Connection::Unspecified | Connection::Safe => 0,
        Connection::AtRisk => 1,
        Connection::Missed => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn meeting(departure: i64, has_landed: bool) -> Meeting {
        Meeting { arrival: at(0), has_landed, departure: at(departure) }
    }

    #[track_caller]
    fn check(way: Way, departure: i64, now: i64, spare: i64) {
        let found = TransferTimes::default().spare(meeting(departure, now >= 0), way, at(now));
        assert_eq!(found.as_mins(), spare);
    }

    #[test]
    fn a_connection_of_an_hour_is_just_safe() {
        check(Way::Coming, 60, -90, 15);
        assert_eq!(verdict(SignedDuration::from_mins(15)), Connection::Safe);
        assert_eq!(verdict(SignedDuration::from_secs(899)), Connection::AtRisk);
        assert_eq!(verdict(SignedDuration::from_secs(-1)), Connection::Missed);
    }

    #[test]
    fn what_was_seen_counts_in_place_of_what_was_expected() {
        check(Way::Unloaded(at(10)), 60, 10, 23);
        check(Way::Injected(at(12)), 60, 12, 26);
        check(Way::Through(at(49)), 60, 49, 1);
    }

    #[test]
    fn a_bag_that_is_not_seen_loses_time_while_it_passes() {
        check(Way::Coming, 60, 18, 15);
        check(Way::Coming, 60, 30, 3);
        check(Way::Injected(at(12)), 60, 40, 10);
    }

    #[test]
    fn the_deadlines_are_where_the_judgement_changes() {
        let times = TransferTimes::default();
        for has_landed in [false, true] {
            let meeting = meeting(200, has_landed);
            for (deadline, (before, then)) in times
                .deadlines(meeting)
                .into_iter()
                .zip([(Connection::Safe, Connection::AtRisk), (Connection::AtRisk, Connection::Missed)])
            {
                let at = |seconds| after(deadline, SignedDuration::from_secs(seconds));
                assert_eq!(verdict(times.spare(meeting, Way::Coming, at(-1))), before);
                assert_eq!(verdict(times.spare(meeting, Way::Coming, deadline)), then);
            }
        }
    }

    #[test]
    fn an_estimate_that_goes_to_and_fro_changes_the_judgement_once() {
        let mut standing = Connection::Safe;
        let mut changes = 0;
        for spare in [16, 14, 16, 13, 18, 14, 19, 12] {
            let next = judge(standing, SignedDuration::from_mins(spare));
            changes += usize::from(next != standing);
            standing = next;
        }
        assert_eq!((standing, changes), (Connection::AtRisk, 1));
        assert_eq!(judge(standing, SignedDuration::from_mins(20)), Connection::Safe);
        assert_eq!(judge(Connection::Missed, SignedDuration::from_mins(4)), Connection::Missed);
        assert_eq!(judge(Connection::Missed, SignedDuration::from_mins(6)), Connection::AtRisk);
        assert_eq!(judge(Connection::Safe, SignedDuration::from_mins(-1)), Connection::Missed);
    }
}
