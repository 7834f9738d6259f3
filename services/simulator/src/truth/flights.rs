//! Flights: a bank of departures and a bank of arrivals around the anchor, or a day of both.

use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use rand::rngs::StdRng;

use super::words::{BELTS, CARRIERS, ELSEWHERE, GATES, pick, pick_other};
use super::{Flight, Layout, Plan, STATION, chance, later, local};

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

/// The first flight of a day is this long after its begin, seconds: its passengers check in before.
const DAY_FROM_S: i64 = 175 * 60;
/// The last departure of a day is scheduled this long after its end, seconds, so that the day ends
/// with bags on their way.
const DAY_BEYOND_S: i64 = 25 * 60;
/// A day has one destination for so many departures, so that a bag left behind has a later flight.
const DEPARTURES_PER_PLACE: usize = 4;

/// When the flights of one direction are scheduled: from and within, seconds from the anchor.
type Span = (i64, i64);

/// Grows the flights: departures first, then arrivals.
pub(super) fn grow(plan: &Plan, rng: &mut StdRng) -> Vec<Flight> {
    let whole_minute = later(plan.anchor, -plan.anchor.as_second().rem_euclid(60));
    let anchor = Timestamp::from_second(whole_minute.as_second()).unwrap_or(plan.anchor);
    let (out, inward) = spans(plan.layout);
    let count = plan.departures + plan.arrivals;
    let first = usize::try_from(plan.seed % 4_000).unwrap_or(0) + plan.wave as usize * count;
    (0..count)
        .map(|index| {
            let number = 1_001 + (first + index) % NUMBERS;
            let carrier = CARRIERS[rng.random_range(0..CARRIERS.len())].0;
            if index < plan.departures {
                let at = later(anchor, out.0 + share(index, plan.departures, out.1));
                // Only the first half of a wave may be late, so that it ends in time.
                let may_be_late = plan.layout != Layout::Wave || index * 2 < plan.departures;
                departure(plan, at, may_be_late, named(carrier, number, at, rng), rng)
            } else {
                let at = later(anchor, inward.0 + share(index - plan.departures, plan.arrivals, inward.1));
                arrival(plan, at, carrier, number, rng)
            }
        })
        .collect()
}

fn spans(layout: Layout) -> (Span, Span) {
    match layout {
        Layout::Wave => ((DEPARTURES_FROM_S, DEPARTURES_WITHIN_S), (ARRIVALS_FROM_S, ARRIVALS_WITHIN_S)),
        Layout::Day(length) => {
            let from = DAY_FROM_S - length.as_secs();
            ((from, DAY_BEYOND_S - from), (from, -from))
        }
    }
}

fn departure(
    plan: &Plan,
    scheduled_departure: Timestamp,
    may_be_late: bool,
    named: Flight,
    rng: &mut StdRng,
) -> Flight {
    let gate = pick(rng, &GATES);
    let late = may_be_late && chance(rng, plan.noise.delayed);
    let places = match plan.layout {
        Layout::Wave => ELSEWHERE.len(),
        Layout::Day(_) => plan.departures.div_ceil(DEPARTURES_PER_PLACE).min(ELSEWHERE.len()),
    };
    Flight {
        departs: true,
        origin: STATION,
        destination: pick(rng, &ELSEWHERE[..places]),
        scheduled_departure,
        scheduled_arrival: later(scheduled_departure, 60 * rng.random_range(90..200)),
        gate: gate.to_owned(),
        new_gate: chance(rng, plan.noise.gate_changes).then(|| pick_other(rng, &GATES, gate).to_owned()),
        delay: SignedDuration::from_secs(if late { DELAY_S } else { 0 }),
        cancelled: chance(rng, plan.noise.cancelled),
        ..named
    }
}

fn arrival(
    plan: &Plan,
    scheduled_arrival: Timestamp,
    carrier: &str,
    number: usize,
    rng: &mut StdRng,
) -> Flight {
    let scheduled_departure = later(scheduled_arrival, -60 * rng.random_range(95..115));
    let belt = pick(rng, &BELTS);
    let late_min = if chance(rng, plan.noise.inbound_late) { rng.random_range(70..110) } else { 0 };
    Flight {
        departs: false,
        origin: pick(rng, &ELSEWHERE),
        destination: STATION,
        scheduled_departure,
        scheduled_arrival,
        belt: belt.to_owned(),
        new_belt: chance(rng, plan.noise.belt_changes).then(|| pick_other(rng, &BELTS, belt).to_owned()),
        delay: SignedDuration::from_mins(late_min),
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
