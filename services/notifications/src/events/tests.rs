//! What is stored stays readable: every version ever written, byte for byte.

use std::sync::Arc;

use airside_kernel::{
    Cause, Revision,
    testing::{self, first_parts},
};
use proptest::prelude::*;

use super::*;
use crate::{
    decide::delivery::{Answered, DeliveryState, Held, Released},
    model::{AckLevel, ChannelChoice, HoldReason, Preferences, Proposal, QuietHours, SuppressReason, Travel},
};

fn recorded(event_type: &str, payload: &[u8]) -> RecordedEvent {
    testing::recorded(first_parts(), "", event_type, &[], payload)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let text = text.trim();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn check_golden<E: StoredEvent + PartialEq + std::fmt::Debug>(event: &E, golden: &str) {
    assert_eq!(hex(&event.encode()), golden.trim(), "{} is written differently now", event.event_type());
    let read = E::decode(&recorded(event.event_type(), &unhex(golden))).unwrap();
    assert_eq!(read.into_iter().collect::<Vec<_>>(), std::slice::from_ref(event));
}

fn sample() -> Notice {
    Notice {
        id: Uuid::from_u128(0x0123_4567_89ab_5def_8123_4567_89ab_cdef),
        kind: Kind::GateChanged,
        priority: Priority::P1,
        parameters: Arc::new(
            [("flight", "ZH9101-20261120"), ("gate", "B7"), ("previous_gate", "A3")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        ),
        expires_at: Some("2026-11-20T09:00:00Z".parse().unwrap()),
        caused_at: "2026-11-20T07:00:00.25Z".parse().unwrap(),
        cause: Cause {
            reactor: "notifications.notices".into(),
            stream: "flight-ZH9101-20261120".into(),
            revision: Revision(4),
            index: 0,
        },
        supersedes: None,
    }
}

#[test]
fn notice_issued_version_1_is_read_and_written_for_ever() {
    check_golden(&InboxEvent::NoticeIssued(sample()), include_str!("golden/notice_issued.v1.hex"));
}

#[test]
fn notice_issued_in_the_place_of_another_is_read_and_written_for_ever() {
    let notice = Notice { supersedes: Some(Uuid::from_u128(7)), ..sample() };
    check_golden(&InboxEvent::NoticeIssued(notice), include_str!("golden/notice_issued.v1.supersedes.hex"));
}

/// One of each fact of a delivery, with all that it can say.
fn facts() -> [(DeliveryEvent, &'static str); 7] {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let travel =
        Travel { departs_at: Some(at("2026-11-20T08:30:00Z")), arrives_at: Some(at("2026-11-20T11:10:00Z")) };
    let proposal = Arc::new(Proposal { notice: sample(), travel });
    let told = Notice { supersedes: Some(Uuid::from_u128(7)), ..sample() };
    let released =
        Released { proposal: Arc::new(Proposal { notice: told, travel }), at: at("2026-11-20T07:00:01Z") };
    let held =
        Held { proposal: proposal.clone(), until: at("2026-11-20T07:00:30Z"), reason: HoldReason::Merging };
    let choice = ChannelChoice { channel: v1::Channel::Sms, consents: true, least: Priority::P1 };
    let preferences = Arc::new(Preferences { quiet: Some(QuietHours::USUAL), channels: vec![choice] });
    let state = DeliveryState {
        levels: [300, 0, 20],
        preferences: preferences.clone(),
        answered: vec![Answered {
            cause: Arc::new(sample().cause),
            caused_at: at("2026-11-20T07:00:00.25Z"),
        }],
        horizon: Some(at("2026-11-19T07:00:00Z")),
        held: vec![held.clone()],
        said: vec![released.clone()],
        counted: vec![at("2026-11-20T06:00:00Z")],
        last_p3: Some(at("2026-11-20T06:00:00Z")),
        since_carried: 0,
    };
    let (id, into) = (Uuid::from_u128(7), sample().id);
    let reason = SuppressReason::Unchanged;
    [
        (
            DeliveryEvent::NoticesAcknowledged { up_to_seq: 300, level: AckLevel::Displayed },
            include_str!("golden/notices_acknowledged.v1.hex"),
        ),
        (DeliveryEvent::NoticeReleased(released), include_str!("golden/notice_released.v1.hex")),
        (DeliveryEvent::NoticeHeld(held), include_str!("golden/notice_held.v1.hex")),
        (DeliveryEvent::NoticeMerged { id, into }, include_str!("golden/notice_merged.v1.hex")),
        (
            DeliveryEvent::NoticeSuppressed { proposal, reason },
            include_str!("golden/notice_suppressed.v1.hex"),
        ),
        (DeliveryEvent::PreferencesSet(preferences), include_str!("golden/preferences_set.v1.hex")),
        (
            DeliveryEvent::CarriedForward(Arc::new(state)),
            include_str!("golden/delivery_carried_forward.v1.hex"),
        ),
    ]
}

#[test]
fn the_facts_of_a_delivery_are_read_and_written_for_ever() {
    for (fact, golden) in facts() {
        check_golden(&fact, golden);
    }
}

#[test]
fn a_type_that_is_not_of_the_stream_is_unknown() {
    let foreign = recorded("notifications.NoticeRead", &[]);
    assert_eq!(InboxEvent::decode(&foreign), Err(DecodeError::unknown(&foreign)));
    assert_eq!(DeliveryEvent::decode(&foreign), Err(DecodeError::unknown(&foreign)));
}

#[test]
fn a_notice_without_its_cause_is_malformed() {
    let mut message = v1::NoticeIssued::decode(InboxEvent::NoticeIssued(sample()).encode()).unwrap();
    message.cause = None;
    let error = InboxEvent::decode(&recorded(NOTICE_ISSUED, &message.encode_to_vec())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "notifications.NoticeIssued is malformed: cause is missing or out of range"
    );
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = InboxEvent::decode(&recorded(NOTICE_ISSUED, &bytes));
        for (fact, _) in facts() {
            let _ = DeliveryEvent::decode(&recorded(fact.event_type(), &bytes));
        }
    }
}
