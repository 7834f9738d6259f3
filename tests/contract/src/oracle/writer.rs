//! A writer: appends to its streams in turn, each at the revision it knows.

use std::sync::{Arc, atomic::Ordering};

use airside_kernel::{Append, AppendError, EventId, Expected, Metadata, NewEvent, Revision, Timestamp};
use bytes::Bytes;
use rand::Rng;
use tokio::{
    task::yield_now,
    time::{Instant, sleep},
};
use uuid::Uuid;

use super::{BACK_WITHIN, PAUSE, Run};

/// The most events of one append.
const EVENTS_MAX: usize = 3;

/// Appends until the run is over; returns what was acknowledged of each stream.
pub(super) async fn write(run: Arc<Run>, streams: Vec<usize>) -> Vec<(usize, Vec<Uuid>)> {
    let mut lanes: Vec<(usize, Vec<Uuid>)> = streams.into_iter().map(|n| (n, Vec::new())).collect();
    let mut open: Vec<usize> = (0..lanes.len()).collect();
    let mut turn = 0;
    while !run.is_over.load(Ordering::Relaxed) && !open.is_empty() {
        turn = (turn + 1) % open.len();
        let (n, acknowledged) = &mut lanes[open[turn]];
        let count = rand::rng().random_range(1..=EVENTS_MAX);
        let events: Vec<_> = (0..count).map(|k| event(acknowledged.len() + k)).collect();
        let ids: Vec<_> = events.iter().map(|event| event.id.0).collect();
        let expected = match acknowledged.len() as u64 {
            0 => Expected::NoStream,
            length => Expected::Exact(Revision(length - 1)),
        };
        let append = Append { stream: run.stream(*n), expected, fold_from: Revision::FIRST, events };
        if until_known(&run, &append).await {
            acknowledged.extend(ids);
        } else {
            // Nobody else writes here: whatever the log says now or later, nothing can follow.
            open.swap_remove(turn);
        }
        // A store in memory answers without a pause, and others want to run too.
        yield_now().await;
    }
    lanes
}

/// Appends again with the same ids until the answer is known; false when it is a conflict, or when the
/// run has been over for so long that nobody will know it.
async fn until_known(run: &Run, append: &Append) -> bool {
    let mut over = None;
    loop {
        match run.store.append(append.clone()).await {
            Ok(_) => {
                run.acknowledged();
                return true;
            }
            Err(error @ AppendError::Conflict { .. }) => {
                run.conflicted(&error);
                return false;
            }
            Err(error) => run.failed("append", &error),
        }
        if run.is_over.load(Ordering::Relaxed)
            && over.get_or_insert_with(Instant::now).elapsed() > BACK_WITHIN
        {
            run.unknown.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        sleep(PAUSE).await;
    }
}

fn event(n: usize) -> NewEvent {
    NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: "test.Counted".into(),
        schema_version: 1,
        occurred_at: Timestamp::now(),
        metadata: Metadata::default().with("actor", "oracle").encode(),
        payload: Bytes::from(format!("{n:>100}")),
    }
}
