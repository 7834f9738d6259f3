//! The published events of the ways that passengers follow.

use airside_api::navigation::v1 as navigation;
use airside_kernel::{DecodeError, RecordedEvent, Timestamp};
use uuid::Uuid;

use super::{instant, message};

/// What happened to the way that a person follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::react) enum WayChange {
    /// It is followed, in place of any before.
    Followed { way: Uuid, goal: Goal, flight: String, until: Timestamp },
    /// How long it takes.
    Advised { way: Uuid, advice: Advice },
    /// A closure broke it; the advice is that of the other way, where there is one.
    Broken { way: Uuid, other: Option<Advice> },
    /// It is followed no more.
    Left,
}

/// Where a way leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::react) enum Goal {
    Place,
    Gate,
    Belt,
}

/// How long a way takes, and when to leave.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(in crate::react) struct Advice {
    pub(in crate::react) walking_s: u32,
    pub(in crate::react) waiting_s: u32,
    pub(in crate::react) at_security: bool,
    pub(in crate::react) is_measured: bool,
    pub(in crate::react) leave_by: Option<Timestamp>,
}

/// Reads an event of a way.
pub(super) fn read(event: &RecordedEvent) -> Result<WayChange, DecodeError> {
    let id = |text: &str| Uuid::parse_str(text).map_err(|_| malformed(event, "way_id is no uuid"));
    Ok(match event.type_up_to(1)? {
        "navigation.WayFollowed" => {
            let followed = message::<navigation::WayFollowed>(event)?;
            let goal = match followed.goal() {
                navigation::WayGoal::Gate => Goal::Gate,
                navigation::WayGoal::Belt => Goal::Belt,
                navigation::WayGoal::Place | navigation::WayGoal::Unspecified => Goal::Place,
            };
            let until =
                instant(followed.until.as_ref()).ok_or_else(|| malformed(event, "until is missing"))?;
            WayChange::Followed { way: id(&followed.way_id)?, goal, flight: followed.flight, until }
        }
        "navigation.WayAdvised" => {
            let advised = message::<navigation::WayAdvised>(event)?;
            let times = advised.times.as_ref().ok_or_else(|| malformed(event, "times is missing"))?;
            WayChange::Advised { way: id(&advised.way_id)?, advice: advice(times, advised.leave_by.as_ref()) }
        }
        "navigation.WayBroken" => {
            let broken = message::<navigation::WayBroken>(event)?;
            let other = broken.other.as_ref().map(|times| advice(times, broken.leave_by.as_ref()));
            WayChange::Broken { way: id(&broken.way_id)?, other }
        }
        "navigation.WayLeft" => WayChange::Left,
        _ => return Err(DecodeError::unknown(event)),
    })
}

fn advice(times: &navigation::WayTimes, leave_by: Option<&prost_types::Timestamp>) -> Advice {
    Advice {
        walking_s: times.walking_seconds,
        waiting_s: times.waiting_seconds,
        at_security: times.at_security,
        is_measured: times.certainty() == navigation::WayCertainty::Measured,
        leave_by: instant(leave_by),
    }
}

fn malformed(event: &RecordedEvent, problem: &str) -> DecodeError {
    DecodeError::malformed(event.event_type(), problem)
}
