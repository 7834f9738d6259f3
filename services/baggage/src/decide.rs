//! Which journey an observation belongs to, and what that changes. Pure.
//!
//! Rule version 1. An observation fits a journey of its plate
//! - by flight: both name the same flight of the same day, or
//! - by place: its time lies in the journey's window and the journey is known to
//!   touch the station. What an airline says anew or takes back for other flights
//!   than a journey's does not fit it; a change (CHG) does.
//!
//! A fit by flight goes before a fit by place, and among several the one that the
//! airline has not cancelled. One fit: attach. None: open a journey, provisional
//! when a scan opens it. Two or more: quarantine, attached to neither. It never
//! guesses. A scan for another flight at the right place is a bag gone astray,
//! and still this bag.

use airside_api::baggage::v1::{AnnouncementChange, Stage};
use airside_kernel::{Classified, Code, Decider, Timestamp};
use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use thiserror::Error;

use crate::{
    events::BagEvent,
    journey::{CROWD, Journey, KEPT, Plate, Status},
    model::{Content, DatedFlight, JourneyId, Observation},
};

/// The version of the rule above.
pub const RULE_VERSION: u32 = 1;
/// How far a reader's clock may be ahead.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(1);
/// A bag may be seen this long before the day of its flight begins.
const BEFORE_FLIGHT_DAY: SignedDuration = SignedDuration::from_hours(30);
/// A bag may be seen this long after the day of its flight began.
const AFTER_FLIGHT_DAY: SignedDuration = SignedDuration::from_hours(4 * 24);
/// A journey that is without a flight, or over, may be seen again for this long.
const STILL_NEAR: SignedDuration = SignedDuration::from_hours(48);
/// No journey without a flight lasts longer: a bag that is seen every day is a test bag.
const WITHOUT_FLIGHT: SignedDuration = SignedDuration::from_hours(5 * 24);

/// The rules of one plate.
#[derive(Debug)]
pub struct Bag;

/// An order to a plate.
#[derive(Debug, Clone)]
pub enum Command {
    /// Record what was observed.
    Observe(Observe),
}

impl From<Observe> for Command {
    fn from(observe: Observe) -> Self {
        Self::Observe(observe)
    }
}

/// An observation to be recorded.
#[derive(Debug, Clone)]
pub struct Observe {
    /// The part that all observations share.
    pub observation: Observation,
    /// What was seen or said.
    pub content: Content,
    /// The journey to open if none fits.
    pub new_journey: JourneyId,
}

/// Why an observation is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rejection {
    /// It is recorded already.
    #[error("observation {id} is recorded already")]
    Duplicate {
        /// Its id.
        id: String,
    },
    /// It lies before all that the plate remembers, so a repeat could not be told.
    #[error("observed_at: {observed_at} is more than ten days ago; check the reader's clock")]
    TooOld {
        /// Its time.
        observed_at: Timestamp,
    },
    /// The plate has more observations than any bag makes.
    #[error("plate has {} observations in ten days; look for a reader that repeats itself", CROWD)]
    Crowded,
    /// Its time has not come yet.
    #[error("observed_at: {observed_at} is more than an hour ahead of our clock; check the reader's clock")]
    Future {
        /// Its time.
        observed_at: Timestamp,
    },
}

impl Classified for Rejection {
    fn code(&self) -> Code {
        Code::InvalidArgument
    }
}

impl Decider for Bag {
    type Command = Command;
    type Event = BagEvent;
    type State = Plate;
    type Rejection = Rejection;

    fn decide(plate: &Plate, command: Command) -> Result<Vec<BagEvent>, Rejection> {
        let Command::Observe(Observe { observation, mut content, new_journey }) = command;
        refuse(plate, &observation)?;
        let observation_id = observation.id.clone();
        let (journey, known) = match place(plate, &observation, &content) {
            Place::In(known) => (known.id, Some(known)),
            Place::New => (new_journey, None),
            Place::Ambiguous(candidates) => {
                if let Content::Announced(announcement) = &mut content {
                    announcement.forget_persons();
                }
                let (code, rule_version) = ("ambiguous-tag".to_owned(), RULE_VERSION);
                return Ok(vec![
                    BagEvent::Observed { subject: new_journey, observation, content },
                    BagEvent::Quarantined { observation_id, code, candidates, rule_version },
                ]);
            }
        };
        let before = known.map(Journey::status);
        let status = known.map_or_else(
            || Status::of([(&observation, &content)].into_iter()),
            |known| known.status_with(&observation, &content),
        );
        let is_provisional = !matches!(content, Content::Announced(_));
        let mut facts = Vec::with_capacity(4);
        facts.push(BagEvent::Observed { subject: journey, observation, content });
        if known.is_none() {
            facts.push(BagEvent::JourneyOpened { journey, is_provisional });
        }
        facts.push(BagEvent::Attached {
            observation_id: observation_id.clone(),
            journey,
            rule_version: RULE_VERSION,
        });
        if is_news(before.as_ref(), &status) {
            let previous_stage = before.map_or_else(Default::default, |before| before.stage);
            facts.push(BagEvent::StatusChanged { journey, status, previous_stage, observation_id });
        }
        Ok(facts)
    }

    fn evolve(mut plate: Plate, event: &BagEvent) -> Plate {
        match event {
            BagEvent::Observed { observation, content, .. } => {
                plate.observe(observation.clone(), content.clone());
            }
            other => settle(&mut plate, other),
        }
        plate
    }

    fn forgets(plate: &Plate, _folded: u64) -> u64 {
        plate.forgets()
    }
}

/// Takes in a fact as [`Bag::evolve`](Decider::evolve) does, without a copy of what was observed.
pub(crate) fn fold(plate: &mut Plate, fact: BagEvent) {
    match fact {
        BagEvent::Observed { observation, content, .. } => plate.observe(observation, content),
        other => settle(plate, &other),
    }
}

/// Takes in what follows from an observation.
fn settle(plate: &mut Plate, fact: &BagEvent) {
    match fact {
        BagEvent::JourneyOpened { journey, .. } => plate.open(*journey),
        BagEvent::Attached { observation_id, journey, .. } => plate.attach(observation_id, *journey),
        BagEvent::Quarantined { observation_id, .. } => plate.set_aside(observation_id),
        BagEvent::Observed { .. }
        | BagEvent::Resolved { .. }
        | BagEvent::TagCollided { .. }
        | BagEvent::StatusChanged { .. } => plate.pass(),
    }
}

fn refuse(plate: &Plate, observation: &Observation) -> Result<(), Rejection> {
    let (observed_at, happened_at) = (observation.observed_at, observation.happened_at());
    let received_at = observation.received_at.unwrap_or(happened_at);
    if plate.knows(&observation.id) {
        return Err(Rejection::Duplicate { id: observation.id.clone() });
    }
    if happened_at.duration_since(received_at) > MAX_AHEAD {
        return Err(Rejection::Future { observed_at });
    }
    if received_at.duration_since(happened_at) > KEPT || plate.has_forgotten(happened_at) {
        return Err(Rejection::TooOld { observed_at });
    }
    if plate.is_crowded(happened_at) {
        return Err(Rejection::Crowded);
    }
    Ok(())
}

/// Where an observation belongs.
enum Place<'a> {
    In(&'a Journey),
    New,
    Ambiguous(Vec<JourneyId>),
}

fn place<'a>(plate: &'a Plate, observation: &Observation, content: &Content) -> Place<'a> {
    let mut fits: Vec<_> = plate.journeys.iter().filter(|journey| fits_by_flight(journey, content)).collect();
    if fits.is_empty() {
        fits.extend(plate.journeys.iter().filter(|journey| fits_by_place(journey, observation, content)));
    }
    if fits.len() > 1 && fits.iter().any(|journey| !journey.status().is_cancelled()) {
        fits.retain(|journey| !journey.status().is_cancelled());
    }
    match fits.as_slice() {
        [] => Place::New,
        [one] => Place::In(one),
        several => Place::Ambiguous(several.iter().map(|journey| journey.id).collect()),
    }
}

fn fits_by_flight(journey: &Journey, content: &Content) -> bool {
    content.flights().any(|named| journey.flights().any(|flight| flight == named))
}

fn fits_by_place(journey: &Journey, observation: &Observation, content: &Content) -> bool {
    let contradicts = match content {
        Content::Announced(announcement) if announcement.change != AnnouncementChange::Changed => {
            !announcement.legs.is_empty() && !journey.legs().is_empty()
        }
        _ => false,
    };
    !contradicts && journey.touches(observation.station) && is_in_window(journey, observation.happened_at())
}

fn is_in_window(journey: &Journey, at: Timestamp) -> bool {
    let within =
        |other: Option<Timestamp>, span| other.is_some_and(|other| at.duration_since(other).abs() <= span);
    let is_near = || within(journey.first_at(), STILL_NEAR) || within(journey.last_at(), STILL_NEAR);
    if journey.flights().next().is_none() {
        return is_near() && within(journey.first_at(), WITHOUT_FLIGHT);
    }
    let is_around = |start: Timestamp| {
        let since = at.duration_since(start);
        -BEFORE_FLIGHT_DAY <= since && since <= AFTER_FLIGHT_DAY
    };
    journey.flights().any(|flight| start_of(&flight).is_some_and(is_around))
        && (!journey.is_collected() || is_near())
}

fn start_of(flight: &DatedFlight) -> Option<Timestamp> {
    let day: Date = flight.date;
    day.to_zoned(TimeZone::UTC).ok().map(|start| start.timestamp())
}

fn is_news(before: Option<&Status>, after: &Status) -> bool {
    before.is_none_or(|before| {
        (before.stage, before.authority, before.offload, before.flight, before.is_inferred)
            != (after.stage, after.authority, after.offload, after.flight, after.is_inferred)
            || (before.screening, before.exception, before.passenger, before.connection)
                != (after.screening, after.exception, after.passenger, after.connection)
            || before.stowage != after.stowage
            || (after.stage == Stage::OnBelt && before.location != after.location)
    })
}

#[cfg(test)]
mod tests;
