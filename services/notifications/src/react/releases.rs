//! `notifications.releases`: what was decided to be told goes into the inbox, and what waits is
//! looked at when its time comes.
//!
//! The cause of a notice in an inbox is the decision in `delivery-<person>`, so a replay or another
//! node appends it once, in the order of the decisions. To begin at the beginning of a log is
//! harmless for the same reason. A time that was set is a deadline: it strikes with an order that
//! names the notice that set it, and the rules drop that order when the notice was answered
//! meanwhile. Deadlines are folded from the log, so they survive a restart.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
};

use airside_kernel::{DecodeError, Kept, PersonId, RecordedEvent, StoredEvent, Timestamp};
use airside_runtime::{
    executor::{Context, Executor, Order},
    reactors::{ReactError, Reactor, StartAt},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::orders::{Orders, Tally};
use crate::{
    decide::{Delivery, DeliveryCommand, Inbox, InboxCommand, delivery::Held},
    events::DeliveryEvent,
    model::{self, DELIVERY, Notice, RELEASES, Rules},
};

/// The reactor.
pub struct Releases {
    waiting: Waiting,
    inboxes: Orders<Inbox>,
    deliveries: Orders<Delivery>,
    rules: Arc<Rules>,
}

/// The notices that wait, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Waiting {
    until: BTreeMap<(PersonId, Uuid), Timestamp>,
    /// Those that have not struck.
    due: BTreeSet<(Timestamp, PersonId, Uuid)>,
}

impl Waiting {
    fn wait(&mut self, person: PersonId, held: &Held) {
        let id = held.proposal.notice.id;
        self.end(person, id);
        self.until.insert((person, id), held.until);
        self.due.insert((held.until, person, id));
    }

    fn end(&mut self, person: PersonId, id: Uuid) {
        if let Some(until) = self.until.remove(&(person, id)) {
            self.due.remove(&(until, person, id));
        }
    }

    fn take_due(&mut self, now: Timestamp) -> Vec<(PersonId, Uuid)> {
        let mut struck = Vec::new();
        while let Some((_, person, id)) = self.due.first().copied().filter(|(until, ..)| *until <= now) {
            self.due.pop_first();
            struck.push((person, id));
        }
        struck
    }
}

impl Releases {
    /// Makes the reactor over the inboxes and the decisions.
    pub(crate) fn new(
        inboxes: Executor<Inbox>,
        deliveries: Executor<Delivery>,
        rules: Arc<Rules>,
        tally: &Arc<Tally>,
    ) -> Self {
        let issued = |tally: &Tally, _: &_| {
            tally.issued.fetch_add(1, Ordering::Relaxed);
        };
        Self {
            waiting: Waiting::default(),
            inboxes: Orders::new(inboxes, tally.clone(), issued),
            deliveries: Orders::new(deliveries, tally.clone(), super::count),
            rules,
        }
    }

    fn fold(&mut self, person: PersonId, fact: &DeliveryEvent) {
        match fact {
            DeliveryEvent::NoticeHeld(held) => self.waiting.wait(person, held),
            DeliveryEvent::NoticeReleased(released) => self.waiting.end(person, released.proposal.notice.id),
            DeliveryEvent::NoticeSuppressed { proposal, .. } => self.waiting.end(person, proposal.notice.id),
            DeliveryEvent::NoticeMerged { id, .. } => self.waiting.end(person, *id),
            DeliveryEvent::NoticesAcknowledged { .. }
            | DeliveryEvent::PreferencesSet(_)
            | DeliveryEvent::CarriedForward(_) => {}
        }
    }
}

impl Kept for Releases {
    const SCHEMA: u32 = 1;
    type State = Waiting;

    fn image(&self) -> Waiting {
        self.waiting.clone()
    }

    fn restore(&mut self, waiting: Waiting) {
        // What struck before the memory was kept strikes again: its order may not have come through.
        let due = waiting.until.iter().map(|((person, id), until)| (*until, *person, *id)).collect();
        self.waiting = Waiting { due, ..waiting };
    }
}

#[async_trait]
impl Reactor for Releases {
    const NAME: &'static str = RELEASES;
    const BEGINS: Option<StartAt> = Some(StartAt::Beginning);

    fn wants(category: &str) -> bool {
        category == DELIVERY
    }

    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        let person = model::person_of(event)?;
        let [fact] = DeliveryEvent::decode(event)?;
        self.fold(person, &fact);
        if act && let DeliveryEvent::NoticeReleased(released) = &fact {
            self.inboxes.extend([issue(person, &released.proposal.notice, event)]);
        }
        Ok(())
    }

    fn due(&self) -> Option<Timestamp> {
        self.waiting.due.first().map(|(until, ..)| *until)
    }

    fn strike(&mut self, now: Timestamp) {
        let rules = &self.rules;
        let order = |(person, id)| Order {
            stream: model::delivery(person),
            command: DeliveryCommand::Release { id, now, rules: rules.clone() },
            context: Context::new(format!("reactor/{RELEASES}"), "notifications", now),
        };
        self.deliveries.extend(self.waiting.take_due(now).into_iter().map(order));
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
        self.deliveries.flush().await?;
        self.inboxes.flush().await
    }
}

/// Returns the order that puts a notice into the inbox.
fn issue(person: PersonId, notice: &Notice, decision: &RecordedEvent) -> Order<InboxCommand> {
    let cause = super::cause(RELEASES, decision);
    Order {
        stream: model::inbox(person),
        command: InboxCommand::Issue(Arc::new(Notice { cause, ..notice.clone() })),
        context: Context {
            correlation: super::correlation(decision),
            causation: Some(decision.id().0),
            actor: format!("reactor/{RELEASES}"),
            source: "notifications".to_owned(),
            occurred_at: decision.occurred_at(),
        },
    }
}
