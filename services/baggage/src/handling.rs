//! What handlers ask: may this bag be loaded, what is missing, what must come off. Pure.
//!
//! [`load`] decides, [`lists`] gathers, [`loads`] knows flights and containers. All
//! of them read plates as the commands fold them, so that an answer and the facts
//! behind it cannot differ.

pub mod lists;
pub mod load;
pub mod loads;
#[cfg(test)]
pub(crate) mod tests;

use airside_api::baggage::v1::{LegRole, Stage};
use airside_kernel::Timestamp;

use crate::{
    journey::{Journey, Load, Status, rank},
    model::{DatedFlight, LicencePlate},
};

/// A journey that has to do with a flight, as it stands at an instant.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    /// The plate that it wears.
    pub plate: LicencePlate,
    /// The journey.
    pub journey: &'a Journey,
    /// What is known of it at the instant.
    pub status: Status,
    /// The flight for which it was last put into a container or on board.
    pub put_on: Option<DatedFlight>,
    /// Whether it was taken off, and the airline has said nothing of it since.
    pub is_taken_off: bool,
}

impl<'a> Standing<'a> {
    /// Returns how a journey stands now.
    pub fn now(plate: LicencePlate, journey: &'a Journey) -> Self {
        Self::at(plate, journey, Timestamp::MAX)
    }

    /// Returns how a journey stood at an instant, by the readers' time.
    pub fn at(plate: LicencePlate, journey: &'a Journey, until: Timestamp) -> Self {
        let told = journey.observations().take_while(|(one, _)| one.happened_at() <= until);
        let (status, Load { put_on, is_taken_off }) = Status::and_load(told);
        Self { plate, journey, status, put_on, is_taken_off }
    }

    /// Returns whether the bag leaves, or goes on later, on a flight. An airline's
    /// route goes before what a reader thought.
    pub fn leaves_on(&self, flight: DatedFlight) -> bool {
        match self.journey.legs() {
            [] => self.status.flight == Some(flight),
            legs => legs.iter().any(|leg| leg.flight == flight && leg.role != LegRole::Inbound),
        }
    }

    /// Returns whether it has to do with a flight: leaves on it, comes on it, or is on it.
    pub fn is_of(&self, flight: DatedFlight) -> bool {
        self.leaves_on(flight)
            || self.put_on == Some(flight)
            || self.status.flight == Some(flight)
            || self.journey.legs().iter().any(|leg| leg.flight == flight)
    }

    /// Returns how far it has come towards a flight: what it did on another flight before counts for nothing.
    pub fn progress(&self, flight: DatedFlight) -> u8 {
        match self.status.stage {
            stage if self.put_on == Some(flight) => rank(stage),
            Stage::Transferring => rank(Stage::Accepted),
            stage if rank(stage) >= rank(Stage::OnAircraft) => rank(Stage::Expected),
            stage => rank(stage),
        }
    }
}
