//! Who watches streams is told which changed, once the read models know it.

use std::collections::BTreeSet;

use airside_kernel::StreamId;
use futures::FutureExt;

use crate::{
    house::{House, stream},
    sums::{Run, add},
};

fn streams<const N: usize>(names: [&str; N]) -> BTreeSet<StreamId> {
    names.map(stream).into()
}

#[tokio::test]
async fn a_change_is_told_to_who_watches_once_the_read_models_know_it() {
    for house in House::each() {
        let mut run = Run::<1>::start(&house);
        run.settled(&house).await;
        let (mut one, mut other) = (run.changes.watcher(), run.changes.watcher());
        one.watch(0, streams(["counter-1", "counter-2"]));
        one.watch(63, streams(["counter-2"]));
        other.watch(5, streams(["counter-3"]));
        for count in 1..20 {
            add(&house, "counter-2", 1).await;
            let places = one.changed().await;
            assert_eq!(places, 1 | 1 << 63);
            assert_eq!(run.seen(), count, "the read models know it");
        }
        assert_eq!(run.changes.position(), house.store_head().await);
        assert_eq!(other.changed().now_or_never(), None);
        add(&house, "counter-3", 1).await;
        assert_eq!((other.changed().await, one.changed().now_or_never()), (1 << 5, None));
        run.stop().await;
    }
}

#[tokio::test]
async fn changes_that_nobody_takes_wait_as_one() {
    let house = House::in_memory();
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    let mut watcher = run.changes.watcher();
    watcher.watch(1, streams(["counter-1"]));
    watcher.watch(2, streams(["counter-2"]));
    for _ in 0..50 {
        add(&house, "counter-1", 1).await;
        add(&house, "counter-2", 1).await;
    }
    run.settled(&house).await;
    tokio::task::yield_now().await;
    assert_eq!((watcher.changed().await, watcher.changed().now_or_never()), (0b110, None));
    run.stop().await;
}

#[tokio::test]
async fn what_is_not_watched_any_more_is_not_told() {
    let house = House::in_memory();
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    let (mut kept, mut gone) = (run.changes.watcher(), run.changes.watcher());
    kept.watch(0, streams(["counter-2"]));
    assert!(gone.watch(0, streams(["counter-1", "counter-2"])), "streams are new");
    assert!(gone.watch(0, streams(["counter-2", "counter-3"])), "a stream is new");
    assert!(!gone.watch(0, streams(["counter-2"])), "no stream is new");
    add(&house, "counter-1", 1).await;
    add(&house, "counter-3", 1).await;
    add(&house, "counter-2", 1).await;
    assert_eq!(gone.changed().await, 1);
    kept.changed().await;
    gone.watch(0, streams([]));
    add(&house, "counter-2", 1).await;
    kept.changed().await;
    assert_eq!(gone.changed().now_or_never(), None);
    drop((kept, gone));
    assert!(format!("{:?}", run.changes).contains("data: {}"), "{:?}", run.changes);
    run.stop().await;
}

#[tokio::test]
async fn who_watches_before_the_history_is_folded_is_told_when_it_is_and_after_a_rebuild() {
    let house = House::in_memory();
    add(&house, "counter-1", 30).await;
    let mut run = Run::<1>::start(&house);
    let mut watcher = run.changes.watcher();
    watcher.watch(7, streams(["counter-9"]));
    run.settled(&house).await;
    assert_eq!(watcher.changed().await, 1 << 7);
    run.handle.rebuild("test.sums", |_| {}).await.unwrap();
    assert_eq!(watcher.changed().await, 1 << 7);
    run.stop().await;
}
