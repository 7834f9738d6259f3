//! Read models that are built anew while the old ones answer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use airside_kernel::{EventStore, SubjectId};
use airside_runtime::{
    projections::{MAX_LAG_COUNTED, RebuildError, RebuildProgress},
    snapshots,
};
use tokio::sync::Notify;

use crate::{
    counter::{Command, Counter},
    house::{House, order},
    sums::{Run, add, from_zero},
};

const NAME: &str = "test.sums";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rebuild_while_events_flow_loses_none_and_swaps_once() {
    for house in House::each() {
        let house = Arc::new(house);
        add(&house, "counter-1", 2_500).await;
        let mut run = Run::<1>::start(&house);
        run.settled(&house).await;
        let is_over = Arc::new(AtomicBool::new(false));
        let writing = tokio::spawn({
            let (house, is_over) = (house.clone(), is_over.clone());
            async move {
                while !is_over.load(Ordering::Relaxed) {
                    add(&house, "counter-2", 3).await;
                }
            }
        });
        for round in 2..6 {
            let mut told = RebuildProgress::default();
            let rebuilt = run.handle.rebuild(NAME, |progress| told = progress).await.unwrap();
            assert!(rebuilt.events >= 2_500 && rebuilt.parked == 0);
            assert_eq!(told.events, rebuilt.events);
            assert_eq!(run.tally.made.load(Ordering::Relaxed), round, "one fresh model for each rebuild");
            add(&house, "counter-3", 1).await;
        }
        is_over.store(true, Ordering::Relaxed);
        writing.await.unwrap();
        run.settled(&house).await;
        assert_eq!(run.state(), from_zero(&house).await);
        run.stop().await;
    }
}

#[tokio::test]
async fn readers_are_answered_while_a_model_is_rebuilt_and_its_progress_is_seen() {
    let house = House::in_memory();
    add(&house, "counter-1", 1_500).await;
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    let head = house.store.head().await.unwrap().unwrap().to_string();
    let before = run.state();
    let mut steps = Vec::new();
    let (reader, expected) = (run.sums.clone(), before.clone());
    let told = |progress| {
        assert_eq!(reader.read(|sums| sums.state.clone()), expected);
        steps.push(progress);
    };
    let rebuilt = run.handle.rebuild(NAME, told).await.unwrap();
    assert_eq!((rebuilt.events, rebuilt.position), (1_500, Some(head.clone())));
    assert_eq!(steps.iter().map(|step: &RebuildProgress| step.events).collect::<Vec<_>>(), [1_000, 1_500]);
    assert!(steps[0].share < 1.0 && steps[1].share >= 1.0);
    assert_eq!(steps[1].head, Some(head));
    assert_eq!(run.state(), before);
}

#[tokio::test]
async fn a_rebuild_heals_a_model_and_its_snapshot() {
    let house = House::in_memory();
    add(&house, "counter-1", 4).await;
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    run.stop().await;
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    assert_eq!(run.seen(), 0);
    snapshots::delete(&house.kept_at(), NAME).unwrap();
    run.handle.rebuild(NAME, |_| {}).await.unwrap();
    assert_eq!((run.state(), run.seen()), (from_zero(&house).await, 4));
    assert_eq!(snapshots::list(&house.kept_at()).unwrap()[0].name, NAME, "it is written at once");
}

#[tokio::test]
async fn who_is_erased_during_a_rebuild_is_not_in_the_fresh_model() {
    let house = Arc::new(House::in_memory());
    for subject in ["a", "b"] {
        let note = Command::Note(SubjectId::new(subject), "ZHANG/SAN".to_owned());
        house.executor::<Counter>().execute(order("counter-1", note)).await.unwrap();
    }
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    let (erasures, reader) = (run.erasures.clone(), run.sums.clone());
    let gate = Arc::new(Notify::new());
    let told = {
        let gate = gate.clone();
        move |_| {
            erasures.send(SubjectId::new("a")).unwrap();
            gate.notify_one();
        }
    };
    let rebuilding = run.handle.rebuild(NAME, told);
    let erased = async {
        gate.notified().await;
        while reader.read(|sums| sums.state.notes.len()) == 2 {
            tokio::task::yield_now().await;
        }
    };
    // The live model forgets first or last; in the end neither knows.
    let (rebuilt, ()) = tokio::join!(rebuilding, erased);
    rebuilt.unwrap();
    while run.state().notes.len() == 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(run.state().notes[0].0, "b");
}

#[tokio::test]
async fn an_unknown_model_is_refused_and_a_second_rebuild_waits_its_turn() {
    let house = House::in_memory();
    add(&house, "counter-1", 1_500).await;
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    let error = run.handle.rebuild("test.sum", |_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), r#"read model "test.sum" is unknown; there are: test.sums"#);
    let second = run.handle.clone();
    let (first, refused) = tokio::join!(run.handle.rebuild(NAME, |_| {}), second.rebuild(NAME, |_| {}));
    assert!(first.is_ok());
    assert!(matches!(refused, Err(RebuildError::UnderWay { .. })));
    drop(run.handle.rebuild(NAME, |_| {}));
    assert!(run.handle.rebuild(NAME, |_| {}).await.is_ok(), "what is over or was given up hinders nobody");
}

#[tokio::test]
async fn operators_see_where_each_model_is() {
    let house = House::in_memory();
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    let state = run.handle.list().await.unwrap().remove(0);
    assert_eq!((state.name.as_str(), state.schema, state.position), (NAME, Some(1), None));
    assert_eq!((state.lag_events, state.parked, state.snapshot), (0, 0, None));
    add(&house, "counter-1", 4).await;
    house.append_unknown("counter-1").await;
    run.settled(&house).await;
    let state = run.handle.list().await.unwrap().remove(0);
    let head = house.store.head().await.unwrap().unwrap().to_string();
    assert_eq!((state.position, state.lag_events, state.parked), (Some(head.clone()), 0, 1));
    run.stop().await;

    let house = House::in_memory();
    add(&house, "counter-1", 4).await;
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    run.stop().await;
    let head = house.store.head().await.unwrap().unwrap().to_string();
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    let handle = run.handle.clone();
    assert_eq!(handle.list().await.unwrap()[0].snapshot.as_ref().unwrap().position, head);
    run.stop().await;
    add(&house, "counter-2", 7).await;
    assert_eq!(handle.list().await.unwrap()[0].lag_events, 7);
    for _ in 0..11 {
        add(&house, "counter-2", 1_000).await;
    }
    assert_eq!(handle.list().await.unwrap()[0].lag_events, MAX_LAG_COUNTED);
}
