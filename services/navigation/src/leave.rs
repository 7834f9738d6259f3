//! When to leave for a gate.
//!
//! Flights publish when they leave and that boarding has begun, but not when a gate closes. It is taken as
//! [`CLOSES_MIN`] before departure, as carriers print it on boarding passes. Who leaves at the time told is at
//! the gate before it closes even when the queues grow by a quarter and five minutes are lost on the way.

use airside_kernel::Timestamp;
use airside_wayfinding::{Language, Route};

use crate::project::boards::{Signs, Stage};

/// How long before departure boarding begins, in minutes.
pub const BOARDS_MIN: i64 = 40;
/// How long before departure the gate closes, in minutes.
pub const CLOSES_MIN: i64 = 15;
/// What is put on top of the way, in seconds.
const RESERVE_S: f64 = 300.0;
/// What is put on top of waits, as a share of them: queues grow.
const RESERVE_SHARE: f64 = 0.25;

/// How long the way to a gate takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Way {
    /// Walking and rides, in seconds.
    pub walking_s: f64,
    /// Being checked and every wait, in seconds.
    pub waiting_s: f64,
}

/// When to leave for a flight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leave {
    /// When it leaves.
    pub departure: Timestamp,
    /// When boarding begins.
    pub boarding: Timestamp,
    /// When the gate closes.
    pub closes: Timestamp,
    /// When to leave at the latest; `None` for a flight that left or is cancelled.
    pub leave_by: Option<Timestamp>,
    /// How many minutes are left until then.
    pub minutes_left: i64,
    /// Whether one who leaves now comes after the gate has closed.
    pub too_late: bool,
    /// What the departure is known from.
    pub certainty: Certainty,
}

/// What a departure is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// The schedule.
    Scheduled,
    /// An estimate after a delay.
    Estimated,
    /// Boarding has begun.
    Boarding,
    /// The final call was made.
    FinalCall,
    /// It left.
    Gone,
    /// It does not fly.
    Cancelled,
}

impl Way {
    /// Returns how long a route takes: being checked counts as waiting, and so does every wait; walking through
    /// the hall of a check does not.
    pub fn of(route: &Route) -> Self {
        let waiting_s: f64 = route.steps.iter().map(|step| step.check_s + step.wait_s).sum();
        Self { walking_s: (route.seconds - waiting_s).max(0.0), waiting_s }
    }

    /// Returns what is put on top of it, in seconds.
    pub fn reserve_s(&self) -> f64 {
        RESERVE_S + self.waiting_s * RESERVE_SHARE
    }

    /// Returns how long it takes without the reserve, in whole minutes.
    pub fn minutes(&self) -> i64 {
        whole((self.walking_s + self.waiting_s) / 60.0)
    }
}

/// Says when to leave for a flight; `None` while it has no time of departure.
pub fn leave(now: Timestamp, flight: &Signs, way: &Way) -> Option<Leave> {
    let departure = flight.departs()?;
    let earlier =
        |at: Timestamp, seconds: i64| Timestamp::from_second(at.as_second().saturating_sub(seconds)).ok();
    let (boarding, closes) = (earlier(departure, BOARDS_MIN * 60)?, earlier(departure, CLOSES_MIN * 60)?);
    let walk_s = way.walking_s + way.waiting_s;
    let certainty = match flight.stage {
        Stage::Gone => Certainty::Gone,
        Stage::Cancelled => Certainty::Cancelled,
        Stage::FinalCall => Certainty::FinalCall,
        Stage::Boarding => Certainty::Boarding,
        Stage::Waiting if flight.is_estimated => Certainty::Estimated,
        Stage::Waiting => Certainty::Scheduled,
    };
    let leaves = !matches!(flight.stage, Stage::Gone | Stage::Cancelled);
    let leave_by = earlier(closes, whole(walk_s + way.reserve_s()))?;
    Some(Leave {
        departure,
        boarding,
        closes,
        leave_by: leaves.then_some(leave_by),
        minutes_left: (leave_by.as_second() - now.as_second()).div_euclid(60).max(0),
        too_late: !leaves || now.as_second().saturating_add(whole(walk_s)) > closes.as_second(),
        certainty,
    })
}

impl Leave {
    /// Says it in one sentence; in minutes from now, which need no time zone.
    pub fn text(&self, way: &Way, gate: &str, flight: &str, language: Language) -> String {
        let (walk, left) = (way.minutes(), self.minutes_left);
        match (language, self.certainty) {
            (Language::En, Certainty::Gone) => format!("{flight} has left; ask the airline"),
            (Language::ZhCn, Certainty::Gone) => format!("{flight}已起飞，请联系航空公司"),
            (Language::En, Certainty::Cancelled) => format!("{flight} is cancelled; ask the airline"),
            (Language::ZhCn, Certainty::Cancelled) => format!("{flight}已取消，请联系航空公司"),
            (Language::En, _) if self.too_late => {
                format!("It is too late: {gate} is {walk} min away and closes before that; ask the airline")
            }
            (Language::ZhCn, _) if self.too_late => {
                format!("已来不及：到{gate}需{walk}分钟，届时已停止登机，请联系航空公司")
            }
            (Language::En, Certainty::FinalCall) => format!("Final call: go to {gate} now, {walk} min away"),
            (Language::ZhCn, Certainty::FinalCall) => format!("最后登机广播：请立即前往{gate}，需{walk}分钟"),
            (Language::En, _) if left == 0 => format!("Leave now: {gate} is {walk} min away"),
            (Language::ZhCn, _) if left == 0 => format!("请立即出发：到{gate}需{walk}分钟"),
            (Language::En, _) => format!("Leave within {left} min: {gate} is {walk} min away"),
            (Language::ZhCn, _) => format!("请在{left}分钟内出发：到{gate}需{walk}分钟"),
        }
    }
}

fn whole(seconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a way takes days at most")]
    let whole = seconds.ceil() as i64;
    whole
}

#[cfg(test)]
mod tests;
