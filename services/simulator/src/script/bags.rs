//! What departure control, the baggage system and the hand scanners say about bags.

use airside_api::baggage::v1::{Scan, Stowage, TrackingPoint};
use jiff::Timestamp;
use rand::Rng;

use super::telex::{ProcessedMessage, SourceMessage, enveloped};
use super::{
    Call, MessageQuirk, Pen, SOURCE_DEPARTURE_CONTROL, SOURCE_HANDLING, SOURCE_RAMP, ScanQuirk, on_the_wire,
};
use crate::truth::{Announcement, Bag, Flight, Passenger, STATION, Step, Teller, later};

/// A late scan is sent this long after it was made, seconds.
const LATE_S: i64 = 35 * 60;

/// Writes announcements, scans, processed messages, and what cannot be read.
pub(super) fn write(pen: &mut Pen<'_>) {
    let airport = pen.airport;
    for passenger in airport.passengers.iter().filter(|passenger| !passenger.bags.is_empty()) {
        announce(pen, passenger);
    }
    for bag in &airport.bags {
        let last = bag.way.len().saturating_sub(1);
        for (place, step) in bag.way.iter().enumerate() {
            tell(pen, bag, step, place == last);
        }
    }
    malformed(pen);
}

fn announce(pen: &mut Pen<'_>, passenger: &Passenger) {
    let airport = pen.airport;
    let flight = &airport.flights[passenger.flight];
    let at = passenger.checked_in_at;
    match passenger.announcement {
        Announcement::Missing => {}
        Announcement::Plain => source_message(pen, later(at, -60), passenger, flight, ("", "")),
        Announcement::Prioritised => {
            source_message(pen, later(at, -60), passenger, flight, ("", ""));
            source_message(pen, later(at, 15 * 60), passenger, flight, ("CHG", "PRIO"));
        }
        Announcement::Rebooked { from } => {
            source_message(pen, later(at, -12 * 60), passenger, &airport.flights[from], ("", ""));
            source_message(pen, later(at, -5 * 60), passenger, flight, ("CHG", ""));
        }
        Announcement::Withdrawn => {
            source_message(pen, later(at, -60), passenger, flight, ("", ""));
            source_message(pen, later(at, 20 * 60), passenger, flight, ("DEL", ""));
        }
        Announcement::NoShow => {
            source_message(pen, later(at, -60), passenger, flight, ("", ""));
            let closes = later(flight.scheduled_departure, -18 * 60);
            source_message(pen, closes, passenger, flight, ("DEL", ""));
        }
    }
}

fn source_message(
    pen: &mut Pen<'_>,
    at: Timestamp,
    passenger: &Passenger,
    flight: &Flight,
    (change, exception): (&str, &str),
) {
    let Some(first) = passenger.bags.first() else { return };
    pen.next_id += 1;
    let text = SourceMessage {
        change,
        designator: &flight.designator,
        departure: flight.scheduled_departure,
        airport: if flight.departs { flight.destination } else { flight.origin },
        arrives: !flight.departs,
        plate: &pen.airport.bags[*first].plate,
        count: passenger.bags.len(),
        surname: &passenger.surname,
        given_name: &passenger.given_name,
        record_locator: &passenger.record_locator,
        seat: &passenger.seat,
        exception,
        reference: pen.next_id,
    }
    .text();
    let (text, quirk) = if pen.rng.random_bool(0.1) {
        (enveloped(&text, at), MessageQuirk::Enveloped)
    } else {
        (text, MessageQuirk::Plain)
    };
    pen.put(at, Call::Message { source: SOURCE_DEPARTURE_CONTROL, text, quirk });
}

fn tell(pen: &mut Pen<'_>, bag: &Bag, step: &Step, last: bool) {
    let flight = &pen.airport.flights[bag.flight];
    match step.told_by {
        Teller::ProcessedMessage => {
            let text = processed_message(bag, step, flight);
            let quirk = MessageQuirk::Plain;
            pen.put(later(step.at, 10), Call::Message { source: source_of(step.point), text, quirk });
        }
        Teller::Scan => typed_scan(pen, bag, step, flight, last),
    }
}

fn processed_message(bag: &Bag, step: &Step, flight: &Flight) -> String {
    let unit = step.container.as_deref().unwrap_or_default();
    let stowage = match step.point {
        TrackingPoint::AircraftLoad => format!("{unit}/FWD"),
        TrackingPoint::ContainerLoad => format!("{unit}//T/Y/{}/Y", flight.destination),
        _ => String::new(),
    };
    ProcessedMessage {
        code: if step.point == TrackingPoint::Sortation { "S" } else { "R" },
        reader: step.reader,
        at: step.at,
        location: &step.location,
        designator: &flight.designator,
        departure: flight.scheduled_departure,
        airport: flight.destination,
        stowage: &stowage,
        plate: &bag.plate,
    }
    .text()
}

/// Sends a scan, seldom late, seldom twice; seldom the reader also sees a bag without its tag.
/// The last step of a way is never late, so that the end is told in time.
fn typed_scan(pen: &mut Pen<'_>, bag: &Bag, step: &Step, flight: &Flight, last: bool) {
    let source = source_of(step.point);
    let scan = Scan {
        scan_id: pen.id('s'),
        plate: bag.plate.clone(),
        point: step.point.into(),
        station: STATION.to_owned(),
        observed_at: Some(on_the_wire(step.at)),
        reader: step.reader.to_owned(),
        location: step.location.clone(),
        flight: flight.id.clone(),
        stowage: step.container.clone().map(|container| Stowage { container, compartment: String::new() }),
    };
    let late = !last && pen.rng.random_bool(0.03);
    if pen.rng.random_bool(0.03) {
        let call = Call::Scan { source, scan: scan.clone(), quirk: ScanQuirk::Duplicate };
        pen.put(later(step.at, LATE_S + 60), call);
    }
    if step.point == TrackingPoint::Sortation && pen.rng.random_bool(0.06) {
        let plate = "0000000000".to_owned();
        let (flight, stowage) = (String::new(), None);
        let unread = Scan { scan_id: pen.id('n'), plate, flight, stowage, ..scan.clone() };
        pen.put(later(step.at, 5), Call::Scan { source, scan: unread, quirk: ScanQuirk::NoRead });
    }
    let (delay_s, quirk) = if late { (LATE_S, ScanQuirk::Late) } else { (2, ScanQuirk::Plain) };
    pen.put(later(step.at, delay_s), Call::Scan { source, scan, quirk });
}

fn source_of(point: TrackingPoint) -> &'static str {
    match point {
        TrackingPoint::AircraftSide
        | TrackingPoint::AircraftLoad
        | TrackingPoint::Offload
        | TrackingPoint::AircraftUnload => SOURCE_RAMP,
        _ => SOURCE_HANDLING,
    }
}

/// About one message in forty cannot be read. Their plates have the leading digit 2, which no bag
/// of the truth has.
fn malformed(pen: &mut Pen<'_>) {
    let airport = pen.airport;
    let Some(flight) = airport.flights.first() else { return };
    let day = super::telex::day(flight.scheduled_departure);
    let (name, to) = (&flight.designator, flight.destination);
    for index in 0..airport.passengers.len() / 40 {
        let serial = 1 + index;
        let text = match index % 4 {
            // Cut off on the way.
            0 => format!("BSM\n.V/1L{STATION}\n.F/{name}/{day}/{to}/Y\n.N/2479{serial:06}001\n.P/1LI"),
            // A plate of nine digits.
            1 => format!("BSM\n.V/1L{STATION}\n.F/{name}/{day}/{to}/Y\n.N/2479{serial:05}001\nENDBSM\n"),
            // No bag at all.
            2 => format!("BSM\n.V/1L{STATION}\n.F/{name}/{day}/{to}/Y\n.P/1LI/{serial}\nENDBSM\n"),
            // Not a message.
            _ => format!("LINE TEST {serial} QUICK BROWN FOX\n"),
        };
        let at = later(airport.plan.anchor, -60 * pen.rng.random_range(20..140));
        let (source, quirk) = (SOURCE_DEPARTURE_CONTROL, MessageQuirk::Malformed);
        pen.put(at, Call::Message { source, text, quirk });
    }
}
