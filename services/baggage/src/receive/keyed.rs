//! Batches that are stored once, however often they are sent: by an idempotency key.
//!
//! Policy. Every message of such a batch carries the key, and a batch is one append; so the log
//! itself says which keys were used, also after a crash, and memory is only a fold of it. The fold
//! of a source begins with its recent messages, once, and goes on with what is new before each keyed
//! batch, or from its recent messages again when more came than a key is known among. The append names the revision that was folded to: of two calls with one key, in two
//! processes even, the slower one is refused by the log, reads the news and finds the key.
//!
//! In a process keyed batches of a source take turns, and batches without a key stand aside for the
//! one whose turn it is, so that a busy source cannot starve it. A source that never uses a key
//! pays nothing for this.
//!
//! A key is known for [`KEY_LIFE`], among the source's last [`MESSAGES_BACK`] messages and its last
//! [`KEYS_MAX`] keys, whichever ends first.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use airside_api::baggage::v1 as stored;
use airside_kernel::{
    AppendError, Category, Direction, EventStore, Expected, RecordedEvent, Revision, StoredEvent, StreamId,
    Timestamp,
};
use airside_runtime::{requests::MAX_BATCH_ITEMS, stored::timestamp};
use bytes::Bytes;
use jiff::SignedDuration;
use moka::sync::Cache;
use prost::Message;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use super::{Bringer, OnDisk, PAGE_EVENTS, ReceiveError, Receiving};
use crate::{react::source_stream, source::MessageReceived};

/// How long a key is known.
pub const KEY_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Among how many of a source's last messages a key is known.
pub const MESSAGES_BACK: u64 = 500_000;
/// How many keys of a source are known.
pub const KEYS_MAX: usize = 100_000;
/// How many sources are folded at once; another one is folded again when it sends.
const SOURCES_MAX: u64 = 64;
/// How often an append is tried whose source others write to from elsewhere.
const TRIES: usize = 8;

/// The keys of recent sources. Clones share them.
#[derive(Clone)]
pub(super) struct Keyed(Cache<String, Arc<RwLock<Option<Known>>>>);

impl Default for Keyed {
    fn default() -> Self {
        Self(Cache::new(SOURCES_MAX))
    }
}

impl Keyed {
    /// Waits until no keyed batch of a source is on its way; none begins while the answer is held.
    pub(super) async fn aside(&self, source: &str) -> Option<OwnedRwLockReadGuard<Option<Known>>> {
        match self.0.get(source) {
            Some(slot) => Some(slot.read_owned().await),
            None => None,
        }
    }
}

impl Receiving {
    /// Stores messages, all or none, unless a batch of this source with this key is there already:
    /// then it answers for that one. When it returns they are on disk.
    ///
    /// # Errors
    /// When the key came with other messages, or keys or log cannot be used now; then send the
    /// messages again under the same key.
    pub async fn store_once(
        &self,
        bringer: Bringer<'_>,
        key: &str,
        messages: &[Bytes],
    ) -> Result<OnDisk, ReceiveError> {
        let stream = source_stream("source", bringer.source);
        let slot = self.keyed.0.get_with_by_ref(bringer.source, Arc::default);
        let mut slot = slot.write().await;
        for _ in 0..TRIES {
            let now = self.clock.now();
            let known = match &mut *slot {
                Some(known) => known,
                none => none.insert(Known::fold(self.store.as_ref(), &stream, now).await?),
            };
            known.read_on(self.store.as_ref(), &stream, now).await?;
            if let Some(batch) = known.find(key, now) {
                return self.again(&stream, batch, messages).await;
            }
            let events = self.sealed(bringer, key, messages).await?;
            match self.append(stream.clone(), known.expected(), events).await {
                Err(ReceiveError::Log(AppendError::Conflict { .. })) => {}
                outcome => return outcome,
            }
        }
        Err(ReceiveError::Busy)
    }

    /// Answers for a batch that is there, when these are its messages.
    async fn again(
        &self,
        stream: &StreamId,
        batch: Batch,
        messages: &[Bytes],
    ) -> Result<OnDisk, ReceiveError> {
        if batch.count != messages.len() {
            return Err(ReceiveError::KeyReused);
        }
        let page =
            self.store.read_stream(stream, Direction::Forwards, Some(batch.first), batch.count).await?;
        if page.events.len() != batch.count {
            return Err(ReceiveError::KeyReused);
        }
        for (event, bytes) in page.events.iter().zip(messages) {
            let [there] = MessageReceived::decode(event)?;
            let fingerprint = self.keys.fingerprint(&there.subject, Category::Raw, bytes)?;
            // Without the day's key only the length can tell.
            let differs = fingerprint.is_some_and(|fingerprint| fingerprint != there.fingerprint);
            if differs || there.size_bytes as usize != bytes.len() {
                return Err(ReceiveError::KeyReused);
            }
        }
        self.metrics.message("repeated");
        let last_number = batch.next().0;
        Ok(OnDisk { last_number, position: page.events.last().map(RecordedEvent::position) })
    }
}

/// A batch that came with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Batch {
    first: Revision,
    count: usize,
    received_at: Timestamp,
}

impl Batch {
    /// Returns the revision after its last message.
    fn next(&self) -> Revision {
        Revision(self.first.0.saturating_add(self.count as u64))
    }
}

/// The keys of a source, as far as its stream was folded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The last revision that was folded.
    head: Option<Revision>,
    /// The newest batch of each key.
    batches: HashMap<Arc<str>, Batch>,
    /// Keys by the first revision of their batch, oldest first.
    order: VecDeque<(Revision, Arc<str>)>,
}

/// A message with a key.
type Seen = (Revision, String, Timestamp);

impl Known {
    /// Folds the recent messages of a source.
    async fn fold(store: &dyn EventStore, stream: &StreamId, now: Timestamp) -> Result<Self, ReceiveError> {
        let (mut seen, mut head, mut from) = (Vec::new(), None, None);
        // A batch that the bound cuts in two is known to nobody; so one batch more is read than asked for.
        let mut left = usize::try_from(MESSAGES_BACK).unwrap_or(usize::MAX) + MAX_BATCH_ITEMS;
        while left > 0 {
            let limit = left.min(PAGE_EVENTS);
            let page = store.read_stream(stream, Direction::Backwards, from, limit).await?;
            head = head.or_else(|| page.events.first().map(RecordedEvent::revision));
            seen.extend(page.events.iter().filter_map(keyed));
            left = left.saturating_sub(page.events.len());
            let Some(oldest) = page.events.last() else { break };
            from = oldest.revision().0.checked_sub(1).map(Revision);
            if page.end || from.is_none() || now.duration_since(oldest.recorded_at()) > KEY_LIFE {
                break;
            }
        }
        let mut known = Self::default();
        seen.into_iter().rev().for_each(|seen| known.note(seen));
        known.head = head;
        known.forget(now);
        Ok(known)
    }

    /// Folds what is new; where that is more than the recent messages, those alone.
    async fn read_on(
        &mut self,
        store: &dyn EventStore,
        stream: &StreamId,
        now: Timestamp,
    ) -> Result<(), ReceiveError> {
        loop {
            let from = self.head.map_or(Revision::FIRST, Revision::next);
            let page = store.read_stream(stream, Direction::Forwards, Some(from), PAGE_EVENTS).await?;
            if !page.end {
                let newest = store.read_stream(stream, Direction::Backwards, None, 1).await?;
                if newest.events.first().is_some_and(|newest| self.is_left_behind(newest.revision())) {
                    *self = Self::fold(store, stream, now).await?;
                    return Ok(());
                }
            }
            for event in &page.events {
                if let Some(seen) = keyed(event) {
                    self.note(seen);
                }
                self.head = Some(event.revision());
            }
            self.forget(now);
            if page.end {
                return Ok(());
            }
        }
    }

    /// Whether a source went on so far that no key which was folded is known any more.
    fn is_left_behind(&self, newest: Revision) -> bool {
        newest.0.saturating_sub(self.head.map_or(0, |head| head.0)) > MESSAGES_BACK
    }

    fn note(&mut self, (revision, key, received_at): Seen) {
        match self.batches.get_mut(key.as_str()) {
            Some(batch) if batch.received_at == received_at && batch.next() == revision => batch.count += 1,
            _ => {
                let key: Arc<str> = key.into();
                self.order.push_back((revision, key.clone()));
                self.batches.insert(key, Batch { first: revision, count: 1, received_at });
            }
        }
    }

    /// Forgets the keys that are past one of the bounds.
    fn forget(&mut self, now: Timestamp) {
        while let Some((first, key)) = self.order.front() {
            let newest = self.batches.get(key).filter(|batch| batch.first == *first);
            if newest.is_some_and(|batch| self.order.len() <= KEYS_MAX && self.is_recent(batch, now)) {
                return;
            }
            if newest.is_some() {
                self.batches.remove(key);
            }
            self.order.pop_front();
        }
    }

    fn is_recent(&self, batch: &Batch, now: Timestamp) -> bool {
        let since = self.head.map_or(0, |head| head.0.saturating_sub(batch.first.0));
        since < MESSAGES_BACK && now.duration_since(batch.received_at) < KEY_LIFE
    }

    fn find(&self, key: &str, now: Timestamp) -> Option<Batch> {
        self.batches.get(key).filter(|batch| self.is_recent(batch, now)).copied()
    }

    fn expected(&self) -> Expected {
        self.head.map_or(Expected::NoStream, Expected::Exact)
    }
}

/// Returns the key of a message that has one. An event that cannot be read here has none to tell;
/// who reads it for its content says what is wrong with it.
fn keyed(event: &RecordedEvent) -> Option<Seen> {
    if event.event_type() != MessageReceived::TYPE {
        return None;
    }
    let message = stored::MessageReceived::decode(event.payload()).ok()?;
    let received_at = message.received_at.as_ref().and_then(timestamp)?;
    (!message.idempotency_key.is_empty()).then_some((event.revision(), message.idempotency_key, received_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_132_800 + seconds).unwrap()
    }

    fn folded(seen: &[(u64, &str, i64)]) -> Known {
        let mut known = Known::default();
        for (revision, key, seconds) in seen {
            known.note((Revision(*revision), (*key).to_owned(), at(*seconds)));
            known.head = Some(Revision(*revision));
        }
        known
    }

    fn found(known: &Known, key: &str, seconds: i64) -> Option<(u64, usize)> {
        known.find(key, at(seconds)).map(|batch| (batch.first.0, batch.count))
    }

    #[test]
    fn a_batch_is_what_came_at_once_under_one_key() {
        let known = folded(&[(0, "a", 0), (1, "a", 0), (5, "b", 7), (6, "b", 7), (7, "b", 7)]);
        assert_eq!((found(&known, "a", 9), found(&known, "b", 9)), (Some((0, 2)), Some((5, 3))));
        assert_eq!(found(&known, "c", 9), None);
    }

    #[test]
    fn a_key_is_known_for_a_day_and_may_then_be_used_again() {
        const DAY: i64 = 86_400;
        let mut known = folded(&[(0, "a", 0), (1, "a", DAY), (2, "a", DAY)]);
        assert_eq!(
            found(&known, "a", DAY),
            Some((1, 2)),
            "the newest batch counts, also right behind the old"
        );
        assert_eq!(found(&known, "a", 2 * DAY - 1), Some((1, 2)));
        assert_eq!(found(&known, "a", 2 * DAY), None);
        known.forget(at(2 * DAY - 1));
        assert_eq!((known.order.len(), known.batches.len()), (1, 1), "the older batch is forgotten");
        known.forget(at(2 * DAY));
        assert_eq!((known.order.len(), known.batches.len()), (0, 0));
    }

    #[test]
    fn what_is_new_is_read_on_only_while_it_is_less_than_the_recent_messages() {
        let known = folded(&[(7, "a", 0)]);
        assert!(!known.is_left_behind(Revision(7)));
        assert!(!known.is_left_behind(Revision(7 + MESSAGES_BACK)));
        assert!(known.is_left_behind(Revision(8 + MESSAGES_BACK)));
        assert!(Known::default().is_left_behind(Revision(1 + MESSAGES_BACK)));
    }

    #[test]
    fn what_is_remembered_of_a_source_is_bounded() {
        let mut known = Known::default();
        for revision in 0..=KEYS_MAX as u64 {
            known.note((Revision(revision), revision.to_string(), at(0)));
        }
        known.head = Some(Revision(KEYS_MAX as u64));
        known.forget(at(1));
        assert_eq!((known.order.len(), known.batches.len()), (KEYS_MAX, KEYS_MAX));
        assert_eq!((found(&known, "0", 1), found(&known, "1", 1)), (None, Some((1, 1))));

        let mut known = folded(&[(0, "a", 0), (1, "b", 0)]);
        known.head = Some(Revision(MESSAGES_BACK));
        assert_eq!((found(&known, "a", 1), found(&known, "b", 1)), (None, Some((1, 1))));
        known.forget(at(1));
        assert_eq!(known.order.len(), 1);
    }
}
