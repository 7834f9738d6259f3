//! Proofs for outsiders. What is made here is what the independent verifier is
//! tested with: one golden file, compared here and checked there.

use std::fs;

use airside_evidence::{Proof, ProveError, leaf, prove_event, prove_stream};
use airside_kernel::{Position, StreamId};

use crate::paper::{Line, Paper, notarise, options, signer};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/verifier/tests/golden");

fn golden(name: &str, made: &str) {
    let path = format!("{GOLDEN}/{name}");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, made).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), made, "{name}");
}

async fn signed(gap: u64) -> (Paper, tempfile::TempDir) {
    let (mut log, folder) = (Paper::example(300), tempfile::tempdir().unwrap());
    log.gap = gap;
    notarise(&log, options(folder.path())).await.unwrap();
    (log, folder)
}

fn json(proof: &Proof) -> String {
    format!("{}\n", serde_json::to_string_pretty(proof).unwrap())
}

#[tokio::test]
async fn the_proofs_are_those_that_the_verifier_is_tested_with() {
    let (log, folder) = signed(1).await;
    let evidence = folder.path().join("evidence");
    golden("event.json", &json(&prove_event(&log, &evidence, log.position(122)).await.unwrap()));
    let stream: StreamId = "bag-0000000003".parse().unwrap();
    golden("stream.json", &json(&prove_stream(&log, &evidence, &stream).await.unwrap()));
    golden("key.txt", &format!("{}\n", signer("airport", 7).key()));
}

/// Frozen: the leaves of events that were written long ago are computed like this for ever.
#[test]
fn the_canonical_form_is_the_bytes_that_it_was() {
    let position = Position::from_parts(1, 0);
    let empty = Line { metadata: Default::default(), payload: Default::default(), ..Line::example(0) };
    let far = Line {
        occurred_us: -1,
        recorded_us: 1,
        fold_from: u64::MAX >> 1,
        schema_version: 9,
        ..Line::example(8)
    };
    let mut text = String::new();
    for line in [Line::example(0), Line::example(299), empty, far] {
        let event = line.recorded(position);
        for bytes in [leaf::canonical(&event), leaf::leaf(&event).to_vec()] {
            bytes.iter().for_each(|byte| text += &format!("{byte:02x}"));
            text.push('\n');
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/leaves-v1.hex");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap_or_default(), text);
}

#[tokio::test]
async fn an_event_is_found_by_its_leaf_where_positions_leave_gaps() {
    let (near, one) = signed(1).await;
    let (far, other) = signed(97).await;
    for index in [0, 1, 255, 256, 299] {
        let near = prove_event(&near, &one.path().join("evidence"), near.position(index)).await.unwrap();
        let mut far = prove_event(&far, &other.path().join("evidence"), far.position(index)).await.unwrap();
        assert_eq!(far.events[0].index, index);
        far.events[0].position.clone_from(&near.events[0].position);
        assert_eq!(far, near);
    }
}

#[tokio::test]
async fn a_stream_is_proven_up_to_what_is_signed() {
    let (log, folder) = signed(1).await;
    (300..400).for_each(|number| log.grow(Line::example(number)));
    let stream: StreamId = "bag-0000000003".parse().unwrap();
    let proof = prove_stream(&log, &folder.path().join("evidence"), &stream).await.unwrap();
    let revisions: Vec<u64> = proof.events.iter().map(|event| event.revision).collect();
    assert_eq!(revisions, (0..43).collect::<Vec<_>>(), "events 3, 10, ... 297 are signed");
    assert_eq!(proof.stream.as_deref(), Some("bag-0000000003"));
}

#[tokio::test]
async fn what_cannot_be_proven_says_why() {
    let (log, folder) = signed(1).await;
    let evidence = folder.path().join("evidence");
    let no_event = prove_event(&log, &evidence, log.position(300)).await.unwrap_err();
    assert!(matches!(no_event, ProveError::NoEvent { .. }), "{no_event}");
    let there = format!("the log has {} to {}", log.position(0), log.position(299));
    assert_eq!(no_event.to_string(), format!("no event is at position {}: {there}", log.position(300)));
    let empty = prove_event(&Paper::example(0), &evidence, log.position(0)).await.unwrap_err();
    assert!(empty.to_string().ends_with("the log is empty"), "{empty}");
    let no_stream = prove_stream(&log, &evidence, &"bag-x".parse().unwrap()).await.unwrap_err();
    assert!(matches!(no_stream, ProveError::NoStream { .. }), "{no_stream}");
    log.grow(Line::example(300));
    let not_yet = prove_event(&log, &evidence, log.position(300)).await.unwrap_err();
    assert!(matches!(not_yet, ProveError::NotYet { .. }), "{not_yet}");
    let mut lines = log.lines();
    lines[9].payload = b"altered".as_slice().into();
    let altered = prove_event(&Paper::of(lines), &evidence, log.position(9)).await.unwrap_err();
    assert!(matches!(altered, ProveError::NotSigned { .. }), "{altered}");
    fs::write(evidence.join("hashes.0"), [0; 32]).unwrap();
    let damaged = prove_event(&log, &evidence, log.position(9)).await.unwrap_err();
    assert!(matches!(damaged, ProveError::Contradiction), "{damaged}");
}
