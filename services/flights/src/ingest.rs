//! Flights out of files: AIDX XML and CSV become the same reports as calls do.
//!
//! Policy. A file says of each leg what holds now, so a report that repeats what is known adds
//! nothing. A file that is no AIDX or has no CSV header is refused whole, and nothing of it is
//! recorded. In a file that can be read, a line or leg that is wrong fails alone: 2,000 flights do
//! not wait for one. The file then counts as failed and its reason lists what was not recorded;
//! corrected and put there again it records just that, because the rest is known.
//!
//! A report's id is the mark of its file and its place in it. So a file that is handled again after
//! a crash records nothing twice, and a file that is put there anew is new: a gate that goes from A3
//! to A5 and back is told three times.
//!
//! A flight has one gate, one belt and one phase here, those of this airport. Gate, estimate,
//! boarding, departure come from legs that leave it, belts from legs that reach it; of legs between
//! other airports only the schedule is kept. Files tell one leg at a time: a leg replaces the one
//! with the same ends, joins the others where it fits, and otherwise is the schedule alone. An
//! estimate of arrival comes from legs that reach this airport.
//!
//! A cancelled leg says only that, because a schedule would revive the flight. The flight is
//! cancelled when the file cancels every leg of its known schedule that leaves or reaches this
//! airport; a leg that is cancelled alone leaves the schedule, and the rest goes on. A cancelled leg
//! that the known schedule does not have changes nothing.
//!
//! Not kept, because nothing reads it yet: terminals, stands, aircraft.
//!
//! [`aidx`] and [`csv`] read; this file records; `said` turns what was read into reports.

pub mod aidx;
pub mod csv;
mod said;

use std::{collections::HashMap, fmt::Display, path::PathBuf, sync::Arc};

use airside_kernel::{Classified, Clock};
use airside_runtime::{
    executor::{ExecuteError, Executor, Order},
    folder::{self, Arrived, Failure, Folder, Handler},
};
use async_trait::async_trait;
use jiff::tz::TimeZone;

use crate::{
    decide::{FlightRules, Record, Rejection},
    model::{AirportCode, Flight, FlightId},
    service::parse,
};

use said::{CancelledLegs, Reports};
pub use said::{Said, Status};

/// Who acts when a file is recorded.
const ACTOR: &str = "files/flights";
/// How many legs are recorded at once.
const LEGS_AT_ONCE: usize = 100;
/// How many problems of a file are told one by one.
const FAULTS_TOLD_MAX: usize = 200;

/// Returns the time zone of an airport, when it is known.
pub type Zones = Arc<dyn Fn(AirportCode) -> Option<TimeZone> + Send + Sync>;

/// How flight files are read.
#[derive(Clone)]
pub struct Options {
    /// The source of the reports: 1 to 48 of a-z 0-9 _ and full stop.
    pub source: String,
    /// The airport whose gates and belts these are.
    pub airport: AirportCode,
    /// The zones in which CSV times without an offset are read.
    pub zones: Zones,
}

/// Records reports of flights; made by [`crate::part`].
#[derive(Clone)]
pub struct Recorder {
    pub(crate) executor: Executor<FlightRules>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Records the flights of each file.
pub struct FlightFiles {
    recorder: Recorder,
    options: Options,
}

/// Watches a folder for flight files; run it with [`Folder::run`].
pub fn watch(
    place: PathBuf,
    recorder: Recorder,
    options: Options,
    folder: folder::Options,
) -> Folder<FlightFiles> {
    let clock = recorder.clock.clone();
    Folder::new(place, FlightFiles { recorder, options }, folder, clock)
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contents {
    /// The legs that could be read.
    pub legs: Vec<Said>,
    /// What could not.
    pub faults: Faults,
}

/// Problems of a file, the first of them in words: place and rule, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    told: Vec<String>,
    count: usize,
}

impl Faults {
    /// Notes a problem.
    pub fn note(&mut self, place: impl Display, problem: impl Display) {
        self.count += 1;
        if self.told.len() < FAULTS_TOLD_MAX {
            self.told.push(format!("{place}: {problem}"));
        }
    }

    /// Returns the problems that are told one by one.
    pub fn told(&self) -> &[String] {
        &self.told
    }

    fn add(&mut self, more: Self) {
        self.count += more.count;
        let room = FAULTS_TOLD_MAX.saturating_sub(self.told.len());
        self.told.extend(more.told.into_iter().take(room));
    }

    fn into_failure(self) -> Result<(), Failure> {
        if self.count == 0 {
            return Ok(());
        }
        let mut reason = format!(
            "{} things were not recorded, the rest was; correct them and put the file here again:\n{}",
            self.count,
            self.told.join("\n")
        );
        if self.count > self.told.len() {
            reason.push_str(&format!("\nand {} more", self.count - self.told.len()));
        }
        Err(Failure::Refused(reason))
    }
}

/// Reads a file, whichever of the two it is.
///
/// # Errors
/// When it is neither; says where and why.
pub fn read(bytes: &[u8], zones: &Zones) -> Result<Contents, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("byte {}: it is not UTF-8: send it as UTF-8", error.valid_up_to() + 1))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.trim_start().starts_with('<') {
        true => aidx::read(text),
        false => csv::read(text, zones),
    }
}

#[async_trait]
impl Handler for FlightFiles {
    async fn handle(&self, file: &Arrived) -> Result<(), Failure> {
        let contents = read(&file.bytes, &self.options.zones).map_err(Failure::Refused)?;
        let mut faults = contents.faults;
        let mut flights = HashMap::new();
        let cancelled: CancelledLegs = contents.legs.iter().filter_map(Said::cancelled_leg).collect();
        for (part, legs) in contents.legs.chunks(LEGS_AT_ONCE).enumerate() {
            let mut batch = Batch::default();
            for (index, said) in legs.iter().enumerate() {
                let known = self.known(&mut flights, &said.flight).await?;
                let number = part * LEGS_AT_ONCE + index;
                match said.reports(known, self.options.airport, &cancelled, file.written_at) {
                    Ok(reports) => self.order(file, number, said, reports, &mut batch, &mut faults),
                    Err(problem) => faults.note(&said.place, problem),
                }
            }
            self.record(batch, &mut faults).await?;
        }
        faults.into_failure()
    }
}

/// Orders, and where each comes from.
#[derive(Default)]
struct Batch {
    orders: Vec<Order<Record>>,
    places: Vec<String>,
}

impl FlightFiles {
    /// Returns what is known of a flight, with what the file said of it so far.
    async fn known<'a>(
        &self,
        flights: &'a mut HashMap<FlightId, Flight>,
        flight: &FlightId,
    ) -> Result<&'a mut Flight, Failure> {
        if !flights.contains_key(flight) {
            let folded = self.recorder.executor.load(&flight.stream()).await;
            let folded = folded.map_err(|error| Failure::Later(error.to_string()))?;
            flights.insert(flight.clone(), folded.state.flight.clone());
        }
        Ok(flights.get_mut(flight).expect("it was put there above"))
    }

    fn order(
        &self,
        file: &Arrived,
        number: usize,
        said: &Said,
        reports: Reports,
        batch: &mut Batch,
        faults: &mut Faults,
    ) {
        for (part, mut report) in reports {
            report.report_id = format!("{}.{number}.{part}", file.mark);
            let now = self.recorder.clock.now();
            match parse::flight_report(&self.options.source, ACTOR, now, &report) {
                Ok(order) => {
                    batch.orders.push(order);
                    batch.places.push(format!("{}, {part}", said.place));
                }
                Err(wrong) => faults.note(&said.place, format_args!("{part}: {}", wrong.reason)),
            }
        }
    }

    async fn record(&self, batch: Batch, faults: &mut Faults) -> Result<(), Failure> {
        let answers = self.recorder.executor.execute_each(batch.orders).await;
        for (place, answer) in batch.places.into_iter().zip(answers) {
            match answer {
                Ok(_) | Err(ExecuteError::Rejected(Rejection::Known | Rejection::NothingNew)) => {}
                Err(ExecuteError::Rejected(refusal)) => faults.note(place, refusal),
                Err(error) if error.code().is_transient() => return Err(Failure::Later(error.to_string())),
                Err(error) => faults.note(place, error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
