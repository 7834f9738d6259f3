//! `notifications.notices`: what happens to flights and bags becomes notices to
//! those who follow them and still need them.
//!
//! Policy. The reactor folds flights, bags, trips and followed ways in log order into a
//! [`World`] and decides on each event from what it has folded up to there, so
//! every node decides alike and a replay orders the same notices again, which
//! their inboxes then recognise by the cause. Flights and journeys that are
//! long over are forgotten at hours that the log itself strikes. What is told in
//! one notice waits for the others until its window closes, which is a deadline.
//!
//! What becomes of a notice that somebody needs is decided in `delivery-<person>` (see
//! [`decide`](crate::decide)); [`releases`] puts into the inbox what is told.

mod facts;
mod orders;
pub mod releases;
mod world;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use airside_kernel::{Cause, Clock, DecodeError, Kept, RecordedEvent, Timestamp, keys};
use airside_runtime::{
    executor::{Context, Executor, Order},
    reactors::{ReactError, Reactor},
};
use async_trait::async_trait;
use jiff::tz::TimeZone;
use uuid::Uuid;

use orders::Orders;
pub use orders::Tally;
pub use world::World;
use world::{Origin, Telling};

use crate::{
    decide::{Delivery, DeliveryCommand},
    events::DeliveryEvent,
    model::{self, Notice, Proposal, Rules, TIME_ZONE},
};

/// Returns the time zone of an airport by its code, when it is known.
pub type Zones = Arc<dyn Fn(&str) -> Option<TimeZone> + Send + Sync>;

/// The reactor.
pub struct Notices {
    world: World,
    deliveries: Orders<Delivery>,
    clock: Arc<dyn Clock>,
    rules: Arc<Rules>,
    zones: Zones,
}

impl Notices {
    /// Makes the reactor over the place where it is decided what is told.
    pub(crate) fn new(
        deliveries: Executor<Delivery>,
        clock: Arc<dyn Clock>,
        rules: Arc<Rules>,
        tally: &Arc<Tally>,
    ) -> Self {
        let deliveries = Orders::new(deliveries, tally.clone(), count);
        Self { world: World::default(), deliveries, clock, rules, zones: Arc::new(|_| None) }
    }

    /// Lets the first of several bags of a person wait for the others no longer than this.
    #[must_use]
    pub fn merging_within(mut self, window: Duration) -> Self {
        self.world = World::merging_within(window);
        self
    }

    /// Tells the times of other airports by their clocks; by those of this one where it knows no zone.
    #[must_use]
    pub fn knowing_zones(mut self, zones: Zones) -> Self {
        self.zones = zones;
        self
    }

    fn propose(&mut self, mut tellings: Vec<Telling>, now: Timestamp) {
        for telling in &mut tellings {
            if telling.parameters.contains_key(TIME_ZONE) {
                let zone = (self.zones)(&telling.airport);
                let zone = zone.as_ref().unwrap_or(&self.rules.zone);
                let name = zone.iana_name().unwrap_or_default().to_owned();
                Arc::make_mut(&mut telling.parameters).insert(TIME_ZONE.to_owned(), name);
            }
        }
        let rules = &self.rules;
        self.deliveries.extend(tellings.into_iter().map(|telling| order(telling, now, rules)));
    }
}

/// Counts what became of a notice.
fn count(tally: &Tally, fact: &DeliveryEvent) {
    let counter = match fact {
        DeliveryEvent::NoticeHeld(_) => &tally.held,
        DeliveryEvent::NoticeMerged { .. } => &tally.merged,
        DeliveryEvent::NoticeSuppressed { .. } => &tally.suppressed,
        _ => return,
    };
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Kept for Notices {
    const SCHEMA: u32 = 7;
    type State = World;

    fn image(&self) -> World {
        self.world.clone()
    }

    fn restore(&mut self, world: World) {
        self.world = self.world.remembering(world);
    }
}

#[async_trait]
impl Reactor for Notices {
    const NAME: &'static str = "notifications.notices";

    fn wants(category: &str) -> bool {
        matches!(category, "flight" | "bag" | "person" | "way")
    }

    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        let Some(fact) = facts::read(event)? else { return Ok(()) };
        let tellings = self.world.take(fact, &origin(event));
        if act {
            self.propose(tellings, self.clock.now());
        }
        Ok(())
    }

    fn due(&self) -> Option<Timestamp> {
        self.world.due()
    }

    fn strike(&mut self, now: Timestamp) {
        let tellings = self.world.close_due(now);
        self.propose(tellings, now);
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
        self.deliveries.flush().await
    }
}

/// Returns what a notice needs to know of the event behind it.
fn origin(event: &RecordedEvent) -> Origin {
    Origin {
        cause: cause(Notices::NAME, event),
        event: event.id().0,
        correlation: correlation(event),
        occurred_at: event.occurred_at(),
        recorded_at: event.recorded_at(),
    }
}

/// Returns an event as the cause of what a reactor does.
fn cause(reactor: &str, event: &RecordedEvent) -> Cause {
    let (reactor, stream) = (reactor.to_owned(), event.stream().to_owned());
    Cause { reactor, stream, revision: event.revision(), index: 0 }
}

/// Returns the chain of causes that an event is of; one that names none begins one.
fn correlation(event: &RecordedEvent) -> Uuid {
    let metadata = event.metadata().unwrap_or_default();
    let named = metadata.get(keys::CORRELATION_ID).and_then(|id| Uuid::parse_str(id).ok());
    named.unwrap_or_else(|| event.id().0)
}

/// Returns the order that proposes to tell a person.
fn order(telling: Telling, now: Timestamp, rules: &Arc<Rules>) -> Order<DeliveryCommand> {
    let Telling { person, kind, parameters, expires_at, travel, origin, .. } = telling;
    let Origin { cause, event, correlation, occurred_at, recorded_at } = origin;
    let notice = Notice {
        id: model::notification_id(&cause, person),
        kind,
        priority: kind.priority(),
        parameters,
        expires_at: Some(expires_at),
        caused_at: recorded_at,
        cause,
        supersedes: None,
    };
    let proposal = Arc::new(Proposal { notice, travel });
    Order {
        stream: model::delivery(person),
        command: DeliveryCommand::Propose { proposal, now, rules: rules.clone() },
        context: Context {
            correlation,
            causation: Some(event),
            actor: format!("reactor/{}", Notices::NAME),
            source: "notifications".to_owned(),
            occurred_at,
        },
    }
}

#[cfg(test)]
mod tests;
