//! Value types of baggage. Each parses once, at the edge, and never holds a bad value.
//!
//! Nouns come from IATA: the licence plate from Resolution 740, the flight designator from
//! SSIM chapter 2, the airport code from Resolution 763. All of them are small and `Copy`.

mod flight;
mod name;
mod observation;
mod plate;

pub use flight::{AirportCode, CarrierCode, DatedFlight, FlightDesignator, FlightError};
pub use name::masked_name;
pub use observation::{
    Announcement, ConnectionJudged, Content, FlightTurned, JourneyId, Leg, Link, Observation, Reported,
    Sighting, container_sign, identifier, link_observation_id, message_observation_id, observation_message,
    observation_source, place_problem, scan_observation_id,
};
pub use plate::{LicencePlate, PlateError, PlateKind};
