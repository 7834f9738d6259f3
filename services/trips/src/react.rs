//! `trips.passage`: a passenger read at a point is told to who follows the
//! flight under that passenger's booking.
//!
//! The reactor folds who follows which flight with a booking; both the booking
//! and the read stay sealed until they are compared. An erased or damaged value
//! matches nothing. A flight is forgotten when it has landed, and in any case
//! 48 hours after its day by the times at which events were recorded, so that
//! the fold stays as large as the flights that are about to leave. Departure and
//! cancellation end nothing by themselves: reads come late, and a schedule
//! revives a cancelled flight.
//!
//! Policy. An order that its person's stream refuses for good, or whose stream
//! is damaged, is logged and given up, so that one damaged stream never stops
//! the others; any other failure is tried again.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use airside_api::flights::v1 as flights;
use airside_kernel::{
    Cause, Classified, Code, DecodeError, Kept, KeyError, Keyring, PersonId, Personal, RecordedEvent,
    StoredEvent, keys,
};
use airside_runtime::{
    executor::{Context, ExecuteError, Executor, Order},
    reactors::{ReactError, Reactor},
    status::chain,
    stored,
};
use async_trait::async_trait;
use jiff::{civil::Date, tz::Offset};
use tracing::error;
use uuid::Uuid;

use crate::{
    decide::{Command, Rejection, TripRules},
    events::{Fact, malformed, parsed, published},
    model::{Booking, FlightId, PassagePoint, RecordLocator, Surname, TagName},
    project::person,
    proof::{is_named, is_same, open},
};

/// How many orders are carried out at once.
const ORDERS_AT_ONCE: usize = 512;
/// How many hours after the beginning of its day a flight is forgotten: the day and 48 hours.
const KEPT_HOURS: i64 = 24 + 48;

/// Tells people that they passed a point.
pub struct Passage {
    executor: Executor<TripRules>,
    keys: Arc<dyn Keyring>,
    followers: HashMap<FlightId, BTreeMap<PersonId, Booking>>,
    /// The day of the newest event, in UTC.
    today: Date,
    pending: VecDeque<Seen>,
    waiting: Vec<Order<Command>>,
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
        Self {
            executor,
            keys,
            followers: HashMap::new(),
            today: Date::ZERO,
            pending: VecDeque::new(),
            waiting: Vec::new(),
        }
    }

    /// Forgets what is over; flights are over at midnight, so once a day is enough.
    fn strike(&mut self, event: &RecordedEvent) {
        let today = Offset::UTC.to_datetime(event.recorded_at()).date();
        if today != self.today {
            self.today = today;
            self.followers.retain(|flight, _| !is_over(flight, today));
        }
    }

    fn follow(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let person = person(event)?;
        for fact in Fact::decode(event)? {
            match fact {
                Fact::BookingLinked { flight, booking } if !is_over(&flight, self.today) => {
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
                Fact::FlightFollowed { .. }
                | Fact::BookingLinked { .. }
                | Fact::BagFollowed { .. }
                | Fact::BagUnfollowed { .. }
                | Fact::PassagePointPassed { .. } => {}
            }
        }
        Ok(())
    }

    fn see(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let flight = flight(event)?;
        let Some(followers) = self.followers.get(&flight) else { return Ok(()) };
        let read: flights::PassengerRead = published(event)?;
        self.pending.push_back(Seen {
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

    /// Makes orders of reads until there are enough of them, or no more reads.
    fn fill(&mut self) -> Result<(), KeyError> {
        while self.waiting.len() < ORDERS_AT_ONCE
            && let Some(seen) = self.pending.front()
        {
            self.waiting.extend(seen.orders(self.keys.as_ref())?);
            self.pending.pop_front();
        }
        Ok(())
    }

    /// Carries out the next orders; those that failed for now keep their places.
    async fn carry_out(&mut self) -> Result<(), ReactError> {
        let count = self.waiting.len().min(ORDERS_AT_ONCE);
        let answers = self.executor.execute_each(self.waiting[..count].to_vec()).await;
        let (mut again, mut failure, mut given_up) = (Vec::new(), None, BTreeSet::new());
        for (order, answer) in self.waiting.drain(..count).zip(answers) {
            match answer {
                Ok(_) => {}
                Err(error) if is_lasting(&error) => {
                    if given_up.insert(order.stream.to_string()) {
                        let (code, error) = (error.code(), chain(&error));
                        error!(reactor = Self::NAME, stream = %order.stream, ?code, error, "a passed point is given up");
                    }
                }
                Err(error) => {
                    failure = Some(ReactError::new(&error));
                    again.push(order);
                }
            }
        }
        self.waiting.splice(..0, again);
        failure.map_or(Ok(()), Err)
    }
}

/// Returns true when to try again would be in vain.
fn is_lasting(error: &ExecuteError<Rejection>) -> bool {
    matches!(error, ExecuteError::Rejected(_))
        || matches!(error.code(), Code::DataLoss | Code::InvalidArgument)
}

/// Returns true when a flight's day is so long ago that nobody is read for it any more.
fn is_over(flight: &FlightId, today: Date) -> bool {
    flight.date().duration_until(today).as_hours() >= KEPT_HOURS
}

/// Who follows what, on disk: bookings are sealed there as in the log.
impl Kept for Passage {
    const SCHEMA: u32 = 1;
    type State = (HashMap<FlightId, BTreeMap<PersonId, Booking>>, Date);

    fn image(&self) -> Self::State {
        (self.followers.clone(), self.today)
    }

    fn restore(&mut self, (followers, today): Self::State) {
        (self.followers, self.today) = (followers, today);
    }
}

#[async_trait]
impl Reactor for Passage {
    const NAME: &'static str = "trips.passage";

    fn wants(category: &str) -> bool {
        matches!(category, "person" | "flight")
    }

    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        self.strike(event);
        match (event.category(), event.event_type()) {
            ("person", _) => self.follow(event),
            (_, "flights.PassengerRead") if act => self.see(event),
            (_, "flights.FlightLanded") => {
                event.type_up_to(1)?;
                self.followers.remove(&flight(event)?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
        loop {
            self.fill().map_err(|error| ReactError::new(&error))?;
            if self.waiting.is_empty() {
                return Ok(());
            }
            self.carry_out().await?;
        }
    }
}

impl Seen {
    /// Returns an order for each follower whose booking is the one that was read.
    fn orders(&self, keys: &dyn Keyring) -> Result<Vec<Order<Command>>, KeyError> {
        let mut orders = Vec::new();
        let (Some(name), Some(locator)) =
            (open(keys, &self.passenger_name)?, open(keys, &self.record_locator)?)
        else {
            return Ok(orders);
        };
        let (name, locator) = (TagName::of(&name), RecordLocator::of(&locator));
        for (person, booking) in &self.followers {
            let (Some(their_surname), Some(their_locator)) =
                (open(keys, &booking.surname)?, open(keys, &booking.record_locator)?)
            else {
                continue;
            };
            let is_theirs = is_same(&their_locator, locator.as_str());
            if is_theirs && is_named(&name, &Surname::of(&their_surname)) {
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
        Ok(orders)
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
