//! What was sent, what was acknowledged, and what the log has of it.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use airside_baggage::source::MessageReceived;
use airside_kernel::{Direction, EventStore, Personal, Revision, StoredEvent, StreamId};
use anyhow::{Context, Result, ensure};
use jiff::{Timestamp, tz::TimeZone};
use tokio::time::Instant;

use super::house::Log;

/// What stands before the number of a message.
const MARK: &[u8] = b".V/1LSZX//";
/// Digits of the kind and of the number in its kind.
const DIGITS: usize = 10;
/// Bags that are announced in turn, of each kind.
const BAGS: u64 = 20_000;
/// How many events are read back at once.
const PAGE_EVENTS: usize = 1_000;

/// How a message comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// In batches over gRPC.
    Calls,
    /// One by one on a stream.
    Stream,
    /// In batches over HTTP, each with a key.
    Http,
    /// On a line of the host link.
    Link,
    /// In a file.
    Files,
}

impl Kind {
    /// Every kind.
    pub(super) const ALL: [Self; 5] = [Self::Calls, Self::Stream, Self::Http, Self::Link, Self::Files];

    /// Returns the source as which it is stored.
    pub(super) fn source(self) -> &'static str {
        ["load.calls", "load.stream", "load.http", "load.link", "load.files"][self as usize]
    }
}

/// A message that was acknowledged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acked {
    kind: Kind,
    number: u64,
    /// When the answer came.
    pub(super) at: Instant,
    /// How long after it was due.
    pub(super) waited: Duration,
}

impl Acked {
    /// Returns whether it came in a file.
    pub(super) fn is_file(&self) -> bool {
        self.kind == Kind::Files
    }
}

/// Remembers every message of a run.
#[derive(Default)]
pub(super) struct Ledger {
    sent: [AtomicU64; Kind::ALL.len()],
    acked: Mutex<Vec<Acked>>,
}

/// What the log has of a run.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Messages that were sent.
    pub(super) sent: u64,
    /// Those of them that were acknowledged.
    pub(super) acknowledged: usize,
    /// Those of them that are not in the log.
    pub(super) lost: usize,
    /// Messages in the log.
    pub(super) stored: usize,
    /// Those that are there more than once.
    pub(super) twice: usize,
}

impl Ledger {
    /// Takes the numbers of new messages and returns the first.
    pub(super) fn send(&self, kind: Kind, count: usize) -> u64 {
        self.sent[kind as usize].fetch_add(count as u64, Ordering::Relaxed)
    }

    /// Notes that messages were acknowledged now.
    pub(super) fn acked(&self, kind: Kind, numbers: impl IntoIterator<Item = u64>, due: Instant) {
        let at = Instant::now();
        let waited = at.saturating_duration_since(due);
        self.all().extend(numbers.into_iter().map(|number| Acked { kind, number, at, waited }));
    }

    /// Returns how many were acknowledged.
    pub(super) fn count(&self) -> usize {
        self.all().len()
    }

    /// Looks at what was acknowledged since so many were.
    pub(super) fn with_since<T>(&self, count: usize, look: impl FnOnce(&[Acked]) -> T) -> T {
        look(&self.all()[count..])
    }

    /// Reads every source back and compares.
    pub(super) async fn look_in(&self, log: &Log) -> Result<Found> {
        let mut found = Found {
            sent: self.sent.iter().map(|sent| sent.load(Ordering::Relaxed)).sum(),
            ..Found::default()
        };
        let mut there = HashSet::new();
        for kind in Kind::ALL {
            for (number, count) in read_back(log, kind).await? {
                found.stored += count;
                found.twice += usize::from(count > 1);
                there.insert((kind, number));
            }
        }
        let acked = self.all();
        found.acknowledged = acked.len();
        found.lost = acked.iter().filter(|one| !there.contains(&(one.kind, one.number))).count();
        Ok(found)
    }

    fn all(&self) -> MutexGuard<'_, Vec<Acked>> {
        self.acked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the text of a message: an announcement of a bag on a flight of today.
pub(super) fn text(kind: Kind, number: u64) -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).strftime("%d%b").to_string().to_ascii_uppercase();
    let (kind, bag) = (kind as u64, number % BAGS);
    let plate = 3_479_000_001 + kind * BAGS + bag;
    format!(
        "BSM\n.V/1LSZX//{kind:02}{number:08}\n.F/ZH{}/{today}/PEK/Y\n.N/{plate}001\n\
         .S/Y/32A/C/{:03}/001//Y/A\n.W/K/1/14\n.P/1LI/MING\n.L/LOAD99\nENDBSM\n",
        9_101 + bag % 40,
        bag % 1_000
    )
}

/// Returns how often each message of a kind is in the log.
async fn read_back(log: &Log, kind: Kind) -> Result<std::collections::HashMap<u64, usize>> {
    let stream: StreamId = format!("source-{}", kind.source()).parse()?;
    let (mut found, mut from) = (std::collections::HashMap::new(), Revision::FIRST);
    loop {
        let page = log.store.read_stream(&stream, Direction::Forwards, Some(from), PAGE_EVENTS).await?;
        for event in &page.events {
            from = event.revision().next();
            if event.event_type() != MessageReceived::TYPE {
                continue;
            }
            let [received] = MessageReceived::decode(event)?;
            let Personal::Known(bytes) = received.content.open(log.keys.as_ref())? else {
                anyhow::bail!("a message of {} does not open", kind.source())
            };
            let (of, number) = number_of(&bytes).context("a message without its number is in the log")?;
            ensure!(of == kind as u64, "a message of another source is in {}", kind.source());
            *found.entry(number).or_default() += 1;
        }
        if page.end {
            return Ok(found);
        }
    }
}

/// Returns the kind and the number of a message.
fn number_of(bytes: &[u8]) -> Option<(u64, u64)> {
    let at = bytes.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    let digits = std::str::from_utf8(bytes.get(at..at + DIGITS)?).ok()?;
    Some((digits[..2].parse().ok()?, digits[2..].parse().ok()?))
}
