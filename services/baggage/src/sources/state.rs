//! What is known of one source, folded from the log alone.

use std::collections::BTreeMap;

use airside_kernel::{Revision, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    clock::{ClockEstimate, Skew},
    events::{Heard, LinkOpened, SourceEvent, SourceFellSilent},
    recent::{Lag, Lags, Malformed, Messages},
};

/// The most ways that are remembered in which a source sent.
const MAX_TRANSPORTS: usize = 8;
/// The most lines of a source that count as open.
const MAX_LINES: usize = 256;
/// Typed scans, as a way in which a source sends.
pub const SCANS: &str = "scan";

/// What is known of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    transports: BTreeMap<String, Transport>,
    lines: BTreeMap<Uuid, Line>,
    heard: Option<Heard>,
    silent: Option<Silent>,
    /// The last event of its stream.
    last: Option<Revision>,
    messages: Messages,
    lags: Lags,
    clock: ClockEstimate,
}

/// A line of a source that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What kind of line, such as `link`.
    pub transport: String,
    /// Which node has it; empty on a log of one node.
    pub node: String,
}

/// One way in which a source sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Transport {
    /// How many messages or scans came so.
    pub count: u64,
    /// When the last was received; absent when none was.
    pub last_at: Option<Timestamp>,
}

/// A silence that was noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silent {
    /// What was heard before it.
    pub heard: Option<Heard>,
    /// Since when it was waited.
    pub waited_from: Timestamp,
}

impl Source {
    /// Returns each way in which it sends or has a line.
    pub fn transports(&self) -> impl Iterator<Item = (&str, Transport)> {
        self.transports.iter().map(|(name, transport)| (name.as_str(), *transport))
    }

    /// Returns how many lines of its own are open, of one kind or of all.
    pub fn open_lines(&self) -> usize {
        self.lines.len()
    }

    /// Returns its open lines.
    pub fn lines(&self) -> impl Iterator<Item = (Uuid, &Line)> {
        self.lines.iter().map(|(id, line)| (*id, line))
    }

    /// Returns what was heard last.
    pub fn heard(&self) -> Option<&Heard> {
        self.heard.as_ref()
    }

    /// Returns the silence that was noted and not ended.
    pub fn silent(&self) -> Option<&Silent> {
        self.silent.as_ref()
    }

    /// Returns the last event of its stream.
    pub fn last(&self) -> Option<Revision> {
        self.last
    }

    /// Returns how many messages came, and when the last was received.
    pub fn messages(&self) -> Transport {
        let messages = self.transports().filter(|(name, _)| *name != SCANS);
        messages.fold(Transport::default(), |all, (_, one)| Transport {
            count: all.count + one.count,
            last_at: all.last_at.max(one.last_at),
        })
    }

    /// Returns how many typed scans came, and when the last was received.
    pub fn scans(&self) -> Transport {
        self.transports.get(SCANS).copied().unwrap_or_default()
    }

    /// Returns how many of its last messages could not be used.
    pub fn malformed(&self) -> Malformed {
        self.messages.malformed()
    }

    /// Returns how late it is; `None` when nothing with a time of its own was seen.
    pub fn lag(&self) -> Option<Lag> {
        self.lags.lag()
    }

    /// Returns what its clock says.
    pub fn skew(&self) -> Skew {
        self.clock.skew()
    }

    /// Takes in that its stream has grown.
    pub(super) fn grown(&mut self, revision: Revision) {
        self.last = self.last.max(Some(revision));
    }

    /// Takes in a message.
    pub(super) fn received(&mut self, heard: Heard, transport: &str) {
        self.messages.received(heard.revision);
        self.hear(heard, transport);
    }

    /// Takes in a typed scan.
    pub(super) fn scanned(&mut self, heard: Heard) {
        self.hear(heard, SCANS);
    }

    /// Takes in a sighting that has a time of its own.
    pub(super) fn sighted(&mut self, received_at: Timestamp, observed_at: Timestamp) {
        self.lags.push(received_at.as_millisecond() - observed_at.as_millisecond());
        self.clock.push(received_at, observed_at);
    }

    /// Takes in that a message could not be used.
    pub(super) fn quarantined(&mut self, message: Revision) {
        self.messages.quarantined(message);
    }

    /// Takes in a fact about it.
    pub(super) fn apply(&mut self, event: SourceEvent) {
        match event {
            SourceEvent::Opened(LinkOpened { line, transport, node, .. }) => {
                self.transport(&transport);
                if self.lines.len() == MAX_LINES {
                    self.lines.pop_first();
                }
                self.lines.insert(line, Line { transport, node });
            }
            SourceEvent::Closed(closed) => {
                self.lines.remove(&closed.line);
            }
            SourceEvent::FellSilent(SourceFellSilent { heard, waited_from, .. }) => {
                self.silent = Some(Silent { heard, waited_from });
            }
            SourceEvent::HeardAgain(_) => self.silent = None,
        }
    }

    fn hear(&mut self, heard: Heard, transport: &str) {
        if let Some(transport) = self.transport(transport) {
            transport.count += 1;
            transport.last_at = transport.last_at.max(Some(heard.at));
        }
        if self.heard.as_ref().is_none_or(|last| last.at <= heard.at) {
            self.heard = Some(heard);
        }
    }

    fn transport(&mut self, name: &str) -> Option<&mut Transport> {
        if !self.transports.contains_key(name) {
            if self.transports.len() == MAX_TRANSPORTS {
                return None;
            }
            self.transports.insert(name.to_owned(), Transport::default());
        }
        self.transports.get_mut(name)
    }
}
