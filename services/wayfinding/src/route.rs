//! One question, one answer: from here to there, for whom, in which language.
//!
//! "No route" is an answer with its reason. Only a question that makes no sense is an error, and it names the
//! field. An answer is computed on one snapshot and one overlay from beginning to end.

use crate::graph::Zone;
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::profile::{Profile, Rights, Speed, Who};
use crate::search::{End, Found, Searcher};
use crate::snapshot::Snapshot;
use crate::words::Language;

mod landmarks;
mod legs;
mod lines;
pub(crate) mod pieces;
mod pulled;
mod reason;
pub(crate) mod resolve;
mod sides;
mod steps;
mod text;
mod turns;

use resolve::Spot;
pub use text::Direction;

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
    /// The language of the steps.
    pub language: Language,
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
    },
}

/// A way, with its steps.
#[derive(Clone, Debug, PartialEq)]
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

/// Why there is no way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// These closed features are in the way; with them open there is one.
    Closed(Vec<FeatureId>),
    /// On foot there is a way, for this profile there is none.
    NoAccessibleWay,
    /// The map joins the two ends by nothing.
    Disconnected,
    /// The only ways cross between zones where passengers may not.
    ZoneForbidden,
}

/// Finds the cheapest way for one profile at this moment.
///
/// # Errors
/// Fails when an end is no place, an ambiguous one, or off the venue.
pub fn route(
    snapshot: &Snapshot,
    overlay: &Overlay,
    searcher: &mut Searcher,
    request: &RouteRequest,
) -> Result<Outcome, RouteError> {
    let who = request.who();
    let from = [resolve::one(snapshot, overlay, who, "from", &request.from)?];
    let to = resolve::resolve(snapshot, overlay, who, "to", &request.to)?;
    let starts: Vec<_> = from.iter().flat_map(|spot| spot.starts(snapshot, overlay, who)).collect();
    let goals: Vec<_> = to.iter().flat_map(|spot| spot.goals(snapshot, overlay, who)).collect();
    let found = searcher.find(snapshot, overlay, who, &starts, &goals);
    let direct = direct(snapshot, overlay, who, &from, &to);
    let language = request.language;
    let asked = pieces::Asked { snapshot, overlay, who, from: &from[0], to: &to };
    let mut pieces = match (found, direct) {
        (Some(found), Some((millis, _))) if found.millis <= millis => pieces::along(&asked, &found),
        (_, Some((_, pieces))) => pieces,
        (Some(found), None) => pieces::along(&asked, &found),
        (None, None) => {
            let reason = reason::reason(snapshot, overlay, searcher, request, &from, &to);
            let text = text::no_way(snapshot, &reason, request.profile, language);
            return Ok(Outcome::NotFound { reason, text });
        }
    };
    pulled::pull(snapshot.graph(), &mut searcher.scratch, &mut pieces);
    let to = to.get(pieces.goal);
    let wheelchair = request.profile == Profile::Wheelchair;
    let tale = steps::Tale { snapshot, overlay, from: &from[0], to, language, wheelchair };
    Ok(Outcome::Found(steps::narrate(&tale, &pieces)))
}

/// Returns the way along one edge when both ends lie on it.
fn direct(
    snapshot: &Snapshot,
    overlay: &Overlay,
    who: Who,
    from: &[Spot],
    to: &[Spot],
) -> Option<(u32, pieces::Pieces)> {
    let ways = to.iter().filter_map(|goal| pieces::direct(snapshot, overlay, who, &from[0], goal));
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
