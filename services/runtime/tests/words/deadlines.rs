//! Deadlines of reactors: struck by the clock, once, and never by the history.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use airside_kernel::{Cause, DecodeError, Kept, ManualClock, RecordedEvent, StoredEvent, Timestamp};
use airside_runtime::{
    executor::{ExecuteError, Executor, Order},
    reactors::{ReactError, Reactor, Runner},
};
use async_trait::async_trait;
use jiff::SignedDuration;
use tokio::{sync::watch, task::JoinHandle, time::sleep};

use crate::{
    counter::{Command, Counter, Fact},
    house::{Fault, House, order},
    sums::add,
};

const GRACE: SignedDuration = SignedDuration::from_mins(10);

/// Who adds to a counter must empty it within ten minutes, or it is counted in `echo-x`.
struct Alarm {
    executor: Executor<Counter>,
    due: BTreeMap<String, (Timestamp, u64)>,
    pending: Vec<Order<Command>>,
    told: Arc<Mutex<Vec<&'static str>>>,
}

#[async_trait]
impl Reactor for Alarm {
    const NAME: &'static str = "test.alarm";

    fn wants(category: &str) -> bool {
        category == "counter"
    }

    fn take(&mut self, event: &RecordedEvent, _act: bool) -> Result<(), DecodeError> {
        self.told.lock().unwrap().push("event");
        match Fact::decode(event)? {
            [Fact::Emptied] => drop(self.due.remove(event.stream())),
            _ => {
                let due = (event.recorded_at() + GRACE, event.revision().0);
                self.due.entry(event.stream().to_owned()).or_insert(due);
            }
        }
        Ok(())
    }

    fn due(&self) -> Option<Timestamp> {
        self.due.values().map(|(at, _)| *at).min()
    }

    fn strike(&mut self, now: Timestamp) {
        self.told.lock().unwrap().push("strike");
        for (stream, (_, revision)) in self.due.extract_if(.., |_, (at, _)| *at <= now) {
            let target = stream.replace("counter-", "echo-");
            let (reactor, revision) = (Self::NAME.to_owned(), airside_kernel::Revision(revision));
            self.pending.push(order(&target, Command::React(Cause { reactor, stream, revision, index: 0 })));
        }
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
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

impl Kept for Alarm {
    const SCHEMA: u32 = 1;
    type State = BTreeMap<String, (Timestamp, u64)>;

    fn image(&self) -> Self::State {
        self.due.clone()
    }

    fn restore(&mut self, due: Self::State) {
        self.due = due;
    }
}

/// A house at an hour, and the reactor in it while it runs.
struct Watch {
    clock: Arc<ManualClock>,
    house: House,
    told: Arc<Mutex<Vec<&'static str>>>,
    running: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

impl Watch {
    async fn begin() -> Self {
        let clock = Arc::new(ManualClock::new("2026-11-20T09:20:00Z".parse().unwrap()));
        let house = House::at_the_hour_of(&clock);
        let mut watch = Self { clock, house, told: Arc::default(), running: None };
        watch.start().await;
        watch
    }

    async fn start(&mut self) {
        self.told.lock().unwrap().clear();
        let alarm = Alarm {
            executor: self.house.executor(),
            due: BTreeMap::new(),
            pending: Vec::new(),
            told: self.told.clone(),
        };
        let (store, clock) = (self.house.store.clone(), self.clock.clone());
        let runner = Runner::start(alarm, store, clock, None).await.unwrap();
        let runner = runner.kept_in(self.house.snapshots());
        let (stop, stopped) = watch::channel(false);
        self.running = Some((stop, tokio::spawn(runner.run(stopped))));
        self.pass(0).await;
    }

    /// Lets minutes pass on the clock, and the reactor do what is to be done.
    async fn pass(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
        sleep(Duration::from_secs(5)).await;
    }

    async fn stop(&mut self) {
        let (stop, work) = self.running.take().unwrap();
        stop.send_replace(true);
        work.await.unwrap();
    }

    async fn crash(&mut self) {
        let (_, work) = self.running.take().unwrap();
        work.abort();
        assert!(work.await.unwrap_err().is_cancelled());
    }

    async fn struck(&self) -> usize {
        self.house.events("echo-1").await.len()
    }
}

#[tokio::test(start_paused = true)]
async fn the_clock_strikes_without_a_later_event_and_not_before_its_time() {
    let watch = Watch::begin().await;
    add(&watch.house, "counter-1", 1).await;
    watch.pass(9).await;
    assert_eq!(watch.struck().await, 0);
    watch.pass(1).await;
    assert_eq!(watch.struck().await, 1);
    watch.pass(60).await;
    assert_eq!(watch.struck().await, 1, "what was struck is not due again");
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_in_time_is_not_struck() {
    let watch = Watch::begin().await;
    add(&watch.house, "counter-1", 1).await;
    watch.pass(9).await;
    watch.house.executor::<Counter>().execute(order("counter-1", Command::Empty)).await.unwrap();
    watch.pass(60).await;
    assert_eq!(watch.struck().await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_came_due_while_nobody_ran_strikes_after_the_catch_up_and_never_before() {
    for is_killed in [false, true] {
        let mut watch = Watch::begin().await;
        add(&watch.house, "counter-1", 1).await;
        watch.pass(1).await;
        if is_killed {
            watch.crash().await;
        } else {
            watch.stop().await;
        }
        watch.clock.advance(SignedDuration::from_hours(1));
        add(&watch.house, "counter-2", 700).await;
        watch.house.store.is_slow.store(true, Ordering::Relaxed);
        watch.start().await;
        watch.pass(0).await;
        assert_eq!(watch.struck().await, 1);
        let told = watch.told.lock().unwrap().clone();
        assert_eq!(told.iter().position(|told| *told == "strike"), Some(told.len() - 1), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_stored_while_nobody_ran_counts() {
    let mut watch = Watch::begin().await;
    add(&watch.house, "counter-1", 1).await;
    watch.pass(1).await;
    watch.crash().await;
    watch.clock.advance(SignedDuration::from_hours(1));
    watch.house.executor::<Counter>().execute(order("counter-1", Command::Empty)).await.unwrap();
    watch.start().await;
    watch.pass(60).await;
    assert_eq!(watch.struck().await, 0);
}

#[tokio::test(start_paused = true)]
async fn killed_between_due_and_done_it_is_done_once() {
    for (fault, before) in [(Fault::Refused, 0), (Fault::Unanswered, 1)] {
        let mut watch = Watch::begin().await;
        add(&watch.house, "counter-1", 1).await;
        watch.pass(1).await;
        watch.house.store.fail("echo", fault);
        watch.pass(9).await;
        watch.crash().await;
        assert_eq!(watch.struck().await, before);
        watch.house.store.heal();
        watch.start().await;
        watch.pass(0).await;
        assert_eq!(watch.struck().await, 1);
        watch.stop().await;
        watch.start().await;
        watch.pass(60).await;
        assert_eq!(watch.struck().await, 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_goes_back_makes_nothing_due() {
    let watch = Watch::begin().await;
    watch.pass(30).await;
    add(&watch.house, "counter-1", 1).await;
    watch.pass(-30).await;
    watch.pass(39).await;
    assert_eq!(watch.struck().await, 0);
    watch.pass(1).await;
    assert_eq!(watch.struck().await, 1);
}
