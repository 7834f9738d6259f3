//! What is stored stays readable: every version ever written, byte for byte.

use airside_kernel::testing::{self, first_parts};
use proptest::prelude::*;

use super::{blob::BlobPart, edition::MapEvent, *};
use crate::{
    blobs::Digest,
    model::edition::{Edition, Format, VenueMap},
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

fn check_golden(event: &VenueEvent, golden: &str) {
    assert_eq!(hex(&event.encode()), golden.trim(), "{} is written differently now", event.event_type());
    assert_eq!(
        VenueEvent::decode(&recorded(event.event_type(), &unhex(golden))).unwrap(),
        std::slice::from_ref(event)
    );
}

fn lift() -> FeatureId {
    FeatureId::parse("541a251a-80a2-5f5d-a0c6-409f5f714344").unwrap()
}

#[test]
fn closure_set_version_1_is_read_and_written_for_ever() {
    let event = VenueEvent::ClosureSet(Closure {
        feature: lift(),
        reason: "电梯维修".parse().unwrap(),
        expected_until: Some("2026-11-20T09:00:00Z".parse().unwrap()),
    });
    check_golden(&event, include_str!("golden/closure_set.v1.hex"));
}

#[test]
fn closure_lifted_version_1_is_read_and_written_for_ever() {
    check_golden(
        &VenueEvent::ClosureLifted { feature: lift() },
        include_str!("golden/closure_lifted.v1.hex"),
    );
}

#[test]
fn blob_part_version_1_is_read_and_written_for_ever() {
    let part = BlobPart { offset: 524_288, size: 524_294, deflated: Bytes::from_static(b"parts!") };
    let golden = include_str!("golden/blob_part.v1.hex");
    assert_eq!(hex(&part.encode()), golden.trim(), "{} is written differently now", part.event_type());
    assert_eq!(BlobPart::decode(&recorded(part.event_type(), &unhex(golden))), Ok([part]));
}

fn second_version() -> Edition {
    let map = VenueMap {
        digest: Digest::of(b"map"),
        size: 1_048_576,
        format: Some(Format::Imdf),
        time_zone: "Asia/Shanghai".parse().unwrap(),
        warnings: 3,
        notes: 1,
        levels: 4,
        places: 712,
    };
    Edition { version: 2, map }
}

fn check_golden_map(event: &MapEvent, golden: &str) {
    assert_eq!(hex(&event.encode()), golden.trim(), "{} is written differently now", event.event_type());
    let read = MapEvent::decode(&recorded(event.event_type(), &unhex(golden)));
    assert_eq!(read.unwrap(), std::slice::from_ref(event));
}

#[test]
fn venue_published_version_1_is_read_and_written_for_ever() {
    let note = "新增 A9 登机口".parse().unwrap();
    check_golden_map(
        &MapEvent::Published { edition: second_version(), note },
        include_str!("golden/venue_published.v1.hex"),
    );
}

#[test]
fn venue_rolled_back_version_1_is_read_and_written_for_ever() {
    let (edition, note) = (Edition { version: 1, ..second_version() }, "wrong gates".parse().unwrap());
    check_golden_map(
        &MapEvent::RolledBack { edition, note, newest: 2 },
        include_str!("golden/venue_rolled_back.v1.hex"),
    );
}

#[test]
fn wait_reported_version_1_is_read_and_written_for_ever() {
    let wait = Wait { feature: lift(), seconds: 840, until: None };
    check_golden(&VenueEvent::WaitReported(wait.clone()), include_str!("golden/wait_reported.v1.hex"));
    let until = "2026-11-20T06:30:00Z".parse().ok();
    let expires = VenueEvent::WaitReported(Wait { until, ..wait });
    check_golden(&expires, include_str!("golden/wait_reported.v1.until.hex"));
}

#[test]
fn a_type_that_is_not_of_the_stream_is_unknown() {
    let foreign = recorded("navigation.VenuePublished", &[]);
    assert_eq!(VenueEvent::decode(&foreign), Err(DecodeError::unknown(&foreign)));
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = VenueEvent::decode(&recorded(CLOSURE_SET, &bytes));
        let _ = VenueEvent::decode(&recorded(CLOSURE_LIFTED, &bytes));
        let _ = MapEvent::decode(&recorded("navigation.VenuePublished", &bytes));
        let _ = MapEvent::decode(&recorded("navigation.VenueRolledBack", &bytes));
        let _ = BlobPart::decode(&recorded("navigation.BlobPart", &bytes));
        let _ = VenueEvent::decode(&recorded(WAIT_REPORTED, &bytes));
    }
}
