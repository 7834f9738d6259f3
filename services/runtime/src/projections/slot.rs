//! One read model: its state, its place in the log, and what operators see of it.

use std::{
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use airside_kernel::{
    EventStore, Kept, PersonalUse, Position, Projection, RecordedEvent, SubjectId, Timestamp,
};
use async_trait::async_trait;
use tokio::{
    sync::{Mutex as TurnMutex, watch},
    time::{self, Instant},
};
use tracing::error;

use super::{
    AT_LEAST_TIMEOUT, AtLeastError, ModelState, Progress, RebuildError, RebuildProgress, Rebuilt,
    SnapshotState, history::Batch,
};
use crate::{
    health::Vitals,
    snapshots::{Image, Snapshots, Unfit, image_of, restore_to, tell},
    status::chain,
};

/// How many events a rebuild reads at once.
const PAGE_EVENTS: usize = 1_000;

/// A read model that the runner keeps up to date.
pub struct ReadModel<P> {
    slot: Arc<Slot<P>>,
    progress: watch::Receiver<Progress>,
}

impl<P> Clone for ReadModel<P> {
    fn clone(&self) -> Self {
        Self { slot: self.slot.clone(), progress: self.progress.clone() }
    }
}

impl<P> ReadModel<P> {
    pub(super) fn new(slot: &Arc<Slot<P>>, progress: watch::Receiver<Progress>) -> Self {
        Self { slot: slot.clone(), progress }
    }

    /// Reads the model.
    pub fn read<R>(&self, query: impl FnOnce(&P) -> R) -> R {
        query(&self.slot.model.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until the model includes the position of a token; an empty token never waits.
    ///
    /// # Errors
    /// When the token is malformed, or the position is not reached in five seconds.
    pub async fn at_least(&self, token: &str) -> Result<(), AtLeastError> {
        if token.is_empty() {
            return Ok(());
        }
        let position = Position::from_str(token)
            .map_err(|_| AtLeastError::Malformed { token: token.chars().take(40).collect() })?;
        let mut progress = self.progress.clone();
        let reached =
            progress.wait_for(|progress| progress.is_caught_up && progress.position >= Some(position));
        match time::timeout(AT_LEAST_TIMEOUT, reached).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(AtLeastError::Behind { position }),
        }
    }

    /// Waits until the model may have changed, for watchers.
    pub async fn changed(&mut self) {
        // The runner lives as long as the process; when it is gone there is nothing left to see.
        if self.progress.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// A read model of any type.
#[async_trait]
pub(super) trait Target: Send + Sync {
    fn name(&self) -> &'static str;
    fn wants(&self, category: &str) -> bool;
    /// Finds the place to begin at; from a snapshot where one fits.
    fn begin(&self, snapshots: Option<&Snapshots>, head: Option<Position>);
    fn position(&self) -> Option<Position>;
    /// Takes in what is wanted of a page and not yet taken in; true when it was
    /// something. What cannot be read is parked.
    async fn take(&self, batch: &Batch, bit: usize, vitals: &Vitals) -> bool;
    fn show(&self);
    fn erase(&self, subject: &SubjectId);
    fn is_due(&self, is_due: &dyn Fn(u64, Duration) -> bool) -> bool;
    async fn write_snapshot(&self, snapshots: &Snapshots);
    fn state(&self) -> ModelState;
    async fn rebuild(
        &self,
        store: &dyn EventStore,
        progress: &mut (dyn FnMut(RebuildProgress) + Send),
    ) -> Result<Rebuilt, RebuildError>;
}

/// One read model.
pub(super) struct Slot<P> {
    model: RwLock<P>,
    keep: Option<Keep<P>>,
    is_live: bool,
    /// Held by who moves the model along the log.
    turn: TurnMutex<()>,
    /// Held by who writes its snapshot, so that an older copy never replaces a newer.
    writing: TurnMutex<()>,
    place: Mutex<Place>,
}

/// How a model is kept.
struct Keep<P> {
    schema: u32,
    make: Box<dyn Fn() -> P + Send + Sync>,
    image: fn(&P) -> Image,
    restore: fn(&mut P, &[u8]) -> Result<(), Unfit>,
}

/// Where a model is, and what is under way.
struct Place {
    /// After which position this start replays the log; `None` for all of it.
    began: Option<Position>,
    position: Option<Position>,
    recorded_at: Option<Timestamp>,
    parked: u64,
    /// How many events of the log passed since the snapshot.
    unwritten: u64,
    snapshot: Option<SnapshotState>,
    snapshot_at: Instant,
    rebuilding: Option<Rebuilding>,
}

/// A rebuild under way.
#[derive(Default)]
struct Rebuilding {
    progress: RebuildProgress,
    /// Who was erased since it began, of whom the fresh model may know.
    erased: Vec<SubjectId>,
}

impl<P: Projection> Slot<P> {
    /// Makes the slot of a model that is folded anew at each start.
    pub(super) fn passing(model: P) -> Self {
        Self::new(model, None, false)
    }

    /// Makes the slot of a model that sees only what is new.
    pub(super) fn live(model: P) -> Self {
        Self::new(model, None, true)
    }

    /// Makes the slot of a model that can be kept and rebuilt.
    pub(super) fn kept(make: impl Fn() -> P + Send + Sync + 'static) -> Self
    where
        P: Kept,
    {
        let model = make();
        let keep =
            Keep { schema: P::SCHEMA, make: Box::new(make), image: image_of::<P>, restore: restore_to::<P> };
        Self::new(model, Some(keep), false)
    }

    fn new(model: P, keep: Option<Keep<P>>, is_live: bool) -> Self {
        let place = Place {
            began: None,
            position: None,
            recorded_at: None,
            parked: 0,
            unwritten: 0,
            snapshot: None,
            snapshot_at: Instant::now(),
            rebuilding: None,
        };
        let (turn, writing) = Default::default();
        Self { model: RwLock::new(model), keep, is_live, turn, writing, place: Mutex::new(place) }
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how it is kept on disk; what holds clear personal values never is.
    fn on_disk(&self) -> Option<&Keep<P>> {
        let keep = self.keep.as_ref()?;
        let model = self.model.read().unwrap_or_else(PoisonError::into_inner);
        (model.personal_use() != PersonalUse::Clear).then_some(keep)
    }

    /// Folds a fresh model until it has passed the live one.
    async fn fold_aside(
        &self,
        aside: &mut Aside<P>,
        store: &dyn EventStore,
        is_enough: impl Fn(&Aside<P>, bool) -> bool,
        progress: &mut (dyn FnMut(RebuildProgress) + Send),
    ) -> Result<(), RebuildError> {
        let head = store.head().await.map_err(RebuildError::Read)?;
        loop {
            let page = store.read_all(aside.position, PAGE_EVENTS).await.map_err(RebuildError::Read)?;
            aside.take(&page.events);
            let told = RebuildProgress {
                events: aside.events,
                position: aside.position.map(|position| position.to_string()),
                head: head.max(aside.position).map(|head| head.to_string()),
                share: aside
                    .position
                    .map_or(1.0, |position| position.share_of(head.max(aside.position).unwrap_or(position))),
            };
            if let Some(rebuilding) = &mut self.place().rebuilding {
                rebuilding.progress = told.clone();
            }
            progress(told);
            if is_enough(aside, page.end) {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A fresh model on its way along the log.
struct Aside<P> {
    model: P,
    position: Option<Position>,
    recorded_at: Option<Timestamp>,
    events: u64,
    parked: u64,
}

impl<P: Projection> Aside<P> {
    fn take(&mut self, events: &[RecordedEvent]) {
        for event in events.iter().filter(|event| P::wants(event.category())) {
            // The live model has told what is parked; here it counts.
            self.parked += u64::from(self.model.apply(event).is_err());
        }
        self.events += events.len() as u64;
        if let Some(last) = events.last() {
            (self.position, self.recorded_at) = (Some(last.position()), Some(last.recorded_at()));
        }
    }
}

/// Ends a rebuild however it ends.
struct UnderWay<'a, P: Projection>(&'a Slot<P>);

impl<P: Projection> Drop for UnderWay<'_, P> {
    fn drop(&mut self) {
        self.0.place().rebuilding = None;
    }
}

#[async_trait]
impl<P: Projection> Target for Slot<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn wants(&self, category: &str) -> bool {
        P::wants(category)
    }

    fn begin(&self, snapshots: Option<&Snapshots>, head: Option<Position>) {
        if self.is_live {
            let mut place = self.place();
            (place.began, place.position) = (head, head);
        }
        let (Some(snapshots), Some(keep)) = (snapshots, self.on_disk()) else { return };
        let Some(fit) = snapshots.find(P::NAME, keep.schema, head) else { return };
        let restored =
            (keep.restore)(&mut self.model.write().unwrap_or_else(PoisonError::into_inner), &fit.state);
        match restored {
            Ok(()) => {
                let mut place = self.place();
                (place.began, place.position) = (Some(fit.position), Some(fit.position));
                place.snapshot = Some(SnapshotState::new(fit.position, fit.size));
            }
            Err(unfit) => tell(P::NAME, &unfit),
        }
    }

    fn position(&self) -> Option<Position> {
        self.place().position
    }

    async fn take(&self, batch: &Batch, bit: usize, vitals: &Vitals) -> bool {
        let Some(last) = batch.page.events.last() else { return false };
        let _turn = self.turn.lock().await;
        let after = self.position();
        if after >= Some(last.position()) {
            return false;
        }
        let (mut took, mut parked) = (false, 0);
        let mut wanted = batch.wanted_by(bit).filter(|event| after < Some(event.position())).peekable();
        if wanted.peek().is_some() {
            took = true;
            let mut model = self.model.write().unwrap_or_else(PoisonError::into_inner);
            for event in wanted {
                if let Err(error) = model.apply(event) {
                    parked += 1;
                    vitals.park(P::NAME, event, &error);
                }
            }
        }
        let mut place = self.place();
        place.position = Some(last.position());
        place.recorded_at = Some(last.recorded_at());
        place.parked += parked;
        place.unwritten += batch.page.events.len() as u64;
        took
    }

    fn show(&self) {
        self.model.write().unwrap_or_else(PoisonError::into_inner).show();
    }

    fn erase(&self, subject: &SubjectId) {
        if let Some(rebuilding) = &mut self.place().rebuilding {
            rebuilding.erased.push(subject.clone());
        }
        self.model.write().unwrap_or_else(PoisonError::into_inner).erase(subject);
    }

    fn is_due(&self, is_due: &dyn Fn(u64, Duration) -> bool) -> bool {
        let (unwritten, waited, parked) = {
            let place = self.place();
            (place.unwritten, place.snapshot_at.elapsed(), place.parked)
        };
        parked == 0
            && is_due(unwritten, waited)
            && self.writing.try_lock().is_ok()
            && self.on_disk().is_some()
    }

    async fn write_snapshot(&self, snapshots: &Snapshots) {
        let _writing = self.writing.lock().await;
        let Some(keep) = self.on_disk() else { return };
        let (image, position) = {
            let _turn = self.turn.lock().await;
            let mut place = self.place();
            // A model that left an event out is folded again at the next start, by a program
            // that may know how to read it.
            let Some(position) = place.position.filter(|_| place.parked == 0) else { return };
            (place.unwritten, place.snapshot_at) = (0, Instant::now());
            drop(place);
            ((keep.image)(&self.model.read().unwrap_or_else(PoisonError::into_inner)), position)
        };
        let (snapshots, schema) = (snapshots.clone(), keep.schema);
        let written =
            tokio::task::spawn_blocking(move || snapshots.write(P::NAME, schema, position, image)).await;
        match written {
            Ok(Ok(size)) => self.place().snapshot = Some(SnapshotState::new(position, size)),
            Ok(Err(error)) => error!(
                name = P::NAME,
                error = chain(&error),
                "snapshot cannot be written; the next start replays more"
            ),
            Err(error) => error!(name = P::NAME, error = %error, "snapshot ended in a panic"),
        }
    }

    fn state(&self) -> ModelState {
        let place = self.place();
        ModelState {
            name: P::NAME.to_owned(),
            schema: self.keep.as_ref().map(|keep| keep.schema),
            began: place.began.map(|position| position.to_string()),
            position: place.position.map(|position| position.to_string()),
            recorded_at: place.recorded_at,
            lag_events: 0,
            parked: place.parked,
            snapshot: place.snapshot.clone(),
            rebuilding: place.rebuilding.as_ref().map(|rebuilding| rebuilding.progress.clone()),
        }
    }

    async fn rebuild(
        &self,
        store: &dyn EventStore,
        progress: &mut (dyn FnMut(RebuildProgress) + Send),
    ) -> Result<Rebuilt, RebuildError> {
        let name = || P::NAME.to_owned();
        let Some(keep) = &self.keep else { return Err(RebuildError::Stateless { name: name() }) };
        let _under_way = {
            let mut place = self.place();
            if place.rebuilding.is_some() {
                return Err(RebuildError::UnderWay { name: name() });
            }
            place.rebuilding = Some(Rebuilding::default());
            UnderWay(self)
        };
        let (position, recorded_at) = (None, None);
        let mut aside = Aside { model: (keep.make)(), position, recorded_at, events: 0, parked: 0 };
        self.fold_aside(&mut aside, store, |_, end| end, progress).await?;
        // The live model stands still from here on.
        let _turn = self.turn.lock().await;
        let live = self.position();
        if aside.position < live {
            self.fold_aside(&mut aside, store, |aside, _| aside.position >= live, progress).await?;
        }
        let Aside { model: mut fresh, position, recorded_at, events, parked } = aside;
        let old = {
            let mut model = self.model.write().unwrap_or_else(PoisonError::into_inner);
            let mut place = self.place();
            let rebuilding = place.rebuilding.take().unwrap_or_default();
            rebuilding.erased.iter().for_each(|subject| fresh.erase(subject));
            (place.position, place.recorded_at, place.parked) = (position, recorded_at, parked);
            place.unwritten = place.unwritten.max(1);
            let old = std::mem::replace(&mut *model, fresh);
            model.show();
            old
        };
        // Freed when readers can go on.
        drop(old);
        Ok(Rebuilt { events, position: position.map(|position| position.to_string()), parked })
    }
}
