//! How long a check or a ride takes now, at the end of its sentence.

use crate::hours::Moment;
use crate::words::Language::{self, En, ZhCn};

/// A wait shorter than this is not spoken of, in seconds.
const SAID_MIN_S: f64 = 60.0;

/// Says the wait of a step: ", about 14 minutes now", "，目前约14分钟"; nothing where there is none to speak of.
///
/// The minutes are those of the whole step, as one feels them. Until something opens one is told the time.
pub(super) fn said(seconds: f64, wait_s: f64, opens: Option<Moment>, language: Language) -> String {
    let minutes = (seconds / 60.0).round();
    match (opens.map(Moment::clock), language) {
        (Some(clock), En) => format!(", which opens at {clock}"),
        (Some(clock), ZhCn) => format!("，{clock}开放"),
        (None, _) if wait_s < SAID_MIN_S => String::new(),
        (None, En) if minutes <= 1.0 => ", about a minute now".to_owned(),
        (None, En) => format!(", about {minutes} minutes now"),
        (None, ZhCn) => format!("，目前约{minutes}分钟"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_of_a_minute_or_more_is_said_with_what_the_step_takes_in_all() {
        assert_eq!(said(104.0, 59.0, None, En), "");
        assert_eq!(said(89.0, 60.0, None, En), ", about a minute now");
        assert_eq!(said(840.0, 795.0, None, En), ", about 14 minutes now");
        assert_eq!(said(840.0, 795.0, None, ZhCn), "，目前约14分钟");
        let opens = "2026-11-22T05:00".parse().ok();
        assert_eq!(said(840.0, 795.0, opens, En), ", which opens at 05:00");
        assert_eq!(said(840.0, 795.0, opens, ZhCn), "，05:00开放");
    }
}
