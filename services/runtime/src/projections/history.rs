//! The history of the log, folded by a task for each read model.
//!
//! Which models want which events of a page is found once, by category. Each
//! task takes the pages in their order and is at most [`PAGES_AHEAD`] behind the
//! reader; the last to finish a page says that it is done.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use airside_kernel::{Page, RecordedEvent};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{Progress, Target};
use crate::health::Vitals;

/// How many pages wait for a model.
const PAGES_AHEAD: usize = 8;
/// How many categories are remembered; a log has some dozen.
const MAX_CATEGORIES: usize = 64;

/// Who wants which category, as far as it was asked.
#[derive(Default)]
pub(super) struct Wanted(Vec<(Box<str>, u64)>);

impl Wanted {
    /// Returns a bit for each model that wants events of a category.
    fn by(&mut self, category: &str, targets: &[Arc<dyn Target>]) -> u64 {
        if let Some((_, bits)) = self.0.iter().find(|(known, _)| **known == *category) {
            return *bits;
        }
        let wants = targets.iter().enumerate().filter(|(_, target)| target.wants(category));
        let bits = wants.fold(0, |bits, (bit, _)| bits | 1 << bit);
        if self.0.len() < MAX_CATEGORIES {
            self.0.push((category.into(), bits));
        }
        bits
    }
}

/// A page, and who wants what of it.
pub(super) struct Batch {
    pub(super) page: Page,
    wanted: Vec<u64>,
    any: u64,
    /// How many models have not finished it.
    left: AtomicUsize,
}

impl Batch {
    pub(super) fn new(page: Page, targets: &[Arc<dyn Target>], wanted: &mut Wanted) -> Self {
        let wanted: Vec<u64> = page.events.iter().map(|event| wanted.by(event.category(), targets)).collect();
        let any = wanted.iter().fold(0, |any, bits| any | bits);
        Self { page, wanted, any, left: AtomicUsize::new(targets.len()) }
    }

    /// Returns the events that a model wants.
    pub(super) fn wanted_by(&self, bit: usize) -> impl Iterator<Item = &RecordedEvent> {
        let events = if self.any >> bit & 1 == 1 { self.page.events.as_slice() } else { &[] };
        events.iter().zip(&self.wanted).filter(move |(_, bits)| *bits >> bit & 1 == 1).map(|(event, _)| event)
    }
}

/// The tasks that fold the history.
pub(super) struct History {
    tasks: JoinSet<()>,
    senders: Vec<mpsc::Sender<Arc<Batch>>>,
}

impl History {
    /// Starts a task for each model.
    pub(super) fn begin(
        targets: &[Arc<dyn Target>],
        progress: &watch::Sender<Progress>,
        vitals: &Arc<Vitals>,
    ) -> Self {
        let mut tasks = JoinSet::new();
        let start = |(bit, target): (usize, &Arc<dyn Target>)| {
            let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
            tasks.spawn(fold(target.clone(), bit, receiver, progress.clone(), vitals.clone()));
            sender
        };
        let senders = targets.iter().enumerate().map(start).collect();
        Self { tasks, senders }
    }

    /// Gives a page to every task; waits while one of them has too many.
    pub(super) async fn send(&self, batch: &Arc<Batch>) {
        for sender in &self.senders {
            // A task that is gone has panicked; the end says so.
            let _ = sender.send(batch.clone()).await;
        }
    }

    /// Waits until all that was sent is folded.
    ///
    /// # Panics
    /// When a model has panicked, as its runner would have.
    pub(super) async fn end(mut self) {
        self.senders.clear();
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("read models take in events without a panic");
        }
    }
}

async fn fold(
    target: Arc<dyn Target>,
    bit: usize,
    mut batches: mpsc::Receiver<Arc<Batch>>,
    progress: watch::Sender<Progress>,
    vitals: Arc<Vitals>,
) {
    while let Some(batch) = batches.recv().await {
        target.take(&batch, bit, &vitals).await;
        if batch.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            progress.send_modify(|progress| progress.advance(&batch.page));
        }
    }
}
