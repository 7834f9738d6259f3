//! How orders are carried out: sequence, sharing, races, limits, failures.

use std::sync::{Arc, atomic::Ordering};

use airside_kernel::{AppendError, Classified, Code, RecordedEvent, Timestamp};
use airside_runtime::executor::{Answer, ExecuteError};
use futures::future::join_all;
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::{
    counter::{Command, Counter, FULL, Fact, Full, Meter},
    house::{Fault, House, order, stream},
};

fn added(by: u64) -> Vec<Fact> {
    vec![Fact::Added { by, cause: None, weight: bytes::Bytes::new() }]
}

fn facts(answer: &Answer<Counter>) -> Vec<Fact> {
    answer.as_ref().unwrap().events.clone()
}

fn code(answer: &Answer<Counter>) -> Option<Code> {
    answer.as_ref().err().map(Classified::code)
}

#[tokio::test]
async fn orders_of_one_stream_are_decided_in_sequence_and_appended_once() {
    for house in House::each() {
        let orders = [Command::Add(3), Command::Empty, Command::Empty, Command::Add(4)];
        let answers =
            house.executor::<Counter>().execute_each(orders.map(|o| order("counter-1", o)).into()).await;
        let given: Vec<_> = answers.iter().map(facts).collect();
        assert_eq!(given, [added(3), vec![Fact::Emptied], vec![], added(4)]);
        let positions: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap().position).collect();
        let head = house.log().await.last().map(RecordedEvent::position);
        assert_eq!(positions, [head, head, None, head], "an order that added nothing has no position");
        assert_eq!(house.store.appends(), [1]);
        assert_eq!(house.state("counter-1").await.total, 4);
    }
}

#[tokio::test]
async fn orders_of_many_streams_share_one_append() {
    let house = House::in_memory();
    let orders = (0..60).map(|n| order(&format!("counter-{}", n % 20), Command::Add(n))).collect();
    let answers = house.executor::<Counter>().execute_each(orders).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(house.store.appends(), [20]);
    assert_eq!(house.state("counter-7").await.total, 7 + 27 + 47);
}

#[tokio::test]
async fn no_order_is_no_work() {
    let house = House::in_memory();
    assert!(house.executor::<Counter>().execute_each(vec![]).await.is_empty());
    assert_eq!(house.store.appends(), [0usize; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn increments_of_many_tasks_over_two_executors_all_count() {
    for house in House::each() {
        let executors = [house.executor::<Counter>(), house.executor::<Counter>()];
        let tasks = (0..80).map(|task| {
            let executor = executors[task % 2].clone();
            tokio::spawn(async move {
                for _ in 0..5 {
                    executor.execute(order("counter-1", Command::Add(1))).await.unwrap();
                }
            })
        });
        join_all(tasks).await.into_iter().for_each(Result::unwrap);
        assert_eq!(house.state("counter-1").await.total, 400);
        assert_eq!(house.events("counter-1").await.len(), 400);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_over_the_same_streams_in_any_order_never_wait_for_each_other() {
    let house = House::on_disk();
    let executor = house.executor::<Counter>();
    let calls = (0..40u64).map(|call| {
        let executor = executor.clone();
        tokio::spawn(async move {
            let names = (0..10u64).map(|n| (n * (2 * call + 1) + call) % 10);
            let orders = names.map(|n| order(&format!("counter-{n}"), Command::Add(1))).collect();
            executor.execute_each(orders).await.iter().filter(|answer| answer.is_ok()).count()
        })
    });
    let done: usize = join_all(calls).await.into_iter().map(Result::unwrap).sum();
    assert_eq!((done, house.log().await.len()), (400, 400));
}

#[tokio::test]
async fn a_stale_state_costs_a_retry_and_never_a_wrong_fact() {
    let house = House::in_memory();
    let (ours, theirs) = (house.executor::<Counter>(), house.executor::<Counter>());
    ours.execute(order("counter-1", Command::Add(FULL - 1))).await.unwrap();
    theirs.execute(order("counter-1", Command::Add(1))).await.unwrap();
    let before = house.store.appends().len();
    let answer = ours.execute(order("counter-1", Command::Add(1))).await;
    assert!(matches!(answer, Err(ExecuteError::Rejected(Full))), "on the stale state there was room for one");
    assert_eq!(house.store.appends().len() - before, 2);
}

#[tokio::test]
async fn a_stale_state_never_gives_a_wrong_refusal() {
    for house in House::each() {
        let (ours, theirs) = (house.executor::<Counter>(), house.executor::<Counter>());
        ours.execute(order("counter-1", Command::Add(FULL))).await.unwrap();
        theirs.execute(order("counter-1", Command::Empty)).await.unwrap();
        assert_eq!(facts(&ours.execute(order("counter-1", Command::Add(1))).await), added(1));

        theirs.execute(order("counter-1", Command::Empty)).await.unwrap();
        theirs.execute(order("counter-1", Command::Add(2))).await.unwrap();
        ours.load(&stream("counter-1")).await.unwrap();
        theirs.execute(order("counter-1", Command::Empty)).await.unwrap();
        theirs.execute(order("counter-1", Command::Add(5))).await.unwrap();
        let emptied = ours.execute(order("counter-1", Command::Empty)).await;
        assert_eq!(facts(&emptied), [Fact::Emptied]);
    }
}

#[tokio::test]
async fn a_load_sees_what_others_wrote() {
    let house = House::in_memory();
    let (ours, theirs) = (house.executor::<Counter>(), house.executor::<Counter>());
    assert_eq!(ours.load(&stream("counter-1")).await.unwrap().revision, None);
    for total in 1..4 {
        theirs.execute(order("counter-1", Command::Add(1))).await.unwrap();
        assert_eq!(ours.load(&stream("counter-1")).await.unwrap().state.total, total);
    }
}

#[tokio::test]
async fn a_refusal_stops_only_its_own_order() {
    let house = House::in_memory();
    let orders = [Command::Add(2), Command::Add(FULL), Command::Add(3)];
    let answers =
        house.executor::<Counter>().execute_each(orders.map(|o| order("counter-1", o)).into()).await;
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert!(matches!(answers[1], Err(ExecuteError::Rejected(Full))));
    assert_eq!(house.state("counter-1").await.total, 5);
}

#[tokio::test]
async fn more_orders_than_one_append_takes_go_in_their_sequence() {
    let house = House::on_disk();
    let orders = (1..=300).map(|by| order("counter-1", Command::Add(by))).collect();
    let answers = house.executor::<Counter>().execute_each(orders).await;
    let given: Vec<_> = answers.iter().flat_map(facts).collect();
    assert_eq!(given, (1..=300).flat_map(added).collect::<Vec<_>>());
    assert_eq!(house.store.appends(), [1, 1, 1]);
    assert_eq!(house.state("counter-1").await.total, 300 * 301 / 2);
}

#[tokio::test]
async fn an_order_over_the_limits_fails_alone_and_nothing_is_half_done() {
    for house in House::each() {
        let orders = [400_000, 400_000, 1_200_000, 400_000, 400_000].map(Command::Heavy);
        let executor = house.executor::<Counter>();
        let answers = executor.execute_each(orders.map(|o| order("counter-1", o)).into()).await;
        assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, true, true]);
        assert!(matches!(
            &answers[2],
            Err(ExecuteError::Append(AppendError::TooLarge { unit: "bytes", actual, .. })) if *actual > 1_200_000
        ));
        assert_eq!(house.events("counter-1").await.len(), 4);
        assert_eq!(house.state("counter-1").await.total, 4);
    }
}

#[tokio::test]
async fn a_stream_that_forgets_folds_to_the_same_state_from_its_tail_alone() {
    for house in House::each() {
        let executor = house.executor::<Meter<3>>();
        for shown in 0..100 {
            executor.execute(order("meter-1", shown)).await.unwrap();
        }
        let before = house.store.events_read.load(Ordering::Relaxed);
        let fresh = house.executor::<Meter<3>>().load(&stream("meter-1")).await.unwrap();
        assert_eq!(fresh.state, executor.load(&stream("meter-1")).await.unwrap().state);
        let read = house.store.events_read.load(Ordering::Relaxed) - before;
        assert_eq!(read, 1 + 3 + 1, "the last event, the tail, and the last event of a known state");
    }
}

#[tokio::test]
async fn a_state_that_is_far_behind_a_forgetful_stream_is_folded_from_the_tail() {
    let house = House::in_memory();
    let (ours, theirs) = (house.executor::<Meter<3>>(), house.executor::<Meter<3>>());
    ours.execute(order("meter-1", 0)).await.unwrap();
    for shown in 1..100 {
        theirs.execute(order("meter-1", shown)).await.unwrap();
    }
    let before = house.store.events_read.load(Ordering::Relaxed);
    assert_eq!(ours.load(&stream("meter-1")).await.unwrap().state, Some(99));
    assert_eq!(house.store.events_read.load(Ordering::Relaxed) - before, 1 + 3);
}

#[tokio::test]
async fn a_stream_that_forgets_everything_still_takes_orders_after_a_restart() {
    let house = House::in_memory();
    for shown in 0..3 {
        house.executor::<Meter<0>>().execute(order("meter-1", shown)).await.unwrap();
    }
    assert_eq!(house.events("meter-1").await.len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_event_of_several_facts_is_forgotten_when_all_of_them_are(
        readings in proptest::collection::vec(prop_oneof![3 => Just(1usize), 2 => 0usize..6], 0..24),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (last, fresh) = runtime.block_on(async {
            let house = House::in_memory();
            for count in &readings {
                house.append("meter-1", "meter.Read", 1, vec![0; count * 8]).await;
            }
            house.executor::<Meter<3>>().execute(order("meter-1", 7)).await.unwrap();
            house.executor::<Meter<3>>().execute(order("meter-1", 8)).await.unwrap();
            let fresh = house.executor::<Meter<3>>().load(&stream("meter-1")).await.unwrap();
            (house.events("meter-1").await.pop().unwrap(), fresh)
        });
        let giver = readings.into_iter().chain([1, 1]).enumerate();
        let givers: Vec<u64> = giver.flat_map(|(at, count)| std::iter::repeat_n(at as u64, count)).collect();
        let needed = givers[givers.len().saturating_sub(3)];
        let spare = if givers.len() > 3 { needed } else { 0 };
        prop_assert!((spare..=needed).contains(&last.fold_from().0), "{givers:?} {last:?}");
        prop_assert_eq!((fresh.state, fresh.revision), (Some(8), Some(last.revision())));
    }
}

#[tokio::test]
async fn a_state_of_the_past_is_what_was_recorded_until_then() {
    for house in House::each() {
        let executor = house.executor::<Meter<3>>();
        for shown in 0..100 {
            executor.execute(order("meter-1", shown)).await.unwrap();
        }
        let events = house.events("meter-1").await;
        let as_of = async |at| executor.load_as_of(&stream("meter-1"), at).await;
        for at in events.iter().map(RecordedEvent::recorded_at) {
            let last = events.iter().rfind(|event| event.recorded_at() <= at).unwrap().revision();
            let before = house.store.events_read.load(Ordering::Relaxed);
            let then = as_of(at).await.unwrap().unwrap();
            assert_eq!((then.state, then.revision), (Some(last.0), Some(last)));
            let read = house.store.events_read.load(Ordering::Relaxed) - before;
            assert!(read <= 1 + 7 + 3, "{read} events were read: the newest, those searched, the tail");
        }
        let first = events[0].recorded_at();
        assert!(as_of(first.checked_sub(SignedDuration::from_micros(1)).unwrap()).await.unwrap().is_none());
        let later = as_of(Timestamp::MAX).await.unwrap().unwrap();
        assert_eq!(later.revision, executor.load(&stream("meter-1")).await.unwrap().revision);
        assert!(executor.load_as_of(&stream("meter-2"), Timestamp::MAX).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_state_of_the_past_that_needed_nothing_any_more_is_empty() {
    let house = House::in_memory();
    let executor = house.executor::<Meter<0>>();
    executor.execute(order("meter-1", 1)).await.unwrap();
    executor.execute(order("meter-1", 2)).await.unwrap();
    let first = house.events("meter-1").await.remove(0);
    let then = executor.load_as_of(&stream("meter-1"), first.recorded_at()).await.unwrap().unwrap();
    assert_eq!(then.state, None);
}

#[tokio::test]
async fn a_log_that_is_gone_fails_every_order_and_comes_back() {
    for fault in [Fault::Refused, Fault::Unanswered] {
        let house = House::in_memory();
        let executor = house.executor::<Counter>();
        executor.execute(order("counter-1", Command::Add(1))).await.unwrap();
        house.store.fail("", fault);
        let orders = (0..3).map(|n| order(&format!("counter-{n}"), Command::Add(1))).collect();
        let answers = executor.execute_each(orders).await;
        assert!(answers.iter().all(|answer| code(answer) == Some(Code::Unavailable)), "{answers:?}");
        house.store.heal();
        executor.execute(order("counter-1", Command::Add(1))).await.unwrap();
        let expected = if fault == Fault::Refused { 2 } else { 3 };
        assert_eq!(house.state("counter-1").await.total, expected, "as much as the log holds");
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_read_fails_the_orders_and_appends_nothing() {
    let house = House::in_memory();
    house.store.is_unreadable.store(true, Ordering::Relaxed);
    let answer = house.executor::<Counter>().execute(order("counter-1", Command::Add(1))).await;
    assert!(matches!(answer, Err(ExecuteError::Load(_))));
    house.store.heal();
    assert!(house.log().await.is_empty());
}

#[tokio::test]
async fn no_order_overtakes_one_of_its_stream_that_failed() {
    let house = House::in_memory();
    house.store.fail("counter", Fault::Refused);
    let orders = (1..=300).map(|by| order("counter-1", Command::Add(by))).collect();
    let answers = house.executor::<Counter>().execute_each(orders).await;
    assert!(answers.iter().all(|answer| code(answer) == Some(Code::Unavailable)));
    assert_eq!(house.store.appends(), [1], "the later orders were not tried");
}

#[tokio::test]
async fn a_fact_that_cannot_be_read_stops_its_stream_and_no_other() {
    let house = House::in_memory();
    house.append_unknown("counter-1").await;
    let orders = ["counter-1", "counter-2"].map(|name| order(name, Command::Add(1)));
    let answers = house.executor::<Counter>().execute_each(orders.into()).await;
    assert_eq!((code(&answers[0]), code(&answers[1])), (Some(Code::DataLoss), None));
    assert_eq!(house.log().await.len(), 2);
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_the_stream_free() {
    let house = House::in_memory();
    let executor = Arc::new(house.executor::<Counter>());
    for polls in 0..6 {
        let mut call = Box::pin(executor.execute(order("counter-1", Command::Add(1))));
        for _ in 0..polls {
            if futures::poll!(&mut call).is_ready() {
                break;
            }
        }
    }
    let before = house.state("counter-1").await.total;
    executor.execute(order("counter-1", Command::Add(1))).await.unwrap();
    assert_eq!(house.state("counter-1").await.total, before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_others_never_leave_alone_is_given_up_after_two_seconds() {
    let house = House::in_memory();
    house.store.fail("counter", Fault::Outrun);
    let start = tokio::time::Instant::now();
    let answer = house.executor::<Counter>().execute(order("counter-1", Command::Add(1))).await;
    assert_eq!(code(&answer), Some(Code::Aborted), "it may be tried again");
    assert_eq!(start.elapsed().as_secs(), 2);
}
