//! The rules of notifications. Pure.
//!
//! [`Inbox`]: a cause gives a person one notice, however often it is ordered.
//! The fold is bounded: it holds the newest [`KEPT_NOTICES`] notices. A cause
//! that is not among them and not newer than the oldest of them may have been
//! answered before, so it is refused as too old. Causes come in log order, so
//! only a replay from far back meets this.
//!
//! [`Delivery`]: acknowledgements only rise, level by level. So that the fold
//! stays bounded, a level that was not spoken of for [`RESTATED_AFTER`] facts
//! is restated along with the next acknowledgement.

use std::{collections::VecDeque, sync::Arc};

use airside_kernel::{Cause, Classified, Code, Decider, Timestamp};
use thiserror::Error;

use crate::{
    events::{DeliveryEvent, InboxEvent},
    model::{AckLevel, Notice},
};

/// How many notices the fold of an inbox holds.
pub const KEPT_NOTICES: usize = 512;
/// After how many facts a level is restated.
pub const RESTATED_AFTER: u64 = 256;

/// The rules of `inbox-<person>`.
#[derive(Debug)]
pub struct Inbox;

/// An order to an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxCommand {
    /// Tell the person.
    Issue(Notice),
}

/// What an inbox remembers of its newest notices, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InboxState {
    recent: VecDeque<(Timestamp, Arc<Cause>)>,
}

impl InboxState {
    /// Returns true when this cause, or a later one of its stream, gave a notice.
    fn seen(&self, cause: &Cause) -> bool {
        self.recent.iter().rev().any(|(_, seen)| {
            (&seen.stream, &seen.reactor) == (&cause.stream, &cause.reactor)
                && (seen.revision, seen.index) >= (cause.revision, cause.index)
        })
    }

    /// Returns the instant up to which notices may be forgotten.
    fn horizon(&self) -> Option<Timestamp> {
        let oldest = self.recent.front().map(|(caused_at, _)| *caused_at);
        oldest.filter(|_| self.recent.len() >= KEPT_NOTICES)
    }
}

/// Why an inbox refuses an order.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InboxRejection {
    /// The fold no longer knows whether this cause was answered.
    #[error("notice of {caused_at} is older than what its inbox remembers ({horizon}): it is not sent")]
    TooOld {
        /// When the fact behind the notice was recorded.
        caused_at: Timestamp,
        /// Up to when notices may be forgotten.
        horizon: Timestamp,
    },
}

impl Classified for InboxRejection {
    fn code(&self) -> Code {
        Code::FailedPrecondition
    }
}

impl Decider for Inbox {
    type Command = InboxCommand;
    type Event = InboxEvent;
    type State = InboxState;
    type Rejection = InboxRejection;

    fn decide(state: &InboxState, command: InboxCommand) -> Result<Vec<InboxEvent>, InboxRejection> {
        let InboxCommand::Issue(notice) = command;
        if state.seen(&notice.cause) {
            return Ok(Vec::new());
        }
        match state.horizon() {
            Some(horizon) if notice.caused_at <= horizon => {
                Err(InboxRejection::TooOld { caused_at: notice.caused_at, horizon })
            }
            _ => Ok(vec![InboxEvent::NoticeIssued(notice)]),
        }
    }

    fn evolve(mut state: InboxState, event: &InboxEvent) -> InboxState {
        let InboxEvent::NoticeIssued(notice) = event;
        state.recent.push_back((notice.caused_at, Arc::new(notice.cause.clone())));
        if state.recent.len() > KEPT_NOTICES {
            state.recent.pop_front();
        }
        state
    }

    fn forgets(_: &InboxState, folded: u64) -> u64 {
        folded.saturating_sub(KEPT_NOTICES as u64)
    }
}

/// The rules of `delivery-<person>`.
#[derive(Debug)]
pub struct Delivery;

/// An order to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryCommand {
    /// Note how far notices got.
    Acknowledge {
        /// All notices up to this sequence number.
        up_to_seq: u64,
        /// How far they got.
        level: AckLevel,
    },
}

/// How far notices got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryState {
    levels: [Noted; 3],
}

/// What is noted of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Noted {
    up_to_seq: u64,
    /// How many facts followed the one that said so.
    facts_since: u64,
}

impl DeliveryState {
    /// Returns the highest sequence number that got at least this far.
    pub fn up_to_seq(&self, level: AckLevel) -> u64 {
        self.levels[level as usize..].iter().map(|noted| noted.up_to_seq).max().unwrap_or(0)
    }
}

/// Deliveries refuse nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DeliveryRejection {}

impl Classified for DeliveryRejection {
    fn code(&self) -> Code {
        match *self {}
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
        let DeliveryCommand::Acknowledge { up_to_seq, level } = command;
        if up_to_seq <= state.up_to_seq(level) {
            return Ok(Vec::new());
        }
        let restated = AckLevel::ALL.into_iter().zip(state.levels).filter(|(other, noted)| {
            *other != level && noted.up_to_seq > 0 && noted.facts_since >= RESTATED_AFTER
        });
        let mut facts: Vec<_> = restated
            .map(|(level, noted)| DeliveryEvent::NoticesAcknowledged { up_to_seq: noted.up_to_seq, level })
            .collect();
        facts.push(DeliveryEvent::NoticesAcknowledged { up_to_seq, level });
        Ok(facts)
    }

    fn evolve(mut state: DeliveryState, event: &DeliveryEvent) -> DeliveryState {
        let DeliveryEvent::NoticesAcknowledged { up_to_seq, level } = *event;
        for noted in &mut state.levels {
            noted.facts_since += 1;
        }
        let noted = &mut state.levels[level as usize];
        *noted = Noted { up_to_seq: noted.up_to_seq.max(up_to_seq), facts_since: 0 };
        state
    }

    fn forgets(state: &DeliveryState, folded: u64) -> u64 {
        let said = state.levels.iter().filter(|noted| noted.up_to_seq > 0);
        let needed = said.map(|noted| noted.facts_since + 1).max().unwrap_or(0);
        folded.saturating_sub(needed)
    }
}

#[cfg(test)]
mod tests;
