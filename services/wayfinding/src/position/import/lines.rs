//! CSV with one reading or one beacon a line.

use std::collections::BTreeMap;

use csv::StringRecord;

use super::{Fingerprint, ImportError, Plane, ScanError, on_globe};
use crate::position::Beacon;
use crate::position::beacons::BEACONS_MAX;
use crate::position::radio_map::FINGERPRINTS_MAX;
use crate::position::scan::{RSSI_DBM, Reading, Scan, Transmitter, TransmitterError};

/// How much of a cell is repeated in an error, in characters.
const SHOWN: usize = 40;

/// Why a line cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Bytes that are no table.
    #[error("the file is no CSV in UTF-8 with as many cells in each line")]
    Csv(#[from] csv::Error),
    /// A column that must be there is not.
    #[error("line 1: column {0} is missing")]
    Column(&'static str),
    /// No columns say where.
    #[error("line 1: columns lon and lat, or x_m and y_m, are missing")]
    NoPlace,
    /// A cell that cannot be read.
    #[error("line {line}, column {column}: {text:?} is not {wanted}")]
    Cell {
        /// The line, from 1.
        line: u64,
        /// The column's name.
        column: &'static str,
        /// What stands there.
        text: String,
        /// What should.
        wanted: &'static str,
    },
    /// The name of a transmitter that cannot be read.
    #[error("line {line}: {source}")]
    Transmitter {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        source: TransmitterError,
    },
    /// Lines of one scan that are not of one place.
    #[error("line {line}, column scan: {scan:?} is at two places; give each scan a name of its own")]
    TwoPlaces {
        /// The line, from 1.
        line: u64,
        /// The scan.
        scan: String,
    },
    /// Lines that together are no scan, such as one transmitter twice.
    #[error("scan {scan:?}: {source}")]
    Scan {
        /// The scan.
        scan: String,
        /// What is wrong with it.
        source: ScanError,
    },
    /// More than a map may hold.
    #[error("line {0}: there are more than a map takes; thin the survey")]
    TooMany(u64),
}

/// Where each column is.
struct Columns<'a> {
    header: &'a StringRecord,
    /// East and north in the file's own words.
    place: [usize; 2],
    is_metres: bool,
}

impl<'a> Columns<'a> {
    fn of(header: &'a StringRecord) -> Result<Self, LineError> {
        let find = |name: &str| header.iter().position(|column| column.eq_ignore_ascii_case(name));
        let both = |east: &str, north: &str| Some([find(east)?, find(north)?]);
        let (place, is_metres) = match (both("lon", "lat"), both("x_m", "y_m")) {
            (Some(degrees), _) => (degrees, false),
            (None, Some(metres)) => (metres, true),
            (None, None) => return Err(LineError::NoPlace),
        };
        Ok(Self { header, place, is_metres })
    }

    fn find(&self, name: &'static str) -> Result<usize, LineError> {
        let found = self.header.iter().position(|column| column.eq_ignore_ascii_case(name));
        found.ok_or(LineError::Column(name))
    }

    /// Returns the place of a line on the venue's plane.
    fn place(&self, record: &StringRecord, plane: &Plane) -> Result<[f64; 2], ImportError> {
        let names = if self.is_metres { ["x_m", "y_m"] } else { ["lon", "lat"] };
        let [east, north] = [0, 1].map(|axis| {
            let wanted = if self.is_metres { "a number of metres" } else { "a number of degrees" };
            number::<f64>(record, self.place[axis], names[axis], wanted, |value| value.is_finite())
        });
        let at = [east?, north?];
        if self.is_metres {
            return plane.metres(at);
        }
        if !on_globe(at) {
            let (column, text) = if at[0].abs() > 180.0 { ("lon", at[0]) } else { ("lat", at[1]) };
            let (line, text) = (line(record), text.to_string());
            return Err(LineError::Cell { line, column, text, wanted: "on the globe" }.into());
        }
        Ok(plane.degrees(at))
    }
}

/// Reads the scans of a survey.
pub(super) fn survey(bytes: &[u8], plane: &Plane) -> Result<Vec<Fingerprint>, ImportError> {
    let mut reader = reader(bytes);
    let header = reader.headers().map_err(LineError::Csv)?.clone();
    let columns = Columns::of(&header)?;
    let [scan, level, transmitter, rssi] =
        ["scan", "level", "transmitter", "rssi_dbm"].map(|name| columns.find(name));
    let (scan, level, transmitter, rssi) = (scan?, level?, transmitter?, rssi?);
    let mut scans = BTreeMap::<String, (i32, [f64; 2], Vec<Reading>)>::new();
    for record in reader.records() {
        let record = record.map_err(LineError::Csv)?;
        let line = line(&record);
        let name = shown(&record, scan);
        let ordinal = number(&record, level, "level", "a level's ordinal", |_| true)?;
        let at = columns.place(&record, plane)?;
        let transmitter: Transmitter =
            cell(&record, transmitter).parse().map_err(|source| LineError::Transmitter { line, source })?;
        let rssi_dbm = number(&record, rssi, "rssi_dbm", LOUDNESS, |dbm| RSSI_DBM.contains(dbm))?;
        let known = scans.entry(name.clone()).or_insert_with(|| (ordinal, at, Vec::new()));
        if (known.0, known.1) != (ordinal, at) {
            return Err(LineError::TwoPlaces { line, scan: name }.into());
        }
        known.2.push(Reading { transmitter, rssi_dbm });
        if scans.len() > FINGERPRINTS_MAX {
            return Err(LineError::TooMany(line).into());
        }
    }
    let fingerprint = |(name, (level, at, readings)): (String, (i32, [f64; 2], Vec<Reading>))| {
        let scan = Scan::new(readings).map_err(|source| LineError::Scan { scan: name, source })?;
        Ok(Fingerprint { building: 0, level, at, scan })
    };
    scans.into_iter().map(fingerprint).collect()
}

/// Reads a list of beacons.
pub(super) fn beacons(bytes: &[u8], plane: &Plane) -> Result<Vec<Beacon>, ImportError> {
    let mut reader = reader(bytes);
    let header = reader.headers().map_err(LineError::Csv)?.clone();
    let columns = Columns::of(&header)?;
    let [uuid, major, minor] = ["uuid", "major", "minor"].map(|name| columns.find(name));
    let (uuid, major, minor) = (uuid?, major?, minor?);
    let (level, power) = (columns.find("level")?, columns.find("power_dbm")?);
    let mut beacons = Vec::new();
    for record in reader.records() {
        let record = record.map_err(LineError::Csv)?;
        let line = line(&record);
        let part = "a whole number from 0 to 65535";
        let (major, minor) = (
            number(&record, major, "major", part, |_| true)?,
            number(&record, minor, "minor", part, |_| true)?,
        );
        let transmitter = Transmitter::beacon(cell(&record, uuid), major, minor)
            .map_err(|source| LineError::Transmitter { line, source })?;
        let level = number(&record, level, "level", "a level's ordinal", |_| true)?;
        let at = columns.place(&record, plane)?;
        let power_dbm: f64 =
            number(&record, power, "power_dbm", LOUDNESS, |dbm| (-120.0..=0.0).contains(dbm))?;
        beacons.push(Beacon { transmitter, level, at, power_dbm });
        if beacons.len() > BEACONS_MAX {
            return Err(LineError::TooMany(line).into());
        }
    }
    Ok(beacons)
}

const LOUDNESS: &str = "a loudness of -120 to 0 dBm";

fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes)
}

fn line(record: &StringRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

fn cell(record: &StringRecord, column: usize) -> &str {
    record.get(column).unwrap_or_default()
}

fn shown(record: &StringRecord, column: usize) -> String {
    cell(record, column).chars().take(SHOWN).collect()
}

fn number<T: std::str::FromStr>(
    record: &StringRecord,
    at: usize,
    column: &'static str,
    wanted: &'static str,
    fits: impl Fn(&T) -> bool,
) -> Result<T, LineError> {
    let value = cell(record, at).parse().ok().filter(|value| fits(value));
    value.ok_or_else(|| LineError::Cell { line: line(record), column, text: shown(record, at), wanted })
}
