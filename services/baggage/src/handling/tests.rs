//! Plates, flights and words for tests: what was told of a bag, a minute apart.

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, LegRole, PassengerState, Report, Screening, TrackingPoint,
};
use airside_kernel::Timestamp;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::{
    journey::Plate,
    model::{
        Announcement, Content, DatedFlight, JourneyId, Leg, LicencePlate, Observation, Reported, Sighting,
    },
};

/// The flight that is loaded.
pub(crate) const FLIGHT: &str = "ZH9101-20261120";
/// Another flight of the same day.
pub(crate) const OTHER: &str = "ZH9107-20261120";

pub(crate) fn plate() -> LicencePlate {
    LicencePlate::parse("3479000101").unwrap()
}

pub(crate) fn flight(id: &str) -> DatedFlight {
    id.parse().unwrap()
}

/// The instant of the first word; each other is a minute later.
pub(crate) fn start() -> Timestamp {
    "2026-11-20T02:00:00Z".parse().unwrap()
}

pub(crate) fn minute(number: i64) -> Timestamp {
    start().checked_add(SignedDuration::from_mins(number)).unwrap()
}

pub(crate) fn leg(id: &str, role: LegRole) -> Leg {
    Leg { flight: flight(id), airport: None, role, marketed_as: None }
}

/// The airline announces the bag for a flight, with authority to load.
pub(crate) fn announced(id: &str) -> Announcement {
    Announcement {
        change: AnnouncementChange::New,
        legs: vec![leg(id, LegRole::Outbound)],
        passenger_name: None,
        record_locator: None,
        authority: Authority::Load,
        exceptions: Vec::new(),
        passenger: PassengerState::Unspecified,
    }
}

/// A reader sees the bag at a point, for a flight when it says so.
pub(crate) fn seen(point: TrackingPoint, id: Option<&str>) -> Sighting {
    Sighting {
        point,
        reader: "R7".to_owned(),
        location: "M12".to_owned(),
        leg: id.map(|id| leg(id, LegRole::Outbound)),
        stowage: None,
        authority: Authority::Unspecified,
        is_inferred: false,
        screening: Screening::Unspecified,
    }
}

pub(crate) fn reported(report: Report, id: &str) -> Reported {
    Reported { report, leg: Some(leg(id, LegRole::Outbound)), location: String::new() }
}

impl From<Announcement> for Content {
    fn from(announcement: Announcement) -> Self {
        Self::Announced(Box::new(announcement))
    }
}

impl From<Sighting> for Content {
    fn from(sighting: Sighting) -> Self {
        Self::Scanned(sighting)
    }
}

impl From<Reported> for Content {
    fn from(reported: Reported) -> Self {
        Self::Reported(reported)
    }
}

/// A plate that was worn by journeys, of each of which this was told.
pub(crate) fn worn<const N: usize>(journeys: [Vec<Content>; N]) -> Plate {
    let mut worn = Plate::default();
    for (number, told) in (1u128..).zip(journeys) {
        let journey = JourneyId(Uuid::from_u128(number));
        worn.open(journey);
        for (at, content) in (0..).zip(told) {
            let observation = Observation {
                id: format!("{number}/{at}"),
                source: "bhs.t3".to_owned(),
                station: "SZX".parse().unwrap(),
                observed_at: minute(at),
                cause: None,
                parser_version: None,
                received_at: None,
                clock_ahead_ms: 0,
            };
            let id = observation.id.clone();
            worn.observe(observation, content);
            worn.attach(&id, journey);
        }
    }
    worn
}
