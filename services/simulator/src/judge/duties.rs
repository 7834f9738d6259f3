//! What a passenger ought to have been told, given what the server had been told.

use std::time::Duration;

use airside_api::baggage::v1::TrackingPoint;
use airside_api::notifications::v1::NoticeKind;
use tokio::time::Instant;

use super::{Claim, Terms};
use crate::player::ledger::{Book, FlightWord, Told};
use crate::truth::{Airport, Announcement, Flight, Step};

/// What is told within this time after something else makes the first old before anybody reads it.
const AT_ONCE: Duration = Duration::from_secs(2);

/// The points of a bag's way that its passenger wants to hear of.
const MILESTONES: [(TrackingPoint, NoticeKind); 5] = [
    (TrackingPoint::CheckIn, NoticeKind::BagAccepted),
    (TrackingPoint::AircraftLoad, NoticeKind::BagLoaded),
    (TrackingPoint::Offload, NoticeKind::BagOffloaded),
    (TrackingPoint::ReclaimBelt, NoticeKind::BagOnBelt),
    (TrackingPoint::Collection, NoticeKind::BagCollected),
];

/// Returns what a passenger, by their index, is owed on these terms.
pub(super) fn of(airport: &Airport, passenger: usize, book: &Book, terms: Terms) -> Vec<Claim> {
    let person = &airport.passengers[passenger];
    let mut owed = of_flight(&airport.flights[person.flight], passenger, book, AT_ONCE + terms.turn);
    for bag in &person.bags {
        owed.extend(of_bag(airport, *bag, passenger, book, AT_ONCE + terms.window + terms.turn));
    }
    owed
}

/// Returns the fact behind a claim, as it was told to the server, `bag` being the one that it names.
pub(super) fn fact(claim: &Claim, bag: Option<usize>) -> Option<Told> {
    let Claim { kind, subject, detail } = claim;
    if let Some((point, _)) = MILESTONES.iter().find(|(_, milestone)| milestone == kind) {
        return Some(Told::Bag { bag: bag?, point: *point });
    }
    let flight = |word| Some(Told::Flight(subject.clone(), word));
    match kind {
        NoticeKind::GateAssigned | NoticeKind::GateChanged => {
            Some(Told::Gate(subject.clone(), detail.clone()))
        }
        NoticeKind::BeltAssigned | NoticeKind::BeltChanged => {
            Some(Told::Belt(subject.clone(), detail.clone()))
        }
        NoticeKind::Boarding => flight(FlightWord::Boarding),
        NoticeKind::FinalCall => flight(FlightWord::FinalCall),
        NoticeKind::FlightDelayed => flight(FlightWord::Delay),
        NoticeKind::FlightCancelled => flight(FlightWord::Cancelled),
        NoticeKind::BagLeftBehind => Some(Told::Flight(detail.clone(), FlightWord::Departed)),
        NoticeKind::BagReflighted => Some(Told::Moved(bag?, detail.clone())),
        _ => None,
    }
}

fn of_flight(flight: &Flight, passenger: usize, book: &Book, at_once: Duration) -> Vec<Claim> {
    let Some(follows) = book.followed.get(&(passenger, flight.id.clone())) else { return Vec::new() };
    let boarded = book.boarded.get(&passenger);
    let claim = |kind, detail: &str| Claim { kind, subject: flight.id.clone(), detail: detail.to_owned() };
    let leaves_at = flight.departure().to_string();
    let mut claims = vec![
        claim(NoticeKind::Boarding, ""),
        claim(NoticeKind::FinalCall, ""),
        claim(NoticeKind::FlightDelayed, &leaves_at),
        claim(NoticeKind::FlightCancelled, ""),
        claim(NoticeKind::GateAssigned, &flight.gate),
        claim(NoticeKind::BeltAssigned, &flight.belt),
    ];
    claims.extend(flight.new_gate.iter().map(|gate| claim(NoticeKind::GateChanged, gate)));
    claims.extend(flight.new_belt.iter().map(|belt| claim(NoticeKind::BeltChanged, belt)));
    claims.retain(|claim| {
        let Some(told) = fact(claim, None).and_then(|fact| book.told.get(&fact)) else { return false };
        let leads_to_aircraft = matches!(
            claim.kind,
            NoticeKind::Boarding | NoticeKind::FinalCall | NoticeKind::GateAssigned | NoticeKind::GateChanged
        );
        let is_aboard = leads_to_aircraft && boarded.is_some_and(|boarded| *boarded < *told + AT_ONCE);
        // What waits for its turn gives way to what holds by then.
        let newer = match claim.kind {
            NoticeKind::GateAssigned => {
                flight.new_gate.clone().map(|gate| Told::Gate(flight.id.clone(), gate))
            }
            NoticeKind::BeltAssigned => {
                flight.new_belt.clone().map(|belt| Told::Belt(flight.id.clone(), belt))
            }
            NoticeKind::FlightDelayed => Some(Told::Flight(flight.id.clone(), FlightWord::Cancelled)),
            _ => None,
        };
        let is_old = newer.is_some_and(|newer| is_by(book.told.get(&newer), *told + at_once));
        follows < told && !is_aboard && !is_old
    });
    claims
}

fn of_bag(airport: &Airport, index: usize, passenger: usize, book: &Book, at_once: Duration) -> Vec<Claim> {
    let bag = &airport.bags[index];
    let Some(follows) = book.followed.get(&(passenger, bag.plate.clone())) else { return Vec::new() };
    let told = |point| book.told.get(&Told::Bag { bag: index, point });
    let comes_off = airport.passengers[passenger].announcement == Announcement::NoShow;
    let is_old = |at: Instant, mut next: std::slice::Iter<'_, Step>| {
        next.any(|next| is_by(told(next.point), at + at_once))
    };
    let claim = |kind, detail| Claim { kind, subject: bag.plate.clone(), detail };
    let mut owed = Vec::new();
    for (place, step) in bag.way.iter().enumerate() {
        let Some((_, kind)) = MILESTONES.iter().find(|(point, _)| *point == step.point) else { continue };
        // A bag is accepted by whatever is told first of it on its way to the aircraft.
        let to_aircraft = bag.way.iter().take_while(|step| step.point != TrackingPoint::AircraftLoad);
        let at = match kind {
            NoticeKind::BagAccepted => to_aircraft.filter_map(|step| told(step.point)).min(),
            _ => told(step.point),
        };
        let Some(at) = at.filter(|at| follows < *at) else { continue };
        // Nobody who never heard that it was on board must hear that it came off, and the reverse.
        let unheard = comes_off
            && match kind {
                NoticeKind::BagLoaded => true,
                NoticeKind::BagOffloaded => !is_by(told(TrackingPoint::AircraftLoad), *at),
                _ => false,
            };
        if is_old(*at, bag.way[place + 1..].iter()) || unheard {
            continue;
        }
        let detail = match kind {
            NoticeKind::BagLoaded | NoticeKind::BagOffloaded => airport.flights[step.flight].id.clone(),
            NoticeKind::BagOnBelt => step.location.clone(),
            _ => String::new(),
        };
        owed.push(claim(*kind, detail));
    }
    let moved = bag
        .reflight
        .and_then(|(next, _)| book.told.get(&Told::Moved(index, airport.flights[next].id.clone())));
    let leaving = bag.left_by.iter().map(|(flight, _)| airport.flights[*flight].id.clone());
    for left in leaving.map(|flight| claim(NoticeKind::BagLeftBehind, flight)) {
        let at = fact(&left, Some(index)).and_then(|fact| book.told.get(&fact));
        // Who hears at the same time that it goes on another flight need not hear why.
        if at.is_some_and(|at| follows < at && !is_by(moved, *at + at_once)) {
            owed.push(left);
        }
    }
    if let Some((next, _)) = bag.reflight {
        let moved = claim(NoticeKind::BagReflighted, airport.flights[next].id.clone());
        let at = fact(&moved, Some(index)).and_then(|fact| book.told.get(&fact));
        let then = bag.way.iter().position(|step| step.flight == next).unwrap_or(bag.way.len());
        if at.is_some_and(|at| follows < at && !is_old(*at, bag.way[then..].iter())) {
            owed.push(moved);
        }
    }
    owed
}

fn is_by(told: Option<&Instant>, at: Instant) -> bool {
    told.is_some_and(|told| *told <= at)
}
