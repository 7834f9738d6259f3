//! What passengers do and where they are read.

use airside_api::flights::v1::{PassagePoint, PassengerReadReport};
use jiff::Timestamp;
use rand::Rng;

use super::{Act, Call, Pen, on_the_wire};
use crate::truth::{Flight, Layout, Passenger, later};

/// Writes the gate reads of everyone and the acts of those who hold a session.
pub(super) fn write(pen: &mut Pen<'_>) {
    let airport = pen.airport;
    for (index, passenger) in airport.passengers.iter().enumerate() {
        let flight = &airport.flights[passenger.flight];
        if flight.departs {
            reads(pen, index, passenger, flight);
        }
    }
    for (index, passenger) in airport.watchers() {
        follows(pen, index, passenger);
    }
}

fn reads(pen: &mut Pen<'_>, index: usize, passenger: &Passenger, flight: &Flight) {
    let inbound = passenger.inbound.map(|inbound| pen.airport.flights[inbound].arrival());
    let here_at = inbound.unwrap_or(passenger.checked_in_at);
    if inbound.is_none() {
        read(pen, index, here_at, PassagePoint::CheckIn);
    }
    let through = later(here_at, 60 * pen.rng.random_range(10..25));
    read(pen, index, through, PassagePoint::Security);
    if passenger.boards(flight) {
        // Most board soon; the last hurry after the final call.
        let minutes = if pen.rng.random_bool(0.85) { 2..20 } else { 23..32 };
        let at = later(flight.departure(), 60 * (pen.rng.random_range(minutes) - 40)).max(later(through, 60));
        read(pen, index, at, PassagePoint::Gate);
    }
}

fn read(pen: &mut Pen<'_>, index: usize, at: Timestamp, point: PassagePoint) {
    let report_id = pen.id('g');
    let passenger = &pen.airport.passengers[index];
    let read = PassengerReadReport {
        report_id,
        flight: pen.airport.flights[passenger.flight].id.clone(),
        occurred_at: Some(on_the_wire(at)),
        point: point.into(),
        surname: passenger.surname.clone(),
        given_name: passenger.given_name.clone(),
        record_locator: passenger.record_locator.clone(),
    };
    pen.put(at, Call::Gate { read, passenger: index });
}

/// A watcher follows the flight early, the bags once they are announced, and perhaps loses the line
/// for a while. One in eight first claims a bag of somebody else, which must not work.
fn follows(pen: &mut Pen<'_>, index: usize, passenger: &Passenger) {
    let airport = pen.airport;
    let flight = &airport.flights[passenger.flight];
    let early = match airport.plan.layout {
        Layout::Wave => airport.flights.first().map_or(passenger.checked_in_at, |it| it.scheduled_departure),
        Layout::Day(_) if flight.departs => flight.scheduled_departure,
        // Before the aircraft comes near, which is about as long before landing.
        Layout::Day(_) => later(flight.scheduled_arrival, 60 * 60),
    };
    let early = later(early, -60 * pen.rng.random_range(160..166));
    put(pen, index, early, Act::FollowFlight);
    for bag in &passenger.bags {
        let by_locator = pen.rng.random_bool(0.5);
        put(pen, index, later(passenger.checked_in_at, 60), Act::FollowBag { bag: *bag, by_locator });
    }
    if pen.rng.random_bool(0.125) {
        let bag = pen.rng.random_range(0..airport.bags.len());
        let plate = &airport.bags[bag].plate;
        let owners = airport.bags.iter().filter(|bag| bag.wears(plate)).map(|bag| bag.passenger);
        if owners.into_iter().all(|owner| airport.passengers[owner].surname != passenger.surname) {
            put(pen, index, later(passenger.checked_in_at, 10 * 60), Act::ClaimStranger { bag });
        }
    }
    if passenger.tunnel {
        let enters = if flight.departs {
            later(flight.scheduled_departure, -60 * pen.rng.random_range(45..65))
        } else {
            later(flight.scheduled_arrival, 60 * pen.rng.random_range(4..9))
        };
        put(pen, index, enters, Act::EnterTunnel);
        let leaves = later(enters, 60 * pen.rng.random_range(12..20));
        put(pen, index, leaves, Act::LeaveTunnel);
    }
}

fn put(pen: &mut Pen<'_>, passenger: usize, at: Timestamp, act: Act) {
    pen.put(at, Call::Passenger { passenger, act });
}
