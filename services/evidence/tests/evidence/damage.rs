//! Files that were cut, torn, lost or altered between two runs.

use std::{
    fs::{self, OpenOptions},
    path::Path,
};

use crate::paper::{Line, Paper, checked, notarise, options};

async fn signed(length: u64) -> (Paper, tempfile::TempDir) {
    let (log, folder) = (Paper::example(length), tempfile::tempdir().unwrap());
    notarise(&log, options(folder.path())).await.unwrap();
    (log, folder)
}

fn cut(path: &Path, length: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

/// Grows the log, runs the notary again, and expects hashes and checkpoints as if nothing had happened.
async fn heals(log: &Paper, folder: &Path, what: &str) {
    let length = log.lines().len() as u64;
    (length..length + 5).for_each(|number| log.grow(Line::example(number)));
    notarise(log, options(folder)).await.unwrap_or_else(|error| panic!("{what}: {error}"));
    let whole = tempfile::tempdir().unwrap();
    notarise(log, options(whole.path())).await.unwrap();
    for level in ["hashes.0", "hashes.1", "hashes.2"] {
        let read = |folder: &Path| fs::read(folder.join("evidence").join(level)).unwrap_or_default();
        assert!(read(folder) == read(whole.path()), "{what}: {level}");
    }
    let checked = checked(log, &folder.join("evidence")).await;
    assert!(checked.is_sound(), "{what}: {:?}", checked.findings);
    assert_eq!(checked.proven, length + 5, "{what}");
}

#[tokio::test]
async fn hashes_that_were_cut_anywhere_are_made_anew() {
    for length in [0, 1, 31, 32, 33, 32 * 255, 32 * 256, 32 * 299, 32 * 300 - 1] {
        let (log, folder) = signed(300).await;
        cut(&folder.path().join("evidence/hashes.0"), length);
        heals(&log, folder.path(), &format!("hashes.0 cut to {length}")).await;
    }
    for length in [0, 31] {
        let (log, folder) = signed(300).await;
        cut(&folder.path().join("evidence/hashes.1"), length);
        heals(&log, folder.path(), &format!("hashes.1 cut to {length}")).await;
    }
}

#[tokio::test]
async fn hashes_behind_the_newest_checkpoint_are_not_believed() {
    let (log, folder) = signed(300).await;
    let path = folder.path().join("evidence/hashes.0");
    let torn = [fs::read(&path).unwrap(), vec![0; 32 * 7 + 5]].concat();
    fs::write(&path, torn).unwrap();
    heals(&log, folder.path(), "zeros behind the end").await;
}

#[tokio::test]
async fn hashes_that_were_altered_are_made_anew_from_a_log_that_was_not() {
    // The last entry of a group, one that only lies below a kept root, and a kept root.
    for (level, at) in [("hashes.0", 299), ("hashes.0", 3), ("hashes.1", 0)] {
        let (log, folder) = signed(300).await;
        let path = folder.path().join("evidence").join(level);
        let mut bytes = fs::read(&path).unwrap();
        bytes[32 * at] ^= 1;
        fs::write(&path, bytes).unwrap();
        let found = checked(&log, &folder.path().join("evidence")).await;
        if level == "hashes.0" {
            assert!(!found.is_sound(), "{level} {at}");
        }
        if (level, at) != ("hashes.0", 3) {
            heals(&log, folder.path(), &format!("{level} {at}")).await;
        }
    }
}

#[tokio::test]
async fn lost_hashes_are_made_anew() {
    let (log, folder) = signed(300).await;
    for level in ["hashes.0", "hashes.1"] {
        fs::remove_file(folder.path().join("evidence").join(level)).unwrap();
    }
    heals(&log, folder.path(), "all lost").await;
}

#[tokio::test]
async fn hashes_are_not_made_anew_from_a_log_that_was_altered() {
    let (log, folder) = signed(300).await;
    cut(&folder.path().join("evidence/hashes.0"), 0);
    let mut lines = log.lines();
    lines[7].payload = b"altered".as_slice().into();
    let before = fs::read(folder.path().join("evidence/checkpoints")).unwrap();
    let verdict = notarise(&Paper::of(lines), options(folder.path())).await.unwrap_err();
    assert!(verdict.contains("do not lead to the root that was signed"), "{verdict}");
    assert_eq!(fs::read(folder.path().join("evidence/checkpoints")).unwrap(), before);
    heals(&log, folder.path(), "the right log again").await;
}

#[tokio::test]
async fn a_checkpoint_that_was_torn_counts_for_nothing() {
    let length = fs::metadata(signed(90).await.1.path().join("evidence/checkpoints")).unwrap().len();
    for cut_off in (1..=length).step_by(29) {
        let (log, folder) = signed(90).await;
        cut(&folder.path().join("evidence/checkpoints"), length - cut_off);
        heals(&log, folder.path(), &format!("{cut_off} bytes off")).await;
    }
}
