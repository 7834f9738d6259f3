//! A reactor to run: what is added to `counter-x` is counted once more in `echo-x`.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use airside_kernel::{Cause, DecodeError, EventStore, Kept, RecordedEvent, StoredEvent};
use airside_runtime::{
    executor::{ExecuteError, Executor, Order},
    health::Health,
    projections::Progress,
    reactors::{ReactError, Reactor, Runner, StartAt, StartError},
};
use async_trait::async_trait;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    counter::{Command, Counter, Fact},
    house::{House, order},
};

pub(crate) struct Echo {
    executor: Executor<Counter>,
    pending: Vec<Order<Command>>,
    /// What was added in all, up to here.
    total: u64,
    pub(crate) seen: Arc<Seen>,
}

/// What the reactor was shown.
#[derive(Default)]
pub(crate) struct Seen {
    /// Each event by revision, and whether it was to be acted on.
    pub(crate) events: Mutex<Vec<(u64, bool)>>,
    /// What it knew when it acted: the revision and the total up to it.
    pub(crate) totals: Mutex<Vec<(u64, u64)>>,
    pub(crate) hangs: AtomicBool,
    pub(crate) panics: AtomicBool,
}

impl Seen {
    pub(crate) fn acted_on(&self) -> Vec<u64> {
        self.events.lock().unwrap().iter().filter(|(_, act)| *act).map(|(revision, _)| *revision).collect()
    }

    pub(crate) fn folded(&self) -> Vec<u64> {
        self.events.lock().unwrap().iter().map(|(revision, _)| *revision).collect()
    }
}

#[async_trait]
impl Reactor for Echo {
    const NAME: &'static str = "test.echo";

    fn wants(category: &str) -> bool {
        category == "counter"
    }

    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        assert!(!self.seen.panics.load(Ordering::Relaxed), "told to");
        self.seen.events.lock().unwrap().push((event.revision().0, act));
        let [fact] = Fact::decode(event)?;
        if let Fact::Added { by, .. } = &fact {
            self.total += by;
        }
        if let (Fact::Added { .. }, true) = (fact, act) {
            self.seen.totals.lock().unwrap().push((event.revision().0, self.total));
            let cause = Cause {
                reactor: Self::NAME.to_owned(),
                stream: event.stream().to_owned(),
                revision: event.revision(),
                index: 0,
            };
            let target = event.stream().replace("counter-", "echo-");
            self.pending.push(order(&target, Command::React(cause)));
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
        if self.seen.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        for answer in self.executor.execute_each(self.pending.clone()).await {
            match answer {
                Ok(_) | Err(ExecuteError::Rejected(_)) => {}
                Err(error) => return Err(ReactError::new(&error)),
            }
        }
        self.pending.clear();
        Ok(())
    }
}

impl Kept for Echo {
    const SCHEMA: u32 = 1;
    type State = u64;

    fn image(&self) -> u64 {
        self.total
    }

    fn restore(&mut self, total: u64) {
        self.total = total;
    }
}

/// A reactor that runs.
pub(crate) struct Running {
    pub(crate) seen: Arc<Seen>,
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) health: Health,
    stop: watch::Sender<bool>,
    work: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start(house: &House, start_at: Option<StartAt>) -> Result<Self, StartError> {
        Ok(Self::run(Self::prepare(house, start_at).await?))
    }

    /// Starts it with a memory on disk.
    pub(crate) async fn start_kept(house: &House) -> Self {
        let (seen, runner) = Self::prepare(house, None).await.unwrap();
        Self::run((seen, runner.kept_in(house.snapshots())))
    }

    async fn prepare(
        house: &House,
        start_at: Option<StartAt>,
    ) -> Result<(Arc<Seen>, Runner<Echo>), StartError> {
        let seen = Arc::new(Seen::default());
        let echo = Echo { executor: house.executor(), pending: Vec::new(), total: 0, seen: seen.clone() };
        let runner = Runner::start(echo, house.store.clone(), house.clock.clone(), start_at).await?;
        Ok((seen, runner))
    }

    fn run((seen, runner): (Arc<Seen>, Runner<Echo>)) -> Self {
        let (progress, health) = (runner.progress(), runner.health());
        let (stop, stopped) = watch::channel(false);
        Self { seen, progress, health, stop, work: tokio::spawn(runner.run(stopped)) }
    }

    /// Waits until all that is in the log now is done.
    pub(crate) async fn settled(&mut self, house: &House) {
        let head = house.store.head().await.unwrap();
        self.progress.wait_for(|progress| progress.position >= head).await.unwrap();
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

    pub(crate) async fn ended(&mut self) {
        while self.progress.changed().await.is_ok() {}
    }
}
