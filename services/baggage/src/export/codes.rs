//! Event codes as SITA's BagJourney (`baggage/history/v1.0`) answers them.
//!
//! An announcement checks a bag in, or tells that it is expected when it comes
//! with an inbound flight; a change of its outbound flight reroutes it, a rush tag
//! reflights it. Readings that the interface has no code for are left out, and so
//! are the turns of its flights and our judgements of its connection.

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, LegRole, LinkKind, PassengerState, Report, Screening, TrackingPoint,
};
use serde_json::{Value, json};

use super::{at, left_out};
use crate::{
    journey::Journey,
    model::{Announcement, Content, DatedFlight, Leg, LicencePlate, Sighting},
};

/// A code of BagJourney.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventCode {
    /// Checked in.
    CheckedIn,
    /// Expected from an inbound flight.
    Expected,
    /// Its passenger is on board.
    PaxBoarded,
    /// Screened, and nothing said of the result.
    Screened,
    /// Cleared.
    ScreeningPassed,
    /// Rejected.
    ScreeningFailed,
    /// Sorted.
    Sorted,
    /// In a container or cart.
    LoadedInContainer,
    /// On board.
    LoadedOnAircraft,
    /// Taken off.
    Offloaded,
    /// On another flight than announced before.
    Rerouted,
    /// Goes on under a rush tag.
    Reflighted,
    /// Deleted by the airline.
    Cancelled,
    /// Reported missing.
    Mishandled,
    /// On hand, authorised.
    Ona,
    /// On hand, not authorised.
    Ond,
    /// Loaded, not authorised.
    Nal,
    /// Unseen.
    Uns,
}

impl EventCode {
    /// Returns the code and what it says.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::CheckedIn => ("CHECKED_IN", "Bag checked in"),
            Self::Expected => ("EXPECTED", "Bag expected"),
            Self::PaxBoarded => ("PAX_BOARDED", "Passenger boarded"),
            Self::Screened => ("SCREENED", "Bag screened"),
            Self::ScreeningPassed => ("SCREENING_PASSED", "Bag passed screening"),
            Self::ScreeningFailed => ("SCREENING_FAILED", "Bag failed screening"),
            Self::Sorted => ("SORTED", "Bag sorted"),
            Self::LoadedInContainer => ("LOADED_IN_CONTAINER", "Bag loaded in container"),
            Self::LoadedOnAircraft => ("LOADED_ON_AIRCRAFT", "Bag loaded on aircraft"),
            Self::Offloaded => ("OFFLOADED", "Bag offloaded"),
            Self::Rerouted => ("REROUTED", "Bag rerouted"),
            Self::Reflighted => ("REFLIGHTED", "Bag reflighted"),
            Self::Cancelled => ("CANCELLED", "Bag cancelled"),
            Self::Mishandled => ("MISHANDLED", "Bag mishandled"),
            Self::Ona => ("ONA", "Bag on hand, authorised to load"),
            Self::Ond => ("OND", "Bag on hand, not authorised to load"),
            Self::Nal => ("NAL", "Bag loaded, not authorised to load"),
            Self::Uns => ("UNS", "Bag not seen"),
        }
    }

    /// Returns the codes of an observation that follows on a route; none when there is no word for it.
    pub fn of(content: &Content, route: &[Leg]) -> Vec<Self> {
        match content {
            Content::Announced(announcement) => announced(announcement, route),
            Content::Scanned(sighting) => seen(sighting),
            Content::Reported(reported) => match reported.report {
                Report::NotSeen => vec![Self::Uns],
                Report::OnHand => vec![Self::Ona],
                Report::OnHandNotAuthorised => vec![Self::Ond],
                Report::Mishandled => vec![Self::Mishandled],
                _ => Vec::new(),
            },
            Content::Linked(link) if link.kind == LinkKind::Rush => vec![Self::Reflighted],
            _ => Vec::new(),
        }
    }
}

fn announced(announcement: &Announcement, route: &[Leg]) -> Vec<EventCode> {
    let (before, after) = (flight(route, LegRole::Outbound), flight(&announcement.legs, LegRole::Outbound));
    let is_moved = after.is_some() && before.is_some() && after != before;
    let is_inbound = flight(&announcement.legs, LegRole::Inbound).is_some();
    let told = match announcement.change {
        AnnouncementChange::Deleted => return vec![EventCode::Cancelled],
        AnnouncementChange::Changed if is_moved => Some(EventCode::Rerouted),
        AnnouncementChange::Changed => None,
        _ if is_inbound => Some(EventCode::Expected),
        _ => Some(EventCode::CheckedIn),
    };
    let boarded = (announcement.passenger == PassengerState::Boarded).then_some(EventCode::PaxBoarded);
    told.into_iter().chain(boarded).collect()
}

fn seen(sighting: &Sighting) -> Vec<EventCode> {
    let screened = match sighting.screening {
        Screening::Cleared => Some(EventCode::ScreeningPassed),
        Screening::Rejected => Some(EventCode::ScreeningFailed),
        Screening::Uncleared => Some(EventCode::Screened),
        Screening::Unspecified | Screening::Pending => {
            (sighting.point == TrackingPoint::Screening).then_some(EventCode::Screened)
        }
    };
    let told = match sighting.point {
        TrackingPoint::CheckIn => Some(EventCode::CheckedIn),
        TrackingPoint::Sortation => Some(EventCode::Sorted),
        TrackingPoint::ContainerLoad => Some(EventCode::LoadedInContainer),
        TrackingPoint::AircraftLoad if sighting.authority == Authority::Withheld => Some(EventCode::Nal),
        TrackingPoint::AircraftLoad => Some(EventCode::LoadedOnAircraft),
        TrackingPoint::Offload => Some(EventCode::Offloaded),
        _ => None,
    };
    screened.into_iter().chain(told).collect()
}

fn flight(legs: &[Leg], role: LegRole) -> Option<DatedFlight> {
    legs.iter().find(|leg| leg.role == role).map(|leg| leg.flight)
}

/// Returns the events of a journey, oldest first, as BagJourney answers.
pub(super) fn document(plate: LicencePlate, journey: &Journey) -> Value {
    let (mut events, mut others) = (Vec::new(), Vec::new());
    let mut route: &[Leg] = &[];
    for (observation, content) in journey.observations() {
        let codes = EventCode::of(content, route);
        if let Content::Announced(announcement) = content
            && announcement.change != AnnouncementChange::Deleted
            && !announcement.legs.is_empty()
        {
            route = &announcement.legs;
        }
        if codes.is_empty() {
            others.push(left_out(observation, content));
        }
        let location = match content {
            Content::Scanned(sighting) => sighting.location.as_str(),
            _ => "",
        };
        for code in codes {
            let (code, words) = code.names();
            events.push(json!({
                "event_code": code,
                "event_desc": words,
                "utc_date_time": at(observation.happened_at()),
                "airport": observation.station,
                "location": location,
                "flight_info": flight_info(content.legs(), route),
            }));
        }
    }
    json!({
        "format": "bagjourney",
        "success": true,
        "bag": { "bagtag": plate.to_string(), "journey_id": journey.id.to_string() },
        "events": events,
        "left_out": others,
    })
}

/// Returns the flights as the observation names them, else as they were announced before it.
fn flight_info(named: &[Leg], route: &[Leg]) -> Value {
    let of = |role| flight(named, role).or_else(|| flight(route, role));
    let onward = route.iter().filter(|leg| leg.role == LegRole::Onward).map(|leg| leg.flight);
    json!({
        "inbound": of(LegRole::Inbound),
        "outbound": of(LegRole::Outbound),
        "onward": onward.collect::<Vec<_>>(),
    })
}
