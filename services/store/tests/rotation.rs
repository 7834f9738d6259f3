//! Segments are made ahead and closed in the background: nobody waits for it,
//! nobody reads wrong meanwhile, and what a crash leaves of it is no part of the log.

#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use airside_kernel::{EventStore, Expected, RecordedEvent};
use airside_store::{EmbeddedStore, Options};

#[path = "contract/folders.rs"]
mod folders;
#[path = "contract/words.rs"]
#[allow(dead_code, reason = "the contract suite uses the rest")]
mod words;

use folders::copy;
use words::{append, clock, event};

const SEGMENT_BYTES: u64 = 8 * 1024;

fn open(folder: &Path) -> EmbeddedStore {
    let options = Options {
        segment_bytes: SEGMENT_BYTES,
        tail_bytes: 0,
        memtable_events: 32,
        heads: 8,
        ..Options::default()
    };
    EmbeddedStore::open(folder, options, clock()).unwrap()
}

async fn add(store: &EmbeddedStore, n: u64) {
    let mut append = append(&format!("bag-{}", n % 13), Expected::Any, &["x"]);
    append.events[0] = event(&format!("{n:03}").repeat(100));
    store.append(append).await.unwrap();
}

async fn all(store: &EmbeddedStore) -> Vec<RecordedEvent> {
    let page = store.read_all(None, 100_000).await.unwrap();
    assert!(page.end);
    page.events
}

/// The files in the folder of the log that end in a word.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder.join("log")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|found| found == end)).collect();
    paths.sort();
    paths
}

/// Appends until the next segment has been made and waits, half a segment ahead.
async fn until_the_next_is_made(store: &EmbeddedStore, folder: &Path) -> u64 {
    let mut n = 0;
    let segments = store.stats().segments;
    // Half a segment and no more: then it has been asked for, and its file appears by itself.
    while (n + 1) * 400 <= SEGMENT_BYTES / 2 + 800 {
        add(store, n).await;
        n += 1;
    }
    while files(folder, "new").is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.stats().segments, segments, "it was named before it was needed");
    n
}

#[tokio::test]
async fn reads_go_on_while_segments_are_left_and_closed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(folder.path()));
    let is_done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (store, is_done) = (Arc::clone(&store), Arc::clone(&is_done));
            tokio::spawn(async move {
                let mut rounds = 0;
                while !is_done.load(Ordering::Relaxed) {
                    let events = all(&store).await;
                    let positions = events.iter().map(|event| event.position().parts().0);
                    assert!(positions.eq(1..=events.len() as u64), "a part of the log was not read");
                    rounds += 1;
                }
                rounds
            })
        })
        .collect();
    for n in 0..600 {
        add(&store, n).await;
    }
    is_done.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0, "a reader never came to read");
    }
    assert!(store.stats().segments > 20, "{:?}", store.stats());
    assert_eq!(all(&store).await.len(), 600);
}

#[tokio::test]
async fn a_segment_made_ahead_is_no_part_of_the_log_and_gone_when_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let appended = until_the_next_is_made(&store, folder.path()).await;
    assert_eq!((store.stats().segments, files(folder.path(), "redb").len()), (1, 2));
    store.close().await;
    assert_eq!(files(folder.path(), "new"), Vec::<PathBuf>::new());
    assert_eq!(all(&open(folder.path())).await.len() as u64, appended);
}

#[tokio::test]
async fn a_segment_made_ahead_before_a_crash_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let appended = until_the_next_is_made(&store, folder.path()).await;
    for harm in ["as it was", "cut", "foreign", "empty"] {
        let crashed = tempfile::tempdir().unwrap();
        copy(folder.path(), crashed.path());
        let next = files(crashed.path(), "new").remove(0);
        match harm {
            "cut" => fs::OpenOptions::new().write(true).open(&next).unwrap().set_len(700).unwrap(),
            "foreign" => fs::write(&next, vec![0x5A; 9_000]).unwrap(),
            "empty" => fs::write(&next, b"").unwrap(),
            _ => {}
        }
        let again = open(crashed.path());
        assert_eq!(all(&again).await.len() as u64, appended, "{harm}");
        for n in appended..appended + 100 {
            add(&again, n).await;
        }
        assert!(again.stats().segments > 3, "{harm}: {:?}", again.stats());
        assert_eq!(all(&again).await.len() as u64, appended + 100, "{harm}");
    }
}
