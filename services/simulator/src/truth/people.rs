//! Passengers of a wave.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use uuid::Builder;

use super::words::{given_name, record_locator, seat, surname};
use super::{Announcement, Flight, Passenger, Plan, later};

/// Bags of an arriving flight were announced this long before it lands, seconds.
const ARRIVAL_ANNOUNCED_S: i64 = 110 * 60;

/// Grows the passengers, flight by flight, without their bags.
pub(super) fn grow(plan: &Plan, flights: &[Flight], rng: &mut StdRng) -> Vec<Passenger> {
    let mut passengers = Vec::with_capacity(flights.len() * plan.passengers_per_flight);
    for (index, flight) in flights.iter().enumerate() {
        for _ in 0..plan.passengers_per_flight {
            passengers.push(passenger(index, flight, plan.departures, rng));
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

fn passenger(index: usize, flight: &Flight, departures: usize, rng: &mut StdRng) -> Passenger {
    let checked_in_at = if flight.departs {
        later(flight.scheduled_departure, -rng.random_range(70 * 60..140 * 60))
    } else {
        later(flight.scheduled_arrival, -ARRIVAL_ANNOUNCED_S + rng.random_range(0..20 * 60))
    };
    Passenger {
        person: Builder::from_random_bytes(rng.random()).into_uuid(),
        surname: surname(rng),
        given_name: given_name(rng),
        record_locator: record_locator(rng),
        seat: seat(rng),
        flight: index,
        checked_in_at,
        announcement: announcement(index, flight, departures, rng),
        watches: false,
        tunnel: false,
        bags: Vec::new(),
    }
}

/// Most bags are announced plainly. About one in twenty is not announced at all, as airports see it.
fn announcement(index: usize, flight: &Flight, departures: usize, rng: &mut StdRng) -> Announcement {
    let lot = rng.random_range(0..100);
    match lot {
        _ if !flight.departs || flight.cancelled => Announcement::Plain,
        0..5 => Announcement::Missing,
        5..10 => Announcement::Prioritised,
        10..12 if departures > 1 => Announcement::Rebooked { from: (index + 1) % departures },
        12..14 => Announcement::Withdrawn,
        14..16 => Announcement::NoShow,
        _ => Announcement::Plain,
    }
}
