//! Whatever is done to a log after it was signed is found, and the first
//! altered event is named.

use std::{fs, path::Path};

use airside_evidence::{CheckError, CheckOptions, Finding, Remark, Restored, check, leaf};
use airside_kernel::LogId;
use bytes::Bytes;
use uuid::Uuid;

use crate::paper::{Line, Paper, check_options, checked, first_altered, notarise, options, signer};

/// The length of the example; signed at 40, 80, 120, 160, 200, 240 and 250.
const LENGTH: u64 = 250;

async fn signed() -> (Paper, tempfile::TempDir) {
    let (log, folder) = (Paper::example(LENGTH), tempfile::tempdir().unwrap());
    notarise(&log, options(folder.path())).await.unwrap();
    (log, folder)
}

/// Returns a copy of a log after something was done to its lines.
fn altered(log: &Paper, alter: impl FnOnce(&mut Vec<Line>)) -> Paper {
    let mut lines = log.lines();
    alter(&mut lines);
    let mut copy = Paper::of(lines);
    (copy.id, copy.generation, copy.gap) = (log.id, log.generation, log.gap);
    copy
}

fn flip(bytes: &Bytes, at: usize) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes.into()
}

type Alteration = (&'static str, fn(&mut Line));

const PARTS: [Alteration; 10] = [
    ("stream", |line| line.stream = "bag-9999999999".into()),
    ("revision", |line| line.revision += 1),
    ("id", |line| line.id ^= 1),
    ("type", |line| line.event_type = "baggage.BagLoaded".into()),
    ("schema version", |line| line.schema_version += 1),
    ("occurred-at", |line| line.occurred_us += 1),
    ("recorded-at", |line| line.recorded_us -= 1),
    ("fold-from", |line| line.fold_from += 1),
    ("metadata", |line| line.metadata = flip(&line.metadata, 3)),
    ("payload", |line| line.payload = flip(&line.payload, 0)),
];

#[tokio::test]
async fn a_log_that_nobody_touched_is_sound() {
    let (log, folder) = signed().await;
    let checked = checked(&log, &folder.path().join("evidence")).await;
    assert!(checked.is_sound(), "{:?}", checked.findings);
    assert_eq!((checked.events, checked.proven, checked.checkpoints), (LENGTH, LENGTH, 7));
    assert_eq!(checked.keys, ["airport"]);
}

#[tokio::test]
async fn changing_any_part_of_any_event_names_that_event() {
    let (log, folder) = signed().await;
    let evidence = folder.path().join("evidence");
    for (part, alter) in PARTS {
        for at in [0, 39, 40, 123, 239, 249] {
            let log = altered(&log, |lines| alter(&mut lines[at]));
            let checked = checked(&log, &evidence).await;
            assert_eq!(
                first_altered(&checked),
                Some(at as u64 + 1),
                "{part} of {at}: {:?}",
                checked.findings
            );
        }
    }
}

#[tokio::test]
async fn every_bit_of_metadata_and_payload_counts() {
    let line = Line::example(5);
    let position = Paper::example(1).position(0);
    let before = leaf::leaf(&line.recorded(position));
    for at in 0..line.payload.len() {
        let changed = Line { payload: flip(&line.payload, at), ..line.clone() };
        assert_ne!(leaf::leaf(&changed.recorded(position)), before);
    }
    for at in 0..line.metadata.len() {
        let changed = Line { metadata: flip(&line.metadata, at), ..line.clone() };
        assert_ne!(leaf::leaf(&changed.recorded(position)), before);
    }
    // A byte that moves over the border of two parts changes the leaf too.
    let moved = Line { stream: format!("{}b", line.stream), event_type: "aggage.BagScanned".into(), ..line };
    assert_ne!(leaf::leaf(&moved.recorded(position)), before);
}

#[tokio::test]
async fn dropping_putting_in_and_moving_events_names_the_first_that_is_not_as_it_was() {
    let (log, folder) = signed().await;
    let evidence = folder.path().join("evidence");
    type Deed = fn(&mut Vec<Line>);
    let deeds: [(&str, Deed, u64); 7] = [
        ("drop the first", |lines| drop(lines.remove(0)), 1),
        ("drop one in the middle", |lines| drop(lines.remove(99)), 100),
        ("drop the last but one", |lines| drop(lines.remove(248)), 249),
        ("put one in", |lines| lines.insert(150, Line::example(999)), 151),
        ("say one twice", |lines| lines.insert(50, lines[49].clone()), 51),
        ("swap neighbours", |lines| lines.swap(200, 201), 201),
        ("swap far ones", |lines| lines.swap(3, 230), 4),
    ];
    for (deed, alter, first) in deeds {
        let checked = checked(&altered(&log, alter), &evidence).await;
        assert_eq!(first_altered(&checked), Some(first), "{deed}: {:?}", checked.findings);
    }
}

#[tokio::test]
async fn a_log_that_lost_its_end_is_called_truncated() {
    let (log, folder) = signed().await;
    for left in [249_u64, 240, 17, 0] {
        let log = altered(&log, |lines| lines.truncate(left as usize));
        let checked = checked(&log, &folder.path().join("evidence")).await;
        assert_eq!(checked.findings, [Finding::Truncated { first: left + 1, last: LENGTH }]);
    }
}

#[tokio::test]
async fn without_hashes_beside_it_the_checkpoints_bound_the_altered_event() {
    let (log, folder) = signed().await;
    let alone = folder.path().join("from-the-auditor");
    fs::copy(folder.path().join("evidence/checkpoints"), &alone).unwrap();
    let log = altered(&log, |lines| lines[99].payload = flip(&lines[99].payload, 0));
    let checked = checked(&log, &alone).await;
    assert_eq!(checked.findings, [Finding::AlteredBetween { first: 81, last: 120 }]);
    assert_eq!(checked.proven, 80);
}

#[tokio::test]
async fn hashes_are_not_believed_because_they_are_there() {
    let (log, folder) = signed().await;
    let evidence = folder.path().join("evidence");
    let mut hashes = fs::read(evidence.join("hashes.0")).unwrap();
    hashes[32 * 99] ^= 1;
    fs::write(evidence.join("hashes.0"), hashes).unwrap();
    let damaged = checked(&log, &evidence).await;
    assert_eq!(damaged.findings, [Finding::HashesDamaged { size: 120 }]);
    assert_eq!(damaged.proven, LENGTH, "the log itself is what was signed");
    // Hashes altered to fit an altered log name nobody innocent.
    let log = altered(&log, |lines| lines[109].payload = flip(&lines[109].payload, 0));
    let both = checked(&log, &evidence).await;
    assert_eq!(
        both.findings,
        [Finding::AlteredBetween { first: 81, last: 120 }, Finding::HashesDamaged { size: 120 }]
    );
}

#[tokio::test]
async fn events_after_the_newest_checkpoint_are_called_unsigned() {
    let (log, folder) = signed().await;
    log.grow(Line::example(LENGTH));
    let checked = checked(&log, &folder.path().join("evidence")).await;
    assert!(checked.is_sound());
    assert_eq!(checked.notes, [Remark::Unsigned { first: 251, last: 251 }]);
}

#[tokio::test]
async fn checkpoints_of_another_log_are_refused_by_name() {
    let (mut log, folder) = signed().await;
    log.id = LogId(Uuid::from_u128(0xbad));
    let (evidence, keys) = (folder.path().join("evidence"), [signer("airport", 7).key().clone()]);
    let error = check(&log, check_options(&evidence, &keys)).await.unwrap_err();
    assert!(matches!(error, CheckError::Foreign { .. }), "{error}");
    let refusal = notarise(&log, options(folder.path())).await.unwrap_err();
    assert!(refusal.contains("checkpoints of log") && refusal.contains(&log.id.to_string()), "{refusal}");
}

#[tokio::test]
async fn a_forged_checkpoint_is_found_and_does_not_count() {
    let (log, folder) = signed().await;
    let (evidence, keys) = (folder.path().join("evidence/checkpoints"), [signer("airport", 7).key().clone()]);
    let text = fs::read_to_string(&evidence).unwrap();
    fs::write(&evidence, text.replacen("vault 12", "vault 13", 1)).unwrap();
    let forged = check(&log, check_options(&evidence, &keys)).await.unwrap();
    assert_eq!(forged.findings, [Finding::Forged { number: 1, key: "airport".into() }]);
    let stranger = [signer("airport", 8).key().clone()];
    fs::write(&evidence, text).unwrap();
    let unknown = check(&log, check_options(&evidence, &stranger)).await.unwrap();
    assert_eq!((unknown.findings.len(), unknown.proven), (7, 0));
    assert_eq!(unknown.findings[0], Finding::UnknownKey { number: 1, keys: "airport".into() });
}

#[tokio::test]
async fn a_history_that_was_signed_besides_is_called_false() {
    let (log, folder) = signed().await;
    let other = tempfile::tempdir().unwrap();
    let besides = altered(&log, |lines| {
        lines.truncate(60);
        lines[10].payload = Bytes::from_static(b"another truth");
    });
    notarise(&besides, options(other.path())).await.unwrap();
    let both = folder.path().join("both");
    let read = |folder: &Path| fs::read(folder.join("evidence/checkpoints")).unwrap();
    fs::write(&both, [read(other.path()), read(folder.path())].concat()).unwrap();
    let checked = checked(&log, &both).await;
    assert_eq!(
        checked.findings,
        [
            Finding::FalseCheckpoint { size: 40, generation: 0 },
            Finding::FalseCheckpoint { size: 60, generation: 0 }
        ]
    );
}

#[tokio::test]
async fn a_checkpoint_that_is_not_whole_is_a_remark() {
    let (log, folder) = signed().await;
    let alone = folder.path().join("alone");
    let text = fs::read_to_string(folder.path().join("evidence/checkpoints")).unwrap();
    fs::write(&alone, text.trim_end()).unwrap();
    assert_eq!(checked(&log, &alone).await.checkpoints, 6, "the last line has no end");
    // A single note as it was copied by hand, with the end of its line, counts.
    let last = text.trim_end().rfind("airside.log/").unwrap();
    fs::write(&alone, format!("{}\n", text[last..].trim_end())).unwrap();
    let one = checked(&log, &alone).await;
    assert_eq!((one.checkpoints, one.proven, one.is_sound()), (1, LENGTH, true));
    for cut in [5, 60, 200] {
        fs::write(&alone, &text.as_bytes()[..text.len() - cut]).unwrap();
        let found = checked(&log, &alone).await;
        assert!(found.is_sound() && found.notes.contains(&Remark::TornEnd), "{cut}: {found:?}");
    }
}

#[tokio::test]
async fn a_restore_that_only_the_log_claims_is_told() {
    let (log, folder) = signed().await;
    let mut cut = altered(&log, |lines| lines.truncate(100));
    cut.generation = 1;
    let (evidence, keys) = (folder.path().join("evidence"), [signer("airport", 7).key().clone()]);
    let restored = Some(Restored { generation: 1, size: 100 });
    let options = CheckOptions { restored, ..check_options(&evidence, &keys) };
    let claimed = check(&cut, options).await.unwrap();
    assert!(claimed.is_sound(), "{:?}", claimed.findings);
    assert_eq!(
        claimed.notes,
        [
            Remark::UnsignedRestore { generation: 1, size: 100 },
            Remark::LostByRestore { generation: 0, first: 101, last: 250 },
            Remark::Unsigned { first: 81, last: 100 }
        ]
    );
    // What the log claims against what was signed counts for nothing.
    notarise(&cut, crate::paper::options(folder.path())).await.unwrap();
    let altered = altered(&cut, |lines| lines[60].payload = Bytes::new());
    let restored = Some(Restored { generation: 1, size: 5 });
    let options = CheckOptions { restored, ..check_options(&evidence, &keys) };
    assert_eq!(first_altered(&check(&altered, options).await.unwrap()), Some(61));
}

#[tokio::test]
async fn a_restored_log_tells_which_signed_events_it_gave_up() {
    let (log, folder) = signed().await;
    let mut restored = altered(&log, |lines| {
        lines.truncate(210);
        lines.extend((500..530).map(Line::example));
    });
    restored.generation = 1_795_278_000;
    notarise(&restored, options(folder.path())).await.unwrap();
    let evidence = folder.path().join("evidence");
    let sound = checked(&restored, &evidence).await;
    assert!(sound.is_sound(), "{:?}", sound.findings);
    assert_eq!(sound.notes, [Remark::LostByRestore { generation: 0, first: 211, last: 250 }]);
    // The older copy, put back, is found out by the newer generation.
    let older = checked(&log, &evidence).await;
    assert_eq!(older.findings, [Finding::OlderCopy { found: 0, signed: 1_795_278_000 }]);
    // A restore excuses nothing before the point that it restored to.
    let altered = altered(&restored, |lines| lines[205].payload = Bytes::new());
    assert_eq!(first_altered(&checked(&altered, &evidence).await), Some(206));
}
