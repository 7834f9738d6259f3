//! What the observations of a journey amount to, folded in the order of their times. Pure.
//!
//! Position is rank-monotone within a leg. It goes back only by name: taken off
//! the aircraft, screened again, inducted again after sorting, out of the store,
//! out of a container that was taken apart. A leg ends where the bag is seen on its
//! way into an aircraft again: after it was injected for a connection, after it was
//! unloaded here, at another airport than the one that it was last seen at on
//! board, or after it was taken off.
//!
//! What is concluded from a container or a manifest is a position too, and loses
//! against every later read that contradicts it, and against what is known of the
//! bag's container: a bag that was read out of a container does not fly with it.
//!
//! A flight that left makes its bags departed or left behind, as they are at its
//! time; so a late word of a load before it takes the left-behind back by itself. What
//! a flight did before the bag was known to be of it is kept, and counts as soon as it is.
//! A bag left behind that is seen beyond where its flight leaves from has flown.
//! Each axis is folded for itself; what keeps a bag from its way is concluded from
//! them at the end. A deletion of a flight that the bag no longer takes changes nothing.

mod aboard;
mod fold;
mod route;

use airside_api::baggage::v1::{Authority, BagException, Connection, PassengerState, Screening, Stage};
use airside_kernel::Timestamp;

use self::fold::Fold;
use super::rank;
use crate::model::{AirportCode, Content, DatedFlight, Observation};

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
    /// Since when it is in that.
    pub stowed_at: Option<Timestamp>,
    /// What keeps it from its normal way.
    pub exception: BagException,
    /// What the airline says of its passenger.
    pub passenger: PassengerState,
    /// Whether it will reach its connecting flight.
    pub connection: Connection,
    /// The flight that the connection is to; `None` while nothing is judged of one.
    pub connection_flight: Option<DatedFlight>,
    /// Whether its passenger boarded a flight that closed or left without it.
    pub boarded_without_bag: bool,
    /// The flight that left without it; `None` while it is not left behind.
    pub left_flight: Option<DatedFlight>,
    /// Whether the position is concluded and not read.
    pub is_inferred: bool,
}

/// What loaders need to know of a journey beside its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Load {
    /// The flight for which it was last put into a container or on board.
    pub(crate) put_on: Option<DatedFlight>,
    /// Whether it was taken off, and the airline has said nothing of it since.
    pub(crate) is_taken_off: bool,
}

impl Status {
    /// Returns what observations amount to, oldest first.
    pub(crate) fn of<'a>(observations: impl Iterator<Item = (&'a Observation, &'a Content)>) -> Self {
        Fold::of(observations).status()
    }

    /// Returns what observations amount to, oldest first, and what loaders need besides.
    pub(crate) fn and_load<'a>(
        observations: impl Iterator<Item = (&'a Observation, &'a Content)>,
    ) -> (Self, Load) {
        let fold = Fold::of(observations);
        (fold.status(), fold.load_as_told())
    }

    /// Returns what observations amount to after each of them, oldest first.
    pub(crate) fn along<'a>(
        observations: impl Iterator<Item = (&'a Observation, &'a Content)>,
    ) -> impl Iterator<Item = Self> {
        observations.scan(Fold::default(), |fold, (observation, content)| {
            fold.take(observation, content);
            Some(fold.status())
        })
    }

    /// Returns whether the airline took the bag back before it was on board.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.authority == Authority::Revoked && rank(self.stage) < rank(Stage::OnAircraft)
    }
}
