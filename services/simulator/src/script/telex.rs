//! Texts of IATA RP 1745 messages as airline and airport systems write them.

use jiff::Timestamp;

use crate::truth::{STATION, local};

/// What a baggage source message (BSM) says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceMessage<'a> {
    /// Empty, `CHG` or `DEL`.
    pub change: &'a str,
    /// Designator of the flight, such as `ZH9101`.
    pub designator: &'a str,
    /// Scheduled departure of the flight, for its date.
    pub departure: Timestamp,
    /// IATA code of the airport at the other end.
    pub airport: &'a str,
    /// True when the bag arrives here on that flight.
    pub arrives: bool,
    /// The flight that brings it here for a connection: designator, departure and origin.
    pub inbound: Option<(&'a str, Timestamp, &'a str)>,
    /// Plate of the first bag.
    pub plate: &'a str,
    /// How many bags, by consecutive serials.
    pub count: usize,
    /// Surname.
    pub surname: &'a str,
    /// Given name.
    pub given_name: &'a str,
    /// Record locator.
    pub record_locator: &'a str,
    /// Seat.
    pub seat: &'a str,
    /// Exception code; may be empty.
    pub exception: &'a str,
    /// Reference of the message, ten digits.
    pub reference: u64,
}

/// What a baggage processed message (BPM) says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessedMessage<'a> {
    /// `S` sorted, `R` reconciled.
    pub code: &'a str,
    /// The scanner.
    pub reader: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// Where; may be empty.
    pub location: &'a str,
    /// Designator of the flight.
    pub designator: &'a str,
    /// Scheduled departure of the flight, for its date.
    pub departure: Timestamp,
    /// IATA code of the airport at the other end.
    pub airport: &'a str,
    /// Container or hold and its compartment, as in `.U`; may be empty.
    pub stowage: &'a str,
    /// Plate of the bag.
    pub plate: &'a str,
}

impl SourceMessage<'_> {
    /// Returns the text, with lines ended by line feeds.
    pub fn text(&self) -> String {
        let (side, letter) = match self.inbound {
            _ if self.arrives => ("X", 'I'),
            Some(_) => ("T", 'F'),
            None => ("L", 'F'),
        };
        let mut lines = vec!["BSM".to_owned()];
        if !self.change.is_empty() {
            lines.push(self.change.to_owned());
        }
        lines.push(format!(".V/1{side}{STATION}//{:010}", self.reference));
        let class = if self.arrives { "" } else { "/Y" };
        lines.push(format!(".{letter}/{}/{}/{}{class}", self.designator, day(self.departure), self.airport));
        if let Some((designator, departure, origin)) = self.inbound {
            lines.push(format!(".I/{designator}/{}/{origin}", day(departure)));
        }
        lines.push(format!(".N/{}{:03}", self.plate, self.count));
        match self.change {
            "DEL" => lines.push(".S/N".to_owned()),
            _ if self.arrives => {}
            _ => {
                let number = self.reference % 300 + 1;
                lines.push(format!(".S/Y/{}/C/{number:03}/{number:03}//Y/A", self.seat));
                lines.push(format!(".W/K/{}/{}", self.count, 14 * self.count));
            }
        }
        lines.push(format!(".P/1{}/{}", self.surname, self.given_name));
        lines.push(format!(".L/{}", self.record_locator));
        if !self.exception.is_empty() {
            lines.push(format!(".E/{}", self.exception));
        }
        lines.push("ENDBSM".to_owned());
        joined(&lines)
    }
}

/// Returns the text of a baggage unload message (BUM): these bags must come off the flight.
pub fn unload(message: &SourceMessage<'_>) -> String {
    let SourceMessage { designator, departure, airport, plate, count, surname, given_name, .. } = message;
    joined(&[
        "BUM".to_owned(),
        format!(".V/1L{STATION}//{:010}", message.reference),
        format!(".F/{designator}/{}/{airport}/Y", day(*departure)),
        format!(".N/{plate}{count:03}"),
        ".S/N".to_owned(),
        format!(".P/1{surname}/{given_name}"),
        "ENDBUM".to_owned(),
    ])
}

impl ProcessedMessage<'_> {
    /// Returns the text, with lines ended by line feeds.
    pub fn text(&self) -> String {
        let clock = local(self.at).strftime("%H%M%S").to_string();
        let mut lines = vec![
            "BPM".to_owned(),
            format!(".V/1L{STATION}"),
            format!(".J/{}//{}/{}/{clock}L/{}", self.code, self.reader, day(self.at), self.location),
            format!(".F/{}/{}/{}/Y", self.designator, day(self.departure), self.airport),
        ];
        if !self.stowage.is_empty() {
            lines.push(format!(".U/{}", self.stowage));
        }
        lines.push(format!(".N/{}001", self.plate));
        lines.push("ENDBPM".to_owned());
        joined(&lines)
    }
}

/// Puts a text into a Type B envelope: start of heading, addresses, origin with its time, start
/// and end of text, lines ended by carriage return and line feed.
pub fn enveloped(text: &str, at: Timestamp) -> String {
    let stamp = at.strftime("%d%H%M");
    let body = text.replace('\n', "\r\n");
    format!("\u{1}QU SZXKBZH SZXBSXH\r\n.PEKRMZH {stamp}\r\n\u{2}{body}\u{3}")
}

/// Returns a day as RP 1745 writes it at the airport, such as `20NOV`.
pub fn day(at: Timestamp) -> String {
    local(at).strftime("%d%b").to_string().to_ascii_uppercase()
}

fn joined(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}
