//! Which lines of sources are open now, for whoever writes it into the log.
//!
//! Who holds a line says so here, at once and without waiting for anything; what
//! [`sources`](crate::sources) runs compares it with the log and writes the difference. So a log that
//! cannot be written holds back no line, and what waits is bounded by the lines themselves.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use airside_kernel::{Clock, Timestamp};
use uuid::Uuid;

/// How many lines that are closed may wait for the log; beyond them the oldest are not written.
const MAX_CLOSED: usize = 1_024;

/// The lines of this process. Clones are the same.
#[derive(Clone)]
pub struct Lines {
    clock: Arc<dyn Clock>,
    known: Arc<Mutex<BTreeMap<Uuid, LineState>>>,
}

/// One line of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineState {
    /// Whose line.
    pub source: String,
    /// What kind of line, such as `link`.
    pub transport: &'static str,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when, and why it ended; absent while it is open.
    pub closed: Option<(Timestamp, &'static str)>,
}

/// A line that is open until it is closed or dropped.
#[must_use = "the line is open as long as this lives"]
pub struct OpenLine {
    id: Uuid,
    lines: Lines,
}

impl Lines {
    /// Makes a process without lines.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, known: Arc::default() }
    }

    /// Notes that a source has opened a line: it is known who it is.
    pub fn opened(&self, source: &str, transport: &'static str) -> OpenLine {
        let (id, opened_at) = (Uuid::now_v7(), self.clock.now());
        let state = LineState { source: source.to_owned(), transport, opened_at, closed: None };
        let mut known = self.known();
        known.insert(id, state);
        let closed = known.iter().filter(|(_, line)| line.closed.is_some());
        let excess: Vec<_> = closed.map(|(id, _)| *id).rev().skip(MAX_CLOSED).collect();
        excess.iter().for_each(|id| drop(known.remove(id)));
        drop(known);
        OpenLine { id, lines: self.clone() }
    }

    /// Returns all that are open, and those that are closed and not yet forgotten, oldest first.
    pub fn all(&self) -> Vec<(Uuid, LineState)> {
        self.known().iter().map(|(id, line)| (*id, line.clone())).collect()
    }

    /// Forgets a line whose end is in the log.
    pub fn forget(&self, id: Uuid) {
        self.known().remove(&id);
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Uuid, LineState>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenLine {
    /// Notes that the line ended, and why: a fixed text without anything personal.
    pub fn close(self, reason: &'static str) {
        self.end(reason);
    }

    fn end(&self, reason: &'static str) {
        let now = self.lines.clock.now();
        if let Some(line) = self.lines.known().get_mut(&self.id)
            && line.closed.is_none()
        {
            line.closed = Some((now, reason));
        }
    }
}

impl Drop for OpenLine {
    fn drop(&mut self) {
        self.end("the line was dropped");
    }
}

#[cfg(test)]
mod tests {
    use airside_kernel::ManualClock;

    use super::*;

    fn lines() -> Lines {
        Lines::new(Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)))
    }

    #[test]
    fn a_line_is_known_until_its_end_was_written() {
        let lines = lines();
        let line = lines.opened("bhs.t3", "link");
        let [(id, open)] = lines.all().try_into().unwrap();
        assert_eq!((open.source.as_str(), open.transport, open.closed), ("bhs.t3", "link", None));
        line.close("the peer logged off");
        let [(_, closed)] = lines.all().try_into().unwrap();
        assert_eq!(closed.closed, Some((Timestamp::UNIX_EPOCH, "the peer logged off")));
        lines.forget(id);
        assert!(lines.all().is_empty());
    }

    #[test]
    fn a_line_that_nobody_closes_is_closed_when_it_is_dropped() {
        let lines = lines();
        drop(lines.opened("bhs.t3", "link"));
        assert!(lines.all()[0].1.closed.is_some());
    }

    #[test]
    fn lines_that_come_and_go_while_the_log_is_away_take_bounded_room_and_open_ones_stay() {
        let lines = lines();
        let open = lines.opened("dcs", "link");
        (0..3_000).for_each(|_| lines.opened("bhs.t3", "link").close("the peer closed"));
        let all = lines.all();
        assert!(all.len() <= MAX_CLOSED + 2, "{}", all.len());
        assert!(all.iter().any(|(_, line)| line.source == "dcs"));
        open.close("the server stops");
    }
}
