//! One stored message while it is read: where it is from, and the names of what is ordered for it.

use airside_kernel::{Cause, RecordedEvent, Revision, Timestamp};
use airside_runtime::{executor::Context, reactors::Reactor};

use super::{Parse, repeats::Earlier, source_of, source_stream};

/// One stored message while it is read.
pub(super) struct Reading<'a> {
    pub(super) source: &'a str,
    /// The fact that made us read it: itself, or that its parts are all there.
    pub(super) event: &'a RecordedEvent,
    /// The raw message; of parts the one that came last.
    pub(super) message: Revision,
    pub(super) received_at: Timestamp,
    pub(super) index: u32,
    /// What it repeats.
    pub(super) earlier: Earlier,
}

impl<'a> Reading<'a> {
    pub(super) fn of(event: &'a RecordedEvent, received_at: Timestamp, message: Revision) -> Self {
        let (source, earlier) = (source_of(event), Earlier::default());
        Self { source, event, message, received_at, index: 0, earlier }
    }

    /// Whether an operator made us read it, and not its coming.
    pub(super) fn is_again(&self) -> bool {
        self.event.category() == "quarantine"
    }

    /// The fact that is worked on, as the cause of what is ordered.
    pub(super) fn cause(&self) -> Cause {
        self.cause_in(self.event.stream().to_owned(), self.event.revision())
    }

    /// The stored message behind it, by which what was sent at one instant keeps its order.
    pub(super) fn sent(&self) -> Cause {
        self.cause_in(source_stream("source", self.source).to_string(), self.message)
    }

    pub(super) fn cause_in(&self, stream: String, revision: Revision) -> Cause {
        Cause { reactor: Parse::NAME.to_owned(), stream, revision, index: self.index }
    }

    pub(super) fn context(&self, occurred_at: Timestamp) -> Context {
        context(self.event, self.source, occurred_at)
    }
}

fn context(event: &RecordedEvent, source: &str, occurred_at: Timestamp) -> Context {
    Context {
        causation: Some(event.id().0),
        correlation: event.id().0,
        ..Context::new(format!("reactor/{}", Parse::NAME), source, occurred_at)
    }
}
