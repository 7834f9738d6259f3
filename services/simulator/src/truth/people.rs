//! Passengers of a wave.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use uuid::Builder;

use super::words::{given_name, record_locator, seat, surname};
use super::{Announcement, Flight, Noise, Passenger, Plan, chance, later};

/// Bags of an arriving flight were announced this long before it lands, seconds.
const ARRIVAL_ANNOUNCED_S: i64 = 110 * 60;
/// Who connects was booked on an arrival that is scheduled so long before the departure, seconds.
const CONNECTION_S: std::ops::Range<i64> = 75 * 60..200 * 60;
/// Who lands with less time than this before the departure does not reach it, seconds.
const WALK_S: i64 = 25 * 60;

/// Grows the passengers, flight by flight, without their bags.
pub(super) fn grow(plan: &Plan, flights: &[Flight], rng: &mut StdRng) -> Vec<Passenger> {
    let mut passengers = Vec::with_capacity(flights.len() * plan.passengers_per_flight);
    for (index, flight) in flights.iter().enumerate() {
        for _ in 0..plan.passengers_per_flight {
            let inbound = if flight.departs { inbound(plan, flights, flight, rng) } else { None };
            passengers.push(passenger(plan, index, flight, inbound.map(|it| (it, &flights[it])), rng));
        }
    }
    passengers
}

/// Chooses who holds a session: passengers whose announced bag can be followed. One in five of
/// them goes through a tunnel.
pub(super) fn choose_watchers(sessions: usize, passengers: &mut [Passenger], rng: &mut StdRng) {
    let mut able: Vec<usize> = (0..passengers.len())
        .filter(|index| {
            let passenger = &passengers[*index];
            let known = matches!(passenger.announcement, Announcement::Plain | Announcement::Prioritised);
            known && !passenger.bags.is_empty()
        })
        .collect();
    able.shuffle(rng);
    for (place, index) in able.into_iter().take(sessions).enumerate() {
        passengers[index].watches = true;
        passengers[index].tunnel = place % 5 == 4;
    }
}

/// Chooses the arrival that brings a passenger of a departure; nothing for who begins here.
fn inbound(plan: &Plan, flights: &[Flight], flight: &Flight, rng: &mut StdRng) -> Option<usize> {
    if !chance(rng, plan.connecting) {
        return None;
    }
    let fits = |arrival: &Flight| {
        let spare = flight.scheduled_departure.duration_since(arrival.scheduled_arrival).as_secs();
        CONNECTION_S.contains(&spare)
    };
    let fitting: Vec<usize> =
        (plan.departures..flights.len()).filter(|index| fits(&flights[*index])).collect();
    if fitting.is_empty() { None } else { Some(fitting[rng.random_range(0..fitting.len())]) }
}

fn passenger(
    plan: &Plan,
    index: usize,
    flight: &Flight,
    inbound: Option<(usize, &Flight)>,
    rng: &mut StdRng,
) -> Passenger {
    let comes_on = inbound.map_or(flight, |(_, inbound)| inbound);
    let checked_in_at = if comes_on.departs {
        later(flight.scheduled_departure, -rng.random_range(70 * 60..140 * 60))
    } else {
        later(comes_on.scheduled_arrival, -ARRIVAL_ANNOUNCED_S + rng.random_range(0..20 * 60))
    };
    let lands = inbound.map(|(_, inbound)| inbound.arrival());
    Passenger {
        person: Builder::from_random_bytes(rng.random()).into_uuid(),
        surname: surname(rng),
        given_name: given_name(rng),
        record_locator: record_locator(rng),
        seat: seat(rng),
        flight: index,
        inbound: inbound.map(|(index, _)| index),
        connects: lands.is_none_or(|lands| later(lands, WALK_S) <= flight.departure()),
        checked_in_at,
        announcement: announcement(plan, index, flight, inbound.is_some(), rng),
        watches: false,
        tunnel: false,
        bags: Vec::new(),
    }
}

/// Most bags are announced plainly. Some are not announced at all, as airports see it.
fn announcement(
    plan: &Plan,
    index: usize,
    flight: &Flight,
    connects: bool,
    rng: &mut StdRng,
) -> Announcement {
    let Noise { unannounced, transfers_unannounced, prioritised, rebooked, withdrawn, no_shows, .. } =
        plan.noise;
    let missing = if connects { transfers_unannounced } else { unannounced };
    let mut lot: f64 = rng.random();
    let mut is = |rate: f64| {
        lot -= rate;
        lot < 0.0
    };
    match () {
        () if !flight.departs || flight.cancelled => Announcement::Plain,
        () if is(missing) => Announcement::Missing,
        () if is(prioritised) => Announcement::Prioritised,
        () if connects => Announcement::Plain,
        () if plan.departures > 1 && is(rebooked) => {
            Announcement::Rebooked { from: (index + 1) % plan.departures }
        }
        () if is(withdrawn) => Announcement::Withdrawn,
        () if is(no_shows) => Announcement::NoShow,
        () => Announcement::Plain,
    }
}
