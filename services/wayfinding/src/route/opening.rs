//! Whether the goal is open when one arrives: it is found all the same, with a note.

use super::GoalOpening;
use super::resolve::Spot;
use crate::hours::{Moment, Opening};
use crate::search::Now;
use crate::words::Language::{self, En, ZhCn};

/// Tells whether a goal is open on arrival, where both the moment and its hours are known.
pub(super) fn on_arrival(
    now: &Now<'_>,
    goal: Option<&Spot>,
    seconds: f64,
    language: Language,
) -> Option<GoalOpening> {
    let Some(Spot::Nodes { feature, .. }) = goal else { return None };
    let place = &now.snapshot.graph().places[now.snapshot.names.place(feature)?];
    let depart = now.depart?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a route takes hours at most"
    )]
    let arrive = depart.after((seconds * 1_000.0) as u32);
    let opening = place.hours.as_ref()?.opening(arrive)?;
    Some(GoalOpening { opening, at: arrive, note: note(opening, arrive, language) })
}

/// Says what to know on arrival; nothing where it is simply open.
fn note(opening: Opening, arrive: Moment, language: Language) -> String {
    match (opening, language) {
        (Opening::Open { .. }, _) => String::new(),
        (Opening::ClosesSoon { at }, En) => format!("It closes at {}", at.clock_from(arrive, En)),
        (Opening::ClosesSoon { at }, ZhCn) => format!("即将于{}关闭", at.clock_from(arrive, ZhCn)),
        (Opening::Closed { until: Some(until) }, En) => {
            format!("It is closed when you arrive and opens at {}", until.clock_from(arrive, En))
        }
        (Opening::Closed { until: Some(until) }, ZhCn) => {
            format!("到达时未营业，{}开门", until.clock_from(arrive, ZhCn))
        }
        (Opening::Closed { until: None }, En) => "It is closed".to_owned(),
        (Opening::Closed { until: None }, ZhCn) => "暂停营业".to_owned(),
    }
}
