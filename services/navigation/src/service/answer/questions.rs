//! From walking times, stops, other ways and times to leave to messages.

use airside_api::navigation::v1;
use airside_runtime::stored::timestamp_message;
use airside_wayfinding::{
    Language, Moment,
    reach::WalkingTime,
    route::{Alternative, AsFarAs, Leg},
};

use super::{METRE, SECOND, found_place, line, not_found, place, position, rounded, way};
use crate::{
    leave::{Certainty, Way},
    project::Live,
    venues::{Departure, Nearby},
};

pub(super) fn leg(leg: Leg) -> v1::Leg {
    v1::Leg {
        length_m: rounded(leg.length_m, METRE),
        seconds: rounded(leg.seconds, SECOND),
        first_step: u32::try_from(leg.first_step).unwrap_or(u32::MAX),
        stop: leg.stop.and_then(|stop| u32::try_from(stop).ok()),
        stay_minutes: leg.stay_s / 60,
        place_id: leg.place.map(|place| place.to_string()).unwrap_or_default(),
    }
}

pub(super) fn alternative(other: Alternative) -> v1::Alternative {
    v1::Alternative { text: other.text, way: Some(way(other.route)) }
}

pub(super) fn as_far_as(point: AsFarAs) -> v1::AsFarAs {
    let position = position(point.lon_lat, point.ordinal);
    v1::AsFarAs { text: point.text, position: Some(position), way: Some(way(point.route)) }
}

pub(in crate::service) fn walking_time(
    live: &Live,
    time: WalkingTime<'_>,
    language: Language,
) -> v1::WalkingTime {
    let place = time.place.map(|found| place(live, found, language));
    match time.walk {
        Ok(millis) => v1::WalkingTime {
            place,
            found: true,
            seconds: rounded(f64::from(millis) / 1_000.0, SECOND),
            ..Default::default()
        },
        Err((reason, text)) => {
            let why = not_found(live, &reason, text, language);
            v1::WalkingTime {
                place,
                reason: why.reason,
                reason_text: why.reason_text,
                blocked_by: why.blocked_by,
                ..Default::default()
            }
        }
    }
}

pub(in crate::service) fn nearby(
    live: &Live,
    nearby: &Nearby<'_>,
    now: Moment,
    language: Language,
) -> v1::GetReachableResponse {
    v1::GetReachableResponse {
        places: nearby.places.iter().map(|found| found_place(live, found, now, language)).collect(),
        lines: nearby.lines.iter().map(line).collect(),
        truncated: nearby.truncated,
    }
}

pub(in crate::service) fn leave_time(
    live: &Live,
    departure: Departure<'_>,
    language: Language,
) -> v1::GetLeaveTimeResponse {
    let gate = departure.gate.map(|gate| place(live, gate, language));
    let named = gate.as_ref().map_or_else(String::new, |gate| gate.name.clone());
    let flight = departure.flight.unwrap_or_default();
    let way = match departure.way {
        Ok(way) => way,
        Err(outcome) => {
            let why = super::route(live, outcome, language);
            return v1::GetLeaveTimeResponse {
                reason: why.reason,
                text: why.reason_text.clone(),
                reason_text: why.reason_text,
                blocked_by: why.blocked_by,
                gate,
                flight,
                ..Default::default()
            };
        }
    };
    let told = v1::GetLeaveTimeResponse {
        found: true,
        text: departure.leave.map_or_else(
            || on_foot(&way, &named, language),
            |leave| leave.text(&way, &named, &flight, language),
        ),
        gate,
        flight,
        walking_seconds: rounded(way.walking_s, SECOND),
        waiting_seconds: rounded(way.waiting_s, SECOND),
        reserve_seconds: rounded(way.reserve_s(), SECOND),
        ..Default::default()
    };
    let Some(leave) = departure.leave else { return told };
    v1::GetLeaveTimeResponse {
        departure: Some(timestamp_message(leave.departure)),
        boarding: Some(timestamp_message(leave.boarding)),
        gate_closes: Some(timestamp_message(leave.closes)),
        leave_by: leave.leave_by.map(timestamp_message),
        certainty: certainty(leave.certainty) as i32,
        too_late: leave.too_late,
        ..told
    }
}

fn certainty(certainty: Certainty) -> v1::LeaveCertainty {
    match certainty {
        Certainty::Scheduled => v1::LeaveCertainty::Scheduled,
        Certainty::Estimated => v1::LeaveCertainty::Estimated,
        Certainty::Boarding => v1::LeaveCertainty::Boarding,
        Certainty::FinalCall => v1::LeaveCertainty::FinalCall,
        Certainty::Gone => v1::LeaveCertainty::Gone,
        Certainty::Cancelled => v1::LeaveCertainty::Cancelled,
    }
}

fn on_foot(way: &Way, gate: &str, language: Language) -> String {
    let minutes = way.minutes();
    match language {
        Language::En => format!("{minutes} min to {gate}; no flight is known to leave from it"),
        Language::ZhCn => format!("到{gate}约{minutes}分钟；暂无从该处出发的航班"),
    }
}
