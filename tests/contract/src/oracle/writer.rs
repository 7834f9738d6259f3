//! A writer: appends to its streams at the revisions it knows, one by one or several in one hand-over,
//! so that both ways to a store are gone.

use std::sync::{Arc, atomic::Ordering};

use airside_kernel::{Append, AppendError, EventId, Expected, Metadata, NewEvent, Revision, Timestamp};
use bytes::Bytes;
use rand::{Rng, seq::SliceRandom};
use tokio::{
    task::yield_now,
    time::{Instant, sleep},
};
use uuid::Uuid;

use super::{BACK_WITHIN, PAUSE, Run};

/// The most events of one append.
const EVENTS_MAX: usize = 3;

/// A stream, and what was acknowledged of it.
type Lane = (usize, Vec<Uuid>);

/// Appends until the run is over; returns what was acknowledged of each stream.
pub(super) async fn write(run: Arc<Run>, streams: Vec<usize>) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = streams.into_iter().map(|n| (n, Vec::new())).collect();
    let mut open: Vec<usize> = (0..lanes.len()).collect();
    while !run.is_over.load(Ordering::Relaxed) && !open.is_empty() {
        open.shuffle(&mut rand::rng());
        let handed = match rand::rng().random_bool(0.5) {
            true => 1,
            false => rand::rng().random_range(1..=open.len()),
        };
        let waiting = open[..handed].iter().map(|lane| (*lane, append(&run, &lanes[*lane]))).collect();
        let known = until_known(&run, waiting).await;
        for (lane, ids) in known {
            match ids {
                Some(ids) => lanes[lane].1.extend(ids),
                // Nobody else writes here: whatever the log says now or later, nothing can follow.
                None => open.retain(|other| *other != lane),
            }
        }
        // A store in memory answers without a pause, and others want to run too.
        yield_now().await;
    }
    lanes
}

fn append(run: &Run, (n, acknowledged): &Lane) -> Append {
    let count = rand::rng().random_range(1..=EVENTS_MAX);
    let events: Vec<_> = (0..count).map(|k| event(acknowledged.len() + k)).collect();
    let expected = match acknowledged.len() as u64 {
        0 => Expected::NoStream,
        length => Expected::Exact(Revision(length - 1)),
    };
    Append { stream: run.stream(*n), expected, fold_from: Revision::FIRST, events }
}

/// Appends again with the same ids until each answer is known, and returns the ids of what was stored; none
/// where it is a conflict, or where the run has been over for so long that nobody will know it.
async fn until_known(run: &Run, mut waiting: Vec<(usize, Append)>) -> Vec<(usize, Option<Vec<Uuid>>)> {
    let (mut known, mut over) = (Vec::with_capacity(waiting.len()), None);
    loop {
        let answers = match &waiting[..] {
            [(_, one)] => vec![run.store.append(one.clone()).await],
            many => run.store.append_each(many.iter().map(|(_, append)| append.clone()).collect()).await,
        };
        let mut unknown = Vec::new();
        for ((lane, append), answer) in waiting.into_iter().zip(answers) {
            match answer {
                Ok(_) => {
                    run.acknowledged();
                    known.push((lane, Some(append.events.iter().map(|event| event.id.0).collect())));
                }
                Err(error @ AppendError::Conflict { .. }) => {
                    run.conflicted(&error);
                    known.push((lane, None));
                }
                Err(error) => {
                    run.failed("append", &error);
                    unknown.push((lane, append));
                }
            }
        }
        if unknown.is_empty() {
            return known;
        }
        if run.is_over.load(Ordering::Relaxed)
            && over.get_or_insert_with(Instant::now).elapsed() > BACK_WITHIN
        {
            run.unknown.fetch_add(unknown.len() as u64, Ordering::Relaxed);
            known.extend(unknown.into_iter().map(|(lane, _)| (lane, None)));
            return known;
        }
        waiting = unknown;
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
