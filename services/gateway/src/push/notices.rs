//! Notices as text, without reflection: the frame that ten thousand sessions get at once.
//!
//! What is written is what the descriptors would give: canonical protobuf JSON. A property holds
//! the two against each other, and a field that the message gains does not compile here until it
//! is written too.

use std::{collections::BTreeMap, fmt::Display};

use airside_api::notifications::v1::{Notice, NoticeKind, Notices, Priority, WatchResponse, watch_response};
use prost_types::Timestamp;
use serde::{Serialize, Serializer};

/// How many bytes a notice takes as text, about.
const NOTICE_BYTES: usize = 640;

/// Writes a frame that holds nothing but notices; `None` when it is another one, or one that only
/// the descriptors can write.
pub(super) fn write(frame: &WatchResponse) -> Option<String> {
    let Some(watch_response::Frame::Notices(Notices { notices })) = &frame.frame else { return None };
    let notices: Vec<_> = notices.iter().map(Written::of).collect::<Option<_>>()?;
    let mut text = Vec::with_capacity(notices.len() * NOTICE_BYTES);
    serde_json::to_writer(&mut text, &Frame { notices: List { notices } }).ok()?;
    String::from_utf8(text).ok()
}

#[derive(Serialize)]
struct Frame<'a> {
    notices: List<'a>,
}

#[derive(Serialize)]
struct List<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<Written<'a>>,
}

/// A notice as JSON; what has its default is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    #[serde(skip_serializing_if = "is_zero", serialize_with = "shown")]
    seq: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    notification_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameters: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "instant")]
    issued_at: Option<&'a Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "instant")]
    caused_at: Option<&'a Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "instant")]
    expires_at: Option<&'a Timestamp>,
    #[serde(skip_serializing_if = "str::is_empty")]
    supersedes: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    left_out: bool,
}

impl<'a> Written<'a> {
    fn of(notice: &'a Notice) -> Option<Self> {
        let Notice {
            seq,
            notification_id,
            kind,
            priority,
            text,
            parameters,
            issued_at,
            caused_at,
            expires_at,
            supersedes,
            left_out,
        } = notice;
        let kind = NoticeKind::try_from(*kind).ok()?;
        let priority = Priority::try_from(*priority).ok()?;
        Some(Self {
            seq: *seq,
            notification_id,
            kind: (kind != NoticeKind::Unspecified).then(|| kind.as_str_name()),
            priority: (priority != Priority::Unspecified).then(|| priority.as_str_name()),
            text,
            parameters,
            issued_at: issued_at.as_ref(),
            caused_at: caused_at.as_ref(),
            expires_at: expires_at.as_ref(),
            supersedes,
            left_out: *left_out,
        })
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn shown<S: Serializer>(value: &impl Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

fn instant<S: Serializer>(at: &Option<&Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => to.collect_str(at),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_map, option, prelude::*};
    use serde_json::Value;

    use super::*;

    fn timestamp() -> impl Strategy<Value = Timestamp> {
        let nanos = prop_oneof![Just(0), (0..1_000).prop_map(|ms| ms * 1_000_000), 0..1_000_000_000];
        (0i64..4_000_000_000, nanos).prop_map(|(seconds, nanos)| Timestamp { seconds, nanos })
    }

    prop_compose! {
        fn notice()(
            seq in prop_oneof![Just(0), any::<u64>()],
            notification_id in "[a-f0-9-]{0,36}",
            (kind, priority) in (0..24, 0..6),
            text in ".{0,40}",
            parameters in btree_map("[a-z_]{1,8}", ".{0,12}", 0..5),
            (issued_at, caused_at, expires_at) in
                (option::of(timestamp()), option::of(timestamp()), option::of(timestamp())),
            supersedes in "[a-f0-9-]{0,36}",
            left_out in any::<bool>(),
        ) -> Notice {
            Notice {
                seq, notification_id, kind, priority, text, parameters, issued_at, caused_at, expires_at,
                supersedes, left_out,
            }
        }
    }

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn frame(notices: Vec<Notice>) -> WatchResponse {
        WatchResponse { frame: Some(watch_response::Frame::Notices(Notices { notices })) }
    }

    proptest! {
        #[test]
        fn notices_are_written_as_the_descriptors_would_write_them(
            notices in proptest::collection::vec(notice(), 0..4),
        ) {
            let frame = frame(notices);
            let by_hand = write(&frame).unwrap();
            let reflected = super::super::frames::reflected(&frame).unwrap();
            prop_assert_eq!(value(&by_hand), value(reflected.as_str()));
        }
    }

    #[test]
    fn every_kind_and_priority_that_the_descriptors_know_has_its_name() {
        let all = |kind| Notice { kind, priority: kind % 6, ..Notice::default() };
        let frame = frame((0..24).map(all).collect());
        let by_hand = value(&write(&frame).unwrap());
        assert_eq!(by_hand, value(super::super::frames::reflected(&frame).unwrap().as_str()));
        assert_eq!(by_hand["notices"]["notices"].as_array().map(Vec::len), Some(24));
    }

    #[test]
    fn a_kind_without_a_name_is_left_to_the_descriptors() {
        assert_eq!(write(&frame(vec![Notice { kind: 999, ..Notice::default() }])), None);
    }
}
