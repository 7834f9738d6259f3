//! Flights of a wave: a bank of departures and a bank of arrivals around the anchor.

use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use rand::rngs::StdRng;

use super::words::{BELTS, CARRIERS, ELSEWHERE, GATES, pick, pick_other};
use super::{Flight, Plan, STATION, later, local};

/// The first departure is scheduled this long after the anchor, seconds.
const DEPARTURES_FROM_S: i64 = 10 * 60;
/// All departures are scheduled within this time, seconds.
const DEPARTURES_WITHIN_S: i64 = 30 * 60;
/// The first arrival is scheduled this long before the anchor, seconds.
const ARRIVALS_FROM_S: i64 = -25 * 60;
/// All arrivals are scheduled within this time, seconds.
const ARRIVALS_WITHIN_S: i64 = 35 * 60;
/// How late a delayed flight leaves, seconds.
const DELAY_S: i64 = 25 * 60;
/// Flight numbers are taken in turn from this many, from 1001 on.
const NUMBERS: usize = 8_000;

/// Grows the flights: departures first, then arrivals.
pub(super) fn grow(plan: &Plan, rng: &mut StdRng) -> Vec<Flight> {
    let whole_minute = later(plan.anchor, -plan.anchor.as_second().rem_euclid(60));
    let anchor = Timestamp::from_second(whole_minute.as_second()).unwrap_or(plan.anchor);
    let count = plan.departures + plan.arrivals;
    let first = usize::try_from(plan.seed % 4_000).unwrap_or(0) + plan.wave as usize * count;
    (0..count)
        .map(|index| {
            let number = 1_001 + (first + index) % NUMBERS;
            let carrier = CARRIERS[rng.random_range(0..CARRIERS.len())].0;
            if index < plan.departures {
                departure(anchor, share(index, plan.departures, DEPARTURES_WITHIN_S), carrier, number, rng)
            } else {
                let at = share(index - plan.departures, plan.arrivals, ARRIVALS_WITHIN_S);
                arrival(anchor, at, carrier, number, rng)
            }
        })
        .collect()
}

fn departure(anchor: Timestamp, at_s: i64, carrier: &str, number: usize, rng: &mut StdRng) -> Flight {
    let scheduled_departure = later(anchor, DEPARTURES_FROM_S + at_s);
    let gate = pick(rng, &GATES);
    let fate = rng.random_range(0..12);
    // Only the first half of the bank may be late, so that the wave ends in time.
    let late = fate < 3 && at_s < DEPARTURES_WITHIN_S / 2;
    Flight {
        departs: true,
        origin: STATION,
        destination: pick(rng, &ELSEWHERE),
        scheduled_departure,
        scheduled_arrival: later(scheduled_departure, 60 * rng.random_range(90..200)),
        gate: gate.to_owned(),
        new_gate: rng.random_bool(0.35).then(|| pick_other(rng, &GATES, gate).to_owned()),
        delay: SignedDuration::from_secs(if late { DELAY_S } else { 0 }),
        cancelled: fate == 11,
        ..named(carrier, number, scheduled_departure, rng)
    }
}

fn arrival(anchor: Timestamp, at_s: i64, carrier: &str, number: usize, rng: &mut StdRng) -> Flight {
    let scheduled_arrival = later(anchor, ARRIVALS_FROM_S + at_s);
    let scheduled_departure = later(scheduled_arrival, -60 * rng.random_range(95..115));
    let belt = pick(rng, &BELTS);
    Flight {
        departs: false,
        origin: pick(rng, &ELSEWHERE),
        destination: STATION,
        scheduled_departure,
        scheduled_arrival,
        belt: belt.to_owned(),
        new_belt: rng.random_bool(0.35).then(|| pick_other(rng, &BELTS, belt).to_owned()),
        ..named(carrier, number, scheduled_departure, rng)
    }
}

/// Returns a flight with its names and nothing else. The day in the id is the local day of
/// scheduled departure at the origin; every airport of the simulation shares one offset.
fn named(carrier: &str, number: usize, scheduled_departure: Timestamp, rng: &mut StdRng) -> Flight {
    let designator = format!("{carrier}{number}");
    let day = local(scheduled_departure).strftime("%Y%m%d").to_string();
    Flight {
        id: format!("{designator}-{day}"),
        codeshare: rng.random_bool(0.3).then(|| format!("CA{}", 1_000 + number % 9_000)),
        designator,
        departs: true,
        origin: STATION,
        destination: STATION,
        scheduled_departure,
        scheduled_arrival: scheduled_departure,
        gate: String::new(),
        new_gate: None,
        belt: String::new(),
        new_belt: None,
        delay: SignedDuration::ZERO,
        cancelled: false,
    }
}

/// Spreads `index` of `count` evenly over a time, in whole minutes.
fn share(index: usize, count: usize, within_s: i64) -> i64 {
    let (index, count) = (i64::try_from(index).unwrap_or(0), i64::try_from(count.max(1)).unwrap_or(1));
    within_s * index / count / 60 * 60
}
