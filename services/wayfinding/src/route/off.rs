//! How far a line begins or ends from a position that is not on the floor, in words.

use super::Step;
use crate::words::Language::{self, En, ZhCn};

/// Less than this is not spoken of, in metres: no position is truer.
const SAID_MIN_M: f64 = 3.0;

/// Says at the first step how far the line begins from where one is, and at the last how far it ends from where
/// one wants to be.
pub(super) fn say(steps: &mut [Step], [start_m, goal_m]: [f64; 2], language: Language) {
    if let Some(first) = steps.first_mut().filter(|_| start_m >= SAID_MIN_M) {
        first.text = match language {
            En => format!("The way begins about {start_m:.0} m from you. {}", first.text),
            ZhCn => format!("路线起点距您约{start_m:.0}米。{}", first.text),
        };
    }
    if let Some(last) = steps.last_mut().filter(|_| goal_m >= SAID_MIN_M) {
        last.text = match language {
            En => format!("{}. Where you want to be is about {goal_m:.0} m off the way", last.text),
            ZhCn => format!("{}。目标位置距路线终点约{goal_m:.0}米", last.text),
        };
    }
}
