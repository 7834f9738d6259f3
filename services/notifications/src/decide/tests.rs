//! The specification of inboxes and deliveries.

mod policy;
mod properties;

use std::sync::Arc;

use airside_kernel::{Cause, Decider, Revision, Timestamp, given};
use jiff::{SignedDuration, tz::TimeZone};
use uuid::Uuid;

use super::{
    delivery::{CARRIED_EVERY, Held, MAX_ANSWERED, MAX_HELD, Released},
    *,
};
use crate::{
    events::{DeliveryEvent, InboxEvent},
    model::{
        AckLevel, HoldReason, Kind, Notice, Preferences, Proposal, QuietHours, RELEASES, Rules,
        SuppressReason, Travel,
    },
};

const FLIGHT: &str = "ZH9101-20261120";
const BAG: &str = "0479000001";
const OTHER: &str = "0479000002";

/// Noon of a day in an airport that lives by UTC, and so many seconds.
fn at(seconds: i64) -> Timestamp {
    "2026-11-20T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn rules() -> Arc<Rules> {
    Arc::new(Rules::usual(TimeZone::UTC))
}

/// A notice by its kind, its subject and what holds by it; the number makes it another one.
fn notice(number: u64, kind: Kind, subject: &str, value: &str) -> Proposal {
    let parameter = |name: &&str| match *name {
        "plate" => subject.split(',').next().unwrap(),
        "flight" if kind.is_of_bag() => FLIGHT,
        "flight" => subject,
        "gate" | "belt" | "estimated_departure" | "corrects" => value,
        _ => "",
    };
    let mut parameters: std::collections::BTreeMap<_, _> =
        kind.parameters().iter().map(|name| ((*name).to_owned(), parameter(name).to_owned())).collect();
    if subject.contains(',') {
        parameters.insert("plates".to_owned(), subject.to_owned());
    }
    let stream = if kind.is_of_bag() { format!("bag-{BAG}") } else { format!("flight-{FLIGHT}") };
    let cause = Cause { reactor: "r".into(), stream, revision: Revision(number), index: 0 };
    let notice = Notice {
        id: Uuid::from_u128(number.into()),
        kind,
        priority: kind.priority(),
        parameters: parameters.into(),
        expires_at: None,
        caused_at: at(0),
        cause,
        supersedes: None,
    };
    Proposal { notice, travel: Travel::default() }
}

/// A gate, and the one before it; the first one has none before.
fn gate(number: u64, gate: &str, previous: &str) -> Proposal {
    let kind = if previous.is_empty() { Kind::GateAssigned } else { Kind::GateChanged };
    with(notice(number, kind, FLIGHT, gate), "previous_gate", previous)
}

fn belt(number: u64, belt: &str, previous: &str) -> Proposal {
    let kind = if previous.is_empty() { Kind::BeltAssigned } else { Kind::BeltChanged };
    with(notice(number, kind, FLIGHT, belt), "previous_belt", previous)
}

fn with(mut proposal: Proposal, name: &str, value: &str) -> Proposal {
    if let Some(slot) = Arc::make_mut(&mut proposal.notice.parameters).get_mut(name) {
        value.clone_into(slot);
    }
    proposal
}

fn propose(proposal: &Proposal, seconds: i64) -> DeliveryCommand {
    DeliveryCommand::Propose { proposal: Arc::new(proposal.clone()), now: at(seconds), rules: rules() }
}

fn strike(number: u64, seconds: i64) -> DeliveryCommand {
    DeliveryCommand::Release { id: Uuid::from_u128(number.into()), now: at(seconds), rules: rules() }
}

fn released(proposal: &Proposal, seconds: i64) -> DeliveryEvent {
    DeliveryEvent::NoticeReleased(Released { proposal: Arc::new(proposal.clone()), at: at(seconds) })
}

fn in_place_of(number: u64, proposal: &Proposal, seconds: i64) -> DeliveryEvent {
    let mut proposal = proposal.clone();
    proposal.notice.supersedes = Some(Uuid::from_u128(number.into()));
    released(&proposal, seconds)
}

fn held(proposal: &Proposal, seconds: i64, reason: HoldReason) -> DeliveryEvent {
    DeliveryEvent::NoticeHeld(Held { proposal: Arc::new(proposal.clone()), until: at(seconds), reason })
}

fn merged(id: u64, into: u64) -> DeliveryEvent {
    DeliveryEvent::NoticeMerged { id: Uuid::from_u128(id.into()), into: Uuid::from_u128(into.into()) }
}

fn suppressed(proposal: &Proposal, reason: SuppressReason) -> DeliveryEvent {
    DeliveryEvent::NoticeSuppressed { proposal: Arc::new(proposal.clone()), reason }
}

fn acknowledged(up_to_seq: u64, level: AckLevel) -> DeliveryEvent {
    DeliveryEvent::NoticesAcknowledged { up_to_seq, level }
}

fn acknowledge(up_to_seq: u64, level: AckLevel) -> DeliveryCommand {
    DeliveryCommand::Acknowledge { up_to_seq, level }
}

/// A notice as a decision at a revision puts it into an inbox.
fn decided(id: u64, revision: u64) -> Notice {
    let Proposal { mut notice, .. } = gate(id, "A1", "");
    notice.cause.reactor = RELEASES.into();
    notice.cause.revision = Revision(revision);
    notice
}

fn issue(notice: &Notice) -> InboxCommand {
    InboxCommand::Issue(Arc::new(notice.clone()))
}

#[test]
fn a_decision_gives_one_notice_however_often_it_is_carried_out() {
    let [first, second] = [decided(1, 4), decided(2, 7)];
    given::<Inbox>([]).when(issue(&first)).then([InboxEvent::NoticeIssued(first.clone())]);
    let history = [first, second].map(InboxEvent::NoticeIssued);
    given::<Inbox>(history.clone()).when(issue(&decided(2, 7))).then_nothing();
    given::<Inbox>(history.clone()).when(issue(&decided(3, 5))).then_nothing();
    let third = decided(3, 8);
    given::<Inbox>(history).when(issue(&third)).then([InboxEvent::NoticeIssued(third)]);
}

#[test]
fn what_an_older_program_issued_is_known_by_its_id() {
    let old = InboxEvent::NoticeIssued(gate(1, "A1", "").notice);
    given::<Inbox>([old]).when(issue(&decided(1, 0))).then_nothing();
}

#[test]
fn an_acknowledgement_is_noted_once() {
    given::<Delivery>([])
        .when(acknowledge(5, AckLevel::Delivered))
        .then([acknowledged(5, AckLevel::Delivered)]);
    let history = [acknowledged(5, AckLevel::Delivered)];
    given::<Delivery>(history.clone()).when(acknowledge(5, AckLevel::Delivered)).then_nothing();
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
    given::<Delivery>(history.clone()).when(acknowledge(4, AckLevel::Delivered)).then_nothing();
    assert_eq!(given::<Delivery>(history).state().up_to_seq(AckLevel::Delivered), 5);
}

#[test]
fn after_many_facts_one_says_what_they_mean() {
    let facts = (1..CARRIED_EVERY).map(|seq| acknowledged(seq, AckLevel::Delivered));
    let next = acknowledge(CARRIED_EVERY, AckLevel::Delivered);
    let answer = given::<Delivery>(facts).when(next).events();
    let [DeliveryEvent::NoticesAcknowledged { .. }, DeliveryEvent::CarriedForward(carried)] = &answer[..]
    else {
        panic!("nothing is carried forward by {answer:?}");
    };
    assert_eq!(carried.levels, [CARRIED_EVERY, 0, 0]);
    assert_eq!(Delivery::forgets(carried, CARRIED_EVERY + 1), CARRIED_EVERY);
}
