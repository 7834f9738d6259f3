//! The JSON that `airside map check|stats|route --json` prints.

use serde::Serialize;
use serde_json::{Value, json};

use crate::check::{Finding, Severity};
use crate::graph::Zone;
use crate::imdf::FeatureId;
use crate::route::{Direction, Landmark, Outcome, Reason, Route, Span, Step, StepKind};

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
    /// A GeoJSON feature collection, a line for each level walked, in order.
    pub line: Value,
}

/// Why there is no way.
#[derive(Clone, Debug, Serialize)]
pub struct ReasonReport {
    /// `closed`, `no_accessible_way`, `disconnected` or `zone_forbidden`.
    pub kind: &'static str,
    /// The closed features in the way.
    pub features: Vec<FeatureId>,
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
            Outcome::NotFound { reason, text } => Self {
                found: false,
                reason: Some(why(reason, text)),
                length_m: None,
                seconds: None,
                levels: vec![],
                steps: vec![],
                line: json!({"type": "FeatureCollection", "features": []}),
            },
        }
    }
}

/// Rounds to tenths, which is finer than anybody walks.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn found(route: &Route) -> RouteReport {
    let step = |step: &Step| StepReport {
        kind: step.kind,
        text: step.text.clone(),
        distance_m: tenths(step.distance_m),
        seconds: tenths(step.seconds),
        ordinal: step.ordinal,
        end_ordinal: step.end_ordinal,
        span: step.span,
        landmarks: step.landmarks.clone(),
        sign: step.sign.clone(),
        feature: step.feature.clone(),
        direction: step.direction,
        zone: step.zone,
    };
    let degrees = |value: f64| (value * 1e8).round() / 1e8;
    let lines: Vec<_> = route
        .line
        .iter()
        .map(|line| {
            let points: Vec<_> = line.coordinates.iter().map(|at| at.map(degrees)).collect();
            json!({
                "type": "Feature",
                "properties": {"ordinal": line.ordinal, "level_id": line.level_id},
                "geometry": {"type": "LineString", "coordinates": points},
            })
        })
        .collect();
    RouteReport {
        found: true,
        reason: None,
        length_m: Some(tenths(route.length_m)),
        seconds: Some(tenths(route.seconds)),
        levels: route.levels.clone(),
        steps: route.steps.iter().map(step).collect(),
        line: json!({"type": "FeatureCollection", "features": lines}),
    }
}

fn why(reason: &Reason, text: &str) -> ReasonReport {
    let (kind, features) = match reason {
        Reason::Closed(features) => ("closed", features.clone()),
        Reason::NoAccessibleWay => ("no_accessible_way", vec![]),
        Reason::Disconnected => ("disconnected", vec![]),
        Reason::ZoneForbidden => ("zone_forbidden", vec![]),
    };
    ReasonReport { kind, features, text: text.to_owned() }
}
