//! What the observations of a journey amount to, folded in the order of their times. Pure.
//!
//! Position is rank-monotone within a leg. A leg ends where the bag is seen on
//! its way into an aircraft again: after it was injected for a connection, after
//! it was unloaded here, at another airport than the one that it was last seen
//! at on board, or after it was taken off. A deletion of a flight that the bag no
//! longer takes changes nothing.

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, BagException, Connection, LegRole, PassengerState, Screening, Stage,
    TrackingPoint,
};
use airside_kernel::Timestamp;

use crate::model::{AirportCode, Announcement, Content, DatedFlight, Leg, Observation, Sighting};

/// What is known about a journey, computed from its observations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Position on the present leg.
    pub stage: Stage,
    /// Authority to load.
    pub authority: Authority,
    /// True when the bag must come off the aircraft or was taken off it.
    pub offload: bool,
    /// The flight of the present leg.
    pub flight: Option<DatedFlight>,
    /// Where it was last seen or announced.
    pub station: Option<AirportCode>,
    /// Chute, stand or belt where it was last seen; may be empty.
    pub location: String,
    /// When it was last seen; `None` while it is only announced.
    pub seen_at: Option<Timestamp>,
    /// What screening said last.
    pub screening: Screening,
    /// Container, cart or hold that it is in, and compartment; both may be empty.
    pub stowage: Option<(String, String)>,
    /// What keeps it from its normal way.
    pub exception: BagException,
    /// What the airline says of its passenger.
    pub passenger: PassengerState,
    /// Whether it will reach its connecting flight.
    pub connection: Connection,
    /// Whether the position is concluded and not read.
    pub is_inferred: bool,
}

impl Status {
    /// Returns what observations amount to, oldest first.
    pub(crate) fn of<'a>(observations: impl Iterator<Item = (&'a Observation, &'a Content)>) -> Self {
        let mut fold = Fold::default();
        for (observation, content) in observations {
            fold.told_at = Some(observation.station);
            match content {
                Content::Announced(announcement) => fold.announce(announcement),
                Content::Scanned(sighting) => fold.see(observation, sighting),
                _ => {}
            }
        }
        let is_refused = matches!(fold.authority, Authority::Revoked | Authority::Withheld);
        Self {
            stage: fold.stage,
            authority: fold.authority,
            offload: fold.was_offloaded || (is_refused && fold.stage == Stage::OnAircraft),
            flight: fold.flight,
            station: fold.station.or(fold.told_at),
            location: fold.location.to_owned(),
            seen_at: fold.seen_at,
            screening: Screening::Unspecified,
            stowage: None,
            exception: BagException::Unspecified,
            passenger: PassengerState::Unspecified,
            connection: Connection::Unspecified,
            is_inferred: false,
        }
    }

    /// Returns whether the airline took the bag back before it was on board.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.authority == Authority::Revoked && self.stage < Stage::OnAircraft
    }
}

/// Returns the flight that the bag leaves on, or the first when it only arrives.
fn departing(legs: &[Leg]) -> Option<DatedFlight> {
    let outbound = legs.iter().find(|leg| leg.role == LegRole::Outbound);
    outbound.or_else(|| legs.first()).map(|leg| leg.flight)
}

/// The status on its way through the observations.
#[derive(Debug, Default)]
struct Fold<'a> {
    stage: Stage,
    authority: Authority,
    was_offloaded: bool,
    announced: Option<DatedFlight>,
    flight: Option<DatedFlight>,
    station: Option<AirportCode>,
    told_at: Option<AirportCode>,
    location: &'a str,
    seen_at: Option<Timestamp>,
}

impl<'a> Fold<'a> {
    fn announce(&mut self, announcement: &Announcement) {
        self.stage = self.stage.max(Stage::Expected);
        let names = |flight| announcement.legs.iter().any(|leg| leg.flight == flight);
        match announcement.change {
            AnnouncementChange::Deleted => {
                if !announcement.legs.is_empty() && self.announced.is_some_and(|flight| !names(flight)) {
                    return;
                }
                self.authority = Authority::Revoked;
            }
            _ if announcement.authority != Authority::Unspecified => self.authority = announcement.authority,
            _ if self.authority == Authority::Revoked => self.authority = Authority::Unspecified,
            _ => {}
        }
        if let Some(flight) = departing(&announcement.legs) {
            (self.announced, self.flight) = (Some(flight), Some(flight));
        }
    }

    fn see(&mut self, observation: &Observation, sighting: &'a Sighting) {
        let reached = stage_of(sighting.point);
        match sighting.point {
            TrackingPoint::Offload => {
                self.stage = reached;
                self.was_offloaded = true;
            }
            TrackingPoint::StoreOut if self.stage == Stage::Stored => self.stage = Stage::InSystem,
            TrackingPoint::TransferInjection => self.stage = reached,
            _ if self.begins_leg(observation.station, reached) => self.stage = reached,
            _ => self.stage = self.stage.max(reached),
        }
        if sighting.point == TrackingPoint::AircraftLoad {
            self.was_offloaded = false;
        }
        if sighting.authority != Authority::Unspecified {
            self.authority = sighting.authority;
        }
        self.flight = sighting.leg.map(|leg| leg.flight).or(self.flight);
        self.station = Some(observation.station);
        self.location = &sighting.location;
        self.seen_at = Some(observation.observed_at);
    }

    /// Whether a bag that has come this far is on its way into an aircraft again.
    fn begins_leg(&self, here: AirportCode, reached: Stage) -> bool {
        let is_outward = (Stage::Accepted..Stage::Unloaded).contains(&reached);
        is_outward
            && match self.stage {
                Stage::Transferring => true,
                Stage::Unloaded => self.station == Some(here),
                Stage::OnAircraft => self.station.is_some_and(|last| last != here),
                Stage::AtAircraft => self.was_offloaded,
                _ => false,
            }
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
