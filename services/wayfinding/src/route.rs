//! One question, one answer: from here to there, for whom, in which language.
//!
//! "No route" is an answer with its reason. Only a question that makes no sense is an error, and it names the
//! field. An answer is computed on one snapshot and one overlay from beginning to end.

use crate::graph::Zone;
use crate::hours::{Moment, Opening};
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::profile::{Profile, Rights, Speed, Who};
use crate::search::{End, Found, Now, Searcher};
use crate::snapshot::Snapshot;
use crate::words::Language;

mod as_far;
mod landmarks;
mod legs;
mod lines;
mod network;
mod off;
mod opening;
mod others;
pub(crate) mod pieces;
mod pulled;
pub(crate) mod reason;
pub(crate) mod refusal;
pub(crate) mod resolve;
mod sides;
mod steps;
mod stops;
pub(crate) mod text;
mod turns;
mod waits;

pub use as_far::AsFarAs;
pub use others::{ALTERNATIVES_MAX, Alternative};
pub use reason::{Barrier, BarrierKind, Reason};
use resolve::Spot;
pub use stops::{STAY_MAX_S, STOPS_MAX, Stop};
pub use text::Direction;

/// The longest that a route keeps somebody waiting until something opens, in milliseconds.
pub const OPENING_WAIT_MAX_MS: u32 = 4 * 60 * 60 * 1_000;

/// A question for a route.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouteRequest {
    /// Where it begins: a feature id, a name or code in any language, or `lon,lat,ordinal`.
    pub from: String,
    /// Where it ends, likewise, or a kind of place such as `toilet`; where several places fit, the nearest.
    pub to: String,
    /// How one moves.
    pub profile: Profile,
    /// How fast; the profile's normal pace unless asked for.
    pub speed: Speed,
    /// What they may pass; what passengers may unless asked for.
    pub rights: Rights,
    /// When they set out, by the venue's clocks; without it opening hours count for nothing.
    pub depart: Option<Moment>,
    /// The language of the steps.
    pub language: Language,
    /// The stops on the way, at most [`STOPS_MAX`].
    pub via: Vec<Stop>,
    /// Whether the stops are made in whichever order is quickest; in the order given unless asked for.
    pub any_order: bool,
    /// How many other ways to tell besides the quickest, at most [`ALTERNATIVES_MAX`]; none where there are
    /// stops.
    pub alternatives: u8,
}

impl RouteRequest {
    /// Returns who walks.
    pub fn who(&self) -> Who {
        Who { profile: self.profile, speed: self.speed, rights: self.rights }
    }
}

/// Says why a question for a route makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RouteError {
    /// No place has this id, name or code.
    #[error(
        "{field}: no place is called {reference:?}; use a feature id, a name, a code, a kind such as toilet, or lon,lat,ordinal"
    )]
    UnknownPlace {
        /// The field, `from` or `to`.
        field: &'static str,
        /// What it said.
        reference: String,
    },
    /// Several places have this name.
    #[error("{field}: {count} places are called {reference:?}; use a feature id or lon,lat,ordinal")]
    AmbiguousPlace {
        /// The field, `from`.
        field: &'static str,
        /// What it said.
        reference: String,
        /// How many places have the name.
        count: usize,
    },
    /// The position is on no level of the venue.
    #[error("{field}: no level has the ordinal {ordinal}; use one of {known:?}")]
    UnknownLevel {
        /// The field, `from` or `to`.
        field: &'static str,
        /// The ordinal it said.
        ordinal: i32,
        /// The ordinals there are.
        known: Vec<i32>,
    },
    /// The position is too far from every way.
    #[error(
        "{field}: the position is more than 30 m from every way of the venue; check lon,lat (WGS 84) and the level"
    )]
    OffVenue {
        /// The field, `from` or `to`.
        field: &'static str,
    },
    /// No place is of this kind.
    #[error(
        "kind: no place is of the kind {kind:?}; use a category of the map such as restroom, or a word such as toilet"
    )]
    UnknownKind {
        /// What it said.
        kind: String,
    },
    /// There are more stops than a way may have.
    #[error("via: {count} stops are too many; ask for at most {STOPS_MAX}")]
    TooManyStops {
        /// How many there are.
        count: usize,
    },
    /// The stops in any order fit too many places.
    #[error("via: the stops fit more than {most} places; in any order, name fewer kinds and more places")]
    TooManySpots {
        /// How many they may fit.
        most: usize,
    },
}

impl RouteError {
    /// Returns the error with its field called otherwise.
    #[must_use]
    pub fn of_field(mut self, name: &'static str) -> Self {
        match &mut self {
            Self::UnknownPlace { field, .. }
            | Self::AmbiguousPlace { field, .. }
            | Self::UnknownLevel { field, .. }
            | Self::OffVenue { field } => *field = name,
            Self::UnknownKind { .. } | Self::TooManyStops { .. } | Self::TooManySpots { .. } => {}
        }
        self
    }
}

/// The answer to a question for a route.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// There is a way.
    Found(Route),
    /// There is none, and why.
    NotFound {
        /// The reason.
        reason: Reason,
        /// The reason in the language asked for.
        text: String,
        /// How far one can get; `None` where that is nowhere.
        as_far_as: Option<Box<AsFarAs>>,
    },
}

/// A way, with its steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// The length, in metres.
    pub length_m: f64,
    /// The time it takes, in seconds, delays included.
    pub seconds: f64,
    /// The ordinals of the levels in the order they are walked.
    pub levels: Vec<i32>,
    /// What to do, in order; lengths and seconds add up to those of the route.
    pub steps: Vec<Step>,
    /// The line walked on each level, in order.
    pub line: Vec<LevelLine>,
    /// The parts from stop to stop, in order; one where there is no stop.
    pub legs: Vec<Leg>,
    /// Other ways, the quickest first.
    pub alternatives: Vec<Alternative>,
    /// How far the line begins from the position one sets out from, in metres: 0 unless that lies in a wall, a
    /// fixture, or where one may not walk. What lies between is no part of the length nor of the time.
    pub start_off_m: f64,
    /// How far the line ends from the position that was asked for, likewise.
    pub goal_off_m: f64,
    /// Whether the goal is open on arrival, where the moment and the goal's hours are known.
    pub goal: Option<GoalOpening>,
}

/// Whether a goal is open when one arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalOpening {
    /// Whether it is open.
    pub opening: Opening,
    /// When one arrives.
    pub at: Moment,
    /// What to know about it, in the language asked for; empty when it is simply open.
    pub note: String,
}

/// The part of a way up to a stop, or to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Leg {
    /// The length, in metres.
    pub length_m: f64,
    /// The time it takes, in seconds, without the stay.
    pub seconds: f64,
    /// Which of the route's steps is its first.
    pub first_step: usize,
    /// Which of the stops it ends at; `None` at the end of the way.
    pub stop: Option<usize>,
    /// How long one stays there, in seconds.
    pub stay_s: u32,
    /// The place it ends at; `None` for a position, a door or a unit.
    pub place: Option<FeatureId>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What kind of thing.
    pub kind: StepKind,
    /// The instruction, in the language asked for.
    pub text: String,
    /// The length, in metres.
    pub distance_m: f64,
    /// The time, in seconds.
    pub seconds: f64,
    /// What of the time is waiting: for others, or until it opens; in seconds.
    pub wait_s: f64,
    /// What of the time a check itself takes when nobody waits, in seconds.
    pub check_s: f64,
    /// The ordinal of the level on which the step begins.
    pub ordinal: i32,
    /// The ordinal of the level on which it ends.
    pub end_ordinal: i32,
    /// Where it is on the lines of the route; `None` for a route without lines.
    pub span: Option<Span>,
    /// What one sees there, as the instruction names it.
    pub landmarks: Vec<Landmark>,
    /// The name on the signs of what is taken, passed, come into or reached: a lift, a checkpoint, a hall, a
    /// gate.
    pub sign: Option<String>,
    /// The feature that has the sign, where the map tells.
    pub feature: Option<FeatureId>,
    /// On arrival: where the goal is.
    pub direction: Option<Direction>,
    /// The side of security one comes to, where it changes.
    pub zone: Option<Zone>,
}

/// The kinds of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Walk on.
    Walk,
    /// Turn left and walk.
    TurnLeft,
    /// Turn right and walk.
    TurnRight,
    /// Bear left and walk.
    BearLeft,
    /// Bear right and walk.
    BearRight,
    /// Turn around and walk.
    TurnAround,
    /// Take a moving walkway.
    MovingWalkway,
    /// Take a lift.
    Lift,
    /// Take the stairs.
    Stairs,
    /// Take an escalator.
    Escalator,
    /// Pass security.
    Security,
    /// Pass border control.
    Border,
    /// Pass customs.
    Customs,
    /// Be there.
    Arrive,
}

/// Where a step is on the lines of its route: from a point to a point, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Span {
    /// Where it begins.
    pub first: LinePoint,
    /// Where it ends; a ride ends on a later line than it begins.
    pub last: LinePoint,
}

/// A point of a line of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct LinePoint {
    /// The index among the lines.
    pub line: usize,
    /// The index among its points.
    pub point: usize,
}

/// Something one sees on the way.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Landmark {
    /// The feature of the map: a place, or a shaft.
    pub feature: FeatureId,
    /// What it is called.
    pub name: String,
    /// What the step does there.
    pub role: LandmarkRole,
    /// The side it is on.
    pub direction: Option<Direction>,
}

/// What a step does at a landmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LandmarkRole {
    /// One turns there.
    Turn,
    /// It is passed.
    Pass,
    /// One walks towards it.
    Towards,
}

/// A line on one level.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelLine {
    /// The level's ordinal.
    pub ordinal: i32,
    /// The level's feature id.
    pub level_id: FeatureId,
    /// Longitudes and latitudes; two points at least.
    pub coordinates: Vec<[f64; 2]>,
}

/// What walks go by: a venue at one moment, who walks, and the language of what is said.
#[derive(Clone, Copy, Debug)]
pub struct Walk<'a> {
    /// The venue.
    pub snapshot: &'a Snapshot,
    /// What is different now.
    pub overlay: &'a Overlay,
    /// Who walks.
    pub who: Who,
    /// When they set out; without it opening hours count for nothing.
    pub depart: Option<Moment>,
    /// The language.
    pub language: Language,
}

/// Finds the cheapest way for one profile at this moment.
///
/// # Errors
/// Fails when an end or a stop is no place, the start is an ambiguous one, one of them is off the venue, or the
/// stops are too many.
pub fn route(
    snapshot: &Snapshot,
    overlay: &Overlay,
    searcher: &mut Searcher,
    request: &RouteRequest,
) -> Result<Outcome, RouteError> {
    let who = request.who();
    let walk = Walk { snapshot, overlay, who, depart: request.depart, language: request.language };
    let from = resolve::one(snapshot, overlay, who, "from", &request.from)?;
    let to = resolve::resolve(snapshot, overlay, who, "to", &request.to)?;
    if !request.via.is_empty() {
        return stops::route(&walk, searcher, request, &from, &to);
    }
    let Some(pieces) = walk.way(searcher, &from, &to) else {
        return Ok(walk.no_way(searcher, &from, &to));
    };
    let place = to.get(pieces.goal).and_then(|spot| spot.place(snapshot)).map(|place| place.id.clone());
    let mut route = walk.tell(searcher, pieces, &from, &to);
    let (length_m, seconds) = (route.length_m, route.seconds);
    route.legs = vec![Leg { length_m, seconds, first_step: 0, stop: None, stay_s: 0, place }];
    if request.alternatives > 0 {
        route.alternatives = others::others(&walk, searcher, &from, &to, (&route, request.alternatives));
    }
    Ok(Outcome::Found(route))
}

impl<'a> Walk<'a> {
    /// Returns what a search goes by.
    pub(crate) fn footing(&self) -> Now<'a> {
        let Self { snapshot, overlay, who, depart, .. } = *self;
        Now { snapshot, overlay, who, depart, stays: false }
    }

    /// Finds the cheapest way from a spot to any of some.
    fn way(&self, searcher: &mut Searcher, from: &Spot, to: &[Spot]) -> Option<pieces::Pieces> {
        let Self { snapshot, overlay, who, .. } = *self;
        let starts = from.starts(snapshot, overlay, who);
        let goals: Vec<_> = to.iter().flat_map(|spot| spot.goals(snapshot, overlay, who)).collect();
        let now = self.footing();
        let found = searcher.find(&now, &starts, &goals);
        let found = found.filter(|found| pieces::opens_ms(&now, found) <= OPENING_WAIT_MAX_MS);
        let asked = pieces::Asked { now, from, to };
        match (found, direct(snapshot, overlay, who, from, to)) {
            (Some(found), Some((millis, _))) if found.millis <= millis => Some(pieces::along(&asked, &found)),
            (_, Some((_, pieces))) => Some(pieces),
            (Some(found), None) => Some(pieces::along(&asked, &found)),
            (None, None) => None,
        }
    }

    /// Returns how long the cheapest way between two spots takes, pulled taut as a route is, in milliseconds.
    pub(crate) fn pulled_ms(&self, searcher: &mut Searcher, from: &Spot, to: &Spot) -> Option<u32> {
        let mut pieces = self.way(searcher, from, std::slice::from_ref(to))?;
        pulled::pull(self.snapshot, self.overlay, &mut searcher.scratch, &mut pieces);
        Some(pieces.pieces.iter().map(|piece| piece.millis).fold(0, u32::saturating_add))
    }

    /// Pulls a way taut and says it.
    fn tell(&self, searcher: &mut Searcher, mut pieces: pieces::Pieces, from: &Spot, to: &[Spot]) -> Route {
        pulled::pull(self.snapshot, self.overlay, &mut searcher.scratch, &mut pieces);
        let goal = to.get(pieces.goal);
        let mut route = steps::narrate(&self.tale(from, goal), &pieces);
        route.goal = opening::on_arrival(&self.footing(), goal, route.seconds, self.language);
        route
    }

    fn tale<'b>(&'b self, from: &'b Spot, to: Option<&'b Spot>) -> steps::Tale<'b> {
        let Self { snapshot, overlay, who, language, .. } = *self;
        steps::Tale { snapshot, overlay, from, to, language, wheelchair: who.profile == Profile::Wheelchair }
    }

    /// Says why there is no way, and how far one can get.
    fn no_way(&self, searcher: &mut Searcher, from: &Spot, to: &[Spot]) -> Outcome {
        let reason = reason::reason(self, searcher, std::slice::from_ref(from), to);
        let text = refusal::text(self, &reason);
        let as_far_as = as_far::as_far_as(self, searcher, &reason, from, to).map(Box::new);
        Outcome::NotFound { reason, text, as_far_as }
    }
}

/// Returns the way along one edge when both ends lie on it.
fn direct(
    snapshot: &Snapshot,
    overlay: &Overlay,
    who: Who,
    from: &Spot,
    to: &[Spot],
) -> Option<(u32, pieces::Pieces)> {
    let ways = to.iter().filter_map(|goal| pieces::direct(snapshot, overlay, who, from, goal));
    ways.min_by_key(|(millis, _)| *millis)
}

pub(crate) fn goal_index(
    snapshot: &Snapshot,
    overlay: &Overlay,
    who: Who,
    to: &[Spot],
    found: &Found,
) -> usize {
    let ends_here = |spot: &Spot| spot.goals(snapshot, overlay, who).contains(&found.goal);
    to.iter().position(ends_here).unwrap_or(0)
}

pub(crate) fn end(node: u32) -> End {
    End { node, millis: 0 }
}
