//! From a message that was read to what it says of each bag. Pure.
//!
//! | message | what it says | its time |
//! |---|---|---|
//! | BSM, BTM | announcement; new, changed or taken back | receipt: it carries none |
//! | BPM | a sighting at the point that its elements tell, or a report (`.B`) | `.J`, else receipt |
//! | BUM | the bag must come off the named flight | receipt |
//! | BNS | the bag was expected and not seen, or is at hand (`.B`) | receipt |
//! | BMM | the bag is in its container or hold, concluded from a list and not read | receipt |
//! | any of these with `.M` | an RFID code (EPC, TID) or an electronic tag (EBT) is the bag's, said after the rest | as the rest |
//! | BCM FOM, FCM, FMM, DBM | the loading of a flight was opened, closed, matched, erased | receipt |
//! | BCM BAM | an answer; nothing of any bag. A refusal is quarantined for somebody to see | |
//! | BRQ | a question to a departure control system, which we are not: quarantined | |
//!
//! A part of a message says nothing by itself. What cannot be told is quarantined,
//! never guessed. What is taken over is bounded, because a message may name
//! thousands of bags and each of them repeats what is said of all.

use airside_api::baggage::v1::{AnnouncementChange, Authority, LegRole, LoadingStep, PassengerState, Report};
use airside_kernel::{Personal, Timestamp};

use self::{links::links, sight::sight};
use crate::{
    ingest::{self, Change, Flight, Group, MessageType, Parsed, RAW_BAGS_MAX, Status, StatusCode, is_piece},
    model::{AirportCode, Announcement, Content, DatedFlight, Leg, LicencePlate, Reported, Sighting},
};

mod links;
mod sight;

/// The most bytes of passengers' names that a bag keeps; whole names, the first ones.
const MAX_NAME_BYTES: usize = 2_048;
/// The longest record locator, in bytes.
const MAX_LOCATOR_BYTES: usize = 16;
/// The most exception codes that a bag keeps.
const MAX_EXCEPTIONS: usize = 8;

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The airport that says it.
    pub station: AirportCode,
    /// When it happened.
    pub observed_at: Timestamp,
    /// Of what, and what.
    pub what: What,
}

/// Of what a message speaks, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Of the bag with this plate.
    Bag(LicencePlate, Content),
    /// Of a bag whose tag was not read.
    NoTag(Sighting),
    /// Of the loading of a flight.
    Loading(DatedFlight, LoadingStep),
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

/// What is the same for all that a message says.
struct Saying<'a> {
    message: &'a Parsed<'a>,
    station: AirportCode,
    received_at: Timestamp,
    said: Vec<Said>,
}

/// Returns what a message says, in order; nothing when it is an answer that everything was understood.
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
    if message.names() > RAW_BAGS_MAX {
        return Err(too_many_bags());
    }
    let station = message.header.and_then(|header| header.airport);
    let station = station.ok_or_else(|| Unusable::new("no-airport", "element .V names no airport"))?;
    let mut saying = Saying { message, station, received_at, said: Vec::new() };
    match message.message_type {
        MessageType::Bcm => return control(saying),
        MessageType::Brq => {
            return Err(Unusable::new("request", "a departure control system answers BRQ, and this is none"));
        }
        MessageType::Bum if message.change == Some(Change::Deleted) => {
            let reason = "a BUM that is taken back does not say what holds now; send BSM CHG with .S";
            return Err(Unusable::new("unload-withdrawn", reason));
        }
        _ => {}
    }
    for group in &message.groups {
        match message.message_type {
            MessageType::Bsm | MessageType::Btm => announce(&mut saying, group),
            MessageType::Bum => report(&mut saying, group, Report::Unload),
            MessageType::Bns => report(&mut saying, group, Report::NotSeen),
            _ => sight(&mut saying, group)?,
        }
    }
    if saying.said.is_empty() {
        return Err(Unusable::new("no-plate", "no element .N or .B names a bag"));
    }
    links(&mut saying);
    Ok(saying.said)
}

/// Says why a message is used in no part that names more bags than any flight carries.
pub(crate) fn too_many_bags() -> Unusable {
    let reason = format!("it names more than {RAW_BAGS_MAX} bags, no-reads included; send it in several");
    Unusable::new("too-many-bags", &reason)
}

impl Saying<'_> {
    fn say(&mut self, observed_at: Timestamp, what: What) {
        self.said.push(Said { station: self.station, observed_at, what });
    }
}

/// A BCM speaks of a flight, or answers a message.
fn control(mut saying: Saying<'_>) -> Result<Vec<Said>, Unusable> {
    let secondary = saying.message.secondary.unwrap_or_default().to_ascii_uppercase();
    let step = match secondary.as_str() {
        "BAM" => {
            let refused = saying.message.acknowledgement.and_then(|answer| answer.accepted) == Some(false);
            let why = || {
                Unusable::new(
                    "refused-by-receiver",
                    "a message that was sent is answered with NAK; see its .A",
                )
            };
            return if refused { Err(why()) } else { Ok(Vec::new()) };
        }
        "FOM" => LoadingStep::Opened,
        "FCM" => LoadingStep::Closed,
        "FMM" => LoadingStep::Matched,
        "DBM" => LoadingStep::Erased,
        _ => {
            return Err(Unusable::new(
                "control-unknown",
                "the second line of a BCM is FOM, FCM, FMM, DBM or BAM",
            ));
        }
    };
    let flights = saying.message.groups.iter().filter_map(|group| group.outbound?.dated());
    for flight in flights.collect::<Vec<_>>() {
        saying.say(saying.received_at, What::Loading(flight, step));
    }
    if saying.said.is_empty() {
        return Err(Unusable::new("no-flight", "no element .F names a flight with its day"));
    }
    Ok(saying.said)
}

/// A BUM or a BNS names bags that were not handled; `.B` may tell more of some.
fn report(saying: &mut Saying<'_>, group: &Group<'_>, report: Report) {
    let leg = legs(group).into_iter().find(|leg| leg.role == LegRole::Outbound);
    for plate in &group.bags {
        let told = status_of(group, *plate).and_then(|status| reported(status.code?)).unwrap_or(report);
        let content = Content::Reported(Reported { report: told, leg, location: String::new() });
        saying.say(saying.received_at, What::Bag(*plate, content));
    }
}

/// The irregularity that a group reports of a plate.
fn status_of<'a, 'b>(group: &'a Group<'b>, plate: LicencePlate) -> Option<&'a Status<'b>> {
    group.statuses.iter().find(|status| status.bags.is_empty() || status.bags.contains(&plate))
}

/// What an irregularity reports, when it is no sighting.
fn reported(code: StatusCode) -> Option<Report> {
    match code {
        StatusCode::Unseen => Some(Report::NotSeen),
        StatusCode::OnHandAuthorised => Some(Report::OnHand),
        StatusCode::OnHandNotAuthorised => Some(Report::OnHandNotAuthorised),
        StatusCode::LoadedNotAuthorised | StatusCode::Offloaded => None,
    }
}

fn announce(saying: &mut Saying<'_>, group: &Group<'_>) {
    let message = saying.message;
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
        passenger: passenger(group),
    };
    let content = Content::Announced(Box::new(announcement));
    for plate in &group.bags {
        saying.say(saying.received_at, What::Bag(*plate, content.clone()));
    }
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
        // Who says only that a bag may travel alone says that it may travel.
        None if group.security.and_then(|security| security.to_transport) == Some(true) => {
            Authority::Transport
        }
        None => Authority::Unspecified,
    }
}

fn passenger(group: &Group<'_>) -> PassengerState {
    match group.security.and_then(|security| security.passenger) {
        Some(ingest::PassengerState::Boarded) => PassengerState::Boarded,
        Some(ingest::PassengerState::CheckedIn) => PassengerState::CheckedIn,
        Some(ingest::PassengerState::NotBoarded) => PassengerState::NotBoarded,
        Some(ingest::PassengerState::Standby) => PassengerState::Standby,
        None => PassengerState::Unspecified,
    }
}
