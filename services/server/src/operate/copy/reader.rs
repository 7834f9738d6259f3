//! Reading a log event by event, and whether two events are the same.

use std::{collections::VecDeque, sync::Arc};

use airside_kernel::{EventStore, Position, RecordedEvent};
use sha2::{Digest, Sha256};

use super::{CopyError, Which};

/// How many events are read at once.
const PAGE: usize = 1_024;

/// Reads a log from its beginning to its end, or to a position.
pub(super) struct Reader {
    which: Which,
    store: Arc<dyn EventStore>,
    after: Option<Position>,
    until: Option<Position>,
    waiting: VecDeque<RecordedEvent>,
    is_at_end: bool,
}

impl Reader {
    pub(super) fn new(which: Which, store: Arc<dyn EventStore>, until: Option<Position>) -> Self {
        Self { which, store, after: None, until, waiting: VecDeque::new(), is_at_end: false }
    }

    /// Returns the next event; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<RecordedEvent>, CopyError> {
        while self.waiting.is_empty() && !self.is_at_end {
            let page = self.store.read_all(self.after, PAGE).await.map_err(super::read(self.which))?;
            self.is_at_end = page.end || page.events.is_empty();
            self.after = page.events.last().map(RecordedEvent::position).or(self.after);
            self.waiting.extend(page.events);
        }
        let is_within = |event: &RecordedEvent| self.until.is_none_or(|until| event.position() <= until);
        Ok(self.waiting.pop_front().filter(is_within))
    }
}

/// Returns in what two events differ that should be the same; their positions do not count.
pub(super) fn differs(ours: &RecordedEvent, theirs: &RecordedEvent) -> Option<&'static str> {
    let parts = [
        ("stream", ours.stream() == theirs.stream()),
        ("revision", ours.revision() == theirs.revision()),
        ("id", ours.id() == theirs.id()),
        ("type", ours.event_type() == theirs.event_type()),
        ("schema version", ours.schema_version() == theirs.schema_version()),
        ("time", ours.occurred_at() == theirs.occurred_at()),
        ("fold-from", ours.fold_from() == theirs.fold_from()),
        ("metadata", ours.metadata_bytes() == theirs.metadata_bytes()),
        ("payload", ours.payload() == theirs.payload()),
    ];
    parts.into_iter().find(|(_, is_same)| !is_same).map(|(what, _)| what)
}

/// Takes an event into a digest, each part with its length before it.
pub(super) fn digest_into(digest: &mut Sha256, event: &RecordedEvent) {
    let (revision, fold_from) = (event.revision().0.to_be_bytes(), event.fold_from().0.to_be_bytes());
    let id = event.id();
    let (version, at) =
        (event.schema_version().to_be_bytes(), event.occurred_at().as_microsecond().to_be_bytes());
    let parts: [&[u8]; 9] = [
        event.stream().as_bytes(),
        &revision,
        id.0.as_bytes(),
        event.event_type().as_bytes(),
        &version,
        &at,
        &fold_from,
        event.metadata_bytes(),
        event.payload(),
    ];
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
}
