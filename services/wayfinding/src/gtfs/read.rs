//! Tables in, typed rows out.

use std::collections::BTreeMap;

use csv::StringRecord;

use super::{Feed, Level, Location, Mode, Pathway, Stop};
use crate::check::{Finding, Findings};
use crate::imdf::{FILE_BYTES_MAX, FeatureId, Reference};
use crate::shape::on_earth;
use crate::words::Labels;

/// The tables that are read.
const TABLES: [&str; 3] = ["levels", "pathways", "stops"];
/// The most rows of one table; the largest public feed has some fifty thousand stops.
const ROWS_MAX: usize = 500_000;
/// The tag of names whose language the tables do not tell.
const UNTOLD: &str = "und";

/// Tells whether a file of this bare name is a table of a station.
pub(crate) fn is_table(name: &str) -> bool {
    name.strip_suffix(".txt").is_some_and(|stem| TABLES.contains(&stem))
}

pub(super) fn feed<N: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>) -> Feed {
    let mut feed = Feed::default();
    for (name, bytes) in files {
        let stem = name.as_ref().strip_suffix(".txt").unwrap_or_default();
        if let Some(table) = TABLES.into_iter().find(|table| *table == stem) {
            read_table(&mut feed, table, bytes.as_ref());
        }
    }
    feed.stops.sort_by(|a, b| a.id.cmp(&b.id));
    feed.pathways.sort_by(|a, b| a.id.cmp(&b.id));
    feed.levels.sort_by(|a, b| a.id.cmp(&b.id));
    feed
}

fn read_table(feed: &mut Feed, table: &'static str, bytes: &[u8]) {
    if bytes.len() > FILE_BYTES_MAX {
        let text = format!("{} bytes are more than the {FILE_BYTES_MAX} that are read", bytes.len());
        return refuse(feed, table, "file-too-large", text, "split the feed by station");
    }
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns: BTreeMap<String, usize> = match reader.headers() {
        Ok(headers) => headers.iter().enumerate().map(|(index, name)| (name.to_owned(), index)).collect(),
        Err(cause) => {
            let text = format!("no row of column names: {cause}");
            return refuse(feed, table, "table-bad", text, "export it again");
        }
    };
    for (number, row) in (2_usize..).zip(reader.records()) {
        match row {
            Ok(row) if number <= ROWS_MAX => read_row(feed, table, &columns, &row, number),
            Ok(_) => {
                let text = format!("more rows than the {ROWS_MAX} that are read");
                return refuse(feed, table, "venue-too-large", text, "split the feed by station");
            }
            Err(cause) => {
                let text = format!("row {number} cannot be read: {cause}");
                return refuse(feed, table, "table-bad", text, "export it again");
            }
        }
    }
}

fn refuse(feed: &mut Feed, table: &'static str, rule: &'static str, text: String, remedy: &str) {
    feed.findings.push(Finding::violation(rule, table, None, text, remedy));
}

/// A row being read: its id and fields, and where to report.
struct Fields<'a> {
    table: &'static str,
    id: FeatureId,
    columns: &'a BTreeMap<String, usize>,
    row: &'a StringRecord,
    findings: &'a mut Findings,
    references: &'a mut Vec<Reference>,
}

impl Fields<'_> {
    fn report(&mut self, rule: &'static str, text: String, remedy: &str) {
        self.findings.push(Finding::violation(rule, self.table, Some(&self.id), text, remedy));
    }

    fn text(&self, field: &str) -> Option<&str> {
        text(self.columns, self.row, field)
    }

    /// Reads a number; what is there and is none is reported.
    fn number(&mut self, field: &str) -> Option<f64> {
        let told = self.text(field)?.to_owned();
        let number = told.parse().ok().filter(|number: &f64| number.is_finite() && number.abs() < 1e7);
        if number.is_none() {
            let text =
                format!("{field} is {:?}, which is no number", told.chars().take(40).collect::<String>());
            self.report("number-bad", text, "write a plain decimal number");
        }
        number
    }

    /// Reads a code from 0 to `most`; an empty field is 0.
    fn code(&mut self, field: &str, most: u8) -> Option<u8> {
        let Some(told) = self.text(field) else { return Some(0) };
        let code = told.parse().ok().filter(|code| *code <= most);
        if code.is_none() {
            let text =
                format!("{field} is {:?}, not from 0 to {most}", told.chars().take(40).collect::<String>());
            self.report("code-unknown", text, "use a code of the GTFS reference");
        }
        code
    }

    fn labels(&self, field: &str) -> Labels {
        let name = self.text(field).map(|name| name.chars().filter(|c| !c.is_control()).take(200).collect());
        Labels(name.map(|name| (UNTOLD.to_owned(), name)).into_iter().collect())
    }

    fn refer(&mut self, field: &'static str, target: &'static str, prefix: &str) -> Option<FeatureId> {
        let to = FeatureId::parse(&format!("{prefix}{}", self.text(field)?))?;
        self.references.push(Reference {
            file: self.table,
            from: self.id.clone(),
            field,
            to: to.clone(),
            target,
        });
        Some(to)
    }

    fn need<T>(&mut self, value: Option<T>, field: &str) -> Option<T> {
        if value.is_none() {
            let text = format!("{field} is missing");
            self.report("reference-missing", text, "fill it in as the GTFS reference says");
        }
        value
    }
}

fn text<'a>(columns: &BTreeMap<String, usize>, row: &'a StringRecord, field: &str) -> Option<&'a str> {
    row.get(*columns.get(field)?).map(str::trim).filter(|text| !text.is_empty())
}

fn read_row(
    feed: &mut Feed,
    table: &'static str,
    columns: &BTreeMap<String, usize>,
    row: &StringRecord,
    number: usize,
) {
    let (named, prefix) = match table {
        "stops" => ("stop_id", ""),
        "levels" => ("level_id", "level/"),
        _ => ("pathway_id", "pathway/"),
    };
    let id = text(columns, row, named).and_then(|id| FeatureId::parse(&format!("{prefix}{id}")));
    let Some(id) = id else {
        let text = format!("row {number} has no {named}");
        return refuse(feed, table, "feature-id-missing", text, "give each row an id of its own");
    };
    feed.ids.entry(id.clone()).or_default().push(table);
    let Feed { findings, references, .. } = feed;
    let mut fields = Fields { table, id, columns, row, findings, references };
    match table {
        "stops" => feed.stops.extend(stop(&mut fields)),
        "levels" => feed.levels.extend(level(&mut fields)),
        _ => feed.pathways.extend(pathway(&mut fields)),
    }
}

fn stop(fields: &mut Fields<'_>) -> Option<Stop> {
    let location = match fields.code("location_type", 4)? {
        0 => Location::Platform,
        1 => Location::Station,
        2 => Location::Entrance,
        3 => Location::Generic,
        _ => Location::BoardingArea,
    };
    let at = fields.number("stop_lon").zip(fields.number("stop_lat")).map(|(lon, lat)| [lon, lat]);
    if at.is_some_and(|at| !on_earth(&at)) {
        let text = "stop_lon and stop_lat are not on the earth".to_owned();
        fields.report("geometry-bad", text, "write WGS 84 degrees, longitude from -180 to 180");
    }
    let parent = fields.refer("parent_station", "stops", "");
    let level = fields.refer("level_id", "levels", "level/");
    let codes = ["stop_code", "platform_code"]
        .map(|field| fields.text(field).map(|code| (field.to_owned(), code.to_owned())));
    Some(Stop {
        id: fields.id.clone(),
        location,
        name: fields.labels("stop_name"),
        codes: Labels(codes.into_iter().flatten().collect()),
        parent,
        level,
        at: at.filter(on_earth),
        no_wheels: fields.text("wheelchair_boarding") == Some("2"),
        from_street: fields.text("stop_access") == Some("1"),
    })
}

fn level(fields: &mut Fields<'_>) -> Option<Level> {
    let index = fields.number("level_index");
    let index = fields.need(index, "level_index")?;
    Some(Level { id: fields.id.clone(), index, name: fields.labels("level_name") })
}

fn pathway(fields: &mut Fields<'_>) -> Option<Pathway> {
    let (from, to) = (fields.refer("from_stop_id", "stops", ""), fields.refer("to_stop_id", "stops", ""));
    let (from, to) = (fields.need(from, "from_stop_id"), fields.need(to, "to_stop_id"));
    let mode = match fields.code("pathway_mode", 7)? {
        1 => Some(Mode::Walkway),
        2 => Some(Mode::Stairs),
        3 => Some(Mode::MovingSidewalk),
        4 => Some(Mode::Escalator),
        5 => Some(Mode::Lift),
        6 => Some(Mode::FareGate),
        7 => Some(Mode::ExitGate),
        _ => None,
    };
    let mode = fields.need(mode, "pathway_mode");
    let both_ways = fields.code("is_bidirectional", 1)? == 1;
    let positive = |number: &f64| *number > 0.0;
    Some(Pathway {
        id: fields.id.clone(),
        from: from?,
        to: to?,
        mode: mode?,
        both_ways,
        length_m: fields.number("length").filter(positive),
        seconds: fields.number("traversal_time").filter(positive),
        steps: fields.number("stair_count").filter(|steps| *steps != 0.0),
        slope: fields.number("max_slope"),
        width_m: fields.number("min_width").filter(positive),
        signs: [fields.labels("signposted_as"), fields.labels("reversed_signposted_as")],
    })
}
