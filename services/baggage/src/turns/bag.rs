//! What is known of a bag, as far as flights and containers move it. Pure.

use airside_api::baggage::v1::{
    self as stored, AnnouncementChange, Connection, LegRole, Stage, TrackingPoint,
};
use airside_kernel::{DecodeError, RecordedEvent, Timestamp};
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

/// A fact of a plate.
pub(super) enum Fact<'a> {
    Observed(String, Said),
    Attached(&'a str, JourneyId),
    Status(JourneyId, Option<DatedFlight>, Stage),
}

/// What an observation says that is of use here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Said {
    Route { station: AirportCode, inbound: Option<DatedFlight>, outbound: Option<DatedFlight> },
    Seen(Seen),
}

/// A sighting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) station: AirportCode,
    at: Timestamp,
    point: i32,
    container: Option<ContainerId>,
    is_inferred: bool,
}

/// A bag on its journey.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Bag {
    pub(super) plate: LicencePlate,
    /// Where it was announced or seen last.
    pub(super) station: AirportCode,
    /// The flight of its present leg, as it is published.
    present: Option<DatedFlight>,
    pub(super) inbound: Option<DatedFlight>,
    pub(super) outbound: Option<DatedFlight>,
    /// Where it changes from the one to the other.
    pub(super) meets_at: AirportCode,
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
            inbound: None,
            outbound: None,
            meets_at: station,
            is_over: false,
            stowed: None,
            way: Way::default(),
            connection: Connection::Unspecified.into(),
            told: Vec::new(),
            heard: 0,
        }
    }

    /// Returns the flights that it has to do with; some may be named twice.
    pub(super) fn flights(&self) -> impl Iterator<Item = DatedFlight> + use<> {
        [self.present, self.outbound, self.inbound].into_iter().flatten()
    }

    /// Returns the flights that it is to leave on, or is on.
    pub(super) fn leaves_on(&self) -> impl Iterator<Item = DatedFlight> + use<> {
        let outbound = self.outbound.filter(|flight| self.present != Some(*flight));
        [self.present, outbound].into_iter().flatten()
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

    pub(super) fn status(&mut self, flight: Option<DatedFlight>, stage: Stage) {
        self.present = flight;
        self.is_over = stage == Stage::Collected;
    }

    pub(super) fn take(&mut self, said: &Said) {
        match said {
            Said::Route { station, inbound, outbound } => {
                self.station = *station;
                if (self.inbound, self.outbound) != (*inbound, *outbound) {
                    (self.way, self.connection) = (Way::Coming, Connection::Unspecified.into());
                }
                (self.inbound, self.outbound, self.meets_at) = (*inbound, *outbound, *station);
            }
            Said::Seen(seen) => {
                self.station = seen.station;
                self.stow(seen);
                self.walk(seen);
            }
        }
    }

    /// Takes in what a sighting says of what the bag is in. A read that takes it out of its
    /// container is stronger than what was concluded.
    fn stow(&mut self, seen: &Seen) {
        if self.stowed.as_ref().is_some_and(|(_, since)| seen.at < *since) {
            return;
        }
        match &seen.container {
            Some(container) if self.stowed.as_ref().is_some_and(|(known, _)| known == container) => {}
            Some(_) if seen.is_inferred && self.stowed.is_some() => {}
            Some(container) => self.stowed = Some((container.clone(), seen.at)),
            None if seen.is_inferred => {}
            None => match TrackingPoint::try_from(seen.point).unwrap_or_default() {
                TrackingPoint::Unspecified | TrackingPoint::AircraftSide | TrackingPoint::AircraftLoad => {}
                _ => self.stowed = None,
            },
        }
    }

    /// Takes in how far a sighting brings the bag from its inbound to its outbound flight.
    fn walk(&mut self, seen: &Seen) {
        if self.inbound.is_none() || self.outbound.is_none() || seen.station != self.meets_at {
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

/// Reads an event of a plate; `None` when it says nothing of use here. `ours` is the source of
/// what is told from here.
pub(super) fn read<'a>(event: &'a RecordedEvent, ours: &str) -> Result<Option<Fact<'a>>, DecodeError> {
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
            let status = changed.status.unwrap_or_default();
            let flight = Some(status.flight.as_str()).filter(|flight| !flight.is_empty());
            Ok(Some(Fact::Status(journey, flight.and_then(|flight| flight.parse().ok()), status.stage())))
        }
        "baggage.BagAnnounced" => {
            event.type_up_to(1)?;
            let announced = stored::BagAnnounced::decode(bytes).map_err(damaged)?;
            if announced.change() == AnnouncementChange::Deleted || announced.legs.is_empty() {
                return Ok(None);
            }
            let flight = |role: LegRole| {
                let leg = announced.legs.iter().find(|leg| leg.role() == role);
                leg.and_then(|leg| leg.flight.parse::<DatedFlight>().ok())
            };
            let (inbound, outbound) = (flight(LegRole::Inbound), flight(LegRole::Outbound));
            let observation = observation(announced.observation)?;
            let said = Said::Route { station: observation.station, inbound, outbound };
            Ok(Some(Fact::Observed(observation.id, said)))
        }
        "baggage.BagScanned" => {
            event.type_up_to(1)?;
            let scanned = stored::BagScanned::decode(bytes).map_err(damaged)?;
            let observation = observation(scanned.observation)?;
            let container = scanned.stowage.and_then(|stowage| stowage.container.parse().ok());
            let is_ours = observation.source == ours;
            let seen = Seen {
                station: observation.station,
                at: observation.happened_at(),
                point: scanned.point,
                // What is concluded here from a container is no news of what is in it.
                container: container.filter(|_| !is_ours),
                is_inferred: scanned.inferred,
            };
            Ok(Some(Fact::Observed(observation.id, Said::Seen(seen))))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
impl Seen {
    /// Makes a read by hand.
    pub(super) fn at(station: &str, at: Timestamp, point: TrackingPoint, container: &str) -> Self {
        let (station, container) = (station.parse().unwrap(), container.parse().ok());
        Self { station, at, point: point.into(), container, is_inferred: false }
    }
}
