//! Read models: each event once and in order, reads of "at least", erasure.

use std::{sync::atomic::Ordering, time::Duration};

use airside_kernel::{
    Classified, Code, DecodeError, EventStore, Position, Projection, RecordedEvent, StoredEvent, SubjectId,
};
use airside_runtime::{
    health::Health,
    projections::{AtLeastError, Progress, Projections, ReadModel},
};
use futures::future::join_all;
use tokio::{
    sync::{broadcast, watch},
    task::JoinHandle,
    time::Instant,
};

use crate::{
    counter::{Command, Counter, Fact},
    house::{House, order},
};

/// Notes the place of every fact, and whom it heard of.
#[derive(Default)]
struct Places {
    seen: Vec<(Position, String, u64)>,
    subjects: Vec<SubjectId>,
    erased: Vec<SubjectId>,
}

impl Projection for Places {
    const NAME: &'static str = "test.places";

    fn wants(category: &str) -> bool {
        category == "counter"
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        if let [Fact::Noted { subject, .. }] = Fact::decode(event)? {
            self.subjects.push(subject);
        }
        self.seen.push((event.position(), event.stream().to_owned(), event.revision().0));
        Ok(())
    }

    fn erase(&mut self, subject: &SubjectId) {
        self.subjects.retain(|known| known != subject);
        self.erased.push(subject.clone());
    }
}

/// Counts what it is shown, and decodes nothing.
#[derive(Default)]
struct Shown(usize);

impl Projection for Shown {
    const NAME: &'static str = "test.shown";

    fn wants(category: &str) -> bool {
        category != "reactor"
    }

    fn apply(&mut self, _: &RecordedEvent) -> Result<(), DecodeError> {
        self.0 += 1;
        Ok(())
    }
}

struct Board {
    places: ReadModel<Places>,
    shown: ReadModel<Shown>,
    progress: watch::Receiver<Progress>,
    health: Health,
    erasures: broadcast::Sender<SubjectId>,
    stop: watch::Sender<bool>,
    work: JoinHandle<()>,
}

impl Board {
    fn run(house: &House) -> Self {
        Self::run_after(house, |_| {})
    }

    fn run_after(house: &House, before: impl FnOnce(&broadcast::Sender<SubjectId>)) -> Self {
        let mut projections = Projections::new(house.store.clone());
        let (places, shown) = (projections.add(Places::default()), projections.add(Shown::default()));
        let (progress, health) = (projections.progress(), projections.health());
        let (erasures, erased) = broadcast::channel(4);
        before(&erasures);
        let (stop, stopped) = watch::channel(false);
        let work = tokio::spawn(projections.run(erased, stopped));
        Self { places, shown, progress, health, erasures, stop, work }
    }

    async fn settled(&mut self, house: &House) {
        let head = house.store.head().await.unwrap();
        self.progress.wait_for(|progress| progress.position >= head).await.unwrap();
    }
}

/// Adds one and returns the token to read it by.
async fn add(house: &House, name: &str) -> String {
    let done = house.executor::<Counter>().execute(order(name, Command::Add(1))).await.unwrap();
    done.position.unwrap().to_string()
}

#[tokio::test]
async fn a_caller_reads_its_own_writes() {
    for house in House::each() {
        let board = Board::run(&house);
        for count in 1..20 {
            let token = add(&house, "counter-1").await;
            board.places.at_least(&token).await.unwrap();
            assert_eq!(board.places.read(|places| places.seen.len()), count);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_position_that_does_not_come_is_waited_for_five_seconds() {
    let house = House::in_memory();
    let board = Board::run(&house);
    add(&house, "counter-1").await;
    let start = Instant::now();
    let error = board.places.at_least("99").await.unwrap_err();
    assert_eq!(error, AtLeastError::Behind { position: Position::from_parts(99, 0) });
    assert_eq!((error.code(), start.elapsed().as_secs()), (Code::FailedPrecondition, 5));
}

#[tokio::test]
async fn a_token_of_somebody_else_is_refused_and_an_empty_one_never_waits() {
    let house = House::in_memory();
    let board = Board::run(&house);
    for token in ["x", "-1", "1.2.3", " 1", "99999999999999999999999", &"9".repeat(1_000)] {
        let error = board.places.at_least(token).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.to_string().starts_with("at_least_position: "), "{error}");
        assert!(error.to_string().len() < 200, "a long token is not repeated whole");
    }
    board.places.at_least("").await.unwrap();
}

#[tokio::test]
async fn an_empty_log_is_caught_up() {
    for house in House::each() {
        let mut board = Board::run(&house);
        let progress = *board.progress.wait_for(|progress| progress.is_caught_up).await.unwrap();
        assert_eq!((progress.position, progress.is_at_head), (None, true));
        assert_eq!(board.health.check(), Ok("at the beginning".to_owned()));
    }
}

#[tokio::test]
async fn read_models_are_caught_up_when_they_have_replayed_the_log() {
    let house = House::in_memory();
    for _ in 0..25 {
        let orders = (0..100).map(|_| order("counter-1", Command::Add(1))).collect();
        house.executor::<Counter>().execute_each(orders).await;
    }
    let mut board = Board::run(&house);
    let progress = *board.progress.wait_for(|progress| progress.is_caught_up).await.unwrap();
    assert_eq!(progress.position, house.store.head().await.unwrap());
    assert_eq!(board.places.read(|places| places.seen.len()), 2_500);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_parked_and_stops_nobody() {
    let house = House::in_memory();
    add(&house, "counter-1").await;
    house.append_unknown("counter-1").await;
    add(&house, "counter-2").await;
    let mut board = Board::run(&house);
    board.settled(&house).await;
    assert_eq!(board.places.read(|places| places.seen.len()), 2);
    assert_eq!(board.shown.read(|shown| shown.0), 3);
    assert_eq!(board.health.parked(), 1);
    assert!(board.health.check().unwrap().contains("1 events parked"));
}

#[tokio::test]
async fn an_erasure_reaches_the_read_models() {
    let house = House::in_memory();
    let mut board = Board::run(&house);
    for subject in ["a", "b"] {
        let note = Command::Note(SubjectId::new(subject), "ZHANG/SAN".to_owned());
        house.executor::<Counter>().execute(order("counter-1", note)).await.unwrap();
    }
    board.settled(&house).await;
    assert_eq!(board.places.read(|places| places.subjects.len()), 2);
    board.erasures.send(SubjectId::new("a")).unwrap();
    while board.places.read(|places| places.erased.is_empty()) {
        tokio::task::yield_now().await;
    }
    assert_eq!(board.places.read(|places| places.subjects.clone()), [SubjectId::new("b")]);
}

#[tokio::test]
async fn read_models_go_on_when_nobody_tells_of_erasures_any_more() {
    let house = House::in_memory();
    let Board { mut progress, erasures, places, stop: _stop, .. } = Board::run(&house);
    progress.wait_for(|progress| progress.is_caught_up).await.unwrap();
    drop(erasures);
    let token = add(&house, "counter-1").await;
    places.at_least(&token).await.unwrap();
}

#[tokio::test]
async fn erasures_that_were_missed_make_the_node_not_ready() {
    let house = House::in_memory();
    let mut board = Board::run_after(&house, |erasures| {
        (0..10).for_each(|n| assert!(erasures.send(SubjectId::new(n)).is_ok()));
    });
    add(&house, "counter-1").await;
    while board.places.read(|places| places.erased.len() < 4) {
        tokio::task::yield_now().await;
    }
    board.settled(&house).await;
    let reason = board.health.check().unwrap_err();
    assert_eq!(reason, "6 erasures did not reach the read models: restart");
}

#[tokio::test]
async fn damaged_bytes_end_the_read_models_and_reads_fail_at_once() {
    let house = House::in_memory();
    let token = add(&house, "counter-1").await;
    house.store.is_damaged.store(true, Ordering::Relaxed);
    let mut board = Board::run(&house);
    (&mut board.work).await.unwrap();
    assert!(board.health.check().unwrap_err().contains("checksum differs"));
    assert!(matches!(board.places.at_least(&token).await, Err(AtLeastError::Behind { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_for_a_while_loses_nothing() {
    let house = House::in_memory();
    add(&house, "counter-1").await;
    house.store.follow_failures.store(40, Ordering::Relaxed);
    let mut board = Board::run(&house);
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert!(board.health.check().unwrap_err().contains("the disk is slow"));
    board.settled(&house).await;
    assert!(board.health.check().is_ok());
    assert_eq!(board.places.read(|places| places.seen.len()), 1);
}

#[tokio::test]
async fn they_end_at_the_stop() {
    let house = House::in_memory();
    let board = Board::run(&house);
    board.stop.send_replace(true);
    board.work.await.unwrap();
    assert!(board.health.check().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_many_write_each_event_is_seen_once_and_in_order() {
    for house in House::each() {
        let early = Board::run(&house);
        let executors = [house.executor::<Counter>(), house.executor::<Counter>()];
        let writers = (0..8usize).map(|writer| {
            let executor = executors[writer % 2].clone();
            tokio::spawn(async move {
                for n in 0..40 {
                    // Some streams are shared by all writers and some are their own.
                    let names = [format!("counter-{}", n % 3), format!("counter-own{writer}")];
                    let orders = names.iter().map(|name| order(name, Command::Add(1))).collect();
                    let answers = executor.execute_each(orders).await;
                    assert!(answers.iter().all(Result::is_ok));
                }
            })
        });
        let writers: Vec<_> = writers.collect();
        let late = Board::run(&house);
        join_all(writers).await.into_iter().for_each(Result::unwrap);
        let log = house.log().await;
        let expected: Vec<_> =
            log.iter().map(|e| (e.position(), e.stream().to_owned(), e.revision().0)).collect();
        assert_eq!(expected.len(), 640);
        for mut board in [early, late] {
            board.settled(&house).await;
            board.places.read(|places| assert_eq!(places.seen, expected));
        }
    }
}
