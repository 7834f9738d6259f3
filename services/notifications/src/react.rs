//! `notifications.notices`: what happens to flights and bags becomes notices to
//! those who follow them and still need them.
//!
//! Policy. The reactor folds flights, bags and trips in log order into a
//! [`World`] and decides on each event from what it has folded up to there, so
//! every node decides alike and a replay orders the same notices again, which
//! their inboxes then recognise by the cause. Flights and journeys that are
//! long over are forgotten at hours that the log itself strikes. What is told in
//! one notice waits for the others until its window closes, which is a deadline.
//!
//! An order that its inbox refuses as too old, or whose inbox is damaged, is
//! counted and logged and lets the others pass; any other failure is tried again.

mod facts;
mod world;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use airside_kernel::{Cause, Classified, Code, DecodeError, Kept, RecordedEvent, Timestamp, keys};
use airside_runtime::{
    executor::{Context, ExecuteError, Executor, Order},
    reactors::{ReactError, Reactor},
    status::chain,
};
use async_trait::async_trait;
use tracing::{error, warn};
use uuid::Uuid;

pub use world::World;
use world::{Origin, Telling};

use crate::{
    decide::{Inbox, InboxCommand},
    model::{self, Notice},
};

/// How many orders go to the inboxes at once; also few enough that the orders
/// of one inbox share one append, so that a failure never puts them out of order.
const ORDERS_AT_ONCE: usize = 128;

/// What the reactor has done since it started, for metrics.
#[derive(Debug, Default)]
pub struct Tally {
    /// Notices issued.
    pub issued: AtomicU64,
    /// Orders refused because their inbox may have forgotten the cause.
    pub too_old: AtomicU64,
    /// Orders given up because stored bytes are damaged.
    pub damaged: AtomicU64,
}

/// The reactor.
pub struct Notices {
    world: World,
    inboxes: Executor<Inbox>,
    waiting: Vec<Order<InboxCommand>>,
    tally: Arc<Tally>,
}

impl Notices {
    /// Makes the reactor over the inboxes.
    pub fn new(inboxes: Executor<Inbox>) -> Self {
        Self { world: World::default(), inboxes, waiting: Vec::new(), tally: Arc::default() }
    }

    /// Lets the first of several bags of a person wait for the others no longer than this.
    #[must_use]
    pub fn merging_within(mut self, window: Duration) -> Self {
        self.world = World::merging_within(window);
        self
    }

    /// Returns the counts of what it does.
    pub fn tally(&self) -> Arc<Tally> {
        self.tally.clone()
    }

    /// Settles an order; false when it must be tried again.
    fn settle(
        &self,
        order: &Order<InboxCommand>,
        error: &ExecuteError<<Inbox as airside_kernel::Decider>::Rejection>,
    ) -> bool {
        match error {
            ExecuteError::Rejected(rejection) => {
                self.tally.too_old.fetch_add(1, Ordering::Relaxed);
                warn!(inbox = %order.stream, error = %rejection, "notice is not sent");
            }
            error if error.code() == Code::DataLoss => {
                self.tally.damaged.fetch_add(1, Ordering::Relaxed);
                error!(inbox = %order.stream, error = chain(error), "notice is parked");
            }
            _ => return false,
        }
        true
    }
}

impl Kept for Notices {
    const SCHEMA: u32 = 5;
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
        matches!(category, "flight" | "bag" | "person")
    }

    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        let Some(fact) = facts::read(event)? else { return Ok(()) };
        let tellings = self.world.take(fact, &origin(event));
        if act {
            self.waiting.extend(tellings.into_iter().map(order));
        }
        Ok(())
    }

    fn due(&self) -> Option<Timestamp> {
        self.world.due()
    }

    fn strike(&mut self, now: Timestamp) {
        self.waiting.extend(self.world.close_due(now).into_iter().map(order));
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
        while !self.waiting.is_empty() {
            let count = self.waiting.len().min(ORDERS_AT_ONCE);
            let answers = self.inboxes.execute_each(self.waiting[..count].to_vec()).await;
            let mut failure = None;
            let mut again = Vec::new();
            for (order, answer) in self.waiting[..count].iter().zip(&answers) {
                match answer {
                    Ok(done) => {
                        self.tally.issued.fetch_add(done.events.len() as u64, Ordering::Relaxed);
                    }
                    Err(error) if self.settle(order, error) => {}
                    Err(error) => {
                        again.push(order.clone());
                        failure = Some(ReactError::new(error));
                    }
                }
            }
            self.waiting.splice(..count, again);
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
        Ok(())
    }
}

/// Returns what a notice needs to know of the event behind it.
fn origin(event: &RecordedEvent) -> Origin {
    let metadata = event.metadata().unwrap_or_default();
    let correlation = metadata.get(keys::CORRELATION_ID).and_then(|id| Uuid::parse_str(id).ok());
    let id = event.id().0;
    Origin {
        cause: Cause {
            reactor: Notices::NAME.to_owned(),
            stream: event.stream().to_owned(),
            revision: event.revision(),
            index: 0,
        },
        event: id,
        correlation: correlation.unwrap_or(id),
        occurred_at: event.occurred_at(),
        recorded_at: event.recorded_at(),
    }
}

/// Returns the order that tells a person.
fn order(telling: Telling) -> Order<InboxCommand> {
    let Telling { person, kind, parameters, expires_at, origin } = telling;
    let Origin { cause, event, correlation, occurred_at, recorded_at } = origin;
    Order {
        stream: model::inbox(person),
        command: InboxCommand::Issue(Notice {
            id: model::notification_id(&cause, person),
            kind,
            priority: kind.priority(),
            parameters,
            expires_at: Some(expires_at),
            caused_at: recorded_at,
            cause,
        }),
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
