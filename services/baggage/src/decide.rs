//! What an observation of a plate, or an operator's word on one, changes. Pure.
//!
//! Which journey an observation belongs to is [`place`]'s rule. What a better parser
//! says anew under an id that is known takes the place of what an older one said, in
//! the journey where that is. What fits no single journey waits until an operator
//! settles it; that is a fact too, and the operator its actor.
//!
//! Nothing happens after it was received. What would, by its observer's clock less what
//! that is estimated to be ahead, is not refused: it counts as of its receipt, which is
//! the latest that it can have happened, and what the observer said is kept beside it.

mod again;
mod person;
mod place;

use std::sync::Arc;

use airside_api::baggage::v1::{Resolution, Stage};
use airside_kernel::{Classified, Code, Decider, Personal, Revision, StreamId, Timestamp};
use thiserror::Error;

pub(crate) use self::person::are_strangers;
use self::{
    again::says_nothing_new,
    place::{Asked, Place, place},
};
use crate::{
    events::BagEvent,
    journey::{CROWD, Journey, KEPT, Plate, Status},
    model::{Content, JourneyId, LicencePlate, Observation, PlateKind},
};

/// The version of the rule that says which journey an observation belongs to.
pub const RULE_VERSION: u32 = 4;

/// The rules of one plate.
#[derive(Debug)]
pub struct Bag;

/// An order to a plate.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are observations, and a box would cost an allocation"
)]
pub enum Command {
    /// Record what was observed.
    Observe(Observe, Known),
    /// Settle what became of an observation.
    Settle(Settle),
}

/// What a decision is made with besides the plate's facts; the executor completes it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// What the plate is for, when it is not an ordinary one.
    pub kind: Option<PlateKind>,
    /// Journeys of the plate that are of other passengers than the announced one.
    pub strangers: Vec<JourneyId>,
    /// Journeys of the plate that are surely of the announced passenger.
    pub own: Vec<JourneyId>,
    /// Messages of its source with the same bytes, received shortly before.
    pub copies: Arc<[Revision]>,
    /// The journey that it was concluded of: nothing is to be found out about whose it is.
    pub concluded_of: Option<JourneyId>,
}

impl From<Observe> for Command {
    fn from(observe: Observe) -> Self {
        Self::Observe(observe, Known::default())
    }
}

/// What an observation shall become.
#[derive(Debug, Clone)]
pub struct Settle {
    /// The observation.
    pub observation_id: String,
    /// What becomes of it.
    pub into: Settled,
}

/// What becomes of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It belongs to this journey of the plate.
    Attached(JourneyId),
    /// It begins this new journey.
    Opened(JourneyId),
    /// It says nothing of any bag.
    Dismissed,
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
    /// No journey of the plate is what it speaks of.
    #[error("no journey of the plate is what this speaks of; a flight or a link opens none")]
    NoJourney,
    /// The plate has no such journey.
    #[error("journey_id: the plate has no journey {journey} now; ask for the bag and take its journey_id")]
    UnknownJourney {
        /// The journey.
        journey: JourneyId,
    },
    /// The plate has no such observation.
    #[error("observation_id: the plate knows no observation {id} now; list the quarantine again")]
    UnknownObservation {
        /// Its id.
        id: String,
    },
    /// It is settled already.
    #[error("observation {id} is settled already; list the quarantine again")]
    Settled {
        /// Its id.
        id: String,
    },
}

impl Classified for Rejection {
    fn code(&self) -> Code {
        match self {
            Self::UnknownJourney { .. } | Self::UnknownObservation { .. } => Code::NotFound,
            Self::NoJourney | Self::Settled { .. } => Code::FailedPrecondition,
            _ => Code::InvalidArgument,
        }
    }
}

impl Decider for Bag {
    type Command = Command;
    type Event = BagEvent;
    type State = Plate;
    type Rejection = Rejection;

    fn inform(
        plate: &Plate,
        command: &mut Command,
        stream: &StreamId,
        open: &mut dyn FnMut(&Personal) -> Option<String>,
    ) {
        let Command::Observe(observe, known) = command else { return };
        known.kind = stream.id().parse::<LicencePlate>().ok().map(LicencePlate::kind);
        (known.strangers, known.own) = person::compare(plate, &observe.content, open);
    }

    fn decide(plate: &Plate, command: Command) -> Result<Vec<BagEvent>, Rejection> {
        match command {
            Command::Observe(observe, known) => record(plate, observe, &known),
            Command::Settle(order) => settle(plate, order),
        }
    }

    fn evolve(mut plate: Plate, event: &BagEvent) -> Plate {
        match event {
            BagEvent::Observed { observation, content, .. } => {
                plate.observe(observation.clone(), content.clone());
            }
            other => follow(&mut plate, other),
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
        other => follow(plate, &other),
    }
}

/// Takes in what follows from an observation.
fn follow(plate: &mut Plate, fact: &BagEvent) {
    match fact {
        BagEvent::JourneyOpened { journey, .. } => plate.open(*journey),
        BagEvent::Attached { observation_id, journey, .. } => plate.attach(observation_id, *journey),
        BagEvent::Quarantined { observation_id, .. } => plate.set_aside(observation_id),
        BagEvent::Resolved { observation_id, resolution: Resolution::Dismissed, .. } => {
            plate.set_aside(observation_id);
        }
        BagEvent::TagCollided { journey, other, .. } => plate.collide(*journey, *other),
        BagEvent::Observed { .. } | BagEvent::Resolved { .. } | BagEvent::StatusChanged { .. } => {
            plate.pass();
        }
    }
}

fn record(plate: &Plate, observe: Observe, known: &Known) -> Result<Vec<BagEvent>, Rejection> {
    let Observe { mut observation, mut content, new_journey } = observe;
    observation.bound_by_receipt();
    let earlier = plate.observation(&observation.id);
    refuse(plate, &observation, earlier.map(|(earlier, _)| earlier))?;
    if earlier.is_none() && says_nothing_new(plate, &observation, &known.copies) {
        return Err(Rejection::Duplicate { id: observation.id });
    }
    let place = match (earlier.and_then(|(_, journey)| plate.journey(journey?)), known.concluded_of) {
        (Some(journey), _) => Place::In(journey),
        (None, Some(journey)) => {
            Place::In(plate.journey(journey).ok_or(Rejection::UnknownJourney { journey })?)
        }
        (None, None) => place(plate, &Asked { observation: &observation, content: &content, known })?,
    };
    let observation_id = observation.id.clone();
    let mut facts = Vec::with_capacity(4);
    let (journey, before, collides) = match place {
        Place::In(journey) => (journey.id, Some(journey), None),
        Place::New { collides } => (new_journey, None, collides),
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
    if let Content::Linked(link) = &mut content {
        // Every reading of a chip tells of it anew.
        if earlier.is_none() && before.is_some_and(|before| before.links().any(|known| known.is_same(link))) {
            return Err(Rejection::Duplicate { id: observation_id });
        }
        link.journey = journey;
    }
    let status = before.map_or_else(
        || Status::of([(&observation, &content)].into_iter()),
        |journey| journey.status_with(&observation, &content),
    );
    let is_provisional = !matches!(content, Content::Announced(_)) && known.kind != Some(PlateKind::Fallback);
    facts.push(BagEvent::Observed { subject: journey, observation, content });
    if before.is_none() {
        facts.push(BagEvent::JourneyOpened { journey, is_provisional });
    }
    let rule_version = RULE_VERSION;
    facts.push(BagEvent::Attached { observation_id: observation_id.clone(), journey, rule_version });
    if let Some(other) = collides {
        let observation_id = observation_id.clone();
        facts.push(BagEvent::TagCollided { journey, other, observation_id, rule_version });
    }
    tell(&mut facts, journey, before.map(Journey::status).as_ref(), status, observation_id);
    Ok(facts)
}

/// Says that a status has changed, if it has.
fn tell(
    facts: &mut Vec<BagEvent>,
    journey: JourneyId,
    before: Option<&Status>,
    status: Status,
    observation_id: String,
) {
    if is_news(before, &status) {
        let previous_stage = before.map_or_else(Default::default, |before| before.stage);
        facts.push(BagEvent::StatusChanged { journey, status, previous_stage, observation_id });
    }
}

fn refuse(plate: &Plate, observation: &Observation, earlier: Option<&Observation>) -> Result<(), Rejection> {
    let (observed_at, happened_at) = (observation.observed_at, observation.happened_at());
    let received_at = observation.received_at.unwrap_or(happened_at);
    if earlier.is_some_and(|earlier| observation.parser_version <= earlier.parser_version) {
        return Err(Rejection::Duplicate { id: observation.id.clone() });
    }
    if received_at.duration_since(happened_at) > KEPT || plate.has_forgotten(happened_at) {
        return Err(Rejection::TooOld { observed_at });
    }
    if plate.is_crowded(happened_at) {
        return Err(Rejection::Crowded);
    }
    Ok(())
}

fn settle(plate: &Plate, order: Settle) -> Result<Vec<BagEvent>, Rejection> {
    let Settle { observation_id, into } = order;
    let Some((observation, journey)) = plate.observation(&observation_id) else {
        return Err(Rejection::UnknownObservation { id: observation_id });
    };
    let content = plate.content(&observation_id).expect("the plate has just found it");
    let from = journey.and_then(|journey| plate.journey(journey));
    if from.is_some() && into != Settled::Dismissed {
        return Err(Rejection::Settled { id: observation_id });
    }
    let id = || observation_id.clone();
    let (resolution, journey) = match into {
        Settled::Attached(journey) => (Resolution::Attached, Some(journey)),
        Settled::Opened(journey) => (Resolution::Opened, Some(journey)),
        Settled::Dismissed => (Resolution::Dismissed, None),
    };
    let mut facts = vec![BagEvent::Resolved { observation_id: id(), resolution, journey }];
    match into {
        Settled::Attached(journey) => {
            let known = plate.journey(journey).ok_or(Rejection::UnknownJourney { journey })?;
            let status = known.status_with(observation, content);
            facts.push(BagEvent::Attached { observation_id: id(), journey, rule_version: RULE_VERSION });
            tell(&mut facts, journey, Some(&known.status()), status, observation_id);
        }
        Settled::Opened(journey) => {
            let is_provisional = !matches!(content, Content::Announced(_));
            facts.push(BagEvent::JourneyOpened { journey, is_provisional });
            facts.push(BagEvent::Attached { observation_id: id(), journey, rule_version: RULE_VERSION });
            let status = Status::of([(observation, content)].into_iter());
            tell(&mut facts, journey, None, status, observation_id);
        }
        Settled::Dismissed => {
            if let Some(known) = from {
                tell(
                    &mut facts,
                    known.id,
                    Some(&known.status()),
                    known.status_without(&observation_id),
                    observation_id,
                );
            }
        }
    }
    Ok(facts)
}

fn is_news(before: Option<&Status>, after: &Status) -> bool {
    before.is_none_or(|before| {
        (before.stage, before.authority, before.offload, before.flight, before.is_inferred)
            != (after.stage, after.authority, after.offload, after.flight, after.is_inferred)
            || (before.screening, before.exception, before.passenger, before.connection)
                != (after.screening, after.exception, after.passenger, after.connection)
            || (before.connection_flight, before.left_flight) != (after.connection_flight, after.left_flight)
            || before.boarded_without_bag != after.boarded_without_bag
            || (&before.stowage, before.stowed_at) != (&after.stowage, after.stowed_at)
            || (after.stage == Stage::OnBelt && before.location != after.location)
    })
}

#[cfg(test)]
mod tests;
