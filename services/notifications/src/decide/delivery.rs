//! [`Delivery`]: what becomes of a person's notices, and how far they got.
//!
//! The fold is bounded. Every [`CARRIED_EVERY`] facts one of them says all that those before it
//! still mean, and whatever is older is forgotten. In the state itself everything has a bound:
//! what waits, what was said last of each subject, and of each stream the newest cause that was
//! answered. A cause of a stream that was forgotten is refused as too old, unless it is newer
//! than all that was forgotten; causes come in log order, so only a replay from far back meets this.

use std::sync::Arc;

use airside_kernel::{Cause, Classified, Code, Decider, Timestamp};
use thiserror::Error;
use uuid::Uuid;

use super::turn::Turn;
use crate::{
    events::DeliveryEvent,
    model::{AckLevel, HoldReason, Preferences, Priority, Proposal, Rules},
};

/// After how many facts all that they mean is said in one.
pub const CARRIED_EVERY: u64 = 256;
/// How many notices wait for a person.
pub const MAX_HELD: usize = 16;
/// Of how many streams the newest cause is known.
pub const MAX_ANSWERED: usize = 32;
/// Of how many subjects it is known what was said last.
pub const MAX_SAID: usize = 24;

/// The rules of `delivery-<person>`.
#[derive(Debug)]
pub struct Delivery;

/// An order to a delivery.
#[derive(Debug, Clone)]
pub enum DeliveryCommand {
    /// Somebody needs to be told.
    Propose {
        /// What, and of which flight.
        proposal: Arc<Proposal>,
        /// The present instant.
        now: Timestamp,
        /// The rules of the airport.
        rules: Arc<Rules>,
    },
    /// The time has come for a notice that waits.
    Release {
        /// The notice that set the time; when it waits no more, or its time is another one by
        /// now, the time is nobody's.
        id: Uuid,
        /// The present instant.
        now: Timestamp,
        /// The rules of the airport.
        rules: Arc<Rules>,
    },
    /// Note how the person wants to be told; what waits is looked at anew.
    Prefer {
        /// What they chose.
        preferences: Preferences,
        /// The present instant.
        now: Timestamp,
        /// The rules of the airport.
        rules: Arc<Rules>,
    },
    /// Note how far notices got.
    Acknowledge {
        /// All notices up to this sequence number.
        up_to_seq: u64,
        /// How far they got.
        level: AckLevel,
    },
}

/// A notice that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The notice.
    pub proposal: Arc<Proposal>,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: HoldReason,
}

/// A notice that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// The notice.
    pub proposal: Arc<Proposal>,
    /// When it was to be told.
    pub at: Timestamp,
}

/// A cause that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The newest cause of its stream.
    pub cause: Arc<Cause>,
    /// When the fact was recorded.
    pub caused_at: Timestamp,
}

/// What stands between a person and their notices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryState {
    /// For each level, the highest sequence number that got so far.
    pub levels: [u64; 3],
    /// What the person chose.
    pub preferences: Arc<Preferences>,
    /// The newest cause of each stream, oldest first.
    pub answered: Vec<Answered>,
    /// Causes up to this instant may be forgotten.
    pub horizon: Option<Timestamp>,
    /// What waits, in the order in which it came.
    pub held: Vec<Held>,
    /// What was said last of each subject, oldest first.
    pub said: Vec<Released>,
    /// When the last notices below P1 were told, oldest first.
    pub counted: Vec<Timestamp>,
    /// When the last notice of class P3 was told.
    pub last_p3: Option<Timestamp>,
    /// How many facts came after the one that said what all before it mean.
    pub since_carried: u64,
}

impl DeliveryState {
    /// Returns the highest sequence number that got at least this far.
    pub fn up_to_seq(&self, level: AckLevel) -> u64 {
        self.levels[level as usize..].iter().copied().max().unwrap_or(0)
    }

    /// Returns true when this cause, or a later one of its stream, was answered.
    pub(super) fn has_answered(&self, cause: &Cause) -> bool {
        self.answered.iter().any(|Answered { cause: seen, .. }| {
            are_of_one_stream(seen, cause) && (seen.revision, seen.index) >= (cause.revision, cause.index)
        })
    }

    fn knows_stream_of(&self, cause: &Cause) -> bool {
        self.answered.iter().any(|known| are_of_one_stream(&known.cause, cause))
    }

    fn answer(&mut self, proposal: &Proposal) {
        let (cause, caused_at) = (&proposal.notice.cause, proposal.notice.caused_at);
        if self.has_answered(cause) {
            return;
        }
        self.answered.retain(|one| !are_of_one_stream(&one.cause, cause));
        self.answered.push(Answered { cause: Arc::new(cause.clone()), caused_at });
        if self.answered.len() > MAX_ANSWERED {
            let forgotten = self.answered.remove(0);
            self.horizon = self.horizon.max(Some(forgotten.caused_at));
        }
    }

    fn drop_held(&mut self, id: Uuid) {
        self.held.retain(|held| held.proposal.notice.id != id);
    }

    fn hold(&mut self, held: Held) {
        let id = held.proposal.notice.id;
        match self.held.iter_mut().find(|waiting| waiting.proposal.notice.id == id) {
            Some(waiting) => *waiting = held,
            None => self.held.push(held),
        }
    }

    /// Takes in that a notice was told: it is the last word of its subjects, and it counts.
    fn say(&mut self, released: Released) {
        let notice = &released.proposal.notice;
        let (topic, priority) = (notice.topic(), notice.priority);
        self.said.retain(|earlier| {
            let earlier = &earlier.proposal.notice;
            let is_same = earlier.subjects().eq(notice.subjects()) && earlier.topic() == topic;
            // Of a bag, only the last word stands, whatever it was about.
            !(is_same || notice.kind.is_of_bag() && notice.shares_a_subject(earlier))
        });
        if priority > Priority::P1 {
            self.counted.push(released.at);
            if self.counted.len() > Rules::COUNTED_MAX {
                self.counted.remove(0);
            }
        }
        if priority == Priority::P3 {
            self.last_p3 = self.last_p3.max(Some(released.at));
        }
        self.said.push(released);
        if self.said.len() > MAX_SAID {
            self.said.remove(0);
        }
    }
}

/// Why a delivery refuses an order.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeliveryRejection {
    /// The fold no longer knows whether this cause was answered.
    #[error("notice of {caused_at} is older than what is remembered here ({horizon}): it is not sent")]
    TooOld {
        /// When the fact behind the notice was recorded.
        caused_at: Timestamp,
        /// Up to when causes may be forgotten.
        horizon: Timestamp,
    },
}

impl Classified for DeliveryRejection {
    fn code(&self) -> Code {
        Code::FailedPrecondition
    }
}

impl Decider for Delivery {
    type Command = DeliveryCommand;
    type Event = DeliveryEvent;
    type State = DeliveryState;
    type Rejection = DeliveryRejection;

    fn decide(
        state: &DeliveryState,
        command: DeliveryCommand,
    ) -> Result<Vec<DeliveryEvent>, DeliveryRejection> {
        Ok(match command {
            DeliveryCommand::Acknowledge { up_to_seq, level } if up_to_seq <= state.up_to_seq(level) => {
                Vec::new()
            }
            DeliveryCommand::Acknowledge { up_to_seq, level } => {
                carried(state, vec![DeliveryEvent::NoticesAcknowledged { up_to_seq, level }])
            }
            DeliveryCommand::Propose { proposal, .. } if state.has_answered(&proposal.notice.cause) => {
                Vec::new()
            }
            DeliveryCommand::Propose { proposal, now, rules } => {
                let caused_at = proposal.notice.caused_at;
                let may_be_forgotten = |horizon: &Timestamp| caused_at <= *horizon;
                if !state.knows_stream_of(&proposal.notice.cause)
                    && let Some(horizon) = state.horizon.filter(may_be_forgotten)
                {
                    return Err(DeliveryRejection::TooOld { caused_at, horizon });
                }
                carried(state, Turn::new(state, now, &rules).propose(&proposal))
            }
            DeliveryCommand::Release { id, now, rules } => {
                let is_due = |held: &Held| held.proposal.notice.id == id && held.until <= now;
                if !state.held.iter().any(is_due) {
                    return Ok(Vec::new());
                }
                carried(state, Turn::new(state, now, &rules).settle())
            }
            DeliveryCommand::Prefer { preferences, .. } if *state.preferences == preferences => Vec::new(),
            DeliveryCommand::Prefer { preferences, now, rules } => {
                carried(state, Turn::new(state, now, &rules).prefer(preferences))
            }
        })
    }

    fn evolve(mut state: DeliveryState, event: &DeliveryEvent) -> DeliveryState {
        state.since_carried += 1;
        match event {
            DeliveryEvent::NoticesAcknowledged { up_to_seq, level } => {
                let noted = &mut state.levels[*level as usize];
                *noted = (*noted).max(*up_to_seq);
            }
            DeliveryEvent::NoticeReleased(released) => {
                state.answer(&released.proposal);
                state.drop_held(released.proposal.notice.id);
                state.say(released.clone());
            }
            DeliveryEvent::NoticeHeld(held) => {
                state.answer(&held.proposal);
                state.hold(held.clone());
            }
            DeliveryEvent::NoticeMerged { id, .. } => state.drop_held(*id),
            DeliveryEvent::NoticeSuppressed { proposal, .. } => {
                state.answer(proposal);
                state.drop_held(proposal.notice.id);
            }
            DeliveryEvent::PreferencesSet(preferences) => state.preferences = preferences.clone(),
            DeliveryEvent::CarriedForward(carried) => {
                return DeliveryState::clone(carried);
            }
        }
        state
    }

    fn forgets(state: &DeliveryState, folded: u64) -> u64 {
        folded.saturating_sub(state.since_carried + 1)
    }
}

/// Whether the newer of two causes answers for the older too.
fn are_of_one_stream(one: &Cause, other: &Cause) -> bool {
    (&one.stream, &one.reactor) == (&other.stream, &other.reactor)
}

/// Adds what all facts mean to facts that are many by now.
fn carried(state: &DeliveryState, mut facts: Vec<DeliveryEvent>) -> Vec<DeliveryEvent> {
    if state.since_carried + facts.len() as u64 >= CARRIED_EVERY {
        let after = facts.iter().fold(state.clone(), Delivery::evolve);
        facts.push(DeliveryEvent::CarriedForward(Arc::new(DeliveryState { since_carried: 0, ..after })));
    }
    facts
}
