//! What is known of a bag, as far as flights and containers move it. Pure.

use airside_api::baggage::v1::{
    self as stored, AnnouncementChange, Connection, LegRole, Stage, TrackingPoint,
};
use airside_kernel::{DecodeError, RecordedEvent, Timestamp};
use airside_runtime::stored::timestamp;
use prost::Message;
use serde::{Deserialize, Serialize};

use super::connection::Way;
use crate::{
    containers::ContainerId,
    events::{attached, damaged, observation},
    model::{AirportCode, DatedFlight, JourneyId, LicencePlate},
};

/// How many flights are remembered that a bag was told of.
const MAX_TOLD: usize = 8;
/// How many legs are looked at, and how many reads are remembered.
const MAX_LEGS: usize = 8;
const MAX_READS: usize = 8;

/// A fact of a plate.
pub(super) enum Fact<'a> {
    Observed(String, Said),
    Attached(&'a str, JourneyId),
    Status(JourneyId, Status),
}

/// What the status of a journey says that is of use here.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) flight: Option<DatedFlight>,
    pub(super) stage: Stage,
    /// What it is in, and since when.
    pub(super) stowed: Option<(ContainerId, Timestamp)>,
}

/// What an observation says that is of use here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Said {
    Route { station: AirportCode, legs: Vec<Leg> },
    Seen(Seen),
}

/// A leg of the route, in the order of travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Leg {
    pub(super) flight: DatedFlight,
    /// Where it begins, as far as that was told.
    pub(super) from: Option<AirportCode>,
    /// Whether the bag came by it to where it was announced.
    pub(super) is_inbound: bool,
}

/// Two flights of a route, and where the bag changes from the one to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) inbound: DatedFlight,
    pub(super) outbound: DatedFlight,
    pub(super) station: AirportCode,
}

/// A sighting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) station: AirportCode,
    at: Timestamp,
    point: i32,
}

/// A bag on its journey.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Bag {
    pub(super) plate: LicencePlate,
    /// Where it was announced or seen last.
    pub(super) station: AirportCode,
    /// The flight of its present leg, as it is published.
    present: Option<DatedFlight>,
    legs: Vec<Leg>,
    /// At which of its legs it changes next: from this one to the one after.
    next_change: usize,
    /// What was read last, by the times; a route that is told late is walked by it.
    reads: Vec<Seen>,
    /// Whether its passenger has it.
    pub(super) is_over: bool,
    /// What it was put into, and when.
    pub(super) stowed: Option<(ContainerId, Timestamp)>,
    pub(super) way: Way,
    connection: i32,
    /// Up to which place of each flight's stream it was told.
    told: Vec<(DatedFlight, u64)>,
    /// The day on which it was heard of last.
    pub(super) heard: i64,
}

impl Bag {
    pub(super) fn new(plate: LicencePlate, station: AirportCode) -> Self {
        Self {
            plate,
            station,
            present: None,
            legs: Vec::new(),
            next_change: 0,
            reads: Vec::new(),
            is_over: false,
            stowed: None,
            way: Way::default(),
            connection: Connection::Unspecified.into(),
            told: Vec::new(),
            heard: 0,
        }
    }

    /// Returns the flights that it has to do with; some may be named twice.
    pub(super) fn flights(&self) -> impl Iterator<Item = DatedFlight> + '_ {
        self.present.into_iter().chain(self.legs.iter().map(|leg| leg.flight))
    }

    /// Returns the flights that it is to leave on, or is on.
    pub(super) fn leaves_on(&self) -> impl Iterator<Item = DatedFlight> + '_ {
        let outward = self.legs.iter().filter(|leg| !leg.is_inbound).map(|leg| leg.flight);
        self.present.into_iter().chain(outward.filter(|flight| self.present != Some(*flight)))
    }

    /// Whether what happens on the leg of a flight that begins at an airport is this bag's concern.
    pub(super) fn is_on_leg(&self, flight: DatedFlight, from: Option<AirportCode>) -> bool {
        let own = self.legs.iter().find(|leg| leg.flight == flight).and_then(|leg| leg.from);
        from.is_none_or(|from| own.is_none_or(|own| own == from))
    }

    /// Returns where it changes next, as far as its route was told.
    pub(super) fn change(&self) -> Option<Change> {
        self.change_at(self.next_change)
    }

    fn change_at(&self, place: usize) -> Option<Change> {
        let [came, goes] = self.legs.get(place..)?.first_chunk::<2>()?;
        Some(Change { inbound: came.flight, outbound: goes.flight, station: goes.from? })
    }

    pub(super) fn connection(&self) -> Connection {
        Connection::try_from(self.connection).unwrap_or_default()
    }

    pub(super) fn judged(&mut self, connection: Connection) {
        self.connection = connection.into();
    }

    pub(super) fn told_up_to(&self, flight: DatedFlight) -> Option<u64> {
        self.told.iter().find(|(told, _)| *told == flight).map(|(_, revision)| *revision)
    }

    pub(super) fn told(&mut self, flight: DatedFlight, revision: u64) {
        self.told.retain(|(told, _)| *told != flight);
        if self.told.len() == MAX_TOLD {
            self.told.remove(0);
        }
        self.told.push((flight, revision));
    }

    pub(super) fn status(&mut self, status: Status) {
        self.present = status.flight;
        self.is_over = status.stage == Stage::Collected;
        self.stowed = status.stowed;
    }

    pub(super) fn take(&mut self, said: &Said) {
        match said {
            Said::Route { station, legs } => {
                self.station = *station;
                self.lead(legs);
            }
            Said::Seen(seen) => {
                self.station = seen.station;
                let place = self.reads.partition_point(|read| read.at <= seen.at);
                self.reads.insert(place, seen.clone());
                if self.reads.len() > MAX_READS {
                    self.reads.remove(0);
                }
                self.walk(seen);
            }
        }
    }

    /// Takes over a route; one that changes elsewhere is walked anew, by what was read before.
    fn lead(&mut self, legs: &[Leg]) {
        let before = self.change();
        self.legs = legs.to_vec();
        let same = (0..legs.len()).find(|place| before.is_some() && self.change_at(*place) == before);
        if let Some(place) = same {
            self.next_change = place;
            return;
        }
        self.next_change = 0;
        (self.way, self.connection) = (Way::Coming, Connection::Unspecified.into());
        for read in self.reads.clone() {
            self.walk(&read);
        }
    }

    /// A bag that is seen where it changes later has made the changes before.
    fn come_to(&mut self, station: AirportCode) {
        let later = self.legs.iter().skip(self.next_change + 2).position(|leg| leg.from == Some(station));
        if let Some(place) = later {
            self.next_change += place + 1;
            (self.way, self.connection) = (Way::Coming, Connection::Unspecified.into());
        }
    }

    /// Takes in how far a sighting brings the bag from its inbound to its outbound flight.
    fn walk(&mut self, seen: &Seen) {
        self.come_to(seen.station);
        if self.change().is_none_or(|change| change.station != seen.station) {
            return;
        }
        self.way = match (TrackingPoint::try_from(seen.point).unwrap_or_default(), self.way) {
            (_, Way::Through(at)) => Way::Through(at),
            (TrackingPoint::AircraftUnload, Way::Coming) => Way::Unloaded(seen.at),
            (
                TrackingPoint::TransferInjection | TrackingPoint::BhsInduction,
                Way::Coming | Way::Unloaded(_),
            ) => Way::Injected(seen.at),
            (
                TrackingPoint::StoreIn
                | TrackingPoint::Sortation
                | TrackingPoint::ContainerLoad
                | TrackingPoint::AircraftSide
                | TrackingPoint::AircraftLoad,
                _,
            ) => Way::Through(seen.at),
            (TrackingPoint::ArrivalInjection | TrackingPoint::ReclaimBelt | TrackingPoint::Collection, _) => {
                Way::Left
            }
            (_, way) => way,
        };
    }
}

/// Reads an event of a plate; `None` when it says nothing of use here.
pub(super) fn read(event: &RecordedEvent) -> Result<Option<Fact<'_>>, DecodeError> {
    let bytes = event.payload();
    match event.event_type() {
        "baggage.ObservationAttached" => {
            attached(event).map(|(id, journey)| Some(Fact::Attached(id, journey)))
        }
        "baggage.BagStatusChanged" => {
            event.type_up_to(1)?;
            let changed = stored::BagStatusChanged::decode(bytes).map_err(damaged)?;
            let journey = changed.journey_id.parse().map(JourneyId);
            let journey = journey.map_err(|_| DecodeError::malformed("journey id", "it is no UUID"))?;
            Ok(Some(Fact::Status(journey, status(&changed.status.unwrap_or_default()))))
        }
        "baggage.BagAnnounced" => {
            event.type_up_to(1)?;
            let announced = stored::BagAnnounced::decode(bytes).map_err(damaged)?;
            if announced.change() == AnnouncementChange::Deleted || announced.legs.is_empty() {
                return Ok(None);
            }
            let observation = observation(announced.observation)?;
            let legs = legs(&announced.legs, observation.station);
            Ok(Some(Fact::Observed(observation.id, Said::Route { station: observation.station, legs })))
        }
        "baggage.BagScanned" => {
            event.type_up_to(1)?;
            let scanned = stored::BagScanned::decode(bytes).map_err(damaged)?;
            let observation = observation(scanned.observation)?;
            let at = observation.happened_at();
            let seen = Seen { station: observation.station, at, point: scanned.point };
            Ok(Some(Fact::Observed(observation.id, Said::Seen(seen))))
        }
        _ => Ok(None),
    }
}

fn status(status: &stored::BagStatus) -> Status {
    let container = status.stowage.as_ref().and_then(|stowage| stowage.container.parse().ok());
    // What was stored before says not since when: it was seen in it then at the latest.
    let since = status.stowed_at.as_ref().or(status.seen_at.as_ref()).and_then(timestamp);
    Status { flight: status.flight.parse().ok(), stage: status.stage(), stowed: container.zip(since) }
}

/// Returns the legs of an announcement in the order of travel: those that tell a flight.
fn legs(told: &[stored::Leg], station: AirportCode) -> Vec<Leg> {
    let mut from = Some(station);
    let mut legs = Vec::new();
    for leg in told.iter().take(MAX_LEGS) {
        let airport = leg.airport.parse().ok();
        let is_inbound = leg.role() == LegRole::Inbound;
        if let Ok(flight) = leg.flight.parse() {
            legs.push(Leg { flight, from: if is_inbound { airport } else { from }, is_inbound });
        }
        if !is_inbound {
            from = airport;
        }
    }
    legs.sort_by_key(|leg| !leg.is_inbound);
    legs
}

#[cfg(test)]
impl Seen {
    /// Makes a read by hand.
    pub(super) fn at(station: &str, at: Timestamp, point: TrackingPoint) -> Self {
        Self { station: station.parse().unwrap(), at, point: point.into() }
    }
}
