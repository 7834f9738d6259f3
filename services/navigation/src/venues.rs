//! What the service asks of the venues, in the words of the domain.

use std::sync::{Arc, Mutex, PoisonError};

use airside_kernel::{Classified, Clock, Code, Timestamp};
use airside_runtime::{
    executor::{Context, ExecuteError, Executor, Order},
    projections::{AtLeastError, ReadModel},
};
use airside_wayfinding::{FeatureId, Outcome, RouteError, RouteRequest, Searcher, draw::LevelPlan, route};
use thiserror::Error;

use crate::{
    decide::{Venue, VenueCommand, VenueRejection},
    model::{Closure, VenueCode, Wait},
    press::Showing,
    project::{Closures, Live, Maps, boards::Boards},
};

/// How many searchers wait for the next request; their buffers are as large as the largest map.
const MAX_IDLE_SEARCHERS: usize = 16;

mod questions;

pub(crate) use questions::{BELT, GATE};
pub use questions::{Departure, Found, Nearby, Times};

/// A question about a venue that has no answer.
#[derive(Debug, Error)]
pub enum NavigationError {
    /// There is no such venue.
    #[error("venue: no venue is called {venue:?}; there are {known:?}")]
    UnknownVenue {
        /// What was asked for.
        venue: String,
        /// The codes there are.
        known: Vec<String>,
    },
    /// Its map cannot be shown.
    #[error(
        "venue: {venue} has no map: version {version} is refused: {problem}; publish a mended map, or roll back"
    )]
    NoMap {
        /// The venue.
        venue: VenueCode,
        /// The version that should be shown.
        version: u32,
        /// Why it is not.
        problem: String,
    },
    /// The map has no such feature, or none that can be closed.
    #[error(
        "feature_id: the map has nothing to close with the id {feature:?}; use the id of a unit, an opening, \
         a lift, stairs or an escalator"
    )]
    UnknownFeature {
        /// What was to be closed.
        feature: String,
    },
    /// No flight with this number is known.
    #[error("flight: no flight {number:?} is known; use a number of today such as CZ3101, or ask for a gate")]
    UnknownFlight {
        /// What was asked for.
        number: String,
    },
    /// The flight has no gate of this venue yet.
    #[error("flight: {number} has no gate here yet; ask again later, or ask for a gate")]
    NoGate {
        /// The flight.
        number: String,
    },
    /// What was named is no gate of this venue.
    #[error("gate: {gate:?} is no gate here; use the sign, the name or the id of one, or ask for a flight")]
    NotAGate {
        /// What was asked for.
        gate: String,
    },
    /// Nobody waits at this feature.
    #[error(
        "feature_id: the map has no queue at {feature:?}; use the id of a security check, border control, \
         customs or a lift"
    )]
    NoQueue {
        /// Where a wait was reported.
        feature: String,
    },
    /// The question for a route makes no sense.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The closure could not be stored.
    #[error(transparent)]
    Execute(#[from] ExecuteError<VenueRejection>),
    /// The closure is stored, and routes here do not know it yet.
    #[error("closure is stored and routes here do not know it yet")]
    Behind(#[from] AtLeastError),
}

impl Classified for NavigationError {
    fn code(&self) -> Code {
        match self {
            Self::UnknownVenue { .. }
            | Self::UnknownFlight { .. }
            | Self::NotAGate { .. }
            | Self::Route(RouteError::UnknownPlace { .. } | RouteError::UnknownKind { .. }) => Code::NotFound,
            Self::NoGate { .. } => Code::FailedPrecondition,
            Self::UnknownFeature { .. } | Self::NoQueue { .. } | Self::Route(_) => Code::InvalidArgument,
            Self::NoMap { .. } => Code::FailedPrecondition,
            Self::Execute(error) => error.code(),
            Self::Behind(error) => error.code(),
        }
    }
}

/// The venues of this process.
#[derive(Clone)]
pub struct Venues {
    maps: Maps,
    model: ReadModel<Closures>,
    pub(crate) boards: ReadModel<Boards>,
    executor: Executor<Venue>,
    clock: Arc<dyn Clock>,
    showing: Showing,
    searchers: Arc<Mutex<Vec<Searcher>>>,
}

impl Venues {
    /// Makes the venues over their maps and what follows their closures.
    pub fn new(
        maps: Maps,
        model: ReadModel<Closures>,
        boards: ReadModel<Boards>,
        executor: Executor<Venue>,
        clock: Arc<dyn Clock>,
        showing: Showing,
    ) -> Self {
        Self { maps, model, boards, executor, clock, showing, searchers: Arc::default() }
    }

    /// Returns the maps as they are now.
    pub fn maps(&self) -> &Maps {
        &self.maps
    }

    /// Returns a venue as it is now.
    ///
    /// # Errors
    /// When there is no such venue, or its map is refused.
    pub fn venue(&self, code: &str) -> Result<(VenueCode, Arc<Live>), NavigationError> {
        let known = || self.maps.all().keys().map(ToString::to_string).collect();
        let unknown =
            || NavigationError::UnknownVenue { venue: code.chars().take(40).collect(), known: known() };
        let code: VenueCode = code.parse().map_err(|_| unknown())?;
        if let Some(live) = self.maps.get(&code) {
            return Ok((code, live));
        }
        match self.showing.problem(&code) {
            Some((version, problem)) => Err(NavigationError::NoMap { venue: code, version, problem }),
            None => Err(unknown()),
        }
    }

    /// Returns the plan of a level.
    ///
    /// # Errors
    /// When the venue has no such level.
    pub fn level(&self, live: &Live, ordinal: i32) -> Result<Arc<LevelPlan>, NavigationError> {
        let known = || live.snapshot.graph().ordinals();
        let unknown = || RouteError::UnknownLevel { field: "ordinal", ordinal, known: known() };
        Ok(live.snapshot.level_plan(ordinal).ok_or_else(unknown)?)
    }

    /// Finds the quickest way in a venue as it is now. A reason that closures
    /// give is told in the operator's words too.
    ///
    /// # Errors
    /// When an end is no place, an ambiguous one, or off the venue.
    pub fn route(&self, live: &Live, request: &RouteRequest) -> Result<Outcome, NavigationError> {
        Ok(self.searching(|searcher| route(&live.snapshot, &live.overlay, searcher, request))?)
    }

    /// Lends a searcher.
    pub(crate) fn searching<T>(&self, work: impl FnOnce(&mut Searcher) -> T) -> T {
        let mut searcher = self.lock().pop().unwrap_or_default();
        let done = work(&mut searcher);
        let mut idle = self.lock();
        if idle.len() < MAX_IDLE_SEARCHERS {
            idle.push(searcher);
        }
        drop(idle);
        done
    }

    /// Returns the time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Closes or opens a feature, or reports a wait, and returns the position of the
    /// change, empty when nothing changed. When it returns, routes here know.
    ///
    /// # Errors
    /// When the venue or the feature is unknown, or the log cannot be used.
    pub async fn change(
        &self,
        venue: &str,
        command: VenueCommand,
        actor: String,
    ) -> Result<String, NavigationError> {
        let (code, live) = self.venue(venue)?;
        let command = of_one_id(&live, command);
        match &command {
            VenueCommand::Close(Closure { feature, .. }) | VenueCommand::Lift { feature } => {
                if !live.snapshot.closable(feature) && !live.closures.contains_key(feature) {
                    return Err(NavigationError::UnknownFeature { feature: feature.to_string() });
                }
            }
            VenueCommand::Report(Wait { feature, .. }) => {
                if !live.snapshot.queues(feature) && !live.waits.contains_key(feature) {
                    return Err(NavigationError::NoQueue { feature: feature.to_string() });
                }
            }
        }
        let context = Context::new(actor, "navigation", self.clock.now());
        let done = self.executor.execute(Order { stream: code.stream(), command, context }).await?;
        let position = done.position.map_or_else(String::new, |position| position.to_string());
        self.model.at_least(&position).await?;
        Ok(position)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Searcher>> {
        self.searchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a command for the one id of what it names, so that nothing is closed or queued for twice; what an
/// earlier order named by another id is changed under that.
fn of_one_id(live: &Live, mut command: VenueCommand) -> VenueCommand {
    let snapshot = &live.snapshot;
    let one_id = |asked: &FeatureId, known: &[&FeatureId]| {
        let one = snapshot.closes_as(asked);
        let named = known.iter().find(|id| snapshot.closes_as(id) == one);
        named.map_or_else(|| one.clone(), |id| (*id).clone())
    };
    match &mut command {
        VenueCommand::Close(Closure { feature, .. }) | VenueCommand::Lift { feature } => {
            *feature = one_id(feature, &live.closures.keys().collect::<Vec<_>>());
        }
        VenueCommand::Report(Wait { feature, .. }) => {
            *feature = one_id(feature, &live.waits.keys().collect::<Vec<_>>());
        }
    }
    command
}

/// Returns the operator's reasons for the closed features, each once.
pub fn reasons<'a>(live: &'a Live, features: &[FeatureId]) -> Vec<&'a str> {
    let mut reasons: Vec<&str> = features
        .iter()
        .filter_map(|id| live.closures.get(id))
        .map(|closure| closure.reason.as_str())
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}
