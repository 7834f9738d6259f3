//! What a pathway takes: the time it tells, else by its length, its steps, or where its ends are.

use super::{Mode, Pathway};
use crate::graph::{
    Edge, EdgeKind, LIFT_ALIGHT_MS, LIFT_BOARD_MS, STOREY_M, WALK_SPEED_MPS, WHEELCHAIR_DOOR_M, millis_at,
};

/// The steepest ramp that wheels pass, as rise over run; the GTFS reference names the same.
const WHEELS_SLOPE_MAX: f64 = 0.083;
/// The height of a step, in metres.
const STEP_M: f64 = 0.17;
/// The length of stairs or escalator for each metre of height.
const SLOPE_LENGTH: f64 = 1.8;
const STAIRS_UP_MPS: f64 = 0.35;
const STAIRS_DOWN_MPS: f64 = 0.45;
const ESCALATOR_MPS: f64 = 0.6;
const BELT_MPS: f64 = 0.65;
/// How long a gate takes when the feed does not say, in milliseconds.
const GATE_MS: u32 = 5_000;
/// How long a lift takes from storey to storey, in milliseconds.
const LIFT_STOREY_MS: u32 = 4_000;
/// The length of a walk of which the feed tells neither length, time nor ends, in metres.
const UNTOLD_M: f64 = 10.0;

/// Where a pathway leads.
pub(super) struct Span {
    /// The plan distance between the ends, in metres; `None` when one is not placed by the feed.
    pub(super) plan_m: Option<f64>,
    /// Storeys climbed from start to end; down where below zero.
    pub(super) storeys: i32,
}

/// Returns the edges of a pathway from its start to its end, and back.
pub(super) fn edges(pathway: &Pathway, span: &Span) -> [Edge; 2] {
    let up = match pathway.steps.or(pathway.slope) {
        Some(told) if span.storeys == 0 => told > 0.0,
        _ => span.storeys >= 0,
    };
    [up, !up].map(|up| edge(pathway, span, up))
}

fn edge(pathway: &Pathway, span: &Span, up: bool) -> Edge {
    let steps_m = pathway.steps.map(|steps| steps.abs() * STEP_M * SLOPE_LENGTH);
    let rise_m = f64::from(span.storeys.unsigned_abs()) * STOREY_M;
    let plan_m = span.plan_m.unwrap_or(0.0);
    let slope_m = steps_m.unwrap_or_else(|| rise_m.hypot(plan_m).max(rise_m * SLOPE_LENGTH));
    let (kind, speed_mps) = match (pathway.mode, up) {
        (Mode::Walkway | Mode::FareGate | Mode::ExitGate, _) => (EdgeKind::Walk, WALK_SPEED_MPS),
        (Mode::MovingSidewalk, _) => (EdgeKind::MovingWalkway, WALK_SPEED_MPS + BELT_MPS),
        (Mode::Stairs, true) => (EdgeKind::Stairs, STAIRS_UP_MPS),
        (Mode::Stairs, false) => (EdgeKind::Stairs, STAIRS_DOWN_MPS),
        (Mode::Escalator, true) => (EdgeKind::EscalatorUp, ESCALATOR_MPS),
        (Mode::Escalator, false) => (EdgeKind::EscalatorDown, ESCALATOR_MPS),
        (Mode::Lift, _) => (EdgeKind::Lift, WALK_SPEED_MPS),
    };
    let gate = matches!(pathway.mode, Mode::FareGate | Mode::ExitGate);
    let told_m = pathway.length_m.or_else(|| {
        let walked = !gate && kind == EdgeKind::Walk;
        pathway.seconds.filter(|_| walked).map(|seconds| seconds * WALK_SPEED_MPS)
    });
    let length_m = told_m.unwrap_or_else(|| match pathway.mode {
        Mode::Lift => 0.0,
        Mode::Stairs | Mode::Escalator => slope_m,
        _ if gate => plan_m,
        _ => span.plan_m.unwrap_or(UNTOLD_M),
    });
    let millis = match (pathway.seconds, pathway.mode) {
        (Some(seconds), _) => millis_at(seconds, 1.0),
        (None, Mode::Lift) => {
            LIFT_BOARD_MS + LIFT_ALIGHT_MS + LIFT_STOREY_MS.saturating_mul(span.storeys.unsigned_abs())
        }
        (None, _) if gate => millis_at(length_m, speed_mps).saturating_add(GATE_MS),
        (None, _) => millis_at(length_m, speed_mps),
    };
    let narrow = pathway.width_m.is_some_and(|width_m| width_m < WHEELCHAIR_DOOR_M);
    let steep = pathway.slope.is_some_and(|slope| slope.abs() > WHEELS_SLOPE_MAX);
    let wheels = !narrow && !steep && pathway.steps.is_none();
    Edge { kind, millis, wheels, features: vec![pathway.id.clone()], ..Edge::walk(length_m, None, vec![]) }
}
