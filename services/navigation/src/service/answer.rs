//! From venues, places and routes to messages.

use airside_api::navigation::v1;
use airside_runtime::stored::timestamp_message;
use airside_wayfinding::{
    Language, Moment, Outcome, Place, Reason, Route, draw::LevelPlan, route::LevelLine,
};

use crate::{
    model::{Closure, VenueCode, Wait},
    project::Live,
    venues::{Found, reasons},
};

mod open;

pub(super) fn venue(code: &VenueCode, live: &Live) -> v1::Venue {
    let graph = live.snapshot.graph();
    let (names, storeys) = (graph.venue_name(), graph.storeys());
    let level = |storey: &airside_wayfinding::Storey| v1::Level {
        ordinal: storey.ordinal,
        short_name: storey.sign(Language::En),
    };
    v1::Venue {
        code: code.to_string(),
        names: names.iter().map(|(tag, name)| (tag.to_owned(), name.to_owned())).collect(),
        levels: storeys.iter().map(level).collect(),
        closures: live.closures.values().map(closure).collect(),
        waits: live.waits.values().map(wait).collect(),
        map_version: live.edition.as_ref().map_or(0, |edition| edition.version),
        time_zone: live.zone.iana_name().unwrap_or_default().to_owned(),
    }
}

fn closure(closure: &Closure) -> v1::Closure {
    v1::Closure {
        feature_id: closure.feature.to_string(),
        reason: closure.reason.as_str().to_owned(),
        expected_until: closure.expected_until.map(timestamp_message),
    }
}

fn wait(wait: &Wait) -> v1::Wait {
    v1::Wait {
        feature_id: wait.feature.to_string(),
        seconds: wait.seconds,
        until: wait.until.map(timestamp_message),
    }
}

pub(super) fn place(live: &Live, place: &Place, language: Language) -> v1::Place {
    let name = place.name.get(language).or_else(|| place.codes.first().map(String::as_str));
    let ordinal = live.snapshot.graph().storeys().get(place.level).map_or(0, |storey| storey.ordinal);
    v1::Place {
        id: place.id.to_string(),
        name: name.unwrap_or(&place.category).to_owned(),
        category: place.category.clone(),
        position: Some(position(place.lon_lat, ordinal)),
        ..v1::Place::default()
    }
}

mod questions;

pub(super) use questions::{leave_time, nearby, walking_time};

pub(super) fn found_place(live: &Live, found: &Found<'_>, now: Moment, language: Language) -> v1::Place {
    let walking_seconds = found.walk_ms.map(|millis| rounded(f64::from(millis) / 1_000.0, SECOND));
    v1::Place { walking_seconds, ..open::shown(live, found.place, now, language) }
}

pub(super) fn route(live: &Live, outcome: Outcome, language: Language) -> v1::FindRouteResponse {
    match outcome {
        Outcome::Found(mut route) => {
            let goal = route.goal.take();
            open::at_goal(live, goal, found(route), language)
        }
        Outcome::NotFound { reason, text, as_far_as } => v1::FindRouteResponse {
            as_far_as: as_far_as.map(|point| questions::as_far_as(*point)),
            ..not_found(live, &reason, text, language)
        },
    }
}

mod steps;

/// Returns a level's plan, without the plan where the client has it.
pub(super) fn level(plan: &LevelPlan, if_version: &str) -> v1::GetLevelResponse {
    let unchanged = plan.version == if_version;
    let geojson = if unchanged { String::new() } else { plan.geojson.clone() };
    v1::GetLevelResponse { version: plan.version.clone(), unchanged, geojson }
}

/// Answers tell metres and seconds in tenths, and degrees to about a millimetre.
pub(super) const METRE: f64 = 10.0;
pub(super) const SECOND: f64 = 10.0;
pub(super) const DEGREE: f64 = 1e8;

fn found(mut route: Route) -> v1::FindRouteResponse {
    let legs = std::mem::take(&mut route.legs);
    let alternatives = std::mem::take(&mut route.alternatives);
    let [start_off_m, goal_off_m] = [route.start_off_m, route.goal_off_m].map(|off_m| rounded(off_m, METRE));
    let v1::Way { length_m, seconds, steps, lines } = way(route);
    v1::FindRouteResponse {
        found: true,
        length_m,
        seconds,
        steps,
        lines,
        legs: legs.into_iter().map(questions::leg).collect(),
        alternatives: alternatives.into_iter().map(questions::alternative).collect(),
        start_off_m,
        goal_off_m,
        ..Default::default()
    }
}

fn way(route: Route) -> v1::Way {
    v1::Way {
        length_m: rounded(route.length_m, METRE),
        seconds: rounded(route.seconds, SECOND),
        steps: route.steps.into_iter().map(steps::step).collect(),
        lines: route.line.iter().map(line).collect(),
    }
}

fn line(line: &LevelLine) -> v1::LevelLine {
    let points = line.coordinates.iter().map(|point| position(*point, line.ordinal));
    v1::LevelLine { ordinal: line.ordinal, points: points.collect() }
}

/// Returns the answer that there is no way; closures are explained in the operator's words too.
fn not_found(live: &Live, reason: &Reason, text: String, language: Language) -> v1::FindRouteResponse {
    let (number, blocked_by) = match reason {
        Reason::Closed(features) => (v1::NoRouteReason::Closed, features.as_slice()),
        Reason::NoAccessibleWay => (v1::NoRouteReason::NotAccessible, [].as_slice()),
        Reason::Disconnected => (v1::NoRouteReason::Disconnected, [].as_slice()),
        Reason::ZoneForbidden(barrier) => (v1::NoRouteReason::Zone, barrier.feature.as_slice()),
        Reason::NotOpen { features, .. } => (v1::NoRouteReason::NotOpen, features.as_slice()),
    };
    let words = reasons(live, blocked_by);
    let reason_text = match language {
        _ if words.is_empty() => text,
        Language::En => format!("{text} ({})", words.join("; ")),
        Language::ZhCn => format!("{text}（{}）", words.join("；")),
    };
    v1::FindRouteResponse {
        reason: number as i32,
        reason_text,
        blocked_by: blocked_by.iter().map(ToString::to_string).collect(),
        ..Default::default()
    }
}

pub(super) fn position([longitude, latitude]: [f64; 2], ordinal: i32) -> v1::Position {
    v1::Position { longitude: rounded(longitude, DEGREE), latitude: rounded(latitude, DEGREE), ordinal }
}

/// Rounds to a part of a unit, finer than anybody walks: a number that a person reads.
pub(super) fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
