//! Reactors whose memory is on disk: they fold the tail, and act once.

use std::{fs, time::Duration};

use airside_kernel::{Append, EventId, EventStore, Expected, Metadata, NewEvent, RecordedEvent};
use airside_runtime::snapshots;
use proptest::prelude::*;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    echo::Running,
    house::{Fault, House, stream},
    sums::add,
};

const FILE: &str = "test.echo.snapshot";

async fn add_settled(house: &House, echo: &mut Running, times: usize) {
    add(house, "counter-1", times).await;
    echo.settled(house).await;
}

/// Appends once more what a reactor's checkpoint said.
async fn slow_place(house: &House, place: &RecordedEvent) {
    let event = NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: place.event_type().to_owned().into(),
        schema_version: 1,
        occurred_at: place.occurred_at(),
        metadata: Metadata::default().encode(),
        payload: place.payload().to_vec().into(),
    };
    let (expected, fold_from) = (Expected::Any, place.revision());
    let append = Append { stream: stream("reactor-test.echo"), expected, fold_from, events: vec![event] };
    house.store.append(append).await.unwrap();
}

/// Checks that each event of `counter-1` was acted on once, in effect.
async fn assert_acted_once(house: &House) {
    let (added, echoed) = (house.events("counter-1").await.len(), house.events("echo-1").await.len());
    assert_eq!(echoed, added);
}

#[tokio::test]
async fn after_a_stop_only_the_tail_is_folded_and_acted_on() {
    for house in House::each() {
        let mut echo = Running::start_kept(&house).await;
        add_settled(&house, &mut echo, 4).await;
        echo.stop().await;
        add(&house, "counter-1", 2).await;
        let mut echo = Running::start_kept(&house).await;
        echo.settled(&house).await;
        assert_eq!(echo.seen.folded(), [4, 5]);
        assert_eq!(*echo.seen.totals.lock().unwrap(), [(4, 5), (5, 6)], "it knows all that went before");
        assert_acted_once(&house).await;
    }
}

#[tokio::test]
async fn a_memory_newer_than_the_checkpoint_is_left_out() {
    let house = House::in_memory();
    let mut slow = Running::start(&house, None).await.unwrap();
    add_settled(&house, &mut slow, 2).await;
    slow.stop().await;
    let place = house.events("reactor-test.echo").await.pop().unwrap();
    let mut echo = Running::start_kept(&house).await;
    add_settled(&house, &mut echo, 3).await;
    echo.stop().await;
    // The slower node writes its older place last.
    slow_place(&house, &place).await;
    let mut echo = Running::start_kept(&house).await;
    echo.settled(&house).await;
    assert_eq!(echo.seen.folded()[..5], [0, 1, 2, 3, 4]);
    assert_eq!(echo.seen.totals.lock().unwrap().last(), Some(&(4, 5)));
    assert_acted_once(&house).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_pending_at_the_stop_is_in_no_memory() {
    let house = House::in_memory();
    let mut echo = Running::start_kept(&house).await;
    add_settled(&house, &mut echo, 2).await;
    house.store.fail("echo", Fault::Refused);
    add(&house, "counter-1", 3).await;
    sleep(Duration::from_secs(60)).await;
    echo.stop().await;
    house.store.heal();
    let mut echo = Running::start_kept(&house).await;
    echo.settled(&house).await;
    let totals = echo.seen.totals.lock().unwrap().clone();
    assert_eq!(totals[totals.len() - 3..], [(2, 3), (3, 4), (4, 5)], "each is counted once");
    assert_acted_once(&house).await;
}

#[tokio::test]
async fn a_memory_that_left_an_event_out_is_never_kept_without_it() {
    let house = House::in_memory();
    let mut echo = Running::start_kept(&house).await;
    add_settled(&house, &mut echo, 2).await;
    echo.stop().await;
    let before = fs::read(house.kept_at().join(FILE)).unwrap();
    house.append_unknown("counter-9").await;
    let mut echo = Running::start_kept(&house).await;
    add_settled(&house, &mut echo, 2).await;
    echo.stop().await;
    assert_eq!(fs::read(house.kept_at().join(FILE)).unwrap(), before);
}

#[tokio::test]
async fn a_damaged_memory_is_left_out() {
    let house = House::in_memory();
    let mut echo = Running::start_kept(&house).await;
    add_settled(&house, &mut echo, 4).await;
    echo.stop().await;
    let path = house.kept_at().join(FILE);
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let mut echo = Running::start_kept(&house).await;
    echo.settled(&house).await;
    assert_eq!(echo.seen.folded(), [0, 1, 2, 3]);
    assert_eq!(echo.seen.acted_on(), [0u64; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_first_memory_is_written_soon_and_a_log_at_rest_writes_no_other() {
    let house = House::in_memory();
    let mut echo = Running::start_kept(&house).await;
    add_settled(&house, &mut echo, 4).await;
    sleep(Duration::from_secs(3)).await;
    while !house.kept_at().join(FILE).exists() {
        tokio::task::yield_now().await;
    }
    let first = snapshots::list(&house.kept_at()).unwrap();
    let before = house.log().await.len();
    sleep(Duration::from_secs(3_600)).await;
    assert_eq!(house.log().await.len(), before);
    echo.stop().await;
    assert_eq!(snapshots::list(&house.kept_at()).unwrap(), first);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Each step adds some events, lets the reactor work or not, and ends it or not.
    #[test]
    fn across_restarts_at_any_point_each_event_is_acted_on_once(
        steps in proptest::collection::vec((1usize..5, any::<bool>(), 0u8..5), 1..20)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let house = House::in_memory();
            let mut echo = Running::start_kept(&house).await;
            for (times, is_settled, end) in steps {
                add(&house, "counter-1", times).await;
                if is_settled {
                    echo.settled(&house).await;
                }
                for (revision, total) in echo.seen.totals.lock().unwrap().iter() {
                    assert_eq!(*total, revision + 1, "it decided from all that went before, once");
                }
                match end {
                    0 => echo.stop().await,
                    1 => echo.crash().await,
                    _ => continue,
                }
                echo = Running::start_kept(&house).await;
            }
            echo.settled(&house).await;
            assert_acted_once(&house).await;
        });
    }
}
