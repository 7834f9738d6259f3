//! What a reactor of this domain has ordered and is not done yet.
//!
//! An order that is refused as too old, or whose stream is damaged, is counted and logged and lets
//! the others pass; any other failure is tried again.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use airside_kernel::{Classified, Code, Decider};
use airside_runtime::{
    executor::{ExecuteError, Executor, Order, Stored},
    reactors::ReactError,
    status::chain,
};
use tracing::{error, warn};

/// How many orders are carried out at once: what the store puts into one commit, so that a notice
/// to ten thousand waits for few of them. Those of one stream keep their order, as an executor
/// that meets a failure leaves the later ones of that stream undone.
const ORDERS_AT_ONCE: usize = 512;

/// What the reactors have done since they started, for metrics.
#[derive(Debug, Default)]
pub struct Tally {
    /// Notices issued.
    pub issued: AtomicU64,
    /// Notices that had to wait.
    pub held: AtomicU64,
    /// Notices that gave way to newer ones.
    pub merged: AtomicU64,
    /// Notices that were not sent.
    pub suppressed: AtomicU64,
    /// Orders refused because the cause may have been forgotten.
    pub too_old: AtomicU64,
    /// Orders given up because stored bytes are damaged.
    pub damaged: AtomicU64,
}

impl Tally {
    /// Returns how often each thing became of a notice besides that it was issued.
    pub fn outcomes(&self) -> [(&'static str, u64); 5] {
        let counts = [
            ("held", &self.held),
            ("merged", &self.merged),
            ("suppressed", &self.suppressed),
            ("too_old", &self.too_old),
            ("damaged", &self.damaged),
        ];
        counts.map(|(outcome, count)| (outcome, count.load(Ordering::Relaxed)))
    }
}

/// The orders of a reactor to the streams of one decider.
pub(super) struct Orders<D: Stored> {
    executor: Executor<D>,
    waiting: Vec<Order<D::Command>>,
    tally: Arc<Tally>,
    count: fn(&Tally, &D::Event),
}

impl<D: Stored<Rejection: Classified>> Orders<D> {
    /// Makes a desk whose facts are counted.
    pub(super) fn new(executor: Executor<D>, tally: Arc<Tally>, count: fn(&Tally, &D::Event)) -> Self {
        Self { executor, waiting: Vec::new(), tally, count }
    }

    /// Remembers orders.
    pub(super) fn extend(&mut self, orders: impl IntoIterator<Item = Order<D::Command>>) {
        self.waiting.extend(orders);
    }

    /// Carries out all orders, in their sequence.
    pub(super) async fn flush(&mut self) -> Result<(), ReactError> {
        while !self.waiting.is_empty() {
            let count = self.waiting.len().min(ORDERS_AT_ONCE);
            let answers = self.executor.execute_each(self.waiting[..count].to_vec()).await;
            let mut failure = None;
            let mut again = Vec::new();
            for (order, answer) in self.waiting[..count].iter().zip(&answers) {
                match answer {
                    Ok(done) => done.events.iter().for_each(|fact| (self.count)(&self.tally, fact)),
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

    /// Settles an order; false when it must be tried again.
    fn settle(&self, order: &Order<D::Command>, error: &ExecuteError<<D as Decider>::Rejection>) -> bool {
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
