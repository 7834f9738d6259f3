//! From a message that was read to what it says of each bag. Pure.
//!
//! A BSM announces, and so does a BTM at the airport where its bags change
//! flights; their time is the time of receipt, because they carry none. A BPM is a
//! sighting at the point that its elements tell, first match first: `.B` an
//! irregularity, the end of its journey (source X), `.U` what the bag was put
//! into, `.X` screening that cleared it, `.J` what was done. A part of a message
//! says nothing by itself. What cannot be told is quarantined, never guessed.
//!
//! A BUM waits: it withdraws the authority for one flight, and the words of a bag
//! have none that leaves a bag alone which was moved to another flight meanwhile.
//!
//! What is taken over is bounded, because a message may name thousands of bags
//! and each of them repeats what is said of all.

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, LegRole, PassengerState, Screening, TrackingPoint,
};
use airside_kernel::{Personal, Timestamp};

use crate::{
    ingest::{
        Change, Flight, Group, MessageType, Parsed, ProcessingKind, ScreeningResult, Source, Status,
        StatusCode, Stowage, is_piece,
    },
    model::{AirportCode, Announcement, Content, Leg, LicencePlate, Sighting, place_problem},
};

/// The most bytes of passengers' names that a bag keeps; whole names, the first ones.
const MAX_NAME_BYTES: usize = 2_048;
/// The longest record locator, in bytes.
const MAX_LOCATOR_BYTES: usize = 16;
/// The most exception codes that a bag keeps.
const MAX_EXCEPTIONS: usize = 8;

/// What a message says of one bag.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The bag's plate; `None` for a reading without a tag.
    pub plate: Option<LicencePlate>,
    /// The airport that says it.
    pub station: AirportCode,
    /// When it happened.
    pub observed_at: Timestamp,
    /// What it is.
    pub content: Content,
}

/// Why a message, or a part of it, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Stable code.
    pub code: String,
    /// In words, without any text of the message.
    pub reason: String,
}

impl Unusable {
    fn new(code: &str, reason: &str) -> Self {
        Self { code: code.to_owned(), reason: reason.to_owned() }
    }
}

/// Returns what a message says of each of its bags, in order.
///
/// # Errors
/// Why the message cannot be used; it is then used in no part.
pub fn translate(message: &Parsed<'_>, received_at: Timestamp) -> Result<Vec<Said>, Unusable> {
    if let Some(finding) = message.held_by() {
        return Err(Unusable::new(finding.code(), &finding.text()));
    }
    if is_piece(message) {
        let reason =
            "a part of a message says nothing by itself; its .V needs PART1 to PART99 and a reference";
        return Err(Unusable::new("part-unreadable", reason));
    }
    if !matches!(message.message_type, MessageType::Bsm | MessageType::Btm | MessageType::Bpm) {
        return Err(Unusable::new("type-waits", "messages of this type are kept and change no bag yet"));
    }
    let station = message.header.and_then(|header| header.airport);
    let station = station.ok_or_else(|| Unusable::new("no-airport", "element .V names no airport"))?;
    let mut said = Vec::new();
    for group in &message.groups {
        match message.message_type {
            MessageType::Bsm | MessageType::Btm => announce(message, group, station, received_at, &mut said),
            _ => sight(message, group, station, received_at, &mut said)?,
        }
    }
    if said.is_empty() { Err(Unusable::new("no-plate", "no element .N or .B names a bag")) } else { Ok(said) }
}

fn announce(
    message: &Parsed<'_>,
    group: &Group<'_>,
    station: AirportCode,
    received_at: Timestamp,
    said: &mut Vec<Said>,
) {
    let names = names(group);
    let locator = group.record_locator.map(|locator| locator.reveal());
    let locator = locator.filter(|locator| locator.len() <= MAX_LOCATOR_BYTES);
    let announcement = Announcement {
        change: match message.change {
            None => AnnouncementChange::New,
            Some(Change::Changed) => AnnouncementChange::Changed,
            Some(Change::Deleted) => AnnouncementChange::Deleted,
        },
        legs: legs(group),
        passenger_name: (!names.is_empty()).then_some(Personal::Known(names)),
        record_locator: locator.map(|locator| Personal::Known(locator.to_owned())),
        authority: authority(group),
        exceptions: exceptions(message, group),
        passenger: PassengerState::Unspecified,
    };
    let content = Content::Announced(Box::new(announcement));
    said.extend(group.bags.iter().map(|plate| Said {
        plate: Some(*plate),
        station,
        observed_at: received_at,
        content: content.clone(),
    }));
}

/// The names of a group, one a line, as far as they have room.
fn names(group: &Group<'_>) -> String {
    let mut names = String::new();
    for name in group.names.iter().map(|name| name.full.reveal()).filter(|name| !name.is_empty()) {
        if names.len() + name.len() >= MAX_NAME_BYTES {
            break;
        }
        if !names.is_empty() {
            names.push('\n');
        }
        names.push_str(name);
    }
    names
}

/// The exception codes of a group. Only what has the form of a code is stored
/// in clear: three or four letters, each once.
fn exceptions(message: &Parsed<'_>, group: &Group<'_>) -> Vec<String> {
    let is_code = |item: &&str| matches!(item.len(), 3 | 4) && item.bytes().all(|b| b.is_ascii_alphabetic());
    let elements = message.elements_of(group).iter().filter(|element| element.letter == Some('E'));
    let mut codes = Vec::new();
    for code in elements.flat_map(|element| element.items()).filter(is_code).map(str::to_ascii_uppercase) {
        if codes.len() < MAX_EXCEPTIONS && !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

fn sight(
    message: &Parsed<'_>,
    group: &Group<'_>,
    station: AirportCode,
    received_at: Timestamp,
    said: &mut Vec<Said>,
) -> Result<(), Unusable> {
    let observed_at = group.processing.and_then(|p| p.time).map_or(received_at, |time| time.at);
    let is_terminating = message.header.and_then(|header| header.source) == Some(Source::Terminating);
    let mut see = |plate: Option<LicencePlate>, status: Option<&Status<'_>>| -> Result<(), Unusable> {
        let sighting =
            Sighting { authority: authority_of(group, status), ..sighting(group, status, is_terminating)? };
        said.push(Said { plate, station, observed_at, content: Content::Scanned(sighting) });
        Ok(())
    };
    for plate in &group.bags {
        see(Some(*plate), group.statuses.iter().find(|s| s.bags.is_empty() || s.bags.contains(plate)))?;
    }
    (0..group.no_reads).try_for_each(|_| see(None, None))
}

fn sighting(
    group: &Group<'_>,
    status: Option<&Status<'_>>,
    is_terminating: bool,
) -> Result<Sighting, Unusable> {
    let place =
        |text: Option<&str>| text.filter(|t| place_problem(t).is_none()).unwrap_or_default().to_owned();
    let processing = group.processing;
    let point = point(group, status, is_terminating)?;
    let handled = if is_terminating { LegRole::Inbound } else { LegRole::Outbound };
    // A sorter tells where it read the bag and where it sent it; the bag is where it was sent.
    let sent_to = processing.and_then(|p| p.sent_to).filter(|place| !place.is_empty());
    Ok(Sighting {
        point,
        reader: place(processing.and_then(|p| p.scanner)),
        location: place(sent_to.or_else(|| processing.and_then(|p| p.location))),
        leg: legs(group).into_iter().find(|leg| leg.role == handled),
        stowage: group.stowage.map(|stowage| (place(stowage.container), place(stowage.compartment))),
        authority: Authority::Unspecified,
        is_inferred: false,
        screening: Screening::Unspecified,
    })
}

fn point(
    group: &Group<'_>,
    status: Option<&Status<'_>>,
    is_terminating: bool,
) -> Result<TrackingPoint, Unusable> {
    if let Some(status) = status {
        return match status.code {
            Some(StatusCode::Offloaded) => Ok(TrackingPoint::Offload),
            Some(StatusCode::LoadedNotAuthorised) => Ok(TrackingPoint::AircraftLoad),
            _ => Err(Unusable::new(
                "status-waits",
                "element .B reports a bag that was not handled; such reports wait",
            )),
        };
    }
    if is_terminating {
        return Ok(TrackingPoint::ArrivalInjection);
    }
    if let Some(point) = group.stowage.as_ref().and_then(loaded_into) {
        return Ok(point);
    }
    let result = group.screening.iter().rev().find_map(|screening| screening.result);
    let kind = group.processing.and_then(|processing| processing.kind);
    match kind {
        _ if result == Some(ScreeningResult::Cleared) => Ok(TrackingPoint::Screening),
        Some(ProcessingKind::Sorted) => Ok(TrackingPoint::Sortation),
        Some(ProcessingKind::Reconciled) => Ok(TrackingPoint::AircraftSide),
        Some(ProcessingKind::GroundTracked | ProcessingKind::HandScanned) => Ok(TrackingPoint::BhsInduction),
        // It is in the system and not through screening.
        None if !group.screening.is_empty() => Ok(TrackingPoint::BhsInduction),
        None => Err(Unusable::new("no-point", "neither .J, .U, .B nor .X tells where the bag was seen")),
    }
}

/// Where a bag is that was put into something: on board when a hold or a
/// compartment is named, else in a container or cart.
fn loaded_into(stowage: &Stowage<'_>) -> Option<TrackingPoint> {
    let named = |text: Option<&'_ str>| text.is_some_and(|text| !text.is_empty());
    if named(stowage.compartment) || stowage.container.is_some_and(is_hold) {
        return Some(TrackingPoint::AircraftLoad);
    }
    named(stowage.container).then_some(TrackingPoint::ContainerLoad)
}

/// Whether an id is one of a hold, such as `H4`, `41` or `BLK`.
fn is_hold(id: &str) -> bool {
    let number = id.strip_prefix(['H', 'h']).unwrap_or(id);
    let is_number = matches!(number.len(), 1 | 2) && number.bytes().all(|b| b.is_ascii_digit());
    is_number || ["BLK", "BULK", "FWD", "AFT"].iter().any(|name| id.eq_ignore_ascii_case(name))
}

fn legs(group: &Group<'_>) -> Vec<Leg> {
    let leg = |flight: &Flight, role| {
        flight.dated().map(|dated| Leg { flight: dated, airport: flight.airport, role, marketed_as: None })
    };
    let inbound = group.inbound.iter().filter_map(|flight| leg(flight, LegRole::Inbound));
    let outbound = group.outbound.iter().filter_map(|flight| leg(flight, LegRole::Outbound));
    let onward = group.onward.iter().filter_map(|flight| leg(flight, LegRole::Onward));
    inbound.chain(outbound).chain(onward).collect()
}

fn authority(group: &Group<'_>) -> Authority {
    match group.security.and_then(|security| security.to_load) {
        Some(true) => Authority::Load,
        Some(false) => Authority::Withheld,
        None => Authority::Unspecified,
    }
}

fn authority_of(group: &Group<'_>, status: Option<&Status<'_>>) -> Authority {
    match status.and_then(|status| status.code) {
        Some(StatusCode::LoadedNotAuthorised) => Authority::Withheld,
        _ => authority(group),
    }
}
