//! What the typed elements hold. Codes that RP 1745 does not list read as absent; their text
//! stays in the element.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::{AirportCode, DatedFlight, FlightDesignator, LicencePlate};

/// Text that tells who somebody is: a name, a record locator, a seat, an agent. Its `Debug` shows
/// nothing of it, so that it cannot slip into a log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PersonalText<'a>(&'a str);

/// `.V`: which airport the message speaks for, and which part of what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version<'a> {
    /// Where the bag comes from, as that airport sees it.
    pub source: Option<Source>,
    /// The airport that the message is for; its zone is the zone of local times.
    pub airport: Option<AirportCode>,
    /// Number of this part, 1 to 99.
    pub part: Option<u8>,
    /// The sender's reference, up to ten characters; parts of one message share it.
    pub reference: Option<&'a str>,
    /// Whether the sender asks for a BCM BAM.
    pub wants_acknowledgement: bool,
}

/// Where a bag comes from, as the airport in `.V` sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// L: its journey begins here.
    Local,
    /// T: it changes flights here.
    Transfer,
    /// X: its journey ends here.
    Terminating,
    /// R: it was accepted elsewhere on the ground.
    Remote,
}

/// A day and month as a message writes it, with the year found from the time of receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageDate {
    /// Day as written, 0 to 99.
    pub day: u8,
    /// Month, 1 to 12.
    pub month: u8,
    /// The date; `None` when the years around receipt have no such day.
    pub date: Option<Date>,
}

/// A flight of `.F`, `.I`, `.O`, or the connection in `.U`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// The flight; `None` when it could not be read.
    pub designator: Option<FlightDesignator>,
    /// Its day.
    pub date: Option<MessageDate>,
    /// The airport at the other end: destination in `.F` and `.O`, origin in `.I`.
    pub airport: Option<AirportCode>,
    /// Class of travel.
    pub class: Option<char>,
}

/// `.J`: when, where and how a bag was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processing<'a> {
    /// What was done.
    pub kind: Option<ProcessingKind>,
    /// Who did it.
    pub agent: Option<PersonalText<'a>>,
    /// The reader.
    pub scanner: Option<&'a str>,
    /// The day as written.
    pub date: Option<MessageDate>,
    /// When; `None` when day or time could not be read.
    pub time: Option<EventTime>,
    /// Where it was read.
    pub location: Option<&'a str>,
    /// Where it was sent.
    pub sent_to: Option<&'a str>,
}

/// What a BPM says was done with a bag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessingKind {
    /// R: matched against its passenger and flight.
    Reconciled,
    /// S: sorted.
    Sorted,
    /// G: tracked on the ground.
    GroundTracked,
    /// H: read by hand.
    HandScanned,
}

/// An instant from a message's local or UTC time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTime {
    /// The instant.
    pub at: Timestamp,
    /// Whether it was moved out of the hour that a clock change skipped.
    pub shifted: bool,
}

/// `.B`: an irregularity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    /// The code, when RP 1745 lists it.
    pub code: Option<StatusCode>,
    /// The code as it came.
    pub text: &'a str,
    /// The plates that it names; empty when it names none and speaks of its whole group.
    pub bags: Vec<LicencePlate>,
}

/// Irregularities that RP 1745 lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusCode {
    /// NAL: loaded without authority.
    LoadedNotAuthorised,
    /// OFF: taken off.
    Offloaded,
    /// UNS: not seen.
    Unseen,
    /// OND: on hand, not authorised.
    OnHandNotAuthorised,
    /// ONA: on hand, authorised.
    OnHandAuthorised,
}

/// `.S`: authority for the bag, and its passenger's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecurityData<'a> {
    /// Authority to load. Where a group says both, `false` wins.
    pub to_load: Option<bool>,
    /// The passenger's seat.
    pub seat: Option<PersonalText<'a>>,
    /// The passenger's state.
    pub passenger: Option<PassengerState>,
    /// The passenger's check-in sequence number.
    pub sequence: Option<PersonalText<'a>>,
    /// The passenger's security number.
    pub security_number: Option<PersonalText<'a>>,
    /// The passenger's profile.
    pub profile: Option<PersonalText<'a>>,
    /// Authority to transport.
    pub to_transport: Option<bool>,
    /// Whether the tag is active.
    pub tag_active: Option<bool>,
}

/// State of a bag's passenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassengerState {
    /// B: on board.
    Boarded,
    /// C: checked in.
    CheckedIn,
    /// N: not boarded.
    NotBoarded,
    /// S: on standby.
    Standby,
}

/// `.U`: what bags travel in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stowage<'a> {
    /// Container, cart or hold, such as `AKE12345ZH` or `H4`. Being in it is not being on board.
    pub container: Option<&'a str>,
    /// Compartment of the aircraft.
    pub compartment: Option<&'a str>,
    /// Type of baggage in it.
    pub baggage_type: Option<&'a str>,
    /// Class of baggage in it.
    pub class: Option<&'a str>,
    /// Where the container goes.
    pub destination: Option<AirportCode>,
    /// Whether it is sealed.
    pub sealed: Option<bool>,
    /// The flight that it connects to.
    pub connection: Option<Flight>,
}

/// `.W`: pieces and weight of a passenger's bags together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight<'a> {
    /// Unit of the weights.
    pub unit: Option<WeightUnit>,
    /// Number of bags.
    pub pieces: Option<u16>,
    /// Weight of checked bags, in `unit`.
    pub checked: Option<u32>,
    /// Weight of unchecked bags, in `unit`.
    pub unchecked: Option<u32>,
    /// Size of the largest bag.
    pub size: Option<BagSize>,
    /// Kind of bag, as it came.
    pub kind: Option<&'a str>,
}

/// Size of a bag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BagSize {
    /// Unit of the sizes.
    pub unit: Option<SizeUnit>,
    /// Length, in `unit`.
    pub length: Option<u32>,
    /// Width, in `unit`.
    pub width: Option<u32>,
    /// Height, in `unit`.
    pub height: Option<u32>,
}

/// Unit of the sizes in a `.W`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeUnit {
    /// CM.
    Centimetres,
    /// IN.
    Inches,
}

/// Unit of a `.W`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightUnit {
    /// K: kilograms.
    Kilograms,
    /// L: pounds.
    Pounds,
    /// P: pieces only.
    Pieces,
}

/// `.P`: a passenger, or several of one surname.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassengerName<'a> {
    /// How many passengers it says it names.
    pub count: Option<u8>,
    /// `SURNAME/GIVEN/GIVEN`, without the count.
    pub full: PersonalText<'a>,
}

/// `.X`: screening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screening<'a> {
    /// Whether the bag is to be screened (SEL); often left empty.
    pub selected: Option<bool>,
    /// What came of it.
    pub result: Option<ScreeningResult>,
    /// Why.
    pub reason: Option<&'a str>,
    /// How: D, E, C, N or T.
    pub method: Option<&'a str>,
    /// Who or what screened.
    pub autograph: Option<PersonalText<'a>>,
    /// Free text.
    pub note: Option<PersonalText<'a>>,
}

/// Result of screening. Never shown to passengers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreeningResult {
    /// CLR.
    Cleared,
    /// UCL.
    Uncleared,
    /// REJ, or REF in some systems.
    Rejected,
}

impl<'a> PersonalText<'a> {
    /// Wraps text that may be empty; empty text is absent.
    pub(super) fn new(text: &'a str) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    /// Wraps text that may be empty and is present even then.
    pub(super) fn whole(text: &'a str) -> Self {
        Self(text)
    }

    /// Returns the text, to be sealed or compared, never logged.
    pub fn reveal(&self) -> &'a str {
        self.0
    }
}

impl<'a> PassengerName<'a> {
    /// Returns the surname as it came.
    pub fn surname(&self) -> PersonalText<'a> {
        PersonalText(self.full.0.split('/').next().unwrap_or_default())
    }

    /// Returns the given names as they came, titles glued to them included.
    pub fn given(&self) -> impl Iterator<Item = PersonalText<'a>> + use<'a> {
        self.full.0.split('/').skip(1).map(PersonalText)
    }
}

impl Flight {
    /// Returns the flight with its day, when both could be read.
    pub fn dated(&self) -> Option<DatedFlight> {
        Some(DatedFlight { designator: self.designator?, date: self.date?.date? })
    }
}

impl fmt::Debug for PersonalText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}
