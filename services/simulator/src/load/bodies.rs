//! Request bodies that are encoded once and renewed in place.
//!
//! What must be new in each call has a fixed width in the encoding: the digits of a scan id or of a
//! message reference, the byte of a tracking point, the five bytes of a time. A body knows where
//! they are and overwrites them.

use airside_api::baggage::v1::{
    RawMessage, RecordScansRequest, Scan, SubmitMessagesRequest, TrackingPoint, raw_message,
};
use airside_api::navigation::v1::FindRouteRequest;
use jiff::Timestamp;
use prost::Message;

use super::LoadOptions;
use crate::script::on_the_wire;
use crate::script::telex::SourceMessage;
use crate::truth::{STATION, later, local};

/// The points that a plate is seen at, lap by lap.
const POINTS: [TrackingPoint; 7] = [
    TrackingPoint::CheckIn,
    TrackingPoint::BhsInduction,
    TrackingPoint::Screening,
    TrackingPoint::Sortation,
    TrackingPoint::ContainerLoad,
    TrackingPoint::AircraftSide,
    TrackingPoint::AircraftLoad,
];
/// The first lap was seen this long ago, seconds.
const FIRST_LAP_S: i64 = 2 * 3_600;
/// Laps are this far apart, seconds.
const LAP_S: i64 = 30;
/// After so many laps the times begin again, so that none lies in the future.
const LAPS: u64 = 200;
/// Digits that count the items of a connection.
const COUNT_DIGITS: usize = 8;
/// Items that those digits can count before they begin again.
const COUNT_MAX: u64 = 10_u64.pow(COUNT_DIGITS as u32);
/// Flights that the bags are spread over.
const FLIGHTS: usize = 40;
/// Letters of a plate, and of a station, in their encodings.
const PLATE_BYTES: usize = 10;

/// A request body.
#[derive(Debug, Clone)]
pub(super) struct Body {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
    /// Time of the first lap, seconds since 1970.
    first_lap_s: i64,
}

/// Where an item is renewed, as offsets in the body.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Of the digits that count.
    count: usize,
    /// Of the tracking point and of the seconds, for a scan.
    point_and_seconds: Option<(usize, usize)>,
}

/// Returns the bodies of requests for routes, each connection beginning elsewhere.
pub(super) fn routes(requests: &[FindRouteRequest], connection: usize) -> Vec<Body> {
    let body = |request: &FindRouteRequest| Body { bytes: request.encode_to_vec(), ..Body::empty() };
    let from = connection * 37 % requests.len().max(1);
    requests.iter().cycle().skip(from).take(requests.len()).map(body).collect()
}

impl Body {
    /// Returns the body of a request without fields.
    pub(super) fn empty() -> Self {
        Self { bytes: Vec::new(), slots: Vec::new(), first_lap_s: 0 }
    }

    /// Returns the encoding as it is to be sent.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Makes the body new: `first` is the number of its first item on its connection and `lap` how
    /// often this body was sent before. Returns the number of the next item.
    pub(super) fn renew(&mut self, connection: usize, first: u64, lap: u64) -> u64 {
        let step = usize::try_from(lap % POINTS.len() as u64).unwrap_or(0);
        let second = self.first_lap_s + LAP_S * i64::try_from(lap % LAPS).unwrap_or(0);
        for (index, slot) in self.slots.iter().enumerate() {
            let count = (first + index as u64) % COUNT_MAX;
            let digits = format!("{connection:02}{count:08}");
            self.bytes[slot.count..slot.count + digits.len()].copy_from_slice(digits.as_bytes());
            if let Some((point, seconds)) = slot.point_and_seconds {
                self.bytes[point] = POINTS[step] as u8;
                self.bytes[seconds..seconds + 5].copy_from_slice(&varint(second));
            }
        }
        first + self.slots.len() as u64
    }
}

/// Returns the bodies of one connection: together they name each of its plates once.
pub(super) fn scans(options: &LoadOptions, connection: usize, now: Timestamp) -> Vec<Body> {
    let first_lap = later(now, -FIRST_LAP_S);
    let run = run_mark(now);
    own_plates(options, connection)
        .chunks(options.per_call.min(super::PER_CALL_MAX))
        .map(|plates| {
            let scans = plates.iter().enumerate().map(|(index, plate)| Scan {
                scan_id: format!("{run}{}", placeholder(index)),
                plate: plate_of(*plate),
                point: TrackingPoint::CheckIn.into(),
                station: STATION.to_owned(),
                observed_at: Some(prost_types::Timestamp { nanos: 0, ..on_the_wire(first_lap) }),
                reader: "R07".to_owned(),
                location: "L3".to_owned(),
                flight: format!("{}-{}", designator(*plate), local(now).strftime("%Y%m%d")),
                stowage: None,
            });
            let request = RecordScansRequest { source: options.source.clone(), scans: scans.collect() };
            body(&request.encode_to_vec(), plates.len(), first_lap.as_second(), true)
        })
        .collect()
}

/// Returns the bodies of one connection: one announcement for each of its plates, with a remark that
/// tells this run from another on the same data.
pub(super) fn messages(options: &LoadOptions, connection: usize, now: Timestamp) -> Vec<Body> {
    own_plates(options, connection)
        .chunks(options.per_call.min(super::PER_CALL_MAX))
        .map(|plates| {
            let messages = plates.iter().enumerate().map(|(index, plate)| {
                let text = announcement(*plate, now).replacen("0000000000", &placeholder(index), 1);
                RawMessage { content: Some(raw_message::Content::Text(text)) }
            });
            let messages = messages.collect();
            let request =
                SubmitMessagesRequest { source: options.source.clone(), messages, ..Default::default() };
            body(&request.encode_to_vec(), plates.len(), 0, false)
        })
        .collect()
}

fn announcement(plate: usize, now: Timestamp) -> String {
    let (tag, designator) = (plate_of(plate), designator(plate));
    SourceMessage {
        change: "",
        designator: &designator,
        departure: now,
        airport: "PEK",
        arrives: false,
        inbound: None,
        plate: &tag,
        count: 1,
        surname: "LI",
        given_name: "MING",
        record_locator: "LOAD99",
        seat: "32A",
        exception: "",
        reference: 0,
    }
    .text()
    .replace("ENDBSM", &format!(".R/LOAD {}\nENDBSM", now.as_microsecond()))
}

/// Finds the places to renew in an encoding.
fn body(bytes: &[u8], items: usize, first_lap_s: i64, scans: bool) -> Body {
    let mut slots = Vec::with_capacity(items);
    let mut from = 0;
    for index in 0..items {
        let mark = placeholder(index);
        let found = bytes[from..].windows(mark.len()).position(|window| window == mark.as_bytes());
        let count = from + found.expect("the placeholder was just encoded");
        from = count + mark.len();
        // After the id: key, length and letters of the plate, then the key of the point; after the
        // point: key, length and letters of the station, then keys and length of the time.
        let point = from + 2 + PLATE_BYTES + 1;
        let seconds = point + 1 + 2 + STATION.len() + 3;
        slots.push(Slot { count, point_and_seconds: scans.then_some((point, seconds)) });
    }
    Body { bytes: bytes.to_vec(), slots, first_lap_s }
}

/// Returns ten digits that stand where the connection and the count will be.
fn placeholder(index: usize) -> String {
    format!("99{index:08}")
}

/// Marks the scan ids of a run, so that another run on the same data repeats none.
fn run_mark(now: Timestamp) -> String {
    format!("l{:x}.", now.as_microsecond())
}

fn own_plates(options: &LoadOptions, connection: usize) -> Vec<usize> {
    (connection..options.plates.max(options.connections)).step_by(options.connections).collect()
}

/// Returns a valid plate: leading digit 3 and up, serial 1 to 999,999.
fn plate_of(index: usize) -> String {
    format!("{}479{:06}", 3 + index / 999_999 % 7, 1 + index % 999_999)
}

fn designator(plate: usize) -> String {
    format!("ZH{}", 9_101 + plate % FLIGHTS)
}

/// Encodes seconds since 1970 as a varint of five bytes; true of every time from 1978 to 3058.
fn varint(value: i64) -> [u8; 5] {
    let byte = |group: i64| (value >> (7 * group) & 0x7F) as u8;
    [byte(0) | 0x80, byte(1) | 0x80, byte(2) | 0x80, byte(3) | 0x80, byte(4)]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn options() -> LoadOptions {
        LoadOptions { connections: 3, per_call: 4, plates: 50, ..LoadOptions::default() }
    }

    fn now() -> Timestamp {
        "2026-11-20T08:00:00.25Z".parse().unwrap()
    }

    fn decoded(body: &Body) -> RecordScansRequest {
        RecordScansRequest::decode(body.bytes()).unwrap()
    }

    #[test]
    fn renewed_scans_have_new_ids_and_move_on() {
        let mut ids = HashSet::new();
        for connection in 0..3 {
            let mut bodies = scans(&options(), connection, now());
            let laps = bodies.len() as u64;
            let mut next = 0;
            for call in 0..3 * laps {
                let body = &mut bodies[usize::try_from(call % laps).unwrap()];
                next = body.renew(connection, next, call / laps);
                for scan in decoded(body).scans {
                    assert_eq!(scan.point(), POINTS[usize::try_from(call / laps).unwrap()]);
                    let seen = scan.observed_at.unwrap().seconds;
                    let first = now().as_second() - FIRST_LAP_S;
                    assert_eq!(seen, first + LAP_S * i64::try_from(call / laps).unwrap());
                    assert!(ids.insert(scan.scan_id));
                }
            }
        }
        assert_eq!(ids.len(), 3 * 50);
    }

    #[test]
    fn each_plate_is_named_once_and_is_valid() {
        let mut plates = HashSet::new();
        for connection in 0..3 {
            for body in scans(&options(), connection, now()) {
                for scan in decoded(&body).scans {
                    assert!(scan.plate.len() == 10 && scan.plate.bytes().all(|digit| digit.is_ascii_digit()));
                    assert!(plates.insert(scan.plate));
                }
            }
        }
        assert_eq!(plates.len(), 50);
    }

    #[test]
    fn renewed_messages_differ_in_their_reference_alone() {
        let mut bodies = messages(&options(), 1, now());
        let texts = |body: &Body| -> Vec<String> {
            let request = SubmitMessagesRequest::decode(body.bytes()).unwrap();
            let text = |message: RawMessage| match message.content {
                Some(raw_message::Content::Text(text)) => text,
                other => panic!("not a text: {other:?}"),
            };
            request.messages.into_iter().map(text).collect()
        };
        bodies[0].renew(1, 0, 0);
        let first = texts(&bodies[0]);
        bodies[0].renew(1, 4, 1);
        let second = texts(&bodies[0]);
        assert_ne!(first[0], second[0]);
        assert!(first[0].starts_with("BSM\n.V/1LSZX//0100000000\n.F/ZH"), "{}", first[0]);
        assert_eq!(
            first[0].lines().skip(2).collect::<Vec<_>>(),
            second[0].lines().skip(2).collect::<Vec<_>>()
        );
    }
}
