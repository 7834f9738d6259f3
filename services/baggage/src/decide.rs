//! Which journey an observation belongs to, and what that changes. Pure.
//!
//! Rule version 1. An observation fits a journey of its plate when its time
//! lies in the journey's window and
//! - both name flights and share one, or
//! - one of them names none, or the airline changes the flight (CHG), and the
//!   journey is known to touch the station.
//!
//! A fit by flight goes before a fit by place. One fit: attach. None: open a
//! journey, provisional when a scan opens it. Two or more: quarantine, attached
//! to neither. It never guesses. The flights that an announcement names are its
//! identity; a scan for another flight at the right place is a bag gone astray,
//! and still this bag.

use airside_api::baggage::v1::AnnouncementChange;
use airside_kernel::{Classified, Code, Decider, Timestamp};
use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use thiserror::Error;

use crate::{
    events::BagEvent,
    journey::{Journey, Plate, Status},
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
/// A journey without a flight may be seen again for this long.
const WITHOUT_FLIGHT: SignedDuration = SignedDuration::from_hours(48);

/// The rules of one plate.
#[derive(Debug)]
pub struct Bag;

/// An observation to be recorded.
#[derive(Debug, Clone)]
pub struct Observe {
    /// The part that all observations share.
    pub observation: Observation,
    /// What was seen or said.
    pub content: Content,
    /// When we were told.
    pub received_at: Timestamp,
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
    #[error("observed_at: {observed_at} is more than ten days older than what is known of this plate")]
    TooOld {
        /// Its time.
        observed_at: Timestamp,
    },
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
    type Command = Observe;
    type Event = BagEvent;
    type State = Plate;
    type Rejection = Rejection;

    fn decide(plate: &Plate, command: Observe) -> Result<Vec<BagEvent>, Rejection> {
        let Observe { observation, content, received_at, new_journey } = command;
        refuse(plate, &observation, received_at)?;
        let id = observation.id.clone();
        let (journey, opens) = match place(plate, &observation, &content) {
            Place::In(journey) => (journey, false),
            Place::New => (new_journey, true),
            Place::Ambiguous(candidates) => {
                let subject = new_journey;
                let code = "ambiguous-tag".to_owned();
                return Ok(vec![
                    BagEvent::Observed { subject, observation, content },
                    BagEvent::Quarantined {
                        observation_id: id,
                        code,
                        candidates,
                        rule_version: RULE_VERSION,
                    },
                ]);
            }
        };
        let is_provisional = matches!(content, Content::Scanned(_));
        let mut facts = vec![BagEvent::Observed { subject: journey, observation, content }];
        if opens {
            facts.push(BagEvent::JourneyOpened { journey, is_provisional });
        }
        facts.push(BagEvent::Attached { observation_id: id.clone(), journey, rule_version: RULE_VERSION });
        let before = plate.journey(journey).map(Journey::status);
        let after = facts.iter().fold(plate.clone(), Self::evolve);
        if let Some(status) = after.journey(journey).map(Journey::status)
            && is_news(before.as_ref(), &status)
        {
            let previous_stage = before.map_or_else(Default::default, |before| before.stage);
            facts.push(BagEvent::StatusChanged { journey, status, previous_stage, observation_id: id });
        }
        Ok(facts)
    }

    fn evolve(mut plate: Plate, event: &BagEvent) -> Plate {
        match event {
            BagEvent::Observed { observation, content, .. } => plate.observe(observation, content),
            BagEvent::JourneyOpened { journey, .. } => plate.open(*journey),
            BagEvent::Attached { observation_id, journey, .. } => plate.attach(observation_id, *journey),
            BagEvent::Quarantined { observation_id, .. } => plate.set_aside(observation_id),
            BagEvent::StatusChanged { .. } => plate.pass(),
        }
        plate
    }

    fn forgets(plate: &Plate, _folded: u64) -> u64 {
        plate.forgets()
    }
}

fn refuse(plate: &Plate, observation: &Observation, received_at: Timestamp) -> Result<(), Rejection> {
    let observed_at = observation.observed_at;
    if plate.knows(&observation.id) {
        return Err(Rejection::Duplicate { id: observation.id.clone() });
    }
    if observed_at.duration_since(received_at) > MAX_AHEAD {
        return Err(Rejection::Future { observed_at });
    }
    if plate.has_forgotten(observed_at) {
        return Err(Rejection::TooOld { observed_at });
    }
    Ok(())
}

/// Where an observation belongs.
enum Place {
    In(JourneyId),
    New,
    Ambiguous(Vec<JourneyId>),
}

fn place(plate: &Plate, observation: &Observation, content: &Content) -> Place {
    let by_flight: Vec<_> =
        plate.journeys.iter().filter(|j| fits_by_flight(j, observation, content)).collect();
    let fits = if by_flight.is_empty() {
        plate.journeys.iter().filter(|journey| fits_by_place(journey, observation, content)).collect()
    } else {
        by_flight
    };
    match fits.as_slice() {
        [] => Place::New,
        [one] => Place::In(one.id),
        several => Place::Ambiguous(several.iter().map(|journey| journey.id).collect()),
    }
}

fn fits_by_flight(journey: &Journey, observation: &Observation, content: &Content) -> bool {
    let named = content.flights();
    !journey.flights().is_disjoint(&named) && is_in_window(journey, observation.observed_at)
}

fn fits_by_place(journey: &Journey, observation: &Observation, content: &Content) -> bool {
    let contradicts = match content {
        Content::Announced(announcement) if announcement.change == AnnouncementChange::New => {
            !content.flights().is_empty() && !journey.legs().is_empty()
        }
        _ => false,
    };
    !contradicts
        && is_in_window(journey, observation.observed_at)
        && journey.stations().contains(&observation.station)
}

fn is_in_window(journey: &Journey, at: Timestamp) -> bool {
    let around_flights = journey.flights().iter().any(|flight| {
        start_of(flight).is_some_and(|start| {
            let since = at.duration_since(start);
            -BEFORE_FLIGHT_DAY <= since && since <= AFTER_FLIGHT_DAY
        })
    });
    let near = |other: Option<Timestamp>| {
        other.is_some_and(|other| at.duration_since(other).abs() <= WITHOUT_FLIGHT)
    };
    around_flights || (journey.flights().is_empty() && (near(journey.first_at()) || near(journey.last_at())))
}

fn start_of(flight: &DatedFlight) -> Option<Timestamp> {
    let day: Date = flight.date;
    day.to_zoned(TimeZone::UTC).ok().map(|start| start.timestamp())
}

fn is_news(before: Option<&Status>, after: &Status) -> bool {
    before.is_none_or(|before| {
        (before.stage, before.authority, before.offload, before.flight)
            != (after.stage, after.authority, after.offload, after.flight)
            || (after.stage == airside_api::baggage::v1::Stage::OnBelt && before.location != after.location)
    })
}

#[cfg(test)]
mod tests;
