//! The published events of flights, bags, trips and ways, as far as notices need them.

pub(super) mod way;

use airside_api::{baggage::v1 as baggage, flights::v1 as flights, trips::v1 as trips};
use airside_kernel::{DecodeError, PersonId, RecordedEvent, Timestamp};
use airside_runtime::stored;
use prost::Message;
use uuid::Uuid;

use crate::model;

/// Something that happened to a flight, a bag or a trip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fact {
    /// Something happened to a flight.
    Flight {
        /// Its id.
        flight: String,
        /// What happened.
        change: FlightChange,
    },
    /// What is known about a bag's journey changed.
    Bag(BagChange),
    /// A journey goes on as another.
    Linked {
        /// The observation that says so.
        observation: String,
        /// The journey until now.
        from: Uuid,
        /// The journey from now on.
        to: Uuid,
    },
    /// An observation says nothing of any bag.
    Dismissed {
        /// The observation.
        observation: String,
    },
    /// Something happened to the way that a person follows.
    Way {
        /// The person.
        person: PersonId,
        /// What happened.
        change: way::WayChange,
    },
    /// A person began or ended to follow something, or passed a point.
    Trip {
        /// The person.
        person: PersonId,
        /// What changed.
        change: TripChange,
    },
}

/// What happened to a flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FlightChange {
    /// `origin` is the airport it leaves from; empty while that is not known.
    Scheduled {
        origin: String,
        departure: Option<Timestamp>,
        arrival: Option<Timestamp>,
    },
    GateAssigned {
        gate: String,
        previous: String,
    },
    BoardingStarted,
    FinalCallMade,
    Delayed {
        departure: Option<Timestamp>,
    },
    BeltAssigned {
        belt: String,
        previous: String,
    },
    Departed,
    Returned,
    Landed,
    Cancelled,
}

/// What happened to a bag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BagChange {
    pub(super) journey: Uuid,
    pub(super) previous: baggage::Stage,
    pub(super) stage: baggage::Stage,
    pub(super) offload: bool,
    pub(super) flight: String,
    pub(super) station: String,
    pub(super) location: String,
    pub(super) exception: baggage::BagException,
    pub(super) connection: baggage::Connection,
    /// The flight that the connection is to.
    pub(super) connection_flight: String,
    /// The flight that left without it; empty in what was stored before that was told.
    pub(super) left_flight: String,
    pub(super) seen_at: Option<Timestamp>,
}

/// What happened to a trip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TripChange {
    FlightFollowed { flight: String },
    FlightUnfollowed { flight: String },
    BagFollowed { journey: Uuid, plate: String },
    BagUnfollowed { journey: Uuid },
    Boarded { flight: String },
}

/// Reads an event; `None` when notices do not need it.
pub(super) fn read(event: &RecordedEvent) -> Result<Option<Fact>, DecodeError> {
    match event.category() {
        "flight" => {
            let change = flight(event)?;
            Ok(change.map(|change| Fact::Flight { flight: id(event).to_owned(), change }))
        }
        "bag" => bag(event),
        "person" => {
            let person = model::person_of(event)?;
            Ok(trip(event)?.map(|change| Fact::Trip { person, change }))
        }
        "way" => Ok(Some(Fact::Way { person: model::person_of(event)?, change: way::read(event)? })),
        _ => Ok(None),
    }
}

fn flight(event: &RecordedEvent) -> Result<Option<FlightChange>, DecodeError> {
    Ok(Some(match event.type_up_to(1)? {
        "flights.FlightScheduled" => {
            let legs = message::<flights::FlightScheduled>(event)?.legs;
            let departure = legs.first().and_then(|leg| instant(leg.scheduled_departure.as_ref()));
            let arrival = legs.last().and_then(|leg| instant(leg.scheduled_arrival.as_ref()));
            let origin = legs.into_iter().next().map(|leg| leg.origin).unwrap_or_default();
            FlightChange::Scheduled { origin, departure, arrival }
        }
        "flights.GateAssigned" => {
            let assigned = message::<flights::GateAssigned>(event)?;
            FlightChange::GateAssigned { gate: assigned.gate, previous: assigned.previous_gate }
        }
        "flights.BeltAssigned" => {
            let assigned = message::<flights::BeltAssigned>(event)?;
            FlightChange::BeltAssigned { belt: assigned.belt, previous: assigned.previous_belt }
        }
        "flights.FlightDelayed" => {
            let delayed = message::<flights::FlightDelayed>(event)?;
            FlightChange::Delayed { departure: instant(delayed.estimated_departure.as_ref()) }
        }
        "flights.BoardingStarted" => FlightChange::BoardingStarted,
        "flights.FinalCallMade" => FlightChange::FinalCallMade,
        "flights.FlightDeparted" => FlightChange::Departed,
        "flights.FlightReturned" => FlightChange::Returned,
        "flights.FlightLanded" => FlightChange::Landed,
        "flights.FlightCancelled" => FlightChange::Cancelled,
        "flights.ArrivalEstimated" | "flights.FlightDiverted" | "flights.PassengerRead" => return Ok(None),
        _ => return Err(DecodeError::unknown(event)),
    }))
}

fn bag(event: &RecordedEvent) -> Result<Option<Fact>, DecodeError> {
    match event.type_up_to(1)? {
        "baggage.BagStatusChanged" => {
            let changed = message::<baggage::BagStatusChanged>(event)?;
            let previous = changed.previous_stage();
            let journey = journey(&changed.journey_id)?;
            let status = changed.status.unwrap_or_default();
            Ok(Some(Fact::Bag(BagChange {
                journey,
                previous,
                stage: status.stage(),
                offload: status.offload,
                exception: status.exception(),
                connection: status.connection(),
                connection_flight: status.connection_flight,
                left_flight: status.left_flight,
                seen_at: instant(status.seen_at.as_ref()),
                flight: status.flight,
                station: status.station,
                location: status.location,
            })))
        }
        "baggage.JourneyLinked" => linked(message(event)?),
        "baggage.ObservationResolved" => {
            let resolved = message::<baggage::ObservationResolved>(event)?;
            let is_dismissed = resolved.resolution() == baggage::Resolution::Dismissed;
            Ok(is_dismissed.then_some(Fact::Dismissed { observation: resolved.observation_id }))
        }
        "baggage.BagAnnounced"
        | "baggage.BagScanned"
        | "baggage.BagReported"
        | "baggage.BagFlightTurned"
        | "baggage.ConnectionJudged"
        | "baggage.TagCollided"
        | "baggage.JourneyOpened"
        | "baggage.ObservationAttached"
        | "baggage.ObservationQuarantined" => Ok(None),
        _ => Err(DecodeError::unknown(event)),
    }
}

/// Reads which journey goes on as which; of another identifier there is nothing to know.
fn linked(linked: baggage::JourneyLinked) -> Result<Option<Fact>, DecodeError> {
    let is_bag = matches!(
        linked.kind(),
        baggage::LinkKind::Rush | baggage::LinkKind::Retag | baggage::LinkKind::Merged
    );
    if !is_bag || linked.other_journey_id.is_empty() {
        return Ok(None);
    }
    let (here, there) = (journey(&linked.journey_id)?, journey(&linked.other_journey_id)?);
    let (from, to) = if linked.continues { (there, here) } else { (here, there) };
    let observation = linked.observation.unwrap_or_default().id;
    Ok(Some(Fact::Linked { observation, from, to }))
}

fn trip(event: &RecordedEvent) -> Result<Option<TripChange>, DecodeError> {
    Ok(Some(match (event.event_type(), event.schema_version()) {
        // Version 1 said the booking as well, which nobody here needs.
        ("trips.FlightFollowed", 1 | 2) => {
            TripChange::FlightFollowed { flight: message::<trips::FlightFollowed>(event)?.flight }
        }
        // Who links a booking follows the flight, and it is news of the flight in either version.
        ("trips.BookingLinked", 1) => {
            TripChange::FlightFollowed { flight: message::<trips::BookingLinked>(event)?.flight }
        }
        ("trips.FlightUnfollowed", 1) => {
            TripChange::FlightUnfollowed { flight: message::<trips::FlightUnfollowed>(event)?.flight }
        }
        ("trips.BagFollowed", 1) => {
            let followed = message::<trips::BagFollowed>(event)?;
            TripChange::BagFollowed { journey: journey(&followed.journey_id)?, plate: followed.plate }
        }
        ("trips.BagUnfollowed", 1) => TripChange::BagUnfollowed {
            journey: journey(&message::<trips::BagUnfollowed>(event)?.journey_id)?,
        },
        ("trips.PassagePointPassed", 1) => {
            let passed = message::<trips::PassagePointPassed>(event)?;
            if passed.point() != flights::PassagePoint::Gate {
                return Ok(None);
            }
            TripChange::Boarded { flight: passed.flight }
        }
        _ => return Err(DecodeError::unknown(event)),
    }))
}

fn message<M: Message + Default>(event: &RecordedEvent) -> Result<M, DecodeError> {
    M::decode(event.payload()).map_err(|error| DecodeError::malformed(event.event_type(), error.to_string()))
}

fn id(event: &RecordedEvent) -> &str {
    event.stream().split_once('-').map_or("", |(_, id)| id)
}

fn journey(id: &str) -> Result<Uuid, DecodeError> {
    Uuid::parse_str(id).map_err(|_| DecodeError::malformed("journey id", "it is not a uuid"))
}

fn instant(message: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    message.and_then(stored::timestamp)
}
