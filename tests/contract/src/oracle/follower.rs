//! The two followers, and what they saw.

use std::{sync::Arc, time::Duration};

use airside_kernel::{Page, Position, Revision};
use rand::Rng;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::{PAUSE, Run, STREAMS};

/// What a follower saw of each stream.
pub(super) struct Seen {
    /// How many events of each stream.
    next: Vec<u64>,
    last: Option<Position>,
    pub(super) skipped: u64,
    pub(super) twice: u64,
    pub(super) out_of_order: u64,
    pub(super) resumed: u64,
    pub(super) longest_gap: Duration,
    at: Instant,
    /// When it heard how long the streams are: only what comes late after that is missing.
    told: Option<Instant>,
}

impl Seen {
    fn new() -> Self {
        Self {
            next: vec![0; STREAMS],
            last: None,
            skipped: 0,
            twice: 0,
            out_of_order: 0,
            resumed: 0,
            longest_gap: Duration::ZERO,
            at: Instant::now(),
            told: None,
        }
    }

    fn take(&mut self, run: &Run, page: &Page) {
        for event in &page.events {
            self.out_of_order += u64::from(Some(event.position()) <= self.last);
            self.last = self.last.max(Some(event.position()));
            let Some(n) = run.number_of(event.stream()).filter(|n| *n < STREAMS) else { continue };
            let Revision(revision) = event.revision();
            if revision < self.next[n] {
                self.twice += 1;
                continue;
            }
            self.skipped += revision - self.next[n];
            self.next[n] = revision + 1;
        }
        self.longest_gap = self.longest_gap.max(self.at.elapsed());
        self.at = Instant::now();
    }

    /// Returns how many events at the ends of streams it did not see.
    pub(super) fn behind(&self, lengths: &[u64]) -> u64 {
        lengths.iter().zip(&self.next).map(|(length, next)| length.saturating_sub(*next)).sum()
    }

    fn is_done(&mut self, run: &Run, lengths: Option<&[u64]>) -> bool {
        let Some(lengths) = lengths else { return false };
        let told = *self.told.get_or_insert_with(Instant::now);
        self.behind(lengths) == 0 || self.at.max(told).elapsed() > run.end_within
    }
}

/// Tells how long the streams are, once no more is written.
pub(super) type Lengths = watch::Receiver<Option<Vec<u64>>>;

/// Follows from the beginning of the run without a break.
pub(super) async fn plain(run: Arc<Run>, lengths: Lengths) -> Seen {
    let mut seen = Seen::new();
    let mut follow = run.store.follow(run.base);
    while !seen.is_done(&run, lengths.borrow().as_deref()) {
        match timeout(PAUSE, follow.next()).await {
            Ok(Ok(page)) => seen.take(&run, &page),
            Ok(Err(error)) => {
                run.failed("follow", &error);
                sleep(PAUSE).await;
            }
            Err(_) => {}
        }
    }
    seen
}

/// Follows, is cancelled in the middle of its waits, and begins again at its checkpoint.
pub(super) async fn restless(run: Arc<Run>, lengths: Lengths) -> Seen {
    let mut seen = Seen::new();
    let mut checkpoint = run.base;
    while !seen.is_done(&run, lengths.borrow().as_deref()) {
        let mut follow = run.store.follow(checkpoint);
        seen.resumed += 1;
        let waits = rand::rng().random_range(1..60);
        for _ in 0..waits {
            let wait = Duration::from_millis(rand::rng().random_range(0..30));
            match timeout(wait, follow.next()).await {
                Ok(Ok(page)) => {
                    checkpoint = page.events.last().map(|event| event.position()).or(checkpoint);
                    seen.take(&run, &page);
                }
                Ok(Err(error)) => {
                    run.failed("follow", &error);
                    sleep(PAUSE).await;
                    break;
                }
                Err(_) => {}
            }
        }
    }
    seen
}
