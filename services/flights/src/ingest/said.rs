//! What a line or an element says of one leg, and the reports that this amounts to.

use std::collections::HashSet;

use airside_api::flights::v1::{self as api, flight_report::Report};
use airside_kernel::Timestamp;
use airside_runtime::stored::timestamp_message;

use crate::{
    events::leg_message,
    model::{AirportCode, Designator, Flight, FlightId, Invalid, Leg, Phase, Schedule, Sign},
};

/// Where a leg stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It operates as planned.
    Scheduled,
    /// Boarding began.
    Boarding,
    /// The final call was made.
    FinalCall,
    /// It left.
    Departed,
    /// It came back to the stand.
    Returned,
    /// It lands elsewhere.
    Diverted,
    /// It landed.
    Landed,
    /// It does not operate.
    Cancelled,
}

/// What a file says of one leg. What it leaves out stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Where it stands in the file, in words.
    pub place: String,
    /// The flight.
    pub flight: FlightId,
    /// Where the leg leaves.
    pub origin: AirportCode,
    /// Where it arrives.
    pub destination: AirportCode,
    /// When it is scheduled to leave.
    pub scheduled_departure: Option<Timestamp>,
    /// When it is scheduled to arrive.
    pub scheduled_arrival: Option<Timestamp>,
    /// When it is expected to leave.
    pub estimated_departure: Option<Timestamp>,
    /// When it is expected to arrive.
    pub estimated_arrival: Option<Timestamp>,
    /// Where it lands instead.
    pub diverted_to: Option<AirportCode>,
    /// When it left.
    pub departed_at: Option<Timestamp>,
    /// When it landed.
    pub landed_at: Option<Timestamp>,
    /// Marketing designators, all of them.
    pub codeshares: Option<Vec<Designator>>,
    /// The departure gate.
    pub gate: Option<Sign>,
    /// The reclaim belt.
    pub belt: Option<Sign>,
    /// Where it stands.
    pub status: Option<Status>,
    /// When the file's writer knew all this; the time of the file when it does not say.
    pub said_at: Option<Timestamp>,
}

/// Reports without ids, each with the name of the part that it comes from.
pub(super) type Reports = Vec<(&'static str, api::FlightReport)>;

/// The legs that a file says do not operate.
pub(super) type CancelledLegs = HashSet<(FlightId, AirportCode, AirportCode)>;

/// What a leg that does not operate is to its flight.
enum Off {
    /// Nothing: it is known, or the flight has no such leg.
    Nothing,
    /// The flight has no other leg here.
    Flight,
    /// The flight operates without it.
    Leg(Schedule),
}

impl Said {
    /// Makes it without anything said but which leg it is.
    pub fn of(place: String, flight: FlightId, origin: AirportCode, destination: AirportCode) -> Self {
        Self {
            place,
            flight,
            origin,
            destination,
            scheduled_departure: None,
            scheduled_arrival: None,
            estimated_departure: None,
            estimated_arrival: None,
            diverted_to: None,
            departed_at: None,
            landed_at: None,
            codeshares: None,
            gate: None,
            belt: None,
            status: None,
            said_at: None,
        }
    }

    /// Returns the leg when it does not operate.
    pub(super) fn cancelled_leg(&self) -> Option<(FlightId, AirportCode, AirportCode)> {
        (self.status == Some(Status::Cancelled)).then(|| (self.flight.clone(), self.origin, self.destination))
    }

    /// Returns the reports that it amounts to at an airport, and notes schedule and estimate in what is known.
    pub(super) fn reports(
        &self,
        known: &mut Flight,
        airport: AirportCode,
        cancelled: &CancelledLegs,
        written_at: Timestamp,
    ) -> Result<Reports, Invalid> {
        let said_at = self.said_at.unwrap_or(written_at);
        let (leaves, reaches) = (self.origin == airport, self.destination == airport);
        let mut found: Vec<(&'static str, Timestamp, Report)> = Vec::new();
        if self.status == Some(Status::Cancelled) {
            match self.without(known, airport, cancelled)? {
                Off::Nothing => {}
                Off::Flight => found.push(("status", said_at, Report::Cancelled(api::Cancelled {}))),
                Off::Leg(schedule) => {
                    found.push(("status", said_at, Report::Schedule(schedule_message(&schedule))));
                    known.schedule = schedule;
                }
            }
            return Ok(self.finish(found));
        }
        if let Some(schedule) = self.schedule(&known.schedule)? {
            found.push(("schedule", said_at, Report::Schedule(schedule_message(&schedule))));
            known.schedule = schedule;
            if known.phase == Phase::Cancelled {
                known.phase = Phase::Scheduled;
            }
        }
        if leaves {
            // An estimate on time is news only to a flight that was late.
            let is_news =
                |at: &Timestamp| known.estimated_departure.is_some() || Some(*at) != self.scheduled_departure;
            if let Some(at) = self.estimated_departure.filter(is_news) {
                known.estimated_departure = Some(at);
                let estimated_departure = Some(timestamp_message(at));
                found.push(("etd", said_at, Report::Delay(api::Delay { estimated_departure })));
            }
            found.extend(self.gate.iter().map(|gate| ("gate", said_at, Report::Gate(gate.to_string()))));
        }
        if reaches {
            found.extend(self.arrival(known).map(|arrival| ("eta", said_at, arrival)));
            found.extend(self.belt.iter().map(|belt| ("belt", said_at, Report::Belt(belt.to_string()))));
        }
        found.extend(self.progress(&known.schedule, leaves, reaches, said_at));
        Ok(self.finish(found))
    }

    /// Returns what is left of a flight when this leg does not operate. The flight is cancelled with
    /// the last leg of this airport; until then the leg leaves the schedule. Of a schedule that
    /// breaks in two, what still begins or ends here stays.
    fn without(
        &self,
        known: &Flight,
        airport: AirportCode,
        cancelled: &CancelledLegs,
    ) -> Result<Off, Invalid> {
        let is_here = |leg: &Leg| leg.origin == airport || leg.destination == airport;
        let legs = &known.schedule.legs;
        if legs.is_empty() {
            let is_here = self.origin == airport || self.destination == airport;
            return Ok(if is_here { Off::Flight } else { Off::Nothing });
        }
        let place =
            legs.iter().position(|leg| (leg.origin, leg.destination) == (self.origin, self.destination));
        let Some(place) = place.filter(|_| known.phase != Phase::Cancelled) else {
            return Ok(Off::Nothing);
        };
        let operates = |leg: &&Leg| !cancelled.contains(&(self.flight.clone(), leg.origin, leg.destination));
        if !legs.iter().filter(operates).any(is_here) {
            return Ok(Off::Flight);
        }
        let (before, after) = (&legs[..place], &legs[place + 1..]);
        let whole = [before, after].concat();
        let codeshares = || known.schedule.codeshares.clone();
        let left = Schedule::new(whole, codeshares()).or_else(|_| {
            let rest = [before, after].into_iter().find(|rest| rest.iter().any(is_here)).unwrap_or(before);
            Schedule::new(rest.to_vec(), codeshares())
        });
        left.map(Off::Leg)
    }

    /// Returns the estimate of arrival, and notes it in what is known. One that says the
    /// schedule is news only to a flight that had another.
    fn arrival(&self, known: &mut Flight) -> Option<Report> {
        let is_news =
            |at: &Timestamp| known.estimated_arrival.is_some() || Some(*at) != self.scheduled_arrival;
        let at = self.estimated_arrival.filter(is_news)?;
        // What has landed is expected no more: senders leave the last estimate in their files.
        if self.landed_at.is_some() || self.status == Some(Status::Landed) {
            return None;
        }
        known.estimated_arrival = Some(at);
        let estimated_arrival = Some(timestamp_message(at));
        Some(Report::ArrivalEstimate(api::ArrivalEstimate { estimated_arrival }))
    }

    /// Returns how far the leg is. A flight that goes on from here is not over when it lands here.
    fn progress(
        &self,
        known: &Schedule,
        leaves: bool,
        reaches: bool,
        said_at: Timestamp,
    ) -> Vec<(&'static str, Timestamp, Report)> {
        let goes_on = known.legs.iter().any(|leg| leg.origin == self.destination);
        let said = |status| (self.status == Some(status)).then_some(said_at);
        let departed_at = self.departed_at.or_else(|| said(Status::Departed));
        let landed_at = self.landed_at.or_else(|| said(Status::Landed));
        let mut found = Vec::new();
        if leaves && departed_at.is_none() && landed_at.is_none() {
            match self.status {
                Some(Status::Boarding) => {
                    found.push(("status", said_at, Report::Boarding(api::Boarding {})));
                }
                Some(Status::FinalCall) => {
                    found.push(("status", said_at, Report::FinalCall(api::FinalCall {})));
                }
                _ => {}
            }
        }
        if let Some(at) = departed_at.filter(|_| leaves) {
            found.push(("departed", at, Report::Departed(api::Departed {})));
        }
        if leaves && self.status == Some(Status::Returned) {
            found.push(("status", said_at, Report::ReturnedToStand(api::ReturnedToStand {})));
        }
        if (leaves || reaches) && (self.diverted_to.is_some() || self.status == Some(Status::Diverted)) {
            let airport = self.diverted_to.map_or_else(String::new, |to| to.to_string());
            found.push(("diverted", said_at, Report::Diverted(api::Diverted { airport })));
        }
        if let Some(at) = landed_at.filter(|_| (leaves || reaches) && !goes_on) {
            found.push(("landed", at, Report::Landed(api::Landed {})));
        }
        found
    }

    /// Returns the flight's schedule with this leg; `None` when the leg says no times and nothing else of it.
    fn schedule(&self, known: &Schedule) -> Result<Option<Schedule>, Invalid> {
        let place = known
            .legs
            .iter()
            .position(|leg| (leg.origin, leg.destination) == (self.origin, self.destination));
        let before = place.map(|at| &known.legs[at]);
        if self.scheduled_departure.is_none() && self.scheduled_arrival.is_none() {
            let Some(codeshares) = self.codeshares.clone().filter(|_| !known.legs.is_empty()) else {
                return Ok(None);
            };
            return Schedule::new(known.legs.clone(), codeshares).map(Some);
        }
        let (Some(scheduled_departure), Some(scheduled_arrival)) = (
            self.scheduled_departure.or_else(|| before.map(|leg| leg.scheduled_departure)),
            self.scheduled_arrival.or_else(|| before.map(|leg| leg.scheduled_arrival)),
        ) else {
            let problem = "one of its scheduled times is missing and not known from before; send both";
            return Err(Invalid(problem.to_owned()));
        };
        let (origin, destination) = (self.origin, self.destination);
        let leg = Leg { origin, destination, scheduled_departure, scheduled_arrival };
        let codeshares = self.codeshares.clone().unwrap_or_else(|| known.codeshares.clone());
        let mut legs = known.legs.clone();
        match place {
            Some(at) => legs[at] = leg.clone(),
            None => legs.push(leg.clone()),
        }
        legs.sort_by_key(|leg| leg.scheduled_departure);
        Schedule::new(legs, codeshares.clone()).or_else(|_| Schedule::new(vec![leg], codeshares)).map(Some)
    }

    fn finish(&self, found: Vec<(&'static str, Timestamp, Report)>) -> Reports {
        let report = |(part, at, report)| {
            let occurred_at = Some(timestamp_message(at));
            let (flight, report) = (self.flight.to_string(), Some(report));
            (part, api::FlightReport { report_id: String::new(), flight, occurred_at, report })
        };
        found.into_iter().map(report).collect()
    }
}

fn schedule_message(schedule: &Schedule) -> api::Schedule {
    api::Schedule {
        legs: schedule.legs.iter().map(leg_message).collect(),
        codeshares: schedule.codeshares.iter().map(Designator::to_string).collect(),
    }
}
