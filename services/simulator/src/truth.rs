//! The ground truth of a simulated airport: what really happens, before any system reports it.
//!
//! One [`Airport`] is one wave of traffic at Shenzhen (SZX): departures, arrivals, passengers,
//! bags and every timed step of each bag's way. It grows from a [`Plan`] alone, with a seeded
//! generator and without a clock, so the same plan gives the same airport.
//!
//! The wave lies around the plan's anchor, normally the present instant: check-in begins some
//! three hours before it, the last flight leaves about an hour after it. A server that compares
//! dates with its own clock therefore finds nothing odd, however fast the wave is played.

mod flights;
mod noise;
mod people;
mod tags;
mod ways;
mod words;

#[cfg(test)]
mod tests;

use airside_api::baggage::v1::{LinkKind, Stage, TrackingPoint};
use jiff::tz::{self, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

pub use noise::Noise;
pub(crate) use ways::CLOSES_S;

/// The airport that is simulated.
pub const STATION: &str = "SZX";

/// The venue whose gates and belts the flights use.
pub const VENUE: &str = "lingnan";

/// Leading digits that an airline may choose for its own tags (0 and 3 to 9).
const LEADING: [u8; 8] = [0, 3, 4, 5, 6, 7, 8, 9];
/// Schedules are known this long before the first departure of a wave, seconds.
const KNOWN_BEFORE_S: i64 = 172 * 60;

/// What an airport is grown from.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Chooses everything that is chosen.
    pub seed: u64,
    /// Number of the wave, from 0; no two waves share a flight, a plate or a person.
    pub wave: u32,
    /// The instant around which the wave lies.
    pub anchor: Timestamp,
    /// Flights that leave; default 12.
    pub departures: usize,
    /// Flights that arrive; default 4.
    pub arrivals: usize,
    /// Passengers on each flight; default 24.
    pub passengers_per_flight: usize,
    /// Passengers who hold a session of notices; default 96.
    pub sessions: usize,
    /// Passengers of a departure who come from an arrival, as a share of 1; default 0.
    pub connecting: f64,
    /// How the flights lie around the anchor; default a wave.
    pub layout: Layout,
    /// How often things go otherwise; default as in a demo.
    pub noise: Noise,
}

/// How the flights of an airport lie around the anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One bank of departures and one of arrivals around it, each played to its end.
    Wave,
    /// Traffic of this length that ends at it; what would happen later does not.
    Day(SignedDuration),
}

impl Plan {
    /// Returns the plan of a first wave of the usual size.
    pub fn new(seed: u64, anchor: Timestamp) -> Self {
        Self {
            seed,
            wave: 0,
            anchor,
            departures: 12,
            arrivals: 4,
            passengers_per_flight: 24,
            sessions: 96,
            connecting: 0.0,
            layout: Layout::Wave,
            noise: Noise::demo(),
        }
    }

    /// Returns whether something at an instant happens in this plan.
    pub fn has_come(&self, at: Timestamp) -> bool {
        self.layout == Layout::Wave || at <= self.anchor
    }
}

/// One wave of traffic as it really is.
#[derive(Debug, Clone, PartialEq)]
pub struct Airport {
    /// The plan that it grew from.
    pub plan: Plan,
    /// Departures, then arrivals.
    pub flights: Vec<Flight>,
    /// Passengers, flight by flight.
    pub passengers: Vec<Passenger>,
    /// Bags, passenger by passenger.
    pub bags: Vec<Bag>,
}

impl Airport {
    /// Grows the airport of a plan.
    pub fn grow(plan: &Plan) -> Self {
        let mix = plan.seed ^ u64::from(plan.wave).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut rng = StdRng::seed_from_u64(mix);
        let flights = flights::grow(plan, &mut rng);
        let mut passengers = people::grow(plan, &flights, &mut rng);
        let mut bags = ways::grow(plan, &flights, &mut passengers, &mut rng);
        tags::grow(plan, &flights, &passengers, &mut bags, &mut rng);
        people::choose_watchers(plan.sessions, &mut passengers, &mut rng);
        Self { plan: plan.clone(), flights, passengers, bags }
    }

    /// Returns when its systems know the schedules.
    pub fn opens_at(&self) -> Timestamp {
        match self.plan.layout {
            Layout::Day(length) => shifted(self.plan.anchor, -length),
            Layout::Wave => {
                let first = self.flights.first().map_or(self.plan.anchor, |it| it.scheduled_departure);
                later(first, -KNOWN_BEFORE_S)
            }
        }
    }

    /// Returns whether its airline has announced a bag by the end.
    pub fn is_announced(&self, bag: &Bag) -> bool {
        let passenger = &self.passengers[bag.passenger];
        passenger.announcement != Announcement::Missing && self.plan.has_come(passenger.checked_in_at)
    }

    /// Returns the passengers who hold a session, with their indexes.
    pub fn watchers(&self) -> impl Iterator<Item = (usize, &Passenger)> {
        self.passengers.iter().enumerate().filter(|(_, passenger)| passenger.watches)
    }
}

/// A flight as it really goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// Flight id, such as `ZH9101-20261120`.
    pub id: String,
    /// Designator, such as `ZH9101`.
    pub designator: String,
    /// True when it leaves from here.
    pub departs: bool,
    /// IATA code of the departure airport.
    pub origin: &'static str,
    /// IATA code of the arrival airport.
    pub destination: &'static str,
    /// Scheduled departure.
    pub scheduled_departure: Timestamp,
    /// Scheduled arrival.
    pub scheduled_arrival: Timestamp,
    /// Marketing designator of the same flight, when there is one.
    pub codeshare: Option<String>,
    /// First departure gate; empty for an arrival.
    pub gate: String,
    /// The gate that it changes to.
    pub new_gate: Option<String>,
    /// First reclaim belt; empty for a departure.
    pub belt: String,
    /// The belt that it changes to.
    pub new_belt: Option<String>,
    /// How late it leaves; for an arrival, how late it lands.
    pub delay: SignedDuration,
    /// True when it does not operate after all.
    pub cancelled: bool,
}

impl Flight {
    /// Returns when it really leaves.
    pub fn departure(&self) -> Timestamp {
        shifted(self.scheduled_departure, self.delay)
    }

    /// Returns when it really lands.
    pub fn arrival(&self) -> Timestamp {
        shifted(self.scheduled_arrival, self.delay)
    }

    /// Returns the belt that its bags come to in the end.
    pub fn final_belt(&self) -> &str {
        self.new_belt.as_deref().unwrap_or(&self.belt)
    }
}

/// A passenger; every name is synthetic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passenger {
    /// Who they are to the server.
    pub person: Uuid,
    /// Surname as on the bag tag.
    pub surname: String,
    /// Given name.
    pub given_name: String,
    /// Record locator of the booking.
    pub record_locator: String,
    /// Seat, such as `32A`.
    pub seat: String,
    /// Index of the flight that they travel on.
    pub flight: usize,
    /// Index of the flight that brings them here, for a connection.
    pub inbound: Option<usize>,
    /// False when their inbound flight came too late for them to board.
    pub connects: bool,
    /// When they check in; for who arrives, when their bags were announced.
    pub checked_in_at: Timestamp,
    /// How their bags are announced.
    pub announcement: Announcement,
    /// True when they hold a session of notices.
    pub watches: bool,
    /// True when their session is cut in a tunnel once and resumes.
    pub tunnel: bool,
    /// Indexes of their bags; serials are consecutive.
    pub bags: Vec<usize>,
}

impl Passenger {
    /// Returns whether they are read at the gate.
    pub fn boards(&self, flight: &Flight) -> bool {
        flight.departs && !flight.cancelled && self.connects && self.announcement != Announcement::NoShow
    }
}

/// How the airline announces the bags of a passenger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announcement {
    /// One BSM.
    Plain,
    /// A BSM, then a CHG that adds an exception code.
    Prioritised,
    /// A BSM for another flight, then a CHG to the real one.
    Rebooked {
        /// Index of the flight of the first BSM.
        from: usize,
    },
    /// None: the airline forgot, scans are all there is.
    Missing,
    /// A BSM, then a DEL before the bag was ever seen.
    Withdrawn,
    /// A BSM, then a DEL or a BUM after loading because the passenger did not board; the bag comes off.
    NoShow,
}

/// A bag and its real way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bag {
    /// Ten-digit licence plate, as its passenger knows it.
    pub plate: String,
    /// Index of its passenger.
    pub passenger: usize,
    /// Index of the flight that it really travels on in the end.
    pub flight: usize,
    /// Its steps, in order of time.
    pub way: Vec<Step>,
    /// The flights that left without it although it was to be on board, with when they left.
    pub left_by: Vec<(usize, Timestamp)>,
    /// When it was announced anew for a later flight, and which.
    pub reflight: Option<(usize, Timestamp)>,
    /// The tag that it gets on its way, in place of the first.
    pub new_tag: Option<NewTag>,
    /// True when another bag wore its plate some days before.
    pub plate_is_reused: bool,
    /// True when another passenger's bag wears its plate on the same day.
    pub has_twin: bool,
    /// What a perfect observer says of it at the end.
    pub outcome: Outcome,
}

impl Bag {
    /// Returns whether its last step was told by anybody: of a bag that no reader saw again,
    /// nobody can know where it is.
    pub fn is_knowable(&self) -> bool {
        self.way.last().is_none_or(|step| step.told_by != Teller::Nobody)
    }

    /// Returns the plate that it wears at an instant.
    pub fn plate_at(&self, at: Timestamp) -> &str {
        self.new_tag.as_ref().filter(|tag| tag.at <= at).map_or(&self.plate, |tag| &tag.plate)
    }

    /// Returns the plate that it wore when it was last seen.
    pub fn plate_last_seen(&self) -> &str {
        self.way.last().map_or(&self.plate, |step| self.plate_at(step.at))
    }

    /// Returns whether it ever wears a plate.
    pub fn wears(&self, plate: &str) -> bool {
        self.plate == plate || self.new_tag.as_ref().is_some_and(|tag| tag.plate == plate)
    }
}

/// A tag that a bag gets on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTag {
    /// Its ten-digit licence plate.
    pub plate: String,
    /// Index of the flight that it is announced for.
    pub flight: usize,
    /// Since when the bag wears it.
    pub at: Timestamp,
    /// What it goes on from: a rush tag, or one in place of a torn one.
    pub kind: LinkKind,
}

/// Where a bag ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Its stage; of no interest after an offload.
    pub stage: Stage,
    /// True when it was taken off or must come off.
    pub offload: bool,
    /// True when its flight left without it and no other has taken it.
    pub left_behind: bool,
    /// True when its flight has left without it so lately that nobody need say so yet.
    pub just_left: bool,
}

/// One step of a bag's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When it happens.
    pub at: Timestamp,
    /// At which point.
    pub point: TrackingPoint,
    /// Index of the flight that the bag is handled for.
    pub flight: usize,
    /// Chute, stand or belt; may be empty.
    pub location: String,
    /// The reader that sees it.
    pub reader: &'static str,
    /// Container or hold, when it is put into one.
    pub container: Option<String>,
    /// Who tells of it.
    pub told_by: Teller,
}

/// The interface that reports a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// A typed scan.
    Scan,
    /// An RP 1745 baggage processed message.
    ProcessedMessage,
    /// A report that its container went on board.
    Container,
    /// Nobody: the reader found no tag.
    Nobody,
}

/// Returns the instant `seconds` later; earlier when negative.
pub(crate) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    shifted(at, SignedDuration::from_secs(seconds))
}

/// Returns true as often as a rate says.
pub(crate) fn chance(rng: &mut StdRng, rate: f64) -> bool {
    rng.random::<f64>() < rate
}

/// Returns the local time at the airport. China has had one offset and no summer time since
/// 1991, so no time zone database is needed.
pub(crate) fn local(at: Timestamp) -> Zoned {
    at.to_zoned(TimeZone::fixed(tz::offset(8)))
}

/// Returns the instant later by a duration; the same when there is none.
pub(crate) fn shifted(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}
