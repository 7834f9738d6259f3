//! The sessions of this process and what waits for each of them.
//!
//! Policy. A session registers before it reads history. While it reads, the hub
//! queues nothing for it and only remembers the highest sequence number that
//! went by; when the session has read up to that, it goes live, and from then
//! on each notice is queued. So nothing is missed between history and live,
//! nothing comes twice, and a hub that is itself replaying the log fills no
//! queue. A queue that is full ends its session, which comes back and resumes
//! from the log: the publisher never waits for a session.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use airside_kernel::PersonId;
use tokio::sync::Notify;

use crate::item::Item;

/// How many notices may wait for one session.
pub const MAX_QUEUED_NOTICES: usize = 256;
/// How many sessions one person may have.
pub const MAX_SESSIONS_PER_PERSON: usize = 8;

/// The sessions of this process.
#[derive(Debug, Clone, Default)]
pub struct Hub(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    sessions: RwLock<HashMap<PersonId, Vec<Arc<Mailbox>>>>,
    count: AtomicUsize,
}

impl Hub {
    /// Returns how many sessions are open.
    pub fn sessions(&self) -> usize {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Returns true when the person has a session here.
    pub fn has(&self, person: PersonId) -> bool {
        self.0.sessions.read().unwrap_or_else(PoisonError::into_inner).contains_key(&person)
    }

    /// Hands a notice to each session of a person. Never waits.
    pub fn publish(&self, person: PersonId, item: &Arc<Item>) {
        let sessions = self.0.sessions.read().unwrap_or_else(PoisonError::into_inner);
        for mailbox in sessions.get(&person).into_iter().flatten() {
            mailbox.put(item);
        }
    }

    /// Registers a session; `None` when the person has too many.
    pub(crate) fn register(&self, person: PersonId) -> Option<Registration> {
        let mut sessions = self.0.sessions.write().unwrap_or_else(PoisonError::into_inner);
        let of_person = sessions.entry(person).or_default();
        if of_person.len() >= MAX_SESSIONS_PER_PERSON {
            return None;
        }
        let mailbox = Arc::new(Mailbox::default());
        of_person.push(mailbox.clone());
        self.0.count.fetch_add(1, Ordering::Relaxed);
        Some(Registration { hub: self.clone(), person, mailbox })
    }
}

/// A place in the hub, given up when dropped.
#[derive(Debug)]
pub(crate) struct Registration {
    hub: Hub,
    person: PersonId,
    pub(crate) mailbox: Arc<Mailbox>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut sessions = self.hub.0.sessions.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_person) = sessions.get_mut(&self.person) {
            of_person.retain(|mailbox| !Arc::ptr_eq(mailbox, &self.mailbox));
            if of_person.is_empty() {
                sessions.remove(&self.person);
            }
        }
        self.hub.0.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What waits for one session.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    contents: Mutex<Contents>,
    filled: Notify,
}

#[derive(Debug)]
enum Contents {
    /// The session reads history; the highest sequence number that went by.
    History { highest: u64 },
    /// The session is live: the next sequence number, and what waits.
    Live { next: u64, items: VecDeque<Arc<Item>> },
    /// The session did not keep up.
    Overflown,
}

impl Default for Contents {
    fn default() -> Self {
        Self::History { highest: 0 }
    }
}

/// The session did not keep up; it must come back and resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflown;

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, item: &Arc<Item>) {
        let mut contents = self.lock();
        match &mut *contents {
            Contents::History { highest } => {
                *highest = (*highest).max(item.seq);
                return;
            }
            Contents::Live { next, .. } if item.seq < *next => return,
            // A gap means that a notice could not be read here: resuming finds out why.
            Contents::Live { next, items } if item.seq == *next && items.len() < MAX_QUEUED_NOTICES => {
                *next += 1;
                items.push_back(item.clone());
            }
            Contents::Live { .. } => *contents = Contents::Overflown,
            Contents::Overflown => return,
        }
        drop(contents);
        self.filled.notify_one();
    }

    /// Goes live after `seq`, unless something newer went by meanwhile.
    pub(crate) fn go_live(&self, seq: u64) -> bool {
        let mut contents = self.lock();
        match *contents {
            Contents::History { highest } if highest <= seq => {
                *contents = Contents::Live { next: seq + 1, items: VecDeque::new() };
                true
            }
            Contents::History { .. } => false,
            Contents::Live { .. } | Contents::Overflown => true,
        }
    }

    /// Waits for notices and takes all that wait. Safe to cancel.
    pub(crate) async fn take(&self) -> Result<Vec<Arc<Item>>, Overflown> {
        loop {
            match &mut *self.lock() {
                Contents::Live { items, .. } if !items.is_empty() => return Ok(items.drain(..).collect()),
                Contents::Overflown => return Err(Overflown),
                Contents::Live { .. } | Contents::History { .. } => {}
            }
            self.filled.notified().await;
        }
    }
}

#[cfg(test)]
mod tests;
