//! A sound log: nothing is found, everything is counted, nothing is written.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use airside_kernel::{EventStore, Expected};
use airside_store::{EmbeddedStore, Options};

use crate::{
    bench::{all, closed_log, files, fill, open, segments, small, told, verified},
    words::{append, clock},
};

#[tokio::test]
async fn a_sound_log_has_no_findings_and_all_of_it_is_counted() {
    let folder = closed_log(150).await;
    let store = open(folder.path());
    let verified = verified(&store);
    assert_eq!(told(&verified), Vec::<String>::new());
    assert!(verified.is_sound());
    assert_eq!((verified.head, verified.events, verified.index_entries), (300, 300, 300));
    assert_eq!((verified.log_id, verified.generation), (store.log_id(), 0));
    assert_eq!(verified.segments, segments(folder.path()).len());
    let events = all(&store).await;
    assert_eq!(verified.first_recorded_at, Some(events[0].recorded_at()));
    assert_eq!(verified.last_recorded_at, Some(events[299].recorded_at()));
    assert_eq!(verified.last_commit.len(), 64);
}

#[tokio::test]
async fn an_empty_log_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let verified = verified(&open(folder.path()));
    assert_eq!(told(&verified), Vec::<String>::new());
    assert_eq!((verified.head, verified.events, verified.commits), (0, 0, 0));
    assert_eq!(verified.last_commit, "0".repeat(64));
}

#[tokio::test]
async fn events_that_the_index_has_not_taken_are_found_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { memtable_events: 1_000, ..small() };
    let store = EmbeddedStore::open(folder.path(), options, clock()).unwrap();
    fill(&store, 60).await;
    let verified = verified(&store);
    assert_eq!(told(&verified), Vec::<String>::new());
    assert_eq!((verified.events, verified.index_entries), (120, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_covers_what_was_there_at_its_start_while_others_append() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 100).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|n| {
            let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    store.append(append(&format!("bag-{n}"), Expected::Any, &["z"])).await.unwrap();
                }
            })
        })
        .collect();
    for _ in 0..20 {
        let before = store.stats().events;
        let store = Arc::clone(&store);
        let verified = tokio::task::spawn_blocking(move || verified(&store)).await.unwrap();
        assert_eq!(told(&verified), Vec::<String>::new());
        assert!(verified.head >= before && verified.events == verified.head, "{before} {verified:?}");
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn verify_writes_nothing() {
    let folder = closed_log(150).await;
    let store = open(folder.path());
    let before = files(folder.path());
    assert!(verified(&store).is_sound());
    assert!(files(folder.path()) == before, "a file was changed");
}

#[tokio::test]
async fn a_closed_store_says_so_instead_of_findings() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 3).await;
    store.close().await;
    let error = store.verify(&mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("closed"), "{error}");
    let error = store.backup(&folder.path().join("backup"), &mut |_| {}).unwrap_err();
    assert!(format!("{error:?}").contains("closed"), "{error:?}");
}

#[tokio::test]
async fn figures_name_segments_positions_and_times() {
    let folder = closed_log(150).await;
    let options = Options { linger: Duration::ZERO, ..small() };
    let store = Arc::new(EmbeddedStore::open(folder.path(), options, clock()).unwrap());
    let figures = store.figures().unwrap();
    assert_eq!((figures.head, figures.index.position), (300, 300));
    assert_eq!((figures.generation, figures.restored_at), (0, None));
    assert_eq!(figures.segments.len(), segments(folder.path()).len());
    assert_eq!(figures.segments[0].first_position, 1);
    assert!(figures.segments.is_sorted_by_key(|segment| segment.first_position));
    assert!(figures.segments.iter().all(|segment| segment.bytes > 0) && figures.index.bytes > 0);
    let events = all(&store).await;
    assert_eq!(figures.first_recorded_at, Some(events[0].recorded_at()));
    assert_eq!(figures.last_recorded_at, Some(events[299].recorded_at()));
    let json = serde_json::to_value(&figures).unwrap();
    assert_eq!(json["log_id"], store.log_id().to_string());
    assert_eq!(json["head"], 300);
}
