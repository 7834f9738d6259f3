//! Bags: their plates and the timed steps of their ways.

use airside_api::baggage::v1::{Stage, TrackingPoint};
use jiff::Timestamp;
use rand::Rng;
use rand::rngs::StdRng;

use super::words::CARRIERS;
use super::{Announcement, Bag, Flight, LEADING, Outcome, Passenger, Plan, Step, chance, later};
use walk::Walk;

mod walk;

/// Nothing moves for a cancelled flight from this long before its departure on, seconds.
const CANCELLED_S: i64 = 50 * 60;
/// The airline takes a bag back from the loaders this long before departure, seconds.
pub(crate) const CLOSES_S: i64 = 18 * 60;
/// A later flight takes a bag on only if it leaves this long after the bag was left, seconds.
const REFLIGHT_AFTER_S: i64 = 100 * 60;
/// A bag counts as left behind when its flight has been gone this long, seconds: before that,
/// handlers still report what they loaded.
const LEFT_AFTER_S: i64 = 12 * 60;
/// Serials are given out in pairs, so that two bags of a passenger are consecutive.
const PAIRS: usize = 499_999;

/// Grows the bags of all passengers and notes them there.
pub(super) fn grow(
    plan: &Plan,
    flights: &[Flight],
    passengers: &mut [Passenger],
    rng: &mut StdRng,
) -> Vec<Bag> {
    let offset = usize::try_from(plan.seed % 400_009).unwrap_or(0);
    let first_pair = offset + plan.wave as usize * passengers.len();
    let leading = LEADING[plan.wave as usize % LEADING.len()];
    let mut bags = Vec::new();
    for (index, passenger) in passengers.iter_mut().enumerate() {
        let flight = &flights[passenger.flight];
        let serial = 1 + 2 * ((first_pair + index) % PAIRS);
        let count = [0, 1, 1, 1, 1, 2][rng.random_range(0..6)];
        for piece in 0..count {
            let plate = format!("{leading}{}{:06}", issuer(flight), serial + piece);
            passenger.bags.push(bags.len());
            bags.push(bag(plan, flights, (index, passenger), plate, rng));
        }
    }
    bags
}

fn bag(
    plan: &Plan,
    flights: &[Flight],
    (index, passenger): (usize, &Passenger),
    plate: String,
    rng: &mut StdRng,
) -> Bag {
    let mut way = way(plan, flights, passenger, rng);
    let first = (passenger.flight, &flights[passenger.flight]);
    let mut left_by = Vec::new();
    let mut reflight = None;
    if is_left(first.1, passenger, &way) {
        left_by.push((first.0, first.1.departure()));
        // A bag that lands after its flight left is moved when it is here.
        let left_at = first.1.departure();
        let here_at = way.last().map_or(left_at, |step| step.at.max(left_at));
        let next = next_flight(flights, first.1, here_at).filter(|_| chance(rng, plan.noise.reflighted));
        if let Some(next) = next {
            let told_at = later(here_at, rng.random_range(20 * 60..40 * 60));
            reflight = Some((next, told_at));
            let mut walk = Walk::resume(way, next, &flights[next], told_at, rng);
            walk.sorted();
            walk.on_board();
            way = walk.steps;
        }
    }
    way.retain(|step| plan.has_come(step.at));
    let has_left = left_by.iter().any(|(_, at)| plan.has_come(*at));
    left_by.retain(|(_, at)| plan.has_come(later(*at, LEFT_AFTER_S)));
    reflight = reflight.filter(|(_, at)| plan.has_come(*at));
    let caught_up = |step: &Step| step.point == TrackingPoint::AircraftLoad && step.flight != first.0;
    let left_behind = !left_by.is_empty() && !way.iter().any(caught_up);
    let taken_back = plan.has_come(later(first.1.scheduled_departure, -CLOSES_S));
    Bag {
        plate,
        passenger: index,
        flight: reflight.map_or(passenger.flight, |(flight, _)| flight),
        outcome: Outcome {
            stage: way.last().map_or(Stage::Expected, |step| stage_of(step.point)),
            offload: passenger.announcement == Announcement::NoShow && taken_back,
            left_behind,
            just_left: has_left && left_by.is_empty(),
        },
        way,
        left_by,
        reflight,
        new_tag: None,
        plate_is_reused: chance(rng, plan.noise.plates_reused),
        has_twin: false,
    }
}

/// Returns whether a flight left without a bag that its passenger wanted on board.
fn is_left(flight: &Flight, passenger: &Passenger, way: &[Step]) -> bool {
    let wanted = !matches!(passenger.announcement, Announcement::Withdrawn | Announcement::NoShow);
    let on_board = way.iter().any(|step| step.point == TrackingPoint::AircraftLoad);
    flight.departs && !flight.cancelled && wanted && !on_board
}

/// Finds the next flight to the same place that still takes a bag which is here from `here_at` on.
fn next_flight(flights: &[Flight], missed: &Flight, here_at: Timestamp) -> Option<usize> {
    let from = later(here_at, REFLIGHT_AFTER_S);
    let takes = |flight: &Flight| {
        flight.departs
            && !flight.cancelled
            && flight.destination == missed.destination
            && flight.scheduled_departure >= from
    };
    let able = flights.iter().enumerate().filter(|(_, flight)| takes(flight));
    able.min_by_key(|(_, flight)| flight.scheduled_departure).map(|(index, _)| index)
}

/// Returns the stage that a step brings a bag to.
pub(super) fn stage_of(point: TrackingPoint) -> Stage {
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

fn way(plan: &Plan, flights: &[Flight], passenger: &Passenger, rng: &mut StdRng) -> Vec<Step> {
    let flight = &flights[passenger.flight];
    if passenger.announcement == Announcement::Withdrawn {
        return Vec::new();
    }
    let stays = passenger.announcement != Announcement::NoShow && chance(rng, plan.noise.left_behind);
    let no_reads = plan.noise.no_reads;
    let mut walk = match passenger.inbound {
        Some(inbound) => {
            Walk::unloaded((inbound, &flights[inbound]), (passenger.flight, flight), no_reads, rng)
        }
        None if flight.departs => {
            Walk::checked_in((passenger.flight, flight), passenger.checked_in_at, no_reads, rng)
        }
        None => return Walk::arriving((passenger.flight, flight), no_reads, rng),
    };
    walk.sorted();
    if !stays && walk.is_in_time() {
        walk.on_board();
    }
    if passenger.announcement == Announcement::NoShow {
        walk.taken_off();
    }
    let mut steps = walk.steps;
    if flight.cancelled {
        let end = later(flight.scheduled_departure, -CANCELLED_S);
        steps.retain(|step| step.at < end);
    }
    steps
}

fn issuer(flight: &Flight) -> &'static str {
    CARRIERS
        .iter()
        .find(|(carrier, _)| flight.designator.starts_with(carrier))
        .map_or("479", |(_, code)| code)
}
