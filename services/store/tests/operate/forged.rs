//! Changes on purpose, with every checksum made right: the chain of hashes and
//! the streams tell.

use std::fs;

use crate::bench::{
    FIRST_AT, FRAME_AT, RECORDED_AT, check_found, closed_log, commits, first_of, forge, rewrite, segments,
    told,
};

const CHAIN: &str = "does not follow the one before";

#[tokio::test]
async fn a_changed_commit_is_found_at_the_next_one() {
    let folder = closed_log(150).await;
    let segment = segments(folder.path()).remove(1);
    let keys: Vec<u64> = commits(&segment).into_keys().collect();
    forge(&segment, |commits| {
        let commit = commits.get_mut(&keys[2]).unwrap();
        let last = commit.len() - 1;
        let other = [commit[last] ^ 1];
        rewrite(commit, last, &other);
    });
    let verified = check_found(folder.path(), keys[3], &[CHAIN]);
    assert_eq!(verified.findings_total, 1, "{:#?}", told(&verified));
}

#[tokio::test]
async fn a_changed_last_commit_of_a_segment_is_found_at_the_next_segment() {
    let folder = closed_log(150).await;
    let segments = segments(folder.path());
    forge(&segments[1], |commits| {
        let (_, mut commit) = commits.pop_last().unwrap();
        let key = u64::from_le_bytes(commit[FIRST_AT..FIRST_AT + 8].try_into().unwrap());
        let last = commit.len() - 1;
        let other = [commit[last] ^ 1];
        rewrite(&mut commit, last, &other);
        commits.insert(key, commit);
    });
    let verified = check_found(folder.path(), first_of(&segments[2]), &["the segment", CHAIN]);
    assert!(verified.findings.iter().any(|finding| finding.what.starts_with("the commit")));
}

#[tokio::test]
async fn a_dropped_commit_is_missing() {
    let folder = closed_log(150).await;
    let segment = segments(folder.path()).remove(1);
    let keys: Vec<u64> = commits(&segment).into_keys().collect();
    forge(&segment, |commits| drop(commits.remove(&keys[2])));
    let gap = format!("positions {} to {} are missing", keys[2], keys[3] - 1);
    let verified = check_found(folder.path(), keys[2], &[&gap]);
    assert_eq!(verified.findings_total, 1, "{:#?}", told(&verified));
}

#[tokio::test]
async fn a_dropped_commit_is_found_when_the_rest_moves_up() {
    let folder = closed_log(167).await;
    let live = segments(folder.path()).pop().unwrap();
    let keys: Vec<u64> = commits(&live).into_keys().collect();
    assert!(keys.len() > 15, "no stream has two commits in it: {keys:?}");
    forge(&live, |commits| {
        let moved = keys[1..].iter().zip(&keys[2..]).map(|(to, from)| {
            let mut commit = commits[from].clone();
            rewrite(&mut commit, FIRST_AT, &to.to_le_bytes());
            (*to, commit)
        });
        let moved: Vec<_> = moved.collect();
        commits.pop_last();
        commits.extend(moved);
    });
    fs::remove_file(folder.path().join("index.redb")).unwrap();
    let verified = check_found(folder.path(), keys[1], &[CHAIN]);
    // The streams of the dropped events go on after a gap.
    assert!(told(&verified).iter().any(|line| line.contains("events are missing")), "{:#?}", told(&verified));
}

#[tokio::test]
async fn exchanged_and_reordered_commits_are_found() {
    let folder = closed_log(150).await;
    let segment = segments(folder.path()).remove(1);
    let keys: Vec<u64> = commits(&segment).into_keys().collect();
    forge(&segment, |commits| {
        let (mut one, mut other) = (commits[&keys[2]].clone(), commits[&keys[3]].clone());
        rewrite(&mut one, FIRST_AT, &keys[3].to_le_bytes());
        rewrite(&mut other, FIRST_AT, &keys[2].to_le_bytes());
        commits.extend([(keys[2], other), (keys[3], one)]);
    });
    let verified = check_found(folder.path(), keys[2], &[CHAIN]);
    // The index still has the places as they were.
    assert!(told(&verified).iter().any(|line| line.contains("rebuild the index")), "{:#?}", told(&verified));
}

#[tokio::test]
async fn a_commit_stored_under_another_key_is_found() {
    let folder = closed_log(150).await;
    let segment = segments(folder.path()).remove(1);
    let keys: Vec<u64> = commits(&segment).into_keys().collect();
    forge(&segment, |commits| {
        let commit = commits[&keys[3]].clone();
        commits.insert(keys[2], commit);
    });
    check_found(
        folder.path(),
        keys[2],
        &[&format!("position {}", keys[3]), &format!("stored as {}", keys[2])],
    );
}

#[tokio::test]
async fn a_commit_recorded_before_the_one_before_it_is_found() {
    let folder = closed_log(150).await;
    let segment = segments(folder.path()).remove(1);
    let key = *commits(&segment).keys().nth(2).unwrap();
    forge(&segment, |commits| rewrite(commits.get_mut(&key).unwrap(), RECORDED_AT, &1_i64.to_le_bytes()));
    check_found(folder.path(), key, &["recorded before"]);
}

#[tokio::test]
async fn a_gap_in_a_stream_is_found_though_the_index_was_made_from_it() {
    let folder = closed_log(150).await;
    let live = segments(folder.path()).pop().unwrap();
    let key = *commits(&live).last_key_value().unwrap().0;
    forge(&live, |commits| {
        let commit = commits.get_mut(&key).unwrap();
        rewrite(commit, FRAME_AT + 4, &40_u64.to_le_bytes());
    });
    fs::remove_file(folder.path().join("index.redb")).unwrap();
    let verified = check_found(folder.path(), key, &["revision 40"]);
    assert!(verified.findings.iter().all(|finding| finding.stream.is_some()), "{:#?}", told(&verified));
}

#[tokio::test]
async fn frames_that_lie_are_found() {
    let lies: [(usize, &[u8], &str); 4] = [
        (FRAME_AT, &20_u32.to_le_bytes(), "does not fit"),
        (FRAME_AT + 48, &1_u16.to_le_bytes(), "do not fill it"),
        (FRAME_AT + 60, b" ", "its stream's name is malformed"),
        (FRAME_AT + 36, &9_999_u64.to_le_bytes(), "names a future revision"),
    ];
    for (at, bytes, word) in lies {
        let folder = closed_log(60).await;
        let segment = segments(folder.path()).remove(0);
        let key = *commits(&segment).keys().nth(2).unwrap();
        forge(&segment, |commits| rewrite(commits.get_mut(&key).unwrap(), at, bytes));
        check_found(folder.path(), key, &[word]);
    }
}
