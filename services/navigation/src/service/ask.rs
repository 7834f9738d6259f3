//! From calls to questions and orders; every refusal names the field and the remedy.

use airside_api::navigation::v1;
use airside_kernel::Timestamp;
use airside_runtime::{auth::Caller, status::invalid, stored};
use airside_wayfinding::{
    FeatureId, Language, Pace, Profile, Rights, RouteRequest, Speed, Stop,
    route::{ALTERNATIVES_MAX, STAY_MAX_S, STOPS_MAX},
};
use jiff::SignedDuration;
use tonic::Status;

use crate::{
    decide::VenueCommand,
    model::{Closure, WAIT_MINUTES_MAX, WAIT_MINUTES_USUAL, Wait},
};

mod questions;

pub(super) use questions::{Leaving, leave_time, reachable, walking_times};

const MAX_QUERY_CHARS: usize = 64;
const MAX_PLACE_CHARS: usize = 128;
const DEFAULT_PLACES: usize = 20;
const MAX_PLACES: u32 = 100;

/// A search for places.
pub(super) struct Search<'a> {
    pub(super) words: &'a str,
    pub(super) language: Language,
    pub(super) limit: usize,
    /// Where one is, as `lon,lat,ordinal`.
    pub(super) near: Option<String>,
    pub(super) profile: Profile,
}

pub(super) fn search(request: &v1::SearchPlacesRequest) -> Result<Search<'_>, Status> {
    if request.query.chars().count() > MAX_QUERY_CHARS {
        return Err(invalid("query", "use at most 64 characters"));
    }
    let near = request.near.as_ref().map(|at| position("near", at)).transpose()?;
    Ok(Search {
        words: &request.query,
        language: language(request.language)?,
        limit: page(request.page_size)?,
        near,
        profile: profile(request.profile)?,
    })
}

fn page(page_size: u32) -> Result<usize, Status> {
    match page_size {
        0 => Ok(DEFAULT_PLACES),
        1..=MAX_PLACES => Ok(page_size as usize),
        asked => Err(invalid("page_size", format_args!("{asked} is too many; ask for 1 to 100"))),
    }
}

pub(super) fn route(request: &v1::FindRouteRequest) -> Result<RouteRequest, Status> {
    if request.via.len() > STOPS_MAX {
        return Err(invalid(
            "via",
            format_args!("{} stops are too many; ask for at most 8", request.via.len()),
        ));
    }
    if request.alternatives > u32::from(ALTERNATIVES_MAX) {
        return Err(invalid("alternatives", "ask for at most 3"));
    }
    if request.alternatives > 0 && !request.via.is_empty() {
        return Err(invalid("alternatives", "leave it out where there are stops"));
    }
    Ok(RouteRequest {
        from: end("from", request.from.as_ref())?,
        to: end("to", request.to.as_ref())?,
        profile: profile(request.profile)?,
        speed: speed(request.pace, request.walking_speed_mps)?,
        language: language(request.language)?,
        via: request.via.iter().enumerate().map(stop).collect::<Result<_, _>>()?,
        any_order: request.any_order,
        alternatives: u8::try_from(request.alternatives).unwrap_or(ALTERNATIVES_MAX),
        ..RouteRequest::default()
    })
}

fn stop((index, stop): (usize, &v1::Stop)) -> Result<Stop, Status> {
    let stay_s = stop.stay_minutes.saturating_mul(60);
    if stay_s > STAY_MAX_S {
        return Err(invalid(&format!("via[{index}].stay_minutes"), "stay at most 1440 minutes"));
    }
    Ok(Stop { at: end(&format!("via[{index}].at"), stop.at.as_ref())?, stay_s })
}

/// Returns an order to close or open that is given now.
pub(super) fn closure(request: &v1::SetClosureRequest, now: Timestamp) -> Result<VenueCommand, Status> {
    let feature = FeatureId::parse(&request.feature_id)
        .ok_or_else(|| invalid("feature_id", "use the id of a feature of the map"))?;
    if !request.closed {
        return Ok(VenueCommand::Lift { feature });
    }
    let reason = request.reason.parse().map_err(|error| invalid("reason", error))?;
    let expected_until = moment("expected_until", request.expected_until.as_ref())?;
    if expected_until.is_some_and(|until| until <= now) {
        return Err(invalid("expected_until", "it has passed; say a later time, or leave it out"));
    }
    Ok(VenueCommand::Close(Closure { feature, reason, expected_until }))
}

/// Returns a report of a wait that is made now.
pub(super) fn wait(request: &v1::SetWaitRequest, now: Timestamp) -> Result<VenueCommand, Status> {
    let feature = FeatureId::parse(&request.feature_id)
        .ok_or_else(|| invalid("feature_id", "use the id of a checkpoint or a lift of the map"))?;
    let minutes = match request.valid_minutes {
        0 => WAIT_MINUTES_USUAL,
        1..=WAIT_MINUTES_MAX => request.valid_minutes,
        asked => {
            let problem =
                format_args!("{asked} are more than a day; use 1 to {WAIT_MINUTES_MAX}, or 0 for 30");
            return Err(invalid("valid_minutes", problem));
        }
    };
    let until = (request.seconds > 0).then(|| now + SignedDuration::from_mins(minutes.into()));
    let wait = Wait::new(feature, request.seconds, until).map_err(|error| invalid("seconds", error))?;
    Ok(VenueCommand::Report(wait))
}

/// Returns what one may pass; staff's rights are for callers of the staff.
pub(super) fn rights(number: i32, caller: &Caller) -> Result<Rights, Status> {
    match v1::Rights::try_from(number) {
        Ok(v1::Rights::Unspecified | v1::Rights::Passenger) => Ok(Rights::Passenger),
        Ok(v1::Rights::Visitor) => Ok(Rights::Visitor),
        Ok(v1::Rights::Staff) if matches!(caller, Caller::Staff { .. }) => Ok(Rights::Staff),
        Ok(v1::Rights::Staff) => {
            Err(Status::permission_denied("rights: RIGHTS_STAFF is for staff; call with a staff token"))
        }
        Err(_) => Err(invalid("rights", "use RIGHTS_VISITOR, RIGHTS_PASSENGER or RIGHTS_STAFF")),
    }
}

pub(super) fn depart(request: &v1::FindRouteRequest) -> Result<Option<Timestamp>, Status> {
    moment("depart", request.depart.as_ref())
}

fn moment(field: &str, at: Option<&prost_types::Timestamp>) -> Result<Option<Timestamp>, Status> {
    let read = |at| stored::timestamp(at).ok_or_else(|| invalid(field, "it lies outside the calendar"));
    at.map(read).transpose()
}

/// Returns one end of a route as a reference to a place or `lon,lat,ordinal`.
pub(super) fn end(field: &str, end: Option<&v1::RouteEnd>) -> Result<String, Status> {
    match end.and_then(|end| end.end.as_ref()) {
        None => Err(invalid(field, "say a place or a position")),
        Some(v1::route_end::End::Place(place)) => reference(&format!("{field}.place"), place),
        Some(v1::route_end::End::Position(at)) => position(&format!("{field}.position"), at),
    }
}

fn reference(field: &str, place: &str) -> Result<String, Status> {
    if (1..=MAX_PLACE_CHARS).contains(&place.trim().chars().count()) {
        Ok(place.to_owned())
    } else {
        Err(invalid(field, "use a feature id, name or code of 1 to 128 characters"))
    }
}

fn position(field: &str, at: &v1::Position) -> Result<String, Status> {
    degrees(&format!("{field}.longitude"), at.longitude, 180.0)?;
    degrees(&format!("{field}.latitude"), at.latitude, 90.0)?;
    Ok(format!("{},{},{}", at.longitude, at.latitude, at.ordinal))
}

fn degrees(field: &str, value: f64, limit: f64) -> Result<(), Status> {
    if value.is_finite() && value.abs() <= limit {
        Ok(())
    } else {
        Err(invalid(
            field,
            format_args!("{value} is no position; use degrees (WGS 84) from -{limit} to {limit}"),
        ))
    }
}

pub(super) fn language(number: i32) -> Result<Language, Status> {
    match v1::Language::try_from(number) {
        Ok(v1::Language::Unspecified | v1::Language::En) => Ok(Language::En),
        Ok(v1::Language::ZhCn) => Ok(Language::ZhCn),
        Err(_) => Err(invalid("language", "use LANGUAGE_EN or LANGUAGE_ZH_CN")),
    }
}

pub(crate) fn profile(number: i32) -> Result<Profile, Status> {
    match v1::Profile::try_from(number) {
        Ok(v1::Profile::Unspecified | v1::Profile::Walk) => Ok(Profile::Walk),
        Ok(v1::Profile::Wheelchair) => Ok(Profile::Wheelchair),
        Ok(v1::Profile::TrolleyOrStroller) => Ok(Profile::TrolleyOrStroller),
        Ok(v1::Profile::AvoidStairs) => Ok(Profile::AvoidStairs),
        Ok(v1::Profile::AvoidEscalators) => Ok(Profile::AvoidEscalators),
        Err(_) => Err(invalid(
            "profile",
            "use PROFILE_WALK, PROFILE_WHEELCHAIR, PROFILE_TROLLEY_OR_STROLLER, PROFILE_AVOID_STAIRS or \
             PROFILE_AVOID_ESCALATORS",
        )),
    }
}

pub(crate) fn speed(pace: i32, walking_speed_mps: f64) -> Result<Speed, Status> {
    let pace = match v1::Pace::try_from(pace) {
        Ok(v1::Pace::Unspecified) => None,
        Ok(v1::Pace::Slow) => Some(Pace::Slow),
        Ok(v1::Pace::Normal) => Some(Pace::Normal),
        Ok(v1::Pace::Brisk) => Some(Pace::Brisk),
        Err(_) => return Err(invalid("pace", "use PACE_SLOW, PACE_NORMAL or PACE_BRISK")),
    };
    match (pace, walking_speed_mps) {
        (pace, 0.0) => Ok(Speed::Pace(pace.unwrap_or_default())),
        (Some(_), _) => Err(invalid("walking_speed_mps", "leave it out, or leave out the pace")),
        (None, mps) => Speed::own(mps)
            .ok_or_else(|| invalid("walking_speed_mps", format_args!("{mps} is no walk; use 0.3 to 3.0"))),
    }
}
