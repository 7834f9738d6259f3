//! Folded states: made of stored facts, kept for the next order.

use std::{
    borrow::Borrow,
    sync::{Arc, Mutex, PoisonError},
};

use airside_kernel::{Direction, EventStore, RecordedEvent, Revision, StoredEvent, StreamId, Timestamp};

use super::{Failure, Stored};

/// How many events a fold reads at once.
const FOLD_PAGE: usize = 1_000;

/// A state and where it was folded to.
#[derive(Debug, Clone)]
pub struct Folded<S> {
    /// The state.
    pub state: S,
    /// The last revision in it; `None` when the stream does not exist.
    pub revision: Option<Revision>,
    base: Revision,
    /// How many facts were folded.
    facts: u64,
    /// The events of this fold that gave not one fact but more, or none, and how many.
    uneven: Vec<(Revision, u64)>,
}

impl<S: Default> Folded<S> {
    /// The state before a fold that begins at `base` of a stream that ends at `revision`.
    fn begin(base: Revision, revision: Option<Revision>) -> Self {
        Self { state: S::default(), revision, base, facts: 0, uneven: Vec::new() }
    }
}

impl<S> Folded<S> {
    /// Returns the revision that the next fact gets.
    fn next(&self) -> Revision {
        self.revision.map_or(Revision::FIRST, Revision::next)
    }

    /// Returns the state after facts that come next, each an event of its own.
    pub(super) fn after<D: Stored<State = S>>(self, facts: &[D::Event]) -> Self {
        facts.iter().fold(self, |folded, fact| {
            let revision = folded.next();
            folded.with::<D>([fact], revision)
        })
    }

    /// Returns the oldest revision that the state still needs.
    pub(super) fn fold_from<D: Stored<State = S>>(&self) -> Revision {
        self.event_of(D::forgets(&self.state, self.facts).min(self.facts))
    }

    /// Returns the event that gave the fact with this number, counted from 0;
    /// for the number of the next fact, the next event.
    fn event_of(&self, fact: u64) -> Revision {
        let (mut event, mut left) = (self.base, fact);
        for (uneven, facts) in &self.uneven {
            let before = uneven.0 - event.0;
            if left < before + facts {
                return Revision(event.0 + left.min(before));
            }
            (event, left) = (uneven.next(), left - before - facts);
        }
        Revision(event.0 + left)
    }

    /// Returns the state after the facts of one event.
    fn with<D: Stored<State = S>>(
        mut self,
        facts: impl IntoIterator<Item = impl Borrow<D::Event>>,
        revision: Revision,
    ) -> Self {
        let mut count = 0;
        for fact in facts {
            self.state = D::evolve(self.state, fact.borrow());
            count += 1;
        }
        if count != 1 {
            self.uneven.push((revision, count));
        }
        Self { revision: Some(revision), facts: self.facts + count, ..self }
    }
}

/// What an executor keeps of one stream: its newest state, and the gate that
/// one call of this process holds while it decides and appends.
///
/// A slot may be evicted while it is held, and the stream then has two. Nothing
/// breaks: the store refuses the slower of two writers.
#[derive(Debug)]
pub(super) struct Slot<S> {
    pub(super) gate: Arc<tokio::sync::Mutex<()>>,
    newest: Mutex<Option<Arc<Folded<S>>>>,
}

impl<S> Default for Slot<S> {
    fn default() -> Self {
        Self { gate: Arc::default(), newest: Mutex::default() }
    }
}

impl<S> Slot<S> {
    /// Returns the newest state, if one is kept.
    pub(super) fn newest(&self) -> Option<Arc<Folded<S>>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a state unless a newer one is kept.
    pub(super) fn keep(&self, folded: Arc<Folded<S>>) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.as_ref().is_none_or(|kept| kept.revision <= folded.revision) {
            *newest = Some(folded);
        }
    }
}

/// Returns the present state of a stream. What is known of it is only brought
/// up to date, unless the stream has forgotten beyond it.
pub(super) async fn refresh<D: Stored>(
    store: &dyn EventStore,
    stream: &StreamId,
    known: Option<Arc<Folded<D::State>>>,
) -> Result<Arc<Folded<D::State>>, Failure> {
    let last = store.read_stream(stream, Direction::Backwards, None, 1).await.map_err(Failure::Load)?;
    let Some(last) = last.events.first() else {
        return Ok(Arc::new(Folded::begin(Revision::FIRST, None)));
    };
    let (end, fold_from) = (Some(last.revision()), last.fold_from());
    let (folded, from) = match known {
        Some(known) if known.revision == end => return Ok(known),
        Some(known) if known.revision < end && fold_from <= known.next() => {
            let next = known.next();
            (Arc::unwrap_or_clone(known), next)
        }
        // The end is known even when all before it is forgotten.
        _ => (Folded::begin(fold_from, end), fold_from),
    };
    take_in::<D>(store, stream, folded, from, None).await.map(Arc::new)
}

/// Returns the state of a stream after what was recorded until an instant;
/// `None` when nothing was.
pub(super) async fn as_of<D: Stored>(
    store: &dyn EventStore,
    stream: &StreamId,
    at: Timestamp,
) -> Result<Option<Folded<D::State>>, Failure> {
    let Some(last) = last_until(store, stream, at).await? else { return Ok(None) };
    let (from, end) = (last.fold_from(), last.revision());
    take_in::<D>(store, stream, Folded::begin(from, Some(end)), from, Some(end)).await.map(Some)
}

/// Returns the last event of a stream that was recorded until an instant.
/// Times of recording never decrease along a stream, so it is searched by
/// halves: a stream of any length costs some dozens of reads of one event.
async fn last_until(
    store: &dyn EventStore,
    stream: &StreamId,
    at: Timestamp,
) -> Result<Option<RecordedEvent>, Failure> {
    let one = async |direction, from| {
        let page = store.read_stream(stream, direction, from, 1).await.map_err(Failure::Load)?;
        Ok(page.events.into_iter().next())
    };
    let newest: Option<RecordedEvent> = one(Direction::Backwards, None).await?;
    let mut later = match newest {
        Some(newest) if newest.recorded_at() > at => newest.revision().0,
        newest => return Ok(newest),
    };
    let (mut found, mut low) = (None, 0);
    while low < later {
        let middle = low + (later - low) / 2;
        match one(Direction::Forwards, Some(Revision(middle))).await? {
            Some(event) if event.recorded_at() <= at => (found, low) = (Some(event), middle + 1),
            _ => later = middle,
        }
    }
    Ok(found)
}

/// Takes in the events of a stream from a revision on, up to `end` when one is given.
async fn take_in<D: Stored>(
    store: &dyn EventStore,
    stream: &StreamId,
    mut folded: Folded<D::State>,
    mut from: Revision,
    end: Option<Revision>,
) -> Result<Folded<D::State>, Failure> {
    while end.is_none_or(|end| from <= end) {
        let wanted = end.map_or(u64::MAX, |end| end.next().0 - from.0);
        let limit = usize::try_from(wanted).map_or(FOLD_PAGE, |wanted| wanted.min(FOLD_PAGE));
        let page = store.read_stream(stream, Direction::Forwards, Some(from), limit).await;
        let page = page.map_err(Failure::Load)?;
        for event in &page.events {
            let facts = D::Event::decode(event)
                .map_err(|source| Failure::Decode { stream: stream.clone(), source })?;
            folded = folded.with::<D>(facts, event.revision());
            from = event.revision().next();
        }
        if page.end || page.events.is_empty() {
            break;
        }
    }
    Ok(folded)
}
