//! The rules of flights.
//!
//! A report counts once, by its source and id. What is known already adds
//! nothing; what contradicts the flight's state is refused with the reason. A
//! report about a flight without a schedule is taken: the schedule may come
//! late. A flight that lands without having left here comes from elsewhere.
//! Passenger reads are never refused for the flight's phase, because gate
//! readers deliver late.
//!
//! Reads are counted apart from what the flight database reports: a reader in a
//! loop fills its own share and never keeps out a gate change or a cancellation.
//!
//! Only a schedule revives a cancelled flight, even one with the same times.
//! Gate, belt and estimate are then unknown again, since cancelling freed them.
//! A flight that landed and has another leg is to leave again too. A delay does not end boarding. A flight that comes back to the stand is to
//! leave again: what is reported before a departure is taken anew.

use std::collections::BTreeSet;

use airside_kernel::{Classified, Code, Decider, Timestamp};
use thiserror::Error;

use crate::{
    events::{Fact, What},
    model::{AirportCode, Flight, Origin, Phase, Read, Schedule, Sign},
};

/// The most reports that one flight takes besides passenger reads; a bad day has some hundred.
pub const MAX_REPORTS: usize = 4_000;
/// The most passenger reads that one flight takes; a full A380 is read some 2,500 times.
pub const MAX_READS: usize = 20_000;

/// The rules of one flight.
#[derive(Debug, Clone, Copy)]
pub enum FlightRules {}

/// Orders that a report be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Where it comes from.
    pub origin: Origin,
    /// What it says.
    pub report: Report,
}

/// What a report says.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// The schedule.
    Schedule(Schedule),
    /// The departure gate.
    Gate(Sign),
    /// Boarding began.
    Boarding,
    /// The final call was made.
    FinalCall,
    /// A new departure time is expected.
    Delay(Timestamp),
    /// A new arrival time is expected.
    Arrival(Timestamp),
    /// The reclaim belt.
    Belt(Sign),
    /// The flight left.
    Departed,
    /// The flight came back to the stand.
    Returned,
    /// The flight lands elsewhere, at this airport when it is known.
    Diverted(Option<AirportCode>),
    /// The flight landed.
    Landed,
    /// The flight does not operate.
    Cancelled,
    /// A passenger was read.
    Passenger(Read),
}

/// What the facts of one flight amount to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// What is known of the flight.
    pub flight: Flight,
    /// Reports of both kinds that were recorded.
    reports: BTreeSet<Origin>,
    /// How many of them are passenger reads.
    reads: usize,
}

/// Why a report adds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Rejection {
    /// It was recorded before.
    #[error("this report id is recorded already")]
    Known,
    /// It says what was known.
    #[error("this was known already")]
    NothingNew,
    /// It contradicts the flight's state.
    #[error("{0}")]
    Contradicts(&'static str),
    /// The flight has too many reports.
    #[error("the flight has {MAX_REPORTS} reports already: check the source for a loop")]
    TooMany,
    /// The flight has too many passenger reads.
    #[error("the flight has {MAX_READS} passenger reads already: check the reader for a loop")]
    TooManyReads,
}

impl Classified for Rejection {
    fn code(&self) -> Code {
        Code::FailedPrecondition
    }
}

impl Decider for FlightRules {
    type Command = Record;
    type Event = Fact;
    type State = State;
    type Rejection = Rejection;

    fn decide(state: &State, Record { origin, report }: Record) -> Result<Vec<Fact>, Rejection> {
        if state.reports.contains(&origin) {
            return Err(Rejection::Known);
        }
        state.has_room(&report)?;
        follows(&state.flight, report).map(|what| vec![Fact { origin, what }])
    }

    fn evolve(mut state: State, fact: &Fact) -> State {
        let is_new = state.reports.insert(fact.origin.clone());
        state.reads += usize::from(is_new && matches!(fact.what, What::PassengerRead(_)));
        state.flight = state.flight.after(&fact.what);
        state
    }
}

impl State {
    /// Returns true when anything but passenger reads was recorded.
    pub fn is_reported(&self) -> bool {
        self.reports.len() > self.reads
    }

    fn has_room(&self, report: &Report) -> Result<(), Rejection> {
        match report {
            Report::Passenger(_) if self.reads >= MAX_READS => Err(Rejection::TooManyReads),
            Report::Passenger(_) => Ok(()),
            _ if self.reports.len() - self.reads >= MAX_REPORTS => Err(Rejection::TooMany),
            _ => Ok(()),
        }
    }
}

fn follows(flight: &Flight, report: Report) -> Result<What, Rejection> {
    use Phase::{Boarding, Cancelled, Departed, FinalCall, Landed};
    let phase = flight.phase;
    match report {
        Report::Schedule(schedule) => match flight.schedule == schedule && phase != Cancelled {
            true => Err(Rejection::NothingNew),
            false => Ok(What::FlightScheduled(schedule)),
        },
        Report::Gate(gate) if flight.gate.as_ref() == Some(&gate) => Err(Rejection::NothingNew),
        Report::Gate(gate) => {
            before_departure(flight).map(|()| What::GateAssigned { gate, previous: flight.gate.clone() })
        }
        Report::Boarding if matches!(phase, Boarding | FinalCall) => Err(Rejection::NothingNew),
        Report::Boarding => before_departure(flight).map(|()| What::BoardingStarted),
        Report::FinalCall if phase == FinalCall => Err(Rejection::NothingNew),
        Report::FinalCall => before_departure(flight).map(|()| What::FinalCallMade),
        Report::Delay(at) if flight.estimated_departure == Some(at) => Err(Rejection::NothingNew),
        Report::Delay(estimated_departure) => {
            before_departure(flight).map(|()| What::FlightDelayed { estimated_departure })
        }
        Report::Arrival(at) if flight.estimated_arrival == Some(at) => Err(Rejection::NothingNew),
        Report::Arrival(estimated_arrival) => {
            before_landing(flight).map(|()| What::ArrivalEstimated { estimated_arrival })
        }
        Report::Belt(belt) if flight.belt.as_ref() == Some(&belt) => Err(Rejection::NothingNew),
        Report::Belt(belt) => {
            operates(phase).map(|()| What::BeltAssigned { belt, previous: flight.belt.clone() })
        }
        Report::Departed if matches!(phase, Departed | Landed) && !flight.goes_on() => {
            Err(Rejection::NothingNew)
        }
        Report::Departed => operates(phase).map(|()| What::FlightDeparted),
        Report::Returned => match phase {
            Departed => Ok(What::FlightReturned),
            _ => before_landing(flight).and(Err(Rejection::NothingNew)),
        },
        Report::Diverted(to) if flight.diverted == Some(to) => Err(Rejection::NothingNew),
        Report::Diverted(to) => operates(phase).map(|()| What::FlightDiverted { to }),
        Report::Landed if phase == Landed => Err(Rejection::NothingNew),
        Report::Landed => operates(phase).map(|()| What::FlightLanded),
        Report::Cancelled if phase == Cancelled => Err(Rejection::NothingNew),
        Report::Cancelled => before_departure(flight).map(|()| What::FlightCancelled),
        Report::Passenger(read) => Ok(What::PassengerRead(read)),
    }
}

fn before_departure(flight: &Flight) -> Result<(), Rejection> {
    match flight.phase {
        Phase::Departed => Err(Rejection::Contradicts("the flight has departed: correct the report")),
        _ => before_landing(flight),
    }
}

fn before_landing(flight: &Flight) -> Result<(), Rejection> {
    match flight.phase {
        Phase::Landed if !flight.goes_on() => {
            Err(Rejection::Contradicts("the flight has landed: correct the report"))
        }
        other => operates(other),
    }
}

fn operates(phase: Phase) -> Result<(), Rejection> {
    match phase {
        Phase::Cancelled => {
            Err(Rejection::Contradicts("the flight is cancelled: send its schedule to revive it"))
        }
        _ => Ok(()),
    }
}

impl Flight {
    /// Returns the flight after a fact.
    #[must_use]
    pub fn after(mut self, what: &What) -> Self {
        match what {
            What::FlightScheduled(schedule) => {
                match self.phase {
                    Phase::Cancelled => self = Self { phase: Phase::Scheduled, ..Self::default() },
                    Phase::Unknown => self.phase = Phase::Scheduled,
                    _ => {}
                }
                self.schedule = schedule.clone();
            }
            What::GateAssigned { gate, .. } => self.gate = Some(gate.clone()),
            What::BoardingStarted => self.phase = Phase::Boarding,
            What::FinalCallMade => self.phase = Phase::FinalCall,
            What::FlightDelayed { estimated_departure } => {
                self.estimated_departure = Some(*estimated_departure);
            }
            What::ArrivalEstimated { estimated_arrival } => self.estimated_arrival = Some(*estimated_arrival),
            What::BeltAssigned { belt, .. } => self.belt = Some(belt.clone()),
            What::FlightDeparted => self.phase = Phase::Departed,
            What::FlightReturned => (self.phase, self.diverted) = (Phase::Scheduled, None),
            What::FlightDiverted { to } => self.diverted = Some(*to),
            What::FlightLanded => {
                self.phase = Phase::Landed;
                self.landings = self.landings.saturating_add(1);
            }
            What::FlightCancelled => self.phase = Phase::Cancelled,
            What::PassengerRead(_) => {}
        }
        self
    }
}

#[cfg(test)]
mod tests;
