//! The rules of closures and waits. Pure.
//!
//! Closing what is closed for the same reason and time, and lifting what is
//! open, adds nothing; closing it with another reason or time says so anew.
//! So does a report of the wait that is known and holds as long.
//!
//! A closure may last for months while others come and go. So that the fold
//! stays bounded, a closure or wait that was not spoken of for [`RESTATED_AFTER`]
//! facts is restated along with the next change.

use std::collections::BTreeMap;

use airside_kernel::{Classified, Code, Decider};
use airside_wayfinding::FeatureId;
use thiserror::Error;

use crate::{
    events::VenueEvent,
    model::{Closure, Wait},
};

pub mod edition;

/// After how many facts a closure or wait is restated.
pub const RESTATED_AFTER: u64 = 512;
/// How many closures and waits are restated along with one change.
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
    /// Report how long one waits at a feature.
    Report(Wait),
}

/// What is closed and where one waits, and which fact says so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VenueState {
    closed: BTreeMap<FeatureId, (Closure, u64)>,
    waits: BTreeMap<FeatureId, (Wait, u64)>,
    facts: u64,
}

impl VenueState {
    /// Returns what is closed.
    pub fn closures(&self) -> impl Iterator<Item = &Closure> {
        self.closed.values().map(|(closure, _)| closure)
    }

    /// Returns where one waits, reports that are too old included.
    pub fn waits(&self) -> impl Iterator<Item = &Wait> {
        self.waits.values().map(|(wait, _)| wait)
    }

    /// Returns what was not spoken of for long and is not what the new fact speaks of.
    fn faded(&self, new: &VenueEvent) -> impl Iterator<Item = VenueEvent> {
        let (closes, waits) = match new {
            VenueEvent::ClosureSet(Closure { feature, .. }) | VenueEvent::ClosureLifted { feature } => {
                (Some(feature), None)
            }
            VenueEvent::WaitReported(Wait { feature, .. }) => (None, Some(feature)),
        };
        let old = |said: u64| self.age(said) >= RESTATED_AFTER;
        let closures = self.closed.iter().filter(move |(id, (_, said))| Some(*id) != closes && old(*said));
        let queues = self.waits.iter().filter(move |(id, (_, said))| Some(*id) != waits && old(*said));
        let closures = closures.map(|(_, (closure, _))| VenueEvent::ClosureSet(closure.clone()));
        closures.chain(queues.map(|(_, (wait, _))| VenueEvent::WaitReported(wait.clone())))
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
        let fact = match command {
            VenueCommand::Close(closure) => {
                if state.closed.get(&closure.feature).is_some_and(|(known, _)| *known == closure) {
                    return Ok(Vec::new());
                }
                VenueEvent::ClosureSet(closure)
            }
            VenueCommand::Lift { feature } => {
                if !state.closed.contains_key(&feature) {
                    return Ok(Vec::new());
                }
                VenueEvent::ClosureLifted { feature }
            }
            VenueCommand::Report(wait) => {
                let known = state.waits.get(&wait.feature);
                if known.map_or(wait.seconds == 0, |(known, _)| *known == wait) {
                    return Ok(Vec::new());
                }
                VenueEvent::WaitReported(wait)
            }
        };
        let mut facts: Vec<_> = state.faded(&fact).take(MAX_RESTATED).collect();
        facts.push(fact);
        Ok(facts)
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
            VenueEvent::WaitReported(Wait { feature, seconds: 0, .. }) => {
                state.waits.remove(feature);
            }
            VenueEvent::WaitReported(wait) => {
                state.waits.insert(wait.feature.clone(), (wait.clone(), state.facts));
            }
        }
        state
    }

    fn forgets(state: &VenueState, folded: u64) -> u64 {
        let said =
            state.closed.values().map(|(_, said)| said).chain(state.waits.values().map(|(_, said)| said));
        let needed = said.map(|said| state.age(*said) + 1).max().unwrap_or(0);
        folded.saturating_sub(needed)
    }
}

#[cfg(test)]
mod tests;
