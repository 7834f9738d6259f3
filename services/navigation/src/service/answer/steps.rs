//! From the steps of a route to messages.

use airside_api::navigation::v1;
use airside_wayfinding::{Direction, Landmark, LandmarkRole, Span, Step, StepKind};

use super::{METRE, SECOND, rounded};

pub(super) fn step(step: Step) -> v1::Step {
    v1::Step {
        text: step.text,
        kind: kind(step.kind).to_owned(),
        length_m: rounded(step.distance_m, METRE),
        seconds: rounded(step.seconds, SECOND),
        wait_seconds: rounded(step.wait_s, SECOND),
        ordinal: step.end_ordinal,
        action: action(step.kind) as i32,
        first_ordinal: step.ordinal,
        span: step.span.map(span),
        landmarks: step.landmarks.into_iter().map(landmark).collect(),
        sign: step.sign.unwrap_or_default(),
        feature_id: step.feature.map(|feature| feature.to_string()).unwrap_or_default(),
        direction: direction(step.direction) as i32,
    }
}

fn kind(kind: StepKind) -> &'static str {
    use StepKind::{
        Arrive, BearLeft, BearRight, Border, Customs, Escalator, Lift, MovingWalkway, Security, Stairs,
        TurnAround, TurnLeft, TurnRight, Walk,
    };
    match kind {
        Walk | TurnLeft | TurnRight | BearLeft | BearRight | TurnAround => "walk",
        MovingWalkway => "moving_walkway",
        Lift => "lift",
        Stairs => "stairs",
        Escalator => "escalator",
        Security => "security",
        Border => "border",
        Customs => "customs",
        Arrive => "arrive",
    }
}

fn action(kind: StepKind) -> v1::StepAction {
    match kind {
        StepKind::Walk => v1::StepAction::Walk,
        StepKind::TurnLeft => v1::StepAction::TurnLeft,
        StepKind::TurnRight => v1::StepAction::TurnRight,
        StepKind::BearLeft => v1::StepAction::BearLeft,
        StepKind::BearRight => v1::StepAction::BearRight,
        StepKind::TurnAround => v1::StepAction::TurnAround,
        StepKind::MovingWalkway => v1::StepAction::MovingWalkway,
        StepKind::Lift => v1::StepAction::Lift,
        StepKind::Stairs => v1::StepAction::Stairs,
        StepKind::Escalator => v1::StepAction::Escalator,
        StepKind::Security => v1::StepAction::Security,
        StepKind::Border => v1::StepAction::Border,
        StepKind::Customs => v1::StepAction::Customs,
        StepKind::Arrive => v1::StepAction::Arrive,
    }
}

fn span(span: Span) -> v1::LineSpan {
    let narrow = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
    v1::LineSpan {
        first_line: narrow(span.first.line),
        first_point: narrow(span.first.point),
        last_line: narrow(span.last.line),
        last_point: narrow(span.last.point),
    }
}

fn landmark(landmark: Landmark) -> v1::Landmark {
    let role = match landmark.role {
        LandmarkRole::Turn => v1::LandmarkRole::Turn,
        LandmarkRole::Pass => v1::LandmarkRole::Pass,
        LandmarkRole::Towards => v1::LandmarkRole::Towards,
    };
    v1::Landmark {
        feature_id: landmark.feature.to_string(),
        name: landmark.name,
        role: role as i32,
        direction: direction(landmark.direction) as i32,
    }
}

fn direction(direction: Option<Direction>) -> v1::Direction {
    match direction {
        None => v1::Direction::Unspecified,
        Some(Direction::Left) => v1::Direction::Left,
        Some(Direction::Right) => v1::Direction::Right,
        Some(Direction::Ahead) => v1::Direction::Ahead,
    }
}
