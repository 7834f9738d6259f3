//! `trips.passage`: a passenger read at a point is told to who follows the
//! flight under that passenger's booking.
//!
//! The reactor folds who follows which flight with a booking; both the booking
//! and the read stay sealed until they are compared. An erased or damaged value
//! matches nothing. A flight that has landed is forgotten, so that the fold
//! stays as large as the flights that are about to leave.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use airside_api::flights::v1 as flights;
use airside_kernel::{
    Cause, DecodeError, KeyError, Keyring, PersonId, Personal, RecordedEvent, StoredEvent, keys,
};
use airside_runtime::{
    executor::{Context, ExecuteError, Executor, Order},
    reactors::{ReactError, Reactor},
    stored,
};
use async_trait::async_trait;
use tracing::error;
use uuid::Uuid;

use crate::{
    decide::{Command, TripRules},
    events::{Fact, malformed, message, parsed},
    model::{Booking, FlightId, PassagePoint, RecordLocator, Surname},
    project::person,
    proof::{is_same, open},
};

/// Tells people that they passed a point.
pub struct Passage {
    executor: Executor<TripRules>,
    keys: Arc<dyn Keyring>,
    followers: HashMap<FlightId, BTreeMap<PersonId, Booking>>,
    pending: Vec<Seen>,
}

/// A read, and who followed the flight when it was made.
struct Seen {
    flight: FlightId,
    point: PassagePoint,
    passenger_name: Personal,
    record_locator: Personal,
    followers: Vec<(PersonId, Booking)>,
    cause: Cause,
    context: Context,
}

impl Passage {
    /// Makes the reactor.
    pub fn new(executor: Executor<TripRules>, keys: Arc<dyn Keyring>) -> Self {
        Self { executor, keys, followers: HashMap::new(), pending: Vec::new() }
    }

    fn follow(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let person = person(event)?;
        match Fact::decode(event)? {
            Fact::FlightFollowed { flight, booking: Some(booking) } => {
                self.followers.entry(flight).or_default().insert(person, booking);
            }
            Fact::FlightUnfollowed { flight } => {
                if let Some(followers) = self.followers.get_mut(&flight) {
                    followers.remove(&person);
                    if followers.is_empty() {
                        self.followers.remove(&flight);
                    }
                }
            }
            Fact::FlightFollowed { booking: None, .. }
            | Fact::BagFollowed { .. }
            | Fact::BagUnfollowed { .. }
            | Fact::PassagePointPassed { .. } => {}
        }
        Ok(())
    }

    fn see(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let flight = flight(event)?;
        let Some(followers) = self.followers.get(&flight) else { return Ok(()) };
        let read: flights::PassengerRead = message(event)?;
        self.pending.push(Seen {
            flight,
            point: PassagePoint::try_from(read.point).map_err(malformed)?,
            passenger_name: stored::personal(read.passenger_name.unwrap_or_default())?,
            record_locator: stored::personal(read.record_locator.unwrap_or_default())?,
            followers: followers.iter().map(|(person, booking)| (*person, booking.clone())).collect(),
            cause: Cause {
                reactor: Self::NAME.to_owned(),
                stream: event.stream().to_owned(),
                revision: event.revision(),
                index: 0,
            },
            context: context(event)?,
        });
        Ok(())
    }
}

#[async_trait]
impl Reactor for Passage {
    const NAME: &'static str = "trips.passage";

    fn wants(category: &str) -> bool {
        matches!(category, "person" | "flight")
    }

    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        match (event.category(), event.event_type()) {
            ("person", _) => self.follow(event),
            (_, "flights.PassengerRead") if act => self.see(event),
            (_, "flights.FlightLanded") => {
                self.followers.remove(&flight(event)?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
        let mut orders = Vec::new();
        for seen in &self.pending {
            seen.orders(self.keys.as_ref(), &mut orders).map_err(|error| ReactError::new(&error))?;
        }
        for answer in self.executor.execute_each(orders).await {
            match answer {
                Ok(_) => {}
                Err(ExecuteError::Rejected(rejection)) => {
                    error!(reactor = Self::NAME, error = %rejection, "a passed point was refused");
                }
                Err(error) => return Err(ReactError::new(&error)),
            }
        }
        self.pending.clear();
        Ok(())
    }
}

impl Seen {
    /// Adds an order for each follower whose booking is the one that was read.
    fn orders(&self, keys: &dyn Keyring, orders: &mut Vec<Order<Command>>) -> Result<(), KeyError> {
        let (Some(name), Some(locator)) =
            (open(keys, &self.passenger_name)?, open(keys, &self.record_locator)?)
        else {
            return Ok(());
        };
        let (surname, locator) = (Surname::of(&name), RecordLocator::of(&locator));
        for (person, booking) in &self.followers {
            let (Some(their_surname), Some(their_locator)) =
                (open(keys, &booking.surname)?, open(keys, &booking.record_locator)?)
            else {
                continue;
            };
            if is_same(&their_surname, surname.as_str()) && is_same(&their_locator, locator.as_str()) {
                let command = Command::PassPoint {
                    flight: self.flight.clone(),
                    point: self.point,
                    booking: booking.clone(),
                    cause: self.cause.clone(),
                };
                orders.push(Order {
                    stream: person.stream("person"),
                    command,
                    context: self.context.clone(),
                });
            }
        }
        Ok(())
    }
}

/// Returns the flight of an event's stream.
fn flight(event: &RecordedEvent) -> Result<FlightId, DecodeError> {
    parsed(event.stream().strip_prefix("flight-").unwrap_or_default())
}

/// Returns the context of what follows from an event.
fn context(event: &RecordedEvent) -> Result<Context, DecodeError> {
    let correlation = event.metadata()?.get(keys::CORRELATION_ID).and_then(|id| id.parse::<Uuid>().ok());
    let new = Context::new("reactor/trips.passage", "trips.passage", event.occurred_at());
    Ok(Context { correlation: correlation.unwrap_or(new.correlation), causation: Some(event.id().0), ..new })
}

#[cfg(test)]
mod tests;
