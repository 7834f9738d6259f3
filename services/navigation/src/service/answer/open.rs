//! Whether places are open, as messages.

use airside_api::navigation::v1;
use airside_runtime::stored::timestamp_message;
use airside_wayfinding::{GoalOpening, Language, Moment, Opening, Place};

use crate::project::Live;

/// Returns a place with its hours and whether it is open at a moment.
pub(super) fn shown(live: &Live, place: &Place, at: Moment, language: Language) -> v1::Place {
    let state = place.hours.as_ref().and_then(|hours| hours.opening(at));
    v1::Place {
        opening: state.map(|state| opening(live, state, state.said(at, language))),
        hours: place.hours.as_ref().map(|hours| hours.text().to_owned()).unwrap_or_default(),
        ..super::place(live, place, language)
    }
}

/// Adds to a route whether its goal is open on arrival.
pub(super) fn at_goal(
    live: &Live,
    goal: Option<GoalOpening>,
    found: v1::FindRouteResponse,
    language: Language,
) -> v1::FindRouteResponse {
    let Some(GoalOpening { opening: state, at, note }) = goal else { return found };
    v1::FindRouteResponse { goal: Some(opening(live, state, state.said(at, language))), note, ..found }
}

fn opening(live: &Live, state: Opening, text: String) -> v1::Opening {
    let (number, until) = match state {
        Opening::Open { until } => (v1::OpeningState::Open, until),
        Opening::ClosesSoon { at } => (v1::OpeningState::ClosesSoon, Some(at)),
        Opening::Closed { until } => (v1::OpeningState::Closed, until),
    };
    let until = until.and_then(|until| live.instant(until)).map(timestamp_message);
    v1::Opening { state: number as i32, until, text }
}
