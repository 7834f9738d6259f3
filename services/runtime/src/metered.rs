//! A log that counts and times what is appended through it.

use std::{sync::Arc, time::Instant};

use airside_kernel::{
    Append, AppendError, Appended, Direction, EventStore, Follow, LogId, Page, Position, ReadError, Revision,
    StreamId,
};
use async_trait::async_trait;

use crate::telemetry::Metrics;

/// The log of another adapter, with its appends measured.
pub struct Metered {
    store: Arc<dyn EventStore>,
    metrics: Metrics,
}

impl Metered {
    /// Measures the appends of a log.
    pub fn new(store: Arc<dyn EventStore>, metrics: Metrics) -> Self {
        Self { store, metrics }
    }
}

#[async_trait]
impl EventStore for Metered {
    fn log_id(&self) -> LogId {
        self.store.log_id()
    }

    fn generation(&self) -> u64 {
        self.store.generation()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.append_each(vec![append]).await.pop().expect("one append has one answer")
    }

    async fn append_each(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        let counts: Vec<u64> = appends.iter().map(|append| append.events.len() as u64).collect();
        let start = Instant::now();
        let answers = self.store.append_each(appends).await;
        let appended: u64 =
            counts.iter().zip(&answers).filter(|(_, answer)| answer.is_ok()).map(|(count, _)| count).sum();
        if appended > 0 {
            self.metrics.appended_events.inc_by(appended);
            self.metrics.append_seconds.observe(start.elapsed().as_secs_f64());
        }
        answers
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        direction: Direction,
        from: Option<Revision>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.store.read_stream(stream, direction, from, limit).await
    }

    async fn read_all(&self, after: Option<Position>, limit: usize) -> Result<Page, ReadError> {
        self.store.read_all(after, limit).await
    }

    async fn head(&self) -> Result<Option<Position>, ReadError> {
        self.store.head().await
    }

    fn follow(&self, after: Option<Position>) -> Box<dyn Follow> {
        self.store.follow(after)
    }
}
