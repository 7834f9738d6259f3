//! The order of stages and what a tracking point says of them. Pure.

use airside_api::baggage::v1::{Stage, TrackingPoint};

/// Returns how far a stage is within a leg. Numbers of the published word tell
/// nothing of that: compare by this alone.
pub const fn rank(stage: Stage) -> u8 {
    match stage {
        Stage::Unspecified => 0,
        Stage::Expected => 1,
        Stage::Accepted => 10,
        Stage::InSystem => 20,
        Stage::Screened => 25,
        Stage::Stored => 30,
        Stage::Sorted => 40,
        Stage::InContainer => 50,
        Stage::AtAircraft => 60,
        Stage::OnAircraft => 70,
        Stage::Departed => 80,
        Stage::Unloaded => 90,
        Stage::Transferring => 100,
        Stage::Arrived => 105,
        Stage::OnBelt => 110,
        Stage::Collected => 120,
    }
}

/// Returns the stage that a bag has reached when it is seen at a point.
pub fn stage_of(point: TrackingPoint) -> Stage {
    match point {
        TrackingPoint::Unspecified => Stage::Unspecified,
        TrackingPoint::CheckIn => Stage::Accepted,
        TrackingPoint::BhsInduction | TrackingPoint::StoreOut => Stage::InSystem,
        TrackingPoint::Screening => Stage::Screened,
        TrackingPoint::StoreIn => Stage::Stored,
        TrackingPoint::Sortation => Stage::Sorted,
        TrackingPoint::ContainerLoad => Stage::InContainer,
        TrackingPoint::AircraftSide | TrackingPoint::Offload => Stage::AtAircraft,
        TrackingPoint::AircraftLoad => Stage::OnAircraft,
        TrackingPoint::AircraftUnload => Stage::Unloaded,
        TrackingPoint::TransferInjection => Stage::Transferring,
        TrackingPoint::ArrivalInjection => Stage::Arrived,
        TrackingPoint::ReclaimBelt => Stage::OnBelt,
        TrackingPoint::Collection => Stage::Collected,
    }
}

/// Whether a bag at this stage is on its way into an aircraft.
pub(crate) const fn is_outward(stage: Stage) -> bool {
    rank(Stage::Accepted) <= rank(stage) && rank(stage) <= rank(Stage::OnAircraft)
}

/// Whether a bag at this stage is in an aircraft.
pub(super) const fn is_aboard(stage: Stage) -> bool {
    matches!(stage, Stage::OnAircraft | Stage::Departed)
}
