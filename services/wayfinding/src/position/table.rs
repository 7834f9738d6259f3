//! Surveys as tables in UJIIndoorLoc's columns: one scan a row, one access point a column.
//!
//! Columns are known by their names, so their order and further columns do not matter. `WAPnnn` holds a
//! loudness in dBm, 100 where the access point was not heard; `LONGITUDE` and `LATITUDE` are metres of a plane;
//! `USERID` and `PHONEID` may say who recorded a row.

use super::radio_map::Fingerprint;
use super::scan::{RSSI_DBM, Reading, Scan, ScanError, Transmitter};

/// The largest table, in bytes.
pub const TABLE_MAX: u64 = 512 << 20;
/// What a cell holds where the access point was not heard.
const NOT_HEARD: &str = "100";

/// One row: where, and what was heard; `None` where nothing was.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The building.
    pub building: u32,
    /// The floor.
    pub level: i32,
    /// The place in metres.
    pub at: [f64; 2],
    /// What was heard there.
    pub scan: Option<Scan>,
    /// Who recorded it with which phone, where the table says.
    pub recorder: Option<(u32, u32)>,
}

impl Row {
    /// Returns the row as a fingerprint, if anything was heard.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        let Self { building, level, at, scan, .. } = self.clone();
        scan.map(|scan| Fingerprint { building, level, at, scan })
    }
}

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// More than [`TABLE_MAX`] bytes.
    #[error("the table is larger than {} MB; split it", TABLE_MAX >> 20)]
    TooLarge,
    /// Bytes that are no text.
    #[error("the table is not UTF-8 text")]
    NotText,
    /// A column that must be there is not.
    #[error("line 1: column {0} is missing; UJIIndoorLoc's header is needed")]
    Column(&'static str),
    /// A row of another width than the header.
    #[error("line {line}: {found} cells where the header has {expected}")]
    Width {
        /// The line, from 1.
        line: usize,
        /// How many cells it has.
        found: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// A cell that cannot be read.
    #[error("line {line}, column {column}: {text:?} is not {wanted}")]
    Cell {
        /// The line, from 1.
        line: usize,
        /// The column's name.
        column: String,
        /// What stands there.
        text: String,
        /// What should.
        wanted: &'static str,
    },
    /// A row whose readings are no scan, such as two columns of one access point.
    #[error("line {line}: the row is refused")]
    Scan {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: ScanError,
    },
    /// A header and nothing else.
    #[error("the table has no rows")]
    NoRows,
}

/// Reads a table.
///
/// # Errors
/// When it is too large, no text, or a column or cell is missing or cannot be read.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, TableError> {
    if bytes.len() as u64 > TABLE_MAX {
        return Err(TableError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| TableError::NotText)?;
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let columns = Columns::of(lines.next().unwrap_or_default())?;
    let rows = lines.zip(2..).filter(|(line, _)| !line.trim().is_empty());
    let rows = rows.map(|(text, line)| columns.row(text, line)).collect::<Result<Vec<_>, _>>()?;
    if rows.is_empty() { Err(TableError::NoRows) } else { Ok(rows) }
}

/// Which column holds what.
struct Columns<'a> {
    names: Vec<&'a str>,
    /// The access point of each column that is one.
    transmitters: Vec<Option<Transmitter>>,
    longitude: usize,
    latitude: usize,
    floor: usize,
    building: usize,
    /// `USERID` and `PHONEID`, where both are there.
    recorder: Option<[usize; 2]>,
}

impl<'a> Columns<'a> {
    fn of(header: &'a str) -> Result<Self, TableError> {
        let names: Vec<_> = header.split(',').map(|name| name.trim().trim_matches('"')).collect();
        let find = |name: &'static str| {
            let found = names.iter().position(|column| column.eq_ignore_ascii_case(name));
            found.ok_or(TableError::Column(name))
        };
        let transmitter = |name: &&str| {
            let number: u32 = name.strip_prefix("WAP")?.parse().ok()?;
            let [a, b, c, d] = number.to_be_bytes();
            // The set hides the BSSIDs behind numbers; a locally administered one stands for each.
            Some(Transmitter::AccessPoint([0x02, 0, a, b, c, d]))
        };
        let transmitters: Vec<_> = names.iter().map(transmitter).collect();
        if transmitters.iter().all(Option::is_none) {
            return Err(TableError::Column("WAP001"));
        }
        let (longitude, latitude) = (find("LONGITUDE")?, find("LATITUDE")?);
        let (floor, building) = (find("FLOOR")?, find("BUILDINGID")?);
        let recorder = find("USERID").ok().zip(find("PHONEID").ok()).map(|(user, phone)| [user, phone]);
        Ok(Self { transmitters, longitude, latitude, floor, building, recorder, names })
    }

    fn row(&self, text: &str, line: usize) -> Result<Row, TableError> {
        let cells: Vec<_> = text.split(',').map(str::trim).collect();
        if cells.len() != self.names.len() {
            return Err(TableError::Width { line, found: cells.len(), expected: self.names.len() });
        }
        let wrong = |column: usize, wanted: &'static str| TableError::Cell {
            line,
            column: self.names[column].to_owned(),
            text: cells[column].chars().take(40).collect(),
            wanted,
        };
        let metres = |column: usize| {
            let value: Option<f64> = cells[column].parse().ok().filter(|value: &f64| value.is_finite());
            value.ok_or_else(|| wrong(column, "a number of metres"))
        };
        let number = |column: usize| cells[column].parse().map_err(|_| wrong(column, "a whole number"));
        let level = metres(self.floor)?;
        if level.fract() != 0.0 || level.abs() > 1000.0 {
            return Err(wrong(self.floor, "a floor's whole number"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a small whole number, as just seen")]
        let level = level as i32;
        let recorder = match self.recorder {
            Some([user, phone]) => Some((number(user)?, number(phone)?)),
            None => None,
        };
        let readings = self.readings(&cells).map_err(|column| wrong(column, LOUDNESS))?;
        let scan = match Scan::new(readings) {
            Ok(scan) => Some(scan),
            Err(ScanError::Empty) => None,
            Err(source) => return Err(TableError::Scan { line, source }),
        };
        let at = [metres(self.longitude)?, metres(self.latitude)?];
        Ok(Row { building: number(self.building)?, level, at, scan, recorder })
    }

    /// Returns what was heard, or the column that cannot be read.
    fn readings(&self, cells: &[&str]) -> Result<Vec<Reading>, usize> {
        let mut readings = Vec::new();
        for (column, transmitter) in self.transmitters.iter().enumerate() {
            let Some(transmitter) = *transmitter else { continue };
            if cells[column] == NOT_HEARD {
                continue;
            }
            let rssi_dbm: f32 = cells[column].parse().map_err(|_| column)?;
            if !RSSI_DBM.contains(&rssi_dbm) {
                return Err(column);
            }
            readings.push(Reading { transmitter, rssi_dbm });
        }
        Ok(readings)
    }
}

const LOUDNESS: &str = "a loudness of -120 to 0 dBm, or 100 for not heard";
