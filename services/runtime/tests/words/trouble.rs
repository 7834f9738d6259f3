//! What an operator sees of readers that cannot go on.

use std::{sync::atomic::Ordering, time::Duration};

use airside_runtime::reactors::StartAt;
use tokio::time::{Instant, sleep};

use crate::{
    counter::{Command, Counter},
    echo::Running,
    house::{Fault, House, order},
};

async fn add(house: &House) {
    house.executor::<Counter>().execute(order("counter-1", Command::Add(1))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reactor_that_fails_for_five_seconds_is_stuck_until_it_works_again() {
    let house = House::in_memory();
    let mut echo = Running::start(&house, None).await.unwrap();
    house.store.fail("echo", Fault::Refused);
    add(&house).await;
    sleep(Duration::from_secs(4)).await;
    assert!(echo.health.check().is_ok(), "what passes is no alarm");
    sleep(Duration::from_secs(4)).await;
    let reason = echo.health.check().unwrap_err();
    assert!(reason.starts_with("stuck for "), "{reason}");
    assert!(reason.contains("the disk is gone"), "{reason}");
    house.store.heal();
    echo.settled(&house).await;
    assert!(echo.health.check().unwrap().starts_with("at position "));
}

#[tokio::test(start_paused = true)]
async fn commands_that_hang_are_told_after_half_a_minute() {
    let house = House::in_memory();
    let echo = Running::start(&house, None).await.unwrap();
    sleep(Duration::from_secs(600)).await;
    assert!(echo.health.check().is_ok(), "to have nothing to do is no fault");
    echo.seen.hangs.store(true, Ordering::Relaxed);
    add(&house).await;
    sleep(Duration::from_secs(20)).await;
    assert!(echo.health.check().is_ok(), "much work takes its time");
    sleep(Duration::from_secs(20)).await;
    let reason = echo.health.check().unwrap_err();
    assert!(reason.starts_with("no progress for 40 s"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_stuck_reactor_stops_at_once_and_its_place_stays_behind() {
    let house = House::in_memory();
    let echo = Running::start(&house, None).await.unwrap();
    house.store.fail("echo", Fault::Refused);
    add(&house).await;
    sleep(Duration::from_secs(60)).await;
    let start = Instant::now();
    echo.stop().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    house.store.heal();
    let mut echo = Running::start(&house, None).await.unwrap();
    echo.settled(&house).await;
    assert_eq!(house.events("echo-1").await.len(), 1, "what was pending is done after the restart");
}

#[tokio::test(start_paused = true)]
async fn commands_that_hang_are_left_some_seconds_after_the_stop() {
    let house = House::in_memory();
    add(&house).await;
    let echo = Running::start(&house, Some(StartAt::Beginning)).await.unwrap();
    echo.seen.hangs.store(true, Ordering::Relaxed);
    sleep(Duration::from_secs(60)).await;
    let start = Instant::now();
    echo.stop().await;
    assert_eq!(start.elapsed().as_secs(), 5);
    let mut echo = Running::start(&house, None).await.unwrap();
    echo.settled(&house).await;
    assert_eq!(echo.seen.acted_on(), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_for_a_while_loses_nothing() {
    let house = House::in_memory();
    house.store.follow_failures.store(8, Ordering::Relaxed);
    let mut echo = Running::start(&house, None).await.unwrap();
    add(&house).await;
    sleep(Duration::from_secs(7)).await;
    let reason = echo.health.check().unwrap_err();
    assert!(reason.contains("the disk is slow"), "{reason}");
    echo.settled(&house).await;
    assert!(echo.health.check().is_ok());
    assert_eq!(house.events("echo-1").await.len(), 1);
}

#[tokio::test]
async fn a_reactor_that_panicked_is_not_ready() {
    let house = House::in_memory();
    let mut echo = Running::start(&house, None).await.unwrap();
    echo.seen.panics.store(true, Ordering::Relaxed);
    add(&house).await;
    echo.ended().await;
    assert!(echo.health.check().unwrap_err().contains("it has ended"));
}

#[tokio::test]
async fn a_reactor_at_damaged_bytes_ends_and_says_why() {
    let house = House::in_memory();
    house.store.is_damaged.store(true, Ordering::Relaxed);
    let mut echo = Running::start(&house, None).await.unwrap();
    echo.ended().await;
    assert!(echo.health.check().unwrap_err().contains("checksum differs"));
}
