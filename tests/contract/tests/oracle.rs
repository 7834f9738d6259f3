//! The oracle on a cluster that is harmed, and on stores that break their promises: it must find no
//! fault with the one and the fault of each of the others.

#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use airside_contract::{
    double::{Double, Ending, Trouble},
    oracle,
};
use airside_kernel::{
    Append, AppendError, Appended, Direction, EventStore, Follow, LogId, NewEvent, Page, Position, ReadError,
    Revision, StreamId, SystemClock,
};
use airside_store::{MemoryStore, kurrent::KurrentStore};
use tokio::time::sleep;
use tonic::async_trait;

/// What a store does wrong, now and then.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lie {
    /// It acknowledges what it does not store.
    Forgets,
    /// It stores an event again.
    Repeats,
    /// Its followers pass over an event.
    Skips,
    /// Its followers see an event again.
    Again,
}

struct Liar {
    log: MemoryStore,
    lie: Lie,
    calls: AtomicU64,
}

#[async_trait]
impl EventStore for Liar {
    fn log_id(&self) -> LogId {
        self.log.log_id()
    }

    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if call == 500 && self.lie == Lie::Forgets {
            let last: u64 = match append.expected {
                airside_kernel::Expected::Exact(revision) => revision.0 + 1,
                _ => 0,
            };
            let last = last + append.events.len() as u64 - 1;
            return Ok(Appended { last_revision: Some(Revision(last)), position: None });
        }
        if call == 500 && self.lie == Lie::Repeats {
            let again: NewEvent = append.events[0].clone();
            append.events.push(again);
        }
        self.log.append(append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        direction: Direction,
        from: Option<Revision>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.log.read_stream(stream, direction, from, limit).await
    }

    async fn read_all(&self, after: Option<Position>, limit: usize) -> Result<Page, ReadError> {
        self.log.read_all(after, limit).await
    }

    async fn head(&self) -> Result<Option<Position>, ReadError> {
        self.log.head().await
    }

    fn follow(&self, after: Option<Position>) -> Box<dyn Follow> {
        Box::new(LyingFollow { follow: self.log.follow(after), lie: self.lie, pages: 0 })
    }
}

struct LyingFollow {
    follow: Box<dyn Follow>,
    lie: Lie,
    pages: u64,
}

#[async_trait]
impl Follow for LyingFollow {
    async fn next(&mut self) -> Result<Page, ReadError> {
        let mut page = self.follow.next().await?;
        self.pages += 1;
        if self.pages == 20 && self.lie == Lie::Again {
            page.events.push(page.events[0].clone());
        }
        if self.pages == 20 && self.lie == Lie::Skips && page.events.len() > 1 {
            page.events.remove(0);
        } else if self.pages == 20 && self.lie == Lie::Skips {
            self.pages = 19;
        }
        Ok(page)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_whose_leaders_are_killed_keeps_what_it_acknowledged() {
    let double = Arc::new(Double::start(3, Arc::new(SystemClock)).unwrap());
    let store = Arc::new(KurrentStore::connect(&double.url()).await.unwrap());
    let harm = tokio::spawn({
        let double = double.clone();
        async move {
            for round in 0..4 {
                sleep(Duration::from_millis(600)).await;
                double.trouble([
                    Trouble::LostAfter,
                    Trouble::AbortedAfter,
                    Trouble::EndedAfter,
                    Trouble::LostBefore,
                ]);
                double.end_reads(Ending::Cut);
                double.kill(round % 3);
                sleep(Duration::from_millis(400)).await;
                double.elect((round + 1) % 3);
                double.revive(round % 3).unwrap();
            }
        }
    });
    let (verdict, errors) = oracle::run(store, Duration::from_secs(6)).await.unwrap();
    harm.await.unwrap();
    assert!(verdict.holds(), "{verdict:?} {errors:?}");
    assert!(verdict.acknowledged > 500 && verdict.resumed > 3, "{verdict:?}");
}

async fn found(lie: Lie) -> oracle::Verdict {
    let log = MemoryStore::new(Arc::new(SystemClock));
    let store = Arc::new(Liar { log, lie, calls: AtomicU64::new(0) });
    oracle::run_with(store, Duration::from_millis(500), Duration::from_secs(2)).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_breaks_a_promise_is_found_out() {
    let forgets = found(Lie::Forgets).await;
    assert!(forgets.missing > 0 && !forgets.holds(), "{forgets:?}");
    let repeats = found(Lie::Repeats).await;
    assert!(repeats.duplicated > 0 && !repeats.holds(), "{repeats:?}");
    let skips = found(Lie::Skips).await;
    assert!(skips.follow_missing > 0 && !skips.holds(), "{skips:?}");
    let again = found(Lie::Again).await;
    assert!(again.follow_twice > 0 && !again.holds(), "{again:?}");
}
