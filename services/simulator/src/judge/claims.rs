//! What a notice claims, and whether that is so.

use airside_api::baggage::v1::TrackingPoint;
use airside_api::notifications::v1::NoticeKind;

use super::Claim;
use crate::inbox::Shown;
use crate::truth::{Airport, Bag, Flight, Step};

/// What is found of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// It is so.
    True,
    /// It is not so; what is, in words.
    Wrong(String),
    /// It does not concern who was told.
    Stranger,
}

/// Reads what a notice claims.
pub(super) fn claim(notice: &Shown) -> Claim {
    let parameter = |name: &str| notice.parameters.get(name).cloned().unwrap_or_default();
    let plate = parameter("plate");
    let subject = if plate.is_empty() { parameter("flight") } else { plate.clone() };
    let detail = match notice.kind {
        NoticeKind::GateAssigned | NoticeKind::GateChanged => parameter("gate"),
        NoticeKind::BeltAssigned | NoticeKind::BeltChanged | NoticeKind::BagOnBelt => parameter("belt"),
        NoticeKind::FlightDelayed => parameter("estimated_departure"),
        _ if !plate.is_empty() => parameter("flight"),
        _ => String::new(),
    };
    Claim { kind: notice.kind, subject, detail }
}

/// Checks a claim against the truth, `bag` being the one that it names.
pub(super) fn check(
    airport: &Airport,
    passenger: usize,
    bag: Option<&Bag>,
    claim: &Claim,
    notice: &Shown,
) -> Finding {
    if notice.parameters.contains_key("plate") {
        match bag {
            Some(bag) if bag.passenger == passenger => of_bag(airport, bag, claim),
            _ => Finding::Stranger,
        }
    } else {
        let person = &airport.passengers[passenger];
        let own = [Some(person.flight), person.inbound];
        let later = person.bags.iter().filter_map(|bag| Some(airport.bags[*bag].reflight?.0));
        let mut known = own.into_iter().flatten().chain(later).map(|index| &airport.flights[index]);
        known
            .find(|flight| flight.id == claim.subject)
            .map_or(Finding::Stranger, |flight| of_flight(flight, claim))
    }
}

fn of_bag(airport: &Airport, bag: &Bag, claim: &Claim) -> Finding {
    let passed = |point: TrackingPoint, fits: &dyn Fn(&Step) -> bool| {
        bag.way.iter().any(|step| step.point == point && fits(step))
    };
    let on_flight = |step: &Step| airport.flights[step.flight].id == claim.detail;
    let holds = match claim.kind {
        NoticeKind::BagAccepted => passed(TrackingPoint::CheckIn, &|_| true),
        NoticeKind::BagLoaded => passed(TrackingPoint::AircraftLoad, &on_flight),
        NoticeKind::BagOffloaded => passed(TrackingPoint::Offload, &on_flight),
        NoticeKind::BagOnBelt => passed(TrackingPoint::ReclaimBelt, &|step| step.location == claim.detail),
        NoticeKind::BagCollected => passed(TrackingPoint::Collection, &|_| true),
        _ => true,
    };
    if holds {
        return Finding::True;
    }
    Finding::Wrong(bag.way.last().map_or_else(
        || "it was never seen".to_owned(),
        |step| format!("{:?} {} for {}", step.point, step.location, airport.flights[step.flight].id),
    ))
}

fn of_flight(flight: &Flight, claim: &Claim) -> Finding {
    let is = |sign: Option<&String>| sign.is_some_and(|sign| *sign == claim.detail);
    let (holds, truth) = match claim.kind {
        // Who follows late is told the newest gate as the first one.
        NoticeKind::GateAssigned | NoticeKind::GateChanged => (
            is(Some(&flight.gate)) || is(flight.new_gate.as_ref()),
            format!("gate {} then {:?}", flight.gate, flight.new_gate),
        ),
        NoticeKind::BeltAssigned | NoticeKind::BeltChanged => (
            is(Some(&flight.belt)) || is(flight.new_belt.as_ref()),
            format!("belt {} then {:?}", flight.belt, flight.new_belt),
        ),
        NoticeKind::Boarding | NoticeKind::FinalCall => {
            (flight.departs && !flight.cancelled, "it does not operate".to_owned())
        }
        NoticeKind::FlightDelayed => {
            let departure = flight.departure().to_string();
            (departure == claim.detail, format!("it leaves at {departure}"))
        }
        NoticeKind::FlightCancelled => (flight.cancelled, "it operates".to_owned()),
        _ => (true, String::new()),
    };
    if holds { Finding::True } else { Finding::Wrong(truth) }
}
