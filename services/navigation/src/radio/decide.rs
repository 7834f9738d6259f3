//! The rules of radio maps. Pure.
//!
//! Publishing what is in use already, under the same name, adds nothing. A name belongs to the content that it
//! was first given to. What was published before is put back by its name; the fact that says so tells the whole
//! version again, so that the fold needs only the facts of the versions that are kept.

use airside_kernel::{Classified, Code, Decider};
use thiserror::Error;

use super::{
    events::RadioMapPublished,
    model::{RadioEdition, VersionName},
};

/// How many versions are kept to go back to; the one that was used longest ago is forgotten first.
pub const KEPT_MAX: usize = 32;
/// After how many facts a version that was not used again is forgotten.
const KEPT_FACTS: u64 = 256;

/// The rules of `radio-<venue code>`.
#[derive(Debug)]
pub struct RadioMaps;

/// An order to the radio maps of a venue.
#[derive(Debug, Clone, PartialEq)]
pub enum RadioCommand {
    /// Use a map that was checked, from now on.
    Publish(RadioEdition),
    /// Use an earlier version again.
    RollBack {
        /// Its name.
        version: VersionName,
    },
}

/// The versions of a venue, the one in use last, each with the fact that said so.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RadioState {
    used: Vec<(RadioEdition, u64)>,
    facts: u64,
}

impl RadioState {
    /// Returns the version in use.
    pub fn current(&self) -> Option<&RadioEdition> {
        self.used.last().map(|(edition, _)| edition)
    }

    /// Returns the versions, the one in use first, then by when they were used last.
    pub fn editions(&self) -> impl Iterator<Item = &RadioEdition> {
        self.used.iter().rev().map(|(edition, _)| edition)
    }

    /// Returns the versions with the facts that said so, and how many facts there were.
    pub(crate) fn image(&self) -> (&[(RadioEdition, u64)], u64) {
        (&self.used, self.facts)
    }

    /// Goes on from an image.
    pub(crate) fn of_image(used: Vec<(RadioEdition, u64)>, facts: u64) -> Self {
        Self { used, facts }
    }

    fn find(&self, version: &VersionName) -> Option<&RadioEdition> {
        self.editions().find(|edition| edition.version == *version)
    }
}

/// An order that radio maps refuse.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RadioRejection {
    /// The name is taken.
    #[error("version: {0} is the name of other content; choose a new name")]
    NameTaken(VersionName),
    /// There is no such version.
    #[error("version: {version} is not kept; there are {known:?}")]
    Unknown {
        /// What was asked for.
        version: VersionName,
        /// The names there are.
        known: Vec<String>,
    },
}

impl Classified for RadioRejection {
    fn code(&self) -> Code {
        match self {
            Self::NameTaken(_) => Code::FailedPrecondition,
            Self::Unknown { .. } => Code::NotFound,
        }
    }
}

impl Decider for RadioMaps {
    type Command = RadioCommand;
    type Event = RadioMapPublished;
    type State = RadioState;
    type Rejection = RadioRejection;

    fn decide(state: &RadioState, command: RadioCommand) -> Result<Vec<RadioMapPublished>, RadioRejection> {
        let wanted = match command {
            RadioCommand::Publish(edition) => match state.find(&edition.version) {
                Some(known) if known.is_same(&edition) => known.clone(),
                Some(_) => return Err(RadioRejection::NameTaken(edition.version)),
                None => edition,
            },
            RadioCommand::RollBack { version } => match state.find(&version) {
                Some(known) => known.clone(),
                None => {
                    let known = state.editions().map(|edition| edition.version.to_string()).collect();
                    return Err(RadioRejection::Unknown { version, known });
                }
            },
        };
        let is_current = state.current() == Some(&wanted);
        Ok(if is_current { Vec::new() } else { vec![RadioMapPublished(wanted)] })
    }

    fn evolve(mut state: RadioState, event: &RadioMapPublished) -> RadioState {
        let RadioMapPublished(edition) = event;
        state.facts += 1;
        let facts = state.facts;
        state.used.retain(|(known, said)| known.version != edition.version && facts - said < KEPT_FACTS);
        state.used.push((edition.clone(), facts));
        let surplus = state.used.len().saturating_sub(KEPT_MAX);
        state.used.drain(..surplus);
        state
    }

    fn forgets(state: &RadioState, folded: u64) -> u64 {
        let oldest = state.used.first().map_or(state.facts, |(_, said)| *said);
        folded.saturating_sub(state.facts - oldest + 1)
    }
}

#[cfg(test)]
mod tests;
