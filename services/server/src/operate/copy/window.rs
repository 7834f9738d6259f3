//! What is handed over at once: appends in the order of the source, each of
//! events that follow one another in one stream and were recorded at one time.

use airside_kernel::{Append, Expected, NewEvent, RecordedEvent, Revision, StreamId, Timestamp};
use bytes::Bytes;

use super::{CopyError, no_stream};

/// A window is full with so many events.
const WINDOW_EVENTS: u64 = 1_024;

/// A window is full with so many bytes of payload and metadata.
const WINDOW_BYTES: usize = 4 * 1024 * 1024;

/// The most bytes of one append, well within what every log takes.
const APPEND_BYTES: usize = 256 * 1024;

/// The most events of one append.
const APPEND_EVENTS: usize = 500;

/// Appends that are handed over at once.
#[derive(Debug, Default)]
pub(super) struct Window {
    appends: Vec<(Append, Timestamp)>,
    events: u64,
    bytes: usize,
    /// What goes on with the last append, and its bytes.
    next_revision: Revision,
    append_bytes: usize,
}

impl Window {
    pub(super) fn is_empty(&self) -> bool {
        self.appends.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.events >= WINDOW_EVENTS || self.bytes >= WINDOW_BYTES
    }

    pub(super) fn into_appends(self) -> Vec<(Append, Timestamp)> {
        self.appends
    }

    /// Adds the next event of the source.
    pub(super) fn add(&mut self, event: &RecordedEvent) -> Result<(), CopyError> {
        let bytes = event.payload().len() + event.metadata_bytes().len();
        let (next_revision, room) = (self.next_revision, APPEND_BYTES.saturating_sub(self.append_bytes));
        let last = self.appends.last_mut().filter(|(append, at)| {
            append.stream.as_str() == event.stream()
                && append.fold_from == event.fold_from()
                && *at == event.recorded_at()
                && next_revision == event.revision()
                && append.events.len() < APPEND_EVENTS
                && bytes <= room
        });
        match last {
            Some((append, _)) => append.events.push(new_event(event)),
            None => {
                self.append_bytes = 0;
                self.appends.push((first(event)?, event.recorded_at()));
            }
        }
        self.next_revision = event.revision().next();
        self.append_bytes += bytes;
        self.bytes += bytes;
        self.events += 1;
        Ok(())
    }
}

fn first(event: &RecordedEvent) -> Result<Append, CopyError> {
    let name = event.stream().split_once('-');
    let stream = name.and_then(|(category, id)| StreamId::new(category, id).ok());
    Ok(Append {
        stream: stream.ok_or_else(|| no_stream(event.stream()))?,
        expected: match event.revision().0.checked_sub(1) {
            None => Expected::NoStream,
            Some(before) => Expected::Exact(Revision(before)),
        },
        fold_from: event.fold_from(),
        events: vec![new_event(event)],
    })
}

/// Returns an event as it is appended once more.
fn new_event(event: &RecordedEvent) -> NewEvent {
    NewEvent {
        id: event.id(),
        event_type: event.event_type().to_owned().into(),
        schema_version: event.schema_version(),
        occurred_at: event.occurred_at(),
        metadata: Bytes::copy_from_slice(event.metadata_bytes()),
        payload: Bytes::copy_from_slice(event.payload()),
    }
}
