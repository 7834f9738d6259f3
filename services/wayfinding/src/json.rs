//! The JSON that `airside map check|stats|route|reach --json` prints.

use serde::Serialize;
use serde_json::{Value, json};

use crate::check::{Finding, Severity};
use crate::graph::{Place, Zone};
use crate::imdf::FeatureId;
use crate::reach::Reach;
use crate::route::{
    AsFarAs, Direction, Landmark, Leg, LevelLine, Outcome, Reason, Route, Span, Step, StepKind, Walk,
};

/// The answer of `map check`.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// Whether the map may be used: it has no violation.
    pub valid: bool,
    /// How many violations there are.
    pub violations: usize,
    /// How many warnings.
    pub warnings: usize,
    /// How many notes.
    pub infos: usize,
    /// All findings, worst first.
    pub findings: Vec<Finding>,
}

impl From<Vec<Finding>> for CheckReport {
    fn from(findings: Vec<Finding>) -> Self {
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let violations = count(Severity::Violation);
        Self {
            valid: violations == 0,
            violations,
            warnings: count(Severity::Warning),
            infos: count(Severity::Info),
            findings,
        }
    }
}

/// The answer of `map route`; the fields of a route are empty when there is none.
#[derive(Clone, Debug, Serialize)]
pub struct RouteReport {
    /// Whether there is a way.
    pub found: bool,
    /// Why there is none.
    pub reason: Option<ReasonReport>,
    /// The length, in metres.
    pub length_m: Option<f64>,
    /// The time, in seconds.
    pub seconds: Option<f64>,
    /// The ordinals of the levels, in order.
    pub levels: Vec<i32>,
    /// The steps, in order.
    pub steps: Vec<StepReport>,
    /// Whether the goal is `open`, `closes_soon` or `closed` on arrival, where moment and hours are known.
    pub goal: Option<&'static str>,
    /// What to know about the goal on arrival.
    pub note: Option<String>,
    /// A GeoJSON feature collection, a line for each level walked, in order.
    pub line: Value,
    /// The parts from stop to stop, in order.
    pub legs: Vec<LegReport>,
    /// Other ways, the quickest first.
    pub alternatives: Vec<AlternativeReport>,
    /// How far one can get where there is no way.
    pub as_far_as: Option<AsFarAsReport>,
}

/// The answer of `map reach`.
#[derive(Clone, Debug, Serialize)]
pub struct ReachReport {
    /// The places within the time, the nearest first.
    pub places: Vec<ReachedPlace>,
    /// A GeoJSON feature collection of the ways there, cut where the time is over.
    pub lines: Value,
}

/// A place within the time.
#[derive(Clone, Debug, Serialize)]
pub struct ReachedPlace {
    /// The feature id.
    pub id: FeatureId,
    /// The name, or what it is where it has none.
    pub name: String,
    /// The walking time, in seconds.
    pub seconds: f64,
}

impl ReachReport {
    /// Reports what lies within a time, in milliseconds.
    pub fn of(walk: &Walk<'_>, reach: &Reach<'_, '_>, limit_ms: u32) -> Self {
        let places = reach.places_within(limit_ms).into_iter();
        let place = |(millis, place): (u32, &Place)| ReachedPlace {
            id: place.id.clone(),
            name: walk.snapshot.name_of(&place.id, walk.language).unwrap_or_else(|| place.category.clone()),
            seconds: tenths(f64::from(millis) / 1_000.0),
        };
        Self { places: places.map(place).collect(), lines: lines(&reach.lines(limit_ms).0) }
    }
}

/// The part of a way up to a stop, or to its end.
#[derive(Clone, Debug, Serialize)]
pub struct LegReport {
    /// The length, in metres.
    pub length_m: f64,
    /// The time, in seconds, without the stay.
    pub seconds: f64,
    /// Which of the steps is its first.
    pub first_step: usize,
    /// Which of the stops it ends at; `null` at the end of the way.
    pub stop: Option<usize>,
    /// How long one stays there, in seconds.
    pub stay_seconds: u32,
    /// The place it ends at; `null` for a position, a door or a unit.
    pub place: Option<FeatureId>,
}

/// Another way.
#[derive(Clone, Debug, Serialize)]
pub struct AlternativeReport {
    /// What is different about it.
    pub text: String,
    /// The way.
    #[serde(flatten)]
    pub way: WayReport,
}

/// How far one can get.
#[derive(Clone, Debug, Serialize)]
pub struct AsFarAsReport {
    /// The same in words.
    pub text: String,
    /// Longitude and latitude.
    pub lon_lat: [f64; 2],
    /// The ordinal of the level.
    pub ordinal: i32,
    /// The way there.
    #[serde(flatten)]
    pub way: WayReport,
}

/// A way.
#[derive(Clone, Debug, Serialize)]
pub struct WayReport {
    /// The length, in metres.
    pub length_m: f64,
    /// The time, in seconds.
    pub seconds: f64,
    /// The ordinals of the levels, in order.
    pub levels: Vec<i32>,
    /// The steps, in order.
    pub steps: Vec<StepReport>,
    /// A GeoJSON feature collection, a line for each level walked, in order.
    pub line: Value,
}

/// Why there is no way.
#[derive(Clone, Debug, Serialize)]
pub struct ReasonReport {
    /// `closed`, `not_open`, `no_accessible_way`, `disconnected` or `zone_forbidden`.
    pub kind: &'static str,
    /// The features in the way: closed, not open, or the checkpoint that may not be passed.
    pub features: Vec<FeatureId>,
    /// What may not be passed: `security`, `border`, `customs`, `one_way` or `staff`.
    pub barrier: Option<&'static str>,
    /// The reason in words.
    pub text: String,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// The kind of step.
    pub kind: StepKind,
    /// The instruction.
    pub text: String,
    /// The length, in metres.
    pub distance_m: f64,
    /// The time, in seconds.
    pub seconds: f64,
    /// What of the time is waiting, in seconds.
    pub wait_s: f64,
    /// The ordinal of the level where it begins.
    pub ordinal: i32,
    /// The ordinal of the level where it ends.
    pub end_ordinal: i32,
    /// Where it is on the features of the line.
    pub span: Option<Span>,
    /// What one sees there.
    pub landmarks: Vec<Landmark>,
    /// The name on the signs of what is taken, passed, come into or reached.
    pub sign: Option<String>,
    /// The feature that has the sign.
    pub feature: Option<FeatureId>,
    /// On arrival: where the goal is.
    pub direction: Option<Direction>,
    /// The side of security one comes to, where it changes.
    pub zone: Option<Zone>,
}

impl From<&Outcome> for RouteReport {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Found(route) => found(route),
            Outcome::NotFound { reason, text, as_far_as } => Self {
                found: false,
                reason: Some(why(reason, text)),
                length_m: None,
                seconds: None,
                levels: vec![],
                steps: vec![],
                goal: None,
                note: None,
                line: lines(&[]),
                legs: vec![],
                alternatives: vec![],
                as_far_as: as_far_as.as_deref().map(AsFarAsReport::from),
            },
        }
    }
}

/// Rounds to tenths, which is finer than anybody walks.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn degrees(value: f64) -> f64 {
    (value * 1e8).round() / 1e8
}

/// Returns lines as a GeoJSON feature collection.
pub fn lines(lines: &[LevelLine]) -> Value {
    let feature = |line: &LevelLine| {
        let points: Vec<_> = line.coordinates.iter().map(|at| at.map(degrees)).collect();
        json!({
            "type": "Feature",
            "properties": {"ordinal": line.ordinal, "level_id": line.level_id},
            "geometry": {"type": "LineString", "coordinates": points},
        })
    };
    json!({"type": "FeatureCollection", "features": lines.iter().map(feature).collect::<Vec<_>>()})
}

impl From<&Route> for WayReport {
    fn from(route: &Route) -> Self {
        let step = |step: &Step| StepReport {
            kind: step.kind,
            text: step.text.clone(),
            distance_m: tenths(step.distance_m),
            seconds: tenths(step.seconds),
            wait_s: tenths(step.wait_s),
            ordinal: step.ordinal,
            end_ordinal: step.end_ordinal,
            span: step.span,
            landmarks: step.landmarks.clone(),
            sign: step.sign.clone(),
            feature: step.feature.clone(),
            direction: step.direction,
            zone: step.zone,
        };
        Self {
            length_m: tenths(route.length_m),
            seconds: tenths(route.seconds),
            levels: route.levels.clone(),
            steps: route.steps.iter().map(step).collect(),
            line: lines(&route.line),
        }
    }
}

impl From<&AsFarAs> for AsFarAsReport {
    fn from(point: &AsFarAs) -> Self {
        Self {
            text: point.text.clone(),
            lon_lat: point.lon_lat.map(degrees),
            ordinal: point.ordinal,
            way: WayReport::from(&point.route),
        }
    }
}

fn found(route: &Route) -> RouteReport {
    let leg = |leg: &Leg| LegReport {
        length_m: tenths(leg.length_m),
        seconds: tenths(leg.seconds),
        first_step: leg.first_step,
        stop: leg.stop,
        stay_seconds: leg.stay_s,
        place: leg.place.clone(),
    };
    let other = |other: &crate::route::Alternative| AlternativeReport {
        text: other.text.clone(),
        way: WayReport::from(&other.route),
    };
    let way = WayReport::from(route);
    RouteReport {
        found: true,
        reason: None,
        length_m: Some(way.length_m),
        seconds: Some(way.seconds),
        levels: way.levels,
        steps: way.steps,
        goal: route.goal.as_ref().map(|goal| goal.opening.name()),
        note: route.goal.as_ref().map(|goal| goal.note.clone()).filter(|note| !note.is_empty()),
        line: way.line,
        legs: route.legs.iter().map(leg).collect(),
        alternatives: route.alternatives.iter().map(other).collect(),
        as_far_as: None,
    }
}

fn why(reason: &Reason, text: &str) -> ReasonReport {
    let (kind, features) = match reason {
        Reason::Closed(features) => ("closed", features.clone()),
        Reason::NoAccessibleWay => ("no_accessible_way", vec![]),
        Reason::Disconnected => ("disconnected", vec![]),
        Reason::ZoneForbidden(barrier) => ("zone_forbidden", barrier.feature.iter().cloned().collect()),
        Reason::NotOpen { features, .. } => ("not_open", features.clone()),
    };
    let barrier = match reason {
        Reason::ZoneForbidden(barrier) => Some(barrier.kind.name()),
        _ => None,
    };
    ReasonReport { kind, features, barrier, text: text.to_owned() }
}
