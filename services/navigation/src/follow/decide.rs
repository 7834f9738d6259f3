//! The rules of `way-<person>`. Pure.
//!
//! To follow a way ends the one before. What is judged of a way that is not followed any more says
//! nothing, and so does what was judged of the same cause already. A way is advised when it is known how
//! long it takes, and again when that, or when to leave, is at least [`NOTABLE_S`] another. That it is
//! broken is said of each closure that breaks it.

use std::sync::Arc;

use airside_kernel::{Cause, Causes, Classified, Code, Decider, Timestamp};
use thiserror::Error;
use uuid::Uuid;

use super::{
    events::WayEvent,
    model::{Advice, Followed},
};

/// By how many seconds an advice is notably another.
pub const NOTABLE_S: u32 = 120;

/// The rules.
#[derive(Debug)]
pub struct Way;

/// An order to a person's way.
#[derive(Debug, Clone, PartialEq)]
pub enum WayCommand {
    /// Follow a way from now on.
    Follow(Arc<Followed>),
    /// Follow none any more.
    Leave,
    /// Say what is known of the way now, where that is news.
    Judge {
        /// The way.
        id: Uuid,
        /// What is known.
        advice: Advice,
        /// Whether the cause is a closure that the way passed.
        is_broken: bool,
        /// The event behind it.
        cause: Cause,
        /// When that was recorded.
        at: Timestamp,
    },
}

/// The way that a person follows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WayState {
    current: Option<Current>,
    folded: u64,
}

#[derive(Debug, Clone, PartialEq)]
struct Current {
    id: Uuid,
    until: Timestamp,
    /// What was said of it last.
    said: Option<Advice>,
    causes: Causes,
    /// Which fact of the fold began it.
    since: u64,
}

/// Ways refuse nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WayRejection {}

impl Classified for WayRejection {
    fn code(&self) -> Code {
        match *self {}
    }
}

impl Decider for Way {
    type Command = WayCommand;
    type Event = WayEvent;
    type State = WayState;
    type Rejection = WayRejection;

    fn decide(state: &WayState, command: WayCommand) -> Result<Vec<WayEvent>, WayRejection> {
        let fact = match command {
            WayCommand::Follow(followed) => Some(WayEvent::Followed(followed)),
            WayCommand::Leave => state.current.as_ref().map(|current| WayEvent::Left { id: current.id }),
            WayCommand::Judge { id, advice, is_broken, cause, at } => {
                let is_it = |current: &&Current| current.id == id && at < current.until;
                let current = state.current.as_ref().filter(is_it);
                current.filter(|current| !current.causes.seen(&cause)).and_then(|current| {
                    let is_news = advice.times.is_some() && is_notable(current.said.as_ref(), &advice);
                    match is_broken {
                        true => Some(WayEvent::Broken { id, advice, cause }),
                        false => is_news.then_some(WayEvent::Advised { id, advice, cause }),
                    }
                })
            }
        };
        Ok(fact.into_iter().collect())
    }

    fn evolve(mut state: WayState, fact: &WayEvent) -> WayState {
        match fact {
            WayEvent::Followed(followed) => {
                let (id, until, since) = (followed.id, followed.until, state.folded);
                state.current = Some(Current { id, until, said: None, causes: Causes::default(), since });
            }
            WayEvent::Advised { id, advice, cause } | WayEvent::Broken { id, advice, cause } => {
                if let Some(current) = state.current.as_mut().filter(|current| current.id == *id) {
                    current.said = Some(*advice);
                    current.causes.note(cause);
                }
            }
            WayEvent::Left { .. } => state.current = None,
        }
        state.folded += 1;
        state
    }

    fn forgets(state: &WayState, folded: u64) -> u64 {
        state.current.as_ref().map_or(folded, |current| current.since)
    }
}

/// Returns whether an advice is notably another than the one that was said.
fn is_notable(said: Option<&Advice>, advice: &Advice) -> bool {
    let Some(said) = said else { return true };
    let differ = |one: i64, other: i64| one.abs_diff(other) >= u64::from(NOTABLE_S);
    let totals = [said, advice].map(|one| one.times.map(|times| i64::from(times.total_s())));
    let leaving = [said, advice].map(|one| one.leave_by.map(Timestamp::as_second));
    [totals, leaving].into_iter().any(|pair| match pair {
        [Some(before), Some(now)] => differ(before, now),
        [None, None] => false,
        [Some(_), None] | [None, Some(_)] => true,
    })
}

#[cfg(test)]
mod tests;
