//! Whether a bag may go on a flight. Pure.
//!
//! A plate may be worn by several bags within days. The journey that is meant is
//! the one that is under way; when two are under way around the flight's day, the
//! tag does not tell which bag is at hand, and the answer is no. It never guesses.
//!
//! Every obstacle is named, the gravest first. What concerns which flight it
//! belongs on hides the rest, because the rest was said of another flight.

use airside_api::baggage::v1::{
    self as api, Authority, BagException, LoadReason, LoadingStep, PassengerState, Screening, Stage,
};
use serde::Deserialize;

use super::{Standing, loads::FlightLoad};
use crate::{
    journey::{Journey, Plate},
    model::{DatedFlight, LicencePlate},
};

/// What an airport asks before a bag may be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadPolicy {
    /// The airline must have given the authority to load; without it silence is consent. Default true.
    pub needs_authority: bool,
    /// Screening must have cleared the bag; without it no result is consent. What
    /// screening did not clear, or rejected, is never loaded. Default false.
    pub needs_clearance: bool,
    /// The passenger must be on board, unless the bag may travel alone. Default false.
    pub needs_boarded: bool,
}

impl Default for LoadPolicy {
    fn default() -> Self {
        Self { needs_authority: true, needs_clearance: false, needs_boarded: false }
    }
}

/// The answer to whether a bag may go on a flight.
#[derive(Debug)]
pub struct Decision<'a> {
    /// How the journey that was judged stands; `None` when there is none or it cannot be told which.
    pub standing: Option<Standing<'a>>,
    /// Why not, the gravest first; empty when it may.
    pub obstacles: Vec<LoadReason>,
}

/// Decides whether the bag that wears a plate may go on a flight.
pub fn decide<'a>(
    plate: LicencePlate,
    worn: Option<&'a Plate>,
    flight: DatedFlight,
    load: &FlightLoad,
    policy: LoadPolicy,
) -> Decision<'a> {
    let refused = |reason| Decision { standing: None, obstacles: vec![reason] };
    let journey = match worn.map_or(Meant::Nothing, |worn| meant(plate, worn, flight)) {
        Meant::Nothing => return refused(LoadReason::UnknownBag),
        Meant::Several => return refused(LoadReason::AmbiguousPlate),
        Meant::One(journey) => journey,
    };
    let standing = Standing::now(plate, journey);
    let obstacles = match whither(&standing, flight) {
        Some(reason) => vec![reason],
        None => obstacles(&standing, load, policy),
    };
    Decision { standing: Some(standing), obstacles }
}

/// Returns why a bag that is on a flight, or in a container for it, must come off; nothing when it may stay.
pub fn must_come_off(
    standing: &Standing<'_>,
    flight: DatedFlight,
    load: &FlightLoad,
    policy: LoadPolicy,
) -> Vec<LoadReason> {
    match whither(standing, flight) {
        Some(reason) => vec![reason],
        // That a flight is closed or has left keeps bags off it and none from staying.
        None => obstacles(standing, &load.as_if_open(), policy),
    }
}

/// Returns an obstacle in words, with what to do about it.
pub fn obstacle(reason: LoadReason) -> api::LoadObstacle {
    let (words, remedy) = match reason {
        LoadReason::Unspecified => ("", ""),
        LoadReason::UnknownBag => (
            "nothing tells which flight this bag belongs on",
            "read the tag again, all ten digits; then ask the airline for its data",
        ),
        LoadReason::AmbiguousPlate => (
            "two bags wear this tag number at one time",
            "set the bag aside and compare name and flight on the tag; an operator settles it",
        ),
        LoadReason::AnotherFlight => {
            ("the bag belongs on another flight", "send it to the flight in the answer's status")
        }
        LoadReason::LoadedElsewhere => (
            "the bag was read on board another flight",
            "look whether two bags wear this tag number; tell that flight's crew",
        ),
        LoadReason::JourneyOver => (
            "the bag has arrived and its journey is over",
            "send it to lost and found; it needs a new tag to fly",
        ),
        LoadReason::FlightCancelled => {
            ("the flight does not operate", "keep the bag until the airline names another flight")
        }
        LoadReason::FlightDeparted => {
            ("the flight has left", "keep the bag; it needs a rush tag for the next flight")
        }
        LoadReason::FlightClosed => {
            ("the loading of the flight is closed", "ask the load controller to open it, or keep the bag")
        }
        LoadReason::AuthorityRevoked => {
            ("the airline deleted this bag", "set the bag aside and ask the airline")
        }
        LoadReason::AuthorityWithheld => (
            "the airline withholds the authority to load",
            "wait for a change of its message, or ask the airline",
        ),
        LoadReason::AuthorityAbsent => (
            "the airline has not given the authority to load",
            "ask the airline for its message; load only when it says so",
        ),
        LoadReason::NotCleared => ("the bag is not cleared to fly", "send it back to screening"),
        LoadReason::UnloadRequested => (
            "the airline asked for this bag to be unloaded, or it was taken off",
            "keep it off until the airline gives the authority again",
        ),
        LoadReason::PassengerNotBoarded => {
            ("its passenger is not on board", "load it when the passenger has boarded")
        }
    };
    api::LoadObstacle { reason: reason.into(), words: words.to_owned(), remedy: remedy.to_owned() }
}

/// Which journey of a plate is meant.
enum Meant<'a> {
    Nothing,
    One(&'a Journey),
    Several,
}

fn meant(plate: LicencePlate, worn: &Plate, flight: DatedFlight) -> Meant<'_> {
    if let [one] = worn.journeys.as_slice() {
        return Meant::One(one);
    }
    let counts = |journey: &&Journey| is_under_way(plate, worn, journey);
    let under_way: Vec<_> = worn.journeys.iter().filter(counts).collect();
    let around = |journey: &&&Journey| journey.flights().any(|named| is_near(named, flight));
    let near: Vec<_> = under_way.iter().filter(around).collect();
    match (near.as_slice(), under_way.as_slice()) {
        ([one], _) => Meant::One(one),
        ([_, ..], _) => Meant::Several,
        ([], [one]) => Meant::One(one),
        ([], _) => worn.newest_journey().map_or(Meant::Nothing, Meant::One),
    }
}

/// Whether a bag may be at hand. One that was deleted is there still when it was seen; that counts
/// where another passenger's bag wears the plate too.
fn is_under_way(plate: LicencePlate, worn: &Plate, journey: &Journey) -> bool {
    let status = Standing::now(plate, journey).status;
    let is_gone = status.is_cancelled() && !(status.seen_at.is_some() && worn.collides(journey.id));
    !is_gone && !is_over(status.stage)
}

fn is_over(stage: Stage) -> bool {
    matches!(stage, Stage::Arrived | Stage::OnBelt | Stage::Collected)
}

fn is_near(one: DatedFlight, other: DatedFlight) -> bool {
    one.date.duration_since(other.date).abs() <= jiff::SignedDuration::from_hours(24)
}

/// Returns why a bag belongs elsewhere than on a flight, if it does.
fn whither(standing: &Standing<'_>, flight: DatedFlight) -> Option<LoadReason> {
    let Standing { journey, status, put_on, .. } = standing;
    if is_over(status.stage) {
        return Some(LoadReason::JourneyOver);
    }
    if journey.legs().is_empty() && status.flight.is_none() {
        return Some(LoadReason::UnknownBag);
    }
    if !standing.leaves_on(flight) {
        return Some(LoadReason::AnotherFlight);
    }
    let is_on_board = matches!(status.stage, Stage::OnAircraft | Stage::Departed);
    let is_before = |other: DatedFlight| {
        let place = |flight| journey.legs().iter().position(|leg| leg.flight == flight);
        place(other).is_some_and(|other| Some(other) < place(flight))
    };
    // A flight that brought it here left it here, though nobody read it coming off.
    put_on.filter(|on| is_on_board && *on != flight && !is_before(*on)).map(|_| LoadReason::LoadedElsewhere)
}

fn obstacles(standing: &Standing<'_>, load: &FlightLoad, policy: LoadPolicy) -> Vec<LoadReason> {
    let status = &standing.status;
    let is_closed = matches!(load.step(), LoadingStep::Closed | LoadingStep::Matched);
    let authority = match status.authority {
        Authority::Revoked => Some(LoadReason::AuthorityRevoked),
        Authority::Withheld => Some(LoadReason::AuthorityWithheld),
        Authority::Unspecified if policy.needs_authority => Some(LoadReason::AuthorityAbsent),
        Authority::Unspecified | Authority::Load | Authority::Transport => None,
    };
    let is_cleared = match status.screening {
        Screening::Cleared => true,
        Screening::Unspecified | Screening::Pending => !policy.needs_clearance,
        Screening::Uncleared | Screening::Rejected => false,
    };
    // What on board follows from something else is told as that.
    let is_aboard = status.stage == Stage::OnAircraft;
    let flies_alone =
        is_aboard && matches!(status.passenger, PassengerState::NotBoarded | PassengerState::Standby);
    let is_explained = is_aboard
        && (flies_alone || status.authority == Authority::Revoked || status.screening == Screening::Rejected);
    let must_be_off =
        standing.is_taken_off || (status.exception == BagException::OffloadRequired && !is_explained);
    let lacks_passenger = (flies_alone
        || (policy.needs_boarded && status.passenger != PassengerState::Boarded))
        && status.authority != Authority::Transport;
    let has_left = load.has_left(status.station);
    let when = |is: bool, reason| is.then_some(reason);
    [
        when(load.is_cancelled, LoadReason::FlightCancelled),
        when(has_left, LoadReason::FlightDeparted),
        when(is_closed && !has_left, LoadReason::FlightClosed),
        authority,
        when(!is_cleared, LoadReason::NotCleared),
        when(must_be_off, LoadReason::UnloadRequested),
        when(lacks_passenger, LoadReason::PassengerNotBoarded),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests;
