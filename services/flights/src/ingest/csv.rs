//! Flights in a table of comma-separated values, one leg a line.
//!
//! The first line names the columns, in any order and case. Needed: `flight` (designator), `date`
//! (local day of departure at the flight's first airport, YYYY-MM-DD), `origin`, `destination`
//! (IATA codes of the leg). Optional: `std`, `sta` (scheduled), `etd`, `eta` (estimated), `atd`,
//! `ata` (actual), `gate`, `belt`, `status` (SCH, BRD boarding, FCL final call, DEP, RTN returned to
//! stand, DIV diverted, LND, CNL), `diverted_to` and `codeshares` (designators between blanks or `/`).
//! Taken and not kept: `terminal`, `stand`, `aircraft`, `registration`. Any other name is a slip of the pen and refuses the file, for a column
//! that nobody reads is noticed by nobody.
//!
//! Times are `2026-11-20T08:30`, with seconds or not, and with an offset or `Z`; without one they
//! are local at `origin` for departures and at `destination` for arrivals. A time that the change of
//! clocks makes double or impossible needs its offset. An empty cell says nothing.
//! Separators are commas, or semicolons when the header has them; quotes are as in RFC 4180.

use ::csv::{ByteRecord, ReaderBuilder};
use airside_kernel::Timestamp;
use jiff::civil::DateTime;

use super::{Contents, Faults, Said, Status, Zones};
use crate::model::{AirportCode, Designator, Invalid};

/// The names of columns: those that are needed, those that are read, those that are not kept.
const COLUMNS: [&str; 19] = [
    "flight",
    "date",
    "origin",
    "destination",
    "std",
    "sta",
    "etd",
    "atd",
    "ata",
    "gate",
    "belt",
    "status",
    "codeshares",
    "eta",
    "diverted_to",
    "terminal",
    "stand",
    "aircraft",
    "registration",
];
const NEEDED: usize = 4;

/// Reads a table.
///
/// # Errors
/// When its first line does not name the columns.
pub fn read(text: &str, zones: &Zones) -> Result<Contents, String> {
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.contains(';') && !head.contains(',') { b';' } else { b',' };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = ByteRecord::new();
    let unreadable = |error: ::csv::Error| format!("the table cannot be read: {error}");
    if !reader.read_byte_record(&mut record).map_err(unreadable)? {
        return Err("line 1: the file is empty: begin with the names of the columns".to_owned());
    }
    let header = Header::read(&record)?;
    let mut contents = Contents::default();
    let mut lines = Lines { text: text.as_bytes(), counted: 0, number: 1 };
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        let line = lines.of(record.position().map_or(0, ::csv::Position::byte));
        if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        if record.len() != header.names.len() {
            let problem = format!("it has {} cells and the header {}", record.len(), header.names.len());
            contents.faults.note(format_args!("line {line}"), problem);
            continue;
        }
        let row = Row { header: &header, record: &record, line, zones };
        match row.said() {
            Ok(said) => contents.legs.push(said),
            Err(wrong) => wrong.note(&row, &mut contents.faults),
        }
    }
    Ok(contents)
}

/// Counts lines, so that a blank one and both kinds of line end count as an editor counts them.
struct Lines<'a> {
    text: &'a [u8],
    counted: usize,
    number: usize,
}

impl Lines<'_> {
    /// Returns the line of the first character from a place that is not before the last one.
    fn of(&mut self, byte: u64) -> usize {
        let from = usize::try_from(byte).unwrap_or(usize::MAX).clamp(self.counted, self.text.len());
        let ends = self.text[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = &self.text[self.counted..from + ends];
        self.number += passed.iter().filter(|byte| **byte == b'\n').count();
        self.counted = from + ends;
        self.number
    }
}

/// The columns of a table.
struct Header {
    names: Vec<&'static str>,
}

impl Header {
    fn read(record: &ByteRecord) -> Result<Self, String> {
        let mut names = Vec::with_capacity(record.len());
        for (cell, number) in record.iter().zip(1..) {
            let name = cell.trim_ascii().to_ascii_lowercase();
            let known = COLUMNS.into_iter().find(|known| known.as_bytes() == name);
            let Some(known) = known else {
                return Err(format!(
                    "line 1, column {number}: the name is not known: use {}",
                    COLUMNS.join(", ")
                ));
            };
            if names.contains(&known) {
                return Err(format!("line 1, column {number}: {known} stands there twice"));
            }
            names.push(known);
        }
        match COLUMNS[..NEEDED].iter().find(|needed| !names.contains(needed)) {
            Some(missing) => Err(format!("line 1: the column {missing} is missing")),
            None => Ok(Self { names }),
        }
    }

    fn index(&self, column: &str) -> Option<usize> {
        self.names.iter().position(|name| *name == column)
    }
}

/// A cell that is wrong.
struct Wrong {
    column: &'static str,
    problem: String,
}

impl Wrong {
    fn note(&self, row: &Row<'_>, faults: &mut Faults) {
        let number = row.header.index(self.column).map_or(0, |index| index + 1);
        let place = format!("line {}, column {number} ({})", row.line, self.column);
        faults.note(place, &self.problem);
    }
}

/// One line of a table.
struct Row<'a> {
    header: &'a Header,
    record: &'a ByteRecord,
    line: usize,
    zones: &'a Zones,
}

impl Row<'_> {
    fn said(&self) -> Result<Said, Wrong> {
        let designator: Designator = self.needed("flight")?;
        let day = self.cell("date").unwrap_or_default().replace('-', "");
        let flight = wrong("date", format!("{designator}-{day}").parse())?;
        let (origin, destination) = (self.needed("origin")?, self.needed("destination")?);
        let place = format!("line {}", self.line);
        Ok(Said {
            scheduled_departure: self.time("std", origin)?,
            scheduled_arrival: self.time("sta", destination)?,
            estimated_departure: self.time("etd", origin)?,
            estimated_arrival: self.time("eta", destination)?,
            diverted_to: self.parsed("diverted_to")?,
            departed_at: self.time("atd", origin)?,
            landed_at: self.time("ata", destination)?,
            codeshares: self.codeshares()?,
            gate: self.parsed("gate")?,
            belt: self.parsed("belt")?,
            status: self.status()?,
            ..Said::of(place, flight, origin, destination)
        })
    }

    /// Returns a cell that is not empty.
    fn cell(&self, column: &str) -> Option<&str> {
        let cell = self.record.get(self.header.index(column)?)?;
        // The whole text was UTF-8, and separators do not cut characters.
        std::str::from_utf8(cell).ok().map(str::trim).filter(|cell| !cell.is_empty())
    }

    fn needed<T: std::str::FromStr<Err = Invalid>>(&self, column: &'static str) -> Result<T, Wrong> {
        wrong(column, self.cell(column).unwrap_or_default().parse())
    }

    fn parsed<T: std::str::FromStr<Err = Invalid>>(&self, column: &'static str) -> Result<Option<T>, Wrong> {
        self.cell(column).map(|cell| wrong(column, cell.parse())).transpose()
    }

    fn codeshares(&self) -> Result<Option<Vec<Designator>>, Wrong> {
        if self.header.index("codeshares").is_none() {
            return Ok(None);
        }
        let cell = self.cell("codeshares").unwrap_or_default();
        let names = cell.split([' ', '/']).filter(|name| !name.is_empty());
        wrong("codeshares", names.map(str::parse).collect::<Result<_, _>>()).map(Some)
    }

    fn status(&self) -> Result<Option<Status>, Wrong> {
        let Some(code) = self.cell("status") else { return Ok(None) };
        let status = match code.to_ascii_uppercase().as_str() {
            "SCH" => Status::Scheduled,
            "BRD" => Status::Boarding,
            "FCL" => Status::FinalCall,
            "DEP" => Status::Departed,
            "RTN" => Status::Returned,
            "DIV" => Status::Diverted,
            "LND" => Status::Landed,
            "CNL" => Status::Cancelled,
            _ => {
                let problem = "it is no status; write SCH, BRD, FCL, DEP, RTN, DIV, LND or CNL".to_owned();
                return Err(Wrong { column: "status", problem });
            }
        };
        Ok(Some(status))
    }

    fn time(&self, column: &'static str, airport: AirportCode) -> Result<Option<Timestamp>, Wrong> {
        let Some(cell) = self.cell(column) else { return Ok(None) };
        time(cell, airport, self.zones).map(Some).map_err(|problem| Wrong { column, problem })
    }
}

fn wrong<T>(column: &'static str, parsed: Result<T, Invalid>) -> Result<T, Wrong> {
    parsed.map_err(|error| Wrong { column, problem: error.0 })
}

fn time(text: &str, airport: AirportCode, zones: &Zones) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    // A day alone would be read as its midnight.
    let is_long = text.len() >= "2026-11-20T08:30".len();
    let local: DateTime = text
        .parse()
        .ok()
        .filter(|_| is_long)
        .ok_or("it is no time; write it as 2026-11-20T08:30, with an offset when it is not local")?;
    let zone =
        zones(airport).ok_or_else(|| format!("the time zone of {airport} is not known; write the offset"))?;
    let at = zone.to_ambiguous_timestamp(local).unambiguous();
    at.map_err(|_| "the change of clocks makes this time double or impossible; write the offset".to_owned())
}
