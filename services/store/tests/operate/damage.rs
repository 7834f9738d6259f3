//! Damage by accident: bytes, files and whole segments that are not what they were.

use std::fs;

use airside_store::{EmbeddedStore, OpenError};

use crate::{
    bench::{check_found, closed_log, commits, first_of, forge, open, segments, small, told, verified},
    words::clock,
};

#[tokio::test]
async fn a_damaged_commit_is_named_and_the_rest_is_checked() {
    let folder = closed_log(150).await;
    let segment = segments(folder.path()).remove(1);
    let mut bytes = fs::read(&segment).unwrap();
    let (key, commit) = commits(&segment).into_iter().nth(1).unwrap();
    let needle = &commit[80..];
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    bytes[at + 70] ^= 0x10;
    fs::write(&segment, bytes).unwrap();
    let verified = check_found(folder.path(), key, &["checksum"]);
    assert_eq!((verified.head, verified.events), (300, 298), "all but the damaged commit were read");
    // The page is named once more; nothing else is wrong, the index least of all.
    assert_eq!(verified.findings_total, 2, "{:#?}", told(&verified));
    assert!(told(&verified)[1].contains("its pages are"), "{:#?}", told(&verified));
    let file = format!("log/{}", segment.file_name().unwrap().to_str().unwrap());
    assert!(verified.findings.iter().all(|finding| finding.file == file), "{:#?}", verified.findings);
}

#[tokio::test]
async fn a_lost_segment_is_named_by_its_positions() {
    let folder = closed_log(150).await;
    let segments = segments(folder.path());
    let (from, until) = (first_of(&segments[2]), first_of(&segments[3]));
    fs::remove_file(&segments[2]).unwrap();
    let verified =
        check_found(folder.path(), from, &[&format!("positions {from} to {} are missing", until - 1)]);
    assert_eq!(verified.events, 300 - (until - from));
    assert_eq!(verified.findings_total, 1, "{:#?}", told(&verified));
}

#[tokio::test]
async fn a_garbled_or_cut_segment_is_named_and_the_others_are_checked() {
    for (harm, word) in [("garbled", "cannot be opened"), ("empty", "missing"), ("cut", "")] {
        let folder = closed_log(150).await;
        let segments = segments(folder.path());
        let (from, until) = (first_of(&segments[1]), first_of(&segments[2]));
        match harm {
            "garbled" => fs::write(&segments[1], vec![0x5A; 9_000]).unwrap(),
            "empty" => fs::write(&segments[1], b"").unwrap(),
            _ => fs::OpenOptions::new().write(true).open(&segments[1]).unwrap().set_len(6_000).unwrap(),
        }
        let verified = verified(&open(folder.path()));
        let told = told(&verified);
        assert!(told.iter().any(|line| line.contains(word)), "{harm}: {told:#?}");
        let lost = until - from;
        assert!((300 - lost..300).contains(&verified.events), "{harm}: {told:#?}");
    }
}

#[tokio::test]
async fn a_segment_of_another_log_is_named() {
    let (folder, other) = (closed_log(150).await, closed_log(150).await);
    let (segment, foreign) = (segments(folder.path()).remove(1), segments(other.path()).remove(1));
    assert_eq!(first_of(&segment), first_of(&foreign));
    fs::copy(&foreign, &segment).unwrap();
    let first = first_of(&segment);
    let verified = check_found(folder.path(), first, &["the commit belongs to log"]);
    assert!(told(&verified)[0].contains("does not follow the one before"), "{:#?}", told(&verified));
}

#[tokio::test]
async fn a_log_that_lost_its_end_but_not_its_index_is_refused() {
    let folder = closed_log(150).await;
    let live = segments(folder.path()).pop().unwrap();
    forge(&live, |commits| drop(commits.pop_last()));
    let error = EmbeddedStore::open(folder.path(), small(), clock()).err().unwrap();
    assert!(error.to_string().contains("ends at position 298"), "{error}");
    let error = airside_store::rebuild_index(folder.path(), &small(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(folder.path().join("index.redb").exists(), "the witness of the loss was removed");
}

/// The log alone cannot know this; a checkpoint that names head and hash does.
#[tokio::test]
async fn a_log_that_lost_its_end_and_its_index_seems_sound_but_for_its_last_hash() {
    let folder = closed_log(150).await;
    let before = verified(&open(folder.path())).last_commit;
    let live = segments(folder.path()).pop().unwrap();
    forge(&live, |commits| drop(commits.pop_last()));
    fs::remove_file(folder.path().join("index.redb")).unwrap();
    let after = verified(&open(folder.path()));
    assert_eq!((told(&after), after.head), (Vec::new(), 298));
    assert_ne!(after.last_commit, before);
}

#[tokio::test]
async fn findings_are_kept_in_log_order_and_counted_beyond_a_thousand() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    crate::bench::fill(&store, 1_200).await;
    store.close().await;
    drop(store);
    for segment in segments(folder.path()) {
        forge(&segment, |commits| {
            let last = *commits.last_key_value().unwrap().0;
            for (key, commit) in commits.iter_mut().filter(|(key, _)| **key != last) {
                commit[90] ^= u8::try_from(key % 7 + 1).unwrap();
            }
        });
    }
    let verified = verified(&open(folder.path()));
    assert_eq!(verified.findings.len(), 1_000);
    assert!(verified.findings_total > 1_000, "{}", verified.findings_total);
    assert!(verified.findings.is_sorted_by_key(|finding| finding.position));
}
