//! What is stored stays readable: every version ever written, byte for byte.

use airside_kernel::testing::{self, first_parts};
use proptest::prelude::*;

use super::*;
use crate::blobs::Digest;

fn recorded(event_type: &str, payload: &[u8]) -> RecordedEvent {
    testing::recorded(first_parts(), "", event_type, &[], payload)
}

fn check_golden(event: &RadioMapPublished, golden: &str) {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&event.encode()), golden.trim(), "it is written differently now");
    let bytes: Vec<_> = (0..golden.trim().len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&golden[at..at + 2], 16).unwrap())
        .collect();
    assert_eq!(RadioMapPublished::decode(&recorded(event.event_type(), &bytes)), Ok([event.clone()]));
}

fn edition() -> RadioEdition {
    RadioEdition {
        version: "2026-11 survey".parse().unwrap(),
        digest: Digest::of(b"a survey"),
        form: Form::Survey,
        ground: Ground::default(),
        bytes: 8,
        published_at: "2026-11-20T06:00:00Z".parse().unwrap(),
    }
}

#[test]
fn radio_map_published_version_1_is_read_and_written_for_ever() {
    check_golden(&RadioMapPublished(edition()), include_str!("golden/radio_map_published.v1.hex"));
    let ground = Ground { datum: Datum::Gcj02, origin: Some([113.812_5, 22.637_5]) };
    let beacons = RadioEdition { form: Form::Beacons, ground, ..edition() };
    check_golden(&RadioMapPublished(beacons), include_str!("golden/radio_map_published_beacons.v1.hex"));
}

#[test]
fn a_type_that_is_not_of_the_stream_is_unknown() {
    let foreign = recorded("navigation.ClosureSet", &[]);
    assert_eq!(RadioMapPublished::decode(&foreign), Err(DecodeError::unknown(&foreign)));
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = RadioMapPublished::decode(&recorded(RADIO_MAP_PUBLISHED, &bytes));
    }
}
