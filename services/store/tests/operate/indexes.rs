//! The index is made anew where it may be.

use std::fs;

use airside_store::{EmbeddedStore, OpenError, rebuild_index};

use crate::{
    bench::{closed_log, files, fill, open, small, verified},
    words::clock,
};

#[tokio::test]
async fn a_damaged_index_is_rebuilt_too() {
    let folder = closed_log(60).await;
    fs::write(folder.path().join("index.redb"), vec![0x5A; 9_000]).unwrap();
    assert_eq!(rebuild_index(folder.path(), &small(), &mut |_| {}).unwrap(), 120);
    assert!(verified(&open(folder.path())).is_sound());
}

#[tokio::test]
async fn an_index_in_use_or_of_no_log_is_not_rebuilt_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = rebuild_index(folder.path(), &small(), &mut |_| {}).unwrap_err();
    assert!(matches!(nothing, OpenError::Absent { .. }), "{nothing}");
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "a folder without a log was written to");
    let store = EmbeddedStore::open(folder.path(), small(), clock()).unwrap();
    fill(&store, 3).await;
    let before = files(folder.path());
    let error = rebuild_index(folder.path(), &small(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    assert!(files(folder.path()) == before, "a folder in use was changed");
}
