//! The one thread that writes: it takes all that waits, up to a bound, makes
//! one durable commit of it, and only then answers. When a commit fails, all of
//! it fails, and the writer takes no more: the pages in memory and the file may
//! disagree, and only a restart reads what the disk has.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use airside_kernel::{KeyError, SubjectId};
use jiff::civil::Date;
use tokio::sync::{mpsc, oneshot};

use super::{
    Erasure, Reason, Shared,
    border::contained,
    tables::{self, Tables},
};
use crate::{
    cipher::{CipherRefused, DataKey, KeyName},
    values::{Entry, unavailable},
};

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
    /// Destroy what a copy of the register names, as it was done then.
    Replay(Vec<Erasure>),
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

/// A batch that was not committed.
enum Failed {
    /// The cipher refused; the file is as it was.
    Cipher(CipherRefused),
    /// The file could not be read or written.
    File(redb::Error),
}

impl From<CipherRefused> for Failed {
    fn from(error: CipherRefused) -> Self {
        Self::Cipher(error)
    }
}

impl<E: Into<redb::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::File(error.into())
    }
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
        match shared.sound().and_then(|()| commit_or_break(shared, &batch)) {
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

fn commit_or_break(shared: &Shared, batch: &[Request]) -> Result<Done, KeyError> {
    contained(|| commit(shared, batch)).map_err(|failed| match failed {
        Failed::Cipher(error) => unavailable(error),
        Failed::File(error) => shared.break_off(&error),
    })
}

fn commit(shared: &Shared, batch: &[Request]) -> Result<Done, Failed> {
    let writing = shared.database.begin_write()?;
    let mut done = Done::default();
    {
        let mut tables = Tables::open(&writing)?;
        for request in batch {
            let before = done.effects.len();
            apply(shared, &mut tables, &request.job, &mut done.effects)?;
            done.counts.push(done.effects.len() - before);
        }
        done.erased_count = tables.erased_count()?;
    }
    if done.effects.is_empty() {
        writing.abort()?;
    } else {
        let changes = tables::count_change(&writing)?;
        writing.commit()?;
        shared.commits.fetch_add(1, Ordering::Relaxed);
        shared.changes.fetch_max(changes, Ordering::Release);
    }
    Ok(done)
}

fn apply(
    shared: &Shared,
    tables: &mut Tables<'_>,
    job: &Job,
    effects: &mut Vec<Effect>,
) -> Result<(), Failed> {
    match job {
        Job::Ensure(names) => {
            for name in names {
                if !tables.settled(name)? {
                    let (key, wrapped) = shared.root.make_data_key(name)?;
                    tables.put(name, &wrapped)?;
                    effects.push(Effect::Made(name.clone(), key.into()));
                }
            }
        }
        Job::Erase(subject) => {
            let destroyed = tables.destroy(subject, Reason::Erased, shared.clock.now())?;
            effects.extend(destroyed.map(Effect::Destroyed));
        }
        Job::Retire(keep_from) => {
            for subject in tables.raw_before(*keep_from)? {
                let destroyed = tables.destroy(&subject, Reason::Retired, shared.clock.now())?;
                effects.extend(destroyed.map(Effect::Destroyed));
            }
        }
        Job::Replay(erased) => {
            for Erasure { subject, reason, at, .. } in erased {
                effects.extend(tables.destroy(subject, *reason, *at)?.map(Effect::Destroyed));
            }
        }
    }
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
        shared.copies.poke();
    }
}
