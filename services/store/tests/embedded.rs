//! What the embedded store alone promises: it survives restarts and lost
//! indexes, and says clearly what it cannot open. `crash.rs` kills it.

#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use airside_kernel::{AppendError, Direction, EventStore, ReadError, RecordedEvent, Revision};
use airside_store::{EmbeddedStore, OpenError, Options};

#[path = "contract/folders.rs"]
mod folders;
#[path = "contract/words.rs"]
#[allow(dead_code, reason = "the contract suite uses the rest")]
mod words;

use folders::copy;
use words::{append, clock, event, stream};

fn small() -> Options {
    Options {
        segment_bytes: 8 * 1024,
        tail_bytes: 2 * 1024,
        memtable_events: 32,
        heads: 8,
        ..Options::default()
    }
}

fn try_open(folder: &Path) -> Result<EmbeddedStore, OpenError> {
    EmbeddedStore::open(folder, small(), clock())
}

fn open(folder: &Path) -> EmbeddedStore {
    try_open(folder).unwrap()
}

fn refused(folder: &Path) -> String {
    try_open(folder).err().expect("the folder was opened").to_string()
}

async fn fill(store: &EmbeddedStore, count: u64) {
    for n in 0..count {
        let mut append = append(&format!("bag-{}", n % 13), airside_kernel::Expected::Any, &["x", "y"]);
        append.events[1] = event(&n.to_string().repeat(60));
        store.append(append).await.unwrap();
    }
}

async fn all(store: &EmbeddedStore) -> Vec<RecordedEvent> {
    let page = store.read_all(None, 100_000).await.unwrap();
    assert!(page.end);
    page.events
}

async fn streams(store: &EmbeddedStore) -> BTreeMap<u64, Vec<RecordedEvent>> {
    let mut found = BTreeMap::new();
    for n in 0..14 {
        let name = stream(&format!("bag-{n}"));
        let forwards = store.read_stream(&name, Direction::Forwards, None, 10_000).await.unwrap().events;
        let mut backwards =
            store.read_stream(&name, Direction::Backwards, None, 10_000).await.unwrap().events;
        backwards.reverse();
        assert_eq!(forwards, backwards);
        found.insert(n, forwards);
    }
    found
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder.join("log")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "redb") && !path.ends_with("meta.redb"));
    paths.sort();
    paths
}

#[tokio::test]
async fn a_reopened_log_holds_everything_closed_or_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let id = store.log_id();
    fill(&store, 100).await;
    let (events, by_stream) = (all(&store).await, streams(&store).await);
    assert_eq!(events.len(), 200);
    store.close().await;
    drop(store);
    for _ in 0..2 {
        let store = open(folder.path());
        assert_eq!((store.log_id(), store.generation()), (id, 0));
        assert_eq!(all(&store).await, events);
        assert_eq!(streams(&store).await, by_stream);
        let again = append("bag-0", airside_kernel::Expected::NoStream, &["x"]);
        assert!(matches!(store.append(again).await, Err(AppendError::Conflict { .. })));
    }
}

#[tokio::test]
async fn full_segments_are_left_and_reads_cross_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 150).await;
    assert!(store.stats().segments >= 5, "{:?}", store.stats());
    assert_eq!(segments(folder.path()).len(), store.stats().segments);
    let events = all(&store).await;
    let positions: Vec<_> = events.iter().map(|event| event.position().parts()).collect();
    assert_eq!(
        positions,
        (1..=300).map(|n| (n, 0)).collect::<Vec<_>>(),
        "positions count from 1 without gaps"
    );
    for path in segments(folder.path()) {
        let first: u64 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        assert_eq!(
            events[first as usize - 1].position().parts().0,
            first,
            "a segment is named after its first event"
        );
    }
}

#[tokio::test]
async fn a_second_store_on_the_folder_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    fill(&first, 3).await;
    let message = refused(folder.path());
    assert!(message.contains(&folder.path().display().to_string()), "{message}");
    assert!(message.contains("in use by another process"), "{message}");
    assert_eq!(all(&first).await.len(), 6);
    first.close().await;
    assert_eq!(all(&open(folder.path())).await.len(), 6);
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 3).await;
    let mut follow = store.follow(Some(store.head().await.unwrap().unwrap()));
    let waiting = tokio::spawn(async move { follow.next().await });
    store.close().await;
    let closed = |error: ReadError| error.to_string().contains("closed");
    assert!(closed(waiting.await.unwrap().unwrap_err()));
    let refused = store.append(append("bag-1", airside_kernel::Expected::Any, &["x"])).await.unwrap_err();
    assert!(refused.to_string().contains("the store is closed"), "{refused}");
    assert!(closed(store.read_all(None, 5).await.unwrap_err()));
    let read = store.read_stream(&stream("bag-1"), Direction::Forwards, None, 5).await;
    assert!(closed(read.unwrap_err()));
    store.close().await;
}

#[tokio::test]
async fn a_lost_damaged_or_foreign_index_is_made_anew() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(folder.path());
    fill(&store, 120).await;
    let expected = streams(&store).await;
    store.close().await;
    drop(store);
    let stranger = open(other.path());
    fill(&stranger, 7).await;
    stranger.close().await;
    drop(stranger);
    let index = folder.path().join("index.redb");
    for harm in ["lost", "empty", "garbled", "of another log", "cut"] {
        match harm {
            "lost" => fs::remove_file(&index).unwrap(),
            "empty" => fs::write(&index, b"").unwrap(),
            "garbled" => fs::write(&index, vec![0x5A; 9_000]).unwrap(),
            "cut" => fs::OpenOptions::new().write(true).open(&index).unwrap().set_len(5_000).unwrap(),
            _ => fs::copy(other.path().join("index.redb"), &index).map(drop).unwrap(),
        }
        let store = open(folder.path());
        assert_eq!(streams(&store).await, expected, "{harm}");
        store.close().await;
    }
}

#[tokio::test]
async fn an_index_older_than_the_log_is_caught_up() {
    let (folder, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(folder.path());
    fill(&store, 40).await;
    store.close().await;
    drop(store);
    fs::copy(folder.path().join("index.redb"), old.path().join("index.redb")).unwrap();
    let store = open(folder.path());
    fill(&store, 90).await;
    let expected = streams(&store).await;
    store.close().await;
    drop(store);
    fs::copy(old.path().join("index.redb"), folder.path().join("index.redb")).unwrap();
    assert_eq!(streams(&open(folder.path())).await, expected);
}

#[tokio::test]
async fn a_copy_taken_while_writing_opens_with_a_prefix() {
    let folder = tempfile::tempdir().unwrap();
    // One segment: a copy of several files is taken at several instants.
    let store = EmbeddedStore::open(folder.path(), Options::default(), clock()).unwrap();
    fill(&store, 60).await;
    let copied = tempfile::tempdir().unwrap();
    copy(folder.path(), copied.path());
    let before = all(&store).await;
    fill(&store, 5).await;
    assert_eq!(all(&open(copied.path())).await, before);
}

#[tokio::test]
async fn a_torn_last_commit_never_takes_an_earlier_one_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), Options::default(), clock()).unwrap();
    fill(&store, 30).await;
    let live = segments(folder.path()).pop().unwrap();
    let before = fs::read(&live).unwrap();
    let acknowledged = all(&store).await;
    fill(&store, 1).await;
    let after = fs::read(&live).unwrap();
    assert_eq!(before.len(), after.len(), "the file grew: take another count");
    // A crash leaves any part of the last commit's pages; the first page holds the header.
    let changed: Vec<usize> = (0..after.len() / 4096)
        .filter(|page| before[page * 4096..][..4096] != after[page * 4096..][..4096])
        .collect();
    assert!(changed.len() >= 3 && changed[0] == 0, "{changed:?}");
    for lost_page in &changed {
        for garbled in [false, true] {
            let torn = tempfile::tempdir().unwrap();
            copy(folder.path(), torn.path());
            let mut bytes = after.clone();
            let page = lost_page * 4096;
            let lost = if page == 0 { 0..0 } else { page..page + 4096 };
            match (page, garbled) {
                (0, _) => bytes[..4096].copy_from_slice(&before[..4096]),
                (_, false) => bytes[lost.clone()].copy_from_slice(&before[lost]),
                (_, true) => bytes[lost].fill(0xEE),
            }
            fs::write(torn.path().join("log").join(live.file_name().unwrap()), bytes).unwrap();
            let found = all(&open(torn.path())).await;
            assert!(found.len() == 60 || found.len() == 62, "page {page}: {}", found.len());
            assert_eq!(found[..60], acknowledged, "page {page}");
        }
    }
}

#[tokio::test]
async fn a_flipped_byte_is_found_and_its_place_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 60).await;
    store.close().await;
    drop(store);
    let first = segments(folder.path()).remove(0);
    let mut bytes = fs::read(&first).unwrap();
    let needle = b"7".repeat(60);
    let at = bytes.windows(60).position(|window| window == needle).unwrap();
    bytes[at + 30] ^= 0x10;
    fs::write(&first, bytes).unwrap();
    let store = open(folder.path());
    let error = store.read_all(None, 1_000).await.unwrap_err();
    let ReadError::Corrupt { at, reason } = &error else { panic!("{error}") };
    assert_eq!((at.as_str(), reason.contains("checksum")), ("position 15", true), "{error}");
    let whole = store.read_all(Some(airside_kernel::Position::from_parts(16, 0)), 10).await.unwrap();
    assert_eq!(whole.events.len(), 10, "what is not damaged is read");
    let stream = store.read_stream(&stream("bag-7"), Direction::Forwards, Some(Revision(0)), 1).await;
    assert!(matches!(stream, Err(ReadError::Corrupt { .. })), "{stream:?}");
}

#[tokio::test]
async fn a_newer_format_is_refused_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 3).await;
    store.close().await;
    drop(store);
    let meta = folder.path().join("log/meta.redb");
    {
        let db = redb::Database::open(&meta).unwrap();
        let txn = db.begin_write().unwrap();
        let table = redb::TableDefinition::<&str, &[u8]>::new("meta");
        txn.open_table(table).unwrap().insert("format_version", 2_u64.to_le_bytes().as_slice()).unwrap();
        txn.commit().unwrap();
    }
    let files = || -> BTreeMap<PathBuf, Vec<u8>> {
        let logs = fs::read_dir(folder.path().join("log")).unwrap();
        let paths = fs::read_dir(folder.path()).unwrap().chain(logs).map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    };
    let before = files();
    let message = refused(folder.path());
    assert!(message.contains("format version 2 and this program knows 1"), "{message}");
    assert!(message.contains("run the newer program"), "{message}");
    assert!(files() == before, "a refused folder was changed");
}

#[tokio::test]
async fn what_is_not_ours_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("log")).unwrap();
    fs::write(folder.path().join("log/meta.redb"), b"something else altogether").unwrap();
    let message = refused(folder.path());
    assert!(message.contains("meta.redb") && message.contains("not written by this store"), "{message}");
    fs::remove_file(folder.path().join("log/meta.redb")).unwrap();
    drop(open(folder.path()));

    fs::write(folder.path().join("log/notes.redb"), b"").unwrap();
    assert!(refused(folder.path()).contains("notes.redb"));
    fs::remove_file(folder.path().join("log/notes.redb")).unwrap();

    fs::remove_file(folder.path().join("log/meta.redb")).unwrap();
    let message = refused(folder.path());
    assert!(message.contains("meta.redb") && message.contains("missing beside its segments"), "{message}");

    let file = folder.path().join("a-file");
    fs::write(&file, b"").unwrap();
    assert!(refused(&file).contains("a-file"));
}
