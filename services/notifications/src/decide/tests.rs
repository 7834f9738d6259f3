//! The specification of inboxes and deliveries.

use airside_kernel::{Revision, given};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{Kind, Priority};

fn notice(stream: &str, revision: u64, caused_at_s: i64) -> Notice {
    let cause = Cause { reactor: "r".into(), stream: stream.into(), revision: Revision(revision), index: 0 };
    Notice {
        id: Uuid::nil(),
        kind: Kind::Boarding,
        priority: Priority::P1,
        parameters: [].into(),
        expires_at: None,
        caused_at: Timestamp::from_second(caused_at_s).unwrap(),
        cause,
    }
}

fn issued(notice: Notice) -> InboxEvent {
    InboxEvent::NoticeIssued(notice)
}

fn issue(notice: Notice) -> InboxCommand {
    InboxCommand::Issue(notice)
}

fn acknowledged(up_to_seq: u64, level: AckLevel) -> DeliveryEvent {
    DeliveryEvent::NoticesAcknowledged { up_to_seq, level }
}

fn acknowledge(up_to_seq: u64, level: AckLevel) -> DeliveryCommand {
    DeliveryCommand::Acknowledge { up_to_seq, level }
}

#[test]
fn a_new_cause_gives_a_notice() {
    let first = notice("flight-1", 0, 10);
    given::<Inbox>([]).when(issue(first.clone())).then([issued(first)]);
}

#[test]
fn a_cause_seen_before_adds_nothing() {
    let history = [issued(notice("flight-1", 3, 10)), issued(notice("bag-1", 0, 11))];
    given::<Inbox>(history.clone()).when(issue(notice("flight-1", 3, 10))).then_nothing();
    given::<Inbox>(history).when(issue(notice("flight-1", 2, 9))).then_nothing();
}

#[test]
fn a_later_cause_of_the_same_stream_gives_another_notice() {
    let later = notice("flight-1", 4, 12);
    given::<Inbox>([issued(notice("flight-1", 3, 10))]).when(issue(later.clone())).then([issued(later)]);
}

#[test]
fn a_cause_older_than_the_fold_is_refused_and_never_sent_twice() {
    let history: Vec<_> = (0..=KEPT_NOTICES as u64)
        .map(|n| issued(notice(&format!("flight-{n}"), 0, 100 + i64::try_from(n).unwrap())))
        .collect();
    let horizon = Timestamp::from_second(101).unwrap();
    let caused_at = Timestamp::from_second(100).unwrap();
    given::<Inbox>(history.clone())
        .when(issue(notice("flight-0", 0, 100)))
        .rejects(&InboxRejection::TooOld { caused_at, horizon });
    let new = notice("flight-new", 0, 102);
    given::<Inbox>(history).when(issue(new.clone())).then([issued(new)]);
}

#[test]
fn an_inbox_that_was_never_full_refuses_nothing_for_its_age() {
    let old = notice("bag-1", 0, 1);
    given::<Inbox>([issued(notice("flight-1", 0, 100))]).when(issue(old.clone())).then([issued(old)]);
}

#[test]
fn an_acknowledgement_is_noted_once() {
    given::<Delivery>([])
        .when(acknowledge(5, AckLevel::Delivered))
        .then([acknowledged(5, AckLevel::Delivered)]);
    let history = [acknowledged(5, AckLevel::Delivered)];
    given::<Delivery>(history).when(acknowledge(5, AckLevel::Delivered)).then_nothing();
    given::<Delivery>(history).when(acknowledge(3, AckLevel::Delivered)).then_nothing();
}

#[test]
fn levels_rise_each_for_itself() {
    let history = [acknowledged(5, AckLevel::Delivered)];
    given::<Delivery>(history)
        .when(acknowledge(2, AckLevel::Displayed))
        .then([acknowledged(2, AckLevel::Displayed)]);
}

#[test]
fn what_was_read_was_also_delivered() {
    let history = [acknowledged(5, AckLevel::Read)];
    given::<Delivery>(history).when(acknowledge(4, AckLevel::Delivered)).then_nothing();
    assert_eq!(given::<Delivery>(history).state().up_to_seq(AckLevel::Delivered), 5);
}

#[test]
fn a_level_not_spoken_of_for_long_is_restated_so_that_the_fold_stays_short() {
    let history = std::iter::once(acknowledged(1, AckLevel::Read))
        .chain((0..RESTATED_AFTER).map(|n| acknowledged(2 + n, AckLevel::Delivered)));
    let next = 2 + RESTATED_AFTER;
    given::<Delivery>(history)
        .when(acknowledge(next, AckLevel::Delivered))
        .then([acknowledged(1, AckLevel::Read), acknowledged(next, AckLevel::Delivered)]);
}

/// Folds a stream as the executor does after a restart: from what is not forgotten.
fn refolded<D: Decider>(facts: &[D::Event]) -> (D::State, usize) {
    let whole = facts.iter().fold(D::State::default(), D::evolve);
    let forgotten = usize::try_from(D::forgets(&whole, facts.len() as u64)).unwrap();
    (facts[forgotten..].iter().fold(D::State::default(), D::evolve), facts.len() - forgotten)
}

proptest! {
    #[test]
    fn an_inbox_refolds_to_the_same_state_from_a_bounded_tail(count in 0u64..1_400) {
        let facts: Vec<_> = (0..count)
            .map(|n| issued(notice(&format!("flight-{}", n % 7), n, i64::try_from(n).unwrap())))
            .collect();
        let whole = facts.iter().fold(InboxState::default(), Inbox::evolve);
        let (again, tail) = refolded::<Inbox>(&facts);
        prop_assert_eq!(whole, again);
        prop_assert!(tail <= KEPT_NOTICES);
    }

    #[test]
    fn a_delivery_refolds_to_the_same_answers_from_a_bounded_tail(
        commands in proptest::collection::vec((0u64..40, 0usize..12), 0..1_500),
    ) {
        let (mut facts, mut state, mut seq) = (Vec::new(), DeliveryState::default(), 0);
        for (step, level) in commands {
            // The higher levels are rare, as in life; a fold without restating would grow.
            let level = AckLevel::ALL[level.saturating_sub(9)];
            seq += step;
            for fact in Delivery::decide(&state, acknowledge(seq, level)).unwrap() {
                state = Delivery::evolve(state, &fact);
                facts.push(fact);
            }
        }
        let (again, tail) = refolded::<Delivery>(&facts);
        for level in AckLevel::ALL {
            prop_assert_eq!(state.up_to_seq(level), again.up_to_seq(level));
        }
        prop_assert!(tail as u64 <= RESTATED_AFTER + 4, "{}", tail);
    }
}
