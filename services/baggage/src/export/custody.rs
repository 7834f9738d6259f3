//! The four tracking points of IATA Resolution 753, at which a bag changes hands.
//!
//! Each line says which reading shows it, because a reclaim belt shows less than a
//! collection does. `not_shown` lists the points that the journey must have and
//! nothing shows; the third only belongs to a journey with a connection.

use airside_api::baggage::v1::{LegRole, Report, TrackingPoint};
use serde_json::{Value, json};

use super::{at, left_out, word};
use crate::{
    journey::Journey,
    model::{Content, LicencePlate},
};

/// A tracking point of Resolution 753.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustodyPoint {
    /// 1: the passenger hands it over.
    Acceptance,
    /// 2: it is loaded.
    Loading,
    /// 3: it is delivered to the transfer area.
    TransferDelivery,
    /// 4: it returns to its passenger.
    Return,
}

impl CustodyPoint {
    /// Every point, in order.
    pub const ALL: [Self; 4] = [Self::Acceptance, Self::Loading, Self::TransferDelivery, Self::Return];

    /// Returns its number and what it is.
    pub fn names(self) -> (u8, &'static str) {
        match self {
            Self::Acceptance => (1, "acquired from the passenger"),
            Self::Loading => (2, "loaded onto the aircraft"),
            Self::TransferDelivery => (3, "delivered to the transfer area"),
            Self::Return => (4, "returned to the passenger"),
        }
    }

    /// Returns the point that an observation shows, if any.
    pub fn of(content: &Content) -> Option<Self> {
        match content {
            Content::Scanned(sighting) => match sighting.point {
                TrackingPoint::CheckIn => Some(Self::Acceptance),
                TrackingPoint::AircraftLoad => Some(Self::Loading),
                TrackingPoint::TransferInjection => Some(Self::TransferDelivery),
                TrackingPoint::ReclaimBelt | TrackingPoint::Collection => Some(Self::Return),
                _ => None,
            },
            Content::Reported(reported) if reported.report == Report::Delivered => Some(Self::Return),
            _ => None,
        }
    }
}

/// Returns the tracking points of a journey, oldest first.
pub(super) fn document(plate: LicencePlate, journey: &Journey) -> Value {
    let (mut points, mut others, mut shown) = (Vec::new(), Vec::new(), Vec::new());
    for (observation, content) in journey.observations() {
        let Some(point) = CustodyPoint::of(content) else {
            others.push(left_out(observation, content));
            continue;
        };
        shown.push(point);
        let (number, name) = point.names();
        let sighting = match content {
            Content::Scanned(sighting) => Some(sighting),
            _ => None,
        };
        points.push(json!({
            "point": number,
            "name": name,
            "shown_by": word(content),
            "at": at(observation.happened_at()),
            "airport": observation.station,
            "location": sighting.map_or("", |sighting| &sighting.location),
            "flight": content.legs().first().map(|leg| leg.flight),
            "inferred": sighting.is_some_and(|sighting| sighting.is_inferred),
            "source": observation.source,
        }));
    }
    let not_shown: Vec<u8> = CustodyPoint::ALL
        .into_iter()
        .filter(|point| *point != CustodyPoint::TransferDelivery || connects(journey))
        .filter(|point| !shown.contains(point))
        .map(|point| point.names().0)
        .collect();
    json!({
        "format": "resolution-753",
        "plate": plate.to_string(),
        "journey_id": journey.id.to_string(),
        "points": points,
        "not_shown": not_shown,
        "left_out": others,
    })
}

/// Whether the bag changes flights.
fn connects(journey: &Journey) -> bool {
    let has = |role| journey.legs().iter().any(|leg| leg.role == role);
    has(LegRole::Outbound) && (has(LegRole::Inbound) || has(LegRole::Onward))
}
