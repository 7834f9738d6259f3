//! The words that the rules are told in.

use std::sync::Arc;

use airside_kernel::{
    Append, Appended, Direction, EventId, EventStore, Expected, ManualClock, Metadata, NewEvent, Page,
    RecordedEvent, Revision, StreamId, Timestamp,
};
use bytes::Bytes;
use uuid::Uuid;

/// Makes a clock that stands still.
pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new("2026-11-20T08:00:00Z".parse::<Timestamp>().unwrap()))
}

/// Names a stream.
pub(crate) fn stream(name: &str) -> StreamId {
    name.parse().unwrap()
}

/// Makes an event that carries a text.
pub(crate) fn event(text: &str) -> NewEvent {
    NewEvent {
        id: EventId(Uuid::new_v4()),
        event_type: "test.Said".into(),
        schema_version: 1,
        occurred_at: "2026-11-20T07:59:00Z".parse().unwrap(),
        metadata: Metadata::default().with("actor", "nobody").encode(),
        payload: Bytes::copy_from_slice(text.as_bytes()),
    }
}

/// Makes an append of some texts.
pub(crate) fn append(name: &str, expected: Expected, texts: &[&str]) -> Append {
    Append {
        stream: stream(name),
        expected,
        fold_from: Revision::FIRST,
        events: texts.iter().map(|text| event(text)).collect(),
    }
}

/// Appends texts, whatever the stream holds.
pub(crate) async fn say(store: &Arc<dyn EventStore>, name: &str, texts: &[&str]) -> Appended {
    store.append(append(name, Expected::Any, texts)).await.unwrap()
}

/// Returns the text of an event.
pub(crate) fn text(event: &RecordedEvent) -> String {
    String::from_utf8(event.payload().to_vec()).unwrap()
}

/// Returns the texts of a page.
pub(crate) fn texts(page: &Page) -> Vec<String> {
    page.events.iter().map(text).collect()
}

/// Reads a stream from its beginning.
pub(crate) async fn said(store: &Arc<dyn EventStore>, name: &str) -> Vec<String> {
    texts(&store.read_stream(&stream(name), Direction::Forwards, None, 10_000).await.unwrap())
}

/// Reads the whole log in pages of `limit`.
pub(crate) async fn everything(store: &Arc<dyn EventStore>, limit: usize) -> Vec<RecordedEvent> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map(RecordedEvent::position);
        let page = store.read_all(after, limit).await.unwrap();
        events.extend(page.events);
        if page.end {
            return events;
        }
    }
}
