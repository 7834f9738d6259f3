//! A flight leg while its elements come in.

use std::str::FromStr;

use airside_kernel::Timestamp;

use super::{Faults, Said, elements::Element, status};
use crate::model::{Designator, Invalid, MAX_CODESHARES, Sign};

/// A value and the line that it stands at.
type Text = Option<(String, usize)>;

/// A designator in pieces.
#[derive(Debug, Default)]
struct Name {
    airline: String,
    number: String,
    suffix: String,
}

/// What is known of a leg so far.
#[derive(Debug)]
pub(super) struct Draft {
    number: usize,
    line: usize,
    said_at: Option<Timestamp>,
    name: Name,
    origin: Text,
    destination: Text,
    date: Text,
    status: Option<String>,
    codeshare: Name,
    codeshares: Vec<(Name, usize)>,
    times: Vec<Time>,
    gate: Resource,
    belt: Resource,
}

/// A time of operation.
#[derive(Debug)]
struct Time {
    qualifier: String,
    kind: String,
    at: String,
    line: usize,
}

/// A gate or belt: what is in use goes before what is planned.
#[derive(Debug, Default)]
struct Resource {
    actual: Text,
    planned: Text,
}

/// How many times of one leg are read; a leg has some 20.
const TIMES_MAX: usize = 100;

impl Draft {
    pub(super) fn new(number: usize, line: usize, said_at: Option<Timestamp>) -> Self {
        Self {
            number,
            line,
            said_at,
            name: Name::default(),
            origin: None,
            destination: None,
            date: None,
            status: None,
            codeshare: Name::default(),
            codeshares: Vec::new(),
            times: Vec::new(),
            gate: Resource::default(),
            belt: Resource::default(),
        }
    }

    /// Takes an element that ended inside the elements `open`.
    pub(super) fn take(&mut self, element: &Element, open: &[Element]) {
        let text = element.text.trim().to_owned();
        let Some(parent) = open.last() else { return };
        match (parent.name.as_str(), element.name.as_str()) {
            (_, _) if text.is_empty() && element.name != "CodeShareInfo" => {}
            ("LegIdentifier", "Airline") => self.name.airline = text,
            ("LegIdentifier", "FlightNumber") => self.name.number = text,
            ("LegIdentifier", "OperationalSuffix") => self.name.suffix = text,
            ("LegIdentifier", "DepartureAirport") => self.origin = Some((text, element.line)),
            ("LegIdentifier", "ArrivalAirport") => self.destination = Some((text, element.line)),
            ("LegIdentifier", "OriginDate") => self.date = Some((text, element.line)),
            ("LegData", "OperationalStatus") => self.status = Some(text),
            ("LegData", "CodeShareInfo") => {
                let name = std::mem::take(&mut self.codeshare);
                if self.codeshares.len() <= MAX_CODESHARES {
                    self.codeshares.push((name, element.line));
                }
            }
            ("CodeShareInfo", "Airline") => self.codeshare.airline = text,
            ("CodeShareInfo", "FlightNumber") => self.codeshare.number = text,
            ("CodeShareInfo", "OperationalSuffix") => self.codeshare.suffix = text,
            ("LegData", "OperationTime") => self.take_time(element, text),
            ("Resource", "PassengerGate") if is_at(parent, "Departure") => {
                self.gate.take(open, text, element.line);
            }
            ("Resource", "BaggageClaimUnit") if is_at(parent, "Arrival") => {
                self.belt.take(open, text, element.line);
            }
            _ => {}
        }
    }

    fn take_time(&mut self, element: &Element, at: String) {
        if self.times.len() < TIMES_MAX {
            let attribute = |name| element.attribute(name).unwrap_or_default().to_owned();
            let (qualifier, kind) = (attribute("OperationQualifier"), attribute("TimeType"));
            self.times.push(Time { qualifier, kind, at, line: element.line });
        }
    }

    /// Returns what it says; notes what is wrong with it.
    pub(super) fn said(self, faults: &mut Faults) -> Option<Said> {
        let place = format!("FlightLeg {} at line {}", self.number, self.line);
        let mut reading = Reading { place: &place, faults };
        let designator = reading.designator("LegIdentifier", &self.name, self.line);
        let day = self.date.as_ref().map_or("", |(text, _)| text.get(..10).unwrap_or(text)).replace('-', "");
        let flight = designator.and_then(|designator| {
            let id = format!("{designator}-{day}").parse();
            reading.kept("OriginDate", self.date.as_ref().map_or(self.line, |(_, line)| *line), id)
        });
        let origin = reading.value("DepartureAirport", &self.origin, self.line);
        let destination = reading.value("ArrivalAirport", &self.destination, self.line);
        let time = |reading: &mut Reading<'_>, kind, names: [&str; 2]| reading.time(&self.times, kind, names);
        let departures = ["OFB", "TKO"];
        let scheduled_departure = time(&mut reading, "SCT", departures);
        let scheduled_arrival = time(&mut reading, "SCT", ["ONB", "TDN"]);
        let estimated_departure = time(&mut reading, "EST", departures);
        let estimated_arrival = time(&mut reading, "EST", ["ONB", "TDN"]);
        let departed_at = time(&mut reading, "ACT", departures);
        let landed_at = time(&mut reading, "ACT", ["TDN", "ONB"]);
        let gate = reading.sign("PassengerGate", &self.gate);
        let belt = reading.sign("BaggageClaimUnit", &self.belt);
        let names = self.codeshares.iter();
        let codeshares: Vec<Designator> =
            names.filter_map(|(name, line)| reading.designator("CodeShareInfo", name, *line)).collect();
        Some(Said {
            scheduled_departure,
            scheduled_arrival,
            estimated_departure,
            estimated_arrival,
            departed_at,
            landed_at,
            codeshares: (!self.codeshares.is_empty()).then_some(codeshares),
            gate,
            belt,
            status: self.status.as_deref().and_then(status),
            said_at: self.said_at,
            ..Said::of(place.clone(), flight?, origin?, destination?)
        })
    }
}

impl Resource {
    fn take(&mut self, open: &[Element], text: String, line: usize) {
        let usage = open.iter().rev().find(|element| element.name == "AirportResources");
        let is_actual = usage.and_then(|usage| usage.attribute("Usage")) == Some("Actual");
        let slot = if is_actual { &mut self.actual } else { &mut self.planned };
        slot.get_or_insert((text, line));
    }
}

fn is_at(resource: &Element, end: &str) -> bool {
    resource.attribute("DepartureOrArrival") == Some(end)
}

/// Reads values and notes those that are wrong.
struct Reading<'a> {
    place: &'a str,
    faults: &'a mut Faults,
}

impl Reading<'_> {
    fn kept<T>(&mut self, element: &str, line: usize, read: Result<T, Invalid>) -> Option<T> {
        let place = format!("{}, {element} at line {line}", self.place);
        read.map_err(|error| self.faults.note(place, error)).ok()
    }

    fn value<T: FromStr<Err = Invalid>>(&mut self, element: &str, text: &Text, line: usize) -> Option<T> {
        let (text, line) = text.as_ref().map_or(("", line), |(text, line)| (text.as_str(), *line));
        self.kept(element, line, text.parse())
    }

    fn designator(&mut self, element: &str, name: &Name, line: usize) -> Option<Designator> {
        let Name { airline, number, suffix } = name;
        self.kept(element, line, format!("{airline}{number}{suffix}").parse())
    }

    fn sign(&mut self, element: &str, resource: &Resource) -> Option<Sign> {
        let (text, line) = resource.actual.as_ref().or(resource.planned.as_ref())?;
        self.kept(element, *line, text.parse())
    }

    /// Returns the time of a kind, under the first of two names that has one; the last one said counts.
    fn time(&mut self, times: &[Time], kind: &str, names: [&str; 2]) -> Option<Timestamp> {
        let named = |name| times.iter().rev().find(|time| time.kind == kind && time.qualifier == name);
        let time = names.into_iter().find_map(named)?;
        let problem = "it is no time with Z or an offset; send it as 2026-11-20T00:30:00Z";
        let read = time.at.parse().map_err(|_| Invalid(problem.to_owned()));
        self.kept(&format!("OperationTime {} {kind}", time.qualifier), time.line, read)
    }
}
