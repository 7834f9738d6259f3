//! Which journey an observation belongs to. Pure.
//!
//! Rule version 4. An observation fits a journey of its plate
//! - by flight: both name the same flight of the same day, or
//! - by place: its time lies in the journey's window and the journey is known to
//!   touch the station. What an airline says anew or takes back for other flights
//!   than a journey's does not fit it, unless it says so of the same passenger, who
//!   takes another flight; a change (CHG) does.
//!
//! The window of a journey goes from thirty hours before the day of its first flight
//! to four days after that of its last (a day of flying and time zones, a day, and 48
//! hours); without a flight it is two days, a day for a fallback tag, and at most
//! five. What its passenger has, and what nobody took from the belt for four hours and so
//! is taken to be with them, is seen again for 48 hours, but not on its way out
//! elsewhere; what is reported missing for as long as the plate remembers.
//!
//! A fit by flight goes before a fit by place, and among several the one that the
//! airline has not cancelled. One fit: attach. None: open a journey, provisional when a
//! scan opens it. Two or more: quarantine, attached to neither. It never guesses. A scan
//! for another flight at the right place is a bag gone astray, and still this bag.
//!
//! An announcement of another passenger than a journey's never fits that journey,
//! whatever flight it names. When the journey is under way, two bags wear one plate:
//! the announcement begins its own journey, and the collision is a fact. What a flight
//! does, and what is judged of it, opens no journey. A link that a message tells is of
//! the journey that the rest of the message spoke of.

use airside_api::baggage::v1::{AnnouncementChange, Stage};
use airside_kernel::Timestamp;
use jiff::{SignedDuration, civil::Date, tz::TimeZone};

use super::{Known, Rejection};
use crate::{
    journey::{Journey, Plate, Status, is_outward, rank, stage_of},
    model::{Content, DatedFlight, JourneyId, Observation, PlateKind},
};

/// A bag may be seen this long before the day of its flight begins.
const BEFORE_FLIGHT_DAY: SignedDuration = SignedDuration::from_hours(30);
/// A bag may be seen this long after the day of its flight began.
const AFTER_FLIGHT_DAY: SignedDuration = SignedDuration::from_hours(4 * 24);
/// A journey that is without a flight, or over, may be seen again for this long.
const STILL_NEAR: SignedDuration = SignedDuration::from_hours(48);
/// What lay on the belt for this long is with its passenger.
const ON_BELT: SignedDuration = SignedDuration::from_hours(4);
/// A fallback tag without a flight may be seen again for this long: no message will tell more of it.
const FALLBACK_NEAR: SignedDuration = SignedDuration::from_hours(24);
/// No journey without a flight lasts longer: a bag that is seen every day is a test bag.
const WITHOUT_FLIGHT: SignedDuration = SignedDuration::from_hours(5 * 24);

/// What is to be placed.
pub(super) struct Asked<'a> {
    pub(super) observation: &'a Observation,
    pub(super) content: &'a Content,
    pub(super) known: &'a Known,
}

/// Where an observation belongs.
pub(super) enum Place<'a> {
    In(&'a Journey),
    New { collides: Option<JourneyId> },
    Ambiguous(Vec<JourneyId>),
}

pub(super) fn place<'a>(plate: &'a Plate, asked: &Asked<'_>) -> Result<Place<'a>, Rejection> {
    if let Content::Linked(link) = asked.content
        && link.journey != JourneyId::default()
    {
        let journey = link.journey;
        return plate.journey(journey).map(Place::In).ok_or(Rejection::UnknownJourney { journey });
    }
    if let (Content::Linked(_), Some(journey)) = (asked.content, told_with(plate, asked.observation)) {
        return Ok(Place::In(journey));
    }
    let strangers = &asked.known.strangers;
    let mine = || plate.journeys.iter().filter(|journey| !strangers.contains(&journey.id));
    let mut fits: Vec<_> = mine().filter(|journey| fits_by_flight(journey, asked.content)).collect();
    if fits.is_empty() {
        fits.extend(mine().filter(|journey| fits_by_place(journey, asked)));
    }
    if fits.len() > 1 && fits.iter().any(|journey| !journey.status().is_cancelled()) {
        fits.retain(|journey| !journey.status().is_cancelled());
    }
    match fits.as_slice() {
        [] if matches!(
            asked.content,
            Content::FlightTurned(_) | Content::ConnectionJudged(_) | Content::Linked(_)
        ) =>
        {
            Err(Rejection::NoJourney)
        }
        [] => Ok(Place::New { collides: collides(plate, asked) }),
        [one] => Ok(Place::In(one)),
        several => Ok(Place::Ambiguous(several.iter().map(|journey| journey.id).collect())),
    }
}

/// Returns the journey of which the same message spoke last before.
fn told_with<'a>(plate: &'a Plate, link: &Observation) -> Option<&'a Journey> {
    let sent = link.cause.as_ref()?;
    let index = |one: &Observation| {
        let cause = one.cause.as_ref()?;
        let is_earlier =
            (&cause.stream, cause.revision) == (&sent.stream, sent.revision) && cause.index < sent.index;
        is_earlier.then_some(cause.index)
    };
    let spoken = plate.journeys.iter().filter_map(|journey| {
        let last = journey.observations().filter_map(|(one, _)| index(one)).max()?;
        Some((last, journey))
    });
    spoken.max_by_key(|(last, _)| *last).map(|(_, journey)| journey)
}

/// Returns the journey of another passenger that is under way with this plate, if one is.
fn collides(plate: &Plate, asked: &Asked<'_>) -> Option<JourneyId> {
    let strangers = plate.journeys.iter().filter(|journey| asked.known.strangers.contains(&journey.id));
    let mut active = strangers.filter(|journey| {
        !journey.is_over()
            && (fits_by_flight(journey, asked.content)
                || is_in_window(journey, asked.observation.happened_at(), STILL_NEAR))
    });
    active.next().map(|journey| journey.id)
}

fn fits_by_flight(journey: &Journey, content: &Content) -> bool {
    content.flights().any(|named| journey.flights().any(|flight| flight == named))
}

fn fits_by_place(journey: &Journey, asked: &Asked<'_>) -> bool {
    let is_own = asked.known.own.contains(&journey.id);
    let contradicts = match asked.content {
        Content::Announced(announcement) if announcement.change != AnnouncementChange::Changed => {
            !is_own && !announcement.legs.is_empty() && !journey.legs().is_empty()
        }
        Content::FlightTurned(_) | Content::ConnectionJudged(_) => true,
        Content::Scanned(sighting) => {
            let status = journey.status();
            is_outward(stage_of(sighting.point))
                && status.station != Some(asked.observation.station)
                && rank(status.stage) >= rank(Stage::OnBelt)
                && lies_since_long(&status, asked.observation.happened_at())
        }
        _ => false,
    };
    let is_fallback = asked.known.kind == Some(PlateKind::Fallback);
    let near = if is_fallback { FALLBACK_NEAR } else { STILL_NEAR };
    !contradicts
        && (is_own || journey.touches(asked.observation.station))
        && is_in_window(journey, asked.observation.happened_at(), near)
}

fn is_in_window(journey: &Journey, at: Timestamp, near: SignedDuration) -> bool {
    let within =
        |other: Option<Timestamp>, span| other.is_some_and(|other| at.duration_since(other).abs() <= span);
    let is_near = || within(journey.first_at(), near) || within(journey.last_at(), near);
    if journey.is_sought() {
        return true;
    }
    if journey.flights().next().is_none() {
        return is_near() && within(journey.first_at(), WITHOUT_FLIGHT);
    }
    let is_around = |start: Timestamp| {
        let since = at.duration_since(start);
        -BEFORE_FLIGHT_DAY <= since && since <= AFTER_FLIGHT_DAY
    };
    journey.flights().any(|flight| start_of(&flight).is_some_and(is_around))
        && (!has_ended(journey, at) || is_near())
}

/// Whether its passenger has it, or is taken to have it.
fn has_ended(journey: &Journey, at: Timestamp) -> bool {
    let lies = || {
        let status = journey.status();
        status.stage == Stage::OnBelt && lies_since_long(&status, at)
    };
    journey.is_over() || lies()
}

/// Whether nothing was seen of a bag for so long that, if it lay on a belt, somebody took it.
fn lies_since_long(status: &Status, at: Timestamp) -> bool {
    status.seen_at.is_some_and(|seen| at.duration_since(seen) > ON_BELT)
}

fn start_of(flight: &DatedFlight) -> Option<Timestamp> {
    let day: Date = flight.date;
    day.to_zoned(TimeZone::UTC).ok().map(|start| start.timestamp())
}
