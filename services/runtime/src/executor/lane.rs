//! The rounds in which the orders of a call are carried out.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use airside_kernel::{Append, AppendError, Appended, Expected, Position, StreamId};
use futures::future::join_all;
use tokio::{sync::OwnedMutexGuard, time::Instant};

use super::{
    Answer, Done, ExecuteError, Executor, Failure, Order, Stored,
    fold::{self, Slot},
    new_event,
    seal::{self, Decided},
};

/// How long orders are decided again after conflicts. Calls of one process wait
/// for each other, so these are lost races with other processes. Who lost has to
/// read the news first and is slower for it, so a few losses in a row say little;
/// the caller is told to try again when it goes on for longer than a caller waits.
const MAX_CONTENTION: Duration = Duration::from_secs(2);
/// How many orders of one stream go into one append; the rest follow in a later one.
const MAX_ORDERS_PER_APPEND: usize = 128;
/// How many streams one round touches.
const MAX_LANES_PER_ROUND: usize = 1_024;

/// The answers of a call, each in the place of its order.
type Answers<D> = [Option<Answer<D>>];

/// The right of a call to write a stream.
type Pass = OwnedMutexGuard<()>;

/// The orders of one stream on their way, each with the place of its answer.
pub(super) struct Lane<D: Stored> {
    stream: StreamId,
    slot: Arc<Slot<D::State>>,
    orders: VecDeque<(usize, Order<D::Command>)>,
    width: usize,
    /// Since when each append met a conflict.
    contended: Option<Instant>,
}

/// Puts orders into lanes.
pub(super) fn lanes<D: Stored>(
    orders: Vec<Order<D::Command>>,
    slot: impl Fn(&StreamId) -> Arc<Slot<D::State>>,
) -> Vec<Lane<D>> {
    let mut lanes: Vec<Lane<D>> = Vec::new();
    let mut places: HashMap<StreamId, usize> = HashMap::with_capacity(orders.len());
    for (index, order) in orders.into_iter().enumerate() {
        let place = *places.entry(order.stream.clone()).or_insert_with(|| {
            let stream = order.stream.clone();
            let slot = slot(&stream);
            let width = MAX_ORDERS_PER_APPEND;
            lanes.push(Lane { stream, slot, orders: VecDeque::new(), width, contended: None });
            lanes.len() - 1
        });
        lanes[place].orders.push_back((index, order));
    }
    lanes
}

impl<D: Stored> Executor<D> {
    /// Carries the next orders of every lane whose stream is free.
    pub(super) async fn run_round(&self, lanes: &mut [Lane<D>], answers: &mut Answers<D>) {
        let passes = passes(lanes).await;
        let mut entered: Vec<(&mut Lane<D>, Pass)> =
            lanes.iter_mut().zip(passes).filter_map(|(lane, pass)| Some((lane, pass?))).collect();
        let decisions = join_all(entered.iter().map(|(lane, _)| self.decide(lane))).await;
        let (mut ready, mut appends) = (Vec::new(), Vec::new());
        for ((lane, _), decision) in entered.iter_mut().zip(decisions) {
            match decision {
                Ok(decided) => {
                    appends.push(lane.append(&decided));
                    ready.push((lane, decided));
                }
                Err(failure) => lane.fail(&failure, answers),
            }
        }
        let outcomes = self.store.append_each(appends).await;
        for ((lane, decided), outcome) in ready.into_iter().zip(outcomes) {
            lane.settle(decided, outcome, answers);
        }
    }

    async fn decide(&self, lane: &Lane<D>) -> Result<Decided<D>, Failure> {
        let base = match lane.slot.newest() {
            Some(known) if lane.contended.is_none() => known,
            known => {
                let folded = fold::refresh::<D>(self.store.as_ref(), &lane.stream, known).await?;
                lane.slot.keep(folded.clone());
                folded
            }
        };
        let orders = lane.orders.iter().take(lane.width).map(|(_, order)| order);
        seal::decide(self.keys.as_ref(), &lane.stream, base, orders).await
    }
}

/// Takes the gates that are open now. When none is, waits its turn at the first
/// while holding none, so that no two calls wait for each other.
async fn passes<D: Stored>(lanes: &[Lane<D>]) -> Vec<Option<Pass>> {
    let take = |lane: &Lane<D>| lane.slot.gate.clone().try_lock_owned().ok();
    let lanes = &lanes[..lanes.len().min(MAX_LANES_PER_ROUND)];
    let mut passes: Vec<_> = lanes.iter().map(take).collect();
    if passes.iter().all(Option::is_none) {
        passes.clear();
        passes.push(Some(lanes[0].slot.gate.clone().lock_owned().await));
        passes.extend(lanes[1..].iter().map(take));
    }
    passes
}

impl<D: Stored> Lane<D> {
    /// Says whether orders are waiting.
    pub(super) fn is_waiting(&self) -> bool {
        !self.orders.is_empty()
    }

    fn append(&self, decided: &Decided<D>) -> Append {
        let events = decided.facts.iter().zip(&self.orders).flat_map(|(facts, (_, order))| {
            facts.iter().flatten().map(move |fact| new_event(fact, &order.context))
        });
        Append {
            stream: self.stream.clone(),
            expected: decided.base.map_or(Expected::NoStream, Expected::Exact),
            fold_from: decided.after.fold_from::<D>(),
            events: events.collect(),
        }
    }

    fn settle(
        &mut self,
        decided: Decided<D>,
        outcome: Result<Appended, AppendError>,
        answers: &mut Answers<D>,
    ) {
        match outcome {
            // Nothing was to be appended, so the store did not compare.
            Ok(appended)
                if decided.after.revision == decided.base && appended.last_revision != decided.base =>
            {
                let expected = decided.base.map_or(Expected::NoStream, Expected::Exact);
                let (stream, current) = (self.stream.clone(), appended.last_revision);
                self.meet_conflict(AppendError::Conflict { stream, expected, current }, answers);
            }
            Ok(appended) => {
                self.slot.keep(decided.after);
                self.contended = None;
                self.answer(decided.facts, appended.position, answers);
            }
            Err(error @ AppendError::Conflict { .. }) => self.meet_conflict(error, answers),
            // Together they are too large; each for itself may not be.
            Err(AppendError::TooLarge { .. }) if decided.facts.len() > 1 => {
                self.width = decided.facts.len() / 2;
            }
            Err(error @ AppendError::TooLarge { .. }) => {
                let order = self.orders.pop_front();
                order.into_iter().for_each(|(index, _)| {
                    answers[index] = Some(Err(ExecuteError::Append(error.clone())));
                });
            }
            Err(error) => self.fail(&Failure::Append(error), answers),
        }
    }

    fn meet_conflict(&mut self, error: AppendError, answers: &mut Answers<D>) {
        if self.contended.get_or_insert_with(Instant::now).elapsed() > MAX_CONTENTION {
            self.fail(&Failure::Append(error), answers);
        }
    }

    fn answer(
        &mut self,
        facts: Vec<Result<Vec<D::Event>, D::Rejection>>,
        position: Option<Position>,
        answers: &mut Answers<D>,
    ) {
        let carried_out = self.orders.drain(..facts.len());
        for ((index, _), facts) in carried_out.zip(facts) {
            answers[index] = Some(match facts {
                Ok(events) => {
                    let position = position.filter(|_| !events.is_empty());
                    Ok(Done { events, position })
                }
                Err(rejection) => Err(ExecuteError::Rejected(rejection)),
            });
        }
    }

    /// Fails all orders of the lane, so that no later one overtakes an earlier one.
    fn fail(&mut self, failure: &Failure, answers: &mut Answers<D>) {
        for (index, _) in self.orders.drain(..) {
            answers[index] = Some(Err(failure.clone().into()));
        }
    }
}
