//! A store under test, and the words that the rules are told in.

use std::sync::Arc;

use airside_kernel::{
    Append, AppendError, Appended, Direction, EventId, EventStore, Expected, Follow, ManualClock, Metadata,
    NewEvent, Page, Position, RecordedEvent, Revision, StreamId,
};
use bytes::Bytes;
use jiff::SignedDuration;
use uuid::Uuid;

/// A store, and where a rule began on it.
#[derive(Clone)]
pub struct Subject {
    /// The store.
    pub(super) store: Arc<dyn EventStore>,
    clock: Option<Arc<ManualClock>>,
    /// What the names of this rule's streams end with.
    mark: String,
    /// The head of the log when the rule began.
    pub(super) base: Option<Position>,
}

impl Subject {
    /// Begins a rule.
    pub(super) async fn new(store: Arc<dyn EventStore>, clock: Option<Arc<ManualClock>>) -> Self {
        let base = store.head().await.expect("the head is read");
        Self { store, clock, mark: format!(".{}", Uuid::new_v4().simple()), base }
    }

    /// Names a stream of this rule.
    pub(super) fn stream(&self, name: &str) -> StreamId {
        format!("{name}{}", self.mark).parse().expect("the rules name streams well")
    }

    /// Makes an append of some texts.
    pub(super) fn append(&self, name: &str, expected: Expected, texts: &[&str]) -> Append {
        let events = texts.iter().map(|text| event(text)).collect();
        Append { stream: self.stream(name), expected, fold_from: Revision::FIRST, events }
    }

    /// Appends texts to a stream that is expected somewhere.
    pub(super) async fn add(
        &self,
        name: &str,
        expected: Expected,
        texts: &[&str],
    ) -> Result<Appended, AppendError> {
        self.store.append(self.append(name, expected, texts)).await
    }

    /// Appends texts, whatever the stream holds.
    pub(super) async fn say(&self, name: &str, texts: &[&str]) -> Appended {
        self.add(name, Expected::Any, texts).await.expect("what agrees is appended")
    }

    /// Makes the answer to a writer that was too late or too early.
    pub(super) fn conflict(
        &self,
        name: &str,
        expected: Expected,
        current: Option<u64>,
    ) -> Result<Appended, AppendError> {
        Err(AppendError::Conflict { stream: self.stream(name), expected, current: current.map(Revision) })
    }

    /// Reads some of a stream.
    pub(super) async fn page(
        &self,
        name: &str,
        direction: Direction,
        from: Option<Revision>,
        limit: usize,
    ) -> Page {
        self.store.read_stream(&self.stream(name), direction, from, limit).await.expect("the stream is read")
    }

    /// Reads some of the whole log.
    pub(super) async fn log_page(&self, after: Option<Position>, limit: usize) -> Page {
        self.store.read_all(after, limit).await.expect("the log is read")
    }

    /// Reads a stream from its beginning.
    pub(super) async fn said(&self, name: &str) -> Vec<String> {
        texts(&self.page(name, Direction::Forwards, None, 10_000).await)
    }

    /// Reads all that came since the rule began, in pages of `limit`.
    pub(super) async fn everything(&self, limit: usize) -> Vec<RecordedEvent> {
        let mut events: Vec<RecordedEvent> = Vec::new();
        loop {
            let after = events.last().map(RecordedEvent::position).or(self.base);
            let page = self.log_page(after, limit).await;
            events.extend(page.events);
            if page.end {
                return events;
            }
        }
    }

    /// Returns the position of the last event.
    pub(super) async fn head(&self) -> Option<Position> {
        self.store.head().await.expect("the head is read")
    }

    /// Follows from where the rule began.
    pub(super) fn follow(&self) -> Box<dyn Follow> {
        self.store.follow(self.base)
    }

    /// Turns the store's clock, where it has one that can be turned.
    pub(super) fn advance(&self, minutes: i64) -> bool {
        let turned = self.clock.as_ref().map(|clock| clock.advance(SignedDuration::from_mins(minutes)));
        turned.is_some()
    }
}

/// Makes an event that carries a text.
pub(super) fn event(text: &str) -> NewEvent {
    NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: "test.Said".into(),
        schema_version: 1,
        occurred_at: "2026-11-20T07:59:00Z".parse().expect("the time is well written"),
        metadata: Metadata::default().with("actor", "nobody").encode(),
        payload: Bytes::copy_from_slice(text.as_bytes()),
    }
}

/// Returns the text of an event.
pub(super) fn text(event: &RecordedEvent) -> String {
    String::from_utf8_lossy(event.payload()).into_owned()
}

/// Returns the texts of a page.
pub(super) fn texts(page: &Page) -> Vec<String> {
    page.events.iter().map(text).collect()
}

/// Returns the positions of events.
pub(super) fn positions(events: &[RecordedEvent]) -> Vec<Position> {
    events.iter().map(RecordedEvent::position).collect()
}
