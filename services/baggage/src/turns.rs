//! Reactor `baggage.turns`: what flights and containers do, told to the bags that feel it.
//!
//! It folds the published events of flights, what is told of containers and of
//! loadings, and of each bag its route, its present flight and what it was put
//! into. From these it orders observations to `bag-<plate>`:
//! - a flight that left, ten minutes later, so that late words of its loading come
//!   first; one that came back, does not operate, lands elsewhere or landed, at once;
//!   a flight that operates again after all is told as one that came back. A bag
//!   that is known later is told what went before;
//! - a connection whose judgement changed (`connection`);
//! - a container that went on board or came off, with all that is inside
//!   (`container`); what follows is inferred, and what is read speaks against it;
//! - a flight whose baggage messages are void.
//!
//! Each observation has the time of its flight or container, and an id of the fact
//! that caused it: a repeat, a second node and a second fold append once. What
//! the plate refuses for good is logged and given up; what the plate makes of it
//! is its own rule (`decide`, `journey`).

mod bag;
mod connection;
mod container;
mod flight;
mod world;

use std::collections::BTreeMap;

use airside_api::baggage::v1::LoadingStep;
use airside_kernel::{Classified, DecodeError, Kept, RecordedEvent, StoredEvent, Timestamp, keys};
use airside_runtime::{
    executor::{Context, ExecuteError, Executor, Order},
    reactors::{ReactError, Reactor},
    status::chain,
};
use async_trait::async_trait;
use prost::Message;
use uuid::Uuid;

pub use self::{
    connection::{AT_RISK_UNDER, MARGIN, TransferTimes},
    world::{GRACE, World},
};
use self::{container::Step, world::ToBag};
use crate::{
    containers::{ContainerId, ContainerMoved},
    decide::{Bag, Command, Known, Observe, Rejection},
    events::{damaged, observation},
    model::{AirportCode, LicencePlate},
    react::is_lasting,
};

/// The reactor's name, and the source of what it tells.
pub(crate) const NAME: &str = "baggage.turns";
/// How many orders are carried out at once.
const ORDERS_AT_ONCE: usize = 512;

/// How long a transfer takes at each airport.
#[derive(Debug, Clone, Default)]
pub struct Times(BTreeMap<AirportCode, TransferTimes>);

impl Times {
    /// Makes it of the airports that have times of their own; the others have the defaults.
    pub fn new(airports: impl IntoIterator<Item = (AirportCode, TransferTimes)>) -> Self {
        Self(airports.into_iter().collect())
    }

    /// Returns the times of an airport.
    pub fn at(&self, airport: AirportCode) -> TransferTimes {
        self.0.get(&airport).copied().unwrap_or_default()
    }
}

/// The reactor.
pub struct Turns {
    executor: Executor<Bag>,
    times: Times,
    world: World,
    waiting: Vec<Order<Command>>,
}

impl Turns {
    /// Makes the reactor.
    pub fn new(executor: Executor<Bag>) -> Self {
        Self { executor, times: Times::default(), world: World::default(), waiting: Vec::new() }
    }

    /// Sets how long transfers take.
    #[must_use]
    pub fn with_times(self, times: Times) -> Self {
        Self { times, ..self }
    }

    fn fold(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let (world, times, revision) = (&mut self.world, &self.times, event.revision().0);
        match event.category() {
            "flight" => {
                if let Some(fact) = flight::read(event)? {
                    world.take_flight(named(event)?, fact, event.occurred_at(), revision, times);
                }
            }
            "container" => {
                let [ContainerMoved { observation, step, flight, compartment }] =
                    ContainerMoved::decode(event)?;
                let (at, kind, station) = (observation.happened_at(), step.into(), observation.station);
                let step = Step { at, revision, kind, station, flight, compartment };
                world.take_container(&named::<ContainerId>(event)?, step);
            }
            "loading" => {
                event.type_up_to(1)?;
                let moved =
                    airside_api::baggage::v1::LoadingMoved::decode(event.payload()).map_err(damaged)?;
                let step: LoadingStep = moved.step();
                let at = observation(moved.observation)?.happened_at();
                world.take_loading(named(event)?, step, at, revision);
            }
            _ => {
                if let Some(fact) = bag::read(event)? {
                    let plate = LicencePlate::parse(event.stream().strip_prefix("bag-").unwrap_or_default());
                    let plate = plate.map_err(|error| DecodeError::malformed("plate", format!("{error}")))?;
                    world.take_bag(plate, fact, revision, times);
                }
            }
        }
        Ok(())
    }

    /// Takes over what the world has ordered, under the fact that caused it if there is one.
    fn take_orders(&mut self, cause: Option<&RecordedEvent>) {
        let correlation = cause
            .and_then(|event| event.metadata().ok()?.get(keys::CORRELATION_ID)?.parse::<Uuid>().ok())
            .unwrap_or_else(Uuid::now_v7);
        let causation = cause.map(|event| event.id().0);
        self.waiting.extend(self.world.orders.drain(..).map(
            |ToBag { plate, journey, observation, content }| {
                let new = Context::new(format!("reactor/{NAME}"), NAME, observation.observed_at);
                let context = Context { correlation, causation, ..new };
                let known = Known { concluded_of: Some(journey), ..Known::default() };
                let command = Command::Observe(Observe { observation, content, new_journey: journey }, known);
                Order { stream: plate.stream(), command, context }
            },
        ));
    }

    /// Carries out the next orders; those that failed for now keep their places.
    async fn carry_out(&mut self) -> Result<(), ReactError> {
        let count = self.waiting.len().min(ORDERS_AT_ONCE);
        let answers = self.executor.execute_each(self.waiting[..count].to_vec()).await;
        let (mut again, mut failure) = (Vec::new(), None);
        for (order, answer) in self.waiting.drain(..count).zip(answers) {
            match answer {
                Ok(_) | Err(ExecuteError::Rejected(Rejection::Duplicate { .. })) => {}
                Err(error) if matches!(error, ExecuteError::Rejected(_)) || is_lasting(error.code()) => {
                    let (stream, code, error) = (order.stream, error.code(), chain(&error));
                    tracing::error!(reactor = NAME, %stream, ?code, error, "a turn is not told to its bag");
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

/// Returns what the stream of an event is named after.
fn named<T: std::str::FromStr<Err: std::fmt::Display>>(event: &RecordedEvent) -> Result<T, DecodeError> {
    let name = event.stream().split_once('-').map_or("", |(_, name)| name);
    name.parse().map_err(|error: T::Err| DecodeError::malformed("stream", error.to_string()))
}

impl Kept for Turns {
    const SCHEMA: u32 = 2;
    type State = World;

    fn image(&self) -> World {
        self.world.clone()
    }

    fn restore(&mut self, world: World) {
        self.world = world.recalled();
    }
}

#[async_trait]
impl Reactor for Turns {
    const NAME: &'static str = NAME;

    fn wants(category: &str) -> bool {
        matches!(category, "flight" | "bag" | "container" | "loading")
    }

    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        self.world.advance(event.recorded_at(), &self.times);
        let folded = self.fold(event);
        match act {
            true => self.take_orders(Some(event)),
            false => self.world.orders.clear(),
        }
        folded
    }

    fn due(&self) -> Option<Timestamp> {
        self.world.due()
    }

    fn strike(&mut self, now: Timestamp) {
        self.world.advance(now, &self.times);
        self.take_orders(None);
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
        while !self.waiting.is_empty() {
            self.carry_out().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
