//! What the flight database and the operators say.

use airside_api::flights::v1::flight_report::Report;
use airside_api::flights::v1::{
    Boarding, Cancelled, Delay, Departed, FinalCall, FlightLeg, FlightReport, Landed, Schedule,
};
use airside_api::navigation::v1::Profile;
use jiff::Timestamp;
use rand::Rng;

use super::{Call, Pen, RouteAsk, on_the_wire};
use crate::truth::{Flight, later};

/// Where travellers ask from, besides gates: words of the venue's directory.
pub(crate) const ASK_FROM: [&str; 6] = ["check-in", "security", "toilet", "coffee", "shop", "metro"];

/// Writes the reports of every flight.
pub(super) fn write(pen: &mut Pen<'_>) {
    let airport = pen.airport;
    for flight in &airport.flights {
        schedule(pen, flight);
        if flight.departs {
            departure(pen, flight);
        } else {
            arrival(pen, flight);
        }
    }
}

/// Writes the closure and the questions for the way.
pub(super) fn write_ways(pen: &mut Pen<'_>) {
    closure(pen);
    routes(pen);
}

fn schedule(pen: &mut Pen<'_>, flight: &Flight) {
    let leg = FlightLeg {
        origin: flight.origin.to_owned(),
        destination: flight.destination.to_owned(),
        scheduled_departure: Some(on_the_wire(flight.scheduled_departure)),
        scheduled_arrival: Some(on_the_wire(flight.scheduled_arrival)),
    };
    let codeshares = flight.codeshare.iter().cloned().collect();
    let known_at = pen.airport.opens_at();
    report(pen, flight, known_at, Report::Schedule(Schedule { legs: vec![leg], codeshares }));
}

fn departure(pen: &mut Pen<'_>, flight: &Flight) {
    let std = flight.scheduled_departure;
    report(pen, flight, later(std, -140 * 60), Report::Gate(flight.gate.clone()));
    if let Some(gate) = &flight.new_gate {
        let at = later(std, -60 * pen.rng.random_range(52..75));
        report(pen, flight, at, Report::Gate(gate.clone()));
    }
    if flight.cancelled {
        report(pen, flight, later(std, -50 * 60), Report::Cancelled(Cancelled {}));
        return;
    }
    let leaves = flight.departure();
    if leaves > std {
        let estimated_departure = Some(on_the_wire(leaves));
        report(pen, flight, later(std, -48 * 60), Report::Delay(Delay { estimated_departure }));
    }
    report(pen, flight, later(leaves, -40 * 60), Report::Boarding(Boarding {}));
    report(pen, flight, later(leaves, -18 * 60), Report::FinalCall(FinalCall {}));
    report(pen, flight, leaves, Report::Departed(Departed {}));
}

fn arrival(pen: &mut Pen<'_>, flight: &Flight) {
    let sta = flight.arrival();
    report(pen, flight, flight.scheduled_departure, Report::Departed(Departed {}));
    report(pen, flight, later(sta, -8 * 60), Report::Belt(flight.belt.clone()));
    report(pen, flight, sta, Report::Landed(Landed {}));
    if let Some(belt) = &flight.new_belt {
        report(pen, flight, later(sta, 6 * 60), Report::Belt(belt.clone()));
    }
}

fn report(pen: &mut Pen<'_>, flight: &Flight, at: Timestamp, report: Report) {
    let report_id = pen.id('f');
    let call = FlightReport {
        report_id,
        flight: flight.id.clone(),
        occurred_at: Some(on_the_wire(at)),
        report: Some(report),
    };
    pen.put(at, Call::Flight(call));
}

/// An escalator fails for an hour.
fn closure(pen: &mut Pen<'_>) {
    let anchor = pen.airport.plan.anchor;
    pen.put(later(anchor, -75 * 60), Call::Closure { closed: true });
    pen.put(later(anchor, -15 * 60), Call::Closure { closed: false });
}

/// Each departure has travellers who ask the way to its gate, one in four of them in a wheelchair.
fn routes(pen: &mut Pen<'_>) {
    let airport = pen.airport;
    for flight in airport.flights.iter().filter(|flight| flight.departs) {
        for _ in 0..pen.airport.plan.passengers_per_flight.div_ceil(2) {
            let at = later(flight.scheduled_departure, -60 * pen.rng.random_range(35..130));
            let changed = later(flight.scheduled_departure, -52 * 60) < at;
            let to = flight.new_gate.as_ref().filter(|_| changed).unwrap_or(&flight.gate).clone();
            let from = if pen.rng.random_bool(0.4) {
                airport.flights[pen.rng.random_range(0..airport.plan.departures)].gate.clone()
            } else {
                ASK_FROM[pen.rng.random_range(0..ASK_FROM.len())].to_owned()
            };
            let wheelchair = pen.rng.random_bool(0.25);
            let profile = if wheelchair { Profile::Wheelchair } else { Profile::Walk };
            let chinese = pen.rng.random_bool(0.6);
            pen.put(at, Call::Route(RouteAsk { from, to, profile, chinese }));
        }
    }
}
