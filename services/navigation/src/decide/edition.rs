//! The rules of a venue's map. Pure.
//!
//! Versions are numbered from 1 without a gap. Publishing the map that is shown, and rolling back to the
//! version that is shown, adds nothing, so a repeat after a lost answer does no harm; an older map that is
//! published again is a new version. Who decided on one version changes nothing when another is shown by
//! then.
//!
//! Each fact holds the whole of what is shown from then on, so the fold needs the newest [`KNOWN_FACTS`]
//! alone; a version that none of them speaks of can be published again, but not rolled back to.

use std::collections::BTreeMap;

use airside_kernel::{Classified, Code, Decider};
use thiserror::Error;

use crate::{
    events::edition::MapEvent,
    model::edition::{Edition, Note, VenueMap},
};

/// How many facts back a version may lie to be rolled back to.
pub const KNOWN_FACTS: u64 = 256;

/// The rules of `map-<code>`.
#[derive(Debug)]
pub struct Editions;

/// An order about a venue's map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapCommand {
    /// Show a map from now on.
    Publish {
        /// The map, which the checks passed.
        map: VenueMap,
        /// What changed.
        note: Note,
        /// The version that is shown, 0 for none, as far as the operator knows.
        seen: u32,
    },
    /// Show an earlier version again.
    RollBack {
        /// The version.
        version: u32,
        /// Why.
        note: Note,
        /// The version that is shown, as far as the operator knows.
        seen: u32,
    },
}

/// The versions that can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EditionsState {
    /// The maps by version, and the fact that spoke of each last.
    known: BTreeMap<u32, (VenueMap, u64)>,
    shown: u32,
    newest: u32,
    facts: u64,
}

impl EditionsState {
    /// Returns the version that is shown.
    pub fn shown(&self) -> Option<Edition> {
        self.edition(self.shown)
    }

    /// Returns a version, if it can be shown.
    pub fn edition(&self, version: u32) -> Option<Edition> {
        self.known.get(&version).map(|(map, _)| Edition { version, map: map.clone() })
    }
}

/// An order about a map that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MapRejection {
    /// Another version is shown than the operator knew.
    #[error(
        "version {shown} is shown and not version {seen}: somebody was faster; look at what they published, then \
         publish again"
    )]
    Overtaken {
        /// What the operator knew.
        seen: u32,
        /// What is shown.
        shown: u32,
    },
    /// There is no such version any more, or never was.
    #[error("version: {version} cannot be shown; there are {known:?}")]
    UnknownVersion {
        /// What was asked for.
        version: u32,
        /// The versions that can be shown.
        known: Vec<u32>,
    },
}

impl Classified for MapRejection {
    fn code(&self) -> Code {
        match self {
            Self::Overtaken { .. } => Code::Aborted,
            Self::UnknownVersion { .. } => Code::NotFound,
        }
    }
}

impl Decider for Editions {
    type Command = MapCommand;
    type Event = MapEvent;
    type State = EditionsState;
    type Rejection = MapRejection;

    fn decide(state: &EditionsState, command: MapCommand) -> Result<Vec<MapEvent>, MapRejection> {
        let in_time = |seen: u32| {
            if seen == state.shown {
                Ok(())
            } else {
                Err(MapRejection::Overtaken { seen, shown: state.shown })
            }
        };
        match command {
            MapCommand::Publish { map, note, seen } => {
                if state.shown().is_some_and(|shown| shown.map.is_same(&map)) {
                    return Ok(Vec::new());
                }
                in_time(seen)?;
                let edition = Edition { version: state.newest.saturating_add(1), map };
                Ok(vec![MapEvent::Published { edition, note }])
            }
            MapCommand::RollBack { version, note, seen } => {
                let Some(edition) = state.edition(version) else {
                    let known = state.known.keys().copied().collect();
                    return Err(MapRejection::UnknownVersion { version, known });
                };
                if version == state.shown {
                    return Ok(Vec::new());
                }
                in_time(seen)?;
                Ok(vec![MapEvent::RolledBack { edition, note, newest: state.newest }])
            }
        }
    }

    fn evolve(mut state: EditionsState, event: &MapEvent) -> EditionsState {
        state.facts += 1;
        let Edition { version, map } = event.edition().clone();
        let newest = match event {
            MapEvent::Published { .. } => version,
            MapEvent::RolledBack { newest, .. } => *newest,
        };
        state.newest = state.newest.max(newest);
        state.shown = version;
        state.known.insert(version, (map, state.facts));
        let facts = state.facts;
        state.known.retain(|_, (_, said)| facts - *said < KNOWN_FACTS);
        state
    }

    fn forgets(_: &EditionsState, folded: u64) -> u64 {
        folded.saturating_sub(KNOWN_FACTS)
    }
}

#[cfg(test)]
mod tests;
