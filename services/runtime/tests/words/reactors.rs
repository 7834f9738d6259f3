//! Where reactors begin, and that they act once.

use std::time::Duration;

use airside_api::runtime::v1::ReactorAdvanced;
use airside_kernel::Revision;
use airside_runtime::reactors::{StartAt, StartError};
use prost::Message;
use tokio::time::sleep;

use crate::{
    counter::{Command, Counter},
    echo::Running,
    house::{Fault, House, order},
};

const PLACE: &str = "reactor-test.echo";

async fn add(house: &House, times: usize) {
    let orders = (0..times).map(|_| order("counter-1", Command::Add(1))).collect();
    let answers = house.executor::<Counter>().execute_each(orders).await;
    assert!(answers.iter().all(Result::is_ok));
}

async fn echoes(house: &House) -> usize {
    house.events("echo-1").await.len()
}

#[tokio::test]
async fn on_a_fresh_log_it_begins_at_the_beginning() {
    for house in House::each() {
        let mut echo = Running::start(&house, None).await.unwrap();
        add(&house, 3).await;
        echo.settled(&house).await;
        assert_eq!((echoes(&house).await, echo.seen.acted_on()), (3, vec![0, 1, 2]));
        echo.stop().await;
    }
}

#[tokio::test]
async fn in_a_log_with_events_and_no_place_it_refuses_and_says_what_to_do() {
    let house = House::in_memory();
    add(&house, 1).await;
    let Err(error) = Running::start(&house, None).await else { panic!("it began") };
    assert!(matches!(error, StartError::NoCheckpoint { name: "test.echo" }));
    let text = error.to_string();
    assert!(text.contains("--reactor-start test.echo=beginning"), "{text}");
    assert!(text.contains("--reactor-start test.echo=end"), "{text}");
    assert!(house.events(PLACE).await.is_empty(), "and it has not chosen a place");
}

#[tokio::test]
async fn it_begins_where_the_operator_says() {
    for (start_at, expected) in [(StartAt::Beginning, vec![0, 1, 2]), (StartAt::End, vec![2])] {
        let house = House::in_memory();
        add(&house, 2).await;
        let mut echo = Running::start(&house, Some(start_at)).await.unwrap();
        add(&house, 1).await;
        echo.settled(&house).await;
        assert_eq!(echo.seen.acted_on(), expected);
        assert_eq!(echo.seen.folded(), [0, 1, 2], "all is folded, wherever it begins");
        assert_eq!(echoes(&house).await, expected.len());
    }
}

#[tokio::test]
async fn a_place_that_exists_wins_over_the_operator() {
    let house = House::in_memory();
    let mut echo = Running::start(&house, None).await.unwrap();
    add(&house, 2).await;
    echo.settled(&house).await;
    echo.stop().await;
    add(&house, 1).await;
    let mut echo = Running::start(&house, Some(StartAt::End)).await.unwrap();
    echo.settled(&house).await;
    assert_eq!(echo.seen.acted_on(), [2]);
}

#[tokio::test]
async fn after_a_restart_it_acts_on_what_is_new_and_folds_all() {
    for house in House::each() {
        let mut echo = Running::start(&house, None).await.unwrap();
        add(&house, 4).await;
        echo.settled(&house).await;
        echo.stop().await;
        add(&house, 2).await;
        let mut echo = Running::start(&house, None).await.unwrap();
        echo.settled(&house).await;
        assert_eq!(echo.seen.folded(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(echo.seen.acted_on(), [4, 5]);
        assert_eq!(echoes(&house).await, 6);
    }
}

#[tokio::test]
async fn the_stop_writes_the_place_and_only_the_last_event_of_it_counts() {
    let house = House::in_memory();
    let mut echo = Running::start(&house, None).await.unwrap();
    for _ in 0..3 {
        add(&house, 1).await;
        echo.settled(&house).await;
    }
    let done = echo.progress.borrow().position.unwrap();
    echo.stop().await;
    let place = house.events(PLACE).await;
    let last = place.last().unwrap();
    assert_eq!((last.event_type(), last.fold_from()), ("runtime.ReactorAdvanced", last.revision()));
    let written = ReactorAdvanced::decode(last.payload()).unwrap().position;
    assert!(written.parse::<airside_kernel::Position>().unwrap() >= done);
}

#[tokio::test(start_paused = true)]
async fn a_log_at_rest_stays_at_rest() {
    let house = House::in_memory();
    let mut echo = Running::start(&house, None).await.unwrap();
    add(&house, 2).await;
    echo.settled(&house).await;
    sleep(Duration::from_secs(2)).await;
    let before = house.log().await.len();
    sleep(Duration::from_secs(600)).await;
    assert_eq!(house.log().await.len(), before, "its own place is nothing to note");
    echo.stop().await;
    for _ in 0..3 {
        let mut echo = Running::start(&house, None).await.unwrap();
        echo.settled(&house).await;
        echo.stop().await;
    }
    assert_eq!(house.log().await.len(), before, "what was nothing to do leaves no trace");
}

#[tokio::test(start_paused = true)]
async fn commands_whose_answer_was_lost_are_repeated_and_add_nothing_twice() {
    for fault in [Fault::Refused, Fault::Unanswered] {
        let house = House::in_memory();
        let mut echo = Running::start(&house, None).await.unwrap();
        house.store.fail("echo", fault);
        add(&house, 5).await;
        sleep(Duration::from_secs(3)).await;
        assert_eq!(echoes(&house).await, if fault == Fault::Refused { 0 } else { 5 });
        house.store.heal();
        echo.settled(&house).await;
        assert_eq!((echoes(&house).await, house.state("echo-1").await.total), (5, 5));
        echo.stop().await;
    }
}

#[tokio::test]
async fn a_place_behind_what_is_done_repeats_and_adds_nothing() {
    let house = House::in_memory();
    house.store.fail("reactor", Fault::Refused);
    let refused = Running::start(&house, None).await;
    assert!(matches!(refused, Err(StartError::Append(_))), "without a place it does not begin");
    house.store.heal();

    let mut echo = Running::start(&house, None).await.unwrap();
    house.store.fail("reactor", Fault::Refused);
    add(&house, 3).await;
    echo.settled(&house).await;
    echo.crash().await;
    house.store.heal();
    assert_eq!(house.events(PLACE).await.len(), 1, "the crash came before the place was written");

    let mut echo = Running::start(&house, None).await.unwrap();
    echo.settled(&house).await;
    assert_eq!(echo.seen.acted_on(), [0, 1, 2], "it acts again");
    assert_eq!(echoes(&house).await, 3);
}

#[tokio::test]
async fn two_nodes_that_start_at_once_agree_on_the_place() {
    let house = House::in_memory();
    let (a, b) = tokio::join!(Running::start(&house, None), Running::start(&house, None));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(house.events(PLACE).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_with_one_reactor_append_once() {
    for house in House::each() {
        let mut echoing =
            [Running::start(&house, None).await.unwrap(), Running::start(&house, None).await.unwrap()];
        for _ in 0..50 {
            add(&house, 4).await;
        }
        for echo in &mut echoing {
            echo.settled(&house).await;
            assert_eq!(echo.seen.acted_on().len(), 200, "both do the work");
        }
        assert_eq!(house.state("echo-1").await.total, 200);
        let [a, b] = echoing;
        a.stop().await;
        b.stop().await;
        let place = house.events(PLACE).await;
        assert!(place.iter().all(|event| event.fold_from() <= event.revision()));
        assert_eq!(place[0].fold_from(), Revision::FIRST);
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_parked_and_the_later_ones_go_on() {
    let house = House::in_memory();
    let mut echo = Running::start(&house, None).await.unwrap();
    add(&house, 1).await;
    house.append_unknown("counter-2").await;
    add(&house, 1).await;
    echo.settled(&house).await;
    assert_eq!(echoes(&house).await, 2);
    assert_eq!(echo.health.parked(), 1);
    assert!(
        echo.health.check().unwrap().contains("1 events parked"),
        "the operator is told, and it is ready"
    );
}

#[tokio::test]
async fn the_end_of_an_empty_log_is_its_beginning() {
    let house = House::in_memory();
    let mut echo = Running::start(&house, Some(StartAt::End)).await.unwrap();
    add(&house, 1).await;
    echo.settled(&house).await;
    assert_eq!(echoes(&house).await, 1);
}
