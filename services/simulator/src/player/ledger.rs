//! When the server was told what, and since when a passenger followed it: instants of the play, not
//! of the airport. Without them nobody could say whether a notice was owed, or late.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use airside_api::baggage::v1::TrackingPoint;
use airside_api::flights::v1::PassagePoint;
use airside_api::flights::v1::flight_report::Report;
use tokio::time::Instant;

use super::tally::lock;
use crate::script::{Call, Tells};
use crate::truth::Airport;

/// Something that the server was told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Told {
    /// A bag passed a point on its way to a flight.
    Bag {
        /// Its index.
        bag: usize,
        /// The point.
        point: TrackingPoint,
    },
    /// A bag, by its index, was moved to a flight.
    Moved(usize, String),
    /// A flight has a gate.
    Gate(String, String),
    /// A flight's bags come to a belt.
    Belt(String, String),
    /// Something else happened to a flight.
    Flight(String, FlightWord),
}

/// What happened to a flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlightWord {
    /// Boarding began.
    Boarding,
    /// The final call was made.
    FinalCall,
    /// It leaves later.
    Delay,
    /// It does not operate.
    Cancelled,
    /// It left.
    Departed,
}

/// The instants of a play.
#[derive(Debug, Default)]
pub struct Book {
    /// When the server was told something for the first time.
    pub told: HashMap<Told, Instant>,
    /// Since when a passenger, by index, follows a flight id or a plate.
    pub followed: HashMap<(usize, String), Instant>,
    /// When a passenger, by index, was read at the gate.
    pub boarded: HashMap<usize, Instant>,
}

/// A book that everything that plays writes in.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Book>);

impl Ledger {
    /// Notes a call that is about to be made.
    pub(crate) fn note(&self, call: &Call, airport: &Airport) {
        let now = Instant::now();
        let mut book = self.book();
        if let Call::Container { bags, .. } = call {
            for bag in bags {
                let (bag, point) = (*bag, TrackingPoint::AircraftLoad);
                book.told.entry(Told::Bag { bag, point }).or_insert(now);
            }
        }
        let told = match call {
            Call::Message { tells: Some(Tells::Passed(bag, point)), .. } => {
                Some(Told::Bag { bag: *bag, point: *point })
            }
            Call::Message { tells: Some(Tells::Moved(bag, flight)), .. } => {
                Some(Told::Moved(*bag, airport.flights[*flight].id.clone()))
            }
            Call::Scan { scan, bag: Some(bag), .. } => Some(Told::Bag { bag: *bag, point: scan.point() }),
            Call::Link { bag } => {
                let next = airport.bags[*bag].reflight.map(|(next, _)| next);
                next.map(|next| Told::Moved(*bag, airport.flights[next].id.clone()))
            }
            Call::Flight(report) => report.report.as_ref().and_then(|said| told(&report.flight, said)),
            Call::Gate { read, passenger } if read.point() == PassagePoint::Gate => {
                book.boarded.entry(*passenger).or_insert(now);
                None
            }
            _ => None,
        };
        if let Some(told) = told {
            book.told.entry(told).or_insert(now);
        }
    }

    /// Notes that a passenger follows something from now on.
    pub(crate) fn follows(&self, passenger: usize, subject: &str) {
        self.book().followed.entry((passenger, subject.to_owned())).or_insert_with(Instant::now);
    }

    /// Returns the book as it stands.
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.0)
    }
}

fn told(flight: &str, said: &Report) -> Option<Told> {
    let flight = flight.to_owned();
    Some(match said {
        Report::Gate(gate) => Told::Gate(flight, gate.clone()),
        Report::Belt(belt) => Told::Belt(flight, belt.clone()),
        Report::Boarding(_) => Told::Flight(flight, FlightWord::Boarding),
        Report::FinalCall(_) => Told::Flight(flight, FlightWord::FinalCall),
        Report::Delay(_) => Told::Flight(flight, FlightWord::Delay),
        Report::Cancelled(_) => Told::Flight(flight, FlightWord::Cancelled),
        Report::Departed(_) => Told::Flight(flight, FlightWord::Departed),
        _ => return None,
    })
}
