//! From calls to questions besides that for a route.

use airside_api::navigation::v1;
use airside_runtime::status::invalid;
use airside_wayfinding::{Language, RouteRequest, Who};
use tonic::Status;

use super::{end, language, page, profile, reference, speed};
use crate::venues::Times;

const MAX_TIMES: usize = 100;
const MAX_MINUTES: u32 = 60;

/// What times are asked of, and for whom.
pub(in crate::service) struct FromHere<T> {
    pub(in crate::service) from: String,
    pub(in crate::service) asked: T,
    pub(in crate::service) who: Who,
    pub(in crate::service) language: Language,
}

/// What one is to catch.
pub(in crate::service) enum Leaving {
    Flight(String),
    Gate,
}

pub(in crate::service) fn walking_times(
    request: &v1::GetWalkingTimesRequest,
) -> Result<FromHere<Times>, Status> {
    let asked = match (request.places.as_slice(), request.kind.trim()) {
        ([], "") => return Err(invalid("places", "say up to 100 places, or a kind")),
        ([], kind) => Times::Kind(reference("kind", kind)?, page(request.page_size)?),
        (places, "") if places.len() > MAX_TIMES => {
            return Err(invalid(
                "places",
                format_args!("{} are too many; ask for at most 100", places.len()),
            ));
        }
        (places, "") => {
            let places = places.iter().enumerate();
            let named = places.map(|(index, place)| reference(&format!("places[{index}]"), place));
            Times::Places(named.collect::<Result<_, _>>()?)
        }
        _ => return Err(invalid("kind", "leave it out, or leave out the places")),
    };
    Ok(FromHere {
        from: end("from", request.from.as_ref())?,
        asked,
        who: who(request.profile, request.pace, request.walking_speed_mps)?,
        language: language(request.language)?,
    })
}

/// Returns the question and the time in milliseconds.
pub(in crate::service) fn reachable(request: &v1::GetReachableRequest) -> Result<FromHere<u32>, Status> {
    if !(1..=MAX_MINUTES).contains(&request.minutes) {
        return Err(invalid("minutes", format_args!("{} is out of range; use 1 to 60", request.minutes)));
    }
    Ok(FromHere {
        from: end("from", request.from.as_ref())?,
        asked: request.minutes * 60_000,
        who: who(request.profile, request.pace, request.walking_speed_mps)?,
        language: language(request.language)?,
    })
}

/// Returns the question as one for a route, which ends at the gate where one is named.
pub(in crate::service) fn leave_time(
    request: &v1::GetLeaveTimeRequest,
) -> Result<(RouteRequest, Leaving), Status> {
    use v1::get_leave_time_request::To;
    let (to, leaving) = match &request.to {
        Some(To::Flight(number)) => (String::new(), Leaving::Flight(reference("flight", number)?)),
        Some(To::Gate(gate)) => (reference("gate", gate)?, Leaving::Gate),
        None => return Err(invalid("flight", "say a flight or a gate")),
    };
    let who = who(request.profile, request.pace, request.walking_speed_mps)?;
    let asked = RouteRequest {
        from: end("from", request.from.as_ref())?,
        to,
        profile: who.profile,
        speed: who.speed,
        language: language(request.language)?,
        ..RouteRequest::default()
    };
    Ok((asked, leaving))
}

fn who(number: i32, pace: i32, walking_speed_mps: f64) -> Result<Who, Status> {
    Ok(Who { profile: profile(number)?, speed: speed(pace, walking_speed_mps)?, ..Who::default() })
}
