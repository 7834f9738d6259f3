//! The oracle: writes and follows while somebody outside does harm, and then
//! reads everything back.
//!
//! Writers append to a hundred streams, each at the revision that the last
//! answer named, and repeat an append with the same ids until they know what
//! became of it. One follower reads from the beginning; another is cancelled
//! and begun again at its checkpoint all the time. What was acknowledged must
//! be there once, at its revision, and both followers must have seen it once
//! and in order.

mod follower;
mod writer;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use airside_kernel::{Direction, EventStore, Position, ReadError, Revision, StreamId};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use uuid::Uuid;

use self::follower::Seen;
use crate::milliseconds;

/// How many streams are written to.
const STREAMS: usize = 100;

/// How many writers share them.
const WRITERS: usize = 20;

/// How many events are read at once when everything is read back.
const PAGE: usize = 1_000;

/// How long a cluster may take to come back before the reading back is given up.
const BACK_WITHIN: Duration = Duration::from_secs(120);

/// How long nothing may come at the end before a follower gives up.
const END_WITHIN: Duration = Duration::from_secs(60);

/// The pause after a failed call.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// How many errors are told in words.
const TOLD_MAX: usize = 20;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verdict {
    /// Events whose append was answered with success.
    pub acknowledged: u64,
    /// Acknowledged events that are not where they were acknowledged.
    pub missing: u64,
    /// Events that are in the log twice.
    pub duplicated: u64,
    /// Acknowledged events that a follower did not see.
    pub follow_missing: u64,
    /// Events that a follower saw twice.
    pub follow_twice: u64,
    /// Events that a follower or the reading back found before one that came earlier.
    pub out_of_order: u64,
    /// The longest time without an acknowledgement, in milliseconds.
    pub longest_gap_ms: u64,
    /// The longest time in which the first follower saw nothing, in milliseconds.
    pub longest_follow_gap_ms: u64,
    /// Calls that failed after all their repeats, and were made again.
    pub errors: u64,
    /// Appends that were refused as conflicts although nobody else writes; there must be none.
    pub conflicts: u64,
    /// Appends whose outcome nobody knew when the cluster had not come back; they may be there or not.
    pub unknown: u64,
    /// How often the second follower was cancelled or begun again.
    pub resumed: u64,
}

impl Verdict {
    /// Says whether the log kept its promises.
    pub fn holds(&self) -> bool {
        let wrong = [
            self.missing,
            self.duplicated,
            self.follow_missing,
            self.follow_twice,
            self.out_of_order,
            self.conflicts,
        ];
        self.acknowledged > 0 && wrong.iter().all(|count| *count == 0)
    }
}

/// What writers and followers share.
pub(crate) struct Run {
    pub(crate) store: Arc<dyn EventStore>,
    mark: String,
    pub(crate) end_within: Duration,
    pub(crate) base: Option<Position>,
    pub(crate) is_over: AtomicBool,
    errors: AtomicU64,
    conflicts: AtomicU64,
    unknown: AtomicU64,
    told: Mutex<Vec<String>>,
    /// When something was last acknowledged, and the longest time between two.
    pulse: Mutex<(Instant, Duration)>,
}

impl Run {
    pub(crate) fn stream(&self, n: usize) -> StreamId {
        format!("oracle-{}.{n}", self.mark).parse().expect("the oracle names streams well")
    }

    /// Returns which of the streams an event is of.
    pub(crate) fn number_of(&self, stream: &str) -> Option<usize> {
        stream.strip_prefix("oracle-")?.strip_prefix(&self.mark)?.strip_prefix('.')?.parse().ok()
    }

    pub(crate) fn failed(&self, what: &str, error: &dyn std::fmt::Display) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < TOLD_MAX {
            told.push(format!("{what}: {error}"));
        }
    }

    pub(crate) fn conflicted(&self, error: &dyn std::fmt::Display) {
        self.conflicts.fetch_add(1, Ordering::Relaxed);
        self.failed("conflict", error);
    }

    pub(crate) fn acknowledged(&self) {
        let mut pulse = self.pulse.lock().unwrap_or_else(PoisonError::into_inner);
        let gap = pulse.0.elapsed();
        *pulse = (Instant::now(), pulse.1.max(gap));
    }
}

/// Writes and follows for a time, then reads everything back. Returns the
/// verdict and what the first failed calls said.
///
/// # Errors
/// When the log cannot be read at the beginning, or does not come back at the end.
pub async fn run(store: Arc<dyn EventStore>, span: Duration) -> Result<(Verdict, Vec<String>), ReadError> {
    run_with(store, span, END_WITHIN).await
}

/// Does as [`run`], with another time for which a follower waits at the end for what does not come.
///
/// # Errors
/// When the log cannot be read at the beginning, or does not come back at the end.
pub async fn run_with(
    store: Arc<dyn EventStore>,
    span: Duration,
    end_within: Duration,
) -> Result<(Verdict, Vec<String>), ReadError> {
    let run = Arc::new(Run {
        base: store.head().await?,
        store,
        mark: Uuid::new_v4().simple().to_string(),
        end_within,
        is_over: AtomicBool::new(false),
        errors: AtomicU64::new(0),
        conflicts: AtomicU64::new(0),
        unknown: AtomicU64::new(0),
        told: Mutex::default(),
        pulse: Mutex::new((Instant::now(), Duration::ZERO)),
    });
    let (tell, lengths) = watch::channel(None);
    let followers = [
        tokio::spawn(follower::plain(run.clone(), lengths.clone())),
        tokio::spawn(follower::restless(run.clone(), lengths)),
    ];
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| tokio::spawn(writer::write(run.clone(), (n..STREAMS).step_by(WRITERS).collect())))
        .collect();
    sleep(span).await;
    run.is_over.store(true, Ordering::Relaxed);
    let mut acknowledged: Vec<Vec<Uuid>> = vec![Vec::new(); STREAMS];
    for writer in writers {
        for (n, ids) in writer.await.map_err(|error| ended("a writer", &error))? {
            acknowledged[n] = ids;
        }
    }
    let lengths: Vec<u64> = acknowledged.iter().map(|ids| ids.len() as u64).collect();
    // A follower ends when it has seen all of them, or nothing has come for long.
    tell.send_replace(Some(lengths.clone()));
    let mut seen = Vec::new();
    for follower in followers {
        seen.push(follower.await.map_err(|error| ended("a follower", &error))?);
    }
    let read = read_back(&run, &acknowledged).await?;
    let told = run.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((verdict(&run, &lengths, &seen, &read), told))
}

fn ended(who: &str, error: &tokio::task::JoinError) -> ReadError {
    ReadError::Unavailable { reason: format!("{who} of the oracle ended: {error}") }
}

fn verdict(run: &Run, lengths: &[u64], seen: &[Seen], read: &Back) -> Verdict {
    let missed = |seen: &Seen| seen.skipped + seen.behind(lengths);
    Verdict {
        acknowledged: lengths.iter().sum(),
        missing: read.missing,
        duplicated: read.duplicated,
        follow_missing: seen.iter().map(missed).sum(),
        follow_twice: seen.iter().map(|seen| seen.twice).sum(),
        out_of_order: seen.iter().map(|seen| seen.out_of_order).sum::<u64>() + read.out_of_order,
        longest_gap_ms: milliseconds(run.pulse.lock().unwrap_or_else(PoisonError::into_inner).1),
        longest_follow_gap_ms: seen.first().map_or(0, |seen| milliseconds(seen.longest_gap)),
        errors: run.errors.load(Ordering::Relaxed),
        conflicts: run.conflicts.load(Ordering::Relaxed),
        unknown: run.unknown.load(Ordering::Relaxed),
        resumed: seen.iter().map(|seen| seen.resumed).sum(),
    }
}

/// What the reading back found.
#[derive(Default)]
struct Back {
    missing: u64,
    duplicated: u64,
    out_of_order: u64,
}

async fn read_back(run: &Run, acknowledged: &[Vec<Uuid>]) -> Result<Back, ReadError> {
    let mut back = Back::default();
    for (n, expected) in acknowledged.iter().enumerate() {
        let mut found: Vec<Uuid> = Vec::with_capacity(expected.len());
        let mut last = None;
        loop {
            let from = Some(Revision(found.len() as u64));
            let page = patiently(run, n, from).await?;
            for event in &page.events {
                back.out_of_order += u64::from(
                    Some(event.position()) <= last || event.revision() != Revision(found.len() as u64),
                );
                last = Some(event.position());
                found.push(event.id().0);
            }
            if page.end {
                break;
            }
        }
        let there = expected.iter().zip(&found).filter(|(expected, found)| expected == found).count();
        back.missing += (expected.len() - there) as u64;
        found.sort_unstable();
        back.duplicated += found.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
    }
    Ok(back)
}

async fn patiently(run: &Run, n: usize, from: Option<Revision>) -> Result<airside_kernel::Page, ReadError> {
    let until = Instant::now() + BACK_WITHIN;
    loop {
        match run.store.read_stream(&run.stream(n), Direction::Forwards, from, PAGE).await {
            Ok(page) => return Ok(page),
            Err(error) if Instant::now() >= until => return Err(error),
            Err(error) => run.failed("read", &error),
        }
        sleep(PAUSE).await;
    }
}
