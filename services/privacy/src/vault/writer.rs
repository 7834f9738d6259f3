//! The one thread that writes: it takes all that waits, up to a bound, makes
//! one durable commit of it, and only then answers. When a commit fails, all of
//! it fails and nothing of it stands.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use airside_kernel::{KeyError, SubjectId};
use jiff::civil::Date;
use tokio::sync::{mpsc, oneshot};

use super::{
    Entry, Shared,
    tables::{Reason, Tables, unavailable},
};
use crate::cipher::{DataKey, KeyName};

/// Most requests in one commit.
const BATCH_MAX: usize = 1024;

/// A change to the vault.
pub(super) enum Job {
    /// Make the keys that are absent.
    Ensure(Vec<KeyName>),
    /// Destroy a subject's keys.
    Erase(SubjectId),
    /// Destroy the raw keys of days before this one.
    Retire(Date),
}

/// A job and who waits for it; the answer counts what changed.
pub(super) struct Request {
    pub(super) job: Job,
    pub(super) reply: oneshot::Sender<Result<usize, KeyError>>,
}

/// What a commit did, to be told to the cache in this order.
#[derive(Default)]
struct Done {
    counts: Vec<usize>,
    effects: Vec<Effect>,
    erased_count: u64,
}

enum Effect {
    Made(KeyName, Arc<DataKey>),
    Destroyed(Vec<KeyName>),
}

/// Serves requests until every sender is gone.
pub(super) fn run(shared: &Shared, mut requests: mpsc::Receiver<Request>) {
    while let Some(first) = requests.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX
            && let Ok(next) = requests.try_recv()
        {
            batch.push(next);
        }
        match commit(shared, &batch) {
            Ok(done) => {
                publish(shared, done.effects, done.erased_count);
                for (request, count) in batch.into_iter().zip(done.counts) {
                    let _ = request.reply.send(Ok(count));
                }
            }
            Err(error) => {
                for request in batch {
                    let _ = request.reply.send(Err(error.clone()));
                }
            }
        }
    }
}

fn commit(shared: &Shared, batch: &[Request]) -> Result<Done, KeyError> {
    let writing = shared.database.begin_write().map_err(unavailable)?;
    let mut done = Done::default();
    {
        let mut tables = Tables::open(&writing).map_err(unavailable)?;
        for request in batch {
            let before = done.effects.len();
            apply(shared, &mut tables, &request.job, &mut done.effects)?;
            done.counts.push(done.effects.len() - before);
        }
        done.erased_count = tables.erased_count().map_err(unavailable)?;
    }
    if done.effects.is_empty() {
        writing.abort().map_err(unavailable)?;
    } else {
        writing.commit().map_err(unavailable)?;
        shared.commits.fetch_add(1, Ordering::Relaxed);
    }
    Ok(done)
}

fn apply(
    shared: &Shared,
    tables: &mut Tables<'_>,
    job: &Job,
    effects: &mut Vec<Effect>,
) -> Result<(), KeyError> {
    match job {
        Job::Ensure(names) => {
            for name in names {
                if !tables.settled(name).map_err(unavailable)? {
                    let (key, wrapped) = shared.root.make_data_key(name).map_err(unavailable)?;
                    tables.put(name, &wrapped).map_err(unavailable)?;
                    effects.push(Effect::Made(name.clone(), key.into()));
                }
            }
            Ok(())
        }
        Job::Erase(subject) => destroy(shared, tables, subject, Reason::Erased, effects),
        Job::Retire(keep_from) => {
            let subjects = tables.raw_before(*keep_from).map_err(unavailable)?;
            subjects.iter().try_for_each(|subject| destroy(shared, tables, subject, Reason::Retired, effects))
        }
    }
}

fn destroy(
    shared: &Shared,
    tables: &mut Tables<'_>,
    subject: &SubjectId,
    reason: Reason,
    effects: &mut Vec<Effect>,
) -> Result<(), KeyError> {
    let destroyed = tables.destroy(subject, reason, shared.clock.now()).map_err(unavailable)?;
    effects.extend(destroyed.map(Effect::Destroyed));
    Ok(())
}

fn publish(shared: &Shared, effects: Vec<Effect>, erased_count: u64) {
    {
        let _alone = shared.fence.write().unwrap_or_else(PoisonError::into_inner);
        for effect in effects {
            match effect {
                Effect::Made(name, key) => shared.cache.insert(name, Entry::Live(key)),
                Effect::Destroyed(names) => names.iter().for_each(|name| shared.cache.invalidate(name)),
            }
        }
    }
    let grown = shared.erasures.send_if_modified(|seen| {
        let grows = *seen < erased_count;
        *seen = erased_count;
        grows
    });
    if grown {
        // Drops the evicted keys now; their memory is wiped as they go.
        shared.cache.run_pending_tasks();
    }
}
