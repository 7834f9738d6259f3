//! A read model to keep: what was added to each counter.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use airside_kernel::{
    DecodeError, EventStore, Kept, Personal, PersonalUse, Projection, RecordedEvent, StoredEvent, SubjectId,
};
use airside_runtime::projections::{Changes, Progress, Projections, ProjectionsHandle, ReadModel};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{broadcast, watch},
    task::JoinHandle,
};

use crate::{
    counter::{Command, Counter, Fact},
    house::{House, order},
};

/// What the model amounts to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) sums: BTreeMap<String, u64>,
    pub(crate) notes: Vec<(String, Personal)>,
}

/// What was added to each counter, and each note as it was stored.
#[derive(Default)]
pub(crate) struct Sums<const SCHEMA: u32 = 1> {
    pub(crate) state: State,
    habit: Habit,
    pub(crate) tally: Arc<Tally>,
}

/// What the model does to personal values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Keeps them as the log has them.
    #[default]
    Sealed,
    /// Says that it keeps them in clear.
    Clear,
    /// Keeps them in clear and does not say so.
    Careless,
}

pub(crate) const CANARY: &str = "ZHANG/SAN-CANARY";

/// What happens to all models of one start.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) made: AtomicUsize,
    /// How many events any of them was shown.
    pub(crate) seen: AtomicUsize,
}

impl<const SCHEMA: u32> Projection for Sums<SCHEMA> {
    const NAME: &'static str = "test.sums";

    fn wants(category: &str) -> bool {
        category == "counter"
    }

    fn personal_use(&self) -> PersonalUse {
        if self.habit == Habit::Clear { PersonalUse::Clear } else { PersonalUse::Sealed }
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        self.tally.seen.fetch_add(1, Ordering::Relaxed);
        let name = event.stream().to_owned();
        match Fact::decode(event)? {
            [Fact::Added { by, .. }] => *self.state.sums.entry(name).or_default() += by,
            [Fact::Emptied] => drop(self.state.sums.insert(name, 0)),
            [Fact::Noted { subject, note }] => {
                let note =
                    if self.habit == Habit::Careless { Personal::Known(CANARY.to_owned()) } else { note };
                self.state.notes.push((subject.to_string(), note));
            }
        }
        Ok(())
    }

    fn erase(&mut self, subject: &SubjectId) {
        self.state.notes.retain(|(known, _)| known != subject.as_str());
    }
}

impl<const SCHEMA: u32> Kept for Sums<SCHEMA> {
    const SCHEMA: u32 = SCHEMA;
    type State = State;

    fn image(&self) -> State {
        self.state.clone()
    }

    fn restore(&mut self, state: State) {
        self.state = state;
    }
}

/// A read model that runs.
pub(crate) struct Run<const SCHEMA: u32 = 1> {
    pub(crate) sums: ReadModel<Sums<SCHEMA>>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) handle: ProjectionsHandle,
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) changes: Changes,
    pub(crate) erasures: broadcast::Sender<SubjectId>,
    stop: watch::Sender<bool>,
    work: JoinHandle<()>,
}

impl<const SCHEMA: u32> Run<SCHEMA> {
    /// Starts it with snapshots.
    pub(crate) fn start(house: &House) -> Self {
        Self::start_as(house, Habit::Sealed)
    }

    pub(crate) fn start_as(house: &House, habit: Habit) -> Self {
        let mut projections = Projections::new(house.store.clone()).kept_in(house.snapshots());
        let tally = Arc::new(Tally::default());
        let sums = projections.add_kept({
            let tally = tally.clone();
            move || {
                tally.made.fetch_add(1, Ordering::Relaxed);
                Sums { habit, tally: tally.clone(), state: State::default() }
            }
        });
        let (progress, handle) = (projections.progress(), projections.handle());
        let changes = projections.changes();
        let (erasures, erased) = broadcast::channel(16);
        let (stop, stopped) = watch::channel(false);
        let work = tokio::spawn(projections.run(erased, stopped));
        Self { sums, tally, handle, progress, changes, erasures, stop, work }
    }

    /// Waits until all that is in the log now is taken in.
    pub(crate) async fn settled(&mut self, house: &House) {
        let head = house.store.head().await.unwrap();
        self.progress.wait_for(|progress| progress.is_caught_up && progress.position >= head).await.unwrap();
    }

    pub(crate) fn state(&self) -> State {
        self.sums.read(|sums| sums.state.clone())
    }

    pub(crate) fn seen(&self) -> usize {
        self.tally.seen.load(Ordering::Relaxed)
    }

    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.work.await.unwrap();
    }

    /// Ends it as a crash does.
    pub(crate) async fn crash(self) {
        self.work.abort();
        assert!(self.work.await.unwrap_err().is_cancelled());
    }
}

/// Adds to a counter some times.
pub(crate) async fn add(house: &House, name: &str, times: usize) {
    let orders = (0..times).map(|_| order(name, Command::Add(1))).collect();
    let answers = house.executor::<Counter>().execute_each(orders).await;
    assert!(answers.iter().all(Result::is_ok));
}

/// What the whole log amounts to.
pub(crate) async fn from_zero(house: &House) -> State {
    let mut sums = Sums::<1>::default();
    for event in house.log().await.iter().filter(|event| Sums::<1>::wants(event.category())) {
        sums.apply(event).unwrap();
    }
    sums.state
}
