//! The stored bytes: a golden commit, round trips, and every kind of damage.

use airside_kernel::Metadata;
use proptest::prelude::*;

use super::*;

/// A commit of format version 1, as `tests/golden/commit-v1.hex` holds it for ever.
const GOLDEN: &str = include_str!("../../tests/golden/commit-v1.hex");

fn log() -> LogId {
    LogId(Uuid::from_u128(0x0192_a1b2_c3d4_7e5f_8091_a2b3_c4d5_e6f7))
}

fn event(n: u8) -> NewEvent {
    NewEvent {
        id: EventId(Uuid::from_u128(u128::from(n) << 64 | 7)),
        event_type: format!("golden.Kind{n}").into(),
        schema_version: u32::from(n),
        occurred_at: "2026-11-20T07:59:58.123456Z".parse().unwrap(),
        metadata: Metadata::default().with("actor", "belt-17").encode(),
        payload: Bytes::from(vec![n; usize::from(n) * 3]),
    }
}

fn golden() -> Blob {
    let mut draft = Draft::new(41);
    draft.push("bag-0220123456", Revision(8), Revision(3), &event(1));
    draft.push("bag-0220123456", Revision(9), Revision(3), &event(2));
    draft.push("flight-ZH9101-20261120", Revision(0), Revision(0), &event(0));
    draft.finish(log(), 1_795_161_598_654_321, &[0xAB; 32])
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn the_bytes_of_version_1_are_written_as_they_ever_were() {
    let hex: Vec<String> =
        golden().bytes().chunks(32).map(|line| line.iter().map(|b| format!("{b:02x}")).collect()).collect();
    assert_eq!(hex.join("\n"), GOLDEN.trim(), "stored bytes may never change: make a new version instead");
}

#[test]
fn the_bytes_of_version_1_decode_for_ever() {
    let blob = Blob::open(unhex(GOLDEN).into(), log()).unwrap();
    assert_eq!((blob.first(), blob.last()), (41, 43));
    assert_eq!((blob.recorded_us(), blob.previous()), (1_795_161_598_654_321, [0xAB; 32]));
    let events: Vec<_> = blob.frames(0).map(|decoded| decoded.unwrap().1).collect();
    assert_eq!(events.len(), 3);
    let second = &events[1];
    assert_eq!(second.id(), event(2).id);
    assert_eq!(second.position(), Position::from_parts(42, 0));
    assert_eq!((second.revision(), second.fold_from()), (Revision(9), Revision(3)));
    assert_eq!((second.stream(), second.event_type()), ("bag-0220123456", "golden.Kind2"));
    assert_eq!(second.schema_version(), 2);
    assert_eq!(second.occurred_at().to_string(), "2026-11-20T07:59:58.123456Z");
    assert_eq!(second.recorded_at().as_microsecond(), 1_795_161_598_654_321);
    assert_eq!(second.metadata().unwrap().get("actor"), Some("belt-17"));
    assert_eq!(second.payload(), [2; 6]);
    assert_eq!(events[2].stream(), "flight-ZH9101-20261120");
}

#[test]
fn a_frame_is_found_by_its_place() {
    let blob = golden();
    for decoded in blob.frames(0) {
        let (place, event) = decoded.unwrap();
        assert_eq!(blob.event(place.index, place.offset).unwrap(), event);
    }
    assert_eq!(blob.frames(2).map(|decoded| decoded.unwrap().0.index).collect::<Vec<_>>(), [2]);
    assert_eq!(blob.frames(9).count(), 0);
}

#[test]
fn any_flipped_bit_is_found() {
    let bytes = golden().bytes().to_vec();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            assert!(Blob::open(damaged.into(), log()).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn a_commit_of_another_log_is_refused_by_name() {
    let other = LogId(Uuid::from_u128(1));
    let Damage(reason) = Blob::open(golden().bytes().clone(), other).unwrap_err();
    assert!(reason.contains("belongs to log 0192a1b2c3d47e5f8091a2b3c4d5e6f7"), "{reason}");
}

#[test]
fn a_commit_of_another_version_is_refused_by_name() {
    let mut bytes = golden().bytes().to_vec();
    bytes[4] = 9;
    let checksum = crc32fast::hash(&bytes[4..]);
    bytes[..4].copy_from_slice(&checksum.to_le_bytes());
    let Damage(reason) = Blob::open(bytes.into(), log()).unwrap_err();
    assert!(reason.contains("format version 9"), "{reason}");
}

proptest! {
    #[test]
    fn foreign_bytes_with_a_right_checksum_never_panic(
        at in 4..300_usize,
        value in any::<u8>(),
        cut in 0..40_usize,
        offset in any::<u32>(),
    ) {
        let mut bytes = golden().bytes().to_vec();
        let at = at.min(bytes.len() - 1);
        bytes[at] = value;
        bytes.truncate(bytes.len() - cut);
        let length = bytes.len() as u32;
        bytes[76..80].copy_from_slice(&length.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[4..]);
        bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        if let Ok(blob) = Blob::open(bytes.into(), log()) {
            let _ = blob.frames(0).count();
            let _ = blob.event(0, offset);
            let _ = blob.event(0, offset % 300);
        }
    }
}
