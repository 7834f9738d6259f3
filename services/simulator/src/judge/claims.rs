//! What a notice claims, and whether that is so.

use airside_api::baggage::v1::TrackingPoint;
use airside_api::notifications::v1::NoticeKind;

use super::Claim;
use crate::inbox::Shown;
use crate::truth::{Airport, Announcement, Bag, Flight, Step};

/// What is found of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// It is so.
    True,
    /// It is not so; what is, in words.
    Wrong(String),
    /// It does not concern who was told.
    Stranger,
    /// It is a forecast by the server's clock, of an airport that lives by another.
    Unjudged,
}

/// Reads what a notice claims, of each of its bags.
pub(super) fn claims(notice: &Shown) -> Vec<Claim> {
    let parameter = |name: &str| notice.parameters.get(name).cloned().unwrap_or_default();
    let subjects = [parameter("plates"), parameter("plate"), parameter("flight")];
    let subjects = subjects.into_iter().find(|subject| !subject.is_empty()).unwrap_or_default();
    let is_of_bag = notice.parameters.contains_key("plate");
    let detail = match notice.kind {
        NoticeKind::GateAssigned | NoticeKind::GateChanged => parameter("gate"),
        NoticeKind::BeltAssigned
        | NoticeKind::BeltChanged
        | NoticeKind::BagOnBelt
        | NoticeKind::BagBeltChanged => parameter("belt"),
        NoticeKind::Retracted => parameter("place"),
        NoticeKind::FlightDelayed => parameter("estimated_departure"),
        NoticeKind::BagCorrected => format!("{} {}", parameter("flight"), parameter("corrects")),
        _ if is_of_bag => parameter("flight"),
        _ => String::new(),
    };
    let claim =
        |subject: &str| Claim { kind: notice.kind, subject: subject.to_owned(), detail: detail.clone() };
    subjects.split(',').map(claim).collect()
}

/// Returns the claim that a correction takes back; nothing for any other.
pub(super) fn taken_back(claim: &Claim) -> Option<Claim> {
    let (flight, corrects) =
        claim.detail.split_once(' ').filter(|_| claim.kind == NoticeKind::BagCorrected)?;
    let kind = NoticeKind::from_str_name(&format!("NOTICE_KIND_{corrects}"))?;
    Some(Claim { kind, subject: claim.subject.clone(), detail: flight.to_owned() })
}

/// Returns what else a notice says beside what its kind names: what a correction makes true, and the
/// next flight of a bag left behind.
pub(super) fn implied(claim: &Claim, notice: &Shown) -> Option<Claim> {
    let subject = claim.subject.clone();
    match (claim.kind, taken_back(claim)) {
        (_, Some(wrong)) if wrong.kind == NoticeKind::BagLeftBehind => {
            Some(Claim { kind: NoticeKind::BagLoaded, ..wrong })
        }
        // That a flight was not reached says that it left without the bag.
        (NoticeKind::BagConnectionMissed, _) => {
            Some(Claim { kind: NoticeKind::BagLeftBehind, ..claim.clone() })
        }
        (NoticeKind::BagLeftBehind, _) => {
            let next = notice.parameters.get("next_flight").filter(|next| !next.is_empty())?;
            Some(Claim { kind: NoticeKind::BagReflighted, subject, detail: next.clone() })
        }
        _ => None,
    }
}

/// Checks a claim against the truth, `own` being the passenger's bag that it names. Forecasts are checked only of
/// an airport that lives by the server's clock.
pub(super) fn check(
    airport: &Airport,
    passenger: usize,
    (own, forecasts): (Option<usize>, bool),
    claim: &Claim,
    notice: &Shown,
) -> Finding {
    if notice.parameters.contains_key("plate") {
        let Some(bag) = own.map(|own| &airport.bags[own]) else { return Finding::Stranger };
        if !forecasts && is_forecast(claim) {
            return Finding::Unjudged;
        }
        let found = of_bag(airport, bag, claim);
        let of_twin = |twin: &Bag| {
            twin.has_twin
                && twin.passenger != passenger
                && twin.plate == bag.plate
                && of_bag(airport, twin, claim) == Finding::True
        };
        let is_leak = matches!(found, Finding::Wrong(_)) && bag.has_twin && airport.bags.iter().any(of_twin);
        if is_leak { Finding::Stranger } else { found }
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

/// Returns whether a claim says that a connection will not be reached, or will be after all.
fn is_forecast(claim: &Claim) -> bool {
    let kind = taken_back(claim).map_or(claim.kind, |wrong| wrong.kind);
    matches!(kind, NoticeKind::BagConnectionAtRisk | NoticeKind::BagConnectionMissed)
}

fn of_bag(airport: &Airport, bag: &Bag, claim: &Claim) -> Finding {
    let passed = |point: TrackingPoint, fits: &dyn Fn(&Step) -> bool| {
        bag.way.iter().any(|step| step.point == point && fits(step))
    };
    let named = |index: usize| airport.flights[index].id == claim.detail;
    let on_flight = |step: &Step| named(step.flight);
    let at_belt = |step: &Step| step.location == claim.detail;
    let holds = match claim.kind {
        NoticeKind::BagAccepted => {
            [TrackingPoint::CheckIn, TrackingPoint::BhsInduction, TrackingPoint::Sortation]
                .iter()
                .any(|point| passed(*point, &|_| true))
        }
        NoticeKind::BagLoaded => passed(TrackingPoint::AircraftLoad, &on_flight),
        NoticeKind::BagOffloaded => passed(TrackingPoint::Offload, &on_flight),
        NoticeKind::BagOnBelt | NoticeKind::BagBeltChanged => passed(TrackingPoint::ReclaimBelt, &at_belt),
        NoticeKind::BagCollected => passed(TrackingPoint::Collection, &|_| true),
        NoticeKind::BagLeftBehind | NoticeKind::BagConnectionMissed => was_left(airport, bag, &claim.detail),
        NoticeKind::BagReflighted => was_moved(airport, bag, &claim.detail),
        NoticeKind::BagConnectionAtRisk => {
            let person = &airport.passengers[bag.passenger];
            person.inbound.is_some() && named(person.flight)
        }
        NoticeKind::BagCorrected => taken_back(claim).is_some_and(|wrong| {
            wrong.kind != NoticeKind::BagCorrected && of_bag(airport, bag, &wrong) != Finding::True
        }),
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

/// Returns whether a flight left while the bag was here and not in its hold.
fn was_left(airport: &Airport, bag: &Bag, flight: &str) -> bool {
    let person = &airport.passengers[bag.passenger];
    let planned = &airport.flights[person.flight];
    let last = |step: &&Step| matches!(step.point, TrackingPoint::AircraftLoad | TrackingPoint::Offload);
    let in_hold = || bag.way.iter().rfind(last).is_some_and(|step| step.point == TrackingPoint::AircraftLoad);
    bag.left_by.iter().any(|(left, _)| airport.flights[*left].id == flight)
        || (planned.id == flight
            && !planned.cancelled
            && !bag.way.is_empty()
            && airport.plan.has_come(planned.departure())
            && !in_hold())
}

/// Returns whether the airline moved the bag to a flight.
fn was_moved(airport: &Airport, bag: &Bag, flight: &str) -> bool {
    let person = &airport.passengers[bag.passenger];
    let rebooked = matches!(person.announcement, Announcement::Rebooked { .. }).then_some(person.flight);
    let moved = [rebooked, bag.reflight.map(|(next, _)| next)];
    moved.into_iter().flatten().any(|index| airport.flights[index].id == flight)
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
        NoticeKind::Retracted => (
            is(Some(&flight.gate)) || is(Some(&flight.belt)),
            format!("gate {}, belt {}", flight.gate, flight.belt),
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
