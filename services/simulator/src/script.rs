//! What the airport's systems say about the truth, in the order of time.
//!
//! A [`Script`] is a list of calls, each with the instant at which its sender makes it. It holds
//! the noise of real systems on purpose: messages that cannot be read, messages in telex
//! envelopes, scans sent twice, scans sent late, readers that saw a bag and no tag, claims of bags
//! with the wrong name. It is made from an [`Airport`] alone: the same airport, the same script.

mod bags;
mod flights;
mod journeys;
pub mod telex;

#[cfg(test)]
mod tests;

use airside_api::baggage::v1::{ContainerReport, Scan, TrackingPoint};
use airside_api::flights::v1::{FlightReport, PassengerReadReport};
use airside_api::navigation::v1::Profile;
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;

pub(crate) use self::flights::ASK_FROM;
use crate::truth::{Airport, Layout, shifted};

/// The airport's flight database.
pub const SOURCE_FLIGHTS: &str = "aodb";
/// The readers of boarding passes.
pub const SOURCE_GATES: &str = "gates.t3";
/// The airlines' departure control, which announces bags.
pub const SOURCE_DEPARTURE_CONTROL: &str = "dcs";
/// The baggage handling system of the terminal.
pub const SOURCE_HANDLING: &str = "bhs.t3";
/// The baggage system of the arrival hall, whose clock may be behind.
pub const SOURCE_ARRIVALS: &str = "bhs.arrivals";
/// The handlers' hand scanners on the ramp, whose clocks may be ahead.
pub const SOURCE_RAMP: &str = "ramp.t3";
/// What was scanned some days before the traffic begins.
pub const SOURCE_FORMER: &str = "former.t3";

/// Everything that is said in one wave.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// In order of time.
    pub items: Vec<Item>,
}

/// One call, at its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// When the sender makes it, airport time.
    pub at: Timestamp,
    /// What is called.
    pub call: Call,
}

/// What a system or a person calls.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// A raw RP 1745 message.
    Message {
        /// The sending system.
        source: &'static str,
        /// The text.
        text: String,
        /// What is odd about it.
        quirk: MessageQuirk,
        /// What it tells of a single bag.
        tells: Option<Tells>,
    },
    /// A typed scan.
    Scan {
        /// The sending system.
        source: &'static str,
        /// The scan.
        scan: Scan,
        /// Index of the bag that it saw, if it saw its tag.
        bag: Option<usize>,
        /// What is odd about it.
        quirk: ScanQuirk,
    },
    /// An operator says that a bag goes on under its new tag.
    Link {
        /// Index of the bag.
        bag: usize,
    },
    /// A report of a container as a whole.
    Container {
        /// The report.
        report: ContainerReport,
        /// The bags that are inside, by their indexes.
        bags: Vec<usize>,
    },
    /// A report of the flight database.
    Flight(FlightReport),
    /// A passenger read at a point.
    Gate {
        /// The read.
        read: PassengerReadReport,
        /// Index of the passenger.
        passenger: usize,
    },
    /// An operator closes a part of the venue, or opens it again.
    Closure {
        /// True to close.
        closed: bool,
    },
    /// Somebody asks the way.
    Route(RouteAsk),
    /// A passenger does something with their telephone.
    Passenger {
        /// Index of the passenger.
        passenger: usize,
        /// What they do.
        act: Act,
    },
}

/// What a message tells of a bag, by its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// It passed a point.
    Passed(usize, TrackingPoint),
    /// It was moved to a flight, by its index.
    Moved(usize, usize),
}

/// What is odd about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageQuirk {
    /// Nothing.
    Plain,
    /// It comes in a Type B envelope.
    Enveloped,
    /// It cannot be read and names no bag of the truth.
    Malformed,
}

/// What is odd about a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanQuirk {
    /// Nothing.
    Plain,
    /// It is sent long after it was made, or behind the next one of its bag.
    Late,
    /// It was sent before.
    Duplicate,
    /// The reader saw no tag.
    NoRead,
    /// It saw another bag, which wore the same plate days before.
    Former,
}

/// What a passenger does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Follows their flight, with the booking.
    FollowFlight,
    /// Follows a bag of their own, by its index.
    FollowBag {
        /// Index of the bag.
        bag: usize,
        /// True to prove it with the record locator, false with the surname.
        by_locator: bool,
    },
    /// Claims a bag of somebody else; must be answered `NOT_FOUND`.
    ClaimStranger {
        /// Index of the bag.
        bag: usize,
    },
    /// Loses the line.
    EnterTunnel,
    /// Has the line again.
    LeaveTunnel,
}

/// A question for the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteAsk {
    /// Where it begins, as a traveller says it.
    pub from: String,
    /// Where it ends: a gate.
    pub to: String,
    /// How the traveller moves.
    pub profile: Profile,
    /// True for Simplified Chinese, false for English.
    pub chinese: bool,
}

impl Script {
    /// Writes the script of an airport.
    pub fn write(airport: &Airport) -> Self {
        let mix = airport.plan.seed.rotate_left(17) ^ u64::from(airport.plan.wave);
        let mut pen = Pen {
            airport,
            rng: StdRng::seed_from_u64(mix),
            prefix: format!("{:x}.{}", airport.plan.seed & 0xFFFF_FFFF, airport.plan.wave),
            next_id: 0,
            items: Vec::new(),
        };
        flights::write(&mut pen);
        if airport.plan.layout == Layout::Wave {
            flights::write_ways(&mut pen);
        }
        bags::write(&mut pen);
        journeys::write(&mut pen);
        let mut items = pen.items;
        items.sort_by_key(|item| item.at);
        Self { items }
    }

    /// Cuts the script into pieces of so much airport time, so that a piece can be played to its end
    /// before the next begins.
    pub fn cut(self, length: SignedDuration) -> Vec<Self> {
        let mut pieces: Vec<Self> = Vec::new();
        let mut ends = None;
        for item in self.items {
            if ends.is_none_or(|ends| item.at >= ends) {
                ends = Some(shifted(item.at, length));
                pieces.push(Self { items: Vec::new() });
            }
            pieces.last_mut().expect("one was pushed first").items.push(item);
        }
        pieces
    }

    /// Returns when the first and the last call are made; nothing for an empty script.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.items.first()?.at, self.items.last()?.at))
    }
}

/// Collects the items of a script.
struct Pen<'a> {
    airport: &'a Airport,
    rng: StdRng,
    prefix: String,
    next_id: u64,
    items: Vec<Item>,
}

impl Pen<'_> {
    /// Puts what happens at its time; what would happen after the end of the plan does not.
    fn put(&mut self, at: Timestamp, call: Call) {
        if self.airport.plan.has_come(at) {
            self.put_late(at, call);
        }
    }

    /// Puts what is sent at a time, perhaps after the end, because it happened before.
    fn put_late(&mut self, at: Timestamp, call: Call) {
        self.items.push(Item { at, call });
    }

    /// Returns an id that no other report of this seed and wave has.
    fn id(&mut self, kind: char) -> String {
        self.next_id += 1;
        format!("{kind}{}.{:06}", self.prefix, self.next_id)
    }
}

/// Returns an instant as the interfaces carry it.
pub(crate) fn on_the_wire(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

/// Returns an instant that an interface carried; nothing when it is none.
pub(crate) fn off_the_wire(at: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(at.seconds, at.nanos).ok()
}
