//! What departure control, the baggage system and the hand scanners say about bags.

use std::collections::BTreeMap;

use airside_api::baggage::v1::{ContainerReport, ContainerStep, LinkKind, Scan, Stowage, TrackingPoint};
use jiff::{SignedDuration, Timestamp};
use rand::Rng;

use super::telex::{ProcessedMessage, SourceMessage, enveloped, unload};
use super::{
    Call, MessageQuirk, Pen, SOURCE_ARRIVALS, SOURCE_DEPARTURE_CONTROL, SOURCE_FORMER, SOURCE_HANDLING,
    SOURCE_RAMP, ScanQuirk, Tells, on_the_wire,
};
use crate::truth::{
    Announcement, Bag, CLOSES_S, Flight, Layout, NewTag, Passenger, STATION, Step, Teller, chance, later,
    local, shifted,
};

/// A late scan is sent this long after it was made, seconds.
const LATE_S: i64 = 35 * 60;
/// A scan that falls behind the next one of its bag is sent this long after it was made, seconds.
const BEHIND_S: i64 = 6 * 60;
/// An operator links a new tag with the old one this long after it is announced, seconds.
const LINKED_S: i64 = 20;
/// A message that is sent twice is sent again after this time, seconds.
const REPEATED_S: i64 = 90;
/// The bag that wore a plate before was handled this long before.
const FORMERLY: SignedDuration = SignedDuration::from_hours(6 * 24);

/// Writes announcements, scans, processed messages, and what cannot be read.
pub(super) fn write(pen: &mut Pen<'_>) {
    let airport = pen.airport;
    for passenger in &airport.passengers {
        announce(pen, passenger);
    }
    for (index, bag) in airport.bags.iter().enumerate() {
        if bag.plate_is_reused {
            formerly(pen, bag);
        }
        if let Some(tag) = &bag.new_tag {
            tagged_anew(pen, (index, bag), tag);
        }
        let last = bag.way.len().saturating_sub(1);
        for (place, step) in bag.way.iter().enumerate() {
            tell(pen, (index, bag), step, place == last);
        }
    }
    containers(pen);
    malformed(pen);
}

/// Reports each container that went on board, unless its bags are told one by one.
fn containers(pen: &mut Pen<'_>) {
    let airport = pen.airport;
    let mut loaded: BTreeMap<(Timestamp, &str), (usize, Vec<usize>)> = BTreeMap::new();
    for (index, bag) in airport.bags.iter().enumerate() {
        for step in bag.way.iter().filter(|step| step.told_by == Teller::Container) {
            let container = step.container.as_deref().unwrap_or_default();
            loaded.entry((step.at, container)).or_insert((step.flight, Vec::new())).1.push(index);
        }
    }
    for ((at, container), (flight, bags)) in loaded {
        let report = ContainerReport {
            report_id: pen.id('c'),
            container: container.to_owned(),
            step: ContainerStep::Loaded.into(),
            station: STATION.to_owned(),
            observed_at: Some(on_the_wire(at)),
            flight: airport.flights[flight].id.clone(),
            compartment: "FWD".to_owned(),
        };
        pen.put_late(later(at, 5), Call::Container { report, bags });
    }
}

fn announce(pen: &mut Pen<'_>, passenger: &Passenger) {
    let airport = pen.airport;
    let flight = &airport.flights[passenger.flight];
    let at = passenger.checked_in_at;
    if passenger.announcement != Announcement::Missing {
        let from = match passenger.announcement {
            Announcement::Rebooked { from } => (&airport.flights[from], -12 * 60),
            _ => (flight, -60),
        };
        source_message(pen, later(at, from.1), passenger, from.0, ("", ""));
    }
    match passenger.announcement {
        Announcement::Missing => return,
        Announcement::Plain => {}
        Announcement::Prioritised => {
            source_message(pen, later(at, 15 * 60), passenger, flight, ("CHG", "PRIO"));
        }
        Announcement::Rebooked { .. } => {
            source_message(pen, later(at, -5 * 60), passenger, flight, ("CHG", ""));
        }
        Announcement::Withdrawn => {
            source_message(pen, later(at, 20 * 60), passenger, flight, ("DEL", ""));
        }
        Announcement::NoShow => {
            let change = if pen.rng.random_bool(0.5) { "DEL" } else { "BUM" };
            let closes = later(flight.scheduled_departure, -CLOSES_S);
            source_message(pen, closes, passenger, flight, (change, ""));
        }
    }
    for bag in &passenger.bags {
        let is_rushed = airport.bags[*bag].new_tag.as_ref().is_some_and(|tag| tag.kind == LinkKind::Rush);
        if let Some((next, at)) = airport.bags[*bag].reflight.filter(|_| !is_rushed) {
            let tells = Some(Tells::Moved(*bag, next));
            bag_message(pen, at, passenger, (*bag, 1, tells), &airport.flights[next], ("CHG", "RUSH"));
        }
    }
}

/// A bag with a new tag is announced under it, and an operator says what it goes on from.
fn tagged_anew(pen: &mut Pen<'_>, (index, bag): (usize, &Bag), tag: &NewTag) {
    let airport = pen.airport;
    let (passenger, flight) = (&airport.passengers[bag.passenger], &airport.flights[tag.flight]);
    let exception = if tag.kind == LinkKind::Rush { "RUSH" } else { "" };
    bag_message(pen, tag.at, passenger, (index, 1, None), flight, ("", exception));
    pen.put(later(tag.at, LINKED_S), Call::Link { bag: index });
}

fn source_message(
    pen: &mut Pen<'_>,
    at: Timestamp,
    passenger: &Passenger,
    flight: &Flight,
    said: (&str, &str),
) {
    if let Some(first) = passenger.bags.first() {
        bag_message(pen, at, passenger, (*first, passenger.bags.len(), None), flight, said);
    }
}

/// Sends an announcement of some bags from the first one on.
fn bag_message(
    pen: &mut Pen<'_>,
    at: Timestamp,
    passenger: &Passenger,
    (first, count, tells): (usize, usize, Option<Tells>),
    flight: &Flight,
    (change, exception): (&str, &str),
) {
    let airport = pen.airport;
    pen.next_id += 1;
    let inbound = passenger.inbound.map(|inbound| &airport.flights[inbound]);
    let message = SourceMessage {
        change,
        designator: &flight.designator,
        departure: flight.scheduled_departure,
        airport: if flight.departs { flight.destination } else { flight.origin },
        arrives: !flight.departs,
        inbound: inbound.map(|it| (it.designator.as_str(), it.scheduled_departure, it.origin)),
        plate: airport.bags[first].plate_at(at),
        count,
        surname: &passenger.surname,
        given_name: &passenger.given_name,
        record_locator: &passenger.record_locator,
        seat: &passenger.seat,
        exception,
        reference: pen.next_id,
    };
    let text = if change == "BUM" { unload(&message) } else { message.text() };
    let (text, quirk) = if chance(&mut pen.rng, airport.plan.noise.enveloped) {
        (enveloped(&text, at), MessageQuirk::Enveloped)
    } else {
        (text, MessageQuirk::Plain)
    };
    let call = Call::Message { source: SOURCE_DEPARTURE_CONTROL, text, quirk, tells };
    if airport.plan.layout != Layout::Wave && chance(&mut pen.rng, airport.plan.noise.duplicates) {
        pen.put(later(at, REPEATED_S), call.clone());
    }
    pen.put(at, call);
}

/// Another bag wore the plate six days before and went its way.
fn formerly(pen: &mut Pen<'_>, bag: &Bag) {
    let designator = &pen.airport.flights[bag.flight].designator;
    let opens_at = pen.airport.opens_at();
    let then = shifted(opens_at, -FORMERLY);
    let flight = format!("{designator}-{}", local(then).strftime("%Y%m%d"));
    let points = [TrackingPoint::CheckIn, TrackingPoint::Sortation, TrackingPoint::AircraftLoad];
    for (place, point) in (0..).zip(points) {
        let scan = Scan {
            scan_id: pen.id('o'),
            plate: bag.plate.clone(),
            point: point.into(),
            station: STATION.to_owned(),
            observed_at: Some(on_the_wire(later(then, place * 30 * 60))),
            flight: flight.clone(),
            ..Scan::default()
        };
        pen.put(opens_at, Call::Scan { source: SOURCE_FORMER, scan, bag: None, quirk: ScanQuirk::Former });
    }
}

fn tell(pen: &mut Pen<'_>, (index, bag): (usize, &Bag), step: &Step, last: bool) {
    let flight = &pen.airport.flights[step.flight];
    match step.told_by {
        Teller::ProcessedMessage => {
            let text = processed_message(bag, step, flight);
            let (source, quirk) = (source_of(step.point), MessageQuirk::Plain);
            let tells = Some(Tells::Passed(index, step.point));
            let is_late =
                pen.airport.plan.layout != Layout::Wave && chance(&mut pen.rng, pen.airport.plan.noise.late);
            let delay_s = if is_late { LATE_S } else { 10 };
            pen.put_late(later(step.at, delay_s), Call::Message { source, text, quirk, tells });
        }
        Teller::Scan => typed_scan(pen, (index, bag), step, flight, last),
        // Told with all that is in its container.
        Teller::Container => {}
        Teller::Nobody => no_read(pen, step),
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
        plate: bag.plate_at(step.at),
    }
    .text()
}

/// Sends a scan, seldom late, seldom twice. The last step of a way in a wave is never late, so that
/// the end is told in time.
fn typed_scan(pen: &mut Pen<'_>, (index, bag): (usize, &Bag), step: &Step, flight: &Flight, last: bool) {
    let source = source_of(step.point);
    let plan = &pen.airport.plan;
    let (noise, in_time) = (plan.noise, last && plan.layout == Layout::Wave);
    let scan = Scan {
        scan_id: pen.id('s'),
        plate: bag.plate_at(step.at).to_owned(),
        point: step.point.into(),
        station: STATION.to_owned(),
        observed_at: Some(on_the_wire(read_at(step, noise.skew_s))),
        reader: step.reader.to_owned(),
        location: step.location.clone(),
        flight: flight.id.clone(),
        stowage: step.container.clone().map(|container| Stowage { container, compartment: String::new() }),
    };
    if chance(&mut pen.rng, noise.duplicates) {
        let call = Call::Scan { source, scan: scan.clone(), bag: Some(index), quirk: ScanQuirk::Duplicate };
        pen.put_late(later(step.at, LATE_S + 60), call);
    }
    if pen.airport.plan.layout == Layout::Wave
        && step.point == TrackingPoint::Sortation
        && pen.rng.random_bool(0.06)
    {
        no_read(pen, step);
    }
    let (delay_s, quirk) = match () {
        () if !in_time && chance(&mut pen.rng, noise.late) => (LATE_S, ScanQuirk::Late),
        () if !in_time && chance(&mut pen.rng, noise.reordered) => (BEHIND_S, ScanQuirk::Late),
        () => (2, ScanQuirk::Plain),
    };
    pen.put_late(later(step.at, delay_s), Call::Scan { source, scan, bag: Some(index), quirk });
}

/// Tells that a bag without a tag that could be read passed.
fn no_read(pen: &mut Pen<'_>, step: &Step) {
    let scan = Scan {
        scan_id: pen.id('n'),
        plate: "0000000000".to_owned(),
        point: step.point.into(),
        station: STATION.to_owned(),
        observed_at: Some(on_the_wire(read_at(step, pen.airport.plan.noise.skew_s))),
        reader: step.reader.to_owned(),
        location: step.location.clone(),
        ..Scan::default()
    };
    let call = Call::Scan { source: source_of(step.point), scan, bag: None, quirk: ScanQuirk::NoRead };
    pen.put_late(later(step.at, 5), call);
}

/// Returns when a step happened by the clock of its reader.
fn read_at(step: &Step, skew_s: i64) -> Timestamp {
    let ahead_s = match source_of(step.point) {
        SOURCE_ARRIVALS => -skew_s,
        SOURCE_RAMP => skew_s,
        _ => 0,
    };
    later(step.at, ahead_s)
}

fn source_of(point: TrackingPoint) -> &'static str {
    match point {
        TrackingPoint::AircraftSide
        | TrackingPoint::AircraftLoad
        | TrackingPoint::Offload
        | TrackingPoint::AircraftUnload => SOURCE_RAMP,
        TrackingPoint::ArrivalInjection | TrackingPoint::ReclaimBelt | TrackingPoint::Collection => {
            SOURCE_ARRIVALS
        }
        _ => SOURCE_HANDLING,
    }
}

/// Some messages cannot be read. Their plates have the leading digit 2 and low serials, which no
/// bag of the truth has.
fn malformed(pen: &mut Pen<'_>) {
    let airport = pen.airport;
    let Some(flight) = airport.flights.first() else { return };
    let day = super::telex::day(flight.scheduled_departure);
    let (name, to) = (&flight.designator, flight.destination);
    let count = (airport.passengers.len() as f64 * airport.plan.noise.malformed) as usize;
    for index in 0..count {
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
        let (tells, source, quirk) = (None, SOURCE_DEPARTURE_CONTROL, MessageQuirk::Malformed);
        pen.put(at, Call::Message { source, text, quirk, tells });
    }
}
