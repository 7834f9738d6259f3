//! The rules of closures. Pure.
//!
//! Closing what is closed for the same reason and time, and lifting what is
//! open, adds nothing; closing it with another reason or time says so anew.
//!
//! A closure may last for months while others come and go. So that the fold
//! stays bounded, a closure that was not spoken of for [`RESTATED_AFTER`] facts
//! is restated along with the next change.

use std::collections::BTreeMap;

use airside_kernel::{Classified, Code, Decider};
use airside_wayfinding::FeatureId;
use thiserror::Error;

use crate::{events::VenueEvent, model::Closure};

pub mod edition;

/// After how many facts a closure is restated.
pub const RESTATED_AFTER: u64 = 512;
/// How many closures are restated along with one change.
const MAX_RESTATED: usize = 256;

/// The rules of `venue-<code>`.
#[derive(Debug)]
pub struct Venue;

/// An order to a venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VenueCommand {
    /// Close a feature.
    Close(Closure),
    /// Open a feature again.
    Lift {
        /// The feature.
        feature: FeatureId,
    },
}

/// What is closed, and which fact says so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VenueState {
    closed: BTreeMap<FeatureId, (Closure, u64)>,
    facts: u64,
}

impl VenueState {
    /// Returns what is closed.
    pub fn closures(&self) -> impl Iterator<Item = &Closure> {
        self.closed.values().map(|(closure, _)| closure)
    }

    fn age(&self, fact: u64) -> u64 {
        self.facts - fact
    }
}

/// Venues refuse nothing: whether a feature is on the map is asked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VenueRejection {}

impl Classified for VenueRejection {
    fn code(&self) -> Code {
        match *self {}
    }
}

impl Decider for Venue {
    type Command = VenueCommand;
    type Event = VenueEvent;
    type State = VenueState;
    type Rejection = VenueRejection;

    fn decide(state: &VenueState, command: VenueCommand) -> Result<Vec<VenueEvent>, VenueRejection> {
        let (feature, fact) = match command {
            VenueCommand::Close(closure) => {
                if state.closed.get(&closure.feature).is_some_and(|(known, _)| *known == closure) {
                    return Ok(Vec::new());
                }
                (closure.feature.clone(), VenueEvent::ClosureSet(closure))
            }
            VenueCommand::Lift { feature } => {
                if !state.closed.contains_key(&feature) {
                    return Ok(Vec::new());
                }
                (feature.clone(), VenueEvent::ClosureLifted { feature })
            }
        };
        let restated = state
            .closed
            .values()
            .filter(|(closure, said)| closure.feature != feature && state.age(*said) >= RESTATED_AFTER)
            .map(|(closure, _)| VenueEvent::ClosureSet(closure.clone()))
            .take(MAX_RESTATED);
        Ok(restated.chain([fact]).collect())
    }

    fn evolve(mut state: VenueState, event: &VenueEvent) -> VenueState {
        state.facts += 1;
        match event {
            VenueEvent::ClosureSet(closure) => {
                state.closed.insert(closure.feature.clone(), (closure.clone(), state.facts));
            }
            VenueEvent::ClosureLifted { feature } => {
                state.closed.remove(feature);
            }
        }
        state
    }

    fn forgets(state: &VenueState, folded: u64) -> u64 {
        let needed = state.closed.values().map(|(_, said)| state.age(*said) + 1).max().unwrap_or(0);
        folded.saturating_sub(needed)
    }
}

#[cfg(test)]
mod tests;
