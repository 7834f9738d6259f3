//! What somebody saw or said of a bag, as one value of the domain.
//!
//! Points, stages and authorities are the published words of
//! `airside.baggage.v1`; they are used as they are, so that there is one list.

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, Connection, FlightTurn, LegRole, LinkKind, PassengerState, Report,
    Screening, TrackingPoint,
};
use airside_kernel::{Cause, Personal, Revision, SubjectId, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AirportCode, DatedFlight};
use crate::sources::clock::TOLERANCE_MS;

/// Published words in state that is kept: their numbers.
mod published {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<E: Into<i32> + Copy, S: Serializer>(
        word: &E,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32((*word).into())
    }

    pub(super) fn deserialize<'de, E: TryFrom<i32>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<E, D::Error> {
        let number = i32::deserialize(deserializer)?;
        E::try_from(number).map_err(|_| D::Error::custom("a published word has an unknown number"))
    }
}

/// Names one journey of a bag (UUIDv7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct JourneyId(pub Uuid);

impl std::fmt::Display for JourneyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl JourneyId {
    /// Returns the subject whose key seals what is personal in this journey.
    pub fn subject(self) -> SubjectId {
        SubjectId::new(self.0)
    }
}

/// The part that every observation shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Its id: the scan id with its source, or the message and its index.
    pub id: String,
    /// The source that made it.
    pub source: String,
    /// The airport where it was made.
    pub station: AirportCode,
    /// When, by the observer's clock.
    #[serde(with = "jiff::fmt::serde::timestamp::nanosecond::required")]
    pub observed_at: Timestamp,
    /// The stored message behind it; absent for a typed scan.
    pub cause: Option<Cause>,
    /// The parser that read the message; absent for a typed scan.
    pub parser_version: Option<u32>,
    /// When the gateway had it; absent in what was stored before this was.
    #[serde(with = "jiff::fmt::serde::timestamp::nanosecond::optional")]
    pub received_at: Option<Timestamp>,
    /// By how much its source's clock was estimated to be ahead when it was recorded, in milliseconds;
    /// negative when behind. At least so much that it did not happen after it was received.
    pub clock_ahead_ms: i64,
}

impl Observation {
    /// Returns when it happened, as far as the observer's clock is known: by that
    /// clock, less what it is ahead.
    pub fn happened_at(&self) -> Timestamp {
        if self.clock_ahead_ms == 0 {
            return self.observed_at;
        }
        let ahead = SignedDuration::from_millis(self.clock_ahead_ms);
        self.observed_at.saturating_sub(ahead).expect("a signed duration is no calendar span")
    }

    /// Takes its receipt for when it happened, if it would have happened after that. Within the
    /// tolerance of clocks it keeps its time, by which what is sent together keeps its order.
    pub(crate) fn bound_by_receipt(&mut self) {
        let Some(received_at) = self.received_at else { return };
        let ahead_ms = |at: Timestamp| at.as_millisecond() - received_at.as_millisecond();
        if ahead_ms(self.happened_at()) > TOLERANCE_MS {
            self.clock_ahead_ms = ahead_ms(self.observed_at);
        }
    }

    /// Returns where it stands among those of its journey: by when it happened, and at the latest when
    /// it was received; what was received together by its own clock, then as its source sent it, then
    /// by id. So two messages of one instant keep their order, and a clock that is a little ahead
    /// puts nothing behind what came after it.
    pub(crate) fn order(&self) -> (Timestamp, Timestamp, Revision, u32, &str) {
        let happened_at = self.happened_at();
        let had_happened_by =
            self.received_at.map_or(happened_at, |received_at| received_at.min(happened_at));
        let sent = self.cause.as_ref().map_or((Revision::FIRST, 0), |cause| (cause.revision, cause.index));
        (had_happened_by, happened_at, sent.0, sent.1, &self.id)
    }
}

/// Returns the id of a typed scan's observation.
pub fn scan_observation_id(source: &str, scan_id: &str) -> String {
    format!("s/{source}/{scan_id}")
}

/// Returns the id of what a stored message says, by its index in the message.
pub fn message_observation_id(source: &str, message: Revision, index: u32) -> String {
    format!("m/{source}/{message}/{index}")
}

/// Returns the id of what a source says of a link, the same each time it says so.
pub fn link_observation_id(source: &str, link: &Link) -> String {
    let other = link.other_journey.map_or_else(|| link.other.clone(), |other| other.to_string());
    format!("l/{source}/{}/{}/{other}/{}", link.journey, i32::from(link.kind), link.continues)
}

/// Returns the stored message behind an observation and the index in it, when a message is behind it.
pub fn observation_message(id: &str) -> Option<(Revision, u32)> {
    let mut items = id.strip_prefix("m/")?.split('/').skip(1);
    Some((Revision(items.next()?.parse().ok()?), items.next()?.parse().ok()?))
}

/// The longest name of a reader, location, container or compartment, in characters.
const MAX_PLACE_CHARS: usize = 64;

/// Returns what is wrong with the name of a reader, location, container or
/// compartment, if anything. It may be empty.
pub fn place_problem(text: &str) -> Option<&'static str> {
    if text.chars().any(char::is_control) {
        return Some("it holds a control character; send visible text");
    }
    (text.chars().count() > MAX_PLACE_CHARS).then_some("it is longer than 64 characters; send a shorter one")
}

/// Returns a container, cart or hold as it is spelled everywhere here: in upper case,
/// without space around it. Sources spell one container in several ways.
pub fn container_sign(text: &str) -> String {
    text.trim().to_ascii_uppercase()
}

/// The shortest and the longest RFID code, in hexadecimal digits.
const CODE_DIGITS: std::ops::RangeInclusive<usize> = 8..=64;
/// The longest number of an electronic bag tag.
const MAX_TAG_CHARS: usize = 64;

/// Returns a bag's other identifier as it is kept, in capitals; `None` for a link that has none.
///
/// # Errors
/// What is wrong with it.
pub fn identifier(kind: LinkKind, text: &str) -> Result<Option<String>, &'static str> {
    let is_hex = || CODE_DIGITS.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    let is_tag = || {
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (1..=MAX_TAG_CHARS).contains(&text.len()) && is_plain
    };
    match kind {
        LinkKind::Epc | LinkKind::Tid if !is_hex() => Err("an RFID code is 8 to 64 hexadecimal digits"),
        LinkKind::Ebt if !is_tag() => Err("a tag's number is 1 to 64 letters, digits and hyphens"),
        LinkKind::Epc | LinkKind::Tid | LinkKind::Ebt => Ok(Some(text.to_ascii_uppercase())),
        LinkKind::Unspecified | LinkKind::Rush | LinkKind::Retag | LinkKind::Merged => Ok(None),
    }
}

/// Returns the source in the id of an observation.
pub fn observation_source(id: &str) -> &str {
    id.split('/').nth(1).unwrap_or_default()
}

/// One flight of a route, as the announcing station sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// The flight.
    pub flight: DatedFlight,
    /// The airport at the other end, when it was said.
    pub airport: Option<AirportCode>,
    /// Inbound, outbound or onward.
    #[serde(with = "published")]
    pub role: LegRole,
    /// The flight as it was told, when that is a codeshare of `flight`.
    pub marketed_as: Option<DatedFlight>,
}

/// What an airline announced (BSM).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    /// New, changed or deleted.
    #[serde(with = "published")]
    pub change: AnnouncementChange,
    /// The route in travel order.
    pub legs: Vec<Leg>,
    /// The passengers, `SURNAME/GIVEN`, one a line.
    pub passenger_name: Option<Personal>,
    /// The record locator.
    pub record_locator: Option<Personal>,
    /// Authority to load.
    #[serde(with = "published")]
    pub authority: Authority,
    /// Exception codes.
    pub exceptions: Vec<String>,
    /// What the airline says of the passenger.
    #[serde(with = "published")]
    pub passenger: PassengerState,
}

/// What a reader saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Where on the bag's way.
    #[serde(with = "published")]
    pub point: TrackingPoint,
    /// The reader's own id; may be empty.
    pub reader: String,
    /// Chute, stand or belt; may be empty.
    pub location: String,
    /// The flight that the reader handled the bag for.
    pub leg: Option<Leg>,
    /// Container, cart or hold as [`container_sign`] spells it, and compartment; both may be empty.
    pub stowage: Option<(String, String)>,
    /// Authority as the reader reported it.
    #[serde(with = "published")]
    pub authority: Authority,
    /// True when the position is concluded, such as from the bag's container, and not read.
    /// A container that came off the aircraft is an offload with its stowage; one that was
    /// taken apart is an offload without.
    pub is_inferred: bool,
    /// What screening said.
    #[serde(with = "published")]
    pub screening: Screening,
}

/// What was reported of a bag that nobody saw pass a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// What.
    #[serde(with = "published")]
    pub report: Report,
    /// The flight that it is about.
    pub leg: Option<Leg>,
    /// Where the bag lies; may be empty.
    pub location: String,
}

/// What a flight of the bag did. Its observation has the time of the flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightTurned {
    /// The flight.
    pub flight: DatedFlight,
    /// What it did.
    #[serde(with = "published")]
    pub turn: FlightTurn,
}

/// Whether the bag will reach its connecting flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionJudged {
    /// The flight that it arrives on.
    pub inbound: DatedFlight,
    /// The flight that it leaves on.
    pub outbound: DatedFlight,
    /// The judgement.
    #[serde(with = "published")]
    pub connection: Connection,
    /// Seconds to spare; negative when there are too few.
    pub spare_seconds: i64,
}

/// That a journey belongs together with another, or with another identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The journey of this plate.
    pub journey: JourneyId,
    /// How they belong together.
    #[serde(with = "published")]
    pub kind: LinkKind,
    /// The other journey's plate, or the identifier's value.
    pub other: String,
    /// The other journey; `None` for an identifier.
    pub other_journey: Option<JourneyId>,
    /// Whether the other journey goes on as this one; else this one goes on as the other.
    pub continues: bool,
}

/// What was observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// The airline said so.
    Announced(Box<Announcement>),
    /// A reader saw it.
    Scanned(Sighting),
    /// Somebody reported it, and saw it pass no point.
    Reported(Reported),
    /// Its flight left, came back, landed or does not operate.
    FlightTurned(FlightTurned),
    /// Its connection was judged.
    ConnectionJudged(ConnectionJudged),
    /// It belongs together with something.
    Linked(Box<Link>),
}

impl Link {
    /// Returns whether it says the same of the same journey as another.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.kind, &self.other, self.other_journey, self.continues)
            == (other.kind, &other.other, other.other_journey, other.continues)
    }
}

impl Announcement {
    /// Takes out what is personal.
    pub(crate) fn forget_persons(&mut self) {
        (self.passenger_name, self.record_locator) = (None, None);
    }
}

impl Content {
    /// Returns the legs of the bag that it names, in travel order. What a flight does
    /// names no leg: it says nothing of the bag's route.
    pub fn legs(&self) -> &[Leg] {
        match self {
            Self::Announced(announcement) => &announcement.legs,
            Self::Scanned(Sighting { leg, .. }) | Self::Reported(Reported { leg, .. }) => leg.as_slice(),
            Self::FlightTurned(_) | Self::ConnectionJudged(_) | Self::Linked(_) => &[],
        }
    }

    /// Returns the same legs, to be named anew.
    pub(crate) fn legs_mut(&mut self) -> &mut [Leg] {
        match self {
            Self::Announced(announcement) => &mut announcement.legs,
            Self::Scanned(Sighting { leg, .. }) | Self::Reported(Reported { leg, .. }) => leg.as_mut_slice(),
            Self::FlightTurned(_) | Self::ConnectionJudged(_) | Self::Linked(_) => &mut [],
        }
    }

    /// Returns the flights that it names, a codeshare by both of its numbers.
    pub fn flights(&self) -> impl Iterator<Item = DatedFlight> {
        let beside = match self {
            Self::FlightTurned(turned) => [Some(turned.flight), None],
            Self::ConnectionJudged(judged) => [Some(judged.inbound), Some(judged.outbound)],
            _ => [None, None],
        };
        let legs = self.legs().iter().flat_map(|leg| [Some(leg.flight), leg.marketed_as]);
        legs.chain(beside).flatten()
    }

    /// Returns the container, cart or hold that the bag was put into, if it was.
    pub fn container(&self) -> Option<&str> {
        match self {
            Self::Scanned(Sighting { stowage: Some((container, _)), .. }) if !container.is_empty() => {
                Some(container)
            }
            _ => None,
        }
    }

    /// Returns the airports that it names at the other ends of its flights.
    pub fn airports(&self) -> impl Iterator<Item = AirportCode> {
        self.legs().iter().filter_map(|leg| leg.airport)
    }
}
