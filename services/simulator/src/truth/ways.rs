//! Bags of a wave: their plates and the timed steps of their ways.

use airside_api::baggage::v1::{Stage, TrackingPoint};
use jiff::Timestamp;
use rand::Rng;
use rand::rngs::StdRng;

use super::words::CARRIERS;
use super::{Announcement, Bag, Flight, Outcome, Passenger, Plan, Step, Teller, later};

/// Nothing moves for a cancelled flight from this long before its departure on, seconds.
const CANCELLED_S: i64 = 50 * 60;
/// Leading digits that an airline may choose for its own tags (0 and 3 to 9).
const LEADING: [u8; 8] = [0, 3, 4, 5, 6, 7, 8, 9];
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
            let way = way(flight, passenger, rng);
            passenger.bags.push(bags.len());
            bags.push(Bag {
                plate: format!("{leading}{}{:06}", issuer(flight), serial + piece),
                passenger: index,
                flight: passenger.flight,
                outcome: outcome(&way, passenger.announcement),
                way,
            });
        }
    }
    bags
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

fn outcome(way: &[Step], announcement: Announcement) -> Outcome {
    let stage = way.last().map_or(Stage::Expected, |step| stage_of(step.point));
    Outcome { stage, offload: announcement == Announcement::NoShow }
}

fn way(flight: &Flight, passenger: &Passenger, rng: &mut StdRng) -> Vec<Step> {
    let mut steps = match (flight.departs, passenger.announcement) {
        (_, Announcement::Withdrawn) => Vec::new(),
        (true, _) => departing(flight, passenger, rng),
        (false, _) => arriving(flight, rng),
    };
    if flight.cancelled {
        let end = later(flight.scheduled_departure, -CANCELLED_S);
        steps.retain(|step| step.at < end);
    }
    steps
}

fn departing(flight: &Flight, passenger: &Passenger, rng: &mut StdRng) -> Vec<Step> {
    let std = flight.scheduled_departure;
    let chute = format!("CH{:02}", rng.random_range(1..63));
    let stand = format!("S{}", 500 + rng.random_range(1..40));
    let mut at = passenger.checked_in_at;
    let mut steps = vec![scan(at, TrackingPoint::CheckIn, "BD07")];
    for (point, reader) in [(TrackingPoint::BhsInduction, "IN02"), (TrackingPoint::Screening, "HBS12")] {
        at = later(at, rng.random_range(60..180));
        steps.push(scan(at, point, reader));
    }
    // A bag that comes early waits in the early bag store.
    if at < later(std, -100 * 60) {
        steps.push(scan(later(at, 120), TrackingPoint::StoreIn, "EBS1"));
        at = later(std, -rng.random_range(80 * 60..90 * 60));
        steps.push(scan(at, TrackingPoint::StoreOut, "EBS2"));
    }
    at = later(at, rng.random_range(120..240));
    let sorted = Step { location: chute, ..scan(at, TrackingPoint::Sortation, "SC04") };
    steps.push(by_message(sorted, rng.random_bool(0.5)));
    at = later(std, -rng.random_range(45 * 60..55 * 60));
    let bulk = rng.random_bool(0.3);
    if !bulk {
        let unit = format!("AKE{:05}{}", rng.random_range(10_000..99_999), &flight.designator[..2]);
        let built = scan(at, TrackingPoint::ContainerLoad, "MUP12");
        steps.push(by_message(Step { container: Some(unit), ..built }, rng.random_bool(0.3)));
    }
    at = later(std, -rng.random_range(33 * 60..38 * 60));
    steps.push(Step { location: stand.clone(), ..scan(at, TrackingPoint::AircraftSide, "HHT014") });
    at = later(std, -rng.random_range(25 * 60..32 * 60));
    let hold = bulk.then(|| "H4".to_owned());
    let loaded = scan(at, TrackingPoint::AircraftLoad, "HHT014");
    steps.push(by_message(Step { location: stand.clone(), container: hold, ..loaded }, bulk));
    if passenger.announcement == Announcement::NoShow {
        at = later(std, -rng.random_range(12 * 60..15 * 60));
        steps.push(Step { location: stand, ..scan(at, TrackingPoint::Offload, "HHT022") });
    }
    steps
}

fn arriving(flight: &Flight, rng: &mut StdRng) -> Vec<Step> {
    let belt = flight.final_belt().to_owned();
    let mut at = later(flight.scheduled_arrival, rng.random_range(8 * 60..14 * 60));
    let mut steps = vec![scan(at, TrackingPoint::AircraftUnload, "HHT031")];
    at = later(at, rng.random_range(120..300));
    steps.push(scan(at, TrackingPoint::ArrivalInjection, "AR03"));
    at = later(at, rng.random_range(120..300));
    steps.push(Step { location: belt, ..scan(at, TrackingPoint::ReclaimBelt, "RB01") });
    if rng.random_bool(0.8) {
        at = later(at, rng.random_range(120..600));
        steps.push(scan(at, TrackingPoint::Collection, "EX02"));
    }
    steps
}

fn scan(at: Timestamp, point: TrackingPoint, reader: &'static str) -> Step {
    Step { at, point, location: String::new(), reader, container: None, told_by: Teller::Scan }
}

fn by_message(step: Step, yes: bool) -> Step {
    Step { told_by: if yes { Teller::ProcessedMessage } else { Teller::Scan }, ..step }
}

fn issuer(flight: &Flight) -> &'static str {
    CARRIERS
        .iter()
        .find(|(carrier, _)| flight.designator.starts_with(carrier))
        .map_or("479", |(_, code)| code)
}
